//! Every shift of every till, known before anything happens in it.

use std::cell::Cell;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use super::tables::Tables;
use crate::db::demo::desk::{self, FLOAT};
use crate::db::demo::dice::Dice;
use crate::db::demo::shop::Seat;
use crate::db::ledger::fingerprint;
use crate::domain::ledger::{Account, OperationKind, Plan, Stamp};
use crate::domain::money::Fen;
use crate::domain::shift::CloseRequest;

/// A day at a till.
#[derive(Debug)]
pub struct Shift {
    pub till_id: i32,
    pub store_id: i32,
    pub day: NaiveDate,
    pub cashier: i32,
    /// Somebody who may approve what the cashier may not do by herself.
    pub approver: i32,
    /// Its opening's too.
    id: Uuid,
    opened_at: DateTime<Utc>,
    /// What must be in the drawer, fen.
    cash: Cell<i64>,
}

impl Shift {
    pub fn new(dice: &mut Dice, seat: Seat, store_id: i32, day: NaiveDate) -> Self {
        let opened_at = desk::opens(day) - TimeDelta::milliseconds(dice.between(60_000, 1_200_000));
        let cashier = seat.on_duty(day);
        Self {
            till_id: seat.till_id,
            store_id,
            day,
            cashier,
            approver: seat.approver(cashier),
            id: desk::id(opened_at, dice),
            opened_at,
            cash: Cell::new(FLOAT.0),
        }
    }

    /// The stamp of something in this shift.
    pub fn stamp(&self, dice: &mut Dice, at: DateTime<Utc>) -> Stamp {
        Stamp {
            id: desk::id(at, dice),
            till_id: self.till_id,
            shift_id: Some(self.id),
            operator_id: self.cashier,
            approver_id: None,
            business_on: self.day,
            at,
        }
    }

    /// Keeps count of the drawer.
    pub fn posted(&self, plan: &Plan) {
        self.cash.set(self.cash.get() - plan.total(Account::Cash));
    }

    /// The opening, and the close with what is in the drawer, as `open_shift()` and `close_shift()` post them.
    pub fn frame(&self, dice: &mut Dice, tables: &mut Tables) {
        let asked = Stamp {
            id: self.id,
            shift_id: None,
            ..self.stamp(dice, self.opened_at)
        };
        let mut plan = Plan::new(OperationKind::ShiftOpen);
        plan.post_fen(Account::Cash, None, -FLOAT);
        plan.post_fen(Account::Safe, None, FLOAT);
        plan.document = serde_json::json!({ "float": FLOAT });
        let hash = fingerprint(&(&asked, FLOAT));
        let opened = Stamp {
            shift_id: Some(self.id),
            ..asked
        };
        tables.stage(&opened, &plan, &hash, None);

        let at = desk::closes(self.day) + TimeDelta::milliseconds(dice.between(0, 1_500_000));
        let expected = Fen(self.cash.get());
        let counted = expected.max_zero();
        let over = counted - expected;
        let request = CloseRequest {
            expected,
            counted,
            reason: if over.is_zero() { "" } else { "原因不明" }.to_owned(),
            stamp: self.stamp(dice, at),
        };
        let mut plan = Plan::new(OperationKind::ShiftClose);
        plan.post_fen(Account::OverShort, None, over);
        plan.post_fen(Account::Cash, None, -over);
        plan.post_fen(Account::Cash, None, counted);
        plan.post_fen(Account::Safe, None, -counted);
        plan.document = serde_json::json!({ "expected": expected, "counted": counted, "reason": request.reason });
        tables.stage(&request.stamp, &plan, &fingerprint(&request), None);
    }
}
