//! Closing a shift (OP1): first the count, then the sheet it is held against.
//!
//! The count is blind: the sheet and the cash that should be there appear only after it. Who knows
//! the figure counts until it fits, and a shop that cannot trust its differences cannot find their
//! cause. A recount is allowed, since bundles are miscounted; the first count then goes into the
//! reason, so that it stays on record.
//!
//! Beside the sheet goes what has expired (PT3); a close that is confirmed meanwhile waits for it, and
//! Esc ends the waiting. When it is closed the sheet stays until Enter.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::ledger::OperationKind;
use crate::domain::money::Fen;
use crate::domain::shift::{CloseRequest, Sheet};
use crate::error::{Kind as Fault, Refusal, Result};
use crate::query::{Differences, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::message::Message;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::cash_count::CashCount;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Did;
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

mod expiry;
mod sheet;

use expiry::Expiry;

/// Longest reason of a difference, characters.
const REASON_LENGTH: usize = 60;

/// A difference of more than this, and of more than a tenth of what should be there, is asked about: a
/// slip of the finger is likelier.
const FAR_OFF: Fen = Fen::yuan(100);

/// What a popup was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Leave,
    /// Whether the count is right though it is so far off.
    FarOff,
    CloseAnyway,
}

/// Counts, compares, closes, and signs out.
#[derive(Debug)]
pub struct CloseShift {
    count: CashCount,
    /// What was counted; none while counting.
    counted: Option<Fen>,
    /// The very first count, made without seeing what is expected.
    first: Option<Fen>,
    reason: Field,
    reason_missing: bool,
    sheet: Option<(Box<Sheet>, Differences)>,
    reading: Option<Ticket>,
    closing: Option<Ticket>,
    /// Sent without an answer: only this may be sent again.
    sent: Option<CloseRequest>,
    question: Option<Question>,
    expiry: Expiry,
    /// Confirmed; the close goes out when the expiry is done.
    closes_then: bool,
    /// The shift is closed: its sheet stays until somebody has read it.
    done: bool,
    /// The document, to be printed.
    document: Option<Ticket>,
}

impl Default for CloseShift {
    fn default() -> Self {
        Self::new()
    }
}

impl CloseShift {
    #[must_use]
    pub fn new() -> Self {
        Self {
            count: CashCount::default(),
            counted: None,
            first: None,
            reason: Field::new(Kind::Any).most(REASON_LENGTH),
            reason_missing: false,
            sheet: None,
            reading: None,
            closing: None,
            sent: None,
            question: None,
            expiry: Expiry::default(),
            closes_then: false,
            done: false,
            document: None,
        }
    }

    fn read(&mut self, cx: &mut Cx) {
        if let Some(shift) = &cx.session.shift {
            let shift_id = shift.id;
            self.reading = Some(cx.ask(Query::Sheet { shift_id }));
        }
    }

    /// Counted minus expected, fen; none before both are known.
    fn difference(&self) -> Option<Fen> {
        let (sheet, _) = self.sheet.as_ref()?;
        Some(self.counted? - sheet.expected_cash)
    }

    fn counting(&mut self, input: &Input, cx: &mut Cx) -> Step {
        match input {
            Input::Action(Action::Back) if self.count.is_empty() => return Step::Pop(None),
            Input::Action(Action::Back) => {
                self.question = Some(Question::Leave);
                return Step::push(Confirm::new("shift.discard_count").careful());
            }
            _ if self.count.on(input) == Did::Save => {
                self.counted = self.count.need();
                if self.counted.is_some() {
                    self.first = self.first.or(self.counted);
                    // Read only now, so that it is as fresh as the count.
                    self.read(cx);
                }
            }
            _ => {}
        }
        Step::Stay
    }

