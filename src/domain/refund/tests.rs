//! Returns: what comes back is what was paid, however it is cut.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::domain::price::{quote, tests as prices};
use crate::domain::sale::{self, tests::member, tests::request as sale_request, tests::stamp};
use crate::domain::shop::Shop;
use crate::domain::stored_value::tests::lot;
use proptest::prelude::*;

/// The record a posted plan leaves.
pub(in crate::domain) fn record_of(plan: &Plan, rounding: Fen) -> SaleRecord {
    let lines = plan.lines.iter().enumerate().map(|(no, line)| SoldLine {
        no: i16::try_from(no + 1).unwrap(),
        line: line.clone(),
        returned: 0,
        returned_net: Fen::ZERO,
    });
    SaleRecord {
        coupons: vec![],
        grace_days: 7,
        id: Uuid::from_u128(5),
        seq: 1,
        at: DateTime::UNIX_EPOCH,
        shift_id: None,
        member_id: Some(7),
        lines: lines.collect(),
        rounding,
        left: plan
            .postings
            .iter()
            .filter(|p| {
                !p.account.counts_points()
                    && !matches!(
                        p.account,
                        Account::Revenue
                            | Account::Discount
                            | Account::Rounding
                            | Account::Unearned
                    )
            })
            .cloned()
            .collect(),
        points: plan.total(Account::Points),
        points_back: 0,
        points_spent: vec![],
        points_returned: 0,
        points_lots: vec![],
        returned_before: Fen::ZERO,
        base: points::base_of(&plan.document),
        grants: vec![],
    }
}

pub(in crate::domain) fn apply(record: &mut SaleRecord, plan: &Plan) {
    for back in &plan.extras.returned {
        let line = record.lines.iter_mut().find(|l| l.no == back.no).unwrap();
        line.returned += back.quantity;
        line.returned_net += back.net;
    }
    for posting in &plan.postings {
        if let Some(left) = record
            .left
            .iter_mut()
            .find(|p| p.account == posting.account && p.lot == posting.lot)
        {
            left.amount += posting.amount;
        }
    }
    record.points_back -= plan.total(Account::Points);
}

#[test]
fn stored_value_goes_back_to_the_last_lot_first() {
    let shop = prices::shop();
    let her = member(vec![lot(1, 3_000, 0, None), lot(2, 10_000, 10_000, None)]);
    let lines = quote(&[prices::line(5_000, 2, None)], None, &shop).lines;
    let sold = sale::plan(
        &sale_request(
            lines,
            vec![Tender::exact(TenderKind::StoredValue, Fen(10_000))],
        ),
        &shop,
        Some(&her),
    )
    .unwrap();
    let record = record_of(&sold, Fen::ZERO);
    let request = RefundRequest {
        stamp: stamp(),
        sale_id: record.id,
        member_id: Some(7),
        lines: vec![(1, 1)],
        amount: Fen(5_000),
    };
    let back = plan(&request, &record, Some(&her)).unwrap();
    assert_eq!(
        back.postings
            .iter()
            .filter(|p| p.lot == Some(Uuid::from_u128(2)))
            .map(|p| p.amount)
            .sum::<i64>(),
        5_000
    );
    assert_eq!(back.spend, Fen(-5_000));
    assert_eq!(back.imbalance(), (0, 0));
}

#[test]
fn more_than_was_sold_is_refused() {
    let shop = prices::shop();
    let lines = quote(&[prices::line(5_000, 2, None)], None, &shop).lines;
    let sold = sale::plan(
        &sale_request(lines, vec![Tender::exact(TenderKind::Cash, Fen(10_000))]),
        &shop,
        None,
    )
    .unwrap();
    let record = record_of(&sold, Fen::ZERO);
    let request = |lines: Vec<(i16, i64)>, amount| RefundRequest {
        stamp: stamp(),
        sale_id: record.id,
        member_id: None,
        lines,
        amount: Fen(amount),
    };
    assert_eq!(
        plan(&request(vec![(1, 3)], 15_000), &record, None)
            .unwrap_err()
            .hint,
        "refund.too_much"
    );
    assert_eq!(
        plan(&request(vec![(1, 1), (1, 1)], 10_000), &record, None)
            .unwrap_err()
            .hint,
        "refund.too_much"
    );
    assert_eq!(
        plan(&request(vec![(1, 1)], 4_999), &record, None)
            .unwrap_err()
            .hint,
        "refund.changed"
    );
}

