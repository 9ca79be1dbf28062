//! Levels go down at the review only, one at a time (LV1).

use chrono::NaiveDate;
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::ledger::Stamp;
use guitai::domain::level::{LevelBy, ReviewDay, Reviewed};
use guitai::domain::price::{CartLine, quote};
use guitai::domain::refund::RefundRequest;
use guitai::domain::sale::SaleRequest;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::error::Result;
use guitai::query::{Backend, Query, Reply};
use guitai::ui::screens::manage::Manage;
use insta::assert_snapshot;
use sqlx::{Connection, PgConnection};

use crate::support::books::{CASHIER, Counter, OWNER, books};
use crate::support::cluster::Database;
use crate::support::console::Console;
use crate::support::office::{Office, signed_in};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn holds(database: &Database) {
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    assert_eq!(verify(&mut conn).await.unwrap().difference, None);
}

async fn due(till: &Counter, today: &str) -> Vec<Reviewed> {
    let today = day(today);
    match till.db.answer(Query::LevelsDue { today }).await.unwrap() {
        Reply::LevelsDue(due) => due,
        other => panic!("{other:?}"),
    }
}

async fn review(till: &Counter, by: i32, today: &str, members: Vec<Reviewed>) -> Result<i64> {
    let stamp = Stamp {
        operator_id: by,
        business_on: day(today),
        ..till.stamp()
    };
    match till
        .db
        .answer(Query::ReviewLevels { stamp, members })
        .await?
    {
        Reply::LevelsReviewed(count) => Ok(count),
        other => panic!("{other:?}"),
    }
}

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

/// A till whose shop reviews on the first of January, and a member of the third level by what she spent in March 2026.
async fn shop() -> (Database, Counter, i64) {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    till.edit_terms(|shop| shop.level_review = Some(ReviewDay::Yearly { month: 1, day: 1 }))
        .await;
    let her = till.enrol("13800001380").await;
    till.sell(Some(&her), 310_000, TenderKind::Wechat)
        .await
        .unwrap();
    assert_eq!(till.member(her.id).await.level.rank, 3);
    (database, till, her.id)
}

/// One level each year; the second time on the same day nothing; nobody but who may edit the shop.
#[tokio::test]
async fn one_level_at_each_review() {
    let (database, till, id) = Box::pin(shop()).await;
    // She spent it within the twelve months before the review of 2027.
    assert!(due(&till, "2027-02-01").await.is_empty());
    let list = due(&till, "2028-01-15").await;
    assert_eq!(
        (list.len(), list[0].id, list[0].spend),
        (1, id, list[0].spend_now)
    );
    let refused = review(&till, CASHIER, "2028-01-15", list.clone()).await;
    assert_eq!(hint(refused), "staff.no_right");
    let done = review(&till, OWNER, "2028-01-15", list.clone()).await;
    assert_eq!(done.unwrap(), 1);
    assert_eq!(till.member(id).await.level.rank, 2);
    assert!(due(&till, "2028-03-01").await.is_empty());
    let again = review(&till, OWNER, "2028-01-15", list).await;
    assert_eq!(again.unwrap(), 0);
    let next = due(&till, "2029-01-01").await;
    assert_eq!(review(&till, OWNER, "2029-01-01", next).await.unwrap(), 1);
    assert_eq!(till.member(id).await.level.rank, 1);
    assert!(due(&till, "2030-01-01").await.is_empty());
    holds(&database).await;
}

/// What she spent since she joined keeps her level where the shop goes by that; a top-up keeps what it gave for a year.
#[tokio::test]
async fn what_keeps_a_level() {
    let (database, till, _) = Box::pin(shop()).await;
    let other = till.enrol("13900001390").await;
    // 1000 yuan at once give the second level.
    till.top_up(&other, 1_000).await.unwrap();
    assert_eq!(till.member(other.id).await.level.rank, 2);
    assert!(due(&till, "2027-01-01").await.is_empty());
    let names = due(&till, "2028-01-01").await;
    assert_eq!(names.len(), 2);
    till.edit_terms(|shop| shop.level_by = LevelBy::Lifetime)
        .await;
    let left = due(&till, "2028-01-01").await;
    assert_eq!(left.iter().map(|it| it.id).collect::<Vec<_>>(), [other.id]);
    // Whoever changed since the list was read stays.
    till.sell(Some(&other), 1_000, TenderKind::Wechat)
        .await
        .unwrap();
    assert_eq!(review(&till, OWNER, "2028-01-01", left).await.unwrap(), 0);
    till.edit_terms(|shop| shop.level_review = None).await;
    assert!(due(&till, "2028-01-01").await.is_empty());
    holds(&database).await;
}

