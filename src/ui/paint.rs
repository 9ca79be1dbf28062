//! Putting text on the screen: lines, rules, and the frame of a popup. Everything is clipped.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::screen::Look;
use super::text::Say;
use super::theme::{Borders, Role};
use super::width;

/// `text` at the left of row `row` of `area`, cut to its width. Gives the columns it took.
pub fn line(frame: &mut Frame, area: Rect, row: u16, text: &str, style: Style) -> u16 {
    if row >= area.height || area.width == 0 {
        return 0;
    }
    let fitted = width::fit(text, usize::from(area.width));
    frame
        .buffer_mut()
        .set_string(area.x, area.y + row, &fitted, style);
    width::columns(&fitted)
}

/// `text` at the right of row `row` of `area`. Gives the columns it took.
pub fn line_right(frame: &mut Frame, area: Rect, row: u16, text: &str, style: Style) -> u16 {
    let taken = width::columns(text).min(area.width);
    let right = Rect {
        x: area.x + area.width - taken,
        width: taken,
        ..area
    };
    line(frame, right, row, text, style)
}

/// `text` in the middle of row `row` of `area`.
pub fn line_centred(frame: &mut Frame, area: Rect, row: u16, text: &str, style: Style) {
    let taken = width::columns(text).min(area.width);
    let middle = inset(area, (area.width - taken) / 2, 0);
    line(frame, middle, row, text, style);
}

/// A title over the first row of `area`, and beside it what is going on.
pub fn title(frame: &mut Frame, area: Rect, text: &str, state: Option<&str>, look: &Look) {
    let taken = line(frame, area, 0, text, look.style(Role::Title));
    let from = (taken + 2).min(area.width);
    let beside = Rect {
        x: area.x + from,
        width: area.width - from,
        ..area
    };
    line(
        frame,
        beside,
        0,
        state.unwrap_or_default(),
        look.style(Role::Warn),
    );
}

/// A horizontal rule over row `row` of `area`.
pub fn rule(frame: &mut Frame, area: Rect, row: u16, look: &Look) {
    let glyph = glyphs(look.theme.borders).0;
    let text = glyph.repeat(usize::from(area.width));
    line(frame, area, row, &text, look.style(Role::Frame));
}

/// One piece of a vertical rule at the left of row `row` of `area`.
pub fn vertical(frame: &mut Frame, area: Rect, row: u16, look: &Look) {
    let glyph = glyphs(look.theme.borders).1;
    line(frame, area, row, glyph, look.style(Role::Frame));
}

/// Blanks `area`, for what lies over others.
pub fn clear(frame: &mut Frame, area: Rect) {
    blank(frame.buffer_mut(), area);
}

/// Horizontal, vertical, and the four corners.
const fn glyphs(borders: Borders) -> (&'static str, &'static str, [&'static str; 4]) {
    match borders {
        Borders::Line => ("─", "│", ["┌", "┐", "└", "┘"]),
        Borders::Ascii => ("-", "|", ["+", "+", "+", "+"]),
    }
}

/// `area` without `x` columns and `y` rows at each side.
#[must_use]
pub fn inset(area: Rect, x: u16, y: u16) -> Rect {
    Rect {
        x: area.x + x.min(area.width / 2),
        y: area.y + y.min(area.height / 2),
        width: area.width.saturating_sub(x.saturating_mul(2)),
        height: area.height.saturating_sub(y.saturating_mul(2)),
    }
}

/// `area` without its first `rows` rows.
#[must_use]
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}

/// A sign that there are more rows than fit, over the first row of `area` at the right; nothing when all fit.
pub fn more(frame: &mut Frame, area: Rect, above: usize, below: usize, look: &Look) {
    let sides = [(above, "app.more_above"), (below, "app.more_below")];
    let texts = sides.iter().filter(|(count, _)| *count > 0);
    let texts = texts.map(|(count, key)| look.say(&Say::new(key).with("count", count)));
    let text = texts.collect::<Vec<_>>().join("  ");
    line_right(frame, area, 0, &text, look.style(Role::Dim));
}

/// A frame with a title in the middle of `area`, at most `columns` by `rows` inside; blanks what
/// is under it. Gives the inside.
pub fn popup(
    frame: &mut Frame,
    area: Rect,
    (columns, rows): (u16, u16),
    title: &str,
    look: &Look,
) -> Rect {
    let width = columns.saturating_add(4).min(area.width);
    let height = rows.saturating_add(2).min(area.height);
    let outer = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    blank(frame.buffer_mut(), outer);
    let (horizontal, vertical, corners) = glyphs(look.theme.borders);
    let style = look.style(Role::Frame);
    let between = horizontal.repeat(usize::from(width.saturating_sub(2)));
    let [top_left, top_right, bottom_left, bottom_right] = corners;
    for row in 0..height {
        let (left, right) = if row == 0 {
            (top_left, top_right)
        } else if row + 1 == height {
            (bottom_left, bottom_right)
        } else {
            (vertical, vertical)
        };
        line(frame, outer, row, left, style);
        line_right(frame, outer, row, right, style);
        if row == 0 || row + 1 == height {
            line(frame, inset(outer, 1, 0), row, &between, style);
        }
    }
    if !title.is_empty() {
        let label = format!(" {title} ");
        line(
            frame,
            inset(outer, 2, 0),
            0,
            &label,
            look.style(Role::Title),
        );
    }
    inset(outer, 2, 1)
}

/// Blanks `area`, and the wide glyph that its left edge cuts in two: a terminal would draw the
/// whole glyph over the border.
fn blank(buffer: &mut Buffer, area: Rect) {
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
        if let Some(before) = area.x.checked_sub(1)
            && let Some(cell) = buffer.cell_mut((before, y))
            && width::width(cell.symbol()) > 1
        {
            cell.set_symbol(" ");
        }
    }
}
