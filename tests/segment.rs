//! A coupon for everybody of a list: once each, within the limits, whatever the consoles do (PR4).

use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::coupon::CouponRule;
use guitai::domain::ledger::Stamp;
use guitai::domain::promotion::Who;
use guitai::domain::segment::{Batch, Preview, ROUND, Remind, Request, Round, Segment, Without};
use guitai::domain::tender::TenderKind::Wechat;
use guitai::error::Result;
use guitai::query::{Backend, Differences, OperationsOf, Query, Reply};

use crate::coupon::{rule, save};
use crate::faults::differences;
use crate::support::books::{CASHIER, Counter, MANAGER, books, count};
use crate::support::cluster::Database;

/// Everybody who was ever here.
const ALL: Segment = Segment::Dormant {
    days: -1,
    rhythm: false,
    max_days: None,
    level_id: None,
    balance: None,
};

async fn batch(till: &Counter, rule: CouponRule, segment: Segment) -> Batch {
    let shop = save(till, rule).await.unwrap();
    Batch {
        segment,
        rule: shop.coupons.last().unwrap().rule,
        business_on: till.shift.business_on,
    }
}

/// So many members who were here once.
async fn visitors(till: &Counter, count: i64) {
    for n in 0..count {
        let her = till.enrol(&format!("1370000{n:04}")).await;
        till.sell(Some(&her), 1_000 + n, Wechat).await.unwrap();
    }
}

async fn preview(till: &Counter, batch: Batch) -> Preview {
    match till.db.answer(Query::Segment(batch)).await.unwrap() {
        Reply::Segment(preview) => *preview,
        other => panic!("{other:?}"),
    }
}

async fn round(
    till: &Counter,
    batch: Batch,
    members: &[i64],
    by: (i32, Option<i32>),
) -> Result<Round> {
    let request = Request {
        stamp: Stamp {
            operator_id: by.0,
            approver_id: by.1,
            ..till.stamp()
        },
        batch,
        reason: "好久不见".to_owned(),
        members: members.to_vec(),
    };
    match till
        .db
        .answer(Query::GiveSegment(Box::new(request)))
        .await?
    {
        Reply::SegmentGiven(round) => Ok(round),
        other => panic!("{other:?}"),
    }
}

/// All of a preview, round by round; how many were given and how many were not.
async fn all(till: &Counter, batch: Batch, preview: &Preview) -> (usize, usize) {
    let (mut given, mut not) = (0, 0);
    for members in preview.gets.chunks(ROUND) {
        let round = round(till, batch, members, (MANAGER, None)).await.unwrap();
        given += round.given;
        not += round.without.values().sum::<usize>();
    }
    (given, not)
}

async fn holds(database: &Database, till: &Counter) {
    let mut owner = database.owner().await;
    assert_eq!(verify(&mut owner).await.unwrap().difference, None);
    assert_eq!(differences(till).await, Differences::default());
}

#[tokio::test]
async fn nobody_one_and_three_hundred() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let mut owner = database.owner().await;
    let once = CouponRule {
        per_member: Some(1),
        ..rule()
    };
    let everybody = batch(&till, once.clone(), ALL).await;
    let empty = preview(&till, everybody).await;
    assert_eq!((empty.members, empty.gets.len(), empty.cut), (0, 0, false));

    visitors(&till, 1).await;
    let single = preview(&till, everybody).await;
    assert_eq!(all(&till, everybody, &single).await, (1, 0));
    let again = preview(&till, everybody).await;
    assert_eq!((again.gets.len(), again.without[&Without::Done]), (0, 1));

    for n in 1..300 {
        let her = till.enrol(&format!("1370000{n:04}")).await;
        till.sell(Some(&her), 1_000, Wechat).await.unwrap();
    }
    let many = preview(&till, everybody).await;
    assert_eq!((many.members, many.gets.len()), (300, 299));
    assert_eq!(all(&till, everybody, &many).await, (299, 0));
    // The same press again, and a copy of it that comes late: nobody gets two.
    assert_eq!(all(&till, everybody, &many).await, (0, 299));
    assert_eq!(count(&mut owner, "gift").await, 300);
    let log = preview(&till, everybody).await.batches;
    assert_eq!(
        (log.len(), log[0].given, log[0].reason.as_str()),
        (1, 300, "好久不见")
    );
    assert_eq!(log[0].segment, ALL);
    // Another filter: the rule gives one to each, and they had theirs.
    let Segment::Dormant {
        rhythm,
        max_days,
        level_id,
        balance,
        ..
    } = ALL
    else {
        panic!()
    };
    let segment = Segment::Dormant {
        days: -2,
        rhythm,
        max_days,
        level_id,
        balance,
    };
    let full = preview(
        &till,
        Batch {
            segment,
            ..everybody
        },
    )
    .await;
    assert_eq!((full.gets.len(), full.without[&Without::Full]), (0, 300));
    let her = till.member(many.gets[7]).await;
    assert_eq!(her.grants.len(), 1);
    let of = OperationsOf::Member(her.id);
    let query = Query::Operations {
        of,
        before: None,
        limit: 5,
    };
    let Reply::Operations(rows) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert_eq!(rows[0].kind.name(), "gift");
    holds(&database, &till).await;
}

