//! Contracts of staged prepayment, as she can be shown them (SV5).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::Pack;
use crate::domain::contract::{Contract, Paid};
use crate::domain::money::Fen;

/// A contract with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    #[serde(flatten)]
    pub contract: Contract,
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it was ended before its last stage, and who did that.
    pub reason: Option<String>,
    pub ended_by: Option<String>,
}

/// A stage of one: its number among all, fen, its day, and the receipt that paid it.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub shown: &'a Shown,
    pub no: usize,
    pub amount: Fen,
    pub day: Option<NaiveDate>,
    pub paid: Option<&'a Paid>,
}

/// Every stage of every contract.
pub(super) fn rows(pack: &Pack) -> Vec<Row<'_>> {
    let stages = pack.contracts.iter().flat_map(|shown| {
        let contract = &shown.contract;
        let stages = (1..).zip(&contract.stages);
        stages.map(move |(no, stage)| Row {
            shown,
            no,
            amount: stage.amount,
            day: contract.day(no),
            paid: contract.paid.get(no - 1),
        })
    });
    stages.collect()
}
