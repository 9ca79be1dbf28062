//! Taking a top-up back, whole: the money, and everything it had given (RF1).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::ledger::Stamp;
use crate::domain::money::grouped;
use crate::domain::slip;
use crate::domain::staff::Act;
use crate::domain::top_up::{ReversalRequest, TopUpRecord};
use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::money;
use crate::ui::width;

/// Pops `Outcome::Receipt`, or nothing on Esc.
#[derive(Debug)]
pub struct Reversal {
    top_up_id: uuid::Uuid,
    record: Option<Box<TopUpRecord>>,
    approver: Option<i32>,
    hint: Option<Say>,
    reading: Option<Ticket>,
    once: Once<ReversalRequest>,
}

impl Reversal {
    /// The reversal of this top-up.
    #[must_use]
    pub fn new(top_up_id: uuid::Uuid) -> Self {
        Self {
            top_up_id,
            record: None,
            approver: None,
            hint: None,
            reading: None,
            once: Once::default(),
        }
    }

    /// The cashier takes back by herself what was loaded in her own shift and within her limit; the
    /// rest needs somebody else (OP3).
    fn needs_approval(&self, cx: &Cx) -> bool {
        let Some((record, limit)) = self.record.as_ref().zip(cx.session.limit()) else {
            return true;
        };
        let shift = cx.session.shift.as_ref();
        let operator = cx.session.staff.as_ref().map(|staff| staff.id);
        let hers = shift.is_some_and(|shift| {
            record.shift_id == Some(shift.id) && Some(shift.cashier_id) == operator
        });
        !hers || !limit.allows(give_back(record, cx))
    }

    fn approve(&self, cx: &Cx) -> Step {
        let Some(record) = &self.record else {
            return Step::Stay;
        };
        let why = Say::new("reversal.needs_approval").with("amount", record.amount);
        Step::push(Approve::new(why, give_back(record, cx)))
    }

    fn accept(&mut self, cx: &mut Cx) -> Step {
        if !self.once.is_unknown() && self.approver.is_none() && self.needs_approval(cx) {
            return self.approve(cx);
        }
        self.post(cx);
        Step::Stay
    }

    fn post(&mut self, cx: &mut Cx) {
        let Some(record) = &self.record else {
            return;
        };
        let (top_up_id, member_id, approver_id) = (record.id, record.member_id, self.approver);
        let make = |stamp: Stamp| ReversalRequest {
            stamp: Stamp {
                approver_id,
                ..stamp
            },
            top_up_id,
            member_id,
        };
        self.hint = None;
        self.once.send(cx, make, Query::ReverseTopUp);
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match self.once.done(answer, &mut self.hint, cx) {
            Ok(step) => step,
            Err(refusal) if refusal.hint == "approval.needed" => self.approve(cx),
            Err(refusal) => cx.refuse(refusal),
        }
    }

    fn replied(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match answer {
            Ok(Reply::TopUp(record)) => {
                self.hint = record.reversed.then(|| Say::new("top_up.reversed"));
                self.record = Some(record);
                Step::Stay
            }
            Ok(_) => Step::Stay,
            Err(refusal) => cx.refuse(refusal),
        }
    }

    fn draw(frame: &mut Frame, area: Rect, record: &TopUpRecord, look: &Look) {
        let title = look.say(&Say::new("reversal.title").with("seq", record.seq));
        paint::line(frame, area, 0, &title, look.style(Role::Title));
        money::large(frame, paint::below(area, 1), record.amount, look);
        let mut row = 5;
        for part in &record.tenders {
            let name = Say::new("refund.back_to").with("way", look.text(slip::tender(part.kind)));
            money::line(frame, area, row, &look.say(&name), part.amount, look);
            row += 1;
        }
        row += 1;
        for (key, taken) in [
            ("reversal.principal", record.amount),
            ("slip.bonus_taken", record.bonus),
        ] {
            if taken.is_positive() {
                money::line(frame, area, row, look.text(key), -taken, look);
                row += 1;
            }
        }
        if record.points > 0 {
            let text = look.text("slip.points_taken");
            paint::line(frame, area, row, text, look.style(Role::Text));
            let points = grouped(-record.points);
            paint::line_right(frame, area, row, &points, look.style(Role::Money));
            row += 1;
        }
        let shop = look.session.shop.as_ref();
        let name = |id: Option<i32>| Some(shop?.level(id?)?.name.clone());
        if let (Some(before), Some(after)) = (name(record.level_before), name(record.level_after)) {
            let say = Say::new("reversal.level")
                .with("from", after)
                .with("to", before);
            paint::line(frame, area, row, &look.say(&say), look.style(Role::Text));
        }
    }
}

const fn give_back(record: &TopUpRecord, cx: &Cx) -> Act {
    Act::GiveBack {
        amount: record.amount,
        sold_at: record.at,
        now: cx.now(),
    }
}

impl Screen for Reversal {
    fn bindings(&self) -> &'static str {
        "reversal"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => self.reading = Some(cx.ask(Query::ReadTopUp { id: self.top_up_id })),
            Input::Reply(ticket, answer) => {
                if self.once.took(ticket, &answer) {
                    return self.answered(answer, cx);
                }
                if self.reading == Some(ticket) {
                    return self.replied(answer, cx);
                }
            }
            Input::Outcome(Outcome::Approved(staff)) => {
                self.approver = Some(staff.id);
                self.post(cx);
            }
            Input::Action(Action::Accept) => return self.accept(cx),
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
                is_free && self.record.as_ref().is_some_and(|record| !record.reversed)
            }
            Action::Back => is_free,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        let narrow = Rect {
            width: inside.width.min(50),
            ..inside
        };
        if let Some(record) = &self.record {
            Self::draw(frame, narrow, record, look);
        }
        let (text, role) = if self.once.is_under_way() {
            (look.text("tender.posting").to_owned(), Role::Warn)
        } else if let Some(hint) = &self.hint {
            (look.say(hint), Role::Warn)
        } else {
            (look.text("reversal.how").to_owned(), Role::Dim)
        };
        let at = paint::below(inside, inside.height.saturating_sub(3));
        for (row, line) in (0..).zip(width::wrap(&text, inside.width.into())) {
            paint::line(frame, at, row, &line, look.style(role));
        }
    }
}
