//! A card for a member who is there already: scan it, look at it, Enter.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::card::NoCard;
use crate::domain::member::Member;
use crate::domain::payment_code::wipe;
use crate::domain::scan::Device;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::new_card::{Like, NewCard, Verdict};
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::card_form::Printed;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Columns and rows inside the frame.
const SIZE: (u16, u16) = (48, 6);

/// The popup. Pops `Outcome::Member` when the card was added.
#[derive(Debug)]
pub struct AddCard {
    member_id: i64,
    name: String,
    /// Typed by hand, when the card cannot be scanned.
    field: Field,
    /// Scanned and not yet confirmed, or typed. A scanned one never lands in the field.
    card: NewCard,
    /// Why what was scanned or typed is none.
    wrong: Option<NoCard>,
    /// What the reader printed: the number on the card, typed behind it, tells the reader's form.
    printed: Option<Printed>,
    /// She, with the card, while the form is being kept.
    taught: Option<(Ticket, Box<Member>)>,
    /// Adds it as soon as it is known to be nobody's.
    adds: bool,
    asked: Option<Ticket>,
}

impl AddCard {
    #[must_use]
    pub fn new(member_id: i64, name: &str) -> Self {
        Self {
            member_id,
            name: name.to_owned(),
            field: Field::new(Kind::Any),
            card: NewCard::default(),
            wrong: None,
            printed: None,
            taught: None,
            adds: false,
            asked: None,
        }
    }

    fn judge(&mut self, code: &str, from: Option<&Device>, cx: &mut Cx) {
        self.wrong = self.card.ask(code, from, cx).err();
        if self.wrong.is_some_and(NoCard::is_secret) {
            self.field.wipe();
        }
    }

    fn judged(&mut self, verdict: Verdict, cx: &mut Cx) -> Step {
        let adds = std::mem::take(&mut self.adds);
        match verdict {
            // Somebody else's, perhaps: it is said first.
            Verdict::Free if adds && self.like().is_none() => self.accept(cx),
            Verdict::Free => {}
            Verdict::No(no) => self.wrong = Some(no),
            Verdict::Refused(refusal) => return cx.refuse(refusal),
        }
        Step::Stay
    }

    fn accept(&mut self, cx: &mut Cx) {
        if let Some(card) = self.card.free() {
            self.asked = Some(cx.ask(Query::AddCard {
                member_id: self.member_id,
                by: cx.session.by(),
                card: card.number().to_owned(),
            }));
            return;
        }
        if !self.card.is_asking() {
            let typed = self.field.value().to_owned();
            self.judge(&typed, None, cx);
        }
        self.adds = self.card.is_asking();
    }

    /// She has the card. What was read and then typed is one card: the reader's form is known from now on.
    fn added(&mut self, member: Box<Member>, cx: &mut Cx) -> Step {
        let printed = self.printed.as_ref();
        let taught = printed.and_then(|printed| printed.learn(self.field.value(), cx));
        if let Some(ticket) = taught {
            self.taught = Some((ticket, member));
            return Step::Stay;
        }
        cx.notice(Tone::Good, "member.card_added");
        Step::Pop(Some(Outcome::Member(member)))
    }

    /// Somebody else whose card it may be.
    fn like(&self) -> Option<&Like> {
        let like = self.card.like();
        like.filter(|like| like.member_id != self.member_id)
    }

    /// Nothing may be changed: an answer decides what comes next.
    const fn waits(&self) -> bool {
        self.asked.is_some() || self.adds || self.taught.is_some()
    }
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
        if !self.waits() && self.field.on(&input) {
            self.card.forget();
            self.wrong = None;
            return Step::Stay;
        }
        match input {
            Input::Scan(mut scan) if !self.waits() => {
                self.judge(&scan.code, Some(&scan.device), cx);
                self.field.clear();
                self.printed = Printed::of(&scan).filter(|_| self.wrong.is_none());
                wipe(&mut scan.code);
            }
            Input::Action(Action::Accept) => self.accept(cx),
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                self.asked = None;
                match answer {
                    Ok(Reply::Member(member)) => return self.added(member, cx),
                    Ok(_) => {}
                    Err(refusal) => {
                        self.card.forget();
                        return cx.refuse(refusal);
                    }
                }
            }
            Input::Reply(ticket, answer) => {
                if let Some((_, member)) = self.taught.take_if(|(kept, _)| *kept == ticket) {
                    // The card is hers in any case.
                    match answer {
                        Ok(_) => cx.notice(Tone::Good, "member.card_taught"),
                        Err(refusal) => cx.notice(Tone::Warn, Say::from(&refusal)),
                    }
                    return Step::Pop(Some(Outcome::Member(member)));
                }
                if let Some(verdict) = self.card.took(ticket, &answer) {
                    return self.judged(verdict, cx);
                }
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        !self.waits() || !matches!(action, Action::Accept | Action::Back)
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let title = look.text("member.add_card");
        let inside = paint::popup(frame, area, SIZE, title, look);
        let name = width::fit(&self.name, 24);
        let question = look.say(&Say::new("member.card_for").with("name", name));
        paint::line(frame, inside, 0, &question, look.style(Role::Title));
        match self.card.free() {
            Some(card) => {
                paint::line(frame, inside, 2, card.number(), look.style(Role::Selected));
            }
            None => self
                .field
                .view(frame, paint::below(inside, 2), !self.waits(), look),
        }
        let (key, role) = match (self.card.free(), self.wrong) {
            _ if self.asked.is_some() => ("member.saving", Role::Dim),
            _ if self.card.is_asking() => ("member.reading", Role::Dim),
            (_, Some(wrong)) => (wrong.hint(), Role::Warn),
            (Some(card), _) if card.is_barcode() => ("member.barcode_card", Role::Warn),
            (Some(_), _) if self.printed.is_some() => ("member.card_confirm_or_type", Role::Text),
            (Some(_), _) => ("member.card_confirm", Role::Text),
            (None, None) => match &self.printed {
                Some(printed) if printed.is_proved_by(self.field.value()) => {
                    ("member.card_same", Role::Good)
                }
                Some(_) if !self.field.is_empty() => ("member.card_unlike", Role::Text),
                _ => ("member.scan_card", Role::Dim),
            },
        };
        let like = self.like().filter(|_| role != Role::Dim);
        let (text, role) = like.map_or_else(
            || (look.text(key).to_owned(), role),
            |like| (look.say(&like.say()), Role::Warn),
        );
        let lines = width::wrap(&text, inside.width.into());
        for (row, text) in (3..inside.height).zip(&lines) {
            paint::line(frame, inside, row, text, look.style(role));
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
