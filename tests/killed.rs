//! The real console in a real terminal, killed with SIGKILL at every step of a sale, a top-up and a
//! refund: whoever starts it again finds the money counted once.

use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::query::{Backend, Differences, Query, Reply};
use rustix::process::Signal;
use sqlx::PgConnection;

use crate::support::books::{Counter, books, count};
use crate::support::cluster::Database;
use crate::support::folder::Folder;
use crate::support::proxy::{Aside, Cut};
use crate::support::pty::{PATIENCE, Pty, typed};

/// More steps than any of the operations has.
const MOST_STEPS: usize = 60;

/// Stands at the counter when no sale is on the screen.
const EMPTY: &str = "扫商品";
/// Says that the sale of a dead console is back.
const BACK: &str = "已恢复上次没有完成的一单";

const F3: &str = "\x1bOR";
const F8: &str = "\x1b[19~";

/// Till 1 of a shop, its shift open, and a member with 500 yuan.
struct Till {
    database: Database,
    owner: PgConnection,
    proxy: Aside,
    home: Folder,
    url: String,
}

impl Till {
    async fn new() -> Self {
        let database = books().await;
        let mut owner = database.owner().await;
        sqlx::query("update staff set pin_hash = $1")
            .bind(quick_hash("135790"))
            .execute(&mut owner)
            .await
            .unwrap();
        // She tops up more often than anybody.
        sqlx::query("update merchant set limits_profile = 'off'")
            .execute(&mut owner)
            .await
            .unwrap();
        let home = Folder::new("killed");
        let proxy = Aside::new().await;
        let url = format!(
            "postgres://guitai_app@localhost/{}?host={}&sslmode=disable",
            database.name,
            proxy.folder().display()
        );
        let till = Self {
            database,
            owner,
            proxy,
            home,
            url,
        };
        let counter = till.counter().await;
        let her = counter.enrol("13800001380").await;
        counter.top_up(&her, 500).await.unwrap();
        till
    }

    fn folder(&self) -> Folder {
        self.home.inside("data/till-1")
    }

    /// The same till without a terminal, over a link of its own.
    async fn counter(&self) -> Counter {
        let folder = Rc::new(self.folder());
        Counter::open_in(self.database.options(APP), 1, folder).await
    }

    /// Starts the console and signs in; the counter stands there, with or without a sale.
    fn start(&self, shows: &str) -> Pty {
        let mut pty = Pty::start_with(
            self.home.path(),
            &[("GUITAI_DATABASE_URL", &self.url)],
            80,
            24,
        );
        pty.until("[在线]");
        until("the console listens", || self.proxy.is_heard());
        pty.send(&(typed("101") + "\r" + &typed("135790") + "\r"));
        pty.until(shows);
        assert!(pty.screen().contains("[在线]"), "{}", pty.screen());
        pty
    }

    /// Waits until the console has all its answers.
    fn until_quiet(&self) {
        until("all questions are answered", || self.proxy.is_quiet());
    }

    fn kill(&self, pty: &mut Pty) {
        pty.signal(Signal::KILL);
        pty.exit();
        self.proxy.release();
    }

    /// What she has, fen.
    async fn money(&mut self) -> i64 {
        sqlx::query_scalar("select (principal + bonus)::bigint from holding")
            .fetch_one(&mut self.owner)
            .await
            .unwrap()
    }

    async fn count(&mut self, what: What) -> i64 {
        count(&mut self.owner, what.kind()).await
    }

    fn cart(&self) -> PathBuf {
        self.folder().path().join("cart.json")
    }

