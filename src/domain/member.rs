//! A member as she stands at the counter: what is known of her and what she owns.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::beneficiary::Beneficiary;
use super::birthday::kept_next;
use super::check_in::CheckedIn;
use super::contract::Contract;
use super::gift::rule::Occasions;
use super::grant::Grant;
use super::ledger::LotKind;
use super::level::Level;
use super::money::Fen;
use super::stored_value::SpendOrder;

/// What came in together: a top-up, or the points of one expiry day (SV1, PT3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    pub id: Uuid,
    pub kind: LotKind,
    pub opened_at: DateTime<Utc>,
    /// The last valid day of the bonus, or of the points.
    pub expires_on: Option<NaiveDate>,
    pub principal: Fen,
    pub bonus: Fen,
    pub points: i64,
    /// How a payment is split, by the terms printed on the receipt it was loaded with (SV2); none for lots
    /// without principal.
    #[serde(default)]
    pub spend_order: Option<SpendOrder>,
}

impl Lot {
    /// Whether its last valid day is before `today`: what it holds but for principal counts no more (PT3).
    #[must_use]
    pub fn is_past(&self, today: NaiveDate) -> bool {
        self.expires_on.is_some_and(|day| day < today)
    }
}

/// Bonus promised and not yet paid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    pub operation_id: Uuid,
    pub no: i16,
    pub lot_id: Uuid,
    pub due_on: NaiveDate,
    pub bonus: Fen,
    /// Days it is valid once it is paid out, that day not counted; none is as long as its lot.
    #[serde(default)]
    pub valid_days: Option<u32>,
}

/// The member card: one round trip brings all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub id: i64,
    /// Grows with every posting; a plan names the version it was made on.
    pub version: i64,
    /// Grows with every edit of her particulars; an edit names the one it began from.
    pub edition: i32,
    pub name: String,
    /// `138****1234`, or nothing when she enrolled by card.
    pub phone: Option<String>,
    pub level: Level,
    pub principal: Fen,
    pub bonus: Fen,
    pub points: i64,
    pub visits: i32,
    pub first_visit_on: Option<NaiveDate>,
    pub last_visit_on: Option<NaiveDate>,
    /// The day after which she is overdue by her own rhythm (OR1).
    pub due_on: Option<NaiveDate>,
    /// Net spend since she joined, and of the last twelve months (LV1), fen.
    pub spend: Fen,
    pub spend_year: Fen,
    pub birth_year: Option<i32>,
    pub birth_month: Option<u32>,
    pub birth_day: Option<u32>,
    pub gender: Option<Gender>,
    pub notes: String,
    pub joined_on: NaiveDate,
    /// Not empty lots only.
    pub lots: Vec<Lot>,
    pub instalments: Vec<Instalment>,
    /// Her last check-in (PT7).
    #[serde(default)]
    pub checked_in: Option<CheckedIn>,
    /// Claims of which something is left.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// How many coupons of each rule she was ever given (PR4).
    #[serde(default)]
    pub given: BTreeMap<i32, i64>,
    /// Contracts she still pays, the next stage that is due first (SV5).
    #[serde(default)]
    pub contracts: Vec<Contract>,
    /// What the rules of gifts ask for.
    #[serde(default)]
    pub occasions: Occasions,
    /// The last merge into her that was not undone (MB4).
    #[serde(default)]
    pub merged: Option<Uuid>,
    /// Whom else the account is for (MB6).
    #[serde(default)]
    pub family: Vec<Beneficiary>,
    /// An unregistered gift card, not a person: whoever has it holds what is on it (SV10).
    #[serde(default)]
    pub is_bearer: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    Female,
    Male,
}

impl Member {
    /// Whether her stored value is a registered card: its holder is known (SV10). A card alone names nobody.
    #[must_use]
    pub const fn is_registered(&self) -> bool {
        self.phone.is_some()
    }

    /// The level whose prices she has; a gift card has none.
    #[must_use]
    pub fn priced_as(&self) -> Option<&Level> {
        (!self.is_bearer).then_some(&self.level)
    }

    /// Principal and bonus together, fen.
    #[must_use]
    pub fn stored_value(&self) -> Fen {
        self.principal + self.bonus
    }

    /// The bonus that counts today, fen: what is past its last day does not, whether or not a close has
    /// posted that yet (PT3).
    #[must_use]
    pub fn bonus_on(&self, today: NaiveDate) -> Fen {
        let past = self.lots.iter().filter(|lot| lot.is_past(today));
        self.bonus - past.map(|lot| lot.bonus).sum()
    }

    /// The points that count today, as [`Self::bonus_on`].
    #[must_use]
    pub fn points_on(&self, today: NaiveDate) -> i64 {
        let past = self.lots.iter().filter(|lot| lot.is_past(today));
        self.points - past.map(|lot| lot.points).sum::<i64>()
    }

    /// Days since the last visit; `None` before the first.
    #[must_use]
    pub fn days_away(&self, today: NaiveDate) -> Option<i64> {
        self.last_visit_on.map(|day| (today - day).num_days())
    }

    /// Days until the next birthday; 29 February is kept on the 28th in common years (MB6).
    #[must_use]
    pub fn days_to_birthday(&self, today: NaiveDate) -> Option<i64> {
        let next = kept_next(self.birth_month?, self.birth_day?, today)?;
        Some((next - today).num_days())
    }

    /// What expires within `days`: bonus (fen) and points, with the nearest day.
    #[must_use]
    pub fn expiring(&self, today: NaiveDate, days: i64) -> Option<(NaiveDate, Fen, i64)> {
        let soon = |lot: &&Lot| {
            lot.expires_on
                .is_some_and(|d| d >= today && (d - today).num_days() <= days)
                && (lot.bonus.is_positive() || lot.points > 0)
        };
        let nearest = self
            .lots
            .iter()
            .filter(soon)
            .filter_map(|lot| lot.expires_on)
            .min()?;
        let lots = self.lots.iter().filter(soon);
        let (bonus, points) = lots.fold((Fen::ZERO, 0), |(b, p), lot| {
            (b + lot.bonus, p + lot.points)
        });
        Some((nearest, bonus, points))
    }
}
