//! Taking a top-up back, whole (RF1).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::grant::GrantMove;
use crate::domain::ledger::{Account, OperationKind, Plan, Stamp};
use crate::domain::level;
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::points;
use crate::domain::shop::Shop;
use crate::domain::tender::Tender;
use crate::error::{Refusal, Result};

/// Bonus of a top-up in a lot of its own, fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BonusPart {
    pub lot_id: Uuid,
    pub bonus: Fen,
}

/// A top-up as it stands in the ledger, with all that was paid out on it since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUpRecord {
    pub id: Uuid,
    pub seq: i64,
    pub member_id: i64,
    pub at: DateTime<Utc>,
    pub shift_id: Option<Uuid>,
    pub amount: Fen,
    pub lot_id: Uuid,
    /// Bonus granted so far and not expired, instalments included, fen.
    pub bonus: Fen,
    /// What of it went to a lot of its own: parts that are valid for some days.
    pub parts: Vec<BonusPart>,
    pub points: i64,
    /// The lots these points went to.
    pub points_lots: Vec<Uuid>,
    /// The level before, when the top-up raised it, and the one it raised to.
    pub level_before: Option<i32>,
    pub level_after: Option<i32>,
    pub tenders: Vec<Tender>,
    /// What is left of the coupons and services that came with it.
    #[serde(default)]
    pub claims: Vec<GrantMove>,
    pub reversed: bool,
    /// Of a stage of a contract: a later one was paid (SV5).
    #[serde(default)]
    pub is_followed: bool,
}

/// The reversal of a top-up (RF1): everything back as long as nothing of it was spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReversalRequest {
    pub stamp: Stamp,
    pub top_up_id: Uuid,
    pub member_id: i64,
}

