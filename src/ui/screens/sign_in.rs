//! Who stands at the till: staff number or badge, and PIN. Also unlocks a till that was left alone.
//!
//! As the lowest screen it leads on: to the set-up when there is no shop yet, to the count of the
//! float when no shift is open, then to the counter.

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::staff::{Pin, Staff};
use crate::domain::token::{Bearer, Token};
use crate::error::{Kind as Fault, Result};
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::open_shift::OpenShift;
use crate::ui::screens::set_up::SetUp;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::countdown::Countdown;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::width;

/// Columns and rows inside the frame.
const SIZE: (u16, u16) = (36, 5);

/// Columns of the labels.
const LABEL: u16 = 14;

/// Longest staff number and longest PIN.
const NUMBER_LENGTH: usize = 12;
const PIN_LENGTH: usize = 12;

/// Which screen comes after signing in.
pub type Then = fn() -> Box<dyn Screen>;

/// The lowest screen of the stack; as a lock it lies on top.
#[derive(Debug)]
pub struct SignIn {
    number: Field,
    pin: Field,
    /// A scanned badge, in place of the number.
    badge: Option<Token>,
    on_pin: bool,
    asked: Option<Ticket>,
    /// What shop this is, for the header.
    opening: Option<Ticket>,
    then: Option<Then>,
    /// A text at the top that tells a newcomer how to get in.
    hint: Option<&'static str>,
    /// Who left the till alone: only she goes on where she was.
    locked: Option<Staff>,
    /// Too many wrong PINs.
    wait: Option<Countdown>,
}

impl SignIn {
    /// The first screen; `then` makes the one that follows.
    #[must_use]
    pub fn new(then: Option<Then>) -> Self {
        Self {
            number: Field::new(Kind::Digits).most(NUMBER_LENGTH),
            pin: Field::new(Kind::Pin).most(PIN_LENGTH),
            badge: None,
            on_pin: false,
            asked: None,
            opening: None,
            then,
            hint: None,
            locked: None,
            wait: None,
        }
    }

