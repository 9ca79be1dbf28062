//! What the customer takes home: one shape for every document, on the screen, as text, on paper.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::grant::Unit;
use super::ledger::{Balances, DocumentLine, OperationKind, Plan, Posted, Stamp};
use super::money::Fen;
use super::tender::Tender;

/// Names that stand on a receipt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    pub shop: String,
    pub store: String,
    pub till: String,
    pub cashier: String,
    /// Name and masked phone, when there is a member.
    pub member: Option<String>,
    pub phone: Option<String>,
    pub level: Option<String>,
}

/// A document. Which of the amounts mean something follows from `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub id: Uuid,
    pub kind: OperationKind,
    /// The till it is of.
    #[serde(default)]
    pub till_id: i32,
    /// The number in the till's chain: the receipt number.
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub business_on: NaiveDate,
    pub names: Names,
    pub lines: Vec<DocumentLine>,
    pub document: Document,
    pub after: Option<Balances>,
}

/// The part of an operation's document that receipts read; what is missing is zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    /// How it was paid, or how it went back.
    pub tenders: Vec<Tender>,
    /// Dropped of a cash total, fen (PR6).
    pub rounding: Fen,
    /// Points granted, or taken back at a return.
    pub points: i64,
    /// What of it earned points, and by which multiplier (PT2).
    pub shares: Vec<super::points::Share>,
    /// Points that paid for a part, at this value (PT5); those that come back with a return (PT6).
    pub points_paid: i64,
    pub points_value: Option<super::points::Exchange>,
    pub points_returned: i64,
    /// Of an exchange (PT4).
    pub reward: Option<super::reward::Exchanged>,
    /// Of a check-in (PT7).
    pub check_in: Option<Came>,
    /// Of a top-up, its reversal or a return, fen.
    pub amount: Fen,
    pub bonus: Fen,
    pub rule: Option<String>,
    /// Of a top-up that paid a stage of a contract (SV5).
    pub contract: Option<super::contract::Settled>,
    /// Of a gift card: its place among those sold at once (SV10).
    pub card: Option<SoldCard>,
    /// The last day of a top-up's bonus, instalments included; none is for ever.
    pub expires_on: Option<NaiveDate>,
    pub instalments: Vec<Promised>,
    /// Of an expiry, lot by lot.
    pub expired: Vec<Lapsed>,
    /// Of a redemption, or a gift from one member to another, claim by claim.
    pub left: Vec<Remaining>,
    /// Of a redemption: who was served, when not the holder (PK1).
    pub whom: Option<String>,
    /// Of a deposit, and of what was done about it: its order (SV6).
    pub deposit: Option<OrderSaid>,
    /// Of an order that was called off: what of the deposit is kept, fen.
    pub kept: Fen,
    /// Coupons and entitlements that came with it.
    pub coupons: Vec<super::coupon::Given>,
    pub terms_version: Option<i32>,
    pub spend_order: Option<super::stored_value::SpendOrder>,
    /// The receipt number of the sale that is returned.
    pub sale_seq: Option<i64>,
    /// Of a settlement: its variants, and the evidence (RF5).
    pub settlement: Option<Box<super::settlement::Settlement>>,
    /// Of a closed shift: the cash counted, fen, why it differed, and its sheet (OP1).
    pub counted: Fen,
    pub reason: Option<String>,
    pub sheet: Option<Box<super::shift::Sheet>>,
}

/// The order of a deposit (SV6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSaid {
    pub name: String,
    /// Fen.
    pub price: Fen,
    pub due_on: Option<NaiveDate>,
    /// Earnest money (定金), and what of it may be kept when she calls the order off, fen.
    pub earnest: bool,
    pub kept_most: Fen,
}

/// The how many-th day in a row a check-in was (PT7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    pub day: NaiveDate,
    pub streak: i64,
    /// Of the rule.
    pub version: i32,
}

/// A gift card among those that were sold at once (SV10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldCard {
    pub no: usize,
    pub of: usize,
    /// The end of what stands on it.
    pub tail: String,
    /// What all of them cost, fen.
    pub total: Fen,
}

/// Bonus that comes later (SV4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promised {
    pub due_on: NaiveDate,
    pub bonus: Fen,
}

/// What expired of one lot (PT3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lapsed {
    pub expires_on: NaiveDate,
    pub bonus: Fen,
    pub points: i64,
}

/// What is left of a claim after it was used (PK2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remaining {
    pub name: String,
    /// The package.
    pub of: String,
    /// None is without limit.
    pub quantity: Option<i64>,
    pub unit: Unit,
    pub expires_on: Option<NaiveDate>,
}

impl Receipt {
    /// The receipt of an operation that was just posted.
    #[must_use]
    pub fn of(stamp: &Stamp, plan: &Plan, posted: &Posted, names: Names) -> Self {
        Self {
            id: stamp.id,
            kind: plan.kind,
            till_id: stamp.till_id,
            seq: posted.seq,
            at: stamp.at,
            business_on: stamp.business_on,
            names,
            lines: plan.lines.clone(),
            document: serde_json::from_value(plan.document.clone()).unwrap_or_default(),
            after: posted.after,
        }
    }

    /// What was handed back of the cash, fen.
    #[must_use]
    pub fn change(&self) -> Fen {
        self.document.tenders.iter().map(Tender::change).sum()
    }

    /// What the lines cost before rounding, fen.
    #[must_use]
    pub fn net(&self) -> Fen {
        self.lines.iter().map(|line| line.net).sum()
    }
}
