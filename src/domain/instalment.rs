//! Paying out promised bonus (SV4).

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use super::ledger::{Account, LotKind, NewLot, OperationKind, Plan};
use super::member::{Instalment, Member};

/// Plans the payment of one instalment on the business day `today`. Whether it is due is the caller's business.
///
/// The bonus joins the lot of its top-up. One that is valid for some days opens a lot of its own, of bonus
/// only: each part has all its days, counted from the day it is there to be spent (SV4, SV1).
#[must_use]
pub fn plan(member: &Member, due: &Instalment, today: NaiveDate) -> Plan {
    let mut plan = Plan::new(OperationKind::Instalment);
    plan.member = Some((member.id, member.version));
    plan.about = Some(due.operation_id);
    plan.extras.release = Some(due.no);
    let expires_on = due
        .valid_days
        .and_then(|days| today.checked_add_days(Days::new(u64::from(days))));
    let lot = if expires_on.is_some() {
        let lot = Uuid::new_v5(&due.operation_id, format!("lot {}", due.no).as_bytes());
        plan.new_lots.push(NewLot {
            id: lot,
            kind: LotKind::StoredValue,
            expires_on,
            rule_id: None,
            rule_version: None,
        });
        lot
    } else {
        due.lot_id
    };
    plan.post_fen(Account::Bonus, Some(lot), due.bonus);
    plan.post_fen(Account::BonusGranted, None, -due.bonus);
    plan.document = serde_json::json!({ "bonus": due.bonus, "no": due.no, "due_on": due.due_on });
    plan
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::money::Fen;
    use crate::domain::sale::tests::member;
    use crate::domain::stored_value::tests::{TODAY, lot};

    fn due(valid_days: Option<u32>) -> Instalment {
        Instalment {
            operation_id: Uuid::from_u128(5),
            no: 2,
            lot_id: Uuid::from_u128(1),
            due_on: TODAY - Days::new(3),
            bonus: Fen(5_000),
            valid_days,
        }
    }

    #[test]
    fn a_part_joins_its_lot() {
        let her = member(vec![lot(1, 100_000, 0, None)]);
        let plan = plan(&her, &due(None), TODAY);
        assert_eq!(plan.imbalance(), (0, 0));
        assert_eq!(plan.postings[0].lot, Some(Uuid::from_u128(1)));
        assert!(plan.new_lots.is_empty());
    }

    /// The lot of the top-up may be past its last day by then: the part has its own days.
    #[test]
    fn a_part_with_valid_days_has_them_all() {
        let her = member(vec![lot(1, 100_000, 0, Some(-40))]);
        let plan = plan(&her, &due(Some(30)), TODAY);
        assert_eq!(plan.imbalance(), (0, 0));
        let own = &plan.new_lots[0];
        assert_eq!(own.expires_on, Some(TODAY + Days::new(30)));
        assert_eq!(plan.postings[0].lot, Some(own.id));
        assert_ne!(own.id, Uuid::from_u128(1));
        assert_eq!(plan.total(Account::Bonus), 5_000);
    }
}
