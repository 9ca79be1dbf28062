//! A card for a member who is there already: scan it, look at it, Enter.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::code::{Meaning, Origin, Situation, meanings};
use crate::domain::payment_code::PaymentCode;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Columns and rows inside the frame.
const SIZE: (u16, u16) = (48, 5);

/// Longest card number, characters.
const CARD_LENGTH: usize = 40;

/// The popup. Pops `Outcome::Member` when the card was added.
#[derive(Debug)]
pub struct AddCard {
    member_id: i64,
    name: String,
    /// Typed by hand, when the card cannot be scanned.
    field: Field,
    /// Scanned and not yet confirmed. Never lands in the field.
    scanned: Option<Card>,
    /// What is wrong with what was scanned or typed.
    wrong: Option<&'static str>,
    asked: Option<Ticket>,
}

/// A card number as it is kept.
#[derive(Clone, PartialEq, Eq)]
struct Card {
    number: String,
    /// It could be goods as well.
    is_barcode: bool,
}

/// Whoever knows the number can pass for the member.
impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Card({} characters)", self.number.chars().count())
    }
}

impl AddCard {
    #[must_use]
    pub fn new(member_id: i64, name: &str) -> Self {
        Self {
            member_id,
            name: name.to_owned(),
            field: Field::new(Kind::Any).most(CARD_LENGTH),
            scanned: None,
            wrong: None,
            asked: None,
        }
    }

    fn scan(&mut self, code: &str) {
        self.scanned = None;
        self.wrong = None;
        match card(code, Origin::Scanned) {
            Ok(card) => self.scanned = Some(card),
            Err(wrong) => self.wrong = Some(wrong),
        }
    }

    fn accept(&mut self, cx: &mut Cx) {
        let card = match self.scanned.clone() {
            Some(card) => Ok(card),
            None => card(self.field.value(), Origin::Typed),
        };
        match card {
            Ok(card) => {
                self.wrong = None;
                self.asked = Some(cx.ask(Query::AddCard {
                    member_id: self.member_id,
                    card: card.number,
                }));
            }
            Err(wrong) => self.wrong = Some(wrong),
        }
    }
}

/// The card a code is, or the text that says why it is none (PV1: no bank card, no payment code).
fn card(code: &str, origin: Origin) -> Result<Card, &'static str> {
    if code.trim().is_empty() {
        return Err("member.scan_card");
    }
    if PaymentCode::parse(code.trim()).is_some() {
        return Err("member.payment_code");
    }
    let all = meanings(code, origin, Situation::Counter { member: true });
    let mut found = Err("member.not_a_card");
    let mut is_barcode = false;
    for meaning in all {
        match meaning {
            Meaning::BankCard => return Err("member.bank_card"),
            Meaning::StaffBadge(_) | Meaning::MemberCode(_) => return Err("member.own_code"),
            Meaning::Phone(_) => return Err("member.a_phone"),
            Meaning::Barcode(_) => is_barcode = true,
            Meaning::Card(number) if number.chars().count() <= CARD_LENGTH => found = Ok(number),
            _ => {}
        }
    }
    found.map(|number| Card { number, is_barcode })
}

impl Screen for AddCard {
    fn bindings(&self) -> &'static str {
        "add_card"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if let Input::Mark | Input::Rollback = input {
            self.field.on(&input);
            return Step::Stay;
        }
        if self.asked.is_none() && self.field.on(&input) {
            self.scanned = None;
            self.wrong = None;
            return Step::Stay;
        }
        match input {
            Input::Scan(scan) if self.asked.is_none() => self.scan(&scan.code),
            Input::Action(Action::Accept) => self.accept(cx),
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                self.asked = None;
                match answer {
                    Ok(Reply::Member(member)) => {
                        cx.notice(Tone::Good, "member.card_added");
                        return Step::Pop(Some(Outcome::Member(member)));
                    }
                    Ok(_) => {}
                    Err(refusal) => {
                        self.scanned = None;
                        return cx.refuse(refusal);
                    }
                }
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        self.asked.is_none() || !matches!(action, Action::Accept | Action::Back)
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let title = look.text("member.add_card");
        let inside = paint::popup(frame, area, SIZE, title, look);
        let name = width::fit(&self.name, 24);
        let question = look.say(&Say::new("member.card_for").with("name", name));
        paint::line(frame, inside, 0, &question, look.style(Role::Title));
        match &self.scanned {
            Some(card) => {
                paint::line(frame, inside, 2, &card.number, look.style(Role::Selected));
            }
            None => self
                .field
                .view(frame, paint::below(inside, 2), self.asked.is_none(), look),
        }
        let (key, role) = match (&self.scanned, self.wrong) {
            _ if self.asked.is_some() => ("member.saving", Role::Dim),
            (_, Some(wrong)) => (wrong, Role::Warn),
            (Some(card), _) if card.is_barcode => ("member.barcode_card", Role::Warn),
            (Some(_), _) => ("member.card_confirm", Role::Text),
            (None, None) => ("member.scan_card", Role::Dim),
        };
        let lines = width::wrap(look.text(key), inside.width.into());
        for (row, text) in (3..inside.height).zip(&lines) {
            paint::line(frame, inside, row, text, look.style(role));
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
