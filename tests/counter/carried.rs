//! What a code says of the very piece: scale labels, last days, cards of other readers, damaged scans.

use chrono::TimeDelta;
use guitai::app::Parts;
use guitai::domain::gtin::with_check_digit;
use guitai::domain::label::{LabelRule, MoneyUnit, WeightUnit};
use guitai::domain::scan::{Device, Scan};
use guitai::event::What;
use guitai::query::Query;

use super::desk::{Desk, open, parts_on_shift};
use crate::support::console::Console;

/// 18 digits: 26, six of the item, five of money, four of weight in grams.
fn rule(checked: bool) -> LabelRule {
    LabelRule {
        id: 1,
        prefix: "26".to_owned(),
        plu_digits: 6,
        money_digits: 5,
        money_unit: MoneyUnit::Fen,
        weight_digits: 4,
        weight_unit: WeightUnit::Gram,
        weight_first: false,
        checked,
        active: true,
        version: 1,
    }
}

fn with_rule(checked: bool) -> Parts {
    let mut parts = parts_on_shift();
    let shop = parts.session.shop.as_mut().unwrap();
    shop.labels.push(rule(checked));
    parts
}

/// A label of the shop's red dates, 39.80 a kilogram.
fn label(plu: &str, fen: i64, grams: i64) -> String {
    with_check_digit(&format!("26{plu}{fen:05}{grams:04}")).unwrap()
}

async fn scan(console: &mut Console<&Desk>, raw: &str) {
    let scan = Scan::read(raw, Device::Usb("front".to_owned()), 0).unwrap();
    console.event(What::Scan(scan)).settle().await;
}

