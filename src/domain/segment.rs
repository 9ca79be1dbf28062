//! `segment`: members by a published criterion, and a coupon for all of them at once (PR4).
//!
//! PR8: the criterion is one of the shop's lists, chosen by a person who sees how many it is before she gives anything; no
//! profile decides. Who gets one follows from the list and the rule alone, in the order of the list. Giving says nothing to
//! anybody: the coupon lies on the card, so that no consent to messages is needed (OR4).

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::coupon::{CouponRule, Gives, said};
use super::ledger::{OperationKind, Plan, Stamp};
use super::money::Fen;
use super::promotion::RuleRef;
use super::shop::Shop;
use crate::error::{Refusal, Result};

/// Most members of a segment; the files of the lists end there too.
pub const MOST: usize = 10_000;
/// Members of one round at most: a round locks them for some tens of milliseconds, during which a sale to one of them at
/// another till waits.
pub const ROUND: usize = 50;

/// Which claims somebody is reminded of (PK3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remind {
    /// The last day is within so many days.
    #[default]
    Month,
    Week,
    Day,
    /// Little is left.
    Low,
    /// It is time for the next one, or will be within a week.
    Due,
    /// A stage of a contract is overdue, or will be due within a week (SV5).
    Stage,
}

impl Remind {
    pub const ALL: [Self; 6] = [
        Self::Month,
        Self::Week,
        Self::Day,
        Self::Low,
        Self::Due,
        Self::Stage,
    ];

    /// What the function of the database calls it, and how many days ahead.
    #[must_use]
    pub const fn asked(self) -> (&'static str, i32) {
        match self {
            Self::Month => ("expiring", 30),
            Self::Week => ("expiring", 7),
            Self::Day => ("expiring", 1),
            Self::Low => ("low", 0),
            Self::Due => ("due", 7),
            Self::Stage => ("stage", 7),
        }
    }
}

/// A criterion: what a list of the shop is asked for, without its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// Who stays away (OR1); the filter as it stands. Balance in fen.
    Dormant {
        days: i32,
        rhythm: bool,
        max_days: Option<i32>,
        level_id: Option<i32>,
        balance: Option<Fen>,
    },
    /// Whose claims somebody is reminded of.
    Reminder { kind: Remind },
}

/// A coupon rule for a segment on a business day. Its id, and so those of the gifts, follow from these three and not from who
/// presses: two consoles, a second press and a console that died in between give each member one. Another version of the
/// rule is the same batch; another filter, another reason of the reminders and another day are others, within the rule's own
/// limit for each member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    pub segment: Segment,
    /// The rule as it was shown.
    pub rule: RuleRef,
    pub business_on: NaiveDate,
}

impl Batch {
    #[must_use]
    pub fn id(&self) -> Uuid {
        let segment = serde_json::to_string(&self.segment).unwrap_or_default();
        let name = format!("segment {} {} {segment}", self.rule.id, self.business_on);
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }

    /// The operation that gives it to this member.
    #[must_use]
    pub fn gift(&self, member_id: i64) -> Uuid {
        Uuid::new_v5(&self.id(), member_id.to_string().as_bytes())
    }
}

/// What of a member decides whether she gets one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub id: i64,
    pub level_id: i32,
    /// How many of the rule she ever had.
    pub had: i64,
    /// She had hers of this batch.
    pub done: bool,
    /// Merged, forgotten, or a gift card.
    pub gone: bool,
}

/// A batch that was begun, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// Who began it.
    pub staff: String,
    pub segment: Segment,
    pub reason: String,
    pub given: i64,
}

/// The members of a segment as they stand, in its order, and what was given of the rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// To everybody.
    pub given: i64,
    pub members: Vec<Facts>,
    /// The last batches of the rule, the newest first.
    pub batches: Vec<Begun>,
}

