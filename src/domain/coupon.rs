//! `coupon`: a dated right to pay less, once, or to something that is not money (PR4).

mod code;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::grant::{Grant, GrantKind, NewGrant, Terms};
use super::ledger::Stamp;
use super::member::Member;
use super::money::Fen;
use super::promotion::{Occasion, RuleRef, Scope, When, Who};

pub use code::{Number, SigningKey};

/// Most coupons that are presented for one sale.
pub const MOST: usize = 20;

/// What a coupon gives. The percentage is what remains to be paid, in basis points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// An amount off, fen.
    Amount { off: Fen },
    /// A share, up to `cap` fen off.
    Percent { paid: i64, cap: Option<Fen> },
    /// Pieces or services of its scope without charge, the dearest first: goods in exchange, a free service.
    Free { quantity: i64 },
    /// Nothing of the price: an entitlement.
    Right,
    /// Nothing of the price: points times so much while it is valid, in basis points (PT2, SV4).
    Multiply { times: i64 },
}

/// A coupon somebody wants to use, with the rule it was issued under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// The claim it is. Not part of its terms.
    #[serde(skip)]
    pub grant_id: Uuid,
    #[serde(flatten)]
    pub rule: RuleRef,
    pub name: String,
    /// Of a claim without its last day: that is the claim's, and may move (RF6).
    pub when: When,
    pub who: Who,
    pub scope: Scope,
    /// What the lines of its scope must come to after earlier reductions (PR2), fen.
    pub from: Fen,
    pub gives: Gives,
    /// Coupons of one group go together; without a group it goes alone.
    pub stack: Option<String>,
    /// Unused it may be given to another member.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub transferable: bool,
}

impl Coupon {
    /// Whether it holds in these circumstances, whatever is in the cart.
    #[must_use]
    pub fn holds(&self, occasion: &Occasion) -> bool {
        self.when.holds(occasion.now) && self.who.holds(occasion)
    }
}

/// What became of a coupon that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It took this off, fen.
    Used(Fen),
    /// Not now, not here or not for her.
    NotNow,
    /// So much is missing in its scope, fen.
    Short(Fen),
    /// There is nothing in the cart that it is for.
    Nothing,
    /// Another one takes off more, and they do not go together.
    Another,
}

/// A published rule: what coupons of a kind are worth, and who gets how many of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponRule {
    #[serde(flatten)]
    pub rule: RuleRef,
    pub name: String,
    /// Given at present; what was given stays valid when it is switched off.
    pub active: bool,
    /// `until` is the last day of all of them, however late they are given.
    pub when: When,
    pub who: Who,
    pub scope: Scope,
    pub from: Fen,
    pub gives: Gives,
    pub stack: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub transferable: bool,
    /// Days it is valid, the day it is given not counted; the last one is valid.
    pub valid_days: Option<u32>,
    /// How often each can be used: money once.
    pub uses: i64,
    /// Most that a member, and all together, are ever given.
    pub per_member: Option<i64>,
    pub total: Option<i64>,
    /// Given with every sale of at least so much, fen: on her card, or printed on the receipt.
    pub on_receipt: Option<Fen>,
    /// How many were given, where that is limited.
    #[serde(default, skip_serializing)]
    pub given: i64,
}

impl CouponRule {
    /// The last valid day of one that is given on `day`; none is for ever.
    #[must_use]
    pub fn expires_on(&self, day: NaiveDate) -> Option<NaiveDate> {
        let counted = self
            .valid_days
            .and_then(|days| day.checked_add_days(Days::new(u64::from(days))));
        match (self.when.until, counted) {
            (Some(until), Some(counted)) => Some(until.min(counted)),
            (until, counted) => until.or(counted),
        }
    }

    /// Whether one can be given on `day`.
    #[must_use]
    pub fn is_given(&self, day: NaiveDate) -> bool {
        self.active
            && self.expires_on(day).is_none_or(|last| day <= last)
            && self.total.is_none_or(|total| self.given < total)
    }

    /// Whether she may be given one more.
    #[must_use]
    pub fn is_left_for(&self, member: &Member) -> bool {
        let had = member.given.get(&self.rule.id).copied().unwrap_or(0);
        self.per_member.is_none_or(|most| had < most)
    }

    /// Money off, a right, or points times so much.
    #[must_use]
    pub const fn kind(&self) -> GrantKind {
        match self.gives {
            Gives::Right => GrantKind::Entitlement,
            Gives::Multiply { .. } => GrantKind::Multiplier,
            _ => GrantKind::Coupon,
        }
    }