fn added(desk: &Desk) -> Vec<(i64, String)> {
    let asked = desk.asked().into_iter();
    asked
        .filter_map(|query| match query {
            Query::AddCard {
                member_id, card, ..
            } => Some((member_id, card)),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_label_joins_with_its_weight_and_its_money_to_the_fen() {
    let desk = Desk::new();
    let mut console = open(&desk, with_rule(true));
    // 39.80 x 0.525 is 20.895: the scale has cut it.
    scan(&mut console, &label("330100", 2_089, 525)).await;
    let screen = console.screen();
    assert!(
        screen.contains("散装红枣") && screen.contains("525 克") && screen.contains("20.89"),
        "{screen}"
    );
    assert!(!screen.contains("按秤标签"), "{screen}");
    assert_eq!(desk.presses(), 1, "one question");
    // A second one is a line of its own, and the scale's older price is said and charged.
    scan(&mut console, &label("330100", 3_000, 1_000)).await;
    let screen = console.screen();
    assert!(
        screen.contains("秤上的单价与商品资料不同") && screen.contains("按秤标签 30.00"),
        "{screen}"
    );
    console.keys("<F2>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("TENDER 50.89"), "{screen}");
}

#[tokio::test]
async fn a_label_is_typed_when_it_cannot_be_scanned_and_weighed_anew_when_it_is_edited() {
    let desk = Desk::new();
    let mut console = open(&desk, with_rule(true));
    console
        .keys(&label("330100", 2_089, 525))
        .keys("<Enter>")
        .settle()
        .await;
    assert!(console.screen().contains("20.89"), "{}", console.screen());
    // Another weight is another amount: the label's money is of what is on it.
    console.keys("<F7>1000<Enter>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("39.80"), "{screen}");
    assert!(!screen.contains("20.89"), "{screen}");
}

#[tokio::test]
async fn a_label_without_check_digit_that_could_be_money_is_asked_about() {
    let code = label("330100", 2_089, 525);
    let last = code.chars().last().unwrap();
    let wrong = format!("{}{}", &code[..17], if last == '0' { '1' } else { '0' });
    let desk = Desk::new();
    let mut console = open(&desk, with_rule(false));
    scan(&mut console, &wrong).await;
    let screen = console.screen();
    assert!(
        screen.contains("像付款码") && screen.contains("散装红枣 20.89"),
        "{screen}"
    );
    assert!(!screen.contains(&wrong));
    // The default is no.
    console.keys("<Enter>").settle().await;
    assert!(!console.screen().contains("525 克"), "{}", console.screen());
    scan(&mut console, &wrong).await;
    console.keys("y").wait(TimeDelta::seconds(1));
    assert!(console.screen().contains("525 克"), "{}", console.screen());
    // By a rule that counts it, and without any rule, it is a payment code.
    for parts in [with_rule(true), parts_on_shift()] {
        let desk = Desk::new();
        let mut console = open(&desk, parts);
        scan(&mut console, &wrong).await;
        assert!(
            console.screen().contains("这是付款码"),
            "{}",
            console.screen()
        );
        assert_eq!(desk.presses(), 0);
    }
}

/// Before its rule is made a label has the shape of a payment code: where its rule is made is said too, and
/// nothing of it is asked or kept, for it may be money.
#[tokio::test]
async fn a_label_without_a_rule_is_sent_to_where_rules_are_made() {
    let code = label("330100", 2_089, 525);
    for pasted in [false, true] {
        let desk = Desk::new();
        let mut console = open(&desk, parts_on_shift());
        if pasted {
            console.event(What::Paste(code.clone())).settle().await;
        } else {
            scan(&mut console, &code).await;
        }
        let screen = console.screen();
        assert!(screen.contains("店铺管理 - 商品 - 秤标签"), "{screen}");
        assert!(screen.contains("按 F2 收款再扫"), "{screen}");
        assert!(!screen.contains(&code) && desk.presses() == 0, "{screen}");
    }
    // So is one that no wallet would show, of 13 digits or 18.
    for digits in ["201233010020", "22330100020890525"] {
        let code = with_check_digit(digits).unwrap();
        let desk = Desk::new();
        let mut console = open(&desk, parts_on_shift());
        scan(&mut console, &code).await;
        let screen = console.screen();
        assert!(
            screen.contains("到店铺管理 - 商品 - 秤标签"),
            "{code}: {screen}"
        );
        // Thirteen digits may as well be an item with a code of the shop's own.
        let first = if code.len() == 18 {
            "1 忽略"
        } else {
            "1 添加为新商品"
        };
        assert!(screen.contains(first), "{code}: {screen}");
    }
    // What has neither a prefix of the shop's own nor a check digit is a payment code and nothing else.
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, "135112298638468293").await;
    let screen = console.screen();
    assert!(
        screen.contains("这是付款码") && !screen.contains("秤标签"),
        "{screen}"
    );
}

/// The weight of a code on goods sold by the piece makes no price: it is said, with what can be done.
#[tokio::test]
async fn a_weight_on_goods_by_the_piece_is_said() {
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, &format!("]C1{OIL}3103000525")).await;
    let screen = console.screen();
    for says in [
        "护发精油按件卖,码上的 0.525 公斤没有用",
        "改成按公斤",
        "按件卖,码上 0.525 公斤没有用",
        "128.00",
    ] {
        assert!(screen.contains(says), "{says}: {screen}");
    }
    // With the money of the code there is a price: that is charged.
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, &format!("]C1{OIL}31030005253922999")).await;
    let screen = console.screen();
    assert!(
        screen.contains("9.99") && !screen.contains("没有用"),
        "{screen}"
    );
}

/// The number of a `WeChat` member card has twelve digits: hers whether or not it is a right UPC-A as well, and
/// typed as well as scanned.
#[tokio::test]
async fn a_wechat_card_of_twelve_digits_is_hers() {
    for number in ["318401234568", "012345678905"] {
        let desk = Desk::new();
        desk.bind(number);
        let mut console = open(&desk, parts_on_shift());
        scan(&mut console, number).await;
        let screen = console.screen();
        assert!(screen.contains("1,234.00"), "{number}: {screen}");
        let mut console = open(&desk, parts_on_shift());
        console.keys(number).keys("<Enter>").settle().await;
        let screen = console.screen();
        assert!(screen.contains("1,234.00"), "{number}: {screen}");
    }
}

#[tokio::test]
async fn a_label_of_goods_the_shop_does_not_have_says_what_to_do() {
    let desk = Desk::new();
    let mut console = open(&desk, with_rule(true));
    scan(&mut console, &label("330101", 2_089, 525)).await;
    let screen = console.screen();
    assert!(screen.contains("货号 330101 没有商品"), "{screen}");
}

#[tokio::test]
async fn a_payment_code_stays_one_beside_the_rules() {
    for code in ["135112298638468293", "289431869362714645"] {
        let desk = Desk::new();
        let mut console = open(&desk, with_rule(true));
        scan(&mut console, code).await;
        assert!(
            console.screen().contains("这是付款码"),
            "{}",
            console.screen()
        );
        assert_eq!(desk.presses(), 0);
    }
}

const OIL: &str = "0106901234567892";

#[tokio::test]
async fn a_last_day_is_said_and_stands_in_the_sale() {
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, &format!("]d2{OIL}17260311{}", "10A1")).await;
    let screen = console.screen();
    assert!(screen.contains("快到期:还有 2 天"), "{screen}");
    assert!(screen.contains("有效期至 2026-03-11"), "{screen}");
    insta::assert_snapshot!("near_its_end", screen);
    // A later one is no reason to say anything, and a line of its own.
    scan(&mut console, &format!("]C1{OIL}15260600")).await;
    let screen = console.screen();
    assert!(screen.contains("保质期至 2026-06-30"), "{screen}");
    assert!(screen.contains("2 行"), "{screen}");
    assert_eq!(desk.presses(), 1, "the item is known by now");
}

#[tokio::test]
async fn what_is_past_its_last_day_is_asked_about() {
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    let old = format!("]C1{OIL}17260300{}", "").replace("17260300", "17260200");
    scan(&mut console, &old).await;
    let screen = console.screen();
    assert!(screen.contains("护发精油 已过有效期 9 天"), "{screen}");
    console.keys("<Enter>").settle().await;
    assert!(!console.screen().contains("128.00"), "{}", console.screen());
    scan(&mut console, &old).await;
    console.keys("y").wait(TimeDelta::seconds(1));
    let screen = console.screen();
    assert!(
        screen.contains("128.00") && screen.contains("已过期 2026-02-28"),
        "{screen}"
    );
}

#[tokio::test]
async fn without_separators_the_rest_is_shown_and_not_guessed() {
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(
        &mut console,
        &format!("]C1{OIL}10ABCDEFGHIJKLMN17260101210001"),
    )
    .await;
    let screen = console.screen();
    assert!(screen.contains("128.00"), "{screen}");
    assert!(
        screen.contains("读不开的部分") && screen.contains("10ABCDEFGHIJKLMN"),
        "{screen}"
    );
    assert!(!screen.contains("过期"), "{screen}");
}

#[tokio::test]
async fn a_card_by_another_reader_is_offered_and_then_both_numbers_are_hers() {
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, "07302202").await;
    let screen = console.screen();
    assert!(screen.contains("像是 王晓明 的卡 0040856634"), "{screen}");
    assert!(
        screen.contains("未选会员"),
        "she is not chosen yet: {screen}"
    );
    assert_eq!(desk.presses(), 1);
    console.keys("<Enter>").settle().await;
    assert_eq!(added(&desk), [(7, "07302202".to_owned())]);
    assert!(
        console.screen().contains("1,234.00"),
        "{}",
        console.screen()
    );
    assert!(console.screen().contains("记住了这个读卡器的号码格式"));
    let kept = |query| match query {
        Query::KeepReaders(readers) => Some(readers),
        _ => None,
    };
    let kept: Vec<_> = desk.asked().into_iter().filter_map(kept).collect();
    let [readers] = &kept[..] else {
        panic!("kept once: {kept:?}");
    };
    let reader = readers.of(&Device::Usb("front".to_owned())).unwrap();
    assert_eq!(reader.form.shape.name(), "6H8D");
    assert_eq!(readers.of(&Device::Terminal), None);
    // The next time she is simply there, by one question.
    let desk = Desk::new();
    let mut parts = parts_on_shift();
    parts.session.readers = readers.clone();
    let mut console = open(&desk, parts);
    scan(&mut console, "07302202").await;
    let screen = console.screen();
    assert!(
        screen.contains("1,234.00") && !screen.contains("像是"),
        "{screen}"
    );
    assert_eq!(desk.presses(), 1);
    assert!(added(&desk).is_empty());
    // Of a reader whose bytes come turned round, a new card is kept by its canonical bytes.
    let desk = Desk::new();
    let mut parts = parts_on_shift();
    let front = Device::Usb("front".to_owned());
    let is_new = parts
        .session
        .readers
        .learn(&front, "2706081563", "0461851553");
    assert!(is_new);
    let mut console = open(&desk, parts);
    scan(&mut console, "2706081563").await;
    assert!(
        console.screen().contains("1,234.00"),
        "{}",
        console.screen()
    );
    scan(&mut console, "0000000001").await;
    console.keys("<Enter>").settle().await;
    assert_eq!(added(&desk), [(7, "0016777216".to_owned())]);
    // No: it is a card nobody has.
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, "111,27706").await;
    console.keys("<Esc>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("没有人认识这个码"), "{screen}");
    assert!(added(&desk).is_empty());
}

