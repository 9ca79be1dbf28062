//! What was loaded, what is given on top and when, and the terms it was loaded under (SV2, SV4,
//! SV11, 法释〔2025〕4号).

use chrono::NaiveDate;

use super::Paper;
use crate::domain::money::Fen;
use crate::domain::receipt::{Document, Receipt};
use crate::domain::shop::Shop;
use crate::domain::stored_value::SpendOrder;

pub(super) fn body(paper: &mut Paper, receipt: &Receipt) {
    let document = &receipt.document;
    if let Some(rule) = &document.rule {
        let label = paper.word("slip.rule");
        paper.item(&label, rule);
    }
    paper.loud("slip.principal", document.amount);
    if document.bonus.is_positive() {
        paper.money("slip.bonus_now", document.bonus);
        valid_until(paper, document.expires_on);
    }
    promised(paper, document);
    if document.points > 0 {
        paper.count("slip.points_got", document.points);
    }
    paper.rule();
    super::tenders(paper, receipt);
}

/// The last day of the bonus above.
fn valid_until(paper: &mut Paper, day: Option<NaiveDate>) {
    if let Some(day) = day {
        paper.say("slip.valid_until", &[("day", day.to_string())]);
    }
}

fn promised(paper: &mut Paper, document: &Document) {
    let instalments = &document.instalments;
    if instalments.is_empty() {
        return;
    }
    let all: Fen = instalments.iter().map(|part| part.bonus).sum();
    paper.money("slip.bonus_later", all);
    valid_until(paper, document.expires_on);
    for part in instalments {
        let day = part.due_on.format("%Y-%m-%d");
        paper.between(&format!("  {day}"), &part.bonus.to_string());
    }
}

/// A top-up taken back: money and benefits.
pub(super) fn reversed(paper: &mut Paper, receipt: &Receipt) {
    let document = &receipt.document;
    paper.loud("slip.went_back", document.amount);
    super::tenders(paper, receipt);
    if document.bonus.is_positive() {
        paper.money("slip.bonus_taken", -document.bonus);
    }
    if document.points > 0 {
        paper.count("slip.points_taken", -document.points);
    }
}

/// The terms of the version it was loaded under, how it is spent, the right to a refund, and how it
/// is invoiced.
pub(super) fn terms(paper: &mut Paper, receipt: &Receipt, shop: Option<&Shop>) {
    paper.rule();
    let document = &receipt.document;
    let in_force = shop.filter(|shop| Some(shop.terms_version) == document.terms_version);
    if let Some(version) = document.terms_version {
        paper.say("slip.terms", &[("version", version.to_string())]);
    }
    if let Some(shop) = in_force {
        paper.prose(&shop.terms);
    }
    if let Some(order) = document.spend_order {
        paper.say(spend_order(order), &[]);
    }
    paper.say("slip.refund_rights", &[]);
    paper.say("slip.invoice", &[]);
}

const fn spend_order(order: SpendOrder) -> &'static str {
    match order {
        SpendOrder::ProRata => "slip.pro_rata",
        SpendOrder::PrincipalFirst => "slip.principal_first",
        SpendOrder::BonusFirst => "slip.bonus_first",
    }
}
