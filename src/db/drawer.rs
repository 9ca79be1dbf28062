//! The drawer without a payment is written down before it opens: who, when, where and why (OP3).

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::refuse::refuse;
use crate::error::Result;
use crate::query::{By, DrawerOpening};

/// Writes down that the drawer is about to open; once for a key, however often it is asked.
///
/// # Errors
/// `staff.no_right`; `approval.needed`; `approval.beyond`; `disclosure.reason_missing`; offline. The
/// drawer must stay shut then.
pub async fn open(
    conn: &mut PgConnection,
    key: Uuid,
    by: By,
    approver: Option<i32>,
    reason: &str,
) -> Result<()> {
    sqlx::query_scalar!(
        "select open_drawer($1, $2, $3, $4, $5)",
        key,
        by.till_id,
        by.staff_id,
        approver,
        reason
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)?;
    Ok(())
}

/// Writes down that the drawer was sent its pulse.
///
/// # Errors
/// Offline: then nobody knows.
pub async fn pulsed(conn: &mut PgConnection, key: Uuid, till: i32) -> Result<()> {
    sqlx::query_scalar!("select drawer_pulsed($1, $2)", key, till)
        .fetch_one(conn)
        .await
        .map_err(refuse)?;
    Ok(())
}

/// How often it was opened in a shift.
///
/// # Errors
/// Offline.
pub async fn count(conn: &mut PgConnection, shift: Uuid) -> Result<i64> {
    sqlx::query_scalar!(r#"select drawer_count($1) as "count!""#, shift)
        .fetch_one(conn)
        .await
        .map_err(refuse)
}

/// When it was opened, newest first, after the one with the id `before`.
///
/// # Errors
/// `staff.no_right`.
pub async fn list(
    conn: &mut PgConnection,
    staff: i32,
    before: Option<i64>,
    limit: i32,
) -> Result<Vec<DrawerOpening>> {
    sqlx::query_as!(
        DrawerOpening,
        r#"select id as "id!", at as "at!", staff as "staff!", approver, till as "till!", in_shift as "in_shift!",
                  pulsed as "is_sure!", reason as "reason!"
           from drawer_openings($1, $2, $3)"#,
        staff,
        before,
        limit
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)
}
