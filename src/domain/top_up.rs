//! Loading stored value: what comes with it and the legal limits (SV1 - SV4, SV10, SV11).

mod reversal;
mod rule;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::benefit::{Benefit, Giving};
use super::contract::{self, Paying};
use super::coupon;
use super::ledger::{Account, LotKind, NewLot, OperationKind, Plan, Stamp};
use super::member::Member;
use super::money::Fen;
use super::shop::{LimitsProfile, Shop};
use super::staff::{Act, Limit};
use super::tender::{Tender, TenderKind};
use crate::error::{Refusal, Result};

pub use reversal::{BonusPart, ReversalRequest, TopUpRecord, plan_reversal};
pub use rule::{TopUpRule, reached};

/// SV10: what a registered card may hold.
pub const REGISTERED_MAX: Fen = Fen::yuan(5_000);
/// SV10: what a card may hold whose holder is not known.
pub const UNREGISTERED_MAX: Fen = Fen::yuan(1_000);
/// SV10: who buys so much on unregistered cards at once shows who she is.
pub const IDENTIFIED_FROM: Fen = Fen::yuan(10_000);
/// SV10: from here on a person pays by transfer, not in cash.
pub const CASH_LIMIT: Fen = Fen::yuan(50_000);

/// SV10: what a card may hold, fen of principal.
#[must_use]
pub const fn card_max(registered: bool) -> Fen {
    if registered {
        REGISTERED_MAX
    } else {
        UNREGISTERED_MAX
    }
}

/// What the limits of SV10 say of a top-up: the keys of what is exceeded, the gravest first, to be shown or
/// enforced by the shop's profile. `registered` is whether the holder is known.
#[must_use]
pub fn limits_exceeded(
    profile: LimitsProfile,
    registered: bool,
    held: Fen,
    principal: Fen,
    cash: Fen,
) -> Vec<&'static str> {
    if profile == LimitsProfile::Off {
        return Vec::new();
    }
    let mut exceeded = Vec::new();
    if !registered && principal >= IDENTIFIED_FROM {
        exceeded.push("top_up.needs_identification");
    }
    if held + principal > card_max(registered) {
        exceeded.push(if registered {
            "top_up.over_card_limit"
        } else {
            "top_up.over_unregistered_limit"
        });
    }
    if cash >= CASH_LIMIT {
        exceeded.push("top_up.over_cash_limit");
    }
    exceeded
}

/// Whether somebody else has to approve a top-up by a role with this limit, whoever works in which has loaded
/// `alone` for this member in this shift without approval, fen: slices gain nothing (OP3). The database asks
/// the same, of operator and approver.
#[must_use]
pub fn needs_approval(limit: Option<&Limit>, alone: Fen, amount: Fen) -> bool {
    !limit.is_some_and(|limit| limit.allows(Act::TopUp(alone + amount)))
}

/// A top-up as the cashier confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUpRequest {
    pub stamp: Stamp,
    pub member_id: i64,
    pub store_id: i32,
    pub amount: Fen,
    /// The rule and its version shown to the customer.
    pub rule: Option<(i32, i32)>,
    /// The stage of a contract it pays, instead of a rule (SV5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Paying>,
    pub tenders: Vec<Tender>,
}

