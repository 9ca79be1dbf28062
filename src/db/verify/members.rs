//! What members hold: after each operation, in each lot, in all.

use sqlx::PgConnection;

use super::{Difference, Wrong};
use crate::db::refuse::refuse;
use crate::error::Result;

/// The balances each operation answered with: the running sums.
pub async fn after_each(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with ran as (
             select o.id, o.till_id, o.seq, o.member_id, o.version_after, o.principal_after, o.bonus_after, o.points_after,
                    row_number() over w as version, coalesce(sum(m.principal) over w, 0) as principal,
                    coalesce(sum(m.bonus) over w, 0) as bonus, coalesce(sum(m.points) over w, 0) as points
               from operation o
               cross join lateral (
                 select sum(x.principal) as principal, sum(x.bonus) as bonus, sum(x.points) as points
                   from unnest(o.principals, o.bonuses, o.points) as x (principal, bonus, points)) m
              where o.merchant_id = $1 and o.member_id is not null
             window w as (partition by o.member_id order by o.version_after rows unbounded preceding))
           select id as "id!", till_id as "till_id!", seq as "seq!", member_id as "member_id!",
                  format('%s: %s, %s, %s', version, principal, bonus, points) as "expected!",
                  format('%s: %s, %s, %s', version_after, principal_after, bonus_after, points_after) as "found!"
             from ran
            where (version, principal, bonus, points) is distinct from (version_after, principal_after, bonus_after, points_after)
            order by member_id, version limit 1"#,
        merchant
    )
    .fetch_optional(conn)
    .await
    .map_err(refuse)?;
    Ok(row.map(|row| {
        Difference::new("verify.after", row.expected, row.found)
            .at(row.id, row.till_id, row.seq)
            .with("member", row.member_id)
    }))
}

/// SV1, PT3: a lot holds what its postings brought, they are its member's, and what is left of it is found when
/// its last day is past.
pub async fn lots(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with handed as materialized (
             select distinct x.lot_id from operation o, jsonb_array_elements_text(o.document #> '{carried,lots}') as y (id)
               cross join lateral (select y.id::uuid as lot_id) x where o.merchant_id = $1 and o.kind = 'transfer_in'),
           moved as (
             select lot_id, min(member_id) as member_id, max(member_id) as other_id,
                    coalesce(sum(amount) filter (where account = 'principal'), 0) as principal,
                    coalesce(sum(amount) filter (where account = 'bonus'), 0) as bonus,
                    coalesce(sum(amount) filter (where account = 'points'), 0) as points
               from posting where merchant_id = $1 and lot_id is not null and account not in ('units', 'units_granted') group by lot_id),
           held as (
             select l.*, o.till_id, o.seq, o.member_id as opened_by, o.happened_at, o.store_id as opened_in,
                    (l.kind, l.expires_on, l.rule_id, l.rule_version) is distinct from (n.kind, n.expires_on, n.rule_id, n.rule_version) as bent,
                    concat_ws(' ', n.kind, n.expires_on, n.rule_id, n.rule_version) as opened_as, concat_ws(' ', l.kind, l.expires_on, l.rule_id, l.rule_version) as kept_as
               from lot l left join operation o on o.merchant_id = l.merchant_id and o.id = l.operation_id
               left join lateral jsonb_to_recordset(o.new_lots) as n (id uuid, kind lot_kind, expires_on date, rule_id int, rule_version int) on n.id = l.id
              where l.merchant_id = $1),
           wrong as (
             select coalesce(h.id, m.lot_id) as id, h.operation_id, h.till_id, h.seq, coalesce(h.member_id, m.member_id) as member_id, h.kind::text as kind,
                    format('%s, %s, %s%s', coalesce(m.principal, 0), coalesce(m.bonus, 0), coalesce(m.points, 0), case when h.bent then '; ' || h.opened_as end) as expected,
                    case when h.id is not null then format('%s, %s, %s%s', h.principal, h.bonus, h.points, case when h.bent then '; ' || h.kept_as end) end as found
               from held h full join moved m on m.lot_id = h.id
              where h.id is null or (h.principal, h.bonus, h.points) is distinct from (coalesce(m.principal, 0), coalesce(m.bonus, 0), coalesce(m.points, 0))
                 or (m.member_id <> h.member_id or m.other_id <> h.member_id or h.opened_by is distinct from h.member_id)
                    and not exists (select from handed x where x.lot_id = h.id)
                 or h.opened_at <> h.happened_at or h.opened_in <> h.store_id or h.bent
                 or h.lapses_on is distinct from h.expires_on and (h.lapses_on is not null or h.bonus > 0 or h.points > 0))
           select id as "id!", operation_id as "operation_id?", till_id as "till_id?", seq as "seq?", member_id as "member_id?", kind as "kind?",
                  expected as "expected?", found as "found?" from wrong order by seq, id limit 1"#,
        merchant
    )
    .fetch_optional(conn)
    .await
    .map_err(refuse)?;
    Ok(row.map(|row| {
        let wrong = Wrong {
            what: row.kind,
            expected: row.expected,
            found: row.found,
        };
        let found = wrong
            .named("verify.lot")
            .with("lot", row.id)
            .with("member", row.member_id.unwrap_or_default());
        match (row.operation_id, row.till_id, row.seq) {
            (Some(id), Some(till), Some(seq)) => found.at(id, till, seq),
            _ => found,
        }
    }))
}

