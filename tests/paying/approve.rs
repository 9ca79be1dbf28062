//! Who may say yes (OP3).

use chrono::TimeDelta;
use guitai::domain::money::Fen;
use guitai::domain::staff::Act;
use guitai::domain::token::{Bearer, Token};
use guitai::error::Refusal;
use guitai::query::Query;
use guitai::ui::screen::Outcome;
use guitai::ui::screens::approve::Approve;
use guitai::ui::text::Say;

use super::{Books, manager, scan, till};
use crate::support::console::morning;

#[tokio::test]
async fn another_manager_approves_and_nobody_else() {
    let books = Books::new();
    let (mut console, got) = till(
        &books,
        Approve::new(Say::new("approval.needed"), Act::Price),
    );
    insta::assert_snapshot!("approve", console.screen());
    console.keys("101<Enter>2468<Enter>").settle().await;
    assert!(console.screen().contains("不能批准自己的操作"));
    console.keys("102<Enter>2468<Enter>").settle().await;
    assert!(console.screen().contains("收银员不能批准"));
    console.keys("999<Enter>2468<Enter>").settle().await;
    assert!(console.screen().contains("工号或密码不对"));
    console
        .keys("<Up><Ctrl-u>201<Enter>1357<Enter>")
        .settle()
        .await;
    assert_eq!(*got.borrow(), [Outcome::Approved(manager())]);
}

/// Whoever finds a badge still lacks the PIN.
#[tokio::test]
async fn a_badge_alone_asks_nobody() {
    let books = Books::new();
    let (mut console, got) = till(
        &books,
        Approve::new(Say::new("approval.needed"), Act::Price),
    );
    scan(
        &mut console,
        &Token::mint(Bearer::Staff, [7; 10]).to_string(),
    );
    console.keys("<Enter><Enter><Enter>").settle().await;
    assert!(books.asked.borrow().is_empty() && got.borrow().is_empty());
    console.keys("1357<Enter>").settle().await;
    assert!(matches!(
        books.asked.borrow().as_slice(),
        [Query::SignIn { .. }]
    ));
}

#[tokio::test]
async fn esc_approves_nothing() {
    let books = Books::new();
    let (mut console, got) = till(
        &books,
        Approve::new(Say::new("approval.needed"), Act::Price),
    );
    console.keys("201<Enter>13<Esc>");
    assert!(got.borrow().is_empty() && console.screen().contains("the counter"));
}

/// OP3: an approver goes no further than her own limits either.
#[tokio::test]
async fn a_manager_approves_within_her_own_limits() {
    let give_back = |amount, days| Act::GiveBack {
        amount: Fen::yuan(amount),
        sold_at: morning() - TimeDelta::days(days),
        now: morning(),
    };
    for (act, may) in [
        (Act::TopUp(Fen::yuan(50_000)), true),
        (Act::TopUp(Fen(5_000_001)), false),
        (give_back(5_000, 30), true),
        (give_back(5_001, 1), false),
        (give_back(1, 31), false),
        (Act::Manage, true),
    ] {
        let books = Books::new();
        let (mut console, got) = till(&books, Approve::new(Say::new("approval.needed"), act));
        console.keys("201<Enter>1357<Enter>").settle().await;
        assert_eq!(got.borrow().len(), usize::from(may), "{act:?}");
        let says = console.screen().contains("也超出这位批准人的权限");
        assert_eq!(says, !may, "{act:?}");
    }
}

/// The seconds run while she has to wait, and only then.
#[tokio::test]
async fn too_many_wrong_pins_count_down() {
    let books = Books::new();
    let (mut console, _) = till(
        &books,
        Approve::new(Say::new("approval.needed"), Act::Price),
    );
    console.keys("201<Enter>1111<Enter>");
    let asked = console.take_query();
    let wait = Refusal::user("sign_in.wait").with("seconds", 64);
    console.event(guitai::event::What::Reply(asked, Err(wait)));
    assert!(console.screen().contains("请等 1:04"));
    console.wait(TimeDelta::seconds(5));
    assert!(console.screen().contains("请等 0:59"));
    console.wait(TimeDelta::seconds(59));
    assert!(!console.screen().contains("请等"));
}
