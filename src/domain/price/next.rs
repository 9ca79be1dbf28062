//! `next`: what is missing for the next rung of a promotion, so that the cashier can say it (LG7).

use super::{CartLine, Quote, Terms, order};
use crate::domain::ledger::Reason;
use crate::domain::money::Fen;
use crate::domain::product::ProductKind;
use crate::domain::promotion::{Gift, Offer, Promotion, RuleRef, Rung};

/// What is missing: an amount, or pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    Fen(Fen),
    Pieces(i64),
}

/// What it would bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brings {
    /// Fen off the order.
    Off(Fen),
    /// Of every so many pieces one at a share, basis points.
    Nth(i64, i64),
    /// So many pieces free.
    Free(i64),
    Gift(Gift),
}

/// The next step of one promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    pub rule: RuleRef,
    pub missing: Missing,
    pub brings: Brings,
}

/// The next steps that would bring more than the order promotion in the quote, the nearest first.
#[must_use]
pub fn next(lines: &[CartLine], quote: &Quote, terms: &Terms) -> Vec<Next> {
    let priced = super::priced(lines, quote, terms);
    let now = quote.off(Reason::Order);
    let (_, rules) = super::in_force(terms);
    let mut found: Vec<Next> = rules
        .into_iter()
        .filter_map(|rule| step(rule, lines, &before_orders(&priced, quote), now))
        .collect();
    found.sort_by_key(|next| next.missing);
    found
}

/// The lines as the order promotions saw them.
fn before_orders(priced: &[super::Priced], quote: &Quote) -> Vec<super::Priced> {
    let mut before = priced.to_vec();
    for (line, done) in before.iter_mut().zip(&quote.lines) {
        let later = |reason| matches!(reason, Reason::Order | Reason::Coupon | Reason::Points);
        let off = done.reductions.iter().filter(|r| later(r.reason));
        line.net += off.map(|r| r.fen).sum();
    }
    before
}

/// The lowest rung that is not reached yet.
fn above<T>(rungs: &[Rung<T>], reached: Fen) -> Option<&Rung<T>> {
    let open = rungs.iter().filter(|rung| rung.from > reached);
    open.min_by_key(|rung| rung.from)
}

fn step(rule: &Promotion, lines: &[CartLine], priced: &[super::Priced], now: Fen) -> Option<Next> {
    let reached = order::reached(priced, &rule.scope);
    let pieces = lines
        .iter()
        .zip(priced)
        .filter(|(line, priced)| line.kind != ProductKind::Weight && priced.is_of(&rule.scope));
    let pieces: i64 = pieces.map(|(line, _)| line.quantity).sum();
    let more = |from: Fen| Missing::Fen(from - reached);
    let (missing, brings) = match &rule.offer {
        Offer::Rungs { rungs } => {
            let rung = above(rungs, reached)?;
            (more(rung.from), Brings::Off(rung.gives))
        }
        Offer::Gifts { rungs } if now.is_zero() => {
            let rung = above(rungs, reached)?;
            (more(rung.from), Brings::Gift(rung.gives))
        }
        Offer::Percent { from, paid, cap } if *from > reached => {
            let off = *from - from.ratio(*paid, 10_000);
            let off = cap.map_or(off, |cap| off.min(cap));
            (more(*from), Brings::Off(off))
        }
        Offer::Nth { n, paid } if pieces > 0 && *n > 0 && pieces % n != 0 => {
            (Missing::Pieces(n - pieces % n), Brings::Nth(*n, *paid))
        }
        Offer::BuyGet { buy, get } if pieces > 0 && pieces % (buy + get) != 0 => (
            Missing::Pieces(buy + get - pieces % (buy + get)),
            Brings::Free(*get),
        ),
        _ => return None,
    };
    let is_more = !matches!(brings, Brings::Off(off) if off <= now);
    // Of what nobody has touched yet nothing is said, unless it is about everything.
    let is_near = reached.is_positive();
    (is_more && is_near).then_some(Next {
        rule: rule.rule,
        missing,
        brings,
    })
}
