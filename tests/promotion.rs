//! Promotions through the real back end: saved, in force, refused, tried.

use guitai::db::ledger::{fingerprint, post};
use guitai::db::open::APP;
use guitai::domain::ledger::{Plan, Reason, Stamp};
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::price::{CartLine, Terms, price};
use guitai::domain::product::Product;
use guitai::domain::promotion::{
    Gift, Occasion, Offer, Promotion, RuleRef, Rung, Scope, When, Who,
};
use guitai::domain::refund::RefundRequest;
use guitai::domain::sale::{self, Basket, SaleRequest};
use guitai::domain::shop::Shop;
use guitai::domain::tender::Rounding;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::error::Result;
use guitai::query::{Backend, Query, Reply};
use sqlx::Connection;
use sqlx::PgConnection;

use crate::support::books::{CASHIER, Counter, MANAGER, OWNER, books};
use crate::support::cluster::Database;

fn rule(offer: Offer) -> Promotion {
    Promotion {
        rule: RuleRef { id: 0, version: 0 },
        name: "满减".to_owned(),
        active: true,
        when: When::default(),
        who: Who::default(),
        scope: Scope::default(),
        by_stored_value: false,
        offer,
    }
}

fn rungs(rungs: &[(i64, i64)]) -> Offer {
    let rungs = rungs.iter().map(|(from, off)| Rung {
        from: Fen(*from),
        gives: Fen(*off),
    });
    Offer::Rungs {
        rungs: rungs.collect(),
    }
}

async fn save(till: &Counter, promotion: Promotion) -> Result<Box<Shop>> {
    let query = Query::SavePromotion {
        editor: OWNER,
        promotion: Box::new(promotion.into()),
    };
    match till.db.answer(query).await? {
        Reply::Saved(shop) => Ok(shop),
        other => panic!("{other:?}"),
    }
}

/// A shop whose only promotion is this one.
async fn under(till: &Counter, promotion: Promotion) -> Box<Shop> {
    let mut shop = save(till, promotion).await.unwrap();
    for other in shop.promotions.clone() {
        if other.active && other.name != "满减" {
            let off = Promotion {
                active: false,
                ..other
            };
            shop = save(till, off).await.unwrap();
        }
    }
    shop
}

async fn product(till: &Counter, id: i32) -> Product {
    let Reply::Product(product) = till.db.answer(Query::ReadProduct { id }).await.unwrap() else {
        panic!()
    };
    product
}

/// A sale as the counter asks for it, priced under `shop`.
fn sell(
    till: &Counter,
    shop: &Shop,
    lines: Vec<CartLine>,
    her: Option<&Member>,
    kind: TenderKind,
) -> SaleRequest {
    let stamp = till.stamp();
    let level = her.map(|her| &her.level);
    let occasion = Occasion {
        by_stored_value: kind == TenderKind::StoredValue,
        ..Occasion::at(shop, stamp.till_id, stamp.at, level.map(|level| level.id))
    };
    let quote = price(&lines, &Terms::of(shop, level, Some(occasion)));
    SaleRequest {
        bearers: vec![],
        coupons: vec![],
        basket: Some(Basket {
            lines,
            at: stamp.at,
        }),
        member_id: her.map(|her| her.id),
        lines: quote.lines,
        rounding: Fen::ZERO,
        points: 0,
        tenders: vec![Tender::exact(kind, quote.total)],
        stamp,
    }
}

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

async fn two_of_the_shop(till: &Counter) -> Vec<CartLine> {
    vec![
        CartLine::of(&product(till, 1).await, 1),
        CartLine::of(&product(till, 2).await, 2),
    ]
}

#[tokio::test]
async fn an_edit_is_a_new_version_and_the_old_one_can_be_read() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let shop = save(&till, rule(rungs(&[(10_000, 1_000)]))).await.unwrap();
    let first = shop.promotions.last().unwrap().clone();
    assert_eq!(first.rule.version, 1);
    let edited = Promotion {
        name: "满减 第二版".to_owned(),
        ..first.clone()
    };
    let shop = save(&till, edited.clone()).await.unwrap();
    assert_eq!(shop.promotions.last().unwrap().rule.version, 2);
    // Both began from version 1.
    assert_eq!(hint(save(&till, edited).await), "manage.changed");
    let gone = RuleRef { id: 99, version: 1 };
    let rules = vec![shop.promotions.last().unwrap().rule, gone, first.rule];
    let Reply::Promotions(read) = till
        .db
        .answer(Query::ReadPromotions { rules })
        .await
        .unwrap()
    else {
        panic!()
    };
    let names: Vec<&str> = read.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["满减 第二版", "满减"]);
}