/// A total of 40 for 60 members, two consoles at once: 40 are given, nobody has two.
#[tokio::test]
async fn two_consoles_and_a_total() {
    let database = books().await;
    let first = Counter::open(database.options(APP), 1).await;
    let second = Counter::open(database.options(APP), 2).await;
    visitors(&first, 60).await;
    let everybody = batch(
        &first,
        CouponRule {
            total: Some(40),
            ..rule()
        },
        ALL,
    )
    .await;
    let (here, there) = (
        preview(&first, everybody).await,
        preview(&second, everybody).await,
    );
    assert_eq!(
        (here.gets.len(), here.without[&Without::NoneLeft]),
        (40, 20)
    );
    // The other one was looking at a list in another order, and at more of them.
    let mut turned = there.clone();
    turned.gets.reverse();
    let (here, there) = tokio::join!(
        all(&first, everybody, &here),
        all(&second, everybody, &turned)
    );
    assert_eq!(here.0 + there.0, 40);
    assert_eq!(here.1 + there.1, 40);
    let mut owner = database.owner().await;
    assert_eq!(count(&mut owner, "gift").await, 40);
    // Whoever was left out is told so, one by one, and the round goes on.
    let left: Vec<i64> = {
        let ids: Vec<i64> = sqlx::query_scalar(
            "select id from member where id not in (select member_id from member_grant)",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap();
        ids
    };
    let late = round(&first, everybody, &left, (MANAGER, None))
        .await
        .unwrap();
    assert_eq!((late.given, late.without[&Without::NoneLeft]), (0, 20));
    holds(&database, &first).await;
    assert_eq!(differences(&second).await, Differences::default());
}

#[tokio::test]
async fn stopped_and_resumed() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    visitors(&till, 70).await;
    let everybody = batch(&till, rule(), ALL).await;
    let seen = preview(&till, everybody).await;
    let given = round(&till, everybody, &seen.gets[..ROUND], (MANAGER, None))
        .await
        .unwrap();
    assert_eq!(given.given, ROUND);
    // Somebody was at another till meanwhile: that is no reason.
    let her = till.member(seen.gets[60]).await;
    till.sell(Some(&her), 500, Wechat).await.unwrap();
    // The rule has no limit for one, and still she gets one of this batch.
    let rest = preview(&till, everybody).await;
    assert_eq!((rest.gets.len(), rest.without[&Without::Done]), (20, ROUND));
    assert_eq!(rest.batches[0].given, 50);
    assert_eq!(all(&till, everybody, &rest).await, (20, 0));
    let mut owner = database.owner().await;
    assert_eq!(count(&mut owner, "gift").await, 70);
    holds(&database, &till).await;
}

/// A right, or one approval that stands in each of the operations (OP3).
#[tokio::test]
async fn by_a_right_or_an_approval() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    visitors(&till, 3).await;
    let everybody = batch(&till, rule(), ALL).await;
    let seen = preview(&till, everybody).await;
    let alone = round(&till, everybody, &seen.gets, (CASHIER, None)).await;
    assert_eq!(alone.unwrap_err().hint, "approval.needed");
    let own = round(&till, everybody, &seen.gets, (CASHIER, Some(CASHIER))).await;
    assert_eq!(own.unwrap_err().hint, "approval.yourself");
    let mut owner = database.owner().await;
    assert_eq!(count(&mut owner, "gift").await, 0);
    let both = round(&till, everybody, &seen.gets, (CASHIER, Some(MANAGER)))
        .await
        .unwrap();
    assert_eq!(both.given, 3);
    let approvals: i64 = sqlx::query_scalar("select count(*) from approval where approver_id = 2")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(approvals, 3);
    holds(&database, &till).await;
}

/// Other levels, who was forgotten, a rule that was edited meanwhile, a batch that says another number.
#[tokio::test]
async fn what_stands_in_the_way() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    visitors(&till, 3).await;
    let mut owner = database.owner().await;
    let nobody = till.shop.levels.last().unwrap().id;
    let who = Who {
        levels: vec![nobody],
        ..Who::default()
    };
    let gold = batch(&till, CouponRule { who, ..rule() }, ALL).await;
    let seen = preview(&till, gold).await;
    assert_eq!((seen.gets.len(), seen.without[&Without::Level]), (0, 3));

    let everybody = batch(&till, rule(), ALL).await;
    let mut seen = preview(&till, everybody).await;
    sqlx::query("update member set erased_at = now() where id = $1")
        .bind(seen.gets[0])
        .execute(&mut owner)
        .await
        .unwrap();
    let given = round(&till, everybody, &seen.gets, (MANAGER, None))
        .await
        .unwrap();
    assert_eq!((given.given, given.without[&Without::Gone]), (2, 1));
    seen = preview(&till, everybody).await;
    assert_eq!(
        (seen.without[&Without::Gone], seen.without[&Without::Done]),
        (1, 2)
    );

    let mut edited = save(
        &till,
        CouponRule {
            rule: everybody.rule,
            name: "另一个".to_owned(),
            ..rule()
        },
    )
    .await
    .unwrap();
    let late = round(&till, everybody, &[1], (MANAGER, None)).await;
    assert_eq!(late.unwrap_err().hint, "coupon.rule_changed");
    // Nobody is in the list of reminders; another reason is another batch.
    let rule = edited.coupons.pop().unwrap().rule;
    let reminded = Batch {
        segment: Segment::Reminder { kind: Remind::Week },
        rule,
        ..everybody
    };
    assert_eq!(preview(&till, reminded).await.members, 0);
    assert_ne!(reminded.id(), everybody.id());

    sqlx::query("update member set erased_at = null")
        .execute(&mut owner)
        .await
        .unwrap();
    holds(&database, &till).await;
    sqlx::query("update coupon_batch set given = given + 1")
        .execute(&mut owner)
        .await
        .unwrap();
    let found = verify(&mut owner).await.unwrap().difference.unwrap();
    assert_eq!(found.hint, "verify.batch");
}