/// Why a member of the segment gets none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Without {
    /// She had hers by this very batch.
    Done,
    /// She left the shop.
    Gone,
    /// She is not of the levels it is for.
    Level,
    /// She had all the rule gives to one.
    Full,
    /// The rule gives no more in all.
    NoneLeft,
}

/// How many got none, by the reason.
pub type Left = BTreeMap<Without, usize>;

/// What would happen, before it does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// Of the segment.
    pub members: usize,
    /// Who would get one, in the order of the list.
    pub gets: Vec<i64>,
    pub without: Left,
    /// The segment is longer than [`MOST`]: nothing is given.
    pub cut: bool,
    pub batches: Vec<Begun>,
}

/// Who of a segment gets a coupon of this rule. Stores are no reason: a member is of the shop, and the coupon says where it
/// counts.
#[must_use]
pub fn preview(rule: &CouponRule, found: Found, cut: bool) -> Preview {
    let mut preview = Preview {
        cut,
        batches: found.batches,
        ..Preview::default()
    };
    let mut seen = HashSet::new();
    let room = rule.total.map(|total| total - found.given);
    let levels = &rule.who.levels;
    for her in found.members.iter().filter(|her| seen.insert(her.id)) {
        preview.members += 1;
        let full = rule.per_member.is_some_and(|most| her.had >= most);
        let given = i64::try_from(preview.gets.len()).unwrap_or(i64::MAX);
        let why = if her.gone {
            Without::Gone
        } else if her.done {
            Without::Done
        } else if !levels.is_empty() && !levels.contains(&her.level_id) {
            Without::Level
        } else if full {
            Without::Full
        } else if room.is_some_and(|room| given >= room) {
            Without::NoneLeft
        } else {
            preview.gets.push(her.id);
            continue;
        };
        *preview.without.entry(why).or_default() += 1;
    }
    preview
}

/// What all of them take off at most when each is used, fen; none where that cannot be said.
#[must_use]
pub fn most_off(rule: &CouponRule, count: usize) -> Option<Fen> {
    let each = match &rule.gives {
        Gives::Amount { off } => Some(*off),
        Gives::Percent { cap, .. } => *cap,
        _ => None,
    }?;
    let count = i64::try_from(count).ok()?;
    each.0.checked_mul(count).map(Fen)
}

/// One round: these members get theirs. Whoever gives has the right to, or the approval stands in the stamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its id is not used: each gift has its own.
    pub stamp: Stamp,
    pub batch: Batch,
    pub reason: String,
    pub members: Vec<i64>,
}

/// What became of a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    pub given: usize,
    pub without: Left,
}

/// The rule of a batch as it was shown.
///
/// # Errors
/// `coupon.rule_changed` when it is another by now.
pub fn rule_of<'a>(batch: &Batch, shop: &'a Shop) -> Result<&'a CouponRule> {
    let rule = shop.coupon(batch.rule.id);
    let same = rule.filter(|rule| rule.rule.version == batch.rule.version && rule.active);
    same.ok_or_else(|| Refusal::conflict("coupon.rule_changed"))
}

