//! What leaves the shop is logged before it is given, and the log stays (PV2, MB7).

use guitai::db::open::APP;
use guitai::error::Result;
use guitai::query::{Backend, DisclosureKind, ListFile, Query, Reply};

use crate::support::books::{CASHIER, Counter, MANAGER, OWNER, books};

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

fn export(staff_id: i32, reason: &str) -> Query {
    Query::ExportList(Box::new(ListFile {
        staff_id,
        till_id: 1,
        what: "未到店 > 45 天".to_owned(),
        rows: 12,
        reason: reason.to_owned(),
        name: "dormant.csv".to_owned(),
        text: "secret".to_owned(),
    }))
}

#[tokio::test]
async fn a_list_leaves_only_with_a_right_a_reason_and_a_line_in_the_log() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    let reveal = |staff_id, reason: &str| Query::RevealPhone {
        member_id: her.id,
        staff_id,
        till_id: 1,
        reason: reason.to_owned(),
    };
    let file = till.folder.path().join("export/dormant.csv");
    assert_eq!(
        hint(till.db.answer(export(CASHIER, "x")).await),
        "staff.no_right"
    );
    assert_eq!(
        hint(till.db.answer(export(MANAGER, " ")).await),
        "disclosure.reason_missing"
    );
    assert_eq!(
        hint(till.db.answer(reveal(CASHIER, "x")).await),
        "staff.no_right"
    );
    assert!(!file.exists());
    till.db.answer(export(MANAGER, "电话回访")).await.unwrap();
    assert!(file.exists());
    let Reply::Phone(phone) = till.db.answer(reveal(OWNER, "核对身份")).await.unwrap() else {
        panic!("a phone");
    };
    assert_eq!(phone.as_deref(), Some("13800001380"));
    let log = |staff_id, before| Query::Disclosures {
        staff_id,
        before,
        limit: 10,
    };
    assert_eq!(
        hint(till.db.answer(log(CASHIER, None)).await),
        "staff.no_right"
    );
    let Reply::Disclosures(rows) = till.db.answer(log(OWNER, None)).await.unwrap() else {
        panic!("the log");
    };
    let [looked, exported] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    assert_eq!(looked.kind, DisclosureKind::Reveal);
    assert_eq!(looked.member, Some((her.id, "王晓明".to_owned())));
    assert_eq!((exported.kind, exported.rows), (DisclosureKind::Export, 12));
    assert_eq!(
        (exported.staff.as_str(), exported.till.as_str()),
        ("员工201", "1号台")
    );
    assert_eq!(
        (exported.what.as_str(), exported.reason.as_str()),
        ("未到店 > 45 天", "电话回访")
    );
    let Reply::Disclosures(older) = till.db.answer(log(OWNER, Some(looked.id))).await.unwrap()
    else {
        panic!("the log");
    };
    assert_eq!(older.as_slice(), &rows[1..]);
}

#[tokio::test]
async fn the_log_is_append_only_even_for_its_owner() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    till.db.answer(export(MANAGER, "电话回访")).await.unwrap();
    let mut owner = database.owner().await;
    for change in [
        "update disclosure set reason = 'nothing'",
        "delete from disclosure",
        "truncate disclosure",
    ] {
        assert!(
            sqlx::query(change).execute(&mut owner).await.is_err(),
            "{change}"
        );
    }
}
