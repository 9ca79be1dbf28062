//! The ways to compute what goes back, each with its arithmetic (RF1 - RF5).

use serde::{Deserialize, Serialize};

use super::Reason;
use super::history::Prepaid;
use super::terms::{OwnTerms, Terms};
use crate::domain::money::Fen;

/// How an amount is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// RF1: within seven days of payment.
    WithinSevenDays,
    /// RF2: what was used counts at the price she paid.
    PricePaid,
    /// RF3: what was used counts at list price.
    ListPrice,
    /// RF4: what is left of the period.
    Period,
    /// RF5: the shop's own terms that are in force.
    Own,
    /// RF5: the shop's own terms as they were when she paid.
    Accepted,
}

impl Rule {
    /// The number in the rules of the shop, as people who look it up name it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::WithinSevenDays => "settlement.within_seven_days",
            Self::PricePaid => "settlement.price_paid",
            Self::ListPrice => "settlement.list_price",
            Self::Period => "settlement.period",
            Self::Own => "settlement.own",
            Self::Accepted => "settlement.accepted",
        }
    }
}

/// A line of the arithmetic. All lines of a variant add up to its amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub what: What,
    /// Fen, with its sign.
    pub fen: Fen,
}

/// What a line says; figures in fen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Paid beforehand: what, and its receipt number.
    Paid { name: String, seq: i64, on: String },
    /// `used * paid / all`, taken off.
    Used { used: Fen, paid: Fen, all: Fen },
    /// Used, at list price, taken off.
    AtList { used: Fen },
    /// Days of a period that are over, taken off.
    Days { over: i64, total: i64, of: Fen },
    /// She owes nothing beyond what she paid: put back.
    NoMore,
    /// A fee of the shop's own terms in basis points, taken off.
    Fee { rate: i64 },
    /// Bonus the shop pays out by its own terms.
    Bonus,
}

impl What {
    /// The key of its words.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Paid { name, .. } if name.is_empty() => "settlement.line_top_up",
            Self::Paid { .. } => "settlement.line_package",
            Self::Used { .. } => "settlement.line_used",
            Self::AtList { .. } => "settlement.line_at_list",
            Self::Days { .. } => "settlement.line_days",
            Self::NoMore => "settlement.line_no_more",
            Self::Fee { .. } => "settlement.line_fee",
            Self::Bonus => "settlement.line_bonus",
        }
    }

    /// What fills their places.
    #[must_use]
    pub fn places(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Paid { name, seq, on } => vec![
                ("name", name.clone()),
                ("seq", format!("{seq:06}")),
                ("on", on.clone()),
            ],
            Self::Used { used, paid, all } => vec![
                ("used", used.to_string()),
                ("paid", paid.to_string()),
                ("all", all.to_string()),
            ],
            Self::AtList { used } => vec![("used", used.to_string())],
            Self::Days { over, total, of } => vec![
                ("over", over.to_string()),
                ("total", total.to_string()),
                ("of", of.to_string()),
            ],
            Self::Fee { rate } => vec![("rate", format!("{}.{:02}", rate / 100, rate % 100))],
            Self::NoMore | Self::Bonus => Vec::new(),
        }
    }
}

/// One way to compute it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    pub rule: Rule,
    pub lines: Vec<Line>,
    /// Fen.
    pub amount: Fen,
    /// Whether the reason, and the day, entitle her to it.
    pub is_entitled: bool,
}

impl Variant {
    fn of(rule: Rule, is_entitled: bool, lines: Vec<Line>) -> Self {
        Self {
            rule,
            amount: lines.iter().map(|line| line.fen).sum(),
            lines,
            is_entitled,
        }
    }
}

/// All variants side by side, in the order of the rules. `recent` says of a payment whether it is within seven days.
#[must_use]
pub fn variants(
    all: &[Prepaid],
    reason: Reason,
    terms: &Terms,
    recent: &dyn Fn(&Prepaid) -> bool,
) -> Vec<Variant> {
    let (new, old): (Vec<&Prepaid>, Vec<&Prepaid>) = all.iter().partition(|it| recent(it));
    let every: Vec<&Prepaid> = all.iter().collect();
    let mut seven = price_paid(&new);
    seven.extend(list_price(&old));
    let mut period = Vec::new();
    for it in all {
        period.extend(by_period(it));
    }
    let has_period = all.iter().any(|it| it.period.is_some());
    let shops = matches!(reason, Reason::Shop | Reason::Unused);
    let in_time = reason == Reason::WithinSevenDays && !new.is_empty();
    let mut variants = vec![
        Variant::of(Rule::WithinSevenDays, in_time, seven),
        Variant::of(Rule::PricePaid, shops, price_paid(&every)),
        Variant::of(Rule::ListPrice, true, list_price(&every)),
        Variant::of(Rule::Period, reason == Reason::Unused && has_period, period),
    ];
    if let Some(own) = terms.in_force() {
        variants.push(Variant::of(Rule::Own, true, by_own(&every, own)));
    }
    // As they were when she paid: a later change does not take from her what she was promised.
    let accepted = |it: &&Prepaid| terms.of(it.terms_version);
    let promised = every.iter().filter_map(accepted);
    if promised.map(Some).any(|own| own != terms.in_force()) {
        variants.push(Variant::of(
            Rule::Accepted,
            true,
            by_accepted(&every, terms),
        ));
    }
    variants
}

