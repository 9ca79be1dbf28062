//! From a cart to prices: one engine for the preview and for the posting (PR1, PR7, PR8).

pub mod next;
mod order;
pub mod trial;

use serde::{Deserialize, Serialize};

use super::carried::Carried;
use super::coupon::{Coupon, Outcome};
use super::deposit::Ordered;
use super::ledger::{DocumentLine, Reason, Reduction};
use super::level::Level;
use super::money::Fen;
use super::package::Package;
use super::points::Exchange;
use super::product::{Product, ProductKind};
use super::promotion::{Gift, Occasion, Offer, Promotion, RuleRef, Scope};
use super::share::share;
use super::shop::Shop;

/// A line of the cart. `quantity` is pieces or grams, prices are fen per piece or per kilogram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    pub product_id: Option<i32>,
    #[serde(default)]
    pub category_id: Option<i32>,
    pub name: String,
    pub kind: ProductKind,
    pub quantity: i64,
    pub price: Fen,
    pub member_price: Option<Fen>,
    /// A price somebody with the right set by hand; it is final.
    pub override_price: Option<Fen>,
    /// What the code of this very piece said: a label's money is what the customer pays.
    #[serde(default)]
    pub carried: Carried,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Box<Package>>,
    /// The order it fulfils: its price was agreed on and is final (SV6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<Ordered>,
}

impl CartLine {
    /// One piece, one service, or `quantity` grams of a product.
    #[must_use]
    pub fn of(product: &Product, quantity: i64) -> Self {
        Self {
            product_id: Some(product.id),
            category_id: product.category_id,
            name: product.name.clone(),
            kind: product.kind,
            quantity,
            price: product.price,
            member_price: product.member_price,
            override_price: None,
            carried: Carried::default(),
            package: product.package.clone(),
            ordered: None,
        }
    }

    /// An amount without items (PR7).
    #[must_use]
    pub fn quick(name: String, amount: Fen) -> Self {
        Self {
            product_id: None,
            category_id: None,
            name,
            kind: ProductKind::Service,
            quantity: 1,
            price: amount,
            member_price: None,
            override_price: None,
            carried: Carried::default(),
            package: None,
            ordered: None,
        }
    }

    /// The amount at list price: what the label says, else price times quantity.
    pub(super) fn list(&self) -> Fen {
        self.carried
            .money
            .unwrap_or_else(|| self.amount(self.price))
    }

    /// The amount at a member's or a promotion's price. Of a label's money it is as large a part as that price
    /// is of the list's, in the customer's favour.
    fn special(&self, price: Fen) -> Fen {
        match self.carried.money {
            Some(money) if self.price.is_positive() => money.ratio(price.0, self.price.0),
            Some(money) => money,
            None => self.amount(price),
        }
    }

    /// The amount of this line at a unit price; grams are rounded half up to the fen.
    fn amount(&self, price: Fen) -> Fen {
        match self.kind {
            ProductKind::Piece | ProductKind::Service | ProductKind::Package => {
                price.times(self.quantity)
            }
            ProductKind::Weight => Fen(Fen(price.0.saturating_mul(2))
                .times(self.quantity)
                .0
                .saturating_add(1000)
                / 2000),
        }
    }
}

/// What a cart costs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quote {
    /// Those of the cart in its order, then the goods that a rule gives.
    pub lines: Vec<DocumentLine>,
    /// At list prices.
    pub list: Fen,
    /// To be paid, before rounding.
    pub total: Fen,
    /// What became of each coupon that was presented, in the same order.
    pub coupons: Vec<Outcome>,
    /// Points that pay for a part.
    pub points: i64,
}

impl Quote {
    /// What one reason took off in all.
    #[must_use]
    pub fn off(&self, reason: Reason) -> Fen {
        self.lines
            .iter()
            .flat_map(|line| &line.reductions)
            .filter(|r| r.reason == reason)
            .map(|r| r.fen)
            .sum()
    }
}

/// What a cart is priced by: who buys, where and when, the published rules, and what the customer wants to use.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Whether amounts without goods take part (PR7).
    pub quick_sale: bool,
    pub level: Option<&'a Level>,
    /// None: no promotion and no coupon holds.
    pub occasion: Option<Occasion>,
    pub promotions: &'a [Promotion],
    /// The goods that promotions give.
    pub gifts: &'a [Product],
    pub coupons: &'a [Coupon],
    /// Points the customer wants to pay with, and at what value (PT5).
    pub points: Option<(i64, Exchange)>,
}

