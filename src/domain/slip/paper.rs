//! Lines of a fixed number of columns.

use super::Layout;
use crate::domain::columns;
use crate::domain::money::Fen;

/// One line; `strong` ones are large or bold where the medium can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    pub strong: bool,
}

/// The slip as far as it is laid out.
pub(super) struct Paper<'a> {
    pub layout: Layout<'a>,
    lines: Vec<Line>,
}

impl<'a> Paper<'a> {
    pub const fn new(layout: Layout<'a>) -> Self {
        Self {
            layout,
            lines: Vec::new(),
        }
    }

    pub fn done(self) -> Vec<Line> {
        self.lines
    }

    pub fn word(&self, key: &'static str) -> String {
        (self.layout.words)(key)
    }

    fn put(&mut self, text: String, strong: bool) {
        self.lines.push(Line { text, strong });
    }

    /// ASCII: a box-drawing rule is two columns on some printers.
    pub fn rule(&mut self) {
        self.put("-".repeat(self.layout.columns), false);
    }

    fn put_middle(&mut self, text: &str, strong: bool) {
        for line in columns::wrap(text, self.layout.columns) {
            let room = self.layout.columns.saturating_sub(columns::width(&line));
            self.put(format!("{}{line}", " ".repeat(room / 2)), strong);
        }
    }

    pub fn middle(&mut self, text: &str) {
        self.put_middle(text, true);
    }

    pub fn plain_middle(&mut self, text: &str) {
        self.put_middle(text, false);
    }

    pub fn centred(&mut self, key: &'static str) {
        let text = self.word(key);
        self.put_middle(&text, false);
    }

    pub fn strong(&mut self, text: &str) {
        let text = columns::fit(text, self.layout.columns).into_owned();
        self.put(text, true);
    }

    /// Text over as many lines as it takes.
    pub fn prose(&mut self, text: &str) {
        for line in columns::wrap(text, self.layout.columns) {
            self.put(line, false);
        }
    }

    /// The text of a key, its places filled, over as many lines as it takes.
    pub fn say(&mut self, key: &'static str, with: &[(&str, String)]) {
        let mut text = self.word(key);
        for (name, value) in with {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        self.prose(&text);
    }

    fn put_between(&mut self, left: &str, right: &str, strong: bool) {
        let room = self
            .layout
            .columns
            .saturating_sub(columns::width(right) + usize::from(!right.is_empty()));
        let gap = usize::from(!right.is_empty());
        let text = format!(
            "{}{}{right}",
            columns::left(left, room),
            " ".repeat(gap.min(self.layout.columns))
        );
        self.put(text.trim_end().to_owned(), strong);
    }

    /// One text at the left, cut where it has to be, one at the right.
    pub fn between(&mut self, left: &str, right: &str) {
        self.put_between(left, right, false);
    }

    /// As [`Self::between`] in one line when both fit, in two when not.
    pub fn item(&mut self, name: &str, right: &str) {
        if columns::width(name) + 2 + columns::width(right) <= self.layout.columns {
            self.between(name, right);
            return;
        }
        self.prose(name);
        self.between("", right);
    }

    pub fn money(&mut self, key: &'static str, amount: Fen) {
        let label = self.word(key);
        self.between(&label, &amount.to_string());
    }

    pub fn loud(&mut self, key: &'static str, amount: Fen) {
        let label = self.word(key);
        self.put_between(&label, &amount.to_string(), true);
    }

    pub fn count(&mut self, key: &'static str, count: i64) {
        let label = self.word(key);
        self.between(&label, &count.to_string());
    }
}
