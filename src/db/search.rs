//! Candidates while typing, and the dormant list.

use sqlx::PgConnection;

use crate::db::refuse::refuse;
use crate::domain::money::Fen;
use crate::error::Result;
use crate::query::{Candidate, DormantFilter, DormantRow, Typed};

macro_rules! candidates {
    ($conn:expr, $function:literal, $($argument:expr),+) => {
        sqlx::query!(
            "select kind as \"kind!\", id as \"id!\", name as \"name!\", phone, code, level, amount as \"amount!\", last_visit_on from "
                + $function,
            $($argument),+
        )
        .fetch_all($conn)
        .await
        .map_err(refuse)?
        .into_iter()
        .map(|row| match row.kind.as_str() {
            "member" => Candidate::Member {
                id: row.id,
                name: row.name,
                phone: row.phone,
                level: row.level.unwrap_or_default(),
                stored_value: Fen(row.amount),
                last_visit_on: row.last_visit_on,
            },
            _ => Candidate::Product {
                id: i32::try_from(row.id).unwrap_or_default(),
                name: row.name,
                code: row.code,
                price: Fen(row.amount),
            },
        })
        .collect()
    };
}

/// Members and products that may be meant, members first; one round trip, at most `limit` of each.
///
/// # Errors
/// Offline.
pub async fn candidates(
    conn: &mut PgConnection,
    typed: &Typed,
    limit: i32,
) -> Result<Vec<Candidate>> {
    Ok(match typed {
        Typed::Digits(digits) => candidates!(conn, "digits_candidates($1, $2)", digits, limit),
        Typed::Letters(letters) => candidates!(conn, "letters_candidates($1, $2)", letters, limit),
        Typed::Name { name, grams } => {
            candidates!(conn, "name_candidates($1, $2, $3)", name, grams, limit)
        }
    })
}

/// A page of dormant members by value at risk (OR1), after the last row shown.
///
/// # Errors
/// Offline.
pub async fn dormant(
    conn: &mut PgConnection,
    filter: &DormantFilter,
    after: Option<(Fen, i64)>,
    limit: i32,
) -> Result<Vec<DormantRow>> {
    let rows = sqlx::query!(
        r#"select member_id as "member_id!", name as "name!", phone, level as "level!", last_visit_on, due_on, principal as "principal!",
                  bonus as "bonus!", at_risk as "at_risk!", visits as "visits!"
           from dormant($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        filter.today,
        filter.days,
        filter.rhythm,
        filter.max_days,
        filter.level_id,
        filter.balance.map(|fen| fen.0),
        after.map(|(risk, _)| risk.0),
        after.map(|(_, member)| member),
        limit
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    Ok(rows
        .into_iter()
        .map(|row| DormantRow {
            member_id: row.member_id,
            name: row.name,
            phone: row.phone,
            level: row.level,
            last_visit_on: row.last_visit_on,
            due_on: row.due_on,
            principal: Fen(row.principal),
            bonus: Fen(row.bonus),
            at_risk: Fen(row.at_risk),
            visits: row.visits,
        })
        .collect())
}
