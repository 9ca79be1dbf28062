//! Pricing a cart of 100 lines under 200 rules, with three coupons and points: promised under 1 ms. The reference is the
//! same cart without rules.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench stops at the first surprise and prints its figures"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use guitai::domain::carried::Carried;
use guitai::domain::coupon::{Coupon, Gives};
use guitai::domain::money::Fen;
use guitai::domain::points::Exchange;
use guitai::domain::price::{CartLine, Terms, price};
use guitai::domain::product::ProductKind;
use guitai::domain::promotion::{Occasion, Offer, Promotion, RuleRef, Rung, Scope, When, Who};
use uuid::Uuid;

const LINES: i32 = 100;
const RULES: i32 = 200;
const ROUNDS: usize = 2_000;

fn line(no: i32) -> CartLine {
    CartLine {
        product_id: Some(no),
        category_id: Some(no % 10),
        name: "护发精油".to_owned(),
        kind: ProductKind::Piece,
        quantity: 1 + i64::from(no % 3),
        price: Fen(1_000 + i64::from(no) * 37),
        member_price: None,
        override_price: None,
        carried: Carried::default(),
        package: None,
        ordered: None,
    }
}

/// Every kind in turn, of one product, a category or everything, all of them in force.
fn promotion(id: i32) -> Promotion {
    let rung = |from, gives| Rung {
        from: Fen(from),
        gives: Fen(gives),
    };
    let offer = match id % 6 {
        0 => Offer::Price { price: Fen(900) },
        1 => Offer::Off { paid: 9_500 },
        2 => Offer::Rungs {
            rungs: vec![rung(10_000, 800), rung(20_000, 2_000)],
        },
        3 => Offer::Percent {
            from: Fen(5_000),
            paid: 9_000,
            cap: Some(Fen(3_000)),
        },
        4 => Offer::Nth { n: 2, paid: 5_000 },
        _ => Offer::BuyGet { buy: 3, get: 1 },
    };
    let scope = match id % 3 {
        0 => Scope::default(),
        1 => Scope {
            categories: vec![id % 10],
            products: vec![],
        },
        _ => Scope {
            products: (id % 90..id % 90 + 10).collect(),
            categories: vec![],
        },
    };
    Promotion {
        rule: RuleRef { id, version: 1 },
        name: String::new(),
        active: true,
        when: When::default(),
        who: Who::default(),
        scope,
        by_stored_value: false,
        offer,
    }
}

fn coupon(no: u128) -> Coupon {
    Coupon {
        grant_id: Uuid::from_u128(no),
        rule: RuleRef { id: 1, version: 1 },
        name: String::new(),
        when: When::default(),
        who: Who::default(),
        scope: Scope::default(),
        from: Fen(1_000),
        gives: Gives::Amount { off: Fen(500) },
        stack: Some("g".to_owned()),
        transferable: false,
    }
}

/// The middle of many rounds and the slowest of a hundred.
fn time(mut work: impl FnMut()) -> (Duration, Duration) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed()
        })
        .collect();
    times.sort();
    (times[ROUNDS / 2], times[ROUNDS * 99 / 100])
}

fn main() {
    let cart: Vec<CartLine> = (1..=LINES).map(line).collect();
    let promotions: Vec<Promotion> = (1..=RULES).map(promotion).collect();
    let coupons: Vec<Coupon> = (1..=3).map(coupon).collect();
    let exchange = Exchange {
        points: 100,
        fen: Fen(100),
        cap: 5_000,
        least: 0,
    };
    let terms = Terms {
        quick_sale: true,
        level: None,
        occasion: Some(Occasion {
            now: "2026-11-22T10:00:00".parse().unwrap(),
            store_id: 1,
            level_id: None,
            by_stored_value: false,
        }),
        promotions: &promotions,
        gifts: &[],
        coupons: &coupons,
        points: Some((1_000, exchange)),
    };
    let (bare, bare_slow) = time(|| {
        let none = Terms {
            promotions: &[],
            coupons: &[],
            points: None,
            ..terms
        };
        black_box(price(black_box(&cart), &none));
    });
    let (all, slow) = time(|| {
        black_box(price(black_box(&cart), black_box(&terms)));
    });
    println!("{LINES} lines without rules: p50 {bare:?}, p99 {bare_slow:?}");
    println!("{LINES} lines, {RULES} rules, 3 coupons, points: p50 {all:?}, p99 {slow:?}");
}
