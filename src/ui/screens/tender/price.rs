//! What is due follows the way it is paid: some rules are for stored value alone (SV9).

use uuid::Uuid;

use super::{Job, Tender};
use crate::domain::bill::{Bill, Paid};
use crate::domain::grant::Grant;
use crate::domain::ledger::DocumentLine;
use crate::domain::level::Level;
use crate::domain::money::Fen;
use crate::domain::price::{Terms, price};
use crate::domain::promotion::Occasion;
use crate::domain::sale::{Basket, names_rules};
use crate::domain::shop::Shop;
use crate::domain::tender::TenderKind;
use crate::query::Cart;
use crate::ui::screen::Cx;
use crate::ui::text::Say;

/// What is to be paid now, fen: what was paid beforehand pays its own order (SV6).
pub(super) fn total(lines: &[DocumentLine]) -> Fen {
    lines.iter().map(|line| line.net - line.deposit()).sum()
}

impl Tender {
    /// What deposits pay of it, fen.
    pub(super) fn deposits(&self) -> Fen {
        match &self.job {
            Job::Sale(lines) => lines.iter().map(DocumentLine::deposit).sum(),
            _ => Fen::ZERO,
        }
    }

    /// What it costs when all is paid from stored value, where that is another price.
    pub(super) fn stored_total(&self) -> Option<Fen> {
        let stored = self.prices.as_ref()?.stored.as_ref()?;
        Some(total(stored))
    }

    /// What it costs paid in any other way, while it is the price of stored value that stands there.
    pub(super) fn usual_total(&self) -> Option<Fen> {
        let usual = total(&self.prices.as_ref()?.usual);
        (usual != self.bill.total()).then_some(usual)
    }

    fn take(&mut self, lines: Vec<DocumentLine>) {
        self.bill = Bill::new(total(&lines), self.bill.rounding());
        self.job = Job::Sale(lines);
    }

    /// The price of the tender that is selected, as long as nothing is paid.
    pub(super) fn reprice(&mut self) {
        if !self.bill.parts().is_empty() || self.closing.is_some() {
            return;
        }
        let covers = self
            .stored_total()
            .is_some_and(|price| self.balance >= price);
        let stored = self.kind() == TenderKind::StoredValue && covers;
        let lines = self.prices.as_ref().map(|prices| match &prices.stored {
            Some(lines) if stored => lines.clone(),
            _ => prices.usual.clone(),
        });
        if let Some(lines) = lines {
            self.take(lines);
        }
    }

    /// Not all of it is paid from stored value.
    pub(super) fn price_as_usual(&mut self) {
        if self.usual_total().is_some()
            && let Some(prices) = &self.prices
        {
            let lines = prices.usual.clone();
            self.take(lines);
        }
    }

    /// Paid in parts, and every one of them was stored value after all: it costs less then. Starts again and says so.
    pub(super) fn is_all_stored(&mut self, paid: &Paid) -> bool {
        let mut kinds = paid.tenders.iter().map(|part| part.kind);
        let all = !paid.tenders.is_empty() && kinds.all(|kind| kind == TenderKind::StoredValue);
        if !all || self.stored_total().is_none() || self.usual_total().is_some() {
            return false;
        }
        self.bill = Bill::new(Fen::ZERO, self.bill.rounding());
        self.amount.clear();
        self.choose(TenderKind::StoredValue);
        let due = self.bill.total();
        self.hint = Some(Say::new("tender.stored_price_is").with("due", due));
        true
    }

    /// What the sale is posted with, so that it is priced again (PR1).
    pub(super) fn basket(&self) -> Option<Basket> {
        let (prices, cart) = self.prices.as_ref().zip(self.cart.as_ref())?;
        Some(Basket {
            lines: cart.lines.clone(),
            at: prices.at,
        })
    }

    /// The coupons in the price that stands, and those of them that are on paper.
    pub(super) fn coupons(&self) -> (Vec<Uuid>, Vec<Grant>) {
        let Some((prices, cart)) = self.prices.as_ref().zip(self.cart.as_ref()) else {
            return (Vec::new(), Vec::new());
        };
        let used = if self.usual_total().is_some() {
            &prices.stored_coupons
        } else {
            &prices.coupons
        };
        let bearers = cart.coupons.bearers.iter();
        let bearers = bearers.filter(|grant| used.contains(&grant.id));
        (used.clone(), bearers.cloned().collect())
    }

    /// What to say when the shop's edited terms make another price of what was quoted: it stands, unless rules take
    /// part; then it will be refused.
    pub(super) fn other_price(
        &self,
        quoted: &[DocumentLine],
        cart: &Cart,
        level: Option<&Level>,
        shop: &Shop,
        cx: &Cx,
    ) -> Option<&'static str> {
        let at = self.prices.as_ref().map_or_else(|| cx.now(), |p| p.at);
        let occasion = Occasion {
            by_stored_value: self.usual_total().is_some(),
            ..Occasion::at(shop, cx.session.till_id(), at, level.map(|level| level.id))
        };
        let member = self.member.as_deref();
        let coupons = cart.coupons.coupons(member, cx.session.today(at));
        let exchange = shop.points_exchange;
        let terms = Terms {
            coupons: &coupons,
            points: exchange.map(|exchange| (self.points_of(quoted), exchange)),
            ..Terms::of(shop, level, Some(occasion))
        };
        let now = price(&cart.lines, &terms);
        if total(&now.lines) == total(quoted) {
            return None;
        }
        let rules = names_rules(&now.lines) || names_rules(quoted);
        Some(if rules && self.prices.is_some() {
            "tender.rules_changed"
        } else {
            "tender.quoted_stands"
        })
    }
}
