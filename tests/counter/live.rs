//! Somebody else edits the shop while a customer stands at the till.

use chrono::TimeDelta;
use guitai::event::What;
use guitai::query::{Noun, Query};

use super::OIL;
use super::desk::{Desk, counter};
use crate::support::shop::cashier;

fn reads(desk: &Desk) -> usize {
    let asked = desk.asked();
    let reads = |query: &&Query| matches!(query, Query::ReadShop { .. });
    asked.iter().filter(reads).count()
}

#[tokio::test]
async fn the_sale_in_hand_keeps_its_goods_and_says_its_new_total() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst("0088001<Enter>").settle().await;
    console.wait(TimeDelta::seconds(1));
    console.burst(OIL).burst("<Enter>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("-12.80"), "{screen}");
    console.keys("wxm");
    desk.edit(|shop| shop.levels[1].paid = 8_000);
    console.event(What::Changed(Noun::Shop)).settle().await;
    let screen = console.screen();
    assert!(screen.contains("本单应收现为 102.40"), "{screen}");
    assert!(screen.contains("> wxm"), "what is typed stays: {screen}");
    assert!(screen.contains("128.00"), "{screen}");
    // Nothing that changes the price: not a word.
    console.wait(TimeDelta::seconds(7));
    desk.edit(|shop| shop.dormancy_days = 90);
    console.event(What::Changed(Noun::Shop)).settle().await;
    assert!(!console.screen().contains("应收现为"));
    assert_eq!(console.session().shop.as_ref().unwrap().dormancy_days, 90);
}

#[tokio::test]
async fn a_storm_is_two_questions() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    for _ in 0..100 {
        console.event(What::Changed(Noun::Product));
    }
    console.settle().await;
    assert_eq!(reads(&desk), 2);
}

#[tokio::test]
async fn what_could_not_be_read_is_read_with_the_next_answer() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    desk.offline(true);
    desk.edit(|shop| shop.dormancy_days = 90);
    console.event(What::Changed(Noun::Shop)).settle().await;
    assert_eq!(reads(&desk), 1, "no asking in vain");
    desk.offline(false);
    console.burst(OIL).burst("<Enter>").settle().await;
    assert_eq!(console.session().shop.as_ref().unwrap().dormancy_days, 90);
}

#[tokio::test]
async fn whoever_works_here_no_longer_is_locked_out_and_the_sale_waits() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst(OIL).burst("<Enter>").settle().await;
    let mut her = cashier();
    her.name = "李敏敏".to_owned();
    *desk.staff.borrow_mut() = Some(her.clone());
    console.event(What::Changed(Noun::Staff)).settle().await;
    let staff = console.session().staff.clone().unwrap();
    assert_eq!(staff.name, "李敏敏");
    assert!(console.screen().contains("128.00"));
    her.active = false;
    *desk.staff.borrow_mut() = Some(her);
    console.event(What::Changed(Noun::Staff)).settle().await;
    console.event(What::Changed(Noun::Staff)).settle().await;
    assert!(console.screen().contains("已锁定"));
    console.keys("<Esc>");
    assert!(console.screen().contains("李敏敏 退出"));
    console.keys("<Esc>");
    assert!(console.screen().contains("已锁定"));
}
