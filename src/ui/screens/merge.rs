//! Two members who are one person: who the other is, what each holds, what comes out of it (MB4).

pub(super) mod figures;
pub mod undo;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::ledger::Stamp;
use crate::domain::money::Fen;
use crate::domain::staff::Act;
use crate::domain::top_up::limits_exceeded;
use crate::domain::transfer::{self, Halves, Pair, TransferRequest, What};
use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::confirm::Confirm;
use crate::ui::seek::{Seek, Sought};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Pops `Outcome::Member` with the one who stays, or nothing on Esc.
#[derive(Debug)]
pub struct Merge {
    /// Whose card it was opened from: she stays.
    member_id: i64,
    seek: Seek,
    pair: Option<Box<Pair>>,
    halves: Option<Halves>,
    warning: Option<&'static str>,
    hint: Option<Say>,
    reading: Option<Ticket>,
    approver: Option<i32>,
    once: Once<TransferRequest>,
}

impl Merge {
    /// Another member becomes this one.
    #[must_use]
    pub fn new(member_id: i64) -> Self {
        Self {
            member_id,
            seek: Seek::new("merge.find"),
            pair: None,
            halves: None,
            warning: None,
            hint: None,
            reading: None,
            approver: None,
            once: Once::default(),
        }
    }

    fn read(&mut self, from_id: i64, to_id: i64, cx: &mut Cx) {
        self.reading = Some(cx.ask(Query::ReadTransfer { from_id, to_id }));
    }

    /// What would come out, as the back end will plan it.
    fn weigh(&mut self, pair: Box<Pair>, cx: &mut Cx) {
        let (from_id, to_id) = (pair.from.id, pair.to.id);
        let id = cx.new_id();
        let request = TransferRequest {
            stamp: cx.session.stamp(id, cx.now()),
            what: What::Merge { from_id, to_id },
        };
        let shop = cx.session.shop.as_ref();
        let levels = shop.map_or(&[][..], |shop| &shop.levels);
        match transfer::plan(&request, &pair, None, levels) {
            Ok(halves) => self.halves = Some(halves),
            Err(refusal) => {
                self.halves = None;
                self.hint = Some(Say::from(&refusal));
            }
        }
        // SV10: a warning; what she has paid is hers.
        let (to, from) = (&pair.to, &pair.from);
        let registered = to.is_registered() || from.is_registered();
        let is_over = from.principal.is_positive()
            && shop.is_some_and(|shop| {
                let profile = shop.limits_profile;
                let over =
                    limits_exceeded(profile, registered, to.principal, from.principal, Fen::ZERO);
                !over.is_empty()
            });
        self.warning = is_over.then_some("merge.over_limit");
        self.approver = None;
        self.pair = Some(pair);
    }

    fn found(&mut self, sought: Sought, cx: &mut Cx) -> Step {
        match sought {
            Sought::Member(other) if other.id == self.member_id => {
                cx.notice(Tone::Warn, "transfer.same");
            }
            Sought::Member(other) => {
                self.hint = None;
                self.read(other.id, self.member_id, cx);
            }
            Sought::Nothing => {}
            Sought::Refused(refusal) => return cx.refuse(refusal),
        }
        Step::Stay
    }

    fn accept(&mut self, cx: &mut Cx) -> Step {
        if self.once.is_unknown() || self.approver.is_some() {
            self.post(cx);
            return Step::Stay;
        }
        let Some(pair) = &self.pair else {
            self.seek.accept(cx);
            return Step::Stay;
        };
        let ask = |key| {
            let say = Say::new(key).with("from", figures::named(&pair.from, cx));
            say.with("to", figures::named(&pair.to, cx))
        };
        let limit = cx.session.limit();
        if limit.is_some_and(|limit| limit.allows(Act::Merge)) {
            Step::push(Confirm::new(ask("merge.ask")).careful())
        } else {
            Step::push(Approve::new(ask("merge.needs_approval"), Act::Merge))
        }
    }

