//! Deposits: exact to the fen, whatever else pays and however it comes back.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::ledger::Posting;
use crate::domain::member::Lot;
use crate::domain::points::Exchange;
use crate::domain::price::{Terms as Pricing, price, quote, tests as prices};
use crate::domain::refund::{self, RefundRequest, tests::apply, tests::record_of};
use crate::domain::sale::{self, tests::member, tests::request as sale_request, tests::stamp};
use crate::domain::shop::Shop;
use crate::domain::stored_value::tests::{TODAY, lot};
use crate::domain::tender::Rounding;

fn taking(price: i64, tenders: Vec<Tender>, earnest: bool) -> DepositRequest {
    DepositRequest {
        stamp: stamp(),
        member_id: 7,
        name: " 草莓蛋糕 ".to_owned(),
        price: Fen(price),
        order: Order {
            due_on: TODAY,
            earnest,
        },
        tenders,
    }
}

/// A claim as a taken deposit leaves it.
fn claim(id: u128, name: &str, price: i64, paid: i64, earnest: bool) -> Grant {
    let mut request = taking(
        price,
        vec![Tender::exact(TenderKind::Wechat, Fen(paid))],
        earnest,
    );
    request.name = name.to_owned();
    let plan = plan(&request, &prices::shop(), &member(vec![])).unwrap();
    let opened = plan.extras.grants[0].clone();
    Grant {
        id: Uuid::from_u128(id),
        operation_id: Uuid::from_u128(id + 1_000),
        no: opened.no,
        kind: opened.kind,
        product_id: None,
        quantity: opened.quantity,
        value: opened.value,
        opened_at: DateTime::UNIX_EPOCH,
        expires_on: None,
        used_on: None,
        given_on: None,
        terms: opened.terms,
    }
}

fn record(grant: &Grant) -> DepositRecord {
    DepositRecord {
        id: grant.operation_id,
        seq: 9,
        at: DateTime::UNIX_EPOCH,
        shift_id: None,
        member_id: 7,
        claim_id: grant.id,
        terms: grant.terms.clone(),
        left: grant.value,
        tenders: vec![Tender::exact(TenderKind::Wechat, grant.value)],
        reversed: false,
    }
}

#[test]
fn money_against_what_is_owed_and_nothing_else() {
    let cash = Tender {
        kind: TenderKind::Cash,
        amount: Fen(3_000),
        given: Fen(5_000),
    };
    let wechat = Tender::exact(TenderKind::Wechat, Fen(2_000));
    let taken = plan(
        &taking(20_000, vec![cash, wechat], true),
        &prices::shop(),
        &member(vec![]),
    )
    .unwrap();
    assert_eq!(taken.imbalance(), (0, 0));
    assert_eq!(taken.total(Account::Unearned), 5_000);
    assert_eq!(taken.total(Account::Cash), -3_000);
    assert_eq!(taken.total(Account::Points), 0);
    assert!(!taken.visit && taken.spend.is_zero());
    let grant = &taken.extras.grants[0];
    assert_eq!((grant.quantity, grant.value), (Some(5_000), Fen(5_000)));
    assert_eq!(grant.terms.name, "草莓蛋糕");
    assert_eq!(kept_most(&grant.terms), Fen(4_000));
}

#[test]
fn no_till_takes_these() {
    let refused = |price, tenders| {
        let request = taking(price, tenders, false);
        plan(&request, &prices::shop(), &member(vec![]))
            .unwrap_err()
            .hint
    };
    let by = |kind, fen| vec![Tender::exact(kind, Fen(fen))];
    assert_eq!(refused(100, vec![]), "deposit.malformed");
    assert_eq!(
        refused(100, by(TenderKind::StoredValue, 50)),
        "deposit.malformed"
    );
    assert_eq!(
        refused(100, by(TenderKind::Deposit, 50)),
        "deposit.malformed"
    );
    assert_eq!(refused(100, by(TenderKind::Cash, 101)), "deposit.too_much");
    let mut nobody = member(vec![]);
    nobody.is_bearer = true;
    let request = taking(100, by(TenderKind::Cash, 50), false);
    let refused = plan(&request, &prices::shop(), &nobody).unwrap_err();
    assert_eq!(refused.hint, "gift_card.no_member");
}

