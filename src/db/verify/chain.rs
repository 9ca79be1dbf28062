//! Each till's chain, one operation after the other.

use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Counts, Difference};
use crate::db::refuse::refuse;
use crate::error::Result;

/// A till and where its chain ends.
#[derive(Debug)]
pub struct Till {
    id: i32,
    seq: i64,
    head: Vec<u8>,
}

/// An operation with the sums of its postings and lines.
struct Link {
    id: Uuid,
    kind: String,
    seq: i64,
    hash: Vec<u8>,
    content: Vec<u8>,
    postings: i64,
    fen: i64,
    /// Postings of a member without their lot, or of the shop with one.
    strangers: i64,
    revenue: i64,
    discount: i64,
    unearned: i64,
    list: i64,
    net: i64,
    /// What packages were sold for, less what was used of them, fen.
    owed: i64,
}

/// The tills of a merchant.
pub async fn tills(conn: &mut PgConnection, merchant: i32) -> Result<Vec<Till>> {
    sqlx::query_as!(
        Till,
        "select id, seq, head from till where merchant_id = $1 order by id",
        merchant
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)
}

/// Follows a till's chain to its end.
pub async fn follow(
    conn: &mut PgConnection,
    merchant: i32,
    till: &Till,
    counts: &mut Counts,
) -> Result<Option<Difference>> {
    counts.tills += 1;
    let mut links = sqlx::query_as!(
        Link,
        r#"select o.id as "id!", o.kind::text as "kind!", o.seq as "seq!", o.hash as "hash!",
             operation_content(o.store_id, o.till_id, o.seq, o.id, o.kind, o.shift_id, o.operator_id, o.approver_id, o.member_id, o.business_on, o.happened_at,
               o.about_id, o.spend, o.visit, o.level_id, o.accounts, o.amounts, o.lots, o.principals, o.bonuses, o.points,
               o.lines, o.new_lots, o.extras, o.document, o.request_hash) as "content!",
             p.n + coalesce(m.n, 0) as "postings!", p.fen + m.fen as "fen!", p.strangers + m.strangers as "strangers!",
             p.revenue as "revenue!", p.discount as "discount!", p.unearned as "unearned!", l.list as "list!", l.net as "net!", l.owed as "owed!"
           from operation o
           cross join lateral (
             select count(*) as n, coalesce(sum(x.amount), 0)::bigint as fen,
                    count(*) filter (where (x.account >= 'cash' and x.account not in ('points_granted', 'points_expired', 'points_transfer', 'points_spent') and x.amount <> 0) is not true) as strangers,
                    coalesce(sum(x.amount) filter (where x.account = 'revenue'), 0)::bigint as revenue,
                    coalesce(sum(x.amount) filter (where x.account = 'discount'), 0)::bigint as discount,
                    coalesce(sum(x.amount) filter (where x.account = 'unearned'), 0)::bigint as unearned
               from unnest(o.accounts, o.amounts) as x (account, amount)) p
           cross join lateral (
             select count(nullif(y.principal, 0)) + count(nullif(y.bonus, 0)) + count(nullif(y.points, 0))
                      + (coalesce(sum(y.points) filter (where y.is_spent), 0) <> 0)::int
                      + (coalesce(sum(y.points) filter (where not y.is_spent), 0) <> 0)::int as n,
                    coalesce(sum(y.principal + y.bonus), 0)::bigint as fen,
                    count(*) filter (where y.lot_id is null or y.principal + y.bonus + y.points is null) as strangers
               from (select u.*, case o.kind when 'sale' then u.points < 0 when 'refund' then u.points > 0
                              else o.kind in ('exchange', 'exchange_reversal') end as is_spent
                       from unnest(o.lots, o.principals, o.bonuses, o.points) as u (lot_id, principal, bonus, points)) y) m
           cross join lateral (
             select coalesce(sum(x.list) filter (where x.package is null), 0)::bigint as list,
                    coalesce(sum(x.net) filter (where x.package is null), 0)::bigint as net,
                    case when o.kind in ('settlement', 'lapse', 'transfer_out', 'transfer_in', 'deposit_reversal', 'forfeit') then (select coalesce(sum(y.value), 0)::bigint from jsonb_to_recordset(o.extras -> 'moves') as y (value bigint))
                      when o.kind = 'deposit' then (select coalesce(sum(y.value), 0)::bigint from jsonb_to_recordset(o.extras -> 'grants') as y (value bigint))
                      else coalesce(sum(case when x.package is not null then x.net else - coalesce(x.prepaid, 0) end - coalesce((x.ordered ->> 'deposit')::bigint, 0)), 0)::bigint end as owed
               from jsonb_to_recordset(o.lines) as x (list bigint, net bigint, prepaid bigint, package jsonb, ordered jsonb)) l
           where o.merchant_id = $1 and o.till_id = $2
           order by o.seq"#,
        merchant,
        till.id
    )
    .fetch(conn);
    let mut head = Vec::new();
    let mut seq = 0;
    while let Some(link) = links.try_next().await.map_err(refuse)? {
        counts.operations += 1;
        counts.postings += link.postings;
        seq += 1;
        head = next(&head, &link.content);
        if let Some(found) = judge(&link, till.id, seq, &head) {
            return Ok(Some(found));
        }
    }
    let end = |seq: i64, head: &[u8]| format!("{seq} {}", short(head));
    if (seq, &head) == (till.seq, &till.head) {
        return Ok(None);
    }
    let found = Difference::new("verify.head", end(till.seq, &till.head), end(seq, &head));
    Ok(Some(found.with("till", till.id)))
}

/// The hash that must stand at this place, as `chain_hash()` in Postgres makes it.
fn next(head: &[u8], content: &[u8]) -> Vec<u8> {
    Sha256::new()
        .chain_update(head)
        .chain_update(content)
        .finalize()
        .to_vec()
}

/// The plainest words first: what is wrong inside an operation also breaks its hash.
fn judge(link: &Link, till: i32, seq: i64, hash: &[u8]) -> Option<Difference> {
    if link.seq != seq {
        return Some(Difference::new("verify.gap", seq, link.seq).at(link.id, till, link.seq));
    }
    let sign = match link.kind.as_str() {
        "refund" | "redemption_reversal" | "exchange_reversal" => -1,
        _ => 1,
    };
    // Earned at its end, without a receipt (RF4).
    let (list, net) = match link.kind.as_str() {
        "lapse" => (-link.owed, -link.owed),
        _ => (link.list, link.net),
    };
    let found = if link.fen != 0 {
        Difference::new("verify.unbalanced", "0", link.fen)
    } else if link.strangers != 0 {
        Difference::new("verify.wrong_lot", 0, link.strangers)
    } else if sign * link.revenue != list {
        Difference::new("verify.lines", sign * link.revenue, list)
    } else if sign * (link.revenue + link.discount) != net {
        Difference::new("verify.lines", sign * (link.revenue + link.discount), net)
    } else if sign * link.unearned != link.owed {
        Difference::new("verify.lines", sign * link.unearned, link.owed)
    } else if link.hash != hash {
        Difference::new("verify.hash", short(&link.hash), short(hash))
    } else {
        return None;
    };
    Some(found.at(link.id, till, link.seq))
}

/// The first eight hex digits: enough to tell two hashes apart.
fn short(hash: &[u8]) -> String {
    let head = hash
        .iter()
        .take(4)
        .fold(0_u32, |head, byte| head << 8 | u32::from(*byte));
    format!("{head:08x}")
}
