//! One line that says what happened and goes away by itself.

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ui::paint;
use crate::ui::screen::Look;
use crate::ui::text::Say;
use crate::ui::theme::Role;

/// How a notice sounds. A sign stands beside the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Plain,
    Warn,
    Bad,
}

impl Tone {
    const fn look(self) -> (&'static str, Role) {
        match self {
            Self::Good => (" + ", Role::Good),
            Self::Plain => (" ", Role::Text),
            Self::Warn => (" ! ", Role::Warn),
            Self::Bad => (" !! ", Role::Bad),
        }
    }
}

/// What is said, and until when.
#[derive(Debug, Clone)]
pub struct Notice {
    pub say: Say,
    pub tone: Tone,
    pub until: DateTime<Utc>,
}

impl Notice {
    /// Over the first row of `area`.
    pub fn view(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let (sign, role) = self.tone.look();
        let text = format!("{sign}{} ", look.say(&self.say));
        paint::line(frame, area, 0, &text, look.style(role));
    }
}
