//! Why data leaves the shop, or the drawer opens: one line, with the usual reasons to take by Enter (PV2).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::width;

/// Columns inside the frame.
const COLUMNS: u16 = 48;

/// Longest reason, characters.
const LENGTH: usize = 60;

/// Columns before the line for another reason.
const LABEL: u16 = 8;

/// Why somebody looks at a full phone number.
const REVEAL: [&str; 4] = [
    "reason.phone_her",
    "reason.identity",
    "reason.deliver",
    "reason.she_asked",
];

/// Why somebody takes a list of members.
const EXPORT: [&str; 4] = [
    "reason.call_back",
    "reason.report",
    "reason.reconcile",
    "reason.she_asked",
];

/// Why somebody takes all that is known of a member.
const PERSON: [&str; 4] = [
    "reason.she_asked",
    "reason.authority",
    "reason.reconcile",
    "reason.report",
];

/// Why somebody opens the drawer without a payment.
const DRAWER: [&str; 4] = [
    "reason.small_change",
    "reason.wrong_change",
    "reason.count_cash",
    "reason.try_drawer",
];

/// Why a contract ends before its last stage.
const CONTRACT: [&str; 4] = [
    "reason.moves",
    "reason.no_more",
    "reason.shop_stops",
    "reason.by_mistake",
];

/// Who is served besides the holder (PK1).
const WHOM: [&str; 4] = [
    "reason.child",
    "reason.spouse",
    "reason.parent",
    "reason.friend",
];

/// A popup; pops `Outcome::Text` with the reason, or nothing on Esc.
#[derive(Debug)]
pub struct Reason {
    title: &'static str,
    question: Say,
    usual: [&'static str; 4],
    selected: usize,
    /// Another reason; it counts as soon as something stands there.
    other: Field,
}

impl Reason {
    /// Before a full phone number is shown.
    #[must_use]
    pub fn reveal() -> Self {
        Self::new(Say::new("reason.reveal"), REVEAL)
    }

    /// Before the drawer opens without a payment.
    #[must_use]
    pub fn drawer() -> Self {
        Self::new(Say::new("reason.drawer"), DRAWER)
    }

    /// Before a contract ends.
    #[must_use]
    pub fn contract() -> Self {
        Self::new(Say::new("reason.contract"), CONTRACT)
    }

    /// Before all that is known of somebody becomes a file.
    #[must_use]
    pub fn person() -> Self {
        Self::new(Say::new("reason.person"), PERSON)
    }

    /// Before a list becomes a file.
    #[must_use]
    pub fn export() -> Self {
        Self::new(Say::new("reason.export"), EXPORT)
    }

    /// Before somebody else is served from a shared package: how she is called, no more.
    #[must_use]
    pub fn whom() -> Self {
        Self {
            title: "reason.whom_title",
            ..Self::new(Say::new("reason.whom"), WHOM)
        }
    }

    fn new(question: Say, usual: [&'static str; 4]) -> Self {
        Self {
            title: "reason.title",
            question,
            usual,
            selected: 0,
            other: Field::new(Kind::Any).most(LENGTH),
        }
    }

    fn reason(&self, cx: &Cx) -> String {
        let typed = self.other.value().trim();
        let usual = self.usual.get(self.selected).copied();
        if typed.is_empty() {
            cx.text(usual.unwrap_or("reason.she_asked")).to_owned()
        } else {
            typed.to_owned()
        }
    }
}

impl Screen for Reason {
    fn bindings(&self) -> &'static str {
        "reason"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.other.on(&input) {
            return Step::Stay;
        }
        match input {
            Input::Action(Action::Accept) => {
                return Step::Pop(Some(Outcome::Text(self.reason(cx))));
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Action(Action::Up | Action::Previous) => {
                self.selected = self.selected.saturating_sub(1);
            }
            Input::Action(Action::Down | Action::Next) => {
                self.selected = (self.selected + 1).min(self.usual.len() - 1);
            }
            _ => {}
        }
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let columns = COLUMNS.min(area.width.saturating_sub(4));
        let words = width::wrap(&look.say(&self.question), columns.into());
        let above = u16::try_from(words.len()).unwrap_or(1);
        let rows = above + 7;
        let title = look.text(self.title);
        let inside = paint::popup(frame, area, (columns, rows), title, look);
        for (row, text) in (0..).zip(&words) {
            paint::line(frame, inside, row, text, look.style(Role::Text));
        }
        let typed = !self.other.is_empty();
        for (place, (row, key)) in (above + 1..).zip(self.usual).enumerate() {
            let role = match (typed, place == self.selected) {
                (true, _) => Role::Dim,
                (false, true) => Role::Selected,
                (false, false) => Role::Text,
            };
            let text = width::left(&format!(" {}", look.text(key)), inside.width.into());
            paint::line(frame, inside, row, &text, look.style(role));
        }
        let last = paint::below(inside, above + 6);
        let label = width::left(look.text("reason.other"), LABEL.into());
        paint::line(frame, last, 0, &label, look.style(Role::Dim));
        let field = Rect {
            x: last.x + LABEL.min(last.width),
            width: last.width.saturating_sub(LABEL),
            ..last
        };
        self.other.view(frame, field, true, look);
    }

    fn is_popup(&self) -> bool {
        true
    }
}
