//! `evidence`: everything a member can be shown of herself, for whoever has to decide between her and the shop: every
//! posting, what was bought and used, the terms she accepted, and settlements (RF5, LG7).

pub mod contracts;
pub mod page;
pub mod tables;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::grant::Terms as GrantTerms;
use super::ledger::DocumentLine;
use super::money::{Fen, grouped};
use super::receipt::Document;
use super::settlement::OwnTerms;
use crate::error::{Refusal, Result};

/// The account of claims, which are counted each in its own unit.
const UNITS: &str = "units";
/// What an entry says of a claim of an order.
const DEPOSIT: &str = "deposit";
/// What the shop received: minus is received.
const RECEIVED: [&str; 4] = ["cash", "wechat", "alipay", "bank_card"];

/// All that is known of one member's money. Kinds and accounts are names: it shows those that it has no words for, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    pub shop: String,
    pub member: Holder,
    /// In the order they happened to her.
    pub operations: Vec<Operation>,
    pub lots: Vec<Lot>,
    pub grants: Vec<Claim>,
    /// Contracts of staged prepayment she signed (SV5).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contracts: Vec<contracts::Shown>,
    pub consents: Vec<Consent>,
    /// Every version that is named, in full.
    pub terms: Vec<TermsText>,
}

/// Who she is and what she holds: fen and points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub id: i64,
    pub name: String,
    /// `138****1234`.
    pub phone: Option<String>,
    pub level: String,
    pub store: String,
    pub joined_on: NaiveDate,
    pub principal: Fen,
    pub bonus: Fen,
    pub points: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    pub id: Uuid,
    pub kind: String,
    /// The receipt number.
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub business_on: NaiveDate,
    pub store: String,
    pub till: String,
    pub staff: String,
    pub approver: Option<String>,
    /// The receipt number of the operation it is about.
    pub about: Option<i64>,
    pub lines: Vec<DocumentLine>,
    pub document: Document,
    pub postings: Vec<Posting>,
}

impl Operation {
    /// Who did it for her: whoever served, else whoever took the money.
    #[must_use]
    pub fn by(&self) -> &str {
        let mut served = self.lines.iter().filter_map(|line| line.served.as_ref());
        served.next().map_or(&self.staff, |it| &it.name)
    }
}

/// Fen, points or units; of what the shop received the sign is the ledger's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    pub account: String,
    /// The lot, or the claim, it moves.
    pub lot: Option<Uuid>,
    pub amount: i64,
}

/// What came in together, and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    pub id: Uuid,
    pub kind: String,
    pub seq: i64,
    pub opened_at: DateTime<Utc>,
    pub expires_on: Option<NaiveDate>,
    pub principal: Fen,
    pub bonus: Fen,
    pub points: i64,
}

/// A claim, and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub id: Uuid,
    pub operation_id: Uuid,
    pub opened_at: DateTime<Utc>,
    pub expires_on: Option<NaiveDate>,
    /// None is without limit.
    pub quantity: Option<i64>,
    pub value: Fen,
    pub terms: GrantTerms,
}

impl Claim {
    /// What of it was paid from stored value, principal and bonus apart (SV7).
    pub fn stored(&self, words: &dyn Fn(&str) -> String) -> Option<String> {
        let (principal, bonus) = (self.terms.principal, self.terms.bonus);
        (principal + bonus).is_positive().then(|| {
            let text = words("evidence.of_stored");
            let text = text.replace("{principal}", &principal.to_string());
            text.replace("{bonus}", &bonus.to_string())
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub purpose: String,
    /// Else it was withdrawn.
    pub given: bool,
    pub version: i32,
    pub channel: String,
    pub at: DateTime<Utc>,
}

/// The terms of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsText {
    pub version: i32,
    pub since: DateTime<Utc>,
    pub text: String,
    pub own: Option<OwnTerms>,
}

/// When it was made, who takes it and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub at: DateTime<Utc>,
    pub by: String,
    pub reason: String,
}

/// A line of the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    pub operation: &'a Operation,
    pub account: &'a str,
    /// The lot by its place and receipt number, or the claim by its name.
    pub lot: String,
    /// With her sign: what she paid with cash is plus.
    pub amount: i64,
    /// What she held of it afterwards; none of what she never holds.
    pub after: Option<i64>,
}

