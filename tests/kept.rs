//! What levels and settings said in each version: a receipt names the one that made its price (LG7).

use guitai::db::open::APP;
use guitai::domain::ledger::Reason;
use guitai::domain::money::Fen;
use guitai::domain::price::{CartLine, quote};
use guitai::domain::promotion::RuleRef;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::query::{Backend, Query};
use sqlx::Executor;

use crate::support::books::{Counter, OWNER, books};

#[tokio::test]
async fn a_receipt_names_the_version_of_the_level() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    let mut edits = vec![];
    for paid in [9_000, 8_000] {
        let mut level = till.member(her.id).await.level;
        level.paid = paid;
        let query = Query::SaveLevel {
            editor: OWNER,
            level,
            product: None,
        };
        till.db.answer(query).await.unwrap();
        let member = till.member(her.id).await;
        let cart = [CartLine::quick("快速消费".to_owned(), Fen(10_000))];
        let quote = quote(&cart, Some(&member.level), &till.shop);
        let mut request = till.sale(Some(&member), 10_000, TenderKind::Wechat);
        request.tenders = vec![Tender::exact(TenderKind::Wechat, quote.total)];
        request.lines = quote.lines;
        let sold = till.send_sale(request, Some(&member)).await.unwrap();
        let [reduction] = sold.lines[0].reductions.as_slice() else {
            panic!("{:?}", sold.lines);
        };
        assert_eq!(
            (reduction.reason, reduction.fen),
            (Reason::Level, Fen(10_000 - paid))
        );
        edits.push((reduction.rule.unwrap(), paid));
    }
    let id = her.level.id;
    assert_eq!(
        edits,
        [
            (RuleRef { id, version: 2 }, 9_000),
            (RuleRef { id, version: 3 }, 8_000)
        ]
    );
    let mut conn = database.owner().await;
    for (rule, paid) in edits {
        let kept: i64 = sqlx::query_scalar("select (body ->> 'paid')::bigint from kept_version where noun = 'level' and id = $1 and version = $2")
            .bind(rule.id)
            .bind(rule.version)
            .fetch_one(&mut conn)
            .await
            .unwrap();
        assert_eq!(kept, paid);
    }
    // Nobody changes what was, not even the owner of the tables; nothing secret is kept.
    for change in [
        "update kept_version set version = 9",
        "delete from kept_version",
        "truncate kept_version",
    ] {
        assert!(conn.execute(change).await.is_err(), "{change}");
    }
    let secret: i64 = sqlx::query_scalar(
        "select count(*) from kept_version where noun = 'merchant' and body ? 'coupon_key'",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(secret, 0);
}

#[tokio::test]
async fn each_version_of_the_settings_is_kept() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    till.edit_terms(|shop| shop.welcome_points = 77).await;
    till.edit_terms(|shop| shop.welcome_points = 88).await;
    let kept: Vec<(i32, i64)> = sqlx::query_as(
        "select version, (body ->> 'welcome_points')::bigint from kept_version where noun = 'merchant' order by version",
    )
    .fetch_all(&mut database.owner().await)
    .await
    .unwrap();
    assert_eq!(kept[1..], [(2, 77), (3, 88)]);
}
