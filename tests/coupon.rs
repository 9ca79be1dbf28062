//! Coupons through the real back end: given, printed, used once, back with a return (PR4).

mod multiplier;
mod refused;

use chrono::{Days, NaiveDate};
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::coupon::{CouponRule, Gives, Number, Presented};
use guitai::domain::gift::GiftRequest;
use guitai::domain::grant::{Grant, GrantKind};
use guitai::domain::ledger::Stamp;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::price::{CartLine, Terms, price};
use guitai::domain::promotion::{Occasion, RuleRef, Scope, When, Who};
use guitai::domain::receipt::Receipt;
use guitai::domain::redemption::{RedemptionRequest, Use};
use guitai::domain::refund::RefundRequest;
use guitai::domain::sale::{Basket, SaleRequest};
use guitai::domain::shop::Shop;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::domain::transfer::{TransferRequest, What};
use guitai::error::Result;
use guitai::query::{Backend, CouponEdit, Query, Reply};

use crate::support::books::{CASHIER, Counter, MANAGER, OWNER, books};
use crate::support::cluster::Database;

/// 满 100 减 10, thirty days.
pub fn rule() -> CouponRule {
    CouponRule {
        rule: RuleRef { id: 0, version: 0 },
        name: "满100减10".to_owned(),
        active: true,
        when: When::default(),
        who: Who::default(),
        scope: Scope::default(),
        from: Fen(10_000),
        gives: Gives::Amount { off: Fen(1_000) },
        stack: None,
        transferable: false,
        valid_days: Some(30),
        uses: 1,
        per_member: None,
        total: None,
        on_receipt: None,
        given: 0,
    }
}

pub async fn save(till: &Counter, rule: CouponRule) -> Result<Box<Shop>> {
    let query = Query::SaveCoupon {
        editor: OWNER,
        rule: Box::new(CouponEdit {
            rule,
            products: vec![],
        }),
    };
    match till.db.answer(query).await? {
        Reply::Saved(shop) => Ok(shop),
        other => panic!("{other:?}"),
    }
}

/// The shop with this as its newest coupon; the presets' are switched off.
async fn under(till: &Counter, rule: CouponRule) -> (Shop, CouponRule) {
    let mut shop = save(till, rule).await.unwrap();
    let newest = shop.coupons.last().unwrap().clone();
    for other in shop.coupons.clone() {
        if other.active && other.rule.id != newest.rule.id {
            let off = CouponRule {
                active: false,
                ..other
            };
            shop = save(till, off).await.unwrap();
        }
    }
    (*shop, newest)
}

/// An amount without goods, priced under the shop with these coupons, as the counter asks for it.
fn sale(
    till: &Counter,
    shop: &Shop,
    her: Option<&Member>,
    fen: i64,
    bearers: &[Grant],
) -> SaleRequest {
    let stamp = till.stamp();
    let lines = vec![CartLine::quick("快速消费".to_owned(), Fen(fen))];
    let level = her.map(|her| &her.level);
    let presented = Presented {
        keeps: false,
        bearers: bearers.to_vec(),
    };
    let coupons = presented.coupons(her, stamp.business_on);
    let occasion = Occasion::at(shop, stamp.till_id, stamp.at, level.map(|level| level.id));
    let quote = price(
        &lines,
        &Terms {
            coupons: &coupons,
            ..Terms::of(shop, level, Some(occasion))
        },
    );
    let used = coupons.iter().zip(&quote.coupons);
    let used = used.filter(|(_, o)| matches!(o, guitai::domain::coupon::Outcome::Used(_)));
    let used: Vec<_> = used.map(|(coupon, _)| coupon.grant_id).collect();
    let bearers = bearers.iter().filter(|grant| used.contains(&grant.id));
    SaleRequest {
        points: 0,
        basket: Some(Basket {
            lines,
            at: stamp.at,
        }),
        coupons: used.clone(),
        bearers: bearers.cloned().collect(),
        member_id: her.map(|her| her.id),
        lines: quote.lines,
        rounding: Fen::ZERO,
        tenders: vec![Tender::exact(TenderKind::Wechat, quote.total)],
        stamp,
    }
}