    /// Waits until the kept sale says `word`; returns the whole of it.
    fn until_kept(&self, word: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            match fs::read_to_string(self.cart()) {
                Ok(kept) if kept.contains(word) => return kept,
                kept => assert!(Instant::now() < end, "{word} is not kept: {kept:?}"),
            }
            std::thread::yield_now();
        }
    }

    /// How many of these the till's journal says were begun.
    fn begun(&self, what: What) -> i64 {
        let text = fs::read_to_string(self.journal()).unwrap();
        let kind = format!(r#""kind":"{}","at""#, what.kind());
        let begun = |line: &&str| line.contains(r#"{"begin":"#) && line.contains(&kind);
        text.lines().filter(begun).count().try_into().unwrap()
    }

    /// The books hold, and the till's own journal knows the same operations.
    async fn agrees(mut self) {
        let counter = self.counter().await;
        let query = Query::Sheet {
            shift_id: counter.shift.id,
        };
        let Reply::Sheet(_, differences) = counter.db.answer(query).await.unwrap() else {
            panic!()
        };
        assert_eq!(differences, Differences::default());
        let verdict = verify(&mut self.owner).await.unwrap();
        assert!(verdict.holds(), "{verdict:?}");
    }

    fn journal(&self) -> PathBuf {
        self.folder().path().join("journal")
    }
}

fn until(what: &str, is: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < end, "waiting until {what}");
        std::thread::yield_now();
    }
}

/// argon2id without its work: it is paid for at every start of the console.
pub fn quick_hash(pin: &str) -> String {
    let params = Params::new(8, 1, 1, None).unwrap();
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password(pin.as_bytes()).unwrap().to_string()
}

#[derive(Debug, Clone, Copy)]
enum What {
    Sale,
    TopUp,
    Refund,
}

impl What {
    const fn kind(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::TopUp => "top_up",
            Self::Refund => "refund",
        }
    }

    /// What one of them adds to what she has, fen. A refund gives back what was sold before it.
    const fn worth(self) -> i64 {
        match self {
            Self::Sale => -1_000,
            Self::TopUp => 33_000,
            Self::Refund => 0,
        }
    }

    /// Stands on the screen once it is done.
    const fn done(self) -> &'static str {
        match self {
            Self::Sale => "已收 10.00",
            Self::TopUp => "已充值 300.00",
            Self::Refund => "退货单",
        }
    }

    /// From the empty counter to before the Enter that moves the money.
    fn lead(self, pty: &mut Pty) {
        pty.send(&(typed("13800001380") + "\r"));
        pty.until("138****1380");
        match self {
            Self::Sale => {
                pty.send(&(typed("10") + "\r"));
                pty.until("按 Enter 用储值付");
            }
            Self::TopUp => {
                pty.send(F3);
                pty.until("充值金额");
                pty.send("\r");
                pty.until("按 Enter 用现金付");
            }
            Self::Refund => {
                pty.send(&(typed("10") + "\r"));
                pty.until("按 Enter 用储值付");
                pty.send("\r");
                pty.until("已收 10.00");
                pty.send(F8);
                pty.until("销售单");
                pty.send(F8);
                pty.until("收回积分");
                pty.send("\r");
                pty.until("按 Enter 退款");
            }
        }
    }
}

/// One life of the console, from the empty counter to its end at this place. Returns whether it got there
/// before the operation was done.
fn live(till: &Till, pty: &mut Pty, what: What, place: Cut) -> bool {
    what.lead(pty);
    till.until_quiet();
    let held = till.proxy.hold(place);
    pty.send("\r");
    let reached = pty.until_or(what.done(), || held.try_recv().is_ok());
    till.kill(pty);
    reached
}

async fn killed_at_every_step(what: What) {
    let mut till = Till::new().await;
    let (money, already) = (till.money().await, till.count(what).await);
    let begun = till.begun(what);
    // Half an answer is none for a console that dies.
    let places: [fn(usize) -> Cut; 2] = [Cut::AfterMessages, |n| Cut::BeforeReply(n + 1)];
    let mut posted = 0;
    let mut pty = till.start(EMPTY);
    for place in places {
        let mut step = 0;
        loop {
            let reached = live(&till, &mut pty, what, place(step));
            let case = format!("{what:?} {:?}", place(step));
            posted += 1;
            assert_eq!(till.begun(what), begun + posted, "{case}");
            pty = till.start(EMPTY);
            assert_eq!(till.count(what).await, already + posted, "{case}");
            assert_eq!(till.money().await, money + posted * what.worth(), "{case}");
            if !reached {
                break;
            }
            step += 1;
            assert!(step < MOST_STEPS, "{case}");
        }
        assert!(step > 0, "{what:?} {:?}", place(0));
    }
    till.kill(&mut pty);
    till.agrees().await;
}

