#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::domain::grant::Grant;
use crate::domain::grant::tests::grant;
use crate::domain::price::tests::shop;
use crate::domain::sale::tests::{member, stamp};
use crate::domain::stored_value::tests::lot;

/// Somebody with these lots and claims.
fn holder(id: i64, lots: Vec<Lot>, grants: Vec<Grant>) -> Member {
    Member {
        id,
        points: lots.iter().map(|lot| lot.points).sum(),
        level: shop().levels[0].clone(),
        grants,
        ..member(lots)
    }
}

fn points(n: u128, kind: LotKind, points: i64, expiry: Option<i64>) -> Lot {
    Lot {
        kind,
        points,
        ..lot(n, 0, 0, expiry)
    }
}

fn pair(from: Member, to: Member) -> Pair {
    let stored = from
        .lots
        .iter()
        .filter(|lot| lot.kind == LotKind::StoredValue);
    Pair {
        lots: stored.map(|lot| lot.id).collect(),
        grants: from.grants.iter().map(|it| it.id).collect(),
        from,
        to,
        from_merged: None,
        to_merged: None,
        together: Days::default(),
        from_alone: Days::default(),
        to_alone: Days::default(),
    }
}

fn request(what: What) -> TransferRequest {
    TransferRequest {
        stamp: stamp(),
        what,
    }
}

fn merge() -> TransferRequest {
    request(What::Merge {
        from_id: 2,
        to_id: 1,
    })
}

/// What is hers after a half was posted.
fn after(her: &Member, plan: &Plan, carried: &Carried, taken: &[Lot], claims: &[Grant]) -> Member {
    let mut her = her.clone();
    let is_giver = plan.kind == OperationKind::TransferOut;
    if is_giver {
        her.lots.retain(|lot| !carried.lots.contains(&lot.id));
        her.grants.retain(|it| !carried.grants.contains(&it.id));
    } else {
        let came = taken.iter().filter(|lot| carried.lots.contains(&lot.id));
        her.lots.extend(came.cloned());
        let came = claims.iter().filter(|it| carried.grants.contains(&it.id));
        her.grants.extend(came.cloned());
        her.lots.extend(plan.new_lots.iter().map(|new| Lot {
            id: new.id,
            kind: new.kind,
            expires_on: new.expires_on,
            points: 0,
            ..lot(1, 0, 0, None)
        }));
    }
    for posting in plan
        .postings
        .iter()
        .filter(|it| it.account == Account::Points)
    {
        let mut lots = her.lots.iter_mut();
        let lot = lots.find(|lot| posting.lot == Some(lot.id)).unwrap();
        lot.points += posting.amount;
    }
    her.version += 1;
    her.spend += plan.spend;
    her.principal = her.lots.iter().map(|lot| lot.principal).sum();
    her.bonus = her.lots.iter().map(|lot| lot.bonus).sum();
    her.points = her.lots.iter().map(|lot| lot.points).sum();
    her
}

fn apply(pair: &Pair, halves: &Halves) -> (Member, Member) {
    let (lots, claims) = (&pair.from.lots, &pair.from.grants);
    (
        after(&pair.from, &halves.leaves, &halves.carried, lots, claims),
        after(&pair.to, &halves.arrives, &halves.carried, lots, claims),
    )
}

/// Principal, bonus, points and the worth and number of claims.
fn sum(all: [&Member; 2]) -> (Fen, Fen, i64, Fen, i64) {
    let each = all.map(|her| {
        let value: Fen = her.grants.iter().map(|it| it.value).sum();
        let units: i64 = her.grants.iter().filter_map(|it| it.quantity).sum();
        (her.principal, her.bonus, her.points, value, units)
    });
    let [a, b] = each;
    (a.0 + b.0, a.1 + b.1, a.2 + b.2, a.3 + b.3, a.4 + b.4)
}

