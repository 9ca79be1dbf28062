//! What one till edits the others hear: through Postgres, and through the real binary.

use std::rc::Rc;
use std::time::Duration;

use chrono::{Timelike, Utc};
use guitai::db::open::APP;
use guitai::domain::shop::Till;
use guitai::query::{Backend, Noun, Query, Reply};
use sqlx::postgres::PgConnectOptions;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;

use crate::support::books::{Counter, OWNER, books};
use crate::support::cluster::{Cluster, Database};
use crate::support::proxy::Proxy;
use crate::support::pty::{PATIENCE, Pty};

type Heard = UnboundedReceiver<Noun>;

/// A till that listens, and what it hears.
async fn listener(options: PgConnectOptions, number: u16) -> (Rc<Counter>, Heard) {
    let till = Rc::new(Counter::open(options, number).await);
    let (sender, receiver) = unbounded_channel();
    let ears = Rc::clone(&till);
    spawn_local(async move {
        let hear = async |noun| sender.send(noun).unwrap_or_default();
        ears.db.listen(hear).await;
    });
    (till, receiver)
}

async fn next(heard: &mut Heard) -> Noun {
    timeout(PATIENCE, heard.recv()).await.unwrap().unwrap()
}

async fn save_days(till: &Counter, days: i64) {
    let mut shop = (*till.db.shop().await.unwrap()).clone();
    shop.dormancy_days = days;
    let query = Query::SaveTerms {
        editor: OWNER,
        shop: Box::new(shop),
    };
    till.db.answer(query).await.unwrap();
}

async fn days(till: &Counter) -> i64 {
    till.db.shop().await.unwrap().dormancy_days
}

/// Connections that listen, as the server counts them.
async fn ears(database: &Database) -> i64 {
    let mut owner = database.owner().await;
    sqlx::query_scalar(
        "select count(*) from pg_stat_activity where datname = current_database() and query like 'LISTEN%'",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_edit_is_heard_at_the_other_till_with_nothing_but_its_noun() {
    let database = books().await;
    let work = async {
        let (here, mut heard) = listener(database.options(APP), 1).await;
        let there = Counter::open(database.options(APP), 2).await;
        assert_eq!(next(&mut heard).await, Noun::All, "listening begins");
        save_days(&there, 77).await;
        assert_eq!(next(&mut heard).await, Noun::Shop);
        let asked = Query::ReadShop {
            staff_id: Some(OWNER),
        };
        let Reply::Shop(shop, staff) = here.db.answer(asked).await.unwrap() else {
            panic!("the shop");
        };
        assert_eq!((shop.dormancy_days, staff.unwrap().id), (77, OWNER));
        // Money is none of it.
        there
            .sell(None, 6_800, guitai::domain::tender::TenderKind::Wechat)
            .await
            .unwrap();
        save_days(&there, 78).await;
        assert_eq!(next(&mut heard).await, Noun::Shop);
        assert_eq!(ears(&database).await, 1, "one connection to listen");
    };
    LocalSet::new().run_until(Box::pin(work)).await;
}

#[tokio::test]
async fn what_was_said_to_deaf_ears_is_read_again() {
    let database = books().await;
    let work = async {
        let (here, mut heard) = listener(database.options(APP), 1).await;
        let there = Counter::open(database.options(APP), 2).await;
        assert_eq!(next(&mut heard).await, Noun::All);
        let mut owner = database.owner().await;
        sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'LISTEN%'")
            .execute(&mut owner)
            .await
            .unwrap();
        save_days(&there, 55).await;
        // Whether it was heard before the end or not: everything is read again afterwards.
        while next(&mut heard).await != Noun::All {}
        assert_eq!(days(&here).await, 55);
        save_days(&there, 56).await;
        assert_eq!(next(&mut heard).await, Noun::Shop);
        assert_eq!(days(&here).await, 56);
    };
    LocalSet::new().run_until(Box::pin(work)).await;
}

/// A cable that was pulled makes no sound: the next question that fails tells the ear too.
#[tokio::test]
async fn a_dead_link_is_listened_to_no_longer() {
    let database = books().await;
    let proxy = Proxy::new().await;
    let work = async {
        let (here, mut heard) = listener(proxy.options(&database, APP), 1).await;
        let there = Counter::open(database.options(APP), 2).await;
        assert_eq!(next(&mut heard).await, Noun::All);
        proxy.refuse(true);
        proxy.cut_now();
        assert!(here.db.answer(Query::StaffList).await.is_err());
        save_days(&there, 66).await;
        proxy.refuse(false);
        here.db.answer(Query::StaffList).await.unwrap();
        while next(&mut heard).await != Noun::All {}
        assert_eq!(days(&here).await, 66);
    };
    LocalSet::new().run_until(Box::pin(work)).await;
}

/// The real console: another till's edit appears by itself, and between edits there is silence.
#[tokio::test]
async fn an_edit_appears_on_the_other_screen_and_silence_costs_nothing() {
    let database = books().await;
    let folder = Cluster::get().await.folder().display();
    let url = format!(
        "postgres://guitai_app@localhost/{}?host={folder}",
        database.name
    );
    let mut pty = Pty::start_at(&url, "live", 80, 24);
    pty.until("1号台");
    let there = Counter::open(database.options(APP), 2).await;
    while ears(&database).await == 0 {
        tokio::task::yield_now().await;
    }
    let till = Till {
        name: "前台".to_owned(),
        ..there.shop.tills[0].clone()
    };
    let editor = OWNER;
    there
        .db
        .answer(Query::SaveTill { editor, till })
        .await
        .unwrap();
    pty.until("前台");
    pty.listen(Duration::from_millis(300));
    let minute = Utc::now().minute();
    let mut quiet = silence(&mut pty);
    if minute != Utc::now().minute() {
        quiet = silence(&mut pty);
    }
    assert_eq!(quiet, (0, 0), "bytes and wake-ups");
    assert_eq!(ears(&database).await, 1);
}

/// Bytes and wake-ups of the console in three seconds.
fn silence(pty: &mut Pty) -> (usize, u64) {
    let before = pty.switches();
    let bytes = pty.listen(Duration::from_secs(3));
    (bytes, pty.switches() - before)
}
