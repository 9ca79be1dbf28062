//! The occasions of a time under an edited gift rule (MB2, LV2, OR6): what it would have given had everybody come.

use chrono::NaiveDate;

use super::{Gain, Outlook, Touched};
use crate::domain::gift::rule::{Event, GiftRule};

/// Somebody whose occasion it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastOccasion {
    pub member: String,
    pub on: NaiveDate,
    /// The level she has.
    pub level_id: i32,
}

/// All of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub on: Event,
    pub occasions: Vec<PastOccasion>,
}

/// What would have been given, to the levels they have. The day a rule was made, its own days and its stores do not count, nor
/// whether one of it was given before; who does not come to the counter gets nothing, so that it is the most it can cost.
#[must_use]
pub fn trial(
    in_force: Option<&GiftRule>,
    draft: &GiftRule,
    seen: &[Seen],
    complete: bool,
) -> Outlook {
    let gives = |rule: Option<&GiftRule>, it: &PastOccasion| {
        let rule = rule.filter(|rule| rule.active && rule.is_for(it.level_id));
        rule.map(|rule| Gain::of(&rule.gives)).unwrap_or_default()
    };
    let mut outlook = Outlook::new(complete);
    for seen in seen {
        let hers = |rule: &&GiftRule| rule.on == seen.on;
        let (before, after) = (in_force.filter(hers), Some(draft).filter(hers));
        for it in &seen.occasions {
            outlook.add(Touched {
                id: None,
                on: it.on,
                who: it.member.clone(),
                amount: None,
                before: gives(before, it),
                after: gives(after, it),
            });
        }
    }
    outlook
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::benefit::Benefit;
    use crate::domain::money::Fen;
    use crate::domain::promotion::{RuleRef, When, Who};
    use crate::domain::stored_value::tests::TODAY;
    use proptest::prelude::*;

    fn rule(on: Event, points: i64, bonus: i64) -> GiftRule {
        GiftRule {
            rule: RuleRef { id: 1, version: 1 },
            name: String::new(),
            active: true,
            on,
            gives: vec![
                Benefit::Points { points },
                Benefit::Bonus {
                    fen: Fen(bonus),
                    instalments: None,
                    valid_days: None,
                },
            ],
            when: When::default(),
            who: Who::default(),
            since: None,
        }
    }

    fn seen(on: Event, count: usize) -> Seen {
        let one = PastOccasion {
            member: "王晓明".to_owned(),
            on: TODAY,
            level_id: 1,
        };
        Seen {
            on,
            occasions: vec![one; count],
        }
    }

    #[test]
    fn another_occasion_loses_one_and_gains_the_other() {
        let level = Event::Level { level_id: 2 };
        let all = [seen(Event::Welcome, 3), seen(level, 2)];
        let (now, draft) = (rule(Event::Welcome, 50, 0), rule(level, 0, 1_000));
        let outlook = trial(Some(&now), &draft, &all, true);
        assert_eq!((outlook.events, outlook.touched), (5, 5));
        assert_eq!(
            (outlook.before.points, outlook.after.bonus),
            (150, Fen(2_000))
        );
    }

    /// Its levels count; its days do not: what begins tomorrow is tried on yesterday.
    #[test]
    fn only_for_its_levels() {
        let all = [seen(Event::Welcome, 2)];
        let given = |change: &dyn Fn(&mut GiftRule)| {
            let mut draft = rule(Event::Welcome, 50, 0);
            change(&mut draft);
            trial(None, &draft, &all, true).after.points
        };
        assert_eq!(given(&|_| {}), 100);
        assert_eq!(given(&|it| it.when.from = TODAY.succ_opt()), 100);
        assert_eq!(given(&|it| it.who.levels = vec![2]), 0);
        assert_eq!(given(&|it| it.who.levels = vec![1, 2]), 100);
        assert_eq!(given(&|it| it.who.stores = vec![9]), 100);
        assert_eq!(given(&|it| it.active = false), 0);
    }

    proptest! {
        /// The rule in force, saved unchanged, costs nothing; a new one costs all it gives.
        #[test]
        fn no_edit_costs_nothing(points in 0_i64..500, bonus in 0_i64..5_000, count in 0_usize..40, active: bool) {
            let rule = GiftRule { active, ..rule(Event::Welcome, points, bonus) };
            let all = [seen(Event::Welcome, count)];
            let same = trial(Some(&rule), &rule, &all, true);
            prop_assert_eq!(same.before, same.after);
            prop_assert_eq!((same.touched, same.events), (0, count));
            let new = trial(None, &rule, &all, true);
            prop_assert!(new.before.is_none());
            prop_assert_eq!(new.after, same.after);
        }
    }
}
