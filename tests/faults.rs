//! Nothing lost, nothing doubled: the link cut, the console killed and the server killed at every step
//! of a sale, a top-up and a refund.

use std::rc::Rc;
use std::time::Duration;

use guitai::db::open::APP;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::reader::Near;
use guitai::domain::refund::RefundRequest;
use guitai::domain::tender::TenderKind::{Cash, StoredValue};
use guitai::error::Kind;
use guitai::query::{Backend, Differences, Query, Reply};
use guitai::session::Connection;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::support::books::{Counter, books, count};
use crate::support::cluster::Database;
use crate::support::proxy::{Cut, Proxy};

/// Messages of a prepared call: Bind, Execute, Close, Sync; and one more for what comes after.
const MESSAGES: usize = 5;
/// Requests of an operation: a plan may read before it posts.
const REQUESTS: usize = 4;

/// Every place where a link can break, as seen from the client.
fn cuts() -> Vec<Cut> {
    let messages = (1..=MESSAGES * REQUESTS).map(Cut::AfterMessages);
    let bytes = (0..6).map(|n| Cut::AfterBytes(1 + n * 97));
    let replies = (1..=REQUESTS).flat_map(|n| [Cut::BeforeReply(n), Cut::MidReply(n)]);
    messages.chain(bytes).chain(replies).collect()
}

/// The operations under test, each asked for once.
#[derive(Debug, Clone, Copy)]
pub enum What {
    Sale,
    TopUp,
    Refund,
}

impl What {
    pub const ALL: [Self; 3] = [Self::Sale, Self::TopUp, Self::Refund];

    pub const fn kind(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::TopUp => "top_up",
            Self::Refund => "refund",
        }
    }

    pub fn query(self, till: &Counter, her: &Member, sold: Uuid) -> Query {
        let member = Box::new(her.clone());
        match self {
            Self::Sale => Query::Sell {
                request: till.sale(Some(her), 1_000, StoredValue),
                member: Some(member),
            },
            Self::TopUp => Query::TopUp {
                request: till.top_up_request(her, 100, Cash),
                member,
            },
            Self::Refund => Query::Refund(RefundRequest {
                stamp: till.stamp(),
                sale_id: sold,
                member_id: Some(her.id),
                lines: vec![(1, 1)],
                amount: Fen(1_000),
            }),
        }
    }
}

/// A member with money, and a sale of hers to return.
pub async fn customer(till: &Counter, number: usize) -> (Member, Uuid) {
    let her = till.enrol(&format!("1370000{number:04}")).await;
    till.top_up(&her, 500).await.unwrap();
    let her = till.member(her.id).await;
    let sold = till.sell(Some(&her), 1_000, StoredValue).await.unwrap().id;
    (till.member(her.id).await, sold)
}

pub async fn differences(till: &Counter) -> Differences {
    let query = Query::Sheet {
        shift_id: till.shift.id,
    };
    let Reply::Sheet(_, differences) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    differences
}

#[tokio::test]
async fn the_link_is_cut_at_every_step() {
    let database = books().await;
    let proxy = Proxy::new().await;
    let till = Counter::open(proxy.options(&database, APP), 1).await;
    let mut owner = database.owner().await;
    let mut number = 0;
    for what in What::ALL {
        for cut in cuts() {
            number += 1;
            let (her, sold) = customer(&till, number).await;
            let before = count(&mut owner, what.kind()).await;
            proxy.cut(cut);
            let answer = till.db.answer(what.query(&till, &her, sold)).await;
            assert!(answer.is_ok(), "{what:?} {cut:?}: {answer:?}");
            assert_eq!(
                count(&mut owner, what.kind()).await,
                before + 1,
                "{what:?} {cut:?}"
            );
            // A cut that the operation was too short for must not hit the next one.
            proxy.cut(Cut::AfterMessages(usize::MAX));
        }
    }
    assert_eq!(differences(&till).await, Differences::default());
    let told = till.told.borrow();
    assert!(
        told.iter()
            .any(|c| matches!(c, Connection::Unknown { code } if code.len() == 4))
    );
    assert_eq!(
        told.last(),
        Some(&Connection::Online),
        "nothing is unknown in the end"
    );
}

