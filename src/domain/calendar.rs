//! The shop's time: Asia/Shanghai, which has had no summer time since 1991, and business days (OP2).

use chrono::{DateTime, Datelike, FixedOffset, Months, NaiveDate, NaiveTime, TimeDelta, Utc};

const SHANGHAI_SECONDS: i32 = 8 * 3600;

/// The wall clock of the shop.
#[must_use]
pub fn local(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    FixedOffset::east_opt(SHANGHAI_SECONDS)
        .map_or_else(|| at.fixed_offset(), |zone| at.with_timezone(&zone))
}

/// The business date: local time minus the store's cut-off (OP2).
#[must_use]
pub fn business_date(at: DateTime<Utc>, cutoff: NaiveTime) -> NaiveDate {
    let since_midnight = cutoff.signed_duration_since(NaiveTime::MIN);
    (local(at).naive_local() - since_midnight).date()
}

/// The last day of the month `months` after `day`: where points earned on `day` expire (PT3).
/// Whole months keep the lots of a member few, and the odd days are in her favour.
#[must_use]
pub fn end_of_month_after(day: NaiveDate, months: u32) -> Option<NaiveDate> {
    let first = day
        .with_day(1)?
        .checked_add_months(Months::new(months + 1))?;
    first.checked_sub_signed(TimeDelta::days(1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_day_ends_at_the_cutoff() {
        let cutoff = NaiveTime::from_hms_opt(4, 0, 0).unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // 03:59 in Shanghai belongs to yesterday, 04:00 to today.
        assert_eq!(
            business_date(at("2026-11-21T19:59:59Z"), cutoff).to_string(),
            "2026-11-21"
        );
        assert_eq!(
            business_date(at("2026-11-21T20:00:00Z"), cutoff).to_string(),
            "2026-11-22"
        );
    }

    #[test]
    fn months_end() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(
            end_of_month_after(day("2026-11-22"), 12),
            Some(day("2027-11-30"))
        );
        assert_eq!(
            end_of_month_after(day("2026-01-31"), 1),
            Some(day("2026-02-28"))
        );
    }
}
