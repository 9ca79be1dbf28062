//! A merge that was a mistake is undone: what is left of what came with it goes back (MB4).

use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::domain::calendar::local;
use crate::domain::ledger::Stamp;
use crate::domain::money::grouped;
use crate::domain::staff::Act;
use crate::domain::transfer::{self, Carried, MergeRecord, Pair, TransferRequest, What};
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
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Pops `Outcome::Yes` when it is done, or nothing on Esc.
#[derive(Debug)]
pub struct UndoMerge {
    merge_id: Uuid,
    merge: Option<Box<MergeRecord>>,
    pair: Option<Box<Pair>>,
    back: Option<Carried>,
    approver: Option<i32>,
    hint: Option<Say>,
    reading: Option<Ticket>,
    once: Once<TransferRequest>,
}

impl UndoMerge {
    /// The undoing of a merge, named by either of its operations.
    #[must_use]
    pub fn new(merge_id: Uuid) -> Self {
        Self {
            merge_id,
            merge: None,
            pair: None,
            back: None,
            approver: None,
            hint: None,
            reading: None,
            once: Once::default(),
        }
    }

    fn what(merge: &MergeRecord) -> What {
        What::Undo {
            from_id: merge.carried.to,
            to_id: merge.carried.from,
            merge_id: merge.id,
        }
    }

    /// What would go back, as the back end will plan it.
    fn weigh(&mut self, cx: &mut Cx) {
        let Some((merge, pair)) = self.merge.as_deref().zip(self.pair.as_deref()) else {
            return;
        };
        let id = cx.new_id();
        let request = TransferRequest {
            stamp: cx.session.stamp(id, cx.now()),
            what: Self::what(merge),
        };
        let shop = cx.session.shop.as_ref();
        let levels = shop.map_or(&[][..], |shop| &shop.levels);
        match transfer::plan(&request, pair, Some(merge), levels) {
            Ok(halves) => self.back = Some(halves.carried),
            Err(refusal) => {
                self.back = None;
                self.hint = Some(Say::from(&refusal));
            }
        }
    }

    fn accept(&mut self, cx: &mut Cx) -> Step {
        let limit = cx.session.limit();
        let may = limit.is_some_and(|limit| limit.allows(Act::Merge));
        if self.once.is_unknown() || may || self.approver.is_some() {
            self.post(cx);
            return Step::Stay;
        }
        Step::push(Approve::new(Say::new("merge.undo_why"), Act::Merge))
    }

    fn post(&mut self, cx: &mut Cx) {
        let Some(merge) = &self.merge else { return };
        let (what, approver_id) = (Self::what(merge), self.approver);
        let make = |stamp: Stamp| TransferRequest {
            stamp: Stamp {
                approver_id,
                ..stamp
            },
            what,
        };
        self.hint = None;
        self.once.send(cx, make, Query::Transfer);
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match answer {
            Ok(_) => {
                cx.notice(Tone::Good, "merge.undone");
                Step::Pop(Some(Outcome::Yes))
            }
            Err(refusal) => {
                self.approver = None;
                if self.once.is_unknown() {
                    self.hint = Some(Say::new("tender.unknown"));
                }
                cx.refuse(refusal)
            }
        }
    }

    fn replied(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.reading = None;
        match answer {
            Ok(Reply::Merge(merge)) => {
                let (from_id, to_id) = (merge.carried.to, merge.carried.from);
                self.merge = Some(merge);
                self.reading = Some(cx.ask(Query::ReadTransfer { from_id, to_id }));
            }
            Ok(Reply::Pair(pair)) => {
                self.pair = Some(pair);
                self.weigh(cx);
            }
            Ok(_) => {}
            // A gift, or an undoing: no merge.
            Err(refusal) if refusal.hint == "refusal.not_found" => {
                self.hint = Some(Say::new("merge.none"));
            }
            Err(refusal) => return cx.refuse(refusal),
        }
        Step::Stay
    }

    fn draw(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let Some((merge, pair)) = self.merge.as_deref().zip(self.pair.as_deref()) else {
            return;
        };
        let at = local(merge.at).format("%Y-%m-%d %H:%M").to_string();
        let name = |name: &str| match name {
            "" => look.text("member.nameless").to_owned(),
            name => name.to_owned(),
        };
        let say = Say::new("merge.was")
            .with("seq", merge.seq)
            .with("at", at)
            .with("from", name(&pair.to.name))
            .with("to", name(&pair.from.name));
        let mut row = 2;
        for line in width::wrap(&look.say(&say), area.width.into()) {
            paint::line(frame, area, row, &line, look.style(Role::Text));
            row += 1;
        }
        let Some(back) = &self.back else { return };
        row += 1;
        let text = look.text("merge.goes_back");
        paint::line(frame, area, row, text, look.style(Role::Dim));
        let came = &merge.carried;
        for (key, now, then) in [
            ("member.principal", back.principal, came.principal),
            ("member.bonus", back.bonus, came.bonus),
            ("member.packages", back.value, came.value),
        ] {
            row += 1;
            let of = Say::new("merge.of")
                .with("what", look.text(key))
                .with("then", then);
            money::line(frame, area, row, &look.say(&of), now, look);
        }
        row += 1;
        let of = Say::new("merge.of").with("what", look.text("member.points"));
        let label = look.say(&of.with("then", grouped(came.all_points())));
        paint::line(frame, area, row, &label, look.style(Role::Text));
        let points = grouped(back.all_points());
        paint::line_right(frame, area, row, &points, look.style(Role::Text));
    }
}

impl Screen for UndoMerge {
    fn bindings(&self) -> &'static str {
        "undo_merge"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => {
                let id = self.merge_id;
                self.reading = Some(cx.ask(Query::ReadMerge { id }));
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
            Action::Accept => is_free && self.back.is_some(),
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
        let title = look.text("merge.undo_title");
        paint::line(frame, inside, 0, title, look.style(Role::Title));
        self.draw(frame, narrow, look);
        let (text, role) = if self.once.is_under_way() {
            (look.text("tender.posting").to_owned(), Role::Warn)
        } else if let Some(hint) = &self.hint {
            (look.say(hint), Role::Warn)
        } else {
            (look.text("merge.undo_how").to_owned(), Role::Dim)
        };
        let at = paint::below(inside, inside.height.saturating_sub(4));
        for (row, line) in (0..).zip(width::wrap(&text, inside.width.into())) {
            paint::line(frame, at, row, &line, look.style(role));
        }
    }
}
