//! Claims: what a sale opened, less what was used of it, and what the shop owes for all of them (PK4).

use sqlx::PgConnection;

use super::{Difference, Wrong};
use crate::db::refuse::refuse;
use crate::error::Result;

/// PK1, PK2, PK4: a claim holds what its operations say, under the terms it was sold with, until the day that follows
/// from them; all together are worth the account of what is not yet earned.
pub async fn check(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with opened as (
             select g.*, o.id as operation_id, case when g.bearer is not true then o.member_id end as member_id, o.till_id, o.seq, o.happened_at, o.store_id
               from operation o, jsonb_to_recordset(o.extras -> 'grants')
                 as g (id uuid, kind grant_kind, no smallint, product_id int, rule_id int, quantity bigint, value bigint, expires_on date, terms jsonb, bearer boolean)
              where o.merchant_id = $1),
           moved as (
             select m.grant_id as id, sum(m.quantity) as quantity, sum(m.value) as value, bool_or(o.kind in ('refund', 'settlement', 'exchange_reversal')) as returned,
                    max(m.until) as until, max(o.business_on) filter (where o.kind = 'sale') as sold_on
               from operation o, jsonb_to_recordset(o.extras -> 'moves') as m (grant_id uuid, quantity bigint, value bigint, until date)
              where o.merchant_id = $1 group by 1),
           should as (
             select a.id, a.operation_id, a.member_id, a.till_id, a.seq, a.no, a.terms ->> 'name' as what,
                    case when m.returned and a.kind = 'package' then 0 else a.quantity + coalesce(m.quantity, 0) end as quantity,
                    a.value + coalesce(m.value, 0) as value,
                    case when a.terms ->> 'valid_days' is null then greatest(a.expires_on, m.until)
                         else d.first_on + (a.terms ->> 'valid_days')::int end as expires_on,
                    case when a.kind = 'coupon' then case when m.quantity < 0 then m.sold_on end else d.last_on end as used_on, a.kind, a.product_id, a.rule_id, a.happened_at, a.store_id, a.terms
               from opened a left join moved m on m.id = a.id
               cross join lateral grant_days($1, a.member_id, a.id) d),
           wrong as materialized (
             select coalesce(s.id, g.id) as id, s.till_id, s.seq, coalesce(s.member_id, g.member_id) as member_id, coalesce(s.what, g.terms ->> 'name') as what,
                    format('%s: %s, %s, %s', s.quantity, s.value, s.expires_on, s.used_on) as expected,
                    format('%s: %s, %s, %s', g.quantity, g.value, g.expires_on, g.used_on) as found
               from should s full join (select * from member_grant where merchant_id = $1) g on g.id = s.id
              -- Who has it after a transfer is looked at apart.
              where (s.quantity, s.value, s.expires_on, s.used_on, case when g.held_by is null then s.member_id else g.member_id end, s.operation_id, s.no, s.kind, s.product_id, s.rule_id, s.happened_at, s.store_id, s.terms)
                    is distinct from
                    (g.quantity, g.value, g.expires_on, g.used_on, g.member_id, g.operation_id, g.no, g.kind, g.product_id, g.rule_id, g.opened_at, g.store_id, g.terms))
           select w.id as "id!", w.till_id as "till?", w.seq as "seq?", w.member_id as "member?", w.what as "what?", w.expected as "expected?", w.found as "found?"
             from wrong w order by w.till_id, w.seq, w.id limit 1"#,
        merchant
    )
    .fetch_optional(&mut *conn)
    .await
    .map_err(refuse)?;
    if let Some(row) = row {
        let wrong = Wrong {
            what: row.what,
            expected: row.expected,
            found: row.found,
        };
        let found = wrong.named("verify.grant");
        let member = row
            .member
            .map_or_else(|| "-".to_owned(), |id| id.to_string());
        let found = found.with("member", member);
        return Ok(Some(match (row.till, row.seq) {
            (Some(till), Some(seq)) => found.at(row.id, till, seq),
            _ => found
                .with("operation", row.id)
                .with("till", 0)
                .with("seq", 0),
        }));
    }
    if let Some(found) = lapses(conn, merchant).await? {
        return Ok(Some(found));
    }
    if let Some(found) = batches(conn, merchant).await? {
        return Ok(Some(found));
    }
    owed(conn, merchant).await
}

/// RF4: what was earned at its end was a claim without limit, past its last day, all that was left of it, and nothing else.
async fn lapses(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with wrong as (
             select o.id, o.till_id, o.seq, g.terms ->> 'name' as what, format('%s, %s', - t.value, o.business_on) as expected,
                    format('%s, %s', o.amounts, g.expires_on) as found
               from operation o
               left join lateral jsonb_to_recordset(o.extras -> 'moves') as t (grant_id uuid, quantity bigint, value bigint) on true
               left join member_grant g on g.merchant_id = $1 and g.id = t.grant_id
              where o.merchant_id = $1 and o.kind = 'lapse'
                and (t.quantity = 0 and t.value < 0 and g.terms ->> 'quantity' is null
                  and g.expires_on < o.business_on and o.accounts = '{unearned,revenue}' and o.amounts = array[t.value, - t.value]
                  and (o.document ->> 'amount')::bigint = - t.value and jsonb_array_length(o.extras -> 'moves') = 1
                  -- Nothing came back to it, so it was all that was left.
                  and g.value = 0) is not true)
           select id as "id!", till_id as "till!", seq as "seq!", what as "what?", expected as "expected?", found as "found?"
             from wrong order by till_id, seq limit 1"#,
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
        wrong.named("verify.lapse").at(row.id, row.till, row.seq)
    }))
}

/// PR4: a batch gave as many as its operations say.
async fn batches(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"select b.id as "id!", count(o.id) as "posted!", b.given as "kept!"
             from coupon_batch b
             left join member_grant g on g.merchant_id = $1 and g.rule_id = b.rule_id and g.kind <> 'package'
             left join operation o on o.merchant_id = $1 and o.id = g.operation_id and o.document #>> '{batch,id}' = b.id::text
            where b.merchant_id = $1
            group by b.id, b.given having count(o.id) <> b.given
            order by b.id limit 1"#,
        merchant
    )
    .fetch_optional(conn)
    .await
    .map_err(refuse)?;
    Ok(row.map(|row| Difference::new("verify.batch", row.posted, row.kept).with("what", row.id)))
}

/// PK4: what was paid beforehand and is not yet earned stands in the claims, to the fen.
async fn owed(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"select (select coalesce(sum(a.amount), 0) from operation o, unnest(o.accounts, o.amounts) as a (account, amount)
                    where o.merchant_id = $1 and a.account = 'unearned')::bigint as "posted!",
                  (select coalesce(sum(value), 0) from member_grant where merchant_id = $1)::bigint as "held!""#,
        merchant
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)?;
    Ok((row.posted != row.held).then(|| Difference::new("verify.unearned", row.posted, row.held)))
}
