//! `Query`: everything the console can ask the back end. `Reply`: every answer.
//! Flat enums, one variant per thing, in the order a day goes.

use std::future::Future;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::expiry::Round;
use crate::domain::ledger::{OperationKind, Posted, Stamp};
use crate::domain::level::Level;
use crate::domain::member::{Gender, Member};
use crate::domain::money::Fen;
use crate::domain::price::CartLine;
use crate::domain::product::Product;
use crate::domain::receipt::Receipt;
use crate::domain::refund::{AttachRequest, RefundRequest, SaleRecord};
use crate::domain::sale::SaleRequest;
use crate::domain::shift::{CloseRequest, Sheet, Shift};
use crate::domain::shop::{Shop, Store, Till};
use crate::domain::staff::{Pin, Staff};
use crate::domain::top_up::{ReversalRequest, TopUpRecord, TopUpRequest, TopUpRule};
use crate::error::Result;

/// Names one question. A reply with a ticket nobody waits for is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A question to the back end.
#[derive(Debug, Clone)]
pub enum Query {
    /// What shop, store and till is this, and is a shift open.
    Opening,
    /// Makes a shop out of a preset. Refused when there is one.
    SetUp(Box<SetUp>),
    /// Who is this: a staff number or a badge, and a PIN. Also asked for a manager's approval.
    SignIn {
        number: String,
        pin: Pin,
    },
    OpenShift {
        stamp: Stamp,
        float: Fen,
    },
    /// The sheet of the open shift, compared with the till's own journal.
    Sheet {
        shift_id: Uuid,
    },
    /// Lets go what some members did not use by its last day (PT3): one round of it.
    Expire {
        stamp: Stamp,
    },
    CloseShift(CloseRequest),
    /// Cash taken out of the drawer for an expense, with its reason.
    PayOut {
        stamp: Stamp,
        amount: Fen,
        reason: String,
    },
    /// Whose code is this, in all the spellings it may have.
    Scan {
        codes: Vec<String>,
    },
    /// Who or what may be meant by what is typed so far.
    Candidates {
        typed: Typed,
        limit: i32,
    },
    ReadMember {
        id: i64,
    },
    ReadProduct {
        id: i32,
    },
    Enrol(Box<EnrolRequest>),
    EditMember {
        id: i64,
        person: Person,
    },
    /// A card for a member who is there already.
    AddCard {
        member_id: i64,
        card: String,
    },
    /// The full phone number; the look is kept (PV2).
    RevealPhone {
        member_id: i64,
        staff_id: i32,
    },
    /// The member is the snapshot the plan starts from, so that a sale is one round trip.
    Sell {
        request: SaleRequest,
        member: Option<Box<Member>>,
    },
    Attach {
        request: AttachRequest,
        member: Box<Member>,
    },
    TopUp {
        request: TopUpRequest,
        member: Box<Member>,
    },
    ReverseTopUp(ReversalRequest),
    Refund(RefundRequest),
    /// Pays out the instalments of a member that are due.
    ReleaseInstalments {
        stamp: Stamp,
        member_id: i64,
    },
    ReadSale {
        id: Uuid,
    },
    ReadTopUp {
        id: Uuid,
    },
    /// Operations, newest first, after `before` in time.
    Operations {
        of: OperationsOf,
        before: Option<Uuid>,
        limit: i32,
    },
    ReadReceipt {
        id: Uuid,
    },
    Hold(Box<HeldSale>),
    HeldSales {
        store_id: i32,
    },
    /// Takes a held sale; nobody else can then.
    TakeHeld {
        id: Uuid,
    },
    Dormant {
        filter: DormantFilter,
        after: Option<(Fen, i64)>,
        limit: i32,
    },
    /// The postings behind a member's balances, newest first (LG7).
    Statement {
        member_id: i64,
        before: Option<Uuid>,
        limit: i32,
    },
    /// Keeps the sale on the screen on this machine's disk, so that it survives a crash (`None`: nothing
    /// to keep). `sending` is the operation it is being posted as.
    KeepCart {
        cart: Option<Cart>,
        sending: Option<Uuid>,
    },
    /// Writes a file for the owner into the export folder.
    Export {
        name: String,
        text: String,
    },
    Products {
        search: String,
        after: Option<(String, i32)>,
        limit: i32,
    },
    /// `editor` is the member of staff who edits; her right is checked by the database.
    SaveProduct {
        editor: i32,
        edit: Box<ProductEdit>,
    },
    StaffList,
    SaveStaff {
        editor: i32,
        edit: Box<StaffEdit>,
    },
    /// A level; id 0 makes a new one.
    SaveLevel {
        editor: i32,
        level: Level,
    },
    /// A rule, saved as a new version; id 0 makes a new one.
    SaveRule {
        editor: i32,
        rule: Box<TopUpRule>,
    },
    SaveTerms {
        editor: i32,
        shop: Box<Shop>,
    },
}

