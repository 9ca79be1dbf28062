//! Posting an operation: one call, one round trip, whatever it holds (LG2, LG3).

use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::refuse::{is_known, refuse};
use crate::domain::ledger::{Balances, OperationKind, Plan, Posted, Stamp};
use crate::domain::money::Fen;
use crate::error::{Kind, Refusal, Result};

/// The first figure of an answer: posted by this call, or as a void before.
const POSTED_NOW: i64 = 0;
const AS_VOID: i64 = 2;

/// The fingerprint of a request: the same id with another one is refused (LG2).
#[must_use]
pub fn fingerprint<T: serde::Serialize>(request: &T) -> Vec<u8> {
    let text = serde_json::to_vec(request).unwrap_or_default();
    Sha256::digest(text).to_vec()
}

/// Posts a plan. A known id with the same fingerprint posts nothing and returns the first answer, which takes a second
/// round trip.
///
/// # Errors
/// `ledger.stale` when the member has changed since the plan was made; refusals of the shop's rules; offline
/// when the answer did not come, which says nothing about whether it was posted.
pub async fn post(
    conn: &mut PgConnection,
    stamp: &Stamp,
    plan: &Plan,
    hash: &[u8],
) -> Result<Posted> {
    if plan.imbalance() != (0, 0) {
        return Err(Refusal::new(Kind::Internal, "refusal.internal").with("plan", plan.kind.name()));
    }
    let (accounts, amounts): (Vec<&str>, Vec<i64>) = plan
        .shop_side()
        .map(|p| (p.account.name(), p.amount))
        .unzip();
    let moves = plan.moves();
    let lots: Vec<Uuid> = moves.iter().map(|m| m.lot).collect();
    let principals: Vec<i64> = moves.iter().map(|m| m.principal).collect();
    let bonuses: Vec<i64> = moves.iter().map(|m| m.bonus).collect();
    let points: Vec<i64> = moves.iter().map(|m| m.points).collect();
    let answer = sqlx::query_scalar!(
        r#"select post($1, $2::text::operation_kind, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
             $15, $16, $17, $18, $19, $20::text[]::account[], $21, $22, $23, $24, $25, $26, $27, $28, $29, $30) as "answer!: Vec<Option<i64>>""#,
        stamp.id,
        plan.kind.name(),
        stamp.till_id,
        stamp.shift_id,
        stamp.operator_id,
        stamp.approver_id,
        plan.member.map(|(id, _)| id),
        plan.member.map(|(_, version)| version),
        stamp.business_on,
        stamp.at,
        plan.about,
        plan.spend.0,
        plan.visit,
        plan.standing.visits,
        plan.standing.first_visit_on,
        plan.standing.last_visit_on,
        plan.standing.at_risk.0,
        plan.standing.due_on,
        plan.level,
        &accounts as &[&str],
        &amounts,
        &lots,
        &principals,
        &bonuses,
        &points,
        part(!plan.lines.is_empty(), &plan.lines) as _,
        part(!plan.new_lots.is_empty(), &plan.new_lots) as _,
        part(!plan.extras.is_empty(), &plan.extras) as _,
        plan.document,
        hash,
    )
    .fetch_one(&mut *conn)
    .await;
    posted(conn, stamp, plan.kind, hash, answer).await
}

/// What the answer of the posting function says; of a known id its first answer is asked for.
///
/// # Errors
/// As [`post`].
pub(super) async fn posted(
    conn: &mut PgConnection,
    stamp: &Stamp,
    kind: OperationKind,
    hash: &[u8],
    answer: std::result::Result<Vec<Option<i64>>, sqlx::Error>,
) -> Result<Posted> {
    let answer = match answer {
        Err(error) if is_known(&error) => {
            sqlx::query_scalar!(
                r#"select first_answer($1, $2, $3) as "answer!: Vec<Option<i64>>""#,
                stamp.id,
                stamp.till_id,
                hash
            )
            .fetch_one(conn)
            .await
        }
        answer => answer,
    }
    .map_err(refuse)?;
    let [Some(how), Some(seq), after @ ..] = answer.as_slice() else {
        return Err(
            Refusal::new(Kind::Internal, "refusal.internal").with("answer", format!("{answer:?}"))
        );
    };
    if *how == AS_VOID && kind != OperationKind::Void {
        return Err(Refusal::user("ledger.void"));
    }
    let after = match *after {
        [Some(version), Some(principal), Some(bonus), Some(points)] => Some(Balances {
            version,
            principal: Fen(principal),
            bonus: Fen(bonus),
            points,
        }),
        _ => None,
    };
    Ok(Posted {
        id: stamp.id,
        replayed: *how != POSTED_NOW,
        seq: *seq,
        after,
    })
}

/// Takes the id of an operation whose fate is unknown, so that a late arrival cannot post it any more.
/// `Some` when it had been posted after all.
///
/// # Errors
/// Offline.
pub async fn fence(conn: &mut PgConnection, stamp: &Stamp, hash: &[u8]) -> Result<Option<Posted>> {
    match post(conn, stamp, &Plan::new(OperationKind::Void), hash).await {
        Ok(posted) if posted.replayed => {
            let kind = sqlx::query_scalar!(r#"select kind::text as "kind!" from operation where merchant_id = seat_merchant() and id = $1"#, stamp.id)
                .fetch_one(conn)
                .await
                .map_err(refuse)?;
            Ok((kind != OperationKind::Void.name()).then_some(posted))
        }
        Ok(_) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// What an operation has, or none: most have neither lots nor extras.
fn part<T>(has: bool, it: &T) -> Option<Json<&T>> {
    has.then_some(Json(it))
}
