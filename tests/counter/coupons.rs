//! Coupons at the counter and at the payment, by keys and scans (PR4).

use chrono::Days;
use guitai::app::Parts;
use guitai::domain::coupon::{Coupon, CouponRule, Gives, Number, Presented, SigningKey};
use guitai::domain::grant::{Grant, GrantKind, Terms};
use guitai::domain::money::Fen;
use guitai::domain::promotion::{RuleRef, Scope, When, Who};
use guitai::domain::scan::{Device, Scan};
use guitai::event::What;
use guitai::query::{Cart, Query};
use uuid::Uuid;

use super::desk::{self, Desk, day, open, paying};
use crate::support::console::Console;

/// The rule of a coupon: `off` yuan from `from` yuan on.
pub fn rule(id: i32, name: &str, from: i64, off: i64) -> CouponRule {
    CouponRule {
        rule: RuleRef { id, version: 2 },
        name: name.to_owned(),
        active: true,
        when: When::default(),
        who: Who::default(),
        scope: Scope::default(),
        from: Fen::yuan(from),
        gives: Gives::Amount {
            off: Fen::yuan(off),
        },
        stack: None,
        transferable: false,
        valid_days: Some(30),
        uses: 1,
        per_member: None,
        total: None,
        on_receipt: None,
        given: 0,
    }
}

/// One that is held.
pub fn held(id: u128, rule: &CouponRule) -> Grant {
    Grant {
        id: Uuid::from_u128(id),
        operation_id: Uuid::from_u128(99),
        no: 1,
        kind: rule.kind(),
        product_id: None,
        quantity: Some(rule.uses),
        value: Fen::ZERO,
        opened_at: chrono::DateTime::UNIX_EPOCH,
        expires_on: Some(day("2026-03-31")),
        used_on: None,
        given_on: None,
        terms: Terms {
            name: rule.name.clone(),
            quantity: Some(rule.uses),
            coupon: Some(Box::new(Coupon {
                grant_id: Uuid::nil(),
                rule: rule.rule,
                name: rule.name.clone(),
                when: rule.when.clone(),
                who: rule.who.clone(),
                scope: rule.scope.clone(),
                from: rule.from,
                gives: rule.gives.clone(),
                stack: rule.stack.clone(),
                transferable: rule.transferable,
            })),
            ..Terms::default()
        },
    }
}

fn ten() -> CouponRule {
    rule(1, "满100减10", 100, 10)
}

fn sale(member_id: Option<i64>) -> Parts {
    let mut parts = desk::parts_on_shift();
    parts.session.cart = Some(Cart {
        coupons: Presented::default(),
        member_id,
        lines: vec![desk::line("护发精油")],
    });
    let big = rule(2, "满500减80", 500, 80);
    parts.session.shop.as_mut().unwrap().coupons = vec![ten(), big];
    parts
}

fn code() -> String {
    let number = Number {
        till_id: 1,
        seq: 12,
    };
    number.sign(&SigningKey::default()).unwrap().to_string()
}

fn scan(console: &mut Console<&Desk>, code: &str) {
    console.event(What::Scan(Scan::read(code, Device::Terminal, 0).unwrap()));
}

#[tokio::test]
async fn hers_are_used_by_themselves_unless_she_keeps_them() {
    let desk = Desk::new();
    let big = rule(2, "满500减80", 500, 80);
    desk.grants
        .borrow_mut()
        .extend([held(1, &big), held(2, &ten())]);
    let mut console = open(&desk, sale(Some(7)));
    console.settle().await;
    insta::assert_snapshot!("coupons", console.screen());
    insta::assert_snapshot!("coupons_45", console.size(45, 30).screen());
    console.size(80, 24).keys("<Ctrl-k>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("这次不用") && !screen.contains("券 满100减10"),
        "{screen}"
    );
    console.keys("<Ctrl-k><Ctrl-y>").settle().await;
    insta::assert_snapshot!("coupons_why", console.screen());
}

#[tokio::test]
async fn one_on_paper_is_taken_at_the_counter_and_says_what_is_missing() {
    let desk = Desk::new();
    let big = rule(2, "满500减80", 500, 80);
    *desk.coupon.borrow_mut() = Some(held(1, &big));
    let mut console = open(&desk, sale(None));
    console.settle().await;
    scan(&mut console, &code());
    console.settle().await;
    insta::assert_snapshot!("coupon_short", console.screen());
    // Two of them are one; it goes with the sale to the disk.
    scan(&mut console, &code());
    console.settle().await;
    let carts = desk.carts();
    assert_eq!(
        carts
            .last()
            .unwrap()
            .as_ref()
            .unwrap()
            .coupons
            .bearers
            .len(),
        1
    );
}

/// Scanned while the amount is due: no key, and the smaller amount is due.
#[tokio::test]
async fn one_on_paper_is_taken_at_the_payment_without_a_key() {
    let desk = Desk::new();
    *desk.coupon.borrow_mut() = Some(held(1, &ten()));
    let mut console = paying(&desk, sale(None));
    console.settle().await;
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("128.00"), "{}", console.screen());
    scan(&mut console, &code());
    console.settle().await;
    insta::assert_snapshot!("coupon_at_payment", console.screen());
    // Part is paid: the price stands.
    console.keys("50<Enter>").settle().await;
    scan(&mut console, &code());
    console.settle().await;
    let screen = console.screen();
    assert!(screen.contains("先按 Esc 撤回"), "{screen}");
}

#[tokio::test]
async fn what_is_no_coupon_of_ours_is_refused_without_asking_anybody() {
    let desk = Desk::new();
    let mut console = open(&desk, sale(None));
    console.settle().await;
    scan(&mut console, "GC902E03M04R04G000Z");
    console.settle().await;
    let screen = console.screen();
    assert!(screen.contains("不是本店出的"), "{screen}");
    let asked = desk.asked();
    assert!(
        !asked
            .iter()
            .any(|query| matches!(query, Query::ReadCoupon(_)))
    );
    console.keys("<Enter>");
    // Ours, but the books know of none, or it is used, or past.
    for (grant, says) in [
        (None, "账上没有这张券"),
        (
            Some(Grant {
                quantity: Some(0),
                used_on: Some(day("2026-03-07")),
                ..held(1, &ten())
            }),
            "已在 03-07 用过",
        ),
        (
            Some(Grant {
                expires_on: day("2026-03-09").checked_sub_days(Days::new(1)),
                ..held(1, &ten())
            }),
            "已过期",
        ),
    ] {
        *desk.coupon.borrow_mut() = grant;
        scan(&mut console, &code());
        console.settle().await;
        let screen = console.screen();
        assert!(screen.contains(says), "{screen}");
        console.keys("<Enter>");
    }
}

/// A right is not money: it takes part in no price.
#[tokio::test]
async fn an_entitlement_is_no_coupon() {
    let desk = Desk::new();
    let right = CouponRule {
        gives: Gives::Right,
        uses: 4,
        ..rule(3, "优先预约", 0, 1)
    };
    assert_eq!(right.kind(), GrantKind::Entitlement);
    desk.grants.borrow_mut().push(held(1, &right));
    let mut console = open(&desk, sale(Some(7)));
    console.settle().await;
    assert!(!console.screen().contains("券 优先预约"));
}