/// The console dies with its request on the way; the next one of this till finds out what became of it.
#[tokio::test]
async fn the_console_is_killed_at_every_step() {
    let database = books().await;
    let proxy = Proxy::new().await;
    let mut till = Counter::open(proxy.options(&database, APP), 1).await;
    let mut owner = database.owner().await;
    let mut number = 0;
    for what in What::ALL {
        for cut in [
            Cut::AfterMessages(1),
            Cut::AfterMessages(3),
            Cut::BeforeReply(1),
            Cut::BeforeReply(2),
            Cut::BeforeReply(3),
            Cut::MidReply(1),
        ] {
            number += 1;
            let (her, sold) = customer(&till, number).await;
            let before = count(&mut owner, what.kind()).await;
            proxy.cut(cut);
            proxy.refuse(true);
            let query = what.query(&till, &her, sold);
            let broken = async {
                while !proxy.has_cut() {
                    tokio::task::yield_now().await;
                }
            };
            // Dropped in the middle: no code of ours runs after this point, as after a kill.
            tokio::select! {
                biased;
                answer = till.db.answer(query) => assert!(answer.is_ok(), "{what:?} {cut:?}: {answer:?}"),
                () = broken => {}
            }
            let folder = Rc::clone(&till.folder);
            drop(till);
            proxy.refuse(false);
            proxy.cut(Cut::AfterMessages(usize::MAX));
            till = Counter::open_in(proxy.options(&database, APP), 1, folder).await;
            assert_eq!(
                count(&mut owner, what.kind()).await,
                before + 1,
                "{what:?} {cut:?}"
            );
        }
    }
    assert_eq!(differences(&till).await, Differences::default());
}

/// The server's side dies in the middle of the statement.
#[tokio::test]
async fn the_server_process_is_killed_while_it_works() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let mut owner = database.owner().await;
    for (number, what) in What::ALL.into_iter().enumerate() {
        let (her, sold) = customer(&till, number).await;
        let before = count(&mut owner, what.kind()).await;
        // The till's row is locked elsewhere: the statement waits, and is killed waiting.
        let mut lock = database.owner().await;
        sqlx::raw_sql("begin; select from till where id = 1 for update")
            .execute(&mut lock)
            .await
            .unwrap();
        let work = till.db.answer(what.query(&till, &her, sold));
        let kill = kill_waiting(&database, lock);
        let (answer, ()) = tokio::join!(work, kill);
        assert!(answer.is_ok(), "{what:?}: {answer:?}");
        assert_eq!(count(&mut owner, what.kind()).await, before + 1, "{what:?}");
    }
}

