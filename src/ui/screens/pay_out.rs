//! Cash taken out of the drawer for an expense, with its reason (OP1).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::ledger::Stamp;
use crate::domain::money::Fen;
use crate::error::{Kind as Fault, Refusal, Result};
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::message::Message;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form};
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Places in the form.
const AMOUNT: usize = 0;
const REASON: usize = 1;

/// Records one payment out of the drawer and pops.
#[derive(Debug)]
pub struct PayOut {
    form: Form,
    asked: Option<Ticket>,
    /// Sent without an answer: only this may be sent again, or it would count twice.
    sent: Option<(Stamp, Fen, String)>,
}

impl Default for PayOut {
    fn default() -> Self {
        Self::new()
    }
}

impl PayOut {
    #[must_use]
    pub fn new() -> Self {
        let form = Form::new()
            .field("shift.amount", Field::new(Kind::Amount))
            .field("shift.reason", Field::new(Kind::Any))
            .hint("shift.reason_hint");
        Self {
            form,
            asked: None,
            sent: None,
        }
    }

    /// Checks the form and makes the request, once.
    fn request(&mut self, cx: &mut Cx) -> Option<(Stamp, Fen, String)> {
        if self.sent.is_none() {
            let amount = self.form.need_amount(AMOUNT)?;
            if !amount.is_positive() {
                self.form.refuse(AMOUNT, "field.amount");
                return None;
            }
            let reason = self.form.need_text(REASON)?;
            let id = cx.new_id();
            self.sent = Some((cx.session.stamp(id, cx.now()), amount, reason));
        }
        self.sent.clone()
    }

    fn send(&mut self, cx: &mut Cx) {
        if let Some((stamp, amount, reason)) = self.request(cx) {
            self.asked = Some(cx.ask(Query::PayOut {
                stamp,
                amount,
                reason,
            }));
        }
    }

    /// What was sent stays as it is; what a scanner typed is taken back at any time.
    const fn takes(&self, input: &Input) -> bool {
        self.sent.is_none() || matches!(input, Input::Mark | Input::Rollback)
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        match answer {
            Ok(_) => {
                let amount = self.sent.take().map_or(Fen::ZERO, |(_, amount, _)| amount);
                cx.kick();
                cx.notice(
                    Tone::Good,
                    Say::new("shift.paid_out_done").with("amount", amount),
                );
                Step::Pop(None)
            }
            Err(refusal) => {
                if refusal.kind != Fault::Offline {
                    self.sent = None;
                }
                cx.refuse(refusal)
            }
        }
    }
}

impl Screen for PayOut {
    fn bindings(&self) -> &'static str {
        "pay_out"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened if cx.session.shift.is_none() => {
                return Step::replace(Message::new(Refusal::user("shift.not_open")));
            }
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            Input::Action(Action::Back) if self.sent.is_some() => {
                return Step::push(Confirm::new("shift.leave_unanswered").careful());
            }
            Input::Action(Action::Back) if self.form.is_dirty() => {
                return Step::push(Confirm::new("manage.discard").careful());
            }
            Input::Action(Action::Back) | Input::Outcome(Outcome::Yes) => return Step::Pop(None),
            Input::Action(Action::Accept | Action::Save) if self.sent.is_some() => self.send(cx),
            _ if self.takes(&input) && self.form.on(&input) == Did::Save => self.send(cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        self.asked.is_none() || !matches!(action, Action::Accept | Action::Save | Action::Back)
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let state = match (&self.asked, &self.sent) {
            (Some(_), _) => Some(look.text("shift.posting")),
            (None, Some(_)) => Some(look.text("shift.unanswered")),
            (None, None) => None,
        };
        paint::title(frame, area, look.text("shift.pay_out"), state, look);
        let mut row = 1;
        for text in width::wrap(look.text("shift.pay_out_about"), area.width.into()) {
            paint::line(frame, area, row, &text, look.style(Role::Dim));
            row += 1;
        }
        self.form.view(frame, paint::below(area, row + 1), look);
    }
}
