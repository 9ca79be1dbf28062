//! What a code leads to: a member, a line of the sale, or a question.

use super::code::{Code, Kind};
use super::menu::Unknown;
use super::{Counter, MOST_REMEMBERED, PARTS_WITHIN, Question, Why};
use crate::domain::card::{Card, NoCard};
use crate::domain::code::{Meaning, Situation, meanings, refused};
use crate::domain::damage;
use crate::domain::gift::rule;
use crate::domain::label::{LabelRule, is_own, may_be};
use crate::domain::member::Member;
use crate::domain::payment_code::wipe;
use crate::domain::price::CartLine;
use crate::domain::product::{Product, ProductKind};
use crate::domain::scan::{Device, Scan};
use crate::domain::staff::Act;
use crate::error::Refusal;
use crate::query::{Found, Query};
use crate::ui::screen::{Cx, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::line::Line;
use crate::ui::text::Say;
use crate::ui::widgets::notice::Tone;

impl Counter {
    /// A code from a scanner. Pieces typed before it count (`3*`); anything else in the line has been
    /// answered by the scan, and goes.
    pub(super) fn scan(&mut self, mut scan: Scan, cx: &mut Cx) -> Step {
        if self.holding.is_some() {
            cx.notice(Tone::Warn, "refusal.busy");
            return Step::Stay;
        }
        if let Some((pieces, _)) = self.finder.quantity() {
            self.pieces = Some(pieces);
        }
        self.finder.clear();
        let situation = Situation::Counter {
            member: self.known(),
        };
        self.mend(&mut scan, cx);
        let meanings = meanings(&scan.code, scan.origin(), situation, labels(cx));
        if let Some(Meaning::Payment(_) | Meaning::BankCard) = meanings.first() {
            let no = refused(&scan.code).unwrap_or(NoCard::PaymentCode);
            self.refuse_code(no, may_be(&scan.code), cx);
            wipe(&mut scan.code);
            return Step::Stay;
        }
        let mut code = self.code(&scan.code, &meanings, Some(&scan.device), cx);
        code.device = Some(scan.device.clone());
        if code.known.is_empty() && code.what == Kind::Plain {
            cx.notice(Tone::Warn, "app.garbled");
            return Step::Stay;
        }
        let is_part = !matches!(code.what, Kind::Item | Kind::Label { .. });
        self.part = is_part.then(|| (code.clone(), cx.now()));
        self.look_up(code, cx)
    }

    /// A code that was cut in two: the second part makes it whole, and the first is not asked about any more.
    fn mend(&mut self, scan: &mut Scan, cx: &Cx) {
        let Some((part, at)) = self.part.take() else {
            return;
        };
        let near = (cx.now() - at).num_milliseconds() <= PARTS_WITHIN;
        let whole = damage::joined(&part.text, &scan.code).filter(|_| near);
        if let Some(whole) = whole {
            scan.code = whole.printed();
            self.fetching
                .retain(|(_, why)| !matches!(why, Why::Code(code) if code.text == part.text));
            self.question = None;
        }
    }

    /// What a wallet shows is good for nothing before the payment; it and a bank card are neither
    /// asked about nor kept (PV1). A label without a rule has the same shape.
    pub(super) fn refuse_code(&self, no: NoCard, may_be_label: bool, cx: &mut Cx) {
        let (tone, key) = match no {
            NoCard::PaymentCode if may_be_label => (Tone::Warn, "counter.payment_or_label"),
            NoCard::PaymentCode if self.sale.is_empty() => (Tone::Warn, "counter.payment_early"),
            NoCard::PaymentCode => (Tone::Warn, "counter.payment_code"),
            _ => (Tone::Bad, "counter.bank_card"),
        };
        cx.notice(tone, key);
    }

    /// The line as a code.
    pub(super) fn typed_code(&self, cx: &Cx) -> Code {
        let meanings = self.finder.meanings(self.known());
        let mut code = self.code(self.finder.text(), &meanings, None, cx);
        code.amount = meanings.iter().find_map(|meaning| match meaning {
            Meaning::Amount(fen) => Some(*fen),
            _ => None,
        });
        code
    }

    fn code(&self, text: &str, meanings: &[Meaning], from: Option<&Device>, cx: &Cx) -> Code {
        let reader = from.and_then(|device| cx.session.readers.of_code(device, text));
        Code {
            pieces: self.pieces,
            ..Code::of(text, meanings, reader, cx.session.today(cx.now()))
        }
    }

    /// Asks whose code this is, unless the product was seen before.
    pub(super) fn look_up(&mut self, code: Code, cx: &mut Cx) -> Step {
        self.pieces = None;
        if code.what == Kind::OwnCoupon {
            return self.coupon(&code.text, cx);
        }
        if code.known.is_empty() {
            return self.unknown(code, cx);
        }
        if let Some(product) = self.remembered.get(&code.item).cloned() {
            return self.goods(product, code, cx);
        }
        let codes = code.known.clone();
        let query = match &code.what {
            Kind::Label { .. } => Query::Goods { codes },
            Kind::Plain | Kind::Item | Kind::Coupon | Kind::OwnCoupon | Kind::Mended(_) => {
                Query::Scan {
                    codes,
                    near: code.near.clone(),
                }
            }
        };
        self.fetch(query, Why::Code(Box::new(code)), cx);
        Step::Stay
    }

    pub(super) fn found(&mut self, found: Found, code: Code, cx: &mut Cx) -> Step {
        match found {
            Found::Member(member) => self.set_member(member, cx),
            Found::Product(product) => {
                if self.remembered.len() >= MOST_REMEMBERED {
                    self.remembered.clear();
                }
                let named = product.code.as_deref();
                if code.what == Kind::Item && named == Some(code.item.as_str()) {
                    self.remembered.insert(code.item.clone(), product.clone());
                }
                return self.goods(product, code, cx);
            }
            Found::Staff(number) => {
                self.pays = false;
                self.question = Some(Question::HandOver);
                let say = Say::new("counter.hand_over").with("number", number);
                return Step::push(Confirm::new(say));
            }
            Found::Blocked(state) => {
                self.pays = false;
                let hint = match state.as_str() {
                    "pending" => "counter.card_pending",
                    "closed" => "counter.card_closed",
                    _ => "counter.card_blocked",
                };
                return cx.refuse(Refusal::user(hint));
            }
            Found::Like { member, card } if code.card().is_ok() => {
                self.pays = false;
                let say = Say::new("counter.like").with("name", &member.name);
                let say = say.with("card", &card).with("number", &code.text);
                self.question = Some(Question::Like(member, code, card));
                return Step::push(Confirm::new(say));
            }
            Found::Like { .. } | Found::Nothing => return self.unknown(code, cx),
        }
        Step::Stay
    }

    /// The same card by another reader: it is hers by this number too, and the reader's form is known from now
    /// on.
    pub(super) fn same_card(&mut self, member_id: i64, code: &Code, card: &str, cx: &mut Cx) {
        self.add_card(member_id, code, cx);
        let (Some(device), Ok(printed)) = (&code.device, Card::read(&code.text)) else {
            return;
        };
        if cx.session.readers.learn(device, printed.number(), card) {
            cx.notice(Tone::Good, "counter.reader_learnt");
            let readers = cx.session.readers.clone();
            self.fetch(Query::KeepReaders(readers), Why::Readers, cx);
        }
    }

    /// Nobody's code: a new phone enrols, anything else is asked about.
    pub(super) fn unknown(&mut self, code: Code, cx: &mut Cx) -> Step {
        self.pays = false;
        if let Kind::Label { plu, .. } = &code.what {
            return cx.refuse(Refusal::user("counter.label_unknown").with("plu", plu));
        }
        if code.what == Kind::Coupon {
            return cx.refuse(Refusal::user("counter.coupon"));
        }
        if code.card() == Err(NoCard::Random) {
            return cx.refuse(Refusal::user("counter.random_card"));
        }
        if let Some(phone) = &code.phone {
            return self.enrol(Some(phone.digits()), None);
        }
        let choices = Unknown::of(&code, self.known());
        if choices == [Unknown::Ignore] {
            cx.notice(Tone::Warn, "counter.unknown_own");
            return Step::Stay;
        }
        let name = self.member.as_ref().map_or("", |member| &member.name);
        let shown = if code.is_long() {
            &code.item
        } else {
            &code.text
        };
        let key = if is_own(&code.text) {
            "counter.unknown_label"
        } else {
            "counter.unknown"
        };
        let say = Say::new(key).with("code", shown);
        let popup = Unknown::popup(say, &choices, &code, name);
        self.question = Some(Question::Unknown(choices, code));
        Step::Push(popup)
    }

    /// A product joins the sale; what is sold by weight is weighed first.
    pub(super) fn add(&mut self, product: &Product, pieces: Option<u32>, cx: &mut Cx) -> Step {
        self.last = None;
        if product.kind == ProductKind::Weight && pieces.is_none() {
            self.pays = false;
            self.question = Some(Question::Line(None));
            return Step::push(Line::new(CartLine::of(product, 0)));
        }
        if !self.sale.add(product, pieces.map_or(1, i64::from)) {
            cx.notice(Tone::Warn, "counter.full");
        }
        Step::Stay
    }

    pub(super) fn set_member(&mut self, member: Box<Member>, cx: &mut Cx) {
        self.last = None;
        let today = cx.session.today(cx.now());
        let promised = member.instalments.iter().any(|part| part.due_on <= today);
        let shop = cx.session.shop.as_ref();
        let gifts = shop.is_some_and(|shop| {
            let store_id = shop.store_of(cx.session.till_id());
            !rule::due(&member, shop, store_id, today).is_empty()
        });
        let due = promised || gifts;
        let member_id = member.id;
        self.member = Some(member);
        if due && cx.session.shift.is_some() {
            let id = cx.new_id();
            let stamp = cx.session.stamp(id, cx.now());
            let query = Query::Release { stamp, member_id };
            self.fetch(query, Why::Release, cx);
        }
    }

    /// A line comes back from its popup. A price set by hand needs a right.
    pub(super) fn edited(&mut self, place: Option<usize>, mut line: CartLine, cx: &mut Cx) -> Step {
        if line.package.is_some() && line.quantity != 1 {
            line.quantity = 1;
            cx.notice(Tone::Warn, "package.one_each");
        }
        let Some(place) = place else {
            return self.place(line, cx);
        };
        let before = self.sale.all().get(place);
        let set = line.override_price.is_some()
            && before.is_some_and(|before| before.override_price != line.override_price);
        let may = cx.session.limit().is_some_and(|limit| limit.price_override);
        if set && !may {
            let why = override_of(&line);
            self.question = Some(Question::Override(place, line));
            return Step::Push((self.doors.approve)(why, Act::Price));
        }
        self.sale.replace(place, line);
        Step::Stay
    }
}

fn labels<'a>(cx: &'a Cx) -> &'a [LabelRule] {
    let shop = cx.session.shop.as_ref();
    shop.map_or(&[], |shop| &shop.labels)
}

/// What whoever approves a price reads: what is sold, how much of it, its price, and what it shall be.
pub(super) fn override_of(line: &CartLine) -> Say {
    let key = match line.kind {
        ProductKind::Weight => "counter.override_grams",
        _ => "counter.override",
    };
    Say::new(key)
        .with("name", &line.name)
        .with("quantity", line.quantity)
        .with("from", line.price)
        .with("to", line.override_price.unwrap_or(line.price))
}
