//! Taking a deposit back that was a mistake, whole (SV6).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::deposit::{DepositRecord, UndoDeposit as UndoRequest};
use crate::domain::ledger::Stamp;
use crate::domain::slip;
use crate::domain::staff::Act;
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
pub struct UndoDeposit {
    deposit_id: uuid::Uuid,
    record: Option<Box<DepositRecord>>,
    approver: Option<i32>,
    hint: Option<Say>,
    reading: Option<Ticket>,
    once: Once<UndoRequest>,
}

impl UndoDeposit {
    /// The reversal of this deposit.
    #[must_use]
    pub fn new(deposit_id: uuid::Uuid) -> Self {
        Self {
            deposit_id,
            record: None,
            approver: None,
            hint: None,
            reading: None,
            once: Once::default(),
        }
    }

    /// What was taken in her own shift the cashier takes back by herself; the rest needs somebody else (OP3).
    fn needs_approval(&self, cx: &Cx) -> bool {
        let Some((record, limit)) = self.record.as_ref().zip(cx.session.limit()) else {
            return true;
        };
        let shift = cx.session.shift.as_ref().map(|shift| shift.id);
        record.shift_id != shift || !limit.allows(give_back(record, cx))
    }

    fn approve(&self, cx: &Cx) -> Step {
        let Some(record) = &self.record else {
            return Step::Stay;
        };
        let why = Say::new("undo_deposit.needs_approval").with("seq", record.seq);
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
        let (deposit_id, member_id, approver_id) = (record.id, record.member_id, self.approver);
        let make = |stamp: Stamp| UndoRequest {
            stamp: Stamp {
                approver_id,
                ..stamp
            },
            deposit_id,
            member_id,
        };
        self.hint = None;
        self.once.send(cx, make, Query::UndoDeposit);
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
            Ok(Reply::Deposit(record)) => {
                let name = record.terms.name.clone();
                self.hint =
                    (!is_open(&record)).then(|| Say::new("deposit.used").with("name", name));
                self.record = Some(record);
                Step::Stay
            }
            Ok(_) => Step::Stay,
            Err(refusal) => cx.refuse(refusal),
        }
    }

    fn draw(frame: &mut Frame, area: Rect, record: &DepositRecord, look: &Look) {
        let title = Say::new("undo_deposit.title").with("seq", record.seq);
        paint::line(frame, area, 0, &look.say(&title), look.style(Role::Title));
        let mut row = 2;
        let order = Say::new("deposit.for")
            .with("name", &record.terms.name)
            .with("price", record.terms.price);
        for line in width::wrap(&look.say(&order), area.width.into()) {
            paint::line(frame, area, row, &line, look.style(Role::Text));
            row += 1;
        }
        for tender in &record.tenders {
            let way = look.text(slip::tender(tender.kind));
            let label = format!("{} {way}", look.text("undo_deposit.back"));
            money::line(frame, area, row, &label, tender.amount, look);
            row += 1;
        }
    }
}

/// Nothing of it was used.
const fn is_open(record: &DepositRecord) -> bool {
    !record.reversed && record.left.0 > 0
}

const fn give_back(record: &DepositRecord, cx: &Cx) -> Act {
    Act::GiveBack {
        amount: record.left,
        sold_at: record.at,
        now: cx.now(),
    }
}

impl Screen for UndoDeposit {
    fn bindings(&self) -> &'static str {
        "undo_deposit"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => {
                let id = self.deposit_id;
                self.reading = Some(cx.ask(Query::ReadDeposit { id }));
            }
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
            Action::Accept => is_free && self.record.as_deref().is_some_and(is_open),
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
            (look.text("undo_deposit.how").to_owned(), Role::Dim)
        };
        let at = paint::below(inside, inside.height.saturating_sub(3));
        for (row, line) in (0..).zip(width::wrap(&text, inside.width.into())) {
            paint::line(frame, at, row, &line, look.style(role));
        }
    }
}
