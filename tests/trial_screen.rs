//! The dry run of a rule, by keys: from every editor, other days, more of them, a receipt.

use guitai::app::Parts;
use guitai::domain::benefit::Benefit;
use guitai::domain::coupon::CouponRule;
use guitai::domain::gift::rule::Event;
use guitai::domain::money::Fen;
use guitai::query::{Query, Tried};
use guitai::ui::screens::manage::coupons::Coupons;
use guitai::ui::screens::manage::gifts::Gifts;
use guitai::ui::screens::manage::levels::Levels;
use guitai::ui::screens::manage::list::{List, Rows};
use guitai::ui::screens::manage::rules::Rules;

use crate::counter::coupons::rule;
use crate::support::console::Console;
use crate::support::office::{Office, full_shop, signed_in};

fn parts() -> Parts {
    let mut parts = signed_in();
    let mut shop = full_shop();
    shop.coupons = vec![CouponRule {
        on_receipt: Some(Fen::yuan(50)),
        ..rule(1, "满100减10", 100, 10)
    }];
    shop.gifts = vec![crate::gift_screen::rule(
        1,
        "入会礼",
        Event::Welcome,
        vec![Benefit::Points { points: 50 }],
    )];
    parts.session.shop = Some(shop);
    parts
}

async fn open<R: Rows + 'static>(office: &Office, list: List<R>) -> Console<&Office> {
    let mut console = Console::with(office, parts(), list);
    console.settle().await;
    console.keys("<Enter><F5>").settle().await;
    console
}

fn asked(office: &Office) -> (Tried, String, String) {
    let asked = office.asked.borrow();
    let tried = asked.iter().rev().find_map(|query| match query {
        Query::TryRule { rule, from, to } => {
            Some(((**rule).clone(), from.to_string(), to.to_string()))
        }
        _ => None,
    });
    tried.unwrap_or_else(|| panic!("{asked:?}"))
}

fn picture(console: &mut Console<&Office>, name: &str) {
    insta::assert_snapshot!(name, console.screen());
    insta::assert_snapshot!(format!("{name}_45"), console.size(45, 30).screen());
    console.keys("<F12>").size(80, 24);
    insta::assert_snapshot!(format!("{name}_en"), console.screen());
    console.keys("<F12>");
}

#[tokio::test]
async fn of_a_top_up_rule() {
    let office = Office::default();
    let mut console = open(&office, List::<Rules>::new()).await;
    picture(&mut console, "top_up");
    let (rule, from, to) = asked(&office);
    assert!(matches!(rule, Tried::TopUp(_)));
    assert_eq!((from.as_str(), to.as_str()), ("2026-03-08", "2026-03-08"));
    console.keys("<Tab>").settle().await;
    assert_eq!(asked(&office).1, "2026-03-02");
    picture(&mut console, "week");
    console.keys("<Left>").settle().await;
    let (_, from, to) = asked(&office);
    assert_eq!((from.as_str(), to.as_str()), ("2026-02-23", "2026-03-01"));
    console.keys("<Right><Tab>").settle().await;
    assert_eq!(asked(&office).1, "2026-02-07");
    // There are no days to come.
    let count = office.count();
    console.keys("<Right>").settle().await;
    assert_eq!(office.count(), count);
}

#[tokio::test]
async fn of_a_coupon_a_gift_and_a_level() {
    let office = Office::default();
    let mut console = open(&office, List::<Coupons>::new()).await;
    picture(&mut console, "coupon");
    assert!(matches!(asked(&office).0, Tried::Coupon(_)));
    let mut console = open(&office, List::<Gifts>::new()).await;
    picture(&mut console, "gift");
    assert!(matches!(asked(&office).0, Tried::Gift(_)));
    let mut console = open(&office, List::<Levels>::new()).await;
    picture(&mut console, "level");
    assert!(matches!(asked(&office).0, Tried::Level(_)));
}

/// What the form says is tried, not what is saved.
#[tokio::test]
async fn the_edit_is_tried() {
    let office = Office::default();
    let mut console = Console::with(&office, parts(), List::<Levels>::new());
    console.settle().await;
    console
        .keys("<Enter><Down><Down><Down><Ctrl-u>85<F5>")
        .settle()
        .await;
    let Tried::Level(level) = asked(&office).0 else {
        panic!()
    };
    assert_eq!(level.paid, 8_500);
    console.keys("<Esc>").settle().await;
    assert!(console.screen().contains("85"));
}
