//! Paying: what is due alone in large digits, the ways to pay, what was handed over so far.
//!
//! The common path is Enter: the tender that most likely pays is selected. A typed amount and
//! Enter pays that part. F5 to F8 count the shop's notes into the amount, one key a note, as the
//! hand takes them: the change stands there before Enter, and no such key ever posts by itself, so
//! a slip of the finger costs nothing. On a numeric keypad `100` Enter is as good.

mod code;
mod points;
mod post;
mod price;
mod view;

use crate::domain::bill::{Bill, Paid};
use crate::domain::code::Origin;
use crate::domain::contract::Paying;
use crate::domain::deposit::{DepositRequest, Order};
use crate::domain::ledger::DocumentLine;
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::points::Exchange;
use crate::domain::print::Shown;
use crate::domain::sale::SaleRequest;
use crate::domain::stored_value::available;
use crate::domain::tender::{Rounding, TenderKind};
use crate::domain::top_up::TopUpRequest;
use crate::query::{Cart, Noun, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::top_up::TopUp;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::notice::Tone;

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

/// The keys that count notes: the shop's terms name as many.
pub const NOTE_KEYS: [Action; 4] = [Action::Note1, Action::Note2, Action::Note3, Action::Note4];

/// From here on the change is asked about: nobody hands over this much too much on purpose.
const ODD_CHANGE: Fen = Fen::yuan(1_000);

/// Characters of an amount: seven digits, a point, two decimals.
const AMOUNT_LENGTH: usize = 10;

/// A top-up that was agreed on and is to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    pub member: Box<Member>,
    pub store_id: i32,
    /// Principal, fen.
    pub amount: Fen,
    /// The rule and its version as shown.
    pub rule: Option<(i32, i32)>,
    /// The stage of a contract it pays (SV5).
    pub contract: Option<Paying>,
    /// What she gets for it, as shown: fen at once and later, and points.
    pub bonus: Fen,
    pub bonus_later: Fen,
    pub points: i64,
    pub approver_id: Option<i32>,
}

/// An order whose deposit was agreed on and is to be paid (SV6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordering {
    pub member: Box<Member>,
    pub name: String,
    /// Of the order, and of it now, fen.
    pub price: Fen,
    pub amount: Fen,
    pub order: Order,
}

/// What a sale costs, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    pub usual: Vec<DocumentLine>,
    /// The coupons in it.
    pub coupons: Vec<Uuid>,
    /// When all of it is paid from stored value and that is another price (SV9).
    pub stored: Option<Vec<DocumentLine>>,
    pub stored_coupons: Vec<Uuid>,
    pub at: DateTime<Utc>,
}

/// What is paid for.
#[derive(Debug)]
enum Job {
    Sale(Vec<DocumentLine>),
    TopUp(Load),
    Deposit(Ordering),
}

/// What is posted in the end.
#[derive(Debug, Clone, PartialEq)]
enum Request {
    Sale(SaleRequest),
    TopUp(TopUpRequest),
    Deposit(DepositRequest),
}

/// What the popup above was asked.
#[derive(Debug)]
enum Asking {
    /// Whether so much cash was handed over.
    Given(Fen),
    /// Whether so much cash may be loaded (SV10).
    CashLimit,
    /// Whether the sale is this member's.
    Member(Box<Member>),
    /// Whether to leave while nobody knows if it was posted.
    Leave,
}

/// Pops `Outcome::Receipt` when paid, `Outcome::Member` when the sale turns out to be hers and must
/// be priced again, nothing on Esc.
#[derive(Debug)]
pub struct Tender {
    job: Job,
    /// What the sale may cost: it follows the way it is paid.
    prices: Option<Prices>,
    /// While points pay for a part: at what value, and what it would cost without (PT5).
    points: Option<(Exchange, Prices)>,
    /// Whether the shop takes points.
    has_points: bool,
    /// The sale as it was rung up, for the disk and to be priced again.
    cart: Option<Cart>,
    /// Who approved a price set by hand.
    approver: Option<i32>,
    bill: Bill,
    /// The bill before the part that closed it, and what closed it.
    closing: Option<(Bill, Paid)>,
    member: Option<Box<Member>>,
    /// What the member can spend today, fen.
    balance: Fen,
    kinds: Vec<TenderKind>,
    selected: usize,
    marked: usize,
    amount: Field,
    /// The shop's largest notes, for the keys that count them.
    notes: Vec<Fen>,
    hint: Option<Say>,
    asking: Option<Asking>,
    once: Once<Request>,
    finding: Option<Ticket>,
    reading: Option<Ticket>,
}

