//! Stored value through the real back end: the order it was sold with, parts of a bonus with days of their
//! own, and their reversal (SV2, SV4, RF1, LV1).

use chrono::{Days, NaiveDate};
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::ledger::Stamp;
use guitai::domain::money::Fen;
use guitai::domain::stored_value::SpendOrder;
use guitai::domain::tender::TenderKind::{Cash, StoredValue};
use guitai::domain::top_up::ReversalRequest;
use guitai::query::{Backend, Query};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::books::{Counter, OWNER, books};
use crate::support::cluster::Database;

async fn till(database: &Database, number: u16) -> Counter {
    Counter::open(database.options(APP), number).await
}

async fn holds(database: &Database) {
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    assert_eq!(verify(&mut conn).await.unwrap().difference, None);
}

fn on(till: &Counter, day: NaiveDate) -> Stamp {
    Stamp {
        business_on: day,
        ..till.stamp()
    }
}

async fn release(till: &Counter, member_id: i64, day: NaiveDate) {
    let stamp = on(till, day);
    let query = Query::Release { stamp, member_id };
    till.db.answer(query).await.unwrap();
}

fn reversal(stamp: &Stamp, top_up_id: Uuid, member_id: i64) -> Query {
    Query::ReverseTopUp(ReversalRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            ..stamp.clone()
        },
        top_up_id,
        member_id,
    })
}

/// SV2: the order is part of the terms it was sold under; a change is for what is sold afterwards.
#[tokio::test]
async fn a_lot_is_spent_by_the_terms_it_was_sold_under() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 500).await.unwrap();
    till.edit_terms(|shop| shop.spend_order = SpendOrder::BonusFirst)
        .await;
    let her = till.member(her.id).await;
    till.sell(Some(&her), 5_800, StoredValue).await.unwrap();
    let her = till.member(her.id).await;
    assert_eq!((her.principal, her.bonus), (Fen(45_000), Fen(7_200)));
    till.top_up(&her, 500).await.unwrap();
    let her = till.member(her.id).await;
    // The rest of the first, and of the second bonus only.
    till.sell(Some(&her), 52_200 + 8_000, StoredValue)
        .await
        .unwrap();
    let her = till.member(her.id).await;
    assert_eq!((her.principal, her.bonus), (Fen(50_000), Fen::ZERO));
    holds(&database).await;
}

/// SV4: each part of a bonus with valid days has all of them, though the first is long gone; and RF1: a
/// reversal takes back all that is left of them.
#[tokio::test]
async fn each_part_of_a_bonus_has_its_own_days() {
    let database = books().await;
    let valid = "update top_up_rule set benefits = (select jsonb_agg(
           case when b ->> 'kind' = 'bonus' then b || '{\"valid_days\": 30}' else b end) from jsonb_array_elements(benefits) b)";
    database.owner().await.execute(valid).await.unwrap();
    let (one, two) = (till(&database, 1).await, till(&database, 2).await);
    let her = one.enrol("13800001380").await;
    let loaded = one.top_up(&her, 2_000).await.unwrap();
    let her = one.member(her.id).await;
    assert_eq!((her.bonus, her.instalments.len()), (Fen::yuan(100), 4));
    let first = her
        .lots
        .iter()
        .find_map(|lot| lot.expires_on.filter(|_| lot.bonus.is_positive()));
    let (second, third) = (her.instalments[0].due_on, her.instalments[1].due_on);
    assert!(first.unwrap() < second);

    tokio::join!(release(&one, her.id, second), release(&two, her.id, second));
    let after = one.member(her.id).await;
    assert_eq!(after.bonus, Fen::yuan(200));
    assert_eq!(after.bonus_on(second), Fen::yuan(100));
    assert_eq!(after.bonus_on(second + Days::new(30)), Fen::yuan(100));
    assert_eq!(after.bonus_on(second + Days::new(31)), Fen::ZERO);
    let stamp = on(&one, second);
    one.db.answer(Query::Expire { stamp }).await.unwrap();
    assert_eq!(one.member(her.id).await.bonus, Fen::yuan(100));

    release(&one, her.id, third).await;
    assert_eq!(one.member(her.id).await.bonus, Fen::yuan(200));
    holds(&database).await;

    let receipt = one
        .receipt(reversal(&on(&one, third), loaded.id, her.id))
        .await
        .unwrap();
    assert_eq!(
        (receipt.document.amount, receipt.document.bonus),
        (Fen::yuan(2_000), Fen::yuan(200))
    );
    let after = one.member(her.id).await;
    // RF1: nothing more comes of it.
    assert_eq!(
        (after.stored_value(), after.instalments.len()),
        (Fen::ZERO, 0)
    );
    holds(&database).await;
    let mut owner = database.owner().await;
    owner
        .execute("update instalment set cancelled_by = null")
        .await
        .unwrap();
    let found = verify(&mut owner).await.unwrap().difference.unwrap();
    assert_eq!(found.hint, "verify.instalment");
}

/// A part in a lot of its own is spent before what does not expire, and then the top-up is not whole.
#[tokio::test]
async fn a_part_of_its_own_is_spent_first() {
    let database = books().await;
    let valid = "update top_up_rule set benefits = (select jsonb_agg(
           case when b ->> 'kind' = 'bonus' then b || '{\"valid_days\": 30}' else b end) from jsonb_array_elements(benefits) b)";
    database.owner().await.execute(valid).await.unwrap();
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    let loaded = till.top_up(&her, 2_000).await.unwrap();
    let second = till.member(her.id).await.instalments[0].due_on;
    release(&till, her.id, second).await;
    let her = till.member(her.id).await;
    let mut sale = till.sale(Some(&her), 6_000, StoredValue);
    sale.stamp = on(&till, second);
    till.send_sale(sale, Some(&her)).await.unwrap();
    let her = till.member(her.id).await;
    assert_eq!(
        (her.principal, her.bonus_on(second)),
        (Fen::yuan(2_000), Fen::yuan(40))
    );
    let refused = till.receipt(reversal(&on(&till, second), loaded.id, her.id));
    assert_eq!(refused.await.unwrap_err().hint, "top_up.spent");
    holds(&database).await;
}

/// LV1: a level reached by spend stays when the top-up that gave it first is reversed.
#[tokio::test]
async fn a_reversal_leaves_an_earned_level() {
    let database = books().await;
    let till = till(&database, 1).await;
    for (phone, fen, level) in [
        ("13800001380", 99_900, "普卡"),
        ("13800001381", 100_000, "银卡"),
    ] {
        let her = till.enrol(phone).await;
        let loaded = till.top_up(&her, 1_000).await.unwrap();
        let her = till.member(her.id).await;
        assert_eq!(her.level.name, "银卡");
        till.sell(Some(&her), fen, Cash).await.unwrap();
        till.receipt(reversal(&till.stamp(), loaded.id, her.id))
            .await
            .unwrap();
        assert_eq!(till.member(her.id).await.level.name, level, "{fen}");
    }
    holds(&database).await;
}
