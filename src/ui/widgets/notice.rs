//! One line that says what happened and goes away by itself.

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ui::paint;
use crate::ui::screen::Look;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

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
    /// Over the last row of `area`, and over the one before when it is long.
    pub fn view(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let (sign, role) = self.tone.look();
        let text = format!("{sign}{} ", look.say(&self.say));
        let columns = usize::from(area.width);
        if width::width(text.trim_end()) <= columns || area.height < 2 {
            let last = paint::below(area, area.height.saturating_sub(1));
            paint::line(frame, last, 0, &text, look.style(role));
            return;
        }
        let lines = width::wrap(&text, columns);
        let under = paint::below(area, area.height - 2);
        let (first, rest) = lines.split_first().map_or(("", &[][..]), |(f, r)| (f, r));
        let rest = format!("{}{}", " ".repeat(width::width(sign)), rest.join(""));
        paint::clear(frame, under);
        paint::line(frame, under, 0, first, look.style(role));
        paint::line(frame, under, 1, &rest, look.style(role));
    }
}