impl<'a> Terms<'a> {
    /// The terms of a shop; without an occasion no promotion holds.
    #[must_use]
    pub fn of(shop: &'a Shop, level: Option<&'a Level>, occasion: Option<Occasion>) -> Self {
        Self {
            quick_sale: shop.quick_sale_discount,
            level,
            occasion,
            promotions: &shop.promotions,
            gifts: &shop.goods,
            coupons: &[],
            points: None,
        }
    }
}

/// A line on its way to its price.
#[derive(Debug, Clone)]
struct Priced {
    product_id: Option<i32>,
    category_id: Option<i32>,
    /// None for goods by weight.
    pieces: Option<i64>,
    /// Set by hand: no rule touches it or counts it.
    is_final: bool,
    net: Fen,
}

impl Priced {
    fn is_of(&self, scope: &Scope) -> bool {
        !self.is_final && scope.holds(self.product_id, self.category_id)
    }
}

/// Prices a cart for a member of `level`, or for nobody, without any rule beside member prices.
#[must_use]
pub fn quote(lines: &[CartLine], level: Option<&Level>, shop: &Shop) -> Quote {
    price(lines, &Terms::of(shop, level, None))
}

/// Prices a cart.
///
/// The order of PR1: an override is final; the best line promotion; the better of member price and level discount,
/// not both; one order promotion; one coupon or those that go together; points. Of the order promotions and coupons
/// that hold, those are taken with which the customer pays least; of equal ones the larger promotion, then the first.
/// Each discount is rounded in the customer's favour. No line goes below zero (PR2).
#[must_use]
pub fn price(lines: &[CartLine], terms: &Terms) -> Quote {
    let (of_lines, of_orders) = in_force(terms);
    let line = |line| price_line(line, terms, &of_lines);
    let mut quote = Quote {
        lines: lines.iter().map(line).collect(),
        ..Quote::default()
    };
    let mut priced = self::priced(lines, &quote, terms);
    let mut gift = None;
    if let Some(occasion) = &terms.occasion {
        let (chosen, best) = best_order(&priced, &of_orders, terms, occasion);
        if let Some((rule, effect)) = chosen {
            let off = effect.off(&rule.scope, &priced);
            take(
                &mut quote.lines,
                &mut priced,
                &off,
                Reason::Order,
                rule.rule,
            );
            let goods = effect.gift;
            gift = goods.and_then(|goods| given(goods, rule.rule, terms));
        }
        quote.coupons = best.outcomes;
        for (rule, off) in best.taken {
            take(&mut quote.lines, &mut priced, &off, Reason::Coupon, rule);
        }
    } else {
        quote.coupons = vec![Outcome::NotNow; terms.coupons.len()];
    }
    if let Some((points, exchange)) = terms.points {
        // An order was agreed on in money.
        let open = |(line, priced): (&CartLine, &Priced)| match line.ordered {
            Some(_) => Fen::ZERO,
            None => priced.net,
        };
        let nets: Vec<Fen> = lines.iter().zip(&priced).map(open).collect();
        let (used, off) = exchange.pays(points, nets.iter().copied().sum());
        quote.points = used;
        take(
            &mut quote.lines,
            &mut priced,
            &share(off, &nets),
            Reason::Points,
            None,
        );
    }
    quote.lines.extend(gift);
    quote.list = quote.lines.iter().map(|l| l.list).sum();
    quote.total = quote.lines.iter().map(|l| l.net).sum();
    quote
}

/// The rules that hold now, whatever is in the cart: those of lines and those of orders.
fn in_force<'a>(terms: &Terms<'a>) -> (Vec<&'a Promotion>, Vec<&'a Promotion>) {
    let Some(occasion) = &terms.occasion else {
        return (Vec::new(), Vec::new());
    };
    let rules = terms.promotions.iter().filter(|rule| rule.holds(occasion));
    rules.partition(|rule| rule.offer.is_of_line())
}

/// The lines with what is left of them in the quote.
fn priced(lines: &[CartLine], quote: &Quote, terms: &Terms) -> Vec<Priced> {
    let lines = lines.iter().zip(&quote.lines);
    lines
        .map(|(line, done)| Priced {
            product_id: line.product_id,
            category_id: line.category_id,
            pieces: (line.kind != ProductKind::Weight).then_some(line.quantity),
            is_final: line.override_price.is_some()
                || line.ordered.is_some()
                || (line.product_id.is_none() && !terms.quick_sale),
            net: done.net,
        })
        .collect()
}