    fn reviewing(&mut self, input: &Input, cx: &mut Cx) -> Step {
        match input {
            Input::Action(Action::Accept | Action::Save) => return self.confirm(cx),
            Input::Action(Action::Back) if self.closes_then || self.expiry.is_seen() => {
                self.expiry.stop();
                self.closes_then = false;
            }
            Input::Action(Action::Back) if self.sent.is_none() => {
                self.counted = None;
                self.count.again();
            }
            Input::Action(Action::Back) => {
                self.question = Some(Question::Leave);
                return Step::push(Confirm::new("shift.leave_unanswered").careful());
            }
            _ if self.sent.is_none() && self.difference().is_some_and(|fen| !fen.is_zero()) => {
                self.reason_missing &= !self.reason.on(input);
            }
            // Whatever a scanner began is taken back, also from a field that cannot be typed into.
            Input::Mark | Input::Rollback => {
                self.reason.on(input);
            }
            _ => {}
        }
        Step::Stay
    }

    fn confirm(&mut self, cx: &mut Cx) -> Step {
        let (Some((sheet, _)), Some(difference)) = (&self.sheet, self.difference()) else {
            self.read(cx);
            return Step::Stay;
        };
        if !difference.is_zero() && self.reason.value().trim().is_empty() {
            self.reason_missing = true;
            return Step::Stay;
        }
        let off = Fen(difference.0.abs());
        let is_far = off > FAR_OFF && off.times(10) > sheet.expected_cash;
        if self.sent.is_none() && is_far {
            self.question = Some(Question::FarOff);
            let say = Say::new("shift.far_off")
                .with("expected", sheet.expected_cash)
                .with("counted", sheet.expected_cash + difference);
            return Step::push(Confirm::new(say).careful());
        }
        self.counted_right(cx)
    }

    /// The count stands; where journal and ledger disagree, one more question.
    fn counted_right(&mut self, cx: &mut Cx) -> Step {
        let Some((_, differences)) = &self.sheet else {
            return Step::Stay;
        };
        if self.sent.is_none() && *differences != Differences::default() {
            self.question = Some(Question::CloseAnyway);
            return Step::push(Confirm::new("shift.close_anyway").careful());
        }
        self.close(cx);
        Step::Stay
    }

    fn close(&mut self, cx: &mut Cx) {
        self.closes_then = self.expiry.is_running();
        if self.closes_then {
            return;
        }
        if self.sent.is_none() {
            let (Some((sheet, _)), Some(counted)) = (&self.sheet, self.counted) else {
                return;
            };
            let expected = sheet.expected_cash;
            let id = cx.new_id();
            self.sent = Some(CloseRequest {
                stamp: cx.session.stamp(id, cx.now()),
                expected,
                counted,
                reason: self.full_reason(expected, counted, cx),
            });
        }
        self.closing = self
            .sent
            .clone()
            .map(|request| cx.ask(Query::CloseShift(request)));
    }

    /// The reason, and the first count when it was another one.
    fn full_reason(&self, expected: Fen, counted: Fen, cx: &Cx) -> String {
        let typed = if counted == expected {
            ""
        } else {
            self.reason.value().trim()
        };
        let first = self.first.filter(|first| *first != counted);
        let first = first.map(|first| cx.say(&Say::new("shift.first_count").with("amount", first)));
        let parts = [first.as_deref().unwrap_or_default(), typed];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("; ")
    }

    fn closed(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.closing = None;
        match answer {
            Ok(_) => {
                cx.session.shift = None;
                self.done = true;
                let is_printed = cx
                    .session
                    .printing
                    .auto
                    .contains(&OperationKind::ShiftClose);
                if let Some(sent) = self.sent.as_ref().filter(|_| is_printed) {
                    let id = sent.stamp.id;
                    self.document = Some(cx.ask(Query::ReadReceipt { id }));
                }
                Step::Stay
            }
            Err(refusal) if refusal.hint == "ledger.stale" => {
                self.sent = None;
                self.read(cx);
                cx.notice(Tone::Warn, "shift.read_again");
                Step::Stay
            }
            Err(refusal) => {
                if refusal.kind != Fault::Offline {
                    self.sent = None;
                }
                cx.refuse(refusal)
            }
        }
    }

