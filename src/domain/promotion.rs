//! `promotion`: a published rule that lowers prices (PR1, PR3, SV9). Data: the engine in [`super::price`] executes it.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::local;
use super::money::Fen;
use super::shop::Shop;

/// A rule and the version of it that made a price (LG7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleRef {
    pub id: i32,
    pub version: i32,
}

/// The circumstances of a sale that a rule may ask for. Nothing of the customer but her level (PR8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    /// In the store's time.
    pub now: NaiveDateTime,
    pub store_id: i32,
    /// The member's level; none is a customer without a card.
    pub level_id: Option<i32>,
    /// All of it is paid from stored value (SV9).
    pub by_stored_value: bool,
}

impl Occasion {
    /// A customer of this level at a till of the shop.
    #[must_use]
    pub fn at(shop: &Shop, till_id: i32, at: DateTime<Utc>, level_id: Option<i32>) -> Self {
        Self {
            now: local(at).naive_local(),
            store_id: shop.store_of(till_id),
            level_id,
            by_stored_value: false,
        }
    }
}

/// When a rule holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct When {
    /// The first and the last day, both included; none is open.
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    /// Monday is 1, Sunday 7; none is every day.
    pub weekdays: Vec<u8>,
    /// From, included, to, not included, each day; past midnight when `to` is not after `from`.
    pub hours: Option<(NaiveTime, NaiveTime)>,
}

impl When {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn holds(&self, now: NaiveDateTime) -> bool {
        let (mut day, time) = (now.date(), now.time());
        if let Some((from, to)) = self.hours {
            let in_hours = if from < to {
                from <= time && time < to
            } else {
                time >= from || time < to
            };
            if !in_hours {
                return false;
            }
            // Half past midnight belongs to the evening before.
            if from >= to && time < to {
                day = day.pred_opt().unwrap_or(day);
            }
        }
        let weekday = u8::try_from(day.weekday().number_from_monday()).unwrap_or_default();
        self.from.is_none_or(|from| from <= day)
            && self.until.is_none_or(|until| day <= until)
            && (self.weekdays.is_empty() || self.weekdays.contains(&weekday))
    }
}

/// For whom and where a rule holds; an empty list is all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Who {
    pub members_only: bool,
    pub levels: Vec<i32>,
    pub stores: Vec<i32>,
}

impl Who {
    /// Whether it holds for a customer of this level in this store.
    #[must_use]
    pub fn holds(&self, occasion: &Occasion) -> bool {
        let level = match occasion.level_id {
            Some(level) => self.levels.is_empty() || self.levels.contains(&level),
            None => self.levels.is_empty() && !self.members_only,
        };
        level && (self.stores.is_empty() || self.stores.contains(&occasion.store_id))
    }
}

/// What a rule is about; both lists empty is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    pub products: Vec<i32>,
    pub categories: Vec<i32>,
}

impl Scope {
    /// Whether goods of this category belong to it.
    #[must_use]
    pub fn holds(&self, product_id: Option<i32>, category_id: Option<i32>) -> bool {
        (self.products.is_empty() && self.categories.is_empty())
            || product_id.is_some_and(|id| self.products.contains(&id))
            || category_id.is_some_and(|id| self.categories.contains(&id))
    }
}

/// From an amount on, something is taken off or given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung<T> {
    /// Fen, reached by the lines of the scope after earlier reductions (PR2).
    pub from: Fen,
    pub gives: T,
}

/// Goods that come on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    pub product_id: i32,
    pub quantity: i64,
}

/// What a rule does. Percentages are what remains to be paid, in basis points: 8800 is 88 折.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offer {
    /// A line: a price for a time, fen per piece or kilogram.
    Price { price: Fen },
    /// A line: a share of its price.
    Off { paid: i64 },
    /// The order: 满减, the highest rung that is reached.
    Rungs { rungs: Vec<Rung<Fen>> },
    /// The order: 满赠, the highest rung that is reached.
    Gifts { rungs: Vec<Rung<Gift>> },
    /// The order: a share, up to `cap` fen off.
    Percent {
        from: Fen,
        paid: i64,
        cap: Option<Fen>,
    },
    /// The order: every `n`th piece at a share, the cheapest of each `n`.
    Nth { n: i64, paid: i64 },
    /// The order: of `buy + get` pieces the `get` cheapest are free.
    BuyGet { buy: i64, get: i64 },
}

