//! What is written of lives: rows by table, and how they go to Postgres.

use sqlx::PgConnection;

use super::rows::Rows;
use crate::db::refuse::refuse;
use crate::domain::ledger::{Plan, Stamp};
use crate::domain::member::Member;
use crate::error::Result;

/// Rows that wait to be sent.
#[derive(Debug, Default)]
pub struct Tables {
    pub member: Rows,
    pub credential: Rows,
    pub consent: Rows,
    pub holding: Rows,
    pub lot: Rows,
    pub instalment: Rows,
    pub returned: Rows,
    pub level_change: Rows,
    pub approval: Rows,
    /// Operations, staged: their places in the chains are not known yet.
    staged: Rows,
}

impl Tables {
    /// An operation with its postings and lines; `after` is the member as she is then.
    pub fn stage(&mut self, stamp: &Stamp, plan: &Plan, hash: &[u8], after: Option<&Member>) {
        let moves = plan.moves();
        let row = &mut self.staged;
        row.plain(stamp.till_id)
            .plain(stamp.at)
            .plain(stamp.id)
            .plain(plan.kind.name())
            .maybe(stamp.shift_id)
            .plain(stamp.operator_id)
            .maybe(stamp.approver_id)
            .maybe(after.map(|m| m.id))
            .plain(stamp.business_on)
            .maybe(plan.about)
            .plain(plan.spend.0)
            .plain(plan.visit)
            .maybe(plan.level)
            .array(plan.shop_side().map(|p| p.account.name()))
            .array(plan.shop_side().map(|p| p.amount))
            .array(moves.iter().map(|m| m.lot))
            .array(moves.iter().map(|m| m.principal))
            .array(moves.iter().map(|m| m.bonus))
            .array(moves.iter().map(|m| m.points))
            .json((!plan.lines.is_empty()).then_some(&plan.lines))
            .json((!plan.new_lots.is_empty()).then_some(&plan.new_lots))
            .json((!plan.extras.is_empty()).then_some(&plan.extras))
            .json(Some(&plan.document))
            .bytes(hash)
            .maybe(after.map(|m| m.version))
            .maybe(after.map(|m| m.principal.0))
            .maybe(after.map(|m| m.bonus.0))
            .maybe(after.map(|m| m.points))
            .end();
    }

    /// Sends everything and leaves nothing.
    ///
    /// # Errors
    /// Offline; what a constraint of the ledger says.
    pub async fn send(&mut self, conn: &mut PgConnection) -> Result<()> {
        let parts = [
            (
                "copy member (merchant_id, id, name, initials, spelling, grams, birth_year, birth_month, birth_day, gender, notes, home_store_id, joined_on) from stdin",
                &mut self.member,
            ),
            (
                "copy credential (merchant_id, value, kind, member_id) from stdin",
                &mut self.credential,
            ),
            (
                "copy consent (merchant_id, member_id, purpose, version, channel, at, staff_id, till_id, operation_id) from stdin",
                &mut self.consent,
            ),
            (
                "copy bulk.holding (merchant_id, member_id, version, principal, bonus, points, level_id, visits, first_visit_on, last_visit_on, spend) from stdin",
                &mut self.holding,
            ),
            (
                "copy lot (merchant_id, id, member_id, kind, operation_id, opened_at, expires_on, lapses_on, rule_id, rule_version, store_id, principal, bonus, points) from stdin",
                &mut self.lot,
            ),
            (
                "copy instalment (merchant_id, operation_id, no, member_id, lot_id, due_on, bonus, valid_days, released_by) from stdin",
                &mut self.instalment,
            ),
            (
                "copy returned (merchant_id, operation_id, no, quantity_sold, net_sold, quantity, net) from stdin",
                &mut self.returned,
            ),
            (
                "copy level_change (merchant_id, operation_id, member_id, from_level_id, to_level_id) from stdin",
                &mut self.level_change,
            ),
            (
                "copy approval (merchant_id, operation_id, approver_id, operator_id, till_id, at) from stdin",
                &mut self.approval,
            ),
            ("copy bulk.op from stdin", &mut self.staged),
        ];
        for (statement, rows) in parts {
            if rows.is_empty() {
                continue;
            }
            let mut copy = conn.copy_in_raw(statement).await.map_err(refuse)?;
            copy.send(rows.take()).await.map_err(refuse)?;
            copy.finish().await.map_err(refuse)?;
        }
        Ok(())
    }
}
