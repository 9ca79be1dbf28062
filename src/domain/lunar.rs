//! `lunar`: the Chinese calendar, 1900 to 2100, for birthdays (MB6).
//!
//! The months of each year were computed from new moons and solar terms in the time of Beijing, and compared day by day with two
//! published tables; the years 1906 and 1922 are as they were published.

use chrono::{Datelike, Days, NaiveDate};

/// The first year of the table.
const FIRST: i32 = 1900;
/// New year falls on this day of January, or so many days later.
const EARLIEST: u32 = 20;

/// Of each year: which of its months have 30 days and not 29 (13 bits, the first month lowest), which month is followed by a leap
/// month of the same number (4 bits, 0 for none), and the days from 20 January to new year.
const YEARS: [u32; 201] = [
    0x0017_16d2,
    0x003c_0752,
    0x0026_0ea5,
    0x0012_b64a,
    0x0036_064b,
    0x001e_0a9b,
    0x000a_9556,
    0x0030_056a,
    0x001a_0b59,
    0x0004_5752,
    0x002a_0752,
    0x0014_db25,
    0x003a_0b25,
    0x0022_0a4b,
    0x000c_b4ab,
    0x0032_02ad,
    0x001c_056b,
    0x0006_4b69,
    0x002c_0da9,
    0x0018_fd92,
    0x003e_0e92,
    0x0026_0d25,
    0x0010_ba4d,
    0x0036_0a56,
    0x0020_02b6,
    0x0008_95b5,
    0x0030_06d4,
    0x001a_0ea9,
    0x0006_5e92,
    0x002a_0e92,
    0x0014_cd26,
    0x0038_052b,
    0x0022_0a57,
    0x000c_b2b6,
    0x0032_0b5a,
    0x001e_06d4,
    0x0008_6ec9,
    0x002c_0749,
    0x0016_f693,
    0x003c_0a93,
    0x0026_052b,
    0x000e_ca5b,
    0x0034_0aad,
    0x0020_056a,
    0x000a_9b55,
    0x0030_0ba4,
    0x001a_0b49,
    0x0004_5a93,
    0x002a_0a95,
    0x0012_f52d,
    0x0038_0536,
    0x0022_0aad,
    0x000e_b5aa,
    0x0032_05b2,
    0x001c_0da5,
    0x0008_7d4a,
    0x002e_0d4a,
    0x0017_0a95,
    0x003a_0a97,
    0x0026_0556,
    0x0010_cab5,
    0x0034_0ad5,
    0x0020_06d2,
    0x000a_8ea5,
    0x0030_0ea5,
    0x001a_064a,
    0x0002_6c97,
    0x0028_0a9b,
    0x0014_f55a,
    0x0038_056a,
    0x0022_0b69,
    0x000e_b752,
    0x0034_0b52,
    0x001c_0b25,
    0x0006_964b,
    0x002c_0a4b,
    0x0017_14ab,
    0x003a_02ad,
    0x0024_056d,
    0x0010_cb69,
    0x0036_0da9,
    0x0020_0d92,
    0x000a_9d25,
    0x0030_0d25,
    0x001b_5a4d,
    0x003e_0a56,
    0x0028_02b6,
    0x0012_c5b5,
    0x0038_06d5,
    0x0022_0ea9,
    0x000e_be92,
    0x0034_0e92,
    0x001e_0d26,
    0x0006_6a56,
    0x002a_0a57,
    0x0017_14d6,
    0x003c_035a,
    0x0024_06d5,
    0x0010_b6c9,
    0x0036_0749,
    0x0020_0693,
    0x0008_952b,
    0x002e_052b,
    0x0018_0a5b,
    0x0004_555a,
    0x0028_056a,
    0x0012_fb55,
    0x003a_0ba4,
    0x0024_0b49,
    0x000c_ba93,
    0x0032_0a95,
    0x001c_052d,
    0x0006_8aad,
    0x002a_0ab5,
    0x0017_35aa,
    0x003c_05d2,
    0x0026_0da5,
    0x0010_dd4a,
    0x0036_0d4a,
    0x0020_0c95,
    0x000a_952e,
    0x002e_0556,
    0x0018_0ab5,
    0x0004_55b2,
    0x002a_06d2,
    0x0012_cea5,
    0x0038_0725,
    0x0022_064b,
    0x000c_ac97,
    0x0030_0cab,
    0x001c_055a,
    0x0006_6ad6,
    0x002c_0b69,
    0x0017_7752,
    0x003c_0b52,
    0x0026_0b25,
    0x0010_da4b,
    0x0034_0a4b,
    0x001e_04ab,
    0x0008_a55b,
    0x002e_05ad,
    0x0018_0b6a,
    0x0004_5b52,
    0x002a_0d92,
    0x0014_fd25,
    0x0038_0d25,
    0x0022_0a55,
    0x000c_b4ad,
    0x0032_04b6,
    0x001a_05b5,
    0x0006_6daa,
    0x002c_0ec9,
    0x0019_1e92,
    0x003c_0e92,
    0x0026_0d26,
    0x0010_ca56,
    0x0034_0a57,
    0x001e_0556,
    0x0008_86d5,
    0x002e_0755,
    0x001a_0749,
    0x0002_6e93,
    0x0028_0693,
    0x0012_f52b,
    0x0038_052b,
    0x0020_0a5b,
    0x000c_b55a,
    0x0032_056a,
    0x001c_0b65,
    0x0006_974a,
    0x002c_0b4a,
    0x0017_1a95,
    0x003c_0a95,
    0x0024_052d,
    0x000e_caad,
    0x0034_0ab5,
    0x0020_05aa,
    0x0008_8ba5,
    0x002e_0da5,
    0x001a_0d4a,
    0x0004_7c95,
    0x0028_0c96,
    0x0012_f94e,
    0x0038_0556,
    0x0022_0ab5,
    0x000c_b5b2,
    0x0032_06d2,
    0x001c_0ea5,
    0x0008_8e4a,
    0x002a_068b,
    0x0015_0c97,
    0x003a_04ab,
    0x0024_055b,
    0x000e_cad6,
    0x0034_0b6a,
    0x0020_0752,
    0x000a_9725,
    0x002e_0b45,
    0x0018_0a8b,
    0x0002_549b,
    0x0028_04ab,
];

