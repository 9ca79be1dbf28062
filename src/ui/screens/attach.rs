//! Pay, then join: an anonymous sale of this shift is put under a member's name (MB3).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::attach::AttachRequest;
use crate::domain::ledger::Stamp;
use crate::domain::member::Member;
use crate::domain::money::grouped;
use crate::error::Result;
use crate::query::{Query, Reply};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::seek::{Seek, Sought};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;

/// Columns and rows inside the frame.
const SIZE: (u16, u16) = (60, 12);

/// A popup; pops `Outcome::Yes` when attached, `Outcome::No` when it cannot be any more,
/// nothing on Esc.
#[derive(Debug)]
pub struct Attach {
    sale_id: uuid::Uuid,
    seek: Seek,
    member: Option<Box<Member>>,
    /// Who it is was known when it was opened.
    is_given: bool,
    once: Once<AttachRequest>,
}

impl Attach {
    /// Asks whose sale it is.
    #[must_use]
    pub fn new(sale_id: uuid::Uuid) -> Self {
        Self {
            sale_id,
            seek: Seek::new("attach.how"),
            member: None,
            is_given: false,
            once: Once::default(),
        }
    }

    /// Hers, says the screen below: only asks whether it is so.
    #[must_use]
    pub fn to(mut self, member: Box<Member>) -> Self {
        self.member = Some(member);
        self.is_given = true;
        self
    }

    fn post(&mut self, cx: &mut Cx) {
        let Some(member) = &self.member else {
            return;
        };
        let (sale_id, member_id) = (self.sale_id, member.id);
        let make = |stamp: Stamp| AttachRequest {
            stamp,
            sale_id,
            member_id,
        };
        let member = member.clone();
        self.once
            .send(cx, make, |request| Query::Attach { request, member });
    }

    fn chose(&mut self, member: Box<Member>) -> Step {
        let question = Say::new("attach.ask").with("name", &member.name);
        self.member = Some(member);
        Step::push(Confirm::new(question))
    }

    fn sought(&mut self, sought: Sought, cx: &Cx) -> Step {
        match sought {
            Sought::Member(member) => self.chose(member),
            Sought::Nothing => Step::Stay,
            Sought::Refused(refusal) => cx.refuse(refusal),
        }
    }

    fn answered(answer: Result<Reply>, cx: &mut Cx) -> Step {
        match answer {
            Ok(reply) => {
                let points = match &reply {
                    Reply::Receipt(receipt) => receipt.document.points,
                    _ => 0,
                };
                cx.notice(
                    Tone::Good,
                    Say::new("attach.done").with("points", grouped(points)),
                );
                Step::Pop(Some(Outcome::Yes))
            }
            // It can be nobody's any more.
            Err(refusal) if matches!(refusal.hint, "attach.taken" | "attach.not_this_shift") => {
                cx.notice(Tone::Warn, &refusal);
                Step::Pop(Some(Outcome::No))
            }
            Err(refusal) => cx.refuse(refusal),
        }
    }
}

impl Screen for Attach {
    fn bindings(&self) -> &'static str {
        "attach"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if let Input::Reply(ticket, answer) = input {
            if self.once.took(ticket, &answer) {
                return Self::answered(answer, cx);
            }
            let sought = self.seek.took(ticket, &answer, cx);
            return sought.map_or(Step::Stay, |sought| self.sought(sought, cx));
        }
        let is_busy = self.once.is_under_way() || self.once.is_unknown();
        if !is_busy && self.seek.on(&input, cx) {
            return Step::Stay;
        }
        match input {
            Input::Opened => {
                if let Some(member) = self.member.take() {
                    return self.chose(member);
                }
            }
            Input::Scan(scan) if !is_busy => self.seek.scanned(scan, cx),
            Input::Outcome(Outcome::Yes) => self.post(cx),
            Input::Outcome(Outcome::No) if self.is_given => return Step::Pop(None),
            Input::Action(Action::Accept) if is_busy => self.post(cx),
            Input::Action(Action::Accept) => self.seek.accept(cx),
            Input::Action(Action::Back) => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        !matches!(action, Action::Accept | Action::Back) || !self.once.is_under_way()
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::popup(frame, area, SIZE, look.text("attach.title"), look);
        let is_busy = self.once.is_under_way();
        self.seek.view(frame, inside, !is_busy, look);
        if is_busy {
            let text = look.text("tender.posting");
            paint::line(frame, inside, 1, text, look.style(Role::Warn));
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
