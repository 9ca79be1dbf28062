//! What the terminal sends, as keys.
//!
//! A reader of our own: the usual one waits for the end of a sequence it has begun for ever, so that a code
//! with an escape in it, from a scanner that types or from an unbracketed paste, made the till deaf. Here a
//! sequence ends, is known or is dropped, and what never ends is given up after a moment.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

const ESC: u8 = 0x1b;

/// Longer than any sequence a terminal sends.
const LONGEST: usize = 32;

/// What is read of one paste; the rest is dropped.
const PASTE: usize = 64 * 1024;

const PASTE_END: &[u8] = b"\x1b[201~";

/// Bytes in, keys out.
#[derive(Debug, Default)]
pub(super) struct Keys {
    bytes: Vec<u8>,
    /// Inside a bracketed paste.
    pasting: bool,
}

/// What the first bytes are.
enum Head {
    /// An event, and how many bytes it took.
    Is(Event, usize),
    /// Nothing that matters.
    Drop(usize),
    /// The beginning of something.
    More,
}

impl Keys {
    /// Takes what was read and gives what it says.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.bytes.extend_from_slice(bytes);
        self.drain()
    }

    /// Something has begun and not ended.
    pub(super) fn is_waiting(&self) -> bool {
        self.pasting || !self.bytes.is_empty()
    }

    /// Nothing more comes: a lone escape is the key, a paste is over, the beginning of anything else is dropped.
    pub(super) fn give_up(&mut self) -> Vec<Event> {
        if std::mem::take(&mut self.pasting) {
            return vec![paste(&std::mem::take(&mut self.bytes))];
        }
        if self.bytes.first() == Some(&ESC) {
            self.bytes.remove(0);
            let mut events = vec![key(KeyCode::Esc)];
            if self.bytes.len() > 1 {
                // The beginning of a sequence, not a key.
                events.clear();
                self.bytes.clear();
            }
            events.extend(self.drain());
            return events;
        }
        self.bytes.clear();
        Vec::new()
    }

    fn drain(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            if self.pasting {
                let Some(end) = find(&self.bytes, PASTE_END) else {
                    // The end may have come in part; the middle of too much goes.
                    let keep = self.bytes.len().min(PASTE_END.len());
                    let tail = self.bytes.len() - keep;
                    if tail > PASTE {
                        self.bytes.drain(PASTE..tail);
                    }
                    return events;
                };
                let rest = self.bytes.split_off(end + PASTE_END.len());
                self.bytes.truncate(end.min(PASTE));
                events.push(paste(&self.bytes));
                self.bytes = rest;
                self.pasting = false;
            }
            if self.bytes.starts_with(b"\x1b[200~") {
                self.bytes.drain(..6);
                self.pasting = true;
                continue;
            }
            let taken = match head(&self.bytes) {
                Head::Is(event, taken) => {
                    events.push(event);
                    taken
                }
                Head::Drop(taken) => taken,
                Head::More => return events,
            };
            self.bytes.drain(..taken.min(self.bytes.len()));
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

fn paste(bytes: &[u8]) -> Event {
    Event::Paste(String::from_utf8_lossy(bytes).into_owned())
}

fn key(code: KeyCode) -> Event {
    Event::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn head(bytes: &[u8]) -> Head {
    match bytes {
        [] => Head::More,
        [ESC, rest @ ..] => escape(rest),
        [byte, ..] if byte.is_ascii() => Head::Is(plain(*byte), 1),
        _ => character(bytes),
    }
}

/// One byte of ASCII, named as crossterm does.
fn plain(byte: u8) -> Event {
    let control = |base: u8, from: u8| {
        let letter = char::from(byte - from + base);
        Event::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL))
    };
    match byte {
        b'\r' => key(KeyCode::Enter),
        b'\t' => key(KeyCode::Tab),
        0x7f => key(KeyCode::Backspace),
        0 => Event::Key(KeyEvent::new(KeyCode::Char(' '), KeyModifiers::CONTROL)),
        0x01..=0x1a => control(b'a', 0x01),
        0x1c..=0x1f => control(b'4', 0x1c),
        _ => letter(char::from(byte)),
    }
}

fn letter(letter: char) -> Event {
    let modifiers = if letter.is_uppercase() {
        KeyModifiers::SHIFT
    } else {
        KeyModifiers::NONE
    };
    Event::Key(KeyEvent::new(KeyCode::Char(letter), modifiers))
}

