//! A shop with very many members, written in bulk.
//!
//! Every life is planned by itself from the seed and its number, by the same rules as at the counter, and
//! sent with `copy`: what a member holds goes straight into the tables, her operations into a stage. When
//! all are there, each till's operations are put in order, hashed and written by Postgres, with the
//! functions that `post()` uses. Indexes and foreign keys are made again at the end, so that every one is checked.

mod keys;
mod life;
mod rows;
mod shifts;
mod tables;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Instant;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime};
use futures::future::try_join_all;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};

use super::dice::Dice;
use super::shop::{self, SEATS};
use super::{Demo, connect};
use crate::db::refuse::refuse;
use crate::domain::product::Product;
use crate::domain::shop::Shop;
use crate::domain::spelling::{self, Keys};
use crate::error::{Refusal, Result};
use crate::query::EnrolRequest;
use shifts::Shift;
use tables::Tables;

/// Connections that write at once. Lives are planned on one processor while the others write.
const LANES: usize = 3;
/// Lives between two sendings.
const CHUNK: u64 = 2_000;
/// Lives, and operations, between two words of progress.
const WORD: u64 = 50_000;

/// What all lives have in common.
struct World {
    demo: Demo,
    shop: Shop,
    products: Vec<Product>,
    first: NaiveDate,
    /// By till, then by day.
    shifts: Vec<Vec<Shift>>,
    /// Search keys by name; members share names.
    names: RefCell<HashMap<String, Keys>>,
}

/// Fills the shop that was just made; `owner` is a superuser.
///
/// # Errors
/// Offline; a plan or a row that the rules refuse.
pub async fn write(
    app: &mut PgConnection,
    owner: &PgConnectOptions,
    demo: Demo,
    progress: impl Fn(&str),
) -> Result<()> {
    let world = World::new(app, demo).await?;
    let mut lanes = Vec::new();
    for _ in 0..LANES {
        lanes.push(connect(owner).await?);
    }
    let mut conn = connect(owner).await?;
    run(&mut conn, include_str!("big/stage.sql")).await?;
    let keys = keys::drop_all(&mut conn).await?;
    plan(&world, &mut lanes, &progress).await?;
    chain(&world, &mut conn, &mut lanes, &progress).await?;
    keys.make_again(&mut conn, &mut lanes, &progress).await?;
    // The next member enrols after the last of these, and the planner learns what is there.
    run(
        &mut conn,
        "drop schema bulk cascade;
         select setval(pg_get_serial_sequence('member', 'id'), (select max(id) from member));
         analyze",
    )
    .await?;
    for lane in lanes {
        lane.close().await.map_err(refuse)?;
    }
    conn.close().await.map_err(refuse)
}

/// These statements name objects of the bulk path, which no macro can check when it compiles: the test of a
/// big demo runs them all.
async fn run(conn: &mut PgConnection, statement: &'static str) -> Result<()> {
    conn.execute(statement).await.map_err(refuse)?;
    Ok(())
}

/// Plans all lives and sends them, one chunk planned while others are on their way.
async fn plan(world: &World, lanes: &mut [PgConnection], progress: &impl Fn(&str)) -> Result<()> {
    let members = u64::from(world.demo.members);
    let next = Cell::new(1);
    let count = Count::new("会员 members", members, progress);
    let work = lanes.iter_mut().map(async |lane| {
        let mut tables = Tables::default();
        while next.get() <= members {
            let chunk = next.get()..=members.min(next.get() + CHUNK - 1);
            next.set(chunk.end() + 1);
            for no in chunk.clone() {
                life::live(world, &mut tables, no)?;
            }
            tables.send(lane).await?;
            count.more(chunk.end() + 1 - chunk.start());
        }
        Ok(())
    });
    try_join_all(work).await.map(drop)
}

/// Writes the chain of each till, month by month.
async fn chain(
    world: &World,
    conn: &mut PgConnection,
    lanes: &mut [PgConnection],
    progress: &impl Fn(&str),
) -> Result<()> {
    let mut tables = Tables::default();
    for shift in world.shifts.iter().flatten() {
        let at = u64::from(shift.day.num_days_from_ce().unsigned_abs());
        let till = u64::from(shift.till_id.unsigned_abs());
        let mut dice = Dice::of(world.demo.seed.wrapping_add(till), at);
        shift.frame(&mut dice, &mut tables);
    }
    tables.send(conn).await?;
    run(
        conn,
        "set work_mem = '256MB';
         select bulk.number_sales();
         create index on bulk.op (till, at, id);
         analyze bulk.op",
    )
    .await?;
    let all: i64 = sqlx::query_scalar("select count(*) from bulk.op")
        .fetch_one(&mut *conn)
        .await
        .map_err(refuse)?;
    let count = Count::new("单据 operations", all.unsigned_abs(), progress);
    let work = lanes.iter_mut().zip(SEATS).map(async |(lane, seat)| {
        run(lane, "set work_mem = '128MB'; set enable_seqscan = off").await?;
        for (from, to) in world.months() {
            let written: i64 = sqlx::query_scalar("select bulk.write($1, $2, $3)")
                .bind(seat.till_id)
                .bind(from.and_time(NaiveTime::MIN).and_utc())
                .bind(to.and_time(NaiveTime::MIN).and_utc())
                .fetch_one(&mut *lane)
                .await
                .map_err(refuse)?;
            count.more(written.unsigned_abs());
        }
        Ok(())
    });
    try_join_all(work).await?;
    run(
        conn,
        "select bulk.write_shifts(); select bulk.write_holdings()",
    )
    .await
}

