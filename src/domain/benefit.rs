//! `benefit`: what the shop gives on top of something, or for an occasion: bonus, points, a level, coupons, sessions (SV4).

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calendar::end_of_month_after;
use super::grant::{GrantKind, NewGrant, Terms};
use super::ledger::{Account, LotKind, NewInstalment, NewLot, Plan, Stamp};
use super::level;
use super::member::Member;
use super::money::{self, Fen};
use super::points;
use super::shop::Shop;

/// How often an instalment comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    Day,
    Week,
    Month,
}

/// A benefit in parts; the first comes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instalments {
    pub count: u16,
    pub every: Every,
}

impl Instalments {
    fn due(self, start: NaiveDate, no: u16) -> Option<NaiveDate> {
        match self.every {
            Every::Day => start.checked_add_days(Days::new(u64::from(no))),
            Every::Week => start.checked_add_days(Days::new(7 * u64::from(no))),
            Every::Month => start.checked_add_months(Months::new(u32::from(no))),
        }
    }
}

/// What a rule gives (SV4, LV2, OR6). A rule holds a list of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Benefit {
    Bonus {
        fen: Fen,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instalments: Option<Instalments>,
        /// Days the bonus is valid, the day of the grant not counted; none is for ever. Of instalments
        /// each part has its own, from the day it is paid out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_days: Option<u32>,
    },
    Points {
        points: i64,
    },
    Level {
        level_id: i32,
    },
    /// Coupons, entitlements or a multiplier of points for a time, by their rule.
    Coupon {
        rule_id: i32,
        count: i64,
    },
    /// A package as a gift: its sessions, worth nothing (PK4).
    Package {
        product_id: i32,
    },
}

/// The circumstances in which benefits are given.
#[derive(Debug, Clone, Copy)]
pub struct Giving<'a> {
    pub stamp: &'a Stamp,
    pub shop: &'a Shop,
    pub member: &'a Member,
    /// The lot a bonus joins, one that the same operation opens; none opens one of its own.
    pub lot: Option<Uuid>,
}

impl Giving<'_> {
    /// Gives all of them in one operation. What the shop has no more of is left out: a coupon that is not given any
    /// more, a package that is not sold.
    pub fn all(&self, plan: &mut Plan, benefits: &[Benefit]) {
        for benefit in benefits {
            self.give(plan, benefit);
        }
    }

    fn give(&self, plan: &mut Plan, benefit: &Benefit) {
        let today = self.stamp.business_on;
        match benefit {
            Benefit::Bonus {
                fen,
                instalments,
                valid_days,
            } => self.bonus(plan, *fen, *instalments, *valid_days),
            Benefit::Points { points } => {
                let months = self.shop.points_valid_months;
                let expires_on = months.and_then(|months| end_of_month_after(today, months));
                let lot = Uuid::new_v5(&self.stamp.id, b"points");
                points::grant(plan, &self.member.lots, *points, expires_on, lot);
            }
            Benefit::Level { level_id } => {
                plan.level = level::raise(&self.shop.levels, self.member.level.id, *level_id);
            }
            Benefit::Coupon { rule_id, count } => {
                let rule = self.shop.coupon(*rule_id);
                let Some(rule) = rule.filter(|rule| rule.is_given(today)) else {
                    return;
                };
                let had = self.member.given.get(rule_id).copied().unwrap_or(0);
                let left = [
                    rule.per_member.map(|most| most - had),
                    rule.total.map(|total| total - rule.given),
                ];
                let left = left.into_iter().flatten().min().unwrap_or(*count);
                let count = usize::try_from((*count).min(left)).unwrap_or(0);
                let first = plan.extras.grants.len();
                let grants = (first..first + count).map(|no| rule.grant(self.stamp, no, false));
                plan.extras.grants.extend(grants);
            }
            Benefit::Package { product_id } => self.package(plan, *product_id),
        }
    }

    /// The bonus, its first part at once.
    fn bonus(&self, plan: &mut Plan, fen: Fen, parts: Option<Instalments>, days: Option<u32>) {
        let today = self.stamp.business_on;
        let expires_on = days.and_then(|days| today.checked_add_days(Days::new(days.into())));
        let own = Uuid::new_v5(&self.stamp.id, b"bonus");
        let lot = self.lot.unwrap_or(own);
        match plan.new_lots.iter_mut().find(|new| new.id == lot) {
            Some(new) => new.expires_on = expires_on,
            None => plan.new_lots.push(NewLot {
                id: lot,
                kind: LotKind::StoredValue,
                expires_on,
                rule_id: None,
                rule_version: None,
            }),
        }
        let count = usize::from(parts.map_or(1, |parts| parts.count.max(1)));
        let shares = money::allocate(fen, &vec![1; count]);
        for (no, share) in shares.into_iter().enumerate() {
            if !share.is_positive() {
                continue;
            }
            if no == 0 {
                plan.post_fen(Account::Bonus, Some(lot), share);
                plan.post_fen(Account::BonusGranted, None, -share);
            } else if let Ok(no) = u16::try_from(no)
                && let Some(due_on) = parts.and_then(|parts| parts.due(today, no))
            {
                let no = i16::try_from(plan.extras.instalments.len() + 1).unwrap_or(i16::MAX);
                plan.extras.instalments.push(NewInstalment {
                    no,
                    lot_id: lot,
                    due_on,
                    bonus: share,
                    valid_days: days,
                });
            }
        }
    }

    /// The services of a package, for nothing.
    fn package(&self, plan: &mut Plan, product_id: i32) {
        let sold = self.shop.packages.iter();
        let mut sold = sold.filter(|product| product.id == product_id && product.active);
        let Some(product) = sold.next() else { return };
        let Some(package) = &product.package else {
            return;
        };
        let first = plan.extras.grants.len();
        let grants = (first..).zip(&package.items).map(|(no, item)| NewGrant {
            id: Uuid::new_v5(
                &self.stamp.id,
                format!("package {product_id} {no}").as_bytes(),
            ),
            kind: GrantKind::Package,
            no: 0,
            product_id: Some(item.product_id),
            rule_id: Some(product_id),
            quantity: item.quantity,
            value: Fen::ZERO,
            expires_on: package.validity.from(self.stamp.business_on),
            terms: Terms {
                name: item.name.clone(),
                of: product.name.clone(),
                unit: item.unit,
                quantity: item.quantity,
                value: Fen::ZERO,
                price: item.price,
                copay: item.copay,
                valid_days: package.validity.after_first_use(),
                cycle_days: item.cycle_days,
                may_share: package.may_share,
                ..Terms::default()
            },
            bearer: false,
        });
        let grants: Vec<NewGrant> = grants.collect();
        plan.extras.grants.extend(grants);
    }
}
