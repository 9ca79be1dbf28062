//! An order that the customer calls off: what of the earnest money is kept, why, and how the rest goes back (SV6, 民法典 586).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::deposit::{DepositRecord, ForfeitRequest, REASON_LENGTH, WAYS, kept_most};
use crate::domain::ledger::Stamp;
use crate::domain::money::Fen;
use crate::domain::slip::tender;
use crate::domain::staff::Act;
use crate::domain::tender::TenderKind;
use crate::error::{Refusal, Result};
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::message::Message;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form};
use crate::ui::width;

/// Places in the form.
const KEPT: usize = 0;
const WAY: usize = 1;
const REASON: usize = 2;

/// Pops `Outcome::Receipt`, or nothing on Esc.
#[derive(Debug)]
pub struct Forfeit {
    deposit_id: uuid::Uuid,
    record: Option<Box<DepositRecord>>,
    form: Form,
    wanted: Option<(Fen, TenderKind, String)>,
    approver: Option<i32>,
    hint: Option<Say>,
    reading: Option<Ticket>,
    once: Once<ForfeitRequest>,
}

impl Forfeit {
    /// The order of this deposit.
    #[must_use]
    pub fn new(deposit_id: uuid::Uuid) -> Self {
        let form = Form::new()
            .field("forfeit.kept", Field::new(Kind::Amount).most(10))
            .choice("forfeit.way", WAYS.map(tender).to_vec(), 0)
            .field("forfeit.reason", Field::new(Kind::Any).most(REASON_LENGTH))
            .hint("forfeit.reason_hint");
        Self {
            deposit_id,
            record: None,
            form,
            wanted: None,
            approver: None,
            hint: None,
            reading: None,
            once: Once::default(),
        }
    }

    fn most(&self) -> Fen {
        let record = self.record.as_ref();
        record.map_or(Fen::ZERO, |it| kept_most(&it.terms).min(it.left))
    }

    /// What goes back when so much is kept, fen.
    fn back(&self, kept: Fen) -> Fen {
        let left = self.record.as_ref().map_or(Fen::ZERO, |it| it.left);
        (left - kept).max_zero()
    }

    /// Checks the form; none after saying what is wrong.
    fn check(&mut self) -> Option<(Fen, TenderKind, String)> {
        let kept = self.form.need_amount(KEPT)?;
        let most = self.most();
        if !kept.is_positive() || kept > most {
            let wrong = Say::new("deposit.over_kept").with("most", most);
            self.form.refuse(KEPT, wrong);
            return None;
        }
        let reason = self.form.value(REASON).trim().to_owned();
        if reason.is_empty() {
            self.form.refuse(REASON, "deposit.reason_missing");
            return None;
        }
        let way = WAYS.get(self.form.chosen(WAY)).copied();
        Some((kept, way.unwrap_or(TenderKind::Cash), reason))
    }

    /// OP3: always somebody else, within her own limit.
    fn save(&mut self, cx: &mut Cx) -> Step {
        if self.once.is_unknown() {
            self.post(cx);
            return Step::Stay;
        }
        self.wanted = self.check();
        let (Some(record), Some((kept, _, reason))) = (&self.record, &self.wanted) else {
            return Step::Stay;
        };
        let back = self.back(*kept);
        let why = Say::new("forfeit.needs_approval")
            .with("name", &record.terms.name)
            .with("kept", kept)
            .with("back", back)
            .with("reason", reason);
        let act = Act::GiveBack {
            amount: back,
            sold_at: cx.now(),
            now: cx.now(),
        };
        Step::push(Approve::new(why, act))
    }

    fn post(&mut self, cx: &mut Cx) {
        let Some((record, (kept, way, reason))) = self.record.as_ref().zip(self.wanted.clone())
        else {
            return;
        };
        let (deposit_id, member_id, approver_id) = (record.id, record.member_id, self.approver);
        let make = |stamp: Stamp| ForfeitRequest {
            stamp: Stamp {
                approver_id,
                ..stamp
            },
            deposit_id,
            member_id,
            kept,
            way,
            reason,
        };
        self.hint = None;
        self.once.send(cx, make, Query::Forfeit);
    }

    fn replied(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match answer {
            Ok(Reply::Deposit(record)) if record.left.is_positive() => {
                let paid = record.tenders.first().map(|it| it.kind);
                let way = WAYS.iter().position(|it| Some(*it) == paid);
                self.form.choose(WAY, way.unwrap_or(0));
                self.record = Some(record);
                let most = self.most().to_string().replace(',', "");
                self.form.set(KEPT, &most);
                Step::Stay
            }
            Ok(Reply::Deposit(record)) => {
                let used = Refusal::user("deposit.used").with("name", &record.terms.name);
                Step::replace(Message::new(used))
            }
            Ok(_) => Step::Stay,
            Err(refusal) => cx.refuse(refusal),
        }
    }
}

impl Screen for Forfeit {
    fn bindings(&self) -> &'static str {
        "forfeit"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        let is_busy = self.once.is_under_way() || self.once.is_unknown();
        match input {
            Input::Opened => {
                let id = self.deposit_id;
                self.reading = Some(cx.ask(Query::ReadDeposit { id }));
            }
            Input::Reply(ticket, answer) => {
                if self.once.took(ticket, &answer) {
                    return match self.once.done(answer, &mut self.hint, cx) {
                        Ok(step) => step,
                        Err(refusal) => cx.refuse(refusal),
                    };
                }
                if self.reading == Some(ticket) {
                    return self.replied(answer, cx);
                }
            }
            Input::Outcome(Outcome::Approved(staff)) => {
                self.approver = Some(staff.id);
                self.post(cx);
            }
            Input::Action(Action::Accept | Action::Save) if self.once.is_unknown() => {
                return self.save(cx);
            }
            Input::Action(Action::Back) if self.once.is_unknown() => {
                return Step::push(Confirm::new("tender.leave_unknown").careful());
            }
            Input::Action(Action::Back) | Input::Outcome(Outcome::Yes) => return Step::Pop(None),
            _ if is_busy || self.record.is_none() => {}
            input => {
                if self.form.on(&input) == Did::Save {
                    return self.save(cx);
                }
            }
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let asks = matches!(action, Action::Accept | Action::Save | Action::Back);
        !asks || !self.once.is_under_way()
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let Some(record) = &self.record else {
            return;
        };
        let title = Say::new("forfeit.title").with("name", &record.terms.name);
        let state = self
            .once
            .is_under_way()
            .then(|| look.text("tender.posting"));
        paint::title(frame, area, &look.say(&title), state, look);
        let paid = Say::new("forfeit.paid")
            .with("price", record.terms.price)
            .with("paid", record.left)
            .with("most", self.most());
        let kept = self.form.get(KEPT).and_then(Field::amount);
        let back = Say::new("forfeit.back").with("back", self.back(kept.unwrap_or_default()));
        let mut row = 1;
        let mut put = |text: &str, role: Role| {
            for line in width::wrap(text, area.width.into()) {
                paint::line(frame, area, row, &line, look.style(role));
                row += 1;
            }
        };
        put(&look.say(&paid), Role::Text);
        put(&look.say(&back), Role::Money);
        match &self.hint {
            Some(hint) => put(&look.say(hint), Role::Warn),
            None => put(look.text("forfeit.how"), Role::Dim),
        }
        self.form.view(frame, paint::below(area, row + 1), look);
    }
}
