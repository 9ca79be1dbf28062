//! Customer displays on a serial line: what is to be paid, what was received, the change.

use serde::{Deserialize, Serialize};

use crate::domain::money::Fen;
use crate::domain::print::Shown;

/// Digits an LED display has.
const LED_DIGITS: usize = 8;
/// Columns of a VFD line.
const VFD_COLUMNS: usize = 20;
const CLEAR: u8 = 0x0C;

/// What the display understands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// LED8: digits, and a lamp for what they mean.
    #[default]
    Led,
    /// CD5220: two lines of twenty characters.
    Vfd,
}

/// Sent once after opening.
#[must_use]
pub fn greeting(protocol: Protocol) -> Vec<u8> {
    match protocol {
        Protocol::Led => vec![CLEAR],
        Protocol::Vfd => vec![0x1B, 0x40, CLEAR],
    }
}

/// The bytes that show it.
#[must_use]
pub fn frame(protocol: Protocol, shown: Shown) -> Vec<u8> {
    let (lamp, label, amount) = match shown {
        Shown::Nothing => {
            let mut bytes = vec![CLEAR];
            if protocol == Protocol::Led {
                bytes.extend([0x1B, b's', b'0']);
            }
            return bytes;
        }
        Shown::Price(amount) => (b'1', "PRICE", amount),
        Shown::Total(amount) => (b'2', "TOTAL", amount),
        Shown::Received(amount) => (b'3', "RECEIVED", amount),
        Shown::Change(amount) => (b'4', "CHANGE", amount),
    };
    let digits = digits(amount);
    match protocol {
        Protocol::Led => {
            // The lamp comes after: the digits switch it off on some.
            let mut bytes = line(b'A', &digits);
            bytes.extend([0x1B, b's', lamp]);
            bytes
        }
        Protocol::Vfd => {
            let mut bytes = vec![CLEAR];
            bytes.extend(line(b'A', label));
            let pad = VFD_COLUMNS.saturating_sub(digits.len());
            bytes.extend(line(b'B', &format!("{}{digits}", " ".repeat(pad))));
            bytes
        }
    }
}

/// ESC Q A or B, text, CR.
fn line(which: u8, text: &str) -> Vec<u8> {
    let mut bytes = vec![0x1B, b'Q', which];
    bytes.extend(text.bytes());
    bytes.push(b'\r');
    bytes
}

/// `1234.50`; dashes for what has more digits than the display.
fn digits(amount: Fen) -> String {
    let text = amount.to_string().replace(',', "");
    let count = text.bytes().filter(|byte| *byte != b'.').count();
    if count > LED_DIGITS {
        "-".repeat(LED_DIGITS)
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_led_display_gets_digits_and_a_lamp() {
        let bytes = |shown| frame(Protocol::Led, shown);
        assert_eq!(bytes(Shown::Total(Fen(123_450))), b"\x1bQA1234.50\r\x1bs2");
        assert_eq!(bytes(Shown::Price(Fen(680))), b"\x1bQA6.80\r\x1bs1");
        assert_eq!(bytes(Shown::Received(Fen(10_000))), b"\x1bQA100.00\r\x1bs3");
        assert_eq!(bytes(Shown::Change(Fen(5))), b"\x1bQA0.05\r\x1bs4");
        assert_eq!(bytes(Shown::Nothing), b"\x0c\x1bs0");
        assert_eq!(
            bytes(Shown::Total(Fen(100_000_000))),
            b"\x1bQA--------\r\x1bs2"
        );
    }

    #[test]
    fn a_vfd_gets_two_lines() {
        assert_eq!(
            frame(Protocol::Vfd, Shown::Change(Fen(1_650))),
            b"\x0c\x1bQACHANGE\r\x1bQB               16.50\r"
        );
        assert_eq!(frame(Protocol::Vfd, Shown::Nothing), b"\x0c");
        assert_eq!(greeting(Protocol::Vfd), b"\x1b@\x0c");
    }
}
