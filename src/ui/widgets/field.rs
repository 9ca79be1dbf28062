//! One line of typing: paste-safe, bounded, with the real cursor at the caret so that an input
//! method shows its pre-edit there.

use std::fmt;

use ratatui::Frame;
use ratatui::layout::Rect;
use tui_input::{Input as Line, InputRequest};
use unicode_width::UnicodeWidthChar;

use crate::domain::money::Fen;
use crate::domain::payment_code::wipe;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Input, Look};
use crate::ui::theme::Role;
use crate::ui::width;

/// Characters a field takes unless told otherwise.
const USUAL_LENGTH: usize = 64;

/// Which characters a field takes. Full-width digits become ASCII everywhere but in `Any`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Any,
    Digits,
    /// Digits and one point with at most two decimals behind it.
    Amount,
    /// Digits, shown as `*`.
    Pin,
}

/// A one-line input.
#[derive(Clone)]
pub struct Field {
    kind: Kind,
    most: usize,
    line: Line,
    /// What stands there goes when a character is typed.
    proposed: bool,
    marked: Option<(Line, bool)>,
}

/// Never shows what was typed: it may be a PIN or a phone number.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.line.value().chars().count();
        write!(f, "Field({:?}, {length} characters)", self.kind)
    }
}

impl Field {
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            most: USUAL_LENGTH,
            line: Line::default(),
            proposed: false,
            marked: None,
        }
    }

    /// At most this many characters.
    #[must_use]
    pub const fn most(mut self, characters: usize) -> Self {
        self.most = characters;
        self
    }

    /// Starts with this text, the caret behind it.
    #[must_use]
    pub fn with(mut self, text: &str) -> Self {
        self.set(text);
        self
    }

    #[must_use]
    pub fn value(&self) -> &str {
        self.line.value()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.line.value().is_empty()
    }

    /// What stands there as an amount; `None` is "not an amount".
    #[must_use]
    pub fn amount(&self) -> Option<Fen> {
        Fen::parse(self.value())
    }

    /// What is wrong with the text, as a key of the texts, when something has to stand there.
    #[must_use]
    pub fn complaint(&self) -> Option<&'static str> {
        match self.kind {
            _ if self.value().trim().is_empty() => Some("field.empty"),
            Kind::Amount if self.amount().is_none() => Some("field.amount"),
            _ => None,
        }
    }

    /// Replaces the text; what the field does not take is left out.
    pub fn set(&mut self, text: &str) {
        self.clear();
        self.insert_all(text);
    }

    pub fn clear(&mut self) {
        self.line = Line::default();
        self.proposed = false;
    }

    /// Keeps what stands there as a proposal: the first character typed replaces it, an editing key keeps it.
    pub const fn propose(&mut self) {
        self.proposed = true;
    }

    /// Empties it, and overwrites what stood there: it may have been worth money.
    pub fn wipe(&mut self) {
        let mut text = String::from(std::mem::take(&mut self.line));
        wipe(&mut text);
    }

    /// Takes an input that is for a field. Returns whether it did: any character or paste, and an
    /// editing key that changed something. `Mark` and `Rollback` are obeyed and reported as not
    /// taken, because every field of the screen needs them.
    pub fn on(&mut self, input: &Input) -> bool {
        match input {
            Input::Text(glyph) => {
                self.insert(*glyph);
                true
            }
            Input::Paste(text) => {
                self.insert_all(text);
                true
            }
            Input::Action(action) => self.edit(*action),
            Input::Mark => {
                self.marked = Some((self.line.clone(), self.proposed));
                false
            }
            Input::Rollback => {
                if let Some((line, proposed)) = self.marked.take() {
                    self.line = line;
                    self.proposed = proposed;
                }
                false
            }
            _ => false,
        }
    }

    fn edit(&mut self, action: Action) -> bool {
        let request = match action {
            Action::Left => InputRequest::GoToPrevChar,
            Action::Right => InputRequest::GoToNextChar,
            Action::Home => InputRequest::GoToStart,
            Action::End => InputRequest::GoToEnd,
            Action::Erase => InputRequest::DeletePrevChar,
            Action::Delete => InputRequest::DeleteNextChar,
            Action::EraseWord => InputRequest::DeletePrevWord,
            Action::EraseLine => InputRequest::DeleteLine,
            _ => return false,
        };
        self.proposed = false;
        let before = (self.line.value().len(), self.line.cursor());
        self.line.handle(request);
        before != (self.line.value().len(), self.line.cursor())
    }

    fn insert_all(&mut self, text: &str) {
        for glyph in text.chars().take(self.most.saturating_mul(2)) {
            self.insert(glyph);
        }
    }

    fn insert(&mut self, typed: char) {
        let proposal = self.proposed.then(|| std::mem::take(&mut self.line));
        let Some(glyph) = self.accepts(typed) else {
            self.line = proposal.unwrap_or_else(|| std::mem::take(&mut self.line));
            return;
        };
        self.proposed = false;
        if self.value().chars().count() < self.most {
            self.line.handle(InputRequest::InsertChar(glyph));
        }
    }

    fn accepts(&self, typed: char) -> Option<char> {
        if self.kind == Kind::Any {
            return (!typed.is_control() && !is_invisible(typed)).then_some(typed);
        }
        let glyph = match typed {
            '０'..='９' => char::from_digit(u32::from(typed) - u32::from('０'), 10)?,
            '。' | '．' => '.',
            other => other,
        };
        match glyph {
            '0'..='9' if self.kind != Kind::Amount => Some(glyph),
            '0'..='9' | '.' if self.kind == Kind::Amount => {
                self.fits_amount(glyph).then_some(glyph)
            }
            _ => None,
        }
    }

    /// Whether the text with `glyph` at the caret can still become an amount.
    fn fits_amount(&self, glyph: char) -> bool {
        let caret = self.line.cursor();
        let mut text: Vec<char> = self.value().chars().collect();
        text.insert(caret.min(text.len()), glyph);
        let mut parts = text.split(|glyph| *glyph == '.');
        let whole = parts.next().map_or(0, <[char]>::len);
        let decimals = parts.next().map_or(0, <[char]>::len);
        whole <= 7 && decimals <= 2 && parts.next().is_none()
    }

    /// Draws it over the first row of `area`, scrolled so that the caret is visible.
    pub fn view(&self, frame: &mut Frame, area: Rect, focused: bool, look: &Look) {
        if area.is_empty() {
            return;
        }
        let shown = if self.kind == Kind::Pin {
            "*".repeat(self.value().chars().count())
        } else {
            self.value().to_owned()
        };
        let glyphs: Vec<char> = shown.chars().collect();
        let caret = self.line.cursor().min(glyphs.len());
        let (before, after) = glyphs.split_at(caret);
        let room = usize::from(area.width).saturating_sub(1);
        let mut used = 0;
        let visible = before
            .iter()
            .rev()
            .take_while(|glyph| {
                used += glyph.width().unwrap_or(0);
                used <= room
            })
            .count();
        let head: String = before.iter().skip(caret - visible).collect();
        let tail: String = after.iter().collect();
        let text = width::left(&format!("{head}{tail} "), usize::from(area.width));
        let role = if focused { Role::Focus } else { Role::Text };
        paint::line(frame, area, 0, &text, look.style(role));
        if focused && look.active {
            let x = area.x + width::columns(&head).min(area.width.saturating_sub(1));
            frame.set_cursor_position((x, area.y));
        }
    }
}

