//! `deposit` (订金, 定制预付款): paid beforehand for one order (SV6).
//!
//! It is a claim counted in fen, whose terms name the order: what, at which price, for which day. The sale of exactly that
//! order takes all of it at the agreed price; it pays for nothing else. Called off, it goes back by law (RF1 - RF5), or
//! what may be kept of it is kept. It is paid with money: stored value would pay the order itself.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::grant::{Grant, GrantKind, GrantMove, NewGrant, Terms, Unit};
use super::ledger::{Account, OperationKind, Plan, Stamp};
use super::member::Member;
use super::money::Fen;
use super::price::CartLine;
use super::sale::SaleRequest;
use super::shop::Shop;
use super::tender::{Tender, TenderKind};
use crate::error::{Refusal, Result};

/// Characters that say what is ordered, and why it is called off.
pub const NAME_LENGTH: usize = 60;
pub const REASON_LENGTH: usize = 60;

/// Of earnest money as much of the price may be kept, in percent (民法典 586).
pub const EARNEST_PERCENT: i64 = 20;

/// The ways it is paid, and goes back: money.
pub const WAYS: [TenderKind; 4] = [
    TenderKind::Cash,
    TenderKind::Wechat,
    TenderKind::Alipay,
    TenderKind::BankCard,
];

/// What the terms of a deposit say of its order besides its name and price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub due_on: NaiveDate,
    /// Taken as 定金: when she calls the order off, a part may be kept. Else it is a prepayment (订金), all of which is hers.
    pub earnest: bool,
}

/// On a line: the order it fulfils, and what was paid for it beforehand, fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    pub claim_id: Uuid,
    pub deposit: Fen,
}

impl Ordered {
    /// So many fen to its claim, or with minus from it.
    #[must_use]
    pub const fn move_of(&self, fen: Fen) -> GrantMove {
        GrantMove {
            grant_id: self.claim_id,
            quantity: fen.0,
            value: fen,
            until: None,
        }
    }
}

/// What of a deposit may be kept when she calls the order off, fen: of 定金 a fifth of the price, the part above it and 订金
/// are hers whoever calls it off (民法典 586).
#[must_use]
pub fn kept_most(terms: &Terms) -> Fen {
    let earnest = terms.order.is_some_and(|order| order.earnest);
    let most = terms.price.ratio(EARNEST_PERCENT, 100).min(terms.value);
    if earnest { most } else { Fen::ZERO }
}

/// Her orders that are paid for in part or whole and not yet fetched, the first due first.
#[must_use]
pub fn open(member: &Member) -> Vec<&Grant> {
    let grants = member.grants.iter();
    let mut open: Vec<&Grant> = grants
        .filter(|grant| grant.kind == GrantKind::Deposit && grant.is_open())
        .collect();
    open.sort_by_key(|grant| {
        let due = grant.terms.order.map(|order| order.due_on);
        (due, grant.opened_at, grant.id)
    });
    open
}

/// What is still to be paid for an order, fen.
#[must_use]
pub fn still_due(grant: &Grant) -> Fen {
    grant.terms.price - grant.value
}

/// An order becomes a line of the cart.
#[must_use]
pub fn line(grant: &Grant) -> CartLine {
    let ordered = Ordered {
        claim_id: grant.id,
        deposit: grant.value,
    };
    CartLine {
        ordered: Some(ordered),
        ..CartLine::quick(grant.terms.name.clone(), grant.terms.price)
    }
}

/// A deposit as the cashier took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositRequest {
    pub stamp: Stamp,
    pub member_id: i64,
    /// What is ordered.
    pub name: String,
    /// The agreed price, fen.
    pub price: Fen,
    pub order: Order,
    pub tenders: Vec<Tender>,
}

impl DepositRequest {
    /// What is paid now, fen.
    #[must_use]
    pub fn amount(&self) -> Fen {
        self.tenders.iter().map(|tender| tender.amount).sum()
    }
}

/// A deposit as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositRecord {
    pub id: Uuid,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub shift_id: Option<Uuid>,
    pub member_id: i64,
    pub claim_id: Uuid,
    pub terms: Terms,
    /// What is left of it, fen: all or nothing.
    pub left: Fen,
    pub tenders: Vec<Tender>,
    pub reversed: bool,
}

