//! Key usages (HID Usage Tables, page 0x07) as a US keyboard types them.

/// Num Lock.
pub(super) const NUM_LOCK: u8 = 0x53;

/// What one key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    Char(char),
    /// Ends a code: Enter, Tab, LF, ETX.
    End,
    CapsLock,
    /// A key that types nothing and changes nothing here.
    Nothing,
    /// A key no code contains.
    Stray,
}

/// Usages 0x1E to 0x38 without and with Shift; a space is none.
const PLAIN: &[u8] = b"1234567890     -=[]\\\\;'`,./";
const SHIFTED: &[u8] = b"!@#$%^&*()     _+{}||:\"~<>?";
/// Usages 0x54 to 0x63: the keypad.
const KEYPAD: &[u8] = b"/*-+ 1234567890.";

pub(super) fn typed(usage: u8, shift: bool, ctrl: bool) -> Typed {
    match usage {
        _ if ctrl => control(usage),
        0x04..=0x1D => {
            let letter = char::from(b'a' + (usage - 0x04));
            Typed::Char(if shift {
                letter.to_ascii_uppercase()
            } else {
                letter
            })
        }
        0x28 | 0x2B | 0x58 => Typed::End,
        0x2C => Typed::Char(' '),
        0x39 => Typed::CapsLock,
        0x1E..=0x38 => table(if shift { SHIFTED } else { PLAIN }, usage - 0x1E),
        // The key between left Shift and Z of European keyboards.
        0x64 => Typed::Char(if shift { '|' } else { '\\' }),
        0x54..=0x63 => table(KEYPAD, usage - 0x54),
        0x67 => Typed::Char('='),
        NUM_LOCK | 0xE0..=0xE7 => Typed::Nothing,
        _ => Typed::Stray,
    }
}

/// With Ctrl, a control character: the ends of a code, and GS; no other is content.
const fn control(usage: u8) -> Typed {
    match usage {
        // C (ETX), I (TAB), J (LF), M (CR), Enter and Tab themselves.
        0x06 | 0x0C | 0x0D | 0x10 | 0x28 | 0x2B | 0x58 => Typed::End,
        // B (STX): the prefix of some scanners.
        0x05 => Typed::Nothing,
        0x30 => Typed::Char('\u{1d}'),
        _ => Typed::Stray,
    }
}

fn table(glyphs: &[u8], place: u8) -> Typed {
    match glyphs.get(usize::from(place)) {
        Some(b' ') | None => Typed::Stray,
        Some(&glyph) => Typed::Char(char::from(glyph)),
    }
}

/// A digit of the keypad.
pub(super) fn keypad(usage: u8) -> Option<char> {
    match typed(usage, false, false) {
        Typed::Char(c) if (0x59..=0x62).contains(&usage) => Some(c),
        _ => None,
    }
}

/// The character of Alt and digits on the keypad: ASCII as it is, above that only with the zero
/// in front that stands for Latin-1, and GS.
pub(super) fn composed(digits: &str) -> Option<char> {
    if !(2..=4).contains(&digits.len()) {
        return None;
    }
    let value: u8 = digits.parse().ok()?;
    match value {
        0x1D | 32..=126 => Some(char::from(value)),
        160..=255 if digits.starts_with('0') => Some(char::from(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_character_has_its_key() {
        let mut found: Vec<char> = Vec::new();
        for usage in 0..=u8::MAX {
            for shift in [false, true] {
                if let Typed::Char(c) = typed(usage, shift, false) {
                    found.push(c);
                }
            }
        }
        for c in ' '..='~' {
            assert!(found.contains(&c), "{c:?}");
        }
    }

    #[test]
    fn alt_and_digits_are_one_character_or_none() {
        for (digits, c) in [
            ("029", Some('\u{1d}')),
            ("0065", Some('A')),
            ("65", Some('A')),
            ("0233", Some('é')),
            ("233", None),
            ("6", None),
            ("0007", None),
            ("00065", None),
            ("0300", None),
            ("", None),
        ] {
            assert_eq!(composed(digits), c, "{digits}");
        }
    }
}
