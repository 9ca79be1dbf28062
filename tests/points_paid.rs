//! Points as money through the real back end (PT5), and what becomes of them when goods come back (PT6, RF6).

use chrono::NaiveDate;
use guitai::db::ledger::{fingerprint, post};
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::ledger::{Account, Plan, Reason, Stamp};
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::points::{Exchange, spendable};
use guitai::domain::price::{CartLine, Terms, price};
use guitai::domain::promotion::Occasion;
use guitai::domain::receipt::Receipt;
use guitai::domain::refund::RefundRequest;
use guitai::domain::sale::{self, Basket, SaleRequest};
use guitai::domain::shop::Shop;
use guitai::domain::tender::{Rounding, Tender, TenderKind};
use guitai::error::Result;
use guitai::query::{Backend, Query, Reply};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::books::{Counter, books};
use crate::support::cluster::Database;

/// 100 points are 1 yuan, for half of a sale, from 10 points on.
const HUNDRED: Exchange = Exchange {
    points: 100,
    fen: Fen::yuan(1),
    cap: 5_000,
    least: 10,
};

/// A till of a shop that takes points, and a member with 100 of them.
pub async fn shop() -> (Database, Counter, Shop, Member) {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let shop = till
        .edit_terms(|shop| shop.points_exchange = Some(HUNDRED))
        .await;
    let her = till.enrol("13800001380").await;
    (database, till, shop, her)
}

async fn holds(database: &Database) {
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    assert_eq!(verify(&mut conn).await.unwrap().difference, None);
}

fn goods(fen: i64, quantity: i64) -> CartLine {
    CartLine {
        product_id: Some(1),
        quantity,
        ..CartLine::quick("护发精油".to_owned(), Fen(fen))
    }
}

/// A sale in which up to so many points pay, as the counter asks for it.
fn sale(
    till: &Counter,
    shop: &Shop,
    lines: Vec<CartLine>,
    her: &Member,
    points: i64,
) -> SaleRequest {
    let stamp = till.stamp();
    let occasion = Occasion::at(shop, stamp.till_id, stamp.at, Some(her.level.id));
    let terms = Terms {
        points: shop.points_exchange.map(|exchange| (points, exchange)),
        ..Terms::of(shop, Some(&her.level), Some(occasion))
    };
    let quote = price(&lines, &terms);
    SaleRequest {
        basket: Some(Basket {
            lines,
            at: stamp.at,
        }),
        member_id: Some(her.id),
        lines: quote.lines,
        rounding: Fen::ZERO,
        tenders: vec![Tender::exact(TenderKind::Wechat, quote.total)],
        points: quote.points,
        coupons: vec![],
        bearers: vec![],
        stamp,
    }
}

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

async fn give_back(till: &Counter, id: Uuid, lines: Vec<(i16, i64)>) -> Receipt {
    give_back_as(till, till.stamp(), id, lines).await
}

async fn give_back_as(till: &Counter, stamp: Stamp, id: Uuid, lines: Vec<(i16, i64)>) -> Receipt {
    let Reply::Sale(record) = till.db.answer(Query::ReadSale { id }).await.unwrap() else {
        panic!()
    };
    let request = RefundRequest {
        stamp,
        sale_id: id,
        member_id: record.member_id,
        amount: record.worth(&lines, Rounding::None),
        lines,
    };
    till.receipt(Query::Refund(request)).await.unwrap()
}

/// PT5, PT1: 100 points take 1.00 off, by line; what is earned is for what is left. LG5: the two stand apart.
#[tokio::test]
async fn points_pay_and_the_rest_earns() {
    let (database, till, shop, her) = Box::pin(shop()).await;
    let lines = vec![goods(4_000, 1), goods(1_000, 2)];
    let request = sale(&till, &shop, lines, &her, 100);
    assert_eq!(request.points, 100);
    let receipt = till.send_sale(request, Some(&her)).await.unwrap();
    assert_eq!(receipt.net(), Fen(5_900));
    let off = |line: usize| receipt.lines[line].reductions[0];
    assert_eq!(
        (off(0).reason, off(0).fen, off(1).fen),
        (Reason::Points, Fen(66), Fen(34))
    );
    assert_eq!(receipt.document.points_paid, 100);
    assert_eq!(receipt.document.points_value, Some(HUNDRED));
    assert_eq!(till.member(her.id).await.points, 59);
    let mut owner = database.owner().await;
    let moved: Vec<(String, i64)> = sqlx::query_as(
        "select account::text, amount from posting where operation_id = $1 and account in ('points', 'points_granted', 'points_spent') order by 1, 2",
    )
    .bind(receipt.id)
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let moved: Vec<(&str, i64)> = moved.iter().map(|(a, n)| (a.as_str(), *n)).collect();
    assert_eq!(
        moved,
        [
            ("points", -100),
            ("points", 59),
            ("points_granted", -59),
            ("points_spent", 100)
        ]
    );
    holds(&database).await;
}

