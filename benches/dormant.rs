//! The list of members who stay away, among a million of them with twenty million visits: the first page,
//! the pages after it, and pages far down, under every kind of filter.
//!
//! Promised: each page under 20 ms, in 99 of 100.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    dead_code,
    reason = "a bench stops at the first surprise and prints its figures"
)]

mod support;

use std::time::Instant;

use guitai::db::Db;
use guitai::domain::money::Fen;
use guitai::query::{Backend, DormantFilter, DormantRow, Query, Reply};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use support::clock::{Times, load, verdict};
use support::shop::Shop;

/// Rows the screen asks for at once.
const PAGE: i32 = 100;
/// Pages read one after the other from each of the places.
const PAGES: usize = 10;
const ROUNDS: usize = 10;
/// Where in the list: the share of it that lies above.
const PLACES: [f64; 4] = [0.0, 0.1, 0.5, 0.9];
const PROMISE: f64 = 20.0;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let shop = Shop::open().await;
    let db = Db::open(shop.app(), 1, &Shop::till("dormant"), Box::new(|_| ())).unwrap();
    let mut owner = PgConnection::connect_with(&shop.owner()).await.unwrap();
    let visits: i64 = sqlx::query_scalar("select count(*) from operation where visit")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    println!(
        "members who stay away, {} members, {visits} visits, milliseconds for a page of {PAGE}, load {}",
        shop.members,
        load()
    );
    for (name, filter) in filters(&shop) {
        measure(&db, &mut owner, name, filter).await;
    }
    println!("load {}", load());
    db.close().await;
    owner.close().await.unwrap();
    shop.embedded.close().await.unwrap();
}

fn filters(shop: &Shop) -> Vec<(&'static str, DormantFilter)> {
    let days = |days| DormantFilter {
        today: shop.today,
        days,
        rhythm: false,
        max_days: None,
        level_id: None,
        balance: None,
    };
    let level = |id, filter| DormantFilter {
        level_id: Some(id),
        ..filter
    };
    let balance = |yuan, filter| DormantFilter {
        balance: Some(Fen::yuan(yuan)),
        ..filter
    };
    let rhythm = DormantFilter {
        rhythm: true,
        ..days(30)
    };
    vec![
        ("30 days", days(30)),
        ("15 days", days(15)),
        ("90 days", days(90)),
        ("180 days", days(180)),
        ("365 days", days(365)),
        ("own rhythm", rhythm),
        ("30 days, lowest level", level(1, days(30))),
        ("30 days, highest level", level(4, days(30))),
        ("365 days, highest level", level(4, days(365))),
        ("rhythm, highest level", level(4, rhythm)),
        ("30 days, has 100", balance(100, days(30))),
        ("30 days, has 3000", balance(3_000, days(30))),
        ("365 days, has 1000", balance(1_000, days(365))),
        (
            "365 days, has 1000, highest level",
            level(4, balance(1_000, days(365))),
        ),
    ]
}

async fn measure(db: &Db, owner: &mut PgConnection, name: &str, filter: DormantFilter) {
    let matching = matching(&filter);
    let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
        "select count(*) from holding where {matching}"
    )))
    .fetch_one(&mut *owner)
    .await
    .unwrap();
    let (mut first, mut next) = (Times::default(), Times::default());
    for place in PLACES {
        // At the top of the list, and after the member so far down.
        let start: Option<(i64, i64)> = match place {
            0.0 => None,
            _ => sqlx::query_as(AssertSqlSafe(format!(
                "select at_risk, member_id from holding where {matching} order by at_risk desc, member_id desc offset {}",
                (count as f64 * place) as i64
            )))
            .fetch_optional(&mut *owner)
            .await
            .unwrap(),
        };
        for round in 0..=ROUNDS {
            let mut after = start.map(|(risk, id)| (Fen(risk), id));
            for page in 0..PAGES as i64 {
                let began = Instant::now();
                let rows = ask(db, filter, after).await;
                let took = began.elapsed();
                if round > 0 {
                    let times = if after.is_none() {
                        &mut first
                    } else {
                        &mut next
                    };
                    times.push(took);
                }
                let expected = (count - (count as f64 * place) as i64 - page * i64::from(PAGE))
                    .clamp(0, PAGE.into());
                let short = usize::try_from(expected).unwrap().saturating_sub(1);
                assert!(
                    rows.len() >= short,
                    "{name}: {} rows of {expected}",
                    rows.len()
                );
                match rows.last() {
                    Some(row) if rows.len() == usize::try_from(PAGE).unwrap() => {
                        after = Some((row.at_risk, row.member_id));
                    }
                    _ => break,
                }
            }
        }
    }
    if next.is_empty() {
        next = first.clone();
    }
    let worst = first.p99().max(next.p99());
    println!(
        "{name:<34} {count:>7} rows  first p50 {:>6.2} p99 {:>6.2}  next p50 {:>6.2} p99 {:>6.2}  (promised {PROMISE}: {})",
        first.p50(),
        first.p99(),
        next.p50(),
        next.p99(),
        verdict(worst < PROMISE)
    );
}

async fn ask(db: &Db, filter: DormantFilter, after: Option<(Fen, i64)>) -> Vec<DormantRow> {
    let query = Query::Dormant {
        filter,
        after,
        limit: PAGE,
    };
    let Reply::Dormant(rows) = db.answer(query).await.unwrap() else {
        panic!("no list")
    };
    rows
}

/// The filter by hand.
fn matching(filter: &DormantFilter) -> String {
    let mut all = vec!["merchant_id = 1".to_owned()];
    let today = filter.today;
    all.push(if filter.rhythm {
        format!("due_on < '{today}'")
    } else {
        format!("last_visit_on < date '{today}' - {}", filter.days)
    });
    all.extend(filter.level_id.map(|id| format!("level_id = {id}")));
    all.extend(
        filter
            .balance
            .map(|fen| format!("principal + bonus >= {}", fen.0)),
    );
    all.join(" and ")
}
