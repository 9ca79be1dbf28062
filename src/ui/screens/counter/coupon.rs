//! Coupons at the counter: scanned from a receipt, or on the member's card (PR4).

use chrono::NaiveDate;

use super::{Counter, Why};
use crate::domain::coupon::{Number, of_grants};
use crate::domain::grant::Grant;
use crate::domain::token::Token;
use crate::error::Refusal;
use crate::query::Query;
use crate::ui::screen::{Cx, Step};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;

impl Counter {
    /// The code of a coupon: one that this shop's tills did not write is known for that without asking anybody.
    pub(super) fn coupon(&mut self, code: &str, cx: &mut Cx) -> Step {
        let shop = cx.session.shop.as_ref();
        let token = Token::parse(code);
        let number = token.zip(shop);
        let number = number.and_then(|(token, shop)| Number::verify(&token, &shop.coupon_key));
        let Some(number) = number else {
            self.pays = false;
            return cx.refuse(Refusal::user("coupon.made_up"));
        };
        self.fetch(Query::ReadCoupon(number), Why::Coupon, cx);
        Step::Stay
    }

    /// The coupon of a receipt as the books have it.
    pub(super) fn present(&mut self, grant: Option<Box<Grant>>, cx: &mut Cx) -> Step {
        let Some(grant) = grant else {
            self.pays = false;
            return cx.refuse(Refusal::user("coupon.unknown"));
        };
        let name = &grant.terms.name;
        let refusal = if !grant.is_open() {
            let refusal = Refusal::user("coupon.used_on").with("name", name);
            let day = grant.used_on.map(|day| day.format("%m-%d").to_string());
            Some(refusal.with("day", day.unwrap_or_default()))
        } else if grant.is_past(cx.session.today(cx.now())) {
            Some(Refusal::user("coupon.past").with("name", name))
        } else {
            None
        };
        if let Some(refusal) = refusal {
            self.pays = false;
            return cx.refuse(refusal);
        }
        let say = Say::new("coupon.presented").with("name", name);
        cx.notice(Tone::Good, say);
        self.last = None;
        self.coupons.add(*grant);
        Step::Stay
    }

    /// She keeps her coupons for another time, or uses them after all.
    pub(super) fn of_coupons(&mut self, cx: &mut Cx) -> Step {
        let key = if self.coupons.keeps {
            "coupon.uses_hers"
        } else {
            "coupon.keeps_hers"
        };
        self.coupons.keeps = !self.coupons.keeps;
        cx.notice(Tone::Plain, key);
        Step::Stay
    }

    /// A coupon or an order of the sale was used elsewhere, or is past: the sale goes on without those on paper, and with hers
    /// as they are now.
    pub(super) fn gone(&mut self, hint: &'static str, name: String, cx: &mut Cx) -> Step {
        if hint == "deposit.used" {
            self.without_order(&name);
        } else {
            self.coupons.bearers.clear();
        }
        self.refresh(cx);
        cx.refuse(Refusal::user(hint).with("name", name))
    }

    /// Her coupons that count today, in the panel.
    pub(super) fn hers(&self, today: NaiveDate) -> Option<(Say, Role)> {
        let hers = of_grants(&self.member.as_ref()?.grants, today);
        if hers.is_empty() {
            return None;
        }
        let count = hers.len();
        if self.coupons.keeps {
            let say = Say::new("counter.coupons_kept").with("count", count);
            return Some((say, Role::Dim));
        }
        let first = hers.first().map(|coupon| coupon.grant_id);
        let grants = &self.member.as_ref()?.grants;
        let first = grants.iter().find(|grant| Some(grant.id) == first);
        let day = first.and_then(|grant| grant.expires_on);
        let say = match day {
            Some(day) => Say::new("counter.coupons_held").with("day", day.format("%m-%d")),
            None => Say::new("counter.coupons_many"),
        };
        Some((say.with("count", count), Role::Good))
    }
}
