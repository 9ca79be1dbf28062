//! Selling unregistered gift cards: how much is on each, which cards, how they are paid, and, where the rule asks for it,
//! who buys (SV10).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::card::Card;
use crate::domain::gift_card::{
    BuyerKind, CardSaleRequest, Identity, MOST, NAME_LENGTH, NewCard as Sold, TAIL_LENGTH, WAYS,
    exceeded,
};
use crate::domain::ledger::Stamp;
use crate::domain::money::Fen;
use crate::domain::scan::Device;
use crate::domain::shop::LimitsProfile;
use crate::domain::slip::{Facts, Kind as Slip, tender};
use crate::domain::staff::Act;
use crate::domain::tender::TenderKind;
use crate::error::{Refusal, Result};
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::new_card::{NewCard, Verdict};
use crate::ui::once::Once;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::enrol::member_code;
use crate::ui::screens::member::code::NewCode;
use crate::ui::screens::message::Message;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form};
use crate::ui::widgets::notice::Tone;
use crate::ui::{paint, width};

/// Places in the form.
const AMOUNT: usize = 0;
const COUNT: usize = 1;
const WAY: usize = 2;
const BUYER: usize = 3;
const NAME: usize = 4;
const TAIL: usize = 5;

/// What the popup above was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    Limit,
    Leave,
}

/// Pops nothing when Esc is pressed; after the sale it shows the codes that were made.
#[derive(Debug)]
pub struct SellCards {
    form: Form,
    /// Cards from stock, scanned; without any, codes are made.
    scanned: Vec<Card>,
    scanning: NewCard,
    approver: Option<i32>,
    /// What of the limits was shown and taken.
    warned: bool,
    asking: Option<Asking>,
    hint: Option<Say>,
    wanted: Option<CardSaleRequest>,
    once: Once<CardSaleRequest>,
}

impl Default for SellCards {
    fn default() -> Self {
        Self::new()
    }
}

impl SellCards {
    #[must_use]
    pub fn new() -> Self {
        let buyers = vec!["gift_card.person", "gift_card.unit"];
        let form = Form::new()
            .field("gift_card.amount", Field::new(Kind::Amount).most(8))
            .field(
                "gift_card.count",
                Field::new(Kind::Digits).most(2).with("1"),
            )
            .hint("gift_card.count_hint")
            .choice("gift_card.way", WAYS.map(tender).to_vec(), 0)
            .choice("gift_card.buyer", buyers, 0)
            .field("gift_card.name", Field::new(Kind::Any).most(NAME_LENGTH))
            .hint("gift_card.name_hint")
            .field("gift_card.tail", Field::new(Kind::Any).most(TAIL_LENGTH));
        Self {
            form,
            scanned: Vec::new(),
            scanning: NewCard::default(),
            approver: None,
            warned: false,
            asking: None,
            hint: None,
            wanted: None,
            once: Once::default(),
        }
    }

    fn way(&self) -> TenderKind {
        let way = WAYS.get(self.form.chosen(WAY)).copied();
        way.unwrap_or(TenderKind::Cash)
    }

    /// Checks the form and makes the request; none after saying what is wrong.
    fn request(&mut self, cx: &mut Cx) -> Option<CardSaleRequest> {
        let amount = self.form.need_amount(AMOUNT)?;
        if !amount.is_positive() {
            self.form.refuse(AMOUNT, "field.amount");
            return None;
        }
        let count = match self.scanned.len() {
            0 => self.form.value(COUNT).parse().unwrap_or(0),
            scanned => scanned,
        };
        if !(1..=MOST).contains(&count) {
            let wrong = Say::new("gift_card.count_wrong").with("most", MOST);
            self.form.refuse(COUNT, wrong);
            return None;
        }
        let (name, tail) = (self.form.value(NAME), self.form.value(TAIL));
        if name.is_empty() != tail.is_empty()
            || (!tail.is_empty() && tail.chars().count() != TAIL_LENGTH)
        {
            self.form.refuse(TAIL, "gift_card.tail_wrong");
            return None;
        }
        let identity = (!name.is_empty()).then(|| Identity {
            name: name.to_owned(),
            tail: tail.to_owned(),
        });
        let mut cards: Vec<Sold> = self
            .scanned
            .iter()
            .map(|card| stock(card, amount))
            .collect();
        if cards.is_empty() {
            cards.extend((0..count).map(|_| Sold {
                code: member_code(cx),
                is_minted: true,
                amount,
            }));
        }
        Some(CardSaleRequest {
            stamp: cx.session.stamp(uuid::Uuid::nil(), cx.now()),
            cards,
            buyer: match self.form.chosen(BUYER) {
                1 => BuyerKind::Unit,
                _ => BuyerKind::Person,
            },
            identity,
            way: self.way(),
        })
    }

