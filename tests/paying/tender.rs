//! Cash with change, one key per note, wallets, stored value, mixed, rounding (PR6).

use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::tender::{Tender as Part, TenderKind};
use guitai::error::Refusal;
use guitai::event::What;
use guitai::query::{Cart, Query};
use guitai::ui::screen::Outcome;
use guitai::ui::screens::tender::Tender;

use super::{Books, line, member, receipt, scan, till};

/// An expired sample of a payment code.
const WECHAT: &str = "135112298638468293";
const ALIPAY: &str = "289431869362714645";

/// One line of this many fen, for nobody.
fn sale(fen: i64) -> Tender {
    Tender::new(vec![line("剪发", 1, fen, 0)], None)
}

/// The same for a member with this much principal.
fn hers(fen: i64, balance: i64) -> Tender {
    let member = Some(Box::new(member(balance, 0)));
    Tender::new(vec![line("剪发", 1, fen, 0)], member)
}

#[tokio::test]
async fn enter_pays_from_stored_value_that_covers() {
    let books = Books::new();
    let (mut console, got) = till(&books, hers(6_800, 123_400));
    insta::assert_snapshot!("tender_stored", console.screen());
    console.keys("<Enter>").settle().await;
    assert_eq!(
        receipt(&got).document.tenders,
        [Part::exact(TenderKind::StoredValue, Fen(6_800))]
    );
    let Some(Query::Sell { member, .. }) = books.money().pop() else {
        panic!("a sale");
    };
    assert_eq!(member.unwrap().id, 7);
}

#[tokio::test]
async fn what_is_short_is_said_in_a_low_window_too() {
    let books = Books::new();
    let (mut console, _) = till(&books, hers(6_800, 1_000));
    for (columns, rows) in [(80, 24), (80, 20), (45, 30), (45, 20)] {
        let screen = console.size(columns, rows).screen();
        assert!(screen.contains("储值可用 10.00,差 58.00"), "{screen}");
    }
}

#[tokio::test]
async fn cash_with_change_and_rounding_on_the_screen() {
    let books = Books::new();
    let (mut console, got) = till(&books, sale(9_999));
    console.keys("<F5><F6>");
    insta::assert_snapshot!("tender_cash", console.screen());
    insta::assert_snapshot!("tender_cash_45", console.size(45, 30).screen());
    console.size(80, 24).keys("<F12>");
    insta::assert_snapshot!("tender_cash_en", console.screen());
    console.keys("<Enter>").settle().await;
    let receipt = receipt(&got);
    assert_eq!(receipt.document.rounding, Fen(9));
    assert_eq!(receipt.change(), Fen(15_000 - 9_990));
    assert!(console.screen().contains("150.00 taken, change 50.10"));
}

/// What was counted by keys is replaced by what is typed; the next note counts on from there.
#[tokio::test]
async fn digits_after_a_note_key_replace_the_sum() {
    let books = Books::new();
    let (mut console, got) = till(&books, sale(6_800));
    console.keys("<F5>80<F6><Enter>").settle().await;
    assert_eq!(receipt(&got).change(), Fen(13_000 - 6_800));
    let (mut console, _) = till(&books, sale(6_800));
    console.keys("<F5>");
    console.burst("6901234567892<Enter>");
    assert!(console.screen().contains("100.00"));
}

/// PR6: one figure is due, the rounded one where cash pays.
#[tokio::test]
async fn only_one_amount_is_due() {
    let books = Books::new();
    let (mut console, _) = till(&books, sale(30_564));
    console.keys("50<Enter>");
    let screen = console.screen();
    assert!(!screen.contains("255.64"), "{screen}");
    let (mut console, _) = till(&books, hers(30_564, 5_000));
    assert!(console.screen().contains("差 255.60"));
    console.keys("<Up><Enter>");
    assert!(console.screen().contains("差 255.60"));
}

#[tokio::test]
async fn typed_cash_pays_and_exact_cash_is_one_key() {
    let books = Books::new();
    let (mut console, got) = till(&books, sale(6_800));
    console.keys("100<Enter>").settle().await;
    assert_eq!(receipt(&got).change(), Fen(3_200));
    let (mut console, got) = till(&books, sale(6_800));
    console.keys("<Enter>").settle().await;
    assert_eq!(receipt(&got).change(), Fen::ZERO);
}

