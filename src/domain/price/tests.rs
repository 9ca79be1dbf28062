//! Prices of carts, without rules and with many.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]
use super::*;
use crate::domain::coupon::Gives;
use crate::domain::promotion::{Rung, When, Who};
use crate::domain::shop::LimitsProfile;
use crate::domain::stored_value::SpendOrder;
use crate::domain::tender::Rounding;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

/// A shop with two levels and one point a yuan.
pub(crate) fn shop() -> Shop {
    let level = |id: i32, threshold: i64, paid: i64, multiplier: i64| Level {
        product_id: None,
        id,
        rank: id,
        name: format!("L{id}"),
        threshold: Fen(threshold),
        paid,
        multiplier,
        version: 1,
    };
    Shop {
        gifts: vec![],
        plans: vec![],
        coupon_grace_days: 7,
        coupon_key: crate::domain::coupon::SigningKey::default(),
        coupons: vec![],
        recipes: vec![],
        merchant_id: 1,
        name: "测试".into(),
        industry: "salon".into(),
        points_per_yuan: Decimal::ONE,
        points_valid_months: Some(12),
        stored_value_multiplier: None,
        welcome_points: 10,
        points_exchange: None,
        level_by: crate::domain::level::LevelBy::default(),
        level_review: None,
        rounding: Rounding::Jiao,
        spend_order: SpendOrder::ProRata,
        limits_profile: LimitsProfile::Warn,
        dormancy_days: 30,
        quick_sale_discount: true,
        quick_sale_points: true,
        denominations: vec![],
        terms: String::new(),
        terms_version: 1,
        own_refund: None,
        version: 1,
        labels: vec![],
        levels: vec![
            level(1, 0, 10_000, 10_000),
            level(2, 100_000, 9_000, 20_000),
        ],
        rules: vec![],
        limits: vec![],
        categories: vec![],
        stores: vec![],
        tills: vec![],
        promotions: vec![],
        goods: vec![],
        rewards: Vec::new(),
        check_in: None,
        services: Vec::new(),
        packages: Vec::new(),
    }
}

pub(crate) fn line(price: i64, quantity: i64, member_price: Option<i64>) -> CartLine {
    CartLine {
        product_id: Some(1),
        category_id: None,
        name: "护发精油".into(),
        kind: ProductKind::Piece,
        quantity,
        price: Fen(price),
        member_price: member_price.map(Fen),
        override_price: None,
        carried: Carried::default(),
        package: None,
        ordered: None,
    }
}

#[test]
fn the_better_of_member_price_and_discount() {
    let shop = shop();
    let gold = shop.level(2);
    let quote = quote(
        &[
            line(12_800, 1, None),
            line(10_000, 1, Some(8_000)),
            line(10_000, 1, Some(9_500)),
        ],
        gold,
        &shop,
    );
    assert_eq!(
        quote.lines.iter().map(|l| l.net.0).collect::<Vec<_>>(),
        [11_520, 8_000, 9_000]
    );
    assert_eq!(quote.off(Reason::MemberPrice), Fen(2_000));
    assert_eq!(quote.total, Fen(28_520));
}

#[test]
fn nobody_gets_member_prices_without_being_one() {
    assert_eq!(
        quote(&[line(10_000, 2, Some(8_000))], None, &shop()).total,
        Fen(20_000)
    );
}

#[test]
fn weighed_goods_round_half_up() {
    let mut apples = line(1_299, 525, None);
    apples.kind = ProductKind::Weight;
    // 12.99 yuan/kg x 0.525 kg = 6.81975 yuan.
    assert_eq!(quote(&[apples], None, &shop()).total, Fen(682));
}

/// scanner.md 5.3: 15.75 stands on the label; 29.98 x 0.525 would be 15.74.
#[test]
fn the_money_of_a_label_is_what_is_paid() {
    let shop = shop();
    let mut ham = line(2_998, 525, None);
    ham.kind = ProductKind::Weight;
    assert_eq!(quote(&[ham.clone()], None, &shop).total, Fen(1_574));
    ham.carried.money = Some(Fen(1_575));
    assert_eq!(quote(&[ham.clone()], None, &shop).total, Fen(1_575));
    // A member's discount is of the label's money, in her favour; so is her price.
    assert_eq!(
        quote(&[ham.clone()], shop.level(2), &shop).total,
        Fen(1_417)
    );
    ham.member_price = Some(Fen(1_499));
    assert_eq!(quote(&[ham.clone()], shop.level(2), &shop).total, Fen(787));
    // A price by hand is for the weight.
    ham.override_price = Some(Fen(2_000));
    assert_eq!(quote(&[ham], None, &shop).total, Fen(1_050));
}

