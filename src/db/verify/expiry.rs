//! PT3, SV1: what expired was past its last day, was all that was left, and was no principal.

use sqlx::PgConnection;

use super::{Difference, Wrong};
use crate::db::refuse::refuse;
use crate::error::Result;

/// The last day of a lot is kept beside the postings; the operation's document says what it was when it
/// passed.
pub async fn check(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with gone as (
             select p.account, p.lot_id, p.operation_id, p.no, p.amount, o.till_id, o.seq, o.business_on, o.document
               from operation o join posting p on p.merchant_id = o.merchant_id and p.operation_id = o.id
              where o.merchant_id = $1 and o.kind = 'expiry'),
           ran as (
             select p.operation_id, p.no, sum(p.amount) over (partition by p.lot_id, p.account order by o.version_after) - p.amount as held
               from (select distinct account, lot_id from gone where lot_id is not null) g
               join posting p on p.merchant_id = $1 and p.lot_id = g.lot_id and p.account = g.account
               join operation o on o.merchant_id = $1 and o.id = p.operation_id),
           judged as (
             select g.*, case when g.account in ('bonus', 'points') and l.expires_on < g.business_on then -r.held else 0 end as right_amount,
                    l.expires_on, d.expires_on as said_on
               from gone g
               left join ran r on r.operation_id = g.operation_id and r.no = g.no
               left join lot l on l.merchant_id = $1 and l.id = g.lot_id
               left join lateral jsonb_to_recordset(g.document -> 'expired') as d (lot_id uuid, expires_on date) on d.lot_id = g.lot_id
              where g.account not in ('bonus_expired', 'points_expired'))
           select operation_id as "id!", till_id as "till!", seq as "seq!", account::text as "what?",
                  format('%s (%s)', right_amount, said_on) as "expected?", format('%s (%s)', amount, expires_on) as "found?"
             from judged where amount <> right_amount or expires_on is distinct from said_on
            order by till_id, seq, no limit 1"#,
        merchant
    )
    .fetch_optional(conn)
    .await
    .map_err(refuse)?;
    Ok(row.map(|row| {
        let wrong = Wrong {
            what: row.what,
            expected: row.expected,
            found: row.found,
        };
        wrong.named("verify.expiry").at(row.id, row.till, row.seq)
    }))
}
