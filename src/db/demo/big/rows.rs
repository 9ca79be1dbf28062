//! Rows in the text format of `copy`.

use std::fmt::{Display, Write};

use serde::Serialize;

/// Rows of one table. A field is written after the other; [`Rows::end`] ends the row.
#[derive(Debug, Default)]
pub struct Rows(String);

impl Rows {
    /// A value whose text has no backslash, tab or line end.
    pub fn plain(&mut self, value: impl Display) -> &mut Self {
        self.separate();
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{value}");
        self
    }

    /// As [`Rows::plain`]; none is null.
    pub fn maybe(&mut self, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.plain(value),
            None => self.plain("\\N"),
        }
    }

    /// Any text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.separate();
        for letter in value.chars() {
            match letter {
                '\\' => self.0.push_str("\\\\"),
                '\t' => self.0.push_str("\\t"),
                '\n' => self.0.push_str("\\n"),
                '\r' => self.0.push_str("\\r"),
                other => self.0.push(other),
            }
        }
        self
    }

    /// A document; none is null.
    pub fn json(&mut self, value: Option<&impl Serialize>) -> &mut Self {
        match value.and_then(|value| serde_json::to_string(value).ok()) {
            Some(text) => self.text(&text),
            None => self.maybe(None::<i32>),
        }
    }

    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.plain("\\\\x");
        for byte in value {
            let _ = write!(self.0, "{byte:02x}");
        }
        self
    }

    /// An array of values without quotes, commas, braces, spaces.
    pub fn array<T: Display>(&mut self, items: impl Iterator<Item = T>) -> &mut Self {
        self.separate();
        for (no, item) in items.enumerate() {
            self.0.push(if no == 0 { '{' } else { ',' });
            let _ = write!(self.0, "{item}");
        }
        self.close_array()
    }

    /// An array of any texts.
    pub fn texts<T: AsRef<str>>(&mut self, items: impl Iterator<Item = T>) -> &mut Self {
        self.separate();
        for (no, item) in items.enumerate() {
            self.0.push_str(if no == 0 { "{\"" } else { ",\"" });
            for letter in item.as_ref().chars() {
                match letter {
                    // Escaped for the array, and that for the row.
                    '\\' => self.0.push_str("\\\\\\\\"),
                    '"' => self.0.push_str("\\\\\""),
                    '\t' => self.0.push_str("\\t"),
                    '\n' => self.0.push_str("\\n"),
                    '\r' => self.0.push_str("\\r"),
                    other => self.0.push(other),
                }
            }
            self.0.push('"');
        }
        self.close_array()
    }

    pub fn end(&mut self) {
        self.0.push('\n');
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows so far; none are left.
    pub fn take(&mut self) -> Vec<u8> {
        let fresh = String::with_capacity(self.0.len());
        std::mem::replace(&mut self.0, fresh).into_bytes()
    }

    fn separate(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with('\n') {
            self.0.push('\t');
        }
    }

    fn close_array(&mut self) -> &mut Self {
        if self.0.ends_with(['\t', '\n']) || self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_quoted_for_copy() {
        let mut rows = Rows::default();
        rows.plain(1).maybe(None::<i32>).text("a\\b\tc").end();
        rows.array([1, 2].into_iter())
            .array(std::iter::empty::<i32>())
            .texts(["x \"y\" \\", ""].into_iter())
            .bytes(&[0, 255])
            .end();
        let text = String::from_utf8_lossy(&rows.take()).into_owned();
        assert_eq!(
            text,
            "1\t\\N\ta\\\\b\\tc\n{1,2}\t{}\t{\"x \\\\\"y\\\\\" \\\\\\\\\",\"\"}\t\\\\x00ff\n"
        );
        assert!(rows.is_empty());
    }
}