#[test]
fn an_override_is_final() {
    let shop = shop();
    let mut cheap = line(10_000, 1, Some(8_000));
    cheap.override_price = Some(Fen(9_000));
    assert_eq!(
        quote(&[cheap.clone()], shop.level(2), &shop).total,
        Fen(9_000)
    );
    cheap.override_price = Some(Fen(12_000));
    let quote = quote(&[cheap], None, &shop);
    assert_eq!((quote.list, quote.total), (Fen(12_000), Fen(12_000)));
}

proptest! {
    /// PR2: no line below zero or above list; the total is the sum; pricing again changes nothing.
    #[test]
    fn prices_are_sound(
        carts in prop::collection::vec((0_i64..1_000_000, 1_i64..2_000, prop::option::of(0_i64..1_000_000), prop::option::of(0_i64..1_000_000), any::<bool>(), prop::option::of(1_i64..1_000_000)), 0..20),
        member in any::<bool>(),
    ) {
        let shop = shop();
        let lines: Vec<CartLine> = carts.into_iter().map(|(price, quantity, special, set, weighed, label)| {
            let mut line = line(price, quantity, special.map(|s| s.min(price)));
            line.override_price = set.map(Fen);
            line.carried.money = label.map(Fen);
            if weighed { line.kind = ProductKind::Weight; }
            line
        }).collect();
        let level = member.then(|| shop.level(2)).flatten();
        let first = quote(&lines, level, &shop);
        for line in &first.lines {
            prop_assert!(line.net.0 >= 0 && line.net <= line.list);
            let off: Fen = line.reductions.iter().map(|r| r.fen).sum();
            prop_assert_eq!(line.list - off, line.net);
        }
        let sum: Fen = first.lines.iter().map(|l| l.net).sum();
        prop_assert_eq!(sum, first.total);
        prop_assert_eq!(quote(&lines, level, &shop), first);
    }
}

fn occasion(level_id: Option<i32>) -> Occasion {
    Occasion {
        now: "2026-11-22T10:00:00".parse().unwrap(),
        store_id: 1,
        level_id,
        by_stored_value: false,
    }
}

pub(crate) fn promotion(id: i32, offer: Offer) -> Promotion {
    Promotion {
        rule: RuleRef { id, version: 1 },
        name: format!("P{id}"),
        active: true,
        when: When::default(),
        who: Who::default(),
        scope: Scope::default(),
        by_stored_value: false,
        offer,
    }
}

fn coupon(no: u128, from: i64, gives: Gives, stack: Option<&str>) -> Coupon {
    Coupon {
        grant_id: Uuid::from_u128(no),
        rule: RuleRef {
            id: 900,
            version: 1,
        },
        name: "券".into(),
        when: When::default(),
        who: Who::default(),
        scope: Scope::default(),
        from: Fen(from),
        gives,
        stack: stack.map(str::to_owned),
        transferable: false,
    }
}

/// Priced for nobody by these rules.
fn by(lines: &[CartLine], promotions: &[Promotion], coupons: &[Coupon]) -> Quote {
    let shop = shop();
    price(
        lines,
        &Terms {
            quick_sale: shop.quick_sale_discount,
            level: None,
            occasion: Some(occasion(None)),
            promotions,
            gifts: &[gift()],
            coupons,
            points: None,
        },
    )
}

/// What [`any_offer`] gives on top.
pub(crate) fn gift() -> Product {
    Product {
        id: 9,
        code: None,
        name: "梳子".into(),
        category_id: None,
        kind: ProductKind::Piece,
        price: Fen(1_500),
        member_price: None,
        active: true,
        version: 1,
        package: None,
    }
}

pub(crate) fn rungs(rungs: &[(i64, i64)]) -> Offer {
    Offer::Rungs {
        rungs: rungs
            .iter()
            .map(|(from, off)| Rung {
                from: Fen(*from),
                gives: Fen(*off),
            })
            .collect(),
    }
}

