//! What she agreed to, and what she no longer agrees to (PV1).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::calendar::local;
use crate::error::Result;
use crate::query::{Consent, Purpose, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

/// Columns inside the frame.
const COLUMNS: u16 = 46;

/// The popup; pops nothing.
#[derive(Debug)]
pub struct Consents {
    member_id: i64,
    name: String,
    all: Option<Vec<Consent>>,
    place: usize,
    asked: Option<Ticket>,
}

/// The key of a purpose's words.
#[must_use]
pub const fn key(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Membership => "consent.membership",
        Purpose::Marketing => "consent.marketing",
        Purpose::Guardian => "consent.guardian",
    }
}

impl Consents {
    #[must_use]
    pub fn new(member_id: i64, name: &str) -> Self {
        Self {
            member_id,
            name: name.to_owned(),
            all: None,
            place: 0,
            asked: None,
        }
    }

    fn purpose(&self) -> Purpose {
        let purpose = Purpose::ALL.get(self.place).copied();
        purpose.unwrap_or(Purpose::Membership)
    }

    fn of(&self, purpose: Purpose) -> Option<&Consent> {
        self.all.iter().flatten().find(|it| it.purpose == purpose)
    }

    /// Both are asked about: she is the one who decides.
    fn accept(&self) -> Step {
        let is_given = self.of(self.purpose()).is_some_and(|it| it.is_given);
        let ask = if is_given {
            "consent.ask_withdraw"
        } else {
            "consent.ask_give"
        };
        Step::push(Confirm::new(ask).careful())
    }

    fn record(&mut self, cx: &mut Cx) {
        let purpose = self.purpose();
        let is_given = !self.of(purpose).is_some_and(|it| it.is_given);
        self.asked = Some(cx.ask(Query::RecordConsent {
            member_id: self.member_id,
            purpose,
            is_given,
            about: String::new(),
            by: cx.session.by(),
        }));
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        match answer {
            Ok(Reply::Consents(all)) => self.all = Some(all),
            Ok(_) => {}
            Err(refusal) => return cx.refuse(refusal),
        }
        Step::Stay
    }

    fn state(&self, purpose: Purpose, look: &Look) -> (String, Role) {
        let Some(it) = self.of(purpose) else {
            return (look.text("consent.never").to_owned(), Role::Dim);
        };
        let (key, role) = if it.is_given {
            ("consent.given", Role::Good)
        } else {
            ("consent.withdrawn", Role::Warn)
        };
        let say = Say::new(key).with("version", it.version);
        let say = say.with("day", local(it.at).date_naive());
        (look.say(&say.with("staff", &it.staff)), role)
    }
}

impl Screen for Consents {
    fn bindings(&self) -> &'static str {
        "consents"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => {
                let member_id = self.member_id;
                self.asked = Some(cx.ask(Query::Consents { member_id }));
            }
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            Input::Outcome(Outcome::Yes) => self.record(cx),
            Input::Action(Action::Up) => self.place = self.place.saturating_sub(1),
            Input::Action(Action::Down) => {
                self.place = (self.place + 1).min(Purpose::ALL.len() - 1);
            }
            Input::Action(Action::Accept) => return self.accept(),
            // The card shows what holds now.
            Input::Action(Action::Back) => return Step::Pop(Some(Outcome::Yes)),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        action != Action::Accept || (self.asked.is_none() && self.all.is_some())
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let columns = COLUMNS.min(area.width.saturating_sub(4));
        let below = width::wrap(look.text("consent.how"), columns.into());
        let rows = 2 * Purpose::ALL.len() + 1 + below.len();
        let size = (columns, u16::try_from(rows).unwrap_or(u16::MAX));
        let name = match self.name.as_str() {
            "" => look.text("member.nameless"),
            name => name,
        };
        let title = look.say(&Say::new("consent.title").with("name", name));
        let inside = paint::popup(frame, area, size, &title, look);
        let mut row = 0;
        for (place, purpose) in Purpose::ALL.into_iter().enumerate() {
            let text = format!(" {}", look.text(key(purpose)));
            let text = width::left(&text, inside.width.into());
            let role = if place == self.place {
                Role::Selected
            } else {
                Role::Title
            };
            paint::line(frame, inside, row, &text, look.style(role));
            let (state, role) = self.state(purpose, look);
            let state = format!("   {state}");
            paint::line(frame, inside, row + 1, &state, look.style(role));
            row += 2;
        }
        for (row, text) in (row + 1..).zip(&below) {
            paint::line(frame, inside, row, text, look.style(Role::Dim));
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
