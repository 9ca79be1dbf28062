//! A new shop out of a preset: everything `set_up()` of Postgres takes, in one document.

use serde_json::{Value, json};

use super::benefit::Benefit;
use super::gtin::Gtin;
use super::level::LevelBy;
use super::money::Fen;
use super::package::Package;
use super::preset::{Category, Item, Kind, Name, Preset, TopUp, Unit};
use super::product::ProductKind;
use super::promotion::{When, Who};
use super::shop::LimitsProfile;
use super::spelling;
use super::staff::{Limit, Role};
use super::stored_value::SpendOrder;

/// The one merchant of a private database.
pub const MERCHANT: i32 = 1;
/// Points stay valid to the end of the month so many months later (PT3).
const POINTS_VALID_MONTHS: u32 = 24;

/// A shop as its founder describes it.
#[derive(Debug, Clone)]
pub struct NewShop<'a> {
    pub name: &'a str,
    /// The id of the preset: the shop's trade.
    pub industry: &'a str,
    pub preset: &'a Preset,
    /// Whether the names of levels and categories, and the terms, are English.
    pub english: bool,
    /// Stores and tills are numbered from 1 in this order.
    pub stores: &'a [NewStore],
    /// Numbered from 1 in this order.
    pub staff: &'a [NewStaff],
}

#[derive(Debug, Clone)]
pub struct NewStore {
    pub name: String,
    /// The names of its tills.
    pub tills: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct NewStaff {
    pub number: String,
    pub name: String,
    pub role: Role,
    pub store_id: i32,
    pub badge: Option<String>,
    /// argon2id, PHC string.
    pub pin_hash: String,
}

impl NewShop<'_> {
    /// The document, its parts named like the tables.
    #[must_use]
    pub fn document(&self) -> Value {
        let order = SpendOrder::default();
        json!({
            "merchant": {
                "merchant_id": MERCHANT,
                "name": spelling::tidy(self.name),
                "industry": self.industry,
                "points_per_yuan": self.preset.points_per_yuan,
                "points_valid_months": POINTS_VALID_MONTHS,
                "welcome_points": self.preset.welcome_points,
                "points_exchange": self.preset.points_exchange(),
                "level_by": LevelBy::default(),
                "rounding": self.preset.rounding,
                "spend_order": order,
                "limits_profile": LimitsProfile::default(),
                "dormancy_days": self.preset.dormant_days,
                "quick_sale_discount": true,
                "quick_sale_points": true,
                "denominations": self.preset.cash,
                "terms": terms(order, self.english),
                "terms_version": 1,
                "version": 1,
            },
            "stores": numbered(self.stores, |id, store| json!({
                "merchant_id": MERCHANT, "id": id, "name": store.name, "region": "", "address": "", "day_cutoff": "04:00",
                "version": 1,
            })),
            "tills": self.tills(),
            "staff": numbered(self.staff, |id, staff| json!({
                "merchant_id": MERCHANT, "id": id, "number": staff.number, "name": spelling::tidy(&staff.name),
                "role": staff.role, "home_store_id": staff.store_id, "badge": staff.badge,
                "pin_hash": staff.pin_hash, "active": true, "version": 1,
            })),
            "limits": limits().map(|limit| of_merchant(json!(limit))),
            "levels": self.levels(),
            "categories": numbered(&self.preset.categories, |id, category| json!({
                "merchant_id": MERCHANT, "id": id, "name": self.say(&category.name),
            })),
            "products": ([self.products(), self.packages()].concat()),
            "rules": numbered(&self.preset.top_ups, |id, top_up| self.rule(id, top_up)),
            "promotions": self.promotions(),
            "coupons": self.coupons(),
            "gifts": self.gifts(),
            "contract_plans": self.contract_plans(),
            "rewards": self.rewards(),
            "recipes": self.preset.recipes().into_iter().map(|recipe| of_merchant(json!(recipe))).collect::<Vec<_>>(),
            "check_in": self.check_in(),
        })
    }

    fn say(&self, name: &Name) -> String {
        if self.english { &name.en } else { &name.zh }.clone()
    }

