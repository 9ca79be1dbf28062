//! Member levels (LV1, LV2).

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ledger::{OperationKind, Plan};
use super::member::Member;
use super::money::Fen;
use super::promotion::RuleRef;

/// A level. `threshold` is spend in a rolling twelve months, inclusive; `paid` is what the member pays in
/// basis points (9000 is 9 折); `multiplier` is points in basis points (20000 is double).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub id: i32,
    pub rank: i32,
    pub name: String,
    pub threshold: Fen,
    pub paid: i64,
    pub multiplier: i64,
    /// Whoever buys this reaches it (LV1).
    #[serde(default)]
    pub product_id: Option<i32>,
    /// Grows with every edit.
    pub version: i32,
}

impl Level {
    /// What a receipt names of it (LG7): Postgres keeps what each version said.
    #[must_use]
    pub const fn rule(&self) -> RuleRef {
        RuleRef {
            id: self.id,
            version: self.version,
        }
    }
}

/// Which spend reaches a level (LV1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelBy {
    /// That of the last twelve months.
    #[default]
    Rolling,
    /// All since she joined.
    Lifetime,
}

/// What counts towards a level of what she spent, fen.
#[must_use]
pub const fn counted(by: LevelBy, member: &Member) -> Fen {
    match by {
        LevelBy::Rolling => member.spend_year,
        LevelBy::Lifetime => member.spend,
    }
}

/// When levels are reviewed (LV1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewDay {
    Monthly { day: u32 },
    Yearly { month: u32, day: u32 },
}

impl ReviewDay {
    /// The last such day up to `today`; a day that a month has not is its last.
    #[must_use]
    pub fn last(self, today: NaiveDate) -> Option<NaiveDate> {
        let kept = |year: i32, month: u32, day: u32| {
            let mut days = (1..=day).rev();
            days.find_map(|day| NaiveDate::from_ymd_opt(year, month, day))
        };
        let (this, before) = match self {
            Self::Monthly { day } => {
                let last = today.with_day(1)?.checked_sub_months(Months::new(1))?;
                let this = kept(today.year(), today.month(), day)?;
                (this, kept(last.year(), last.month(), day)?)
            }
            Self::Yearly { month, day } => {
                let this = kept(today.year(), month, day)?;
                (this, kept(today.year() - 1, month, day)?)
            }
        };
        Some(if this <= today { this } else { before })
    }
}

/// Months for which a level that a top-up gave is kept, whatever is spent.
pub const KEEP_MONTHS: u32 = 12;

/// A member whose level is looked at: what she spent by the day of the review, and since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    pub id: i64,
    pub version: i64,
    pub name: String,
    pub phone: Option<String>,
    pub level_id: i32,
    /// In the twelve months up to the day of the review, or since she joined by then, fen.
    pub spend: Fen,
    /// The same as of today.
    pub spend_now: Fen,
    /// Levels that top-ups gave her within the time they are kept.
    pub granted: Vec<i32>,
}

/// The level she goes down to: the next lower one, where neither what she spent nor a top-up within its time keeps the
/// one she has (LV1). What she spent since the day of the review counts for her. None keeps her level.
#[must_use]
pub fn downgrade(levels: &[Level], her: &Reviewed) -> Option<i32> {
    let now = levels.iter().find(|level| level.id == her.level_id)?;
    let spend = her.spend.max(her.spend_now);
    let reached = |level: &Level| level.threshold.is_positive() && spend >= level.threshold;
    let keeps = |level: &&Level| {
        level.rank >= now.rank && (reached(level) || her.granted.contains(&level.id))
    };
    if levels.iter().any(|level| keeps(&level)) {
        return None;
    }
    let below = levels.iter().filter(|level| level.rank < now.rank);
    below.max_by_key(|level| level.rank).map(|level| level.id)
}

/// Plans the review of a member on the level she has.
#[must_use]
pub fn plan_review(levels: &[Level], her: &Reviewed, review_on: NaiveDate) -> Option<Plan> {
    let level = downgrade(levels, her)?;
    let mut plan = Plan::new(OperationKind::LevelReview);
    plan.member = Some((her.id, her.version));
    plan.level = Some(level);
    let spend = her.spend.max(her.spend_now);
    plan.document = serde_json::json!({
        "review": { "on": review_on, "spend": spend, "from": her.level_id, "to": level },
    });
    Some(plan)
}

