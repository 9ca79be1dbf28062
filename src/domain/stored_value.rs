//! Spending stored value from its lots (SV2, SV3).

use std::cmp::Ordering;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ledger::LotKind;
use super::member::Lot;
use super::money::Fen;

/// How an amount is split inside a lot; part of the terms printed on the top-up receipt (SV2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpendOrder {
    #[default]
    ProRata,
    PrincipalFirst,
    BonusFirst,
}

/// What is taken from one lot, fen, both parts positive amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub lot: Uuid,
    pub principal: Fen,
    pub bonus: Fen,
}

/// What can be spent of a lot today: expired bonus cannot, principal never expires.
fn spendable(lot: &Lot, today: NaiveDate) -> (Fen, Fen) {
    let bonus = if lot.is_past(today) {
        Fen::ZERO
    } else {
        lot.bonus
    };
    (lot.principal.max_zero(), bonus.max_zero())
}

/// Nearest bonus expiry first, lots without one last, then the oldest (SV2). Bonus that is past its last
/// day cannot be spent and hurries nobody, whether or not a close has posted that yet (PT3).
fn turn(a: &Lot, b: &Lot, today: NaiveDate) -> Ordering {
    let key = |lot: &Lot| {
        lot.expires_on
            .filter(|_| spendable(lot, today).1.is_positive())
            .unwrap_or(NaiveDate::MAX)
    };
    key(a)
        .cmp(&key(b))
        .then(a.opened_at.cmp(&b.opened_at))
        .then(a.id.cmp(&b.id))
}

/// What a member can pay today from these lots, fen.
#[must_use]
pub fn available(lots: &[Lot], today: NaiveDate) -> Fen {
    lots.iter()
        .filter(|lot| lot.kind == LotKind::StoredValue)
        .map(|lot| spendable(lot, today))
        .map(|(p, b)| p + b)
        .sum()
}