#[tokio::test]
async fn what_no_console_could_read_is_not_kept_and_cashiers_make_no_rules() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let query = Query::SavePromotion {
        editor: CASHIER,
        promotion: Box::new(rule(rungs(&[(1, 1)])).into()),
    };
    assert_eq!(hint(till.db.answer(query).await), "staff.no_right");
    for offer in [
        rungs(&[]),
        rungs(&[(0, 0)]),
        rungs(&[(-1, 5)]),
        Offer::Off { paid: 10_000 },
        Offer::Price { price: Fen(-1) },
        Offer::Nth { n: 1, paid: 0 },
        Offer::BuyGet { buy: 0, get: 1 },
    ] {
        assert!(save(&till, rule(offer.clone())).await.is_err(), "{offer:?}");
    }
    let mut odd = rule(rungs(&[(1, 1)]));
    odd.when.weekdays = vec![8];
    assert!(save(&till, odd.clone()).await.is_err());
    odd.when.weekdays = vec![];
    odd.name = String::new();
    assert!(save(&till, odd).await.is_err());
}

/// PR5, RF6: the reduction is shared over the lines, the receipt names rule and version, and a return gives back
/// the net of its line.
#[tokio::test]
async fn a_reduction_names_its_rule_and_comes_back_with_its_line() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let shop = under(&till, rule(rungs(&[(20_000, 3_001)]))).await;
    let lines = two_of_the_shop(&till).await;
    let request = sell(&till, &shop, lines, None, TenderKind::Wechat);
    let receipt = till.send_sale(request.clone(), None).await.unwrap();
    assert_eq!(receipt.lines, request.lines);
    let off: Fen = receipt.lines.iter().map(|line| line.list - line.net).sum();
    assert_eq!(off, Fen(3_001));
    let named = shop.promotions.iter().find(|rule| rule.active).unwrap();
    for line in &receipt.lines {
        assert_eq!(line.reductions[0].reason, Reason::Order);
        assert_eq!(line.reductions[0].rule, Some(named.rule));
    }
    let Reply::Sale(record) = till
        .db
        .answer(Query::ReadSale { id: receipt.id })
        .await
        .unwrap()
    else {
        panic!()
    };
    let mut back = Fen::ZERO;
    for lines in [vec![(2, 1)], vec![(1, 1)], vec![(2, 1)]] {
        let Reply::Sale(record) = till
            .db
            .answer(Query::ReadSale { id: record.id })
            .await
            .unwrap()
        else {
            panic!()
        };
        let amount = record.worth(&lines, Rounding::None);
        back += amount;
        let request = RefundRequest {
            stamp: Stamp {
                approver_id: Some(MANAGER),
                ..till.stamp()
            },
            sale_id: record.id,
            member_id: None,
            lines,
            amount,
        };
        till.receipt(Query::Refund(request)).await.unwrap();
    }
    assert_eq!(back, request.net());
}

#[tokio::test]
async fn a_gift_is_sold_for_nothing_and_earns_nothing() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let gives = Gift {
        product_id: 24,
        quantity: 1,
    };
    let from = Fen(10_000);
    let gifts = Offer::Gifts {
        rungs: vec![Rung { from, gives }],
    };
    let shop = under(&till, rule(gifts)).await;
    assert!(shop.goods.iter().any(|goods| goods.id == 24));
    let her = till.enrol("13800001380").await;
    let lines = two_of_the_shop(&till).await;
    let request = sell(&till, &shop, lines, Some(&her), TenderKind::Wechat);
    let receipt = till.send_sale(request, Some(&her)).await.unwrap();
    let gift = receipt.lines.last().unwrap();
    assert_eq!(
        (gift.net, gift.reductions[0].reason),
        (Fen::ZERO, Reason::Gift)
    );
    let after = till.member(her.id).await;
    assert_eq!(after.points - her.points, receipt.net().0 / 100);
}

/// Somebody edits the rule at another till: nothing is posted, and the answer names the new total.
#[tokio::test]
async fn a_rule_edited_meanwhile_is_told_before_money_moves() {
    let database = books().await;
    let first = Counter::open(database.options(APP), 1).await;
    let second = Counter::open(database.options(APP), 2).await;
    let shop = under(&first, rule(rungs(&[(10_000, 1_000)]))).await;
    let lines = two_of_the_shop(&first).await;
    let request = sell(&first, &shop, lines, None, TenderKind::Wechat);
    let old = shop.promotions.iter().find(|rule| rule.active).unwrap();
    let edited = Promotion {
        offer: rungs(&[(10_000, 500)]),
        ..old.clone()
    };
    save(&second, edited).await.unwrap();
    let refusal = first.send_sale(request.clone(), None).await.unwrap_err();
    let total = request.net() + Fen(500);
    assert_eq!(
        (refusal.hint, refusal.with[0].1.as_str()),
        ("sale.repriced", total.to_string().as_str())
    );
}

