//! Paying out promised bonus (SV4).

use super::ledger::{Account, OperationKind, Plan};
use super::member::{Instalment, Member};

/// Plans the payment of one instalment; its lot gets the bonus. Whether it is due is the caller's business.
#[must_use]
pub fn plan(member: &Member, due: &Instalment) -> Plan {
    let mut plan = Plan::new(OperationKind::Instalment);
    plan.member = Some((member.id, member.version));
    plan.about = Some(due.operation_id);
    plan.extras.release = Some(due.no);
    plan.post_fen(Account::Bonus, Some(due.lot_id), due.bonus);
    plan.post_fen(Account::BonusGranted, None, -due.bonus);
    plan.document = serde_json::json!({ "bonus": due.bonus, "no": due.no, "due_on": due.due_on });
    plan
}