/// A day of the Chinese calendar, of any year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lunar {
    pub month: u32,
    /// In the second month of the same number.
    pub leap: bool,
    pub day: u32,
}

/// The year as the table has it.
#[derive(Debug, Clone, Copy)]
struct Year(u32);

impl Year {
    fn of(year: i32) -> Option<Self> {
        let place = usize::try_from(year - FIRST).ok()?;
        YEARS.get(place).copied().map(Self)
    }

    /// The month that comes twice, 0 for none.
    const fn leap(self) -> u32 {
        self.0 >> 13 & 0xf
    }

    /// Days of the month at this place, from 0.
    const fn days(self, place: u32) -> u32 {
        29 + (self.0 >> place & 1)
    }

    const fn months(self) -> u32 {
        if self.leap() > 0 { 13 } else { 12 }
    }

    fn first_day(self, year: i32) -> Option<NaiveDate> {
        let days = u64::from(self.0 >> 17);
        NaiveDate::from_ymd_opt(year, 1, EARLIEST)?.checked_add_days(Days::new(days))
    }

    /// The place of a month; a leap month that this year has not is its namesake.
    const fn place(self, month: u32, leap: bool) -> u32 {
        let has_leap = self.leap();
        let is_behind = has_leap > 0 && (month > has_leap || (leap && month == has_leap));
        month - 1 + is_behind as u32
    }
}

impl Lunar {
    /// When this day is kept in the year of the Chinese calendar that begins in `year`: in a leap month where there is
    /// one, else in the month before it; the 30th of a short month on its 29th. None outside the table.
    #[must_use]
    pub fn kept_in(self, year: i32) -> Option<NaiveDate> {
        if !(1..=12).contains(&self.month) || !(1..=30).contains(&self.day) {
            return None;
        }
        let it = Year::of(year)?;
        let place = it.place(self.month, self.leap);
        let before: u32 = (0..place).map(|month| it.days(month)).sum();
        let day = self.day.min(it.days(place));
        let days = u64::from(before + day - 1);
        it.first_day(year)?.checked_add_days(Days::new(days))
    }

    /// Whether there was such a day in that year.
    #[must_use]
    pub fn is_in(self, year: i32) -> bool {
        let has_day = |it: Year| self.day <= it.days(it.place(self.month, self.leap));
        let has_month = |it: Year| !self.leap || it.leap() == self.month;
        let sound = (1..=12).contains(&self.month) && self.day >= 1;
        sound && Year::of(year).is_some_and(|it| has_month(it) && has_day(it))
    }