impl Entry<'_> {
    /// The key of the account's name.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self.account {
            "principal" => "evidence.principal",
            "bonus" => "evidence.bonus",
            "points" => "evidence.points",
            "cash" => "evidence.cash",
            "wechat" => "evidence.wechat",
            "alipay" => "evidence.alipay",
            "bank_card" => "evidence.bank_card",
            DEPOSIT => "evidence.deposit",
            _ => "evidence.units",
        }
    }

    /// An amount of this account, as it is written.
    #[must_use]
    pub fn write(&self, amount: i64) -> String {
        if matches!(self.account, "points" | UNITS) {
            grouped(amount)
        } else {
            Fen(amount).to_string()
        }
    }
}

impl Pack {
    /// Every posting in order, each with the balance after it.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry<'_>> {
        let mut held: BTreeMap<(&str, Option<Uuid>), i64> = BTreeMap::new();
        let mut entries = Vec::new();
        for operation in &self.operations {
            for posting in &operation.postings {
                let account = posting.account.as_str();
                // What was paid for an order is money, whatever it is counted in (SV6).
                let is_deposit =
                    account == UNITS && posting.lot.is_some_and(|id| self.is_deposit(id));
                let account = if is_deposit { DEPOSIT } else { account };
                let is_received = RECEIVED.contains(&account);
                // Each claim has a balance of its own.
                let of = posting.lot.filter(|_| matches!(account, UNITS | DEPOSIT));
                let balance = held.entry((account, of)).or_default();
                *balance += posting.amount;
                entries.push(Entry {
                    operation,
                    account,
                    lot: posting.lot.map_or_else(String::new, |lot| self.lot(lot)),
                    amount: if is_received {
                        -posting.amount
                    } else {
                        posting.amount
                    },
                    after: (!is_received).then_some(*balance),
                });
            }
        }
        entries
    }

    fn is_deposit(&self, id: Uuid) -> bool {
        let mut claims = self.grants.iter();
        claims.any(|claim| claim.id == id && claim.terms.order.is_some())
    }

    /// A lot by its place in the list and the receipt it came with, a claim by its name.
    fn lot(&self, id: Uuid) -> String {
        if let Some(claim) = self.grants.iter().find(|claim| claim.id == id) {
            return claim.terms.name.clone();
        }
        let mut lots = (1..).zip(&self.lots);
        let lot = lots.find(|(_, lot)| lot.id == id);
        lot.map_or_else(String::new, |(place, lot): (i32, _)| {
            format!("L{place} No.{:06}", lot.seq)
        })
    }

    /// What was used of a claim: the operation and the units, taken with minus.
    pub fn uses(&self, claim: &Claim) -> impl Iterator<Item = (&Operation, i64)> {
        let (id, from) = (claim.id, claim.operation_id);
        self.operations.iter().flat_map(move |operation| {
            let of = operation.postings.iter();
            let of = of.filter(move |it| it.account == UNITS && it.lot == Some(id));
            let used = of.filter(move |_| operation.id != from);
            used.map(move |it| (operation, it.amount))
        })
    }

    /// Who accepted what, when: her top-ups and settlements by the version they name.
    pub fn accepted(&self, version: i32) -> impl Iterator<Item = &Operation> {
        let all = self.operations.iter();
        all.filter(move |it| it.document.terms_version == Some(version))
    }

    /// Whether the postings add up to what she holds, lot by lot and claim by claim: nothing else may be shown to a judge.
    ///
    /// # Errors
    /// `evidence.differs` with the first account that does not.
    pub fn check(&self) -> Result<()> {
        let sum = |account: &str, lot: Option<Uuid>| -> i64 {
            let all = self.operations.iter().flat_map(|it| &it.postings);
            let of = all.filter(|it| it.account == account && (lot.is_none() || it.lot == lot));
            of.map(|it| it.amount).sum()
        };
        let differs = |account: &str| Refusal::user("evidence.differs").with("account", account);
        let her = &self.member;
        let held = [
            ("principal", her.principal.0),
            ("bonus", her.bonus.0),
            ("points", her.points),
        ];
        for (account, balance) in held {
            if sum(account, None) != balance {
                return Err(differs(account));
            }
        }
        for lot in &self.lots {
            let parts = [
                ("principal", lot.principal.0),
                ("bonus", lot.bonus.0),
                ("points", lot.points),
            ];
            for (account, left) in parts {
                if sum(account, Some(lot.id)) != left {
                    return Err(differs(account));
                }
            }
        }
        // One that came with somebody else's receipt has its first posting there.
        let known = |claim: &&Claim| self.operations.iter().any(|it| it.id == claim.operation_id);
        for claim in self.grants.iter().filter(known) {
            if claim
                .quantity
                .is_some_and(|left| sum(UNITS, Some(claim.id)) != left)
            {
                return Err(differs(UNITS));
            }
        }
        Ok(())
    }
}
