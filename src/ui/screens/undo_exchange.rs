//! Taking an exchange of points back that was a mistake, whole (PT4).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::ledger::Stamp;
use crate::domain::money::grouped;
use crate::domain::reward::{ExchangeRecord, UndoExchange as Request};
use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

/// Pops `Outcome::Receipt`, or nothing on Esc.
#[derive(Debug)]
pub struct UndoExchange {
    exchange_id: uuid::Uuid,
    record: Option<Box<ExchangeRecord>>,
    hint: Option<Say>,
    reading: Option<Ticket>,
    once: Once<Request>,
}

impl UndoExchange {
    /// The reversal of this exchange.
    #[must_use]
    pub fn new(exchange_id: uuid::Uuid) -> Self {
        Self {
            exchange_id,
            record: None,
            hint: None,
            reading: None,
            once: Once::default(),
        }
    }

    fn post(&mut self, cx: &mut Cx) {
        let Some(record) = &self.record else { return };
        let (exchange_id, member_id) = (record.id, record.member_id);
        let make = |stamp: Stamp| Request {
            stamp,
            exchange_id,
            member_id,
        };
        self.hint = None;
        self.once.send(cx, make, Query::UndoExchange);
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match self.once.done(answer, &mut self.hint, cx) {
            Ok(step) => step,
            Err(refusal) => cx.refuse(refusal),
        }
    }
}

impl Screen for UndoExchange {
    fn bindings(&self) -> &'static str {
        "undo_exchange"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => {
                let id = self.exchange_id;
                self.reading = Some(cx.ask(Query::ReadExchange { id }));
            }
            Input::Reply(ticket, answer) => {
                if self.once.took(ticket, &answer) {
                    return self.answered(answer, cx);
                }
                if self.reading == Some(ticket) {
                    match answer {
                        Ok(Reply::Exchange(record)) => {
                            let done = record.is_reversed;
                            self.hint = done.then(|| Say::new("exchange.reversed"));
                            self.record = Some(record);
                        }
                        Ok(_) => {}
                        Err(refusal) => return cx.refuse(refusal),
                    }
                }
            }
            Input::Action(Action::Accept) => self.post(cx),
            Input::Action(Action::Back) if self.once.is_unknown() => {
                return Step::push(Confirm::new("tender.leave_unknown").careful());
            }
            Input::Action(Action::Back) | Input::Outcome(Outcome::Yes) => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let is_free = !self.once.is_under_way();
        match action {
            Action::Accept => {
                let open = |record: &ExchangeRecord| !record.is_reversed;
                is_free && self.record.as_deref().is_some_and(open)
            }
            Action::Back => is_free,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        if let Some(record) = &self.record {
            let reward = &record.reward;
            let title = Say::new("undo_exchange.title").with("seq", record.seq);
            paint::line(frame, inside, 0, &look.say(&title), look.style(Role::Title));
            let back = Say::new("undo_exchange.back")
                .with("name", &reward.name)
                .with("count", reward.count)
                .with("points", grouped(reward.points * reward.count));
            for (row, line) in (2..).zip(width::wrap(&look.say(&back), inside.width.into())) {
                paint::line(frame, inside, row, &line, look.style(Role::Text));
            }
        }
        let (text, role) = if self.once.is_under_way() {
            (look.text("tender.posting").to_owned(), Role::Warn)
        } else if let Some(hint) = &self.hint {
            (look.say(hint), Role::Warn)
        } else {
            (look.text("undo_exchange.how").to_owned(), Role::Dim)
        };
        let at = paint::below(inside, inside.height.saturating_sub(3));
        for (row, line) in (0..).zip(width::wrap(&text, inside.width.into())) {
            paint::line(frame, at, row, &line, look.style(role));
        }
    }
}