#[tokio::test]
async fn a_double_enter_sends_one_sale() {
    let books = Books::new();
    let (mut console, _) = till(&books, sale(6_800));
    console.keys("<Enter><Enter><Esc><Enter>12<Enter>");
    let screen = console.screen();
    assert!(screen.contains("正在入账.."), "{screen}");
    console.settle().await;
    assert_eq!(books.sells().len(), 1);
}

#[tokio::test]
async fn a_mixed_bill_rounds_only_its_cash() {
    let books = Books::new();
    let (mut console, got) = till(&books, hers(9_999, 5_000));
    insta::assert_snapshot!("tender_short", console.screen());
    console.keys("<Up><Enter>");
    assert!(console.screen().contains("余额不足,差 49.90"));
    console.keys("<Down>20<Enter>");
    insta::assert_snapshot!("tender_mixed", console.screen());
    console.keys("<Up><Enter>").settle().await;
    let document = receipt(&got).document;
    let kinds: Vec<_> = document
        .tenders
        .iter()
        .map(|t| (t.kind, t.amount.0))
        .collect();
    assert_eq!(
        kinds,
        [
            (TenderKind::StoredValue, 5_000),
            (TenderKind::Wechat, 2_000),
            (TenderKind::Cash, 2_990),
        ]
    );
    assert_eq!(document.rounding, Fen(9));
}

#[tokio::test]
async fn esc_takes_parts_back_before_it_leaves() {
    let books = Books::new();
    let (mut console, got) = till(&books, sale(6_800));
    console.keys("20<Enter>30<Enter>5<Esc>");
    assert!(console.screen().contains("还需付"));
    console.keys("<Esc><Esc>");
    assert!(console.screen().contains("应收"));
    console.keys("<Esc>");
    assert!(console.screen().contains("the counter"));
    assert!(got.borrow().is_empty() && books.sells().is_empty());
}

#[tokio::test]
async fn a_payment_code_sets_the_tender_and_shows_nowhere() {
    for (code, kind) in [(WECHAT, TenderKind::Wechat), (ALIPAY, TenderKind::Alipay)] {
        let books = Books::new();
        let (mut console, got) = till(&books, sale(6_805));
        console.keys("5");
        scan(&mut console, code);
        let screen = console.screen();
        assert!(screen.contains("68.05") && screen.contains("付款码已扫"));
        assert!(!screen.contains(&code[..5]) && books.asked.borrow().is_empty());
        console.keys("<Enter>").settle().await;
        assert_eq!(
            receipt(&got).document.tenders,
            [Part::exact(kind, Fen(6_805))]
        );
        let debug = format!("{:?} {:?}", books.asked.borrow(), got.borrow());
        assert!(!debug.contains(&code[..5]));
    }
}

#[tokio::test]
async fn a_payment_code_is_in_no_debug_output_even_when_pasted() {
    let books = Books::new();
    let (mut console, _) = till(&books, sale(6_800));
    console.event(What::Paste(format!("{WECHAT}\n")));
    let screen = console.screen();
    assert!(screen.contains("微信付款码已扫") && !screen.contains(&WECHAT[..5]));
    let debug = console.debug();
    assert!(debug.contains("Tender") && !debug.contains(&WECHAT[..5]));
}

#[tokio::test]
async fn only_cash_may_be_more_and_odd_change_is_asked() {
    let books = Books::new();
    let (mut console, got) = till(&books, sale(6_800));
    console.keys("<Down>100<Enter>");
    assert!(console.screen().contains("只需付 68.00"));
    console.keys("<Esc><Up>6868<Enter>");
    assert!(console.screen().contains("要找零 6,800.00"));
    console.keys("<Enter>");
    assert!(books.sells().is_empty());
    console.keys("<Enter><Left><Enter>").settle().await;
    assert_eq!(receipt(&got).change(), Fen(680_000));
}

#[tokio::test]
async fn keypad_signs_move_the_selection() {
    let books = Books::new();
    let (mut console, _) = till(&books, sale(6_800));
    console.keys("++");
    assert!(console.screen().contains("> 支付宝"));
    console.keys("-");
    assert!(console.screen().contains("> 微信"));
}

