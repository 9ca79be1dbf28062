//! A till in the demo: its clock, its drawer, and the shift that is open.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::{Builder, Uuid};

use super::dice::Dice;
use super::shop::Seat;
use crate::db::shift;
use crate::domain::ledger::{Account, Plan, Stamp};
use crate::domain::money::Fen;
use crate::domain::shift::CloseRequest;
use crate::error::Result;

/// In the drawer in the morning.
pub const FLOAT: Fen = Fen::yuan(500);
/// Shanghai is eight hours ahead of UTC.
const OFFSET: TimeDelta = TimeDelta::hours(8);
const OPENS: (u32, u32) = (9, 30);
const CLOSES: (u32, u32) = (21, 15);

#[derive(Debug)]
pub struct Desk {
    seat: Seat,
    pub store_id: i32,
    pub cashier: i32,
    shift_id: Option<Uuid>,
    pub day: NaiveDate,
    at: DateTime<Utc>,
    /// What must be in the drawer.
    cash: Fen,
}

impl Desk {
    pub fn new(seat: Seat, store_id: i32) -> Self {
        Self {
            seat,
            store_id,
            cashier: seat.cashier,
            shift_id: None,
            day: NaiveDate::MIN,
            at: DateTime::UNIX_EPOCH,
            cash: Fen::ZERO,
        }
    }

    pub const fn till_id(&self) -> i32 {
        self.seat.till_id
    }

    /// Somebody with more rights than whoever works here now.
    pub const fn approver(&self) -> i32 {
        self.seat.approver(self.cashier)
    }

    pub const fn cash(&self) -> Fen {
        self.cash
    }

    /// Moves the clock on to a minute after opening, never back.
    pub fn wait_until(&mut self, minute: i64) {
        let opening = opens(self.day);
        self.at = self.at.max(opening + TimeDelta::minutes(minute));
    }

    /// The stamp of the next operation, some seconds on.
    pub fn stamp(&mut self, dice: &mut Dice) -> Stamp {
        self.at += TimeDelta::milliseconds(dice.between(9_000, 80_000));
        Stamp {
            id: id(self.at, dice),
            till_id: self.till_id(),
            shift_id: self.shift_id,
            operator_id: self.cashier,
            approver_id: None,
            business_on: self.day,
            at: self.at,
        }
    }

    /// Keeps count of the drawer.
    pub fn posted(&mut self, plan: &Plan) {
        self.cash += Fen(-plan.total(Account::Cash));
    }

    /// Opens the day's shift; once a week somebody stands in.
    ///
    /// # Errors
    /// Offline.
    pub async fn open(
        &mut self,
        conn: &mut PgConnection,
        dice: &mut Dice,
        day: NaiveDate,
    ) -> Result<()> {
        self.cashier = self.seat.on_duty(day);
        self.day = day;
        self.at = opens(day) - TimeDelta::minutes(dice.between(2, 20));
        let stamp = self.stamp(dice);
        self.shift_id = Some(shift::open(conn, &stamp, FLOAT).await?.id);
        self.cash = FLOAT;
        Ok(())
    }

    /// Counts the drawer, which now and then holds a little more or less, and closes.
    ///
    /// # Errors
    /// Offline; `ledger.stale` when the drawer was counted wrongly here.
    pub async fn close(&mut self, conn: &mut PgConnection, dice: &mut Dice) -> Result<()> {
        self.at = self
            .at
            .max(closes(self.day) + TimeDelta::minutes(dice.between(0, 25)));
        let over = if dice.chance(4) {
            dice.between(-30, 20) * 50
        } else {
            0
        };
        let reason = match over {
            0 => "",
            1.. => dice.pick(&["找零少给", "顾客未取找零"]).unwrap_or_default(),
            _ => dice
                .pick(&["找零多给", "盘点差错", "原因不明"])
                .unwrap_or_default(),
        };
        let stamp = self.stamp(dice);
        let request = CloseRequest {
            expected: self.cash,
            counted: (self.cash + Fen(over)).max_zero(),
            reason: reason.to_owned(),
            stamp,
        };
        shift::close(conn, &request).await?;
        self.shift_id = None;
        Ok(())
    }
}

/// When the doors open.
pub fn opens(day: NaiveDate) -> DateTime<Utc> {
    at(day, OPENS)
}

/// When they close; the drawer is counted after.
pub fn closes(day: NaiveDate) -> DateTime<Utc> {
    at(day, CLOSES)
}

fn at(day: NaiveDate, (hour, minute): (u32, u32)) -> DateTime<Utc> {
    let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    day.and_time(time).and_utc() - OFFSET
}

/// An id as a till makes it, at a time in the past.
pub fn id(at: DateTime<Utc>, dice: &mut Dice) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &dice.bytes()).into_uuid()
}
