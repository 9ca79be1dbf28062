//! What was sold, what was taken off, and how it was paid.

use super::Paper;
use crate::domain::ledger::{DocumentLine, Reason};
use crate::domain::money::Fen;
use crate::domain::product::ProductKind;
use crate::domain::receipt::Receipt;

pub(super) fn body(paper: &mut Paper, receipt: &Receipt) {
    for line in &receipt.lines {
        item(paper, line);
    }
    paper.rule();
    let list: Fen = receipt.lines.iter().map(|line| line.list).sum();
    let net = receipt.net();
    let rounding = receipt.document.rounding;
    if list != net || rounding.is_positive() {
        paper.money("slip.list", list);
    }
    if list != net {
        paper.money("slip.off", net - list);
    }
    if rounding.is_positive() {
        paper.money("slip.rounding", -rounding);
    }
    paper.loud("slip.total", net - rounding);
    super::tenders(paper, receipt);
    if receipt.document.points > 0 {
        paper.count("slip.points_got", receipt.document.points);
    }
}

/// A line at list price, and below it what was taken off and why (LG7).
pub(super) fn item(paper: &mut Paper, line: &DocumentLine) {
    let right = format!("{}  {}", quantity(line), line.list);
    paper.item(&line.name, &right);
    for reduction in &line.reductions {
        let why = paper.word(reason(reduction.reason));
        paper.between(&format!("  {why}"), &(-reduction.fen).to_string());
    }
}

/// `2 x 68.00`, and for goods by weight `0.525kg x 12.99`.
pub(super) fn quantity(line: &DocumentLine) -> String {
    match line.kind {
        ProductKind::Piece | ProductKind::Service => format!("{} x {}", line.quantity, line.price),
        ProductKind::Weight => {
            let (kilos, grams) = (line.quantity / 1_000, line.quantity % 1_000);
            format!("{kilos}.{grams:03}kg x {}", line.price)
        }
    }
}

const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Override => "slip.price_set",
        Reason::MemberPrice => "slip.member_price",
        Reason::Level => "slip.level_discount",
    }
}
