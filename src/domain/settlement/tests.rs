#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::domain::grant::tests::grant;
use crate::domain::ledger::{DocumentLine, Reduction};
use crate::domain::member::Lot;
use crate::domain::product::ProductKind;
use crate::domain::refund::SoldGrant;
use crate::domain::sale::tests::{member, stamp};
use crate::domain::stored_value::tests::{TODAY, lot};
use chrono::TimeDelta;
use proptest::prelude::*;

fn noon() -> DateTime<Utc> {
    "2026-11-22T04:00:00Z".parse().unwrap()
}

fn event(id: u128, kind: OperationKind, days_ago: i64) -> Event {
    Event {
        id: Uuid::from_u128(id),
        kind,
        about: None,
        seq: i64::try_from(id).unwrap(),
        at: noon() - TimeDelta::days(days_ago),
        store: "总店".into(),
        staff: "小李".into(),
        lots: vec![],
        principals: vec![],
        bonuses: vec![],
        lines: vec![],
        returned: vec![],
        grants: vec![],
        tenders: vec![],
        terms_version: Some(1),
    }
}

/// A top-up with its lot; the lot has the id of the top-up.
fn load(id: u128, days_ago: i64, paid: i64, bonus: i64) -> Event {
    Event {
        lots: vec![Uuid::from_u128(id)],
        principals: vec![Fen(paid)],
        bonuses: vec![Fen(bonus)],
        tenders: vec![Tender::exact(TenderKind::Wechat, Fen(paid))],
        ..event(id, OperationKind::TopUp, days_ago)
    }
}

/// A sale paid from lots: (lot, principal, bonus), and the list price of all of it.
fn spend(id: u128, parts: &[(u128, i64, i64)], list: i64) -> Event {
    let net: i64 = parts.iter().map(|(_, p, b)| p + b).sum();
    let reductions = vec![Reduction {
        reason: crate::domain::ledger::Reason::Level,
        fen: Fen(list - net),
        rule: None,
    }];
    Event {
        lots: parts.iter().map(|it| Uuid::from_u128(it.0)).collect(),
        principals: parts.iter().map(|it| Fen(-it.1)).collect(),
        bonuses: parts.iter().map(|it| Fen(-it.2)).collect(),
        lines: vec![DocumentLine {
            product_id: Some(1),
            name: "剪发".into(),
            kind: ProductKind::Service,
            quantity: 1,
            price: Fen(list),
            list: Fen(list),
            net: Fen(net),
            reductions,
            package: None,
            prepaid: Fen::ZERO,
            served: None,
            ordered: None,
        }],
        ..event(id, OperationKind::Sale, 1)
    }
}

fn history(lots: Vec<Lot>, events: Vec<Event>) -> History {
    History {
        member: member(lots),
        events,
        grants: vec![],
        terms: Terms::default(),
    }
}

fn settle(history: &History, reason: Reason) -> Settlement {
    Settlement::of(history, Scope::All, reason, (noon(), TODAY))
}

fn amounts(settlement: &Settlement) -> Vec<i64> {
    settlement.variants.iter().map(|it| it.amount.0).collect()
}

/// 1000 + 200, of which 300 at her price, 400 at list price, was used.
fn begun(days_ago: i64) -> History {
    history(
        vec![lot(1, 75_000, 15_000, None)],
        vec![
            load(1, days_ago, 100_000, 20_000),
            spend(2, &[(1, 25_000, 5_000)], 40_000),
        ],
    )
}

/// RF2, RF3: the example of the rules.
#[test]
fn the_reason_decides() {
    let her = begun(30);
    let hers = settle(&her, Reason::Consumer);
    assert_eq!(amounts(&hers)[1..3], [75_000, 60_000]);
    assert_eq!(
        (hers.amount, hers.applied().unwrap().rule),
        (Fen(60_000), Rule::ListPrice)
    );
    let shops = settle(&her, Reason::Shop);
    assert_eq!(
        (shops.amount, shops.applied().unwrap().rule),
        (Fen(75_000), Rule::PricePaid)
    );
    // RF1: too late.
    let late = settle(&her, Reason::WithinSevenDays);
    assert_eq!(late.applied().unwrap().rule, Rule::ListPrice);
}

