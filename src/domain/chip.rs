//! Numbers of IC and EM cards in the forms in which readers print them (scanner.md 6).
//!
//! A reader types bytes of the same chip as it was set up to: ten digits, eight, with a comma, hexadecimal, the
//! bytes turned round. The printed number is what is kept, and it may stand for one chip in several
//! ways; so nobody is known by this alone, and the cashier confirms. What that proves of the reader is kept
//! ([`super::reader`]).

/// Most spellings of one number.
pub const MOST: usize = 1_100;

/// So many values of a byte that is not printed.
const UNKNOWN: std::ops::RangeInclusive<u64> = 0..=255;

/// What a printed number may be: bytes of a chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chip {
    /// EM: version or customer, then four bytes.
    Five(u64),
    Four(u64),
    /// Wiegand 26 keeps only the last three.
    Three(u64),
}

/// Every other form in which another reader may print the chip of this number; empty when it is no such
/// number. The forms of what is not printed in this one are all tried, at most [`MOST`].
#[must_use]
pub fn other_forms(number: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for chip in readings(number) {
        match chip {
            Chip::Five(value) => {
                forms.push(format!("{value:012}"));
                forms.extend([format!("{value:010X}"), format!("{value:010x}")]);
                four(value & 0xFFFF_FFFF, &mut forms);
            }
            Chip::Four(value) => {
                four(value, &mut forms);
                for first in UNKNOWN {
                    let whole = first << 32 | value;
                    forms.extend([format!("{whole:012}"), format!("{whole:010X}")]);
                }
            }
            Chip::Three(value) => {
                three(value, &mut forms);
                for first in UNKNOWN {
                    let whole = first << 24 | value;
                    forms.push(format!("{whole:010}"));
                    forms.push(format!("{:010}", turned(whole)));
                    forms.push(format!("{:05},{:05}", whole >> 16, whole & 0xFFFF));
                    forms.push(format!("{whole:08X}"));
                }
            }
        }
    }
    forms.sort_unstable();
    forms.dedup();
    forms.retain(|form| form != number);
    forms.truncate(MOST);
    forms
}

/// The chips a number may stand for.
fn readings(number: &str) -> Vec<Chip> {
    let mut all = Vec::new();
    let mut chip = |value: Option<u64>, bits: u32, make: fn(u64) -> Chip| {
        all.extend(
            value
                .filter(|value| *value > 0 && value >> bits == 0)
                .map(make),
        );
    };
    if let Some((high, low)) = number.split_once(',') {
        let low = digits(low).filter(|value| low.len() == 5 && value >> 16 == 0);
        let high_value = digits(high);
        let joined = |bits: u32| Some(high_value.filter(|v| v >> bits == 0)? << 16 | low?);
        match high.len() {
            3 => chip(joined(8), 24, Chip::Three),
            5 => chip(joined(16), 32, Chip::Four),
            _ => {}
        }
        return all;
    }
    match number.len() {
        8 => {
            chip(digits(number), 24, Chip::Three);
            chip(hex(number), 32, Chip::Four);
        }
        10 => {
            chip(digits(number), 32, Chip::Four);
            chip(hex(number), 40, Chip::Five);
        }
        12 => chip(digits(number), 40, Chip::Five),
        _ => {}
    }
    all
}

/// 8H10D, 4H4H, eight of hexadecimal, all of them also turned round, and what is printed of three bytes.
fn four(value: u64, forms: &mut Vec<String>) {
    for value in [value, turned(value)] {
        forms.push(format!("{value:010}"));
        forms.push(format!("{:05},{:05}", value >> 16, value & 0xFFFF));
        forms.extend([format!("{value:08X}"), format!("{value:08x}")]);
        three(value & 0x00FF_FFFF, forms);
    }
}

/// 6H8D and 2H4H.
fn three(value: u64, forms: &mut Vec<String>) {
    forms.push(format!("{value:08}"));
    forms.push(format!("{:03},{:05}", value >> 16, value & 0xFFFF));
}

/// Four bytes in the other order.
pub(super) fn turned(value: u64) -> u64 {
    u32::try_from(value).map_or(value, |value| u64::from(value.swap_bytes()))
}

pub(super) fn digits(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// With a letter in it: digits alone are decimal.
fn hex(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let letter = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    (plain && letter)
        .then(|| u64::from_str_radix(text, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The five prints of one tag, hex 01 02 6F 6C 3A, and of others.
    #[test]
    fn prints_of_one_card() {
        let all = [
            "004335823930",
            "0040856634",
            "07302202",
            "111,27706",
            "00623,27706",
            "01026F6C3A",
            "026F6C3A",
        ];
        for one in all {
            let forms = other_forms(one);
            assert!(forms.len() < MOST, "{one}: {}", forms.len());
            // Three bytes do not tell the fifth.
            let short = matches!(one, "07302202" | "111,27706");
            for other in all {
                let five = matches!(other, "004335823930" | "01026F6C3A");
                if one != other && !(short && five) {
                    assert!(forms.iter().any(|form| form == other), "{one} -> {other}");
                }
            }
        }
        for (one, other) in [
            ("0007625328", "116,23152"),
            ("116,23152", "0007625328"),
            ("0461851553", "2706081563"),
            ("2706081563", "0461851553"),
            ("1B874BA1", "2706081563"),
            ("07302202", "0040856634"),
        ] {
            let forms = other_forms(one);
            assert!(forms.iter().any(|form| form == other), "{one} -> {other}");
        }
    }

    #[test]
    fn what_is_no_chip() {
        for number in [
            "",
            "0088001",
            "6901234567892",
            "VIP-001",
            "99999999999",
            "0000000000",
            "4294967296",
            "1,2",
            "256,00001",
            "001,65536",
            "65536,00001",
            "13812345678",
        ] {
            assert_eq!(other_forms(number), [""; 0], "{number}");
        }
    }

    proptest! {
        /// Whatever one reader prints of a chip, another's print is among its other forms, wherever both
        /// print at least the same three bytes.
        #[test]
        fn found_by_another_reader(chip in 1_u32..=u32::MAX, a in 0_usize..4, b in 0_usize..4) {
            let value = u64::from(chip);
            let prints = [
                format!("{value:010}"),
                format!("{:010}", turned(value)),
                format!("{:05},{:05}", value >> 16, value & 0xFFFF),
                format!("{:08}", value & 0x00FF_FFFF),
            ];
            let (Some(one), Some(other)) = (prints.get(a), prints.get(b)) else { return Ok(()); };
            let known = value & 0x00FF_FFFF > 0;
            if known && one != other {
                let forms = other_forms(one);
                prop_assert!(forms.contains(other), "{one} -> {other}");
            }
        }

        #[test]
        fn never_panics(text in "\\PC{0,20}", close in "[0-9A-Fa-f,]{0,14}") {
            for text in [&text, &close] {
                prop_assert!(other_forms(text).len() <= MOST);
            }
        }
    }
}