/// The id of a member's review follows from what it is made on (LG2), as that of an expiry.
#[must_use]
pub fn review_id(her: &Reviewed, review_on: NaiveDate) -> Uuid {
    let name = format!("guitai level review {} {review_on}", her.id);
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

/// The level a member moves up to with what she spent ([`counted`]), the current sale counted;
/// `None` when she stays. Never down: that is the review's business (LV1).
#[must_use]
pub fn upgrade(levels: &[Level], current: i32, spend: Fen) -> Option<i32> {
    let rank = levels
        .iter()
        .find(|l| l.id == current)
        .map_or(i32::MIN, |l| l.rank);
    levels
        .iter()
        .filter(|l| l.rank > rank && l.threshold.is_positive() && spend >= l.threshold)
        .max_by_key(|l| l.rank)
        .map(|l| l.id)
}

/// The highest level above `current` that comes with one of these goods (LV1).
#[must_use]
pub fn bought(levels: &[Level], current: i32, goods: &[Option<i32>]) -> Option<i32> {
    let rank = |id: i32| {
        levels
            .iter()
            .find(|l| l.id == id)
            .map_or(i32::MIN, |l| l.rank)
    };
    let with = |level: &&Level| level.product_id.is_some() && goods.contains(&level.product_id);
    let best = levels.iter().filter(with).max_by_key(|level| level.rank)?;
    (best.rank > rank(current)).then_some(best.id)
}

/// `target` if it is above `current`, for an upgrade that a top-up grants at once.
#[must_use]
pub fn raise(levels: &[Level], current: i32, target: i32) -> Option<i32> {
    let rank = |id: i32| levels.iter().find(|l| l.id == id).map(|l| l.rank);
    (rank(target)? > rank(current)?).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels() -> Vec<Level> {
        [(1, 0), (2, 100_000), (3, 500_000)]
            .map(|(id, threshold)| Level {
                product_id: None,
                id,
                rank: id,
                name: String::new(),
                threshold: Fen(threshold),
                paid: 10_000,
                multiplier: 10_000,
                version: 1,
            })
            .to_vec()
    }

    /// LV1: one level at a time, kept by what was spent by the day or since, and by a top-up within its time.
    #[test]
    fn a_review_leads_down_one_level() {
        let her = |level_id, spend, spend_now, granted: &[i32]| Reviewed {
            id: 1,
            version: 1,
            name: String::new(),
            phone: None,
            level_id,
            spend: Fen(spend),
            spend_now: Fen(spend_now),
            granted: granted.to_vec(),
        };
        let down = |her| downgrade(&levels(), &her);
        assert_eq!(down(her(3, 0, 0, &[])), Some(2));
        assert_eq!(down(her(3, 499_999, 100, &[])), Some(2));
        assert_eq!(down(her(3, 500_000, 0, &[])), None);
        assert_eq!(down(her(3, 0, 500_000, &[])), None);
        assert_eq!(down(her(3, 0, 0, &[3])), None);
        assert_eq!(down(her(3, 0, 0, &[2])), Some(2));
        assert_eq!(down(her(2, 0, 0, &[3])), None);
        assert_eq!(down(her(2, 0, 0, &[])), Some(1));
        assert_eq!(down(her(1, 0, 0, &[])), None);
        let plan = plan_review(&levels(), &her(3, 7, 9, &[]), NaiveDate::MIN);
        assert_eq!(plan.and_then(|plan| plan.level), Some(2));
    }

    #[test]
    fn review_days() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let last = |review: ReviewDay, today: &str| review.last(day(today)?);
        let monthly = ReviewDay::Monthly { day: 31 };
        assert_eq!(last(monthly, "2027-03-30"), day("2027-02-28"));
        assert_eq!(last(monthly, "2027-03-31"), day("2027-03-31"));
        assert_eq!(last(monthly, "2027-01-02"), day("2026-12-31"));
        let yearly = ReviewDay::Yearly { month: 2, day: 29 };
        assert_eq!(last(yearly, "2028-02-28"), day("2027-02-28"));
        assert_eq!(last(yearly, "2028-02-29"), day("2028-02-29"));
    }

    #[test]
    fn thresholds_are_inclusive_and_never_lead_down() {
        assert_eq!(upgrade(&levels(), 1, Fen(99_999)), None);
        assert_eq!(upgrade(&levels(), 1, Fen(100_000)), Some(2));
        assert_eq!(upgrade(&levels(), 1, Fen(900_000)), Some(3));
        assert_eq!(upgrade(&levels(), 3, Fen(100_000)), None);
        assert_eq!(raise(&levels(), 2, 1), None);
        assert_eq!(raise(&levels(), 1, 3), Some(3));
    }
}
