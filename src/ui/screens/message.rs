//! A refusal in the shop's words: what happened and what to do next. Who scans goes on with her work:
//! that closes it, and the code is for the screen below.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::error::{Kind, Refusal};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

/// Columns of the words.
const COLUMNS: u16 = 52;

/// A popup that Enter or Esc closes.
#[derive(Debug)]
pub struct Message {
    refusal: Refusal,
}

impl Message {
    #[must_use]
    pub const fn new(refusal: Refusal) -> Self {
        Self { refusal }
    }

    const fn title(&self) -> &'static str {
        match self.refusal.kind {
            Kind::User => "message.user",
            Kind::Conflict => "message.conflict",
            Kind::Offline => "message.offline",
            Kind::Device => "message.device",
            Kind::Internal => "message.internal",
        }
    }
}

impl Screen for Message {
    fn bindings(&self) -> &'static str {
        "message"
    }

    fn on(&mut self, input: Input, _cx: &mut Cx) -> Step {
        match input {
            Input::Action(Action::Accept | Action::Back) => Step::Pop(None),
            Input::Scan(scan) => Step::PassOn(None, scan),
            _ => Step::Stay,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let columns = COLUMNS.min(area.width.saturating_sub(4));
        let lines = width::wrap(&look.say(&Say::from(&self.refusal)), columns.into());
        let rows = u16::try_from(lines.len()).unwrap_or(1);
        let title = look.text(self.title());
        let inside = paint::popup(frame, area, (columns, rows), title, look);
        for (row, text) in (0..).zip(&lines) {
            paint::line(frame, inside, row, text, look.style(Role::Text));
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
