//! Lines of a fixed number of columns.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::glyphs::printable;
use crate::domain::columns;

/// How a line goes on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    Plain,
    Strong,
    /// Strong, and twice as high.
    Tall,
    /// Twice as wide and as high, in the middle.
    Big,
    /// The shop's picture; no text.
    Logo,
    /// A QR code of the text.
    Qr,
    /// A bar code of the text.
    Code128,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub text: String,
    pub form: Form,
}

impl Line {
    /// As the screen shows it: what is a picture on paper has its words in brackets.
    #[must_use]
    pub fn shown(&self, columns: usize) -> Cow<'_, str> {
        match self.form {
            Form::Plain | Form::Strong | Form::Tall => Cow::Borrowed(&self.text),
            Form::Big => Cow::Owned(middle(&self.text, columns)),
            Form::Logo => Cow::Owned(middle("[logo]", columns)),
            Form::Qr => Cow::Owned(middle(&format!("[QR {}]", self.text), columns)),
            Form::Code128 => Cow::Owned(middle(&format!("[|| {} ||]", self.text), columns)),
        }
    }

    /// Whether it stands out.
    #[must_use]
    pub const fn is_strong(&self) -> bool {
        matches!(self.form, Form::Strong | Form::Tall | Form::Big)
    }
}

/// `text` in the middle of so many columns, cut where it has to be.
fn middle(text: &str, columns: usize) -> String {
    let text = columns::fit(text, columns);
    let room = columns.saturating_sub(columns::width(&text));
    format!("{}{text}", " ".repeat(room / 2))
}

/// The slip as far as it is laid out.
#[derive(Debug)]
pub(super) struct Paper {
    columns: usize,
    lines: Vec<Line>,
}

impl Paper {
    pub const fn new(columns: usize) -> Self {
        Self {
            columns,
            lines: Vec::new(),
        }
    }

    pub fn done(self) -> Vec<Line> {
        self.lines
    }

    pub fn put(&mut self, text: String, form: Form) {
        self.lines.push(Line { text, form });
    }

    /// ASCII: a box-drawing rule is two columns on some printers.
    pub fn rule(&mut self) {
        self.put("-".repeat(self.columns), Form::Plain);
    }

    /// In the middle, over as many lines as it takes.
    pub fn middle(&mut self, text: &str, form: Form) {
        let is_big = form == Form::Big;
        let columns = if is_big {
            self.columns / 2
        } else {
            self.columns
        };
        for line in columns::wrap(&printable(text), columns) {
            let text = if is_big { line } else { middle(&line, columns) };
            self.put(text, form);
        }
    }

    /// Over as many lines as it takes; a strong one is cut.
    pub fn prose(&mut self, text: &str, form: Form) {
        let text = printable(text);
        if form != Form::Plain {
            self.put(columns::fit(&text, self.columns).into_owned(), form);
            return;
        }
        for line in columns::wrap(&text, self.columns) {
            self.put(line, form);
        }
    }

    /// One text at the left, cut where it has to be, one at the right.
    pub fn between(&mut self, left: &str, right: &str, form: Form) {
        let (left, right) = (printable(left), printable(right));
        let right = columns::fit(&right, self.columns);
        let gap = usize::from(!right.is_empty());
        let room = self.columns.saturating_sub(columns::width(&right) + gap);
        let gap = self.columns.saturating_sub(columns::width(&right)).min(gap);
        let text = format!("{}{}{right}", columns::left(&left, room), " ".repeat(gap));
        self.put(text.trim_end().to_owned(), form);
    }

    /// As [`Self::between`] in one line when both fit, in two when not.
    pub fn item(&mut self, name: &str, right: &str) {
        let (name, right) = (printable(name), printable(right));
        if columns::width(&name) + 2 + columns::width(&right) <= self.columns {
            self.between(&name, &right, Form::Plain);
            return;
        }
        self.prose(&name, Form::Plain);
        self.between("", &right, Form::Plain);
    }
}
