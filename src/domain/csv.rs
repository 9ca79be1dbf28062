//! Tables for a spreadsheet: UTF-8 with a byte order mark, so that Excel reads the Chinese; every
//! text quoted, lines ended by CR LF (RFC 4180). A text that a spreadsheet would take for
//! a formula gets an apostrophe in front: a name must not be able to compute.

use std::fmt::Write;

use super::money::Fen;

/// Tells Excel that the file is UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What begins a formula, also in the full-width forms a Chinese Excel takes.
const FORMULA: &[char] = &['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    Text(&'a str),
    Number(i64),
    /// Yuan with two decimals, no separators.
    Money(Fen),
    Empty,
}

/// A table as it grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csv(String);

impl Default for Csv {
    fn default() -> Self {
        Self(BYTE_ORDER_MARK.to_string())
    }
}

impl Csv {
    /// Adds a row.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) {
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            self.cell(cell);
        }
        self.0.push_str("\r\n");
    }

    /// The whole file.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }

    fn cell(&mut self, cell: Cell) {
        // Writing to a string cannot fail.
        let _ = match cell {
            Cell::Text(text) => {
                self.text(text);
                Ok(())
            }
            Cell::Number(number) => write!(self.0, "{number}"),
            Cell::Money(Fen(fen)) => {
                let sign = if fen < 0 { "-" } else { "" };
                let fen = fen.unsigned_abs();
                write!(self.0, "{sign}{}.{:02}", fen / 100, fen % 100)
            }
            Cell::Empty => Ok(()),
        };
    }

    fn text(&mut self, text: &str) {
        self.0.push('"');
        let first = text.trim_start_matches(|glyph: char| glyph.is_whitespace());
        if first.starts_with(FORMULA) {
            self.0.push('\'');
        }
        for glyph in text.chars() {
            match glyph {
                '"' => self.0.push_str("\"\""),
                // One line per row, for people who look with other programs.
                glyph if glyph.is_control() => self.0.push(' '),
                glyph => self.0.push(glyph),
            }
        }
        self.0.push('"');
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn one(cells: &[Cell]) -> String {
        let mut csv = Csv::default();
        csv.row(cells.iter().copied());
        let text = csv.into_text();
        let row = text.strip_prefix('\u{feff}').unwrap();
        row.strip_suffix("\r\n").unwrap().to_owned()
    }

    #[test]
    fn texts_are_quoted_and_numbers_are_not() {
        let row = one(&[
            Cell::Text("王\"小\",明"),
            Cell::Number(-3),
            Cell::Empty,
            Cell::Money(Fen(123_405)),
            Cell::Money(Fen(-5)),
        ]);
        assert_eq!(row, "\"王\"\"小\"\",明\",-3,,1234.05,-0.05");
    }

    #[test]
    fn no_text_computes() {
        for text in ["=1+1", "+1", "-1", "@sum", " \t=1", "\r=1", "＝1"] {
            assert!(one(&[Cell::Text(text)]).starts_with("\"'"), "{text:?}");
        }
        assert_eq!(one(&[Cell::Text("a=1\n")]), "\"a=1 \"");
    }

    proptest! {
        #[test]
        fn a_text_stays_one_cell(text in any::<String>()) {
            let row = one(&[Cell::Text(&text)]);
            let inside = row.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            prop_assert!(!inside.replace("\"\"", "").contains('"'));
            prop_assert!(!inside.contains(['\r', '\n']));
        }
    }
}
