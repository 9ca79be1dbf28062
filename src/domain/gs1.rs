//! `Gs1`: what a GS1 symbol says of the piece it stands on: its item, dates, weight, price.
//!
//! Element strings (GS 0x1D between elements of open length), the same typed with parentheses, and
//! GS1 Digital Link. What cannot be split for certain is given back as it came, and nothing is guessed
//! from it: many keyboard scanners drop the separators.

mod link;
mod table;

use chrono::{Datelike, NaiveDate};

use super::gtin::{Gtin, check_digit_holds};
use super::money::Fen;

/// Between elements of open length.
pub const SEPARATOR: char = '\u{1d}';

/// ISO 4217: the yuan.
const YUAN: &str = "156";

/// What one symbol says. Grams and fen are of the piece, or of all pieces together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gs1 {
    /// AI 01, or 02 with how many of it (37).
    pub gtin: Gtin,
    /// AI 17 or 7003: not to be used after this day.
    pub expires: Option<Date>,
    /// AI 15 or 16: best before, or to be sold by.
    pub best_before: Option<Date>,
    /// AI 30, 37.
    pub count: Option<u32>,
    /// AI 310n; 320n from pounds, rounded.
    pub grams: Option<i64>,
    /// AI 392n; 393n in yuan.
    pub money: Option<Fen>,
    /// AI 10 and 21.
    pub lot: Option<String>,
    pub serial: Option<String>,
    /// What could not be split or means nothing known, as it came, with spaces for separators.
    pub unread: Option<String>,
}

/// `YYMMDD`; the day may be 00. Its year is two digits until there is a today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    year: i32,
    month: u32,
    day: u32,
}

impl Date {
    /// `None` when it is no date of any century.
    #[must_use]
    pub fn read(digits: &str) -> Option<Self> {
        let part = |from, to| digits.get(from..to)?.parse::<u32>().ok();
        let plain = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let date = Self {
            year: i32::try_from(part(0, 2)?).ok()?,
            month: part(2, 4)?,
            day: part(4, 6)?,
        };
        // 2000 is a leap year: the widest February.
        let exists = NaiveDate::from_ymd_opt(2000, date.month, date.day.max(1)).is_some();
        (plain && exists).then_some(date)
    }

    /// The day it means as seen from `today`: of the century that brings it nearest (51 years ahead are 49
    /// back; GS1 General Specifications 7.12). Day 00 is the last of the month; 29 February of a
    /// common year is none.
    #[must_use]
    pub fn on(self, today: NaiveDate) -> Option<NaiveDate> {
        let century = today.year().div_euclid(100) * 100;
        let century = match self.year - today.year().rem_euclid(100) {
            51.. => century - 100,
            ..=-50 => century + 100,
            _ => century,
        };
        let (year, month) = (century + self.year, self.month);
        if self.day > 0 {
            return NaiveDate::from_ymd_opt(year, month, self.day);
        }
        let next = if month == 12 {
            NaiveDate::from_ymd_opt(year + 1, 1, 1)
        } else {
            NaiveDate::from_ymd_opt(year, month + 1, 1)
        };
        next?.pred_opt()
    }
}

/// Reads the data of a GS1 symbol, without an AIM identifier: an element string, plain or in
/// parentheses, or a Digital Link.
///
/// `None` when it names no item whose check digit holds: a container (00), or no GS1 data at all.
#[must_use]
pub fn read(text: &str) -> Option<Gs1> {
    if let Some(found) = link::read(text) {
        return Some(found);
    }
    let text = text.trim_start_matches(SEPARATOR);
    if text.starts_with('(') {
        return of(&in_parentheses(text)?, None);
    }
    let (elements, unread) = table::split(text);
    of(&elements, unread)
}

/// Whether an element string or link begins with an item, without being told by a scanner that it is one.
#[must_use]
pub fn begins_with_item(text: &str) -> bool {
    text.starts_with("01") || text.starts_with("(0") || text.get(..4).is_some_and(is_http)
}

fn is_http(scheme: &str) -> bool {
    matches!(scheme, "http" | "HTTP")
}

