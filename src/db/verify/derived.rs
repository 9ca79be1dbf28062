//! What is kept beside the postings: returned lines, instalments, shifts, level changes, approvals.

use sqlx::PgConnection;

use super::{Difference, Wrong};
use crate::db::refuse::refuse;
use crate::error::Result;

/// LG3: what came back of each line of a sale is what its returns say.
pub async fn returned(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with back as (
             select o.about_id as id, r.no, sum(r.quantity) as quantity, sum(r.net) as net
               from operation o, jsonb_to_recordset(o.extras -> 'returned') as r (no smallint, quantity bigint, net bigint)
              where o.merchant_id = $1 and o.kind = 'refund' group by 1, 2),
           kept as (
             select r.operation_id as id, r.no, l.name, r.quantity, r.net, r.quantity_sold <> l.quantity or r.net_sold <> l.net as bent
               from returned r join sale_line l on (l.merchant_id, l.operation_id, l.no) = (r.merchant_id, r.operation_id, r.no)
              where r.merchant_id = $1),
           wrong as materialized (
             select coalesce(b.id, k.id) as id, k.name as what,
                    format('%s, %s', coalesce(b.quantity, 0), coalesce(b.net, 0)) as expected,
                    format('%s, %s', coalesce(k.quantity, 0), coalesce(k.net, 0)) as found
               from back b full join kept k on k.id = b.id and k.no = b.no
              where k.bent or (coalesce(b.quantity, 0), coalesce(b.net, 0)) is distinct from (coalesce(k.quantity, 0), coalesce(k.net, 0)))
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
        wrong.named("verify.returned").at(row.id, row.till, row.seq)
    }))
}

/// SV4: the promises are those of the top-up's document; what is marked as paid out or cancelled was, and
/// nothing is left open of a top-up that was reversed or settled.
pub async fn instalments(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with promised as (
             select o.id, count(*) as n, sum(d.bonus) as bonus, md5(string_agg(format('%s %s %s %s %s', d.no, d.lot_id, d.due_on, d.bonus, d.valid_days), ';' order by d.no)) as terms
               from operation o, jsonb_to_recordset(o.document -> 'instalments') as d (no int, lot_id uuid, due_on date, bonus bigint, valid_days int)
              where o.merchant_id = $1 and o.kind = 'top_up' group by o.id),
           kept as (
             select i.operation_id as id, count(*) as n, sum(i.bonus) as bonus,
                    md5(string_agg(format('%s %s %s %s %s', i.no, i.lot_id, i.due_on, i.bonus, i.valid_days), ';' order by i.no)) as terms,
                    coalesce(sum(i.bonus) filter (where i.released_by is not null), 0) as released, bool_or(i.cancelled_by is not null) as cancelled,
                    bool_or(i.cancelled_by is null and i.released_by is null) as open
               from instalment i where i.merchant_id = $1 group by 1),
           paid as (
             select o.about_id as id, sum(p.bonus) as bonus
               from operation o, unnest(o.bonuses) as p (bonus)
              where o.merchant_id = $1 and o.kind = 'instalment' group by 1),
           closed as (
             select r.about_id as id from operation r where r.merchant_id = $1 and r.kind = 'top_up_reversal'
             union
             select coalesce(b.about_id, b.id) from operation s cross join lateral unnest(s.lots) as x (lot_id)
               join lot l on l.merchant_id = $1 and l.id = x.lot_id join operation b on b.merchant_id = $1 and b.id = l.operation_id
              where s.merchant_id = $1 and s.kind = 'settlement'),
           wrong as materialized (
             select coalesce(a.id, k.id, p.id) as id, format('%s: %s, %s', coalesce(a.n, 0), coalesce(a.bonus, 0), coalesce(p.bonus, 0)) as expected,
                    format('%s: %s, %s', coalesce(k.n, 0), coalesce(k.bonus, 0), coalesce(k.released, 0)) as found
               from promised a full join kept k on k.id = a.id full join paid p on p.id = coalesce(a.id, k.id)
              where a.terms is distinct from k.terms or coalesce(p.bonus, 0) <> coalesce(k.released, 0)
                 or (k.cancelled and not exists (select from closed c where c.id = k.id))
                 or (k.open and exists (select from closed c where c.id = k.id)))
           select o.id as "id!", o.till_id as "till!", o.seq as "seq!", w.expected as "expected?", w.found as "found?"
             from wrong w join operation o on o.merchant_id = $1 and o.id = w.id
            order by o.till_id, o.seq limit 1"#,
        merchant
    )
    .fetch_optional(conn)
    .await
    .map_err(refuse)?;
    Ok(row.map(|row| {
        let wrong = Wrong {
            what: None,
            expected: row.expected,
            found: row.found,
        };
        wrong
            .named("verify.instalment")
            .at(row.id, row.till, row.seq)
    }))
}

