//! `order`: what order promotions and coupons take off, line by line (PR2, PR3, PR4, PR5).

use super::Priced;
use crate::domain::coupon::{Coupon, Gives};
use crate::domain::money::Fen;
use crate::domain::promotion::{Gift, Offer, Promotion, Rung, Scope};
use crate::domain::share::share;

/// What an order promotion does to a cart: so much off, and goods on top.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) sum: Fen,
    /// Off each line; none is the sum in proportion.
    each: Option<Vec<Fen>>,
    pub(super) gift: Option<Gift>,
}

impl Effect {
    const fn shared(sum: Fen) -> Self {
        Self {
            sum,
            each: None,
            gift: None,
        }
    }

    /// Off each line of the cart it was worked out for (PR5).
    pub(super) fn off(&self, scope: &Scope, lines: &[Priced]) -> Vec<Fen> {
        match &self.each {
            Some(each) => each.clone(),
            None => share(self.sum, &eligible(lines, scope)),
        }
    }
}

/// What is left of each line that the scope holds, zero for the others.
fn eligible(lines: &[Priced], scope: &Scope) -> Vec<Fen> {
    let net = |line: &Priced| {
        if line.is_of(scope) {
            line.net
        } else {
            Fen::ZERO
        }
    };
    lines.iter().map(net).collect()
}

/// The highest rung that `reached` reaches.
fn highest<T>(rungs: &[Rung<T>], reached: Fen) -> Option<&Rung<T>> {
    let met = rungs.iter().filter(|rung| reached >= rung.from);
    met.max_by_key(|rung| rung.from)
}

/// What an order promotion does here; `None` when it is not met or takes nothing off. `dear` is [`by_price`] of the
/// lines.
pub(super) fn promotion(
    rule: &Promotion,
    lines: &[Priced],
    dear: &[(usize, i64)],
) -> Option<Effect> {
    let reached = reached(lines, &rule.scope);
    let groups = |of, which, paid| {
        let each = cheapest(lines, dear, &rule.scope, of, which, paid);
        Effect {
            sum: each.iter().copied().sum(),
            each: Some(each),
            gift: None,
        }
    };
    let effect = match &rule.offer {
        Offer::Rungs { rungs } => {
            Effect::shared(highest(rungs, reached)?.gives.max_zero().min(reached))
        }
        Offer::Gifts { rungs } if reached.is_positive() => Effect {
            gift: Some(highest(rungs, reached)?.gives),
            ..Effect::default()
        },
        Offer::Percent { from, paid, cap } if reached >= *from => {
            Effect::shared(percent(reached, *paid, *cap))
        }
        Offer::Price { .. } | Offer::Off { .. } | Offer::Gifts { .. } | Offer::Percent { .. } => {
            return None;
        }
        Offer::Nth { n, paid } => groups(*n, 1, *paid),
        Offer::BuyGet { buy, get } => groups(buy.saturating_add(*get), *get, 0),
    };
    (effect.sum.is_positive() || effect.gift.is_some()).then_some(effect)
}

/// What a coupon takes off each line, however little is in the cart: its minimum is the caller's business.
pub(super) fn coupon(coupon: &Coupon, lines: &[Priced]) -> Vec<Fen> {
    match coupon.gives {
        Gives::Free { quantity } => dearest(lines, &coupon.scope, quantity),
        Gives::Amount { .. } | Gives::Percent { .. } => {
            let nets = eligible(lines, &coupon.scope);
            share(worth(coupon, lines, nets.iter().copied().sum()), &nets)
        }
        Gives::Right | Gives::Multiply { .. } => vec![Fen::ZERO; lines.len()],
    }
}

/// The sum of what [`coupon`] takes off, where the lines of its scope come to `reached`.
pub(super) fn worth(coupon: &Coupon, lines: &[Priced], reached: Fen) -> Fen {
    match coupon.gives {
        Gives::Amount { off } => off.max_zero().min(reached),
        Gives::Percent { paid, cap } => percent(reached, paid, cap),
        Gives::Free { quantity } => dearest(lines, &coupon.scope, quantity).into_iter().sum(),
        Gives::Right | Gives::Multiply { .. } => Fen::ZERO,
    }
}

