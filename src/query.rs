//! `Query`: everything the console can ask the back end. `Reply`: every answer.
//! Flat enums, one variant per thing, in the order a day goes.

mod consent;
mod edit;
mod find;
mod list;
mod log;
mod material;
mod noun;
mod person;
mod reply;

use std::future::Future;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::attach::AttachRequest;
use crate::domain::check_in::{CheckInRequest, CheckInRule};
use crate::domain::contract::ContractPlan;
use crate::domain::coupon::{Number, Presented};
use crate::domain::deposit::{DepositRequest, ForfeitRequest, UndoDeposit};
use crate::domain::gift::GiftRequest;
use crate::domain::gift::rule::GiftRule;
use crate::domain::gift_card::CardSaleRequest;
use crate::domain::label::LabelRule;
use crate::domain::ledger::Stamp;
use crate::domain::level::{Level, Reviewed};
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::price::CartLine;
use crate::domain::promotion::RuleRef;
use crate::domain::reader::{Near, Readers};
use crate::domain::recipe::Recipe;
use crate::domain::redemption::{RedemptionRequest, UndoRequest};
use crate::domain::refund::RefundRequest;
use crate::domain::reward::{ExchangeRequest, UndoExchange};
use crate::domain::sale::SaleRequest;
use crate::domain::segment::{self, Batch};
use crate::domain::settlement::SettlementRequest;
use crate::domain::shift::{CloseRequest, Shift};
use crate::domain::shop::{Shop, Store, Till};
use crate::domain::staff::{Limit, Pin};
use crate::domain::top_up::{ReversalRequest, TopUpRequest, TopUpRule};
use crate::domain::transfer::TransferRequest;
use crate::error::Result;
pub use consent::{Consent, Purpose};
pub use edit::{
    BeneficiaryEdit, CouponEdit, ProductEdit, PromotionEdit, RewardEdit, StaffEdit, Tried,
};
pub use find::{Candidate, Found, Typed};
pub use list::{
    Differences, DormantFilter, DormantRow, DueRow, DueTotals, ListFile, OperationRow,
    OperationsOf, Remind, ReminderRow, StatementRow,
};
pub use log::{Disclosure, DisclosureKind, DrawerOpening};
pub use material::{Days, MaterialUse, MaterialUsed};
pub use noun::Noun;
pub use person::{Credential, CredentialState, EnrolRequest, Person};
pub use reply::Reply;

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
    /// Whose code is this, in all the spellings it may have; of a card nobody has, whose it is in the forms
    /// in which another reader prints it (`near`).
    Scan {
        codes: Vec<String>,
        near: Near,
    },
    /// The item of a scale label: the first of these codes that goods have.
    Goods {
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
    /// The particulars, if they are still those of this edition; who edits is kept.
    EditMember {
        id: i64,
        edition: i32,
        by: By,
        person: Person,
    },
    /// A card for a member who is there already.
    AddCard {
        member_id: i64,
        by: By,
        card: String,
    },
    /// What opens her account besides her phone (MB5).
    Credentials {
        member_id: i64,
    },
    /// Blocks a lost card, or frees one that was found; who does it is kept.
    SetCredential {
        member_id: i64,
        key: String,
        blocked: bool,
        by: By,
        approver_id: Option<i32>,
    },
    /// Her own code, new: the old one was lost (MB5).
    NewCode {
        member_id: i64,
        code: String,
        by: By,
    },
    /// The last word on each purpose (PV1).
    Consents {
        member_id: i64,
    },
    /// She agrees at the counter, or no longer does. `about` is whom it is about besides herself.
    RecordConsent {
        member_id: i64,
        purpose: Purpose,
        is_given: bool,
        about: String,
        by: By,
    },
    /// Everything there is about her, as a file for her; kept first (PV1, PV2).
    ExportMember {
        member_id: i64,
        by: By,
        reason: String,
    },
    /// Forgets her and keeps the ledger (PV1).
    EraseMember {
        member_id: i64,
        by: By,
        approver_id: Option<i32>,
    },
    /// Keeps whom else the account is for; id 0 is a new one (MB6).
    SaveBeneficiary {
        member_id: i64,
        by: By,
        edit: BeneficiaryEdit,
    },
    /// Forgets one.
    RemoveBeneficiary {
        member_id: i64,
        id: i32,
        by: By,
    },
    /// The full phone number; who looks and why is kept (MB7, PV2).
    RevealPhone {
        member_id: i64,
        staff_id: i32,
        till_id: i32,
        reason: String,
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
    /// Ends a contract before its last stage; answers with the member (SV5).
    EndContract {
        contract_id: Uuid,
        by: By,
        approver_id: Option<i32>,
        reason: String,
    },
    /// Unregistered gift cards, all of them or none (SV10).
    SellCards(Box<CardSaleRequest>),
    /// Paid beforehand for one order (SV6).
    TakeDeposit {
        request: DepositRequest,
        member: Box<Member>,
    },
    UndoDeposit(UndoDeposit),
    /// She calls the order off, and a part is kept.
    Forfeit(ForfeitRequest),
    ReadDeposit {
        id: Uuid,
    },
    Refund(RefundRequest),
    /// Uses what was paid for beforehand (PK2).
    Redeem {
        request: RedemptionRequest,
        member: Box<Member>,
    },
    UndoRedemption(UndoRequest),
    /// Points for a reward (PT4).
    Exchange {
        request: ExchangeRequest,
        member: Box<Member>,
    },
    UndoExchange(UndoExchange),
    /// She came by (PT7).
    CheckIn {
        request: CheckInRequest,
        member: Box<Member>,
    },
    /// Who goes down at the last day of review (LV1).
    LevelsDue {
        today: NaiveDate,
    },
    /// Takes them down, one level each.
    ReviewLevels {
        stamp: Stamp,
        members: Vec<Reviewed>,
    },
    /// What went out of each reward, to her and in all.
    RewardsTaken {
        member_id: i64,
    },
    ReadExchange {
        id: Uuid,
    },
    /// What was paid beforehand goes back by law (RF1 - RF5).
    Settle(SettlementRequest),
    /// What one member holds becomes another's: a merge, its undoing, a gift (MB4).
    Transfer(TransferRequest),
    /// Two members as they stand.
    ReadTransfer {
        from_id: i64,
        to_id: i64,
    },
    /// A merge, by either of its operations.
    ReadMerge {
        id: Uuid,
    },
    /// Pays out the instalments of a member that are due.
    Release {
        stamp: Stamp,
        member_id: i64,
    },
    ReadSale {
        id: Uuid,
    },
    ReadTopUp {
        id: Uuid,
    },
    ReadRedemption {
        id: Uuid,
    },
    /// What she paid beforehand and what she had for it.
    ReadSettlement {
        member_id: i64,
    },
    /// What she loaded for this member in this shift without approval (OP3).
    LoadedAlone {
        member_id: i64,
        shift_id: Uuid,
        staff_id: i32,
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
    /// Claims somebody is reminded of, by their day (PK3).
    Reminders {
        kind: Remind,
        today: NaiveDate,
        after: Option<(NaiveDate, Uuid)>,
        limit: i32,
    },
    /// What is due to members when the shop closes or moves, the most first, after the last one shown. `staff_id` asks.
    Dues {
        staff_id: i32,
        now: DateTime<Utc>,
        today: NaiveDate,
        after: Option<(Fen, i64)>,
        limit: i32,
    },
    /// The postings behind a member's balances, newest first (LG7).
    Statement {
        member_id: i64,
        before: Option<Uuid>,
        limit: i32,
    },
    /// Keeps what this till learnt of its card readers, on its own disk.
    KeepReaders(Readers),
    /// Keeps the sale on the screen on this machine's disk, so that it survives a crash (`None`: nothing
    /// to keep). `sending` is the operation it is being posted as.
    KeepCart {
        cart: Option<Cart>,
        sending: Option<Uuid>,
    },
    /// Writes a receipt into the export folder.
    Export {
        name: String,
        text: String,
    },
    /// Writes a list of members there; who takes it and why is kept first (PV2).
    ExportList(Box<ListFile>),
    /// What left the shop, newest first, after the one with this id. `staff_id` asks.
    Disclosures {
        staff_id: i32,
        before: Option<i64>,
        limit: i32,
    },
    /// The drawer is about to open without a payment: kept first (OP3), once under its key.
    OpenDrawer {
        key: Uuid,
        by: By,
        approver_id: Option<i32>,
        reason: String,
    },
    /// It was sent its pulse.
    DrawerPulsed {
        key: Uuid,
        till_id: i32,
    },
    /// How often it did, newest first, after the one with this id. `staff_id` asks.
    DrawerOpenings {
        staff_id: i32,
        before: Option<i64>,
        limit: i32,
    },
    /// The shop as it is now, and who is signed in: somebody else edited something.
    ReadShop {
        staff_id: Option<i32>,
    },
    Products {
        search: String,
        after: Option<i32>,
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
        /// What must be bought for it, by a code or a name.
        product: Option<String>,
    },
    /// A rule, saved as a new version; id 0 makes a new one.
    SaveRule {
        editor: i32,
        rule: Box<TopUpRule>,
    },
    /// A promotion, saved as a new version; id 0 makes a new one.
    SavePromotion {
        editor: i32,
        promotion: Box<PromotionEdit>,
    },
    /// What the sales of a business day would have cost under it.
    TryPromotion {
        promotion: Box<PromotionEdit>,
        day: NaiveDate,
    },
    /// What another rule would have given on these business days, both of them included.
    TryRule {
        rule: Box<Tried>,
        from: NaiveDate,
        to: NaiveDate,
    },
    /// A coupon's rule, saved as a new version; id 0 makes a new one.
    SaveCoupon {
        editor: i32,
        rule: Box<CouponEdit>,
    },
    /// A rule of gifts, saved as a new version; id 0 makes a new one. `today` is the business day.
    SaveGift {
        editor: i32,
        rule: Box<GiftRule>,
        today: NaiveDate,
    },
    /// A plan of staged prepayment, saved as a new version; id 0 makes a new one.
    SaveContractPlan {
        editor: i32,
        plan: Box<ContractPlan>,
    },
    /// The coupon that was printed on a receipt.
    ReadCoupon(Number),
    /// Coupons to a member, by hand (PR4).
    Give {
        request: GiftRequest,
        member: Box<Member>,
    },
    /// Who of a segment would get a coupon: nothing is given.
    Segment(Batch),
    /// Gives one round of them theirs (PR4).
    GiveSegment(Box<segment::Request>),
    /// Promotions as they were in these versions: those behind a receipt (LG7).
    ReadPromotions {
        rules: Vec<RuleRef>,
    },
    /// A reward, saved as a new version; id 0 makes a new one.
    SaveReward {
        editor: i32,
        reward: Box<RewardEdit>,
    },
    /// What a service takes from the shelf, saved as a new version.
    SaveRecipe {
        editor: i32,
        recipe: Recipe,
    },
    /// What was used of each material.
    Materials(Days),
    MaterialUses {
        product_id: i32,
        days: Days,
    },
    /// What checking in gives, saved as a new version.
    SaveCheckIn {
        editor: i32,
        rule: CheckInRule,
    },
    SaveTerms {
        editor: i32,
        shop: Box<Shop>,
    },
    /// A store; id 0 makes a new one.
    SaveStore {
        editor: i32,
        store: Store,
    },
    /// How scales write labels; id 0 makes a new one.
    SaveLabel {
        editor: i32,
        label: LabelRule,
    },
    /// A till; id 0 makes a new one.
    SaveTill {
        editor: i32,
        till: Till,
    },
    SaveLimit {
        editor: i32,
        limit: Limit,
    },
}

/// Who does something that is written down, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By {
    pub staff_id: i32,
    pub till_id: i32,
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
    /// There was one, and its file cannot be read: it was set aside.
    pub cart_broken: bool,
    /// The forms this till's readers print cards in.
    pub readers: Readers,
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

/// The sale on the screen; survives a crash of the console.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    pub member_id: Option<i64>,
    pub lines: Vec<CartLine>,
    #[serde(default, skip_serializing_if = "Presented::is_none")]
    pub coupons: Presented,
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

/// Whoever answers. The console is tested against a fake one.
pub trait Backend {
    /// Answers one question. Several may be under way at once.
    fn answer(&self, query: Query) -> impl Future<Output = Result<Reply>>;

    /// Calls `changed` whenever somebody else has edited the shop. Never ends. Whoever cannot hear of it
    /// says nothing.
    fn listen(&self, changed: impl AsyncFn(Noun)) -> impl Future<Output = ()> {
        drop(changed);
        std::future::pending()
    }
}
