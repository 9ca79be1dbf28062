//! Loyalty points: how many, and in which lots (PT1 - PT3, PT6).

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calendar::end_of_month_after;
use super::ledger::{Account, DocumentLine, LotKind, NewLot, Plan, Stamp};
use super::level::Level;
use super::member::{Lot, Member};
use super::money::Fen;
use super::shop::Shop;
use crate::error::{Refusal, Result};

/// One basis point multiplier of one.
pub const ONE: i64 = 10_000;

/// Where a multiplier comes from (PT2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Level,
    StoredValue,
}

/// A part of what earns, fen, with the largest multiplier that applies to it, in basis points, and where
/// that comes from (PT2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Share {
    pub fen: Fen,
    pub multiplier: i64,
    pub by: Source,
}

/// Points as money (PT5): so many points are worth so many fen, for at most `cap` basis points of a sale. Fewer than
/// `least` are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub points: i64,
    pub fen: Fen,
    pub cap: i64,
    #[serde(default)]
    pub least: i64,
}

impl Exchange {
    /// How many of `have` points pay for a part of `total`, and how much they pay, fen: no point more than the amount
    /// needs, and nothing for a debt of points (PT6).
    #[must_use]
    pub fn pays(&self, have: i64, total: Fen) -> (i64, Fen) {
        let most = total.max_zero().ratio(self.cap.clamp(0, 10_000), 10_000);
        if have <= 0 || self.points <= 0 || !self.fen.is_positive() {
            return (0, Fen::ZERO);
        }
        // Whole points only: as many as are worth no more, then the fewest that are worth the same.
        let worth = Fen(most.0.saturating_add(1).saturating_mul(self.points) - 1);
        let off = Fen(have.min(worth.ratio(1, self.fen.0).0)).ratio(self.fen.0, self.points);
        match self.needs(off) {
            used if used < self.least => (0, Fen::ZERO),
            used => (used, off),
        }
    }

    /// The fewest points that are worth `off`, fen.
    #[must_use]
    pub fn needs(&self, off: Fen) -> i64 {
        -Fen(-off.0).ratio(self.points, self.fen.0).0
    }
}

/// What a sale earned, and how: the document records it (PT2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earned {
    pub points: i64,
    pub shares: Vec<Share>,
}

/// The shares of `base`: of what was paid, `stored` of `net` was stored value, and where not all of the net
/// earns, so much of what does. The largest multiplier wins in each; on a tie it is the level's (PT2).
fn shares(base: Fen, net: Fen, stored: Fen, level: &Level, shop: &Shop) -> Vec<Share> {
    let by_level = |fen| Share {
        fen,
        multiplier: level.multiplier,
        by: Source::Level,
    };
    let stored = base.ratio(stored.0, net.0);
    let mut shares = match shop.stored_value_multiplier {
        Some(multiplier) if multiplier > level.multiplier => vec![
            Share {
                fen: stored,
                multiplier,
                by: Source::StoredValue,
            },
            by_level(base - stored),
        ],
        _ => vec![by_level(base)],
    };
    shares.retain(|share| share.fen.is_positive());
    shares
}

