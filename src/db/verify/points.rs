//! PT4, PT5, PT7: points that paid were worth what they took off; what is kept of exchanges and check-ins is what was posted.

use sqlx::PgConnection;

use super::{Difference, Wrong};
use crate::db::refuse::refuse;
use crate::error::Result;

/// What each sale spent of a member's points is what its document names and the fewest that are worth its reductions.
pub async fn check(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    if let Some(found) = spent(conn, merchant).await? {
        return Ok(Some(found));
    }
    if let Some(found) = multiplied(conn, merchant).await? {
        return Ok(Some(found));
    }
    kept(conn, merchant).await
}

/// PT2: whoever earned by a multiplier that was given had one of that rule and version, of so much, on that day.
async fn multiplied(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"select o.id as "id!", o.till_id as "till!", o.seq as "seq!", s ->> 'multiplier' as "found?",
                  (select max(g.terms #>> '{coupon,gives,multiply,times}') from member_grant g
                    where g.merchant_id = $1 and g.kind = 'multiplier' and g.rule_id = (s #>> '{rule,id}')::int) as "expected?"
             from operation o cross join lateral jsonb_path_query(o.document, '$.shares[*] ? (@.by == "multiplier")') s
            where o.merchant_id = $1 and not exists (
              select from member_grant g
               where g.merchant_id = $1 and g.kind = 'multiplier' and (g.member_id = o.member_id or o.member_id = any (g.held_by)
                   or g.member_id = (select t.merged_into from member t where t.merchant_id = $1 and t.id = o.member_id))
                 and g.rule_id = (s #>> '{rule,id}')::int and g.terms #> '{coupon,version}' = s #> '{rule,version}'
                 and g.terms #> '{coupon,gives,multiply,times}' = s -> 'multiplier'
                 and (g.expires_on < o.business_on) is not true)
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
        wrong.named("verify.points").at(row.id, row.till, row.seq)
    }))
}

async fn spent(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with paid as (
             select o.id, o.till_id, o.seq, o.document -> 'points_value' as value, coalesce((o.document ->> 'points_paid')::bigint, 0) as said,
                    coalesce((select -sum(x) from unnest(o.points) x where x < 0), 0)::bigint as spent,
                    coalesce((select sum((r ->> 'fen')::bigint)
                      from jsonb_path_query(o.lines, '$[*].reductions[*] ? (@.reason == "points")') r), 0)::bigint as off
               from operation o where o.merchant_id = $1 and o.kind = 'sale')
           select id as "id!", till_id as "till!", seq as "seq!", format('%s (%s)', said, needed) as "expected?", format('%s (%s)', spent, said) as "found?"
             from (select *, coalesce(ceil(off * (value ->> 'points')::numeric / (value ->> 'fen')::bigint), 0)::bigint as needed from paid) x
            where said <> spent or needed <> spent or (off > 0 and value is null)
            order by till_id, seq limit 1"#,
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
        wrong.named("verify.points").at(row.id, row.till, row.seq)
    }))
}

/// PT4, PT7: what went out of each reward, and who checked in when, are what the operations say.
async fn kept(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with counted as (
             select (o.document #>> '{reward,id}')::int as id,
                    sum((o.document #>> '{reward,count}')::bigint * case o.kind when 'exchange' then 1 else -1 end) as count
               from operation o where o.merchant_id = $1 and o.kind in ('exchange', 'exchange_reversal') group by 1),
           came as (
             select o.id, o.member_id, (o.document #>> '{check_in,day}')::date as day, o.happened_at as at, (o.document #>> '{check_in,streak}')::bigint as streak
               from operation o where o.merchant_id = $1 and o.kind = 'check_in')
           select what as "what!", expected as "expected?", found as "found?" from (
             select format('reward %s', coalesce(c.id, t.id)) as what, c.count::text as expected, t.count::text as found
               from counted c full join (select * from reward_taken where merchant_id = $1) t on t.id = c.id
              where coalesce(c.count, 0) <> coalesce(t.count, 0)
             union all
             select format('check-in %s', coalesce(c.member_id, k.member_id)), format('%s: %s, %s', c.day, c.at, c.streak), format('%s: %s, %s', k.day, k.at, k.streak)
               from came c full join (select * from check_in where merchant_id = $1) k on k.operation_id = c.id
              where (c.member_id, c.day, c.at, c.streak) is distinct from (k.member_id, k.day, k.at, k.streak)) x
            order by what limit 1"#,
        merchant
    )
    .fetch_optional(conn)
    .await
    .map_err(refuse)?;
    Ok(row.map(|row| {
        let wrong = Wrong {
            what: Some(row.what),
            expected: row.expected,
            found: row.found,
        };
        wrong.named("verify.kept")
    }))
}