/// By lifetime spend a level is reached by all she ever spent.
#[tokio::test]
async fn lifetime_spend_reaches_a_level() {
    let (_database, till, id) = Box::pin(shop()).await;
    till.edit_terms(|shop| shop.level_by = LevelBy::Lifetime)
        .await;
    let mut her = till.member(id).await;
    // As it will be years later.
    her.spend_year = guitai::domain::money::Fen::ZERO;
    till.sell(Some(&her), 490_000, TenderKind::Wechat)
        .await
        .unwrap();
    assert_eq!(till.member(id).await.level.rank, 4);
}

/// By purchase: at once with the sale that sells it, and kept for a year whatever is spent; a return gives it up at the
/// next review.
#[tokio::test]
async fn a_level_that_is_bought() {
    let (database, till, _) = Box::pin(shop()).await;
    let gold = till
        .shop
        .levels
        .iter()
        .max_by_key(|level| level.rank)
        .unwrap()
        .clone();
    let Reply::Product(product) = till.db.answer(Query::ReadProduct { id: 1 }).await.unwrap()
    else {
        panic!()
    };
    let query = Query::SaveLevel {
        editor: OWNER,
        level: gold.clone(),
        product: Some(product.name.clone()),
    };
    let Reply::Saved(shop) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert_eq!(shop.level(gold.id).unwrap().product_id, Some(1));
    let her = till.enrol("13800001381").await;
    let quote = quote(&[CartLine::of(&product, 1)], Some(&her.level), &shop);
    let request = SaleRequest {
        tenders: vec![Tender::exact(TenderKind::Wechat, quote.total)],
        lines: quote.lines,
        ..till.sale(Some(&her), 100, TenderKind::Wechat)
    };
    let sold = till.send_sale(request, Some(&her)).await.unwrap();
    assert_eq!(till.member(her.id).await.level.id, gold.id);
    let hers = |due: &[Reviewed]| due.iter().any(|row| row.id == her.id);
    assert!(
        !hers(&due(&till, "2027-02-01").await),
        "kept for twelve months"
    );
    assert!(hers(&due(&till, "2028-02-01").await));
    let back = RefundRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            ..till.stamp()
        },
        sale_id: sold.id,
        member_id: Some(her.id),
        lines: vec![(1, 1)],
        amount: sold.net(),
    };
    till.receipt(Query::Refund(back)).await.unwrap();
    assert!(hers(&due(&till, "2027-02-01").await), "it was given back");
    holds(&database).await;
}

#[tokio::test]
async fn the_list_before_it_is_posted() {
    let office = Office::default();
    let mut parts = signed_in();
    let shop = parts.session.shop.as_mut().unwrap();
    shop.level_review = Some(ReviewDay::Monthly { day: 1 });
    let mut console = Console::with(&office, parts, Manage::new());
    console.menu("23").await;
    assert_snapshot!("review", console.screen());
    assert_snapshot!("review_45", console.size(45, 30).screen());
    console.size(80, 24).keys("<F2>");
    assert!(
        console.screen().contains("名单上 1 位会员各降一级"),
        "{}",
        console.screen()
    );
    console
        .keys("y")
        .wait(chrono::TimeDelta::milliseconds(400))
        .settle()
        .await;
    let asked = office.asked.borrow().clone();
    assert!(
        asked
            .iter()
            .any(|it| matches!(it, Query::ReviewLevels { members, .. } if members.len() == 1))
    );
    assert!(
        console.screen().contains("已评定 1 位"),
        "{}",
        console.screen()
    );
    console.keys("<Esc><Up><Enter>");
    assert_snapshot!("rule", console.screen());
    console.keys("<Right><Down><Right><Right><Down><Ctrl-u>13-1<F2>");
    assert!(
        console.screen().contains("15 或 3-1"),
        "{}",
        console.screen()
    );
    console.keys("<Ctrl-u>3-1<F2>").settle().await;
    let Query::SaveTerms { shop, .. } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!(shop.level_by, LevelBy::Lifetime);
    assert_eq!(
        shop.level_review,
        Some(ReviewDay::Yearly { month: 3, day: 1 })
    );
}