/// Plans a top-up: the load and all its benefits in one operation (SV4); those of a stage when it pays one (SV5).
///
/// # Errors
/// What [`contract::pays`] refuses;
/// `top_up.malformed` when the tenders do not pay it, `top_up.rule_gone` when the rule shown is no longer in
/// force, and the limits of SV10 where they are enforced.
pub fn plan(request: &TopUpRequest, shop: &Shop, member: &Member) -> Result<Plan> {
    let paid: Fen = request.tenders.iter().map(|t| t.amount).sum();
    let fits = |t: &Tender| {
        t.amount.is_positive() && t.kind != TenderKind::StoredValue && t.given >= t.amount
    };
    if !request.amount.is_positive() || paid != request.amount || !request.tenders.iter().all(fits)
    {
        return Err(Refusal::user("top_up.malformed"));
    }
    let cash: Fen = request
        .tenders
        .iter()
        .filter(|t| t.kind == TenderKind::Cash)
        .map(|t| t.amount)
        .sum();
    let exceeded = limits_exceeded(
        shop.limits_profile,
        member.is_registered(),
        member.principal,
        request.amount,
        cash,
    );
    if shop.limits_profile == LimitsProfile::Enforce
        && let Some(hint) = exceeded.first()
    {
        return Err(Refusal::user(hint));
    }
    if let Some(paying) = &request.contract {
        let (settled, stage) = contract::pays(paying, &request.stamp, shop, member)?;
        if request.amount != stage.amount || request.rule.is_some() {
            return Err(Refusal::user("top_up.malformed"));
        }
        let mut plan = load(request, shop, member, None, &stage.gives);
        if let Some(document) = plan.document.as_object_mut() {
            document.insert("contract".to_owned(), serde_json::json!(settled));
        }
        return Ok(plan);
    }
    let rule = match request.rule {
        None => None,
        // SV10: money and nothing on top.
        Some(_) if member.is_bearer => return Err(Refusal::user("gift_card.no_member")),
        Some((id, version)) => Some(
            shop.rules
                .iter()
                .find(|r| r.id == id && r.version == version && r.amount <= request.amount)
                .filter(|r| r.open_to(member.level.id, request.store_id, request.stamp.at))
                .ok_or_else(|| Refusal::conflict("top_up.rule_gone"))?,
        ),
    };
    let gives = rule.map_or(&[][..], |rule| &rule.benefits);
    Ok(load(request, shop, member, rule, gives))
}

