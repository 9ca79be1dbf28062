//! The owner's coupons and coupons given by hand, by keys.

use guitai::app::Parts;
use guitai::domain::coupon::{CouponRule, Gives};
use guitai::domain::money::Fen;
use guitai::domain::promotion::When;
use guitai::query::{CouponEdit, Query};
use guitai::ui::screens::manage::coupons::Coupons;
use guitai::ui::screens::manage::list::List;
use guitai::ui::screens::member::give::Give;

use crate::counter::coupons::rule;
use crate::counter::desk::member;
use crate::support::console::Console;
use crate::support::office::{Office, products, shift, signed_in};

/// Every state, every kind, and a long name.
fn rules() -> Vec<CouponRule> {
    let mut printed = rule(1, "满100减10", 100, 10);
    printed.on_receipt = Some(Fen::yuan(50));
    printed.total = Some(500);
    printed.given = 120;
    let mut share = rule(2, "一个名字特别特别长的老客户回馈全场八八折券", 0, 1);
    share.gives = Gives::Percent {
        paid: 8_800,
        cap: Some(Fen::yuan(50)),
    };
    share.when.weekdays = vec![1, 2];
    share.stack = Some("A".to_owned());
    let mut free = rule(3, "兑换护发精油", 0, 1);
    free.gives = Gives::Free { quantity: 1 };
    free.scope.products = vec![1];
    let mut right = rule(4, "优先预约", 0, 1);
    right.gives = Gives::Right;
    right.uses = 12;
    right.valid_days = None;
    right.when = When {
        until: "2026-12-31".parse().ok(),
        ..When::default()
    };
    right.per_member = Some(1);
    let mut off = rule(5, "停发的券", 0, 5);
    off.active = false;
    vec![printed, share, free, right, off]
}

fn parts(rules: Vec<CouponRule>) -> Parts {
    let mut parts = signed_in();
    let shop = parts.session.shop.as_mut().unwrap();
    shop.coupons = rules;
    shop.goods = products();
    parts
}

async fn open(office: &Office, rules: Vec<CouponRule>) -> Console<&Office> {
    let mut console = Console::with(office, parts(rules), List::<Coupons>::new());
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

fn saved(office: &Office) -> CouponEdit {
    let asked = office.asked.borrow();
    let saved = asked.iter().rev().find_map(|query| match query {
        Query::SaveCoupon { rule, .. } => Some((**rule).clone()),
        _ => None,
    });
    saved.unwrap_or_else(|| panic!("{asked:?}"))
}

#[tokio::test]
async fn the_list_says_what_is_given() {
    let office = Office::default();
    let mut console = open(&office, rules()).await;
    picture(&mut console, "coupon_list");
    let mut console = open(&office, Vec::new()).await;
    assert!(console.screen().contains("还没有优惠券"));
}

/// What is opened and saved without an edit is the same rule, whatever its kind.
#[tokio::test]
async fn an_editor_loses_nothing() {
    for rule in rules() {
        let office = Office::default();
        let mut console = open(&office, vec![rule.clone()]).await;
        console.keys("<Enter><F2>").settle().await;
        let edit = saved(&office);
        assert_eq!(edit.rule, CouponRule { given: 0, ..rule });
        assert!(edit.products.is_empty());
    }
}

#[tokio::test]
async fn a_new_coupon_by_keys() {
    let office = Office::default();
    let mut console = open(&office, Vec::new()).await;
    console.keys(
        "<F3><Down>下次减五元<Enter>5<Enter><Enter>30<Enter><Ctrl-u>15<Enter>2<Enter>1000<Enter>50",
    );
    picture(&mut console, "coupon_form");
    console.keys("<F2>").settle().await;
    let rule = saved(&office).rule;
    assert_eq!(rule.gives, Gives::Amount { off: Fen(500) });
    assert_eq!((rule.from, rule.on_receipt), (Fen(3_000), Some(Fen(5_000))));
    assert_eq!((rule.per_member, rule.total), (Some(2), Some(1_000)));
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_it() {
    for (keys, says) in [
        ("", "请填写"),
        ("<Down>名<Enter>0", "要大于 0"),
        ("<Right><Down>名<Enter>100", "输 0 到 99"),
        ("<Right><Right><Down>名<Enter><Ctrl-u>1", "请写哪些商品"),
        ("<Right><Right><Right><Down>名<Enter><Ctrl-u>0", "件数太少"),
    ] {
        let office = Office::default();
        let mut console = open(&office, Vec::new()).await;
        console.keys("<F3>").keys(keys).keys("<F2>").settle().await;
        let screen = console.screen();
        assert!(screen.contains(says), "{keys}: {screen}");
        assert_eq!(office.count(), 0, "{keys}");
    }
}

#[tokio::test]
async fn given_by_hand() {
    let office = Office::default();
    let mut parts = parts(rules());
    parts.session.shift = Some(shift());
    let mut console = Console::with(&office, parts, Give::new(Box::new(member())));
    console.settle().await;
    console.keys("<Down><Ctrl-u>2<Enter>上错菜道歉");
    picture(&mut console, "coupon_give");
    console.keys("<F2>").settle().await;
    let asked = office.asked.borrow();
    let given = asked.iter().find_map(|query| match query {
        Query::Give { request, .. } => Some(request.clone()),
        _ => None,
    });
    let given = given.unwrap();
    assert_eq!((given.rule_id, given.version, given.count), (1, 2, 2));
    assert_eq!(given.reason, "上错菜道歉");
}
