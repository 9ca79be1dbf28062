//! Checking a member in: the key that opens it is the whole of it (PT7).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::check_in::CheckInRequest;
use crate::domain::ledger::Stamp;
use crate::domain::member::Member;
use crate::query::{Query, Reply};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::message::Message;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

/// Columns inside the frame.
const COLUMNS: u16 = 44;

/// A popup that asks by itself; pops `Outcome::Receipt`. No slip: what it gave stands on the screen.
#[derive(Debug)]
pub struct CheckIn {
    member: Box<Member>,
    once: Once<CheckInRequest>,
}

impl CheckIn {
    #[must_use]
    pub fn new(member: Box<Member>) -> Self {
        Self {
            member,
            once: Once::default(),
        }
    }

    fn post(&mut self, cx: &mut Cx) {
        let member_id = self.member.id;
        let make = |stamp: Stamp| CheckInRequest { stamp, member_id };
        let member = self.member.clone();
        self.once
            .send(cx, make, |request| Query::CheckIn { request, member });
    }
}

impl Screen for CheckIn {
    fn bindings(&self) -> &'static str {
        "check_in"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => self.post(cx),
            Input::Reply(ticket, answer) if self.once.took(ticket, &answer) => match answer {
                Ok(Reply::Receipt(receipt)) => {
                    return Step::Pop(Some(Outcome::Receipt(receipt)));
                }
                Ok(_) => {}
                Err(refusal) if self.once.is_unknown() => return cx.refuse(refusal),
                Err(refusal) => return Step::replace(Message::new(refusal)),
            },
            Input::Outcome(Outcome::Yes) => return Step::Pop(None),
            Input::Action(Action::Accept) if self.once.is_unknown() => self.post(cx),
            Input::Action(Action::Back) if self.once.is_unknown() => {
                return Step::push(Confirm::new("tender.leave_unknown").careful());
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Accept | Action::Back => self.once.is_unknown(),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let key = if self.once.is_unknown() {
            "tender.unknown"
        } else {
            "tender.posting"
        };
        let columns = COLUMNS.min(area.width.saturating_sub(4));
        let lines = width::wrap(look.text(key), columns.into());
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let title = look.say(&Say::new("check_in.title").with("name", &self.member.name));
        let inside = paint::popup(frame, area, (columns, rows), &title, look);
        for (row, line) in (0..).zip(lines) {
            paint::line(frame, inside, row, &line, look.style(Role::Warn));
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