/// At most what a coupon takes off these lines or cheaper ones, its minimum aside.
pub(super) fn ceiling(coupon: &Coupon, lines: &[Priced]) -> Fen {
    let reached = reached(lines, &coupon.scope);
    match &coupon.gives {
        Gives::Amount { off } => reached.min(off.max_zero()),
        Gives::Percent { paid, cap } => percent(reached, *paid, *cap),
        Gives::Free { .. } => reached,
        Gives::Right | Gives::Multiply { .. } => Fen::ZERO,
    }
}

/// What the scope's lines come to, fen.
pub(super) fn reached(lines: &[Priced], scope: &Scope) -> Fen {
    let held = lines.iter().filter(|line| line.is_of(scope));
    held.map(|line| line.net).sum()
}

/// Off `net` when `paid` basis points of it remain, at most `cap`. The odd fen is the customer's.
fn percent(net: Fen, paid: i64, cap: Option<Fen>) -> Fen {
    let off = net - net.ratio(paid.clamp(0, 10_000), 10_000);
    cap.map_or(off, |cap| off.min(cap.max_zero()))
}

/// Places and pieces of the lines that count in pieces, the dearest piece first; equal ones in the order of the cart.
pub(super) fn by_price(lines: &[Priced]) -> Vec<(usize, i64)> {
    let mut counted: Vec<(i128, usize, i64)> = (0..)
        .zip(lines)
        .filter(|(_, line)| line.net.is_positive())
        .filter_map(|(place, line)| {
            let pieces = line.pieces.filter(|n| *n > 0)?;
            // a/b > c/d without fractions.
            let each = i128::from(line.net.0) * 1_000_000 / i128::from(pieces);
            Some((each, place, pieces))
        })
        .collect();
    counted.sort_by_key(|(each, ..)| std::cmp::Reverse(*each));
    let places = counted.into_iter();
    places.map(|(_, place, pieces)| (place, pieces)).collect()
}

/// Those of `dear` that the scope holds.
fn within<'a>(
    lines: &'a [Priced],
    dear: &'a [(usize, i64)],
    scope: &'a Scope,
) -> impl Iterator<Item = (usize, &'a Priced, i64)> {
    let lines = dear
        .iter()
        .filter_map(|(place, pieces)| Some((*place, lines.get(*place)?, *pieces)));
    lines.filter(|(_, line, _)| line.is_of(scope))
}

/// Of each full group of `of` pieces, dearest first, the `which` cheapest cost `paid` basis points.
fn cheapest(
    lines: &[Priced],
    dear: &[(usize, i64)],
    scope: &Scope,
    of: i64,
    which: i64,
    paid: i64,
) -> Vec<Fen> {
    let mut off = vec![Fen::ZERO; lines.len()];
    if of <= 0 || which <= 0 || which > of {
        return off;
    }
    let all = within(lines, dear, scope).map(|(.., pieces)| pieces);
    let all = all.fold(0, i64::saturating_add);
    let full = all - all % of;
    // Pieces among the first `count` that are the cheap ones of a full group.
    let cheap = |count: i64| {
        let count = count.min(full);
        count / of * which + (count % of - (of - which)).max(0)
    };
    let mut before = 0_i64;
    for (place, line, pieces) in within(lines, dear, scope) {
        let after = before.saturating_add(pieces);
        let these = line.net.ratio(cheap(after) - cheap(before), pieces);
        if let Some(off) = off.get_mut(place) {
            *off = these - these.ratio(paid.clamp(0, 10_000), 10_000);
        }
        before = after;
    }
    off
}

/// The `quantity` dearest pieces cost nothing.
fn dearest(lines: &[Priced], scope: &Scope, quantity: i64) -> Vec<Fen> {
    let mut off = vec![Fen::ZERO; lines.len()];
    let mut left = quantity.max(0);
    for (place, line, pieces) in within(lines, &by_price(lines), scope) {
        let these = left.min(pieces);
        if let Some(off) = off.get_mut(place) {
            *off = line.net.ratio(these, pieces);
        }
        left -= these;
    }
    off
}
