//! Rewards and check-ins: points exchanged, taken back, and given for coming by (PT4, PT7).

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::Db;
use crate::db::json;
use crate::db::member;
use crate::db::promotion::goods;
use crate::db::refuse::refuse;
use crate::db::sale::fresh;
use crate::db::settle::Knowledge;
use crate::domain::check_in::{self, CheckInRequest, CheckInRule};
use crate::domain::ledger::OperationKind;
use crate::domain::member::Member;
use crate::domain::receipt::Receipt;
use crate::domain::reward::{
    self, ExchangeRecord, ExchangeRequest, Gives, Taken, UndoExchange, taken_of,
};
use crate::error::{Refusal, Result};
use crate::query::RewardEdit;

/// How many units of each reward went out: to her, and in all.
///
/// # Errors
/// Offline.
pub async fn taken(conn: &mut PgConnection, member: i64) -> Result<Vec<Taken>> {
    json::read(
        sqlx::query_scalar!("select rewards_taken($1)", member)
            .fetch_one(conn)
            .await
            .map_err(refuse)?,
    )
}

/// An exchange with what was done to it since.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn read(conn: &mut PgConnection, id: Uuid) -> Result<ExchangeRecord> {
    json::read(
        sqlx::query_scalar!("select read_exchange($1)", id)
            .fetch_one(conn)
            .await
            .map_err(refuse)?,
    )
}

/// Saves a reward as the version after its own; id 0 makes a new one.
///
/// # Errors
/// `promotion.no_goods`, `reward.wrong_goods`, `staff.no_right`, `manage.changed`.
pub async fn save(conn: &mut PgConnection, editor: i32, edit: &RewardEdit) -> Result<i32> {
    let mut rule = edit.reward.clone();
    if let Some(name) = &edit.product {
        let id = goods(conn, name).await?;
        match &mut rule.gives {
            Gives::Goods { product_id, .. }
            | Gives::Service { product_id, .. }
            | Gives::Package { product_id } => *product_id = id,
            Gives::Coupon { .. } => {}
        }
    }
    let document = serde_json::to_value(rule).map_err(Refusal::internal)?;
    sqlx::query_scalar!(r#"select save_reward($1, $2) as "id!""#, editor, document)
        .fetch_one(conn)
        .await
        .map_err(refuse)
}

/// Saves what checking in gives, as the next version.
///
/// # Errors
/// `staff.no_right`, `manage.changed`.
pub async fn save_check_in(conn: &mut PgConnection, editor: i32, rule: &CheckInRule) -> Result<()> {
    let document = serde_json::to_value(rule).map_err(Refusal::internal)?;
    sqlx::query_scalar!("select save_check_in($1, $2)", editor, document)
        .fetch_one(conn)
        .await
        .map_err(refuse)?;
    Ok(())
}

impl Db {
    /// Exchanges points for a reward (PT4).
    ///
    /// # Errors
    /// `exchange.changed`, `exchange.limit`, `exchange.sold_out`, `points.short`.
    pub async fn exchange(
        &self,
        request: &ExchangeRequest,
        given: Option<&Member>,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let done = self
            .settle(
                OperationKind::Exchange,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, attempt| {
                    // The rule may have been edited a moment ago.
                    let shop = Box::pin(self.reread_shop(conn)).await?;
                    let member = fresh(conn, given, request.member_id, attempt).await?;
                    let all = taken(conn, request.member_id).await?;
                    let taken = taken_of(&all, request.reward.id);
                    reward::plan(request, &shop, &member, taken)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, given).await
    }

    /// Takes an exchange back, whole.
    ///
    /// # Errors
    /// `exchange.reversed`, `exchange.shift_over`, `exchange.used`.
    pub async fn undo_exchange(
        &self,
        request: &UndoExchange,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let done = self
            .settle(
                OperationKind::ExchangeReversal,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, _| {
                    let record = read(conn, request.exchange_id).await?;
                    let member = member::read(conn, request.member_id).await?;
                    reward::plan_reversal(request, &record, &member)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, None).await
    }

    /// Checks a member in (PT7).
    ///
    /// # Errors
    /// `check_in.done` with the time of the first, `check_in.off`.
    pub async fn check_in(
        &self,
        request: &CheckInRequest,
        given: Option<&Member>,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let done = self
            .settle(
                OperationKind::CheckIn,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, attempt| {
                    // The rule may have been edited a moment ago.
                    let shop = Box::pin(self.reread_shop(conn)).await?;
                    let member = fresh(conn, given, request.member_id, attempt).await?;
                    check_in::plan(request, &shop, &member)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, given).await
    }
}
