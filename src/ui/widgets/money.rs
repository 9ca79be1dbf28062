//! Money, the loudest thing on the screen: at the right of a line, or in large digits that the
//! customer can read from the other side of the counter. ASCII only.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::money::Fen;
use crate::ui::paint;
use crate::ui::screen::Look;
use crate::ui::theme::Role;
use crate::ui::width;

/// Rows of the large form.
pub const LARGE_ROWS: u16 = 3;

/// A label at the left of row `row` and an amount at its right.
pub fn line(frame: &mut Frame, area: Rect, row: u16, label: &str, amount: Fen, look: &Look) {
    let taken = paint::line_right(
        frame,
        area,
        row,
        &amount.to_string(),
        look.style(Role::Money),
    );
    let left = Rect {
        width: area.width.saturating_sub(taken + 1),
        ..area
    };
    paint::line(frame, left, row, label, look.style(Role::Text));
}

/// The amount in large digits at the right of the first [`LARGE_ROWS`] rows of `area`; in one
/// line when there is no room.
pub fn large(frame: &mut Frame, area: Rect, amount: Fen, look: &Look) {
    let text = amount.to_string();
    let style = look.style(Role::Money);
    let rows = large_rows(&text);
    let fits = rows.iter().all(|row| width::columns(row) <= area.width);
    if !fits || area.height < LARGE_ROWS {
        paint::line_right(frame, area, 0, &text, style);
        return;
    }
    for (row, text) in (0..).zip(&rows) {
        paint::line_right(frame, area, row, text, style);
    }
}

fn large_rows(text: &str) -> [String; 3] {
    let mut rows = [const { String::new() }; 3];
    for glyph in text.chars() {
        for (row, part) in rows.iter_mut().zip(large_glyph(glyph)) {
            if !row.is_empty() {
                row.push(' ');
            }
            row.push_str(part);
        }
    }
    rows
}

/// The three rows of one character, all of the same width.
const fn large_glyph(glyph: char) -> [&'static str; 3] {
    match glyph {
        '0' => [" _ ", "| |", "|_|"],
        '1' => ["   ", "  |", "  |"],
        '2' => [" _ ", " _|", "|_ "],
        '3' => [" _ ", " _|", " _|"],
        '4' => ["   ", "|_|", "  |"],
        '5' => [" _ ", "|_ ", " _|"],
        '6' => [" _ ", "|_ ", "|_|"],
        '7' => [" _ ", "  |", "  |"],
        '8' => [" _ ", "|_|", "|_|"],
        '9' => [" _ ", "|_|", " _|"],
        '-' => ["  ", "--", "  "],
        ',' => [" ", " ", ","],
        '.' => [" ", " ", "."],
        _ => ["", "", ""],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_digits_line_up() {
        let [top, middle, bottom] = large_rows("-1,960.50");
        assert_eq!(top.len(), middle.len());
        assert_eq!(top.len(), bottom.len());
        assert_eq!(large_rows("12")[1], "  |  _|");
    }
}