    fn accept(&mut self, cx: &mut Cx) -> Step {
        if self.once.is_unknown() {
            self.post(cx);
            return Step::Stay;
        }
        if self.scanning.is_asking() {
            return Step::Stay;
        }
        let Some(request) = self.request(cx) else {
            return Step::Stay;
        };
        let profile = cx.session.shop.as_ref().map(|shop| shop.limits_profile);
        let profile = profile.unwrap_or_default();
        let over = exceeded(&request, profile).first().copied();
        self.wanted = Some(request);
        match over {
            Some(hint) if profile == LimitsProfile::Enforce => cx.refuse(Refusal::user(hint)),
            Some(hint) if !self.warned => {
                self.asking = Some(Asking::Limit);
                let question = Say::new("gift_card.limit_ask").with("why", cx.text(hint));
                Step::push(Confirm::new(question).careful())
            }
            _ => {
                self.post(cx);
                Step::Stay
            }
        }
    }

    /// Sends what was wanted; while nobody knows what became of it, that again.
    fn post(&mut self, cx: &mut Cx) {
        let Some(request) = self.wanted.clone() else {
            return;
        };
        let approver_id = self.approver;
        let make = |stamp: Stamp| CardSaleRequest {
            stamp: Stamp {
                approver_id,
                ..stamp
            },
            ..request
        };
        self.hint = None;
        self.once
            .send(cx, make, |request| Query::SellCards(Box::new(request)));
    }

    /// Their codes are known here and now, and to nobody afterwards: printed, and shown.
    fn sold(&self, cx: &mut Cx) -> Step {
        let Some(request) = &self.wanted else {
            return Step::Pop(None);
        };
        let say = Say::new("gift_card.done")
            .with("count", request.cards.len())
            .with("total", request.total());
        cx.notice(Tone::Good, say);
        let minted = request.cards.iter().filter(|card| card.is_minted);
        let codes: Vec<(String, String)> = minted
            .map(|card| (card.code.clone(), format!("*{}", card.tail())))
            .collect();
        for card in request.cards.iter().filter(|card| card.is_minted) {
            let facts = Facts::new()
                .one("amount", card.amount)
                .one("code", &card.code);
            cx.print_facts(Slip::GiftCard, "slip.gift_card", facts);
        }
        match NewCode::gift_cards(codes) {
            Some(shown) => Step::replace(shown),
            None => Step::Pop(None),
        }
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        if let Ok(Reply::Receipt(receipt)) = &answer {
            cx.hand_out(receipt);
            return self.sold(cx);
        }
        match self.once.done(answer, &mut self.hint, cx) {
            Ok(step) => step,
            Err(refusal) if refusal.hint == "approval.needed" && self.approver.is_none() => {
                let total = self.wanted.as_ref().map(CardSaleRequest::total);
                let total = total.unwrap_or_default();
                let why = Say::new("gift_card.needs_approval").with("total", total);
                Step::push(Approve::new(why, Act::TopUp(total)))
            }
            Err(refusal) => cx.refuse(refusal),
        }
    }

    /// A card from stock: the shop has the last word whether it is nobody's.
    fn scan(&mut self, code: &str, from: Option<&Device>, cx: &mut Cx) {
        if self.scanned.len() >= MOST || self.scanning.is_asking() {
            return;
        }
        if let Err(no) = self.scanning.ask(code, from, cx) {
            self.hint = Some(Say::new(no.hint()));
        }
    }