/// Posts what a till would never make; gives what Postgres says.
async fn forge(till: &Counter, database: &Database, edit: impl FnOnce(&mut Plan)) -> Result<()> {
    let shop = under(till, rule(rungs(&[(10_000, 1_000)]))).await;
    let lines = two_of_the_shop(till).await;
    let request = sell(till, &shop, lines, None, TenderKind::Wechat);
    let mut plan = sale::plan(&request, &shop, None).unwrap();
    edit(&mut plan);
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    let hash = fingerprint(&request);
    post(&mut conn, &request.stamp, &plan, &hash)
        .await
        .map(drop)
}

#[tokio::test]
async fn postgres_refuses_what_is_not_a_rule() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    forge(&till, &database, |_| ()).await.unwrap();
    let of = |plan: &mut Plan, edit: fn(&mut guitai::domain::ledger::Reduction)| {
        edit(&mut plan.lines[0].reductions[0]);
    };
    for edit in [
        (|r| r.rule = None) as fn(&mut guitai::domain::ledger::Reduction),
        |r| r.rule = Some(RuleRef { id: 99, version: 1 }),
        |r| r.rule.as_mut().unwrap().version += 1,
        |r| r.reason = Reason::Points,
    ] {
        let answer = forge(&till, &database, |plan| of(plan, edit)).await;
        assert_eq!(hint(answer), "ledger.stale");
    }
    let coupon = |plan: &mut Plan| of(plan, |r| r.reason = Reason::Coupon);
    assert!(forge(&till, &database, coupon).await.is_err());
    let sum = |plan: &mut Plan| of(plan, |r| r.fen += Fen(1));
    assert!(forge(&till, &database, sum).await.is_err());
    let late = |plan: &mut Plan| {
        plan.document["priced_at"] = serde_json::json!("2020-01-01T00:00:00Z");
    };
    assert!(forge(&till, &database, late).await.is_err());
    let none = |plan: &mut Plan| plan.document = serde_json::json!({});
    assert!(forge(&till, &database, none).await.is_err());
}

/// Hours, weekdays, stores, stored value: what holds in the domain holds in Postgres, and nothing else.
#[tokio::test]
async fn postgres_knows_when_a_rule_holds() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let lines = two_of_the_shop(&till).await;
    let mut till_owner = database.owner().await;
    let now = till.stamp().at;
    for (when, day) in [
        (When::default(), 0),
        (
            When {
                weekdays: vec![1],
                ..When::default()
            },
            7,
        ),
        (
            When {
                hours: Some(("22:00:00".parse().unwrap(), "11:00:00".parse().unwrap())),
                weekdays: vec![6, 7],
                ..When::default()
            },
            3,
        ),
        (
            When {
                from: "2026-03-01".parse().ok(),
                until: "2026-03-12".parse().ok(),
                hours: Some(("10:00:00".parse().unwrap(), "12:00:00".parse().unwrap())),
                ..When::default()
            },
            30,
        ),
    ] {
        let promotion = Promotion {
            when: when.clone(),
            ..rule(rungs(&[(1, 1)]))
        };
        let body = serde_json::to_value(&promotion).unwrap();
        for hour in -200..200 {
            let at = now + chrono::TimeDelta::minutes(hour * 47 + day);
            let here = guitai::domain::calendar::local(at).naive_local();
            let there: bool = sqlx::query_scalar("select promotion_holds($1, $2)")
                .bind(&body)
                .bind(at)
                .fetch_one(&mut till_owner)
                .await
                .unwrap();
            assert_eq!(there, when.holds(here), "{when:?} {here}");
        }
    }
    // Another store, and stored value.
    let mut elsewhere = rule(rungs(&[(1, 100)]));
    elsewhere.who.stores = vec![2];
    let shop = under(&till, elsewhere).await;
    let mut here = shop.clone();
    for promotion in &mut here.promotions {
        promotion.who.stores = vec![];
    }
    let request = sell(&till, &here, lines.clone(), None, TenderKind::Wechat);
    let plan = sale::plan(&request, &here, None).unwrap();
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    let answer = post(&mut conn, &request.stamp, &plan, &fingerprint(&request)).await;
    assert_eq!(hint(answer), "ledger.stale");
}

