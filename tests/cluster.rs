//! The throw-away cluster itself.

use sqlx::{Connection, Executor, Row};

use crate::support::cluster::Cluster;

#[tokio::test]
async fn databases_are_apart() {
    let (one, two) = tokio::join!(Cluster::database(), Cluster::database());
    one.owner()
        .await
        .execute("create table apart (n int)")
        .await
        .unwrap();
    let row = two
        .owner()
        .await
        .fetch_one("select to_regclass('apart') is null")
        .await
        .unwrap();
    assert!(row.get::<bool, _>(0));
}

#[tokio::test]
async fn a_database_goes_with_its_test() {
    let kept = Cluster::empty_database().await;
    let name = {
        let gone = Cluster::empty_database().await;
        gone.name.clone()
    };
    let mut connection = kept.owner().await;
    let row = sqlx::query("select count(*) from pg_database where datname = $1")
        .bind(name)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(row.get::<i64, _>(0), 0);
    connection.close().await.unwrap();
}