async fn give(
    till: &Counter,
    her: &Member,
    rule: &CouponRule,
    count: i64,
    approver: Option<i32>,
) -> Result<Receipt> {
    let request = GiftRequest {
        stamp: Stamp {
            approver_id: approver,
            ..till.stamp()
        },
        member_id: her.id,
        rule_id: rule.rule.id,
        version: rule.rule.version,
        count,
        reason: "道歉".to_owned(),
    };
    till.receipt(Query::Give {
        request,
        member: Box::new(her.clone()),
    })
    .await
}

/// The coupon on a receipt, found by the code that is printed there.
async fn on_paper(till: &Counter, shop: &Shop, receipt: &Receipt) -> Grant {
    let printed = Number {
        till_id: receipt.till_id,
        seq: receipt.seq,
    };
    let token = printed.sign(&shop.coupon_key).unwrap();
    let number = Number::verify(&token, &shop.coupon_key).unwrap();
    match till.db.answer(Query::ReadCoupon(number)).await.unwrap() {
        Reply::Coupon(Some(grant)) => *grant,
        other => panic!("{other:?}"),
    }
}

async fn back(
    till: &Counter,
    sold: &Receipt,
    her: Option<&Member>,
    lines: &[(i16, i64)],
    on: Option<NaiveDate>,
) -> Result<Receipt> {
    let Reply::Sale(record) = till
        .db
        .answer(Query::ReadSale { id: sold.id })
        .await
        .unwrap()
    else {
        panic!()
    };
    let stamp = till.stamp();
    let request = RefundRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            business_on: on.unwrap_or(stamp.business_on),
            ..stamp
        },
        sale_id: sold.id,
        member_id: her.map(|her| her.id),
        lines: lines.to_vec(),
        amount: record.net_of(lines),
    };
    till.receipt(Query::Refund(request)).await
}

async fn holds(database: &Database) {
    let mut conn = database.owner().await;
    assert_eq!(verify(&mut conn).await.unwrap().difference, None);
}

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

#[tokio::test]
async fn printed_for_whoever_has_it_and_used_once_at_any_till() {
    let database = books().await;
    let first = Counter::open(database.options(APP), 1).await;
    let second = Counter::open(database.options(APP), 2).await;
    let from = CouponRule {
        on_receipt: Some(Fen(5_000)),
        ..rule()
    };
    let (shop, _) = under(&first, from).await;
    let small = first
        .send_sale(sale(&first, &shop, None, 4_999, &[]), None)
        .await
        .unwrap();
    assert!(small.document.coupons.is_empty());
    let sold = first
        .send_sale(sale(&first, &shop, None, 5_000, &[]), None)
        .await
        .unwrap();
    assert!(sold.document.coupons[0].on_paper);
    assert_eq!(sold.document.coupons[0].name, "满100减10");
    let coupon = on_paper(&second, &shop, &sold).await;
    assert_eq!(
        coupon.expires_on,
        Some(first.shift.business_on + Days::new(30))
    );
    // The same receipt, read again, has the same code.
    let Reply::Receipt(again) = second
        .db
        .answer(Query::ReadReceipt { id: sold.id })
        .await
        .unwrap()
    else {
        panic!()
    };
    assert_eq!((again.till_id, again.seq), (sold.till_id, sold.seq));
    let bought = sale(&second, &shop, None, 12_000, std::slice::from_ref(&coupon));
    assert_eq!(bought.net(), Fen(11_000));
    second.send_sale(bought, None).await.unwrap();
    let used = on_paper(&first, &shop, &sold).await;
    assert_eq!(
        (used.quantity, used.used_on),
        (Some(0), Some(first.shift.business_on))
    );
    // Another till that read it before.
    let late = sale(&first, &shop, None, 12_000, std::slice::from_ref(&coupon));
    assert_eq!(hint(first.send_sale(late, None).await), "coupon.used");
    holds(&database).await;
}

