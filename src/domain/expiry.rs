//! What a member did not use by its last day (PT3, SV1): points, and the bonus of stored value.
//!
//! Principal never expires (SV10). From the day after its last one a lot counts no more; that the ledger
//! says so too is an operation of its own, one for each member, posted when a shift closes. What comes back
//! later to a lot that is past (RF6, PT6) keeps that lot's last day: it goes with the next close.

use std::ops::AddAssign;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ledger::{Account, LotKind, OperationKind, Plan};
use super::member::Lot;
use super::money::Fen;

/// A member of whom something has expired: the version of her holding, and the lots it is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub id: i64,
    pub version: i64,
    pub lots: Vec<Lot>,
}

/// How much expired, over some members.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {
    pub members: i64,
    pub points: i64,
    /// Fen.
    pub bonus: Fen,
    /// Claims without limit whose time is over, and what of them was not yet earned, fen (RF4).
    #[serde(default)]
    pub claims: i64,
    #[serde(default)]
    pub earned: Fen,
}

impl AddAssign for Expired {
    fn add_assign(&mut self, other: Self) {
        self.members += other.members;
        self.points += other.points;
        self.bonus += other.bonus;
        self.claims += other.claims;
        self.earned += other.earned;
    }
}

impl Expired {
    /// What a plan of [`plan`] lets go.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            members: 1,
            points: plan.total(Account::PointsExpired),
            bonus: Fen(plan.total(Account::BonusExpired)),
            ..Self::default()
        }
    }

    /// Whether there was nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What one round of expiry did, and how many members are left for the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    pub expired: Expired,
    pub left: i64,
}

/// Plans the expiry of everything whose last valid day is before `today`: all that is left of it and
/// nothing else. `None` when nothing is due.
#[must_use]
pub fn plan(holder: &Holder, today: NaiveDate) -> Option<Plan> {
    let mut plan = Plan::new(OperationKind::Expiry);
    plan.member = Some((holder.id, holder.version));
    let mut lots: Vec<&Lot> = holder.lots.iter().filter(|l| l.is_past(today)).collect();
    lots.sort_by_key(|lot| (lot.expires_on, lot.id));
    let mut document = Vec::new();
    let (mut all_bonus, mut all_points) = (Fen::ZERO, 0);
    for lot in lots {
        let (bonus, points) = match lot.kind {
            LotKind::StoredValue => (lot.bonus.max_zero(), 0),
            LotKind::Points => (Fen::ZERO, lot.points.max(0)),
            // A debt does not lapse.
            LotKind::PointsDebt => (Fen::ZERO, 0),
        };
        if bonus.is_zero() && points == 0 {
            continue;
        }
        plan.post_fen(Account::Bonus, Some(lot.id), -bonus);
        plan.post(Account::Points, Some(lot.id), -points);
        all_bonus += bonus;
        all_points += points;
        // The last day is put on record, so that moving it afterwards is found (LG6).
        document.push(serde_json::json!({ "lot_id": lot.id, "expires_on": lot.expires_on, "bonus": bonus, "points": points }));
    }
    plan.post_fen(Account::BonusExpired, None, all_bonus);
    plan.post(Account::PointsExpired, None, all_points);
    plan.document =
        serde_json::json!({ "bonus": all_bonus, "points": all_points, "expired": document });
    (!plan.postings.is_empty()).then_some(plan)
}

