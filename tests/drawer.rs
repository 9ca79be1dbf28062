//! The drawer without a payment: by right or with an approval, for a reason, and written down before it opens
//! in a log nobody can change (OP3).

use guitai::db::open::APP;
use guitai::domain::shift::{CloseRequest, Sheet};
use guitai::error::Result;
use guitai::query::{Backend, By, DrawerOpening, Noun, Query, Reply};
use sqlx::Row;
use uuid::Uuid;

use crate::support::books::{CASHIER, Counter, MANAGER, OWNER, books};
use crate::support::proxy::{Cut, Proxy};

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

fn open(staff_id: i32, till_id: i32, approver_id: Option<i32>, reason: &str) -> Query {
    Query::OpenDrawer {
        key: Uuid::now_v7(),
        by: By { staff_id, till_id },
        approver_id,
        reason: reason.to_owned(),
    }
}

async fn log(till: &Counter, before: Option<i64>, limit: i32) -> Vec<DrawerOpening> {
    let query = Query::DrawerOpenings {
        staff_id: OWNER,
        before,
        limit,
    };
    match till.db.answer(query).await.unwrap() {
        Reply::DrawerOpenings(rows) => rows,
        other => panic!("{other:?}"),
    }
}

async fn sheet(till: &Counter) -> Sheet {
    let shift_id = till.shift.id;
    match till.db.answer(Query::Sheet { shift_id }).await.unwrap() {
        Reply::Sheet(sheet, _) => *sheet,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_opening_needs_a_right_a_reason_and_a_seat() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    for (query, refused) in [
        (open(CASHIER, 1, None, "换零钱"), "approval.needed"),
        (open(CASHIER, 1, Some(CASHIER), "换零钱"), "approval.beyond"),
        (
            open(MANAGER, 1, Some(MANAGER), "换零钱"),
            "approval.yourself",
        ),
        (open(CASHIER, 1, Some(99), "换零钱"), "approval.beyond"),
        (open(99, 1, Some(MANAGER), "换零钱"), "staff.no_right"),
        (open(MANAGER, 1, None, " "), "disclosure.reason_missing"),
        (open(MANAGER, 77, None, "换零钱"), "ledger.no_seat"),
    ] {
        let answer = till.db.answer(query.clone()).await;
        assert_eq!(hint(answer), refused, "{query:?}");
    }
    assert_eq!(log(&till, None, 10).await, []);
    assert_eq!(sheet(&till).await.drawer_count, 0);
    let mut owner = database.owner().await;
    let retired = "update staff set active = false where id = $1";
    sqlx::query(retired)
        .bind(MANAGER)
        .execute(&mut owner)
        .await
        .unwrap();
    for query in [
        open(MANAGER, 1, None, "x"),
        open(CASHIER, 1, Some(MANAGER), "x"),
    ] {
        assert!(till.db.answer(query).await.is_err());
    }
}

#[tokio::test]
async fn who_where_when_and_why_stay_on_record() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let other = Counter::open(database.options(APP), 2).await;
    let query = open(CASHIER, 1, Some(MANAGER), " 换零钱 ");
    till.db.answer(query).await.unwrap();
    till.db
        .answer(open(OWNER, 1, None, "试钱箱"))
        .await
        .unwrap();
    other
        .db
        .answer(open(MANAGER, 2, None, "取备用金"))
        .await
        .unwrap();
    let rows = log(&till, None, 10).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.staff.as_str(),
                row.approver.as_deref(),
                row.till.as_str(),
                row.reason.as_str(),
                row.in_shift,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("员工201", None, "2号台", "取备用金", true),
            ("员工1", None, "1号台", "试钱箱", true),
            ("员工101", Some("员工201"), "1号台", "换零钱", true),
        ]
    );
    assert_eq!(log(&till, Some(rows[0].id), 1).await, rows[1..2]);
    let asked = Query::DrawerOpenings {
        staff_id: CASHIER,
        before: None,
        limit: 10,
    };
    assert_eq!(hint(till.db.answer(asked).await), "staff.no_right");
    // No money moved, and no operation was posted.
    let mut owner = database.owner().await;
    let row = sqlx::query("select count(*) from drawer_opening d join shift s on s.id = d.shift_id and s.till_id = d.till_id where d.at > now() - interval '1 minute'")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(row.get::<i64, _>(0), 3);
    for change in [
        "update drawer_opening set reason = 'nothing'",
        "delete from drawer_opening",
        "truncate drawer_opening",
    ] {
        let refused = sqlx::query(change).execute(&mut owner).await;
        assert!(refused.is_err(), "{change}");
    }
}