/// OP1: float, count and over/short of each shift are those of its operations and its cash.
pub async fn shifts(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with cash as (
             select o.shift_id, -sum(p.amount) as expected
               from operation o, unnest(o.accounts, o.amounts) as p (account, amount)
              where o.merchant_id = $1 and p.account = 'cash' and o.kind <> 'shift_close' group by 1),
           figures as (
             select s.id, s.till_id, s.first_seq as seq, f.what, f.expected, f.found
               from shift s
               left join cash on cash.shift_id = s.id
               left join operation a on a.merchant_id = $1 and a.id = s.id and a.kind = 'shift_open'
               left join operation z on z.merchant_id = $1 and z.shift_id = s.id and z.kind = 'shift_close'
               left join till t on t.merchant_id = $1 and t.id = s.till_id and t.shift_id = s.id
               cross join lateral (values
                 ('first_seq', a.seq::text, s.first_seq::text),
                 ('cashier', a.operator_id::text, s.cashier_id::text),
                 ('opened_at', a.happened_at::text, s.opened_at::text),
                 ('opening_float', a.document ->> 'float', s.opening_float::text),
                 ('open', (z.id is null)::text, (t.id is not null)::text),
                 ('last_seq', z.seq::text, s.last_seq::text),
                 ('closed_at', z.happened_at::text, s.closed_at::text),
                 ('counted', z.document ->> 'counted', s.counted::text),
                 ('reason', z.document ->> 'reason', s.reason),
                 ('expected', case when z.id is not null then coalesce(cash.expected, 0)::text end, z.document ->> 'expected'),
                 ('over_short', case when z.id is not null then ((z.document ->> 'counted')::bigint - coalesce(cash.expected, 0))::text end, s.over_short::text)
               ) as f (what, expected, found)
              where s.merchant_id = $1)
           select id as "id!", till_id as "till!", seq as "seq!", what as "what?", expected as "expected?", found as "found?" from figures
            where expected is distinct from found order by till_id, seq limit 1"#,
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
        wrong.named("verify.shift").at(row.id, row.till, row.seq)
    }))
}

/// LV1, OP3: level changes and approvals are those of the operations.
pub async fn rights(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with changes as (
             select id, till_id, seq, 'level' as what, level_id::text as expected, from_level::text as from_expected from (
               select o.*, lag(coalesce(o.level_id, (o.document ->> 'level_id')::int)) over (partition by o.member_id order by o.version_after) as from_level
                 from operation o where o.merchant_id = $1 and o.member_id is not null and (o.level_id is not null or o.kind = 'enrol')) x
              where level_id is not null)
           select o.id as "id!", o.till_id as "till!", o.seq as "seq!", f.what as "what?", f.expected as "expected?", f.found as "found?"
             from operation o
             left join changes c on c.id = o.id
             left join level_change l on l.merchant_id = $1 and l.operation_id = o.id
             left join approval a on a.merchant_id = $1 and a.operation_id = o.id
             cross join lateral (values
               ('level', c.expected, l.to_level_id::text),
               ('from_level', c.from_expected, l.from_level_id::text),
               ('approver', o.approver_id::text, a.approver_id::text),
               ('operator', case when o.approver_id is not null then o.operator_id::text end, a.operator_id::text)
             ) as f (what, expected, found)
            where o.merchant_id = $1 and (o.level_id is not null or o.approver_id is not null or l.operation_id is not null or a.operation_id is not null)
              and f.expected is distinct from f.found
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
        wrong.named("verify.right").at(row.id, row.till, row.seq)
    }))
}

/// SV10: a gift card is nobody: it holds principal and nothing else, earns nothing and was not here; and whoever the law
/// asks for stands beside a sale of such cards.
pub async fn bearers(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query_as!(
        Wrong,
        r#"select x.what as "what?", x.expected as "expected?", x.found as "found?" from (
             select t.name as what, '0, 0, 0, 0' as expected, format('%s, %s, %s, %s', h.bonus, h.points, h.visits, h.spend) as found
               from member t join holding h on h.merchant_id = t.merchant_id and h.member_id = t.id
              where t.merchant_id = $1 and t.is_bearer and (h.bonus <> 0 or h.points <> 0 or h.visits <> 0 or h.spend <> 0)
             union all
             select t.name, 'is_bearer ' || (o.document ? 'card'), 'is_bearer ' || t.is_bearer
               from (select distinct on (x.member_id) x.member_id, x.document from operation x
                      where x.merchant_id = $1 and x.member_id is not null order by x.member_id, x.version_after) o
               join member t on t.merchant_id = $1 and t.id = o.member_id
              where t.is_bearer <> (o.document ? 'card')
             union all
             select b.operation_id::text, 'card 1', coalesce('card ' || (o.document #>> '{card,no}'), '-')
               from card_buyer b left join operation o on o.merchant_id = b.merchant_id and o.id = b.operation_id
              where b.merchant_id = $1 and (o.document #>> '{card,no}') is distinct from '1') x
           order by 1 limit 1"#,
        merchant
    )
    .fetch_optional(conn)
    .await
    .map_err(refuse)?;
    Ok(row.map(|wrong| wrong.named("verify.bearer")))
}
