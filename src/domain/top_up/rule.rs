//! The shop's offers: what a top-up of so much brings, to whom, where and when (SV4).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::benefit::Benefit;
use crate::domain::money::Fen;

/// A top-up rule, as published (SV4). The window is `[valid_from, valid_to)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUpRule {
    pub id: i32,
    pub version: i32,
    pub name: String,
    pub amount: Fen,
    pub benefits: Vec<Benefit>,
    pub levels: Option<Vec<i32>>,
    pub stores: Option<Vec<i32>>,
    pub valid_from: Option<DateTime<Utc>>,
    pub valid_to: Option<DateTime<Utc>>,
    pub active: bool,
}

impl TopUpRule {
    /// Whether it is open to a member of this level in this store now.
    #[must_use]
    pub fn open_to(&self, level_id: i32, store_id: i32, at: DateTime<Utc>) -> bool {
        self.active
            && self
                .levels
                .as_ref()
                .is_none_or(|levels| levels.contains(&level_id))
            && self
                .stores
                .as_ref()
                .is_none_or(|stores| stores.contains(&store_id))
            && self.valid_from.is_none_or(|from| from <= at)
            && self.valid_to.is_none_or(|to| at < to)
    }

    /// The bonus it gives in all, fen.
    #[must_use]
    pub fn bonus(&self) -> Fen {
        self.benefits
            .iter()
            .map(|b| {
                if let Benefit::Bonus { fen, .. } = b {
                    *fen
                } else {
                    Fen::ZERO
                }
            })
            .sum()
    }
}

/// The rule an amount reaches: the highest tier not above it (SV4).
#[must_use]
pub fn reached(
    rules: &[TopUpRule],
    amount: Fen,
    level_id: i32,
    store_id: i32,
    at: DateTime<Utc>,
) -> Option<&TopUpRule> {
    rules
        .iter()
        .filter(|rule| rule.amount <= amount && rule.open_to(level_id, store_id, at))
        .max_by_key(|rule| (rule.amount, rule.id))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn rule(id: i32, yuan: i64, benefits: Vec<Benefit>) -> TopUpRule {
        TopUpRule {
            id,
            version: 1,
            name: format!("充{yuan}"),
            amount: Fen::yuan(yuan),
            benefits,
            levels: None,
            stores: None,
            valid_from: None,
            valid_to: None,
            active: true,
        }
    }

    #[test]
    fn a_custom_amount_gets_the_highest_tier_it_reaches() {
        let rules = [
            rule(1, 500, vec![]),
            rule(2, 1_000, vec![]),
            rule(3, 2_000, vec![]),
        ];
        let at = DateTime::UNIX_EPOCH;
        assert_eq!(
            reached(&rules, Fen::yuan(1_999), 1, 1, at).map(|r| r.id),
            Some(2)
        );
        assert_eq!(reached(&rules, Fen::yuan(499), 1, 1, at), None);
    }

    #[test]
    fn the_window_is_half_open_and_levels_and_stores_bind() {
        let mut one = rule(1, 500, vec![]);
        one.valid_from = Some(DateTime::UNIX_EPOCH);
        one.valid_to = Some(DateTime::UNIX_EPOCH + chrono::TimeDelta::days(1));
        one.levels = Some(vec![2]);
        one.stores = Some(vec![1]);
        let at = |hours| DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hours);
        assert!(one.open_to(2, 1, at(0)) && one.open_to(2, 1, at(23)));
        assert!(!one.open_to(2, 1, at(24)) && !one.open_to(2, 1, at(-1)));
        assert!(!one.open_to(1, 1, at(0)) && !one.open_to(2, 2, at(0)));
    }
}
