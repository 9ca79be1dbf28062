//! Gifts that a rule gives by itself: to whoever joins, has a birthday, reaches a level, is brought by somebody or brings
//! somebody (MB2, LV2, OR6).

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::beneficiary::{Born, Relation};
use crate::domain::benefit::{Benefit, Giving};
use crate::domain::birthday::kept;
use crate::domain::coupon::said;
use crate::domain::ledger::{Account, OperationKind, Plan, Stamp};
use crate::domain::member::Member;
use crate::domain::promotion::{RuleRef, When, Who};
use crate::domain::shop::Shop;
use crate::error::{Refusal, Result};

/// Days after which a paid top-up cannot be asked back (RF1): referrals wait for them by default.
pub const REFUND_DAYS: u32 = 7;

/// What a gift is for. Each comes once for each rule: once ever, a year, a level, a newcomer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// She joined after the rule was made (MB2).
    Welcome,
    /// She comes within so many days before her birthday or after it.
    Birthday { before: u32, after: u32 },
    /// The same for each child on her card, by either calendar (MB6).
    Child { before: u32, after: u32 },
    /// She reached the level after the rule was made (LV2).
    Level { level_id: i32 },
    /// Somebody brought her, and her first top-up is so many days old (OR6); 0 is at once.
    Newcomer { days: u32 },
    /// She brought somebody: as above, once for each of them, and never for those they bring.
    Referrer { days: u32 },
}

/// A published rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftRule {
    #[serde(flatten)]
    pub rule: RuleRef,
    pub name: String,
    pub active: bool,
    pub on: Event,
    pub gives: Vec<Benefit>,
    /// The days it is given on; no hours, no days of the week.
    pub when: When,
    /// The levels and the stores.
    pub who: Who,
    /// The business day its first version was made on.
    #[serde(default, skip_serializing)]
    pub since: Option<NaiveDate>,
}

/// Somebody who was brought, and the day of her first top-up that was not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    pub member_id: i64,
    pub topped_up_on: Option<NaiveDate>,
}

/// What of a member the rules ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Occasions {
    /// What she, or somebody merged into her, was given: the number of the rule and the occasion.
    pub given: Vec<(i32, String)>,
    /// The day she reached the level she has; none when she began with it.
    pub level_on: Option<NaiveDate>,
    /// Of herself, when somebody brought her.
    pub brought_by: Option<Brought>,
    /// Those she brought.
    pub brought: Vec<Brought>,
}

/// A gift that is hers now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    pub rule: RuleRef,
    /// What tells it from the next one of the same rule.
    pub key: String,
}

impl Due {
    /// The operation that gives it to this member: the same at every till, so that nobody gives it twice.
    #[must_use]
    pub fn id(&self, member_id: i64) -> Uuid {
        let name = format!("gift {member_id} {} {}", self.rule.id, self.key);
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }
}

impl GiftRule {
    /// Whether it is for members of this level.
    #[must_use]
    pub fn is_for(&self, level_id: i32) -> bool {
        let levels = &self.who.levels;
        levels.is_empty() || levels.contains(&level_id)
    }

    /// Whether it is given today in this store to a member of this level.
    fn holds(&self, level_id: i32, store_id: i32, today: NaiveDate) -> bool {
        let stores = &self.who.stores;
        self.active
            && self.when.from.is_none_or(|from| from <= today)
            && self.when.until.is_none_or(|until| today <= until)
            && self.is_for(level_id)
            && (stores.is_empty() || stores.contains(&store_id))
    }

    /// The occasions on which it is hers today, whether or not it was given.
    fn keys(&self, member: &Member, today: NaiveDate) -> Vec<String> {
        let seen = |day: NaiveDate| self.since.is_none_or(|since| since <= day);
        let ripe = |it: &Brought, days: u32| {
            let first = it.topped_up_on;
            first
                .and_then(|day| day.checked_add_days(Days::new(days.into())))
                .is_some_and(|day| day <= today)
        };
        let occasions = &member.occasions;
        match self.on {
            Event::Welcome if seen(member.joined_on) => vec!["welcome".to_owned()],
            Event::Birthday { before, after } => {
                let near = birthday_near(member, today, before, after);
                near.map(|year| format!("birthday {year}"))
                    .into_iter()
                    .collect()
            }
            Event::Child { before, after } => self.children(member, today, before, after),
            Event::Level { level_id }
                if level_id == member.level.id && occasions.level_on.is_some_and(seen) =>
            {
                vec![format!("level {level_id}")]
            }
            Event::Newcomer { days } => {
                let hers = occasions.brought_by.iter().filter(|it| ripe(it, days));
                hers.map(|_| "newcomer".to_owned()).collect()
            }
            Event::Referrer { days } => {
                let ripe = occasions.brought.iter().filter(|it| ripe(it, days));
                ripe.map(|it| format!("referrer {}", it.member_id))
                    .collect()
            }
            Event::Welcome | Event::Level { .. } => Vec::new(),
        }
    }
}

