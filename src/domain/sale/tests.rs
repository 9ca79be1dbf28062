//! What a sale does, and what it refuses.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::domain::member::Lot;
use crate::domain::price::{quote, tests as prices};
use crate::domain::promotion::Promotion;
use crate::domain::refund::tests as refunds;
use crate::domain::stored_value::tests::{TODAY, lot};
use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

/// A member of level 2 with these lots.
pub(crate) fn member(lots: Vec<Lot>) -> Member {
    Member {
        contracts: vec![],
        occasions: crate::domain::gift::rule::Occasions::default(),
        given: std::collections::BTreeMap::new(),
        id: 7,
        version: 3,
        edition: 1,
        name: "王晓明".into(),
        phone: Some("138****1380".into()),
        level: prices::shop().levels[1].clone(),
        principal: lots.iter().map(|l| l.principal).sum(),
        bonus: lots.iter().map(|l| l.bonus).sum(),
        points: 0,
        visits: 1,
        first_visit_on: None,
        last_visit_on: None,
        due_on: None,
        spend: Fen::ZERO,
        spend_year: Fen::ZERO,
        birth_year: None,
        birth_month: None,
        birth_day: None,
        gender: None,
        notes: String::new(),
        joined_on: TODAY,
        lots,
        instalments: vec![],
        grants: vec![],
        checked_in: None,
        merged: None,
        family: vec![],
        is_bearer: false,
    }
}

pub(crate) fn stamp() -> Stamp {
    Stamp {
        id: Uuid::from_u128(1),
        till_id: 1,
        shift_id: None,
        operator_id: 1,
        approver_id: None,
        business_on: TODAY,
        at: DateTime::UNIX_EPOCH,
    }
}

pub(crate) fn request(lines: Vec<DocumentLine>, tenders: Vec<Tender>) -> SaleRequest {
    SaleRequest {
        stamp: stamp(),
        member_id: Some(7),
        lines,
        basket: None,
        coupons: vec![],
        bearers: vec![],
        rounding: Fen::ZERO,
        tenders,
        points: 0,
    }
}

#[test]
fn a_gold_member_pays_from_her_lots() {
    let shop = prices::shop();
    let her = member(vec![lot(1, 100_000, 20_000, None)]);
    let quote = quote(&[prices::line(10_000, 1, None)], Some(&her.level), &shop);
    let plan = plan(
        &request(
            quote.lines,
            vec![Tender::exact(TenderKind::StoredValue, Fen(9_000))],
        ),
        &shop,
        Some(&her),
    )
    .unwrap();
    assert_eq!(plan.total(Account::Revenue), 10_000);
    assert_eq!(plan.total(Account::Discount), -1_000);
    assert_eq!(plan.total(Account::Principal), -7_500);
    assert_eq!(plan.total(Account::Bonus), -1_500);
    // PT1 and LV2: 90 yuan, double.
    assert_eq!(plan.total(Account::Points), 180);
    assert_eq!(plan.imbalance(), (0, 0));
}

/// PT2: 60 of 100 yuan by stored value at double, and the document says which multiplier it was.
#[test]
fn stored_value_earns_its_own_multiplier() {
    let mut shop = prices::shop();
    shop.stored_value_multiplier = Some(20_000);
    let mut her = member(vec![lot(1, 100_000, 20_000, None)]);
    her.level = shop.levels[0].clone();
    let lines = quote(&[prices::line(10_000, 1, None)], None, &shop).lines;
    let tenders = vec![
        Tender::exact(TenderKind::StoredValue, Fen(6_000)),
        Tender::exact(TenderKind::Wechat, Fen(4_000)),
    ];
    let plan = plan(&request(lines, tenders), &shop, Some(&her)).unwrap();
    assert_eq!(plan.total(Account::Points), 160);
    assert_eq!(
        plan.document["shares"],
        serde_json::json!([
            { "fen": 6_000, "multiplier": 20_000, "by": "stored_value", "rule": { "id": 0, "version": 1 } },
            { "fen": 4_000, "multiplier": 10_000, "by": "level", "rule": { "id": 1, "version": 1 } },
        ])
    );
}

#[test]
fn too_little_leaves_no_plan() {
    let her = member(vec![lot(1, 1_000, 0, None)]);
    let lines = quote(&[prices::line(10_000, 1, None)], None, &prices::shop()).lines;
    let refusal = plan(
        &request(
            lines,
            vec![Tender::exact(TenderKind::StoredValue, Fen(10_000))],
        ),
        &prices::shop(),
        Some(&her),
    )
    .unwrap_err();
    assert_eq!(
        (refusal.hint, refusal.with[0].1.as_str()),
        ("stored_value.short", "90.00")
    );
}

