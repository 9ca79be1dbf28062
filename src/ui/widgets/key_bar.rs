//! The last line, in a narrow window two: the keys of the screen, greyed when they make no sense now.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ui::keymap::{Action, Binding};
use crate::ui::paint;
use crate::ui::screen::{Look, Screen, is_narrow};
use crate::ui::theme::Role;
use crate::ui::width;

/// Below this height a narrow window keeps one line of keys.
const TALL: u16 = 20;

/// Rows the keys of `screen` take at the foot of `area`.
#[must_use]
pub fn rows(area: Rect, screen: &dyn Screen, look: &Look) -> u16 {
    let mut keys = footer(screen, look);
    // The language alone is not worth a row of the screen.
    keys.retain(|binding| binding.action != Action::Language);
    let roomy = is_narrow(area) && area.height >= TALL;
    if roomy && lines(&keys, area.width, look) > 1 {
        2
    } else {
        1
    }
}

/// Draws the footer keys of `screen` over `area`, as many as fit. The ways on always do: help, which
/// lists the rest, the way back, and the menu of everything else.
pub fn view(frame: &mut Frame, area: Rect, screen: &dyn Screen, look: &Look) {
    let keys = fitting(&footer(screen, look), area, look);
    let (mut row, mut column) = (0, 0);
    for binding in keys {
        let (key, label) = words(binding, look);
        let needed = width::columns(&key) + width::columns(&label);
        if column > 0 && column + needed > area.width {
            (row, column) = (row + 1, 0);
        }
        let (key_role, label_role) = if screen.can(binding.action) {
            (Role::Title, Role::Text)
        } else {
            (Role::Dim, Role::Dim)
        };
        for (text, role) in [(key, key_role), (label, label_role)] {
            let rest = Rect {
                x: area.x + column,
                width: area.width.saturating_sub(column),
                ..area
            };
            column += paint::line(frame, rest, row, &text, look.style(role));
        }
    }
}

/// The keys of the footer in their order, help first.
fn footer<'a>(screen: &dyn Screen, look: &Look<'a>) -> Vec<&'a Binding> {
    let keys = look.keymap.bindings(screen.bindings());
    let mut keys: Vec<&Binding> = keys
        .filter(|binding| binding.in_footer && screen.has(binding.action))
        .collect();
    keys.sort_by_key(|binding| binding.action != Action::Help);
    keys
}

/// Those that fit, the ways on before all others.
fn fitting<'a>(keys: &[&'a Binding], area: Rect, look: &Look) -> Vec<&'a Binding> {
    let rank = |action: Action| match action {
        Action::Help => 0,
        Action::Back | Action::More => 1,
        _ => 2,
    };
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|place| keys.get(*place).map(|binding| rank(binding.action)));
    let mut taken: Vec<usize> = Vec::new();
    for place in order {
        let mut more = taken.clone();
        more.push(place);
        more.sort_unstable();
        let some: Vec<&Binding> = more
            .iter()
            .filter_map(|at| keys.get(*at).copied())
            .collect();
        if lines(&some, area.width, look) <= area.height {
            taken = more;
        }
    }
    taken
        .iter()
        .filter_map(|at| keys.get(*at).copied())
        .collect()
}

/// Lines that these keys take.
fn lines(keys: &[&Binding], columns: u16, look: &Look) -> u16 {
    let (mut lines, mut column) = (1, 0);
    for binding in keys {
        let (key, label) = words(binding, look);
        let needed = width::columns(&key) + width::columns(&label);
        if column > 0 && column + needed > columns {
            (lines, column) = (lines + 1, 0);
        }
        column += needed;
    }
    lines
}

fn words(binding: &Binding, look: &Look) -> (String, String) {
    let key = format!(" {}", binding.key);
    let label = format!(" {} ", look.text(binding.action.label()));
    (key, label)
}