    fn tills(&self) -> Vec<Value> {
        let stores = (1..).zip(self.stores);
        let tills = stores
            .flat_map(|(store, new): (i32, _)| new.tills.iter().map(move |till| (store, till)));
        (1..)
            .zip(tills)
            .map(|(id, (store, name)): (i32, _)| json!({ "merchant_id": MERCHANT, "id": id, "store_id": store, "name": name }))
            .collect()
    }

    fn levels(&self) -> Vec<Value> {
        numbered(&self.preset.levels, |id, level| {
            let multiplier = level.points_times * rust_decimal::Decimal::from(super::points::ONE);
            json!({
                "merchant_id": MERCHANT, "id": id, "rank": id, "name": self.say(&level.name),
                "threshold": level.threshold, "paid": i64::from(level.percent) * 100,
                "multiplier": rust_decimal::prelude::ToPrimitive::to_i64(&multiplier), "version": 1,
            })
        })
    }

    fn products(&self) -> Vec<Value> {
        let categories = (1..).zip(&self.preset.categories);
        let items = categories.flat_map(|(id, category): (i32, _)| {
            category.items.iter().map(move |item| (id, category, item))
        });
        (1..)
            .zip(items)
            .map(|(id, (category_id, category, item))| product(id, category_id, category, item))
            .collect()
    }

    /// Those of the preset, as versions of the table.
    fn promotions(&self) -> Vec<Value> {
        let rules = (1..).zip(&self.preset.promotions);
        let rules = rules.filter_map(|(id, rule)| rule.rule(id, self.english, self.preset));
        rules
            .map(|rule| {
                json!({
                    "merchant_id": MERCHANT, "id": rule.rule.id, "version": 1, "name": rule.name, "active": rule.active,
                    "body": {
                        "when": rule.when, "who": rule.who, "scope": rule.scope,
                        "by_stored_value": rule.by_stored_value, "offer": rule.offer,
                    },
                })
            })
            .collect()
    }

    /// What the preset gives by itself: nobody is a member yet, so it counts from ever.
    fn gifts(&self) -> Vec<Value> {
        let rules = (1..).zip(&self.preset.gifts);
        let rules = rules.filter_map(|(id, rule)| rule.rule(id, self.english, self.preset));
        rules
            .map(|rule| {
                json!({
                    "merchant_id": MERCHANT, "id": rule.rule.id, "version": 1, "name": rule.name, "active": rule.active,
                    "since": "2000-01-01", "body": { "on": rule.on, "gives": rule.gives, "when": rule.when, "who": rule.who },
                })
            })
            .collect()
    }

    /// The coupons of the preset, as versions of the table.
    fn coupons(&self) -> Vec<Value> {
        let rules = (1..).zip(&self.preset.coupons);
        let rules = rules.filter_map(|(id, rule)| rule.rule(id, self.english, self.preset));
        rules
            .map(|rule| {
                let row = json!({
                    "merchant_id": MERCHANT, "id": rule.rule.id, "version": 1, "name": rule.name, "active": rule.active,
                });
                let mut body = json!(rule);
                if let Some(body) = body.as_object_mut() {
                    body.retain(|name, _| row.get(name).is_none());
                }
                let mut row = row;
                if let Some(row) = row.as_object_mut() {
                    row.insert("body".to_owned(), body);
                }
                row
            })
            .collect()
    }

    fn contract_plans(&self) -> Vec<Value> {
        let plans = (1..).zip(&self.preset.contracts);
        plans
            .map(|(id, contract)| {
                let plan = contract.plan(id, self.english);
                json!({
                    "merchant_id": MERCHANT, "id": id, "version": 1, "name": plan.name, "active": plan.active,
                    "body": { "when": plan.when, "who": plan.who, "stages": plan.stages },
                })
            })
            .collect()
    }

    fn rewards(&self) -> Vec<Value> {
        let rewards = (1..).zip(&self.preset.rewards);
        let rewards = rewards.filter_map(|(id, reward): (i32, _)| {
            let gives = self.preset.gives(reward)?;
            Some(json!({
                "merchant_id": MERCHANT, "id": id, "version": 1, "name": self.say(&reward.name), "active": true,
                "body": {
                    "points": reward.points, "gives": gives, "when": When::default(), "who": Who::default(),
                    "per_member": reward.each, "stock": null,
                },
            }))
        });
        rewards.collect()
    }

