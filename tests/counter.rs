//! The counter by keys: what a cashier presses, what is asked, what she sees.

mod by_hand;
mod carried;
mod codes;
pub mod coupons;
pub mod desk;
mod keys;
mod line;
mod live;
mod looks;
pub mod offers;

use chrono::TimeDelta;
use desk::{Desk, counter, member, open, parts_on_shift};
use guitai::domain::ledger::OperationKind;
use guitai::domain::print::Order;
use guitai::domain::slip::{Form, Line};
use guitai::domain::token::Token;
use guitai::event::{Effect, What};
use guitai::query::{Noun, Query, Reply, Typed};
use guitai::ui::screens::counter::Counter;

use crate::support::console::parts;
use crate::support::shop::cashier;

const PHONE: &str = "13800138000";
const NEW_PHONE: &str = "13912345678";
const OIL: &str = "6901234567892";

#[tokio::test]
async fn a_quick_sale_is_the_digits_and_two_keys() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst("0088001<Enter>").settle().await;
    assert!(console.screen().contains("王晓明"));
    let before = desk.presses();
    console.keys("68<Enter>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("TENDER 61.20 王晓明"), "{screen}");
    console.keys("<Enter>").settle().await;
    assert_eq!(desk.presses() - before, 0, "only the tender asks");
    let screen = console.screen();
    assert!(
        screen.contains("已收 61.20  储值余 1,172.80  积分 2,371"),
        "{screen}"
    );
    assert!(screen.contains("未选会员"));
    console.wait(TimeDelta::seconds(30));
    assert!(console.screen().contains("已收 61.20"), "it stays readable");
}

#[tokio::test]
async fn a_new_member_is_her_phone_and_two_keys() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys(NEW_PHONE).keys("<Enter>").settle().await;
    insta::assert_snapshot!("enrol", console.screen());
    console.keys("<Enter>").settle().await;
    let asked = desk.asked();
    let enrolled = asked
        .iter()
        .filter(|query| matches!(query, Query::Enrol(_)));
    assert_eq!(enrolled.count(), 1);
    let Some(Query::Enrol(request)) = asked.iter().find(|query| matches!(query, Query::Enrol(_)))
    else {
        panic!("nobody was enrolled");
    };
    assert_eq!(request.phone.as_deref(), Some(NEW_PHONE));
    assert_eq!(request.consents, ["membership"]);
    assert!(guitai::domain::token::Token::parse(&request.code).is_some());
    let screen = console.screen();
    assert!(
        screen.contains("入会礼 100 积分") && screen.contains("139****5678"),
        "{screen}"
    );
}

/// Whoever is new gets her own code on paper, and nobody gets another's.
#[tokio::test]
async fn a_new_member_gets_her_code() {
    let printed = |phone: &'static str, auto: bool| async move {
        let desk = Desk::new();
        let mut parts = parts_on_shift();
        let printing = &mut parts.session.printing;
        printing.is_there = true;
        printing.auto = if auto {
            vec![OperationKind::Enrol]
        } else {
            Vec::new()
        };
        let mut console = open(&desk, parts);
        console.keys(phone).keys("<Enter>").settle().await;
        console.keys("<Enter>").settle().await;
        let code = desk.asked().into_iter().find_map(|query| match query {
            Query::Enrol(request) => Some(request.code),
            _ => None,
        });
        let handed_out = console.handed_out();
        let jobs = handed_out.into_iter().filter_map(|effect| match effect {
            Effect::Print(Order::Print(job)) => Some(job.lines.clone()),
            _ => None,
        });
        (code.unwrap(), jobs.collect::<Vec<_>>())
    };
    let (code, jobs) = printed(NEW_PHONE, true).await;
    let [lines] = &jobs[..] else {
        panic!("{jobs:?}")
    };
    let qr = lines.iter().find(|line| line.form == Form::Qr);
    assert_eq!(qr.map(|line| &line.text), Some(&code));
    assert!(Token::parse(&code).is_some(), "{code}");
    assert_eq!(printed(NEW_PHONE, false).await.1, Vec::<Vec<Line>>::new());
}