#[test]
fn nobody_is_merged_into_herself_or_twice() {
    let her = holder(1, vec![], vec![]);
    let same = pair(her.clone(), her.clone());
    let hint = |pair: &Pair| plan(&merge(), pair, None, &shop().levels).unwrap_err().hint;
    assert_eq!(hint(&same), "transfer.same");
    let mut gone = pair(holder(2, vec![], vec![]), her);
    gone.from_merged = Some(5);
    assert_eq!(hint(&gone), "transfer.merged_already");
}

/// LV1: the better level of both, and what both have earned together; back again when it is undone.
#[test]
fn levels_follow() {
    let levels = shop().levels;
    let mut from = holder(2, vec![], vec![]);
    let mut to = holder(1, vec![], vec![]);
    from.spend_year = Fen(60_000);
    from.spend = Fen(60_000);
    to.spend_year = Fen(60_000);
    let merged = plan(&merge(), &pair(from.clone(), to.clone()), None, &levels).unwrap();
    assert_eq!(merged.arrives.level, Some(levels[1].id));
    to.level = levels[1].clone();
    to.spend_year = Fen(120_000);
    from.spend_year = Fen(0);
    let record = MergeRecord {
        id: Uuid::from_u128(5),
        seq: 1,
        at: DateTime::UNIX_EPOCH,
        carried: merged.carried,
        is_undone: false,
    };
    let mut back = pair(to, from);
    back.to_merged = Some(1);
    let undo = request(What::Undo {
        from_id: 1,
        to_id: 2,
        merge_id: record.id,
    });
    let undone = plan(&undo, &back, Some(&record), &levels).unwrap();
    assert_eq!(undone.leaves.level, Some(levels[0].id));
    assert_eq!(undone.arrives.spend, Fen(60_000));
}

/// PK1: a package goes alone and whole, where its terms allow it; nothing else moves.
#[test]
fn a_package_can_go_alone() {
    let whole = |id: u128, line: i16| {
        let mut claim = grant(id, 1, 3, 900);
        (claim.no, claim.terms.may_give) = (line, true);
        claim
    };
    let gift = |ids: &[u128]| {
        request(What::Gift {
            from_id: 2,
            to_id: 1,
            grants: ids.iter().map(|id| Uuid::from_u128(*id)).collect(),
        })
    };
    let claims = vec![whole(7, 1), whole(8, 1), whole(9, 2)];
    let from = holder(2, vec![lot(1, 500, 50, None)], claims);
    let first = pair(from, holder(1, vec![], vec![]));
    let plan_of = |pair: &Pair, ids: &[u128]| plan(&gift(ids), pair, None, &shop().levels);
    let halves = plan_of(&first, &[7, 8]).unwrap();
    assert_eq!(
        (halves.leaves.imbalance(), halves.arrives.imbalance()),
        ((0, 0), (0, 0))
    );
    assert_eq!(halves.arrives.total(Account::Unearned), 1_800);
    assert_eq!(halves.arrives.total(Account::Principal), 0);
    let (from, to) = apply(&first, &halves);
    assert_eq!((from.grants.len(), to.grants.len()), (1, 2));
    let why = |pair: &Pair, ids: &[u128]| plan_of(pair, ids).unwrap_err().hint;
    assert_eq!(why(&first, &[7]), "hand.whole");
    assert_eq!(why(&first, &[5]), "transfer.nothing");
    let mut kept = first.clone();
    kept.from.grants[2].terms.may_give = false;
    assert_eq!(why(&kept, &[9]), "hand.not_allowed");
    let mut used = first.clone();
    used.from.grants[2].quantity = Some(2);
    assert_eq!(why(&used, &[9]), "hand.used");
    let mut given = first.clone();
    given.from.grants[2].given_on = Some(stamp().business_on);
    assert_eq!(why(&given, &[9]), "hand.once");
    let mut past = first.clone();
    past.from.grants[2].expires_on = stamp().business_on.pred_opt();
    assert_eq!(why(&past, &[9]), "hand.past");
}

