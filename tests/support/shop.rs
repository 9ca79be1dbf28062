//! A small shop for screens that have no database behind them.

use chrono::NaiveTime;
use guitai::domain::level::Level;
use guitai::domain::money::Fen;
use guitai::domain::reader::Readers;
use guitai::domain::shop::{LimitsProfile, Shop, Store, Till};
use guitai::domain::slip::Slips;
use guitai::domain::staff::{Limit, Role, Staff};
use guitai::domain::stored_value::SpendOrder;
use guitai::domain::tender::Rounding;
use guitai::query::Opening;

/// The shipped templates.
pub fn slips() -> Slips {
    Slips::load(&|_| None, &|_| true).unwrap()
}

/// 云裳理发: two levels, one store, one till.
pub fn shop() -> Shop {
    let level = |id: i32, name: &str, threshold: i64, paid: i64| Level {
        product_id: None,
        id,
        rank: id,
        name: name.to_owned(),
        threshold: Fen::yuan(threshold),
        paid,
        multiplier: 10_000,
        version: 1,
    };
    let limit = |role: Role, max: i64| Limit {
        role,
        refund_max: Fen::yuan(max),
        refund_days: if role > Role::Cashier { 30 } else { 1 },
        top_up_max: Fen::yuan(if role > Role::Cashier { 50_000 } else { 5_000 }),
        price_override: role > Role::Cashier,
        reveal_phone: role > Role::Cashier,
        export: role > Role::Cashier,
        manage: role > Role::Cashier,
        version: 1,
    };
    Shop {
        gifts: vec![],
        plans: vec![],
        coupon_grace_days: 7,
        coupon_key: guitai::domain::coupon::SigningKey::default(),
        coupons: vec![],
        services: Vec::new(),
        packages: Vec::new(),
        merchant_id: 1,
        name: "云裳理发".to_owned(),
        industry: "salon".to_owned(),
        points_per_yuan: 1.into(),
        points_valid_months: Some(12),
        stored_value_multiplier: None,
        welcome_points: 100,
        points_exchange: None,
        level_by: guitai::domain::level::LevelBy::default(),
        level_review: None,
        rounding: Rounding::None,
        spend_order: SpendOrder::ProRata,
        limits_profile: LimitsProfile::Warn,
        dormancy_days: 45,
        quick_sale_discount: true,
        quick_sale_points: true,
        denominations: [100, 50, 20, 10].map(Fen::yuan).to_vec(),
        terms: String::new(),
        terms_version: 1,
        own_refund: None,
        version: 1,
        levels: vec![level(1, "普卡", 0, 10_000), level(2, "金卡", 3_000, 9_000)],
        rules: Vec::new(),
        limits: vec![limit(Role::Cashier, 200), limit(Role::Manager, 5_000)],
        categories: Vec::new(),
        stores: vec![store()],
        tills: vec![till()],
        labels: Vec::new(),
        promotions: Vec::new(),
        goods: Vec::new(),
        rewards: Vec::new(),
        recipes: Vec::new(),
        check_in: None,
    }
}

pub fn store() -> Store {
    let day_cutoff = NaiveTime::from_hms_opt(4, 0, 0).unwrap();
    Store {
        id: 1,
        name: "总店".to_owned(),
        region: String::new(),
        address: String::new(),
        day_cutoff,
        version: 1,
    }
}

pub fn till() -> Till {
    Till {
        id: 1,
        store_id: 1,
        name: "一号台".to_owned(),
        version: 1,
    }
}

/// What the first till learns; no shift is open.
pub fn opening() -> Opening {
    Opening {
        shop: shop(),
        store: store(),
        till: till(),
        shift: None,
        cart: None,
        cart_broken: false,
        readers: Readers::default(),
    }
}

/// 李敏, cashier, 101.
pub fn cashier() -> Staff {
    Staff {
        id: 101,
        number: "101".to_owned(),
        name: "李敏".to_owned(),
        role: Role::Cashier,
        home_store_id: 1,
        badge: None,
        active: true,
        version: 1,
    }
}
