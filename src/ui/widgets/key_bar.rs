//! The last line: the keys of the screen, greyed when they make no sense now.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ui::keymap::{Action, Binding};
use crate::ui::paint;
use crate::ui::screen::Look;
use crate::ui::theme::Role;
use crate::ui::width;

/// Draws the footer keys of `section` over the first row of `area`, as many as fit. Help always
/// does: it lists the rest.
pub fn view(
    frame: &mut Frame,
    area: Rect,
    section: &str,
    can: impl Fn(Action) -> bool,
    look: &Look,
) {
    let mut keys: Vec<&Binding> = look
        .keymap
        .bindings(section)
        .filter(|binding| binding.in_footer)
        .collect();
    keys.sort_by_key(|binding| binding.action != Action::Help);
    let mut rest = area;
    for binding in keys {
        let key = format!(" {}", binding.key);
        let label = format!(" {} ", look.text(binding.action.label()));
        let needed = width::columns(&key) + width::columns(&label);
        if needed > rest.width {
            break;
        }
        let (key_role, label_role) = if can(binding.action) {
            (Role::Title, Role::Text)
        } else {
            (Role::Dim, Role::Dim)
        };
        for (text, role) in [(key, key_role), (label, label_role)] {
            let taken = paint::line(frame, rest, 0, &text, look.style(role));
            rest.x += taken;
            rest.width -= taken;
        }
    }
}
