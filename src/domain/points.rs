//! Loyalty points: how many, and in which lots (PT1 - PT3, PT6).

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use uuid::Uuid;

use super::ledger::{Account, LotKind, NewLot, Plan};
use super::member::Lot;
use super::money::Fen;

/// One basis point multiplier of one.
pub const ONE: i64 = 10_000;

/// Points for shares of a net amount: `floor(sum(share x multiplier) x rate)`, floored once at the end
/// over the whole sale. Each share carries the largest multiplier that applies to it, in basis points
/// (PT1, PT2). `rate` is points per yuan.
#[must_use]
pub fn earned(shares: &[(Fen, i64)], rate: Decimal) -> i64 {
    let weighted: i128 = shares
        .iter()
        .map(|(fen, multiplier)| i128::from(fen.0.max(0)) * i128::from((*multiplier).max(0)))
        .sum();
    let Ok(weighted) = Decimal::try_from_i128_with_scale(weighted, 0) else {
        return 0;
    };
    let yuan = weighted / Decimal::from(ONE) / Decimal::ONE_HUNDRED;
    yuan.checked_mul(rate)
        .map_or(0, |points| {
            points
                .round_dp_with_strategy(0, RoundingStrategy::ToZero)
                .to_i64()
                .unwrap_or(0)
        })
        .max(0)
}

/// Grants `points`: a debt is paid off first, the rest joins the lot of its expiry day or opens it as
/// `new_lot` (PT6, PT3).
pub fn grant(
    plan: &mut Plan,
    lots: &[Lot],
    points: i64,
    expires_on: Option<NaiveDate>,
    new_lot: Uuid,
) {
    if points <= 0 {
        return;
    }
    let debt = lots
        .iter()
        .find(|lot| lot.kind == LotKind::PointsDebt && lot.points < 0);
    let paid_off = debt.map_or(0, |lot| points.min(-lot.points));
    if let Some(lot) = debt {
        plan.post(Account::Points, Some(lot.id), paid_off);
    }
    let rest = points - paid_off;
    if rest > 0 {
        let known = lots
            .iter()
            .find(|lot| lot.kind == LotKind::Points && lot.expires_on == expires_on);
        let lot = known.map_or(new_lot, |lot| lot.id);
        if known.is_none() {
            plan.new_lots.push(NewLot {
                id: new_lot,
                kind: LotKind::Points,
                expires_on,
                rule_id: None,
                rule_version: None,
            });
        }
        plan.post(Account::Points, Some(lot), rest);
    }
    plan.post(Account::PointsGranted, None, -points);
}

/// Takes back `points` that a returned sale had earned: first from `own`, the lots the sale's points
/// went to, then nearest expiry first, then as a debt that later earnings pay off (PT6).
pub fn take_back(plan: &mut Plan, lots: &[Lot], points: i64, own: &[Uuid], new_debt: Uuid) {
    if points <= 0 {
        return;
    }
    let mut turns: Vec<&Lot> = lots
        .iter()
        .filter(|lot| lot.kind == LotKind::Points && lot.points > 0)
        .collect();
    turns.sort_by_key(|lot| {
        (
            !own.contains(&lot.id),
            lot.expires_on.unwrap_or(NaiveDate::MAX),
            lot.opened_at,
            lot.id,
        )
    });
    let mut left = points;
    for lot in turns {
        let take = left.min(lot.points);
        plan.post(Account::Points, Some(lot.id), -take);
        left -= take;
        if left == 0 {
            break;
        }
    }
    if left > 0 {
        let known = lots.iter().find(|lot| lot.kind == LotKind::PointsDebt);
        let debt = known.map_or(new_debt, |lot| lot.id);
        if known.is_none() {
            plan.new_lots.push(NewLot {
                id: new_debt,
                kind: LotKind::PointsDebt,
                expires_on: None,
                rule_id: None,
                rule_version: None,
            });
        }
        plan.post(Account::Points, Some(debt), -left);
    }
    plan.post(Account::PointsGranted, None, points);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::ledger::OperationKind;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn points_lot(n: u128, kind: LotKind, points: i64, expires_on: Option<NaiveDate>) -> Lot {
        Lot {
            id: Uuid::from_u128(n),
            kind,
            opened_at: DateTime::UNIX_EPOCH,
            expires_on,
            principal: Fen::ZERO,
            bonus: Fen::ZERO,
            points,
        }
    }

    #[test]
    fn multipliers_do_not_stack_and_floor_once() {
        // PT2: 60 of 100 yuan by stored value at double.
        assert_eq!(
            earned(&[(Fen(6_000), 20_000), (Fen(4_000), 10_000)], Decimal::ONE),
            160
        );
        // 0.5 + 0.5 yuan make one point together, none alone.
        assert_eq!(earned(&[(Fen(50), ONE), (Fen(50), ONE)], Decimal::ONE), 1);
        assert_eq!(earned(&[(Fen(99), ONE)], Decimal::ONE), 0);
        assert_eq!(earned(&[(Fen(10_000), 15_000)], Decimal::new(1, 1)), 15);
    }

    proptest! {
        /// LG2: whatever the lots, what is granted and taken back balances; no points lot goes below zero.
        #[test]
        fn balances(
            held in prop::collection::vec((1_i64..500, prop::option::of(1_u32..28)), 0..6),
            debt in prop::option::of(-300_i64..=0),
            points in 0_i64..2_000,
            back in any::<bool>(),
        ) {
            let mut lots: Vec<Lot> = held.iter().enumerate()
                .map(|(n, (p, d))| points_lot(n as u128 + 1, LotKind::Points, *p, d.map(|d| NaiveDate::from_ymd_opt(2027, 1, d).unwrap())))
                .collect();
            if let Some(debt) = debt {
                lots.push(points_lot(99, LotKind::PointsDebt, debt, None));
            }
            let mut plan = Plan::new(OperationKind::Sale);
            if back {
                take_back(&mut plan, &lots, points, &[], Uuid::from_u128(100));
            } else {
                grant(&mut plan, &lots, points, None, Uuid::from_u128(100));
            }
            prop_assert_eq!(plan.imbalance(), (0, 0));
            prop_assert_eq!(plan.total(Account::Points), if back { -points } else { points });
            for lot in lots.iter().filter(|l| l.kind == LotKind::Points) {
                let moved: i64 = plan.postings.iter().filter(|p| p.lot == Some(lot.id)).map(|p| p.amount).sum();
                prop_assert!(lot.points + moved >= 0);
            }
        }
    }
}
