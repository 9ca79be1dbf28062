//! Keys: those that are shown, those that act alone, and what the others say.

use chrono::TimeDelta;
use guitai::domain::money::Fen;
use guitai::query::Cart;

use super::desk::{self, Desk, counter, open};

fn quiet() -> TimeDelta {
    TimeDelta::milliseconds(200)
}

#[tokio::test]
async fn every_door_is_shown_in_a_narrow_window() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    let screen = console.size(45, 30).screen();
    let rows: Vec<&str> = screen.lines().collect();
    let bar = rows[rows.len() - 2..].join(" ");
    for key in ["F1 ", "F2 ", "F5 ", "F6 ", "F8 ", "F10 "] {
        assert!(bar.contains(key), "{key} in {screen}");
    }
    let screen = console.size(45, 12).screen();
    assert!(screen.lines().last().unwrap().contains("F10 "), "{screen}");
}

#[tokio::test]
async fn a_digit_of_a_menu_acts_alone_and_a_scan_does_not() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys("<F10>");
    assert!(console.screen().contains(" 9 "), "{}", console.screen());
    console
        .burst("6911111111117<Enter>")
        .wait(quiet())
        .settle()
        .await;
    assert!(console.session().staff.is_some());
    console.keys("<F10>1").wait(quiet());
    assert!(!console.screen().contains(" 9 "), "{}", console.screen());
}

#[tokio::test]
async fn the_tenth_of_a_menu_is_0_and_what_follows_has_no_digit() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    let screen = console.keys("<F10>").screen();
    assert!(screen.contains(" 0 打印机和钱箱"), "{screen}");
    assert!(screen.contains("   设备"), "{screen}");
    assert!(
        !screen.contains("10 ") && !screen.contains("11 设备"),
        "{screen}"
    );
    let screen = console.keys("0").wait(quiet()).screen();
    assert!(
        !screen.contains(" 9 ") && screen.contains("没有设置打印机"),
        "{screen}"
    );
}

#[tokio::test]
async fn a_question_is_answered_by_y_or_n() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys("<Ctrl-q>n").wait(quiet());
    assert!(!console.screen().contains("退出柜台?") && !console.has_quit());
    console.keys("<Ctrl-q>y").wait(quiet());
    assert!(console.has_quit());
}

#[tokio::test]
async fn a_key_that_can_do_nothing_says_why_until_the_screen_changes() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    assert!(console.keys("<F5>").screen().contains("没有可挂的"));
    assert!(!console.keys("<F10>").screen().contains("没有可挂的"));
}

#[tokio::test]
async fn a_long_notice_takes_two_rows_in_a_narrow_window() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    let screen = console.size(45, 30).keys("<F4>").screen();
    let rows: Vec<&str> = screen.lines().collect();
    let at = rows
        .iter()
        .position(|row| row.contains("! 先找会员"))
        .unwrap();
    assert!(rows[at + 1].trim() == "音。", "{screen}");
    assert!(rows[at + 2].contains("F1 "), "{screen}");
    let screen = console.size(80, 24).screen();
    assert!(screen.contains("手机号、尾号、拼音。"), "{screen}");
}

#[tokio::test]
async fn prices_from_a_thousand_are_whole() {
    let desk = Desk::new();
    let mut parts = desk::parts_on_shift();
    let line = guitai::domain::price::CartLine {
        price: Fen(526_800),
        ..desk::line("护发精油")
    };
    parts.session.cart = Some(Cart {
        coupons: guitai::domain::coupon::Presented::default(),
        member_id: None,
        lines: vec![line],
    });
    let mut console = open(&desk, parts);
    let screen = console.settle().await.screen();
    assert!(screen.contains("1 x 5,268.00"), "{screen}");
    let screen = console.size(45, 30).screen();
    assert!(screen.contains("1 x 5,268.00"), "{screen}");
}