#[tokio::test]
async fn an_enrolment_that_got_no_answer_is_sent_again_as_the_same() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys(NEW_PHONE).keys("<Enter>").settle().await;
    desk.offline(true);
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("连不上数据库"));
    desk.offline(false);
    console.keys("<Enter><Enter>").settle().await;
    let ids: Vec<_> = desk
        .asked()
        .iter()
        .filter_map(|query| match query {
            Query::Enrol(request) => Some((request.stamp.clone(), request.code.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_scan_asks_once_and_the_same_again_not_at_all() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst(OIL).burst("<Enter>").settle().await;
    let questions = |desk: &Desk| {
        let asked = desk.asked();
        let kept = |query: &&Query| !matches!(query, Query::KeepCart { .. });
        asked.iter().filter(kept).count()
    };
    assert_eq!(questions(&desk), 1, "{:?}", desk.asked());
    console
        .wait(TimeDelta::seconds(1))
        .burst(OIL)
        .burst("<Enter>")
        .settle()
        .await;
    assert_eq!(questions(&desk), 1);
    let screen = console.screen();
    assert!(screen.contains("2 x  128.00    256.00"), "{screen}");
    console.event(What::Changed(Noun::All));
    console
        .wait(TimeDelta::seconds(1))
        .burst(OIL)
        .burst("<Enter>")
        .settle()
        .await;
    assert_eq!(questions(&desk), 2, "prices may have changed");
}

#[tokio::test]
async fn pieces_before_and_after_a_scan() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys("3*").wait(TimeDelta::seconds(1));
    console.burst(OIL).burst("<Enter>").settle().await;
    assert!(console.screen().contains("3 x  128.00    384.00"));
    console.keys("*5<Enter>").settle().await;
    assert!(console.screen().contains("5 x  128.00    640.00"));
    console.keys("2*<Enter>");
    assert!(console.screen().contains("2 x > "));
    console.keys("10<Enter>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("2 x   10.00     20.00") && screen.contains("> "),
        "{screen}"
    );
    console.keys("<Del>").settle().await;
    assert!(!console.screen().contains("10.00     20.00"));
}

#[tokio::test]
async fn only_the_answer_to_the_last_keystroke_counts() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys("w").wait(TimeDelta::seconds(1));
    console.keys("x").wait(TimeDelta::seconds(1));
    let tickets = console.open_questions();
    assert_eq!(tickets.len(), 2);
    console.event(What::Reply(
        tickets[1],
        Ok(Reply::Candidates(desk::people(1))),
    ));
    console.event(What::Reply(
        tickets[0],
        Ok(Reply::Candidates(desk::people(6))),
    ));
    let screen = console.screen();
    assert_eq!(screen.matches("138****").count(), 1, "{screen}");
}

#[tokio::test]
async fn enter_waits_for_candidates_and_takes_the_first() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys("wxm<Enter>").settle().await;
    assert!(console.screen().contains("1,234.00"));
    let typed = desk.asked().iter().any(|query| {
        matches!(query, Query::Candidates { typed: Typed::Letters(letters), .. } if letters == "wxm")
    });
    assert!(typed);
}

#[tokio::test]
async fn a_tail_finds_her_and_an_amount_is_money_once_she_is_known() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console
        .keys("8000")
        .wait(TimeDelta::seconds(1))
        .settle()
        .await;
    insta::assert_snapshot!("candidates", console.screen());
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("138****8000"));
    console.keys("8000<Enter>").settle().await;
    assert!(console.screen().contains("TENDER 7,200.00"));
}

#[tokio::test]
async fn an_unknown_code_offers_what_can_be_done() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst("0077712<Enter>").settle().await;
    insta::assert_snapshot!("unknown", console.screen());
    console.keys("<Enter>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("0077712") && screen.contains("开会员卡"),
        "{screen}"
    );
    console.keys("<Esc>").settle().await;
    // Scanning the next item is ignoring this one.
    console.burst("0077713<Enter>").settle().await;
    console
        .wait(TimeDelta::seconds(1))
        .burst(OIL)
        .burst("<Enter>")
        .settle()
        .await;
    let screen = console.screen();
    assert!(
        screen.contains("护发精油") && !screen.contains("没有人认识"),
        "{screen}"
    );
}

#[tokio::test]
async fn a_new_product_needs_the_right_and_joins_the_sale() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst("6900000000014<Enter>").settle().await;
    assert!(console.screen().contains(" 1 添加为新商品"));
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("APPROVE 添加新商品"));
    console.keys("<Enter>").settle().await;
    console
        .keys("洗发水<Enter>39.9<Enter><Enter>")
        .settle()
        .await;
    let screen = console.screen();
    assert!(
        screen.contains("洗发水") && screen.contains("39.90"),
        "{screen}"
    );
    let editor = desk.asked().iter().find_map(|query| match query {
        Query::SaveProduct { editor, edit } => Some((*editor, edit.code.clone())),
        _ => None,
    });
    assert_eq!(editor, Some((1, Some("06900000000014".to_owned()))));
}

