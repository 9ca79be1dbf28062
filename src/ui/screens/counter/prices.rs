//! What the sale on the screen costs: by the engine that prices the posting (PR1).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Counter;
use crate::domain::coupon::{Coupon, Outcome};
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::points;
use crate::domain::price::next::{Next, next};
use crate::domain::price::{Quote, Terms, price};
use crate::domain::promotion::Occasion;
use crate::domain::shop::Shop;
use crate::domain::stored_value::available;
use crate::error::Refusal;
use crate::query::Query;
use crate::session::Session;
use crate::ui::screen::{Cx, Step};
use crate::ui::screens::tender::Prices;
use crate::ui::screens::why::Why;
use crate::ui::text::Say;

/// The coupons among these that take part in a price.
pub fn used(coupons: &[Coupon], quote: &Quote) -> Vec<Uuid> {
    let used = coupons.iter().zip(&quote.coupons);
    let used = used.filter(|(_, outcome)| matches!(outcome, Outcome::Used(_)));
    used.map(|(coupon, _)| coupon.grant_id).collect()
}

impl Counter {
    /// The terms of this moment, paid by stored value or not (SV9).
    fn terms<'a>(
        &'a self,
        shop: &'a Shop,
        coupons: &'a [Coupon],
        session: &Session,
        now: DateTime<Utc>,
        by_stored_value: bool,
    ) -> Terms<'a> {
        let level = self.member.as_deref().and_then(Member::priced_as);
        let occasion = Occasion {
            by_stored_value,
            ..Occasion::at(shop, session.till_id(), now, level.map(|level| level.id))
        };
        Terms {
            coupons,
            ..Terms::of(shop, level, Some(occasion))
        }
    }

    /// The coupons that are presented (PR4).
    fn presented(&self, session: &Session, now: DateTime<Utc>) -> Vec<Coupon> {
        let today = session.today(now);
        self.coupons.coupons(self.member.as_deref(), today)
    }

    fn priced(&self, session: &Session, now: DateTime<Utc>, stored: bool) -> (Quote, Vec<Uuid>) {
        let Some(shop) = &session.shop else {
            return (Quote::default(), Vec::new());
        };
        let coupons = self.presented(session, now);
        let terms = self.terms(shop, &coupons, session, now, stored);
        let quote = price(self.sale.all(), &terms);
        let used = used(&coupons, &quote);
        (quote, used)
    }

    /// What the sale costs.
    pub(super) fn quote(&self, session: &Session, now: DateTime<Utc>) -> Quote {
        self.priced(session, now, false).0
    }

    /// What it would cost if all of it were paid from stored value; none when that is the same, or nobody is there
    /// who could.
    pub(super) fn stored_quote(&self, session: &Session, now: DateTime<Utc>) -> Option<Quote> {
        self.stored(session, now).map(|(quote, _)| quote)
    }

    fn stored(&self, session: &Session, now: DateTime<Utc>) -> Option<(Quote, Vec<Uuid>)> {
        let shop = session.shop.as_ref()?;
        self.member.as_ref()?;
        let has_rule = shop.promotions.iter().any(|rule| rule.by_stored_value);
        // What was paid beforehand for an order is no stored value.
        let ordered = self.sale.all().iter().any(|line| line.ordered.is_some());
        if !has_rule || ordered || self.sale.is_empty() {
            return None;
        }
        let stored = self.priced(session, now, true);
        (stored.0.total < self.quote(session, now).total).then_some(stored)
    }

    /// What became of the coupons on paper that take off nothing: the cashier says why.
    pub(super) fn idle(&self, quote: &Quote, session: &Session, now: DateTime<Utc>) -> Vec<Say> {
        let coupons = self.presented(session, now);
        let on_paper = |coupon: &Coupon| {
            let mut bearers = self.coupons.bearers.iter();
            bearers.any(|grant| grant.id == coupon.grant_id)
        };
        let idle = coupons.iter().zip(&quote.coupons);
        let idle = idle.filter(|(coupon, _)| on_paper(coupon));
        idle.filter_map(|(coupon, outcome)| {
            let say = match outcome {
                Outcome::Used(_) => return None,
                Outcome::NotNow => Say::new("coupon.not_now"),
                Outcome::Short(short) => Say::new("coupon.short").with("short", *short),
                Outcome::Nothing => Say::new("coupon.nothing"),
                Outcome::Another => Say::new("coupon.another"),
            };
            Some(say.with("name", &coupon.name))
        })
        .collect()
    }

    /// What she has and may spend today, fen.
    pub(super) fn purse(&self, session: &Session, now: DateTime<Utc>) -> Fen {
        let lots = self.member.as_ref().map(|member| &member.lots);
        lots.map_or(Fen::ZERO, |lots| available(lots, session.today(now)))
    }

    /// The prices the payment starts from.
    pub(super) fn prices(&self, cx: &Cx) -> Prices {
        let now = cx.now();
        let (usual, coupons) = self.priced(cx.session, now, false);
        let (stored, stored_coupons) = self.stored(cx.session, now).unzip();
        Prices {
            usual: usual.lines,
            coupons,
            stored: stored.map(|quote| quote.lines),
            stored_coupons: stored_coupons.unwrap_or_default(),
            at: now,
        }
    }

    /// What the next rung of each promotion needs.
    fn next(&self, session: &Session, now: DateTime<Utc>, quote: &Quote) -> Vec<Next> {
        let Some(shop) = &session.shop else {
            return Vec::new();
        };
        let coupons = self.presented(session, now);
        let terms = self.terms(shop, &coupons, session, now, false);
        next(self.sale.all(), quote, &terms)
    }

    /// Opens the explanation of the price (LG7).
    pub(super) fn why(&self, cx: &Cx) -> Step {
        let now = cx.now();
        let quote = self.quote(cx.session, now);
        let next = self.next(cx.session, now, &quote);
        let stored = self.stored_quote(cx.session, now);
        let shares = points::foreseen(
            &quote.lines,
            Fen::ZERO,
            &cx.session.stamp(Uuid::nil(), now),
            cx.session.shop.as_ref(),
            self.member.as_deref(),
        );
        Step::push(
            Why::new(quote.lines)
                .next(next)
                .earns(shares)
                .or_by_stored_value(stored.map(|quote| quote.total)),
        )
    }

    /// The rules are others than the price was made by: says the new one, and reads the shop again.
    pub(super) fn repriced(&mut self, total: &str, cx: &mut Cx) -> Step {
        self.opening = Some(cx.ask(Query::ReadShop { staff_id: None }));
        cx.refuse(Refusal::conflict("sale.repriced").with("total", total))
    }
}