    /// What checking in would give once the owner switches it on.
    fn check_in(&self) -> Option<Value> {
        let it = self.preset.check_in.as_ref()?;
        let bonuses = it.bonuses.iter();
        let bonuses = bonuses.map(|(days, points)| json!({ "days": days, "points": points }));
        let bonuses: Vec<Value> = bonuses.collect();
        Some(json!({ "active": false, "points": it.points, "bonuses": bonuses }))
    }

    /// The packages, numbered after what they hold.
    fn packages(&self) -> Vec<Value> {
        let first = self.preset.items().count() + 1;
        let packages = (first..).zip(&self.preset.packages);
        packages
            .map(|(id, package)| {
                let holds = self.preset.holds(package);
                package_row(id, &package.name, package.price, &holds)
            })
            .collect()
    }

    fn rule(&self, id: i32, top_up: &TopUp) -> Value {
        let level = (1..)
            .zip(&self.preset.levels)
            .find(|(_, level)| top_up.level.as_ref() == Some(&level.name.zh));
        let bonus = top_up.bonus.is_positive().then_some(Benefit::Bonus {
            fen: top_up.bonus,
            instalments: top_up.instalments,
            valid_days: None,
        });
        let points = (top_up.points > 0).then_some(Benefit::Points {
            points: top_up.points,
        });
        let raise = level.map(|(level_id, _)| Benefit::Level { level_id });
        let benefits: Vec<Benefit> = [bonus, points, raise].into_iter().flatten().collect();
        let (amount, bonus) = (short(top_up.amount), short(top_up.bonus));
        let name = match (top_up.bonus.is_positive(), self.english) {
            (true, true) => format!("{amount} + {bonus}"),
            (true, false) => format!("充{amount}送{bonus}"),
            (false, true) => amount,
            (false, false) => format!("充{amount}"),
        };
        json!({
            "merchant_id": MERCHANT, "id": id, "version": 1, "name": name, "amount": top_up.amount,
            "benefits": benefits, "active": true,
        })
    }
}

fn product(id: i32, category_id: i32, category: &Category, item: &Item) -> Value {
    let keys = spelling::keys(&item.name);
    let kind = match (category.kind, item.unit) {
        (Kind::Services, _) => ProductKind::Service,
        (Kind::Goods, Unit::Piece) => ProductKind::Piece,
        (Kind::Goods, Unit::Kg) => ProductKind::Weight,
    };
    json!({
        "merchant_id": MERCHANT, "id": id,
        "code": item.barcode.as_deref().and_then(Gtin::parse).map(|gtin| gtin.to_string()),
        "name": keys.name, "initials": keys.initials.first().map_or("", String::as_str),
        "spelling": keys.full.first().map_or("", String::as_str), "grams": keys.grams,
        "category_id": category_id, "kind": kind, "price": item.price, "member_price": item.member_price, "active": true,
        "version": 1,
    })
}

fn package_row(id: usize, name: &str, price: Fen, holds: &Package) -> Value {
    let keys = spelling::keys(name);
    json!({
        "merchant_id": MERCHANT, "id": id, "code": null,
        "name": keys.name, "initials": keys.initials.first().map_or("", String::as_str),
        "spelling": keys.full.first().map_or("", String::as_str), "grams": keys.grams,
        "category_id": null, "kind": ProductKind::Package, "price": price, "member_price": null, "active": true,
        "version": 1, "package": holds,
    })
}

/// What each role may do by itself to begin with (OP3). Money going out is what is stolen by small
/// amounts, so a cashier returns at most 200 yuan of the last day's sales; who edits rules and prices is
/// headquarters and the owner.
#[must_use]
pub fn limits() -> [Limit; 4] {
    let limit = |role, refund_yuan, refund_days, top_up_yuan| Limit {
        role,
        refund_max: Fen::yuan(refund_yuan),
        refund_days,
        top_up_max: Fen::yuan(top_up_yuan),
        price_override: role >= Role::Manager,
        reveal_phone: role >= Role::Manager,
        export: role >= Role::Manager,
        manage: role >= Role::Headquarters,
        version: 1,
    };
    [
        limit(Role::Cashier, 200, 1, 5_000),
        limit(Role::Manager, 5_000, 30, 50_000),
        limit(Role::Headquarters, 50_000, 365, 1_000_000),
        limit(Role::Owner, 9_999_999, 3_650, 9_999_999),
    ]
}

