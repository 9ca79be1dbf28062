//! The sheet of a shift (OP1).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::expiry::Expired;
use super::ledger::{Account, OperationKind};
use super::money::Fen;
use super::tender::TenderKind;

/// The open shift of a till.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    pub id: Uuid,
    pub till_id: i32,
    pub cashier_id: i32,
    pub cashier: String,
    pub business_on: NaiveDate,
    pub opened_at: DateTime<Utc>,
    pub opening_float: Fen,
}

/// What one kind of tender did in a shift, fen, all positive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenderRow {
    pub sales: Fen,
    pub top_ups: Fen,
    /// Paid beforehand for orders (SV6).
    #[serde(default)]
    pub deposits: Fen,
    pub refunds: Fen,
}

impl TenderRow {
    /// What it came to: taken less given back.
    #[must_use]
    pub fn net(&self) -> Fen {
        self.sales + self.top_ups + self.deposits - self.refunds
    }
}

/// One cell of the ledger's summary: what an account moved in the operations of one kind, in ledger sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub operation: super::ledger::OperationKind,
    pub account: Account,
    pub amount: i64,
    pub operations: i64,
}

/// The sheet: every tender, stored value included, and the cash that must be in the drawer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub shift: Shift,
    pub tenders: Vec<(TenderKind, TenderRow)>,
    pub sale_count: i64,
    pub top_up_count: i64,
    pub refund_count: i64,
    /// Orders paid for beforehand (SV6).
    #[serde(default)]
    pub deposit_count: i64,
    /// Uses of what was paid for beforehand (PK2), those taken back not counted.
    #[serde(default)]
    pub redemption_count: i64,
    pub enrol_count: i64,
    /// How often the drawer was opened without a payment (OP3); no operation of the ledger.
    pub drawer_count: i64,
    /// Dropped of cash totals, and taken off list prices, fen.
    pub rounding: Fen,
    pub discount: Fen,
    pub points_granted: i64,
    /// What members did not use by its last day (PT3).
    pub expired: Expired,
    pub paid_out: Fen,
    /// Float + cash sales + cash top-ups - change - cash refunds - paid out.
    pub expected_cash: Fen,
}

impl Sheet {
    /// With what deposits paid of sales, and what went back to them, fen: a way to pay of its own (SV6).
    #[must_use]
    pub fn released(mut self, sales: Fen, refunds: Fen) -> Self {
        if !(sales.is_zero() && refunds.is_zero()) {
            let row = TenderRow {
                sales,
                refunds,
                ..TenderRow::default()
            };
            self.tenders.push((TenderKind::Deposit, row));
        }
        self
    }
}

/// What gives money back besides returns: of a forfeited deposit what is not kept.
const OUT: [OperationKind; 4] = [
    OperationKind::TopUpReversal,
    OperationKind::Settlement,
    OperationKind::DepositReversal,
    OperationKind::Forfeit,
];