#[tokio::test]
async fn a_balance_spent_elsewhere_leaves_the_rest_to_cash() {
    let mut books = Books::new();
    books.member = member(5_560, 0);
    books.refuse(Refusal::user("stored_value.short").with("short", "12.40"));
    let (mut console, got) = till(&books, hers(6_800, 10_000));
    console.keys("<Enter>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("余额不足,差 12.40:现金补足按 Enter"),
        "{screen}"
    );
    console.keys("<Enter>").settle().await;
    let tenders = receipt(&got).document.tenders;
    assert_eq!(tenders[0], Part::exact(TenderKind::StoredValue, Fen(5_560)));
    assert_eq!(tenders[1], Part::exact(TenderKind::Cash, Fen(1_240)));
    let ids: Vec<_> = books.sells().iter().map(|r| r.stamp.id).collect();
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn an_unknown_outcome_is_asked_again_under_the_same_id() {
    let books = Books::new();
    books.refuse(Refusal::offline());
    let (mut console, got) = till(&books, sale(6_800));
    console.keys("<Enter>").settle().await;
    // The popup, then nothing may be changed any more.
    console.keys("<Enter><Down>5");
    assert!(console.screen().contains("结果未知"));
    console.keys("<Esc>");
    assert!(console.screen().contains("离开后不要重新收款"));
    console.keys("<Enter><Enter>").settle().await;
    let sells = books.sells();
    assert_eq!(sells.len(), 2);
    assert_eq!(sells[0], sells[1]);
    assert_eq!(receipt(&got).change(), Fen::ZERO);
}

#[tokio::test]
async fn a_refused_sale_goes_out_under_a_new_id() {
    let books = Books::new();
    books.refuse(Refusal::user("shift.not_open"));
    let (mut console, got) = till(&books, sale(6_800));
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("没有开班"));
    console.keys("<Enter><Enter>").settle().await;
    let ids: Vec<_> = books.sells().iter().map(|r| r.stamp.id).collect();
    assert_eq!((ids.len(), receipt(&got).id), (2, ids[1]));
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_member_scanned_while_paying_gets_the_sale() {
    let books = Books::new();
    let (mut console, got) = till(&books, sale(6_800));
    scan(&mut console, "C000123");
    console.settle().await;
    assert!(console.screen().contains("本单记到 王晓明 名下"));
    console.keys("<Enter>");
    assert!(matches!(&got.borrow()[..], [Outcome::Member(member)] if member.id == 7));
    assert!(books.sells().is_empty());
}

/// SV10: a gift card shown at the payment pays as far as it goes, without a key and at the same prices.
#[tokio::test]
async fn a_gift_card_shown_while_paying_pays() {
    let mut books = Books::new();
    books.member = Member {
        is_bearer: true,
        phone: None,
        name: "*0123".into(),
        ..member(5_000, 0)
    };
    let (mut console, got) = till(&books, sale(6_800).keeping(Cart::default()));
    scan(&mut console, "C000123");
    console.settle().await;
    insta::assert_snapshot!("gift_card_pays", console.screen());
    console.keys("<Enter><Enter>").settle().await;
    let sold = &books.sells()[0];
    assert_eq!(sold.member_id, Some(7));
    let paid: Vec<_> = sold.tenders.iter().map(|it| (it.kind, it.amount)).collect();
    assert_eq!(
        paid,
        [
            (TenderKind::StoredValue, Fen(5_000)),
            (TenderKind::Cash, Fen(1_800))
        ]
    );
    assert_eq!(receipt(&got).document.points, 0);
}

#[tokio::test]
async fn the_cart_on_the_disk_names_the_operation() {
    let books = Books::new();
    let (mut console, got) = till(&books, sale(6_800).keeping(Cart::default()));
    console.keys("<Enter>").settle().await;
    let asked = books.asked.borrow();
    let Query::KeepCart { sending, .. } = &asked[0] else {
        panic!("first the disk");
    };
    assert_eq!(*sending, Some(receipt(&got).id));
}

#[tokio::test]
async fn a_free_sale_is_closed_by_enter() {
    let books = Books::new();
    let (mut console, got) = till(&books, sale(0));
    console.keys("<Enter>").settle().await;
    assert!(receipt(&got).document.tenders.is_empty());
}

#[tokio::test]
async fn topping_up_while_paying_makes_stored_value_the_choice() {
    let mut books = Books::new();
    books.member = member(60_000, 0);
    let (mut console, got) = till(&books, hers(6_800, 1_000));
    console.keys("<F3>500").settle().await;
    console.keys("<Enter><Enter>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("> 储值"), "{screen}");
    console.keys("<Enter>").settle().await;
    assert_eq!(
        receipt(&got).document.tenders[0].kind,
        TenderKind::StoredValue
    );
}