/// It pays for nothing but its order, at the agreed price, once.
#[test]
fn for_this_order_alone() {
    let shop = prices::shop();
    let mut her = member(vec![]);
    her.grants = vec![claim(1, "旗袍", 80_000, 30_000, false)];
    let cart = line(&her.grants[0]);
    let quoted = quote(std::slice::from_ref(&cart), Some(&her.level), &shop);
    assert_eq!(quoted.total, Fen(80_000), "agreed on: no level discount");
    let tenders = |deposit: i64, rest: i64| {
        vec![
            Tender::exact(TenderKind::Deposit, Fen(deposit)),
            Tender::exact(TenderKind::Wechat, Fen(rest)),
        ]
    };
    let sell = |lines: &[crate::domain::ledger::DocumentLine], tenders, her: &Member| {
        sale::plan(&sale_request(lines.to_vec(), tenders), &shop, Some(her))
    };
    let lines = quoted.lines;
    let sold = sell(&lines, tenders(30_000, 50_000), &her).unwrap();
    assert_eq!(sold.imbalance(), (0, 0));
    assert_eq!(sold.total(Account::Unearned), -30_000);
    assert_eq!(sold.total(Account::Revenue), 80_000);
    assert_eq!(sold.spend, Fen(80_000));
    let points = sold.total(Account::Points);
    assert_eq!(points, 1_600, "PT1: not reduced by it, twice at her level");

    let hint = |lines: &[crate::domain::ledger::DocumentLine], tenders, her: &Member| {
        sell(lines, tenders, her).unwrap_err().hint
    };
    assert_eq!(
        hint(&lines, tenders(20_000, 60_000), &her),
        "sale.malformed"
    );
    let other = quote(&[prices::line(80_000, 1, None)], None, &shop).lines;
    assert_eq!(
        hint(&other, tenders(30_000, 50_000), &her),
        "sale.malformed"
    );
    let mut cheaper = lines.clone();
    cheaper[0].net = Fen(70_000);
    assert_eq!(
        hint(&cheaper, tenders(30_000, 40_000), &her),
        "sale.malformed"
    );
    let twice = [lines.clone(), lines.clone()].concat();
    assert_eq!(
        hint(&twice, tenders(60_000, 100_000), &her),
        "sale.malformed"
    );
    her.grants[0].quantity = Some(0);
    assert_eq!(hint(&lines, tenders(30_000, 50_000), &her), "deposit.used");
}

/// No rule and no point takes from a price that was agreed on.
#[test]
fn the_price_is_final() {
    let shop = prices::shop();
    let her = member(vec![]);
    let cart = [
        line(&claim(1, "蛋糕", 10_000, 10_000, false)),
        prices::line(10_000, 1, None),
    ];
    let exchange = Exchange {
        points: 1,
        fen: Fen(1),
        least: 1,
        cap: 10_000,
    };
    let terms = Pricing {
        points: Some((1_000_000, exchange)),
        ..Pricing::of(&shop, Some(&her.level), None)
    };
    let quoted = price(&cart, &terms);
    assert_eq!(quoted.lines[0].net, Fen(10_000));
    assert_eq!(quoted.lines[1].net, Fen::ZERO);
}

#[test]
fn what_may_be_kept() {
    let approved = Stamp {
        approver_id: Some(2),
        ..stamp()
    };
    let forfeit = |grant: &Grant, kept: i64, stamp: Stamp, reason: &str| {
        let request = ForfeitRequest {
            stamp,
            deposit_id: grant.operation_id,
            member_id: 7,
            kept: Fen(kept),
            way: TenderKind::Cash,
            reason: reason.to_owned(),
        };
        plan_forfeit(&request, &record(grant), &member(vec![]))
    };
    let earnest = claim(1, "旗袍", 100_000, 30_000, true);
    let plan = forfeit(&earnest, 20_000, approved.clone(), "已裁剪").unwrap();
    assert_eq!(plan.imbalance(), (0, 0));
    assert_eq!(plan.total(Account::Breakage), 20_000);
    assert_eq!(plan.total(Account::Cash), 10_000);
    assert_eq!(plan.total(Account::Unearned), -30_000);
    let hint =
        |grant: &Grant, kept, stamp, reason| forfeit(grant, kept, stamp, reason).unwrap_err().hint;
    assert_eq!(
        hint(&earnest, 20_001, approved.clone(), "x"),
        "deposit.over_kept"
    );
    assert_eq!(
        hint(&earnest, 0, approved.clone(), "x"),
        "deposit.over_kept"
    );
    assert_eq!(
        hint(&earnest, 1, approved.clone(), " "),
        "deposit.reason_missing"
    );
    assert_eq!(hint(&earnest, 1, stamp(), "x"), "approval.needed");
    let prepaid = claim(1, "旗袍", 100_000, 30_000, false);
    assert_eq!(
        hint(&prepaid, 1, approved.clone(), "x"),
        "deposit.over_kept"
    );
    // Less than a fifth was paid: all of it, and no more.
    let little = claim(1, "旗袍", 100_000, 5_000, true);
    assert!(forfeit(&little, 5_000, approved.clone(), "x").is_ok());
    let mut gone = record(&earnest);
    gone.left = Fen::ZERO;
    let request = UndoDeposit {
        stamp: stamp(),
        deposit_id: gone.id,
        member_id: 7,
    };
    let refused = plan_reversal(&request, &gone, &member(vec![])).unwrap_err();
    assert_eq!(refused.hint, "deposit.used");
}

