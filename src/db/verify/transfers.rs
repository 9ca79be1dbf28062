//! MB4: what one member gave is what the other got, and whose everything is now follows from who gave what to whom.

use sqlx::PgConnection;

use super::{Difference, Wrong};
use crate::db::refuse::refuse;
use crate::error::Result;

/// Both halves of each transfer, the holders of what changed hands, and who was merged into whom.
pub async fn check(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    if let Some(found) = halves(conn, merchant).await? {
        return Ok(Some(found));
    }
    if let Some(found) = holders(conn, merchant).await? {
        return Ok(Some(found));
    }
    if let Some(found) = given(conn, merchant).await? {
        return Ok(Some(found));
    }
    merged(conn, merchant).await
}

/// PK1, PR4: what was given away was to be, packages once, and says when.
async fn given(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with gift as (
             select x::uuid as id, count(*) as times, max(o.business_on) as last_on
               from transfer t join operation o on o.merchant_id = $1 and o.id = t.in_id
               cross join lateral jsonb_array_elements_text(o.document #> '{carried,grants}') as x
              where t.merchant_id = $1 and t.kind = 'gift' group by 1),
           wrong as (
             select g.id, g.terms ->> 'name' as what, format('%s x %s', x.times, x.last_on) as expected, g.given_on::text as found, o.till_id, o.seq
               from (select * from member_grant where merchant_id = $1) g
               join operation o on o.merchant_id = $1 and o.id = g.operation_id
               full join gift x on x.id = g.id
              where g.given_on is distinct from x.last_on
                 or (x.id is not null and case g.kind when 'package' then x.times = 1 and g.terms -> 'may_give' = 'true'
                       else g.terms #> '{coupon,transferable}' = 'true' end is not true))
           select id as "id?", what as "what?", expected as "expected?", found as "found?", till_id as "till?", seq as "seq?"
             from wrong order by till_id, seq, id limit 1"#,
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
        let found = wrong.named("verify.given");
        match (row.id, row.till, row.seq) {
            (Some(id), Some(till), Some(seq)) => found.at(id, till, seq),
            _ => found,
        }
    }))
}

/// Every half has its other half, of the members on record, with the opposite of it: fen, points and claims.
async fn halves(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with half as (
             select o.*, (select coalesce(sum(x), 0) from unnest(o.principals) as x) as p, (select coalesce(sum(x), 0) from unnest(o.bonuses) as x) as b,
                    (select coalesce(sum(x), 0) from unnest(o.points) as x) as q,
                    (select coalesce(sum(a.amount), 0) from unnest(o.accounts, o.amounts) as a (account, amount) where a.account = 'transfer') as t,
                    (select coalesce(sum(m.quantity), 0) from jsonb_to_recordset(o.extras -> 'moves') as m (quantity bigint)) as u
               from operation o where o.merchant_id = $1 and o.kind in ('transfer_out', 'transfer_in')),
           wrong as materialized (
             select coalesce(i.id, o.id, t.in_id) as id,
                    format('%s > %s: %s, %s, %s, %s, %s, %s', o.member_id, i.member_id, - o.p, - o.b, - o.q, - o.t, - o.u, - o.spend) as expected,
                    format('%s > %s: %s, %s, %s, %s, %s, %s', t.from_id, t.to_id, i.p, i.b, i.q, i.t, i.u, i.spend) as found,
                    coalesce(i.till_id, o.till_id, 0) as till_id, coalesce(i.seq, o.seq, 0) as seq
               from (select * from half where kind = 'transfer_in') i
               full join (select * from half where kind = 'transfer_out') o on o.id = i.about_id
               full join (select * from transfer where merchant_id = $1) t on t.in_id = i.id and t.out_id = o.id
              where (i.member_id, o.member_id, i.p, i.b, i.q, i.t, i.u, i.spend) is distinct from (t.to_id, t.from_id, - o.p, - o.b, - o.q, - o.t, - o.u, - o.spend)
                 or i.document -> 'carried' is distinct from o.document -> 'carried'
                 or (t.kind = 'gift' and (o.lots <> '{}' or i.lots <> '{}' or o.spend <> 0))
                 or (t.kind = 'undo') is distinct from (o.about_id is not null) or t.about_id is distinct from o.about_id)
           select id as "id!", till_id as "till!", seq as "seq!", expected as "expected?", found as "found?" from wrong order by till_id, seq limit 1"#,
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
        wrong.named("verify.transfer").at(row.id, row.till, row.seq)
    }))
}

