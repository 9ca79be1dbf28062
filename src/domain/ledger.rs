//! What an operation does to the ledger: its postings and what comes with them (LG1 - LG5).
//!
//! Sign: what the shop owes or has earned grows with plus, what it owns shrinks with plus. A member's
//! balance is the plain sum of her postings; the cash in a till is minus the sum of its.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::deposit::Ordered;
use super::dormant::{Standing, after_visit};
use super::grant::{GrantMove, NewGrant};
use super::member::Member;
use super::money::Fen;
use super::package::Package;
use super::product::ProductKind;
use super::promotion::RuleRef;
use super::redemption::Served;

/// Where an amount stands. The unit follows: points for the accounts of points, fen for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    Principal,
    Bonus,
    Points,
    Cash,
    Wechat,
    Alipay,
    BankCard,
    Safe,
    PaidOut,
    OverShort,
    Revenue,
    Discount,
    Rounding,
    /// Paid beforehand, and neither used nor given back: it stays with the shop. Or the other way round (RF5).
    Breakage,
    /// Paid for services that are still to come.
    Unearned,
    BonusGranted,
    PointsGranted,
    BonusExpired,
    PointsExpired,
    /// Between two members: zero over the merchant (MB4).
    Transfer,
    PointsTransfer,
    /// Points that paid (PT5), or were exchanged (PT4).
    PointsSpent,
}

impl Account {
    /// The name in Postgres.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Bonus => "bonus",
            Self::Points => "points",
            Self::Cash => "cash",
            Self::Wechat => "wechat",
            Self::Alipay => "alipay",
            Self::BankCard => "bank_card",
            Self::Safe => "safe",
            Self::PaidOut => "paid_out",
            Self::OverShort => "over_short",
            Self::Revenue => "revenue",
            Self::Discount => "discount",
            Self::Rounding => "rounding",
            Self::Breakage => "breakage",
            Self::Unearned => "unearned",
            Self::BonusGranted => "bonus_granted",
            Self::PointsGranted => "points_granted",
            Self::BonusExpired => "bonus_expired",
            Self::PointsExpired => "points_expired",
            Self::Transfer => "transfer",
            Self::PointsTransfer => "points_transfer",
            Self::PointsSpent => "points_spent",
        }
    }

    /// The account with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::from(name)).ok()
    }

    /// A member's own: it moves a lot and may not go below zero (LG4).
    #[must_use]
    pub const fn is_members(self) -> bool {
        matches!(self, Self::Principal | Self::Bonus | Self::Points)
    }

    #[must_use]
    pub const fn counts_points(self) -> bool {
        matches!(
            self,
            Self::Points
                | Self::PointsGranted
                | Self::PointsExpired
                | Self::PointsTransfer
                | Self::PointsSpent
        )
    }
}

/// What kind of business event it is (LG2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    Enrol,
    Sale,
    Attach,
    Refund,
    TopUp,
    TopUpReversal,
    Instalment,
    /// Services paid for beforehand are used (PK2), or such a use is taken back.
    Redemption,
    RedemptionReversal,
    /// What was paid beforehand goes back by law (RF1 - RF5).
    Settlement,
    /// Coupons, or other things, that the shop gives away (PR4).
    Gift,
    /// Points for a reward (PT4), or such an exchange is taken back.
    Exchange,
    ExchangeReversal,
    /// She was here, and gets points for it (PT7).
    CheckIn,
    /// She spent too little for her level (LV1).
    LevelReview,
    /// The time of a claim without limit is over: what is left of it is earned (RF4).
    Lapse,
    /// Paid beforehand for one order, a mistake taking it, and what of it is kept when the order is called off (SV6).
    Deposit,
    DepositReversal,
    Forfeit,
    ShiftOpen,
    ShiftClose,
    PaidOut,
    /// What a member did not use by its last day (PT3).
    Expiry,
    /// From one member to another, always both (MB4).
    TransferOut,
    TransferIn,
    /// Takes the id of an operation that was refused while nobody knew whether it had been posted.
    Void,
}