#[test]
fn the_highest_rung_is_allocated_over_the_lines() {
    let rule = promotion(1, rungs(&[(10_000, 1_000), (20_000, 2_500)]));
    let cart = [line(9_999, 1, None), line(9_999, 1, None), line(1, 2, None)];
    let quote = by(&cart, std::slice::from_ref(&rule), &[]);
    assert_eq!(
        (quote.total, quote.off(Reason::Order)),
        (Fen(17_500), Fen(2_500))
    );
    assert_eq!(
        quote.lines.iter().map(|l| l.net.0).collect::<Vec<_>>(),
        [8_750, 8_750, 0]
    );
    let reduction = quote.lines[0].reductions[0];
    assert_eq!(reduction.rule, Some(RuleRef { id: 1, version: 1 }));
    assert_eq!(by(&cart[..1], &[rule], &[]).total, Fen(9_999));
}

/// 满赠: a line of its own that costs nothing, unless money off is better; what is no longer sold is not given.
#[test]
fn a_gift_is_a_line_of_nothing() {
    let give = |product_id| {
        let gives = Gift {
            product_id,
            quantity: 2,
        };
        let from = Fen(5_000);
        promotion(
            1,
            Offer::Gifts {
                rungs: vec![Rung { from, gives }],
            },
        )
    };
    let cart = [line(5_000, 1, None)];
    let quote = by(&cart, &[give(9)], &[]);
    let [_, comb] = quote.lines.as_slice() else {
        panic!("{:?}", quote.lines);
    };
    assert_eq!(
        (comb.list, comb.net, comb.reductions[0].reason),
        (Fen(3_000), Fen::ZERO, Reason::Gift)
    );
    assert_eq!((quote.list, quote.total), (Fen(8_000), Fen(5_000)));
    assert_eq!(by(&cart, &[give(8)], &[]).lines.len(), 1);
    let off = promotion(2, rungs(&[(5_000, 1)]));
    assert_eq!(by(&cart, &[give(9), off], &[]).total, Fen(4_999));
    assert_eq!(by(&[line(4_999, 1, None)], &[give(9)], &[]).lines.len(), 1);
}

#[test]
fn the_second_at_half_price_and_one_of_three_free() {
    let half = promotion(1, Offer::Nth { n: 2, paid: 5_000 });
    let cart = [line(1_000, 3, None), line(600, 2, None)];
    // 10 10 | 10 6 | 6: the second 10 and the first 6 are halved.
    assert_eq!(by(&cart, &[half], &[]).total, Fen(4_200 - 500 - 300));
    let free = promotion(1, Offer::BuyGet { buy: 2, get: 1 });
    // 10 10 10 | 6 6: one 10.
    assert_eq!(by(&cart, &[free], &[]).total, Fen(3_200));
}

#[test]
fn a_promotion_comes_before_the_member_price_and_never_after_a_price_set_by_hand() {
    let shop = shop();
    let rules = [
        promotion(3, Offer::Price { price: Fen(9_000) }),
        promotion(4, Offer::Off { paid: 9_500 }),
    ];
    let mut set = line(10_000, 1, None);
    set.override_price = Some(Fen(9_900));
    let terms = Terms {
        quick_sale: shop.quick_sale_discount,
        level: shop.level(2),
        occasion: Some(occasion(Some(2))),
        promotions: &rules,
        gifts: &[],
        coupons: &[],
        points: None,
    };
    let quote = price(
        &[line(10_000, 1, None), line(10_000, 1, Some(8_000)), set],
        &terms,
    );
    assert_eq!(
        quote.lines.iter().map(|l| l.net.0).collect::<Vec<_>>(),
        [8_100, 8_000, 9_900]
    );
    assert_eq!(quote.off(Reason::Promotion), Fen(2_000));
}

