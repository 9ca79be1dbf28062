//! Who may say yes (OP3).

use guitai::ui::screen::Outcome;
use guitai::ui::screens::approve::Approve;
use guitai::ui::text::Say;

use super::{Books, manager, till};

#[tokio::test]
async fn another_manager_approves_and_nobody_else() {
    let books = Books::new();
    let (mut console, got) = till(&books, Approve::new(Say::new("approval.needed")));
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

#[tokio::test]
async fn esc_approves_nothing() {
    let books = Books::new();
    let (mut console, got) = till(&books, Approve::new(Say::new("approval.needed")));
    console.keys("201<Enter>13<Esc>");
    assert!(got.borrow().is_empty() && console.screen().contains("the counter"));
}