impl OperationKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enrol => "enrol",
            Self::Sale => "sale",
            Self::Attach => "attach",
            Self::Refund => "refund",
            Self::TopUp => "top_up",
            Self::TopUpReversal => "top_up_reversal",
            Self::Instalment => "instalment",
            Self::Redemption => "redemption",
            Self::RedemptionReversal => "redemption_reversal",
            Self::Settlement => "settlement",
            Self::Gift => "gift",
            Self::Exchange => "exchange",
            Self::ExchangeReversal => "exchange_reversal",
            Self::CheckIn => "check_in",
            Self::LevelReview => "level_review",
            Self::Lapse => "lapse",
            Self::Deposit => "deposit",
            Self::DepositReversal => "deposit_reversal",
            Self::Forfeit => "forfeit",
            Self::ShiftOpen => "shift_open",
            Self::ShiftClose => "shift_close",
            Self::PaidOut => "paid_out",
            Self::Expiry => "expiry",
            Self::TransferOut => "transfer_out",
            Self::TransferIn => "transfer_in",
            Self::Void => "void",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::from(name)).ok()
    }
}

/// One posting: an amount (fen or points) to an account, and to a lot where the account is a member's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    pub account: Account,
    #[serde(rename = "lot_id")]
    pub lot: Option<Uuid>,
    pub amount: i64,
}

/// What kind of things a lot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LotKind {
    StoredValue,
    Points,
    PointsDebt,
}

/// A lot the operation opens; its amounts come from the postings that name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewLot {
    pub id: Uuid,
    pub kind: LotKind,
    pub expires_on: Option<NaiveDate>,
    pub rule_id: Option<i32>,
    pub rule_version: Option<i32>,
}

/// Why a price is lower than the list says (LG7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Override,
    /// A line promotion.
    Promotion,
    MemberPrice,
    Level,
    /// An order promotion.
    Order,
    /// Goods that an order promotion gives (满赠).
    Gift,
    Coupon,
    Points,
    /// Goods for points (PT4).
    Exchange,
}

/// An amount taken off, in fen, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduction {
    pub reason: Reason,
    pub fen: Fen,
    /// The rule that did it and its version (LG7): a promotion, a coupon, a reward or a level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
}

impl Reduction {
    /// The promotion that did it; none when something else did.
    #[must_use]
    pub fn promotion(&self) -> Option<RuleRef> {
        let of_promotion = matches!(
            self.reason,
            Reason::Promotion | Reason::Order | Reason::Gift
        );
        self.rule.filter(|_| of_promotion)
    }
}

/// A line of the receipt. `quantity` is pieces, or grams for goods by weight; `price` is fen per piece
/// or per kilogram; `net` is `list` less the reductions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentLine {
    pub product_id: Option<i32>,
    pub name: String,
    pub kind: ProductKind,
    pub quantity: i64,
    pub price: Fen,
    pub list: Fen,
    pub net: Fen,
    pub reductions: Vec<Reduction>,
    /// What a package that is sold here holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Box<Package>>,
    /// What of the net was paid beforehand, fen: the line of a redemption.
    #[serde(default, skip_serializing_if = "is_none")]
    pub prepaid: Fen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<Box<Served>>,
    /// The order it fulfils, and what was paid for it beforehand (SV6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<Ordered>,
}

impl DocumentLine {
    /// What of it was paid beforehand for this very order, fen (SV6).
    #[must_use]
    pub fn deposit(&self) -> Fen {
        self.ordered.map_or(Fen::ZERO, |it| it.deposit)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
pub(super) const fn is_none(fen: &Fen) -> bool {
    fen.is_zero()
}

/// Bonus promised for later (SV4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewInstalment {
    pub no: i16,
    pub lot_id: Uuid,
    pub due_on: NaiveDate,
    pub bonus: Fen,
    /// Days it is valid once it is paid out, that day not counted; none is as long as its lot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_days: Option<u32>,
}

/// How much of a line comes back: pieces or grams, and fen of its net.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedLine {
    pub no: i16,
    pub quantity: i64,
    pub net: Fen,
}

/// What few operations have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Extras {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instalments: Vec<NewInstalment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<ReturnedLine>,
    /// The number of the instalment this operation pays out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<i16>,
    /// Claims it opens, and what it does to claims.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<NewGrant>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<GrantMove>,
}

impl Extras {
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.instalments.is_empty()
            && self.returned.is_empty()
            && self.release.is_none()
            && self.grants.is_empty()
            && self.moves.is_empty()
    }
}

/// Who does it, where and when: the same for every operation of a till.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Made by the till, `UUIDv7`: the idempotency key (LG2).
    pub id: Uuid,
    pub till_id: i32,
    pub shift_id: Option<Uuid>,
    pub operator_id: i32,
    pub approver_id: Option<i32>,
    pub business_on: NaiveDate,
    pub at: DateTime<Utc>,
}