#[test]
fn coupons_say_what_became_of_them() {
    let cart = [line(10_000, 1, None)];
    let late = Coupon {
        when: When {
            until: chrono::NaiveDate::from_ymd_opt(2026, 11, 21),
            ..When::default()
        },
        ..coupon(1, 0, Gives::Amount { off: Fen(5_000) }, None)
    };
    let dear = coupon(2, 10_001, Gives::Amount { off: Fen(5_000) }, None);
    let ten = coupon(3, 10_000, Gives::Amount { off: Fen(1_000) }, None);
    let tenth = coupon(
        4,
        0,
        Gives::Percent {
            paid: 9_000,
            cap: Some(Fen(900)),
        },
        None,
    );
    let quote = by(&cart, &[], &[late, dear, tenth, ten]);
    assert_eq!(
        quote.coupons,
        [
            Outcome::NotNow,
            Outcome::Short(Fen(1)),
            Outcome::Another,
            Outcome::Used(Fen(1_000))
        ]
    );
    assert_eq!(quote.total, Fen(9_000));
    let a = coupon(5, 0, Gives::Amount { off: Fen(400) }, Some("g"));
    let b = coupon(6, 0, Gives::Free { quantity: 1 }, Some("g"));
    let both = by(&[line(1_000, 2, None)], &[], &[a, b]);
    assert_eq!(
        (both.total, both.coupons),
        (
            Fen(800),
            vec![Outcome::Used(Fen(400)), Outcome::Used(Fen(800))]
        )
    );
}

/// PR2: a promotion that would cost the customer her coupon is not forced on her.
#[test]
fn the_customer_pays_least() {
    let cart = [line(10_000, 1, None)];
    let small = promotion(1, rungs(&[(0, 100)]));
    let big = coupon(1, 10_000, Gives::Amount { off: Fen(3_000) }, None);
    let quote = by(&cart, &[small], &[big]);
    assert_eq!(
        (quote.total, quote.off(Reason::Order)),
        (Fen(7_000), Fen::ZERO)
    );
}

#[test]
fn points_pay_for_their_share_and_no_more_than_needed() {
    let hundred = Exchange {
        points: 100,
        fen: Fen(100),
        cap: 5_000,
        least: 0,
    };
    assert_eq!(hundred.pays(10_000, Fen(1_001)), (500, Fen(500)));
    assert_eq!(hundred.pays(30, Fen(1_001)), (30, Fen(30)));
    let coarse = Exchange {
        points: 1,
        fen: Fen(30),
        cap: 10_000,
        least: 0,
    };
    assert_eq!(coarse.pays(9, Fen(100)), (3, Fen(90)));
    let fine = Exchange {
        points: 7,
        fen: Fen(2),
        cap: 10_000,
        least: 0,
    };
    assert_eq!(fine.pays(20, Fen(100)), (18, Fen(5)));
    assert_eq!(fine.pays(-5, Fen(100)), (0, Fen::ZERO));
}

pub(crate) fn any_offer() -> impl Strategy<Value = Offer> {
    let rung = (0_i64..50_000, 0_i64..60_000);
    prop_oneof![
        (0_i64..20_000).prop_map(|p| Offer::Price { price: Fen(p) }),
        (0_i64..12_000).prop_map(|paid| Offer::Off { paid }),
        prop::collection::vec(rung, 0..4).prop_map(|all| rungs(&all)),
        (0_i64..50_000, 0_i64..12_000, prop::option::of(0_i64..9_000)).prop_map(
            |(from, paid, cap)| Offer::Percent {
                from: Fen(from),
                paid,
                cap: cap.map(Fen)
            }
        ),
        (-1_i64..5, 0_i64..10_000).prop_map(|(n, paid)| Offer::Nth { n, paid }),
        (0_i64..4, 0_i64..4).prop_map(|(buy, get)| Offer::BuyGet { buy, get }),
        (0_i64..50_000).prop_map(|from| Offer::Gifts {
            rungs: vec![Rung {
                from: Fen(from),
                gives: Gift {
                    product_id: 9,
                    quantity: 1
                }
            }]
        }),
    ]
}

fn any_gives() -> impl Strategy<Value = Gives> {
    prop_oneof![
        (0_i64..50_000).prop_map(|off| Gives::Amount { off: Fen(off) }),
        (0_i64..12_000, prop::option::of(0_i64..9_000)).prop_map(|(paid, cap)| Gives::Percent {
            paid,
            cap: cap.map(Fen)
        }),
        (-1_i64..5).prop_map(|quantity| Gives::Free { quantity }),
    ]
}

pub(crate) fn any_scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::default()),
        prop::collection::vec(1_i32..5, 1..3).prop_map(|products| Scope {
            products,
            categories: vec![]
        }),
        prop::collection::vec(1_i32..3, 1..2).prop_map(|categories| Scope {
            products: vec![],
            categories
        }),
    ]
}

