//! What a member agreed to, what is known of her, and that it is forgotten (PV1, PV2).

use serde_json::Value;
use sqlx::PgConnection;

use crate::db::json;
use crate::db::refuse::refuse;
use crate::error::{Refusal, Result};
use crate::query::{By, Consent, Purpose};

/// The last word on each purpose; what was never asked is not there.
///
/// # Errors
/// Offline.
pub async fn read(conn: &mut PgConnection, member: i64) -> Result<Vec<Consent>> {
    let rows = sqlx::query!(
        r#"select purpose as "purpose!", given as "given!", version as "version!", at as "at!", staff as "staff!" from consents_of($1)"#,
        member
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    let all = rows.into_iter().filter_map(|row| {
        Some(Consent {
            purpose: Purpose::named(&row.purpose)?,
            is_given: row.given,
            version: row.version,
            at: row.at,
            staff: row.staff,
        })
    });
    Ok(all.collect())
}

/// She agrees at the counter to the text as it is now, or no longer does. `about` is whom it is about besides herself.
///
/// # Errors
/// `staff.no_right`; offline.
pub async fn record(
    conn: &mut PgConnection,
    member: i64,
    purpose: Purpose,
    is_given: bool,
    about: &str,
    by: By,
) -> Result<()> {
    sqlx::query!(
        "select record_consent($1, $2, $3, 'counter', $4, $5, $6)",
        member,
        purpose.name(),
        is_given,
        about,
        by.staff_id,
        by.till_id
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)?;
    Ok(())
}

/// Everything there is about her; that it leaves the shop is kept first (PV2).
///
/// # Errors
/// `staff.no_right`, `disclosure.reason_missing`, `refusal.not_found`; offline.
pub async fn export(conn: &mut PgConnection, member: i64, by: By, reason: &str) -> Result<String> {
    let all: Value = json::read(
        sqlx::query_scalar!(
            "select export_member($1, $2, $3, $4)",
            member,
            by.staff_id,
            by.till_id,
            reason
        )
        .fetch_one(conn)
        .await
        .map_err(refuse)?,
    )?;
    serde_json::to_string_pretty(&all).map_err(Refusal::internal)
}

/// Forgets the person and keeps the ledger.
///
/// # Errors
/// `erase.holds_money`, `approval.needed`, `refusal.not_found`; offline.
pub async fn erase(
    conn: &mut PgConnection,
    member: i64,
    by: By,
    approver: Option<i32>,
) -> Result<()> {
    let done = sqlx::query_scalar!(
        r#"select erase_member($1, $2, $3, $4) as "done!""#,
        member,
        by.staff_id,
        approver,
        by.till_id
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)?;
    if done {
        return Ok(());
    }
    Err(Refusal::user("refusal.not_found"))
}

/// A new code for a member who is there already (MB5).
///
/// # Errors
/// `staff.no_right`; `ledger.stale` when somebody has that code; offline.
pub async fn new_code(conn: &mut PgConnection, member: i64, code: &str, by: By) -> Result<()> {
    let done = sqlx::query_scalar!(
        r#"select new_code($1, $2, $3, $4) as "done!""#,
        member,
        code,
        by.staff_id,
        by.till_id
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)?;
    if done {
        return Ok(());
    }
    Err(Refusal::conflict("ledger.stale"))
}