    fn judged(&mut self, verdict: Verdict, cx: &mut Cx) -> Step {
        match verdict {
            Verdict::Free => {
                let free = self.scanning.free().cloned();
                self.scanning.forget();
                let known =
                    |card: &Card| self.scanned.iter().any(|it| it.number() == card.number());
                match free {
                    Some(card) if !known(&card) => {
                        self.scanned.push(card);
                        self.hint = None;
                    }
                    _ => self.hint = Some(Say::new("gift_card.twice")),
                }
            }
            Verdict::No(no) => self.hint = Some(Say::new(no.hint())),
            Verdict::Refused(refusal) => return cx.refuse(refusal),
        }
        Step::Stay
    }

    fn replied(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        if let Some(verdict) = self.scanning.took(ticket, &answer) {
            return self.judged(verdict, cx);
        }
        if self.once.took(ticket, &answer) {
            return self.answered(answer, cx);
        }
        Step::Stay
    }

    fn decided(&mut self, yes: bool, cx: &mut Cx) -> Step {
        match self.asking.take() {
            Some(Asking::Limit) if yes => {
                self.warned = true;
                self.post(cx);
            }
            Some(Asking::Leave) if yes => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }

    /// Esc: the last card, then the screen.
    fn back(&mut self) -> Step {
        if self.once.is_unknown() {
            self.asking = Some(Asking::Leave);
            return Step::push(Confirm::new("tender.leave_unknown").careful());
        }
        match self.scanned.pop() {
            Some(_) => Step::Stay,
            None => Step::Pop(None),
        }
    }
}

fn stock(card: &Card, amount: Fen) -> Sold {
    Sold {
        code: card.number().to_owned(),
        is_minted: false,
        amount,
    }
}

impl Screen for SellCards {
    fn bindings(&self) -> &'static str {
        "gift_card"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        let is_busy = self.once.is_under_way() || self.once.is_unknown();
        match input {
            Input::Opened if cx.session.shift.is_none() => {
                return Step::replace(Message::new(Refusal::user("shift.not_open")));
            }
            Input::Reply(ticket, answer) => return self.replied(ticket, answer, cx),
            Input::Outcome(Outcome::Approved(staff)) => {
                self.approver = Some(staff.id);
                self.post(cx);
            }
            Input::Outcome(Outcome::Yes) => return self.decided(true, cx),
            Input::Outcome(Outcome::No) => return self.decided(false, cx),
            Input::Action(Action::Back) => return self.back(),
            Input::Action(Action::Accept | Action::Save) if self.once.is_unknown() => {
                return self.accept(cx);
            }
            _ if is_busy => {}
            Input::Scan(scan) => self.scan(&scan.code, Some(&scan.device), cx),
            Input::Paste(text) => self.scan(&text, None, cx),
            input => {
                let saves = self.form.on(&input) == Did::Save;
                // Whoever approved it, or took the warning, saw what stood there then.
                self.approver = None;
                self.warned = false;
                if saves {
                    return self.accept(cx);
                }
            }
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let asks = matches!(action, Action::Accept | Action::Save | Action::Back);
        !asks || !self.once.is_under_way()
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let state = self.once.is_under_way().then(|| look.text("shift.posting"));
        paint::title(frame, area, look.text("gift_card.title"), state, look);
        let mut row = 1;
        let mut put = |text: &str, role: Role| {
            for line in width::wrap(text, area.width.into()) {
                paint::line(frame, area, row, &line, look.style(role));
                row += 1;
            }
        };
        put(look.text("gift_card.about"), Role::Dim);
        if !self.scanned.is_empty() {
            let tail = |card: &Card| format!("*{}", stock(card, Fen::ZERO).tail());
            let tails: Vec<String> = self.scanned.iter().map(tail).collect();
            let say = Say::new("gift_card.scanned")
                .with("count", self.scanned.len())
                .with("cards", tails.join(" "));
            put(&look.say(&say), Role::Title);
        }
        if let Some(hint) = &self.hint {
            put(&look.say(hint), Role::Warn);
        }
        self.form.view(frame, paint::below(area, row + 1), look);
    }
}
