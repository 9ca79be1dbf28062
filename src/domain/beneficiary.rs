//! `beneficiary`: whom else an account is for: a child, a parent (MB6). Only what a birthday takes, and whose consent.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::birthday::{FIRST_YEAR, kept, kept_next, typed_parts};
use super::lunar::Lunar;

/// Younger than this, a guardian must have agreed (PIPL art. 28).
pub const OF_AGE: i32 = 14;
/// Of one member; the database keeps it.
pub const MOST: usize = 12;

/// What she is to the member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    #[default]
    Child,
    Spouse,
    Parent,
    Other,
}

impl Relation {
    pub const ALL: [Self; 4] = [Self::Child, Self::Spouse, Self::Parent, Self::Other];

    /// The key of its word.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Child => "family.child",
            Self::Spouse => "family.spouse",
            Self::Parent => "family.parent",
            Self::Other => "family.other",
        }
    }
}

/// By which calendar a birthday is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    #[default]
    Solar,
    Lunar,
    /// In a leap month.
    LunarLeap,
}

impl Calendar {
    pub const ALL: [Self; 3] = [Self::Solar, Self::Lunar, Self::LunarLeap];

    /// The key of its word.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Solar => "family.solar",
            Self::Lunar => "family.lunar",
            Self::LunarLeap => "family.lunar_leap",
        }
    }
}

/// A birthday by either calendar, with or without the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Born {
    /// Of that calendar.
    pub year: Option<i32>,
    pub month: u32,
    pub day: u32,
    pub calendar: Calendar,
}

impl Born {
    /// Reads what was typed, as [`super::birthday::Birthday::parse`] does; a day of the Chinese calendar must have been in that year.
    #[must_use]
    pub fn parse(typed: &str, calendar: Calendar, today: NaiveDate) -> Option<Self> {
        let (year, month, day) = typed_parts(typed)?;
        let born = Self {
            year,
            month,
            day,
            calendar,
        };
        let is_possible = match (year, born.lunar()) {
            (Some(year), Some(lunar)) => lunar.is_in(year) && year >= FIRST_YEAR,
            (None, Some(lunar)) => lunar.kept_in(today.year()).is_some(),
            (Some(year), None) => {
                NaiveDate::from_ymd_opt(year, month, day).is_some() && year >= FIRST_YEAR
            }
            // 29 February is a birthday.
            (None, None) => NaiveDate::from_ymd_opt(2000, month, day).is_some(),
        };
        let is_past = born.first().is_none_or(|day| day <= today);
        (is_possible && is_past).then_some(born)
    }

    const fn lunar(self) -> Option<Lunar> {
        let (month, day) = (self.month, self.day);
        match self.calendar {
            Calendar::Solar => None,
            Calendar::Lunar => Some(Lunar {
                month,
                leap: false,
                day,
            }),
            Calendar::LunarLeap => Some(Lunar {
                month,
                leap: true,
                day,
            }),
        }
    }

    /// The day itself; none without a year.
    fn first(self) -> Option<NaiveDate> {
        match self.lunar() {
            Some(lunar) => lunar.kept_in(self.year?),
            None => NaiveDate::from_ymd_opt(self.year?, self.month, self.day),
        }
    }

    /// When it is kept next, on `today` or later: 29 February on the 28th of a common year, a leap month in its namesake.
    #[must_use]
    pub fn next(self, today: NaiveDate) -> Option<NaiveDate> {
        match self.lunar() {
            Some(lunar) => lunar.next(today),
            None => kept_next(self.month, self.day, today),
        }
    }

    /// The day of the year it is kept on, a year of its own calendar: 29 February on the 28th of a common one. None where the
    /// calendar is not known.
    #[must_use]
    pub fn kept_in(self, year: i32) -> Option<NaiveDate> {
        match self.lunar() {
            Some(lunar) => lunar.kept_in(year),
            None => kept(self.month, self.day, year),
        }
    }

    /// Whether both are kept on the same day of the same calendar, whatever the year.
    #[must_use]
    pub fn is_same_day(&self, other: &Self) -> bool {
        self.day_key() == other.day_key()
    }

    /// Its day in words of the books: `solar 06-01`.
    #[must_use]
    pub fn day_key(&self) -> String {
        let calendar = match self.calendar {
            Calendar::Solar => "solar",
            Calendar::Lunar => "lunar",
            Calendar::LunarLeap => "lunar_leap",
        };
        format!("{calendar} {:02}-{:02}", self.month, self.day)
    }

    /// Days until then.
    #[must_use]
    pub fn days_to(self, today: NaiveDate) -> Option<i64> {
        self.next(today).map(|day| (day - today).num_days())
    }

    /// Full years on `today`; none without a year.
    #[must_use]
    pub fn age(self, today: NaiveDate) -> Option<i32> {
        let first = self.first()?;
        let years = today.year() - first.year();
        let is_before = (today.month(), today.day()) < (first.month(), first.day());
        Some(years - i32::from(is_before))
    }

