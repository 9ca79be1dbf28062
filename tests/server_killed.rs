//! Postgres killed with SIGKILL, all its processes at once, at every step of a sale, a top-up and a refund.
//! These are servers as shops have them: fsync is on.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use guitai::db::Db;
use guitai::db::embedded::{DATABASE, Embedded, OWNER};
use guitai::db::open::{APP, migrate};
use guitai::db::verify::verify;
use guitai::domain::ledger::Stamp;
use guitai::domain::segment::{Batch, Request, Segment};
use guitai::query::{Backend, Differences, Query, Reply};
use guitai::session::Connection;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::faults::{What, customer, differences};
use crate::support::books::{Counter, MANAGER, count, news, stock};
use crate::support::folder::Folder;
use crate::support::proxy::{Cut, Proxy};
use crate::support::server::{kill, started_before};

/// More steps than any of the operations has.
const MOST_STEPS: usize = 100;

/// Who brings the server back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Server {
    /// The program: it is its own.
    Private,
    /// Somebody else, as with a server in another room.
    Remote,
}

/// A box with a server, and the folder of its till.
struct Place {
    _folder: Folder,
    dir: PathBuf,
    till: Rc<Folder>,
    number: usize,
}

impl Place {
    async fn new() -> Self {
        let (folder, dir) = started_before("shop").await;
        // Before it replays its log it would sync its thousand files one by one: seconds a time.
        let wishes = dir.join("postgres/data/postgresql.auto.conf");
        fs::write(wishes, "recovery_init_sync_method = syncfs\n").unwrap();
        let embedded = Embedded::open(&dir).await.unwrap();
        migrate(&embedded.options(OWNER, DATABASE)).await.unwrap();
        stock(&mut owner(&embedded).await).await;
        Self {
            _folder: folder,
            dir,
            till: Rc::new(Folder::new("till")),
            number: 0,
        }
    }

    async fn counter(&self, server: Server) -> Counter {
        let embedded = Embedded::open(&self.dir).await.unwrap();
        let (told, news) = news();
        let db = match server {
            Server::Private => Db::open_private(embedded, 1, self.till.path(), news).await,
            Server::Remote => Db::open(embedded.options(APP, DATABASE), 1, self.till.path(), news),
        };
        Counter::over(db.unwrap(), told, 1, Rc::clone(&self.till)).await
    }

