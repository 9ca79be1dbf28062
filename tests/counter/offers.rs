//! Promotions on the counter: what was taken off, by which rule, what the next rung needs, and stored value's own price.

use chrono::TimeDelta;
use guitai::app::Parts;
use guitai::domain::money::Fen;
use guitai::domain::promotion::{Gift, Offer, Promotion, RuleRef, Rung, Scope, When, Who};
use guitai::event::What;
use guitai::query::{Cart, Noun};

use super::desk::{self, Desk, day, open};
use crate::support::console::Console;

pub fn rule(id: i32, name: &str, offer: Offer) -> Promotion {
    Promotion {
        rule: RuleRef { id, version: 2 },
        name: name.to_owned(),
        active: true,
        when: When::default(),
        who: Who::default(),
        scope: Scope::default(),
        by_stored_value: false,
        offer,
    }
}

pub fn rungs(rungs: &[(i64, i64)]) -> Offer {
    let rungs = rungs.iter().map(|(from, off)| Rung {
        from: Fen::yuan(*from),
        gives: Fen::yuan(*off),
    });
    Offer::Rungs {
        rungs: rungs.collect(),
    }
}

/// 剪发 and two bottles of oil on the screen, under these rules.
fn sale(promotions: Vec<Promotion>, member_id: Option<i64>) -> Parts {
    let mut parts = desk::parts_on_shift();
    let mut oil = desk::line("护发精油");
    oil.quantity = 2;
    let mut cut = desk::line("剪发");
    cut.product_id = Some(2);
    cut.price = Fen(6_800);
    parts.session.cart = Some(Cart {
        coupons: guitai::domain::coupon::Presented::default(),
        member_id,
        lines: vec![cut, oil],
    });
    parts.session.shop.as_mut().unwrap().promotions = promotions;
    parts
}

fn rules() -> Vec<Promotion> {
    let mut week = rule(1, "周一剪发 8 折", Offer::Off { paid: 8_000 });
    week.scope.products = vec![2];
    week.when = When {
        from: Some(day("2026-03-01")),
        until: Some(day("2026-03-31")),
        weekdays: vec![1],
        hours: Some(("09:00:00".parse().unwrap(), "18:00:00".parse().unwrap())),
    };
    vec![
        week,
        rule(2, "全场满减", rungs(&[(200, 20), (320, 40)])),
        rule(3, "满额送梳子", {
            let gives = Gift {
                product_id: 9,
                quantity: 1,
            };
            let from = Fen::yuan(100);
            Offer::Gifts {
                rungs: vec![Rung { from, gives }],
            }
        }),
    ]
}

async fn look(desk: &Desk, parts: Parts) -> Console<&Desk> {
    let mut console = open(desk, parts);
    console.settle().await;
    console
}

#[tokio::test]
async fn how_it_looks() {
    let desk = Desk::new();
    let mut console = look(&desk, sale(rules(), None)).await;
    console.wait(TimeDelta::seconds(9));
    insta::assert_snapshot!("offers", console.screen());
    insta::assert_snapshot!("offers_45", console.size(45, 30).screen());
    console.keys("<Ctrl-y>").settle().await;
    insta::assert_snapshot!("why_45", console.screen());
    insta::assert_snapshot!("why", console.size(80, 24).screen());
    insta::assert_snapshot!("why_120", console.size(120, 40).screen());
    insta::assert_snapshot!("why_en", console.keys("<F12>").size(80, 24).screen());
    console.keys("<Esc>");
    assert!(console.screen().contains("F2"));
}

/// SV9: the counter says what it would be paid from stored value, and whether she has it.
#[tokio::test]
async fn stored_value_has_its_own_price() {
    let desk = Desk::new();
    let mut stored = rule(4, "储值日", rungs(&[(200, 50)]));
    stored.by_stored_value = true;
    let mut console = look(&desk, sale(vec![stored], Some(7))).await;
    let screen = console.screen();
    // 324.00, gold pays nine tenths; 50.00 off by stored value.
    let line = screen.lines().find(|line| line.contains("全用储值付"));
    assert!(line.is_some_and(|line| line.contains("241.60")), "{screen}");
    console.keys("<Ctrl-y>").settle().await;
    assert!(console.screen().contains("241.60"), "{}", console.screen());
}

/// A rule that somebody edits while the sale is on the screen: the total follows, and is said aloud.
#[tokio::test]
async fn an_edited_rule_is_said() {
    let desk = Desk::new();
    let mut console = look(
        &desk,
        sale(vec![rule(2, "满减", rungs(&[(200, 20)]))], None),
    )
    .await;
    assert!(console.screen().contains("-20.00"));
    desk.edit(|shop| shop.promotions = vec![rule(2, "满减", rungs(&[(200, 30)]))]);
    console.event(What::Changed(Noun::Shop)).settle().await;
    let screen = console.screen();
    assert!(screen.contains("本单应收现为 294.00"), "{screen}");
}