/// Takes `amount` from the lots in the order of SV2. A lot is split as it was sold; `order` is for lots that
/// do not say. Inside a lot the odd fen of a pro-rata split goes to principal.
///
/// # Errors
/// What is missing, in fen, when the lots do not cover the amount (LG4).
pub fn spend(
    lots: &[Lot],
    amount: Fen,
    order: SpendOrder,
    today: NaiveDate,
) -> Result<Vec<Part>, Fen> {
    let mut turns: Vec<&Lot> = lots
        .iter()
        .filter(|lot| lot.kind == LotKind::StoredValue)
        .collect();
    turns.sort_by(|a, b| turn(a, b, today));
    let mut left = amount.max_zero();
    let mut parts = Vec::new();
    for lot in turns {
        if left.is_zero() {
            break;
        }
        let (principal, bonus) = spendable(lot, today);
        let take = left.min(principal + bonus);
        if take.is_zero() {
            continue;
        }
        let from_bonus = match lot.spend_order.unwrap_or(order) {
            SpendOrder::ProRata => take.ratio(bonus.0, (principal + bonus).0),
            SpendOrder::PrincipalFirst => (take - principal).max_zero(),
            SpendOrder::BonusFirst => take.min(bonus),
        };
        parts.push(Part {
            lot: lot.id,
            principal: take - from_bonus,
            bonus: from_bonus,
        });
        left -= take;
    }
    if left.is_positive() {
        Err(left)
    } else {
        Ok(parts)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;

    pub(crate) const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();

    /// A stored-value lot; `n` orders lots by time, `expiry` is days from today.
    pub(crate) fn lot(n: u128, principal: i64, bonus: i64, expiry: Option<i64>) -> Lot {
        Lot {
            id: Uuid::from_u128(n),
            kind: LotKind::StoredValue,
            opened_at: DateTime::UNIX_EPOCH + TimeDelta::days(i64::try_from(n).unwrap()),
            expires_on: expiry.map(|d| TODAY + TimeDelta::days(d)),
            principal: Fen(principal),
            bonus: Fen(bonus),
            points: 0,
            spend_order: None,
        }
    }

    #[test]
    fn nearest_bonus_expiry_then_oldest() {
        let lots = [
            lot(1, 100, 0, None),
            lot(2, 100, 100, Some(30)),
            lot(3, 100, 100, Some(5)),
        ];
        let parts = spend(&lots, Fen(450), SpendOrder::ProRata, TODAY).unwrap();
        assert_eq!(
            parts.iter().map(|p| p.lot.as_u128()).collect::<Vec<_>>(),
            [3, 2, 1]
        );
        assert_eq!(parts[2].principal, Fen(50));
    }

    #[test]
    fn odd_fen_goes_to_principal() {
        let parts = spend(
            &[lot(1, 1000, 100, None)],
            Fen(100),
            SpendOrder::ProRata,
            TODAY,
        )
        .unwrap();
        assert_eq!((parts[0].principal, parts[0].bonus), (Fen(91), Fen(9)));
    }

    #[test]
    fn expired_bonus_cannot_be_spent_but_principal_can() {
        let lots = [lot(1, 1000, 500, Some(-1))];
        assert_eq!(available(&lots, TODAY), Fen(1000));
        assert_eq!(
            spend(&lots, Fen(1001), SpendOrder::BonusFirst, TODAY),
            Err(Fen(1))
        );
        // The last valid day is still valid.
        assert_eq!(available(&[lot(1, 1000, 500, Some(0))], TODAY), Fen(1500));
    }

    #[test]
    fn past_bonus_hurries_nobody() {
        // Not swept yet: its principal waits behind bonus that can still be lost.
        let lots = [lot(1, 1000, 500, Some(-1)), lot(2, 1000, 500, Some(3))];
        let parts = spend(&lots, Fen(1600), SpendOrder::ProRata, TODAY).unwrap();
        let taken = parts
            .iter()
            .map(|p| (p.lot.as_u128(), p.principal.0, p.bonus.0));
        assert_eq!(taken.collect::<Vec<_>>(), [(2, 1000, 500), (1, 100, 0)]);
        // As a lot without expiry: the oldest first.
        let lots = [lot(2, 1000, 500, Some(-1)), lot(1, 1000, 0, None)];
        let parts = spend(&lots, Fen(500), SpendOrder::ProRata, TODAY).unwrap();
        assert_eq!(parts[0].lot.as_u128(), 1);
    }

    #[test]
    fn a_lot_is_spent_as_it_was_sold() {
        let mut sold = lot(1, 1000, 500, None);
        sold.spend_order = Some(SpendOrder::BonusFirst);
        let lots = [sold, lot(2, 1000, 500, None)];
        let parts = spend(&lots, Fen(2100), SpendOrder::PrincipalFirst, TODAY).unwrap();
        assert_eq!((parts[0].principal, parts[0].bonus), (Fen(1000), Fen(500)));
        assert_eq!((parts[1].principal, parts[1].bonus), (Fen(600), Fen(0)));
        let parts = spend(&lots, Fen(600), SpendOrder::PrincipalFirst, TODAY).unwrap();
        assert_eq!((parts[0].principal, parts[0].bonus), (Fen(100), Fen(500)));
    }

    #[test]
    fn principal_or_bonus_first() {
        let lots = [lot(1, 1000, 500, None)];
        let split = |order| spend(&lots, Fen(700), order, TODAY).unwrap()[0];
        assert_eq!(split(SpendOrder::PrincipalFirst).bonus, Fen(0));
        assert_eq!(split(SpendOrder::BonusFirst).bonus, Fen(500));
    }

    proptest! {
        /// LG4: never more than a lot has, and all of the amount or nothing.
        #[test]
        fn takes_exactly_and_never_below_zero(
            sizes in prop::collection::vec((0_i64..100_000, 0_i64..100_000, prop::option::of(-3_i64..40)), 0..12),
            amount in 0_i64..400_000,
            order in prop::sample::select(vec![SpendOrder::ProRata, SpendOrder::PrincipalFirst, SpendOrder::BonusFirst]),
        ) {
            let lots: Vec<Lot> = sizes.iter().enumerate().map(|(n, (p, b, e))| lot(n as u128 + 1, *p, *b, *e)).collect();
            match spend(&lots, Fen(amount), order, TODAY) {
                Ok(parts) => {
                    let sum: Fen = parts.iter().map(|p| p.principal + p.bonus).sum();
                    prop_assert_eq!(sum, Fen(amount));
                    for part in &parts {
                        let of = lots.iter().find(|l| l.id == part.lot).unwrap();
                        prop_assert!(part.principal.0 >= 0 && part.bonus.0 >= 0);
                        prop_assert!(part.principal <= of.principal && part.bonus <= of.bonus);
                    }
                }
                Err(short) => prop_assert_eq!(short, Fen(amount) - available(&lots, TODAY)),
            }
        }
    }
}