prop_compose! {
    pub(crate) fn any_line()(
        price in 0_i64..30_000, quantity in 1_i64..12, product in prop::option::of(1_i32..5), category in prop::option::of(1_i32..3),
        special in prop::option::of(0_i64..30_000), set in prop::option::weighted(0.1, 0_i64..30_000), weighed in any::<bool>(),
        label in prop::option::weighted(0.2, 1_i64..30_000),
    ) -> CartLine {
        CartLine {
            product_id: product,
            category_id: category,
            name: "x".into(),
            kind: if weighed { ProductKind::Weight } else { ProductKind::Piece },
            quantity: if weighed { quantity * 137 } else { quantity },
            price: Fen(price),
            member_price: special.map(Fen),
            override_price: set.map(Fen),
            carried: Carried { money: label.map(Fen), ..Carried::default() },
            package: None,
            ordered: None,
        }
    }
}

proptest! {
    /// PR2, PR5: whatever the rules, no line goes below zero, no fen is lost, pricing again changes nothing, and no
    /// rule makes anything dearer.
    #[test]
    fn rules_are_sound(
        cart in prop::collection::vec(any_line(), 0..8),
        rules in prop::collection::vec((any_offer(), any_scope()), 0..8),
        coupons in prop::collection::vec((any_gives(), any_scope(), 0_i64..40_000, prop::option::of("[ab]")), 0..4),
        member in any::<bool>(),
        points in prop::option::of((0_i64..50_000, 0_i64..20, 0_i64..20, 0_i64..11_000)),
    ) {
        let shop = shop();
        let level = member.then(|| shop.level(2)).flatten();
        let promotions: Vec<Promotion> = (1..).zip(rules).map(|(id, (offer, scope))| Promotion { scope, ..promotion(id, offer) }).collect();
        let coupons: Vec<Coupon> = (1..).zip(coupons).map(|(no, (gives, scope, from, stack))| {
            Coupon { scope, ..coupon(no, from, gives, stack.as_deref()) }
        }).collect();
        let gifts = [gift()];
        let terms = Terms {
            quick_sale: shop.quick_sale_discount,
            level,
            occasion: Some(occasion(level.map(|l| l.id))),
            promotions: &promotions,
            gifts: &gifts,
            coupons: &coupons,
            points: points.map(|(have, points, fen, cap)| (have, Exchange { points, fen: Fen(fen), cap, least: 0 })),
        };
        let first = price(&cart, &terms);
        for line in &first.lines {
            prop_assert!(line.net.0 >= 0 && line.net <= line.list, "{line:?}");
            let off: Fen = line.reductions.iter().map(|r| r.fen).sum();
            prop_assert_eq!(line.list - off, line.net);
            prop_assert!(line.reductions.iter().all(|r| r.fen.is_positive()));
            let has_rule = |r: &Reduction| matches!(r.reason, Reason::Level | Reason::Promotion | Reason::Order | Reason::Gift | Reason::Coupon);
            prop_assert!(line.reductions.iter().all(|r| has_rule(r) == r.rule.is_some()));
        }
        prop_assert_eq!(first.lines.iter().map(|l| l.net).sum::<Fen>(), first.total);
        prop_assert_eq!(first.coupons.len(), coupons.len());
        let used: Fen = first.coupons.iter().map(|o| match o { Outcome::Used(fen) => *fen, _ => Fen::ZERO }).sum();
        prop_assert_eq!(used, first.off(Reason::Coupon));
        let (have, paid) = terms.points.map_or((0, Fen::ZERO), |(have, _)| (have, first.off(Reason::Points)));
        prop_assert!(first.points <= have && (first.points == 0) == paid.is_zero());
        prop_assert_eq!(&price(&cart, &terms), &first);
        // Without order rules and coupons she pays no less.
        let bare = Terms { coupons: &[], points: None, ..terms };
        let unpaid = Terms { points: None, ..terms };
        prop_assert!(price(&cart, &unpaid).total <= price(&cart, &bare).total, "a coupon makes it dearer");
        prop_assert!(price(&cart, &bare).total <= quote(&cart, level, &shop).total);
        // Whichever order promotion and coupon she might have asked for, she pays no less.
        for rule in promotions.iter().filter(|rule| !rule.offer.is_of_line()) {
            let kept: Vec<Promotion> = promotions.iter().filter(|r| r.offer.is_of_line() || r.rule == rule.rule).cloned().collect();
            let only = Terms { promotions: &kept, ..unpaid };
            prop_assert!(price(&cart, &unpaid).total <= price(&cart, &only).total, "{rule:?}");
        }
    }
}