#[tokio::test]
async fn the_cart_is_kept_once_per_event_and_comes_back() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst("0088001<Enter>").settle().await;
    console
        .wait(TimeDelta::seconds(1))
        .burst(OIL)
        .burst("<Enter>")
        .settle()
        .await;
    let carts = desk.carts();
    assert_eq!(carts.len(), 2);
    let cart = carts.last().unwrap().clone().unwrap();
    assert_eq!((cart.member_id, cart.lines.len()), (Some(7), 1));

    let mut parts = desk::parts_on_shift();
    parts.session.cart = Some(cart);
    let desk = Desk::new();
    let mut console = open(&desk, parts);
    console.settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("护发精油") && screen.contains("王晓明"),
        "{screen}"
    );
    assert!(screen.contains("-12.80"));
    // The sale is paid: nothing is kept.
    console.keys("<F2><Enter>").settle().await;
    assert_eq!(desk.carts().last(), Some(&None));
}

#[tokio::test]
async fn nothing_scanned_is_left_out_of_the_bill() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst(OIL).burst("<Enter>").settle().await;
    console
        .wait(TimeDelta::seconds(1))
        .burst("6911111111117<Enter>");
    console.keys("<F2>");
    assert!(!console.screen().contains("TENDER"));
    console.settle().await;
    assert!(
        console.screen().contains("TENDER 196.00"),
        "{}",
        console.screen()
    );
}

#[tokio::test]
async fn hold_and_resume() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst(OIL).burst("<Enter>").settle().await;
    console.keys("<F6>");
    assert!(console.screen().contains("先收款(F2)或挂单(F5)"));
    console.keys("<F5>").settle().await;
    assert!(console.screen().contains("已挂单"));
    console.keys("<F6>").settle().await;
    insta::assert_snapshot!("held", console.screen());
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("护发精油"));
    console.keys("<Esc><Left><Enter><F6>").settle().await;
    assert!(
        console.screen().contains("没有挂起的单"),
        "{}",
        console.screen()
    );
}

#[tokio::test]
async fn an_anonymous_sale_becomes_hers_by_two_keys() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys("68<Enter><Enter>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("按 F11") && screen.contains("已收 68.00"),
        "{screen}"
    );
    console.keys(PHONE).keys("<Enter>").settle().await;
    console.keys("<F11><Enter>").settle().await;
    assert!(
        console.screen().contains("积分 +68"),
        "{}",
        console.screen()
    );
    let attached = desk
        .asked()
        .iter()
        .any(|query| matches!(query, Query::Attach { request, .. } if request.member_id == 7));
    assert!(attached);
    console.keys("<F11>").settle().await;
    let again = desk.asked();
    let count = again
        .iter()
        .filter(|query| matches!(query, Query::Attach { .. }))
        .count();
    assert_eq!(count, 1, "points are granted once");
}

#[tokio::test]
async fn a_badge_offers_to_hand_over() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst("0099102<Enter>").settle().await;
    assert!(console.screen().contains("工号 102 的工牌"));
    console.keys("<Enter>");
    assert!(console.screen().contains("已锁定"));
}

#[tokio::test]
async fn escape_goes_back_step_by_step() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys("12<Enter><Esc>3*<Enter>王").settle().await;
    console.keys("<Esc>");
    assert!(console.screen().contains("3 x > "));
    console.keys("<Esc>");
    assert!(!console.screen().contains("3 x > "));
    console.keys("<Esc>");
    assert!(console.screen().contains("清空这一单?"));
    console.keys("<Enter>");
    assert!(console.screen().contains("12.00"), "no is the default");
    console.keys("<Esc><Left><Enter>").settle().await;
    assert!(!console.screen().contains("12.00"));
}

#[tokio::test]
async fn offline_says_so_and_loses_nothing() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys("12<Enter><Esc>").settle().await;
    desk.offline(true);
    console.keys("wxm<Enter>").settle().await;
    assert!(console.screen().contains("连不上数据库"));
    console.keys("<Enter>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("wxm") && screen.contains("12.00"),
        "{screen}"
    );
}

#[tokio::test]
async fn a_bank_card_is_refused() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console
        .burst("%B4111111111111111^WANG/XIAOMING^2512101<Enter>")
        .settle()
        .await;
    let screen = console.screen();
    assert!(
        screen.contains("银行卡") && !screen.contains("4111"),
        "{screen}"
    );
    assert!(desk.asked().is_empty());
}

#[tokio::test]
async fn without_a_shift_one_is_opened_first() {
    let desk = Desk::new();
    let mut parts = parts();
    parts.session.staff = Some(cashier());
    let mut console = open(&desk, parts);
    assert!(console.screen().contains("OPEN SHIFT"));
}

