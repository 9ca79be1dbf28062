//! The whole screen: header, the screens that show, a notice, the keys.

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;

use super::{App, Parts};
use crate::ui::paint;
use crate::ui::screen::Look;
use crate::ui::terminal::SMALLEST;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::{header, key_bar};

impl App {
    /// Draws everything.
    pub fn view(&mut self, frame: &mut Frame) {
        let area = frame.area();
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            self.view_too_small(frame, area);
            return;
        }
        let look = look(&self.parts, self.now);
        header::view(frame, area, &look);
        paint::rule(frame, area, 1, &look);
        let keys = self
            .stack
            .last()
            .map_or(1, |layer| key_bar::rows(area, layer.screen.as_ref(), &look));
        let foot = paint::below(area, area.height - 1 - keys);
        paint::rule(frame, foot, 0, &look);
        let body = Rect {
            height: area.height - 3 - keys,
            ..paint::below(area, 2)
        };
        let top = self.stack.len().saturating_sub(1);
        let lowest = self
            .stack
            .iter()
            .rposition(|layer| !layer.screen.is_popup());
        for (place, layer) in self.stack.iter_mut().enumerate().skip(lowest.unwrap_or(0)) {
            let active = place == top;
            layer.screen.view(frame, body, &Look { active, ..look });
        }
        if let Some(notice) = &self.outbox.notice {
            let height = area.height - keys;
            notice.view(frame, Rect { height, ..area }, &look);
        }
        if let Some(layer) = self.stack.last() {
            key_bar::view(frame, paint::below(foot, 1), layer.screen.as_ref(), &look);
        }
    }

    /// Draws the one line that stands while the books are opened.
    pub fn view_preparing(&self, frame: &mut Frame) {
        let look = look(&self.parts, self.now);
        let middle = paint::below(frame.area(), frame.area().height / 2);
        let text = look.text("app.preparing");
        paint::line_centred(frame, middle, 0, text, look.style(Role::Title));
    }

    fn view_too_small(&self, frame: &mut Frame, area: Rect) {
        let look = look(&self.parts, self.now);
        let say = Say::new("app.too_small")
            .with("width", SMALLEST.0)
            .with("height", SMALLEST.1);
        let lines = crate::ui::width::wrap(&look.say(&say), area.width.into());
        for (row, text) in (0..area.height).zip(&lines) {
            paint::line(frame, area, row, text, look.style(Role::Text));
        }
    }
}

fn look(parts: &Parts, now: DateTime<Utc>) -> Look<'_> {
    Look {
        theme: &parts.theme,
        texts: &parts.texts,
        keymap: &parts.keymap,
        session: &parts.session,
        lang: parts.lang,
        now,
        active: false,
    }
}
