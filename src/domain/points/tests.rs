//! Points: multipliers, lots, debts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::domain::coupon::{Coupon, Gives};
use crate::domain::grant::{GrantKind, tests as grants};
use crate::domain::ledger::OperationKind;
use crate::domain::price::quote;
use crate::domain::price::tests as prices;
use crate::domain::promotion::{Scope, When, Who};
use crate::domain::sale::tests::{member, stamp};
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
        rule: None,
    }
}

/// Without the version of what multiplied.
fn unnamed(share: Share) -> Share {
    Share {
        rule: None,
        ..share
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
        let shares = shares(Fen(10_000), Fen(10_000), Fen(stored), level, None, shop);
        shares.into_iter().map(unnamed).collect::<Vec<_>>()
    };
    let named = shares(Fen(10_000), Fen(10_000), Fen(0), &gold, None, &shop);
    assert_eq!(named[0].rule, Some(gold.rule()));
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
    let half = shares(Fen(5_000), Fen(10_000), Fen(6_000), &plain, None, &shop);
    assert_eq!(half[0].rule, Some(shop.settings()));
    assert_eq!(
        half.into_iter().map(unnamed).collect::<Vec<_>>(),
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

/// A multiplier that was given, `times` in basis points, with its last day.
fn multiplier(id: i32, times: i64, last: Option<NaiveDate>) -> Grant {
    let coupon = Coupon {
        grant_id: Uuid::nil(),
        rule: RuleRef { id, version: 1 },
        name: format!("倍{id}"),
        when: When::default(),
        who: Who::default(),
        scope: Scope::default(),
        from: Fen::ZERO,
        gives: Gives::Multiply { times },
        stack: None,
        transferable: false,
    };
    let mut grant = grants::grant(id.unsigned_abs().into(), 1, 1, 0);
    grant.kind = GrantKind::Multiplier;
    grant.product_id = None;
    grant.expires_on = last;
    grant.terms.coupon = Some(Box::new(coupon));
    grant
}

/// SV4, PT2: the largest of all counts, on its days and from its amount; a tie is the level's.
#[test]
fn a_multiplier_counts_until_its_last_day() {
    let mut shop = prices::shop();
    shop.stored_value_multiplier = Some(30_000);
    let mut her = member(vec![]);
    her.level = shop.levels[0].clone();
    let today = stamp().business_on;
    let line = prices::line(10_000, 1, None);
    let lines = quote(&[line], None, &shop).lines;
    let weighed = |her: &Member, stored| {
        let kept = lines.iter().map(|line| (line, line.net));
        let earned = weigh(kept, Fen(stored), &stamp(), &shop, her);
        let named = earned.shares.iter();
        let given = |share: &Share| {
            let rule = share.rule.filter(|_| share.by == Source::Multiplier);
            rule.map(|it| it.id)
        };
        let named = named.map(|share| (share.fen.0, share.multiplier, given(share)));
        (earned.points, named.collect::<Vec<_>>())
    };
    her.grants = vec![
        multiplier(1, 20_000, Some(today)),
        multiplier(2, 15_000, None),
        multiplier(3, 50_000, today.pred_opt()),
    ];
    assert_eq!(weighed(&her, 0), (200, vec![(10_000, 20_000, Some(1))]));
    // Stored value counts more for its share, and they do not multiply.
    let both = vec![(6_000, 30_000, None), (4_000, 20_000, Some(1))];
    assert_eq!(weighed(&her, 6_000), (260, both));
    // From more than it comes to, at another level: not.
    if let Some(coupon) = &mut her.grants[0].terms.coupon {
        coupon.from = Fen(10_001);
    }
    assert_eq!(weighed(&her, 0), (150, vec![(10_000, 15_000, Some(2))]));
    if let Some(coupon) = &mut her.grants[1].terms.coupon {
        coupon.who.levels = vec![2];
    }
    assert_eq!(weighed(&her, 0), (100, vec![(10_000, ONE, None)]));
    // Taken back with its top-up.
    her.grants = vec![multiplier(1, 20_000, None)];
    her.grants[0].quantity = Some(0);
    assert_eq!(weighed(&her, 0), (100, vec![(10_000, ONE, None)]));
    her.grants[0].quantity = Some(1);
    her.level.multiplier = 20_000;
    assert_eq!(weighed(&her, 0), (200, vec![(10_000, 20_000, None)]));
}

proptest! {
    /// PT2: whatever multipliers there are, each share earns by the largest of them and none stack.
    #[test]
    fn the_largest_of_any_multipliers_counts(
        level in 0_i64..40_000, stored_times in prop::option::of(0_i64..40_000), given in prop::collection::vec(10_001_i64..100_000, 0..6),
        net in 1_i64..1_000_000, part in 0_i64..=100,
    ) {
        let mut shop = prices::shop();
        shop.stored_value_multiplier = stored_times;
        let mut her = member(vec![]);
        her.level.multiplier = level;
        her.grants = (1..).zip(&given).map(|(id, times)| multiplier(id, *times, None)).collect();
        let lines = quote(&[prices::line(net, 1, None)], None, &shop).lines;
        let stored = Fen(net).ratio(part, 100);
        let kept = lines.iter().map(|line| (line, line.net));
        let earned = weigh(kept, stored, &stamp(), &shop, &her);
        let any = given.iter().copied().fold(level, i64::max);
        let of_stored = stored_times.map_or(any, |times| any.max(times));
        let weighted = i128::from(stored.0) * i128::from(of_stored) + i128::from(net - stored.0) * i128::from(any);
        let points = Decimal::try_from_i128_with_scale(weighted, 0).unwrap() / Decimal::from(ONE * 100) * shop.points_per_yuan;
        prop_assert_eq!(earned.points, points.trunc().to_i64().unwrap());
        prop_assert_eq!(earned.shares.iter().map(|share| share.fen).sum::<Fen>(), Fen(net));
        for share in &earned.shares {
            // LG7: each names what multiplied.
            let rule = share.rule.unwrap();
            match share.by {
                Source::Level => prop_assert_eq!(rule, her.level.rule()),
                Source::StoredValue => prop_assert_eq!(rule, shop.settings()),
                Source::Multiplier => prop_assert!((1..=given.len()).contains(&usize::try_from(rule.id).unwrap())),
            }
        }
    }
}
