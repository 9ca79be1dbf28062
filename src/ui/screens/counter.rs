//! The counter, where a cashier lives: one line that takes anything, the member, the sale.

mod answer;
mod code;
mod coupon;
pub mod doors;
mod finder;
mod goods;
mod menu;
mod order;
mod panel;
pub use panel::{birthday_of, stage_of};
mod pay;
mod prices;
mod receive;
mod sale;
mod view;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::domain::code::refused;
use crate::domain::coupon::Presented;
use crate::domain::grant::GrantKind;
use crate::domain::label::may_be;
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::price::CartLine;
use crate::domain::product::Product;
use crate::query::{Cart, HeldSale, Query, Ticket};
use crate::ui::keymap::Action;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::check_in::CheckIn;
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::devices::Devices;
use crate::ui::screens::exchange::Exchange;
use crate::ui::screens::held::Held;
use crate::ui::screens::line::Line;
use crate::ui::screens::orders::Orders;
use crate::ui::text::Say;
use crate::ui::widgets::notice::Tone;
use code::Code;
use doors::Doors;
use finder::{Entered, Finder, Row};
pub(in crate::ui::screens) use prices::used;
use sale::Sale;

/// Questions under way at once; a scan beyond them is refused with a word.
const MOST_FETCHES: usize = 16;

/// Codes of goods whose price is remembered; more, and all are forgotten.
const MOST_REMEMBERED: usize = 256;

/// Two parts of a code come within so many milliseconds.
const PARTS_WITHIN: i64 = 1_000;

/// Why something is being fetched.
#[derive(Debug)]
enum Why {
    /// Whose code is this.
    Code(Box<Code>),
    /// A candidate was chosen.
    Member,
    Product(Option<u32>),
    /// The coupon of a receipt.
    Coupon,
    /// The member of a sale taken up again; its lines are there already.
    Restore(i64),
    /// The member on the screen, again.
    Refresh,
    /// Instalments of the member that are due.
    Release,
    /// What was learnt of a reader is kept.
    Readers,
}

/// What a popup above was asked.
#[derive(Debug)]
enum Question {
    Clear,
    HandOver,
    /// The anonymous sale before is put under somebody's name.
    Attach,
    Unknown(Vec<menu::Unknown>, Code),
    /// A doubtful code was found to be goods: are they?
    Goods(Product, Code),
    /// Goods past their last day.
    Expired(CartLine),
    /// A card that may be hers as another reader prints it.
    Like(Box<Member>, Code, String),
    More,
    /// A price set by hand waits for approval.
    Override(usize, CartLine),
    /// The whole sale: it was taken up again with a price set by hand.
    Approval,
    NewProduct(String, Code),
    /// The line that is edited; none is a new one.
    Line(Option<usize>),
}

/// An anonymous sale that a member may still be credited with (MB3).
#[derive(Debug, Clone, Copy)]
struct Anonymous {
    sale_id: Uuid,
    shift_id: Option<Uuid>,
    paid: Fen,
}

/// The screen.
#[derive(Debug, Default)]
pub struct Counter {
    doors: Doors,
    finder: Finder,
    sale: Sale,
    member: Option<Box<Member>>,
    /// The coupons on paper that were scanned, and whether she keeps hers (PR4).
    coupons: Presented,
    /// Pieces of what comes next.
    pieces: Option<u32>,
    fetching: Vec<(Ticket, Why)>,
    /// Pay as soon as nothing is being fetched.
    pays: bool,
    question: Option<Question>,
    holding: Option<Ticket>,
    opening: Option<Ticket>,
    anonymous: Option<Anonymous>,
    /// What the last receipt said, until the next customer.
    last: Option<Say>,
    remembered: BTreeMap<String, Product>,
    /// The last scan, when it can be a part of a code that was cut in two.
    part: Option<(Code, DateTime<Utc>)>,
    /// The cart as it was last sent to be kept, and the answer that is under way.
    kept: Cart,
    keeping: Option<Ticket>,
    /// Rows of the sale that are scrolled away.
    offset: usize,
    /// What the sale came to after the last input.
    total: Fen,
}

