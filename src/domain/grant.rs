//! `grant`: what a member may claim that is neither money nor points: services of a package, coupons,
//! entitlements (LG1, PK1).

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::coupon::{Coupon, Gives};
use super::deposit::Order;
use super::money::Fen;

/// What kind of claim it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    Package,
    Coupon,
    Entitlement,
    /// Paid beforehand for one order, counted in fen (SV6).
    Deposit,
    /// One of it, never used up: it counts until its last day (PT2).
    Multiplier,
}

/// What can be used of a claim: a service, or a right by the number of its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usable {
    Service(i32),
    Right(i32),
}

/// What is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    #[default]
    Session,
    Minute,
    Lesson,
    Day,
    /// Of what was paid for one order (SV6): no package counts in it.
    Fen,
}

impl Unit {
    pub const ALL: [Self; 4] = [Self::Session, Self::Minute, Self::Lesson, Self::Day];

    /// The name in the books.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Minute => "minute",
            Self::Lesson => "lesson",
            Self::Day => "day",
            Self::Fen => "fen",
        }
    }
}

/// What it was given under: nobody changes it any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// The service, and the package it came with.
    pub name: String,
    pub of: String,
    pub unit: Unit,
    /// How many there were, and what was paid for them, fen.
    pub quantity: Option<i64>,
    pub value: Fen,
    /// What one costs without a package, fen.
    pub price: Fen,
    /// What each use costs besides, fen (SV8).
    pub copay: Fen,
    /// Days of validity that begin with the first use, that day not counted.
    pub valid_days: Option<u32>,
    /// Days after which it is time again (PK3).
    pub cycle_days: Option<u32>,
    /// PK1: it may be given away, once; others than the holder may be served.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub may_give: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub may_share: bool,
    /// What of `value` was paid from stored value, as principal and as bonus, fen (SV7). The rest was paid otherwise.
    #[serde(skip_serializing_if = "super::ledger::is_none")]
    pub principal: Fen,
    #[serde(skip_serializing_if = "super::ledger::is_none")]
    pub bonus: Fen,
    /// Of a coupon or an entitlement: what it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Box<Coupon>>,
    /// Of a deposit: the order it is for; `name` says what, `price` at how much (SV6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
}

/// A claim that an operation opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewGrant {
    pub id: Uuid,
    pub kind: GrantKind,
    /// The line of the receipt it came with.
    pub no: i16,
    pub product_id: Option<i32>,
    /// The package or rule it follows from.
    pub rule_id: Option<i32>,
    /// None: as often as she likes while it is valid.
    pub quantity: Option<i64>,
    /// What was paid for it, fen: the shop's debt until it is used.
    pub value: Fen,
    pub expires_on: Option<NaiveDate>,
    pub terms: Terms,
    /// It belongs to whoever has its code, not to the member (PR4).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bearer: bool,
}

/// Units that came or went, with the name of what they are of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub name: String,
    #[serde(default)]
    pub unit: Unit,
    /// None, and nothing, are of what is without limit.
    pub quantity: Option<i64>,
}

/// What an operation does to a claim: units and fen, taken with minus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantMove {
    pub grant_id: Uuid,
    pub quantity: i64,
    pub value: Fen,
    /// Its new last day: of a coupon that comes back when it is past (RF6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

impl GrantMove {
    /// A coupon that is used.
    #[must_use]
    pub const fn coupon(grant_id: Uuid) -> Self {
        Self {
            grant_id,
            quantity: -1,
            value: Fen::ZERO,
            until: None,
        }
    }
}

/// A claim as she holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub id: Uuid,
    /// What brought it, and the line of it.
    pub operation_id: Uuid,
    #[serde(default, skip_serializing)]
    pub no: i16,
    pub kind: GrantKind,
    pub product_id: Option<i32>,
    /// What is left: units, none is without limit; fen.
    pub quantity: Option<i64>,
    pub value: Fen,
    pub opened_at: DateTime<Utc>,
    /// The last valid day; none is for ever, or not known before the first use.
    pub expires_on: Option<NaiveDate>,
    /// The last use.
    pub used_on: Option<NaiveDate>,
    /// When it was given to the one who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_on: Option<NaiveDate>,
    pub terms: Terms,
}

impl Grant {
    /// Whether its last valid day is before `today`.
    #[must_use]
    pub fn is_past(&self, today: NaiveDate) -> bool {
        self.expires_on.is_some_and(|day| day < today)
    }