/// The one that applies: the largest she is entitled to, of equal ones the first (RF5).
#[must_use]
pub fn applies(variants: &[Variant]) -> usize {
    let entitled = variants.iter().enumerate().filter(|(_, it)| it.is_entitled);
    let best = entitled.rev().max_by_key(|(_, it)| it.amount);
    best.map_or(0, |(place, _)| place)
}

fn paid(it: &Prepaid) -> Line {
    Line {
        what: What::Paid {
            name: it.name.clone(),
            seq: it.seq,
            on: crate::domain::calendar::local(it.at)
                .date_naive()
                .to_string(),
        },
        fen: it.paid,
    }
}

/// `used * P / (P + B)` of one payment, floored in her favour.
fn used(it: &Prepaid, used: Fen) -> Option<Line> {
    let all = it.paid + it.bonus;
    let fen = used.ratio(it.paid.0, all.0).min(it.paid);
    used.is_positive().then_some(Line {
        what: What::Used {
            used,
            paid: it.paid,
            all,
        },
        fen: -fen,
    })
}

/// RF2, payment by payment.
fn price_paid(all: &[&Prepaid]) -> Vec<Line> {
    let each = all
        .iter()
        .flat_map(|it| std::iter::once(paid(it)).chain(used(it, it.used)));
    each.collect()
}

/// RF3: all top-ups are one account, each package is its own; none of them below zero.
fn list_price(all: &[&Prepaid]) -> Vec<Line> {
    let (packages, top_ups): (Vec<&Prepaid>, Vec<&Prepaid>) =
        all.iter().partition(|it| it.no.is_some());
    let mut lines = at_list(&top_ups);
    for package in packages {
        lines.extend(at_list(&[package]));
    }
    lines
}

fn at_list(all: &[&Prepaid]) -> Vec<Line> {
    let mut lines = Vec::new();
    for it in all {
        lines.push(paid(it));
        if it.used_list.is_positive() {
            lines.push(Line {
                what: What::AtList { used: it.used_list },
                fen: -it.used_list,
            });
        }
    }
    let sum: Fen = lines.iter().map(|line| line.fen).sum();
    if sum < Fen::ZERO {
        lines.push(Line {
            what: What::NoMore,
            fen: -sum,
        });
    }
    lines
}

/// RF4 for what is a card by time, RF2 for the rest.
fn by_period(it: &Prepaid) -> Vec<Line> {
    let Some(period) = it.period else {
        return price_paid(&[it]);
    };
    let over = period.total - period.left;
    let mut lines = vec![paid(it)];
    lines.extend(used(it, (it.used - period.used).max_zero()));
    lines.push(Line {
        what: What::Days {
            over,
            total: period.total,
            of: period.paid,
        },
        fen: -period.paid.ratio(over, period.total),
    });
    let sum: Fen = lines.iter().map(|line| line.fen).sum();
    if sum < Fen::ZERO {
        lines.push(Line {
            what: What::NoMore,
            fen: -sum,
        });
    }
    lines
}

/// RF5: as RF2, less the fee, with the bonus that is left where the shop pays that too; never more than was paid.
fn by_own(all: &[&Prepaid], own: OwnTerms) -> Vec<Line> {
    let mut lines = price_paid(all);
    let sum: Fen = lines.iter().map(|line| line.fen).sum();
    if own.pays_bonus {
        let left = |it: &&Prepaid| {
            let given = it.used - it.used_of_paid();
            (it.bonus - given).max_zero()
        };
        let prepaid: Fen = all.iter().map(|it| it.paid).sum();
        let bonus: Fen = all.iter().map(left).sum();
        let fen = bonus.min(prepaid - sum);
        if fen.is_positive() {
            lines.push(Line {
                what: What::Bonus,
                fen,
            });
        }
    }
    let sum: Fen = lines.iter().map(|line| line.fen).sum();
    let fee = sum.ratio(own.fee.clamp(0, 10_000), 10_000);
    if fee.is_positive() {
        lines.push(Line {
            what: What::Fee { rate: own.fee },
            fen: -fee,
        });
    }
    lines
}

/// RF5: each payment under the terms it was made under; those without terms of the shop's own, as RF3.
fn by_accepted(all: &[&Prepaid], terms: &Terms) -> Vec<Line> {
    let mut kinds: Vec<Option<OwnTerms>> = Vec::new();
    for it in all {
        let own = terms.of(it.terms_version);
        if !kinds.contains(&own) {
            kinds.push(own);
        }
    }
    let each = kinds.into_iter().flat_map(|own| {
        let some = all.iter().copied();
        let some: Vec<&Prepaid> = some
            .filter(|it| terms.of(it.terms_version) == own)
            .collect();
        own.map_or_else(|| list_price(&some), |own| by_own(&some, own))
    });
    each.collect()
}