/// RF1: the day of payment does not count, the seventh day after it does.
#[test]
fn seven_days() {
    for (days, entitled) in [(0, true), (7, true), (8, false)] {
        let untouched = history(
            vec![lot(1, 100_000, 20_000, None)],
            vec![load(1, days, 100_000, 20_000)],
        );
        let it = settle(&untouched, Reason::WithinSevenDays);
        assert_eq!(it.variants[0].is_entitled, entitled, "{days}");
        assert_eq!(it.amount, Fen(100_000));
    }
    let used = settle(&begun(3), Reason::WithinSevenDays);
    assert_eq!(used.amount, Fen(75_000));
    // What is older stands as for any other reason of hers.
    let mut both = begun(30);
    both.events.push(load(3, 2, 50_000, 0));
    both.member.lots.push(lot(3, 50_000, 0, None));
    assert_eq!(settle(&both, Reason::WithinSevenDays).amount, Fen(110_000));
}

/// RF3: she owes nothing, and a top-up that is used up is done with.
#[test]
fn nobody_owes() {
    let her = history(
        vec![lot(1, 10_000, 0, None)],
        vec![
            load(9, 300, 100_000, 0),
            spend(8, &[(9, 100_000, 0)], 200_000),
            load(1, 30, 100_000, 0),
            spend(2, &[(1, 90_000, 0)], 120_000),
        ],
    );
    let it = settle(&her, Reason::Consumer);
    assert_eq!(it.amount, Fen::ZERO);
    assert_eq!(it.prepaid.len(), 1);
    let lines: i64 = it.variants[2].lines.iter().map(|line| line.fen.0).sum();
    assert_eq!(lines, 0);
    assert_eq!(it.variants[2].lines[2].what, What::NoMore);
}

/// What came back is not used; what comes back after a settlement is new.
#[test]
fn what_came_back_is_not_used() {
    let mut her = begun(30);
    let returned = Event {
        about: Some(Uuid::from_u128(2)),
        principals: vec![Fen(25_000)],
        bonuses: vec![Fen(5_000)],
        lots: vec![Uuid::from_u128(1)],
        ..event(5, OperationKind::Refund, 0)
    };
    her.member.lots = vec![lot(1, 100_000, 20_000, None)];
    her.events.push(returned.clone());
    assert_eq!(settle(&her, Reason::Consumer).amount, Fen(100_000));
    her.events.pop();
    her.events.push(Event {
        lots: vec![Uuid::from_u128(1)],
        principals: vec![Fen(-75_000)],
        bonuses: vec![Fen(-15_000)],
        ..event(4, OperationKind::Settlement, 0)
    });
    her.events.push(returned);
    her.member.lots = vec![lot(1, 25_000, 5_000, None)];
    assert_eq!(settle(&her, Reason::Shop).amount, Fen(25_000));
}

/// Ten for 300.00, three used, at 38.00 each without the card.
fn card() -> History {
    let mut left = grant(1, 5, 7, 21_000);
    left.operation_id = Uuid::from_u128(9);
    left.terms.quantity = Some(10);
    left.terms.value = Fen(30_000);
    left.terms.price = Fen(3_800);
    let mut gift = grant(2, 6, 1, 0);
    gift.operation_id = Uuid::from_u128(9);
    let mut sold = spend(9, &[], 0);
    sold.lines[0].net = Fen(30_000);
    sold.lines[0].list = Fen(30_000);
    sold.tenders = vec![Tender::exact(TenderKind::Cash, Fen(30_000))];
    sold.at = noon() - TimeDelta::days(40);
    History {
        grants: vec![
            SoldGrant { no: 1, grant: left },
            SoldGrant { no: 1, grant: gift },
        ],
        ..history(vec![], vec![sold])
    }
}

/// RF2, RF3 of a package; gifts are worth nothing and cost nothing.
#[test]
fn a_package_goes_back_in_part() {
    let her = card();
    assert_eq!(settle(&her, Reason::Shop).amount, Fen(21_000));
    let hers = settle(&her, Reason::Consumer);
    assert_eq!(hers.amount, Fen(30_000 - 3 * 3_800));
    let request = request(hers.amount, Scope::All, Reason::Consumer);
    let plan = plan(&request, &her).unwrap();
    assert_eq!(plan.imbalance(), (0, 0));
    assert_eq!(plan.total(Account::Unearned), -21_000);
    assert_eq!(plan.total(Account::Breakage), 2_400);
    assert_eq!(plan.extras.moves.len(), 2);
}