    /// Whether something of it is left, past or not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.quantity.is_none_or(|left| left > 0)
    }

    /// What `quantity` of what is left is worth, fen: floored, so that the last use brings the rest (PK4). Of one
    /// without limit it is the part of its time that is over by `today`: what remains is for the days to come.
    #[must_use]
    pub fn worth(&self, quantity: i64, today: NaiveDate) -> Fen {
        match self.quantity {
            Some(left) => self.value.ratio(quantity.min(left), left),
            None => self.value - self.not_yet(today),
        }
    }

    /// What of the price of a claim without limit is for days after `today`, fen.
    fn not_yet(&self, today: NaiveDate) -> Fen {
        let begun = super::calendar::local(self.opened_at).date_naive();
        let (Some(last), true) = (self.expires_on, today >= begun) else {
            return self.value;
        };
        let all = (last - begun).num_days() + 1;
        let rest = (last - today).num_days().clamp(0, all);
        self.terms.value.ratio(rest, all).min(self.value)
    }

    /// What it is good for, when it is a coupon or an entitlement.
    #[must_use]
    pub fn coupon(&self) -> Option<Coupon> {
        let coupon = self.terms.coupon.as_deref()?;
        Some(Coupon {
            grant_id: self.id,
            ..coupon.clone()
        })
    }

    /// What of it can be used by itself; a coupon pays for a sale.
    #[must_use]
    pub fn usable(&self) -> Option<Usable> {
        match self.kind {
            GrantKind::Package => self.product_id.map(Usable::Service),
            GrantKind::Entitlement => {
                let coupon = self.terms.coupon.as_ref();
                coupon.map(|coupon| Usable::Right(coupon.rule.id))
            }
            GrantKind::Coupon | GrantKind::Multiplier | GrantKind::Deposit => None,
        }
    }

    /// By how much it multiplies points, basis points, with the rule and what it holds under; none of other claims (PT2).
    #[must_use]
    pub fn multiplies(&self) -> Option<(i64, &Coupon)> {
        let coupon = self.terms.coupon.as_deref()?;
        match coupon.gives {
            Gives::Multiply { times } if self.kind == GrantKind::Multiplier => {
                Some((times, coupon))
            }
            _ => None,
        }
    }

    /// Whether it was given under this coupon rule.
    #[must_use]
    pub fn is_of(&self, rule_id: i32) -> bool {
        let coupon = self.terms.coupon.as_ref();
        coupon.is_some_and(|coupon| coupon.rule.id == rule_id)
    }

    /// Whether nothing of it was used.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.quantity == self.terms.quantity
            && self.value == self.terms.value
            && self.used_on.is_none()
    }

    /// Why she cannot give it to somebody else: a key of the texts (PK1, PR4).
    #[must_use]
    pub fn kept(&self, today: NaiveDate) -> Option<&'static str> {
        let allowed = match self.kind {
            GrantKind::Package => self.terms.may_give,
            GrantKind::Deposit => false,
            GrantKind::Coupon | GrantKind::Entitlement | GrantKind::Multiplier => {
                let coupon = self.terms.coupon.as_ref();
                coupon.is_some_and(|coupon| coupon.transferable)
            }
        };
        if !allowed {
            Some("hand.not_allowed")
        } else if self.kind == GrantKind::Package && self.given_on.is_some() {
            Some("hand.once")
        } else if !self.is_whole() {
            Some("hand.used")
        } else if self.is_past(today) {
            Some("hand.past")
        } else {
            None
        }
    }

    /// When it is time for the next one (PK3).
    #[must_use]
    pub fn next_on(&self) -> Option<NaiveDate> {
        let days = Days::new(self.terms.cycle_days?.into());
        self.used_on?.checked_add_days(days)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::stored_value::tests::TODAY;
    use proptest::prelude::*;

    /// So many units of a service that were paid with so much.
    pub(crate) fn grant(id: u128, product_id: i32, quantity: i64, value: i64) -> Grant {
        Grant {
            id: Uuid::from_u128(id),
            operation_id: Uuid::from_u128(99),
            no: 1,
            kind: GrantKind::Package,
            product_id: Some(product_id),
            quantity: Some(quantity),
            value: Fen(value),
            opened_at: DateTime::UNIX_EPOCH,
            expires_on: None,
            used_on: None,
            given_on: None,
            terms: Terms {
                name: format!("项目{product_id}"),
                quantity: Some(quantity),
                value: Fen(value),
                ..Terms::default()
            },
        }
    }

    #[test]
    fn a_card_without_limit_is_worth_its_days() {
        let mut card = grant(1, 1, 1, 30_000);
        card.quantity = None;
        card.opened_at = "2026-11-01T02:00:00Z".parse().unwrap();
        card.expires_on = "2026-11-30".parse().ok();
        let on = |day: &str| card.worth(1, day.parse().unwrap());
        assert_eq!(on("2026-11-01"), Fen(1_000));
        assert_eq!(on("2026-11-15"), Fen(15_000));
        assert_eq!(on("2026-11-30"), Fen(30_000));
        assert_eq!(on("2026-12-24"), Fen(30_000));
        card.value = Fen(15_000);
        assert_eq!(card.worth(1, "2026-11-15".parse().unwrap()), Fen::ZERO);
        assert_eq!(card.worth(1, "2026-11-16".parse().unwrap()), Fen(1_000));
    }

    proptest! {
        /// PK4: the uses add up to what was paid, whatever their size.
        #[test]
        fn uses_add_up(quantity in 1_i64..200, value in 0_i64..10_000_000, steps in prop::collection::vec(1_i64..20, 1..60)) {
            let mut held = grant(1, 1, quantity, value);
            let mut earned = Fen::ZERO;
            for step in steps {
                let Some(left) = held.quantity.filter(|left| *left > 0) else { break };
                let step = step.min(left);
                let part = held.worth(step, TODAY);
                prop_assert!(part.0 >= 0 && part <= held.value);
                earned += part;
                held.value -= part;
                held.quantity = Some(left - step);
            }
            prop_assert_eq!(earned + held.value, Fen(value));
            if held.quantity == Some(0) {
                prop_assert_eq!(held.value, Fen::ZERO);
            }
        }
    }
}