impl Tender {
    /// Pays a sale as it was priced.
    #[must_use]
    pub fn new(lines: Vec<DocumentLine>, member: Option<Box<Member>>) -> Self {
        let total = price::total(&lines);
        Self::with(Job::Sale(lines), total, member)
    }

    /// Pays a sale at one of its prices.
    #[must_use]
    pub fn of(prices: Prices, member: Option<Box<Member>>) -> Self {
        let mut tender = Self::new(prices.usual.clone(), member);
        tender.prices = Some(prices);
        tender
    }

    /// Keeps the sale on the disk together with the operation it is posted as.
    #[must_use]
    pub fn keeping(mut self, cart: Cart) -> Self {
        self.cart = Some(cart);
        self
    }

    /// Posts it with the approval of somebody else.
    #[must_use]
    pub const fn approved(mut self, approver: Option<i32>) -> Self {
        self.approver = approver;
        self
    }

    /// Pays a top-up: not with stored value, nothing dropped.
    #[must_use]
    pub fn top_up(load: Load) -> Self {
        let (total, member) = (load.amount, load.member.clone());
        Self::with(Job::TopUp(load), total, Some(member))
    }

    /// Pays a deposit: as a top-up.
    #[must_use]
    pub fn deposit(ordering: Ordering) -> Self {
        let (total, member) = (ordering.amount, ordering.member.clone());
        Self::with(Job::Deposit(ordering), total, Some(member))
    }

    fn with(job: Job, total: Fen, member: Option<Box<Member>>) -> Self {
        Self {
            job,
            prices: None,
            points: None,
            has_points: false,
            cart: None,
            approver: None,
            bill: Bill::new(total, Rounding::None),
            closing: None,
            member,
            balance: Fen::ZERO,
            kinds: Vec::new(),
            selected: 0,
            marked: 0,
            amount: Field::new(Kind::Amount).most(AMOUNT_LENGTH),
            notes: Vec::new(),
            hint: None,
            asking: None,
            once: Once::default(),
            finding: None,
            reading: None,
        }
    }

    const fn is_sale(&self) -> bool {
        matches!(self.job, Job::Sale(_))
    }

    fn open(&mut self, cx: &Cx) {
        let shop = cx.session.shop.as_ref();
        let rounding = shop
            .filter(|_| self.is_sale())
            .map_or(Rounding::None, |shop| shop.rounding);
        self.bill = Bill::new(self.bill.total(), rounding);
        self.has_points = shop.is_some_and(|shop| shop.points_exchange.is_some());
        let mut notes = shop.map_or_else(Vec::new, |shop| shop.denominations.clone());
        notes.sort_unstable_by(|a, b| b.cmp(a));
        notes.truncate(NOTE_KEYS.len());
        self.notes = notes;
        self.weigh(cx);
    }

    /// What the member can spend, and which tender is the likely one.
    fn weigh(&mut self, cx: &Cx) {
        let today = cx.session.today(cx.now());
        let lots = self.member.as_ref().map(|member| &member.lots);
        let spends = self.is_sale() && lots.is_some();
        self.balance = match lots {
            Some(lots) if self.is_sale() => available(lots, today),
            _ => Fen::ZERO,
        };
        let kinds = TenderKind::ALL.into_iter();
        self.kinds = kinds
            .filter(|kind| spends || *kind != TenderKind::StoredValue)
            .collect();
        let (left, free) = (self.bill.left(), self.spendable());
        let price = self.stored_total().unwrap_or(left);
        let covers = spends && free >= price && free.is_positive();
        // A gift card was shown in order to pay, as far as it goes (SV10).
        let is_card = self.member.as_ref().is_some_and(|it| it.is_bearer);
        self.choose(if covers || (is_card && free.is_positive()) {
            TenderKind::StoredValue
        } else {
            TenderKind::Cash
        });
        self.hint = (free.is_positive() && !covers).then(|| {
            let mut after = self.bill.clone();
            let paid = after.pay(TenderKind::StoredValue, free);
            let short = paid.map_or(left - free, |_| after.due(TenderKind::Cash));
            Say::new("tender.stored_short")
                .with("balance", free)
                .with("short", short)
        });
    }

    /// What is left of the balance after the parts so far, fen.
    fn spendable(&self) -> Fen {
        (self.balance - self.bill.paid_by(TenderKind::StoredValue)).max_zero()
    }

    fn choose(&mut self, kind: TenderKind) {
        let place = self.kinds.iter().position(|known| *known == kind);
        self.selected = place.unwrap_or(0);
        self.reprice();
    }