impl Default for Finder {
    fn default() -> Self {
        Self::new()
    }
}

impl Counter {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A counter that opens other screens than the usual ones.
    #[must_use]
    pub fn with(doors: Doors) -> Self {
        Self {
            doors,
            ..Self::default()
        }
    }

    const fn known(&self) -> bool {
        self.member.is_some()
    }

    fn cart(&self) -> Cart {
        let restoring = self.fetching.iter().find_map(|(_, why)| match why {
            Why::Restore(id) => Some(*id),
            _ => None,
        });
        Cart {
            member_id: self.member.as_ref().map(|member| member.id).or(restoring),
            lines: self.sale.all().to_vec(),
            coupons: self.coupons.clone(),
        }
    }

    /// Sends the cart to be kept when it has changed; one at a time, so that the last one stays.
    fn keep(&mut self, cx: &mut Cx) {
        let cart = self.cart();
        if self.keeping.is_some() || cart == self.kept {
            return;
        }
        let empty = cart == Cart::default();
        self.kept = cart.clone();
        self.keeping = Some(cx.ask(Query::KeepCart {
            cart: (!empty).then_some(cart),
            sending: None,
        }));
    }

    /// Whether an answer may still change the sale.
    fn is_fetching(&self) -> bool {
        let changes = |(_, why): &(Ticket, Why)| !matches!(why, Why::Refresh);
        self.fetching.iter().any(changes)
    }

    fn fetch(&mut self, query: Query, why: Why, cx: &mut Cx) {
        if self.fetching.len() >= MOST_FETCHES {
            cx.notice(Tone::Warn, "refusal.busy");
            return;
        }
        let ticket = cx.ask(query);
        self.fetching.push((ticket, why));
    }

    fn opened(&mut self, cx: &mut Cx) -> Step {
        if cx.session.shop.is_none() {
            self.opening = Some(cx.ask(Query::Opening));
            return Step::Stay;
        }
        if let Some(cart) = cx.session.cart.take() {
            cx.notice(Tone::Plain, "counter.restored");
            self.restore(cart, cx);
        }
        if std::mem::take(&mut cx.session.cart_broken) {
            cx.notice(Tone::Warn, "counter.cart_broken");
        }
        if cx.session.shift.is_none() {
            return Step::Push((self.doors.open_shift)());
        }
        Step::Stay
    }

    fn restore(&mut self, cart: Cart, cx: &mut Cx) {
        self.sale.set(cart.lines);
        self.coupons = cart.coupons;
        self.member = None;
        if let Some(id) = cart.member_id {
            self.fetch(Query::ReadMember { id }, Why::Restore(id), cx);
        }
    }

    fn action(&mut self, action: Action, cx: &mut Cx) -> Step {
        match action {
            Action::Accept => return self.accept(cx),
            Action::Back => return self.back(),
            Action::Up | Action::Down if !self.finder.is_empty() => {
                self.finder.step(action == Action::Down, self.known());
            }
            Action::Up => self.sale.select(self.sale.place().saturating_sub(1)),
            Action::Down => self.sale.select(self.sale.place() + 1),
            Action::PageUp => self.sale.select(self.sale.place().saturating_sub(5)),
            Action::PageDown => self.sale.select(self.sale.place() + 5),
            Action::Home if self.finder.is_empty() => self.sale.select(0),
            Action::End if self.finder.is_empty() => self.sale.select(usize::MAX),
            Action::Delete if self.finder.is_empty() => self.sale.remove(self.sale.place()),
            Action::Pay => return self.pay(cx),
            Action::Hold => self.hold(cx),
            Action::TakeUp if !self.sale.is_empty() => {
                cx.notice(Tone::Warn, "counter.hold_first");
            }
            Action::TakeUp => return Step::push(Held::new()),
            Action::Line => return self.edit(cx),
            Action::Why => return self.why(cx),
            Action::Coupons => return self.of_coupons(cx),
            Action::Attach => return self.attach(cx),
            Action::Operations => return Step::Push((self.doors.operations)(cx.session.till_id())),
            Action::Dormant => return Step::Push((self.doors.dormant)()),
            Action::Devices => return Step::push(Devices::new()),
            Action::More => return self.more(),
            Action::TopUp
            | Action::MemberCard
            | Action::Redeem
            | Action::Orders
            | Action::Exchange
            | Action::CheckIn => {
                return self.of_member(action, cx);
            }
            _ => {}
        }
        Step::Stay
    }

