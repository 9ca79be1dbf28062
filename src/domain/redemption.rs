//! `redemption` (核销): using what was paid for beforehand (PK2, SV8).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::grant::{Grant, GrantMove, Unit, Usable};
use super::ledger::{Account, DocumentLine, OperationKind, Plan, Posting, Stamp};
use super::level;
use super::member::Member;
use super::money::Fen;
use super::points;
use super::product::ProductKind;
use super::promotion::Occasion;
use super::shop::Shop;
use super::stored_value;
use crate::error::{Refusal, Result};

/// Who served, and whether the customer asked for her (点客) or it was her turn (轮牌).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    pub staff_id: i32,
    pub name: String,
    pub is_asked_for: bool,
}

/// One service or right, so many units of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    pub what: Usable,
    pub quantity: i64,
    pub served: Option<Served>,
}

/// A redemption as the cashier confirmed it. Which claim pays follows from the member at the moment of posting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedemptionRequest {
    pub stamp: Stamp,
    pub member_id: i64,
    pub uses: Vec<Use>,
    /// Claims past their last day count, too: by whoever may set prices, or with her approval.
    #[serde(default)]
    pub past: bool,
    /// Who is served, when it is not the holder herself: how she is called (PK1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whom: Option<String>,
}

/// What is left of a service in these claims, units; `None` is without limit. Past ones count only when asked for.
#[must_use]
pub fn left(grants: &[Grant], what: Usable, today: NaiveDate, past: bool) -> Option<i64> {
    let quantities = turns(grants, what, today, past);
    quantities.iter().map(|grant| grant.quantity).sum()
}

/// The claims on a service in the order they are used: soonest last day first, then the oldest (PK2). Those whose
/// last day is past come last, and only when asked for.
fn turns(grants: &[Grant], what: Usable, today: NaiveDate, past: bool) -> Vec<&Grant> {
    let usable = |grant: &&Grant| {
        grant.usable() == Some(what) && grant.is_open() && (past || !grant.is_past(today))
    };
    let mut turns: Vec<&Grant> = grants.iter().filter(usable).collect();
    turns.sort_by_key(|grant| {
        let last = grant.expires_on.unwrap_or(NaiveDate::MAX);
        (grant.is_past(today), last, grant.opened_at, grant.id)
    });
    turns
}

/// A service she can have, over all her claims on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLeft {
    pub what: Usable,
    pub name: String,
    /// The package of the claim that is used first.
    pub of: String,
    pub unit: Unit,
    /// None is without limit.
    pub left: Option<i64>,
    /// The soonest last day.
    pub expires_on: Option<NaiveDate>,
    /// All of it is past its last day.
    pub is_past: bool,
    /// What one use costs besides, fen (SV8).
    pub copay: Fen,
    /// Others than the holder may be served (PK1): every claim that may be used says so.
    pub may_share: bool,
    pub used_on: Option<NaiveDate>,
    /// When it is time again (PK3).
    pub next_on: Option<NaiveDate>,
}

/// What a member can have used, the soonest to expire first, what is past last.
#[must_use]
pub fn services(grants: &[Grant], today: NaiveDate) -> Vec<ServiceLeft> {
    let mut services: Vec<ServiceLeft> = Vec::new();
    for what in grants.iter().filter_map(Grant::usable) {
        if services.iter().any(|known| known.what == what) {
            continue;
        }
        let mut order = turns(grants, what, today, false);
        let is_past = order.is_empty();
        if is_past {
            order = turns(grants, what, today, true);
        }
        let Some(first) = order.first() else { continue };
        services.push(ServiceLeft {
            what,
            name: first.terms.name.clone(),
            of: first.terms.of.clone(),
            unit: first.terms.unit,
            left: left(grants, what, today, is_past),
            expires_on: first.expires_on,
            is_past,
            copay: first.terms.copay,
            may_share: order.iter().all(|grant| grant.terms.may_share),
            used_on: order.iter().filter_map(|grant| grant.used_on).max(),
            next_on: order.iter().filter_map(|grant| grant.next_on()).max(),
        });
    }
    services.sort_by_key(|it| (it.is_past, it.expires_on.unwrap_or(NaiveDate::MAX)));
    services
}

