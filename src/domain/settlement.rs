//! `settlement` (退卡): what was paid beforehand goes back by law (RF1 - RF5, 法释〔2025〕4号).
//!
//! All of what she names is taken: her whole stored value, a package, or everything. What the law, and better terms of
//! the shop, give her for it is computed side by side with the arithmetic; the largest she is entitled to goes back.

mod history;
mod terms;
mod variant;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::grant::GrantMove;
use super::ledger::{Account, LotKind, OperationKind, Plan, Stamp};
use super::money::Fen;
use super::tender::{Tender, TenderKind};
use crate::error::{Refusal, Result};

pub use history::{Event, History, Period, Prepaid, Used};
pub use terms::{OwnTerms, OwnVersion, Terms};
pub use variant::{Line, Rule, Variant, What};

/// Why she wants it back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Paid within seven days, and she had not had the same before (RF1).
    WithinSevenDays,
    /// Not hers: moved, closed, another service, another owner (RF2).
    Shop,
    /// Her own (RF3).
    #[default]
    Consumer,
    /// A card by time that she could not use because of the shop (RF4).
    Unused,
}

impl Reason {
    pub const ALL: [Self; 4] = [
        Self::WithinSevenDays,
        Self::Shop,
        Self::Consumer,
        Self::Unused,
    ];

    /// The key of its words.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::WithinSevenDays => "settlement.because_seven_days",
            Self::Shop => "settlement.because_shop",
            Self::Consumer => "settlement.because_consumer",
            Self::Unused => "settlement.because_unused",
        }
    }
}

/// What is settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Stored value and all packages.
    #[default]
    All,
    StoredValue,
    /// The package of this line of a sale.
    Package {
        operation_id: Uuid,
        no: i16,
    },
}

impl Scope {
    fn covers(self, it: &Prepaid) -> bool {
        match self {
            Self::All => true,
            Self::StoredValue => it.no.is_none(),
            Self::Package { operation_id, no } => {
                it.operation_id == operation_id && it.no == Some(no)
            }
        }
    }

    const fn has_stored_value(self) -> bool {
        matches!(self, Self::All | Self::StoredValue)
    }
}

/// What goes back and why, with the evidence: what was paid and under which terms, every use with time, staff and store.
/// It stands in the document of the operation, as it was shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settlement {
    pub scope: Scope,
    pub reason: Reason,
    pub prepaid: Vec<Prepaid>,
    pub variants: Vec<Variant>,
    /// The place of the variant that applies.
    pub applies: usize,
    /// Fen.
    pub amount: Fen,
    /// The shop's terms in force, whose variant of the shop's own it was weighed against (RF5).
    pub terms_version: Option<i32>,
}

impl Settlement {
    /// Computes it as of `now`, on the shop's day `today`.
    #[must_use]
    pub fn of(
        history: &History,
        scope: Scope,
        reason: Reason,
        (now, today): (DateTime<Utc>, NaiveDate),
    ) -> Self {
        let mut prepaid = history.prepaid(today);
        prepaid.retain(|it| scope.covers(it));
        let recent = |it: &Prepaid| it.is_recent(now);
        let variants = variant::variants(&prepaid, reason, &history.terms, &recent);
        let applies = variant::applies(&variants);
        let amount = variants.get(applies).map_or(Fen::ZERO, |it| it.amount);
        Self {
            scope,
            reason,
            prepaid,
            variants,
            applies,
            amount,
            terms_version: Some(history.terms.version),
        }
    }

    /// The variant that applies.
    #[must_use]
    pub fn applied(&self) -> Option<&Variant> {
        self.variants.get(self.applies)
    }

    /// The variants worth showing, each with whether it applies: the one of periods only where there is one.
    pub fn shown(&self) -> impl Iterator<Item = (&Variant, bool)> {
        let has_period = self.prepaid.iter().any(|it| it.period.is_some());
        let all = self.variants.iter().enumerate();
        all.filter(move |(_, it)| has_period || it.rule != Rule::Period)
            .map(|(place, it)| (it, place == self.applies))
    }

