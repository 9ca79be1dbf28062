//! A pulled cable: nobody answers and nobody says so. Every question ends within its limit, the dead
//! connection is not used again, and the header says what is known. The clock is turned by hand.

use std::time::Duration;

use guitai::db::books::Books;
use guitai::db::open::APP;
use guitai::domain::attach::AttachRequest;
use guitai::domain::money::Fen;
use guitai::domain::reader::Near;
use guitai::domain::shift::CloseRequest;
use guitai::domain::staff::Pin;
use guitai::domain::tender::TenderKind::{Cash, StoredValue};
use guitai::domain::top_up::ReversalRequest;
use guitai::error::Kind;
use guitai::query::{
    Backend, Cart, DormantFilter, HeldSale, OperationsOf, Person, Query, Reply, Typed,
};
use guitai::session::Connection;
use tokio::time::{Instant, advance, pause, resume};
use uuid::Uuid;

use crate::faults::{What, customer, differences};
use crate::support::books::{CASHIER, Counter, MANAGER, books, count};
use crate::support::cluster::OWNER;
use crate::support::console::morning;
use crate::support::proxy::Proxy;

/// Twice: to connect in 3 seconds, to be answered in 6.
const LIMIT: Duration = Duration::from_secs(18);

fn scan(code: &str) -> Query {
    Query::Scan {
        codes: vec![code.to_owned()],
        near: Near::default(),
    }
}

fn goods(code: &str) -> Query {
    Query::Goods {
        codes: vec![code.to_owned()],
    }
}

/// One of every way a question goes to the database, except those that move money.
async fn questions(till: &Counter) -> Vec<Query> {
    let (her, sale) = customer(till, 1).await;
    let id = her.id;
    let (limit, before) = (20, None);
    vec![
        Query::Opening,
        Query::SignIn {
            number: "101".to_owned(),
            pin: Pin("135790".to_owned()),
        },
        Query::OpenShift {
            stamp: till.stamp(),
            float: Fen::ZERO,
        },
        Query::Sheet {
            shift_id: till.shift.id,
        },
        Query::CloseShift(CloseRequest {
            stamp: till.stamp(),
            expected: Fen::ZERO,
            counted: Fen::ZERO,
            reason: String::new(),
        }),
        scan("13700000001"),
        goods("00123"),
        Query::Candidates {
            typed: Typed::Digits("1370".to_owned()),
            limit,
        },
        Query::ReadMember { id },
        Query::EditMember {
            id,
            edition: 1,
            by: till.session.by(),
            person: Person::default(),
        },
        Query::AddCard {
            member_id: id,
            by: till.session.by(),
            card: "8800001".to_owned(),
        },
        Query::RevealPhone {
            member_id: id,
            staff_id: CASHIER,
            till_id: 1,
            reason: "退款".to_owned(),
        },
        Query::Release {
            stamp: till.stamp(),
            member_id: id,
        },
        Query::ReadSale { id: sale },
        Query::Operations {
            of: OperationsOf::Till(1),
            before,
            limit,
        },
        Query::ReadReceipt { id: sale },
        Query::Hold(Box::new(HeldSale {
            id: Uuid::now_v7(),
            store_id: 1,
            till_id: 1,
            staff_id: CASHIER,
            held_at: morning(),
            label: "王".to_owned(),
            total: Fen(100),
            cart: Cart::default(),
        })),
        Query::HeldSales { store_id: 1 },
        Query::TakeHeld { id: Uuid::now_v7() },
        Query::Dormant {
            filter: DormantFilter {
                today: till.session.today(morning()),
                days: 30,
                rhythm: false,
                max_days: None,
                level_id: None,
                balance: None,
            },
            after: None,
            limit,
        },
        Query::Statement {
            member_id: id,
            before,
            limit,
        },
        Query::Products {
            search: String::new(),
            after: None,
            limit,
        },
        Query::StaffList,
        Query::SaveTerms {
            editor: 3,
            shop: Box::new(till.shop.clone()),
        },
    ]
}

