//! Edits of a member and cards given to her: whose they are stands in a log nobody can change, and two who
//! edit her at once do not undo one another (PV1).

use guitai::db::open::APP;
use guitai::domain::member::Member;
use guitai::error::Result;
use guitai::query::{Backend, By, Person, Query, Reply};
use sqlx::Row;

use crate::support::books::{CASHIER, Counter, MANAGER, books};

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

const fn by(staff_id: i32, till_id: i32) -> By {
    By { staff_id, till_id }
}

fn edit(her: &Member, by: By, name: &str, notes: &str) -> Query {
    Query::EditMember {
        id: her.id,
        edition: her.edition,
        by,
        person: Person {
            name: name.to_owned(),
            notes: notes.to_owned(),
            ..Person::default()
        },
    }
}

#[tokio::test]
async fn whoever_changes_a_member_is_written_down() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    let card = |by, card: &str| Query::AddCard {
        member_id: her.id,
        by,
        card: card.to_owned(),
    };
    let renamed = edit(&her, by(MANAGER, 2), "王小明", "对氨水过敏");
    let Reply::Member(renamed) = till.db.answer(renamed).await.unwrap() else {
        panic!("a member");
    };
    // The same again changes nothing and says so nowhere.
    let same = edit(&renamed, by(MANAGER, 2), "王小明", "对氨水过敏");
    till.db.answer(same).await.unwrap();
    let first = card(by(CASHIER, 1), "8800000000000013");
    till.db.answer(first.clone()).await.unwrap();
    assert_eq!(hint(till.db.answer(first).await), "member.card_taken");
    let nobody = card(by(99, 1), "8800000000000021");
    assert_eq!(hint(till.db.answer(nobody).await), "staff.no_right");
    let nobody = edit(&renamed, by(0, 1), "x", "");
    assert_eq!(hint(till.db.answer(nobody).await), "staff.no_right");

    let mut owner = database.owner().await;
    let rows = sqlx::query(
        "select member_id, staff_id, till_id, changed, at > now() - interval '1 minute' from member_edit order by id",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let rows: Vec<(i64, i32, i32, Vec<String>, bool)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4)))
        .collect();
    let changed = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(
        rows,
        [
            (her.id, MANAGER, 2, changed(&["name", "notes"]), true),
            (her.id, CASHIER, 1, changed(&["card"]), true),
        ]
    );
    for change in [
        "update member_edit set staff_id = 3",
        "delete from member_edit",
        "truncate member_edit",
    ] {
        let refused = sqlx::query(change).execute(&mut owner).await;
        assert!(refused.is_err(), "{change}");
    }
}

#[tokio::test]
async fn of_two_who_edit_at_once_one_is_told() {
    let database = books().await;
    let one = Counter::open(database.options(APP), 1).await;
    let two = Counter::open(database.options(APP), 2).await;
    let her = one.enrol("13800001380").await;
    let (first, second) = tokio::join!(
        one.db.answer(edit(&her, by(CASHIER, 1), "王小明", "")),
        two.db.answer(edit(&her, by(MANAGER, 2), "王晓明", "老客")),
    );
    let mut hints = [hint(first), hint(second)];
    hints.sort_unstable();
    assert_eq!(hints, ["", "manage.changed"]);
    // What she owns is another matter: money moves meanwhile.
    let her = one.member(her.id).await;
    one.top_up(&her, 100).await.unwrap();
    let late = edit(&her, by(CASHIER, 1), "王", "");
    one.db.answer(late).await.unwrap();
    assert_eq!(one.member(her.id).await.name, "王");
}
