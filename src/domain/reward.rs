//! `reward` (积分兑换): what points can be exchanged for, and the exchange (PT4).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::grant::{Grant, GrantKind, GrantMove, NewGrant, Terms, Unit};
use super::ledger::{Account, DocumentLine, OperationKind, Plan, Reason, Reduction, Stamp};
use super::member::Member;
use super::money::Fen;
use super::package::{Package, Validity};
use super::points;
use super::price::CartLine;
use super::promotion::{Occasion, RuleRef, When, Who};
use super::shop::Shop;
use crate::error::{Refusal, Result};

/// What one unit of a reward is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// So many pieces or grams, taken home at once.
    Goods { product_id: i32, quantity: i64 },
    /// A service so many times, to be redeemed within so many days, that day not counted; none is for ever.
    Service {
        product_id: i32,
        quantity: i64,
        days: Option<u32>,
    },
    /// All that a package holds.
    Package { product_id: i32 },
    /// So many coupons or rights of a rule.
    Coupon { rule_id: i32, quantity: i64 },
}

impl Gives {
    /// The product it is about; none of a coupon.
    #[must_use]
    pub const fn product_id(&self) -> Option<i32> {
        match self {
            Self::Goods { product_id, .. }
            | Self::Service { product_id, .. }
            | Self::Package { product_id } => Some(*product_id),
            Self::Coupon { .. } => None,
        }
    }
}

/// A published rule; edits make new versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reward {
    #[serde(flatten)]
    pub rule: RuleRef,
    pub name: String,
    pub active: bool,
    /// For one unit.
    pub points: i64,
    pub gives: Gives,
    pub when: When,
    pub who: Who,
    /// Units for one member, and in all; none is no limit.
    #[serde(default)]
    pub per_member: Option<i64>,
    #[serde(default)]
    pub stock: Option<i64>,
}

/// How many units of a reward went out already: to her, and in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub id: i32,
    pub hers: i64,
    pub all: i64,
}

impl Reward {
    /// Whether it is offered to her here and now.
    #[must_use]
    pub fn holds(&self, occasion: &Occasion) -> bool {
        self.active && self.when.holds(occasion.now) && self.who.holds(occasion)
    }

    /// How many units she can have for `points`.
    #[must_use]
    pub fn affordable(&self, points: i64, taken: Taken) -> i64 {
        let left = |limit: Option<i64>, taken: i64| limit.map_or(i64::MAX, |limit| limit - taken);
        let by_points = points.max(0).checked_div(self.points).unwrap_or(0);
        by_points
            .min(left(self.per_member, taken.hers))
            .min(left(self.stock, taken.all))
            .max(0)
    }
}

/// Of some rewards, what is taken of this one.
#[must_use]
pub fn taken_of(all: &[Taken], id: i32) -> Taken {
    let known = all.iter().find(|taken| taken.id == id).copied();
    known.unwrap_or(Taken {
        id,
        ..Taken::default()
    })
}

/// An exchange as the cashier confirmed it. What it costs follows from the rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRequest {
    pub stamp: Stamp,
    pub member_id: i64,
    pub reward: RuleRef,
    pub count: i64,
}

/// What was exchanged, for the slip and for the limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchanged {
    #[serde(flatten)]
    pub rule: RuleRef,
    pub name: String,
    pub points: i64,
    pub count: i64,
}

/// Plans an exchange: whole multiples of the reward's points for the units given (PT4), goods at list price taken off
/// whole, claims that are worth nothing to the shop's debts. It is no visit and earns nothing.
///
/// # Errors
/// `exchange.changed` when the rule is another by now, `exchange.not_now`, `exchange.limit`, `exchange.sold_out`,
/// `points.short`.
pub fn plan(request: &ExchangeRequest, shop: &Shop, member: &Member, taken: Taken) -> Result<Plan> {
    let known = shop.rewards.iter().find(|it| it.rule == request.reward);
    let reward = known.ok_or_else(|| Refusal::conflict("exchange.changed"))?;
    let (stamp, count) = (&request.stamp, request.count);
    let occasion = Occasion::at(shop, stamp.till_id, stamp.at, Some(member.level.id));
    if !reward.holds(&occasion) {
        return Err(Refusal::user("exchange.not_now"));
    }
    let over = |limit: Option<i64>, taken: i64| limit.is_some_and(|limit| taken + count > limit);
    if over(reward.per_member, taken.hers) {
        return Err(Refusal::user("exchange.limit").with("taken", taken.hers));
    }
    if over(reward.stock, taken.all) {
        return Err(Refusal::user("exchange.sold_out"));
    }
    let cost = reward.points.checked_mul(count).filter(|cost| *cost > 0);
    let cost = cost.ok_or_else(|| Refusal::user("exchange.changed"))?;
    let mut plan = Plan::new(OperationKind::Exchange);
    plan.member = Some((member.id, member.version));
    points::spend(&mut plan, &member.lots, cost, stamp.business_on)?;
    give(&mut plan, reward, count, stamp, shop)?;
    let exchanged = Exchanged {
        rule: reward.rule,
        name: reward.name.clone(),
        points: reward.points,
        count,
    };
    plan.document = serde_json::json!({
        "points_paid": cost,
        "reward": exchanged,
        "left": left(&plan.extras.grants),
    });
    Ok(plan)
}

