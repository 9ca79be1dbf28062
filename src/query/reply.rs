//! What the back end answers.

use super::{
    Candidate, Cart, Consent, Credential, Differences, Disclosure, DormantRow, DrawerOpening,
    DueRow, DueTotals, Found, HeldSale, MaterialUse, MaterialUsed, Opening, OperationRow,
    ReminderRow, StatementRow,
};
use crate::domain::deposit::DepositRecord;
use crate::domain::expiry::Round;
use crate::domain::grant::Grant;
use crate::domain::ledger::Posted;
use crate::domain::level::Reviewed;
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::price::trial::Trial;
use crate::domain::product::Product;
use crate::domain::promotion::Promotion;
use crate::domain::receipt::Receipt;
use crate::domain::redemption::RedemptionRecord;
use crate::domain::refund::SaleRecord;
use crate::domain::reward::{ExchangeRecord, Taken};
use crate::domain::segment::{self, Preview};
use crate::domain::settlement::History;
use crate::domain::shift::{Sheet, Shift};
use crate::domain::shop::Shop;
use crate::domain::staff::Staff;
use crate::domain::top_up::TopUpRecord;
use crate::domain::transfer::{MergeRecord, Pair};
use crate::domain::trial::Outlook;

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
    /// None: no such receipt, or none was printed on it.
    Coupon(Option<Box<Grant>>),
    /// The member, and whether she was one already (MB1).
    Enrolled {
        member: Box<Member>,
        existing: bool,
    },
    Credentials(Vec<Credential>),
    Consents(Vec<Consent>),
    Phone(Option<String>),
    Sale(Box<SaleRecord>),
    TopUp(Box<TopUpRecord>),
    Redemption(Box<RedemptionRecord>),
    Deposit(Box<DepositRecord>),
    RewardsTaken(Vec<Taken>),
    LevelsDue(Vec<Reviewed>),
    /// How many went down.
    LevelsReviewed(i64),
    Exchange(Box<ExchangeRecord>),
    History(Box<History>),
    Pair(Box<Pair>),
    Merge(Box<MergeRecord>),
    /// Fen of principal.
    LoadedAlone(Fen),
    Operations(Vec<OperationRow>),
    Held(Vec<HeldSale>),
    /// The held sale, or nothing when somebody else took it.
    Taken(Option<Box<Cart>>),
    Dormant(Vec<DormantRow>),
    Reminders(Vec<ReminderRow>),
    Dues(Vec<DueRow>, DueTotals),
    Statement(Vec<StatementRow>),
    Products(Vec<Product>),
    Staff(Vec<Staff>),
    Promotions(Vec<Promotion>),
    Tried(Trial),
    RuleTried(Box<Outlook>),
    Segment(Box<Preview>),
    SegmentGiven(segment::Round),
    Kept,
    /// Where the file lies.
    Exported(String),
    Disclosures(Vec<Disclosure>),
    DrawerOpenings(Vec<DrawerOpening>),
    Materials(Vec<MaterialUsed>),
    MaterialUses(Vec<MaterialUse>),
    /// The shop as it is now, and who was asked about.
    Shop(Box<Shop>, Option<Staff>),
    /// Saved; the shop as it is now.
    Saved(Box<Shop>),
}