#[tokio::test]
async fn garbage_changes_nothing() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst(OIL).burst("<Enter>").settle().await;
    let before = console.screen();
    let asked = desk.asked().len();
    console.wait(TimeDelta::seconds(1));
    console
        .burst("abcdefg")
        .burst(&"\u{7}<F2>9<Esc>王<Tab>".repeat(1_500));
    console.wait(TimeDelta::seconds(1)).settle().await;
    assert!(console.screen().contains("没有录入任何内容"));
    console.wait(TimeDelta::seconds(30));
    assert_eq!(desk.asked().len(), asked);
    let body = |screen: &str| screen.lines().skip(1).collect::<Vec<_>>().join("\n");
    assert_eq!(body(&console.screen()), body(&before));
}

#[tokio::test]
async fn what_is_sold_by_weight_is_weighed_first() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst("330100<Enter>").settle().await;
    assert!(
        console.screen().contains("重量(克)"),
        "{}",
        console.screen()
    );
    console.keys("<Enter>");
    assert!(console.screen().contains("请填写"));
    console.keys("250<Enter>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("250 克 x 39.80") && screen.contains("9.95"),
        "{screen}"
    );
}

#[tokio::test]
async fn an_unknown_card_may_become_the_members() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst("0088001<Enter>").settle().await;
    console.wait(TimeDelta::seconds(1));
    console.burst("0077712<Enter>").settle().await;
    assert!(console.screen().contains(" 1 把这张卡加给 王晓明"));
    console.keys("<Enter>").settle().await;
    let added = desk.asked().iter().any(
        |query| matches!(query, Query::AddCard { member_id: 7, card, .. } if card == "0077712"),
    );
    assert!(added);
}

#[tokio::test]
async fn a_sale_that_cannot_be_read_any_more_is_said() {
    let desk = Desk::new();
    let mut parts = desk::parts_on_shift();
    parts.session.cart_broken = true;
    let mut console = open(&desk, parts);
    assert!(console.screen().contains("cart.broken"));
}

/// OP3: what was approved is so much at that price, and nothing else.
#[tokio::test]
async fn an_amount_waits_for_the_member_who_is_being_found() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.burst("0088001<Enter>").wait(TimeDelta::seconds(1));
    console.keys("68<Enter>").settle().await;
    assert!(console.screen().contains("TENDER 61.20 王晓明"));
}

#[tokio::test]
async fn instalments_that_are_due_are_paid_out_when_she_comes() {
    let desk = Desk::new();
    desk.promise();
    let mut console = counter(&desk);
    console.burst("0088001<Enter>").settle().await;
    let released = desk.asked();
    let count = released
        .iter()
        .filter(|query| matches!(query, Query::Release { member_id: 7, .. }));
    assert_eq!(count.count(), 1);
    assert!(
        console.screen().contains("1,284.00"),
        "{}",
        console.screen()
    );
}

/// The cashier reads what was given to whoever stands there, and nothing of somebody who left meanwhile.
#[tokio::test]
async fn a_gift_is_said_while_she_is_there() {
    use guitai::domain::benefit::Benefit;
    use guitai::domain::gift::rule::{Event, GiftRule};
    use guitai::domain::promotion::{RuleRef, When, Who};
    for leaves in [false, true] {
        let desk = Desk::new();
        desk.gifts
            .borrow_mut()
            .push((1, "birthday 2026".to_owned()));
        let mut parts = desk::parts_on_shift();
        parts.session.shop.as_mut().unwrap().gifts = vec![GiftRule {
            rule: RuleRef { id: 1, version: 1 },
            name: "生日礼".to_owned(),
            active: true,
            on: Event::Birthday {
                before: 7,
                after: 7,
            },
            gives: vec![Benefit::Points { points: 5 }],
            when: When::default(),
            who: Who::default(),
            since: None,
        }];
        let mut console = desk::open(&desk, parts);
        console.burst("0088001<Enter>");
        while !desk
            .asked()
            .iter()
            .any(|query| matches!(query, Query::Scan { .. }))
        {
            console.answer_one().await;
        }
        if leaves {
            console.keys("<Esc>");
        }
        console.settle().await;
        let screen = console.screen();
        assert_eq!(screen.contains("已送:生日礼"), !leaves, "{screen}");
    }
}

#[test]
fn a_member_is_not_shown_by_debug() {
    let counter = format!("{:?}", Counter::new());
    assert!(!counter.contains(&member().name));
}