impl Offer {
    /// Whether it works on single lines, before member prices (PR1).
    #[must_use]
    pub const fn is_of_line(&self) -> bool {
        matches!(self, Self::Price { .. } | Self::Off { .. })
    }
}

/// A published rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    #[serde(flatten)]
    pub rule: RuleRef,
    pub name: String,
    /// Switched on; one that is off is kept, and waits.
    pub active: bool,
    pub when: When,
    pub who: Who,
    pub scope: Scope,
    /// SV9: only where all of the sale is paid from stored value.
    pub by_stored_value: bool,
    pub offer: Offer,
}

/// Whether a rule is at work, as its list shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Between its first and its last day; its weekdays and hours may still have to come.
    Running,
    Coming,
    Over,
    Off,
}

impl Promotion {
    /// Whether it holds in these circumstances, whatever is in the cart.
    #[must_use]
    pub fn holds(&self, occasion: &Occasion) -> bool {
        self.active
            && (!self.by_stored_value || occasion.by_stored_value)
            && self.when.holds(occasion.now)
            && self.who.holds(occasion)
    }

    /// What is said of it on this day.
    #[must_use]
    pub fn state(&self, today: NaiveDate) -> State {
        if !self.active {
            State::Off
        } else if self.when.from.is_some_and(|from| today < from) {
            State::Coming
        } else if self.when.until.is_some_and(|until| until < today) {
            State::Over
        } else {
            State::Running
        }
    }

    /// The goods it gives.
    pub fn gifts(&self) -> impl Iterator<Item = &Gift> {
        let rungs: &[Rung<Gift>] = match &self.offer {
            Offer::Gifts { rungs } => rungs,
            _ => &[],
        };
        rungs.iter().map(|rung| &rung.gives)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_hours() {
        let when = When {
            from: NaiveDate::from_ymd_opt(2026, 11, 1),
            until: NaiveDate::from_ymd_opt(2026, 11, 22),
            weekdays: vec![7],
            hours: Some(("22:00:00".parse().unwrap(), "02:00:00".parse().unwrap())),
        };
        for (now, holds) in [
            ("2026-11-22T22:00:00", true),
            // The last Sunday night ends on Monday.
            ("2026-11-23T01:59:59", true),
            ("2026-11-23T02:00:00", false),
            ("2026-11-22T01:00:00", false),
            ("2026-11-21T23:00:00", false),
            ("2026-11-29T23:00:00", false),
        ] {
            assert_eq!(when.holds(at(now)), holds, "{now}");
        }
        assert!(When::default().holds(at("2026-11-22T01:00:00")));
    }

    #[test]
    fn levels_stores_and_goods() {
        let mut occasion = Occasion {
            now: at("2026-11-22T10:00:00"),
            store_id: 1,
            level_id: None,
            by_stored_value: false,
        };
        let members = Who {
            members_only: true,
            ..Who::default()
        };
        let gold = Who {
            levels: vec![3],
            stores: vec![1],
            ..Who::default()
        };
        assert!(Who::default().holds(&occasion));
        assert!(!members.holds(&occasion) && !gold.holds(&occasion));
        occasion.level_id = Some(3);
        assert!(members.holds(&occasion) && gold.holds(&occasion));
        occasion.store_id = 2;
        assert!(!gold.holds(&occasion));
        let scope = Scope {
            products: vec![7],
            categories: vec![2],
        };
        assert!(scope.holds(Some(7), None) && scope.holds(Some(1), Some(2)));
        assert!(!scope.holds(None, None) && Scope::default().holds(None, None));
    }
}