impl GiftRule {
    /// The birthdays of her children that are within so many days: named by the day itself, so that who is put down anew, or
    /// comes along from another card, is no other child; twins are counted. A year brings no more gifts than there are children.
    fn children(&self, member: &Member, today: NaiveDate, before: u32, after: u32) -> Vec<String> {
        use chrono::Datelike;
        let children = member.family.iter();
        let children = children.filter(|it| it.relation == Relation::Child);
        let born: Vec<Born> = children.filter_map(|it| it.born).collect();
        let mut keys = Vec::new();
        for (place, birthday) in born.iter().enumerate() {
            let twins = born.iter().take(place);
            let no = 1 + twins.filter(|it| it.is_same_day(birthday)).count();
            let years = today.year() - 1..=today.year() + 1;
            let near = |year: &i32| {
                let kept = birthday.kept_in(*year);
                let ahead = kept.map(|day| (day - today).num_days());
                ahead.is_some_and(|days| (-i64::from(after)..=i64::from(before)).contains(&days))
            };
            let Some(year) = years.into_iter().find(near) else {
                continue;
            };
            let begins = format!("child {year} ");
            let given = &member.occasions.given;
            let given = given
                .iter()
                .filter(|(id, key)| *id == self.rule.id && key.starts_with(&begins));
            if given.count() < born.len() {
                keys.push(format!("{begins}{} {no}", birthday.day_key()));
            }
        }
        keys
    }
}

/// The year of a birthday of hers that is within so many days.
fn birthday_near(member: &Member, today: NaiveDate, before: u32, after: u32) -> Option<i32> {
    use chrono::Datelike;
    let (month, day) = (member.birth_month?, member.birth_day?);
    let near = |year: i32| {
        let ahead = (kept(month, day, year)? - today).num_days();
        (-i64::from(after)..=i64::from(before))
            .contains(&ahead)
            .then_some(year)
    };
    let year = today.year();
    [year - 1, year, year + 1].into_iter().find_map(near)
}

/// The gifts that are hers today in this store and were not given. A gift card is nobody (SV10).
#[must_use]
pub fn due(member: &Member, shop: &Shop, store_id: i32, today: NaiveDate) -> Vec<Due> {
    let active = shop.gifts.iter();
    let active =
        active.filter(|rule| rule.holds(member.level.id, store_id, today) && !member.is_bearer);
    let all = active.flat_map(|rule| {
        let keys = rule.keys(member, today).into_iter();
        keys.map(|key| Due {
            rule: rule.rule,
            key,
        })
    });
    let given = &member.occasions.given;
    all.filter(|due| {
        !given
            .iter()
            .any(|(id, key)| (*id, key) == (due.rule.id, &due.key))
    })
    .collect()
}

