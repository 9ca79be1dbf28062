//! Redemptions: what was paid for beforehand is used, and a mistake is taken back (PK2).

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::Db;
use crate::db::json;
use crate::db::member;
use crate::db::refuse::refuse;
use crate::db::sale::fresh;
use crate::db::settle::Knowledge;
use crate::domain::ledger::OperationKind;
use crate::domain::member::Member;
use crate::domain::receipt::Receipt;
use crate::domain::redemption::{self, RedemptionRecord, RedemptionRequest, UndoRequest};
use crate::error::Result;

/// A redemption with what it took, and whether it was taken back.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn read(conn: &mut PgConnection, id: Uuid) -> Result<RedemptionRecord> {
    json::read(
        sqlx::query_scalar!("select read_redemption($1)", id)
            .fetch_one(conn)
            .await
            .map_err(refuse)?,
    )
}

impl Db {
    /// Uses services that were paid for beforehand: one round trip when `given` is the member as she stands.
    ///
    /// # Errors
    /// `redemption.short`, `redemption.past`, `stored_value.short`, `approval.needed`.
    pub async fn redeem(
        &self,
        request: &RedemptionRequest,
        given: Option<&Member>,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let shop = self.shop().await?;
        let done = self
            .settle(
                OperationKind::Redemption,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, attempt| {
                    let member = fresh(conn, given, request.member_id, attempt).await?;
                    redemption::plan(request, &shop, &member)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, given).await
    }

    /// Takes a redemption back, whole.
    ///
    /// # Errors
    /// `redemption.reversed`, `approval.needed`.
    pub async fn undo_redemption(
        &self,
        request: &UndoRequest,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let done = self
            .settle(
                OperationKind::RedemptionReversal,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, _| {
                    let record = read(conn, request.redemption_id).await?;
                    let member = member::read(conn, request.member_id).await?;
                    redemption::plan_reversal(request, &record, &member)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, None).await
    }
}
