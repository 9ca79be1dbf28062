//! `dormant`: who has stayed away for too long, and what the shop stands to lose (OR1).
//!
//! All integers, and every formula but [`days_since`] depends on stored columns only, not on today. So
//! `holding` keeps `due_on` and `at_risk`, and the list is an index range. A visit brings them with its plan;
//! other operations and verify compute them in Postgres. A test holds the two to each other.

use chrono::{Days, NaiveDate};

use crate::domain::member::Member;
use crate::domain::money::Fen;

/// Visit days from which on a member has a rhythm of his own.
pub const RHYTHM_VISITS: i64 = 3;
/// Nobody is dormant after fewer days by his own rhythm.
pub const LEAST_DAYS: i64 = 7;
/// The span of expected spend, days.
pub const EXPECTED_DAYS: i64 = 30;

/// What the member's row knows of the visits. A visit is a day with a sale or a redemption (OR1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visits {
    pub first: NaiveDate,
    pub last: NaiveDate,
    /// Different days with a visit; at least one.
    pub days: i64,
    /// Everything spent on those days, net of refunds.
    pub spent: Fen,
}

/// Why a member counts as dormant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Longer away than the merchant's limit.
    Limit,
    /// Longer away than twice the member's own mean gap.
    Rhythm,
}

/// Where a member stands in the list when she stays away from now on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Different days with a visit.
    pub visits: i32,
    pub first_visit_on: Option<NaiveDate>,
    pub last_visit_on: Option<NaiveDate>,
    /// Value at risk, fen.
    pub at_risk: Fen,
    /// The day after which she is overdue by her own rhythm.
    pub due_on: Option<NaiveDate>,
}

/// Where `member` stands after a visit on the day `on` which adds `spend` and leaves her with `stored` of principal
/// and bonus.
#[must_use]
pub fn after_visit(member: &Member, on: NaiveDate, spend: Fen, stored: Fen) -> Standing {
    let first = member.first_visit_on.map_or(on, |first| first.min(on));
    let last = member.last_visit_on.map_or(on, |last| last.max(on));
    let days = member.visits + i32::from(member.last_visit_on.is_none_or(|last| last < on));
    let visits = Visits {
        first,
        last,
        days: i64::from(days),
        spent: member.spend + spend,
    };
    Standing {
        visits: days,
        first_visit_on: Some(first),
        last_visit_on: Some(last),
        at_risk: visits.at_risk(stored, Fen::ZERO),
        due_on: visits.dormant_on().and_then(|day| day.pred_opt()),
    }
}

/// Whole days from the last visit to `today`, both business dates; zero when it lies ahead.
#[must_use]
pub fn days_since(last: NaiveDate, today: NaiveDate) -> i64 {
    today.signed_duration_since(last).num_days().max(0)
}

impl Visits {
    /// Days from the first to the last visit.
    fn span(&self) -> i64 {
        days_since(self.first, self.last)
    }

    /// The mean gap between visit days, rounded down; `None` below [`RHYTHM_VISITS`].
    #[must_use]
    pub fn mean_gap_days(&self) -> Option<i64> {
        (self.days >= RHYTHM_VISITS).then(|| self.span() / (self.days - 1))
    }

    /// The most days away that are still the member's own rhythm (OR1): twice the exact mean gap,
    /// rounded down once at the end, and at least [`LEAST_DAYS`] - 1. More than these is dormant.
    #[must_use]
    pub fn own_limit_days(&self) -> Option<i64> {
        (self.days >= RHYTHM_VISITS)
            .then(|| (2 * self.span() / (self.days - 1)).max(LEAST_DAYS - 1))
    }

    /// The first day on which the member is dormant by the own rhythm.
    #[must_use]
    pub fn dormant_on(&self) -> Option<NaiveDate> {
        let days = u64::try_from(self.own_limit_days()? + 1).ok()?;
        self.last.checked_add_days(Days::new(days))
    }

    /// Dormant today (OR1)? `limit_days` is the merchant's N. The limit is named before the rhythm.
    #[must_use]
    pub fn dormant(&self, today: NaiveDate, limit_days: i64) -> Option<Reason> {
        let away = days_since(self.last, today);
        if away > limit_days {
            return Some(Reason::Limit);
        }
        self.own_limit_days()
            .filter(|own| away > *own)
            .map(|_| Reason::Rhythm)
    }