#[tokio::test]
async fn of_two_tills_one_wins_and_the_other_is_told() {
    let database = books().await;
    let first = Counter::open(database.options(APP), 1).await;
    let second = Counter::open(database.options(APP), 2).await;
    let from = CouponRule {
        on_receipt: Some(Fen(1)),
        ..rule()
    };
    let (shop, _) = under(&first, from).await;
    for _ in 0..5 {
        let sold = first
            .send_sale(sale(&first, &shop, None, 100, &[]), None)
            .await
            .unwrap();
        let coupon = [on_paper(&first, &shop, &sold).await];
        let one = sale(&first, &shop, None, 20_000, &coupon);
        let two = sale(&second, &shop, None, 20_000, &coupon);
        let (one, two) = tokio::join!(first.send_sale(one, None), second.send_sale(two, None));
        let mut hints = [hint(one), hint(two)];
        hints.sort_unstable();
        assert_eq!(hints, ["", "coupon.used"]);
    }
    // Hers, at two tills at once.
    let (shop, rule) = under(&first, rule()).await;
    let her = first.enrol("13800001380").await;
    give(&first, &her, &rule, 1, Some(MANAGER)).await.unwrap();
    let her = first.member(her.id).await;
    let one = sale(&first, &shop, Some(&her), 20_000, &[]);
    let two = sale(&second, &shop, Some(&her), 20_000, &[]);
    let (one, two) = tokio::join!(
        first.send_sale(one, Some(&her)),
        second.send_sale(two, Some(&her))
    );
    let mut hints = [hint(one), hint(two)];
    hints.sort_unstable();
    assert_eq!(hints, ["", "coupon.used"]);
    holds(&database).await;
}

#[tokio::test]
async fn given_by_hand_with_the_right_and_within_the_limits() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let limited = CouponRule {
        per_member: Some(2),
        total: Some(3),
        ..rule()
    };
    let (_, rule) = under(&till, limited).await;
    let other = Counter::open(database.options(APP), 2).await;
    let her = till.enrol("13800001380").await;
    assert_eq!(
        hint(give(&till, &her, &rule, 1, None).await),
        "approval.needed"
    );
    assert_eq!(
        hint(give(&till, &her, &rule, 1, Some(CASHIER)).await),
        "approval.yourself"
    );
    let receipt = give(&till, &her, &rule, 2, Some(MANAGER)).await.unwrap();
    assert_eq!(receipt.document.coupons.len(), 2);
    let her = till.member(her.id).await;
    assert_eq!(her.grants.len(), 2);
    assert!(
        her.grants
            .iter()
            .all(|grant| grant.kind == GrantKind::Coupon && grant.value == Fen::ZERO)
    );
    assert_eq!(
        hint(give(&till, &her, &rule, 1, Some(MANAGER)).await),
        "coupon.none_left"
    );
    // The last one of all, at two tills at once, for two members.
    let one = till.enrol("13800001381").await;
    let two = other.enrol("13800001382").await;
    let (first, second) = tokio::join!(
        give(&till, &one, &rule, 1, Some(MANAGER)),
        give(&other, &two, &rule, 1, Some(MANAGER))
    );
    let mut hints = [hint(first), hint(second)];
    hints.sort_unstable();
    assert_eq!(hints, ["", "coupon.none_left"]);
    // An edit that the till has not heard of.
    let edited = CouponRule {
        total: None,
        ..rule.clone()
    };
    save(&other, edited).await.unwrap();
    assert_eq!(
        hint(give(&till, &two, &rule, 1, Some(MANAGER)).await),
        "coupon.rule_changed"
    );
    holds(&database).await;
}

