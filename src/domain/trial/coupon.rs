//! Sales under an edited coupon rule (PR4): how many of them would have brought one, and what it would have taken off had
//! each that could have used one at once: the most it can cost.

use super::{Gain, Outlook, Touched};
use crate::domain::calendar::local;
use crate::domain::coupon::{Coupon, CouponRule};
use crate::domain::grant::GrantKind;
use crate::domain::ledger::Stamp;
use crate::domain::money::Fen;
use crate::domain::price::trial::PastSale;
use crate::domain::price::{CartLine, Terms, price};
use crate::domain::promotion::{Occasion, When};
use crate::domain::shop::Shop;

/// A rule as it is tried, and how many of it were given so far.
struct Tried<'a> {
    rule: &'a CouponRule,
    coupon: Option<Coupon>,
    given: i64,
}

impl<'a> Tried<'a> {
    fn of(rule: &'a CouponRule, sale: &PastSale) -> Self {
        let stamp = Stamp {
            id: sale.id,
            till_id: sale.till_id,
            shift_id: None,
            operator_id: 0,
            approver_id: None,
            business_on: local(sale.at).date_naive(),
            at: sale.at,
        };
        let coupon = rule.grant(&stamp, 0, false).terms.coupon;
        let coupon = coupon.filter(|_| rule.active && rule.kind() == GrantKind::Coupon);
        Self {
            rule,
            coupon: coupon.map(|coupon| Coupon {
                when: When {
                    from: None,
                    until: None,
                    ..coupon.when
                },
                ..*coupon
            }),
            given: 0,
        }
    }

    /// What a sale of `total` fen would have given, and taken off.
    fn gain(&mut self, lines: &[CartLine], terms: &Terms, total: Fen, is_members: bool) -> Gain {
        let rule = self.rule;
        // On paper there are no rights.
        let fits = is_members || rule.kind() == GrantKind::Coupon;
        let from = rule.on_receipt.filter(|_| rule.active && fits);
        let comes = from.is_some_and(|from| total >= from)
            && rule.total.is_none_or(|most| self.given < most);
        self.given += i64::from(comes);
        let with = self.coupon.as_ref().map(|coupon| {
            let coupons = std::slice::from_ref(coupon);
            price(lines, &Terms { coupons, ..*terms }).total
        });
        Gain {
            off: with.map_or(Fen::ZERO, |with| total - with),
            coupons: i64::from(comes),
            ..Gain::default()
        }
    }
}

/// What these sales would have brought and cost. Limits for one member are not looked at; the limit in all begins anew.
#[must_use]
pub fn trial(shop: &Shop, draft: &CouponRule, sales: &[PastSale], complete: bool) -> Outlook {
    let mut outlook = Outlook::new(complete);
    let Some(first) = sales.first() else {
        return outlook;
    };
    let known = shop.coupon(draft.rule.id);
    let mut before = known.map(|rule| Tried::of(rule, first));
    let mut after = Tried::of(draft, first);
    for sale in sales {
        let lines = sale.cart();
        let level = sale.level_id.and_then(|id| shop.level(id));
        let occasion = Occasion {
            by_stored_value: sale.stored,
            ..Occasion::at(shop, sale.till_id, sale.at, sale.level_id)
        };
        let terms = Terms::of(shop, level, Some(occasion));
        let total = price(&lines, &terms).total;
        let is_members = sale.member.is_some();
        let mut under = |tried: &mut Tried| tried.gain(&lines, &terms, total, is_members);
        outlook.add(Touched {
            id: Some(sale.id),
            on: local(sale.at).date_naive(),
            who: sale.member.clone().unwrap_or_else(|| sale.till.clone()),
            amount: Some(total),
            before: before.as_mut().map(&mut under).unwrap_or_default(),
            after: under(&mut after),
        });
    }
    outlook
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::coupon::Gives;
    use crate::domain::price::tests::shop;
    use crate::domain::promotion::{RuleRef, Scope, Who};
    use crate::domain::trial::level::tests::sales;
    use proptest::prelude::*;

    fn rule(id: i32, from: i64, off: i64, on_receipt: Option<i64>) -> CouponRule {
        CouponRule {
            rule: RuleRef { id, version: 1 },
            name: String::new(),
            active: true,
            when: When::default(),
            who: Who::default(),
            scope: Scope::default(),
            from: Fen(from),
            gives: Gives::Amount { off: Fen(off) },
            stack: None,
            transferable: false,
            valid_days: Some(30),
            uses: 1,
            per_member: None,
            total: None,
            on_receipt: on_receipt.map(Fen),
            given: 0,
        }
    }

    #[test]
    fn how_many_come_and_what_they_take_off() {
        let shop = shop();
        let sales = sales(&[5_000, 12_000, 20_000], None);
        let draft = rule(0, 10_000, 1_000, Some(15_000));
        let outlook = trial(&shop, &draft, &sales, true);
        assert_eq!((outlook.events, outlook.touched), (3, 2));
        assert_eq!(outlook.before, Gain::default());
        assert_eq!((outlook.after.off, outlook.after.coupons), (Fen(2_000), 1));
        let limited = CouponRule {
            total: Some(1),
            on_receipt: Some(Fen(1)),
            ..draft
        };
        assert_eq!(trial(&shop, &limited, &sales, true).after.coupons, 1);
        let off = CouponRule {
            active: false,
            ..limited
        };
        assert_eq!(trial(&shop, &off, &sales, true).touched, 0);
    }

    proptest! {
        /// The rule in force, saved unchanged, costs nothing; no coupon takes off more than it says.
        #[test]
        fn no_edit_costs_nothing(
            from in 0_i64..20_000, off in 1_i64..5_000, on in prop::option::of(0_i64..20_000),
            nets in prop::collection::vec(1_i64..40_000, 0..20), edited in 1_i64..5_000,
        ) {
            let mut shop = shop();
            let rule = rule(9, from, off, on);
            shop.coupons = vec![rule.clone()];
            let sales = sales(&nets, None);
            let same = trial(&shop, &rule, &sales, true);
            prop_assert_eq!(same.before, same.after);
            prop_assert_eq!((same.touched, same.events), (0, nets.len()));
            let draft = CouponRule { gives: Gives::Amount { off: Fen(edited) }, ..rule };
            let other = trial(&shop, &draft, &sales, true);
            let most = edited * i64::try_from(nets.len()).unwrap();
            prop_assert!(other.after.off.0 <= most && other.after.off.0 >= 0);
        }
    }
}