async fn kill_waiting(database: &Database, lock: PgConnection) {
    let mut owner = database.owner().await;
    loop {
        let killed: Vec<bool> = sqlx::query_scalar(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'guitai_app' and wait_event_type = 'Lock'",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap();
        if !killed.is_empty() {
            drop(lock);
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// A refusal while nobody knows fences the id: the request that was still on its way posts nothing.
#[tokio::test]
async fn a_refused_operation_cannot_arrive_later() {
    let database = books().await;
    let proxy = Proxy::new().await;
    let (till, other) = (
        Counter::open(proxy.options(&database, APP), 1).await,
        Counter::open(database.options(APP), 2).await,
    );
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 100).await.unwrap();
    let her = till.member(her.id).await;
    // The first attempt never reaches the server; meanwhile another till spends the money.
    proxy.cut(Cut::AfterMessages(1));
    proxy.refuse(true);
    let request = till.sale(Some(&her), 10_000, StoredValue);
    let id = request.stamp.id;
    let sale = till.send_sale(request.clone(), Some(&her));
    let meanwhile = async {
        other.sell(Some(&her), 10_000, StoredValue).await.unwrap();
        proxy.refuse(false);
    };
    let (answer, ()) = tokio::join!(sale, meanwhile);
    assert_eq!(answer.unwrap_err().hint, "stored_value.short");
    let mut owner = database.owner().await;
    let kind: String = sqlx::query_scalar("select kind::text from operation where id = $1")
        .bind(id)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(kind, "void");
    assert_eq!(
        till.send_sale(request, Some(&her)).await.unwrap_err().hint,
        "ledger.void"
    );
}

/// "No connection is free" says nothing about an operation whose answer was lost.
#[tokio::test]
async fn a_crowded_server_does_not_settle_what_nobody_knows() {
    let database = books().await;
    let proxy = Proxy::new().await;
    let till = Counter::open(proxy.options(&database, APP), 1).await;
    let mut owner = database.owner().await;
    let cases = What::ALL
        .into_iter()
        .flat_map(|what| (1..=REQUESTS).map(move |n| (what, n)));
    for (number, (what, reply)) in cases.enumerate() {
        let (her, sold) = customer(&till, number).await;
        let query = what.query(&till, &her, sold);
        let before = count(&mut owner, what.kind()).await;
        // The connection breaks with an answer, and a new one is not to be had for a while.
        crowd(&mut owner, &database, 0).await;
        proxy.cut(Cut::BeforeReply(reply));
        till.told.borrow_mut().clear();
        let told = Rc::clone(&till.told);
        let meanwhile = async {
            while told.borrow().len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        let mut answer = tokio::select! {
            answer = till.db.answer(query.clone()) => Some(answer),
            () = meanwhile => None,
        };
        crowd(&mut owner, &database, -1).await;
        proxy.cut(Cut::AfterMessages(usize::MAX));
        // "No answer" is asked again under the same id; a refusal would be believed.
        if answer
            .as_ref()
            .is_none_or(|answer| answer.as_ref().is_err_and(|r| r.kind == Kind::Offline))
        {
            answer = Some(till.db.answer(query).await);
        }
        assert!(
            answer.as_ref().unwrap().is_ok(),
            "{what:?} {reply}: {answer:?}"
        );
        assert_eq!(
            count(&mut owner, what.kind()).await,
            before + 1,
            "{what:?} {reply}"
        );
    }
    assert_eq!(differences(&till).await, Differences::default());
}

/// So many connections may ordinary roles have to this database; -1 is any number.
async fn crowd(owner: &mut PgConnection, database: &Database, limit: i32) {
    let statement = format!("alter database {} connection limit {limit}", database.name);
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(owner)
        .await
        .unwrap();
}

/// One round trip for a scan and one for a sale, whatever the number of lines; also at 20 ms of delay.
#[tokio::test]
async fn one_round_trip_for_a_scan_and_one_for_a_sale() {
    let database = books().await;
    let delay = Duration::from_millis(20);
    let proxy = Proxy::with_delay(delay).await;
    let till = Counter::open(proxy.options(&database, APP), 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 500).await.unwrap();
    let scan = || Query::Scan {
        codes: vec!["13800001380".to_owned()],
        near: Near::default(),
    };
    // Statements are prepared once per connection.
    till.db.answer(scan()).await.unwrap();
    let her = till.member(her.id).await;
    till.sell(Some(&her), 100, StoredValue).await.unwrap();
    proxy.round_trips();
    let began = tokio::time::Instant::now();
    till.db.answer(scan()).await.unwrap();
    let scanned = began.elapsed();
    assert_eq!(proxy.round_trips(), 1);
    let her = till.member(her.id).await;
    proxy.round_trips();
    let mut request = till.sale(Some(&her), 100, StoredValue);
    request.lines = vec![request.lines[0].clone(); 30];
    request.tenders[0].amount = Fen(3_000);
    request.tenders[0].given = Fen(3_000);
    till.send_sale(request, Some(&her)).await.unwrap();
    assert_eq!(proxy.round_trips(), 1);
    assert!(scanned >= delay * 2, "the delay is real: {scanned:?}");
}

/// The sale on the screen as an older or a broken console left it: not read, not lost, and said once.
#[tokio::test]
async fn a_sale_on_the_screen_that_cannot_be_read_is_set_aside() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let folder = till.folder.path();
    std::fs::write(folder.join("cart.json"), "{\"cart\":").unwrap();
    for broken in [true, false] {
        let Reply::Opening(opening) = till.db.answer(Query::Opening).await.unwrap() else {
            panic!("an opening");
        };
        assert_eq!((opening.cart, opening.cart_broken), (None, broken));
    }
    assert!(folder.join("cart.broken").exists());
}