/// PT6, RF6: goods that come back bring back their share of the points, to the lots they came from, whatever the parts.
#[tokio::test]
async fn a_return_gives_the_points_back() {
    let (database, till, shop, her) = Box::pin(shop()).await;
    let lines = vec![goods(4_000, 1), goods(1_000, 2)];
    let request = sale(&till, &shop, lines, &her, 100);
    let sold = till.send_sale(request, Some(&her)).await.unwrap();
    let back = give_back(&till, sold.id, vec![(2, 1)]).await;
    assert_eq!(
        (back.document.points_returned, back.document.points),
        (17, 9)
    );
    let back = give_back(&till, sold.id, vec![(1, 1)]).await;
    assert_eq!(back.document.points_returned, 66);
    give_back(&till, sold.id, vec![(2, 1)]).await;
    let after = till.member(her.id).await;
    assert_eq!(after.points, 100);
    let held = |lots: &[guitai::domain::member::Lot]| -> Vec<(Uuid, i64)> {
        let some = lots.iter().filter(|lot| lot.points != 0);
        some.map(|lot| (lot.id, lot.points)).collect()
    };
    assert_eq!(held(&after.lots), held(&her.lots));
    holds(&database).await;
}

/// A sale that points pay whole, where the shop allows it.
#[tokio::test]
async fn points_may_pay_all_of_it() {
    let (database, till, _, her) = Box::pin(shop()).await;
    let all = Exchange {
        cap: 10_000,
        ..HUNDRED
    };
    let shop = till
        .edit_terms(|shop| shop.points_exchange = Some(all))
        .await;
    let mut request = sale(&till, &shop, vec![goods(90, 1)], &her, 100);
    assert_eq!((request.points, request.net()), (90, Fen::ZERO));
    request.tenders.clear();
    let sold = till.send_sale(request, Some(&her)).await.unwrap();
    assert_eq!(till.member(her.id).await.points, 10);
    give_back(&till, sold.id, vec![(1, 1)]).await;
    assert_eq!(till.member(her.id).await.points, 100);
    holds(&database).await;
}

/// Two tills want the same points at once: exactly one has them, the other is told why.
#[tokio::test]
async fn two_tills_spend_them_once() {
    let (database, first, shop, her) = Box::pin(shop()).await;
    let second = Counter::open(database.options(APP), 2).await;
    let lines = || vec![goods(4_000, 1)];
    let one = sale(&first, &shop, lines(), &her, 80);
    let other = sale(&second, &shop, lines(), &her, 80);
    let (one, other) = tokio::join!(
        first.send_sale(one, Some(&her)),
        second.send_sale(other, Some(&her))
    );
    assert_eq!(u8::from(one.is_ok()) + u8::from(other.is_ok()), 1);
    let lost = one.err().or(other.err()).unwrap();
    assert_eq!(lost.hint, "points.short");
    assert_eq!(first.member(her.id).await.points, 20 + 39);
    holds(&database).await;
}

/// PT6: nothing is paid with a debt; what comes back pays it off first.
#[tokio::test]
async fn a_debt_pays_nothing() {
    let (database, till, shop, her) = Box::pin(shop()).await;
    let earned = till
        .sell(Some(&her), 10_000, TenderKind::Wechat)
        .await
        .unwrap();
    let her = till.member(her.id).await;
    let request = sale(&till, &shop, vec![goods(400, 1)], &her, 200);
    let paid = till.send_sale(request, Some(&her)).await.unwrap();
    assert_eq!(till.member(her.id).await.points, 2);
    give_back(&till, earned.id, vec![(1, 1)]).await;
    let owing = till.member(her.id).await;
    assert_eq!(owing.points, -98);
    // She had them when it was rung up.
    let request = sale(&till, &shop, vec![goods(4_000, 1)], &owing, 50);
    assert_eq!(
        hint(till.send_sale(request, Some(&owing)).await),
        "points.short"
    );
    give_back(&till, paid.id, vec![(1, 1)]).await;
    let now = till.member(her.id).await;
    assert_eq!(now.points, 100);
    assert!(now.lots.iter().all(|lot| lot.points >= 0));
    holds(&database).await;
}