#[test]
fn only_cash_is_rounded() {
    let shop = prices::shop();
    let lines = quote(&[prices::line(9_999, 1, None)], None, &shop).lines;
    let mut paid = request(
        lines,
        vec![Tender {
            kind: TenderKind::Cash,
            amount: Fen(9_990),
            given: Fen(10_000),
        }],
    );
    paid.rounding = Fen(9);
    assert_eq!(
        plan(&paid, &shop, None).unwrap().total(Account::Cash),
        -9_990
    );
    paid.tenders[0].kind = TenderKind::Wechat;
    paid.tenders[0].given = Fen(9_990);
    assert!(plan(&paid, &shop, None).is_err());
}

#[test]
fn the_current_sale_counts_for_the_level() {
    let mut her = member(vec![]);
    her.level = prices::shop().levels[0].clone();
    her.spend_year = Fen(90_001);
    let lines = quote(&[prices::line(10_000, 1, None)], None, &prices::shop()).lines;
    let plan = plan(
        &request(lines, vec![Tender::exact(TenderKind::Wechat, Fen(10_000))]),
        &prices::shop(),
        Some(&her),
    )
    .unwrap();
    assert_eq!(plan.level, Some(2));
}

proptest! {
    /// LG2: every sale balances, however it is paid.
    #[test]
    fn sales_balance(
        prices in prop::collection::vec((1_i64..50_000, 1_i64..5), 1..8),
        lots in prop::collection::vec((0_i64..40_000, 0_i64..40_000), 0..6),
        share in 0_i64..=100,
    ) {
        let shop = prices::shop();
        let her = member(lots.iter().enumerate().map(|(n, (p, b))| lot(n as u128 + 1, *p, *b, None)).collect());
        let cart: Vec<_> = prices.iter().map(|(price, n)| prices::line(*price, *n, None)).collect();
        let quote = quote(&cart, Some(&her.level), &shop);
        let stored = quote.total.ratio(share, 100);
        let tenders = [Tender::exact(TenderKind::StoredValue, stored), Tender::exact(TenderKind::Alipay, quote.total - stored)]
            .into_iter().filter(|t| t.amount.is_positive()).collect();
        match plan(&request(quote.lines, tenders), &shop, Some(&her)) {
            Ok(plan) => {
                prop_assert_eq!(plan.imbalance(), (0, 0));
                prop_assert_eq!(plan.total(Account::Principal) + plan.total(Account::Bonus), -stored.0);
            }
            Err(refusal) => {
                prop_assert_eq!(refusal.hint, "stored_value.short");
                prop_assert!(her.stored_value() < stored);
            }
        }
    }
}
/// A request for a cart as the counter prices it at this moment.
fn rung_up(lines: Vec<CartLine>, shop: &Shop, her: Option<&Member>) -> SaleRequest {
    let at = DateTime::UNIX_EPOCH;
    let level = her.map(|her| &her.level);
    let occasion = Occasion::at(shop, 1, at, level.map(|level| level.id));
    let quote = price(&lines, &Terms::of(shop, level, Some(occasion)));
    let way = Tender::exact(TenderKind::Wechat, quote.total);
    let tenders = [way].into_iter().filter(|way| way.amount.is_positive());
    SaleRequest {
        basket: Some(Basket { lines, at }),
        ..request(quote.lines, tenders.collect())
    }
}

fn shop_with(promotions: Vec<Promotion>) -> Shop {
    Shop {
        promotions,
        goods: vec![prices::gift()],
        ..prices::shop()
    }
}

