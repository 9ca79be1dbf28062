//! `PresetPromotion`: a rule that lies ready in a preset, with names where the domain has numbers.

use chrono::NaiveTime;
use serde::{Deserialize, Deserializer};

use super::{Name, Preset, fen, maybe_yuan, yuan};
use crate::domain::money::Fen;
use crate::domain::promotion::{Gift, Offer, Promotion, RuleRef, Rung, Scope, When, Who};

/// A rule of a preset; what is not said is everybody, always, everything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetPromotion {
    pub name: Name,
    pub offer: PresetOffer,
    /// Chinese names.
    #[serde(default)]
    pub categories: Vec<String>,
    #[serde(default)]
    pub weekdays: Vec<u8>,
    pub hours: Option<(NaiveTime, NaiveTime)>,
    #[serde(default)]
    pub members_only: bool,
    #[serde(default)]
    pub by_stored_value: bool,
}

/// Percent is what remains to be paid: 88 is 88 折.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PresetOffer {
    Off(i64),
    #[serde(deserialize_with = "steps")]
    Rungs(Vec<(Fen, Fen)>),
    /// From an amount on, the goods of this name.
    #[serde(deserialize_with = "gifts")]
    Gifts(Vec<(Fen, String)>),
    Percent {
        #[serde(deserialize_with = "yuan")]
        from: Fen,
        percent: i64,
        #[serde(default, deserialize_with = "maybe_yuan")]
        cap: Option<Fen>,
    },
    Nth {
        n: i64,
        percent: i64,
    },
    BuyGet {
        buy: i64,
        get: i64,
    },
}

impl PresetPromotion {
    /// The rule as number `id`, switched off; none when it names what the preset has not.
    #[must_use]
    pub fn rule(&self, id: i32, english: bool, preset: &Preset) -> Option<Promotion> {
        let number = |name: &String| {
            let mut known = (1..).zip(&preset.categories);
            known.find_map(|(id, category)| (category.name.zh == *name).then_some(id))
        };
        let goods = |name: &str| {
            let mut known = (1..).zip(preset.items());
            known.find_map(|(id, (_, item))| (item.name == name).then_some(id))
        };
        let offer = match &self.offer {
            PresetOffer::Off(percent) => Offer::Off {
                paid: percent * 100,
            },
            PresetOffer::Rungs(steps) => Offer::Rungs {
                rungs: steps
                    .iter()
                    .map(|(from, gives)| Rung {
                        from: *from,
                        gives: *gives,
                    })
                    .collect(),
            },
            PresetOffer::Gifts(steps) => {
                let rung = |(from, name): &(Fen, String)| {
                    let product_id = goods(name)?;
                    let quantity = 1;
                    let gives = Gift {
                        product_id,
                        quantity,
                    };
                    Some(Rung { from: *from, gives })
                };
                Offer::Gifts {
                    rungs: steps.iter().map(rung).collect::<Option<_>>()?,
                }
            }
            PresetOffer::Percent { from, percent, cap } => Offer::Percent {
                from: *from,
                paid: percent * 100,
                cap: *cap,
            },
            PresetOffer::Nth { n, percent } => Offer::Nth {
                n: *n,
                paid: percent * 100,
            },
            PresetOffer::BuyGet { buy, get } => Offer::BuyGet {
                buy: *buy,
                get: *get,
            },
        };
        let name = if english {
            &self.name.en
        } else {
            &self.name.zh
        };
        Some(Promotion {
            rule: RuleRef { id, version: 1 },
            name: name.clone(),
            active: false,
            when: When {
                weekdays: self.weekdays.clone(),
                hours: self.hours,
                ..When::default()
            },
            who: Who {
                members_only: self.members_only,
                ..Who::default()
            },
            scope: Scope {
                categories: self.categories.iter().map(number).collect::<Option<_>>()?,
                products: Vec::new(),
            },
            by_stored_value: self.by_stored_value,
            offer,
        })
    }
}

fn steps<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(Fen, Fen)>, D::Error> {
    let steps = Vec::<(String, String)>::deserialize(from)?;
    let steps = steps.iter().map(|(from, off)| Ok((fen(from)?, fen(off)?)));
    steps.collect()
}

fn gifts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(Fen, String)>, D::Error> {
    let steps = Vec::<(String, String)>::deserialize(from)?;
    steps
        .into_iter()
        .map(|(from, name)| Ok((fen(&from)?, name)))
        .collect()
}
