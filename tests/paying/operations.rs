//! The list of what was done, and where it leads.

use chrono::TimeDelta;
use guitai::domain::ledger::OperationKind;
use guitai::domain::money::Fen;
use guitai::query::{OperationRow, OperationsOf, Query};
use guitai::ui::screens::operations::Operations;
use uuid::Uuid;

use super::{Books, till};
use crate::support::console::morning;

fn row(id: u128, kind: OperationKind, member: Option<&str>) -> OperationRow {
    OperationRow {
        id: Uuid::from_u128(id),
        kind,
        seq: i64::try_from(id).unwrap(),
        at: morning() - TimeDelta::minutes(1_000 - i64::try_from(id).unwrap()),
        store: "总店".into(),
        cashier: "李敏".into(),
        member: member.map(str::to_owned),
        amount: Fen(6_800),
        about: None,
        reversed: id == 996,
    }
}

fn books() -> Books {
    let mut books = Books::new();
    books.sale.member_id = None;
    books.rows = vec![
        row(999, OperationKind::Sale, None),
        row(998, OperationKind::TopUp, Some("王晓明")),
        row(
            997,
            OperationKind::Refund,
            Some("欧阳娜娜美容美发造型工作室"),
        ),
        row(996, OperationKind::Sale, Some("王小敏")),
    ];
    books
}

fn list() -> Operations {
    Operations::new(OperationsOf::Till(1))
}

#[tokio::test]
async fn the_newest_first_and_enter_shows_the_receipt() {
    let books = books();
    let (mut console, _) = till(&books, list());
    console.settle().await;
    insta::assert_snapshot!("operations", console.screen());
    insta::assert_snapshot!("operations_45", console.size(45, 30).screen());
    insta::assert_snapshot!("operations_en", console.size(80, 24).keys("<F12>").screen());
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("** copy **"));
    console.keys("<Esc><F12>");
    assert!(console.screen().contains("本台单据"));
}

#[tokio::test]
async fn sales_are_returned_and_top_ups_reversed_from_here() {
    let books = books();
    let (mut console, _) = till(&books, list());
    console.settle().await.keys("<F8>").settle().await;
    assert!(console.screen().contains("退货 原单"));
    console.keys("<F5><Enter><Enter>").settle().await;
    assert!(console.screen().contains("退货单"));
    console.keys("<Enter><Down><F8>").settle().await;
    assert!(console.screen().contains("撤销充值 No. 119"));
    console.keys("<Esc>").settle().await;
    console.keys("<End><F8>").settle().await;
    assert!(
        console.screen().contains("本台单据"),
        "nothing is left of it"
    );
}

#[tokio::test]
async fn an_anonymous_sale_gets_its_member() {
    let books = books();
    let (mut console, _) = till(&books, list());
    console.settle().await.keys("<F7>wxm").settle().await;
    insta::assert_snapshot!("attach", console.screen());
    console.keys("<Enter>").settle().await;
    console.keys("<Enter><Enter>").settle().await;
    assert!(
        matches!(&books.money()[..], [Query::Attach { request, .. }] if request.member_id == 7)
    );
    console.keys("<Down><F7>");
    assert!(!console.screen().contains("┌ 补记"), "hers already");
}

#[tokio::test]
async fn pages_are_asked_for_by_the_last_row() {
    let mut books = books();
    books.rows = (1..=120)
        .rev()
        .map(|id| row(id, OperationKind::Sale, None))
        .collect();
    let (mut console, _) = till(&books, list());
    console.settle().await.keys("<End>").settle().await;
    console.keys("<End>").settle().await;
    console.keys("<End>").settle().await;
    let befores: Vec<_> = books
        .asked
        .borrow()
        .iter()
        .filter_map(|query| match query {
            Query::Operations { before, .. } => Some(before.map(|id| id.as_u128())),
            _ => None,
        })
        .collect();
    assert_eq!(befores, [None, Some(71), Some(21)]);
}

#[tokio::test]
async fn an_empty_list_teaches() {
    let books = Books::new();
    let (mut console, _) = till(&books, list());
    console.settle().await;
    assert!(console.screen().contains("还没有单据"));
}