/// Plans a gift that is due.
///
/// # Errors
/// `gift.not_due` when it was given meanwhile, or is not hers any more; `gift.none_left` when the shop has nothing of it:
/// it is hers still.
pub fn plan(stamp: &Stamp, gift: &Due, shop: &Shop, member: &Member) -> Result<Plan> {
    let refused = || Refusal::user("gift.not_due");
    let rule = shop.gifts.iter().find(|rule| rule.rule == gift.rule);
    let rule = rule.ok_or_else(refused)?;
    let store_id = shop.store_of(stamp.till_id);
    if !due(member, shop, store_id, stamp.business_on).contains(gift) {
        return Err(refused());
    }
    let mut plan = Plan::new(OperationKind::Gift);
    plan.member = Some((member.id, member.version));
    let giving = Giving {
        stamp,
        shop,
        member,
        lot: None,
    };
    giving.all(&mut plan, &rule.gives);
    let gives = !plan.postings.is_empty() || !plan.extras.is_empty() || plan.level.is_some();
    if !gives {
        return Err(Refusal::user("gift.none_left").with("name", &rule.name));
    }
    plan.document = serde_json::json!({
        "gift": gift,
        "rule": rule.name,
        "bonus": plan.total(Account::Bonus),
        "points": plan.total(Account::Points),
        "instalments": plan.extras.instalments,
        "coupons": said(&plan.extras.grants),
    });
    Ok(plan)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::beneficiary::{Beneficiary, Calendar};
    use crate::domain::price::tests::shop;
    use crate::domain::sale::tests::{member, stamp};
    use crate::domain::stored_value::tests::TODAY;

    fn rule(id: i32, on: Event) -> GiftRule {
        GiftRule {
            rule: RuleRef { id, version: 1 },
            name: format!("礼{id}"),
            active: true,
            on,
            gives: vec![Benefit::Points { points: 50 }],
            when: When::default(),
            who: Who::default(),
            since: Some(TODAY),
        }
    }

    fn keys(member: &Member, on: Event, today: NaiveDate) -> Vec<String> {
        let mut shop = shop();
        shop.gifts = vec![rule(1, on)];
        due(member, &shop, 1, today)
            .into_iter()
            .map(|due| due.key)
            .collect()
    }

    #[test]
    fn once_for_each_occasion() {
        let mut her = member(vec![]);
        her.joined_on = TODAY;
        assert_eq!(keys(&her, Event::Welcome, TODAY), ["welcome"]);
        her.is_bearer = true;
        assert!(keys(&her, Event::Welcome, TODAY).is_empty(), "a gift card");
        her.is_bearer = false;
        her.occasions.given.push((1, "welcome".to_owned()));
        assert!(keys(&her, Event::Welcome, TODAY).is_empty());
        her.joined_on = TODAY - Days::new(1);
        her.occasions.given.clear();
        assert!(
            keys(&her, Event::Welcome, TODAY).is_empty(),
            "before the rule"
        );
        let level = Event::Level {
            level_id: her.level.id,
        };
        assert!(keys(&her, level, TODAY).is_empty(), "she began with it");
        her.occasions.level_on = Some(TODAY);
        assert_eq!(
            keys(&her, level, TODAY),
            [format!("level {}", her.level.id)]
        );
    }

    #[test]
    fn birthdays_over_the_year_s_end_and_on_leap_days() {
        let mut her = member(vec![]);
        let on = Event::Birthday {
            before: 3,
            after: 2,
        };
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        (her.birth_month, her.birth_day) = (Some(1), Some(1));
        assert_eq!(keys(&her, on, day("2026-12-29")), ["birthday 2027"]);
        assert_eq!(keys(&her, on, day("2027-01-03")), ["birthday 2027"]);
        assert!(keys(&her, on, day("2026-12-28")).is_empty());
        assert!(keys(&her, on, day("2027-01-04")).is_empty());
        (her.birth_month, her.birth_day) = (Some(2), Some(29));
        assert_eq!(keys(&her, on, day("2026-03-02")), ["birthday 2026"]);
        assert!(keys(&her, on, day("2026-03-03")).is_empty());
        her.birth_day = None;
        assert!(keys(&her, on, day("2026-03-01")).is_empty());
    }

    fn child(id: i32, typed: &str, calendar: Calendar) -> Beneficiary {
        Beneficiary {
            id,
            name: format!("孩子{id}"),
            relation: Relation::Child,
            born: Born::parse(typed, calendar, TODAY),
            guardian: None,
            version: 1,
        }
    }

    /// MB6: by either calendar, each child once a year; twins are two, a child put down anew is the same.
    #[test]
    fn birthdays_of_children() {
        let mut her = member(vec![]);
        let on = Event::Child {
            before: 3,
            after: 2,
        };
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        her.family = vec![
            child(1, "2020-06-01", Calendar::Solar),
            child(2, "2019-08-15", Calendar::Lunar),
            child(5, "2020-06-01", Calendar::Solar),
        ];
        let twins = ["child 2026 solar 06-01 1", "child 2026 solar 06-01 2"];
        assert_eq!(keys(&her, on, day("2026-05-29")), twins);
        assert_eq!(keys(&her, on, day("2026-06-03")), twins);
        assert!(keys(&her, on, day("2026-05-28")).is_empty());
        // 15 August of the Chinese calendar.
        let autumn = "child 2026 lunar 08-15 1";
        assert_eq!(keys(&her, on, day("2026-09-25")), [autumn]);
        assert!(keys(&her, on, day("2026-09-28")).is_empty());
        // The twelfth month is in the solar year after: it belongs to its own year.
        her.family = vec![child(1, "12-08", Calendar::Lunar)];
        assert_eq!(
            keys(&her, on, day("2027-01-15")),
            ["child 2026 lunar 12-08 1"]
        );
        // Whoever changes the day gets no second gift in the year.
        her.family = vec![child(9, "06-01", Calendar::Solar)];
        her.occasions.given = vec![(1, "child 2026 solar 02-01 1".to_owned())];
        assert!(keys(&her, on, day("2026-06-01")).is_empty());
        assert_eq!(
            keys(&her, on, day("2027-06-01")),
            ["child 2027 solar 06-01 1"]
        );
        // A parent is no child.
        her.occasions.given.clear();
        for it in &mut her.family {
            it.relation = Relation::Parent;
        }
        assert!(keys(&her, on, day("2026-06-01")).is_empty());
    }

    /// A rule has days, levels and stores.
    #[test]
    fn only_then_and_there() {
        let mut her = member(vec![]);
        her.joined_on = TODAY;
        let given = |change: &dyn Fn(&mut GiftRule), store_id: i32| {
            let mut shop = shop();
            let mut rule = rule(1, Event::Welcome);
            change(&mut rule);
            shop.gifts = vec![rule];
            !due(&her, &shop, store_id, TODAY).is_empty()
        };
        let level = her.level.id;
        assert!(given(&|_| {}, 1));
        assert!(given(&|it| it.when.until = Some(TODAY), 1));
        assert!(!given(&|it| it.when.until = TODAY.pred_opt(), 1));
        assert!(given(&|it| it.when.from = Some(TODAY), 1));
        assert!(!given(&|it| it.when.from = TODAY.succ_opt(), 1));
        assert!(given(&|it| it.who.levels = vec![level], 1));
        assert!(!given(&|it| it.who.levels = vec![level + 1], 1));
        assert!(given(&|it| it.who.stores = vec![2], 2));
        assert!(!given(&|it| it.who.stores = vec![2], 1));
    }

    /// OR6: one level, both sides, and not before the top-up is past its days.
    #[test]
    fn whoever_brings_and_whoever_is_brought() {
        let mut her = member(vec![]);
        let first = |days: u64| Some(TODAY - Days::new(days));
        her.occasions.brought = vec![
            Brought {
                member_id: 8,
                topped_up_on: first(7),
            },
            Brought {
                member_id: 9,
                topped_up_on: first(6),
            },
            Brought {
                member_id: 10,
                topped_up_on: None,
            },
        ];
        assert_eq!(
            keys(&her, Event::Referrer { days: 7 }, TODAY),
            ["referrer 8"]
        );
        assert_eq!(
            keys(&her, Event::Referrer { days: 0 }, TODAY),
            ["referrer 8", "referrer 9"]
        );
        assert!(keys(&her, Event::Newcomer { days: 0 }, TODAY).is_empty());
        her.occasions.brought_by = Some(Brought {
            member_id: 3,
            topped_up_on: first(0),
        });
        assert_eq!(keys(&her, Event::Newcomer { days: 0 }, TODAY), ["newcomer"]);
    }

    #[test]
    fn a_gift_balances_and_is_the_same_at_every_till() {
        let mut shop = shop();
        let bonus = Benefit::Bonus {
            fen: crate::domain::money::Fen(1_000),
            instalments: None,
            valid_days: Some(30),
        };
        shop.gifts = vec![GiftRule {
            gives: vec![bonus, Benefit::Points { points: 5 }],
            ..rule(1, Event::Welcome)
        }];
        let mut her = member(vec![]);
        her.joined_on = TODAY;
        let gift = due(&her, &shop, 1, TODAY).remove(0);
        let plan = plan(&stamp(), &gift, &shop, &her).unwrap();
        assert_eq!(plan.imbalance(), (0, 0));
        assert_eq!(
            (plan.total(Account::Bonus), plan.total(Account::Points)),
            (1_000, 5)
        );
        assert_eq!(plan.new_lots.len(), 2);
        assert_eq!(gift.id(7), gift.id(7));
        assert_ne!(gift.id(7), gift.id(8));
        her.occasions.given.push((1, "welcome".to_owned()));
        assert_eq!(
            super::plan(&stamp(), &gift, &shop, &her).unwrap_err().hint,
            "gift.not_due"
        );
    }

    /// What the shop has no more of is not given as nothing: it stays hers until there is some again.
    #[test]
    fn a_gift_of_nothing_is_not_given() {
        let mut shop = shop();
        let coupon = Benefit::Coupon {
            rule_id: 9,
            count: 1,
        };
        shop.gifts = vec![GiftRule {
            gives: vec![coupon],
            ..rule(1, Event::Welcome)
        }];
        let mut her = member(vec![]);
        her.joined_on = TODAY;
        let gift = due(&her, &shop, 1, TODAY).remove(0);
        let refusal = plan(&stamp(), &gift, &shop, &her).unwrap_err();
        assert_eq!(refusal.hint, "gift.none_left");
    }
}
