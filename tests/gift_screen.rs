//! The owner's gifts by rule, and what a top-up brings besides money, by keys.

use guitai::app::Parts;
use guitai::domain::benefit::Benefit;
use guitai::domain::gift::rule::{Event, GiftRule};
use guitai::domain::money::Fen;
use guitai::domain::promotion::{RuleRef, When, Who};
use guitai::query::Query;
use guitai::ui::screens::manage::gifts::Gifts;
use guitai::ui::screens::manage::list::List;
use guitai::ui::screens::manage::rules::Rules;

use crate::counter::coupons;
use crate::support::console::Console;
use crate::support::office::{Office, signed_in};

pub fn rule(id: i32, name: &str, on: Event, gives: Vec<Benefit>) -> GiftRule {
    GiftRule {
        rule: RuleRef { id, version: 2 },
        name: name.to_owned(),
        active: true,
        on,
        gives,
        when: When::default(),
        who: Who::default(),
        since: None,
    }
}

/// Every occasion, every benefit, and a long name.
fn rules() -> Vec<GiftRule> {
    let points = |points| Benefit::Points { points };
    let bonus = Benefit::Bonus {
        fen: Fen(2_000),
        instalments: None,
        valid_days: Some(30),
    };
    let coupon = Benefit::Coupon {
        rule_id: 1,
        count: 2,
    };
    let mut off = rule(
        5,
        "老带新谢礼",
        Event::Referrer { days: 7 },
        vec![points(500)],
    );
    off.active = false;
    vec![
        rule(
            1,
            "入会礼",
            Event::Welcome,
            vec![points(100), bonus, coupon.clone()],
        ),
        rule(
            2,
            "一个名字特别特别长的生日月老客户回馈礼",
            Event::Birthday {
                before: 7,
                after: 3,
            },
            vec![coupon],
        ),
        rule(
            3,
            "升金卡礼",
            Event::Level { level_id: 2 },
            vec![points(500)],
        ),
        rule(4, "新人礼", Event::Newcomer { days: 0 }, vec![points(50)]),
        off,
    ]
}

fn parts(gifts: Vec<GiftRule>) -> Parts {
    let mut parts = signed_in();
    let shop = parts.session.shop.as_mut().unwrap();
    shop.gifts = gifts;
    shop.coupons = vec![coupons::rule(1, "满100减10", 100, 10)];
    parts
}

async fn open(office: &Office, gifts: Vec<GiftRule>) -> Console<&Office> {
    let mut console = Console::with(office, parts(gifts), List::<Gifts>::new());
    console.settle().await;
    console
}

fn picture(console: &mut Console<&Office>, name: &str) {
    insta::assert_snapshot!(name, console.screen());
    insta::assert_snapshot!(format!("{name}_45"), console.size(45, 30).screen());
    console.keys("<F12>").size(80, 24);
    insta::assert_snapshot!(format!("{name}_en"), console.screen());
    console.keys("<F12>");
}

fn saved(office: &Office) -> GiftRule {
    let asked = office.asked.borrow();
    let saved = asked.iter().rev().find_map(|query| match query {
        Query::SaveGift { rule, .. } => Some((**rule).clone()),
        _ => None,
    });
    saved.unwrap_or_else(|| panic!("{asked:?}"))
}

#[tokio::test]
async fn the_list_says_who_gets_what() {
    let office = Office::default();
    let mut console = open(&office, rules()).await;
    picture(&mut console, "gift_list");
    let mut console = open(&office, Vec::new()).await;
    assert!(console.screen().contains("还没有礼遇"));
}

/// What is opened and saved without an edit is the same rule, whatever its occasion.
#[tokio::test]
async fn an_editor_loses_nothing() {
    for rule in rules() {
        let office = Office::default();
        let mut console = open(&office, vec![rule.clone()]).await;
        console.keys("<Enter><F2>").settle().await;
        assert_eq!(saved(&office), rule);
    }
}

#[tokio::test]
async fn a_new_gift_by_keys() {
    let office = Office::default();
    let mut console = open(&office, Vec::new()).await;
    console.keys("<F3><Right><Down>生日礼<Enter><Ctrl-u>10<Enter><Ctrl-u>5<Enter><Enter>30<Enter><Enter><Enter>满100减10*2");
    picture(&mut console, "gift_form");
    console.keys("<F2>").settle().await;
    let rule = saved(&office);
    let on = Event::Birthday {
        before: 10,
        after: 5,
    };
    assert_eq!(rule.on, on);
    let coupon = Benefit::Coupon {
        rule_id: 1,
        count: 2,
    };
    assert_eq!(rule.gives, [Benefit::Points { points: 30 }, coupon]);
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_it() {
    for (keys, says) in [
        ("", "请填写"),
        ("<Down>名", "至少"),
        (
            "<Down>名<Enter><Enter><Enter><Enter><Enter>没有的券",
            "没有这种券",
        ),
        ("<Right><Down>名<Enter><Ctrl-u>99", "最多 60 天"),
    ] {
        let office = Office::default();
        let mut console = open(&office, Vec::new()).await;
        console.keys("<F3>").keys(keys).keys("<F2>").settle().await;
        let screen = console.screen();
        assert!(screen.contains(says), "{keys}: {screen}");
        assert_eq!(office.count(), 0, "{keys}");
    }
}

/// SV4: coupons beside bonus and points.
#[tokio::test]
async fn a_top_up_rule_gives_coupons_too() {
    let office = Office::default();
    let mut console = Console::with(&office, parts(Vec::new()), List::<Rules>::new());
    console.settle().await;
    console.keys("<F3>500<End><Down><Down><Down><Down><Down><Down><Down><Down><Down><Down><Down><Down><Down>满100减10<F2>");
    console.settle().await;
    let asked = office.asked.borrow();
    let saved = asked.iter().find_map(|query| match query {
        Query::SaveRule { rule, .. } => Some(rule.clone()),
        _ => None,
    });
    let coupon = Benefit::Coupon {
        rule_id: 1,
        count: 1,
    };
    assert_eq!(saved.unwrap().benefits, [coupon]);
}
