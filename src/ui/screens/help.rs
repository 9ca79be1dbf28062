//! F1: what this screen is for and what its keys do.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ui::keymap::{Action, Binding};
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
    "beneficiary",
    "card_form",
    "cards",
    "check_in",
    "check_in_rule",
    "choose",
    "close_shift",
    "confirm",
    "consents",
    "contract_plan",
    "contracts",
    "counter",
    "coupon",
    "deposit",
    "devices",
    "disclosures",
    "dormant",
    "drawer_log",
    "dues",
    "enrol",
    "exchange",
    "family",
    "forfeit",
    "gift",
    "gift_card",
    "give",
    "hand",
    "held",
    "label",
    "learn",
    "level",
    "level_review",
    "level_rule",
    "limit",
    "line",
    "list",
    "manage",
    "material_uses",
    "materials",
    "member",
    "member_edit",
    "merge",
    "message",
    "new_code",
    "new_product",
    "open_shift",
    "operations",
    "orders",
    "own_terms",
    "package",
    "pay_out",
    "printer",
    "product",
    "promotion",
    "reason",
    "receipt",
    "recipe",
    "redeem",
    "refund",
    "reminders",
    "reversal",
    "reward",
    "rule",
    "rule_trial",
    "segment",
    "segment_run",
    "set_up",
    "settlement",
    "sign_in",
    "staff",
    "statement",
    "store",
    "tender",
    "terms",
    "till",
    "top_up",
    "trial",
    "undo_deposit",
    "undo_exchange",
    "undo_merge",
    "undo_redemption",
    "why",
];

/// A line of help as it is drawn.
type Line = (String, Role);

/// Columns a key takes in the list.
const KEY_COLUMNS: usize = 12;

/// The help of one section.
#[derive(Debug)]
pub struct Help {
    section: &'static str,
    /// A popup asks one thing: its keys come before its words.
    keys_first: bool,
    /// Actions that make no sense now.
    greyed: Vec<Action>,
    offset: usize,
    page: usize,
}

impl Help {
    /// Help for a screen.
    #[must_use]
    pub fn new(screen: &dyn Screen) -> Self {
        let all = Action::ALL.iter().map(|(_, action)| *action);
        let can = |action| screen.can(action) && screen.has(action);
        Self {
            section: screen.bindings(),
            keys_first: screen.is_popup(),
            greyed: all.filter(|action| !can(*action)).collect(),
            offset: 0,
            page: 1,
        }
    }

    fn lines(&self, columns: usize, look: &Look) -> Vec<Line> {
        let (title, words) = self.words(columns, look);
        let own = look.keymap.own_bindings(self.section).count();
        let keys = |from: usize, to: usize| {
            let bindings = look.keymap.bindings(self.section);
            let some = bindings.skip(from).take(to - from);
            let lines: Vec<Line> = some.map(|binding| self.key(binding, look)).collect();
            lines
        };
        let blank = || (String::new(), Role::Text);
        let heading = |key: &'static str| (look.text(key).to_owned(), Role::Title);
        let mut lines = title;
        if self.keys_first {
            lines.extend(keys(0, own));
            lines.push(blank());
            lines.extend(words);
            lines.push(blank());
            lines.push(heading("help.other_keys"));
            lines.extend(keys(own, usize::MAX));
        } else {
            lines.extend(words);
            lines.push(blank());
            lines.push(heading("help.keys"));
            lines.extend(keys(0, usize::MAX));
        }
        lines
    }

    /// The title of the page and its words, broken into lines.
    fn words(&self, columns: usize, look: &Look) -> (Vec<Line>, Vec<Line>) {
        let page = PAGES.iter().find(|(section, ..)| *section == self.section);
        let page = page.map_or("", |(_, zh, en)| match look.lang {
            Lang::Zh => zh,
            Lang::En => en,
        });
        let (mut titles, mut words) = (Vec::new(), Vec::new());
        for line in page.lines() {
            let (line, role, to) = match line.strip_prefix("# ") {
                Some(title) => (title, Role::Title, &mut titles),
                None => (line, Role::Text, &mut words),
            };
            let broken = width::wrap(line, columns);
            to.extend(broken.into_iter().map(|text| (text, role)));
            if line.is_empty() {
                to.push((String::new(), Role::Text));
            }
        }
        (titles, words)
    }

    fn key(&self, binding: &Binding, look: &Look) -> Line {
        let key = width::left(&binding.key.to_string(), KEY_COLUMNS);
        let role = if self.greyed.contains(&binding.action) {
            Role::Dim
        } else {
            Role::Text
        };
        (format!("{key}{}", look.text(binding.action.label())), role)
    }
}

impl Screen for Help {
    fn bindings(&self) -> &'static str {
        "help"
    }

    fn on(&mut self, input: Input, _cx: &mut Cx) -> Step {
        match input {
            Input::Action(Action::Back | Action::Accept | Action::Help) => return Step::Pop(None),
            // The queue does not wait for a page of help.
            Input::Scan(scan) => return Step::PassOn(None, scan),
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
        let foot = u16::from(lines.len() > inside.height.into() && inside.height > 1);
        let height = inside.height - foot;
        self.page = usize::from(height).max(1);
        self.offset = self.offset.min(lines.len().saturating_sub(self.page));
        for (row, (text, role)) in (0..height).zip(lines.iter().skip(self.offset)) {
            paint::line(frame, inside, row, text, look.style(*role));
        }
        if foot > 0 {
            let below = lines.len().saturating_sub(self.offset + self.page);
            paint::more(
                frame,
                paint::below(inside, height),
                self.offset,
                below,
                look,
            );
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