    fn of_member(&self, action: Action, cx: &mut Cx) -> Step {
        let Some(member) = self.member.clone() else {
            cx.notice(Tone::Warn, "counter.member_first");
            return Step::Stay;
        };
        Step::Push(match action {
            Action::TopUp => (self.doors.top_up)(member),
            Action::Redeem | Action::Exchange | Action::CheckIn if cx.session.shift.is_none() => {
                (self.doors.open_shift)()
            }
            Action::Exchange => Box::new(Exchange::new(member)),
            Action::CheckIn => Box::new(CheckIn::new(member)),
            Action::Redeem => (self.doors.redeem)(member),
            Action::Orders => Box::new(Orders::new(member, true)),
            _ => (self.doors.member)(member.id),
        })
    }

    /// Enter: what stands in the line, or, when it is empty, the payment.
    fn accept(&mut self, cx: &mut Cx) -> Step {
        let known = self.known();
        let entered = self.finder.enter(known, cx);
        if !matches!(entered, Entered::Wait | Entered::Unknown) {
            self.pieces = self.finder.pieces().or(self.pieces);
        }
        match entered {
            Entered::Nothing if self.sale.is_empty() => {}
            Entered::Nothing => return self.pay(cx),
            Entered::Wait => {}
            Entered::Row(row) => {
                self.finder.clear();
                return self.take(row, cx);
            }
            Entered::Code => {
                let code = self.typed_code(cx);
                self.finder.clear();
                return self.look_up(code, cx);
            }
            Entered::Quantity { pieces, next } => {
                self.finder.clear();
                if next || !self.sale.set_quantity(pieces.into()) {
                    self.pieces = Some(pieces);
                }
            }
            Entered::Refused(no) => {
                let is_label = may_be(self.finder.text());
                self.finder.clear();
                self.refuse_code(no, is_label, cx);
            }
            Entered::Unknown => {
                let say = Say::new("counter.nothing").with("text", self.finder.text());
                cx.notice(Tone::Warn, say);
            }
        }
        Step::Stay
    }

    fn take(&mut self, row: Row, cx: &mut Cx) -> Step {
        use crate::query::Candidate::{Member, Product};
        match row {
            Row::Amount(amount) => return self.quick(amount, cx),
            Row::Enrol(phone) => return self.enrol(Some(phone.digits()), None),
            Row::Known(Member { id, .. }) => {
                self.fetch(Query::ReadMember { id }, Why::Member, cx);
            }
            Row::Known(Product { id, .. }) => {
                let why = Why::Product(self.pieces.take());
                self.fetch(Query::ReadProduct { id }, why, cx);
            }
        }
        Step::Stay
    }

    /// An amount without items (PR7). Alone it is the whole sale: on to the payment.
    fn quick(&mut self, amount: Fen, cx: &mut Cx) -> Step {
        let alone = self.sale.is_empty();
        let mut line = CartLine::quick(cx.text("counter.quick").to_owned(), amount);
        line.quantity = self.pieces.take().map_or(1, i64::from);
        if !self.sale.push(line) {
            cx.notice(Tone::Warn, "counter.full");
            return Step::Stay;
        }
        self.last = None;
        if alone { self.pay(cx) } else { Step::Stay }
    }