    /// What 30 days with this member bring: spend x 30 / days since the first visit, at least 30
    /// days, rounded down. The days count up to the last visit, not up to today: a customer who
    /// came weekly is worth the same however long nobody called.
    #[must_use]
    pub fn expected_spend(&self) -> Fen {
        self.spent
            .max_zero()
            .ratio(EXPECTED_DAYS, self.span().max(EXPECTED_DAYS))
    }

    /// Value at risk (OR1): what is stored (principal and bonus, not below zero) and the expected
    /// spend of 30 days. Dormant lists sort by it, the largest first.
    #[must_use]
    pub fn at_risk(&self, principal: Fen, bonus: Fen) -> Fen {
        (principal + bonus).max_zero() + self.expected_spend()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn visits(first: &str, last: &str, days: i64, spent: i64) -> Visits {
        Visits {
            first: day(first),
            last: day(last),
            days,
            spent: Fen(spent),
        }
    }

    #[test]
    fn the_merchants_limit_is_passed_not_reached() {
        let once = visits("2026-01-01", "2026-01-01", 1, 6_800);
        assert_eq!(once.dormant(day("2026-01-31"), 30), None);
        assert_eq!(once.dormant(day("2026-02-01"), 30), Some(Reason::Limit));
        assert_eq!(once.dormant(day("2025-12-01"), 30), None);
        assert_eq!((once.own_limit_days(), once.dormant_on()), (None, None));
    }

    #[test]
    fn a_weekly_customer_is_missed_after_two_weeks() {
        let weekly = visits("2026-01-01", "2026-01-29", 5, 34_000);
        assert_eq!(
            (weekly.mean_gap_days(), weekly.own_limit_days()),
            (Some(7), Some(14))
        );
        assert_eq!(weekly.dormant(day("2026-02-12"), 30), None);
        assert_eq!(weekly.dormant(day("2026-02-13"), 30), Some(Reason::Rhythm));
        assert_eq!(weekly.dormant_on(), Some(day("2026-02-13")));
    }

    #[test]
    fn the_mean_gap_is_exact_until_the_end() {
        // Two gaps of 7 and 8 days: twice 7.5 is 15, not 14.
        let uneven = visits("2026-01-01", "2026-01-16", 3, 0);
        assert_eq!(
            (uneven.mean_gap_days(), uneven.own_limit_days()),
            (Some(7), Some(15))
        );
    }

    #[test]
    fn daily_customers_have_a_week() {
        let daily = visits("2026-01-01", "2026-01-10", 10, 9_000);
        assert_eq!(daily.dormant(day("2026-01-16"), 30), None);
        assert_eq!(daily.dormant(day("2026-01-17"), 30), Some(Reason::Rhythm));
        let two = visits("2026-01-01", "2026-01-02", 2, 0);
        assert_eq!(two.own_limit_days(), None);
    }

    #[test]
    fn value_at_risk() {
        // 400 yuan in 100 days: 120 in 30.
        let member = visits("2026-01-01", "2026-04-11", 6, 40_000);
        assert_eq!(member.expected_spend(), Fen(12_000));
        assert_eq!(member.at_risk(Fen(100_000), Fen(23_400)), Fen(135_400));
        // A newcomer's spend is not multiplied.
        let new = visits("2026-01-01", "2026-01-03", 2, 10_000);
        assert_eq!(new.expected_spend(), Fen(10_000));
        // More refunded than bought.
        let refunded = visits("2026-01-01", "2026-01-03", 2, -500);
        assert_eq!(refunded.at_risk(Fen(-100), Fen(0)), Fen(0));
        // Rounded down: 1000 x 30 / 31.
        assert_eq!(
            visits("2026-01-01", "2026-02-01", 3, 1_000).expected_spend(),
            Fen(967)
        );
    }

    proptest! {
        #[test]
        fn the_day_and_the_answer_agree(span in 0_u64..2_000, days in 1_i64..500, away in 0_u64..400, spent in any::<i64>()) {
            let first = day("2020-02-29");
            let last = first + Days::new(span);
            let today = last + Days::new(away);
            let member = Visits { first, last, days, spent: Fen(spent) };
            let by_day = member.dormant_on().is_some_and(|on| on <= today);
            prop_assert_eq!(member.dormant(today, i64::MAX).is_some(), by_day);
            prop_assert!(member.at_risk(Fen::ZERO, Fen::ZERO) >= Fen::ZERO);
            prop_assert!(!by_day || away >= 7);
        }
    }
}