/// What the rules no longer allow is said, with the new price.
#[tokio::test]
async fn another_value_is_another_price() {
    let (_database, till, shop, her) = Box::pin(shop()).await;
    let request = sale(&till, &shop, vec![goods(4_000, 1)], &her, 100);
    let half = Exchange {
        fen: Fen(50),
        ..HUNDRED
    };
    till.edit_terms(|shop| shop.points_exchange = Some(half))
        .await;
    let answer = till.send_sale(request.clone(), Some(&her)).await;
    assert_eq!(hint(answer), "sale.repriced");
    till.edit_terms(|shop| shop.points_exchange = None).await;
    let request = SaleRequest {
        stamp: till.stamp(),
        ..request
    };
    assert_eq!(
        hint(till.send_sale(request, Some(&her)).await),
        "sale.repriced"
    );
    assert_eq!(till.member(her.id).await.points, 100);
}

/// Posts what a till would never make; gives what Postgres says.
async fn forge(
    till: &Counter,
    database: &Database,
    shop: &Shop,
    her: &Member,
    edit: impl FnOnce(&mut Plan),
) -> &'static str {
    let request = sale(till, shop, vec![goods(4_000, 1)], her, 100);
    let mut plan = sale::plan(&request, shop, Some(her)).unwrap();
    edit(&mut plan);
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    hint(post(&mut conn, &request.stamp, &plan, &fingerprint(&request)).await)
}

/// The database's own wall: what the points took off is what the shop says they are worth, and she has them.
#[tokio::test]
async fn points_that_are_not_worth_it_are_refused() {
    let (database, till, shop, her) = Box::pin(shop()).await;
    let less = |plan: &mut Plan| {
        for posting in &mut plan.postings {
            match posting.account {
                Account::Points if posting.amount == -100 => posting.amount = -60,
                Account::PointsSpent => posting.amount = 60,
                _ => {}
            }
        }
    };
    assert_eq!(
        forge(&till, &database, &shop, &her, less).await,
        "ledger.stale"
    );
    let lie = |plan: &mut Plan| {
        less(plan);
        plan.document["points_paid"] = 60.into();
    };
    assert_eq!(
        forge(&till, &database, &shop, &her, lie).await,
        "ledger.stale"
    );
    let dear = |plan: &mut Plan| plan.document["points_value"]["fen"] = 200.into();
    assert_eq!(
        forge(&till, &database, &shop, &her, dear).await,
        "ledger.stale"
    );
    assert_eq!(forge(&till, &database, &shop, &her, |_| {}).await, "");
    holds(&database).await;
}

/// PT6: points that come back to a lot whose last day is past lapse at the next close.
#[tokio::test]
async fn returned_points_keep_their_last_day() {
    let (database, till, shop, her) = Box::pin(shop()).await;
    let request = sale(&till, &shop, vec![goods(4_000, 1)], &her, 100);
    let sold = till.send_sale(request, Some(&her)).await.unwrap();
    let later: NaiveDate = "2028-04-01".parse().unwrap();
    let stamp = Stamp {
        business_on: later,
        ..till.stamp()
    };
    give_back_as(&till, stamp, sold.id, vec![(1, 1)]).await;
    let now = till.member(her.id).await;
    assert_eq!((now.points, now.points_on(later)), (100, 0));
    assert_eq!(spendable(&now.lots, later), 0);
    let stamp = Stamp {
        business_on: later,
        ..till.stamp()
    };
    let Reply::Expired(round) = till.db.answer(Query::Expire { stamp }).await.unwrap() else {
        panic!()
    };
    assert_eq!(round.expired.points, 100);
    assert_eq!(till.member(her.id).await.points, 0);
    holds(&database).await;
}
