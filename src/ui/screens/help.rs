//! F1: what this screen is for and what its keys do.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step};
use crate::ui::text::Lang;
use crate::ui::theme::Role;
use crate::ui::width;

/// Pages of help: section of the keymap, Chinese, English.
macro_rules! pages {
    ($($section:literal),+ $(,)?) => {
        &[$((
            $section,
            include_str!(concat!("../../../assets/help/", $section, ".zh.md")),
            include_str!(concat!("../../../assets/help/", $section, ".en.md")),
        )),+]
    };
}

/// Every page there is.
pub const PAGES: &[(&str, &str, &str)] = pages![
    "add_card",
    "approve",
    "attach",
    "close_shift",
    "counter",
    "disclosures",
    "dormant",
    "enrol",
    "held",
    "level",
    "limit",
    "line",
    "list",
    "manage",
    "member",
    "member_edit",
    "new_product",
    "open_shift",
    "operations",
    "pay_out",
    "product",
    "reason",
    "receipt",
    "refund",
    "reversal",
    "rule",
    "set_up",
    "sign_in",
    "staff",
    "statement",
    "store",
    "tender",
    "terms",
    "till",
    "top_up",
];

/// Columns a key takes in the list.
const KEY_COLUMNS: usize = 12;

/// The help of one section.
#[derive(Debug)]
pub struct Help {
    section: &'static str,
    /// Actions that make no sense now.
    greyed: Vec<Action>,
    offset: usize,
    page: usize,
}

impl Help {
    /// Help for `section`; `can` is the screen's.
    #[must_use]
    pub fn new(section: &'static str, can: impl Fn(Action) -> bool) -> Self {
        let all = Action::ALL.iter().map(|(_, action)| *action);
        Self {
            section,
            greyed: all.filter(|action| !can(*action)).collect(),
            offset: 0,
            page: 1,
        }
    }

    fn lines(&self, columns: usize, look: &Look) -> Vec<(String, Role)> {
        let page = PAGES.iter().find(|(section, ..)| *section == self.section);
        let words = page.map_or("", |(_, zh, en)| match look.lang {
            Lang::Zh => zh,
            Lang::En => en,
        });
        let mut lines = Vec::new();
        for line in words.lines() {
            let (line, role) = match line.strip_prefix("# ") {
                Some(title) => (title, Role::Title),
                None => (line, Role::Text),
            };
            let broken = width::wrap(line, columns);
            let wrapped = broken.into_iter().map(|text| (text, role));
            lines.extend(wrapped);
            if line.is_empty() {
                lines.push((String::new(), Role::Text));
            }
        }
        if !lines.is_empty() {
            lines.push((String::new(), Role::Text));
        }
        lines.push((look.text("help.keys").to_owned(), Role::Title));
        for binding in look.keymap.bindings(self.section) {
            let key = width::left(&binding.key.to_string(), KEY_COLUMNS);
            let role = if self.greyed.contains(&binding.action) {
                Role::Dim
            } else {
                Role::Text
            };
            lines.push((format!("{key}{}", look.text(binding.action.label())), role));
        }
        lines
    }
}

impl Screen for Help {
    fn bindings(&self) -> &'static str {
        "help"
    }

    fn on(&mut self, input: Input, _cx: &mut Cx) -> Step {
        match input {
            Input::Action(Action::Back | Action::Accept | Action::Help) => return Step::Pop(None),
            Input::Action(Action::Up) => self.offset = self.offset.saturating_sub(1),
            Input::Action(Action::Down) => self.offset += 1,
            Input::Action(Action::PageUp) => self.offset = self.offset.saturating_sub(self.page),
            Input::Action(Action::PageDown) => self.offset += self.page,
            _ => {}
        }
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let title = look.text("help.title");
        let inside = paint::popup(frame, area, (area.width, area.height), title, look);
        let lines = self.lines(inside.width.into(), look);
        self.page = usize::from(inside.height).max(1);
        self.offset = self.offset.min(lines.len().saturating_sub(self.page));
        for (row, (text, role)) in (0..inside.height).zip(lines.iter().skip(self.offset)) {
            paint::line(frame, inside, row, text, look.style(*role));
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