/// The holding: sums of the lots, spend, visits and level from the operations. A visit counts when its
/// day is later than any before, in the order of posting, as the posting function counts (OR1); a merge or its
/// undoing says where both stand from there on (MB4). Who was forgotten stands in no list (PV1).
pub async fn holdings(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with lots as (
             select member_id, sum(principal) as principal, sum(bonus) as bonus, sum(points) as points
               from lot where merchant_id = $1 group by member_id),
           ops as (
             select *, max(last_on) over (partition by member_id, part order by version_after rows between unbounded preceding and 1 preceding) as before
               from (
                 select *, count(stood) over (partition by member_id order by version_after rows unbounded preceding) as part,
                        case when visit then business_on else (stood ->> 'first_visit_on')::date end as first_on,
                        case when visit then business_on else (stood ->> 'last_visit_on')::date end as last_on
                   from (select member_id, version_after, business_on, visit, spend,
                                coalesce(level_id, case when kind in ('enrol', 'top_up') then (document ->> 'level_id')::int end) as level_id,
                                case when kind in ('transfer_out', 'transfer_in') then document -> 'standing' end as stood
                           from operation where merchant_id = $1 and member_id is not null) p) x),
           did as (
             select member_id, sum(n) as version, sum(spend) as spend, (array_agg(visits order by part desc))[1] as visits,
                    (array_agg(first_visit_on order by part desc))[1] as first_visit_on, (array_agg(last_visit_on order by part desc))[1] as last_visit_on,
                    (array_agg(level_id order by part desc) filter (where level_id is not null))[1] as level_id
               from (
                 select member_id, part, count(*) as n, sum(spend) as spend,
                        sum(case when stood is not null then (stood ->> 'visits')::int when visit and (before is null or before < last_on) then 1 else 0 end) as visits,
                        min(first_on) as first_visit_on, max(last_on) as last_visit_on,
                        (array_agg(level_id order by version_after desc) filter (where level_id is not null))[1] as level_id
                   from ops group by member_id, part) y
              group by member_id),
           wrong as (
             select coalesce(h.member_id, d.member_id) as member_id,
                    array[d.version::text, s.principal::text, s.bonus::text, s.points::text,
                          d.spend::text, d.visits::text, d.first_visit_on::text, d.last_visit_on::text, d.level_id::text,
                          r.at_risk::text, r.due_on::text] as expected,
                    array[h.version::text, h.principal::text, h.bonus::text, h.points::text,
                          h.spend::text, h.visits::text, h.first_visit_on::text, h.last_visit_on::text, h.level_id::text,
                          h.at_risk::text, h.due_on::text] as found
               from (select * from holding where merchant_id = $1) h
               full join (select x.member_id, x.version, x.spend, x.visits, x.level_id,
                            case when e.id is null then x.first_visit_on else (select y.first_visit_on from holding y where y.merchant_id = $1 and y.member_id = e.id) end as first_visit_on,
                            case when e.id is null then x.last_visit_on else (select y.last_visit_on from holding y where y.merchant_id = $1 and y.member_id = e.id) end as last_visit_on
                            from did x left join member e on e.merchant_id = $1 and e.id = x.member_id and e.erased_at is not null) d
                 on d.member_id = h.member_id left join lots l on l.member_id = coalesce(h.member_id, d.member_id)
               cross join lateral (select coalesce(l.principal, 0) as principal, coalesce(l.bonus, 0) as bonus, coalesce(l.points, 0) as points) s
               cross join lateral (select at_risk((s.principal + s.bonus)::bigint, d.spend::bigint, d.first_visit_on, d.last_visit_on) as at_risk,
                                          due_on(d.visits::int, d.first_visit_on, d.last_visit_on) as due_on) r
              where (h.version, h.principal, h.bonus, h.points, h.spend, h.visits, h.first_visit_on, h.last_visit_on, h.level_id, h.at_risk, h.due_on)
                    is distinct from
                    (d.version, s.principal, s.bonus, s.points, d.spend, d.visits, d.first_visit_on, d.last_visit_on, d.level_id, r.at_risk, r.due_on)
              order by 1 limit 1)
           select w.member_id as "member_id!", f.what as "what?", f.expected as "expected?", f.found as "found?"
             from wrong w, unnest(array['version', 'principal', 'bonus', 'points', 'spend', 'visits', 'first_visit_on', 'last_visit_on', 'level', 'at_risk', 'due_on'],
                                  w.expected, w.found) as f (what, expected, found)
            where f.expected is distinct from f.found limit 1"#,
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
        wrong.named("verify.holding").with("member", row.member_id)
    }))
}