    /// With a text of this key at the top.
    #[must_use]
    pub const fn hinting(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Over the work of `staff`, until she types her PIN.
    #[must_use]
    pub fn lock(staff: Staff) -> Self {
        let mut screen = Self::new(None);
        screen.number.set(&staff.number);
        screen.on_pin = true;
        screen.locked = Some(staff);
        screen
    }

    fn accept(&mut self, cx: &mut Cx) {
        if self.number.is_empty() && self.badge.is_none() {
            self.on_pin = false;
        } else if !self.on_pin || self.pin.is_empty() {
            self.on_pin = true;
        } else {
            if cx.session.shop.is_none() && self.opening.is_none() {
                self.opening = Some(cx.ask(Query::Opening));
            }
            let badge = self.badge.as_ref().map(Token::to_string);
            self.asked = Some(cx.ask(Query::SignIn {
                number: badge.unwrap_or_else(|| self.number.value().to_owned()),
                pin: Pin(self.pin.value().to_owned()),
            }));
        }
    }

    /// A staff badge stands for the number; any other code means nothing here.
    fn scanned(&mut self, code: &str) {
        let badge = Token::parse(code).filter(|token| token.bearer() == Bearer::Staff);
        if badge.is_some() && self.locked.is_none() && self.asked.is_none() {
            self.badge = badge;
            self.number.clear();
            self.pin.clear();
            self.wait = None;
            self.on_pin = true;
        }
    }

    /// Another person needs the till: asks before the work of the first is lost.
    fn leave(&self) -> Step {
        let name = self.locked.as_ref().map_or("", |staff| &staff.name);
        Step::push(Confirm::new(Say::new("sign_in.leave").with("name", name)).careful())
    }

    fn signed_in(&mut self, staff: Staff, cx: &mut Cx) -> Step {
        self.pin.clear();
        cx.session.staff = Some(staff);
        if self.locked.is_some() {
            return Step::Pop(None);
        }
        self.go_on(cx)
    }

    /// To the float when no shift is open, else to what follows; waits for the shop if need be.
    fn go_on(&self, cx: &Cx) -> Step {
        match self.then {
            Some(_) if cx.session.staff.is_none() || cx.session.shop.is_none() => Step::Stay,
            Some(_) if cx.session.shift.is_none() => Step::push(OpenShift::new()),
            Some(then) => Step::Push(then()),
            None => Step::Stay,
        }
    }

    fn opened(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.opening = None;
        match answer {
            Ok(Reply::Opening(opening)) => {
                let waited = cx.session.shop.is_none();
                cx.session.open(*opening);
                if waited { self.go_on(cx) } else { Step::Stay }
            }
            Ok(Reply::Empty) => Step::push(SetUp::new()),
            // The header says so, and signing in asks again.
            Err(refusal) if refusal.kind == Fault::Offline => Step::Stay,
            Err(refusal) => cx.refuse(refusal),
            Ok(_) => Step::Stay,
        }
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        match answer {
            Ok(Reply::SignedIn(staff)) => self.signed_in(staff, cx),
            Ok(_) => Step::Stay,
            Err(refusal) => {
                self.pin.clear();
                self.wait = Countdown::of(&refusal, cx.now());
                if self.wait.is_some() {
                    return Step::Stay;
                }
                cx.refuse(refusal)
            }
        }
    }
}

impl Screen for SignIn {
    fn bindings(&self) -> &'static str {
        "sign_in"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if let Input::Mark | Input::Rollback = input {
            self.number.on(&input);
            self.pin.on(&input);
            return Step::Stay;
        }
        let field = if self.on_pin {
            &mut self.pin
        } else {
            &mut self.number
        };
        if self.asked.is_none() && field.on(&input) {
            if !self.on_pin {
                // Somebody else need not wait.
                self.badge = None;
                self.wait = None;
            }
            return Step::Stay;
        }
        match input {
            Input::Opened if self.locked.is_none() => {
                cx.session.staff = None;
                *self = Self {
                    hint: self.hint,
                    ..Self::new(self.then)
                };
                self.opening = Some(cx.ask(Query::Opening));
            }
            Input::Tick => self.wait = self.wait.and_then(|wait| wait.tick(cx.now())),
            Input::Action(Action::Accept) => self.accept(cx),
            Input::Action(Action::Back) if self.locked.is_some() => return self.leave(),
            Input::Outcome(Outcome::Yes) if self.locked.is_some() => {
                cx.session.staff = None;
                return Step::Home;
            }
            // The float is counted, or will be later: without a shift the counter does not sell.
            Input::Outcome(Outcome::Yes | Outcome::No) if self.locked.is_none() => {
                return self.then.map_or(Step::Stay, |then| Step::Push(then()));
            }
            Input::Outcome(Outcome::SignedIn(staff)) => return self.signed_in(staff, cx),
            Input::Scan(scan) => self.scanned(&scan.code),
            Input::Action(Action::Back) => {
                self.on_pin = false;
                self.pin.clear();
            }
            Input::Action(Action::Up | Action::Previous) if self.locked.is_none() => {
                self.on_pin = false;
            }
            Input::Action(Action::Down | Action::Next) => self.on_pin = true,
            Input::Reply(ticket, answer) if self.opening == Some(ticket) => {
                return self.opened(answer, cx);
            }
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        action != Action::Accept || (self.asked.is_none() && self.wait.is_none())
    }

    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.wait.map(Countdown::deadline)
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let title = if self.locked.is_some() {
            "sign_in.locked"
        } else {
            "sign_in.title"
        };
        if let Some(hint) = self.hint {
            for (row, text) in (1..4).zip(width::wrap(look.text(hint), area.width.into())) {
                paint::line(frame, area, row, &text, look.style(Role::Dim));
            }
        }
        let inside = paint::popup(frame, area, SIZE, look.text(title), look);
        for (row, label, field, focused) in [
            (1, "sign_in.number", &self.number, !self.on_pin),
            (3, "sign_in.pin", &self.pin, self.on_pin),
        ] {
            let label = width::left(look.text(label), LABEL.into());
            paint::line(frame, inside, row, &label, look.style(Role::Dim));
            let right = Rect {
                x: inside.x + LABEL.min(inside.width),
                width: inside.width.saturating_sub(LABEL),
                ..paint::below(inside, row)
            };
            if row == 1 && self.badge.is_some() {
                let text = look.text("sign_in.badge");
                paint::line(frame, right, 0, text, look.style(Role::Good));
                continue;
            }
            field.view(frame, right, focused && self.asked.is_none(), look);
        }
        if self.asked.is_some() {
            let text = look.text("sign_in.waiting");
            paint::line(frame, inside, 4, text, look.style(Role::Dim));
        } else if let Some(wait) = self.wait {
            let text = look.say(&wait.says(look.now));
            paint::line(frame, inside, 4, &text, look.style(Role::Warn));
        }
    }
}
