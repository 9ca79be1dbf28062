//! What is due to members when the shop closes or moves (消保条例 art. 22).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::PgConnection;

use crate::db::json;
use crate::db::refuse::refuse;
use crate::domain::money::Fen;
use crate::domain::settlement::{History, Reason, Scope, Settlement};
use crate::error::Result;
use crate::query::{DueRow, DueTotals};

#[derive(Deserialize)]
struct Page {
    totals: DueTotals,
    rows: Vec<Owed>,
}

#[derive(Deserialize)]
struct Owed {
    member_id: i64,
    name: String,
    phone: Option<String>,
    last_visit_on: Option<NaiveDate>,
    principal: Fen,
    bonus: Fen,
    unearned: Fen,
    points: i64,
    value: Fen,
    history: Option<History>,
}

/// Members to whom something is due, the most first, after the one shown last, each with what would go back to her at
/// `moment`; and the totals of all. One round trip.
///
/// # Errors
/// `staff.no_right`; offline.
pub async fn list(
    conn: &mut PgConnection,
    staff: i32,
    moment: (DateTime<Utc>, NaiveDate),
    after: Option<(Fen, i64)>,
    limit: i32,
) -> Result<(Vec<DueRow>, DueTotals)> {
    let page: Page = json::read(
        sqlx::query_scalar!(
            "select dues($1, $2, $3, $4)",
            staff,
            after.map(|(value, _)| value.0),
            after.map(|(_, member)| member),
            limit
        )
        .fetch_one(conn)
        .await
        .map_err(refuse)?,
    )?;
    let goes_back =
        |history: &History| Settlement::of(history, Scope::All, Reason::Shop, moment).amount;
    let rows = page.rows.into_iter().map(|row| DueRow {
        refundable: row.history.as_ref().map_or(Fen::ZERO, goes_back),
        member_id: row.member_id,
        name: row.name,
        phone: row.phone,
        last_visit_on: row.last_visit_on,
        principal: row.principal,
        bonus: row.bonus,
        unearned: row.unearned,
        points: row.points,
        value: row.value,
    });
    Ok((rows.collect(), page.totals))
}
