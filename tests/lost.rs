//! A lost card opens nothing, what she owns stays hers, and one that was found needs the right (MB5).

use std::cell::RefCell;

use guitai::app::Parts;
use guitai::db::open::APP;
use guitai::domain::reader::Near;
use guitai::domain::staff::{Role, Staff};
use guitai::error::Result;
use guitai::query::{Backend, By, Credential, CredentialState, Found, Query, Reply};
use guitai::ui::screens::member::cards::Cards;
use insta::assert_snapshot;

use crate::support::books::{CASHIER, Counter, MANAGER, books};
use crate::support::console::{Console, parts};
use crate::support::shop::{cashier, opening};

async fn cards(till: &Counter, member_id: i64) -> Vec<Credential> {
    let query = Query::Credentials { member_id };
    let Reply::Credentials(cards) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    cards
}

async fn set(
    till: &Counter,
    member_id: i64,
    key: &str,
    blocked: bool,
    approver_id: Option<i32>,
) -> Result<Reply> {
    let by = By {
        staff_id: CASHIER,
        till_id: 1,
    };
    let query = Query::SetCredential {
        member_id,
        key: key.to_owned(),
        blocked,
        by,
        approver_id,
    };
    till.db.answer(query).await
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

#[tokio::test]
async fn lost_replaced_and_found() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    let other = till.enrol("13800001381").await;
    till.top_up(&her, 500).await.unwrap();
    let add = |card: &str| Query::AddCard {
        member_id: her.id,
        by: By {
            staff_id: CASHIER,
            till_id: 1,
        },
        card: card.to_owned(),
    };
    till.db.answer(add("0088001")).await.unwrap();
    let before = till.member(her.id).await;
    let all = cards(&till, her.id).await;
    let card = all.iter().find(|card| card.is_card).unwrap().clone();
    assert_eq!(
        (card.tail.as_str(), card.state),
        ("8001", CredentialState::Active)
    );
    assert!(!card.key.contains("0088001"));

    // Somebody else's member does not have it.
    set(&till, other.id, &card.key, true, None).await.unwrap();
    assert!(matches!(scan(&till, "0088001").await, Found::Member(_)));
    set(&till, her.id, &card.key, true, None).await.unwrap();
    assert_eq!(
        scan(&till, "0088001").await,
        Found::Blocked("blocked".to_owned())
    );
    assert_eq!(till.member(her.id).await, before);

    till.db.answer(add("0088002")).await.unwrap();
    assert!(matches!(scan(&till, "0088002").await, Found::Member(it) if it.id == her.id));

    let refused = set(&till, her.id, &card.key, false, None)
        .await
        .unwrap_err();
    assert_eq!(refused.hint, "approval.needed");
    let refused = set(&till, her.id, &card.key, false, Some(CASHIER)).await;
    assert_eq!(refused.unwrap_err().hint, "approval.needed");
    assert!(matches!(scan(&till, "0088001").await, Found::Blocked(_)));
    set(&till, her.id, &card.key, false, Some(MANAGER))
        .await
        .unwrap();
    assert!(matches!(scan(&till, "0088001").await, Found::Member(_)));
    let kept: Vec<Vec<String>> =
        sqlx::query_scalar("select changed from member_edit where member_id = $1 order by id")
            .bind(her.id)
            .fetch_all(&mut database.owner().await)
            .await
            .unwrap();
    let kept: Vec<&str> = kept.iter().flatten().map(String::as_str).collect();
    assert_eq!(
        kept,
        [
            "card",
            "card blocked",
            "card",
            "card active",
            "card active approved"
        ]
    );
}

/// Answers with two cards and her code, and remembers what was to be changed.
#[derive(Default)]
struct Desk {
    asked: RefCell<Vec<(bool, Option<i32>)>>,
    empty: bool,
}

impl Backend for &Desk {
    async fn answer(&self, query: Query) -> Result<Reply> {
        let card = |key: &str, tail: &str, is_card, state| Credential {
            key: key.to_owned(),
            is_card,
            tail: tail.to_owned(),
            state,
        };
        Ok(match query {
            Query::SignIn { .. } => Reply::SignedIn(Staff {
                id: 2,
                role: Role::Manager,
                ..cashier()
            }),
            Query::SetCredential {
                blocked,
                approver_id,
                ..
            } => {
                self.asked.borrow_mut().push((blocked, approver_id));
                Reply::Credentials(vec![card("a", "8001", true, CredentialState::Blocked)])
            }
            _ if self.empty => Reply::Credentials(vec![]),
            _ => Reply::Credentials(vec![
                card("a", "8001", true, CredentialState::Active),
                card("b", "7730", true, CredentialState::Blocked),
                card("c", "Q4ZK", false, CredentialState::Active),
            ]),
        })
    }
}

fn signed_in() -> Parts {
    let mut parts = parts();
    parts.session.open(opening());
    parts.session.staff = Some(cashier());
    parts
}

#[tokio::test]
async fn how_it_looks_and_what_it_asks() {
    let desk = Desk::default();
    let mut console = Console::with(&desk, signed_in(), Cards::new(7, "王晓明"));
    console.settle().await;
    assert_snapshot!("cards", console.screen());
    assert_snapshot!("cards_45", console.size(45, 30).screen());
    assert_snapshot!("cards_en", console.keys("<F12>").size(80, 24).screen());
    console.keys("<F12><Enter>").settle().await;
    assert!(console.screen().contains("挂失这张卡?"));
    // No is what Enter says; only y blocks.
    console.keys("<Enter>").settle().await;
    assert!(desk.asked.borrow().is_empty());
    console.keys("<Enter>y").settle().await;
    console.wait(chrono::TimeDelta::seconds(1)).settle().await;
    assert_eq!(*desk.asked.borrow(), [(true, None)]);
    // Found: somebody with the right says so.
    console.keys("<Enter>").settle().await;
    assert!(
        console.screen().contains("现在要恢复使用"),
        "{}",
        console.screen()
    );
    console.keys("201<Enter>135790<Enter>").settle().await;
    assert_eq!(desk.asked.borrow().last(), Some(&(false, Some(2))));
}

#[tokio::test]
async fn somebody_without_a_card() {
    let desk = Desk {
        empty: true,
        ..Desk::default()
    };
    let mut console = Console::with(&desk, signed_in(), Cards::new(7, ""));
    console.settle().await;
    assert!(console.screen().contains("她名下没有卡"));
    console.keys("<Enter>").settle().await;
    assert!(desk.asked.borrow().is_empty());
}
