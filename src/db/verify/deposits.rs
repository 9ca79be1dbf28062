//! Deposits: what was taken for each order, what fulfilled it, what was kept of it (SV6).

use sqlx::PgConnection;

use super::{Difference, Wrong};
use crate::db::refuse::refuse;
use crate::error::Result;

/// SV6: every deposit is what was paid, for an order that costs as much at least; a sale takes from one exactly what its line, at
/// the agreed price, and its tender say, and a return brings exactly that back; what was forfeited was approved, had a reason and was
/// no more than may be kept.
pub async fn check(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with taken as (
             select o.id, o.till_id, o.seq, g.terms ->> 'name' as what,
                    format('%s of %s', o.document ->> 'amount', o.document #>> '{deposit,price}') as expected, format('%s of %s', g.quantity, g.terms ->> 'price') as found
               from operation o left join jsonb_to_recordset(o.extras -> 'grants') as g (kind text, quantity bigint, value bigint, terms jsonb) on true
              where o.merchant_id = $1 and o.kind = 'deposit'
                and (g.kind = 'deposit' and g.quantity = g.value and g.value = (o.document ->> 'amount')::bigint
                  and g.value = (select - sum(a.amount) from unnest(o.accounts, o.amounts) as a (account, amount) where a.account in ('cash', 'wechat', 'alipay', 'bank_card'))
                  and (g.terms ->> 'price')::bigint >= g.value and g.terms ->> 'price' = o.document #>> '{deposit,price}'
                  and g.terms ->> 'name' = o.document #>> '{deposit,name}') is not true),
           lines as (
             select l.operation_id as id, l.ordered ->> 'claim_id' as claim_id, (l.ordered ->> 'deposit')::bigint as fen, l.name, l.list, l.net
               from sale_line l join operation o on o.merchant_id = $1 and o.id = l.operation_id and o.kind in ('sale', 'refund')
              where l.merchant_id = $1 and l.ordered is not null),
           moves as (
             select o.id, t.grant_id::text as claim_id, abs(t.quantity) as fen, g.terms
               from operation o cross join lateral jsonb_to_recordset(o.extras -> 'moves') as t (grant_id uuid, quantity bigint)
               join member_grant g on g.merchant_id = $1 and g.id = t.grant_id and g.kind = 'deposit'
              where o.merchant_id = $1 and o.kind in ('sale', 'refund')),
           used as (
             select coalesce(l.id, m.id) as id, coalesce(l.name, m.terms ->> 'name') as what,
                    format('%s of %s', m.fen, m.terms ->> 'price') as expected, format('%s of %s', l.fen, l.net) as found
               from lines l full join moves m on m.id = l.id and m.claim_id = l.claim_id
              where (l.fen = m.fen and l.name = m.terms ->> 'name' and l.list = (m.terms ->> 'price')::bigint and l.net = l.list) is not true),
           paid as (
             select o.id, null as what, coalesce(x.fen, 0)::text as expected, coalesce(d.fen, 0)::text as found
               from operation o
               cross join lateral (select sum(m.fen) as fen from moves m where m.id = o.id) x
               cross join lateral (select sum((t ->> 'amount')::bigint) as fen from jsonb_path_query(o.document, '$.tenders[*] ? (@.kind == "deposit")') t) d
              where o.merchant_id = $1 and o.kind in ('sale', 'refund') and o.extras ? 'moves' and coalesce(x.fen, 0) <> coalesce(d.fen, 0)),
           forfeited as (
             select o.id, g.terms ->> 'name' as what, format('<= %s', deposit_kept_most(g.terms)) as expected, o.document ->> 'kept' as found
               from operation o
               left join lateral jsonb_to_recordset(o.extras -> 'moves') as t (grant_id uuid, quantity bigint) on true
               left join member_grant g on g.merchant_id = $1 and g.id = t.grant_id
              where o.merchant_id = $1 and o.kind = 'forfeit'
                and (g.kind = 'deposit' and g.operation_id = o.about_id and o.approver_id is not null and btrim(o.document ->> 'reason') <> ''
                  and (o.document ->> 'kept')::bigint = (select sum(a.amount) from unnest(o.accounts, o.amounts) as a (account, amount) where a.account = 'breakage')
                  and (o.document ->> 'kept')::bigint between 1 and deposit_kept_most(g.terms)
                  and (o.document ->> 'kept')::bigint + (o.document ->> 'amount')::bigint = - t.quantity) is not true),
           wrong as (
             select id, what, expected, found from taken union all select id, what, expected, found from used
             union all select id, what, expected, found from paid union all select id, what, expected, found from forfeited)
           select o.id as "id!", o.till_id as "till!", o.seq as "seq!", w.what as "what?", w.expected as "expected?", w.found as "found?"
             from wrong w join operation o on o.merchant_id = $1 and o.id = w.id
            order by o.till_id, o.seq limit 1"#,
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
        wrong.named("verify.deposit").at(row.id, row.till, row.seq)
    }))
}
