//! `lapse`: the time of a claim without limit is over (RF4). After its last day nothing of it goes back for days to come, so
//! what is not yet earned is earned at day close: an operation of its own for each claim. A claim that is counted (ten cuts) stays
//! owed after its last day: it may be let be used, and is settled by what was used of it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::expiry::Expired;
use super::grant::{GrantMove, Unit};
use super::ledger::{Account, OperationKind, Plan};
use super::money::Fen;
use super::receipt::Remaining;

/// A claim without limit with its holder, as both stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub id: Uuid,
    pub member_id: i64,
    /// Of her holding.
    pub version: i64,
    /// What of it is not yet earned, fen.
    pub value: Fen,
    pub expires_on: NaiveDate,
    pub name: String,
    pub of: String,
    pub unit: Unit,
}

/// Plans it: all that is left is earned. `None` before its last day is past, and when nothing is left.
#[must_use]
pub fn plan(claim: &Claim, today: NaiveDate) -> Option<Plan> {
    if claim.expires_on >= today || !claim.value.is_positive() {
        return None;
    }
    let mut plan = Plan::new(OperationKind::Lapse);
    plan.member = Some((claim.member_id, claim.version));
    plan.post_fen(Account::Unearned, None, -claim.value);
    plan.post_fen(Account::Revenue, None, claim.value);
    plan.extras.moves.push(GrantMove {
        grant_id: claim.id,
        quantity: 0,
        value: -claim.value,
        until: None,
    });
    let left = Remaining {
        name: claim.name.clone(),
        of: claim.of.clone(),
        quantity: None,
        unit: claim.unit,
        expires_on: Some(claim.expires_on),
    };
    plan.document = serde_json::json!({ "amount": claim.value, "left": [left] });
    Some(plan)
}

/// The id follows from what it is made on (LG2): two tills that close at once, or one that asks again, make the same one.
#[must_use]
pub fn id(claim: &Claim) -> Uuid {
    let name = format!("guitai lapse {} {}", claim.id, claim.version);
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

/// What a plan of [`plan`] earns.
#[must_use]
pub fn earned(plan: &Plan) -> Expired {
    Expired {
        claims: 1,
        earned: Fen(plan.total(Account::Revenue)),
        ..Expired::default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::grant::Grant;
    use crate::domain::grant::tests::grant;
    use crate::domain::stored_value::tests::TODAY;
    use chrono::{Days, TimeDelta, TimeZone, Utc};
    use proptest::prelude::*;

    fn claim(value: i64, last: i64) -> Claim {
        Claim {
            id: Uuid::from_u128(5),
            member_id: 7,
            version: 3,
            value: Fen(value),
            expires_on: TODAY + TimeDelta::days(last),
            name: "健身".to_owned(),
            of: "月卡".to_owned(),
            unit: Unit::Session,
        }
    }

    #[test]
    fn the_last_day_is_still_hers() {
        assert_eq!(plan(&claim(300, 0), TODAY), None);
        assert_eq!(plan(&claim(0, -1), TODAY), None);
        let plan = plan(&claim(300, -1), TODAY).unwrap();
        assert_eq!((plan.imbalance(), earned(&plan).earned), ((0, 0), Fen(300)));
        let other = Claim {
            version: 4,
            ..claim(300, -1)
        };
        assert_ne!(id(&claim(300, -1)), id(&other));
    }

    proptest! {
        /// RF4, PK4: used on whatever days, what the uses earned and what is earned at the end are its price.
        #[test]
        fn uses_and_the_end_are_the_price(value in 0_i64..1_000_000, days in 1_u64..400, uses in prop::collection::btree_set(0_u64..400, 0..20)) {
            let begun = TODAY;
            let mut card = Grant {
                quantity: None,
                opened_at: Utc.from_utc_datetime(&begun.and_hms_opt(4, 0, 0).unwrap()),
                expires_on: begun.checked_add_days(Days::new(days)),
                ..grant(1, 5, 1, value)
            };
            card.terms.quantity = None;
            let mut earned = Fen::ZERO;
            for day in uses.into_iter().filter(|day| *day <= days) {
                let worth = card.worth(1, begun + Days::new(day));
                card.value -= worth;
                earned += worth;
            }
            let claim = Claim { value: card.value, expires_on: card.expires_on.unwrap(), ..claim(0, 0) };
            let after = claim.expires_on + TimeDelta::days(1);
            if let Some(plan) = plan(&claim, after) {
                earned += super::earned(&plan).earned;
            }
            prop_assert_eq!(earned, Fen(value));
        }
    }
}