fn load(
    request: &TopUpRequest,
    shop: &Shop,
    member: &Member,
    rule: Option<&TopUpRule>,
    gives: &[Benefit],
) -> Plan {
    let mut plan = Plan::new(OperationKind::TopUp);
    plan.member = Some((member.id, member.version));
    for tender in &request.tenders {
        if let Some(account) = tender.kind.account() {
            plan.post_fen(account, None, -tender.amount);
        }
    }
    let lot = Uuid::new_v5(&request.stamp.id, b"stored_value");
    plan.post_fen(Account::Principal, Some(lot), request.amount);
    plan.new_lots.push(NewLot {
        id: lot,
        kind: LotKind::StoredValue,
        expires_on: None,
        rule_id: rule.map(|r| r.id),
        rule_version: rule.map(|r| r.version),
    });
    let giving = Giving {
        stamp: &request.stamp,
        shop,
        member,
        lot: Some(lot),
    };
    giving.all(&mut plan, gives);
    plan.document = serde_json::json!({
        "amount": request.amount,
        "bonus": plan.total(Account::Bonus),
        "points": plan.total(Account::Points),
        "rule": rule.map(|r| &r.name),
        "expires_on": plan.new_lots.first().and_then(|lot| lot.expires_on),
        "instalments": plan.extras.instalments,
        "tenders": request.tenders,
        "terms_version": shop.terms_version,
        "settings": shop.version,
        "spend_order": shop.spend_order,
        "coupons": coupon::said(&plan.extras.grants),
    });
    plan
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::benefit::{Every, Instalments};
    use crate::domain::price::tests::shop;
    use crate::domain::sale::tests::{member, stamp};
    use crate::domain::stored_value::tests::{TODAY, lot};
    use crate::domain::top_up::rule::tests::rule;
    use chrono::Days;

    fn request(yuan: i64, rule: Option<(i32, i32)>) -> TopUpRequest {
        TopUpRequest {
            stamp: stamp(),
            member_id: 7,
            store_id: 1,
            amount: Fen::yuan(yuan),
            rule,
            contract: None,
            tenders: vec![Tender::exact(TenderKind::Cash, Fen::yuan(yuan))],
        }
    }

    #[test]
    fn benefits_come_with_the_load() {
        let mut shop = shop();
        let monthly = Benefit::Bonus {
            fen: Fen(10_000),
            instalments: Some(Instalments {
                count: 3,
                every: Every::Month,
            }),
            valid_days: None,
        };
        shop.rules = vec![rule(
            1,
            1_000,
            vec![
                monthly,
                Benefit::Points { points: 50 },
                Benefit::Level { level_id: 2 },
            ],
        )];
        let mut her = member(vec![]);
        her.level = shop.levels[0].clone();
        let plan = plan(&request(1_000, Some((1, 1))), &shop, &her).unwrap();
        assert_eq!(plan.imbalance(), (0, 0));
        assert_eq!(plan.total(Account::Principal), 100_000);
        assert_eq!(plan.total(Account::Bonus), 3_333);
        let promised: Vec<(i64, String)> = plan
            .extras
            .instalments
            .iter()
            .map(|i| (i.bonus.0, i.due_on.to_string()))
            .collect();
        assert_eq!(
            promised,
            [
                (3_333, "2026-12-22".to_owned()),
                (3_334, "2027-01-22".to_owned())
            ]
        );
        assert_eq!((plan.total(Account::Points), plan.level), (50, Some(2)));
    }

    #[test]
    fn limits_warn_or_bind() {
        let mut shop = shop();
        let her = member(vec![lot(1, 450_000, 0, None)]);
        assert!(plan(&request(600, None), &shop, &her).is_ok());
        assert_eq!(
            limits_exceeded(
                shop.limits_profile,
                true,
                her.principal,
                Fen::yuan(600),
                Fen::ZERO
            ),
            ["top_up.over_card_limit"]
        );
        assert_eq!(
            limits_exceeded(
                shop.limits_profile,
                true,
                her.principal,
                Fen::yuan(500),
                Fen::ZERO
            ),
            Vec::<&str>::new()
        );
        shop.limits_profile = LimitsProfile::Enforce;
        assert_eq!(
            plan(&request(600, None), &shop, &her).unwrap_err().hint,
            "top_up.over_card_limit"
        );
        shop.limits_profile = LimitsProfile::Off;
        assert!(
            limits_exceeded(
                shop.limits_profile,
                true,
                her.principal,
                Fen::yuan(60_000),
                Fen::yuan(60_000)
            )
            .is_empty()
        );
    }

    /// SV10: a card whose holder nobody knows holds less, and a large purchase needs a name.
    #[test]
    fn unregistered_cards_hold_less() {
        let exceeded = |registered, held, yuan, cash| {
            let (held, amount, cash) = (Fen::yuan(held), Fen::yuan(yuan), Fen::yuan(cash));
            limits_exceeded(LimitsProfile::Warn, registered, held, amount, cash)
        };
        assert!(exceeded(false, 400, 600, 0).is_empty());
        assert_eq!(
            exceeded(false, 401, 600, 0),
            ["top_up.over_unregistered_limit"]
        );
        assert!(exceeded(true, 401, 600, 0).is_empty());
        assert_eq!(
            exceeded(false, 0, 10_000, 0),
            [
                "top_up.needs_identification",
                "top_up.over_unregistered_limit"
            ]
        );
        assert_eq!(exceeded(true, 0, 10_000, 0), ["top_up.over_card_limit"]);
        assert_eq!(exceeded(true, 0, 0, 50_000), ["top_up.over_cash_limit"]);

        let mut shop = shop();
        shop.limits_profile = LimitsProfile::Enforce;
        let mut her = member(vec![]);
        her.phone = None;
        assert_eq!(
            plan(&request(1_001, None), &shop, &her).unwrap_err().hint,
            "top_up.over_unregistered_limit"
        );
        her.phone = Some("138****1380".into());
        assert!(plan(&request(1_001, None), &shop, &her).is_ok());
    }

    /// SV4: the promise says how long each part will be valid.
    #[test]
    fn parts_are_promised_with_their_days() {
        let mut shop = shop();
        shop.rules = vec![rule(
            1,
            1_000,
            vec![Benefit::Bonus {
                fen: Fen(30_000),
                instalments: Some(Instalments {
                    count: 3,
                    every: Every::Month,
                }),
                valid_days: Some(30),
            }],
        )];
        let plan = plan(&request(1_000, Some((1, 1))), &shop, &member(vec![])).unwrap();
        assert_eq!(plan.new_lots[0].expires_on, Some(TODAY + Days::new(30)));
        let parts = &plan.extras.instalments;
        assert_eq!(
            parts.iter().map(|p| p.valid_days).collect::<Vec<_>>(),
            [Some(30), Some(30)]
        );
        assert_eq!(plan.document["instalments"][1]["valid_days"], 30);
    }
}