/// PT6: goods returned take their own points with them and leave the old ones.
#[test]
fn returned_goods_take_their_own_points() {
    use crate::domain::ledger::LotKind;
    use crate::domain::member::Lot;
    let shop = prices::shop();
    let points = |n, points, expiry| Lot {
        kind: LotKind::Points,
        points,
        ..lot(n, 0, 0, expiry)
    };
    let her = member(vec![points(1, 500, Some(3)), points(2, 200, Some(300))]);
    let lines = quote(&[prices::line(10_000, 1, None)], None, &shop).lines;
    let paid = sale_request(lines, vec![Tender::exact(TenderKind::Cash, Fen(10_000))]);
    let sold = sale::plan(&paid, &shop, Some(&her)).unwrap();
    let mut record = record_of(&sold, Fen::ZERO);
    record.points_lots = vec![Uuid::from_u128(2)];
    let request = RefundRequest {
        stamp: stamp(),
        sale_id: record.id,
        member_id: Some(7),
        lines: vec![(1, 1)],
        amount: Fen(10_000),
    };
    let back = plan(&request, &record, Some(&her)).unwrap();
    let of = |n| {
        back.postings
            .iter()
            .find(|p| p.lot == Some(Uuid::from_u128(n)))
    };
    assert_eq!(of(2).map(|p| p.amount), Some(-200));
    assert_eq!(of(1), None);
}

#[test]
fn cash_goes_back_in_whole_yuan_and_the_last_return_gives_the_rest() {
    let shop = Shop {
        rounding: Rounding::Yuan,
        ..prices::shop()
    };
    let cart = [prices::line(5_770, 1, None), prices::line(3_945, 1, None)];
    let mut paid = sale_request(
        quote(&cart, None, &shop).lines,
        vec![Tender::exact(TenderKind::Cash, Fen(9_700))],
    );
    paid.rounding = Fen(15);
    let sold = sale::plan(&paid, &shop, None).unwrap();
    let mut record = record_of(&sold, Fen(15));
    for (no, amount) in [(1, 5_800), (2, 3_900)] {
        assert_eq!(record.worth(&[(no, 1)], shop.rounding), Fen(amount));
        let request = RefundRequest {
            stamp: stamp(),
            sale_id: record.id,
            member_id: None,
            lines: vec![(no, 1)],
            amount: Fen(amount),
        };
        let back = plan(&request, &record, None).unwrap();
        assert_eq!(back.total(Account::Cash), amount);
        apply(&mut record, &back);
    }
    assert_eq!(record.money_left(), Fen::ZERO);
}