/// An answer from the back end; a refusal travels beside it as `Err(Refusal)`.
#[derive(Debug, Clone)]
pub enum Reply {
    /// There is no shop yet: set one up.
    Empty,
    Opening(Box<Opening>),
    SignedIn(Staff),
    ShiftOpened(Shift),
    Sheet(Box<Sheet>, Differences),
    Expired(Round),
    ShiftClosed,
    Posted(Posted),
    /// Money moved: the first answer, and the receipt.
    Receipt(Box<Receipt>),
    Found(Found),
    Candidates(Vec<Candidate>),
    Member(Box<Member>),
    Product(Product),
    /// The member, and whether she was one already (MB1).
    Enrolled {
        member: Box<Member>,
        existing: bool,
    },
    Phone(Option<String>),
    Sale(Box<SaleRecord>),
    TopUp(Box<TopUpRecord>),
    Operations(Vec<OperationRow>),
    Held(Vec<HeldSale>),
    /// The held sale, or nothing when somebody else took it.
    Taken(Option<Box<Cart>>),
    Dormant(Vec<DormantRow>),
    Statement(Vec<StatementRow>),
    Products(Vec<Product>),
    Staff(Vec<Staff>),
    Kept,
    /// Where the file lies.
    Exported(String),
    /// Saved; the shop as it is now.
    Saved(Box<Shop>),
}

/// What a till learns when it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    pub shop: Shop,
    pub store: Store,
    pub till: Till,
    pub shift: Option<Shift>,
    /// The sale that was on the screen when the console ended.
    pub cart: Option<Cart>,
}

/// The answers of the set-up screen.
#[derive(Debug, Clone)]
pub struct SetUp {
    pub shop: String,
    pub store: String,
    /// The name of a preset in `assets/presets`.
    pub preset: String,
    pub owner: String,
    pub number: String,
    pub pin: Pin,
    pub english: bool,
}

/// What is typed so far, as `domain::code` understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    Digits(String),
    /// Lower-case pinyin letters.
    Letters(String),
    /// Characters, with the grams to look for.
    Name {
        name: String,
        grams: Vec<String>,
    },
}

/// Whose a scanned code is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    Member(Box<Member>),
    Product(Product),
    /// A staff badge: the staff number.
    Staff(String),
    /// A card that is pending, blocked or closed.
    Blocked(String),
    Nothing,
}

/// A line under the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    Member {
        id: i64,
        name: String,
        phone: Option<String>,
        level: String,
        stored_value: Fen,
        last_visit_on: Option<NaiveDate>,
    },
    Product {
        id: i32,
        name: String,
        code: Option<String>,
        price: Fen,
    },
}

/// What is known of a person; all of it optional (MB1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub birth_year: Option<i32>,
    pub birth_month: Option<u32>,
    pub birth_day: Option<u32>,
    pub gender: Option<Gender>,
    pub notes: String,
}

/// An enrolment. Phones and cards stay out of the till's journal: it keeps the id and the hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    pub stamp: Stamp,
    /// Eleven digits.
    pub phone: Option<String>,
    pub card: Option<String>,
    /// The member's own QR code.
    pub code: String,
    pub person: Person,
    /// The purposes she agreed to (PV1): `membership`, `marketing`.
    pub consents: Vec<String>,
}

/// The sale on the screen; survives a crash of the console.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    pub member_id: Option<i64>,
    pub lines: Vec<CartLine>,
}

/// A sale put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSale {
    pub id: Uuid,
    pub store_id: i32,
    pub till_id: i32,
    pub staff_id: i32,
    pub held_at: DateTime<Utc>,
    /// The member's name or the first line.
    pub label: String,
    pub total: Fen,
    pub cart: Cart,
}

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

/// Where the till's journal and the ledger disagree: by id, both ways. Empty is right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    pub only_journal: Vec<Uuid>,
    pub only_ledger: Vec<Uuid>,
}

/// A product as edited; `id` is none for a new one. The category may be new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductEdit {
    pub id: Option<i32>,
    pub code: Option<String>,
    pub name: String,
    pub category: Option<String>,
    pub kind: crate::domain::product::ProductKind,
    pub price: Fen,
    pub member_price: Option<Fen>,
    pub active: bool,
}

/// A member of staff as edited; an empty PIN keeps the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffEdit {
    pub staff: Staff,
    /// None makes a new one out of `staff`, whatever its id.
    pub id: Option<i32>,
    pub pin: Option<Pin>,
}

/// Whoever answers. The console is tested against a fake one.
pub trait Backend {
    /// Answers one question. Several may be under way at once.
    fn answer(&self, query: Query) -> impl Future<Output = Result<Reply>>;
}
