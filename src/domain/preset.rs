//! `Preset`: what a shop of one kind starts with: goods and services, levels, top-up rules, promotions.

mod contract;
mod coupon;
mod gift;
mod promotion;
mod recipe;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};

use crate::domain::benefit::Instalments;
use crate::domain::money::Fen;
use crate::domain::package::wording::{self, Service};
use crate::domain::package::{self, Validity};
use crate::domain::points::Exchange;
use crate::domain::reward::Gives;
use crate::domain::tender::Rounding;
pub use contract::{PresetContract, PresetStage};
pub use coupon::{PresetCoupon, PresetGives};
pub use gift::{PresetEvent, PresetGift};
pub use promotion::{PresetOffer, PresetPromotion};
pub use recipe::PresetRecipe;

/// The shipped presets: id and file, in the order they are offered.
const FILES: [(&str, &str); 8] = [
    (
        "convenience",
        include_str!("../../assets/presets/convenience.toml"),
    ),
    ("cafe", include_str!("../../assets/presets/cafe.toml")),
    ("salon", include_str!("../../assets/presets/salon.toml")),
    ("gym", include_str!("../../assets/presets/gym.toml")),
    ("kids", include_str!("../../assets/presets/kids.toml")),
    ("fashion", include_str!("../../assets/presets/fashion.toml")),
    (
        "homeware",
        include_str!("../../assets/presets/homeware.toml"),
    ),
    ("pet", include_str!("../../assets/presets/pet.toml")),
];

/// A name in both languages of the console.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    pub zh: String,
    pub en: String,
}

/// A shop to start from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    pub title: Name,
    /// Points for one yuan (PT1).
    pub points_per_yuan: Decimal,
    /// Welcome gift, points (MB2).
    pub welcome_points: i64,
    /// So many points pay one yuan, for so many percent of a sale at most (PT5).
    pub points_pay: Option<PointsPay>,
    /// Days without a visit after which a member is dormant (OR1).
    pub dormant_days: i64,
    pub rounding: Rounding,
    /// Notes that have a key while paying, the largest first.
    #[serde(deserialize_with = "many_yuan")]
    pub cash: Vec<Fen>,
    /// Ascending; the first is everybody's.
    pub levels: Vec<Level>,
    /// Ascending.
    pub top_ups: Vec<TopUp>,
    /// Switched off to begin with.
    pub promotions: Vec<PresetPromotion>,
    /// Coupons and rights.
    pub coupons: Vec<PresetCoupon>,
    /// What is given by itself.
    pub gifts: Vec<PresetGift>,
    /// What points can be exchanged for.
    #[serde(default)]
    pub rewards: Vec<PresetReward>,
    /// Switched off to begin with.
    pub check_in: Option<CheckIn>,
    pub categories: Vec<Category>,
    /// Services together, paid for beforehand (PK1).
    #[serde(default)]
    pub packages: Vec<Package>,
    /// Plans of staged prepayment (SV5), switched off to begin with.
    #[serde(default)]
    pub contracts: Vec<PresetContract>,
    /// What services take from the shelf (PK2).
    #[serde(default)]
    pub recipes: Vec<PresetRecipe>,
}

/// Points as money (PT5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsPay {
    /// For one yuan.
    pub points: i64,
    /// Percent of a sale.
    pub cap: i64,
    /// So many at once at least.
    pub least: i64,
}

/// What points can be exchanged for: goods, or a service so many times within so many days (PT4).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetReward {
    pub name: Name,
    pub points: i64,
    pub goods: Option<String>,
    /// Pieces or grams, or times; one where it is not said.
    pub quantity: Option<i64>,
    pub service: Option<String>,
    pub days: Option<u32>,
    pub each: Option<i64>,
}

/// Points a day, and on which day in a row how many more (PT7).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    pub points: i64,
    pub bonuses: Vec<(i64, i64)>,
}