/// Characters without a picture that only confuse: zero-width and direction marks.
const fn is_invisible(glyph: char) -> bool {
    matches!(glyph, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(kind: Kind, text: &str) -> Field {
        let mut field = Field::new(kind);
        for glyph in text.chars() {
            field.on(&Input::Text(glyph));
        }
        field
    }

    #[test]
    fn kinds_take_what_they_name() {
        assert_eq!(typed(Kind::Digits, "1a３ 8").value(), "138");
        assert_eq!(typed(Kind::Amount, "68.505").value(), "68.50");
        assert_eq!(typed(Kind::Amount, "1.2.3").value(), "1.23");
        assert_eq!(typed(Kind::Amount, "６８。5").amount(), Some(Fen(6850)));
        assert_eq!(typed(Kind::Amount, ".").complaint(), Some("field.amount"));
        assert_eq!(typed(Kind::Any, " ").complaint(), Some("field.empty"));
        assert_eq!(typed(Kind::Any, "王\u{1b}\u{200b}晓明").value(), "王晓明");
    }

    #[test]
    fn a_paste_is_cut_and_cleaned() {
        let mut field = Field::new(Kind::Any).most(5);
        assert!(field.on(&Input::Paste("ab\r\n\tcd\u{7}efgh".into())));
        assert_eq!(field.value(), "abcde");
    }

    #[test]
    fn a_scan_leaves_no_digits_behind() {
        let mut field = typed(Kind::Any, "王晓");
        field.on(&Input::Action(Action::Left));
        field.on(&Input::Mark);
        for glyph in "6901234567892".chars() {
            field.on(&Input::Text(glyph));
        }
        field.on(&Input::Rollback);
        field.on(&Input::Text('小'));
        assert_eq!(field.value(), "王小晓");
    }

    #[test]
    fn keys_that_change_nothing_are_left_to_the_screen() {
        let mut field = Field::new(Kind::Any);
        assert!(!field.on(&Input::Action(Action::Erase)));
        assert!(!field.on(&Input::Action(Action::Left)));
        assert!(!field.on(&Input::Action(Action::Accept)));
    }

    #[test]
    fn debug_shows_no_content() {
        assert!(!format!("{:?}", typed(Kind::Pin, "1357")).contains("1357"));
    }

    proptest! {
        #[test]
        fn whatever_comes_stays_in_bounds(text in ".{0,80}", most in 0_usize..20) {
            for kind in [Kind::Any, Kind::Digits, Kind::Amount, Kind::Pin] {
                let mut field = Field::new(kind).most(most);
                field.on(&Input::Paste(text.clone()));
                prop_assert!(field.value().chars().count() <= most);
                prop_assert!(!field.value().chars().any(char::is_control));
            }
        }
    }
}