/// Plans the reversal of a top-up: money back the way it came, all its bonus, points and level taken back
/// (RF1). She keeps a level that she has earned by her spend (LV1).
///
/// # Errors
/// `top_up.spent` when a part of the lot is spent already, `top_up.reversed` the second time, `contract.not_last` for a
/// stage before the last one that was paid (SV5).
pub fn plan_reversal(
    request: &ReversalRequest,
    record: &TopUpRecord,
    shop: &Shop,
    member: &Member,
) -> Result<Plan> {
    if record.reversed {
        return Err(Refusal::user("top_up.reversed"));
    }
    if record.is_followed {
        return Err(Refusal::user("contract.not_last"));
    }
    let apart: Fen = record.parts.iter().map(|part| part.bonus).sum();
    let together = record.bonus - apart;
    let holds = |id: Uuid, principal: Fen, bonus: Fen| {
        let mut lots = member.lots.iter();
        lots.any(|lot| lot.id == id && lot.principal == principal && lot.bonus == bonus)
    };
    let mut parts = record.parts.iter().filter(|part| !part.bonus.is_zero());
    if !holds(record.lot_id, record.amount, together)
        || !parts.all(|part| holds(part.lot_id, Fen::ZERO, part.bonus))
    {
        return Err(Refusal::user("top_up.spent"));
    }
    let mut plan = Plan::new(OperationKind::TopUpReversal);
    plan.member = Some((member.id, member.version));
    plan.about = Some(record.id);
    for tender in &record.tenders {
        if let Some(account) = tender.kind.account() {
            plan.post_fen(account, None, tender.amount);
        }
    }
    plan.post_fen(Account::Principal, Some(record.lot_id), -record.amount);
    plan.post_fen(Account::Bonus, Some(record.lot_id), -together);
    for part in &record.parts {
        plan.post_fen(Account::Bonus, Some(part.lot_id), -part.bonus);
    }
    plan.post_fen(Account::BonusGranted, None, record.bonus);
    points::take_back(
        &mut plan,
        &member.lots,
        record.points,
        &record.points_lots,
        Uuid::new_v5(&request.stamp.id, b"debt"),
    );
    if let Some(before) = record
        .level_before
        .filter(|_| record.level_after == Some(member.level.id))
    {
        let earned = level::upgrade(&shop.levels, before, level::counted(shop.level_by, member))
            .unwrap_or(before);
        plan.level = (earned != member.level.id).then_some(earned);
    }
    // RF1: its unspent benefits; what of them was used stays used.
    let back = |claim: &GrantMove| GrantMove {
        quantity: -claim.quantity,
        ..*claim
    };
    plan.extras.moves = record.claims.iter().map(back).collect();
    plan.document = serde_json::json!({ "amount": record.amount, "bonus": record.bonus, "points": record.points, "tenders": record.tenders });
    Ok(plan)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::ledger::LotKind;
    use crate::domain::price::tests::shop;
    use crate::domain::sale::tests::{member, stamp};
    use crate::domain::stored_value::tests::lot;
    use crate::domain::tender::TenderKind;

    #[test]
    fn a_reversal_undoes_the_load() {
        let her = member(vec![lot(1, 100_000, 10_000, None)]);
        let mut record = TopUpRecord {
            claims: vec![],
            id: Uuid::from_u128(9),
            seq: 1,
            member_id: 7,
            at: DateTime::UNIX_EPOCH,
            shift_id: None,
            amount: Fen(100_000),
            lot_id: Uuid::from_u128(1),
            bonus: Fen(10_000),
            parts: vec![],
            points: 20,
            points_lots: vec![],
            level_before: Some(1),
            level_after: Some(2),
            tenders: vec![Tender::exact(TenderKind::Wechat, Fen(100_000))],
            reversed: false,
            is_followed: false,
        };
        let request = ReversalRequest {
            stamp: stamp(),
            top_up_id: record.id,
            member_id: 7,
        };
        let shop = shop();
        let plan = plan_reversal(&request, &record, &shop, &her).unwrap();
        assert_eq!(plan.imbalance(), (0, 0));
        assert_eq!(
            (
                plan.total(Account::Wechat),
                plan.total(Account::Principal),
                plan.level
            ),
            (100_000, -100_000, Some(1))
        );
        // The points were spent meanwhile: a debt (PT6).
        assert_eq!(plan.new_lots[0].kind, LotKind::PointsDebt);
        record.bonus = Fen(10_001);
        assert_eq!(
            plan_reversal(&request, &record, &shop, &her)
                .unwrap_err()
                .hint,
            "top_up.spent"
        );
    }

    fn loaded() -> (TopUpRecord, ReversalRequest) {
        let record = TopUpRecord {
            claims: vec![],
            id: Uuid::from_u128(9),
            seq: 1,
            member_id: 7,
            at: DateTime::UNIX_EPOCH,
            shift_id: None,
            amount: Fen(100_000),
            lot_id: Uuid::from_u128(1),
            bonus: Fen(20_000),
            parts: vec![],
            points: 0,
            points_lots: vec![],
            level_before: None,
            level_after: None,
            tenders: vec![Tender::exact(TenderKind::Wechat, Fen(100_000))],
            reversed: false,
            is_followed: false,
        };
        let request = ReversalRequest {
            stamp: stamp(),
            top_up_id: record.id,
            member_id: 7,
        };
        (record, request)
    }

    /// RF1: parts in lots of their own are benefits of the top-up like the first.
    #[test]
    fn a_reversal_takes_back_every_part() {
        let (mut record, request) = loaded();
        let part = |n, bonus| BonusPart {
            lot_id: Uuid::from_u128(n),
            bonus: Fen(bonus),
        };
        // The third has expired: its lot is empty and nothing of it left.
        record.parts = vec![part(2, 10_000), part(3, 0)];
        let lots = vec![
            lot(1, 100_000, 10_000, Some(5)),
            lot(2, 0, 10_000, Some(30)),
        ];
        let plan = plan_reversal(&request, &record, &shop(), &member(lots)).unwrap();
        assert_eq!(plan.imbalance(), (0, 0));
        let bonus = plan.postings.iter().filter(|p| p.account == Account::Bonus);
        let bonus: Vec<_> = bonus
            .map(|p| (p.lot.unwrap().as_u128(), p.amount))
            .collect();
        assert_eq!(bonus, [(1, -10_000), (2, -10_000)]);
        // A part that is spent is spent.
        let lots = vec![lot(1, 100_000, 10_000, Some(5)), lot(2, 0, 9_000, Some(30))];
        let refusal = plan_reversal(&request, &record, &shop(), &member(lots));
        assert_eq!(refusal.unwrap_err().hint, "top_up.spent");
    }

    /// LV1: who has spent enough meanwhile keeps the level the top-up had given.
    #[test]
    fn a_reversal_leaves_an_earned_level() {
        let (mut record, request) = loaded();
        (record.level_before, record.level_after) = (Some(1), Some(2));
        let mut her = member(vec![lot(1, 100_000, 20_000, None)]);
        let level = |her: &Member| {
            plan_reversal(&request, &record, &shop(), her)
                .unwrap()
                .level
        };
        her.spend_year = Fen(99_999);
        assert_eq!(level(&her), Some(1));
        her.spend_year = Fen(100_000);
        assert_eq!(level(&her), None);
        // Between the two: as far as she has come.
        let mut three = shop();
        three.levels.push(level::Level {
            id: 3,
            rank: 3,
            threshold: Fen(500_000),
            ..three.levels[1].clone()
        });
        record.level_after = Some(3);
        her.level = three.levels[2].clone();
        let plan = plan_reversal(&request, &record, &three, &her).unwrap();
        assert_eq!(plan.level, Some(2));
    }
}