/// `(01)…(10)…`: as printed under the bars, and as people type it.
fn in_parentheses(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut elements = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (ai, more) = rest.strip_prefix('(')?.split_once(')')?;
        table::form(ai).filter(|(known, _)| known.len() == ai.len())?;
        // A parenthesis in a value is one unless an identifier that is known stands in it.
        let next = more.match_indices('(').find(|(at, _)| {
            let inside = more.get(at + 1..).and_then(|rest| rest.split_once(')'));
            inside.is_some_and(|(ai, _)| {
                table::form(ai).is_some_and(|(known, _)| known.len() == ai.len())
            })
        });
        let (value, after) = more.split_at(next.map_or(more.len(), |(at, _)| at));
        let value = value.trim();
        table::form(ai).filter(|(_, form)| form.takes(value))?;
        elements.push((ai, value));
        rest = after;
    }
    Some(elements)
}

/// Puts elements together. The first of two equal identifiers counts; a second that says something
/// else is unread.
fn of(elements: &[(&str, &str)], unread: Option<&str>) -> Option<Gs1> {
    let find = |wanted: &str| {
        let mut all = elements.iter().filter(|(ai, _)| *ai == wanted);
        all.next().map(|(_, value)| *value)
    };
    let item = find("01").or_else(|| find("02"))?;
    let gtin = Some(item).filter(|item| item.len() == 14 && check_digit_holds(item));
    let mut found = Gs1 {
        gtin: Gtin::parse(gtin?)?,
        expires: None,
        best_before: None,
        count: None,
        grams: None,
        money: None,
        lot: find("10").map(str::to_owned),
        serial: find("21").map(str::to_owned),
        unread: None,
    };
    let mut left: Vec<String> = Vec::new();
    for (ai, value) in elements {
        if !found.take(ai, value) || find(ai) != Some(*value) {
            left.push(format!("({ai}){value}"));
        }
    }
    left.extend(unread.map(|text| text.replace(SEPARATOR, " ")));
    found.unread = (!left.is_empty()).then(|| left.join(" "));
    Some(found)
}

impl Gs1 {
    /// Takes one element. `false` when it matters for the sale and cannot be understood.
    fn take(&mut self, ai: &str, value: &str) -> bool {
        let places = || ai.get(3..).and_then(|digit| digit.parse::<u32>().ok());
        match (ai.get(..3).unwrap_or(ai), ai) {
            (_, "17") => take(&mut self.expires, Date::read(value)),
            (_, "7003") => take(&mut self.expires, value.get(..6).and_then(Date::read)),
            (_, "16") if self.best_before.is_some() => true,
            (_, "15" | "16") => take(&mut self.best_before, Date::read(value)),
            (_, "30" | "37") => {
                let count = value.parse().ok().filter(|count| *count > 0);
                take(&mut self.count, count)
            }
            ("310", _) => take(
                &mut self.grams,
                places().and_then(|n| scaled(value, 1_000, 1, n)),
            ),
            ("320", _) => {
                let grams = places().and_then(|n| scaled(value, 45_359_237, 100_000, n));
                take(&mut self.grams, grams)
            }
            ("392", _) => {
                let fen = places().and_then(|n| scaled(value, 100, 1, n));
                take(&mut self.money, fen.map(Fen))
            }
            ("393", _) => {
                let fen = value.strip_prefix(YUAN);
                let fen = fen.and_then(|value| scaled(value, 100, 1, places()?));
                take(&mut self.money, fen.map(Fen))
            }
            _ => true,
        }
    }
}

fn take<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let good = value.is_some();
    *place = value.or_else(|| place.take());
    good
}

/// `digits` with `places` decimals, times `times` / `by`, rounded half up; at most 9,999,999.
fn scaled(digits: &str, times: u128, by: u128, places: u32) -> Option<i64> {
    let value: u128 = digits.parse().ok()?;
    let by = by * 10_u128.checked_pow(places)?;
    let scaled = (value.checked_mul(times)? * 2 + by) / (by * 2);
    i64::try_from(scaled)
        .ok()
        .filter(|scaled| *scaled <= 9_999_999)
}

#[cfg(test)]
mod tests;
