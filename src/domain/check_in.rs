//! `check_in` (签到): points for coming by, once a day, more for coming day after day (PT7).

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calendar::{business_date, end_of_month_after, local};
use super::ledger::{OperationKind, Plan, Stamp};
use super::member::Member;
use super::points::grant;
use super::promotion::{When, Who};
use super::shop::Shop;
use crate::error::{Refusal, Result};

/// Bonuses of one rule, at most.
pub const MOST_BONUSES: usize = 5;

/// On the so many-th day in a row there are more points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bonus {
    pub days: i64,
    pub points: i64,
}

/// What checking in gives; an edit is a new version, and the newest is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInRule {
    pub version: i32,
    pub active: bool,
    /// Each day.
    pub points: i64,
    /// Ascending. After the last of them they begin again.
    pub bonuses: Vec<Bonus>,
    /// The days on which one can check in; no hours, no days of the week.
    #[serde(default)]
    pub when: When,
    /// The levels and the stores.
    #[serde(default)]
    pub who: Who,
}

impl CheckInRule {
    /// Whether somebody of this level can check in on this day in this store.
    #[must_use]
    pub fn holds(&self, level_id: i32, store_id: i32, day: NaiveDate) -> bool {
        let among = |some: &[i32], id: i32| some.is_empty() || some.contains(&id);
        self.when.from.is_none_or(|from| from <= day)
            && self.when.until.is_none_or(|until| day <= until)
            && among(&self.who.levels, level_id)
            && among(&self.who.stores, store_id)
    }

    /// The points of the so many-th day in a row, from 1 on.
    #[must_use]
    pub fn points_on(&self, streak: i64) -> i64 {
        let round = self.bonuses.iter().map(|bonus| bonus.days).max();
        let place = match round {
            Some(round) if round > 0 => (streak - 1).rem_euclid(round) + 1,
            _ => streak,
        };
        let due = self.bonuses.iter().filter(|bonus| bonus.days == place);
        self.points + due.map(|bonus| bonus.points).sum::<i64>()
    }
}

/// Her last check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedIn {
    /// By the cut-off of the store where it was.
    pub day: NaiveDate,
    pub at: DateTime<Utc>,
    /// Days in a row, that one counted.
    pub streak: i64,
}

/// A check-in, as the cashier asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInRequest {
    pub stamp: Stamp,
    pub member_id: i64,
}

/// The how many-th day in a row it is on `day`; none when she was here on it already.
#[must_use]
pub fn streak(last: Option<CheckedIn>, day: NaiveDate) -> Option<i64> {
    match last {
        Some(last) if last.day >= day => None,
        Some(last) if last.day.succ_opt() == Some(day) => Some(last.streak + 1),
        _ => Some(1),
    }
}

