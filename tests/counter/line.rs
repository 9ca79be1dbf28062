//! The input line: what it says while something is typed, and what a scan leaves of it.

use chrono::TimeDelta;

use super::OIL;
use super::desk::{Desk, counter};
use crate::support::console::Console;

async fn typed(console: &mut Console<&Desk>, keys: &str) -> String {
    console.keys(keys).wait(TimeDelta::seconds(1));
    console.settle().await.screen()
}

async fn scan(console: &mut Console<&Desk>, code: &str) -> String {
    console.wait(TimeDelta::seconds(1));
    console.burst(code).burst("<Enter>").settle().await.screen()
}

#[tokio::test]
async fn more_candidates_than_fit_are_announced() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    desk.crowd.set(Some(6));
    let screen = typed(&mut console, "wang").await;
    assert_eq!(screen.matches("138****").count(), 6, "{screen}");
    assert!(!screen.contains("还有更多"), "{screen}");
    desk.crowd.set(Some(40));
    let screen = typed(&mut console, "<Esc>wang").await;
    assert_eq!(screen.matches("138****").count(), 6, "{screen}");
    assert!(screen.contains("还有更多,请继续输入"), "{screen}");
    // The arrows reach the rows and nothing else: the last of six is the sixth.
    let screen = typed(&mut console, "<Down><Down><Down><Down><Down><Down><Down>").await;
    assert!(screen.contains("还有更多"), "{screen}");
    console.keys("<Enter>").settle().await;
    let asked = format!("{:?}", desk.asked());
    assert!(asked.contains("ReadMember { id: 12 }"), "{asked}");
    let screen = typed(&mut console, "<Esc>wang<F12>").await;
    assert!(screen.contains("There are more: type on"), "{screen}");
    let screen = console.size(45, 30).screen();
    assert!(screen.contains("There are more: type on"), "{screen}");
}

#[tokio::test]
async fn pieces_say_what_they_do() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    let screen = typed(&mut console, "3*").await;
    assert!(
        screen.contains("下一件要 3 件") && !screen.contains("没有找到"),
        "{screen}"
    );
    let screen = typed(&mut console, "<Enter>").await;
    assert!(screen.contains("3 x > "), "{screen}");
    let screen = scan(&mut console, OIL).await;
    assert!(screen.contains("3 x  128.00    384.00"), "{screen}");
    let screen = typed(&mut console, "*2").await;
    assert!(screen.contains("选中的行改成 2 件"), "{screen}");
    let screen = typed(&mut console, "<Enter>").await;
    assert!(screen.contains("2 x  128.00    256.00"), "{screen}");
}

#[tokio::test]
async fn pieces_and_what_they_are_of_in_one_line() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    scan(&mut console, OIL).await;
    let screen = typed(&mut console, "3*10<Enter>").await;
    assert!(screen.contains("3 x   10.00     30.00"), "{screen}");
    let screen = typed(&mut console, "２×6911111111117<Enter>").await;
    assert!(screen.contains("2 x   68.00    136.00"), "{screen}");
    // A wallet's code is refused behind pieces too.
    let screen = typed(&mut console, "2*135112298638468293<Enter>").await;
    assert!(screen.contains("这是付款码"), "{screen}");
    let asked = format!("{:?}", desk.asked());
    assert!(!asked.contains("135112298638468"), "{asked}");
}

#[tokio::test]
async fn a_scan_leaves_nothing_of_what_was_half_typed() {
    let desk = Desk::new();
    desk.crowd.set(Some(0));
    let mut console = counter(&desk);
    typed(&mut console, "剪个").await;
    let screen = scan(&mut console, OIL).await;
    assert!(screen.contains("护发精油"), "{screen}");
    assert!(
        !screen.contains("没有找到") && !screen.contains("剪个"),
        "{screen}"
    );
    // Also when Enter was pressed and complained, and the item is known without asking.
    let screen = typed(&mut console, "剪个<Enter>").await;
    assert!(screen.contains("没有找到"), "{screen}");
    let screen = scan(&mut console, OIL).await;
    assert!(screen.contains("2 x  128.00"), "{screen}");
    assert!(!screen.contains("没有找到"), "{screen}");
    // And when its answer comes after the scan.
    console.wait(TimeDelta::seconds(1));
    console.keys("剪个<Enter>");
    let screen = scan(&mut console, OIL).await;
    assert!(
        screen.contains("3 x  128.00") && !screen.contains("没有找到"),
        "{screen}"
    );
}

#[tokio::test]
async fn a_scan_over_a_message_goes_on() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    desk.offline(true);
    scan(&mut console, OIL).await;
    assert!(console.screen().contains("连不上"));
    desk.offline(false);
    let screen = scan(&mut console, OIL).await;
    assert!(
        screen.contains("护发精油") && !screen.contains("连不上"),
        "{screen}"
    );
}

#[tokio::test]
async fn a_scan_over_the_help_goes_on() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    assert!(console.keys("<F1>").screen().contains("帮助 ─"));
    let screen = scan(&mut console, OIL).await;
    assert!(
        screen.contains("护发精油") && !screen.contains("帮助 ─"),
        "{screen}"
    );
}

#[tokio::test]
async fn four_digits_are_a_tail_until_she_is_known() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    scan(&mut console, OIL).await;
    // A sale without a member: the customer says her tail at its end.
    let screen = typed(&mut console, "1380<Enter>").await;
    assert!(
        screen.contains("1,234.00") && !screen.contains("1,380.00"),
        "{screen}"
    );
    let screen = typed(&mut console, "1380").await;
    let rows: Vec<&str> = screen.lines().skip(3).take(2).collect();
    assert!(
        rows[0].contains("1,380.00") && rows[1].contains("138****"),
        "{screen}"
    );
    let screen = typed(&mut console, "<Enter>").await;
    assert!(screen.contains("1 x 1,380.00"), "{screen}");
    // Nobody has that tail: it is money.
    desk.crowd.set(Some(0));
    let mut console = counter(&desk);
    let screen = typed(&mut console, "1380<Enter>").await;
    assert!(screen.contains("TENDER 1,380.00"), "{screen}");
}