/// A character of several bytes; what is none is dropped.
fn character(bytes: &[u8]) -> Head {
    let length = match bytes.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return Head::Drop(1),
    };
    let Some(part) = bytes.get(..length) else {
        let begun = bytes.iter().skip(1).all(|byte| byte & 0xc0 == 0x80);
        return if begun { Head::More } else { Head::Drop(1) };
    };
    match std::str::from_utf8(part).map(|text| text.chars().next()) {
        Ok(Some(found)) => Head::Is(letter(found), length),
        _ => Head::Drop(1),
    }
}

/// What follows an escape.
fn escape(rest: &[u8]) -> Head {
    match rest {
        [] => Head::More,
        [b'[', b'[', rest @ ..] => match rest.first() {
            // F1 to F5 of the Linux console.
            Some(byte @ b'A'..=b'E') => Head::Is(key(KeyCode::F(byte - b'A' + 1)), 4),
            Some(_) => Head::Drop(4),
            None => Head::More,
        },
        [b'[', rest @ ..] => sequence(rest),
        [b'O', rest @ ..] => match rest.first() {
            Some(byte) => named(*byte).map_or(Head::Drop(3), |code| Head::Is(key(code), 3)),
            None => Head::More,
        },
        // Two escapes are two keys.
        [ESC, ..] => Head::Is(key(KeyCode::Esc), 1),
        [byte @ b' '..=b'~', ..] => {
            let code = KeyCode::Char(char::from(*byte));
            Head::Is(Event::Key(KeyEvent::new(code, KeyModifiers::ALT)), 2)
        }
        [_, ..] => Head::Is(key(KeyCode::Esc), 1),
    }
}

/// A control sequence: parameters, then the byte that ends it. One that is broken off is dropped up to there.
fn sequence(rest: &[u8]) -> Head {
    let Some(end) = rest.iter().position(|byte| !(0x20..=0x3f).contains(byte)) else {
        return if rest.len() > LONGEST {
            Head::Drop(2 + rest.len())
        } else {
            Head::More
        };
    };
    let (parameters, last) = (rest.get(..end).unwrap_or_default(), rest.get(end).copied());
    let taken = 2 + end + 1;
    let Some(last @ 0x40..=0x7e) = last else {
        return Head::Drop(2 + end);
    };
    let mut numbers = parameters
        .split(|byte| *byte == b';')
        .map(|part| std::str::from_utf8(part).ok().and_then(|n| n.parse().ok()));
    let first: Option<u8> = numbers.next().flatten();
    let modifiers = modifiers(numbers.next().flatten().unwrap_or(1));
    let code = match (last, first) {
        (b'~', Some(number)) => numbered(number),
        (b'Z', _) => Some(KeyCode::BackTab),
        (_, _) if parameters.iter().all(|b| b.is_ascii_digit() || *b == b';') => named(last),
        _ => None,
    };
    match code {
        Some(KeyCode::BackTab) => Head::Is(
            Event::Key(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)),
            taken,
        ),
        Some(code) => Head::Is(Event::Key(KeyEvent::new(code, modifiers)), taken),
        None => Head::Drop(taken),
    }
}

/// The second parameter of a key: one more than the sum of Shift 1, Alt 2, Ctrl 4.
fn modifiers(number: u8) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
    ]
    .into_iter()
    .filter(|(bit, _)| bits & bit != 0)
    .fold(KeyModifiers::NONE, |all, (_, one)| all | one)
}

const fn named(byte: u8) -> Option<KeyCode> {
    Some(match byte {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(byte - b'P' + 1),
        _ => return None,
    })
}