impl DepositRecord {
    fn take(&self) -> GrantMove {
        Ordered {
            claim_id: self.claim_id,
            deposit: self.left,
        }
        .move_of(-self.left)
    }

    /// # Errors
    /// `deposit.used` when nothing of it is left.
    fn check(&self) -> Result<()> {
        if self.reversed || !self.left.is_positive() {
            return Err(Refusal::user("deposit.used").with("name", &self.terms.name));
        }
        Ok(())
    }
}

/// A deposit that should not have been taken, whole and back the way it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoDeposit {
    pub stamp: Stamp,
    pub deposit_id: Uuid,
    pub member_id: i64,
}

/// An order that the customer calls off: what of the deposit is kept, why, and how the rest goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForfeitRequest {
    pub stamp: Stamp,
    pub deposit_id: Uuid,
    pub member_id: i64,
    /// Fen.
    pub kept: Fen,
    pub way: TenderKind,
    pub reason: String,
}

/// Plans taking a deposit: the money against what the shop owes for it (unearned), no points, no spend, no visit: those
/// come with the order itself (PT1).
///
/// # Errors
/// `deposit.malformed` for a request no till makes, `deposit.too_much` above the price, `gift_card.no_member` for a card
/// that is nobody's.
pub fn plan(request: &DepositRequest, shop: &Shop, member: &Member) -> Result<Plan> {
    if member.is_bearer {
        return Err(Refusal::user("gift_card.no_member"));
    }
    let name = request.name.trim();
    let fits = |tender: &Tender| {
        tender.amount.is_positive()
            && WAYS.contains(&tender.kind)
            && tender.given >= tender.amount
            && (tender.kind == TenderKind::Cash || tender.given == tender.amount)
    };
    let amount = request.amount();
    if name.is_empty()
        || name.chars().count() > NAME_LENGTH
        || !amount.is_positive()
        || !request.tenders.iter().all(fits)
    {
        return Err(Refusal::user("deposit.malformed"));
    }
    if amount > request.price {
        return Err(Refusal::user("deposit.too_much").with("price", request.price));
    }
    let mut plan = Plan::new(OperationKind::Deposit);
    plan.member = Some((member.id, member.version));
    for tender in &request.tenders {
        if let Some(account) = tender.kind.account() {
            plan.post_fen(account, None, -tender.amount);
        }
    }
    plan.post_fen(Account::Unearned, None, amount);
    let terms = Terms {
        name: name.to_owned(),
        unit: Unit::Fen,
        quantity: Some(amount.0),
        value: amount,
        price: request.price,
        order: Some(request.order),
        ..Terms::default()
    };
    plan.document = serde_json::json!({
        "amount": amount,
        "tenders": request.tenders,
        "deposit": { "name": name, "price": request.price, "due_on": request.order.due_on, "earnest": request.order.earnest, "kept_most": kept_most(&terms) },
        "terms_version": shop.terms_version,
    });
    plan.extras.grants.push(NewGrant {
        id: Uuid::new_v5(&request.stamp.id, b"deposit"),
        kind: GrantKind::Deposit,
        no: 1,
        product_id: None,
        rule_id: None,
        quantity: Some(amount.0),
        value: amount,
        expires_on: None,
        terms,
        bearer: false,
    });
    Ok(plan)
}

/// Plans what a sale takes of the deposits of the orders it fulfils: each line that is one takes all of its own, and the
/// tender of that kind is their sum.
///
/// # Errors
/// `deposit.used` when an order of hers is not open any more, `deposit.not_hers` without her, `sale.malformed` when the
/// line or the tender is not what was agreed on.
pub(super) fn release(
    plan: &mut Plan,
    request: &SaleRequest,
    member: Option<&Member>,
) -> Result<()> {
    let paid = request.paid_by(TenderKind::Deposit);
    let mut taken: Vec<GrantMove> = Vec::new();
    for line in &request.lines {
        let Some(ordered) = line.ordered else {
            continue;
        };
        let member = member.ok_or_else(|| Refusal::user("deposit.not_hers"))?;
        let mut claims = open(member).into_iter();
        let Some(claim) = claims.find(|claim| claim.id == ordered.claim_id) else {
            return Err(Refusal::user("deposit.used").with("name", &line.name));
        };
        let agreed = claim.terms.price;
        let is_it = line.quantity == 1
            && (line.list, line.net) == (agreed, agreed)
            && line.name == claim.terms.name
            && ordered.deposit == claim.value
            && line.package.is_none()
            && !taken.iter().any(|it| it.grant_id == claim.id);
        if !is_it {
            return Err(Refusal::user("sale.malformed"));
        }
        taken.push(ordered.move_of(-claim.value));
    }
    let sum: Fen = taken.iter().map(|it| it.value).sum();
    if -sum != paid {
        return Err(Refusal::user("sale.malformed"));
    }
    // Beside what packages bring, not netted with it (LG5).
    plan.post_fen(Account::Unearned, None, sum);
    plan.extras.moves.extend(taken);
    Ok(())
}

