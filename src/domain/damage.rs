//! Scans that came damaged: typed on the wrong keyboard, a digit lost, cut in two. A repair is believed
//! only where the check digit proves it (scanner.md 2).

use super::gtin::{Gtin, check_digit_holds};

/// The digit keys 1 to 9 and 0 of keyboards whose digits need, or do not need, Shift: what a scanner types
/// that was set up for another country.
const ROWS: [&str; 10] = [
    "!@#$%^&*()",
    "&é\"'(-è_çà",
    "&é\"'(§è!çà",
    "+ěščřžýáíé",
    "+ľščťžýáíé",
    "!\"§$%&/()=",
    "!\"£$%^&*()",
    "!\"£$%&/()=",
    "!\"·$%&/()=",
    "!\"#$%&/()=",
];

/// Digits of the codes whose loss or cut is noticed.
const LENGTHS: [usize; 3] = [8, 12, 13];

/// An item whose digits came as the characters of another keyboard. `None` when two keyboards would
/// give two right items.
#[must_use]
pub fn unshifted(text: &str) -> Option<Gtin> {
    let length = text.chars().count();
    if !matches!(length, 8 | 12 | 13 | 14) || text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    only(ROWS.iter().filter_map(|row| {
        let digit = |glyph: char| {
            let place = row.chars().position(|key| key == glyph)?;
            char::from_digit(u32::try_from((place + 1) % 10).ok()?, 10)
        };
        let digits: String = text.chars().map(digit).collect::<Option<_>>()?;
        plain(&digits)
    }))
}

/// An item of which one of two equal digits beside each other was lost: the only one whose check digit
/// is right. The cashier still has to say that it is this one.
#[must_use]
pub fn with_lost_digit(digits: &str) -> Option<Gtin> {
    let whole = digits.len() + 1;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !LENGTHS.contains(&whole) {
        return None;
    }
    let bytes = digits.as_bytes();
    only(digits.char_indices().filter_map(|(at, digit)| {
        // The same digit twice is the same code whichever of a run is doubled.
        if at > 0 && bytes.get(at - 1) == bytes.get(at) {
            return None;
        }
        let (before, after) = digits.split_at_checked(at)?;
        plain(&format!("{before}{digit}{after}"))
    }))
}

/// An item that came as two scans.
#[must_use]
pub fn joined(first: &str, second: &str) -> Option<Gtin> {
    let part = |text: &str| {
        (2..13).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && plain(text).is_none()
    };
    if !part(first) || !part(second) {
        return None;
    }
    plain(&format!("{first}{second}"))
}

/// An item by its own check digit, never as UPC-E, whose eight digits prove less.
fn plain(digits: &str) -> Option<Gtin> {
    let length = matches!(digits.len(), 8 | 12 | 13 | 14);
    (length && check_digit_holds(digits))
        .then(|| Gtin::parse(digits))
        .flatten()
}

fn only(mut all: impl Iterator<Item = Gtin>) -> Option<Gtin> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn printed(gtin: Option<Gtin>) -> Option<String> {
        gtin.map(Gtin::printed)
    }

    #[test]
    fn other_keyboards() {
        for (came, meant) in [
            ("-&\"àè-ààà\"è-ç", Some("6130760003769")),
            ("áříč+řžěýééáý", Some("8594156270087")),
            ("^(%&*$@@)**%^", Some("6957842208856")),
            ("áříč+řžěýééáě", None),
            ("6957842208856", None),
            ("abcdefghijklm", None),
            ("áříč+řžěýéé", None),
        ] {
            assert_eq!(printed(unshifted(came)).as_deref(), meant, "{came}");
        }
    }

    #[test]
    fn cut_in_two() {
        for (first, second, meant) in [
            ("8901086261", "410", Some("8901086261410")),
            ("8480000", "650672", Some("8480000650672")),
            ("8480000", "650673", None),
            ("8480000650672", "410", None),
            ("84800", "", None),
            ("848000a", "650672", None),
        ] {
            assert_eq!(
                printed(joined(first, second)).as_deref(),
                meant,
                "{first} {second}"
            );
        }
    }

    #[test]
    fn a_lost_digit() {
        // 6911111111117 without one of its ones; two answers are none.
        assert_eq!(
            printed(with_lost_digit("691111111117")).as_deref(),
            Some("6911111111117")
        );
        assert_eq!(
            with_lost_digit("6130760037"),
            None,
            "no length of a code less one"
        );
        assert_eq!(with_lost_digit(""), None);
        assert_eq!(with_lost_digit("abcdefghijkl"), None);
    }

    proptest! {
        /// Only a code that is right, and that the damage explains, is ever given back.
        #[test]
        fn what_is_given_back_is_right(digits in "[0-9]{0,14}", cut in 0_usize..14) {
            if let Some(found) = with_lost_digit(&digits) {
                let whole = found.printed();
                prop_assert!(check_digit_holds(&whole));
            }
            if let Some((first, second)) = digits.split_at_checked(cut)
                && let Some(found) = joined(first, second)
            {
                prop_assert_eq!(Some(found), Gtin::parse(&digits));
            }
        }

        #[test]
        fn never_panics(a in "\\PC{0,20}", b in "\\PC{0,20}") {
            let _ = (unshifted(&a), with_lost_digit(&a), joined(&a, &b));
        }
    }
}
