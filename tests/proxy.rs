//! The proxy itself: what it counts, and that each cut leaves what it says.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor, Row};
use tokio::time::{Instant, timeout};

use crate::support::cluster::{Cluster, Database, OWNER};
use crate::support::proxy::{Cut, Proxy};

async fn connect(proxy: &Proxy, database: &Database) -> PgConnection {
    PgConnection::connect_with(&proxy.options(database, OWNER))
        .await
        .unwrap()
}

async fn counters() -> Database {
    let database = Cluster::empty_database().await;
    database
        .owner()
        .await
        .execute("create table counter (n int)")
        .await
        .unwrap();
    database
}

/// Rows that are really there, asked for beside the proxy, after every other session of the
/// database has ended.
async fn rows(database: &Database) -> i64 {
    let mut connection = database.owner().await;
    loop {
        let others = "select count(*) from pg_stat_activity where datname = current_database() \
                      and pid <> pg_backend_pid() and backend_type = 'client backend'";
        if connection.fetch_one(others).await.unwrap().get::<i64, _>(0) == 0 {
            break;
        }
    }
    connection
        .fetch_one("select count(*) from counter")
        .await
        .unwrap()
        .get(0)
}

async fn insert(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("insert into counter values ($1)")
        .bind(1)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

#[tokio::test]
async fn counts_round_trips() {
    let database = counters().await;
    let proxy = Proxy::new().await;
    let mut connection = connect(&proxy, &database).await;
    proxy.round_trips();
    connection.execute("select 1").await.unwrap();
    assert_eq!(proxy.round_trips(), 1, "a simple query");
    insert(&mut connection).await.unwrap();
    assert_eq!(proxy.round_trips(), 2, "prepare, then execute");
    insert(&mut connection).await.unwrap();
    assert_eq!(proxy.round_trips(), 1, "prepared already");
}

#[tokio::test]
async fn delays_both_directions() {
    let database = counters().await;
    let proxy = Proxy::with_delay(Duration::from_millis(20)).await;
    let mut connection = connect(&proxy, &database).await;
    let before = Instant::now();
    connection.execute("select 1").await.unwrap();
    assert!(
        before.elapsed() >= Duration::from_millis(40),
        "{:?}",
        before.elapsed()
    );
}

#[tokio::test]
async fn each_cut_leaves_what_it_says() {
    // Prepared: one request is Bind, Execute, Close, Sync; without its Sync nothing is committed.
    let cases = [
        (Cut::AfterBytes(0), 0),
        (Cut::AfterBytes(7), 0),
        (Cut::AfterMessages(0), 0),
        (Cut::AfterMessages(2), 0),
        (Cut::AfterMessages(3), 0),
        (Cut::AfterMessages(4), 1),
        (Cut::BeforeReply(1), 1),
        (Cut::MidReply(1), 1),
    ];
    for (cut, left) in cases {
        let database = counters().await;
        let proxy = Proxy::new().await;
        let mut connection = connect(&proxy, &database).await;
        insert(&mut connection).await.unwrap();
        proxy.cut(cut);
        insert(&mut connection).await.expect_err("cut");
        assert!(proxy.has_cut());
        drop(connection);
        assert_eq!(rows(&database).await, 1 + left, "{cut:?}");
        let mut again = connect(&proxy, &database).await;
        insert(&mut again).await.unwrap();
    }
}

#[tokio::test]
async fn cuts_a_later_reply() {
    let database = counters().await;
    let proxy = Proxy::new().await;
    let mut connection = connect(&proxy, &database).await;
    insert(&mut connection).await.unwrap();
    proxy.cut(Cut::BeforeReply(3));
    insert(&mut connection).await.unwrap();
    insert(&mut connection).await.unwrap();
    insert(&mut connection).await.expect_err("the third");
    assert_eq!(rows(&database).await, 4);
}

#[tokio::test]
async fn refuses_and_cuts_at_will() {
    let database = counters().await;
    let proxy = Proxy::new().await;
    let mut connection = connect(&proxy, &database).await;
    proxy.refuse(true);
    assert!(
        PgConnection::connect_with(&proxy.options(&database, OWNER))
            .await
            .is_err()
    );
    insert(&mut connection).await.unwrap();
    proxy.cut_now();
    insert(&mut connection).await.expect_err("cut");
    proxy.refuse(false);
    insert(&mut connect(&proxy, &database).await).await.unwrap();
}

#[tokio::test]
async fn a_pulled_cable_is_silent() {
    let database = counters().await;
    let proxy = Proxy::new().await;
    let mut connection = connect(&proxy, &database).await;
    proxy.freeze(true);
    timeout(Duration::from_millis(50), insert(&mut connection))
        .await
        .expect_err("silence");
    drop(connection);
    proxy.freeze(false);
    insert(&mut connect(&proxy, &database).await).await.unwrap();
}