    fn state(&self) -> Option<&'static str> {
        if self.done {
            Some("shift.closed")
        } else if self.closes_then {
            Some("shift.closes_then")
        } else if self.closing.is_some() {
            Some("shift.posting")
        } else if self.sent.is_some() {
            Some("shift.unanswered")
        } else {
            self.reading.is_some().then_some("shift.reading")
        }
    }
}

impl Screen for CloseShift {
    fn bindings(&self) -> &'static str {
        "close_shift"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened if cx.session.shift.is_none() => {
                return Step::replace(Message::new(Refusal::user("shift.not_open")));
            }
            Input::Action(Action::Accept | Action::Save | Action::Back) if self.done => {
                return Step::Home;
            }
            Input::Reply(ticket, answer) if self.document == Some(ticket) => {
                self.document = None;
                match answer {
                    Ok(Reply::Receipt(receipt)) => cx.hand_out(&receipt),
                    Ok(_) => {}
                    Err(refusal) => return cx.refuse(refusal),
                }
            }
            _ if self.done => {}
            Input::Reply(ticket, answer) if self.reading == Some(ticket) => {
                self.reading = None;
                match answer {
                    Ok(Reply::Sheet(sheet, differences)) => {
                        self.sheet = Some((sheet, differences));
                        self.expiry.start(cx);
                    }
                    Ok(_) => {}
                    Err(refusal) => return cx.refuse(refusal),
                }
            }
            Input::Reply(ticket, ref answer) if self.expiry.took(ticket, answer, cx) => {
                if self.closes_then {
                    self.close(cx);
                }
            }
            Input::Reply(ticket, answer) if self.closing == Some(ticket) => {
                return self.closed(answer, cx);
            }
            Input::Outcome(Outcome::Yes) => match self.question.take() {
                Some(Question::Leave) => return Step::Pop(None),
                Some(Question::FarOff) => return self.counted_right(cx),
                Some(Question::CloseAnyway) => self.close(cx),
                None => {}
            },
            Input::Outcome(_) => self.question = None,
            _ if self.counted.is_none() => return self.counting(&input, cx),
            _ => return self.reviewing(&input, cx),
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let busy = self.closing.is_some() || self.reading.is_some();
        !busy || !matches!(action, Action::Accept | Action::Save | Action::Back)
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let state = self.state().map(|key| look.text(key));
        paint::title(frame, area, look.text("shift.close"), state, look);
        if let (Some(counted), Some((sheet, differences))) = (self.counted, &self.sheet) {
            let mut row = sheet::view(frame, paint::below(area, 1), sheet, counted, look) + 1;
            if let Some((say, role)) = self.expiry.line(sheet.expired) {
                for text in width::wrap(&look.say(&say), area.width.into()) {
                    paint::line(frame, area, row, &text, look.style(role));
                    row += 1;
                }
            }
            row += 1;
            if sheet.expected_cash != counted {
                self.view_reason(frame, area, row, look);
                row += 2;
            }
            sheet::view_differences(frame, paint::below(area, row), differences, look);
            return;
        }
        let mut row = 1;
        for text in width::wrap(look.text("shift.close_about"), area.width.into()) {
            paint::line(frame, area, row, &text, look.style(Role::Dim));
            row += 1;
        }
        let body = paint::below(area, row + 1);
        self.count.view(frame, body, self.counted.is_none(), look);
    }
}

impl CloseShift {
    fn view_reason(&self, frame: &mut Frame, area: Rect, row: u16, look: &Look) {
        let label = width::left(look.text("shift.reason"), sheet::LABEL.into());
        paint::line(frame, area, row, &label, look.style(Role::Dim));
        let right = Rect {
            x: area.x + sheet::LABEL.min(area.width),
            width: area.width.saturating_sub(sheet::LABEL),
            ..paint::below(area, row)
        };
        let active = self.sent.is_none() && !self.done;
        self.reason.view(frame, right, active, look);
        if self.reason_missing {
            let text = format!("! {}", look.text("shift.reason_missing"));
            let after = paint::inset(right, 1, 0);
            paint::line(frame, after, 0, &text, look.style(Role::Warn));
        }
    }
}