/// OP1: the sheet says how often, while the shift is open and when it is read again years later.
#[tokio::test]
async fn the_sheet_of_the_shift_counts_its_own() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let other = Counter::open(database.options(APP), 2).await;
    for reason in ["换零钱", "试钱箱"] {
        till.db
            .answer(open(MANAGER, 1, None, reason))
            .await
            .unwrap();
    }
    other.db.answer(open(MANAGER, 2, None, "x")).await.unwrap();
    let before = sheet(&till).await;
    assert_eq!(before.drawer_count, 2);
    let request = CloseRequest {
        stamp: till.stamp(),
        expected: before.expected_cash,
        counted: before.expected_cash,
        reason: String::new(),
    };
    let id = request.stamp.id;
    till.db.answer(Query::CloseShift(request)).await.unwrap();
    // Between two shifts it stands in the log only.
    till.db
        .answer(open(MANAGER, 1, None, "盘点"))
        .await
        .unwrap();
    assert!(!log(&till, None, 1).await[0].in_shift);
    let receipt = till.receipt(Query::ReadReceipt { id }).await.unwrap();
    assert_eq!(receipt.document.sheet, Some(Box::new(before)));
    assert_eq!(Noun::named("drawer"), Noun::Drawer);
}

/// The answer is lost: asked again under its key it is written down once, and the drawer may open. Where no
/// answer comes at all the row says that nobody knows.
#[tokio::test]
async fn an_opening_whose_answer_is_lost_is_written_down_once() {
    let database = books().await;
    let proxy = Proxy::new().await;
    let till = Counter::open(proxy.options(&database, APP), 1).await;
    for cut in [
        Cut::AfterMessages(1),
        Cut::AfterMessages(3),
        Cut::BeforeReply(1),
        Cut::MidReply(1),
    ] {
        let before = log(&till, None, 50).await.len();
        proxy.cut(cut);
        let query = open(MANAGER, 1, None, "换零钱");
        let Query::OpenDrawer { key, .. } = &query else {
            panic!()
        };
        let pulsed = Query::DrawerPulsed {
            key: *key,
            till_id: 1,
        };
        let answer = till.db.answer(query.clone()).await;
        assert!(answer.is_ok(), "{cut:?}: {answer:?}");
        proxy.cut(Cut::AfterMessages(usize::MAX));
        // Once more, as if the answer had been lost again.
        till.db.answer(query).await.unwrap();
        let rows = log(&till, None, 50).await;
        assert_eq!(rows.len(), before + 1, "{cut:?}");
        assert!(!rows[0].is_sure);
        till.db.answer(pulsed.clone()).await.unwrap();
        till.db.answer(pulsed).await.unwrap();
        assert!(log(&till, None, 1).await[0].is_sure);
    }
    // A key is of one opening.
    let query = open(MANAGER, 1, None, "换零钱");
    let Query::OpenDrawer { key, .. } = query.clone() else {
        panic!()
    };
    till.db.answer(query).await.unwrap();
    let other = Counter::open(database.options(APP), 2).await;
    let stolen = Query::OpenDrawer {
        key,
        by: By {
            staff_id: MANAGER,
            till_id: 2,
        },
        approver_id: None,
        reason: "x".to_owned(),
    };
    assert_eq!(hint(other.db.answer(stolen).await), "refusal.not_found");
    let pulsed = Query::DrawerPulsed { key, till_id: 2 };
    other.db.answer(pulsed).await.unwrap();
    assert!(!log(&till, None, 1).await[0].is_sure);
    let mut owner = database.owner().await;
    for change in [
        "update drawer_pulse set at = now()",
        "delete from drawer_pulse",
        "truncate drawer_pulse",
    ] {
        let refused = sqlx::query(change).execute(&mut owner).await;
        assert!(refused.is_err(), "{change}");
    }
}
