//! Posting against the least a durable, idempotent, double-entry spend can do in one round trip
//! (`spend.sql`): the same private cluster, the same run, the same client, at 1, 2, 8 and 32 clients.
//!
//! A one-line sale paid from stored value promises at least 0.5 of the yardstick's rate, a five-line sale with
//! points and two discounts at least 0.33.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a bench stops at the first surprise and prints its figures"
)]

#[path = "support/process.rs"]
#[allow(dead_code, reason = "memory is for other benches")]
mod process;

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use guitai::db::embedded::{DATABASE, Embedded, OWNER};
use guitai::db::ledger::{fingerprint, post};
use guitai::db::open::{APP, migrate};
use guitai::db::set_up::make;
use guitai::db::{member, shop as shops};
use guitai::domain::ledger::{Plan, Posted, Stamp};
use guitai::domain::member::{Lot, Member};
use guitai::domain::money::Fen;
use guitai::domain::preset;
use guitai::domain::price::{CartLine, quote};
use guitai::domain::product::ProductKind;
use guitai::domain::sale::{self, SaleRequest};
use guitai::domain::set_up::{NewShop, NewStaff, NewStore};
use guitai::domain::shop::Shop;
use guitai::domain::staff::Role;
use guitai::domain::tender::{Tender, TenderKind};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