    /// As it can be typed.
    #[must_use]
    pub fn typed(self) -> String {
        let year = self.year.map(|year| format!("{year:04}-"));
        let (month, day) = (self.month, self.day);
        format!("{}{month:02}-{day:02}", year.unwrap_or_default())
    }
}

/// A guardian's consent: who agreed, to which version of the terms, when, how, and who took it down (PV1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guardian {
    pub name: String,
    pub version: i32,
    pub at: DateTime<Utc>,
    pub channel: String,
    pub staff_id: i32,
}

/// Somebody an account is for besides its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beneficiary {
    pub id: i32,
    /// Or what she is called.
    pub name: String,
    pub relation: Relation,
    pub born: Option<Born>,
    pub guardian: Option<Guardian>,
    /// Grows with every edit.
    pub version: i32,
}

/// Whether a guardian must have agreed (PIPL art. 28): under 14, or a child of whom nobody says how old.
#[must_use]
pub fn needs_guardian(relation: Relation, born: Option<Born>, today: NaiveDate) -> bool {
    match born.and_then(|born| born.age(today)) {
        Some(age) => age < OF_AGE,
        None => relation == Relation::Child,
    }
}

/// Whose birthday is near, the nearest first, with the days until then.
#[must_use]
pub fn near(family: &[Beneficiary], today: NaiveDate, days: i64) -> Vec<(&Beneficiary, i64)> {
    let each = family.iter().filter_map(|it| {
        let left = it.born?.days_to(today)?;
        (left <= days).then_some((it, left))
    });
    let mut near: Vec<(&Beneficiary, i64)> = each.collect();
    near.sort_by_key(|(it, left)| (*left, it.id));
    near
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn born(typed: &str, calendar: Calendar) -> Option<Born> {
        Born::parse(typed, calendar, day("2026-03-09"))
    }

    #[test]
    fn days_by_either_calendar() {
        use Calendar::{Lunar, LunarLeap, Solar};
        for (typed, calendar, is_one) in [
            ("2020-02-29", Solar, true),
            ("2021-02-29", Solar, false),
            ("02-29", Solar, true),
            ("02-30", Solar, false),
            // The second month of 2020 had 30 days, the first of 2026 has 30 too.
            ("2020-02-30", Lunar, true),
            ("02-30", Lunar, true),
            ("02-31", Lunar, false),
            ("2020-04-01", LunarLeap, true),
            ("2021-04-01", LunarLeap, false),
            ("2026-12-01", Lunar, false),
            ("2027-01-01", Solar, false),
            ("1899-01-01", Solar, false),
            ("1899-01-01", Lunar, false),
        ] {
            assert_eq!(
                born(typed, calendar).is_some(),
                is_one,
                "{typed} {calendar:?}"
            );
        }
        let typed = "2020-04-01";
        assert_eq!(born(typed, LunarLeap).unwrap().typed(), typed);
    }

    /// MB6: 29 February on the 28th, a leap month in its namesake.
    #[test]
    fn when_it_is_kept() {
        let today = day("2026-02-27");
        let next = |typed: &str, calendar| born(typed, calendar).unwrap().next(today).unwrap();
        assert_eq!(next("2020-02-29", Calendar::Solar), day("2026-02-28"));
        assert_eq!(next("02-27", Calendar::Solar), today);
        assert_eq!(next("02-26", Calendar::Solar), day("2027-02-26"));
        // 2025 had two sixth months, 2026 has one.
        assert_eq!(next("2025-06-10", Calendar::LunarLeap), day("2026-07-23"));
        assert_eq!(next("08-15", Calendar::Lunar), day("2026-09-25"));
    }

    /// PIPL art. 28: under 14 somebody must have agreed, and of a child of unknown age.
    #[test]
    fn children_need_a_guardian() {
        use Relation::{Child, Parent};
        let needs = |relation, typed: &str, calendar, today: &str| {
            needs_guardian(relation, born(typed, calendar), day(today))
        };
        let solar = Calendar::Solar;
        assert!(needs(Child, "2012-03-10", solar, "2026-03-09"));
        assert!(!needs(Child, "2012-03-09", solar, "2026-03-09"));
        assert!(needs(Parent, "2012-03-10", solar, "2026-03-09"));
        assert!(needs(Child, "", solar, "2026-03-09"));
        assert!(needs(Child, "03-10", solar, "2026-03-09"));
        assert!(!needs(Parent, "03-10", solar, "2026-03-09"));
        // 2012-02-18 of the Chinese calendar was 10 March.
        assert!(needs(Child, "2012-02-18", Calendar::Lunar, "2026-03-09"));
        assert!(!needs(Child, "2012-02-18", Calendar::Lunar, "2026-03-10"));
    }
}
