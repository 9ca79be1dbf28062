//! What the counter finds and who stays away, asked of a real database.

use guitai::db::Db;
use guitai::domain::money::Fen;
use guitai::domain::spelling;
use guitai::query::{Backend, Candidate, DormantFilter, Query, Reply, Typed};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::support::books::{Counter, books};

/// Members of every kind: few visits and many, some never; several with the same at risk; all levels.
const MEMBERS: &str = "
  insert into member (merchant_id, id, name, initials, spelling, grams, home_store_id, joined_on)
    select 1, g, '王晓' || g, 'wx' || g, 'wangxiao' || g, array['王', '晓', '王晓', g::text], 1, '2025-01-01'
    from generate_series(1, 500) g;
  insert into credential (merchant_id, value, kind, member_id)
    select 1, '1380000' || lpad((g % 100)::text, 4, '0'), 'phone', g from generate_series(1, 100) g;
  insert into credential (merchant_id, value, kind, member_id)
    select 1, '1390' || lpad(g::text, 3, '0') || '0007', 'phone', g from generate_series(101, 120) g;
  insert into credential (merchant_id, value, kind, member_id) select 1, '88' || lpad(g::text, 6, '0'), 'card', g from generate_series(1, 500) g;
  insert into holding (merchant_id, member_id, level_id, visits, first_visit_on, last_visit_on, spend, principal, bonus, at_risk, due_on)
    select 1, g, 1 + g % 4, v.visits, v.first, v.last, v.spend, v.money, v.money / 10, at_risk(v.money + v.money / 10, v.spend, v.first, v.last),
           due_on(v.visits, v.first, v.last)
    from generate_series(1, 500) g
    cross join lateral (
      select g % 7 as visits, case when g % 7 > 0 then date '2025-03-01' end as first, case when g % 7 > 0 then date '2025-03-01' + g % 11 * 30 end as last,
             g % 7 * 6800 as spend, case when g % 3 = 0 then g % 5 * 50000 else 0 end as money) v;
";

async fn all(db: &Db, filter: DormantFilter) -> Vec<i64> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let query = Query::Dormant {
            filter,
            after,
            limit: 7,
        };
        let Reply::Dormant(rows) = db.answer(query).await.unwrap() else {
            panic!()
        };
        ids.extend(rows.iter().map(|row| row.member_id));
        match rows.last() {
            Some(row) if rows.len() == 7 => after = Some((row.at_risk, row.member_id)),
            _ => return ids,
        }
    }
}

#[tokio::test]
async fn who_stays_away_is_found_page_by_page_by_every_filter() {
    let database = books().await;
    let mut owner = database.owner().await;
    fill(&mut owner).await;
    let counter = Counter::open(database.options("guitai_app"), 1).await;
    let mut seen = 0;
    for days in [0, 30, 200] {
        for rhythm in [false, true] {
            for max_days in [None, Some(250)] {
                for level_id in [None, Some(2)] {
                    for balance in [None, Some(Fen(1)), Some(Fen::yuan(1_000))] {
                        let filter = DormantFilter {
                            today: "2026-01-10".parse().unwrap(),
                            days,
                            rhythm,
                            max_days,
                            level_id,
                            balance,
                        };
                        let found = all(&counter.db, filter).await;
                        assert_eq!(found, by_hand(&mut owner, &filter).await, "{filter:?}");
                        seen += found.len();
                    }
                }
            }
        }
    }
    assert!(seen > 1_000, "{seen}");
}

async fn by_hand(owner: &mut PgConnection, filter: &DormantFilter) -> Vec<i64> {
    let away = if filter.rhythm {
        "due_on < date '2026-01-10'".to_owned()
    } else {
        format!("date '2026-01-10' - last_visit_on > {}", filter.days)
    };
    let query = format!(
        "select member_id from holding where {away}
           and date '2026-01-10' - last_visit_on <= {} and level_id between {} and {} and principal + bonus >= {}
         order by at_risk desc, member_id desc",
        filter.max_days.unwrap_or(99_999),
        filter.level_id.unwrap_or(1),
        filter.level_id.unwrap_or(4),
        filter.balance.map_or(0, |fen| fen.0),
    );
    sqlx::query_scalar(AssertSqlSafe(query))
        .fetch_all(owner)
        .await
        .unwrap()
}

async fn fill(owner: &mut PgConnection) {
    sqlx::raw_sql(MEMBERS).execute(owner).await.unwrap();
}

async fn found(db: &Db, typed: Typed) -> Vec<i64> {
    let query = Query::Candidates { typed, limit: 20 };
    let Reply::Candidates(found) = db.answer(query).await.unwrap() else {
        panic!()
    };
    let member = |row: &Candidate| match row {
        Candidate::Member { id, .. } => Some(*id),
        Candidate::Product { .. } => None,
    };
    found.iter().filter_map(member).collect()
}

#[tokio::test]
async fn a_member_is_found_by_whatever_is_known_of_her() {
    let database = books().await;
    fill(&mut database.owner().await).await;
    let counter = Counter::open(database.options("guitai_app"), 1).await;
    let db = &counter.db;
    let digits = |text: &str| Typed::Digits(text.to_owned());
    assert_eq!(found(db, digits("88000123")).await, [123]);
    assert_eq!(found(db, digits("13800000042")).await, [42]);
    // The tail of 21 phones: who came last is first, who never came is last.
    let tail = found(db, digits("0007")).await;
    assert_eq!((tail.len(), tail[0]), (20, 109));
    assert_eq!(found(db, digits("1")).await.len(), 20);
    let letters = |text: &str| Typed::Letters(text.to_owned());
    assert_eq!(found(db, letters("wx77")).await, [77]);
    assert_eq!(found(db, letters("wangxiao500")).await, [500]);
    assert_eq!(found(db, letters("w")).await.len(), 20);
    let name = |text: &str| Typed::Name {
        name: text.to_owned(),
        grams: spelling::wanted(text),
    };
    assert_eq!(found(db, name("王晓499")).await, [499]);
    assert_eq!(found(db, name("王晓")).await.len(), 20);
    assert_eq!(found(db, name("晓")).await.len(), 20);
}

/// The name as it was typed, then names that begin so, then names that hold it: Enter takes the first.
#[tokio::test]
async fn the_nearest_name_is_offered_first() {
    let database = books().await;
    let mut owner = database.owner().await;
    for (id, name) in (900..).zip(["阿剪发", "剪发加洗"]) {
        let grams = spelling::keys(name).grams;
        sqlx::query(
            "insert into product (merchant_id, id, name, initials, spelling, grams, category_id, kind, price, active)
             select merchant_id, $1, $2, '', '', $3, min(id), 'service', 100, true from category group by merchant_id
             on conflict do nothing",
        )
        .bind(id)
        .bind(name)
        .bind(grams)
        .execute(&mut owner)
        .await
        .unwrap();
    }
    let counter = Counter::open(database.options("guitai_app"), 1).await;
    for limit in [2, 20] {
        let typed = Typed::Name {
            name: "剪发".to_owned(),
            grams: spelling::wanted("剪发"),
        };
        let query = Query::Candidates { typed, limit };
        let Reply::Candidates(found) = counter.db.answer(query).await.unwrap() else {
            panic!()
        };
        let mut names = found.iter().map(|row| match row {
            Candidate::Member { name, .. } | Candidate::Product { name, .. } => name.as_str(),
        });
        assert_eq!(names.next(), Some("剪发"), "{limit}: {found:?}");
        assert!(names.find(|name| *name != "剪发") == Some("剪发加洗"));
    }
}