/// Plans a check-in. The day is the store's: what comes after midnight and before its cut-off belongs to the evening
/// before (OP2), by the till's clock and not by the day its shift was opened on.
///
/// # Errors
/// `check_in.off` where the shop does not do it, `check_in.not_now` on another day, in another store or for another level, `check_in.done` with the time of the one of this day.
pub fn plan(request: &CheckInRequest, shop: &Shop, member: &Member) -> Result<Plan> {
    if member.is_bearer {
        return Err(Refusal::user("gift_card.no_member"));
    }
    let rule = shop.check_in.as_ref().filter(|rule| rule.active);
    let rule = rule.ok_or_else(|| Refusal::user("check_in.off"))?;
    let stamp = &request.stamp;
    let till = shop.tills.iter().find(|till| till.id == stamp.till_id);
    let store = till.and_then(|till| shop.stores.iter().find(|it| it.id == till.store_id));
    let cutoff = store.map_or(NaiveTime::MIN, |store| store.day_cutoff);
    let day = business_date(stamp.at, cutoff);
    if !rule.holds(member.level.id, shop.store_of(stamp.till_id), day) {
        return Err(Refusal::user("check_in.not_now"));
    }
    let Some(streak) = streak(member.checked_in, day) else {
        let at = member.checked_in.map(|last| local(last.at));
        let at = at.map(|at| at.format("%m-%d %H:%M").to_string());
        return Err(Refusal::user("check_in.done").with("at", at.unwrap_or_default()));
    };
    let points = rule.points_on(streak);
    let mut plan = Plan::new(OperationKind::CheckIn);
    plan.member = Some((member.id, member.version));
    let months = shop.points_valid_months;
    let expires_on = months.and_then(|months| end_of_month_after(stamp.business_on, months));
    let lot = Uuid::new_v5(&stamp.id, b"points");
    grant(&mut plan, &member.lots, points, expires_on, lot);
    plan.document = serde_json::json!({
        "points": points,
        "check_in": { "day": day, "streak": streak, "version": rule.version },
    });
    Ok(plan)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::price::tests::shop;
    use crate::domain::sale::tests::{member, stamp};
    use crate::domain::shop::{Store, Till};

    fn rule() -> CheckInRule {
        let bonus = |days, points| Bonus { days, points };
        CheckInRule {
            version: 1,
            active: true,
            points: 2,
            bonuses: vec![bonus(3, 5), bonus(7, 20)],
            when: When::default(),
            who: Who::default(),
        }
    }

    #[test]
    fn only_then_and_there() {
        let day = stamp().business_on;
        let holds = |change: &dyn Fn(&mut CheckInRule)| {
            let mut rule = rule();
            change(&mut rule);
            rule.holds(1, 1, day)
        };
        assert!(holds(&|_| {}));
        assert!(holds(&|it| it.when.until = Some(day)));
        assert!(!holds(&|it| it.when.until = day.pred_opt()));
        assert!(!holds(&|it| it.when.from = day.succ_opt()));
        assert!(!holds(&|it| it.who.levels = vec![2]));
        assert!(!holds(&|it| it.who.stores = vec![2]));
        assert!(holds(&|it| it.who.stores = vec![1, 2]));
    }

    #[test]
    fn bonuses_begin_again() {
        let points: Vec<i64> = (1..=10).map(|day| rule().points_on(day)).collect();
        assert_eq!(points, [2, 2, 7, 2, 2, 2, 22, 2, 2, 7]);
        let plain = CheckInRule {
            bonuses: vec![],
            ..rule()
        };
        assert_eq!(plain.points_on(7), 2);
    }

    /// PT7: once a day, and a missed day breaks the row, over the ends of months and years and by the cut-off.
    #[test]
    fn a_missed_day_breaks_the_row() {
        let mut shop = shop();
        shop.check_in = Some(rule());
        shop.tills = vec![Till {
            id: 1,
            store_id: 1,
            name: String::new(),
            version: 1,
        }];
        shop.stores = vec![Store {
            id: 1,
            name: String::new(),
            region: String::new(),
            address: String::new(),
            day_cutoff: "04:00:00".parse().unwrap(),
            version: 1,
        }];
        let mut her = member(vec![]);
        for (at, expected) in [
            // 23:30 on the 27th of February in Shanghai, then 03:59 of the night after: the 27th still.
            ("2027-02-27T15:30:00Z", Ok(1)),
            ("2027-02-27T19:59:00Z", Err("check_in.done")),
            ("2027-02-27T20:00:00Z", Ok(2)),
            ("2027-03-01T03:00:00Z", Ok(3)),
            // The 2nd is missed.
            ("2027-03-03T03:00:00Z", Ok(1)),
            ("2027-12-31T03:00:00Z", Ok(1)),
            ("2028-01-01T03:00:00Z", Ok(2)),
            ("2028-01-01T04:00:00Z", Err("check_in.done")),
            // A clock that went back.
            ("2027-12-30T03:00:00Z", Err("check_in.done")),
        ] {
            let mut request = CheckInRequest {
                stamp: stamp(),
                member_id: 7,
            };
            request.stamp.at = at.parse().unwrap();
            let plan = plan(&request, &shop, &her);
            let got = plan
                .map(|plan| plan.document)
                .map_err(|refusal| refusal.hint);
            let got = got.map(|document| document.get("check_in").unwrap().clone());
            assert_eq!(
                got.as_ref()
                    .map(|it| it.get("streak").unwrap().as_i64().unwrap()),
                expected.as_ref().copied(),
                "{at}"
            );
            if let Ok(it) = got {
                her.checked_in = Some(CheckedIn {
                    day: serde_json::from_value(it.get("day").unwrap().clone()).unwrap(),
                    at: request.stamp.at,
                    streak: it.get("streak").unwrap().as_i64().unwrap(),
                });
            }
        }
    }
}
