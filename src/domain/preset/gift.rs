//! `PresetGift`: what a shop gives by itself, as it lies ready in a preset: with names where the domain has numbers.

use serde::Deserialize;

use super::{Name, Preset};
use crate::domain::benefit::Benefit;
use crate::domain::gift::rule::{Event, GiftRule, REFUND_DAYS};
use crate::domain::promotion::{RuleRef, When, Who};

/// A gift of a preset: points, a coupon of the preset by its Chinese name, or both.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetGift {
    pub name: Name,
    pub on: PresetEvent,
    #[serde(default)]
    pub points: i64,
    pub coupon: Option<String>,
    /// Switched on to begin with.
    #[serde(default)]
    pub active: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresetEvent {
    /// A week before to a week after.
    Birthday,
    /// Of a child on the card.
    Child,
    Newcomer,
    Referrer,
}

/// Days around a birthday.
const AROUND: u32 = 7;

impl PresetGift {
    /// The rule as number `id`; none when it names a coupon the preset has not.
    #[must_use]
    pub fn rule(&self, id: i32, english: bool, preset: &Preset) -> Option<GiftRule> {
        let mut gives = Vec::new();
        if self.points > 0 {
            gives.push(Benefit::Points {
                points: self.points,
            });
        }
        if let Some(name) = &self.coupon {
            let mut known = (1..).zip(&preset.coupons);
            let (rule_id, _) = known.find(|(_, coupon)| coupon.name.zh == *name)?;
            gives.push(Benefit::Coupon { rule_id, count: 1 });
        }
        let name = if english {
            &self.name.en
        } else {
            &self.name.zh
        };
        let days = REFUND_DAYS;
        Some(GiftRule {
            rule: RuleRef { id, version: 1 },
            name: name.clone(),
            active: self.active,
            on: match self.on {
                PresetEvent::Birthday => Event::Birthday {
                    before: AROUND,
                    after: AROUND,
                },
                PresetEvent::Child => Event::Child {
                    before: AROUND,
                    after: AROUND,
                },
                PresetEvent::Newcomer => Event::Newcomer { days },
                PresetEvent::Referrer => Event::Referrer { days },
            },
            gives,
            when: When::default(),
            who: Who::default(),
            since: None,
        })
    }
}