const fn numbered(number: u8) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number - 10),
        17..=21 => KeyCode::F(number - 11),
        23 | 24 => KeyCode::F(number - 12),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a failed assumption is a failed test"
    )]
    use proptest::prelude::*;

    use super::*;

    fn codes(events: &[Event]) -> Vec<KeyCode> {
        let code = |event: &Event| match event {
            Event::Key(key) => Some(key.code),
            _ => None,
        };
        events.iter().filter_map(code).collect()
    }

    fn read(text: &str) -> Vec<KeyCode> {
        let mut keys = Keys::default();
        let mut events = keys.feed(text.as_bytes());
        events.extend(keys.give_up());
        assert!(!keys.is_waiting(), "{text:?}");
        codes(&events)
    }

    #[test]
    fn keys_of_many_terminals() {
        use KeyCode::{BackTab, Backspace, Char, Delete, Down, End, Enter, Esc, F, Home, Left};
        use KeyCode::{Insert, PageDown, PageUp, Right, Tab, Up};
        for (text, code) in [
            ("a", Char('a')),
            ("王", Char('王')),
            ("\r", Enter),
            ("\t", Tab),
            ("\x7f", Backspace),
            ("\x1b", Esc),
            ("\x1b[A", Up),
            ("\x1bOB", Down),
            ("\x1b[1;5C", Right),
            ("\x1b[D", Left),
            ("\x1b[H", Home),
            ("\x1b[4~", End),
            ("\x1b[2~", Insert),
            ("\x1b[3~", Delete),
            ("\x1b[5~", PageUp),
            ("\x1b[6~", PageDown),
            ("\x1b[Z", BackTab),
            ("\x1bOP", F(1)),
            ("\x1b[[B", F(2)),
            ("\x1b[13~", F(3)),
            ("\x1b[1;2S", F(4)),
            ("\x1b[15~", F(5)),
            ("\x1b[17~", F(6)),
            ("\x1b[21~", F(10)),
            ("\x1b[24~", F(12)),
        ] {
            assert_eq!(read(text), [code], "{text:?}");
        }
        let mut keys = Keys::default();
        assert_eq!(
            keys.feed(b"\x03A\x1d"),
            [
                Event::Key(KeyEvent::new(Char('c'), KeyModifiers::CONTROL)),
                Event::Key(KeyEvent::new(Char('A'), KeyModifiers::SHIFT)),
                Event::Key(KeyEvent::new(Char('5'), KeyModifiers::CONTROL)),
            ]
        );
    }

    /// What made the usual reader wait for ever.
    #[test]
    fn unknown_sequences_are_dropped() {
        for hostile in [
            "\x1b[?1049l",
            "\x1b[<0;1;1M",
            "\x1b[>0q",
            "\x1b[1;2;3;4x",
            "\x1b[I",
            "\x1b[?62;4c",
            "\x1bO!",
            "\x1b[[Z",
        ] {
            let text = format!("{hostile}7");
            assert_eq!(read(&text), [KeyCode::Char('7')], "{hostile:?}");
        }
        let endless = format!("\x1b[{}", "1;".repeat(40));
        assert_eq!(read(&endless), []);
        assert_eq!(read("\x1b[12"), [], "broken off");
        assert_eq!(read("\x1b[1\r"), [KeyCode::Enter]);
    }

    #[test]
    fn a_sequence_in_parts_is_one_key() {
        let mut keys = Keys::default();
        for part in [&b"\x1b"[..], b"[", b"2"] {
            assert_eq!(keys.feed(part), []);
            assert!(keys.is_waiting());
        }
        assert_eq!(codes(&keys.feed(b"1~")), [KeyCode::F(10)]);
        assert_eq!(keys.feed("王".as_bytes().get(..2).unwrap()), []);
        assert_eq!(codes(&keys.feed(&[0x8b])), [KeyCode::Char('王')]);
    }

    #[test]
    fn a_paste_is_one_event() {
        let mut keys = Keys::default();
        assert_eq!(keys.feed(b"\x1b[200~69\x1b[A"), []);
        let events = keys.feed(b"01\x1b[201~x");
        assert_eq!(events.first(), Some(&Event::Paste("69\x1b[A01".to_owned())));
        assert_eq!(codes(&events), [KeyCode::Char('x')]);
        keys.feed(b"\x1b[200~never ended");
        assert_eq!(keys.give_up(), [Event::Paste("never ended".to_owned())]);
        let much = [b"\x1b[200~".to_vec(), vec![b'9'; 3 * PASTE]].concat();
        keys.feed(&much);
        assert!(keys.bytes.len() < 2 * PASTE);
        let Some(Event::Paste(text)) = keys.feed(PASTE_END).pop() else {
            panic!("no paste");
        };
        assert_eq!(text.len(), PASTE);
    }

    proptest! {
        /// Whatever comes, in whatever parts, the key after it is heard.
        #[test]
        fn never_deaf(parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..8)) {
            let mut keys = Keys::default();
            for part in &parts {
                keys.feed(part);
            }
            for _ in 0..LONGEST {
                keys.give_up();
            }
            prop_assert!(!keys.is_waiting());
            prop_assert_eq!(codes(&keys.feed(b"\x1b[15~")), [KeyCode::F(5)]);
        }
    }
}
