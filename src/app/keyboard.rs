//! Keys of the terminal as strokes of the burst detector, and back as keys of the keymap.

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::device::stroke::Stroke;
use crate::device::wedge::{Settings, Wedge};
use crate::domain::gtin::Gtin;
use crate::domain::token::Token;
use crate::ui::keymap::Key;

/// What a stroke is for the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pressed {
    Key(Key),
    Char(char),
}

/// The detector with the shop's test for codes that end in silence: a right check digit, or a
/// code of our own.
pub(super) fn detector(burst_gap_ms: u64) -> Wedge {
    let valid = |text: &str| Gtin::parse(text).is_some() || Token::parse(text).is_some();
    Wedge::new(Settings::new(valid).gap_ms(burst_gap_ms))
}

/// The detector's clock: milliseconds of an event.
pub(super) fn millis(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or(0)
}

/// The time of a deadline of the detector.
pub(super) fn time(millis: u64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(i64::try_from(millis).ok()?)
}

/// A key as the detector knows it.
pub(super) const fn stroke(key: &KeyEvent) -> Stroke {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char(glyph) if ctrl => Stroke::Ctrl(glyph.to_ascii_lowercase()),
        KeyCode::Char(_) if key.modifiers.contains(KeyModifiers::ALT) => Stroke::Other,
        KeyCode::Char(glyph) => Stroke::Char(glyph),
        KeyCode::Enter => Stroke::Enter,
        KeyCode::Tab => Stroke::Tab,
        KeyCode::BackTab => Stroke::BackTab,
        KeyCode::Esc => Stroke::Esc,
        KeyCode::Backspace => Stroke::Backspace,
        KeyCode::Delete => Stroke::Delete,
        KeyCode::Insert => Stroke::Insert,
        KeyCode::Up => Stroke::Up,
        KeyCode::Down => Stroke::Down,
        KeyCode::Left => Stroke::Left,
        KeyCode::Right => Stroke::Right,
        KeyCode::Home => Stroke::Home,
        KeyCode::End => Stroke::End,
        KeyCode::PageUp => Stroke::PageUp,
        KeyCode::PageDown => Stroke::PageDown,
        KeyCode::F(number) => Stroke::Function(number),
        _ => Stroke::Other,
    }
}

/// A stroke as the screens know it; `None` for keys nobody can bind.
pub(super) const fn pressed(stroke: &Stroke) -> Option<Pressed> {
    let code = match stroke {
        Stroke::Char(glyph) => return Some(Pressed::Char(*glyph)),
        Stroke::Ctrl(letter) => {
            return Some(Pressed::Key(Key {
                code: KeyCode::Char(*letter),
                ctrl: true,
            }));
        }
        Stroke::Enter => KeyCode::Enter,
        Stroke::Tab => KeyCode::Tab,
        Stroke::BackTab => KeyCode::BackTab,
        Stroke::Esc => KeyCode::Esc,
        Stroke::Backspace => KeyCode::Backspace,
        Stroke::Delete => KeyCode::Delete,
        Stroke::Insert => KeyCode::Insert,
        Stroke::Up => KeyCode::Up,
        Stroke::Down => KeyCode::Down,
        Stroke::Left => KeyCode::Left,
        Stroke::Right => KeyCode::Right,
        Stroke::Home => KeyCode::Home,
        Stroke::End => KeyCode::End,
        Stroke::PageUp => KeyCode::PageUp,
        Stroke::PageDown => KeyCode::PageDown,
        Stroke::Function(number) => KeyCode::F(*number),
        Stroke::Other | Stroke::Paste(_) => return None,
    };
    Some(Pressed::Key(Key { code, ctrl: false }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_keymap_comes_back_as_itself() {
        for code in [
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Delete,
            KeyCode::Insert,
            KeyCode::PageDown,
            KeyCode::F(12),
        ] {
            let there = pressed(&stroke(&KeyEvent::from(code)));
            assert_eq!(there, Some(Pressed::Key(Key { code, ctrl: false })));
        }
        let group = KeyEvent::new(KeyCode::Char('5'), KeyModifiers::CONTROL);
        assert_eq!(stroke(&group), Stroke::Ctrl('5'));
        let alt = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::ALT);
        assert_eq!(pressed(&stroke(&alt)), None);
    }
}