fn held(first: u128) -> impl Strategy<Value = (Vec<Lot>, Vec<Grant>)> {
    let stored = prop::collection::vec(
        (0_i64..90_000, 0_i64..9_000, prop::option::of(-9_i64..9)),
        0..4,
    );
    let loyal = prop::collection::btree_map(prop::option::of(0_i64..6), 0_i64..500, 0..4);
    let debt = prop::option::of(-90_i64..=0);
    let claims = prop::collection::vec((1_i64..9, 0_i64..9_000), 0..3);
    (stored, loyal, debt, claims).prop_map(move |(stored, loyal, debt, claims)| {
        let stored = (first..)
            .zip(stored)
            .map(|(n, (p, b, day))| lot(n, p, b, day));
        let loyal = (first + 10..).zip(loyal);
        let loyal = loyal.map(|(n, (day, held))| points(n, LotKind::Points, held, day));
        let debt = debt.map(|debt| points(first + 20, LotKind::PointsDebt, debt, None));
        let claims = (first + 30..)
            .zip(claims)
            .map(|(n, (quantity, value))| grant(n, 1, quantity, value));
        (stored.chain(loyal).chain(debt).collect(), claims.collect())
    })
}

proptest! {
    /// MB4, LG2: no fen and no point is lost or made; the giver keeps nothing; undone at once, both are as before; undone
    /// after something was used, nobody gets more than is left.
    #[test]
    fn nothing_is_lost(a in held(100), b in held(200), used in prop::collection::vec((0_usize..9, 0_i64..600), 0..4)) {
        let levels = shop().levels;
        let first = pair(holder(2, b.0, b.1), holder(1, a.0, a.1));
        let halves = plan(&merge(), &first, None, &levels).unwrap();
        for plan in [&halves.leaves, &halves.arrives] {
            prop_assert_eq!(plan.imbalance(), (0, 0));
        }
        let total = |account| halves.leaves.total(account) + halves.arrives.total(account);
        for account in [Account::Transfer, Account::PointsTransfer, Account::Unearned] {
            prop_assert_eq!(total(account), 0);
        }
        let (from, mut to) = apply(&first, &halves);
        prop_assert_eq!(sum([&from, &to]), sum([&first.from, &first.to]));
        prop_assert_eq!((from.principal, from.bonus, from.points, from.grants.len()), (Fen::ZERO, Fen::ZERO, 0, 0));

        let plain = used.is_empty();
        for (place, amount) in used {
            let count = to.lots.len().max(1);
            if let Some(lot) = to.lots.get_mut(place % count).filter(|it| it.kind == LotKind::Points) {
                lot.points -= amount.min(lot.points);
            }
        }
        to.points = to.lots.iter().map(|lot| lot.points).sum();
        let record = MergeRecord { id: Uuid::from_u128(5), seq: 1, at: DateTime::UNIX_EPOCH, carried: halves.carried, is_undone: false };
        let mut back = pair(to, from);
        back.to_merged = Some(1);
        let undo = request(What::Undo { from_id: 1, to_id: 2, merge_id: record.id });
        let undone = plan(&undo, &back, Some(&record), &levels).unwrap();
        prop_assert_eq!((undone.leaves.imbalance(), undone.arrives.imbalance()), ((0, 0), (0, 0)));
        let (now_to, now_from) = apply(&back, &undone);
        prop_assert_eq!(sum([&now_to, &now_from]), sum([&back.from, &back.to]));
        prop_assert_eq!((now_from.principal, now_from.bonus), (first.from.principal, first.from.bonus));
        for lot in now_to.lots.iter().chain(&now_from.lots) {
            prop_assert!(lot.points >= 0 || lot.kind == LotKind::PointsDebt);
        }
        if plain {
            prop_assert_eq!((now_from.points, now_to.points), (first.from.points, first.to.points));
            prop_assert_eq!(sum([&now_from, &now_from]), sum([&first.from, &first.from]));
        }
    }
}