#[tokio::test]
async fn every_question_ends_and_the_next_has_a_new_connection() {
    let database = books().await;
    let proxy = Proxy::new().await;
    let till = Counter::open(proxy.options(&database, APP), 1).await;
    for query in questions(&till).await {
        till.member(1).await;
        proxy.freeze(true);
        pause();
        let began = Instant::now();
        let answer = till.db.answer(query.clone()).await;
        let took = began.elapsed();
        resume();
        proxy.freeze(false);
        let refusal = answer.unwrap_err();
        assert_eq!(refusal.kind, Kind::Offline, "{query:?}: {refusal:?}");
        assert!(took <= LIMIT, "{query:?}: {took:?}");
    }
    till.member(1).await;
}

#[tokio::test]
async fn money_is_unknown_until_somebody_answers() {
    let database = books().await;
    let proxy = Proxy::new().await;
    let till = Counter::open(proxy.options(&database, APP), 1).await;
    let mut owner = database.owner().await;
    let (her, _) = customer(&till, 90).await;
    let anonymous = till.sell(None, 500, Cash).await.unwrap().id;
    let loaded = till.top_up(&her, 100).await.unwrap().id;
    let mut queries: Vec<(&str, Query)> = Vec::new();
    for (number, what) in What::ALL.into_iter().enumerate() {
        let (her, sold) = customer(&till, number).await;
        queries.push((what.kind(), what.query(&till, &her, sold)));
    }
    queries.push((
        "attach",
        Query::Attach {
            request: AttachRequest {
                stamp: till.stamp(),
                sale_id: anonymous,
                member_id: her.id,
            },
            member: Box::new(till.member(her.id).await),
        },
    ));
    queries.push((
        "top_up_reversal",
        Query::ReverseTopUp(ReversalRequest {
            stamp: guitai::domain::ledger::Stamp {
                approver_id: Some(MANAGER),
                ..till.stamp()
            },
            top_up_id: loaded,
            member_id: her.id,
        }),
    ));
    queries.push((
        "paid_out",
        Query::PayOut {
            stamp: till.stamp(),
            amount: Fen(300),
            reason: "买水".to_owned(),
        },
    ));
    for (kind, query) in queries {
        let before = count(&mut owner, kind).await;
        till.told.borrow_mut().clear();
        proxy.freeze(true);
        pause();
        let began = Instant::now();
        let silence = async {
            while till.told.borrow().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let took = began.elapsed();
            resume();
            proxy.freeze(false);
            took
        };
        let (answer, took) = tokio::join!(till.db.answer(query), silence);
        assert!(answer.is_ok(), "{kind}: {answer:?}");
        assert!(took <= LIMIT, "{kind}: {took:?}");
        let told = till.told.borrow().clone();
        assert!(
            matches!(told[0], Connection::Unknown { .. }),
            "{kind}: {told:?}"
        );
        assert!(
            !matches!(told.last(), Some(Connection::Unknown { .. })),
            "{kind}: {told:?}"
        );
        assert_eq!(count(&mut owner, kind).await, before + 1, "{kind}");
    }
    assert_eq!(
        differences(&till).await,
        guitai::query::Differences::default()
    );
}

/// The commands of the shell have limits too.
#[tokio::test]
async fn a_command_ends() {
    let database = books().await;
    let proxy = Proxy::new().await;
    let books = Books::Server(Box::new(proxy.options(&database, OWNER)));
    proxy.freeze(true);
    pause();
    assert_eq!(books.migrate(None).await.unwrap_err().kind, Kind::Offline);
    assert_eq!(books.verify().await.unwrap_err().kind, Kind::Offline);
}

#[tokio::test]
async fn a_late_answer_is_called_slow_until_one_is_quick() {
    let database = books().await;
    let proxy = Proxy::new().await;
    let till = Counter::open(proxy.options(&database, APP), 1).await;
    let her = till.enrol("13800001380").await;
    till.told.borrow_mut().clear();
    proxy.freeze(true);
    let late = async {
        pause();
        advance(Duration::from_millis(900)).await;
        resume();
        proxy.freeze(false);
    };
    let query = Query::ReadMember { id: her.id };
    let (answer, ()) = tokio::join!(till.db.answer(query), late);
    assert!(matches!(answer, Ok(Reply::Member(_))));
    assert_eq!(*till.told.borrow(), [Connection::Slow]);
    till.member(her.id).await;
    assert_eq!(*till.told.borrow(), [Connection::Slow, Connection::Online]);
    assert!(till.sell(Some(&her), 100, StoredValue).await.is_err());
}
