//! `gift`: what the shop gives to a member: by hand (PR4), or because a rule says so.

pub mod rule;

use serde::{Deserialize, Serialize};

use super::coupon::said;
use super::ledger::{OperationKind, Plan, Stamp};
use super::member::Member;
use super::shop::Shop;
use crate::error::{Refusal, Result};

/// Most of one coupon that are given at once.
pub const MOST: i64 = 20;

/// A coupon given by hand: who gives it has the right to, or somebody's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftRequest {
    pub stamp: Stamp,
    pub member_id: i64,
    /// The rule as it was shown.
    pub rule_id: i32,
    pub version: i32,
    pub count: i64,
    pub reason: String,
}

/// Plans a gift on the member as she stands.
///
/// # Errors
/// `coupon.rule_changed` when the rule is another by now, `coupon.none_left` when all of them, or all of hers, are
/// given, `gift.malformed` for a request no till makes.
pub fn plan(request: &GiftRequest, shop: &Shop, member: &Member) -> Result<Plan> {
    if !(1..=MOST).contains(&request.count) || request.reason.trim().is_empty() {
        return Err(Refusal::user("gift.malformed"));
    }
    if member.is_bearer {
        return Err(Refusal::user("gift_card.no_member"));
    }
    let same = |rule: &&super::coupon::CouponRule| {
        rule.rule.id == request.rule_id && rule.rule.version == request.version && rule.active
    };
    let rule = shop.coupons.iter().find(same);
    let rule = rule.ok_or_else(|| Refusal::conflict("coupon.rule_changed"))?;
    let today = request.stamp.business_on;
    if rule.expires_on(today).is_some_and(|last| last < today) {
        return Err(Refusal::user("coupon.past").with("name", &rule.name));
    }
    let had = member.given.get(&rule.rule.id).copied().unwrap_or(0);
    let fits = |most: Option<i64>, had: i64| most.is_none_or(|most| had + request.count <= most);
    if !fits(rule.total, rule.given) || !fits(rule.per_member, had) {
        return Err(Refusal::user("coupon.none_left").with("name", &rule.name));
    }
    let mut plan = Plan::new(OperationKind::Gift);
    plan.member = Some((member.id, member.version));
    let count = usize::try_from(request.count).unwrap_or(1);
    plan.extras.grants = (0..count)
        .map(|no| rule.grant(&request.stamp, no, false))
        .collect();
    plan.document = serde_json::json!({
        "coupons": said(&plan.extras.grants),
        "reason": request.reason.trim(),
    });
    Ok(plan)
}
