//! Somebody with the right to do it says yes: staff number or badge, and PIN (OP3). The database holds her to her
//! role and limits; that it was her is known here alone, so nothing but a right PIN leads to `Outcome::Approved`.

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::code::{Meaning, Origin, Situation, meanings};
use crate::domain::staff::{Act, Pin, Role as Rank, Staff};
use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::countdown::Countdown;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::width;

/// Columns inside the frame.
const COLUMNS: u16 = 44;

/// Columns of the labels.
const LABEL: u16 = 14;

/// Longest staff number and longest PIN.
const LONGEST: usize = 12;

/// A popup; pops `Outcome::Approved`, or nothing on Esc.
#[derive(Debug)]
pub struct Approve {
    why: Say,
    act: Act,
    number: Field,
    /// A badge was scanned instead: it is not shown.
    badge: Option<Badge>,
    pin: Field,
    on_pin: bool,
    hint: Option<Say>,
    /// Too many wrong PINs.
    wait: Option<Countdown>,
    asked: Option<Ticket>,
}

/// What a badge says; whoever knows it is half signed in.
struct Badge(String);

impl std::fmt::Debug for Badge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Badge(****)")
    }
}

impl Approve {
    /// Asks for an approval of `act`; `why` says what it is for.
    #[must_use]
    pub fn new(why: Say, act: Act) -> Self {
        Self {
            why,
            act,
            number: Field::new(Kind::Digits).most(LONGEST),
            badge: None,
            pin: Field::new(Kind::Pin).most(LONGEST),
            on_pin: false,
            hint: None,
            wait: None,
            asked: None,
        }
    }

    fn accept(&mut self, cx: &mut Cx) {
        if self.number.is_empty() && self.badge.is_none() {
            self.on_pin = false;
        } else if !self.on_pin || self.pin.is_empty() {
            self.on_pin = true;
        } else {
            let badge = self.badge.as_ref().map(|badge| badge.0.clone());
            self.asked = Some(cx.ask(Query::SignIn {
                number: badge.unwrap_or_else(|| self.number.value().to_owned()),
                pin: Pin(self.pin.value().to_owned()),
            }));
        }
    }

    fn refuse(&mut self, hint: &'static str) -> Step {
        self.hint = Some(Say::new(hint));
        self.number.clear();
        self.badge = None;
        self.on_pin = false;
        Step::Stay
    }

    fn signed(&mut self, staff: Staff, cx: &Cx) -> Step {
        let operator = cx.session.staff.as_ref().map(|staff| staff.id);
        if operator == Some(staff.id) {
            return self.refuse("approval.yourself");
        }
        if staff.role == Rank::Cashier {
            return self.refuse("approval.cashier");
        }
        let shop = cx.session.shop.as_ref();
        let limit = shop.and_then(|shop| shop.limit(staff.role));
        if !limit.is_some_and(|limit| limit.allows(self.act)) {
            return self.refuse("approval.beyond");
        }
        Step::Pop(Some(Outcome::Approved(staff)))
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &Cx) -> Step {
        self.asked = None;
        self.pin.clear();
        match answer {
            Ok(Reply::SignedIn(staff)) => self.signed(staff, cx),
            Ok(_) => Step::Stay,
            Err(refusal) => {
                self.wait = Countdown::of(&refusal, cx.now());
                self.hint = self.wait.is_none().then(|| Say::from(&refusal));
                Step::Stay
            }
        }
    }

    fn scanned(&mut self, code: &str) {
        let all = meanings(code, Origin::Scanned, Situation::Locked, &[]);
        if let Some(Meaning::StaffBadge(token)) = all.first() {
            self.badge = Some(Badge(token.to_string()));
            self.number.clear();
            self.wait = None;
            self.on_pin = true;
        }
    }
}

impl Screen for Approve {
    fn bindings(&self) -> &'static str {
        "approve"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if let Input::Mark | Input::Rollback = input {
            self.number.on(&input);
            self.pin.on(&input);
            return Step::Stay;
        }
        if let Input::Reply(ticket, answer) = input {
            if self.asked == Some(ticket) {
                return self.answered(answer, cx);
            }
            return Step::Stay;
        }
        if self.asked.is_some() {
            return Step::Stay;
        }
        let field = if self.on_pin {
            &mut self.pin
        } else {
            &mut self.number
        };
        if field.on(&input) {
            self.hint = None;
            if !self.on_pin {
                self.badge = None;
                self.wait = None;
            }
            return Step::Stay;
        }
        match input {
            Input::Tick => self.wait = self.wait.and_then(|wait| wait.tick(cx.now())),
            Input::Scan(scan) => self.scanned(&scan.code),
            Input::Action(Action::Accept) => self.accept(cx),
            Input::Action(Action::Up | Action::Previous) => self.on_pin = false,
            Input::Action(Action::Down | Action::Next) => self.on_pin = true,
            Input::Action(Action::Back) => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Accept => self.asked.is_none() && self.wait.is_none(),
            Action::Back => self.asked.is_none(),
            _ => true,
        }
    }

    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.wait.map(Countdown::deadline)
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let columns = COLUMNS.min(area.width.saturating_sub(4));
        let why = width::wrap(&look.say(&self.why), columns.into());
        let first = u16::try_from(why.len()).unwrap_or(1);
        let title = look.text("approval.title");
        let inside = paint::popup(frame, area, (columns, first + 6), title, look);
        for (row, text) in (0..).zip(&why) {
            paint::line(frame, inside, row, text, look.style(Role::Text));
        }
        for (row, label, field, focused) in [
            (first + 1, "sign_in.number", &self.number, !self.on_pin),
            (first + 2, "sign_in.pin", &self.pin, self.on_pin),
        ] {
            let label = width::left(look.text(label), LABEL.into());
            paint::line(frame, inside, row, &label, look.style(Role::Dim));
            let right = Rect {
                x: inside.x + LABEL.min(inside.width),
                width: inside.width.saturating_sub(LABEL),
                ..paint::below(inside, row)
            };
            if self.badge.is_some() && row == first + 1 {
                let text = look.text("approval.badge");
                paint::line(frame, right, 0, text, look.style(Role::Text));
            } else {
                field.view(frame, right, focused && self.asked.is_none(), look);
            }
        }
        let at = paint::below(inside, first + 4);
        if self.asked.is_some() {
            let text = look.text("sign_in.waiting");
            paint::line(frame, at, 0, text, look.style(Role::Dim));
        } else if let Some(wait) = self.wait {
            let text = look.say(&wait.says(look.now));
            paint::line(frame, at, 0, &text, look.style(Role::Warn));
        } else if let Some(hint) = &self.hint {
            for (row, line) in (0..).zip(width::wrap(&look.say(hint), columns.into())) {
                paint::line(frame, at, row, &line, look.style(Role::Warn));
            }
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