/// The line of goods that come on top: its price is taken off whole, so that it earns nothing and the gift is
/// accounted for (LG5).
fn given(gift: Gift, rule: RuleRef, terms: &Terms) -> Option<DocumentLine> {
    let mut known = terms.gifts.iter();
    let product = known.find(|product| product.id == gift.product_id)?;
    let line = CartLine::of(product, gift.quantity);
    let list = line.list();
    let reduction = Reduction {
        reason: Reason::Gift,
        fen: list,
        rule: Some(rule),
    };
    Some(DocumentLine {
        product_id: line.product_id,
        name: line.name,
        kind: line.kind,
        quantity: line.quantity,
        price: line.price,
        list,
        net: Fen::ZERO,
        reductions: vec![reduction],
        package: line.package,
        prepaid: Fen::ZERO,
        served: None,
        ordered: None,
    })
}

/// Takes amounts off the lines and writes down why.
fn take(
    lines: &mut [DocumentLine],
    priced: &mut [Priced],
    off: &[Fen],
    reason: Reason,
    rule: impl Into<Option<RuleRef>>,
) {
    let rule = rule.into();
    for ((line, priced), fen) in lines.iter_mut().zip(priced).zip(off) {
        if fen.is_positive() {
            line.net -= *fen;
            priced.net -= *fen;
            line.reductions.push(Reduction {
                reason,
                fen: *fen,
                rule,
            });
        }
    }
}

/// What coupons do to a cart.
#[derive(Debug, Default)]
struct Redeemed {
    outcomes: Vec<Outcome>,
    taken: Vec<(RuleRef, Vec<Fen>)>,
    off: Fen,
}