const CLIENTS: [usize; 4] = [1, 2, 8, 32];
/// Customers of one client; they come in turn.
const MEMBERS: i64 = 200;
/// Long enough for every session to have its plans, as a till has that stays connected.
const WARM: Duration = Duration::from_millis(1500);
const RUN: Duration = Duration::from_secs(3);
/// Rounds of all three, so that a drift of the machine meets each alike.
const ROUNDS: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Work {
    Yardstick,
    OneLine,
    FiveLines,
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// The numbers of clients, or those named on the command line.
fn clients() -> Vec<usize> {
    let named: Vec<usize> = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .collect();
    if named.is_empty() {
        CLIENTS.to_vec()
    } else {
        named
    }
}

fn main() {
    let folder = std::env::temp_dir().join(format!("guitai-bench-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let embedded = runtime().block_on(async {
        let embedded = Embedded::open(&folder).await.unwrap();
        prepare(&embedded).await;
        embedded
    });
    let server = embedded.server().unwrap();
    let app = embedded.options(APP, DATABASE);
    let owner = embedded.options(OWNER, DATABASE);
    println!(
        "calls per second: yardstick, one line (ratio), five lines with points and two discounts (ratio)"
    );
    for clients in clients() {
        let mut rates = [0.0; 3];
        let mut costs = [0.0; 3];
        for _ in 0..ROUNDS {
            for ((rate, cost), work) in rates.iter_mut().zip(&mut costs).zip([
                Work::Yardstick,
                Work::OneLine,
                Work::FiveLines,
            ]) {
                let options = if matches!(work, Work::Yardstick) {
                    &owner
                } else {
                    &app
                };
                vacuum(&owner);
                let before = process::spent(server);
                let (per_second, calls) = measure(options, work, clients);
                *rate += per_second / ROUNDS as f64;
                *cost += (process::spent(server) - before) / calls as f64 / ROUNDS as f64;
            }
        }
        let [yardstick, one, five] = rates;
        println!(
            "{clients:>3} clients  {yardstick:>7.0}  {one:>7.0} ({:.2})  {five:>7.0} ({:.2})   server us: {:.0} {:.0} {:.0}",
            one / yardstick,
            five / yardstick,
            costs[0] * 1e6,
            costs[1] * 1e6,
            costs[2] * 1e6,
        );
    }
    runtime().block_on(embedded.close()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Two shops' worth of rows: the yardstick's accounts, and members with money at a till per client.
async fn prepare(embedded: &Embedded) {
    let owner = embedded.options(OWNER, DATABASE);
    migrate(&owner).await.unwrap();
    let mut conn = PgConnection::connect_with(&owner).await.unwrap();
    conn.execute(AssertSqlSafe(include_str!("spend.sql")))
        .await
        .unwrap();
    conn.execute("set search_path = public").await.unwrap();
    let most = CLIENTS.into_iter().max().unwrap();
    let preset = preset::named("salon").unwrap();
    let new = NewShop {
        name: "云裳理发",
        industry: "salon",
        preset: &preset,
        english: false,
        stores: &[NewStore {
            name: "总店".to_owned(),
            tills: (1..=most).map(|n| format!("{n}号台")).collect(),
        }],
        staff: &[NewStaff {
            number: "1".to_owned(),
            name: "李敏".to_owned(),
            role: Role::Owner,
            store_id: 1,
            badge: None,
            pin_hash: String::new(),
        }],
    };
    make(&mut conn, &new).await.unwrap();
    let members = i64::try_from(most).unwrap() * MEMBERS;
    for statement in [
        format!(
            "insert into member (merchant_id, id, name, home_store_id, joined_on) select 1, g, '王晓明' || g, 1, '2026-01-01' from generate_series(1, {members}) g"
        ),
        format!(
            "insert into holding (merchant_id, member_id, level_id) select 1, g, 3 from generate_series(1, {members}) g"
        ),
    ] {
        conn.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    let mut app = PgConnection::connect_with(&embedded.options(APP, DATABASE))
        .await
        .unwrap();
    app.execute("set statement_timeout = 0").await.unwrap();
    // Each top-up is a transaction of its own, as in a shop: one that posts them all leaves a bloated till behind.
    app.execute("set synchronous_commit = off").await.unwrap();
    for till in 1..=most {
        app.execute(AssertSqlSafe(format!(
            "select open_shift('{}', {till}, 1, '2026-11-22', now(), '\\x00', 0)",
            Uuid::now_v7()
        )))
        .await
        .unwrap();
    }
    app.execute(AssertSqlSafe(format!(
        "do $$ declare l uuid; begin for i in 1..{members} loop l := md5(i::text)::uuid;
           perform from post(gen_random_uuid(), 'top_up', 1, (select shift_id from till where id = 1), 1, null, i, 0, '2026-11-22', now(), null,
             0, false, null, null, null, null, null, null, '{{cash,bonus_granted}}', '{{-90000000,-10000000}}', array[l], '{{90000000}}', '{{10000000}}', '{{0}}', null, jsonb_build_array(jsonb_build_object('id', l, 'kind', 'stored_value')), null, '{{}}', '\\x01');
           commit;
         end loop; end $$"
    )))
    .await
    .unwrap();
    conn.execute("alter system set autovacuum = off")
        .await
        .unwrap();
    conn.execute("select pg_reload_conf()").await.unwrap();
}

/// What a shop's server does by itself over the days in which it posts as much, and here in the middle of a measurement.
fn vacuum(owner: &PgConnectOptions) {
    runtime().block_on(async {
        let mut conn = PgConnection::connect_with(owner).await.unwrap();
        conn.execute("vacuum analyze").await.unwrap();
    });
}

/// The rate of `clients` threads doing `work`, calls per second, and how many calls that were in all.
fn measure(options: &PgConnectOptions, work: Work, clients: usize) -> (f64, u64) {
    let all = AtomicU64::new(0);
    let (count, stop, counting) = (
        AtomicU64::new(0),
        AtomicBool::new(false),
        AtomicBool::new(false),
    );
    let ready = Barrier::new(clients + 1);
    let rate = thread::scope(|scope| {
        for client in 0..clients {
            let (count, all, stop, counting, ready) = (&count, &all, &stop, &counting, &ready);
            scope.spawn(move || {
                runtime().block_on(async {
                    let mut client = Client::open(options, work, client).await;
                    ready.wait();
                    while !stop.load(Ordering::Relaxed) {
                        client.call().await;
                        all.fetch_add(1, Ordering::Relaxed);
                        if counting.load(Ordering::Relaxed) {
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            });
        }
        ready.wait();
        thread::sleep(WARM);
        counting.store(true, Ordering::Relaxed);
        let began = Instant::now();
        thread::sleep(RUN);
        let rate = count.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        rate
    });
    (rate, all.into_inner())
}

struct Client {
    conn: PgConnection,
    work: Work,
    shop: Option<Shop>,
    shift: Option<Uuid>,
    till: i32,
    customers: Vec<Member>,
    turn: usize,
}

impl Client {
    async fn open(options: &PgConnectOptions, work: Work, number: usize) -> Self {
        let conn = PgConnection::connect_with(options).await.unwrap();
        let till = i32::try_from(number + 1).unwrap();
        let mut client = Self {
            work,
            shop: None,
            shift: None,
            till,
            customers: Vec::new(),
            turn: number,
            conn,
        };
        if matches!(work, Work::Yardstick) {
            client
                .conn
                .execute("set search_path = yardstick")
                .await
                .unwrap();
            return client;
        }
        let conn = &mut client.conn;
        client.shop = shops::read(conn, till).await.unwrap();
        if let (Work::OneLine, Some(shop)) = (work, client.shop.as_mut()) {
            shop.points_per_yuan = 0.into();
        }
        client.shift = sqlx::query_scalar("select shift_id from till where id = $1")
            .bind(till)
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        let first = i64::from(till - 1) * MEMBERS;
        for id in first + 1..=first + MEMBERS {
            client
                .customers
                .push(member::read(&mut *conn, id).await.unwrap());
        }
        client
    }

    async fn call(&mut self) {
        self.turn += 1;
        if matches!(self.work, Work::Yardstick) {
            let row: (String, Option<i64>) =
                sqlx::query_as("select * from spend($1, $2, $3, $4, $5)")
                    .bind(Uuid::now_v7())
                    .bind(vec![0_u8; 32])
                    .bind(i64::try_from(self.turn * 37 % 10_000 + 1).unwrap())
                    .bind(self.till)
                    .bind(100_i64)
                    .fetch_one(&mut self.conn)
                    .await
                    .unwrap();
            assert_eq!(row.0, "ok");
            return;
        }
        let customers = self.customers.len();
        let customer = self.customers.get_mut(self.turn % customers).unwrap();
        let shop = self.shop.as_ref().unwrap();
        let request = request(self.work, shop, customer, self.till, self.shift);
        let plan = sale::plan(&request, shop, Some(customer)).unwrap();
        let posted = post(
            &mut self.conn,
            &request.stamp,
            &plan,
            &fingerprint(&request),
        )
        .await
        .unwrap();
        apply(customer, &plan, posted);
    }
}

fn request(
    work: Work,
    shop: &Shop,
    customer: &Member,
    till: i32,
    shift: Option<Uuid>,
) -> SaleRequest {
    let line = |n: i64, member_price: Option<i64>| CartLine {
        package: None,
        product_id: Some(1),
        category_id: None,
        name: "护发精油".to_owned(),
        kind: ProductKind::Piece,
        quantity: n,
        price: Fen(100),
        member_price: member_price.map(Fen),
        override_price: None,
        carried: guitai::domain::carried::Carried::default(),
        ordered: None,
    };
    // One line at its price; or five with the level's discount on some and a member price on others.
    let (cart, level) = match work {
        Work::FiveLines => (
            vec![
                line(1, None),
                line(2, Some(80)),
                line(1, None),
                line(3, Some(90)),
                line(1, None),
            ],
            Some(&customer.level),
        ),
        _ => (vec![line(1, None)], None),
    };
    let quote = quote(&cart, level, shop);
    SaleRequest {
        bearers: vec![],
        coupons: vec![],
        basket: None,
        stamp: Stamp {
            id: Uuid::now_v7(),
            till_id: till,
            shift_id: shift,
            operator_id: 1,
            approver_id: None,
            business_on: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(),
            at: DateTime::<Utc>::UNIX_EPOCH,
        },
        member_id: Some(customer.id),
        rounding: Fen::ZERO,
        points: 0,
        tenders: vec![Tender::exact(TenderKind::StoredValue, quote.total)],
        lines: quote.lines,
    }
}

/// What the counter would read again: the member after the sale.
fn apply(customer: &mut Member, plan: &Plan, posted: Posted) {
    customer.version = posted.after.unwrap().version;
    for new in &plan.new_lots {
        customer.lots.push(Lot {
            id: new.id,
            kind: new.kind,
            opened_at: DateTime::UNIX_EPOCH,
            expires_on: new.expires_on,
            principal: Fen::ZERO,
            bonus: Fen::ZERO,
            points: 0,
            spend_order: None,
        });
    }
    for posting in &plan.postings {
        if let Some(lot) = customer
            .lots
            .iter_mut()
            .find(|lot| Some(lot.id) == posting.lot)
        {
            use guitai::domain::ledger::Account::{Bonus, Points, Principal};
            match posting.account {
                Principal => lot.principal += Fen(posting.amount),
                Bonus => lot.bonus += Fen(posting.amount),
                Points => lot.points += posting.amount,
                _ => {}
            }
        }
    }
}