/// A member level (LV1, LV2).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    pub name: Name,
    /// Spend of the last twelve months from which on the level is reached.
    #[serde(deserialize_with = "yuan")]
    pub threshold: Fen,
    /// Percent of the price paid: 95 is 九五折.
    pub percent: u8,
    pub points_times: Decimal,
}

/// A top-up rule: the highest amount reached counts (SV4).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopUp {
    #[serde(deserialize_with = "yuan")]
    pub amount: Fen,
    /// Bonus money, all of it; at once unless there are instalments.
    #[serde(deserialize_with = "yuan")]
    pub bonus: Fen,
    /// Equal parts, the first at once.
    pub instalments: Option<Instalments>,
    #[serde(default)]
    pub points: i64,
    /// Chinese name of the level that is reached at once.
    pub level: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    pub name: Name,
    pub kind: Kind,
    pub items: Vec<Item>,
}

/// A package, as the owner would type it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    pub name: String,
    #[serde(deserialize_with = "yuan")]
    pub price: Fen,
    /// Lines such as `剪发 10次`.
    pub items: Vec<String>,
    /// Days of validity from the purchase, or from the first use; for ever without either.
    pub days: Option<u32>,
    pub first_use_days: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Goods,
    Services,
}

/// What is sold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub name: String,
    /// For one piece, or one kilogram.
    #[serde(deserialize_with = "yuan")]
    pub price: Fen,
    #[serde(default, deserialize_with = "maybe_yuan")]
    pub member_price: Option<Fen>,
    #[serde(default)]
    pub unit: Unit,
    /// How long a service takes; none when it has no length.
    pub minutes: Option<u32>,
    /// EAN-13 as printed.
    pub barcode: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    #[default]
    Piece,
    Kg,
}

impl Preset {
    /// Reads a preset file.
    ///
    /// # Errors
    /// What is wrong and where: an unknown field, an amount without two decimals.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// What points are worth as money.
    #[must_use]
    pub fn points_exchange(&self) -> Option<Exchange> {
        self.points_pay.map(|it| Exchange {
            points: it.points,
            fen: Fen::yuan(1),
            cap: it.cap * 100,
            least: it.least,
        })
    }

    /// The number of an item, as [`Self::items`] counts, from one.
    fn number(&self, name: &str) -> Option<i32> {
        let mut known = (1..).zip(self.items());
        known.find_map(|(id, (_, item))| (item.name == name).then_some(id))
    }

    /// What a reward gives; none when it names what the preset has not.
    #[must_use]
    pub fn gives(&self, reward: &PresetReward) -> Option<Gives> {
        let quantity = reward.quantity.unwrap_or(1);
        match (&reward.goods, &reward.service) {
            (Some(name), None) => Some(Gives::Goods {
                product_id: self.number(name)?,
                quantity,
            }),
            (None, Some(name)) => Some(Gives::Service {
                product_id: self.number(name)?,
                quantity,
                days: reward.days,
            }),
            _ => None,
        }
    }

    /// All items with their category, in the order of the file.
    pub fn items(&self) -> impl Iterator<Item = (&Category, &Item)> {
        self.categories
            .iter()
            .flat_map(|category| category.items.iter().map(move |item| (category, item)))
    }

    /// What a package of it holds. Services are numbered as [`Self::items`] counts, from one; a line that names none
    /// is left out, and a test keeps the shipped ones whole.
    #[must_use]
    pub fn holds(&self, package: &Package) -> package::Package {
        let numbered = (1..).zip(self.items());
        let services: Vec<Service> = numbered
            .filter(|(_, (category, _))| category.kind == Kind::Services)
            .map(|(id, (_, item))| Service {
                id,
                name: item.name.clone(),
                price: item.price,
            })
            .collect();
        let lines = package.items.iter();
        package::Package {
            items: lines
                .filter_map(|line| wording::read(line, &services).ok())
                .collect(),
            validity: match (package.days, package.first_use_days) {
                (Some(days), _) => Validity::Days(days),
                (None, Some(days)) => Validity::FromFirstUse(days),
                (None, None) => Validity::Forever,
            },
            ..package::Package::default()
        }
    }
}