/// A limit is no reason to refuse a sale: it is posted, and gives nothing more.
#[tokio::test]
async fn a_sale_goes_on_when_all_are_given() {
    let database = books().await;
    let first = Counter::open(database.options(APP), 1).await;
    let from = CouponRule {
        on_receipt: Some(Fen(1)),
        per_member: Some(1),
        total: Some(2),
        ..rule()
    };
    let (shop, _) = under(&first, from).await;
    let second = Counter::open(database.options(APP), 2).await;
    let her = first.enrol("13800001380").await;
    let bought = sale(&first, &shop, Some(&her), 500, &[]);
    let receipt = first.send_sale(bought, Some(&her)).await.unwrap();
    assert!(!receipt.document.coupons[0].on_paper);
    let now = first.member(her.id).await;
    let bought = sale(&first, &shop, Some(&now), 500, &[]);
    let receipt = first.send_sale(bought, Some(&now)).await.unwrap();
    assert!(receipt.document.coupons.is_empty());
    // The other till believes that one is left for each of two customers.
    second
        .send_sale(sale(&second, &shop, None, 500, &[]), None)
        .await
        .unwrap();
    let last = first
        .send_sale(sale(&first, &shop, None, 500, &[]), None)
        .await
        .unwrap();
    assert!(last.document.coupons.is_empty());
    holds(&database).await;
}

/// A right is used as a service is, so often and no more; at another time with somebody's approval.
#[tokio::test]
async fn a_right_is_redeemed_and_counts_down() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let other = Counter::open(database.options(APP), 2).await;
    let mut right = CouponRule {
        name: "季度检查".to_owned(),
        gives: Gives::Right,
        uses: 2,
        ..rule()
    };
    let (_, known) = under(&till, right.clone()).await;
    let her = till.enrol("13800001380").await;
    give(&till, &her, &known, 1, Some(MANAGER)).await.unwrap();
    let her = till.member(her.id).await;
    let what = her.grants[0].usable().unwrap();
    let redeem = async |till: &Counter, her: &Member, past: bool, approver: Option<i32>| {
        let request = RedemptionRequest {
            stamp: Stamp {
                approver_id: approver,
                ..till.stamp()
            },
            member_id: her.id,
            uses: vec![Use {
                what,
                quantity: 1,
                served: None,
            }],
            past,
            whom: None,
        };
        till.receipt(Query::Redeem {
            request,
            member: Box::new(her.clone()),
        })
        .await
    };
    let used = redeem(&till, &her, false, None).await.unwrap();
    assert_eq!(
        (used.lines[0].name.as_str(), used.lines[0].net),
        ("季度检查", Fen::ZERO)
    );
    assert_eq!(used.document.left[0].quantity, Some(1));
    // The last one, at two tills at once.
    let now = till.member(her.id).await;
    let (one, two) = tokio::join!(
        redeem(&till, &now, false, None),
        redeem(&other, &now, false, None)
    );
    let mut hints = [hint(one), hint(two)];
    hints.sort_unstable();
    assert_eq!(hints, ["", "redemption.short"]);
    assert!(till.member(her.id).await.grants.is_empty());
    // Not on this weekday: 2026-03-09 is a Monday.
    right.when.weekdays = vec![7];
    right.name = "周日优先".to_owned();
    let (_, sunday) = under(&till, right).await;
    let now = till.member(her.id).await;
    give(&till, &now, &sunday, 1, Some(MANAGER)).await.unwrap();
    let now = till.member(her.id).await;
    let what = now.grants[0].usable().unwrap();
    let redeem = async |past: bool, approver: Option<i32>| {
        let request = RedemptionRequest {
            stamp: Stamp {
                approver_id: approver,
                ..till.stamp()
            },
            member_id: now.id,
            uses: vec![Use {
                what,
                quantity: 1,
                served: None,
            }],
            past,
            whom: None,
        };
        let member = Box::new(now.clone());
        till.receipt(Query::Redeem { request, member }).await
    };
    assert_eq!(hint(redeem(false, None).await), "redemption.not_now");
    assert_eq!(hint(redeem(true, None).await), "approval.needed");
    redeem(true, Some(MANAGER)).await.unwrap();
    holds(&database).await;
}