fn give(plan: &mut Plan, reward: &Reward, count: i64, stamp: &Stamp, shop: &Shop) -> Result<()> {
    let gone = || Refusal::user("exchange.gone");
    match &reward.gives {
        Gives::Goods {
            product_id,
            quantity,
        } => {
            let product = shop.goods.iter().find(|known| known.id == *product_id);
            let line = CartLine::of(product.ok_or_else(gone)?, quantity * count);
            let line = free(line, reward.rule);
            plan.post_fen(Account::Revenue, None, line.list);
            plan.post_fen(Account::Discount, None, -line.list);
            plan.lines.push(line);
        }
        Gives::Service {
            product_id,
            quantity,
            days,
        } => {
            let service = shop.services.iter().find(|known| known.id == *product_id);
            let service = service.ok_or_else(gone)?;
            let validity = days.map_or(Validity::Forever, Validity::Days);
            let terms = Terms {
                name: service.name.clone(),
                of: reward.name.clone(),
                unit: Unit::Session,
                quantity: Some(quantity * count),
                price: service.price,
                ..Terms::default()
            };
            let of = (Some(*product_id), validity, reward.rule.id);
            plan.extras.grants.push(grant(stamp, 0, of, terms));
        }
        Gives::Package { product_id } => {
            let product = shop.packages.iter().find(|known| known.id == *product_id);
            let package = product.and_then(|product| product.package.as_deref());
            let package: &Package = package.ok_or_else(gone)?;
            for (place, item) in package.items.iter().enumerate() {
                let terms = Terms {
                    name: item.name.clone(),
                    of: reward.name.clone(),
                    unit: item.unit,
                    quantity: item.quantity.map(|quantity| quantity * count),
                    price: item.price,
                    copay: item.copay,
                    valid_days: package.validity.after_first_use(),
                    cycle_days: item.cycle_days,
                    ..Terms::default()
                };
                let of = (Some(item.product_id), package.validity, reward.rule.id);
                plan.extras.grants.push(grant(stamp, place, of, terms));
            }
        }
        Gives::Coupon { rule_id, quantity } => {
            let rule = shop.coupon(*rule_id);
            let rule = rule.filter(|rule| rule.is_given(stamp.business_on));
            let rule = rule.ok_or_else(gone)?;
            let all = usize::try_from(quantity * count).map_err(Refusal::internal)?;
            let coupons = (0..all).map(|no| rule.grant(stamp, no, false));
            plan.extras.grants.extend(coupons);
        }
    }
    Ok(())
}

/// The line of goods: its price is taken off whole.
fn free(line: CartLine, rule: RuleRef) -> DocumentLine {
    let list = line.list();
    DocumentLine {
        product_id: line.product_id,
        name: line.name,
        kind: line.kind,
        quantity: line.quantity,
        price: line.price,
        list,
        net: Fen::ZERO,
        reductions: vec![Reduction {
            reason: Reason::Exchange,
            fen: list,
            rule: Some(rule),
        }],
        package: None,
        prepaid: Fen::ZERO,
        served: None,
        ordered: None,
    }
}

fn grant(
    stamp: &Stamp,
    place: usize,
    (product_id, validity, reward): (Option<i32>, Validity, i32),
    terms: Terms,
) -> NewGrant {
    NewGrant {
        id: Uuid::new_v5(&stamp.id, format!("reward {place}").as_bytes()),
        kind: GrantKind::Package,
        no: 1,
        product_id,
        rule_id: Some(reward),
        bearer: false,
        quantity: terms.quantity,
        value: Fen::ZERO,
        expires_on: validity.from(stamp.business_on),
        terms,
    }
}

/// What she may have redeemed now, for the slip.
fn left(grants: &[NewGrant]) -> Vec<serde_json::Value> {
    let left = grants.iter().map(|grant| {
        serde_json::json!({
            "name": grant.terms.name,
            "of": grant.terms.of,
            "quantity": grant.quantity,
            "unit": grant.terms.unit,
            "expires_on": grant.expires_on,
        })
    });
    left.collect()
}

