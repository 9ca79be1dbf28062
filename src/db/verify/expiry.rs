//! PT3, SV1: what expired was past its last day, was all that was left, and was no principal.

use sqlx::PgConnection;

use super::{Difference, Wrong};
use crate::db::refuse::refuse;
use crate::error::Result;

/// The last day of a lot is kept beside the postings; the operation's document says what it was when it
/// passed. One pass over what is in lots, joined by keys only: nobody counts the tables for this.
pub async fn check(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with ran as materialized (
             select id, no, held from (
               select o.id, p.no, o.kind, sum(p.amount) over (partition by p.lot_id, p.account, o.member_id order by o.version_after) - p.amount as held
                 from operation o join posting p on p.merchant_id = o.merchant_id and p.operation_id = o.id
                where o.merchant_id = $1 and p.lot_id is not null
                  and (select true from operation x where x.merchant_id = $1 and x.kind = 'expiry' limit 1)) x
              where kind = 'expiry'),
           judged as (
             select o.id, o.till_id, o.seq, p.no, p.account, p.amount, l.expires_on, d.expires_on as said_on,
                    case when p.account in ('bonus', 'points') and l.expires_on < o.business_on then -r.held else 0 end as right_amount
               from ran r
               join operation o on o.merchant_id = $1 and o.id = r.id
               join posting p on p.merchant_id = $1 and p.operation_id = r.id and p.no = r.no
               left join lot l on l.merchant_id = $1 and l.id = p.lot_id
               left join lateral jsonb_to_recordset(o.document -> 'expired') as d (lot_id uuid, expires_on date) on d.lot_id = p.lot_id
             union all
             select o.id, o.till_id, o.seq, p.no, p.account, p.amount, null, null, 0
               from operation o join posting p on p.merchant_id = $1 and p.operation_id = o.id
              where o.merchant_id = $1 and o.kind = 'expiry' and p.lot_id is null and p.account not in ('bonus_expired', 'points_expired'))
           select id as "id!", till_id as "till!", seq as "seq!", account::text as "what?",
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
