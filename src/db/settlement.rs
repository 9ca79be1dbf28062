//! Settlements: what was paid beforehand goes back by law (RF1 - RF5).

use sqlx::PgConnection;

use crate::db::Db;
use crate::db::json;
use crate::db::refuse::refuse;
use crate::db::settle::Knowledge;
use crate::domain::ledger::OperationKind;
use crate::domain::receipt::Receipt;
use crate::domain::settlement::{self, History, SettlementRequest};
use crate::error::Result;

/// What a member paid beforehand and every use of it: one round trip.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn read(conn: &mut PgConnection, member: i64) -> Result<History> {
    json::read(
        sqlx::query_scalar!("select read_settlement($1)", member)
            .fetch_one(conn)
            .await
            .map_err(refuse)?,
    )
}

impl Db {
    /// Settles what a member paid beforehand. It is planned on her history as it is at that moment.
    ///
    /// # Errors
    /// `settlement.changed` when it is not what was shown, `settlement.nothing`, `approval.needed`, `approval.beyond`.
    pub async fn settle_up(
        &self,
        request: &SettlementRequest,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let done = self
            .settle(
                OperationKind::Settlement,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, _| {
                    let history = read(conn, request.member_id).await?;
                    settlement::plan(request, &history)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, None).await
    }
}