/// RF4: a card by time, half over; what was paid with bonus is not money.
#[test]
fn a_period_that_is_left() {
    let mut her = card();
    her.grants.pop();
    let card = &mut her.grants[0].grant;
    card.quantity = None;
    card.terms.quantity = None;
    card.terms.value = Fen(30_000);
    card.value = Fen(18_000);
    card.opened_at = "2026-11-01T02:00:00Z".parse().unwrap();
    card.expires_on = "2026-11-30".parse().ok();
    card.used_on = Some(TODAY - TimeDelta::days(10));
    let it = settle(&her, Reason::Unused);
    // Today is the 22nd and she was not here: nine of thirty days.
    assert_eq!(it.variants[3].amount, Fen(9_000));
    // RF2 counts the time up to her last use, and is better for her.
    assert_eq!((it.amount, it.applies), (Fen(18_000), 1));
    her.grants[0].grant.used_on = Some(TODAY);
    her.grants[0].grant.value = Fen(8_000);
    let it = settle(&her, Reason::Unused);
    assert_eq!((it.amount, it.variants[3].amount), (Fen(8_000), Fen(8_000)));
    assert_eq!(it.variants[2].amount, Fen(8_000));
    assert!(!settle(&her, Reason::Consumer).variants[3].is_entitled);
}

fn request(amount: Fen, scope: Scope, reason: Reason) -> SettlementRequest {
    SettlementRequest {
        stamp: Stamp {
            approver_id: Some(2),
            at: noon(),
            ..stamp()
        },
        member_id: 7,
        scope,
        reason,
        way: TenderKind::Wechat,
        amount,
    }
}

#[test]
fn a_plan_is_what_was_shown() {
    let her = begun(30);
    let right = request(Fen(60_000), Scope::StoredValue, Reason::Consumer);
    let done = plan(&right, &her).unwrap();
    assert_eq!(done.imbalance(), (0, 0));
    assert_eq!(
        [
            Account::Principal,
            Account::Bonus,
            Account::BonusExpired,
            Account::Breakage,
            Account::Wechat
        ]
        .map(|account| done.total(account)),
        [-75_000, -15_000, 15_000, 15_000, 60_000]
    );
    let hint = |request: &SettlementRequest| plan(request, &her).unwrap_err().hint;
    let other = request(Fen(60_001), Scope::All, Reason::Consumer);
    assert_eq!(hint(&other), "settlement.changed");
    let mut alone = right.clone();
    alone.stamp.approver_id = None;
    assert_eq!(hint(&alone), "approval.needed");
    let package = Scope::Package {
        operation_id: Uuid::from_u128(5),
        no: 1,
    };
    let none = request(Fen::ZERO, package, Reason::Consumer);
    assert_eq!(hint(&none), "settlement.nothing");
}

/// RF5: the shop's terms count only where they are better for her.
#[test]
fn own_terms_never_beat_the_minimum() {
    let of = |fee, pays_bonus| {
        let own = OwnTerms { fee, pays_bonus };
        let mut her = begun(30);
        her.terms = terms(1, &[(1, own)]);
        let it = settle(&her, Reason::Consumer);
        assert_eq!(it.terms_version, Some(1));
        (it.amount, it.applied().unwrap().rule)
    };
    assert_eq!(of(0, false), (Fen(75_000), Rule::Own));
    assert_eq!(of(1_000, false), (Fen(67_500), Rule::Own));
    assert_eq!(of(5_000, false), (Fen(60_000), Rule::ListPrice));
    assert_eq!(of(0, true), (Fen(90_000), Rule::Own));
}

fn terms(version: i32, own: &[(i32, OwnTerms)]) -> Terms {
    let own = own.iter();
    let own = own.map(|(version, own)| OwnVersion {
        version: *version,
        own: *own,
    });
    Terms {
        version,
        own: own.collect(),
    }
}