    /// How most of it was paid: the way that is offered first.
    #[must_use]
    pub fn paid_by(&self) -> TenderKind {
        let sum = |kind: TenderKind| -> Fen {
            let tenders = self.prepaid.iter().flat_map(|it| &it.tenders);
            let of_kind = tenders.filter(|it| it.kind == kind);
            of_kind.map(|it| it.amount).sum()
        };
        let ways = WAYS.into_iter().rev().max_by_key(|kind| sum(*kind));
        ways.unwrap_or(TenderKind::Cash)
    }
}

/// The ways the money can go back.
pub const WAYS: [TenderKind; 4] = [
    TenderKind::Cash,
    TenderKind::Wechat,
    TenderKind::Alipay,
    TenderKind::BankCard,
];

/// A settlement as the customer agreed to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementRequest {
    pub stamp: Stamp,
    pub member_id: i64,
    pub scope: Scope,
    pub reason: Reason,
    pub way: TenderKind,
    /// What was shown, fen: one that became something else meanwhile is refused.
    pub amount: Fen,
}

/// Plans a settlement: everything of the lots and claims it covers is taken, the money goes out one way. Bonus lapses as
/// it does on its last day (`bonus_expired`): nobody paid for it. What of principal and of unearned packages does not go
/// back stays with the shop (`breakage`); where the law gives more than is left, that account pays it.
///
/// # Errors
/// `settlement.nothing` when there is nothing to settle, `settlement.worthless` when nothing would go back,
/// `settlement.changed` when it is not what was shown, `approval.needed` without somebody else's approval (OP3).
pub fn plan(request: &SettlementRequest, history: &History) -> Result<Plan> {
    let member = &history.member;
    let moment = (request.stamp.at, request.stamp.business_on);
    let settlement = Settlement::of(history, request.scope, request.reason, moment);
    if settlement.prepaid.is_empty() {
        return Err(Refusal::user("settlement.nothing"));
    }
    if settlement.amount != request.amount {
        return Err(Refusal::conflict("settlement.changed"));
    }
    let way = request
        .way
        .account()
        .filter(|_| request.amount.is_positive());
    let way = way.ok_or_else(|| Refusal::user("settlement.worthless"))?;
    if request.stamp.approver_id.is_none() {
        return Err(Refusal::user("approval.needed"));
    }
    let mut plan = Plan::new(OperationKind::Settlement);
    plan.member = Some((member.id, member.version));
    if request.scope.has_stored_value() {
        let lots = member.lots.iter();
        for lot in lots.filter(|lot| lot.kind == LotKind::StoredValue) {
            plan.post_fen(Account::Principal, Some(lot.id), -lot.principal);
            plan.post_fen(Account::Bonus, Some(lot.id), -lot.bonus);
        }
    }
    let grants = settlement.prepaid.iter().flat_map(|it| &it.grants);
    plan.extras.moves = grants
        .filter(|grant| grant.is_open())
        .map(|grant| GrantMove {
            grant_id: grant.id,
            quantity: -grant.quantity.unwrap_or(0),
            value: -grant.value,
            until: None,
        })
        .collect();
    let unearned: Fen = plan.extras.moves.iter().map(|it| it.value).sum();
    let (principal, bonus) = (plan.total(Account::Principal), plan.total(Account::Bonus));
    plan.post_fen(Account::Unearned, None, unearned);
    plan.post(Account::BonusExpired, None, -bonus);
    plan.post_fen(way, None, request.amount);
    let kept = -(Fen(principal) + unearned) - request.amount;
    plan.post_fen(Account::Breakage, None, kept);
    plan.document = serde_json::json!({
        "amount": request.amount,
        "bonus": -bonus,
        "tenders": [Tender::exact(request.way, request.amount)],
        "settlement": settlement,
    });
    Ok(plan)
}

#[cfg(test)]
mod tests;
