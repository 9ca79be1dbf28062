//! Receipts as they go on paper: 32 and 48 columns, both languages.

use chrono::TimeDelta;
use guitai::domain::ledger::{Account, Balances, OperationKind};
use guitai::domain::money::Fen;
use guitai::domain::product::ProductKind;
use guitai::domain::receipt::{Document, Promised, Receipt};
use guitai::domain::shift::{Moved, sheet as make_sheet};
use guitai::domain::slip::{self, Layout};
use guitai::domain::stored_value::SpendOrder;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::query::Query;
use guitai::ui::screens::receipt::Receipt as ReceiptScreen;
use guitai::ui::text::{Lang, Text};
use guitai::ui::width;
use uuid::Uuid;

use super::{Books, line, names, sign_in, the_shop, till};
use crate::support::console::{morning, parts};
use crate::support::shop::slips;

pub fn document(kind: OperationKind, document: Document) -> Receipt {
    Receipt {
        till_id: 1,
        id: Uuid::from_u128(1),
        kind,
        seq: 128,
        at: morning(),
        business_on: morning().date_naive(),
        names: names(true),
        lines: Vec::new(),
        document,
        after: Some(Balances {
            version: 4,
            principal: Fen(90_000),
            bonus: Fen(23_400),
            points: 2_486,
        }),
    }
}

/// Discounts, a long name, goods by weight, rounding, change.
pub fn sale() -> Receipt {
    let mut receipt = document(
        OperationKind::Sale,
        Document {
            tenders: vec![
                Tender::exact(TenderKind::StoredValue, Fen(10_000)),
                Tender {
                    kind: TenderKind::Cash,
                    amount: Fen(18_600),
                    given: Fen(20_000),
                },
            ],
            rounding: Fen(2),
            points: 286,
            ..Document::default()
        },
    );
    let mut apples = line("红富士苹果", 525, 0, 0);
    apples.kind = ProductKind::Weight;
    (apples.price, apples.list, apples.net) = (Fen(1_299), Fen(682), Fen(682));
    receipt.lines = vec![
        line("剪发", 1, 6_800, 680),
        line("深层修护角蛋白护发精油礼盒装 100毫升", 2, 12_800, 3_800),
        apples,
    ];
    receipt
}

pub fn top_up() -> Receipt {
    let later = |months: i64| Promised {
        due_on: (morning() + TimeDelta::days(30 * months)).date_naive(),
        bonus: Fen(10_000),
    };
    document(
        OperationKind::TopUp,
        Document {
            tenders: vec![Tender::exact(TenderKind::Wechat, Fen(200_000))],
            amount: Fen(200_000),
            bonus: Fen(10_000),
            points: 1_000,
            rule: Some("充2000送500".into()),
            instalments: (1..=4).map(later).collect(),
            terms_version: Some(2),
            spend_order: Some(SpendOrder::ProRata),
            ..Document::default()
        },
    )
}

pub fn refund() -> Receipt {
    let mut receipt = document(
        OperationKind::Refund,
        Document {
            tenders: vec![
                Tender::exact(TenderKind::StoredValue, Fen(10_000)),
                Tender::exact(TenderKind::Cash, Fen(899)),
            ],
            amount: Fen(10_899),
            rounding: Fen(1),
            points: 108,
            sale_seq: Some(121),
            ..Document::default()
        },
    );
    receipt.lines = vec![line(
        "深层修护角蛋白护发精油礼盒装 100毫升",
        1,
        12_800,
        1_900,
    )];
    receipt
}

/// The shift's own document.
pub fn closed() -> Receipt {
    let mut parts = parts();
    sign_in(&mut parts, &Books::new());
    let moved = |operation, account, fen: i64| Moved {
        operation,
        account,
        amount: fen,
        operations: 3,
    };
    let sheet = make_sheet(
        parts.session.shift.unwrap(),
        &[
            moved(OperationKind::Sale, Account::Cash, -123_400),
            moved(OperationKind::Sale, Account::Principal, -6_800),
            moved(OperationKind::TopUp, Account::Wechat, -200_000),
            moved(OperationKind::Refund, Account::Cash, 899),
        ],
    );
    let closed = Document {
        counted: Fen(70_000),
        reason: Some("找零少收".into()),
        sheet: Some(Box::new(sheet)),
        ..Document::default()
    };
    let mut receipt = document(OperationKind::ShiftClose, closed);
    receipt.after = None;
    receipt
}

/// A top-up taken back: money and benefits.
pub fn reversal() -> Receipt {
    document(
        OperationKind::TopUpReversal,
        Document {
            tenders: vec![Tender::exact(TenderKind::Wechat, Fen(200_000))],
            amount: Fen(200_000),
            bonus: Fen(10_000),
            points: 1_000,
            ..Document::default()
        },
    )
}