proptest! {
    /// PT6: a line takes back what it earned, whichever comes back first; quick lines that earned nothing
    /// take nothing.
    #[test]
    fn a_line_takes_back_what_it_earned(
        goods in prop::collection::vec((1_i64..30_000, any::<bool>()), 1..6), quick_sale_points in any::<bool>(),
        stored_value_multiplier in prop::option::of(5_000_i64..40_000), share in 0_i64..=100, first in any::<prop::sample::Index>(),
    ) {
        let shop = Shop { stored_value_multiplier, quick_sale_points, ..prices::shop() };
        let her = member(vec![lot(1, 100_000, 0, None)]);
        let cart: Vec<_> = goods.iter().map(|(price, quick)| {
            let line = prices::line(*price, 1, None);
            crate::domain::price::CartLine { product_id: line.product_id.filter(|_| !quick), ..line }
        }).collect();
        let quote = quote(&cart, Some(&her.level), &shop);
        let stored = quote.total.ratio(share, 100).min(her.stored_value());
        let paid = sale_request(quote.lines, [Tender::exact(TenderKind::StoredValue, stored), Tender::exact(TenderKind::Wechat, quote.total - stored)]
            .into_iter().filter(|t| t.amount.is_positive()).collect());
        let sold = sale::plan(&paid, &shop, Some(&her)).unwrap();
        let mut record = record_of(&sold, Fen::ZERO);
        let earning = |line: &DocumentLine| line.product_id.is_some() || quick_sale_points;
        let base: Fen = record.lines.iter().filter(|l| earning(&l.line)).map(|l| l.line.net).sum();
        prop_assert_eq!(record.base, base);
        let mut order: Vec<usize> = (0..record.lines.len()).collect();
        order.rotate_left(first.index(goods.len()));
        let mut returned = Fen::ZERO;
        for place in order {
            let line = record.lines[place].clone();
            let lines = vec![(line.no, 1)];
            let amount = record.worth(&lines, Rounding::None);
            let request = RefundRequest { stamp: stamp(), sale_id: record.id, member_id: Some(7), lines, amount };
            let part = plan(&request, &record, Some(&her)).unwrap();
            let before = record.points_back;
            apply(&mut record, &part);
            if earning(&line.line) {
                returned += line.line.net;
            } else {
                prop_assert_eq!(record.points_back, before);
            }
            prop_assert_eq!(record.points_back, Fen(record.points).ratio(returned.0, base.0).0);
        }
        prop_assert_eq!(record.points_back, record.points);
    }

    /// LG3: any way of returning a sale in parts, once everything is back every account is at zero.
    #[test]
    fn parts_add_up_to_the_whole(
        goods in prop::collection::vec((1_i64..30_000, 1_i64..7), 1..6),
        lots in prop::collection::vec((0_i64..60_000, 0_i64..60_000), 1..4),
        share in 0_i64..=100, cash in any::<bool>(), order in any::<u64>(),
        rounding in prop::sample::select(Rounding::ALL.to_vec()),
    ) {
        let shop = Shop { rounding, ..prices::shop() };
        let her = member(lots.iter().enumerate().map(|(n, (p, b))| lot(n as u128 + 1, *p, *b, None)).collect());
        let cart: Vec<_> = goods.iter().map(|(price, n)| prices::line(*price, *n, None)).collect();
        let quote = quote(&cart, Some(&her.level), &shop);
        let stored = quote.total.ratio(share, 100).min(her.stored_value());
        let rest = quote.total - stored;
        let off = if cash { shop.rounding.off(rest) } else { Fen::ZERO };
        let other = if cash { TenderKind::Cash } else { TenderKind::Wechat };
        let mut paid = sale_request(quote.lines, [Tender::exact(TenderKind::StoredValue, stored), Tender::exact(other, rest - off)]
            .into_iter().filter(|t| t.amount.is_positive()).collect());
        paid.rounding = off;
        let Ok(sold) = sale::plan(&paid, &shop, Some(&her)) else { return Ok(()); };
        let mut record = record_of(&sold, off);
        let mut seed = order;
        let mut back = Fen::ZERO;
        let mut points = 0;
        let mut rounded = sold.total(Account::Rounding);
        let mut after = her.clone();
        after.lots.push(crate::domain::member::Lot { kind: crate::domain::ledger::LotKind::Points, points: record.points, ..lot(50, 0, 0, None) });
        while record.lines.iter().any(|l| l.left() > 0) {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let open: Vec<(i16, i64)> = record.lines.iter().filter(|l| l.left() > 0).map(|l| (l.no, l.left())).collect();
            let (no, left) = open[usize::try_from(seed >> 33).unwrap() % open.len()];
            let quantity = 1 + i64::try_from(seed >> 40).unwrap() % left;
            let amount = record.worth(&[(no, quantity)], rounding);
            let request = RefundRequest { stamp: stamp(), sale_id: record.id, member_id: Some(7), lines: vec![(no, quantity)], amount };
            let part = plan(&request, &record, Some(&after)).unwrap();
            prop_assert_eq!(part.imbalance(), (0, 0));
            // The drawer has coins for it.
            prop_assert_eq!(rounding.off(Fen(part.total(Account::Cash))), Fen::ZERO);
            rounded += part.total(Account::Rounding);
            apply(&mut record, &part);
            points -= part.total(Account::Points);
            back += amount;
        }
        prop_assert_eq!(back, quote.total - off);
        prop_assert!(record.left.iter().all(|p| p.amount == 0));
        prop_assert_eq!(rounded, 0);
        prop_assert_eq!(points, sold.total(Account::Points));
    }
}