    /// The day of the Chinese calendar, and its year. None outside the table.
    #[must_use]
    pub fn of(date: NaiveDate) -> Option<(i32, Self)> {
        let begun = |year: i32| Year::of(year)?.first_day(year).filter(|day| *day <= date);
        let year = date.year();
        let year = if begun(year).is_some() {
            year
        } else {
            year - 1
        };
        let first = begun(year)?;
        let it = Year::of(year)?;
        let mut left = u32::try_from((date - first).num_days()).ok()?;
        for place in 0..it.months() {
            if left < it.days(place) {
                let leap = it.leap();
                let is_behind = leap > 0 && place >= leap;
                let month = place + 1 - u32::from(is_behind);
                let lunar = Self {
                    month,
                    leap: is_behind && place == leap,
                    day: left + 1,
                };
                return Some((year, lunar));
            }
            left -= it.days(place);
        }
        None
    }

    /// The next time it is kept, on `today` or later. None outside the table.
    #[must_use]
    pub fn next(self, today: NaiveDate) -> Option<NaiveDate> {
        let years = today.year() - 1..=today.year() + 1;
        years
            .filter_map(|year| self.kept_in(year))
            .find(|day| *day >= today)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn lunar(month: u32, leap: bool, day: u32) -> Lunar {
        Lunar { month, leap, day }
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// New years, leap months and mid-autumn days as almanacs have them.
    #[test]
    fn known_days() {
        for (year, day, text) in [
            (1900, lunar(1, false, 1), "1900-01-31"),
            (1906, lunar(4, false, 1), "1906-04-24"),
            (1922, lunar(5, true, 1), "1922-06-25"),
            (1949, lunar(8, false, 10), "1949-10-01"),
            (1978, lunar(8, false, 15), "1978-09-17"),
            (1984, lunar(10, true, 1), "1984-11-23"),
            (1985, lunar(1, false, 1), "1985-02-20"),
            (2000, lunar(1, false, 1), "2000-02-05"),
            (2008, lunar(7, false, 8), "2008-08-08"),
            (2020, lunar(4, true, 1), "2020-05-23"),
            (2023, lunar(2, true, 1), "2023-03-22"),
            (2024, lunar(1, false, 1), "2024-02-10"),
            (2025, lunar(6, true, 1), "2025-07-25"),
            (2025, lunar(8, false, 15), "2025-10-06"),
            (2025, lunar(12, false, 29), "2026-02-16"),
            (2026, lunar(1, false, 1), "2026-02-17"),
            (2026, lunar(5, false, 5), "2026-06-19"),
            (2026, lunar(8, false, 15), "2026-09-25"),
            (2033, lunar(11, true, 1), "2033-12-22"),
            (2100, lunar(1, false, 1), "2100-02-09"),
        ] {
            assert_eq!(day.kept_in(year), Some(date(text)), "{year} {day:?}");
            assert!(day.is_in(year));
            assert_eq!(Lunar::of(date(text)), Some((year, day)));
        }
    }

    /// MB6: a leap month that a year has not is kept in its namesake, the 30th of a short month on the 29th.
    #[test]
    fn days_that_a_year_has_not() {
        let born = lunar(6, true, 10);
        assert!(born.is_in(2025) && !born.is_in(2026));
        assert_eq!(born.kept_in(2026), lunar(6, false, 10).kept_in(2026));
        let last = lunar(12, false, 30);
        assert!(!last.is_in(2025) && last.is_in(2023));
        assert_eq!(last.kept_in(2025), lunar(12, false, 29).kept_in(2025));
        // Kept at the end of the year before, when that is still to come.
        assert_eq!(last.next(date("2026-01-01")), Some(date("2026-02-16")));
        assert_eq!(born.next(date("2025-08-04")), Some(date("2026-07-23")));
        for wrong in [
            lunar(0, false, 1),
            lunar(13, false, 1),
            lunar(1, false, 0),
            lunar(1, false, 31),
        ] {
            assert_eq!(wrong.kept_in(2026), None);
            assert!(!wrong.is_in(2026));
        }
        assert_eq!(lunar(1, false, 1).kept_in(1899), None);
        assert_eq!(Lunar::of(date("1900-01-30")), None);
    }

    /// Each year begins on the day after the last of the one before.
    #[test]
    fn years_follow_each_other() {
        for year in FIRST..2100 {
            let it = Year::of(year).unwrap();
            let days: u32 = (0..it.months()).map(|place| it.days(place)).sum();
            let next = it.first_day(year).unwrap() + Days::new(days.into());
            let after = Year::of(year + 1).unwrap().first_day(year + 1).unwrap();
            assert_eq!(next, after, "{year}");
        }
    }

    proptest! {
        #[test]
        fn there_and_back(days in 0_u64..73_000) {
            let day = date("1900-02-01") + Days::new(days);
            let (year, lunar) = Lunar::of(day).unwrap();
            prop_assert!(lunar.is_in(year));
            prop_assert_eq!(lunar.kept_in(year), Some(day));
            prop_assert_eq!(lunar.next(day), Some(day));
        }
    }
}