/// Plans a redemption on the member as she stands: units from her claims, what was paid for them becomes revenue,
/// and what each use costs besides is taken from stored value in the same operation (SV8).
///
/// # Errors
/// `redemption.not_shared` for somebody else where her claims are for herself, `redemption.short` when they do not cover it, `redemption.not_now` for a right at another time or place, `redemption.past` when they do only past their last day,
/// `stored_value.short` for what it costs besides, `redemption.malformed` for a request no till makes.
pub fn plan(request: &RedemptionRequest, shop: &Shop, member: &Member) -> Result<Plan> {
    if request.uses.is_empty() || request.uses.iter().any(|part| part.quantity <= 0) {
        return Err(Refusal::user("redemption.malformed"));
    }
    let mut plan = Plan::new(OperationKind::Redemption);
    plan.member = Some((member.id, member.version));
    let today = request.stamp.business_on;
    let mut grants = member.grants.clone();
    let mut copay = Fen::ZERO;
    let stamp = &request.stamp;
    let occasion = Occasion::at(shop, stamp.till_id, stamp.at, Some(member.level.id));
    for part in &request.uses {
        copay += take(&mut plan, &mut grants, part, occasion, request)?;
    }
    let earned: Fen = plan.extras.moves.iter().map(|it| -it.value).sum();
    plan.post_fen(Account::Unearned, None, -earned);
    plan.post_fen(Account::Revenue, None, earned + copay);
    if copay.is_positive() {
        let parts = stored_value::spend(&member.lots, copay, shop.spend_order, today)
            .map_err(|short| Refusal::user("stored_value.short").with("short", short))?;
        for part in parts {
            plan.post_fen(Account::Principal, Some(part.lot), -part.principal);
            plan.post_fen(Account::Bonus, Some(part.lot), -part.bonus);
        }
    }
    plan.spend = copay;
    plan.visit = true;
    let lines = std::mem::take(&mut plan.lines);
    let besides = |line: &DocumentLine| line.net - line.prepaid;
    let kept = lines.iter().map(|line| (line, besides(line)));
    let earned = points::earn(&mut plan, kept, copay, &request.stamp, shop, member);
    plan.lines = lines;
    plan.level = level::upgrade(
        &shop.levels,
        member.level.id,
        level::counted(shop.level_by, member) + copay,
    );
    plan.stand(member, today);
    plan.document = serde_json::json!({
        "amount": copay,
        "points": earned.points,
        "shares": earned.shares,
        "settings": shop.version,
        "left": remaining(&plan, &grants),
    });
    if let (Some(whom), Some(document)) = (&request.whom, plan.document.as_object_mut()) {
        document.insert("whom".to_owned(), serde_json::json!(whom));
    }
    Ok(plan)
}

/// A right holds at its times and in its stores; another time needs the right to set prices, as its last day does.
fn refuse_not_now(grant: &Grant, occasion: &Occasion, past: bool) -> Result<()> {
    let coupon = grant.terms.coupon.as_ref();
    match coupon.filter(|coupon| !past && !coupon.holds(occasion)) {
        Some(coupon) => Err(Refusal::user("redemption.not_now").with("name", &coupon.name)),
        None => Ok(()),
    }
}

/// Takes one use from the claims, and writes its lines. Gives what it costs besides, fen.
fn take(
    plan: &mut Plan,
    grants: &mut [Grant],
    wish: &Use,
    occasion: Occasion,
    request: &RedemptionRequest,
) -> Result<Fen> {
    let (today, past) = (request.stamp.business_on, request.past);
    let order: Vec<Uuid> = turns(grants, wish.what, today, past)
        .iter()
        .map(|grant| grant.id)
        .collect();
    let mut wanted = wish.quantity;
    let mut copay = Fen::ZERO;
    for id in order {
        let Some(grant) = grants.iter_mut().find(|grant| grant.id == id) else {
            continue;
        };
        let quantity = grant.quantity.map_or(wanted, |left| wanted.min(left));
        if quantity == 0 {
            break;
        }
        refuse_not_now(grant, &occasion, past)?;
        if request.whom.is_some() && !grant.terms.may_share {
            return Err(Refusal::user("redemption.not_shared"));
        }
        let value = grant.worth(quantity, today);
        let besides = grant.terms.copay.times(quantity);
        grant.quantity = grant.quantity.map(|left| left - quantity);
        grant.value -= value;
        plan.extras.moves.push(GrantMove {
            grant_id: id,
            quantity: -quantity,
            value: -value,
            until: None,
        });
        plan.lines.push(DocumentLine {
            product_id: grant.product_id,
            name: grant.terms.name.clone(),
            kind: ProductKind::Service,
            quantity,
            price: grant.terms.price,
            list: value + besides,
            net: value + besides,
            reductions: vec![],
            package: None,
            prepaid: value,
            served: wish.served.clone().map(Box::new),
            ordered: None,
        });
        wanted -= quantity;
        copay += besides;
    }
    if wanted == 0 {
        return Ok(copay);
    }
    let is_late = !past
        && turns(grants, wish.what, today, true)
            .iter()
            .any(|grant| grant.is_past(today));
    let hint = if is_late {
        "redemption.past"
    } else {
        "redemption.short"
    };
    Err(Refusal::user(hint).with("left", wish.quantity - wanted))
}

