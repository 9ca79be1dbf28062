//! Opening a shift: the float in the drawer, counted (OP1).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::ledger::Stamp;
use crate::domain::money::Fen;
use crate::error::{Kind, Refusal, Result};
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::cash_count::CashCount;
use crate::ui::widgets::form::Did;
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Counts the float and opens the shift; pops `Outcome::Yes`, or `Outcome::No` when it is put off.
#[derive(Debug, Default)]
pub struct OpenShift {
    count: CashCount,
    asked: Option<Ticket>,
    /// Sent without an answer: only this may be sent again, or there would be two shifts.
    sent: Option<(Stamp, Fen)>,
}

impl OpenShift {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn send(&mut self, cx: &mut Cx) {
        if self.sent.is_none() {
            let Some(float) = self.count.need() else {
                return;
            };
            let id = cx.new_id();
            let stamp = cx.session.stamp(id, cx.now());
            self.sent = Some((stamp, float));
        }
        if let Some((stamp, float)) = self.sent.clone() {
            self.asked = Some(cx.ask(Query::OpenShift { stamp, float }));
        }
    }

    /// What was sent stays as it is; what a scanner typed is taken back at any time.
    const fn takes(&self, input: &Input) -> bool {
        self.sent.is_none() || matches!(input, Input::Mark | Input::Rollback)
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        match answer {
            Ok(Reply::ShiftOpened(shift)) => {
                let float = shift.opening_float;
                cx.session.shift = Some(shift);
                cx.notice(Tone::Good, Say::new("shift.opened").with("float", float));
                Step::Pop(Some(Outcome::Yes))
            }
            // Somebody opened one in the meantime, or the answer to ours was lost: it counts.
            Ok(Reply::Opening(opening)) => {
                cx.session.open(*opening);
                if cx.session.shift.is_some() {
                    cx.notice(Tone::Plain, "shift.open_already");
                    return Step::Pop(Some(Outcome::Yes));
                }
                Step::Stay
            }
            Ok(_) => Step::Stay,
            Err(refusal) => self.refused(refusal, cx),
        }
    }

    fn refused(&mut self, refusal: Refusal, cx: &mut Cx) -> Step {
        if refusal.kind != Kind::Offline {
            self.sent = None;
        }
        if refusal.hint == "shift.open_already" {
            self.asked = Some(cx.ask(Query::Opening));
            return Step::Stay;
        }
        cx.refuse(refusal)
    }
}

impl Screen for OpenShift {
    fn bindings(&self) -> &'static str {
        "open_shift"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            Input::Outcome(Outcome::Yes) => return Step::Pop(Some(Outcome::No)),
            Input::Action(Action::Back) if self.sent.is_some() => {
                return Step::push(Confirm::new("shift.leave_unanswered").careful());
            }
            Input::Action(Action::Back) if self.count.is_empty() => {
                return Step::Pop(Some(Outcome::No));
            }
            Input::Action(Action::Back) => {
                return Step::push(Confirm::new("shift.discard_count").careful());
            }
            Input::Action(Action::Accept | Action::Save) if self.sent.is_some() => self.send(cx),
            _ if self.takes(&input) && self.count.on(&input) == Did::Save => self.send(cx),
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
        paint::title(frame, area, look.text("shift.open"), state, look);
        let mut row = 1;
        for text in width::wrap(look.text("shift.open_about"), area.width.into()) {
            paint::line(frame, area, row, &text, look.style(Role::Dim));
            row += 1;
        }
        let body = paint::below(area, row + 1);
        let active = self.sent.is_none();
        self.count.view(frame, body, active, look);
    }
}
