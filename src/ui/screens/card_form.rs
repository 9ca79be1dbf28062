//! How a reader prints card numbers: read a card, type what is printed on it, Enter.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::card::{Card, NoCard};
use crate::domain::code::refused;
use crate::domain::payment_code::wipe;
use crate::domain::reader::{Reader, is_chip};
use crate::domain::scan::{Device, Scan};
use crate::query::{Query, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Columns and rows inside the frame.
const SIZE: (u16, u16) = (52, 6);

/// The popup. Pops `Outcome::Yes` when something was learnt.
#[derive(Debug)]
pub struct CardForm {
    scanned: Option<Printed>,
    field: Field,
    /// Why it is not learnt.
    wrong: Option<&'static str>,
    keeping: Option<Ticket>,
}

/// What a reader printed of a card.
#[derive(Clone)]
pub struct Printed {
    pub device: Device,
    number: String,
}

/// Whoever knows the number can pass for the member.
impl std::fmt::Debug for Printed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Printed({:?})", self.device)
    }
}

impl Printed {
    /// What was scanned, when it can be the number of a chip.
    #[must_use]
    pub fn of(scan: &Scan) -> Option<Self> {
        let card = Card::read(&scan.code).ok()?;
        is_chip(card.number()).then(|| Self {
            device: scan.device.clone(),
            number: card.number().to_owned(),
        })
    }

    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Whether `typed` is the same card, and tells the reader's form.
    #[must_use]
    pub fn is_proved_by(&self, typed: &str) -> bool {
        Card::read(typed).is_ok_and(|card| Reader::proved(&self.number, card.number()).is_some())
    }

    /// Learns the form from the number that is printed on the card, and has it kept. None when there is nothing new.
    pub fn learn(&self, typed: &str, cx: &mut Cx) -> Option<Ticket> {
        let card = Card::read(typed).ok()?;
        let readers = &mut cx.session.readers;
        let is_new = readers.learn(&self.device, &self.number, card.number());
        is_new.then(|| cx.ask(Query::KeepReaders(cx.session.readers.clone())))
    }
}

impl Default for CardForm {
    fn default() -> Self {
        Self::new()
    }
}

impl CardForm {
    #[must_use]
    pub fn new() -> Self {
        Self {
            scanned: None,
            field: Field::new(Kind::Any),
            wrong: None,
            keeping: None,
        }
    }

    fn accept(&mut self, cx: &mut Cx) -> Step {
        let Some(scanned) = &self.scanned else {
            return Step::Stay;
        };
        let typed = self.field.value();
        if !scanned.is_proved_by(typed) {
            self.wrong = Some("card_form.unlike");
            return Step::Stay;
        }
        self.keeping = scanned.learn(typed, cx);
        if self.keeping.is_none() {
            let say = Say::new("card_form.known").with("device", name(&scanned.device, cx));
            cx.notice(Tone::Plain, say);
            return Step::Pop(None);
        }
        Step::Stay
    }
}

fn name(device: &Device, cx: &Cx) -> String {
    match device {
        Device::Usb(name) => name.clone(),
        Device::Terminal => cx.text("devices.terminal").to_owned(),
    }
}

impl Screen for CardForm {
    fn bindings(&self) -> &'static str {
        "card_form"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if let Input::Mark | Input::Rollback = input {
            self.field.on(&input);
            return Step::Stay;
        }
        if self.keeping.is_none() && self.field.on(&input) {
            let no = refused(self.field.value());
            if no.is_some() {
                self.field.wipe();
            }
            self.wrong = no.map(NoCard::hint);
            return Step::Stay;
        }
        match input {
            Input::Scan(mut scan) if self.keeping.is_none() => {
                self.scanned = Printed::of(&scan);
                self.wrong = self.scanned.is_none().then_some("card_form.no_chip");
                wipe(&mut scan.code);
            }
            Input::Action(Action::Accept) => return self.accept(cx),
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Reply(ticket, answer) if self.keeping == Some(ticket) => {
                if let Err(refusal) = answer {
                    self.keeping = None;
                    return cx.refuse(refusal);
                }
                let device = self
                    .scanned
                    .as_ref()
                    .map(|printed| name(&printed.device, cx));
                let say = Say::new("card_form.learnt").with("device", device.unwrap_or_default());
                cx.notice(Tone::Good, say);
                return Step::Pop(Some(Outcome::Yes));
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let is_ready = self.scanned.is_some() && !self.field.is_empty();
        match action {
            Action::Accept => is_ready && self.keeping.is_none(),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let title = look.text("card_form.title");
        let inside = paint::popup(frame, area, SIZE, title, look);
        let first = match &self.scanned {
            None => look.text("card_form.scan").to_owned(),
            Some(printed) => {
                let device = match &printed.device {
                    Device::Usb(name) => name,
                    Device::Terminal => look.text("devices.terminal"),
                };
                let say = Say::new("card_form.scanned").with("device", device);
                look.say(&say.with("number", printed.number()))
            }
        };
        paint::line(frame, inside, 0, &first, look.style(Role::Title));
        let is_open = self.scanned.is_some() && self.keeping.is_none();
        self.field
            .view(frame, paint::below(inside, 2), is_open, look);
        let (key, role) = match (self.wrong, &self.scanned) {
            (Some(wrong), _) => (wrong, Role::Warn),
            (None, Some(_)) => ("card_form.type", Role::Text),
            (None, None) => return,
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