/// What an operation does to one lot: principal and bonus in fen, points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Move {
    pub lot: Uuid,
    pub principal: i64,
    pub bonus: i64,
    pub points: i64,
}

/// Everything one operation does, decided before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub kind: OperationKind,
    /// The member and the version of her holding the plan was made on.
    pub member: Option<(i64, i64)>,
    pub about: Option<Uuid>,
    /// What it adds to the member's spend, fen.
    pub spend: Fen,
    pub visit: bool,
    /// What a visit makes of her in the list of dormant members (OR1).
    pub standing: Standing,
    /// The level she moves to.
    pub level: Option<i32>,
    pub postings: Vec<Posting>,
    pub new_lots: Vec<NewLot>,
    pub lines: Vec<DocumentLine>,
    pub extras: Extras,
    pub document: serde_json::Value,
}

impl Plan {
    #[must_use]
    pub fn new(kind: OperationKind) -> Self {
        Self {
            kind,
            member: None,
            about: None,
            spend: Fen::ZERO,
            visit: false,
            standing: Standing::default(),
            level: None,
            postings: Vec::new(),
            new_lots: Vec::new(),
            lines: Vec::new(),
            extras: Extras::default(),
            document: serde_json::Value::Null,
        }
    }

    /// Adds a posting; a zero amount adds nothing.
    pub fn post(&mut self, account: Account, lot: Option<Uuid>, amount: i64) {
        if amount != 0 {
            self.postings.push(Posting {
                account,
                lot,
                amount,
            });
        }
    }

    /// Adds a posting in fen.
    pub fn post_fen(&mut self, account: Account, lot: Option<Uuid>, amount: Fen) {
        self.post(account, lot, amount.0);
    }

    /// The sums of fen and of points: both must be zero (LG2).
    #[must_use]
    pub fn imbalance(&self) -> (i64, i64) {
        self.postings.iter().fold((0, 0), |(fen, points), posting| {
            if posting.account.counts_points() {
                (fen, points + posting.amount)
            } else {
                (fen + posting.amount, points)
            }
        })
    }

    /// Says where the member stands after this visit; when all else is planned.
    pub fn stand(&mut self, member: &Member, on: NaiveDate) {
        let gained = Fen(self.total(Account::Principal) + self.total(Account::Bonus));
        self.standing = after_visit(member, on, self.spend, member.stored_value() + gained);
    }

    /// What it posts to the shop's own accounts, fen. The shop's side of the points is not among them: it is their sum.
    pub fn shop_side(&self) -> impl Iterator<Item = &Posting> {
        self.postings
            .iter()
            .filter(|p| p.lot.is_none() && !p.account.counts_points())
    }

    /// What it does to the member's lots: each once, in the order of the postings. Points that come and points that go
    /// stay apart (LG5).
    #[must_use]
    pub fn moves(&self) -> Vec<Move> {
        let mut moves: Vec<Move> = Vec::new();
        for posting in &self.postings {
            let Some(lot) = posting.lot else { continue };
            let is_opposite = |m: &Move| {
                posting.account == Account::Points
                    && m.points.signum() * posting.amount.signum() < 0
            };
            let place = moves.iter().position(|m| m.lot == lot && !is_opposite(m));
            let place = place.unwrap_or_else(|| {
                moves.push(Move {
                    lot,
                    ..Move::default()
                });
                moves.len() - 1
            });
            let Some(it) = moves.get_mut(place) else {
                continue;
            };
            match posting.account {
                Account::Principal => it.principal += posting.amount,
                Account::Bonus => it.bonus += posting.amount,
                _ => it.points += posting.amount,
            }
        }
        moves
    }

    /// What the plan adds to an account in all.
    #[must_use]
    pub fn total(&self, account: Account) -> i64 {
        self.postings
            .iter()
            .filter(|p| p.account == account)
            .map(|p| p.amount)
            .sum()
    }
}

/// What the ledger answers to an operation, the first time and to every retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    pub id: Uuid,
    /// True when this id was known already and nothing was done.
    pub replayed: bool,
    /// The number of the operation in its till's chain: the receipt number.
    pub seq: i64,
    pub after: Option<Balances>,
}

/// What a member holds after an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balances {
    pub version: i64,
    pub principal: Fen,
    pub bonus: Fen,
    pub points: i64,
}