/// The order promotion, if any, and the coupons with which the customer pays least.
fn best_order<'a>(
    priced: &[Priced],
    rules: &[&'a Promotion],
    terms: &Terms,
    occasion: &Occasion,
) -> (Option<(&'a Promotion, order::Effect)>, Redeemed) {
    let dear = order::by_price(priced);
    let coupons = terms.coupons;
    let effect = |rule: &&'a Promotion| Some((*rule, order::promotion(rule, priced, &dear)?));
    let mut effects: Vec<_> = rules.iter().filter_map(effect).collect();
    // What is no longer sold is not given.
    let is_there = |gift: &Gift| terms.gifts.iter().any(|known| known.id == gift.product_id);
    effects.retain(|(_, effect)| effect.gift.as_ref().is_none_or(is_there));
    effects.sort_by_key(|(_, effect)| std::cmp::Reverse(effect.sum));
    // However they go together: the coupons take no more.
    let ceiling: Fen = coupons.iter().map(|c| order::ceiling(c, priced)).sum();
    let mut best = (None, redeem(priced, coupons, occasion));
    let mut most = (best.1.off, false);
    for (rule, effect) in effects {
        // It cannot be better, whatever the coupons do.
        if (effect.sum + ceiling, effect.gift.is_some()) <= most {
            continue;
        }
        let mut after = priced.to_vec();
        for (line, off) in after.iter_mut().zip(effect.off(&rule.scope, priced)) {
            line.net -= off;
        }
        let redeemed = redeem(&after, coupons, occasion);
        // A gift is better than nothing.
        let off = (effect.sum + redeemed.off, effect.gift.is_some());
        if off > most {
            most = off;
            best = (Some((rule, effect)), redeemed);
        }
    }
    best
}

/// Redeems the one coupon, or the group of those that go together, that takes most off.
fn redeem(priced: &[Priced], coupons: &[Coupon], occasion: &Occasion) -> Redeemed {
    let mut best = Redeemed {
        outcomes: coupons
            .iter()
            .map(|coupon| alone(priced, coupon, occasion))
            .collect(),
        ..Redeemed::default()
    };
    let refused = best.outcomes.clone();
    for (first, lead) in coupons.iter().enumerate() {
        let is_repeated =
            lead.stack.is_some() && coupons.iter().take(first).any(|c| c.stack == lead.stack);
        if is_repeated {
            continue;
        }
        let mut lines = priced.to_vec();
        let mut tried = Redeemed {
            outcomes: refused.clone(),
            ..Redeemed::default()
        };
        for (place, coupon) in coupons.iter().enumerate() {
            let goes = place == first || (lead.stack.is_some() && coupon.stack == lead.stack);
            if !goes || !coupon.holds(occasion) {
                continue;
            }
            let outcome = alone(&lines, coupon, occasion);
            if let Outcome::Used(fen) = outcome {
                let off = order::coupon(coupon, &lines);
                for (line, off) in lines.iter_mut().zip(&off) {
                    line.net -= *off;
                }
                tried.off += fen;
                tried.taken.push((coupon.rule, off));
            }
            if let Some(slot) = tried.outcomes.get_mut(place) {
                *slot = outcome;
            }
        }
        for (place, outcome) in tried.outcomes.iter_mut().enumerate() {
            let goes = place == first
                || (lead.stack.is_some()
                    && coupons.get(place).is_some_and(|c| c.stack == lead.stack));
            if !goes && matches!(outcome, Outcome::Used(_)) {
                *outcome = Outcome::Another;
            }
        }
        if tried.off > best.off {
            best = tried;
        }
    }
    if best.taken.is_empty() {
        // Nobody was used, so nobody stands in the way.
        best.outcomes = refused;
    }
    best
}

/// What a coupon would do by itself.
fn alone(lines: &[Priced], coupon: &Coupon, occasion: &Occasion) -> Outcome {
    if !coupon.holds(occasion) {
        return Outcome::NotNow;
    }
    let reached = order::reached(lines, &coupon.scope);
    if reached < coupon.from {
        return Outcome::Short(coupon.from - reached);
    }
    match order::worth(coupon, lines, reached) {
        off if off.is_positive() => Outcome::Used(off),
        _ => Outcome::Nothing,
    }
}

/// The price of a line under the best line promotion, and which that is; of equal ones the first.
fn promoted(line: &CartLine, list: Fen, rules: &[&Promotion]) -> Option<(Fen, RuleRef)> {
    let mut best: Option<(Fen, RuleRef)> = None;
    for rule in rules {
        if !rule.scope.holds(line.product_id, line.category_id) {
            continue;
        }
        let net = match rule.offer {
            // An amount without goods has no price that could change.
            Offer::Price { price } if line.product_id.is_some() => line.special(price.max_zero()),
            Offer::Off { paid } => list.ratio(paid.clamp(0, 10_000), 10_000),
            _ => continue,
        };
        if net < list && best.is_none_or(|(least, _)| net < least) {
            best = Some((net, rule.rule));
        }
    }
    best
}

fn price_line(line: &CartLine, terms: &Terms, rules: &[&Promotion]) -> DocumentLine {
    let mut list = line.list();
    let mut reductions = Vec::new();
    let mut net = list;
    let mut reduce = |reason, to: Fen, rule: Option<RuleRef>| {
        if to < net {
            reductions.push(Reduction {
                reason,
                fen: net - to,
                rule,
            });
            net = to;
        }
        net
    };
    let may_discount = line.product_id.is_some() || terms.quick_sale;
    if line.ordered.is_some() {
        // Nothing takes from a price that was agreed on.
    } else if let Some(price) = line.override_price {
        let set = line.amount(price.max_zero());
        if set > list {
            list = set;
            net = set;
        } else {
            reduce(Reason::Override, set, None);
        }
    } else {
        let mut left = list;
        if may_discount && let Some((to, rule)) = promoted(line, list, rules) {
            left = reduce(Reason::Promotion, to, Some(rule));
        }
        if let Some(level) = terms.level {
            let discounted = if may_discount {
                left.ratio(level.paid, 10_000)
            } else {
                left
            };
            let special = line
                .member_price
                .map_or(left, |price| line.special(price.max_zero()));
            if special <= discounted {
                reduce(Reason::MemberPrice, special, None);
            } else {
                reduce(Reason::Level, discounted, Some(level.rule()));
            }
        }
    }
    DocumentLine {
        product_id: line.product_id,
        name: line.name.clone(),
        kind: line.kind,
        quantity: line.quantity,
        price: line.price,
        list,
        net,
        reductions,
        package: line.package.clone(),
        prepaid: Fen::ZERO,
        served: None,
        ordered: line.ordered,
    }
}

#[cfg(test)]
pub(crate) mod tests;
