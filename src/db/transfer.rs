//! Transfers: what one member holds becomes another's, two operations in one round trip (MB4).

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::Db;
use crate::db::json;
use crate::db::ledger::posted;
use crate::db::member;
use crate::db::refuse::refuse;
use crate::db::settle::Knowledge;
use crate::domain::ledger::{OperationKind, Plan, Posted};
use crate::domain::transfer::{self, Halves, MergeRecord, Pair, TransferRequest, What};
use crate::error::Result;
use crate::query::Reply;

/// Two members as they stand: one round trip.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn read(conn: &mut PgConnection, from: i64, to: i64) -> Result<Pair> {
    json::read(
        sqlx::query_scalar!("select read_transfer($1, $2)", from, to)
            .fetch_one(conn)
            .await
            .map_err(refuse)?,
    )
}

/// A merge, by either of its operations.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn read_merge(conn: &mut PgConnection, id: Uuid) -> Result<MergeRecord> {
    json::read(
        sqlx::query_scalar!("select read_merge($1)", id)
            .fetch_one(conn)
            .await
            .map_err(refuse)?,
    )
}

/// One half, as the posting function reads it.
fn half(plan: &Plan) -> Value {
    let (accounts, amounts): (Vec<&str>, Vec<i64>) = plan
        .shop_side()
        .map(|p| (p.account.name(), p.amount))
        .unzip();
    let moves = plan.moves();
    let column = |of: fn(&crate::domain::ledger::Move) -> i64| -> Vec<i64> {
        moves.iter().map(of).collect()
    };
    json!({
        "version": plan.member.map(|(_, version)| version),
        "spend": plan.spend,
        "level": plan.level,
        "accounts": accounts,
        "amounts": amounts,
        "lots": moves.iter().map(|it| it.lot).collect::<Vec<Uuid>>(),
        "principals": column(|it| it.principal),
        "bonuses": column(|it| it.bonus),
        "points": column(|it| it.points),
        "new_lots": (!plan.new_lots.is_empty()).then_some(&plan.new_lots),
        "extras": (!plan.extras.is_empty()).then_some(&plan.extras),
        "document": plan.document,
    })
}

async fn post(
    conn: &mut PgConnection,
    request: &TransferRequest,
    halves: &Halves,
    hash: &[u8],
) -> Result<Posted> {
    let stamp = &request.stamp;
    let (from, to) = request.what.members();
    let answer = sqlx::query_scalar!(
        r#"select post_transfer($1, $2, $3::text::transfer_kind, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as "answer!: Vec<Option<i64>>""#,
        stamp.id,
        request.out_id(),
        request.what.name(),
        stamp.till_id,
        stamp.shift_id,
        stamp.operator_id,
        stamp.approver_id,
        stamp.business_on,
        stamp.at,
        from,
        to,
        request.what.about(),
        half(&halves.leaves),
        half(&halves.arrives),
        hash,
    )
    .fetch_one(&mut *conn)
    .await;
    posted(conn, stamp, OperationKind::TransferIn, hash, answer).await
}

impl Db {
    /// Merges two members, undoes it, or gives claims away; planned on both as they stand at that moment. Gives the one
    /// who has it now; of a gift its slip.
    ///
    /// # Errors
    /// `transfer.merged_already`, `transfer.same`, `transfer.undone`, `transfer.nothing`, `approval.needed`.
    pub async fn transfer(&self, request: &TransferRequest, knowledge: Knowledge) -> Result<Reply> {
        let (from, to) = request.what.members();
        let done = self
            .settle_by(
                OperationKind::TransferIn,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, _, hash: &[u8]| {
                    let shop = Box::pin(self.reread_shop(conn)).await?;
                    let merge = match request.what {
                        What::Undo { merge_id, .. } => Some(read_merge(conn, merge_id).await?),
                        _ => None,
                    };
                    let pair = read(conn, from, to).await?;
                    let halves = transfer::plan(request, &pair, merge.as_ref(), &shop.levels)?;
                    let posted = post(conn, request, &halves, hash).await?;
                    Ok((posted, halves.arrives))
                },
            )
            .await?;
        // Whoever gets something takes a slip of it along.
        if matches!(request.what, What::Gift { .. }) {
            let receipt = self.receipt(&request.stamp, done, None).await?;
            return Ok(Reply::Receipt(Box::new(receipt)));
        }
        let now = self
            .link
            .read(async |conn: &mut PgConnection| member::read(conn, to).await)
            .await?;
        Ok(Reply::Member(Box::new(now)))
    }
}
