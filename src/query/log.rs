//! Lines of the logs nobody can change.

use chrono::{DateTime, Utc};

/// Why data left the shop, and how (PV2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisclosureKind {
    Reveal,
    Export,
    Message,
}

/// Data that left the shop (PV2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub kind: DisclosureKind,
    pub staff: String,
    pub till: String,
    /// The member it was about, with her name; none for a list.
    pub member: Option<(i64, String)>,
    pub what: String,
    pub rows: i32,
    pub reason: String,
}

/// The drawer was opened without a payment (OP3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawerOpening {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub staff: String,
    /// Who approved it, where she could not by herself.
    pub approver: Option<String>,
    pub till: String,
    /// Whether a shift was open at the till.
    pub in_shift: bool,
    /// Whether the till said that it opened it; else nobody knows.
    pub is_sure: bool,
    pub reason: String,
}