/// The terms printed on top-up receipts (SV2, RF1, RF3, RF5, MB5; 法释〔2025〕4号).
#[must_use]
pub fn terms(order: SpendOrder, english: bool) -> String {
    let (text, words) = if english {
        let words = match order {
            SpendOrder::ProRata => {
                "Each payment takes both in proportion to what is left of the top-up."
            }
            SpendOrder::PrincipalFirst => "Each payment takes principal first, then bonus.",
            SpendOrder::BonusFirst => "Each payment takes bonus first, then principal.",
        };
        (include_str!("../../assets/terms/en.txt"), words)
    } else {
        let words = match order {
            SpendOrder::ProRata => "每次消费按该笔储值剩余本金与赠金的比例一同扣减。",
            SpendOrder::PrincipalFirst => "每次消费先扣本金,后扣赠金。",
            SpendOrder::BonusFirst => "每次消费先扣赠金,后扣本金。",
        };
        (include_str!("../../assets/terms/zh.txt"), words)
    };
    text.trim_end().replace("{order}", words)
}

/// `500`, or `99.50` when there are fen.
fn short(amount: Fen) -> String {
    let text = amount.to_string().replace(',', "");
    text.strip_suffix(".00").unwrap_or(&text).to_owned()
}

fn of_merchant(mut row: Value) -> Value {
    if let Some(fields) = row.as_object_mut() {
        fields.insert("merchant_id".to_owned(), json!(MERCHANT));
    }
    row
}

fn numbered<T>(rows: &[T], row: impl Fn(i32, &T) -> Value) -> Vec<Value> {
    (1..).zip(rows).map(|(id, each)| row(id, each)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::preset;

    #[test]
    fn every_preset_makes_a_shop() {
        for (industry, preset) in preset::all() {
            for english in [false, true] {
                let new = NewShop {
                    name: " 半夏 ",
                    industry,
                    preset: &preset,
                    english,
                    stores: &[NewStore {
                        name: "一店".into(),
                        tills: vec!["1号台".into(), "2号台".into()],
                    }],
                    staff: &[],
                };
                let document = new.document();
                assert_eq!(document["merchant"]["name"], "半夏");
                assert_eq!(document["tills"][1]["store_id"], 1);
                assert_eq!(
                    document["products"].as_array().unwrap().len(),
                    preset.items().count() + preset.packages.len()
                );
                for (rule, top_up) in document["rules"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .zip(&preset.top_ups)
                {
                    let benefits: Vec<Benefit> =
                        serde_json::from_value(rule["benefits"].clone()).unwrap();
                    let raises = benefits.iter().any(|b| matches!(b, Benefit::Level { .. }));
                    assert_eq!(
                        raises,
                        top_up.level.is_some(),
                        "{industry} {}",
                        top_up.amount
                    );
                }
            }
        }
    }

    #[test]
    fn a_barcode_is_stored_in_its_canonical_form() {
        let preset = preset::named("convenience").unwrap();
        let new = NewShop {
            name: "",
            industry: "convenience",
            preset: &preset,
            english: false,
            stores: &[],
            staff: &[],
        };
        let water = &new.document()["products"][0];
        assert_eq!(
            (water["code"].as_str(), water["initials"].as_str()),
            (Some("06901234567892"), Some("cjs550hs"))
        );
        assert_eq!(new.document()["rules"][3]["name"], "充500送60");
    }

    #[test]
    fn terms_name_the_order_and_the_source() {
        for order in [
            SpendOrder::ProRata,
            SpendOrder::PrincipalFirst,
            SpendOrder::BonusFirst,
        ] {
            let text = terms(order, false);
            assert!(
                text.contains("法释〔2025〕4号") && text.contains("七日") && !text.contains('{')
            );
            assert!(!terms(order, true).contains('{'));
        }
    }
}
