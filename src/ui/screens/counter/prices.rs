//! What the sale on the screen costs: by the engine that prices the posting (PR1).

use chrono::{DateTime, Utc};

use super::Counter;
use crate::domain::money::Fen;
use crate::domain::price::next::{Next, next};
use crate::domain::price::{Quote, Terms, price};
use crate::domain::promotion::Occasion;
use crate::domain::shop::Shop;
use crate::domain::stored_value::available;
use crate::session::Session;
use crate::ui::screen::{Cx, Step};
use crate::ui::screens::tender::Prices;
use crate::ui::screens::why::Why;

impl Counter {
    /// The terms of this moment, paid by stored value or not (SV9).
    fn terms<'a>(
        &'a self,
        shop: &'a Shop,
        session: &Session,
        now: DateTime<Utc>,
        by_stored_value: bool,
    ) -> Terms<'a> {
        let level = self.member.as_ref().map(|member| &member.level);
        let occasion = Occasion {
            by_stored_value,
            ..Occasion::at(shop, session.till_id(), now, level.map(|level| level.id))
        };
        Terms::of(shop, level, Some(occasion))
    }

    /// What the sale costs.
    pub(super) fn quote(&self, session: &Session, now: DateTime<Utc>) -> Quote {
        let Some(shop) = &session.shop else {
            return Quote::default();
        };
        price(self.sale.all(), &self.terms(shop, session, now, false))
    }

    /// What it would cost if all of it were paid from stored value; none when that is the same, or nobody is there
    /// who could.
    pub(super) fn stored_quote(&self, session: &Session, now: DateTime<Utc>) -> Option<Quote> {
        let shop = session.shop.as_ref()?;
        self.member.as_ref()?;
        let has_rule = shop.promotions.iter().any(|rule| rule.by_stored_value);
        if !has_rule || self.sale.is_empty() {
            return None;
        }
        let quote = price(self.sale.all(), &self.terms(shop, session, now, true));
        (quote.total < self.quote(session, now).total).then_some(quote)
    }

    /// What she has and may spend today, fen.
    pub(super) fn purse(&self, session: &Session, now: DateTime<Utc>) -> Fen {
        let lots = self.member.as_ref().map(|member| &member.lots);
        lots.map_or(Fen::ZERO, |lots| available(lots, session.today(now)))
    }

    /// The prices the payment starts from.
    pub(super) fn prices(&self, cx: &Cx) -> Prices {
        let now = cx.now();
        Prices {
            usual: self.quote(cx.session, now).lines,
            stored: self.stored_quote(cx.session, now).map(|quote| quote.lines),
            at: now,
        }
    }

    /// What the next rung of each promotion needs.
    fn next(&self, session: &Session, now: DateTime<Utc>, quote: &Quote) -> Vec<Next> {
        let Some(shop) = &session.shop else {
            return Vec::new();
        };
        let terms = self.terms(shop, session, now, false);
        next(self.sale.all(), quote, &terms)
    }

    /// Opens the explanation of the price (LG7).
    pub(super) fn why(&self, cx: &Cx) -> Step {
        let now = cx.now();
        let quote = self.quote(cx.session, now);
        let next = self.next(cx.session, now, &quote);
        let stored = self.stored_quote(cx.session, now);
        Step::push(
            Why::new(quote.lines)
                .next(next)
                .or_by_stored_value(stored.map(|quote| quote.total)),
        )
    }

    /// The rules are others than the price was made by: says the new one, and reads the shop again.
    pub(super) fn repriced(&mut self, total: &str, cx: &mut Cx) -> Step {
        use crate::error::Refusal;
        use crate::query::Query;
        self.opening = Some(cx.ask(Query::ReadShop { staff_id: None }));
        cx.refuse(Refusal::conflict("sale.repriced").with("total", total))
    }
}
