//! Somebody else edits the shop while money is being taken.

use guitai::domain::money::Fen;
use guitai::domain::price::{CartLine, quote};
use guitai::domain::tender::Rounding;
use guitai::event::What;
use guitai::query::{Cart, Noun};
use guitai::ui::screens::tender::Tender;
use guitai::ui::screens::top_up::TopUp;

use super::{Books, member, receipt, till};

/// A quick sale of 99.99 for a member whose level pays in full.
fn sale(books: &Books) -> Tender {
    let cart = Cart {
        coupons: guitai::domain::coupon::Presented::default(),
        member_id: Some(7),
        lines: vec![CartLine::quick("消费".to_owned(), Fen(9_999))],
    };
    let her = member(0, 0);
    let lines = quote(&cart.lines, Some(&her.level), &books.shop).lines;
    Tender::new(lines, Some(Box::new(her))).keeping(cart)
}

#[tokio::test]
async fn a_quoted_price_stands_and_the_cashier_is_told() {
    let books = Books::new();
    let (mut console, got) = till(&books, sale(&books));
    console.keys("50");
    books.edit(|shop| shop.levels[0].paid = 5_000);
    console.event(What::Changed(Noun::Shop)).settle().await;
    let screen = console.screen();
    assert!(screen.contains("仍按已报的价格收款"), "{screen}");
    assert!(screen.contains("50"), "what was typed stays: {screen}");
    console.keys("<Ctrl-u><Enter>").settle().await;
    assert_eq!(receipt(&got).net(), Fen(9_999));
}

#[tokio::test]
async fn so_does_the_rounding_and_what_changes_no_price_is_not_mentioned() {
    let books = Books::new();
    let (mut console, got) = till(&books, sale(&books));
    books.edit(|shop| {
        shop.rounding = Rounding::None;
        shop.dormancy_days = 90;
    });
    console.event(What::Changed(Noun::Shop)).settle().await;
    assert!(!console.screen().contains("已报的价格"));
    console.keys("<Enter>").settle().await;
    let receipt = receipt(&got);
    assert_eq!(receipt.document.rounding, Fen(9), "as it was told her");
}

#[tokio::test]
async fn an_offer_that_changes_is_said_before_the_money_is_taken() {
    let books = Books::new();
    let screen = TopUp::new(Box::new(member(0, 0)));
    let (mut console, got) = till(&books, screen);
    console.keys("1000");
    books.edit(|shop| shop.rules[0].version = 4);
    console.event(What::Changed(Noun::Shop)).settle().await;
    assert!(!console.screen().contains("充值活动刚刚更新"));
    books.edit(|shop| shop.rules[1].version = 4);
    console.event(What::Changed(Noun::Shop)).settle().await;
    let screen = console.screen();
    assert!(screen.contains("充值活动刚刚更新"), "{screen}");
    assert!(screen.contains("1000"), "{screen}");
    console.keys("<Enter>");
    books.edit(|shop| shop.rules[1].version = 5);
    console.event(What::Changed(Noun::Shop)).settle().await;
    let screen = console.screen();
    assert!(screen.contains("充值活动刚刚变更"), "{screen}");
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("现在的活动"));
    assert!(got.borrow().is_empty());
}