/// Points for shares of a net amount: `floor(sum(share x multiplier) x rate)`, floored once at the end
/// over the whole sale (PT1, PT2). `rate` is points per yuan.
#[must_use]
pub fn worth(shares: &[Share], rate: Decimal) -> i64 {
    let weighted: i128 = shares
        .iter()
        .map(|share| i128::from(share.fen.0.max(0)) * i128::from(share.multiplier.max(0)))
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

/// Grants what a sale earns, at once or when it is attached later (MB3). `kept` is its lines with the net of
/// each that did not come back, `stored` what of them was paid by stored value.
///
/// PT1: the base is the net amount after discounts, whatever it is paid with; quick sales count by the shop's
/// setting (PR7). Rounding comes after points (PR1), so it does not reduce them.
pub fn earn<'a>(
    plan: &mut Plan,
    kept: impl IntoIterator<Item = (&'a DocumentLine, Fen)>,
    stored: Fen,
    stamp: &Stamp,
    shop: &Shop,
    member: &Member,
) -> Earned {
    let (mut net, mut base) = (Fen::ZERO, Fen::ZERO);
    for (line, fen) in kept {
        net += fen;
        if line.product_id.is_some() || line.ordered.is_some() || shop.quick_sale_points {
            base += fen;
        }
    }
    let shares = shares(base, net, stored, &member.level, shop);
    let points = worth(&shares, shop.points_per_yuan);
    let expires_on = shop
        .points_valid_months
        .and_then(|months| end_of_month_after(stamp.business_on, months));
    grant(
        plan,
        &member.lots,
        points,
        expires_on,
        Uuid::new_v5(&stamp.id, b"points"),
    );
    Earned { points, shares }
}

/// What of a net earned, fen, by the document of what was granted for it.
#[must_use]
pub fn base_of(document: &serde_json::Value) -> Fen {
    let shares = document.get("shares").and_then(|shares| shares.as_array());
    let fen = |share: &serde_json::Value| share.get("fen")?.as_i64();
    Fen(shares.into_iter().flatten().filter_map(fen).sum())
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

/// Points she may spend on `today`: none while she owes some (PT6), and none of what is past (PT3).
#[must_use]
pub fn spendable(lots: &[Lot], today: NaiveDate) -> i64 {
    let owes = lots
        .iter()
        .any(|lot| lot.kind == LotKind::PointsDebt && lot.points < 0);
    if owes {
        return 0;
    }
    let valid = lots
        .iter()
        .filter(|lot| lot.kind == LotKind::Points && !lot.is_past(today));
    valid.map(|lot| lot.points.max(0)).sum()
}

/// Spends `points`: the nearest expiry first, then the oldest, what never expires last (PT3).
///
/// # Errors
/// `points.short` with what she has.
pub fn spend(plan: &mut Plan, lots: &[Lot], points: i64, today: NaiveDate) -> Result<()> {
    let have = spendable(lots, today);
    if points > have {
        return Err(Refusal::user("points.short")
            .with("points", points)
            .with("have", have));
    }
    let valid = lots
        .iter()
        .filter(|lot| lot.kind == LotKind::Points && lot.points > 0 && !lot.is_past(today));
    let mut turns: Vec<&Lot> = valid.collect();
    turns.sort_by_key(|lot| {
        let last = lot.expires_on.unwrap_or(NaiveDate::MAX);
        (last, lot.opened_at, lot.id)
    });
    let mut left = points;
    for lot in turns {
        let take = left.min(lot.points);
        plan.post(Account::Points, Some(lot.id), -take);
        left -= take;
    }
    plan.post(Account::PointsSpent, None, points);
    Ok(())
}

/// Gives back points that were spent: the last `points` of `spent` (a lot and how many, in the order they went) but for
/// the last `before` of them, which came back earlier. They keep the last day of their lot, so that what is past lapses
/// at the next close; a debt is paid off first (PT6). The lots as they are then.
#[must_use]
pub fn give_back(
    plan: &mut Plan,
    lots: &[Lot],
    spent: &[(Uuid, i64)],
    before: i64,
    points: i64,
) -> Vec<Lot> {
    let mut lots = lots.to_vec();
    let (mut skip, mut left) = (before.max(0), points.max(0));
    let debt = |lot: &Lot| lot.kind == LotKind::PointsDebt && lot.points < 0;
    for (id, went) in spent.iter().rev() {
        let skipped = skip.min(*went);
        skip -= skipped;
        let back = left.min(went - skipped);
        left -= back;
        let mut rest = back;
        if let Some(lot) = lots.iter_mut().find(|lot| debt(lot)) {
            let paid = rest.min(-lot.points);
            plan.post(Account::Points, Some(lot.id), paid);
            lot.points += paid;
            rest -= paid;
        }
        plan.post(Account::Points, Some(*id), rest);
        if let Some(lot) = lots.iter_mut().find(|lot| lot.id == *id) {
            lot.points += rest;
        }
    }
    plan.post(Account::PointsSpent, None, left - points.max(0));
    lots
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
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::ledger::OperationKind;
    use crate::domain::price::tests as prices;
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
            spend_order: None,
        }
    }

    fn share(fen: i64, multiplier: i64, by: Source) -> Share {
        Share {
            fen: Fen(fen),
            multiplier,
            by,
        }
    }

    #[test]
    fn multipliers_do_not_stack_and_floor_once() {
        let worth = |shares: &[(i64, i64)], rate| {
            let shares: Vec<Share> = shares
                .iter()
                .map(|(fen, times)| share(*fen, *times, Source::Level))
                .collect();
            worth(&shares, rate)
        };
        // PT2: 60 of 100 yuan by stored value at double.
        assert_eq!(
            worth(&[(6_000, 20_000), (4_000, 10_000)], Decimal::ONE),
            160
        );
        // 0.5 + 0.5 yuan make one point together, none alone.
        assert_eq!(worth(&[(50, ONE), (50, ONE)], Decimal::ONE), 1);
        assert_eq!(worth(&[(99, ONE)], Decimal::ONE), 0);
        assert_eq!(worth(&[(10_000, 15_000)], Decimal::new(1, 1)), 15);
    }

    /// PT2: by share of tender the largest wins, and which one is said.
    #[test]
    fn the_largest_multiplier_wins_in_each_share() {
        let mut shop = prices::shop();
        let (plain, gold) = (shop.levels[0].clone(), shop.levels[1].clone());
        let of = |shop: &Shop, level: &Level, stored| {
            shares(Fen(10_000), Fen(10_000), Fen(stored), level, shop)
        };
        assert_eq!(
            of(&shop, &gold, 6_000),
            [share(10_000, 20_000, Source::Level)]
        );
        shop.stored_value_multiplier = Some(20_000);
        assert_eq!(
            of(&shop, &plain, 6_000),
            [
                share(6_000, 20_000, Source::StoredValue),
                share(4_000, ONE, Source::Level)
            ]
        );
        // They do not multiply, and a tie is the level's.
        assert_eq!(
            of(&shop, &gold, 6_000),
            [share(10_000, 20_000, Source::Level)]
        );
        shop.stored_value_multiplier = Some(30_000);
        assert_eq!(
            of(&shop, &gold, 10_000),
            [share(10_000, 30_000, Source::StoredValue)]
        );
        assert_eq!(of(&shop, &plain, 0), [share(10_000, ONE, Source::Level)]);
        // Half of the net earns: half of what the stored value paid does.
        assert_eq!(
            shares(Fen(5_000), Fen(10_000), Fen(6_000), &plain, &shop),
            [
                share(3_000, 30_000, Source::StoredValue),
                share(2_000, ONE, Source::Level)
            ]
        );
    }

    /// PT3: nearest expiry first, then the oldest, what never expires last, nothing that is past; PT6: nothing while she
    /// owes points.
    #[test]
    fn spends_what_ends_first() {
        let day = |d| NaiveDate::from_ymd_opt(2027, 1, d);
        let mut lots = vec![
            points_lot(1, LotKind::Points, 100, None),
            points_lot(2, LotKind::Points, 80, day(20)),
            points_lot(3, LotKind::Points, 30, day(9)),
            points_lot(4, LotKind::Points, 50, day(10)),
        ];
        let today = day(10).unwrap();
        assert_eq!(spendable(&lots, today), 230);
        let mut plan = Plan::new(OperationKind::Sale);
        spend(&mut plan, &lots, 140, today).unwrap();
        let moved = plan
            .postings
            .iter()
            .filter_map(|p| Some((p.lot?.as_u128(), p.amount)));
        assert_eq!(moved.collect::<Vec<_>>(), [(4, -50), (2, -80), (1, -10)]);
        assert_eq!(plan.imbalance(), (0, 0));
        assert!(spend(&mut plan, &lots, 231, today).is_err());
        lots.push(points_lot(5, LotKind::PointsDebt, -1, None));
        assert_eq!(spendable(&lots, today), 0);
    }

    /// PT6: the last that went comes back first, in parts, and pays a debt first.
    #[test]
    fn gives_back_to_the_lots_they_came_from() {
        let lots = [
            points_lot(1, LotKind::Points, 0, None),
            points_lot(2, LotKind::Points, 5, None),
            points_lot(9, LotKind::PointsDebt, -20, None),
        ];
        let spent = [(Uuid::from_u128(1), 50), (Uuid::from_u128(2), 30)];
        let back = |lots: &[Lot], before, points| {
            let mut plan = Plan::new(OperationKind::Refund);
            let after = give_back(&mut plan, lots, &spent, before, points);
            assert_eq!(plan.imbalance(), (0, 0));
            assert_eq!(plan.total(Account::PointsSpent), -points);
            let points: Vec<i64> = after.iter().map(|lot| lot.points).collect();
            points
        };
        assert_eq!(back(&lots, 0, 40), [10, 15, 0]);
        assert_eq!(back(&lots[..2], 0, 25), [0, 30]);
        assert_eq!(back(&lots[..2], 25, 55), [50, 10]);
    }

    /// PT6: what the returned goods had earned goes first, not the points that expire soonest.
    #[test]
    fn its_own_points_go_back_first() {
        let day = |d| NaiveDate::from_ymd_opt(2027, 1, d);
        let lots = [
            points_lot(1, LotKind::Points, 100, day(1)),
            points_lot(2, LotKind::Points, 80, day(20)),
        ];
        let mut plan = Plan::new(OperationKind::Refund);
        let own = [Uuid::from_u128(2)];
        take_back(&mut plan, &lots, 90, &own, Uuid::from_u128(9));
        let moved = plan
            .postings
            .iter()
            .filter_map(|p| Some((p.lot?.as_u128(), p.amount)));
        assert_eq!(moved.collect::<Vec<_>>(), [(2, -80), (1, -10)]);
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
