//! `trial`: what a day's sales would have cost under a promotion, by the same engine.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::{CartLine, Terms, price};
use crate::domain::carried::Carried;
use crate::domain::ledger::{DocumentLine, Reason};
use crate::domain::money::Fen;
use crate::domain::promotion::{Occasion, Promotion};
use crate::domain::shop::Shop;

/// How many of the sales it touches most are named.
pub const BIGGEST: usize = 5;

/// A posted sale as it can be priced again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastSale {
    pub id: Uuid,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub till_id: i32,
    pub till: String,
    pub member: Option<String>,
    /// The level the member had.
    pub level_id: Option<i32>,
    /// All of it was paid from stored value.
    pub stored: bool,
    pub lines: Vec<PastLine>,
}

/// A posted line with what the goods are today.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PastLine {
    #[serde(flatten)]
    pub line: DocumentLine,
    pub category_id: Option<i32>,
    pub member_price: Option<Fen>,
}

/// What a promotion would have done to the sales of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trial {
    pub receipts: usize,
    /// How many of them it would have changed.
    pub touched: usize,
    /// So much less would have been taken, fen; less than nothing when a rung is no longer reached because of it.
    pub off: Fen,
    /// Pieces, or grams, given on top.
    pub gifts: i64,
    /// Those it touches most, the largest first.
    pub biggest: Vec<Touched>,
    /// False: there were more sales than were tried.
    pub complete: bool,
}

/// A sale with and without the promotion, fen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    pub id: Uuid,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub till: String,
    pub member: Option<String>,
    pub before: Fen,
    pub after: Fen,
}

impl PastSale {
    /// What was rung up.
    #[must_use]
    pub fn cart(&self) -> Vec<CartLine> {
        self.lines.iter().filter_map(PastLine::rung).collect()
    }
}

impl PastLine {
    /// What was rung up; none for goods that came on top.
    fn rung(&self) -> Option<CartLine> {
        let line = &self.line;
        let by = |reason| line.reductions.iter().any(|r| r.reason == reason);
        if by(Reason::Gift) {
            return None;
        }
        let mut rung = CartLine {
            product_id: line.product_id,
            category_id: self.category_id,
            name: String::new(),
            kind: line.kind,
            quantity: line.quantity,
            price: line.price,
            member_price: self.member_price,
            override_price: None,
            carried: Carried::default(),
            package: line.package.clone(),
            ordered: line.ordered,
        };
        if by(Reason::Override) {
            // It is final: no rule touches it, and it costs the same before and after.
            rung.override_price = Some(line.price);
        } else if rung.list() != line.list {
            rung.carried.money = Some(line.list);
        }
        Some(rung)
    }
}

/// Prices the sales of a day under the shop's promotions without this one and with it. Its own first and last day do not
/// count here: it may still have to come.
#[must_use]
pub fn trial(shop: &Shop, rule: &Promotion, sales: &[PastSale], complete: bool) -> Trial {
    let mut rule = rule.clone();
    rule.active = true;
    rule.when.from = None;
    rule.when.until = None;
    let others = shop.promotions.iter();
    let without: Vec<Promotion> = others
        .filter(|other| other.rule.id != rule.rule.id)
        .cloned()
        .collect();
    let mut with = without.clone();
    with.push(rule);
    let mut trial = Trial {
        receipts: sales.len(),
        complete,
        ..Trial::default()
    };
    for sale in sales {
        let lines = sale.cart();
        let level = sale.level_id.and_then(|id| shop.level(id));
        let occasion = Occasion {
            by_stored_value: sale.stored,
            ..Occasion::at(shop, sale.till_id, sale.at, sale.level_id)
        };
        let terms = Terms::of(shop, level, Some(occasion));
        let under = |promotions| {
            price(
                &lines,
                &Terms {
                    promotions,
                    ..terms
                },
            )
        };
        let (before, after) = (under(&without), under(&with));
        if before.lines == after.lines {
            continue;
        }
        let given = |quote: &super::Quote| -> i64 {
            let on_top = quote.lines.iter().skip(lines.len());
            on_top.map(|line| line.quantity).sum()
        };
        trial.touched += 1;
        trial.off += before.total - after.total;
        trial.gifts += given(&after) - given(&before);
        trial.biggest.push(Touched {
            id: sale.id,
            seq: sale.seq,
            at: sale.at,
            till: sale.till.clone(),
            member: sale.member.clone(),
            before: before.total,
            after: after.total,
        });
        let most = |touched: &Touched| std::cmp::Reverse(touched.before - touched.after);
        trial.biggest.sort_by_key(most);
        trial.biggest.truncate(BIGGEST);
    }
    trial
}