/// The id of a member's expiry follows from what it is made on (LG2): two tills that close at once, or one
/// that asks again, make the same one. After anything else has happened to her it is another, so that what
/// came back meanwhile can go too.
#[must_use]
pub fn id(holder: &Holder, today: NaiveDate) -> Uuid {
    let name = format!("guitai expiry {} {} {today}", holder.id, holder.version);
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::stored_value::tests::{TODAY, lot};
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn points(n: u128, kind: LotKind, points: i64, expiry: Option<i64>) -> Lot {
        Lot {
            kind,
            points,
            ..lot(n, 0, 0, expiry)
        }
    }

    fn holder(lots: Vec<Lot>) -> Holder {
        Holder {
            id: 7,
            version: 3,
            lots,
        }
    }

    #[test]
    fn the_last_day_is_still_valid() {
        let her = holder(vec![
            lot(1, 1_000, 500, Some(0)),
            points(2, LotKind::Points, 70, Some(0)),
        ]);
        assert_eq!(plan(&her, TODAY), None);
        let tomorrow = plan(&her, TODAY + TimeDelta::days(1)).unwrap();
        assert_eq!(
            Expired::of(&tomorrow),
            Expired {
                members: 1,
                points: 70,
                bonus: Fen(500),
                ..Expired::default()
            }
        );
        assert_eq!(tomorrow.total(Account::Principal), 0);
    }

    #[test]
    fn the_id_follows_from_what_it_is_made_on() {
        let her = holder(Vec::new());
        let later = Holder {
            version: 4,
            ..her.clone()
        };
        assert_eq!(id(&her, TODAY), id(&her.clone(), TODAY));
        assert_ne!(id(&her, TODAY), id(&later, TODAY));
        assert_ne!(id(&her, TODAY), id(&her, TODAY + TimeDelta::days(1)));
    }

    fn lots() -> impl Strategy<Value = Vec<Lot>> {
        let expiry = || prop::option::of(-40_i64..40);
        let stored = prop::collection::vec((0_i64..100_000, 0_i64..100_000, expiry()), 0..6);
        let loyal = prop::collection::vec((0_i64..5_000, expiry()), 0..6);
        let debt = prop::option::of(-300_i64..=0);
        (stored, loyal, debt).prop_map(|(stored, loyal, debt)| {
            let stored = (1..).zip(stored);
            let loyal = (100..).zip(loyal);
            let debts = debt.map(|debt| points(999, LotKind::PointsDebt, debt, None));
            stored
                .map(|(n, (principal, bonus, expiry))| lot(n, principal, bonus, expiry))
                .chain(loyal.map(|(n, (held, expiry))| points(n, LotKind::Points, held, expiry)))
                .chain(debts)
                .collect()
        })
    }

    proptest! {
        /// PT3, SV1, LG2: exactly the rest of what is past, in balance; principal stays, nothing goes below
        /// zero, and once posted nothing is left to do.
        #[test]
        fn takes_exactly_what_is_past(mut lots in lots()) {
            let her = holder(lots.clone());
            let past = |lot: &Lot| lot.expires_on.is_some_and(|day| day < TODAY);
            let due_bonus: i64 = lots.iter().filter(|l| past(l)).map(|l| l.bonus.0).sum();
            let due_points: i64 = lots.iter().filter(|l| past(l)).map(|l| l.points).sum();
            let Some(plan) = plan(&her, TODAY) else {
                prop_assert_eq!((due_bonus, due_points), (0, 0));
                return Ok(());
            };
            prop_assert_eq!(plan.imbalance(), (0, 0));
            prop_assert_eq!(plan.total(Account::Principal), 0);
            let gone = Expired::of(&plan);
            prop_assert_eq!((gone.bonus, gone.points), (Fen(due_bonus), due_points));
            let allowed = [Account::Bonus, Account::Points, Account::BonusExpired, Account::PointsExpired];
            for posting in &plan.postings {
                prop_assert!(allowed.contains(&posting.account));
                prop_assert_eq!(posting.account.is_members(), posting.lot.is_some());
                prop_assert_eq!(posting.account.is_members(), posting.amount < 0);
                let Some(lot) = lots.iter_mut().find(|l| posting.lot == Some(l.id)) else { continue };
                prop_assert!(past(lot));
                match posting.account {
                    Account::Bonus => lot.bonus += Fen(posting.amount),
                    _ => lot.points += posting.amount,
                }
                prop_assert!(lot.bonus.is_zero() && lot.points == 0);
            }
            prop_assert_eq!(super::plan(&holder(lots), TODAY), None);
        }
    }
}