/// Plans taking back a deposit that was a mistake: as long as it is whole, the way it came.
///
/// # Errors
/// `deposit.used` when it was used, or taken back, already.
pub fn plan_reversal(
    request: &UndoDeposit,
    record: &DepositRecord,
    member: &Member,
) -> Result<Plan> {
    record.check()?;
    debug_assert_eq!(request.deposit_id, record.id);
    let mut plan = Plan::new(OperationKind::DepositReversal);
    plan.member = Some((member.id, member.version));
    plan.about = Some(record.id);
    for tender in &record.tenders {
        if let Some(account) = tender.kind.account() {
            plan.post_fen(account, None, tender.amount);
        }
    }
    plan.post_fen(Account::Unearned, None, -record.left);
    plan.extras.moves.push(record.take());
    let back = record
        .tenders
        .iter()
        .map(|tender| Tender::exact(tender.kind, tender.amount));
    let back: Vec<Tender> = back.collect();
    plan.document = serde_json::json!({
        "amount": record.left, "tenders": back, "sale_seq": record.seq, "deposit": said(record),
    });
    Ok(plan)
}

/// Plans forfeiting: what is kept stays with the shop as what was paid beforehand and neither used nor given back
/// (breakage: nothing was delivered, so it is no revenue); the rest goes back in the same operation.
///
/// # Errors
/// `deposit.used`; `deposit.over_kept` above what may be kept, with `most`; `deposit.reason_missing`; `approval.needed`
/// without somebody else's approval (OP3).
pub fn plan_forfeit(
    request: &ForfeitRequest,
    record: &DepositRecord,
    member: &Member,
) -> Result<Plan> {
    record.check()?;
    let most = kept_most(&record.terms).min(record.left);
    if !request.kept.is_positive() || request.kept > most {
        return Err(Refusal::user("deposit.over_kept").with("most", most));
    }
    if request.reason.trim().is_empty() || request.reason.chars().count() > REASON_LENGTH {
        return Err(Refusal::user("deposit.reason_missing"));
    }
    let back = record.left - request.kept;
    let way = request.way.account();
    let way = way.ok_or_else(|| Refusal::user("deposit.malformed"))?;
    if request.stamp.approver_id.is_none() {
        return Err(Refusal::user("approval.needed"));
    }
    let mut plan = Plan::new(OperationKind::Forfeit);
    plan.member = Some((member.id, member.version));
    plan.about = Some(record.id);
    plan.extras.moves.push(record.take());
    plan.post_fen(Account::Unearned, None, -record.left);
    plan.post_fen(way, None, back);
    plan.post_fen(Account::Breakage, None, request.kept);
    let ways: Vec<Tender> = Some(Tender::exact(request.way, back))
        .filter(|it| it.amount.is_positive())
        .into_iter()
        .collect();
    plan.document = serde_json::json!({
        "amount": back, "kept": request.kept, "reason": request.reason.trim(), "tenders": ways,
        "sale_seq": record.seq, "deposit": said(record),
    });
    Ok(plan)
}

/// What a document says of the order.
fn said(record: &DepositRecord) -> serde_json::Value {
    let terms = &record.terms;
    serde_json::json!({
        "name": terms.name, "price": terms.price, "due_on": terms.order.map(|it| it.due_on),
        "earnest": terms.order.is_some_and(|it| it.earnest), "kept_most": kept_most(terms),
    })
}

#[cfg(test)]
mod tests;