/// Whoever opened it and got it as often as she gave it away has it; what she posted to it while it was somebody else's is
/// nothing in all. What is promised goes with its lot.
async fn holders(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with handed as materialized (
             select o.id, o.till_id, o.seq, o.member_id, case o.kind when 'transfer_in' then 1 else -1 end as n, x.kind, x.thing
               from operation o cross join lateral (
                 select 'lot' as kind, l::uuid as thing from jsonb_array_elements_text(o.document #> '{carried,lots}') as l
                 union all select 'grant', g::uuid from jsonb_array_elements_text(o.document #> '{carried,grants}') as g) x
              where o.merchant_id = $1 and o.kind in ('transfer_out', 'transfer_in')),
           things as materialized (select kind, thing, max(till_id) as till_id, max(seq) as seq, (array_agg(id order by seq desc))[1] as id, array_agg(distinct member_id) as members from handed group by 1, 2),
           opened as (
             select t.kind, t.thing, o.member_id, 1 as n from things t join lot l on l.merchant_id = $1 and l.id = t.thing join operation o on o.merchant_id = $1 and o.id = l.operation_id
             union all
             select t.kind, t.thing, o.member_id, 1 from things t join member_grant g on g.merchant_id = $1 and g.id = t.thing join operation o on o.merchant_id = $1 and o.id = g.operation_id
             union all select kind, thing, member_id, n from handed),
           should as (select kind, thing, member_id, sum(n) as n from opened group by 1, 2, 3 having sum(n) <> 0),
           is_now as (
             select 'lot' as kind, l.id as thing, l.member_id from lot l where l.merchant_id = $1 and l.id in (select thing from things)
             union all
             select 'grant', g.id, g.member_id from member_grant g where g.merchant_id = $1 and (g.held_by is not null or g.id in (select thing from things))),
           strange as (
             select 'lot' as kind, x.lot_id as thing, o.member_id
               from things t join operation o on o.merchant_id = $1 and o.member_id = any (t.members)
               cross join lateral unnest(o.lots, o.principals, o.bonuses) as x (lot_id, principal, bonus)
               join lot l on l.merchant_id = $1 and l.id = t.thing
              where t.kind = 'lot' and x.lot_id = t.thing and o.member_id <> l.member_id
              group by 1, 2, 3 having sum(x.principal) <> 0 or sum(x.bonus) <> 0
             union all
             select 'instalment', i.lot_id, i.member_id from instalment i join lot l on l.merchant_id = $1 and l.id = i.lot_id
              where i.merchant_id = $1 and i.member_id <> l.member_id
             union all
             select 'grant', g.id, g.member_id from member_grant g left join things t on t.thing = g.id
              where g.merchant_id = $1 and g.held_by is not null and not (array[g.member_id] || g.held_by @> t.members and t.members @> g.held_by)),
           wrong as (
             select coalesce(s.kind, w.kind) as kind, coalesce(s.thing, w.thing) as thing, s.member_id as expected, w.member_id as found
               from should s full join is_now w on w.kind = s.kind and w.thing = s.thing and w.member_id = s.member_id
              where s.thing is null or w.thing is null or s.n <> 1
             union all select kind, thing, null, member_id from strange)
           select w.kind as "kind!", w.thing as "thing!", w.expected as "expected?", w.found as "found?", t.id as "id?", t.till_id as "till?", t.seq as "seq?"
             from wrong w left join things t on t.thing = w.thing order by t.till_id, t.seq, w.thing, w.expected limit 1"#,
        merchant
    )
    .fetch_optional(conn)
    .await
    .map_err(refuse)?;
    Ok(row.map(|row| {
        let number = |id: Option<i64>| id.map(|id| id.to_string());
        let wrong = Wrong {
            what: Some(format!("{} {}", row.kind, row.thing)),
            expected: number(row.expected),
            found: number(row.found),
        };
        let found = wrong.named("verify.holder");
        match (row.id, row.till, row.seq) {
            (Some(id), Some(till), Some(seq)) => found.at(id, till, seq),
            _ => found,
        }
    }))
}

/// Who was merged into whom, by the transfers; and who was has nothing.
async fn merged(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with recursive merges as (
             select t.from_id, t.to_id from transfer t
              where t.merchant_id = $1 and t.kind = 'merge' and not exists (select from transfer u where u.merchant_id = $1 and u.about_id = t.in_id)),
           all_of as (
             select to_id as id, from_id as other from merges
             union
             select a.id, s.from_id from all_of a join merges s on s.to_id = a.other),
           wrong as (
             select t.id, s.to_id::text as expected, t.merged_into::text as found
               from member t left join merges s on s.from_id = t.id where t.merchant_id = $1 and t.merged_into is distinct from s.to_id
             union all
             select t.id, array_to_string(x.others, ' '), array_to_string(t.absorbed, ' ')
               from member t left join (select id, array_agg(other order by other) as others from all_of group by id) x on x.id = t.id
              where t.merchant_id = $1 and (t.absorbed is not null or x.id is not null)
                and (select array_agg(y order by y) from unnest(t.absorbed) y) is distinct from x.others
             union all
             select t.id, '0', format('%s, %s, %s', h.principal, h.bonus, h.points) from member t join holding h on h.merchant_id = $1 and h.member_id = t.id
              where t.merchant_id = $1 and t.merged_into is not null
                and (h.principal <> 0 or h.bonus <> 0 or h.points <> 0
                  or exists (select from member_grant g where g.merchant_id = $1 and g.member_id = t.id)))
           select id as "id!", expected as "expected?", found as "found?" from wrong order by id limit 1"#,
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
        wrong.named("verify.merged").with("member", row.id)
    }))
}