    fn kind(&self) -> TenderKind {
        let kind = self.kinds.get(self.selected).copied();
        kind.unwrap_or(TenderKind::Cash)
    }

    fn step(&mut self, down: bool) {
        let count = self.kinds.len();
        if count == 0 {
            return;
        }
        self.selected = (self.selected + if down { 1 } else { count - 1 }) % count;
        self.reprice();
    }

    /// Counts a note into the amount; it is cash then.
    fn note(&mut self, place: usize) {
        if let Some(note) = self.notes.get(place) {
            let sum = self.amount.amount().unwrap_or_default() + *note;
            self.amount.set(&sum.to_string().replace(',', ""));
            // Whoever types now types the whole amount.
            self.amount.propose();
            self.choose(TenderKind::Cash);
            self.hint = None;
        }
    }

    /// Enter: the typed amount, or all that is due.
    fn accept(&mut self, cx: &mut Cx) -> Step {
        if self.once.is_unknown() {
            self.post(cx);
            return Step::Stay;
        }
        let kind = self.kind();
        let mut given = self.bill.due(kind);
        if !self.amount.is_empty() {
            let Some(typed) = self.amount.amount() else {
                self.hint = Some(Say::new("field.amount"));
                return Step::Stay;
            };
            given = typed;
        } else if kind == TenderKind::StoredValue {
            given = given.min(self.spendable());
        }
        if kind == TenderKind::StoredValue && given > self.spendable() {
            let short = given - self.spendable();
            self.hint = Some(Say::new("tender.over_balance").with("short", short));
            return Step::Stay;
        }
        if given - self.bill.due(kind) >= ODD_CHANGE && kind == TenderKind::Cash {
            let change = given - self.bill.due(kind);
            self.asking = Some(Asking::Given(given));
            let question = Say::new("tender.odd_change").with("change", change);
            return Step::push(Confirm::new(question).careful());
        }
        self.pay(given, cx)
    }

    fn pay(&mut self, given: Fen, cx: &mut Cx) -> Step {
        let kind = self.kind();
        if given < self.bill.due(kind) {
            self.price_as_usual();
        }
        let before = self.bill.clone();
        cx.show(Shown::Received(given));
        match self.bill.pay(kind, given) {
            Err(refusal) => self.hint = Some(Say::from(&refusal)),
            Ok(None) => {
                self.amount.clear();
                // How much is due stands above, as it is for the tender that is chosen (PR6).
                self.hint = Some(if kind == TenderKind::StoredValue {
                    self.choose(TenderKind::Cash);
                    let short = self.bill.due(TenderKind::Cash);
                    Say::new("stored_value.short").with("short", short)
                } else {
                    Say::new("tender.still_due")
                });
            }
            Ok(Some(paid)) => {
                if self.is_all_stored(&paid) {
                    return Step::Stay;
                }
                self.closing = Some((before, paid));
                return self.close(cx);
            }
        }
        Step::Stay
    }

    fn read_member(&mut self, cx: &mut Cx) {
        if let Some(member) = &self.member {
            self.reading = Some(cx.ask(Query::ReadMember { id: member.id }));
        }
    }

    /// The member as she is now. Another level has other prices: the sale is priced again.
    fn refreshed(&mut self, member: Box<Member>, cx: &mut Cx) -> Step {
        let level = self.member.as_ref().map(|known| known.level.id);
        if self.is_sale() && level != Some(member.level.id) {
            cx.notice(Tone::Plain, "tender.other_prices");
            return Step::Pop(Some(Outcome::Member(member)));
        }
        self.member = Some(member);
        self.check_points(cx);
        let hint = self.hint.take();
        self.weigh(cx);
        if self.kind() != TenderKind::StoredValue {
            self.hint = hint.or_else(|| self.hint.take());
        }
        Step::Stay
    }

    /// The shop's terms are others now. What was quoted to the customer stands until the sale is priced
    /// again; a top-up whose offer is gone will be refused, so that is said before she pays.
    fn changed(&mut self, cx: &mut Cx) {
        let Some(shop) = &cx.session.shop else {
            return;
        };
        let key = match (&self.job, &self.cart) {
            (Job::Sale(lines), Some(cart)) => {
                let member = self.member.as_ref();
                let level = member
                    .and_then(|member| member.priced_as())
                    .map(|level| shop.level(level.id).unwrap_or(level));
                self.other_price(lines, cart, level, shop, cx)
            }
            (Job::TopUp(load), _) => load
                .rule
                .is_some_and(|rule| !shop.rules.iter().any(|now| (now.id, now.version) == rule))
                .then_some("tender.offer_changed"),
            (Job::Sale(_), None) | (Job::Deposit(_), _) => None,
        };
        if let Some(key) = key {
            cx.notice(Tone::Warn, key);
        }
    }

