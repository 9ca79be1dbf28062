//! Deposits: paid beforehand for one order, taken back, forfeited (SV6).

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::Db;
use crate::db::json;
use crate::db::member;
use crate::db::refuse::refuse;
use crate::db::sale::fresh;
use crate::db::settle::Knowledge;
use crate::domain::deposit::{self, DepositRecord, DepositRequest, ForfeitRequest, UndoDeposit};
use crate::domain::ledger::OperationKind;
use crate::domain::member::Member;
use crate::domain::receipt::Receipt;
use crate::error::Result;

/// A deposit with its order, and what is left of it.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn read(conn: &mut PgConnection, id: Uuid) -> Result<DepositRecord> {
    json::read(
        sqlx::query_scalar!("select read_deposit($1)", id)
            .fetch_one(conn)
            .await
            .map_err(refuse)?,
    )
}

impl Db {
    /// Takes a deposit: one round trip when `given` is the member as she stands.
    ///
    /// # Errors
    /// `deposit.too_much`, `gift_card.no_member`.
    pub async fn take_deposit(
        &self,
        request: &DepositRequest,
        given: Option<&Member>,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let shop = self.shop().await?;
        let done = self
            .settle(
                OperationKind::Deposit,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, attempt| {
                    let member = fresh(conn, given, request.member_id, attempt).await?;
                    deposit::plan(request, &shop, &member)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, given).await
    }

    /// Takes a deposit back that was a mistake.
    ///
    /// # Errors
    /// `deposit.used`, `approval.needed`.
    pub async fn undo_deposit(
        &self,
        request: &UndoDeposit,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let done = self
            .settle(
                OperationKind::DepositReversal,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, _| {
                    let record = read(conn, request.deposit_id).await?;
                    let member = member::read(conn, request.member_id).await?;
                    deposit::plan_reversal(request, &record, &member)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, None).await
    }

    /// An order is called off, and a part of its deposit is kept.
    ///
    /// # Errors
    /// `deposit.used`, `deposit.over_kept`, `approval.needed`, `approval.beyond`.
    pub async fn forfeit(&self, request: &ForfeitRequest, knowledge: Knowledge) -> Result<Receipt> {
        let done = self
            .settle(
                OperationKind::Forfeit,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, _| {
                    let record = read(conn, request.deposit_id).await?;
                    let member = member::read(conn, request.member_id).await?;
                    deposit::plan_forfeit(request, &record, &member)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, None).await
    }
}
