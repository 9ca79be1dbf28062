//! `Stroke`: one key as a terminal can send it, free of any terminal library.

/// Most characters of a paste; the rest is cut.
pub const MAX_PASTE: usize = 2_000;

/// What a terminal can send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stroke {
    /// A printable character.
    Char(char),
    Enter,
    Tab,
    BackTab,
    Esc,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Function(u8),
    /// Ctrl with a letter or digit, lower case. LF is `j`, ETX `c`, GS `5` (crossterm) or `]`.
    Ctrl(char),
    /// Anything else: no key is bound to it.
    Other,
    /// A bracketed paste.
    Paste(String),
}

impl Stroke {
    /// Moves or edits, and repeats while held: harmless, so never held back when nothing is typed.
    #[must_use]
    pub const fn moves(&self) -> bool {
        matches!(
            self,
            Self::Backspace
                | Self::Delete
                | Self::Up
                | Self::Down
                | Self::Left
                | Self::Right
                | Self::Home
                | Self::End
                | Self::PageUp
                | Self::PageDown
        )
    }

    /// Ends a code: CR, TAB, LF or ETX.
    #[must_use]
    pub const fn terminates(&self) -> bool {
        matches!(self, Self::Enter | Self::Tab | Self::Ctrl('j' | 'c'))
    }
}

/// A paste as one line: line ends and tabs become one space, other control characters and
/// direction marks go, the rest is cut at [`MAX_PASTE`] characters.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    // Looks at a bounded part of the input only: a paste may be a whole file.
    for c in text.chars().take(MAX_PASTE * 2) {
        let c = if c.is_whitespace() { ' ' } else { c };
        let hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if !(hidden || c == ' ' && (line.is_empty() || line.ends_with(' '))) {
            line.push(c);
        }
    }
    line.trim_end().chars().take(MAX_PASTE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_is_one_clean_bounded_line() {
        assert_eq!(
            one_line("  690\t123\r\n\r\n456\u{1b}[2J\u{7f}\n"),
            "690 123 456[2J"
        );
        assert_eq!(one_line("a\u{202e}b\u{feff}c\u{200d}"), "abc");
        assert_eq!(one_line("\u{3000}王晓明\u{3000}"), "王晓明");
        assert_eq!(one_line("\r\n\t"), "");
        assert_eq!(
            one_line(&"长".repeat(10 * MAX_PASTE)).chars().count(),
            MAX_PASTE
        );
    }
}