/// What is left of each claim that was used, for the slip.
fn remaining(plan: &Plan, grants: &[Grant]) -> Vec<serde_json::Value> {
    let used = |grant: &&Grant| plan.extras.moves.iter().any(|it| it.grant_id == grant.id);
    let left = grants.iter().filter(used).map(|grant| {
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

/// A posted redemption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedemptionRecord {
    pub id: Uuid,
    pub seq: i64,
    pub at: chrono::DateTime<chrono::Utc>,
    pub shift_id: Option<Uuid>,
    pub member_id: i64,
    pub lines: Vec<DocumentLine>,
    /// What it took from her claims, with minus.
    pub moves: Vec<GrantMove>,
    /// What it took from her lots, with minus.
    pub paid: Vec<Posting>,
    /// What it cost besides, fen, and the points it gave, with their lots.
    pub amount: Fen,
    pub points: i64,
    pub points_lots: Vec<Uuid>,
    pub is_reversed: bool,
}

/// Takes back a redemption that was a mistake, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoRequest {
    pub stamp: Stamp,
    pub redemption_id: Uuid,
    pub member_id: i64,
}

/// Plans the reversal of a redemption: units and money go back where they came from (LG3). The visit stays: she was
/// here.
///
/// # Errors
/// `redemption.reversed` when it was done before.
pub fn plan_reversal(
    request: &UndoRequest,
    record: &RedemptionRecord,
    member: &Member,
) -> Result<Plan> {
    if record.is_reversed {
        return Err(Refusal::user("redemption.reversed"));
    }
    let mut plan = Plan::new(OperationKind::RedemptionReversal);
    plan.about = Some(record.id);
    plan.member = Some((member.id, member.version));
    let earned: Fen = record.moves.iter().map(|it| -it.value).sum();
    plan.post_fen(Account::Unearned, None, earned);
    plan.post_fen(Account::Revenue, None, -(earned + record.amount));
    for posting in &record.paid {
        plan.post(posting.account, posting.lot, -posting.amount);
    }
    plan.extras.moves = record
        .moves
        .iter()
        .map(|it| GrantMove {
            grant_id: it.grant_id,
            quantity: -it.quantity,
            value: -it.value,
            until: None,
        })
        .collect();
    plan.spend = -record.amount;
    plan.lines.clone_from(&record.lines);
    points::take_back(
        &mut plan,
        &member.lots,
        record.points,
        &record.points_lots,
        Uuid::new_v5(&request.stamp.id, b"debt"),
    );
    plan.document = serde_json::json!({
        "amount": record.amount,
        "points": record.points,
        "sale_seq": record.seq,
    });
    Ok(plan)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::grant::tests::grant;
    use crate::domain::price::tests::shop;
    use crate::domain::sale::tests::{member, stamp};
    use crate::domain::stored_value::tests::{TODAY, lot};
    use chrono::Days;
    use proptest::prelude::*;

    fn request(uses: &[(i32, i64)]) -> RedemptionRequest {
        RedemptionRequest {
            stamp: stamp(),
            member_id: 7,
            uses: uses
                .iter()
                .map(|(product_id, quantity)| Use {
                    what: Usable::Service(*product_id),
                    quantity: *quantity,
                    served: None,
                })
                .collect(),
            past: false,
            whom: None,
        }
    }

    fn holder(grants: Vec<Grant>) -> Member {
        Member {
            grants,
            ..member(vec![lot(1, 10_000, 0, None)])
        }
    }

    #[test]
    fn the_soonest_to_expire_goes_first() {
        let mut later = grant(1, 5, 3, 3_000);
        later.expires_on = TODAY.checked_add_days(Days::new(30));
        let mut soon = grant(2, 5, 1, 900);
        soon.expires_on = Some(TODAY);
        let her = holder(vec![grant(3, 5, 9, 0), later, soon]);
        let plan = plan(&request(&[(5, 2)]), &shop(), &her).unwrap();
        let moved: Vec<_> = plan
            .extras
            .moves
            .iter()
            .map(|it| (it.grant_id.as_u128(), it.quantity, it.value.0))
            .collect();
        assert_eq!(moved, [(2, -1, -900), (1, -1, -1_000)]);
        assert_eq!(plan.total(Account::Revenue), 1_900);
        assert_eq!(plan.total(Account::Unearned), -1_900);
        assert_eq!(plan.imbalance(), (0, 0));
        assert!(plan.visit && plan.spend.is_zero());
    }

    #[test]
    fn past_its_last_day_only_when_asked_for() {
        let mut past = grant(1, 5, 3, 3_000);
        past.expires_on = TODAY.pred_opt();
        let her = holder(vec![past]);
        let mut asked = request(&[(5, 1)]);
        assert_eq!(
            plan(&asked, &shop(), &her).unwrap_err().hint,
            "redemption.past"
        );
        asked.past = true;
        assert!(plan(&asked, &shop(), &her).is_ok());
        asked.uses[0].quantity = 4;
        assert_eq!(
            plan(&asked, &shop(), &her).unwrap_err().hint,
            "redemption.short"
        );
    }

    /// SV8: the session and its part of the price go together, or not at all.
    #[test]
    fn a_use_may_cost_something_besides() {
        let mut course = grant(1, 5, 2, 2_000);
        course.terms.copay = Fen(6_000);
        let her = holder(vec![course]);
        let one = plan(&request(&[(5, 1)]), &shop(), &her).unwrap();
        assert_eq!(one.total(Account::Principal), -6_000);
        assert_eq!(one.total(Account::Revenue), 7_000);
        assert_eq!((one.spend, one.imbalance()), (Fen(6_000), (0, 0)));
        let two = plan(&request(&[(5, 2)]), &shop(), &her).unwrap_err();
        assert_eq!(
            (two.hint, two.with[0].1.as_str()),
            ("stored_value.short", "20.00")
        );
    }

    proptest! {
        /// LG2, LG4: every redemption balances, takes what was asked for and never more than there is, and its
        /// reversal is its opposite.
        #[test]
        fn redemptions_balance(
            held in prop::collection::vec((1_i32..4, 0_i64..6, 0_i64..50_000, prop::option::of(-3_i64..30)), 0..8),
            uses in prop::collection::vec((1_i32..4, 1_i64..4), 1..4),
        ) {
            let grants: Vec<Grant> = (1..).zip(held).map(|(id, (product, quantity, value, days))| {
                let mut it = grant(id, product, quantity, if quantity == 0 { 0 } else { value });
                it.expires_on = days.map(|days| TODAY + chrono::TimeDelta::days(days));
                it
            }).collect();
            let her = holder(grants);
            let enough = (1..4).all(|product| {
                let asked: i64 = uses.iter().filter(|u| u.0 == product).map(|u| u.1).sum();
                left(&her.grants, Usable::Service(product), TODAY, false).is_none_or(|left| left >= asked)
            });
            match plan(&request(&uses), &shop(), &her) {
                Ok(plan) => {
                    prop_assert!(enough);
                    prop_assert_eq!(plan.imbalance(), (0, 0));
                    let moved: i64 = plan.extras.moves.iter().map(|it| -it.quantity).sum();
                    prop_assert_eq!(moved, uses.iter().map(|u| u.1).sum::<i64>());
                    for it in &her.grants {
                        let moves = plan.extras.moves.iter().filter(|m| m.grant_id == it.id);
                        let (units, value) = moves.fold((0, Fen::ZERO), |(q, v), m| (q + m.quantity, v + m.value));
                        prop_assert!(it.quantity.unwrap() + units >= 0 && (it.value + value).0 >= 0);
                        prop_assert!(units == 0 || !it.is_past(TODAY));
                    }
                }
                Err(refusal) => {
                    prop_assert!(!enough);
                    prop_assert!(matches!(refusal.hint, "redemption.short" | "redemption.past"));
                }
            }
        }
    }
}