/// Makes the sheet from what the ledger moved in the shift. What deposits paid of sales is in no account of their own:
/// [`Sheet::released`] adds it.
#[must_use]
pub fn sheet(shift: Shift, moved: &[Moved]) -> Sheet {
    use super::ledger::OperationKind as Kind;
    let sum = |kinds: &[Kind], accounts: &[Account]| -> i64 {
        moved
            .iter()
            .filter(|m| kinds.contains(&m.operation) && accounts.contains(&m.account))
            .map(|m| m.amount)
            .sum()
    };
    let count = |kind: Kind| {
        moved
            .iter()
            .filter(|m| m.operation == kind)
            .map(|m| m.operations)
            .max()
            .unwrap_or(0)
    };
    let row = |kind: TenderKind| {
        let (accounts, top_ups): (Vec<Account>, i64) = match kind.account() {
            // Stored value is loaded by top-ups, not paid with at them.
            None => (vec![Account::Principal, Account::Bonus], 0),
            Some(account) => (vec![account], -sum(&[Kind::TopUp], &[account])),
        };
        let deposits = -sum(&[Kind::Deposit], &accounts);
        let reversed = if kind.account().is_some() {
            sum(&OUT, &accounts)
        } else {
            0
        };
        TenderRow {
            // What a use costs besides is paid from stored value, too (SV8).
            sales: Fen(-sum(&[Kind::Sale, Kind::Redemption], &accounts)),
            top_ups: Fen(top_ups),
            deposits: Fen(deposits),
            refunds: Fen(sum(&[Kind::Refund, Kind::RedemptionReversal], &accounts) + reversed),
        }
    };
    let all = [
        Kind::ShiftOpen,
        Kind::Sale,
        Kind::TopUp,
        Kind::Refund,
        Kind::TopUpReversal,
        Kind::Settlement,
        Kind::Deposit,
        Kind::DepositReversal,
        Kind::Forfeit,
        Kind::PaidOut,
    ];
    Sheet {
        tenders: TenderKind::ALL
            .into_iter()
            .map(|kind| (kind, row(kind)))
            .collect(),
        sale_count: count(Kind::Sale),
        top_up_count: count(Kind::TopUp),
        refund_count: count(Kind::Refund) + OUT.into_iter().map(count).sum::<i64>(),
        deposit_count: count(Kind::Deposit),
        redemption_count: count(Kind::Redemption) - count(Kind::RedemptionReversal),
        enrol_count: count(Kind::Enrol),
        drawer_count: 0,
        rounding: Fen(-sum(&[Kind::Sale, Kind::Refund], &[Account::Rounding])),
        discount: Fen(-sum(&[Kind::Sale, Kind::Refund], &[Account::Discount])),
        points_granted: -moved
            .iter()
            .filter(|m| m.account == Account::PointsGranted)
            .map(|m| m.amount)
            .sum::<i64>(),
        expired: Expired {
            members: count(Kind::Expiry),
            points: sum(&[Kind::Expiry], &[Account::PointsExpired]),
            bonus: Fen(sum(&[Kind::Expiry], &[Account::BonusExpired])),
            claims: count(Kind::Lapse),
            earned: Fen(sum(&[Kind::Lapse], &[Account::Revenue])),
        },
        paid_out: Fen(-sum(&[Kind::PaidOut], &[Account::PaidOut])),
        expected_cash: Fen(-sum(&all, &[Account::Cash])),
        shift,
    }
}

/// A close as the cashier confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseRequest {
    pub stamp: super::ledger::Stamp,
    pub expected: Fen,
    pub counted: Fen,
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ledger::OperationKind as Kind;

    #[test]
    fn expected_cash_counts_every_way_in_and_out() {
        let shift = Shift {
            id: Uuid::nil(),
            till_id: 1,
            cashier_id: 1,
            cashier: String::new(),
            business_on: NaiveDate::MIN,
            opened_at: DateTime::UNIX_EPOCH,
            opening_float: Fen(50_000),
        };
        let moved = [
            (Kind::ShiftOpen, Account::Cash, -50_000, 1),
            (Kind::Sale, Account::Cash, -12_000, 3),
            (Kind::Sale, Account::Principal, -7_000, 2),
            (Kind::Sale, Account::Bonus, -1_000, 2),
            (Kind::TopUp, Account::Cash, -100_000, 1),
            (Kind::TopUp, Account::Principal, 100_000, 1),
            (Kind::Refund, Account::Cash, 2_000, 1),
            (Kind::PaidOut, Account::Cash, 3_000, 1),
            (Kind::PaidOut, Account::PaidOut, -3_000, 1),
        ]
        .map(|(operation, account, amount, operations)| Moved {
            operation,
            account,
            amount,
            operations,
        });
        let sheet = sheet(shift, &moved);
        assert_eq!(
            sheet.expected_cash,
            Fen(50_000 + 12_000 + 100_000 - 2_000 - 3_000)
        );
        assert_eq!(sheet.paid_out, Fen(3_000));
        assert_eq!(sheet.sale_count, 3);
        let row = |kind| {
            sheet
                .tenders
                .iter()
                .find(|(k, _)| *k == kind)
                .map(|(_, row)| *row)
        };
        assert_eq!(
            row(TenderKind::StoredValue),
            Some(TenderRow {
                sales: Fen(8_000),
                top_ups: Fen::ZERO,
                deposits: Fen::ZERO,
                refunds: Fen::ZERO
            })
        );
        assert_eq!(
            row(TenderKind::Cash),
            Some(TenderRow {
                sales: Fen(12_000),
                top_ups: Fen(100_000),
                deposits: Fen::ZERO,
                refunds: Fen(2_000)
            })
        );
    }
}