    /// What somebody gets; `no` tells those of one operation apart. Without a member it is the bearer's.
    #[must_use]
    pub fn grant(&self, stamp: &Stamp, no: usize, is_bearers: bool) -> NewGrant {
        let coupon = Coupon {
            grant_id: Uuid::nil(),
            rule: self.rule,
            name: self.name.clone(),
            when: When {
                until: None,
                ..self.when.clone()
            },
            who: self.who.clone(),
            scope: self.scope.clone(),
            from: self.from,
            gives: self.gives.clone(),
            stack: self.stack.clone(),
            transferable: self.transferable,
        };
        NewGrant {
            id: Uuid::new_v5(
                &stamp.id,
                format!("coupon {} {no}", self.rule.id).as_bytes(),
            ),
            kind: self.kind(),
            no: 0,
            product_id: None,
            rule_id: Some(self.rule.id),
            quantity: Some(self.uses),
            value: Fen::ZERO,
            expires_on: self.expires_on(stamp.business_on),
            terms: Terms {
                name: self.name.clone(),
                quantity: Some(self.uses),
                coupon: Some(Box::new(coupon)),
                ..Terms::default()
            },
            bearer: is_bearers,
        }
    }
}

/// What a sale of `net` fen gives with its receipt: one of each rule, on the member's card. Without a member it is one
/// coupon, the first, on paper: whoever has it has it.
#[must_use]
pub fn with_receipt(
    rules: &[CouponRule],
    net: Fen,
    stamp: &Stamp,
    member: Option<&Member>,
) -> Vec<NewGrant> {
    let mut given = rules
        .iter()
        .filter(|rule| rule.on_receipt.is_some_and(|from| net >= from))
        .filter(|rule| rule.is_given(stamp.business_on));
    if let Some(member) = member {
        let hers = given.filter(|rule| rule.is_left_for(member));
        return hers.map(|rule| rule.grant(stamp, 0, false)).collect();
    }
    let first = given.find(|rule| rule.kind() == GrantKind::Coupon);
    let first = first.map(|rule| rule.grant(stamp, 0, true));
    first.into_iter().collect()
}

/// What was given, as a document keeps it and a receipt says it.
#[must_use]
pub fn said(given: &[NewGrant]) -> serde_json::Value {
    let given = given.iter().filter_map(|grant| {
        let coupon = grant.terms.coupon.as_deref()?;
        serde_json::to_value(Given {
            name: grant.terms.name.clone(),
            gives: coupon.gives.clone(),
            from: coupon.from,
            quantity: grant.quantity.unwrap_or(1),
            expires_on: grant.expires_on,
            on_paper: grant.bearer,
        })
        .ok()
    });
    given.collect()
}

/// A coupon that was given, on a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    pub name: String,
    pub gives: Gives,
    /// From how much on it counts, fen.
    pub from: Fen,
    pub quantity: i64,
    pub expires_on: Option<NaiveDate>,
    /// Its code stands on the receipt.
    pub on_paper: bool,
}

/// What is presented for a sale: the coupons on her card, unless she keeps them for another time, and those on paper.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Presented {
    /// She keeps hers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keeps: bool,
    /// Those on paper, as the books had them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bearers: Vec<Grant>,
}

impl Presented {
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// As the engine takes them: those on paper first, then hers, the soonest to expire first.
    #[must_use]
    pub fn coupons(&self, member: Option<&Member>, today: NaiveDate) -> Vec<Coupon> {
        let hers = member.filter(|_| !self.keeps);
        let hers = hers.map_or_else(Vec::new, |member| of_grants(&member.grants, today));
        let mut all = of_grants(&self.bearers, today);
        all.extend(hers);
        all.truncate(MOST);
        all
    }

    /// One more on paper; presented twice it counts once.
    pub fn add(&mut self, grant: Grant) {
        self.bearers.retain(|known| known.id != grant.id);
        if self.bearers.len() < MOST {
            self.bearers.push(grant);
        }
    }
}

/// The coupons among claims that count on `today`, as the engine takes them: the soonest to expire first.
#[must_use]
pub fn of_grants(grants: &[Grant], today: NaiveDate) -> Vec<Coupon> {
    let usable = |grant: &&Grant| {
        grant.kind == GrantKind::Coupon && grant.is_open() && !grant.is_past(today)
    };
    let mut usable: Vec<&Grant> = grants.iter().filter(usable).collect();
    usable.sort_by_key(|grant| {
        let last = grant.expires_on.unwrap_or(NaiveDate::MAX);
        (last, grant.opened_at, grant.id)
    });
    usable.into_iter().filter_map(Grant::coupon).collect()
}
