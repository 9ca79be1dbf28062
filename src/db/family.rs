//! Whom else a member's account is for (MB6).

use sqlx::PgConnection;

use crate::db::member;
use crate::db::refuse::refuse;
use crate::domain::member::Member;
use crate::error::{Refusal, Result};
use crate::query::{BeneficiaryEdit, By};

/// Keeps one, new when its id is 0; who did it is kept. The member as she is now.
///
/// # Errors
/// `family.needs_guardian`, `family.too_many`, `manage.changed`; `refusal.not_found`; offline.
pub async fn save(
    conn: &mut PgConnection,
    member_id: i64,
    by: By,
    edit: &BeneficiaryEdit,
) -> Result<Member> {
    let document = serde_json::to_value(edit).map_err(Refusal::internal)?;
    sqlx::query_scalar!(
        r#"select save_beneficiary($1, $2, $3, $4) as "done!""#,
        member_id,
        by.staff_id,
        by.till_id,
        document
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(refuse)?;
    member::read(conn, member_id).await
}

/// Forgets one and all that was known of her. The member as she is now.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn remove(conn: &mut PgConnection, member_id: i64, id: i32, by: By) -> Result<Member> {
    sqlx::query_scalar!(
        r#"select remove_beneficiary($1, $2, $3, $4) as "done!""#,
        member_id,
        id,
        by.staff_id,
        by.till_id
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(refuse)?;
    member::read(conn, member_id).await
}