/// RF5: a later change does not take from her what she was promised when she paid; a better one is hers too.
#[test]
fn the_terms_she_paid_under_count() {
    let good = OwnTerms {
        fee: 0,
        pays_bonus: true,
    };
    let poor = OwnTerms {
        fee: 5_000,
        pays_bonus: false,
    };
    let of = |version, own: &[(i32, OwnTerms)]| {
        let mut her = begun(30);
        her.terms = terms(version, own);
        let it = settle(&her, Reason::Consumer);
        (it.amount, it.applied().unwrap().rule, it.variants.len())
    };
    let own = [(1, good), (2, poor)];
    assert_eq!(of(1, &own), (Fen(90_000), Rule::Own, 5));
    assert_eq!(of(2, &own), (Fen(90_000), Rule::Accepted, 6));
    assert_eq!(of(3, &own), (Fen(90_000), Rule::Accepted, 5));
    let own = [(2, good)];
    assert_eq!(of(2, &own), (Fen(90_000), Rule::Own, 5));
    assert_eq!(of(3, &own), (Fen(60_000), Rule::ListPrice, 4));
}

/// Lots as loaded, and uses of them as they can happen: (lot, principal, bonus, off in percent of the list).
type Life = (Vec<(i64, i64)>, Vec<(usize, i64, i64, i64)>);

fn life() -> impl Strategy<Value = Life> {
    (
        prop::collection::vec((1_i64..200_000, 0_i64..100_000), 1..5),
        prop::collection::vec((0_usize..5, 0_i64..60_000, 0_i64..30_000, 0_i64..60), 0..12),
    )
}

fn lived((loads, uses): &Life, most: usize) -> History {
    let mut held = loads.clone();
    let mut events: Vec<Event> = (1..)
        .zip(loads)
        .map(|(id, (paid, bonus))| load(id, 20, *paid, *bonus))
        .collect();
    for (n, (lot, principal, bonus, off)) in (100..).zip(uses.iter().take(most)) {
        let place = lot % held.len();
        let (p, b) = ((*principal).min(held[place].0), (*bonus).min(held[place].1));
        if p + b > 0 {
            held[place] = (held[place].0 - p, held[place].1 - b);
            let list = (p + b) * 100 / (100 - off);
            events.push(spend(n, &[(place as u128 + 1, p, b)], list));
        }
    }
    let lots = (1..).zip(held).map(|(id, (p, b))| lot(id, p, b, None));
    history(lots.collect(), events)
}

proptest! {
    /// RF5: none is negative or more than was paid; the one that applies is the largest she is entitled to; the lines
    /// add up to the fen; and the plan balances.
    #[test]
    fn it_adds_up(life in life(), reason in prop::sample::select(Reason::ALL.to_vec())) {
        let her = lived(&life, usize::MAX);
        let it = settle(&her, reason);
        let paid: Fen = it.prepaid.iter().map(|it| it.paid).sum();
        for variant in &it.variants {
            prop_assert!(variant.amount >= Fen::ZERO && variant.amount <= paid);
            prop_assert_eq!(variant.lines.iter().map(|line| line.fen).sum::<Fen>(), variant.amount);
            prop_assert!(!variant.is_entitled || variant.amount <= it.amount);
        }
        prop_assert!(it.applied().unwrap().is_entitled);
        // RF2 lot by lot, to the fen.
        let each: Fen = it.prepaid.iter().map(|it| it.paid - it.used_of_paid()).sum();
        prop_assert_eq!(each, it.variants[1].amount);
        let request = request(it.amount, Scope::All, reason);
        match plan(&request, &her) {
            Ok(plan) => {
                prop_assert_eq!(plan.imbalance(), (0, 0));
                prop_assert_eq!(Fen(-plan.total(Account::Principal)), her.member.principal);
                prop_assert_eq!(Fen(-plan.total(Account::Bonus)), her.member.bonus);
            }
            Err(refusal) => prop_assert!(matches!(refusal.hint, "settlement.worthless" | "settlement.nothing")),
        }
    }

    /// Whoever uses more gets no more back, as long as something is left of every top-up.
    #[test]
    fn using_more_brings_no_more(life in life(), reason in prop::sample::select(Reason::ALL.to_vec())) {
        let open = |her: &History| her.prepaid(TODAY).len() == life.0.len();
        let mut before: Option<Vec<i64>> = None;
        for most in 0..=life.1.len() {
            let her = lived(&life, most);
            if !open(&her) {
                break;
            }
            let now = amounts(&settle(&her, reason));
            if let Some(before) = before {
                prop_assert!(now.iter().zip(&before).all(|(now, before)| now <= before));
            }
            before = Some(now);
        }
    }
}
