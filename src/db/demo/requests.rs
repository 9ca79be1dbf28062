//! What a cashier confirms, from what the customer wants: the same for a year lived through and in bulk.

use chrono::{NaiveDate, TimeDelta};

use super::basket;
use super::dice::Dice;
use super::person::Person;
use crate::domain::ledger::Stamp;
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::price::Quote;
use crate::domain::product::ProductKind;
use crate::domain::refund::{RefundRequest, SaleRecord};
use crate::domain::sale::SaleRequest;
use crate::domain::shop::Shop;
use crate::domain::staff::Role;
use crate::domain::stored_value::available;
use crate::domain::tender::{Tender, TenderKind};
use crate::domain::top_up::{TopUpRequest, card_max, reached};

/// What she loads before paying `total`, if she does.
pub fn purse(
    dice: &mut Dice,
    person: &Person,
    member: &Member,
    total: Fen,
    day: NaiveDate,
) -> Option<Fen> {
    let purse = person.purse?;
    let loads = available(&member.lots, day) < total
        && member.principal + purse <= card_max(member.is_registered())
        && dice.chance(85);
    loads.then_some(purse)
}

/// A top-up with the rule the amount reaches (SV4).
pub fn top_up(
    stamp: Stamp,
    shop: &Shop,
    member: &Member,
    store_id: i32,
    amount: Fen,
    pays: TenderKind,
) -> TopUpRequest {
    let rule = reached(&shop.rules, amount, member.level.id, store_id, stamp.at);
    TopUpRequest {
        member_id: member.id,
        store_id,
        amount,
        rule: rule.map(|rule| (rule.id, rule.version)),
        contract: None,
        tenders: vec![Tender::exact(pays, amount)],
        stamp,
    }
}

/// A sale, paid by stored value as far as it goes.
pub fn sale(
    dice: &mut Dice,
    stamp: Stamp,
    shop: &Shop,
    quote: Quote,
    member: Option<&Member>,
    pays: TenderKind,
) -> SaleRequest {
    let stored = member.map_or(Fen::ZERO, |m| available(&m.lots, stamp.business_on));
    let (tenders, rounding) = basket::pay(dice, quote.total, stored, pays, shop.rounding);
    SaleRequest {
        basket: None,
        coupons: Vec::new(),
        bearers: Vec::new(),
        member_id: member.map(|m| m.id),
        lines: quote.lines,
        rounding,
        points: 0,
        tenders,
        stamp,
    }
}

/// When goods of a sale come back, if they do: days later.
pub fn comes_back(dice: &mut Dice, sale: &SaleRequest) -> Option<u64> {
    let has_goods = sale.lines.iter().any(|l| l.kind == ProductKind::Piece);
    (has_goods && dice.chance(9)).then(|| u64::try_from(dice.between(0, 6)).unwrap_or(0) + 1)
}

/// The return of a sale's goods, one of each; above the cashier's limit `approver` approves (OP3).
pub fn refund(
    mut stamp: Stamp,
    shop: &Shop,
    record: &SaleRecord,
    approver: i32,
    member_id: Option<i64>,
) -> RefundRequest {
    let goods = record
        .lines
        .iter()
        .filter(|l| l.line.kind == ProductKind::Piece);
    let lines: Vec<(i16, i64)> = goods.map(|l| (l.no, 1)).collect();
    let amount = record.worth(&lines, shop.rounding);
    let needs_approval = shop.limit(Role::Cashier).is_none_or(|l| {
        amount > l.refund_max || stamp.at > record.at + TimeDelta::days(l.refund_days.into())
    });
    if needs_approval {
        stamp.approver_id = Some(approver);
    }
    RefundRequest {
        sale_id: record.id,
        member_id,
        lines,
        amount,
        stamp,
    }
}