/// A rule edited between preview and posting: nothing is posted, and the new price is named. So it is when its
/// hours are over since long; within half an hour the price that was told stands.
#[test]
fn another_price_is_told_before_money_moves() {
    let mut shop = shop_with(vec![prices::promotion(1, prices::rungs(&[(5_000, 500)]))]);
    let mut paid = rung_up(vec![prices::line(10_000, 1, None)], &shop, None);
    assert_eq!(
        plan(&paid, &shop, None).unwrap().total(Account::Discount),
        -500
    );
    shop.promotions[0].when.hours =
        Some(("07:00:00".parse().unwrap(), "08:05:00".parse().unwrap()));
    for (minutes, is_sold) in [(0, true), (30, true), (31, false)] {
        paid.stamp.at = DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        assert_eq!(plan(&paid, &shop, None).is_ok(), is_sold, "{minutes}");
    }
    paid.stamp.at = DateTime::UNIX_EPOCH;
    shop.promotions[0].rule.version = 2;
    shop.promotions[0].offer = prices::rungs(&[(5_000, 600)]);
    let refusal = plan(&paid, &shop, None).unwrap_err();
    assert_eq!(
        (refusal.hint, refusal.with[0].1.as_str()),
        ("sale.repriced", "94.00")
    );
    paid.basket = None;
    assert_eq!(plan(&paid, &shop, None).unwrap_err().hint, "sale.malformed");
}

/// SV9: a rule for stored value holds when all is paid by it, and never otherwise.
#[test]
fn stored_value_has_its_own_price() {
    let mut rule = prices::promotion(1, prices::rungs(&[(5_000, 500)]));
    rule.by_stored_value = true;
    let shop = shop_with(vec![rule]);
    let her = member(vec![lot(1, 100_000, 0, None)]);
    let mut paid = rung_up(vec![prices::line(10_000, 1, None)], &shop, Some(&her));
    assert_eq!(paid.net(), Fen(9_000));
    assert!(plan(&paid, &shop, Some(&her)).is_ok());
    paid.tenders[0].kind = TenderKind::StoredValue;
    let refusal = plan(&paid, &shop, Some(&her)).unwrap_err();
    assert_eq!(
        (refusal.hint, refusal.with[0].1.as_str()),
        ("sale.repriced", "85.00")
    );
}

proptest! {
    /// PR1: what the counter shows is what is posted, line by line, whatever the rules; and every way of
    /// returning it in parts gives back each line's net, to the fen (RF6).
    #[test]
    fn preview_is_posting(
        cart in prop::collection::vec(prices::any_line(), 1..7),
        rules in prop::collection::vec((prices::any_offer(), prices::any_scope()), 0..7),
        is_member in any::<bool>(),
    ) {
        let promotions = (1..).zip(rules).map(|(id, (offer, scope))| Promotion { scope, ..prices::promotion(id, offer) });
        let shop = shop_with(promotions.collect());
        let her = is_member.then(|| member(vec![]));
        let paid = rung_up(cart, &shop, her.as_ref());
        let sold = plan(&paid, &shop, her.as_ref()).unwrap();
        prop_assert_eq!(&sold.lines, &paid.lines);
        prop_assert_eq!(sold.imbalance(), (0, 0));
        let list: Fen = paid.lines.iter().map(|line| line.list).sum();
        prop_assert_eq!(sold.total(Account::Revenue) + sold.total(Account::Discount), paid.net().0);
        prop_assert_eq!(sold.total(Account::Revenue), list.0);
        let mut record = refunds::record_of(&sold, Fen::ZERO);
        let mut back = Fen::ZERO;
        for line in paid.lines.iter().zip(1..).map(|(line, no)| (no, line.quantity)) {
            let amount = record.worth(&[line], Rounding::None);
            let sold = record.lines.iter_mut().find(|sold| sold.no == line.0).unwrap();
            prop_assert_eq!(amount, sold.line.net);
            sold.returned = line.1;
            sold.returned_net = amount;
            for way in &mut record.left {
                way.amount += amount.0;
            }
            back += amount;
        }
        prop_assert_eq!(back, paid.net());
    }
}

/// SV10: a gift card pays list prices, earns nothing, claims nothing, and was not here.
#[test]
fn a_gift_card_is_nobody() {
    let shop = prices::shop();
    let mut card = member(vec![lot(1, 100_000, 0, None)]);
    card.is_bearer = true;
    card.phone = None;
    let quote = quote(&[prices::line(10_000, 1, None)], card.priced_as(), &shop);
    let pays = vec![Tender::exact(TenderKind::StoredValue, Fen(10_000))];
    let plan = plan(&request(quote.lines, pays), &shop, Some(&card)).unwrap();
    assert_eq!(plan.total(Account::Discount), 0);
    assert_eq!(plan.total(Account::Principal), -10_000);
    assert_eq!(plan.total(Account::Points), 0);
    assert_eq!(
        (plan.spend, plan.visit, plan.level),
        (Fen::ZERO, false, None)
    );
    assert!(plan.extras.grants.is_empty());
    assert_eq!(plan.member, Some((card.id, card.version)));
}
