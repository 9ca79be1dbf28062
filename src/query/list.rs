//! Rows of lists: operations, postings, dormant members; and a list as a file.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::domain::grant::Moved;
use crate::domain::grant::Unit;
use crate::domain::ledger::OperationKind;
use crate::domain::money::Fen;
pub use crate::domain::segment::Remind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationsOf {
    Till(i32),
    Member(i64),
}

/// A line of a list of operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationRow {
    pub id: Uuid,
    pub kind: OperationKind,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub store: String,
    pub cashier: String,
    pub member: Option<String>,
    /// What was sold, loaded or returned, fen.
    pub amount: Fen,
    pub about: Option<Uuid>,
    /// Reversed or wholly returned.
    pub reversed: bool,
}

/// One posting of a member, with the operation behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRow {
    pub operation_id: Uuid,
    pub kind: OperationKind,
    pub at: DateTime<Utc>,
    pub store: String,
    pub seq: i64,
    pub principal: Fen,
    pub bonus: Fen,
    pub points: i64,
    pub principal_after: Fen,
    pub bonus_after: Fen,
    pub points_after: i64,
    /// What came or went of her claims.
    pub units: Vec<Moved>,
}

/// What the shop owes one member when it closes or moves (消保条例 art. 22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRow {
    pub member_id: i64,
    pub name: String,
    pub phone: Option<String>,
    pub last_visit_on: Option<NaiveDate>,
    pub principal: Fen,
    pub bonus: Fen,
    /// Paid for services of packages that are still to come, fen.
    pub unearned: Fen,
    pub points: i64,
    /// What the list is sorted by: principal and unearned, fen.
    pub value: Fen,
    /// What would go back for a reason of the shop (RF2, RF5), fen.
    pub refundable: Fen,
}

/// Of all members together, fen and points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct DueTotals {
    pub members: i64,
    pub principal: Fen,
    pub bonus: Fen,
    pub unearned: Fen,
    pub points: i64,
}

/// Which members count as dormant (OR1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DormantFilter {
    pub today: NaiveDate,
    /// More days than this since the last visit.
    pub days: i32,
    /// Those past their own rhythm instead.
    pub rhythm: bool,
    /// Not away longer than this.
    pub max_days: Option<i32>,
    pub level_id: Option<i32>,
    /// At least this stored balance, fen.
    pub balance: Option<Fen>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DormantRow {
    pub member_id: i64,
    pub name: String,
    pub phone: Option<String>,
    pub level: String,
    pub last_visit_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub principal: Fen,
    pub bonus: Fen,
    pub at_risk: Fen,
    pub visits: i32,
}

/// A claim somebody is reminded of, or a stage of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderRow {
    pub grant_id: Uuid,
    pub member_id: i64,
    pub name: String,
    pub phone: Option<String>,
    pub service: String,
    pub of: String,
    pub unit: Unit,
    /// None is without limit; of a stage its amount, fen.
    pub left: Option<i64>,
    /// The last day, the day of the last use, or that of the next.
    pub day: NaiveDate,
    pub used_on: Option<NaiveDate>,
    pub expires_on: Option<NaiveDate>,
}

/// A list of members as a file: who takes it, where and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFile {
    pub staff_id: i32,
    pub till_id: i32,
    /// Which list, and what narrowed it.
    pub what: String,
    /// Members in it.
    pub rows: i32,
    pub reason: String,
    /// Of the file.
    pub name: String,
    pub text: String,
}

/// Where the till's journal and the ledger disagree: by id, both ways. Empty is right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    pub only_journal: Vec<Uuid>,
    pub only_ledger: Vec<Uuid>,
}