/// What has a template of all the rest: a sale that was attached.
fn attached() -> Receipt {
    document(
        OperationKind::Attach,
        Document {
            sale_seq: Some(121),
            points: 1_068,
            ..Document::default()
        },
    )
}

/// One of each kind.
pub fn all() -> Vec<Receipt> {
    vec![sale(), top_up(), refund(), reversal(), closed(), attached()]
}

pub fn text(receipt: &Receipt, lang: Lang, columns: usize) -> String {
    let texts = Text::load().unwrap();
    let words = |key: &str| texts.get(lang, key).to_owned();
    let layout = Layout {
        columns,
        copy: false,
        words: &words,
        slips: &slips(),
    };
    let lines = slip::receipt(receipt, Some(&the_shop()), layout);
    for line in &lines {
        let shown = line.shown(columns);
        assert!(width::width(&shown) <= columns, "{shown}");
    }
    slip::text(&lines, columns)
}

#[test]
fn a_sale_with_discounts_and_long_names() {
    insta::assert_snapshot!("slip_sale_32", text(&sale(), Lang::Zh, slip::NARROW));
    insta::assert_snapshot!("slip_sale_48_en", text(&sale(), Lang::En, slip::WIDE));
}

#[test]
fn a_top_up_with_instalments_and_terms() {
    insta::assert_snapshot!("slip_top_up_48", text(&top_up(), Lang::Zh, slip::WIDE));
    insta::assert_snapshot!("slip_top_up_32_en", text(&top_up(), Lang::En, slip::NARROW));
}

#[test]
fn a_return_with_its_arithmetic() {
    insta::assert_snapshot!("slip_refund_48", text(&refund(), Lang::Zh, slip::WIDE));
    insta::assert_snapshot!("slip_refund_32", text(&refund(), Lang::Zh, slip::NARROW));
}

#[test]
fn a_top_up_taken_back() {
    let text = text(&reversal(), Lang::Zh, slip::NARROW);
    for line in [
        "退款                    2,000.00",
        "微信                    2,000.00",
        "收回赠金                 -100.00",
        "收回积分                  -1,000",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}: {text}");
    }
}

#[test]
fn old_terms_are_not_shown_as_those_in_force() {
    let mut old = top_up();
    old.document.terms_version = Some(1);
    let text = text(&old, Lang::Zh, slip::WIDE);
    assert!(text.contains("第 1 版") && !text.contains("遗失可挂失"));
}

#[test]
fn the_sheet_of_a_shift() {
    insta::assert_snapshot!("slip_sheet_32", text(&closed(), Lang::Zh, slip::NARROW));
    // OP1: every tender, with what it came to, also one that nobody paid with.
    let all = text(&closed(), Lang::Zh, slip::NARROW);
    for (way, net) in [
        ("储值", "68.00"),
        ("现金", "1,225.01"),
        ("微信", "2,000.00"),
        ("支付宝", "0.00"),
        ("银行卡", "0.00"),
    ] {
        let line = all.lines().find(|line| line.starts_with(way));
        assert!(
            line.is_some_and(|line| line.ends_with(&format!(" {net}"))),
            "{way}: {all}"
        );
    }
    // OP3: what moved no money stands there too.
    let mut opened = closed();
    let sheet = opened.document.sheet.as_mut().unwrap();
    sheet.drawer_count = 2;
    let opened = text(&opened, Lang::Zh, slip::NARROW);
    let line = opened.lines().find(|line| line.contains("无收款开钱箱"));
    assert!(line.is_some_and(|line| line.ends_with(" 2")), "{opened}");
    let none = text(&closed(), Lang::Zh, slip::NARROW);
    assert!(!none.contains("无收款开钱箱"));
}

#[test]
fn every_kind_of_document_has_a_slip() {
    for name in [
        "enrol",
        "sale",
        "attach",
        "refund",
        "top_up",
        "top_up_reversal",
        "instalment",
        "shift_open",
        "shift_close",
        "paid_out",
        "void",
    ] {
        let kind = OperationKind::named(name).unwrap();
        for lang in [Lang::Zh, Lang::En] {
            let text = text(&document(kind, Document::default()), lang, slip::NARROW);
            assert!(!text.contains("slip."), "{text}");
        }
    }
}

#[tokio::test]
async fn on_the_screen_it_scrolls_and_is_saved() {
    let books = Books::new();
    let (mut console, _) = till(&books, ReceiptScreen::new(Box::new(top_up())));
    insta::assert_snapshot!("receipt", console.screen());
    insta::assert_snapshot!(
        "receipt_end_45",
        console.size(45, 30).keys("<End>").screen()
    );
    console.size(80, 24).keys("<F6>").settle().await;
    assert!(console.screen().contains("2026-03-09-000128.txt"));
    let asked = books.asked.borrow();
    assert!(matches!(&asked[..], [Query::Export { text, .. }] if text.contains("法释〔2025〕4号")));
}