    /// Esc: the line, then the pieces, then, after a question, the sale.
    fn back(&mut self) -> Step {
        self.pays = false;
        if !self.finder.is_empty() {
            self.finder.clear();
        } else if self.pieces.take().is_some() {
        } else if self.sale.is_empty() {
            self.member = None;
            self.coupons = Presented::default();
        } else {
            self.question = Some(Question::Clear);
            return Step::push(Confirm::new("counter.clear").careful());
        }
        Step::Stay
    }

    fn hold(&mut self, cx: &mut Cx) {
        let Some(store) = &cx.session.store else {
            return;
        };
        let store_id = store.id;
        let first = self.sale.all().first();
        let name = self.member.as_ref().map(|member| member.name.as_str());
        let name = name.filter(|name| !name.is_empty());
        let label = name.or_else(|| first.map(|line| line.name.as_str()));
        let held = HeldSale {
            id: cx.new_id(),
            store_id,
            till_id: cx.session.till_id(),
            staff_id: cx.session.staff.as_ref().map_or(0, |staff| staff.id),
            held_at: cx.now(),
            label: label.unwrap_or_default().to_owned(),
            total: self.quote(cx.session, cx.now()).total,
            cart: self.cart(),
        };
        self.holding = Some(cx.ask(Query::Hold(Box::new(held))));
    }

    fn edit(&mut self, cx: &mut Cx) -> Step {
        let Some(line) = self.sale.selected() else {
            return Step::Stay;
        };
        if line.ordered.is_some() {
            cx.notice(Tone::Plain, "orders.one_only");
            return Step::Stay;
        }
        let line = line.clone();
        self.question = Some(Question::Line(Some(self.sale.place())));
        Step::push(Line::new(line))
    }

    /// The next customer.
    fn clear(&mut self) {
        self.finder.clear();
        self.sale.clear();
        self.member = None;
        self.coupons = Presented::default();
        self.pieces = None;
        self.pays = false;
        self.offset = 0;
    }
}

impl Screen for Counter {
    fn bindings(&self) -> &'static str {
        "counter"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        let before = (self.sale.all().len(), self.total);
        let is_paid = matches!(input, Input::Outcome(Outcome::Receipt(_)));
        let pasted = match &input {
            Input::Paste(text) => refused(text).map(|no| (no, may_be(text))),
            _ => None,
        };
        let step = if let Some((no, is_label)) = pasted {
            self.refuse_code(no, is_label, cx);
            Step::Stay
        } else if self.finder.on(&input, cx) {
            Step::Stay
        } else {
            match input {
                Input::Opened => self.opened(cx),
                Input::Action(action) => self.action(action, cx),
                Input::Scan(scan) => self.scan(scan, cx),
                Input::Reply(ticket, answer) => self.answered(ticket, answer, cx),
                Input::Outcome(outcome) => self.outcome(outcome, cx),
                Input::Changed(noun) => self.changed(noun, cx),
                Input::Tick => {
                    self.finder.tick(self.member.is_some(), cx);
                    Step::Stay
                }
                Input::Text(_)
                | Input::Paste(_)
                | Input::Mark
                | Input::Rollback
                | Input::Devices => Step::Stay,
            }
        };
        self.keep(cx);
        self.total = self.quote(cx.session, cx.now()).total;
        if !is_paid {
            self.show(before, cx);
        }
        step
    }

    fn can(&self, action: Action) -> bool {
        let free = self.holding.is_none();
        match action {
            Action::Pay => free && (!self.sale.is_empty() || self.is_fetching()),
            Action::Hold => free && !self.sale.is_empty() && !self.is_fetching(),
            Action::Line | Action::Why => free && !self.sale.is_empty(),
            Action::Attach => self.anonymous.is_some(),
            Action::Accept | Action::TakeUp => free,
            _ => true,
        }
    }

    /// Redeeming is for whoever has paid beforehand.
    fn has(&self, action: Action) -> bool {
        let grants = self.member.as_ref().map(|member| member.grants.iter());
        let mut grants = grants.into_iter().flatten();
        match action {
            Action::Redeem => grants.any(|grant| grant.usable().is_some()),
            Action::Coupons => grants.any(|grant| grant.kind == GrantKind::Coupon),
            _ => true,
        }
    }

    fn why_not(&self, action: Action) -> Option<Say> {
        if action == Action::Redeem {
            let key = match &self.member {
                Some(_) => "redeem.none",
                None => "counter.member_first",
            };
            return Some(Say::new(key));
        }
        if !self.sale.is_empty() || self.is_fetching() {
            return None;
        }
        match action {
            Action::Hold => Some(Say::new("counter.nothing_to_hold")),
            Action::Pay | Action::Line | Action::Why => Some(Say::new("counter.no_sale")),
            _ => None,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        self.draw(frame, area, look);
    }

    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.finder.deadline()
    }
}

