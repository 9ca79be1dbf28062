//! The demo shop.

mod big;

use chrono::NaiveDate;
use guitai::db::demo::{self, Demo};
use guitai::db::embedded::{DATABASE, Embedded};
use sqlx::{Connection, Executor, PgConnection};

use crate::support::cluster::{Cluster, Database, OWNER};
use crate::support::server::started_before;

const SMALL: Demo = Demo {
    seed: 7,
    members: 40,
    days: 60,
    today: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(),
};

/// A database with this demo in it.
pub async fn filled(demo: Demo) -> Database {
    let database = Cluster::database().await;
    demo::fill(
        &database.options("guitai_app"),
        &database.options(OWNER),
        demo,
        |_| (),
    )
    .await
    .unwrap();
    database
}

pub async fn heads(database: &Database) -> Vec<(i64, Vec<u8>)> {
    let rows = sqlx::query!("select seq, head from till order by id")
        .fetch_all(&mut database.owner().await)
        .await
        .unwrap();
    rows.into_iter().map(|row| (row.seq, row.head)).collect()
}

#[tokio::test]
async fn the_same_seed_gives_the_same_books() {
    let short = Demo { days: 20, ..SMALL };
    let (one, two) = tokio::join!(filled(short), filled(short));
    let first = heads(&one).await;
    assert_eq!(first, heads(&two).await);
    assert!(
        first
            .iter()
            .all(|(seq, head)| *seq > 50 && head.len() == 32)
    );
    let other = filled(Demo { seed: 8, ..short }).await;
    assert_ne!(first, heads(&other).await);
}

#[tokio::test]
async fn a_shop_as_it_is_in_life() {
    let database = filled(SMALL).await;
    let mut conn = PgConnection::connect_with(&database.options("guitai_app"))
        .await
        .unwrap();
    let count = sqlx::query!(
        r#"select count(*) filter (where kind = 'enrol') as "enrolled!", count(*) filter (where kind = 'sale') as "sales!",
                  count(*) filter (where kind = 'top_up') as "top_ups!", count(*) filter (where kind = 'refund') as "refunds!",
                  count(*) filter (where kind = 'instalment') as "instalments!", count(*) filter (where kind = 'paid_out') as "paid_out!",
                  count(*) filter (where kind = 'shift_close') as "closed!", max(business_on) as "last!" from operation"#
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!((count.enrolled, count.closed), (40, 180));
    assert!(count.sales > 250 && count.top_ups > 10, "{count:?}");
    assert!(
        count.refunds > 0 && count.instalments > 0 && count.paid_out > 0,
        "{count:?}"
    );
    assert_eq!(Some(count.last), SMALL.today.pred_opt());
    let free = sqlx::query_scalar!(r#"select bool_and(shift_id is null) as "free!" from till"#)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(free, "today can be opened");
    let away = sqlx::query_scalar!(
        r#"select count(*) as "n!" from holding where last_visit_on < $1::date - 30"#,
        SMALL.today
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert!((3..30).contains(&away), "{away}");
}

/// A shop is made aside: what an ended program left there is in nobody's way, and a shop that is there
/// stays.
#[tokio::test]
async fn an_interrupted_demo_is_begun_anew() {
    let (_gone_after, home) = started_before("demo").await;
    let short = Demo { days: 3, ..SMALL };
    let embedded = Embedded::open(&home).await.unwrap();
    let mut server = PgConnection::connect_with(&embedded.options(OWNER, "postgres"))
        .await
        .unwrap();
    server
        .execute("create database guitai_aside")
        .await
        .unwrap();
    server.close().await.unwrap();
    demo::make(&home, short, |_| ()).await.unwrap();
    let options = embedded.options(OWNER, DATABASE);
    let heads = async || {
        let mut conn = PgConnection::connect_with(&options).await.unwrap();
        let heads = sqlx::query_scalar!("select head from till order by id")
            .fetch_all(&mut conn)
            .await
            .unwrap();
        conn.close().await.unwrap();
        heads
    };
    let first = heads().await;
    assert!(first.iter().all(|head| head.len() == 32));
    demo::make(&home, Demo { seed: 8, ..short }, |_| ())
        .await
        .unwrap();
    assert_eq!(first, heads().await);
    embedded.close().await.unwrap();
}