    fn post(&mut self, cx: &mut Cx) {
        let Some(pair) = &self.pair else { return };
        let (from_id, to_id) = (pair.from.id, pair.to.id);
        let approver_id = self.approver;
        let make = |stamp: Stamp| TransferRequest {
            stamp: Stamp {
                approver_id,
                ..stamp
            },
            what: What::Merge { from_id, to_id },
        };
        self.hint = None;
        self.once.send(cx, make, Query::Transfer);
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match answer {
            Ok(Reply::Member(member)) => {
                cx.notice(Tone::Good, "merge.done");
                Step::Pop(Some(Outcome::Member(member)))
            }
            Ok(_) => Step::Stay,
            Err(refusal) => {
                self.approver = None;
                if self.once.is_unknown() {
                    self.hint = Some(Say::new("tender.unknown"));
                } else if let Some(pair) = &self.pair {
                    let (from, to) = (pair.from.id, pair.to.id);
                    self.read(from, to, cx);
                }
                cx.refuse(refusal)
            }
        }
    }

    fn replied(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        if self.once.took(ticket, &answer) {
            return self.answered(answer, cx);
        }
        if self.reading == Some(ticket) {
            self.reading = None;
            match answer {
                Ok(Reply::Pair(pair)) => self.weigh(pair, cx),
                Ok(_) => {}
                Err(refusal) => return cx.refuse(refusal),
            }
            return Step::Stay;
        }
        let sought = self.seek.took(ticket, &answer, cx);
        sought.map_or(Step::Stay, |sought| self.found(sought, cx))
    }

    /// The other one stays instead.
    fn swap(&mut self, cx: &mut Cx) {
        if let Some(pair) = &self.pair {
            let (from, to) = (pair.from.id, pair.to.id);
            self.hint = None;
            self.read(to, from, cx);
        }
    }

    /// One step back: to the search, or out.
    fn back(&mut self) -> Step {
        if self.once.is_unknown() {
            return Step::push(Confirm::new("tender.leave_unknown").careful());
        }
        if self.pair.take().is_none() {
            return Step::Pop(None);
        }
        self.halves = None;
        self.hint = None;
        Step::Stay
    }
}

impl Screen for Merge {
    fn bindings(&self) -> &'static str {
        "merge"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.pair.is_none() && self.seek.on(&input, cx) {
            return Step::Stay;
        }
        match input {
            Input::Reply(ticket, answer) => return self.replied(ticket, answer, cx),
            Input::Scan(scan) if self.pair.is_none() => self.seek.scanned(scan, cx),
            Input::Outcome(Outcome::Approved(staff)) => {
                self.approver = Some(staff.id);
                self.post(cx);
            }
            Input::Outcome(Outcome::Yes) if self.once.is_unknown() => return Step::Pop(None),
            Input::Outcome(Outcome::Yes) => self.post(cx),
            Input::Action(Action::Accept) => return self.accept(cx),
            Input::Action(Action::Swap) => self.swap(cx),
            Input::Action(Action::Back) => return self.back(),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let is_free = !self.once.is_under_way() && self.reading.is_none();
        match action {
            Action::Accept => is_free && (self.pair.is_none() || self.halves.is_some()),
            Action::Swap => is_free && !self.once.is_unknown() && self.pair.is_some(),
            Action::Back => !self.once.is_under_way(),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        let title = look.text("merge.title");
        paint::line(frame, inside, 0, title, look.style(Role::Title));
        let body = paint::below(inside, 2);
        let Some(pair) = &self.pair else {
            let text = look.text("merge.who");
            paint::line(frame, inside, 1, text, look.style(Role::Dim));
            self.seek.view(frame, body, true, look);
            return;
        };
        let rows = figures::view(frame, body, pair, self.halves.as_ref(), look);
        let (text, role) = if self.once.is_under_way() {
            (look.text("tender.posting").to_owned(), Role::Warn)
        } else if let Some(hint) = &self.hint {
            (look.say(hint), Role::Warn)
        } else {
            (look.text("merge.how").to_owned(), Role::Dim)
        };
        let warning = self
            .warning
            .map(|key| (look.text(key).to_owned(), Role::Warn));
        let mut row = rows + 1;
        for (text, role) in warning.into_iter().chain([(text, role)]) {
            for line in width::wrap(&text, body.width.into()) {
                paint::line(frame, body, row, &line, look.style(role));
                row += 1;
            }
        }
    }
}
