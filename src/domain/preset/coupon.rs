//! `PresetCoupon`: a coupon or a right that lies ready in a preset, with names where the domain has numbers.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Deserializer};

use super::{Name, Preset, fen, maybe_yuan};
use crate::domain::coupon::{CouponRule, Gives};
use crate::domain::money::Fen;
use crate::domain::points::ONE;
use crate::domain::promotion::{RuleRef, Scope, When, Who};

/// A coupon of a preset; what is not said is everybody, always, everything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetCoupon {
    pub name: Name,
    pub gives: PresetGives,
    #[serde(default, deserialize_with = "maybe_yuan")]
    pub from: Option<Fen>,
    pub days: u32,
    /// With receipts from so much on; switched off to begin with.
    #[serde(default, deserialize_with = "maybe_yuan")]
    pub receipt: Option<Fen>,
}

/// Percent is what remains to be paid: 88 is 88 折.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PresetGives {
    #[serde(deserialize_with = "amount")]
    Amount(Fen),
    Percent(i64),
    /// One of what has this name, without charge.
    Free(String),
    /// A right, so many times.
    Right(i64),
    /// Points so many times while it is valid (SV4).
    Multiply(Decimal),
}

impl PresetCoupon {
    /// The rule as number `id`; none when it names what the preset has not. One that comes with receipts waits until the
    /// owner switches it on; the others lie ready to be given.
    #[must_use]
    pub fn rule(&self, id: i32, english: bool, preset: &Preset) -> Option<CouponRule> {
        let mut scope = Scope::default();
        let (gives, uses) = match &self.gives {
            PresetGives::Amount(off) => (Gives::Amount { off: *off }, 1),
            PresetGives::Percent(percent) => {
                let paid = percent * 100;
                (Gives::Percent { paid, cap: None }, 1)
            }
            PresetGives::Free(name) => {
                let mut known = (1..).zip(preset.items());
                let id = known.find_map(|(id, (_, item))| (item.name == *name).then_some(id))?;
                scope.products = vec![id];
                (Gives::Free { quantity: 1 }, 1)
            }
            PresetGives::Right(uses) => (Gives::Right, *uses),
            PresetGives::Multiply(times) => {
                let times = (times * Decimal::from(ONE)).to_i64()?;
                (Gives::Multiply { times }, 1)
            }
        };
        let name = if english {
            &self.name.en
        } else {
            &self.name.zh
        };
        Some(CouponRule {
            rule: RuleRef { id, version: 1 },
            name: name.clone(),
            active: self.receipt.is_none(),
            when: When::default(),
            who: Who::default(),
            scope,
            from: self.from.unwrap_or(Fen::ZERO),
            gives,
            stack: None,
            transferable: false,
            valid_days: Some(self.days),
            uses,
            per_member: None,
            total: None,
            on_receipt: self.receipt,
            given: 0,
        })
    }
}

fn amount<'de, D: Deserializer<'de>>(from: D) -> Result<Fen, D::Error> {
    fen(&String::deserialize(from)?)
}
