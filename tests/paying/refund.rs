//! Returning a sale and reversing a top-up (RF1, RF6, PT6, OP3).

use chrono::TimeDelta;
use guitai::domain::money::Fen;
use guitai::domain::refund::RefundRequest;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::query::Query;
use guitai::ui::screens::refund::Refund;
use guitai::ui::screens::reversal::Reversal;
use uuid::Uuid;

use super::{Books, member, receipt, till};

fn sale() -> Refund {
    Refund::new(Uuid::from_u128(900))
}

fn request(books: &Books) -> RefundRequest {
    match books.money().pop() {
        Some(Query::Refund(request)) => request,
        other => panic!("a return, not {other:?}"),
    }
}

#[tokio::test]
async fn by_line_and_quantity_the_way_it_was_paid() {
    let books = Books::new();
    let (mut console, got) = till(&books, sale());
    console.settle().await.keys("<Enter>");
    assert!(console.screen().contains("还没有选要退的"));
    console.keys("2");
    insta::assert_snapshot!("refund", console.screen());
    insta::assert_snapshot!("refund_45", console.size(45, 30).screen());
    console.size(80, 24).keys("<Enter><F12>");
    insta::assert_snapshot!("refund_en", console.screen());
    console.keys("<Enter><Enter>").settle().await;
    assert_eq!(books.money().len(), 1);
    assert_eq!(request(&books).lines, [(1, 2)]);
    let receipt = receipt(&got);
    assert_eq!(receipt.document.amount, Fen(6_670));
    assert_eq!(
        receipt.document.tenders,
        [
            Tender::exact(TenderKind::StoredValue, Fen(6_000)),
            Tender::exact(TenderKind::Cash, Fen(670)),
        ]
    );
}

#[tokio::test]
async fn more_than_was_sold_is_cut() {
    let books = Books::new();
    let (mut console, _) = till(&books, sale());
    console.settle().await.keys("9");
    assert!(console.screen().contains("最多可退 3"));
    console.keys("<Enter><Enter>").settle().await;
    assert_eq!(request(&books).lines, [(1, 3)]);
}

#[tokio::test]
async fn an_old_sale_needs_a_manager() {
    let mut books = Books::new();
    books.sale.at -= TimeDelta::days(3);
    let (mut console, _) = till(&books, sale());
    console.settle().await.keys("<F5><Enter><Enter>");
    assert!(console.screen().contains("超过您的权限"));
    console.keys("201<Enter>1357<Enter>").settle().await;
    let request = request(&books);
    assert_eq!(request.stamp.approver_id, Some(201));
    assert_eq!((request.lines.len(), request.amount), (2, Fen(15_310)));
}

#[tokio::test]
async fn esc_goes_back_to_the_lines_then_leaves() {
    let books = Books::new();
    let (mut console, _) = till(&books, sale());
    console.settle().await.keys("1<Enter><Esc>");
    assert!(console.screen().contains("上下选择"));
    console.keys("<Esc>");
    assert!(console.screen().contains("the counter") && books.money().is_empty());
}

#[tokio::test]
async fn her_own_top_up_of_this_shift_is_reversed_at_once() {
    let mut books = Books::new();
    books.member = member(10_000, 2_000);
    let (mut console, got) = till(&books, Reversal::new(Uuid::from_u128(901)));
    console.settle().await;
    insta::assert_snapshot!("reversal", console.screen());
    insta::assert_snapshot!("reversal_en", console.keys("<F12>").screen());
    console.keys("<Enter><Enter>").settle().await;
    assert_eq!(books.money().len(), 1);
    assert_eq!(receipt(&got).document.amount, Fen(10_000));
}

#[tokio::test]
async fn an_earlier_top_up_needs_a_manager_and_a_spent_one_stays() {
    let mut books = Books::new();
    books.top_up.shift_id = Some(Uuid::from_u128(49));
    let (mut console, got) = till(&books, Reversal::new(Uuid::from_u128(901)));
    console.settle().await.keys("<Enter>");
    assert!(console.screen().contains("需要店长批准"));
    console.keys("201<Enter>1357<Enter>").settle().await;
    assert!(console.screen().contains("已经用掉一部分"));
    assert!(got.borrow().is_empty());
    let Some(Query::ReverseTopUp(request)) = books.money().pop() else {
        panic!("a reversal");
    };
    assert_eq!(request.stamp.approver_id, Some(201));
}