    /// One operation, and the death of the server at this place. Returns whether it got there before the
    /// operation was done.
    async fn live(&mut self, what: What, place: Cut, server: Server) -> bool {
        let case = format!("{what:?} {place:?} {server:?}");
        let embedded = Embedded::open(&self.dir).await.unwrap();
        let proxy = Proxy::slip(embedded.socket_folder());
        let till = self.counter(server).await;
        self.number += 1;
        let (her, sold) = customer(&till, self.number).await;
        let before = count(&mut owner(&embedded).await, what.kind()).await;
        let held = proxy.hold(place);
        let die = async {
            while held.try_recv().is_err() {
                tokio::task::yield_now().await;
            }
            kill(embedded.server().unwrap());
            proxy.release();
            if server == Server::Remote {
                embedded.revive().await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let answer = tokio::select! {
            answer = till.db.answer(what.query(&till, &her, sold)) => answer,
            () = die => unreachable!(),
        };
        // What follows passes the proxy too.
        proxy.release();
        assert!(answer.is_ok(), "{case}: {answer:?}");
        let unknown = |told: &Connection| matches!(told, Connection::Unknown { .. });
        let told = till.told.borrow().clone();
        assert!(!told.last().is_some_and(unknown), "{case}: {told:?}");
        assert_eq!(
            count(&mut owner(&embedded).await, what.kind()).await,
            before + 1,
            "{case}"
        );
        told.iter().any(unknown)
    }

    async fn agrees(&self) {
        let till = self.counter(Server::Private).await;
        assert_eq!(differences(&till).await, Differences::default());
        let embedded = Embedded::open(&self.dir).await.unwrap();
        let verdict = verify(&mut owner(&embedded).await).await.unwrap();
        assert!(verdict.holds(), "{verdict:?}");
        till.db.close().await;
        embedded.close().await.unwrap();
    }
}

/// A test that fails leaves no server behind.
impl Drop for Place {
    fn drop(&mut self) {
        let data = self.dir.join("postgres/data");
        let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
            return;
        };
        let server = text.lines().next().unwrap_or_default();
        let works_in = fs::read_link(Path::new("/proc").join(server).join("cwd"));
        if works_in.is_ok_and(|folder| folder == data) {
            kill(server.parse().unwrap());
        }
    }
}

async fn owner(embedded: &Embedded) -> PgConnection {
    PgConnection::connect_with(&embedded.options(OWNER, DATABASE))
        .await
        .unwrap()
}

/// Gives all of these members a coupon of a batch, with the server dying at this place; returns whether it got there.
async fn give_all(home: &Place, batch: &Batch, members: &[i64], place: Cut) -> bool {
    let embedded = Embedded::open(&home.dir).await.unwrap();
    let proxy = Proxy::slip(embedded.socket_folder());
    let till = home.counter(Server::Private).await;
    let request = Box::new(Request {
        stamp: Stamp {
            operator_id: MANAGER,
            ..till.stamp()
        },
        batch: *batch,
        reason: "回来坐坐".to_owned(),
        members: members.to_vec(),
    });
    till.db
        .answer(Query::ReadShop { staff_id: None })
        .await
        .unwrap();
    let held = proxy.hold(place);
    let died = std::cell::Cell::new(false);
    let die = async {
        while held.try_recv().is_err() {
            tokio::task::yield_now().await;
        }
        died.set(true);
        kill(embedded.server().unwrap());
        proxy.release();
        std::future::pending::<()>().await;
    };
    let answer = tokio::select! {
        answer = till.db.answer(Query::GiveSegment(request)) => answer,
        () = die => unreachable!(),
    };
    proxy.release();
    let Ok(Reply::SegmentGiven(round)) = answer else {
        panic!("{place:?} {answer:?}")
    };
    assert_eq!(
        (round.given, round.without.len()),
        (members.len(), 0),
        "{place:?}"
    );
    died.get()
}

/// PR4: a batch that loses its server goes on where it was; nobody gets two.
#[tokio::test]
async fn in_a_batch_of_coupons() {
    let home = Place::new().await;
    let till = home.counter(Server::Private).await;
    let shop = crate::coupon::save(&till, crate::coupon::rule())
        .await
        .unwrap();
    let mut members = Vec::new();
    for n in 0..5 {
        members.push(till.enrol(&format!("1370000{n:04}")).await.id);
    }
    till.db.close().await;
    let mut batches = 0;
    for place in [MESSAGES, ANSWERS] {
        let mut step = 0;
        loop {
            // Another filter is another batch.
            let days = i32::try_from(batches).unwrap();
            let batch = Batch {
                segment: Segment::Dormant {
                    days,
                    rhythm: false,
                    max_days: None,
                    level_id: None,
                    balance: None,
                },
                rule: shop.coupons.last().unwrap().rule,
                business_on: till.shift.business_on,
            };
            batches += 1;
            let died = give_all(&home, &batch, &members, place(step)).await;
            let embedded = Embedded::open(&home.dir).await.unwrap();
            let given = count(&mut owner(&embedded).await, "gift").await;
            assert_eq!(given, batches * 5, "{:?}", place(step));
            if !died {
                break;
            }
            step += 1;
            assert!(step < MOST_STEPS);
        }
        assert!(step > 0);
    }
    home.agrees().await;
}

async fn killed_at_every_step(what: What, server: Server, places: &[fn(usize) -> Cut]) {
    let mut home = Place::new().await;
    for place in places {
        let mut step = 0;
        while home.live(what, place(step), server).await {
            step += 1;
            assert!(step < MOST_STEPS, "{what:?}");
        }
        assert!(step > 0, "{what:?} {:?}", place(0));
    }
    home.agrees().await;
}

const MESSAGES: fn(usize) -> Cut = Cut::AfterMessages;
const ANSWERS: fn(usize) -> Cut = |n| Cut::BeforeReply(n + 1);

#[tokio::test]
async fn in_a_sale() {
    killed_at_every_step(What::Sale, Server::Private, &[MESSAGES, ANSWERS]).await;
}

#[tokio::test]
async fn in_a_top_up() {
    killed_at_every_step(What::TopUp, Server::Private, &[MESSAGES, ANSWERS]).await;
}

#[tokio::test]
async fn in_a_refund() {
    killed_at_every_step(What::Refund, Server::Private, &[MESSAGES, ANSWERS]).await;
}

/// The console can do nothing but wait until somebody starts it.
#[tokio::test]
async fn in_another_room() {
    for what in What::ALL {
        killed_at_every_step(what, Server::Remote, &[ANSWERS]).await;
    }
}
