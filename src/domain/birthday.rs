//! `Birthday`: a day of the year, with or without the year (MB6).

use std::fmt;

use chrono::{Datelike, NaiveDate};
use unicode_normalization::UnicodeNormalization;

/// Nobody who shops was born before.
pub const FIRST_YEAR: i32 = 1900;

/// A leap year: 29 February is a birthday (MB6).
const LEAP_YEAR: i32 = 2000;

/// A birthday as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Birthday {
    pub year: Option<i32>,
    pub month: u32,
    pub day: u32,
}

impl Birthday {
    /// Reads `03-14`, `1990-03-14`, with `-`, `/` or `.` between, `3月14日`, `1990年3月14日`, or only
    /// the digits `0314` and `19900314`. 29 February needs a leap year when the year is named. `None` is "no such day",
    /// or one after `today`.
    #[must_use]
    pub fn parse(typed: &str, today: NaiveDate) -> Option<Self> {
        let (year, month, day) = typed_parts(typed)?;
        let date = NaiveDate::from_ymd_opt(year.unwrap_or(LEAP_YEAR), month, day)?;
        let possible = year.is_none() || (date <= today && date.year() >= FIRST_YEAR);
        possible.then_some(Self { year, month, day })
    }
}

/// Year, month and day as they were typed, whether or not there is such a day.
#[must_use]
pub fn typed_parts(typed: &str) -> Option<(Option<i32>, u32, u32)> {
    let typed: String = typed.trim().nfkc().collect();
    let parts: Vec<&str> = match (typed.len(), typed.bytes().all(|b| b.is_ascii_digit())) {
        (4, true) => vec![typed.get(..2)?, typed.get(2..)?],
        (8, true) => vec![typed.get(..4)?, typed.get(4..6)?, typed.get(6..)?],
        _ => {
            let plain = typed.strip_suffix(['日', '号']).unwrap_or(&typed);
            plain.split(['-', '/', '.', '年', '月']).collect()
        }
    };
    let (year, month, day) = match parts.as_slice() {
        [month, day] => (None, *month, *day),
        [year, month, day] if year.len() == 4 => (Some(number(year)?), *month, *day),
        _ => return None,
    };
    let year = year.map(i32::try_from).transpose().ok()?;
    Some((year, number(month)?, number(day)?))
}

/// When a day of the year is kept next, on `today` or later; 29 February on the 28th in common years (MB6).
#[must_use]
pub fn kept_next(month: u32, day: u32, today: NaiveDate) -> Option<NaiveDate> {
    let this_year = kept(month, day, today.year())?;
    if this_year < today {
        kept(month, day, today.year() + 1)
    } else {
        Some(this_year)
    }
}

/// When a day of the year is kept in a year; 29 February on the 28th in common years (MB6).
#[must_use]
pub fn kept(month: u32, day: u32, year: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
        .or_else(|| NaiveDate::from_ymd_opt(year, month, day.saturating_sub(1)))
}

/// One to four digits.
fn number(text: &str) -> Option<u32> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// As it can be typed.
impl fmt::Display for Birthday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(year) = self.year {
            write!(f, "{year:04}-")?;
        }
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn read(typed: &str) -> Option<String> {
        let today = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
        Birthday::parse(typed, today).map(|birthday| birthday.to_string())
    }

    #[test]
    fn the_ways_people_write_a_birthday() {
        for (typed, read_as) in [
            ("03-14", "03-14"),
            ("3-14", "03-14"),
            ("3.14", "03-14"),
            ("0314", "03-14"),
            ("1990-03-14", "1990-03-14"),
            ("19900314", "1990-03-14"),
            ("１９９０／３／１４", "1990-03-14"),
            ("3月14日", "03-14"),
            ("3月14号", "03-14"),
            ("1990年3月14日", "1990-03-14"),
            ("02-29", "02-29"),
            ("2024-02-29", "2024-02-29"),
            ("2026-03-09", "2026-03-09"),
        ] {
            assert_eq!(read(typed).as_deref(), Some(read_as), "{typed}");
        }
    }

    #[test]
    fn days_that_do_not_exist() {
        for typed in [
            "",
            "-",
            "02-30",
            "13-01",
            "2023-02-29",
            "2026-03-10",
            "1899-12-31",
            "90-03-14",
            "+3-14",
            "三月",
            "3月",
            "月日",
            "2099-01-01",
            "1-2-3-4",
            "00000314",
            "1990-03",
            "314",
        ] {
            assert_eq!(read(typed), None, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(typed in "\\PC{0,12}", near in "[-0-9./]{0,12}") {
            for typed in [typed, near] {
                if let Some(shown) = read(&typed) {
                    prop_assert_eq!(read(&shown), Some(shown));
                }
            }
        }
    }
}