impl Counter {
    /// What a popup decided.
    fn outcome(&mut self, outcome: Outcome, cx: &mut Cx) -> Step {
        let question = self.question.take();
        match (outcome, question) {
            (Outcome::Yes, Some(Question::Clear)) => self.clear(),
            // Something was given back in the list of bills.
            (Outcome::Yes, None) => self.refresh(cx),
            (Outcome::Yes, Some(Question::HandOver)) => return Step::Lock,
            (Outcome::Chosen(place), Some(Question::More)) => return self.chosen(place, cx),
            (Outcome::Chosen(place), Some(Question::Unknown(choices, code))) => {
                return self.decided(choices.get(place).copied(), code, cx);
            }
            (Outcome::Yes, Some(Question::Goods(product, code))) => {
                return self.put(&product, &code, cx);
            }
            (Outcome::Yes, Some(Question::Expired(line))) => self.push(line, cx),
            (Outcome::Yes, Some(Question::Like(member, code, card))) => {
                self.same_card(member.id, &code, &card, cx);
            }
            (Outcome::No, Some(Question::Like(_, code, _))) => return self.unknown(code, cx),
            (Outcome::Approved(staff), Some(Question::Override(place, line))) => {
                self.sale.approve_line(place, line, staff);
            }
            (Outcome::Approved(staff), Some(Question::Approval)) => {
                self.sale.approve(staff);
                return self.pay(cx);
            }
            (Outcome::Approved(staff), Some(Question::NewProduct(item, code))) => {
                self.question = Some(Question::NewProduct(item.clone(), code));
                return Self::new_product(item, staff.id);
            }
            (Outcome::Line(line), Some(Question::Line(place))) => {
                return self.edited(place, line, cx);
            }
            (Outcome::Removed, Some(Question::Line(Some(place)))) => self.sale.remove(place),
            (outcome @ (Outcome::Yes | Outcome::No), Some(Question::Attach)) => {
                self.attached(&outcome, cx);
            }
            (Outcome::Receipt(receipt), _) => self.receipt(&receipt, cx),
            (Outcome::Member(member), _) => self.set_member(member, cx),
            (Outcome::Order(member, claim), _) => self.order(member, claim, cx),
            (Outcome::Product(product), question) => {
                let code = match question {
                    Some(Question::NewProduct(_, code)) => code,
                    _ => Code::default(),
                };
                return self.put(&product, &code, cx);
            }
            (Outcome::Code(code), _) => {
                self.pays = true;
                return self.coupon(&code, cx);
            }
            (Outcome::Gone(hint, name), _) => return self.gone(hint, name, cx),
            (Outcome::Repriced(total), _) => return self.repriced(&total, cx),
            (Outcome::Cart(cart), _) => self.restore(*cart, cx),
            _ => {}
        }
        Step::Stay
    }
}
