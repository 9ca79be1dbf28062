//! Receipts, lists of operations, and the postings behind a balance (LG7).

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::json;
use crate::db::refuse::refuse;
use crate::db::shift;
use crate::domain::ledger::OperationKind;
use crate::domain::money::Fen;
use crate::domain::receipt::Receipt;
use crate::domain::refund::SaleRecord;
use crate::domain::top_up::TopUpRecord;
use crate::error::Result;
use crate::query::{OperationRow, OperationsOf, StatementRow};

/// A receipt, to be shown or printed again.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn read(conn: &mut PgConnection, id: Uuid) -> Result<Receipt> {
    let mut receipt: Receipt = json::read(
        sqlx::query_scalar!("select read_receipt($1)", id)
            .fetch_one(&mut *conn)
            .await
            .map_err(refuse)?,
    )?;
    if receipt.kind == OperationKind::ShiftClose {
        receipt.document.sheet = Some(Box::new(shift::sheet_about(conn, id).await?));
    }
    Ok(receipt)
}

/// A sale with what was done to it since.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn read_sale(conn: &mut PgConnection, id: Uuid) -> Result<SaleRecord> {
    json::read(
        sqlx::query_scalar!("select read_sale($1)", id)
            .fetch_one(conn)
            .await
            .map_err(refuse)?,
    )
}

/// A top-up with what was paid out on it since.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn read_top_up(conn: &mut PgConnection, id: Uuid) -> Result<TopUpRecord> {
    json::read(
        sqlx::query_scalar!("select read_top_up($1)", id)
            .fetch_one(conn)
            .await
            .map_err(refuse)?,
    )
}

/// Operations, newest first, before `before`.
///
/// # Errors
/// Offline.
pub async fn operations(
    conn: &mut PgConnection,
    of: OperationsOf,
    before: Option<Uuid>,
    limit: i32,
) -> Result<Vec<OperationRow>> {
    let (till, member) = match of {
        OperationsOf::Till(till) => (Some(till), None),
        OperationsOf::Member(member) => (None, Some(member)),
    };
    let rows = sqlx::query!(
        r#"select id as "id!", kind::text as "kind!", seq as "seq!", at as "at!", store as "store!", cashier as "cashier!", member,
                  amount as "amount!", about_id, reversed as "reversed!" from list_operations($1, $2, $3, $4)"#,
        till,
        member,
        before,
        limit
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(OperationRow {
                id: row.id,
                kind: OperationKind::named(&row.kind)?,
                seq: row.seq,
                at: row.at,
                store: row.store,
                cashier: row.cashier,
                member: row.member,
                amount: Fen(row.amount),
                about: row.about_id,
                reversed: row.reversed,
            })
        })
        .collect())
}

/// The postings of a member, summed per operation, newest first, before `before`.
///
/// # Errors
/// Offline.
pub async fn statement(
    conn: &mut PgConnection,
    member: i64,
    before: Option<Uuid>,
    limit: i32,
) -> Result<Vec<StatementRow>> {
    let rows = sqlx::query!(
        r#"select operation_id as "id!", kind::text as "kind!", at as "at!", store as "store!", seq as "seq!",
                  principal as "principal!", bonus as "bonus!", points as "points!",
                  principal_after, bonus_after, points_after, units from statement($1, $2, $3)"#,
        member,
        before,
        limit
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(StatementRow {
                operation_id: row.id,
                kind: OperationKind::named(&row.kind)?,
                at: row.at,
                store: row.store,
                seq: row.seq,
                principal: Fen(row.principal),
                bonus: Fen(row.bonus),
                points: row.points,
                principal_after: Fen(row.principal_after.unwrap_or_default()),
                bonus_after: Fen(row.bonus_after.unwrap_or_default()),
                points_after: row.points_after.unwrap_or_default(),
                units: row
                    .units
                    .and_then(|units| serde_json::from_value(units).ok())
                    .unwrap_or_default(),
            })
        })
        .collect())
}

/// What a member of staff loaded for a member in a shift by herself (OP3), fen of principal.
///
/// # Errors
/// Offline.
pub async fn loaded_alone(
    conn: &mut PgConnection,
    member: i64,
    shift: Uuid,
    staff: i32,
) -> Result<Fen> {
    sqlx::query_scalar!(
        r#"select read_loaded_alone($1, $2, $3) as "fen!""#,
        member,
        shift,
        staff
    )
    .fetch_one(conn)
    .await
    .map(Fen)
    .map_err(refuse)
}