/// RF6: the coupon comes back with the last of the goods, for seven days more when it is past by then; what the sale
/// gave goes.
#[tokio::test]
async fn back_with_the_last_of_the_goods() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let (_, hers) = under(&till, rule()).await;
    let her = till.enrol("13800001380").await;
    give(&till, &her, &hers, 1, Some(MANAGER)).await.unwrap();
    let printed = CouponRule {
        name: "下次减5".to_owned(),
        gives: Gives::Amount { off: Fen(500) },
        on_receipt: Some(Fen(1)),
        ..rule()
    };
    let shop = *save(&till, printed).await.unwrap();
    let her = till.member(her.id).await;
    let mut request = sale(&till, &shop, Some(&her), 12_000, &[]);
    // Two lines, so that the first return is not the last.
    let basket = request.basket.as_mut().unwrap();
    basket.lines.push(basket.lines[0].clone());
    let coupons = Presented::default().coupons(Some(&her), request.stamp.business_on);
    let occasion = Occasion::at(&shop, 1, request.stamp.at, Some(her.level.id));
    let terms = Terms {
        coupons: &coupons,
        ..Terms::of(&shop, Some(&her.level), Some(occasion))
    };
    request.lines = price(&basket.lines, &terms).lines;
    request.tenders = vec![Tender::exact(TenderKind::Wechat, request.net())];
    assert_eq!(request.net(), Fen(23_000));
    let sold = till.send_sale(request, Some(&her)).await.unwrap();
    assert_eq!(till.member(her.id).await.grants.len(), 1, "the new one");
    back(&till, &sold, Some(&her), &[(1, 1)], None)
        .await
        .unwrap();
    let names = async || -> Vec<(String, Option<NaiveDate>)> {
        let her = till.member(her.id).await;
        her.grants
            .into_iter()
            .map(|grant| (grant.terms.name, grant.expires_on))
            .collect()
    };
    assert_eq!(names().await[0].0, "下次减5");
    holds(&database).await;
    let last = hers.expires_on(till.shift.business_on).unwrap();
    let late = last + Days::new(3);
    back(&till, &sold, Some(&her), &[(2, 1)], Some(late))
        .await
        .unwrap();
    assert_eq!(
        names().await,
        [("满100减10".to_owned(), Some(late + Days::new(7)))]
    );
    holds(&database).await;
}

/// What a code holds is exact: what a coupon is taken for is what the books say of it, not the paper.
#[tokio::test]
async fn a_code_without_a_coupon_finds_none() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let sold = till.sell(None, 500, TenderKind::Wechat).await.unwrap();
    for seq in [sold.seq, sold.seq + 1] {
        let number = Number { till_id: 1, seq };
        let answer = till.db.answer(Query::ReadCoupon(number)).await.unwrap();
        assert!(matches!(answer, Reply::Coupon(None)), "{answer:?}");
    }
}

/// MB4: her coupons go with a merge like all she may claim, are used there, and verify knows.
#[tokio::test]
async fn a_merge_takes_coupons_along() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let (shop, rule) = under(&till, rule()).await;
    let a = till.enrol("13800001380").await;
    let b = till.enrol("13900001390").await;
    give(&till, &b, &rule, 2, Some(MANAGER)).await.unwrap();
    let b = till.member(b.id).await;
    let request = TransferRequest {
        stamp: Stamp {
            approver_id: Some(MANAGER),
            ..till.stamp()
        },
        what: What::Merge {
            from_id: b.id,
            to_id: a.id,
        },
    };
    till.db.answer(Query::Transfer(request)).await.unwrap();
    let one = till.member(a.id).await;
    assert_eq!((&one.grants, &one.given), (&b.grants, &b.given));
    let request = sale(&till, &shop, Some(&one), 30_000, &[]);
    assert_eq!(request.coupons.len(), 1);
    till.send_sale(request, Some(&one)).await.unwrap();
    assert_eq!(till.member(a.id).await.grants.len(), 1);
    holds(&database).await;
}
