//! Unregistered gift cards: sold within their limits, paying as far as they go, nobody's until they are registered (SV10).

use guitai::db::journal::{Entry, Journal};
use guitai::db::ledger::fingerprint;
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::gift_card::{BuyerKind, CardSaleRequest, Identity, NewCard, Sold};
use guitai::domain::ledger::Stamp;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::reader::Near;
use guitai::domain::settlement::{Reason, Scope, SettlementRequest};
use guitai::domain::shop::LimitsProfile;
use guitai::domain::tender::TenderKind::{self, BankCard, Cash, StoredValue, Wechat};
use guitai::domain::top_up::ReversalRequest;
use guitai::domain::transfer::{TransferRequest, What};
use guitai::error::Result;
use guitai::query::{Backend, Found, OperationsOf, Query, Reply};
use sqlx::{Connection, Executor, PgConnection};

use crate::support::books::{Counter, MANAGER, OWNER, books, count};
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

/// So many cards of so much from stock, with numbers from `first` on.
fn cards(till: &Counter, first: u32, count: u32, yuan: i64, way: TenderKind) -> CardSaleRequest {
    let card = |no| NewCard {
        code: format!("77{no:06}"),
        is_minted: false,
        amount: Fen::yuan(yuan),
    };
    CardSaleRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            ..till.stamp()
        },
        cards: (first..first + count).map(card).collect(),
        buyer: BuyerKind::Person,
        identity: None,
        way,
    }
}

fn her() -> Identity {
    Identity {
        name: "赵六".to_owned(),
        tail: "123X".to_owned(),
    }
}

fn sell(request: &CardSaleRequest) -> Query {
    Query::SellCards(Box::new(request.clone()))
}

async fn scan(till: &Counter, card: &str) -> Found {
    let query = Query::Scan {
        codes: vec![card.to_owned()],
        near: Near::default(),
    };
    let Reply::Found(found) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    found
}