#[tokio::test]
async fn stored_value_prices_are_for_stored_value() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let mut promotion = rule(rungs(&[(1, 1_000)]));
    promotion.by_stored_value = true;
    let shop = under(&till, promotion).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 1_000).await.unwrap();
    let her = till.member(her.id).await;
    let lines = two_of_the_shop(&till).await;
    let by = |kind| sell(&till, &shop, lines.clone(), Some(&her), kind);
    let (stored, cash) = (by(TenderKind::StoredValue), by(TenderKind::Cash));
    assert_eq!(cash.net() - stored.net(), Fen(1_000));
    let mut mixed = stored.clone();
    mixed.stamp = till.stamp();
    mixed.tenders = vec![Tender::exact(TenderKind::Cash, stored.net())];
    assert_eq!(
        hint(till.send_sale(mixed, Some(&her)).await),
        "sale.repriced"
    );
    till.send_sale(stored, Some(&her)).await.unwrap();
}

/// What yesterday's sales would have cost: the same engine over the posted lines.
#[tokio::test]
async fn a_rule_is_tried_on_the_sales_of_a_day() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let shop = under(&till, rule(rungs(&[(20_000, 1_000)]))).await;
    let lines = two_of_the_shop(&till).await;
    for pieces in [1, 2, 1] {
        let mut lines = lines.clone();
        lines[0].quantity = pieces;
        let request = sell(&till, &shop, lines, None, TenderKind::Wechat);
        till.send_sale(request, None).await.unwrap();
    }
    till.sell(None, 500, TenderKind::Cash).await.unwrap();
    let tried = async |promotion: Promotion| {
        let day = till.shift.business_on;
        let promotion = Box::new(promotion.into());
        let query = Query::TryPromotion { promotion, day };
        match till.db.answer(query).await.unwrap() {
            Reply::Tried(trial) => trial,
            other => panic!("{other:?}"),
        }
    };
    // A new rule takes more off than the one in force, on three of four; the old one no longer takes its part.
    let trial = tried(rule(rungs(&[(20_000, 1_500)]))).await;
    assert_eq!(
        (trial.receipts, trial.touched, trial.off),
        (4, 3, Fen(1_500))
    );
    assert!(trial.complete && trial.biggest.len() == 3);
    // An edit of the rule in force is compared with no such rule.
    let old = shop.promotions.iter().find(|rule| rule.active).unwrap();
    let trial = tried(old.clone()).await;
    assert_eq!((trial.touched, trial.off), (3, Fen(3_000)));
    let far = tried(rule(rungs(&[(9_000_000, 1_500)]))).await;
    assert_eq!((far.touched, far.off), (0, Fen::ZERO));
}

/// The sale that raises her level was priced at the level before: so it is tried.
#[tokio::test]
async fn a_member_is_tried_at_the_level_she_had() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let shop = under(&till, rule(rungs(&[(9_000_000, 1)]))).await;
    let her = till.enrol("13800001380").await;
    let lines = vec![CartLine::of(&product(&till, 1).await, 20)];
    let request = sell(&till, &shop, lines, Some(&her), TenderKind::Wechat);
    let paid = request.net();
    till.send_sale(request, Some(&her)).await.unwrap();
    assert_ne!(till.member(her.id).await.level.id, her.level.id);
    let query = Query::TryPromotion {
        promotion: Box::new(rule(rungs(&[(20_000, 1_500)])).into()),
        day: till.shift.business_on,
    };
    let Reply::Tried(trial) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert_eq!(trial.biggest[0].before, paid);
    assert_eq!(trial.off, Fen(1_500));
}

/// One rule that no console can read would keep every till from opening.
#[tokio::test]
async fn postgres_keeps_only_what_a_console_can_read() {
    let database = books().await;
    let mut owner = database.owner().await;
    let mut promotion = rule(rungs(&[(100, 5)]));
    promotion.when.hours = Some(("22:00:00".parse().unwrap(), "02:00:00".parse().unwrap()));
    promotion.when.from = "2026-03-01".parse().ok();
    let sound = serde_json::to_value(&promotion).unwrap();
    let hours = serde_json::json!(["22:00:00"]);
    let late = serde_json::json!(["22:00:00", "25:00:00"]);
    let half = serde_json::json!({ "off": { "paid": 0.5 } });
    let two = serde_json::json!({ "off": { "paid": 1 }, "nth": { "n": 2, "paid": 1 } });
    for (place, value, is_sound) in [
        ("/offer", sound["offer"].clone(), true),
        ("/when/hours", hours, false),
        ("/when/hours", late, false),
        ("/when/from", serde_json::json!("March"), false),
        ("/offer", half, false),
        ("/offer", two, false),
        ("/by_stored_value", serde_json::json!(1), false),
        ("/who", serde_json::json!(null), false),
    ] {
        let mut body = sound.clone();
        *body.pointer_mut(place).unwrap() = value.clone();
        let found: bool = sqlx::query_scalar("select promotion_sound($1)")
            .bind(&body)
            .fetch_one(&mut owner)
            .await
            .unwrap();
        assert_eq!(found, is_sound, "{place} {value}");
    }
}