/// Plans the gift of one member: it needs nothing of her but who she is. The plan's version is the database's business.
///
/// # Errors
/// `coupon.rule_changed` when the rule is another than was shown, `coupon.past` when its last day is over,
/// `gift.malformed` for a request no till makes.
pub fn plan(request: &Request, shop: &Shop, member_id: i64) -> Result<(Stamp, Plan)> {
    if request.reason.trim().is_empty() || request.members.len() > ROUND {
        return Err(Refusal::user("gift.malformed"));
    }
    let batch = &request.batch;
    let rule = rule_of(batch, shop)?;
    let today = request.stamp.business_on;
    if rule.expires_on(today).is_some_and(|last| last < today) {
        return Err(Refusal::user("coupon.past").with("name", &rule.name));
    }
    let stamp = Stamp {
        id: batch.gift(member_id),
        ..request.stamp.clone()
    };
    let mut plan = Plan::new(OperationKind::Gift);
    plan.extras.grants = vec![rule.grant(&stamp, 0, false)];
    plan.document = serde_json::json!({
        "coupons": said(&plan.extras.grants),
        "reason": request.reason.trim(),
        "batch": { "id": batch.id(), "segment": batch.segment },
    });
    Ok((stamp, plan))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::promotion::{Scope, When, Who};
    use crate::domain::stored_value::tests::TODAY;
    use proptest::prelude::*;

    fn rule(per_member: Option<i64>, total: Option<i64>) -> CouponRule {
        CouponRule {
            rule: RuleRef { id: 3, version: 2 },
            name: "回来坐坐".to_owned(),
            active: true,
            when: When::default(),
            who: Who::default(),
            scope: Scope::default(),
            from: Fen::ZERO,
            gives: Gives::Amount { off: Fen(1_000) },
            stack: None,
            transferable: false,
            valid_days: Some(30),
            uses: 1,
            per_member,
            total,
            on_receipt: None,
            given: 0,
        }
    }

    fn batch(kind: Remind) -> Batch {
        Batch {
            segment: Segment::Reminder { kind },
            rule: RuleRef { id: 3, version: 2 },
            business_on: TODAY,
        }
    }

    #[test]
    fn the_same_batch_whoever_presses() {
        let first = batch(Remind::Week);
        let later = Batch {
            rule: RuleRef { id: 3, version: 3 },
            ..first
        };
        assert_eq!(first.gift(7), later.gift(7));
        assert_ne!(first.gift(7), first.gift(8));
        assert_ne!(first.id(), batch(Remind::Day).id());
        let tomorrow = Batch {
            business_on: TODAY.succ_opt().unwrap(),
            ..first
        };
        assert_ne!(first.id(), tomorrow.id());
    }

    #[test]
    fn what_it_costs_at_most() {
        let mut rule = rule(None, None);
        assert_eq!(most_off(&rule, 120), Some(Fen(120_000)));
        rule.gives = Gives::Percent {
            paid: 8_800,
            cap: Some(Fen(5_000)),
        };
        assert_eq!(most_off(&rule, 2), Some(Fen(10_000)));
        rule.gives = Gives::Free { quantity: 1 };
        assert_eq!(most_off(&rule, 2), None);
    }

    fn facts() -> impl Strategy<Value = Vec<Facts>> {
        let one = (1_i64..30, 1_i32..4, 0_i64..3, any::<bool>(), any::<bool>());
        let one = one.prop_map(|(id, level_id, had, done, gone)| Facts {
            id,
            level_id,
            had,
            done,
            gone: gone && done,
        });
        prop::collection::vec(one, 0..40)
    }

    proptest! {
        /// PR4, PR8: each member counts once, either way; no limit is passed; nobody is passed over.
        #[test]
        fn everybody_gets_one_or_a_reason(
            members in facts(), per in prop::option::of(1_i64..3), total in prop::option::of(0_i64..20), given in 0_i64..10, gold in any::<bool>(),
        ) {
            let mut rule = rule(per, total);
            if gold {
                rule.who.levels = vec![2];
            }
            let found = Found { given, members: members.clone(), batches: vec![] };
            let preview = preview(&rule, found, false);
            let without: usize = preview.without.values().sum();
            let ids: HashSet<i64> = members.iter().map(|her| her.id).collect();
            prop_assert_eq!(preview.members, ids.len());
            prop_assert_eq!(preview.gets.len() + without, ids.len());
            if let Some(total) = total {
                prop_assert!(i64::try_from(preview.gets.len()).unwrap() <= (total - given).max(0));
            }
            for id in &preview.gets {
                let her = members.iter().find(|her| her.id == *id).unwrap();
                prop_assert!(!her.gone && !her.done && per.is_none_or(|most| her.had < most));
                prop_assert!(!gold || her.level_id == 2);
            }
        }
    }
}
