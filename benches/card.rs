//! The member card of somebody who owns very much: 200 lots, 40 coupons, 15 packages of two services each, in one round trip,
//! against the bare rows by hand as one prepared statement on the same server in the same run.
//!
//! Promised: under 10 ms.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    dead_code,
    reason = "a bench stops at the first surprise and prints its figures"
)]

mod support;

use std::time::Instant;

use guitai::db::Db;
use guitai::query::{Backend, Query, Reply};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use support::clock::{Times, load, verdict};
use support::shop::Shop;

const LOTS: usize = 200;
const COUPONS: usize = 40;
const SERVICES: usize = 30;

const ROUNDS: usize = 500;

/// The member who owns so much.
const HER: i64 = 5;

/// What she gets; each names an operation of hers, and the ids of all begin alike.
const GIVE: &str = "
insert into lot (merchant_id, id, member_id, kind, operation_id, opened_at, store_id, principal, bonus, expires_on, lapses_on)
  select 1, ('beeeeeee-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, HER, 'stored_value', o.id, o.happened_at + n * interval '1 day', 1, 1000 + n, 100,
         date '2030-01-01' + n, date '2030-01-01' + n
    from (select * from operation where merchant_id = 1 and member_id = HER limit 1) o, generate_series(1, LOTS) n;
insert into member_grant (merchant_id, id, member_id, kind, operation_id, no, opened_at, store_id, product_id, rule_id, quantity, value, expires_on, terms)
  select 1, ('beeeeeee-0000-4000-8001-' || lpad(n::text, 12, '0'))::uuid, HER, case when n <= COUPONS then 'coupon' else 'package' end::grant_kind, o.id, 0,
         o.happened_at, 1, case when n > COUPONS then 1 + n % 20 end, 1, case when n <= COUPONS then 1 else 10 end, case when n <= COUPONS then 0 else 5000 end,
         date '2030-01-01' + n,
         jsonb_build_object('name', '护理券' || n, 'of', '年卡', 'unit', 'session', 'quantity', 10, 'value', 0, 'price', 12800, 'copay', 0, 'valid_days', null,
           'cycle_days', 30)
         || case when n <= COUPONS then jsonb_build_object('coupon', jsonb_build_object('id', 1, 'version', 1, 'name', '护理券', 'from', 10000, 'stack', null,
              'gives', '{\"amount\": {\"off\": 1000}}'::jsonb, 'scope', '{\"products\": [], \"categories\": []}'::jsonb,
              'when', '{\"from\": null, \"until\": null, \"weekdays\": [], \"hours\": null}'::jsonb,
              'who', '{\"members_only\": false, \"levels\": [], \"stores\": []}'::jsonb)) else '{}' end
    from (select * from operation where merchant_id = 1 and member_id = HER limit 1) o, generate_series(1, COUPONS + SERVICES) n;";

const TAKE: &str = "
delete from member_grant where merchant_id = 1 and id::text like 'beeeeeee-0000-4000-8001-%';
delete from lot where merchant_id = 1 and id::text like 'beeeeeee-0000-4000-8000-%';";

/// The same rows, and nothing of what a counter needs besides.
const BARE: &str = "select x.id, x.opened_at, x.expires_on, x.principal, x.bonus, x.points, null::jsonb as terms from lot x where x.merchant_id = 1 and x.member_id = $1
  union all select g.id, g.opened_at, g.expires_on, g.value, g.quantity, 0, g.terms from member_grant g where g.merchant_id = 1 and g.member_id = $1";

fn filled(text: &str) -> String {
    text.replace("HER", &HER.to_string())
        .replace("LOTS", &LOTS.to_string())
        .replace("COUPONS", &COUPONS.to_string())
        .replace("SERVICES", &SERVICES.to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let shop = Shop::open().await;
    let mut conn = PgConnection::connect_with(&shop.owner()).await.unwrap();
    conn.execute("set plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    for part in [TAKE, GIVE] {
        conn.execute(AssertSqlSafe(filled(part))).await.unwrap();
    }
    conn.execute("analyze lot, member_grant").await.unwrap();
    let db = Db::open(shop.app(), 1, &Shop::till("card"), Box::new(|_| ())).unwrap();
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    // The first rounds warm both.
    for round in 0..ROUNDS + 20 {
        let began = Instant::now();
        let rows = sqlx::query(BARE)
            .bind(HER)
            .fetch_all(&mut conn)
            .await
            .unwrap();
        let bare = began.elapsed();
        assert!(rows.len() >= LOTS + COUPONS + SERVICES);
        let began = Instant::now();
        let Reply::Member(member) = db.answer(Query::ReadMember { id: HER }).await.unwrap() else {
            panic!("no member")
        };
        let took = began.elapsed();
        assert_eq!(member.grants.len(), COUPONS + SERVICES);
        if round >= 20 {
            ours.push(took);
            theirs.push(bare);
        }
    }
    println!(
        "the card of {} lots, {COUPONS} coupons, {SERVICES} services: p50 {:.2} ms, p99 {:.2} ms (promised 10: {}), bare rows p50 {:.2} ms, {:.2} times, load {}",
        LOTS,
        ours.p50(),
        ours.p99(),
        verdict(ours.p99() < 10.0),
        theirs.p50(),
        ours.p50() / theirs.p50(),
        load()
    );
    conn.execute(AssertSqlSafe(filled(TAKE))).await.unwrap();
    db.close().await;
    conn.close().await.unwrap();
    shop.embedded.close().await.unwrap();
}