    fn decided(&mut self, yes: bool, cx: &mut Cx) -> Step {
        match self.asking.take() {
            Some(Asking::Given(given)) if yes => return self.pay(given, cx),
            Some(Asking::CashLimit) if yes => self.post(cx),
            Some(Asking::CashLimit) => self.reopen(),
            Some(Asking::Member(member)) if yes => {
                return Step::Pop(Some(Outcome::Member(member)));
            }
            Some(Asking::Leave) if yes => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }

    fn back(&mut self) -> Step {
        if self.once.is_unknown() {
            self.asking = Some(Asking::Leave);
            return Step::push(Confirm::new("tender.leave_unknown").careful());
        }
        if !self.amount.is_empty() {
            self.amount.clear();
            return Step::Stay;
        }
        let Some(part) = self.bill.undo() else {
            return Step::Pop(None);
        };
        self.choose(part.kind);
        self.hint = Some(Say::new("tender.taken_back").with("amount", part.given));
        Step::Stay
    }

    fn act(&mut self, action: Action, cx: &mut Cx) -> Step {
        match action {
            Action::Accept => return self.accept(cx),
            Action::Back => return self.back(),
            Action::Up | Action::Left | Action::Previous => self.step(false),
            Action::Down | Action::Right | Action::Next => self.step(true),
            Action::Points => self.pay_points(cx),
            Action::Why => return self.why(cx),
            Action::Note1 => self.note(0),
            Action::Note2 => self.note(1),
            Action::Note3 => self.note(2),
            Action::Note4 => self.note(3),
            Action::TopUp => {
                if let Some(member) = &self.member {
                    return Step::push(TopUp::new(member.clone()));
                }
            }
            _ => {}
        }
        Step::Stay
    }
}

impl Screen for Tender {
    fn bindings(&self) -> &'static str {
        "tender"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        let is_busy = self.once.is_under_way() || self.once.is_unknown();
        match input {
            Input::Opened => {
                self.open(cx);
                cx.show(Shown::Total(self.bill.left()));
            }
            Input::Reply(ticket, answer) => {
                if self.once.took(ticket, &answer) {
                    return self.answered(answer, cx);
                }
                return match answer {
                    Ok(Reply::Found(found)) if self.finding == Some(ticket) => {
                        self.found(found, cx)
                    }
                    Ok(Reply::Member(member)) if self.reading == Some(ticket) && !is_busy => {
                        self.refreshed(member, cx)
                    }
                    Err(refusal) if self.finding == Some(ticket) => cx.refuse(refusal),
                    _ => Step::Stay,
                };
            }
            Input::Changed(noun) if Noun::Shop.meets(noun) => self.changed(cx),
            Input::Outcome(Outcome::Yes) => return self.decided(true, cx),
            Input::Outcome(Outcome::No) => return self.decided(false, cx),
            Input::Outcome(Outcome::Receipt(_)) => self.read_member(cx),
            Input::Action(action @ (Action::Accept | Action::Back)) => return self.act(action, cx),
            _ if is_busy => {}
            Input::Scan(scan) => {
                return self.code(scan.code, Some(&scan.device), Origin::Scanned, cx);
            }
            Input::Paste(text) => return self.code(text, None, Origin::Typed, cx),
            Input::Text('+') => self.step(true),
            Input::Text('-') => self.step(false),
            Input::Mark | Input::Rollback => {
                self.amount.on(&input);
                if matches!(input, Input::Mark) {
                    self.marked = self.selected;
                } else {
                    self.selected = self.marked;
                    self.reprice();
                }
            }
            input if self.amount.on(&input) => self.hint = None,
            Input::Action(action) => return self.act(action, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let is_free = !self.once.is_under_way();
        match action {
            Action::Accept | Action::Back => is_free,
            Action::TopUp => is_free && self.is_sale() && self.member.is_some(),
            Action::Points => is_free && self.takes_points(),
            Action::Why => self.is_sale(),
            _ => true,
        }
    }

    fn has(&self, action: Action) -> bool {
        match action {
            Action::TopUp => self.is_sale(),
            Action::Points => self.is_sale() && self.member.is_some() && self.has_points,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        self.draw(frame, area, look);
    }
}