/// The shipped presets by id, in the order they are offered.
#[must_use]
pub fn all() -> Vec<(&'static str, Preset)> {
    // A test holds every file to parse, so nothing is lost here.
    FILES
        .iter()
        .filter_map(|(id, text)| Some((*id, Preset::parse(text).ok()?)))
        .collect()
}

/// One shipped preset.
#[must_use]
pub fn named(id: &str) -> Option<Preset> {
    let (_, text) = FILES.iter().find(|(known, _)| *known == id)?;
    Preset::parse(text).ok()
}

/// Yuan as a text with exactly two decimals: `"3.50"`.
fn fen<E: de::Error>(text: &str) -> Result<Fen, E> {
    let two = text
        .split_once('.')
        .is_some_and(|(whole, part)| !whole.is_empty() && part.len() == 2);
    Fen::parse(text)
        .filter(|_| two)
        .ok_or_else(|| E::custom(format!("not yuan with two decimals: {text}")))
}

fn yuan<'de, D: Deserializer<'de>>(from: D) -> Result<Fen, D::Error> {
    fen(&String::deserialize(from)?)
}

fn maybe_yuan<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Fen>, D::Error> {
    yuan(from).map(Some)
}

fn many_yuan<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Fen>, D::Error> {
    Vec::<String>::deserialize(from)?
        .iter()
        .map(|text| fen(text))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test stops at the first surprise"
    )]
    use super::*;
    use crate::domain::gtin::Gtin;
    use std::collections::HashSet;

    /// The amount a registered card may hold (SV10).
    const CARD_LIMIT: Fen = Fen::yuan(5_000);

    fn ascending<T: PartialOrd>(values: &[T]) -> bool {
        values.windows(2).all(|pair| pair[0] < pair[1])
    }

    #[test]
    fn every_file_parses() {
        for (id, text) in FILES {
            assert!(
                Preset::parse(text).is_ok(),
                "{id}: {:?}",
                Preset::parse(text).err()
            );
        }
        assert_eq!(all().len(), FILES.len());
        assert_eq!(named("salon").unwrap().title.zh, "理发店");
        assert_eq!(named("bank"), None);
    }

    #[test]
    fn items_are_sound() {
        for (id, preset) in all() {
            let mut names = HashSet::new();
            let mut barcodes = HashSet::new();
            for (category, item) in preset.items() {
                let at = format!("{id}: {}", item.name);
                assert!(item.price.is_positive(), "{at}");
                assert!(
                    item.member_price
                        .is_none_or(|price| price.is_positive() && price < item.price),
                    "{at}"
                );
                assert!(names.insert(&item.name), "{at} twice");
                assert!(
                    item.minutes
                        .is_none_or(|minutes| minutes > 0 && category.kind == Kind::Services),
                    "{at}"
                );
                assert!(item.unit == Unit::Piece || item.barcode.is_none(), "{at}");
                if let Some(code) = &item.barcode {
                    assert!(category.kind == Kind::Goods && code.len() == 13, "{at}");
                    assert!(code.starts_with("69"), "{at}");
                    assert!(barcodes.insert(Gtin::parse(code).unwrap()), "{at} {code}");
                }
            }
            assert!((20..=40).contains(&names.len()), "{id}: {}", names.len());
        }
    }

    #[test]
    fn packages_are_sound() {
        let mut count = 0;
        for (id, preset) in all() {
            for package in &preset.packages {
                let at = format!("{id}: {}", package.name);
                let holds = preset.holds(package);
                assert_eq!(holds.items.len(), package.items.len(), "{at}");
                assert_eq!(holds.complaint(), None, "{at}");
                // Cheaper than one by one, or nobody would buy it.
                let alone: Fen = holds
                    .items
                    .iter()
                    .filter(|item| !item.is_gift)
                    .filter_map(|item| Some(item.price.times(item.quantity?)))
                    .sum();
                assert!(alone.is_zero() || package.price < alone, "{at}");
                count += 1;
            }
        }
        assert!(count >= 8, "{count}");
    }

    #[test]
    fn rules_are_sound() {
        for (id, preset) in all() {
            let levels = &preset.levels;
            assert!((3..=4).contains(&levels.len()), "{id}");
            assert!(
                levels[0].threshold.is_zero() && levels[0].percent == 100,
                "{id}"
            );
            assert!(
                ascending(&levels.iter().map(|l| l.threshold).collect::<Vec<_>>()),
                "{id}"
            );
            assert!(
                ascending(&levels.iter().rev().map(|l| l.percent).collect::<Vec<_>>()),
                "{id}"
            );
            assert!(
                ascending(&levels.iter().map(|l| l.points_times).collect::<Vec<_>>()),
                "{id}"
            );
            assert!((4..=6).contains(&preset.top_ups.len()), "{id}");
            assert!(
                ascending(&preset.top_ups.iter().map(|t| t.amount).collect::<Vec<_>>()),
                "{id}"
            );
            for top_up in &preset.top_ups {
                assert!(
                    top_up.bonus >= Fen::ZERO && top_up.points >= 0,
                    "{id} {}",
                    top_up.amount
                );
                assert!(
                    top_up.amount + top_up.bonus <= CARD_LIMIT,
                    "{id} {}",
                    top_up.amount
                );
                assert!(
                    top_up
                        .level
                        .as_ref()
                        .is_none_or(|name| levels.iter().any(|l| l.name.zh == *name)),
                    "{id}"
                );
                assert!(
                    top_up
                        .instalments
                        .is_none_or(|i| i.count > 1 && top_up.bonus.0 % i64::from(i.count) == 0),
                    "{id} {}",
                    top_up.amount
                );
            }
            assert!(
                ascending(&preset.cash.iter().rev().collect::<Vec<_>>())
                    && preset.cash.iter().all(|c| c.is_positive()),
                "{id}"
            );
            assert!(
                preset.dormant_days > 0
                    && preset.welcome_points > 0
                    && preset.points_per_yuan > Decimal::ZERO,
                "{id}"
            );
        }
    }

    #[test]
    fn promotions_lie_ready() {
        for (id, preset) in all() {
            assert!((2..=3).contains(&preset.promotions.len()), "{id}");
            for promotion in &preset.promotions {
                let rule = promotion.rule(1, false, &preset);
                let rule = rule.unwrap_or_else(|| panic!("{id}: {}", promotion.name.zh));
                assert!(!rule.active && rule.name.chars().count() <= 30, "{id}");
            }
        }
    }

    #[test]
    fn gifts_lie_ready() {
        for (id, preset) in all() {
            assert_eq!(preset.gifts.len(), 3, "{id}");
            for gift in &preset.gifts {
                let rule = gift.rule(1, false, &preset);
                let rule = rule.unwrap_or_else(|| panic!("{id}: {}", gift.name.zh));
                assert!(!rule.gives.is_empty(), "{id}: {}", rule.name);
            }
        }
    }

    #[test]
    fn coupons_lie_ready() {
        for (id, preset) in all() {
            assert!((4..=5).contains(&preset.coupons.len()), "{id}");
            for coupon in &preset.coupons {
                let rule = coupon.rule(1, false, &preset);
                let rule = rule.unwrap_or_else(|| panic!("{id}: {}", coupon.name.zh));
                assert!(rule.active != rule.on_receipt.is_some(), "{id}");
                assert!(rule.name.chars().count() <= 30 && rule.uses > 0, "{id}");
            }
        }
    }

    #[test]
    fn mistakes_are_named() {
        let (_, text) = FILES[0];
        assert!(Preset::parse(&format!("colour = 1\n{text}")).is_err());
        for wrong in [
            "\"2.0\"",
            "\"2\"",
            "2.00",
            "\"-2.00\"",
            "\".50\"",
            "\"1,000.00\"",
        ] {
            let broken = text.replacen("price = \"2.00\"", &format!("price = {wrong}"), 1);
            assert!(broken != text && Preset::parse(&broken).is_err(), "{wrong}");
        }
    }
}
