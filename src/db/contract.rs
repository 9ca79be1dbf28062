//! Plans of staged prepayment, and contracts that end before their last stage (SV5). Signing and paying are top-ups.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::member;
use crate::db::refuse::refuse;
use crate::domain::contract::ContractPlan;
use crate::domain::member::Member;
use crate::error::{Refusal, Result};
use crate::query::By;

/// Saves a plan as the version after its own; id 0 makes a new one.
///
/// # Errors
/// `staff.no_right`, `manage.changed`.
pub async fn save_plan(conn: &mut PgConnection, editor: i32, plan: &ContractPlan) -> Result<i32> {
    let document = serde_json::to_value(plan).map_err(Refusal::internal)?;
    sqlx::query_scalar!(
        r#"select save_contract_plan($1, $2) as "id!""#,
        editor,
        document
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)
}

/// Ends a contract, and reads the member as she is then: what was paid stays hers.
///
/// # Errors
/// `contract.over` when there is nothing to end, `approval.needed`.
pub async fn end(
    conn: &mut PgConnection,
    contract: Uuid,
    by: By,
    approver: Option<i32>,
    reason: &str,
) -> Result<Member> {
    let member = sqlx::query_scalar!(
        r#"select end_contract($1, $2, $3, $4, $5) as "member!""#,
        contract,
        by.staff_id,
        approver,
        by.till_id,
        reason
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(refuse)?;
    member::read(conn, member).await
}