/// A posted exchange with what was done to it since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRecord {
    pub id: Uuid,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub shift_id: Option<Uuid>,
    pub member_id: i64,
    pub lines: Vec<DocumentLine>,
    pub reward: Exchanged,
    /// What it took of her points, lot by lot in the order they went.
    pub points_spent: Vec<(Uuid, i64)>,
    /// The claims it opened, as they stand now.
    pub grants: Vec<Grant>,
    pub is_reversed: bool,
}

/// Takes back an exchange that was a mistake, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoExchange {
    pub stamp: Stamp,
    pub exchange_id: Uuid,
    pub member_id: i64,
}

/// Plans the reversal of an exchange: in its own shift, and while nothing of it was used. The points go back to the lots
/// they came from.
///
/// # Errors
/// `exchange.reversed`, `exchange.shift_over`, `exchange.used`.
pub fn plan_reversal(
    request: &UndoExchange,
    record: &ExchangeRecord,
    member: &Member,
) -> Result<Plan> {
    if record.is_reversed {
        return Err(Refusal::user("exchange.reversed"));
    }
    if record.shift_id != request.stamp.shift_id {
        return Err(Refusal::user("exchange.shift_over"));
    }
    let whole = |grant: &Grant| grant.quantity == grant.terms.quantity && grant.used_on.is_none();
    if !record.grants.iter().all(whole) {
        return Err(Refusal::user("exchange.used"));
    }
    let mut plan = Plan::new(OperationKind::ExchangeReversal);
    plan.about = Some(record.id);
    plan.member = Some((member.id, member.version));
    let list: Fen = record.lines.iter().map(|line| line.list).sum();
    plan.post_fen(Account::Revenue, None, -list);
    plan.post_fen(Account::Discount, None, list);
    let points: i64 = record.points_spent.iter().map(|(_, points)| points).sum();
    let _lots = points::give_back(&mut plan, &member.lots, &record.points_spent, 0, points);
    plan.extras.moves = record
        .grants
        .iter()
        .map(|grant| GrantMove {
            grant_id: grant.id,
            quantity: -grant.quantity.unwrap_or(0),
            value: Fen::ZERO,
            until: None,
        })
        .collect();
    plan.lines.clone_from(&record.lines);
    plan.document = serde_json::json!({
        "points_returned": points,
        "reward": record.reward,
        "sale_seq": record.seq,
    });
    Ok(plan)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::ledger::LotKind;
    use crate::domain::member::Lot;
    use crate::domain::package::wording::Service;
    use crate::domain::price::tests::shop;
    use crate::domain::sale::tests::{member, stamp};
    use crate::domain::stored_value::tests::lot;

    fn reward(gives: Gives) -> Reward {
        Reward {
            rule: RuleRef { id: 1, version: 2 },
            name: "换洗吹".into(),
            active: true,
            points: 300,
            gives,
            when: When::default(),
            who: Who::default(),
            per_member: Some(3),
            stock: Some(10),
        }
    }

    fn her(points: i64) -> Member {
        let lot = Lot {
            kind: LotKind::Points,
            points,
            ..lot(1, 0, 0, None)
        };
        let mut her = member(vec![lot]);
        her.points = points;
        her
    }

    #[test]
    fn it_costs_whole_units_within_the_limits() {
        let mut shop = shop();
        shop.services = vec![Service {
            id: 4,
            name: "洗吹".into(),
            price: Fen(3_800),
        }];
        shop.rewards = vec![reward(Gives::Service {
            product_id: 4,
            quantity: 2,
            days: Some(30),
        })];
        let request = |count| ExchangeRequest {
            stamp: stamp(),
            member_id: 7,
            reward: RuleRef { id: 1, version: 2 },
            count,
        };
        let made = |count, taken| plan(&request(count), &shop, &her(700), taken);
        let two = made(2, Taken::default()).unwrap();
        assert_eq!(two.total(Account::Points), -600);
        assert_eq!(two.imbalance(), (0, 0));
        let grant = &two.extras.grants[0];
        assert_eq!((grant.quantity, grant.value), (Some(4), Fen::ZERO));
        let hint = |count, hers, all| {
            let taken = Taken { id: 1, hers, all };
            made(count, taken).err().map(|refusal| refusal.hint)
        };
        assert_eq!(hint(3, 0, 0), Some("points.short"));
        assert_eq!(hint(2, 2, 2), Some("exchange.limit"));
        assert_eq!(hint(2, 0, 9), Some("exchange.sold_out"));
        assert_eq!(hint(0, 0, 0), Some("exchange.changed"));
        assert_eq!(hint(1, 2, 9), None);
        let all = Taken::default();
        assert_eq!(shop.rewards[0].affordable(700, all), 2);
        assert_eq!(shop.rewards[0].affordable(7_000, all), 3);
        shop.rewards[0].rule.version = 3;
        assert!(plan(&request(1), &shop, &her(700), Taken::default()).is_err());
    }
}
