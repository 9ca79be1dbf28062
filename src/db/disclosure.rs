//! What leaves the shop is written down first: who, when, where and why (PV2).

use sqlx::PgConnection;

use crate::db::refuse::refuse;
use crate::error::Result;
use crate::query::{Disclosure, DisclosureKind, ListFile};

/// The full phone number, for a person with the right; the look is kept (MB7).
///
/// # Errors
/// `staff.no_right`; `disclosure.reason_missing`.
pub async fn reveal_phone(
    conn: &mut PgConnection,
    member: i64,
    staff: i32,
    till: i32,
    reason: &str,
) -> Result<Option<String>> {
    sqlx::query_scalar!(
        "select reveal_phone($1, $2, $3, $4)",
        member,
        staff,
        till,
        reason
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)
}

/// Writes down that a list is about to leave as a file.
///
/// # Errors
/// `staff.no_right`; `disclosure.reason_missing`. The file must not be written then.
pub async fn export(conn: &mut PgConnection, list: &ListFile) -> Result<()> {
    sqlx::query_scalar!(
        "select disclose_export($1, $2, $3, $4, $5)",
        list.staff_id,
        list.till_id,
        list.what,
        list.rows,
        list.reason
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)?;
    Ok(())
}

/// What left the shop, newest first, after the one with the id `before`.
///
/// # Errors
/// `staff.no_right`.
pub async fn list(
    conn: &mut PgConnection,
    staff: i32,
    before: Option<i64>,
    limit: i32,
) -> Result<Vec<Disclosure>> {
    let rows = sqlx::query!(
        r#"select id as "id!", at as "at!", kind::text as "kind!", staff as "staff!", till as "till!", member_id,
                  member as "member!", what as "what!", row_count as "rows!", reason as "reason!"
           from disclosures($1, $2, $3)"#,
        staff,
        before,
        limit
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    let kind = |text: &str| match text {
        "reveal" => DisclosureKind::Reveal,
        "export" => DisclosureKind::Export,
        _ => DisclosureKind::Message,
    };
    Ok(rows
        .into_iter()
        .map(|row| Disclosure {
            id: row.id,
            at: row.at,
            kind: kind(&row.kind),
            staff: row.staff,
            till: row.till,
            member: row.member_id.map(|id| (id, row.member)),
            what: row.what,
            rows: row.rows,
            reason: row.reason,
        })
        .collect())
}
