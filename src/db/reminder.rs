//! Claims somebody is reminded of (PK3).

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::refuse::refuse;
use crate::domain::grant::Unit;
use crate::error::Result;
use crate::query::{Remind, ReminderRow};

/// A page of them in the order of their days, behind the claim `after`; those of which little is left by their last use, the
/// latest first.
///
/// # Errors
/// Offline.
pub async fn list(
    conn: &mut PgConnection,
    kind: Remind,
    today: NaiveDate,
    after: Option<(NaiveDate, Uuid)>,
    limit: i32,
) -> Result<Vec<ReminderRow>> {
    let (name, days) = kind.asked();
    let rows = sqlx::query!(
        r#"select grant_id as "grant_id!", member_id as "member_id!", name as "name!", phone, service as "service!", package as "package!", unit as "unit!",
                  quantity, day as "day!", used_on, expires_on
           from reminders($1, $2, $3, $4, $5, $6)"#,
        name,
        today,
        days,
        after.map(|(day, _)| day),
        after.map(|(_, id)| id),
        limit
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    let unit = |text: &str| Unit::ALL.into_iter().find(|unit| unit.code() == text);
    let rows = rows.into_iter().map(|row| ReminderRow {
        grant_id: row.grant_id,
        member_id: row.member_id,
        name: row.name,
        phone: row.phone,
        service: row.service,
        of: row.package,
        unit: unit(&row.unit).unwrap_or_default(),
        left: row.quantity,
        day: row.day,
        used_on: row.used_on,
        expires_on: row.expires_on,
    });
    Ok(rows.collect())
}