impl World {
    async fn new(app: &mut PgConnection, demo: Demo) -> Result<Self> {
        let (shop, products) = shop::read(app).await?;
        let first = demo
            .today
            .checked_sub_days(Days::new(u64::from(demo.days)))
            .unwrap_or(demo.today);
        let shifts = SEATS.map(|seat| {
            let till = shop.tills.iter().find(|till| till.id == seat.till_id);
            let store_id = till.map_or(1, |till| till.store_id);
            let mut dice = Dice::of(demo.seed, u64::MAX - u64::from(seat.till_id.unsigned_abs()));
            first
                .iter_days()
                .take_while(|day| *day < demo.today)
                .map(|day| Shift::new(&mut dice, seat, store_id, day))
                .collect()
        });
        Ok(Self {
            demo,
            shop,
            products,
            first,
            shifts: shifts.into(),
            names: RefCell::default(),
        })
    }

    /// A till's shift of a day.
    fn shift(&self, till: i32, day: NaiveDate) -> Result<&Shift> {
        let place = usize::try_from((day - self.first).num_days()).ok();
        let of_till = self
            .shifts
            .iter()
            .find(|shifts| shifts.first().is_some_and(|shift| shift.till_id == till));
        of_till
            .zip(place)
            .and_then(|(shifts, place)| shifts.get(place))
            .ok_or_else(|| Refusal::user("shift.not_open"))
    }

    /// The months of the demo, `[from, to)`. Midnight in UTC is before opening.
    fn months(&self) -> Vec<(NaiveDate, NaiveDate)> {
        let mut months = Vec::new();
        let mut from = self.first.with_day(1).unwrap_or(self.first);
        while from < self.demo.today {
            let Some(to) = from.checked_add_months(Months::new(1)) else {
                break;
            };
            months.push((from, to));
            from = to;
        }
        months
    }

    /// The member and what is known of her, as `enrol()` keeps it.
    fn keep_person(&self, tables: &mut Tables, id: i64, shift: &Shift, request: &EnrolRequest) {
        let (merchant, person) = (self.shop.merchant_id, &request.person);
        let mut names = self.names.borrow_mut();
        let keys = names
            .entry(person.name.clone())
            .or_insert_with(|| spelling::keys_of_person(&person.name));
        tables
            .member
            .plain(merchant)
            .plain(id)
            .text(&keys.name)
            .text(keys.initials.first().map_or("", String::as_str))
            .text(keys.full.first().map_or("", String::as_str))
            .texts(keys.grams.iter())
            .maybe(person.birth_year)
            .maybe(person.birth_month)
            .maybe(person.birth_day)
            .maybe(person.gender.map(|gender| match gender {
                crate::domain::member::Gender::Female => "female",
                crate::domain::member::Gender::Male => "male",
            }))
            .text(&person.notes)
            .plain(shift.store_id)
            .plain(shift.day)
            .end();
        let numbers = [
            (request.phone.as_ref(), "phone"),
            (request.card.as_ref(), "card"),
            (Some(&request.code), "code"),
        ];
        for (value, kind) in numbers {
            let Some(value) = value else { continue };
            let row = tables.credential.plain(merchant).text(value);
            row.plain(kind).plain(id).end();
        }
        for purpose in &request.consents {
            tables
                .consent
                .plain(merchant)
                .plain(id)
                .text(purpose)
                .plain(self.shop.terms_version)
                .plain("counter")
                .plain(request.stamp.at)
                .plain(request.stamp.operator_id)
                .plain(request.stamp.till_id)
                .plain(request.stamp.id)
                .end();
        }
    }
}

/// Says now and then how far it is.
struct Count<'a, P> {
    what: &'static str,
    all: u64,
    done: Cell<u64>,
    said: Cell<u64>,
    began: Instant,
    progress: &'a P,
}

impl<'a, P: Fn(&str)> Count<'a, P> {
    fn new(what: &'static str, all: u64, progress: &'a P) -> Self {
        Self {
            what,
            all,
            done: Cell::new(0),
            said: Cell::new(0),
            began: Instant::now(),
            progress,
        }
    }

    fn more(&self, more: u64) {
        let done = self.done.get() + more;
        self.done.set(done);
        if done < self.all && done - self.said.get() < WORD {
            return;
        }
        self.said.set(done);
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let rate = done * 1000 / millis.max(1);
        (self.progress)(&format!("{} {done}/{}, {rate}/s", self.what, self.all));
    }
}
