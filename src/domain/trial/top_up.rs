//! Top-ups under an edited rule (SV4): whoever loads gets the highest tier she reaches, with it and without.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Gain, Outlook, Touched};
use crate::domain::calendar::local;
use crate::domain::money::Fen;
use crate::domain::top_up::{TopUpRule, reached};

/// A posted top-up that was not taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastTopUp {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub store_id: i32,
    pub member: String,
    /// The level the member had.
    pub level_id: i32,
    pub amount: Fen,
    /// What came with it.
    pub got: Gain,
}

/// What these top-ups would have brought.
#[must_use]
pub fn trial(
    rules: &[TopUpRule],
    draft: &TopUpRule,
    past: &[PastTopUp],
    complete: bool,
) -> Outlook {
    let any_time = |rule: &TopUpRule| TopUpRule {
        valid_from: None,
        valid_to: None,
        ..rule.clone()
    };
    let is_its = |rule: &TopUpRule| draft.id != 0 && rule.id == draft.id;
    let before: Vec<TopUpRule> = rules
        .iter()
        .map(|rule| {
            if is_its(rule) {
                any_time(rule)
            } else {
                rule.clone()
            }
        })
        .collect();
    let mut after: Vec<TopUpRule> = before.clone();
    match after.iter_mut().find(|rule| is_its(rule)) {
        Some(rule) => *rule = any_time(draft),
        // Saved, it would be the newest.
        None => after.push(TopUpRule {
            id: i32::MAX,
            ..any_time(draft)
        }),
    }
    let mut outlook = Outlook::new(complete);
    let mut got = Gain::default();
    for it in past {
        let under = |rules: &[TopUpRule]| {
            let rule = reached(rules, it.amount, it.level_id, it.store_id, it.at);
            rule.map_or_else(Gain::default, |rule| Gain::of(&rule.benefits))
        };
        got += it.got;
        outlook.add(Touched {
            id: Some(it.id),
            on: local(it.at).date_naive(),
            who: it.member.clone(),
            amount: Some(it.amount),
            before: under(&before),
            after: under(&after),
        });
    }
    outlook.got = Some(got);
    outlook
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::benefit::Benefit;
    use proptest::prelude::*;

    fn rule(id: i32, yuan: i64, bonus: i64) -> TopUpRule {
        TopUpRule {
            id,
            version: 1,
            name: String::new(),
            amount: Fen::yuan(yuan),
            benefits: vec![Benefit::Bonus {
                fen: Fen::yuan(bonus),
                instalments: None,
                valid_days: None,
            }],
            levels: None,
            stores: None,
            valid_from: None,
            valid_to: None,
            active: true,
        }
    }

    fn past(yuan: i64, level_id: i32) -> PastTopUp {
        PastTopUp {
            id: Uuid::nil(),
            at: DateTime::UNIX_EPOCH,
            store_id: 1,
            member: String::new(),
            level_id,
            amount: Fen::yuan(yuan),
            got: Gain::default(),
        }
    }

    #[test]
    fn the_highest_tier_with_it_and_without() {
        let rules = [rule(1, 500, 50), rule(2, 1_000, 150)];
        let loads = [past(300, 1), past(600, 1), past(1_200, 1), past(2_500, 1)];
        // A new tier above the others.
        let outlook = trial(&rules, &rule(0, 2_000, 400), &loads, true);
        assert_eq!((outlook.events, outlook.touched), (4, 1));
        assert_eq!(
            outlook.after - outlook.before,
            Gain {
                bonus: Fen::yuan(250),
                ..Gain::default()
            }
        );
        // One that is switched off: its members fall to the tier below.
        let off = TopUpRule {
            active: false,
            ..rule(2, 1_000, 150)
        };
        let outlook = trial(&rules, &off, &loads, true);
        assert_eq!(
            outlook.after - outlook.before,
            Gain {
                bonus: Fen::yuan(-200),
                ..Gain::default()
            }
        );
        // It begins tomorrow, and is tried all the same.
        let coming = TopUpRule {
            valid_from: Some(DateTime::UNIX_EPOCH + chrono::TimeDelta::days(1)),
            ..rule(1, 500, 60)
        };
        assert_eq!(trial(&rules, &coming, &loads, true).touched, 1);
    }

    proptest! {
        /// The rule in force, saved unchanged, costs nothing.
        #[test]
        fn no_edit_costs_nothing(
            tiers in prop::collection::vec((1_i64..50, 0_i64..50, prop::option::of(1_i32..4), any::<bool>()), 1..6),
            loads in prop::collection::vec((1_i64..6_000, 1_i32..4), 0..30), place in 0_usize..6,
        ) {
            let rules: Vec<TopUpRule> = (1..).zip(tiers).map(|(id, (amount, bonus, level, active))| TopUpRule {
                levels: level.map(|level| vec![level]), active, ..rule(id, amount * 100, bonus)
            }).collect();
            let loads: Vec<PastTopUp> = loads.into_iter().map(|(yuan, level)| past(yuan, level)).collect();
            let Some(draft) = rules.get(place % rules.len()) else { return Ok(()) };
            let outlook = trial(&rules, draft, &loads, true);
            prop_assert_eq!(outlook.before, outlook.after);
            prop_assert_eq!((outlook.touched, outlook.events), (0, loads.len()));
        }
    }
}
