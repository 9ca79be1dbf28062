//! SV5: what was paid of each contract is what the top-ups say, stage by stage, under the version that was signed.

use sqlx::PgConnection;

use super::{Difference, Wrong};
use crate::db::refuse::refuse;
use crate::error::Result;

/// Every stage is a top-up of its amount that was not reversed, without a gap; what is next follows from them.
pub async fn check(conn: &mut PgConnection, merchant: i32) -> Result<Option<Difference>> {
    let row = sqlx::query!(
        r#"with posted as (
             select (o.document #>> '{contract,id}')::uuid as contract_id, (o.document #>> '{contract,stage}')::smallint as no, o.id as operation_id, r.id as reversed_by,
                    (o.document ->> 'amount')::bigint as amount, (o.document #>> '{contract,plan,id}')::int as plan_id, (o.document #>> '{contract,plan,version}')::int as plan_version
               from operation o left join operation r on r.merchant_id = $1 and r.about_id = o.id and r.kind = 'top_up_reversal'
              where o.merchant_id = $1 and o.kind = 'top_up' and o.document ? 'contract'),
           should as (
             select c.id, count(p.no) as paid, coalesce(max(p.no), 0) as last,
                    bool_and(p.amount = (n.body #>> array['stages', (p.no - 1)::text, 'amount'])::bigint and (p.plan_id, p.plan_version) = (c.plan_id, c.plan_version)) as is_hers,
                    case when c.ended_at is null then stage_day(n.body, c.signed_on, count(p.no)::int + 1) end as next_on, o.business_on as signed_on, o.member_id
               from contract c
               join contract_plan n on n.merchant_id = $1 and n.id = c.plan_id and n.version = c.plan_version
               left join operation o on o.merchant_id = $1 and o.id = c.id and o.kind = 'top_up'
               left join posted p on p.contract_id = c.id and p.reversed_by is null
              where c.merchant_id = $1 group by c.id, c.ended_at, c.signed_on, n.body, o.business_on, o.member_id)
           select what as "what!", expected as "expected?", found as "found?" from (
             select c.id::text as what, format('%s, %s, %s, %s', s.paid, s.next_on, s.signed_on, s.member_id) as expected, format('%s, %s, %s, %s', c.paid, c.next_on, c.signed_on, c.member_id) as found
               from should s join contract c on c.merchant_id = $1 and c.id = s.id
              where (s.paid, s.last::bigint, s.next_on, s.signed_on, s.member_id, coalesce(s.is_hers, true))
                is distinct from (c.paid::bigint, c.paid::bigint, c.next_on, c.signed_on, c.member_id, true)
             union all
             select coalesce(p.contract_id, s.contract_id)::text, format('%s: %s, %s', p.no, p.operation_id, p.reversed_by), format('%s: %s, %s', s.no, s.operation_id, s.reversed_by)
               from posted p full join (select * from contract_stage where merchant_id = $1) s on s.operation_id = p.operation_id
              where (p.contract_id, p.no, p.operation_id, p.reversed_by) is distinct from (s.contract_id, s.no, s.operation_id, s.reversed_by)) x
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
        wrong.named("verify.contract")
    }))
}
