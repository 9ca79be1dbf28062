//! Points as money (PT5): one key takes as many as the shop allows, a typed number fewer.

use uuid::Uuid;

use super::{Job, Prices, Tender};
use crate::domain::ledger::{DocumentLine, Reason};
use crate::domain::money::{Fen, grouped};
use crate::domain::points::{Exchange, foreseen, spendable};
use crate::domain::price::{Terms, price};
use crate::domain::print::Shown;
use crate::domain::promotion::Occasion;
use crate::domain::tender::TenderKind;
use crate::session::Session;
use crate::ui::screen::{Cx, Look, Step};
use crate::ui::screens::counter::used;
use crate::ui::screens::why::Why;
use crate::ui::text::Say;

/// What points pay of these lines, fen.
fn paid(lines: &[DocumentLine]) -> Fen {
    let all = lines.iter().flat_map(|line| &line.reductions);
    let points = all.filter(|reduction| reduction.reason == Reason::Points);
    points.map(|reduction| reduction.fen).sum()
}

impl Tender {
    /// The points that these lines take.
    pub(super) fn points_of(&self, lines: &[DocumentLine]) -> i64 {
        let exchange = self.points.as_ref().map(|(exchange, _)| exchange);
        exchange.map_or(0, |exchange| exchange.needs(paid(lines)))
    }

    /// Points and what they pay, fen, while they do.
    pub(super) fn points_paid(&self) -> Option<(i64, Fen)> {
        match &self.job {
            Job::Sale(lines) if self.points.is_some() => Some((self.points_of(lines), paid(lines))),
            _ => None,
        }
    }

    /// Whether the key may be pressed: as long as nothing is paid.
    pub(super) fn takes_points(&self) -> bool {
        self.is_sale()
            && self.member.is_some()
            && self.cart.is_some()
            && self.prices.is_some()
            && self.bill.parts().is_empty()
            && self.closing.is_none()
    }

    /// What the sale costs when up to so many points pay for a part.
    fn under_points(&self, points: i64, exchange: Exchange, session: &Session) -> Option<Prices> {
        let shop = session.shop.as_ref()?;
        let (cart, prices) = self.cart.as_ref().zip(self.prices.as_ref())?;
        let level = &self.member.as_ref()?.level;
        let today = session.today(prices.at);
        let coupons = cart.coupons.coupons(self.member.as_deref(), today);
        let under = |by_stored_value| {
            let occasion = Occasion {
                by_stored_value,
                ..Occasion::at(shop, session.till_id(), prices.at, Some(level.id))
            };
            let terms = Terms {
                coupons: &coupons,
                points: Some((points, exchange)),
                ..Terms::of(shop, Some(level), Some(occasion))
            };
            let quote = price(&cart.lines, &terms);
            let taken = used(&coupons, &quote);
            (quote.lines, taken)
        };
        let (usual, usual_coupons) = under(false);
        let stored = prices.stored.is_some().then(|| under(true));
        let (stored, stored_coupons) = stored.unzip();
        Some(Prices {
            usual,
            coupons: usual_coupons,
            stored,
            stored_coupons: stored_coupons.unwrap_or_default(),
            at: prices.at,
        })
    }

    /// Points and fen that the key would take now.
    pub(super) fn points_on_offer(&self, look: &Look) -> Option<(i64, Fen)> {
        let session = look.session;
        let exchange = session.shop.as_ref()?.points_exchange?;
        if !self.takes_points() || self.points.is_some() {
            return None;
        }
        let have = spendable(&self.member.as_ref()?.lots, session.today(look.now));
        let prices = self.under_points(have, exchange, session)?;
        let fen = paid(&prices.usual);
        fen.is_positive().then(|| (exchange.needs(fen), fen))
    }

    /// The key: as many as the cap allows, or as many as were typed; once more takes them back.
    pub(super) fn pay_points(&mut self, cx: &mut Cx) {
        let typed = self.amount.value().parse::<i64>();
        let paid_before = self.without_points();
        if paid_before && self.amount.is_empty() {
            self.repaid(Some(Say::new("tender.points_off")), cx);
            return;
        }
        let shop = cx.session.shop.as_ref();
        let Some(exchange) = shop.and_then(|shop| shop.points_exchange) else {
            return;
        };
        let Some(member) = &self.member else { return };
        let have = spendable(&member.lots, cx.session.today(cx.now()));
        let wanted = match typed {
            Ok(points) => points,
            Err(_) if self.amount.is_empty() => have,
            Err(_) => {
                self.hint = Some(Say::new("tender.points_whole"));
                return;
            }
        };
        if wanted > have {
            let say = Say::new("points.short").with("points", grouped(wanted));
            self.hint = Some(say.with("have", grouped(have)));
            return;
        }
        let Some(prices) = self.under_points(wanted, exchange, cx.session) else {
            return;
        };
        if !paid(&prices.usual).is_positive() {
            let say =
                Say::new("tender.points_too_few").with("least", grouped(exchange.least.max(1)));
            self.hint = Some(say.with("have", grouped(have)));
            return;
        }
        if let Some(before) = self.prices.replace(prices) {
            self.points = Some((exchange, before));
        }
        self.amount.clear();
        self.repaid(None, cx);
    }

    /// What it costs without points; says whether they paid for a part.
    fn without_points(&mut self) -> bool {
        let before = self.points.take().map(|(_, before)| before);
        let paid = before.is_some();
        self.prices = before.or_else(|| self.prices.take());
        paid
    }

    /// The sale costs something else now; the tender that is chosen stays.
    fn repaid(&mut self, hint: Option<Say>, cx: &mut Cx) {
        self.weigh(cx);
        self.hint = hint.or_else(|| self.hint.take());
        cx.show(Shown::Total(self.bill.left()));
    }

    /// Why it costs what it costs, points included (LG7).
    pub(super) fn why(&self, cx: &Cx) -> Step {
        let Job::Sale(lines) = &self.job else {
            return Step::Stay;
        };
        let value = self.points.as_ref().map(|(exchange, _)| *exchange);
        let mut stored = self.bill.paid_by(TenderKind::StoredValue);
        if self.kind() == TenderKind::StoredValue {
            stored += self.bill.left().min(self.balance);
        }
        let shares = foreseen(
            lines,
            stored,
            &cx.session.stamp(Uuid::nil(), cx.now()),
            cx.session.shop.as_ref(),
            self.member.as_deref(),
        );
        let why = Why::new(lines.clone()).points(self.points_of(lines), value);
        Step::push(why.earns(shares))
    }

    /// Somebody else was faster with her points: without them, and she is read again.
    pub(super) fn points_short(&mut self, cx: &mut Cx) {
        if self.without_points() {
            self.repaid(None, cx);
        }
        self.read_member(cx);
    }

    /// The member as she is now may have fewer points than are to pay.
    pub(super) fn check_points(&mut self, cx: &mut Cx) {
        let Some((points, _)) = self.points_paid() else {
            return;
        };
        let lots = self.member.as_ref().map(|member| &member.lots);
        let have = lots.map_or(0, |lots| spendable(lots, cx.session.today(cx.now())));
        if points > have && self.bill.parts().is_empty() {
            self.points_short(cx);
        }
    }
}