#[tokio::test]
async fn a_number_made_up_anew_every_time_and_a_coupon_are_refused_in_words() {
    for (code, says) in [
        ("08A1B2C3", "每次给出的号码都不同"),
        ("GC902E03M04R04G000Z", "不是本店出的"),
        ("9912345678909", "别家或厂家的券"),
    ] {
        let desk = Desk::new();
        let mut console = open(&desk, parts_on_shift());
        scan(&mut console, code).await;
        let screen = console.screen();
        assert!(screen.contains(says), "{code}: {screen}");
    }
}

#[tokio::test]
async fn damaged_scans_are_whole_again_only_by_their_check_digit() {
    // Cut in two.
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, "6901234").await;
    console.wait(TimeDelta::milliseconds(200));
    scan(&mut console, "567892").await;
    let screen = console.screen();
    assert!(
        screen.contains("128.00") && !screen.contains("没有人认识"),
        "{screen}"
    );
    // Too late, or not right together.
    for (first, pause, second) in [("6901234", 5_000, "567892"), ("6901234", 100, "567893")] {
        let desk = Desk::new();
        let mut console = open(&desk, parts_on_shift());
        scan(&mut console, first).await;
        console.wait(TimeDelta::milliseconds(pause));
        scan(&mut console, second).await;
        assert!(!console.screen().contains("128.00"), "{}", console.screen());
    }
    // Another country's keyboard.
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, "-çà&é\"'(-è_çé").await;
    assert!(console.screen().contains("128.00"), "{}", console.screen());
    // One of two equal digits lost: the cashier says that it is this one.
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, "691111111117").await;
    let screen = console.screen();
    assert!(screen.contains("是 剪发(6911111111117)"), "{screen}");
    console.keys("y").wait(TimeDelta::seconds(1));
    assert!(console.screen().contains("68.00"), "{}", console.screen());
}

