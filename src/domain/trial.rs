//! `trial`: what a rule as it is edited would have given in a time that is over, beside what the rule in force would have.
//!
//! Both are computed anew, by the functions that give, so that an edit that changes nothing costs nothing. The first and last
//! day of the rule itself do not count on either side: it may still have to come. Nothing is counted twice, and nobody is
//! assumed to buy more because of it. Promotions have their own: `price::trial`.

pub mod coupon;
pub mod gift;
pub mod level;
pub mod top_up;

use std::ops::{AddAssign, Sub};

use chrono::NaiveDate;
use uuid::Uuid;

use super::benefit::Benefit;
use super::money::Fen;
use super::points::Exchange;

/// How many of what it changes most are named.
pub const BIGGEST: usize = 5;

/// What is given away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gain {
    /// So much less is taken, fen.
    pub off: Fen,
    /// Bonus money, all its parts, fen.
    pub bonus: Fen,
    pub points: i64,
    pub coupons: i64,
    pub packages: i64,
}

impl Gain {
    /// What benefits come to. A level is worth what its sales will say.
    #[must_use]
    pub fn of(benefits: &[Benefit]) -> Self {
        let mut gain = Self::default();
        for benefit in benefits {
            match benefit {
                Benefit::Bonus { fen, .. } => gain.bonus += *fen,
                Benefit::Points { points } => gain.points += points,
                Benefit::Coupon { count, .. } => gain.coupons += count,
                Benefit::Package { .. } => gain.packages += 1,
                Benefit::Level { .. } => {}
            }
        }
        gain
    }

    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What its points are worth as money, fen; none where the shop does not take them (PT5).
    #[must_use]
    pub fn points_worth(&self, exchange: Option<Exchange>) -> Option<Fen> {
        let exchange = exchange.filter(|exchange| exchange.points > 0)?;
        Some(Fen(self.points).ratio(exchange.fen.0, exchange.points))
    }
}

impl AddAssign for Gain {
    fn add_assign(&mut self, other: Self) {
        self.off += other.off;
        self.bonus += other.bonus;
        self.points += other.points;
        self.coupons += other.coupons;
        self.packages += other.packages;
    }
}

impl Sub for Gain {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            off: self.off - other.off,
            bonus: self.bonus - other.bonus,
            points: self.points - other.points,
            coupons: self.coupons - other.coupons,
            packages: self.packages - other.packages,
        }
    }
}

/// Something that happened, under the rule in force and under the edited one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Its receipt, where there is one.
    pub id: Option<Uuid>,
    pub on: NaiveDate,
    /// The member, or the till.
    pub who: String,
    /// What was sold or loaded, fen.
    pub amount: Option<Fen>,
    pub before: Gain,
    pub after: Gain,
}

/// What an edited rule would have done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Sales, top-ups, occasions that were looked at.
    pub events: usize,
    /// How many of them it would have changed.
    pub touched: usize,
    /// What they did get, under the rules of their time, where that is on record.
    pub got: Option<Gain>,
    /// Under the rules in force, and with the edited one.
    pub before: Gain,
    pub after: Gain,
    /// Those it changes most, the largest first.
    pub biggest: Vec<Touched>,
    /// False: there was more than was looked at.
    pub complete: bool,
}

impl Outlook {
    fn new(complete: bool) -> Self {
        Self {
            complete,
            ..Self::default()
        }
    }

    fn add(&mut self, touched: Touched) {
        self.events += 1;
        self.before += touched.before;
        self.after += touched.after;
        if touched.before == touched.after {
            return;
        }
        self.touched += 1;
        self.biggest.push(touched);
        let most = |it: &Touched| {
            let by = it.after - it.before;
            let money = (by.off + by.bonus).0.abs();
            std::cmp::Reverse((money, by.points.abs(), by.coupons.abs(), by.packages.abs()))
        };
        self.biggest.sort_by_key(most);
        self.biggest.truncate(BIGGEST);
    }
}