#[tokio::test]
async fn in_a_sale() {
    Box::pin(killed_at_every_step(What::Sale)).await;
}

#[tokio::test]
async fn in_a_top_up() {
    Box::pin(killed_at_every_step(What::TopUp)).await;
}

#[tokio::test]
async fn in_a_refund() {
    Box::pin(killed_at_every_step(What::Refund)).await;
}

/// The journal's last line, as the disk has it when the console dies while writing it.
#[tokio::test]
async fn before_the_journal_was_written() {
    for kept in ["", "half"] {
        let mut till = Till::new().await;
        let mut pty = till.start(EMPTY);
        assert!(live(&till, &mut pty, What::Sale, Cut::AfterMessages(0)));
        let bytes = fs::read(till.journal()).unwrap();
        let last = bytes[..bytes.len() - 1]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .unwrap()
            + 1;
        let half = if kept.is_empty() {
            0
        } else {
            (bytes.len() - last) / 2
        };
        fs::write(till.journal(), &bytes[..last + half]).unwrap();
        let mut pty = till.start(BACK);
        assert_eq!(till.count(What::Sale).await, 0);
        pty.until("消费");
        pty.send("\r");
        pty.until("按 Enter 用储值付");
        pty.send("\r");
        pty.until("已收 10.00");
        till.kill(&mut pty);
        assert_eq!(till.count(What::Sale).await, 1);
        till.agrees().await;
    }
}

/// Killed on the way to the money: the sale is back, and nothing was posted.
#[tokio::test]
async fn before_the_money_moves() {
    let mut till = Till::new().await;
    let mut pty = till.start(EMPTY);
    What::Sale.lead(&mut pty);
    till.until_kept("消费");
    till.kill(&mut pty);
    let mut pty = till.start(BACK);
    pty.until("10.00");
    till.kill(&mut pty);
    assert_eq!(
        (till.begun(What::Sale), till.count(What::Sale).await),
        (0, 0)
    );
    till.agrees().await;
}

/// The answer came and stands in the journal, but the sale on the screen was not forgotten yet.
#[tokio::test]
async fn before_the_cart_was_forgotten() {
    let mut till = Till::new().await;
    let mut pty = till.start(EMPTY);
    What::Sale.lead(&mut pty);
    till.until_quiet();
    let held = till.proxy.hold(Cut::BeforeReply(1));
    pty.send("\r");
    pty.until_or(What::Sale.done(), || held.try_recv().is_ok());
    let cart = till.until_kept("sending\":\"");
    // It lives on: the header says what nobody knows, until somebody does.
    till.proxy.refuse(true);
    till.proxy.release();
    pty.until("[待确认 ");
    till.proxy.refuse(false);
    pty.until("已收 10.00");
    pty.until("[在线]");
    till.kill(&mut pty);
    fs::write(till.cart(), cart).unwrap();
    let mut pty = till.start(EMPTY);
    till.kill(&mut pty);
    assert_eq!(till.count(What::Sale).await, 1);
    till.agrees().await;
}

/// Killed, and killed again at every step of finding out what became of it.
#[tokio::test]
async fn while_it_finds_out() {
    let mut till = Till::new().await;
    let mut pty = till.start(EMPTY);
    assert!(live(&till, &mut pty, What::Sale, Cut::AfterMessages(0)));
    for step in 1..MOST_STEPS {
        let held = till.proxy.hold(Cut::BeforeReply(step));
        let mut pty = Pty::start_with(
            till.home.path(),
            &[("GUITAI_DATABASE_URL", &till.url)],
            80,
            24,
        );
        let reached = pty.until_or("1号台", || held.try_recv().is_ok());
        till.kill(&mut pty);
        if !reached {
            assert!(step > 3, "{step}");
            break;
        }
    }
    let mut pty = till.start(EMPTY);
    till.kill(&mut pty);
    assert_eq!(till.count(What::Sale).await, 1);
    till.agrees().await;
}