#[tokio::test]
async fn a_new_product_keeps_what_its_first_code_says() {
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, "]C1010690000000001417260201").await;
    console.keys("<Enter>").settle().await;
    console.keys("<Enter>").settle().await;
    console.keys("奶油<Enter>12.5<Enter><Enter>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("奶油 已过有效期"), "{screen}");
    console
        .keys("y")
        .wait(TimeDelta::milliseconds(200))
        .settle()
        .await;
    let screen = console.screen();
    assert!(
        screen.contains("12.50") && screen.contains("2026-02-01"),
        "{screen}"
    );
}

/// The queue goes on scanning while a new item is being named: that must not pass in silence.
#[tokio::test]
async fn a_scan_over_a_new_product_is_said() {
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, "]C1010690000000001417270201").await;
    console.keys("<Enter>").settle().await;
    console.keys("<Enter>").settle().await;
    scan(&mut console, "6911111111117").await;
    let screen = console.screen();
    assert!(screen.contains("先保存或放弃这件商品"), "{screen}");
}

/// Enter must not enrol somebody with a barcode that was read badly.
#[tokio::test]
async fn a_misread_barcode_is_ignored_first() {
    let desk = Desk::new();
    let mut console = open(&desk, parts_on_shift());
    scan(&mut console, "6957842208857").await;
    let screen = console.screen();
    assert!(screen.contains("1 忽略"), "{screen}");
}
