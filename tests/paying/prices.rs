//! What is due follows the way it is paid, and the rules as they are.

use guitai::domain::money::Fen;
use guitai::domain::price::{CartLine, Terms, price};
use guitai::domain::promotion::{Occasion, Promotion};
use guitai::domain::tender::TenderKind;
use guitai::query::Cart;
use guitai::ui::screen::Outcome;
use guitai::ui::screens::tender::{Prices, Tender};

use super::{Books, member, receipt, till};
use crate::counter::offers::{rule, rungs};
use crate::support::console::morning;

/// 100.00 to be paid; from stored value alone 10.00 less.
fn rules() -> Vec<Promotion> {
    let mut stored = rule(1, "储值日", rungs(&[(50, 10)]));
    stored.by_stored_value = true;
    vec![stored]
}

fn sale(books: &Books, balance: i64) -> Tender {
    let lines = vec![CartLine::quick("消费".to_owned(), Fen(10_000))];
    let her = member(balance, 0);
    let shop = books.shop_now();
    let under = |by_stored_value| {
        let occasion = Occasion {
            by_stored_value,
            ..Occasion::at(&shop, 1, morning(), Some(her.level.id))
        };
        price(&lines, &Terms::of(&shop, Some(&her.level), Some(occasion))).lines
    };
    let prices = Prices {
        coupons: vec![],
        stored_coupons: vec![],
        usual: under(false),
        stored: Some(under(true)),
        at: morning(),
    };
    let cart = Cart {
        coupons: guitai::domain::coupon::Presented::default(),
        member_id: Some(7),
        lines: lines.clone(),
    };
    Tender::of(prices, Some(Box::new(her))).keeping(cart)
}

fn books() -> Books {
    let books = Books::new();
    books.edit(|shop| shop.promotions = rules());
    books
}

#[tokio::test]
async fn stored_value_pays_its_own_price() {
    let books = books();
    let (mut console, got) = till(&books, sale(&books, 9_000));
    insta::assert_snapshot!("stored_price", console.screen());
    console.keys("<Down>");
    assert!(console.screen().contains("按 Enter") && !console.screen().contains("储值价"));
    console.keys("<Up><Enter>").settle().await;
    assert_eq!(receipt(&got).net(), Fen(9_000));
    assert_eq!(receipt(&got).lines[0].reductions[0].fen, Fen(1_000));
}

#[tokio::test]
async fn a_part_by_something_else_is_the_usual_price() {
    let books = books();
    let (mut console, got) = till(&books, sale(&books, 9_000));
    console.keys("40<Enter>");
    assert!(console.screen().contains("60.00"), "{}", console.screen());
    console.keys("<Enter>").settle().await;
    let receipt = receipt(&got);
    assert_eq!(receipt.net(), Fen(10_000));
    assert_eq!(receipt.document.tenders.len(), 2);
}

/// Forty and fifty, all of it stored value: then it is ninety in all, and she is told.
#[tokio::test]
async fn parts_that_are_all_stored_value_are_the_whole() {
    let books = books();
    let (mut console, got) = till(&books, sale(&books, 20_000));
    console.keys("40<Enter>");
    console.keys("<Up><Enter>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("全用储值付是 90.00"), "{screen}");
    console.keys("<Enter>").settle().await;
    let receipt = receipt(&got);
    assert_eq!(receipt.net(), Fen(9_000));
    let ways: Vec<TenderKind> = receipt.document.tenders.iter().map(|t| t.kind).collect();
    assert_eq!(ways, [TenderKind::StoredValue]);
}

/// A rule edited between preview and posting: the payment closes, nothing was posted, and the counter hears the total.
#[tokio::test]
async fn an_edited_rule_goes_back_to_the_counter() {
    let books = books();
    let (mut console, got) = till(&books, sale(&books, 9_000));
    books.edit(|shop| {
        shop.promotions[0].rule.version = 3;
        shop.promotions[0].offer = rungs(&[(50, 5)]);
    });
    console.keys("<Enter>").settle().await;
    assert_eq!(
        got.borrow().as_slice(),
        [Outcome::Repriced("95.00".to_owned())]
    );
}
