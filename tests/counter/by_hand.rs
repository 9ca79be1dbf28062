//! Prices set by hand, and who approves them (OP3).

use guitai::domain::money::Fen;
use guitai::query::Cart;

use super::OIL;
use super::desk::{self, Desk, counter, open};
use crate::support::console::Console;
use crate::support::shop::cashier;

#[tokio::test]
async fn a_price_by_hand_needs_the_right() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst(OIL).burst("<Enter>").settle().await;
    console.keys("<F7>");
    insta::assert_snapshot!("line", console.screen());
    console.keys("<Down>99<Enter>").settle().await;
    assert!(
        console
            .screen()
            .contains("APPROVE 改价:护发精油 1 件 128.00 -> 99.00")
    );
    console.keys("<Esc>").settle().await;
    assert!(!console.screen().contains("99.00"));
    console.keys("<F7><Down>99<Enter><Enter>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("改价 99.00") && screen.contains("-29.00"),
        "{screen}"
    );
    console.keys("<F2>").settle().await;
    assert!(
        console.screen().contains("TENDER 99.00 - 1"),
        "who approved goes with it"
    );

    let mut console = open(&desk, parts_of_manager());
    console.burst(OIL).burst("<Enter>").settle().await;
    console.keys("<F7>2<Down>99<Enter>").settle().await;
    assert!(console.screen().contains("-58.00"), "{}", console.screen());
}

fn parts_of_manager() -> guitai::app::Parts {
    let mut parts = desk::parts_on_shift();
    let mut manager = cashier();
    manager.role = guitai::domain::staff::Role::Manager;
    parts.session.staff = Some(manager);
    parts
}

#[tokio::test]
async fn a_price_by_hand_that_comes_back_is_approved_again() {
    let desk = Desk::new();
    let mut parts = desk::parts_on_shift();
    let mut line = desk::line("护发精油");
    line.override_price = Some(Fen(9_900));
    parts.session.cart = Some(Cart {
        coupons: guitai::domain::coupon::Presented::default(),
        member_id: None,
        lines: vec![line],
    });
    let mut console = open(&desk, parts);
    console.keys("<F2>").settle().await;
    assert!(
        console
            .screen()
            .contains("改价:护发精油 1 件 128.00 -> 99.00")
    );
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("TENDER 99.00 - 1"));
}

#[tokio::test]
async fn an_approved_line_that_changes_is_approved_again() {
    let desk = Desk::new();
    let mut parts = desk::parts_on_shift();
    let by_hand = |fen| {
        let mut line = desk::line("护发精油");
        line.override_price = Some(Fen(fen));
        line
    };
    parts.session.cart = Some(Cart {
        coupons: guitai::domain::coupon::Presented::default(),
        member_id: None,
        lines: vec![by_hand(9_900), desk::line("烫发")],
    });
    let asks = |console: &mut Console<&Desk>| console.screen().contains("改价:");
    let mut console = open(&desk, parts);
    console.keys("<F2>").settle().await;
    assert!(asks(&mut console));
    console.keys("<Enter><Esc>").settle().await;
    // Another line's quantity is nothing to her.
    console.keys("<F7>3<Enter><F2>").settle().await;
    assert!(!asks(&mut console), "{}", console.screen());
    console.keys("<Esc><Up><F7>3<Enter>").settle().await;
    assert!(!asks(&mut console), "it is asked with the payment");
    console.keys("<F2>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("护发精油 3 件 128.00 -> 99.00"), "{screen}");
    console
        .keys("<Enter><Esc><F7><Down>88<Enter>")
        .settle()
        .await;
    let screen = console.screen();
    assert!(
        screen.contains("护发精油 3 件 128.00 -> 88.00"),
        "a price by hand is asked at once: {screen}"
    );
}
