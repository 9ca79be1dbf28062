//! Every tenant table carries `merchant_id` in its primary key, its unique keys and its foreign keys, so
//! that the schema can be distributed by merchant. Read from Postgres itself, so every migration is held to it.

use chrono::{NaiveDate, TimeDelta};
use guitai::db::open::APP;
use guitai::domain::dormant::Visits;
use guitai::domain::money::Fen;
use sqlx::{Connection, PgConnection, Row};

use crate::support::cluster::Cluster;

async fn strings(conn: &mut PgConnection, query: &'static str) -> Vec<String> {
    let rows = sqlx::query(query).fetch_all(conn).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn every_key_carries_the_merchant() {
    let database = Cluster::database().await;
    let mut conn = database.owner().await;
    let tables = strings(&mut conn, "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations'").await;
    assert!(tables.len() > 20, "{tables:?}");
    let without_key = strings(
        &mut conn,
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'
         and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p')",
    ).await;
    assert_eq!(
        without_key,
        Vec::<String>::new(),
        "tables without a primary key"
    );
    let wrong = strings(
        &mut conn,
        "select c.relname || '.' || i.relname from pg_index x
         join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
         where c.relnamespace = 'public'::regnamespace and c.relname <> '_sqlx_migrations' and x.indisunique
           and (select attname from pg_attribute a where a.attrelid = c.oid and a.attnum = x.indkey[0]) is distinct from 'merchant_id'",
    ).await;
    assert_eq!(
        wrong,
        Vec::<String>::new(),
        "unique keys that do not begin with merchant_id"
    );
    let wrong = strings(
        &mut conn,
        "select conrelid::regclass || '.' || conname from pg_constraint k
         where contype = 'f' and connamespace = 'public'::regnamespace
           and not exists (select from unnest(k.conkey, k.confkey) as u (here, there)
             join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.here and a.attname = 'merchant_id'
             join pg_attribute b on b.attrelid = k.confrelid and b.attnum = u.there and b.attname = 'merchant_id')",
    ).await;
    assert_eq!(
        wrong,
        Vec::<String>::new(),
        "foreign keys without merchant_id on both sides"
    );
}

/// Among equals the planner takes the newest index, and on the empty tables of a new shop all are equal: a
/// primary key made before another index would be passed over until the first `analyze`.
#[tokio::test]
async fn primary_keys_are_the_newest_index_of_their_table() {
    let database = Cluster::database().await;
    let mut conn = database.owner().await;
    let passed_over = strings(
        &mut conn,
        "select c.relname || '.' || i.relname from pg_index x
         join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
         join pg_index k on k.indrelid = x.indrelid and k.indisprimary
         where c.relnamespace = 'public'::regnamespace and x.indexrelid > k.indexrelid and x.indpred is null
           and (select amname from pg_am where oid = i.relam) = 'btree'",
    )
    .await;
    assert_eq!(passed_over, Vec::<String>::new());
}

/// LG3: the application reads tables and executes functions; it writes nothing directly, owns nothing, and
/// never sees a PIN's hash.
#[tokio::test]
async fn the_application_has_few_rights() {
    let database = Cluster::database().await;
    let mut owner = database.owner().await;
    let writable = strings(
        &mut owner,
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'S')
         and (has_table_privilege('guitai_app', c.oid, 'insert, update, delete, truncate, references, trigger'))",
    ).await;
    assert_eq!(writable, Vec::<String>::new());
    let belongings = strings(
        &mut owner,
        "select relname::text from pg_class where relowner = 'guitai_app'::regrole",
    )
    .await;
    assert_eq!(belongings, Vec::<String>::new());
    let member_of = strings(&mut owner, "select r.rolname::text from pg_auth_members m join pg_roles r on r.oid = m.roleid where m.member = 'guitai_app'::regrole").await;
    assert_eq!(member_of, Vec::<String>::new());
    let unsafe_functions = strings(
        &mut owner,
        "select proname::text from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
         and not coalesce(array_to_string(proconfig, ',') like 'search_path=pg_catalog, public, pg_temp%', false)",
    ).await;
    assert_eq!(
        unsafe_functions,
        Vec::<String>::new(),
        "security definer without a fixed search path"
    );
    let mut app = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    assert!(
        sqlx::query("select pin_hash from staff")
            .fetch_all(&mut app)
            .await
            .is_err()
    );
    assert!(
        sqlx::query("create table mine (id int)")
            .execute(&mut app)
            .await
            .is_err()
    );
    assert!(
        sqlx::query("set role guitai_ledger")
            .execute(&mut app)
            .await
            .is_err()
    );
}

/// OR1: the formulas of Postgres and those of the domain say the same.
#[tokio::test]
async fn value_at_risk_and_rhythm_are_those_of_the_domain() {
    let database = Cluster::database().await;
    let mut owner = database.owner().await;
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    for span in [0_i64, 1, 5, 6, 20, 29, 30, 31, 365] {
        for days in [1_i64, 2, 3, 4, 9] {
            for spent in [-50_i64, 0, 99_999] {
                let visits = Visits {
                    first,
                    last: first + TimeDelta::days(span),
                    days,
                    spent: Fen(spent),
                };
                let (at_risk, due_on): (i64, Option<NaiveDate>) =
                    sqlx::query_as("select at_risk(777, $1, $2, $3), due_on($4, $2, $3)")
                        .bind(spent)
                        .bind(visits.first)
                        .bind(visits.last)
                        .bind(i32::try_from(days).unwrap())
                        .fetch_one(&mut owner)
                        .await
                        .unwrap();
                assert_eq!(
                    Fen(at_risk),
                    visits.at_risk(Fen(700), Fen(77)),
                    "{visits:?}"
                );
                // Dormant from the day after due_on.
                assert_eq!(
                    due_on.map(|day| day + TimeDelta::days(1)),
                    visits.dormant_on(),
                    "{visits:?}"
                );
            }
        }
    }
}
