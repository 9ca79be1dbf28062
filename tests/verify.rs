//! Tampering by somebody with all rights is found and named.

use chrono::NaiveDate;
use guitai::db::demo::Demo;
use guitai::db::verify::{Verdict, check, verify};
use sqlx::{Connection, Executor, PgConnection};

use crate::demo::filled;
use crate::support::cluster::Database;

const BUSY: Demo = Demo {
    seed: 3,
    members: 60,
    days: 75,
    today: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(),
};

async fn judged(database: &Database) -> Verdict {
    let mut conn = PgConnection::connect_with(&database.options("guitai_app"))
        .await
        .unwrap();
    verify(&mut conn).await.unwrap()
}

/// What is done, with the triggers out of the way, what verify says, and the operation it names.
const TAMPERED: &[(&str, &str, Option<&str>)] = &[
    (
        "update operation set amounts[1] = amounts[1] + 1 where id = (select id from operation where kind = 'sale' order by id limit 1)",
        "verify.unbalanced",
        Some("select id from operation where kind = 'sale' order by id limit 1"),
    ),
    (
        "update operation set amounts = array[amounts[1] * 2, amounts[2] * 2] where id = (select id from operation where kind = 'paid_out' order by id limit 1)",
        "verify.hash",
        Some("select id from operation where kind = 'paid_out' order by id limit 1"),
    ),
    (
        "update operation set lots = array_fill(null::uuid, array[cardinality(lots)]) where id = (select id from operation where kind = 'top_up' order by id desc limit 1)",
        "verify.wrong_lot",
        Some("select id from operation where kind = 'top_up' order by id desc limit 1"),
    ),
    (
        "update operation set happened_at = happened_at - interval '1 microsecond' where till_id = 2 and seq = 17",
        "verify.hash",
        Some("select id from operation where till_id = 2 and seq = 17"),
    ),
    ("delete from operation where till_id = 2 and seq = 40", "verify.gap", Some("select id from operation where till_id = 2 and seq = 41")),
    ("delete from operation where till_id = 3 and seq = (select max(seq) from operation where till_id = 3)", "verify.head", None),
    ("update operation set document = document || '{\"rounding\": 1}' where till_id = 1 and seq = 30", "verify.hash", Some("select id from operation where till_id = 1 and seq = 30")),
    (
        "update operation set lines = jsonb_set(lines, '{0,net}', to_jsonb((lines #>> '{0,net}')::int - 1)) where id = (select operation_id from sale_line order by operation_id desc limit 1)",
        "verify.lines",
        Some("select operation_id from sale_line order by operation_id desc limit 1"),
    ),
    (
        "update operation set lines = jsonb_set(lines, '{0,name}', '\"x\"') where id = (select operation_id from sale_line order by operation_id limit 1)",
        "verify.hash",
        Some("select operation_id from sale_line order by operation_id limit 1"),
    ),
    (
        "update lot set bonus = bonus + case id when (select max(id::text)::uuid from lot where bonus > 100) then 100 else -100 end
           where id in (select max(id::text)::uuid from lot where bonus > 100 union select min(id::text)::uuid from lot where bonus > 100)",
        "verify.lot",
        None,
    ),
    ("update lot set expires_on = expires_on + 30 where id = (select min(id::text)::uuid from lot where kind = 'points')", "verify.lot", None),
    ("update operation set points_after = points_after + 1 where kind = 'enrol' and member_id = 5", "verify.after", Some("select id from operation where kind = 'enrol' and member_id = 5")),
    ("update holding set principal = principal + 100000 where member_id = 9", "verify.holding", None),
    ("update holding set at_risk = at_risk + 1 where member_id = 9", "verify.holding", None),
    ("update holding set visits = visits + 1 where member_id = 9", "verify.holding", None),
    ("update holding set level_id = 4 where member_id = (select min(member_id) from holding where level_id = 1)", "verify.holding", None),
    ("delete from holding where member_id = 3", "verify.holding", None),
    ("update returned set quantity = 0, net = 0", "verify.returned", None),
    ("update instalment set due_on = due_on - 30", "verify.instalment", None),
    ("update instalment set valid_days = 9", "verify.instalment", None),
    (
        "update instalment set released_by = null where released_by = (select released_by from instalment where released_by is not null limit 1)",
        "verify.instalment",
        None,
    ),
    ("update shift set over_short = over_short - 100, counted = counted - 100 where first_seq = 1 and till_id = 2", "verify.shift", None),
    ("update level_change set from_level_id = 4 where operation_id = (select min(operation_id::text)::uuid from level_change)", "verify.right", None),
    ("delete from approval", "verify.right", None),
];

#[tokio::test]
async fn every_tampering_is_found_and_named() {
    let database = filled(BUSY).await;
    let clean = judged(&database).await;
    assert_eq!(clean.difference, None);
    assert_eq!(
        (
            clean.counts.tills,
            clean.counts.members,
            clean.counts.shifts
        ),
        (3, 60, 225)
    );
    assert!(
        clean.counts.operations > 900 && clean.counts.postings > 2_500 && clean.counts.lots > 60,
        "{:?}",
        clean.counts
    );

    let mut owner = database.owner().await;
    owner
        .execute(
            "set session_replication_role = replica;
             do $$ declare t regclass; begin
               for t in select distinct tgrelid::regclass from pg_trigger where not tgisinternal loop
                 execute format('alter table %s disable trigger user', t);
               end loop;
             end $$",
        )
        .await
        .unwrap();
    for (tamper, hint, named) in TAMPERED {
        let named = match named {
            Some(query) => sqlx::query_scalar(*query)
                .fetch_optional(&mut owner)
                .await
                .unwrap(),
            None => None,
        };
        let mut attempt = owner.begin().await.unwrap();
        let changed = attempt.execute(*tamper).await.unwrap().rows_affected();
        assert!(changed > 0, "{tamper}");
        attempt.execute("set local role guitai_app").await.unwrap();
        let found = check(&mut attempt).await.unwrap().difference;
        let found = found.unwrap_or_else(|| panic!("not found: {tamper}"));
        assert_eq!(found.hint, *hint, "{tamper}: {found:?}");
        if named.is_some() {
            assert_eq!(found.operation, named, "{tamper}: {found:?}");
        }
        attempt.rollback().await.unwrap();
    }
    assert!(judged(&database).await.holds());
}
