//! The demo shop in bulk.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use guitai::db::demo::{self, Demo};
use guitai::db::verify::{verify, verify_at_once};
use guitai::db::{member, receipt, search, shift, shop};
use guitai::domain::ledger::Stamp;
use guitai::domain::money::Fen;
use guitai::query::{Candidate, DormantFilter, EnrolRequest, OperationsOf, Person, Typed};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::heads;
use crate::support::cluster::{Cluster, Database, OWNER};

const BIG: Demo = Demo {
    seed: 7,
    members: 2_000,
    days: 200,
    today: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(),
};

async fn filled(big: Demo) -> Database {
    let database = Cluster::database().await;
    let (app, owner) = (database.options("guitai_app"), database.options(OWNER));
    demo::fill_big(&app, &owner, big, |_| ()).await.unwrap();
    database
}

async fn app(database: &Database) -> PgConnection {
    PgConnection::connect_with(&database.options("guitai_app"))
        .await
        .unwrap()
}

/// All indexes and constraints of a database, and its schemas.
async fn keys(database: &Database) -> BTreeSet<String> {
    let found = sqlx::query_scalar!(
        r#"select indexdef as "is!" from pg_indexes where schemaname = 'public'
           union all select format('%s %s %s %s', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid)) from pg_constraint
           union all select nspname from pg_namespace where nspname !~ '^pg_'"#
    )
    .fetch_all(&mut database.owner().await)
    .await
    .unwrap();
    found.into_iter().collect()
}

#[tokio::test]
async fn the_same_seed_gives_the_same_big_books() {
    let (one, two) = tokio::join!(filled(BIG), filled(BIG));
    let first = heads(&one).await;
    assert_eq!(first, heads(&two).await);
    assert!(first.iter().all(|(seq, _)| *seq > 1_000), "{first:?}");

    let verdict = verify(&mut app(&one).await).await.unwrap();
    assert_eq!(verdict.difference, None);
    let counts = verdict.counts;
    assert_eq!((counts.members, counts.shifts), (2_000, 600));
    let at_once = verify_at_once(&two.options(OWNER), 3).await.unwrap();
    assert_eq!(at_once, verdict);

    assert_eq!(keys(&one).await, keys(&Cluster::database().await).await);
    sums_agree(&one).await;
    members_are_found(&one).await;
    the_shop_goes_on(&one).await;
    assert!(verify(&mut app(&one).await).await.unwrap().holds());
}

/// Everybody is enrolled with welcome points and consent; many loaded, bought, took something back.
async fn sums_agree(database: &Database) {
    let row = sqlx::query!(
        r#"select (select count(*) from operation where kind = 'enrol') as "enrolled!",
                  (select count(distinct member_id) from consent where purpose = 'membership') as "agreed!",
                  (select count(distinct member_id) from operation where kind = 'top_up') as "loaded!",
                  (select count(distinct member_id) from operation where kind = 'sale') as "bought!",
                  (select count(*) from operation where kind = 'refund') as "refunds!",
                  (select count(*) from instalment where released_by is not null) as "instalments!",
                  (select count(distinct level_id) from holding) as "levels!",
                  (select sum(principal + bonus) from holding)::bigint as "held!",
                  (select sum(amount) from posting where account in ('principal', 'bonus'))::bigint as "posted!",
                  (select sum(points) from lot)::bigint as "points!",
                  (select -sum(amount) from posting where account = 'points_granted')::bigint as "granted!",
                  (select sum(amount) from posting where account = 'cash')::bigint as "in_drawers!",
                  (select count(*) from operation r join operation s on s.id = r.about_id and s.seq = (r.document ->> 'sale_seq')::bigint
                    where r.kind = 'refund') as "numbered!""#
    )
    .fetch_one(&mut database.owner().await)
    .await
    .unwrap();
    assert_eq!(
        (row.enrolled, row.agreed, row.bought),
        (2_000, 2_000, 2_000)
    );
    assert!((700..1_500).contains(&row.loaded), "{row:?}");
    assert!(
        row.refunds > 10 && row.instalments > 50 && row.levels == 4,
        "{row:?}"
    );
    assert_eq!(
        (row.held, row.points, row.in_drawers),
        (row.posted, row.granted, 0)
    );
    assert_eq!(row.numbered, row.refunds);
}

async fn members_are_found(database: &Database) {
    let mut conn = app(database).await;
    let her = member::read(&mut conn, 2_000).await.unwrap();
    assert_eq!(
        her.stored_value(),
        her.lots.iter().map(|l| l.principal + l.bonus).sum()
    );
    let row = sqlx::query!(
        r#"select m.name, m.initials, m.grams, c.value from member m join credential c on c.member_id = m.id and c.kind = 'phone'
           order by m.id desc limit 1"#
    )
    .fetch_one(&mut database.owner().await)
    .await
    .unwrap();
    let tail: String = row.value.chars().skip(7).collect();
    let name = Typed::Name {
        name: row.name.clone(),
        grams: row.grams,
    };
    for typed in [Typed::Digits(tail), Typed::Letters(row.initials), name] {
        let found = search::candidates(&mut conn, &typed, 200).await.unwrap();
        let is_her =
            |c: &Candidate| matches!(c, Candidate::Member { name, .. } if *name == row.name);
        assert!(found.iter().any(is_her), "{typed:?}");
    }
    let filter = DormantFilter {
        today: BIG.today,
        days: 30,
        rhythm: false,
        max_days: None,
        level_id: None,
        balance: Some(Fen(1)),
    };
    let away = search::dormant(&mut conn, &filter, None, 50).await.unwrap();
    assert_eq!(away.len(), 50);
    assert!(away.is_sorted_by(|a, b| a.at_risk >= b.at_risk));
    let first = away.first().unwrap().member_id;
    let operations = OperationsOf::Member(first);
    let done = receipt::operations(&mut conn, operations, None, 50)
        .await
        .unwrap();
    assert!(done.len() >= 3, "{done:?}");
}

/// The next member gets the next number.
async fn the_shop_goes_on(database: &Database) {
    let mut conn = app(database).await;
    let shop = shop::read(&mut conn, 1).await.unwrap().unwrap();
    let stamp = |id: u128, shift_id: Option<Uuid>| Stamp {
        id: Uuid::from_u128(id),
        till_id: 1,
        shift_id,
        operator_id: 4,
        approver_id: None,
        business_on: BIG.today,
        at: BIG.today.and_hms_opt(2, 0, 0).unwrap().and_utc(),
    };
    let opened = shift::open(&mut conn, &stamp(1, None), Fen::yuan(500))
        .await
        .unwrap();
    let request = EnrolRequest {
        referrer: None,
        stamp: stamp(2, Some(opened.id)),
        phone: Some("15400000000".to_owned()),
        card: None,
        code: "new".to_owned(),
        person: Person::default(),
        consents: vec![],
    };
    let enrolled = member::enrol(&mut conn, &request, &shop).await.unwrap();
    assert_eq!(enrolled, (2_001, false));
}

#[tokio::test]
async fn a_shop_that_is_there_is_left_alone() {
    let small = Demo {
        members: 5,
        days: 2,
        ..BIG
    };
    let database = super::filled(small).await;
    let (before, indexes) = (heads(&database).await, keys(&database).await);
    let (app, owner) = (database.options("guitai_app"), database.options(OWNER));
    let refusal = demo::fill_big(&app, &owner, BIG, |_| ()).await.unwrap_err();
    assert_eq!(refusal.hint, "set_up.done_already");
    assert_eq!(
        (before, indexes),
        (heads(&database).await, keys(&database).await)
    );
}