async fn card(till: &Counter, code: &str) -> Member {
    match scan(till, code).await {
        Found::Member(card) => *card,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_card_pays_as_far_as_it_goes_and_is_nobody() {
    let database = books().await;
    let till = till(&database, 1).await;
    let receipt = till.receipt(sell(&cards(&till, 1, 2, 100, Wechat))).await;
    let receipt = receipt.unwrap();
    let sold = receipt.document.card.unwrap();
    assert_eq!(
        (sold.of, sold.tail.as_str(), sold.total),
        (2, "0001", Fen::yuan(200))
    );

    let it = card(&till, "77000001").await;
    assert!(it.is_bearer && !it.is_registered() && it.priced_as().is_none());
    assert_eq!(
        (it.principal, it.bonus, it.points),
        (Fen::yuan(100), Fen::ZERO, 0)
    );
    let mut sale = till.sale(Some(&it), 12_000, StoredValue);
    sale.tenders = vec![
        guitai::domain::tender::Tender::exact(StoredValue, Fen::yuan(100)),
        guitai::domain::tender::Tender::exact(Cash, Fen::yuan(20)),
    ];
    till.send_sale(sale, Some(&it)).await.unwrap();
    let it = card(&till, "77000001").await;
    assert_eq!((it.stored_value(), it.points, it.visits), (Fen::ZERO, 0, 0));
    assert_eq!(
        (it.spend, it.last_visit_on, it.grants.len()),
        (Fen::ZERO, None, 0)
    );
    let refused = till.sell(Some(&it), 1, StoredValue).await.unwrap_err();
    assert_eq!(refused.hint, "stored_value.short");
    // A rule of the shop gives nothing to a card.
    let refused = till.top_up(&it, 500).await.unwrap_err();
    assert_eq!(refused.hint, "gift_card.no_member");
    holds(&database).await;
}

/// SV10, MB7: who types a beginning finds no cards.
#[tokio::test]
async fn cards_are_in_no_list() {
    let database = books().await;
    let till = till(&database, 1).await;
    till.receipt(sell(&cards(&till, 1, 1, 100, Cash)))
        .await
        .unwrap();
    for (typed, found) in [("7700", 0), ("77000001", 1)] {
        let typed = guitai::query::Typed::Digits(typed.to_owned());
        let query = Query::Candidates { typed, limit: 9 };
        let Reply::Candidates(rows) = till.db.answer(query).await.unwrap() else {
            panic!()
        };
        assert_eq!(rows.len(), found);
    }
    let query = Query::Operations {
        of: OperationsOf::Till(1),
        before: None,
        limit: 9,
    };
    let Reply::Operations(rows) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert_eq!(rows[0].amount, Fen::yuan(100));
}

#[tokio::test]
async fn the_limits_bind_where_they_are_enforced() {
    let database = books().await;
    let till = till(&database, 1).await;
    till.edit_terms(|shop| shop.limits_profile = LimitsProfile::Enforce)
        .await;
    let mut ten = cards(&till, 1, 10, 1_000, Cash);
    let refused = till.receipt(sell(&ten)).await.unwrap_err();
    assert_eq!(refused.hint, "gift_card.needs_identity");
    ten.stamp = cards(&till, 1, 1, 1, Cash).stamp;
    ten.identity = Some(her());
    ten.buyer = BuyerKind::Unit;
    let refused = till.receipt(sell(&ten)).await.unwrap_err();
    assert_eq!(refused.hint, "gift_card.not_cash");
    ten.stamp = cards(&till, 1, 1, 1, Cash).stamp;
    ten.way = BankCard;
    till.receipt(sell(&ten)).await.unwrap();
    let mut owner = database.owner().await;
    assert_eq!(count(&mut owner, "top_up").await, 10);
    // Her name stands apart: in no document, and the till's disk does not know it or the cards.
    let documents: Vec<String> = sqlx::query_scalar("select document::text from operation")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert!(
        documents
            .iter()
            .all(|it| !it.contains("赵六") && !it.contains("77000001"))
    );
    for file in std::fs::read_dir(till.folder.path()).unwrap().flatten() {
        let text = std::fs::read(file.path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        assert!(
            !text.contains("赵六") && !text.contains("77000001"),
            "{file:?}"
        );
    }
    let look = sqlx::query_scalar::<_, String>("select card_buyer_of($1, $2, 1, '检查')->>'name'");
    let mut app = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    let name = look
        .bind(ten.stamp.id)
        .bind(OWNER)
        .fetch_one(&mut app)
        .await;
    assert_eq!(name.unwrap(), "赵六");
    assert!(app.execute("select name from card_buyer").await.is_err());
    // Kept for five years, whoever asks.
    for sql in [
        "delete from card_buyer",
        "update card_buyer set name = 'x'",
        "truncate card_buyer",
    ] {
        assert!(owner.execute(sql).await.is_err(), "{sql}");
    }
    holds(&database).await;
}

/// The database's own wall, whatever the program says.
#[tokio::test]
async fn the_database_refuses_by_itself() {
    let database = books().await;
    let till = till(&database, 1).await;
    till.edit_terms(|shop| shop.limits_profile = LimitsProfile::Enforce)
        .await;
    let mut app = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    let shift = till.shift.id;
    let mut try_it = async |way: &str, approver: Option<i32>, buyer: &str, amounts: &[i64]| {
        let stamp = till.stamp();
        let cards: Vec<_> = amounts.iter().zip(1..).map(|(amount, no)| {
            let id = if no == 1 { stamp.id } else { uuid::Uuid::now_v7() };
            serde_json::json!({ "id": id, "code": format!("99{no:05}"), "is_minted": false, "amount": amount,
                "lot": uuid::Uuid::now_v7(), "document": { "amount": amount, "card": { "no": no } } })
        }).collect();
        let mut inside = app.begin().await.unwrap();
        let done = sqlx::query(
            "select sell_cards($1, 1, $2, 1, $3, $4, $5, $6, $7::text::jsonb, $8, '\\x00')",
        )
        .bind(stamp.id)
        .bind(shift)
        .bind(approver)
        .bind(stamp.business_on)
        .bind(stamp.at)
        .bind(way)
        .bind(buyer)
        .bind(serde_json::Value::Array(cards))
        .execute(&mut *inside)
        .await;
        inside.rollback().await.unwrap();
        match done {
            Ok(_) => "sold".to_owned(),
            Err(error) => error
                .as_database_error()
                .and_then(|it| it.code().map(std::borrow::Cow::into_owned))
                .unwrap_or_default(),
        }
    };
    let person = r#"{"kind": "person"}"#;
    let unit = r#"{"kind": "unit"}"#;
    assert_eq!(try_it("cash", None, person, &[100_000]).await, "sold");
    assert_eq!(try_it("cash", None, person, &[100_001]).await, "GT051");
    assert_eq!(
        try_it("cash", Some(OWNER), person, &[100_000; 10]).await,
        "GT051"
    );
    assert_eq!(
        try_it("cash", Some(OWNER), unit, &[100_000; 5]).await,
        "GT051"
    );
    assert_eq!(
        try_it("wechat", Some(OWNER), unit, &[100_000; 5]).await,
        "sold"
    );
    // OP3: more than the cashier may by herself, however small the cards.
    assert_eq!(try_it("wechat", None, person, &[100_000; 9]).await, "GT006");
    assert_eq!(try_it("points", None, person, &[100]).await, "GT004");
    assert_eq!(try_it("cash", None, person, &[-100]).await, "GT004");
}

#[tokio::test]
async fn two_tills_sell_and_spend_one_card() {
    let database = books().await;
    let (one, two) = (till(&database, 1).await, till(&database, 2).await);
    let (left, right) = (cards(&one, 1, 2, 100, Cash), cards(&two, 2, 2, 100, Cash));
    let (left, right) = tokio::join!(one.receipt(sell(&left)), two.receipt(sell(&right)));
    let lost = [&left, &right]
        .into_iter()
        .filter_map(|it| it.as_ref().err());
    assert_eq!(
        lost.map(|it| it.hint).collect::<Vec<_>>(),
        ["gift_card.taken"]
    );
    assert_eq!(count(&mut database.owner().await, "top_up").await, 2);

    let it = card(&one, "77000002").await;
    let (left, right) = tokio::join!(
        one.sell(Some(&it), 6_000, StoredValue),
        two.sell(Some(&it), 6_000, StoredValue)
    );
    let lost = [&left, &right]
        .into_iter()
        .filter_map(|it: &Result<_>| it.as_ref().err());
    assert_eq!(
        lost.map(|it| it.hint).collect::<Vec<_>>(),
        ["stored_value.short"]
    );
    assert_eq!(card(&one, "77000002").await.principal, Fen::yuan(40));
    holds(&database).await;
}

/// The same request again sells nothing again, and a shift with cards compares with its journal.
#[tokio::test]
async fn sold_once() {
    let database = books().await;
    let till = till(&database, 1).await;
    let request = cards(&till, 1, 3, 100, Cash);
    let first = till.receipt(sell(&request)).await.unwrap();
    let again = till.receipt(sell(&request)).await.unwrap();
    assert_eq!(first.seq, again.seq);
    assert_eq!(count(&mut database.owner().await, "top_up").await, 3);
    let query = Query::Sheet {
        shift_id: till.shift.id,
    };
    let Reply::Sheet(sheet, differences) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert!(differences.only_journal.is_empty() && differences.only_ledger.is_empty());
    assert_eq!(sheet.expected_cash, Fen::yuan(300));
}

/// A console that died before the answer came: what it had sent is there, what it had not never will be. Its journal knows
/// neither cards nor names.
#[tokio::test]
async fn a_sale_nobody_heard_of_is_settled() {
    let database = books().await;
    let till = till(&database, 1).await;
    let posted = cards(&till, 1, 2, 100, Cash);
    till.receipt(sell(&posted)).await.unwrap();
    let lost = cards(&till, 8, 2, 100, Cash);
    let folder = std::rc::Rc::new(crate::support::folder::Folder::new("died"));
    {
        let mut journal = Journal::open(&folder.path().join("journal")).unwrap();
        for request in [&posted, &lost] {
            let bytes = fingerprint(request);
            let digest = bytes.iter().map(|it| format!("{it:02x}"));
            let sold = Sold {
                stamp: request.stamp.clone(),
                cards: 2,
                total: request.total(),
                way: request.way,
                digest: digest.collect(),
            };
            let entry = Entry {
                id: request.stamp.id,
                kind: "top_up".to_owned(),
                at: request.stamp.at,
                shift: request.stamp.shift_id,
                request: serde_json::to_value(&sold).unwrap(),
            };
            journal.begin(&entry).unwrap();
        }
    }
    drop(till);
    let again = Counter::open_in(database.options(APP), 1, folder).await;
    let mut owner = database.owner().await;
    assert_eq!(count(&mut owner, "top_up").await, 2);
    assert_eq!(count(&mut owner, "void").await, 1);
    let refused = again.receipt(sell(&lost)).await.unwrap_err();
    assert_eq!(refused.hint, "ledger.void");
    again
        .receipt(sell(&cards(&again, 8, 2, 100, Cash)))
        .await
        .unwrap();
    let query = Query::Sheet {
        shift_id: again.shift.id,
    };
    let Reply::Sheet(_, differences) = again.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert!(differences.only_journal.is_empty() && differences.only_ledger.is_empty());
    holds(&database).await;
}

#[tokio::test]
async fn registered_returned_and_settled() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    let sold = till
        .receipt(sell(&cards(&till, 1, 3, 200, Cash)))
        .await
        .unwrap();
    let it = card(&till, "77000001").await;
    let merge = |from_id, to_id| {
        Query::Transfer(TransferRequest {
            stamp: Stamp {
                approver_id: Some(MANAGER),
                ..till.stamp()
            },
            what: What::Merge { from_id, to_id },
        })
    };
    let refused = till.db.answer(merge(her.id, it.id)).await.unwrap_err();
    assert_eq!(refused.hint, "gift_card.no_member");
    till.db.answer(merge(it.id, her.id)).await.unwrap();
    let after = card(&till, "77000001").await;
    assert_eq!(
        (after.id, after.principal, after.is_bearer),
        (her.id, Fen::yuan(200), false)
    );

    // RF1: one card, whole, in its own shift.
    let third = card(&till, "77000003").await;
    let top_up_id = uuid::Uuid::new_v5(&sold.id, b"card 3");
    let reversal = Query::ReverseTopUp(ReversalRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            ..till.stamp()
        },
        top_up_id,
        member_id: third.id,
    });
    till.receipt(reversal).await.unwrap();
    assert_eq!(card(&till, "77000003").await.principal, Fen::ZERO);

    // RF3: what is left of a card goes back by law as everybody's does.
    let second = card(&till, "77000002").await;
    till.sell(Some(&second), 5_000, StoredValue).await.unwrap();
    let settle = Query::Settle(SettlementRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            ..till.stamp()
        },
        member_id: second.id,
        scope: Scope::StoredValue,
        reason: Reason::Consumer,
        way: Cash,
        amount: Fen::yuan(150),
    });
    let receipt = till.receipt(settle).await.unwrap();
    assert_eq!(receipt.document.amount, Fen::yuan(150));
    holds(&database).await;
}

#[tokio::test]
async fn verify_finds_a_card_that_earned() {
    let database = books().await;
    let till = till(&database, 1).await;
    till.receipt(sell(&cards(&till, 1, 1, 100, Cash)))
        .await
        .unwrap();
    holds(&database).await;
    let mut owner = database.owner().await;
    owner
        .execute("update member set is_bearer = false")
        .await
        .unwrap();
    let found = verify(&mut owner).await.unwrap().difference.unwrap();
    assert_eq!(found.hint, "verify.bearer");
}