fn sums(postings: &[Posting], into: &mut BTreeMap<(Account, Option<Uuid>), i64>) {
    let money = postings.iter().filter(|it| !it.account.counts_points());
    for it in money {
        *into.entry((it.account, it.lot)).or_default() += it.amount;
    }
}

proptest! {
    /// RF6, LG3: orders and goods, paid by deposits, stored value and cash or a wallet, returned line by line in any order:
    /// each deposit goes back with its own line and whole, no account and no lot changes its sign on the way, and once everything is
    /// back nothing is missing by a fen.
    #[test]
    fn back_to_the_fen(
        orders in prop::collection::vec((1_i64..90_000, 0_i64..=100), 1..4),
        goods in prop::collection::vec((1_i64..30_000, 1_i64..5), 0..4),
        lots in prop::collection::vec((0_i64..40_000, 0_i64..40_000), 0..3),
        share in 0_i64..=100, cash in any::<bool>(), seed in any::<u64>(),
        rounding in prop::sample::select(Rounding::ALL.to_vec()),
    ) {
        let shop = Shop { rounding, ..prices::shop() };
        let lots: Vec<Lot> = lots.iter().zip(1..).map(|((p, b), n)| lot(n, *p, *b, None)).collect();
        let mut her = member(lots);
        her.grants = orders.iter().zip(1..).map(|((price, part), n)| {
            let paid = (price * part / 100).max(1);
            claim(n, &format!("订单{n}"), *price, paid, false)
        }).collect();
        let mut cart: Vec<_> = her.grants.iter().map(line).collect();
        cart.extend(goods.iter().map(|(price, n)| prices::line(*price, *n, None)));
        let quoted = quote(&cart, Some(&her.level), &shop);
        let deposit: Fen = her.grants.iter().map(|it| it.value).sum();
        let due = quoted.total - deposit;
        let stored = due.ratio(share, 100).min(her.stored_value());
        let rest = due - stored;
        let off = if cash && (stored.is_zero() || rest > rounding.off(rest)) { rounding.off(rest) } else { Fen::ZERO };
        let other = if cash { TenderKind::Cash } else { TenderKind::Wechat };
        let tenders = [
            Tender::exact(TenderKind::Deposit, deposit), Tender::exact(TenderKind::StoredValue, stored), Tender::exact(other, rest - off)];
        let mut request = sale_request(quoted.lines, tenders.into_iter().filter(|it| it.amount.is_positive()).collect());
        request.rounding = off;
        let sold = sale::plan(&request, &shop, Some(&her)).unwrap();
        prop_assert_eq!(sold.imbalance(), (0, 0));
        let mut left = BTreeMap::new();
        sums(&sold.postings, &mut left);
        let first = left.clone();
        let mut held: BTreeMap<Uuid, i64> = sold.extras.moves.iter().map(|it| (it.grant_id, it.quantity)).collect();
        let mut record = record_of(&sold, off);
        let mut seed = seed;
        while record.lines.iter().any(|it| it.left() > 0) {
            let open: Vec<_> = record.lines.iter().filter(|it| it.left() > 0).cloned().collect();
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let sold = &open[usize::try_from(seed >> 33).unwrap() % open.len()];
            let pieces = 1 + i64::try_from(seed >> 40).unwrap() % sold.left();
            let lines = vec![(sold.no, pieces)];
            let amount = record.worth(&lines, rounding);
            let back = RefundRequest { stamp: stamp(), sale_id: record.id, member_id: Some(7), lines, amount };
            let plan = refund::plan(&back, &record, Some(&her)).unwrap();
            prop_assert_eq!(plan.imbalance(), (0, 0));
            prop_assert_eq!(amount, refund::ways_back(&plan).iter().map(|it| it.amount).sum());
            let of_order = plan.extras.moves.iter().map(|it| it.value).sum::<Fen>();
            prop_assert_eq!(of_order, sold.line.deposit());
            for it in &plan.extras.moves {
                *held.entry(it.grant_id).or_default() += it.quantity;
            }
            sums(&plan.postings, &mut left);
            for (key, sum) in &left {
                prop_assert!(sum.signum() * first.get(key).copied().unwrap_or(0).signum() >= 0, "{key:?} {sum}");
            }
            apply(&mut record, &plan);
        }
        prop_assert!(left.values().all(|sum| *sum == 0), "{left:?}");
        prop_assert!(held.values().all(|quantity| *quantity == 0));
    }
}
