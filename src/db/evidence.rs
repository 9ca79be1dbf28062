//! The evidence of a member: read for whoever has the right, and written down before it leaves (PV2).

use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;

use crate::db::books::Books;
use crate::db::connect::connect;
use crate::db::json;
use crate::db::link::ANSWER_WITHIN;
use crate::db::refuse::refuse;
use crate::db::staff::sign_in;
use crate::domain::evidence::Pack;
use crate::domain::staff::{Pin, Staff};
use crate::error::{Refusal, Result};

/// Whose evidence, and who wants it.
#[derive(Debug)]
pub struct Wanted {
    /// A phone, a card or a code in all its spellings.
    pub codes: Vec<String>,
    /// Else her number.
    pub id: Option<i64>,
    /// Of the member of staff.
    pub number: String,
    pub pin: Pin,
    pub till: i32,
    /// What it is called in the log, and why it is taken.
    pub what: String,
    pub reason: String,
}

/// Signs in who wants it, finds the member, asks `is_free` whether her files can be written, writes down that they leave,
/// and reads them.
///
/// # Errors
/// `sign_in.wrong`, `evidence.not_found`, those of `is_free`; `staff.no_right`, `disclosure.reason_missing`: nothing may be
/// written then. Offline.
pub async fn take_from(
    books: &Books,
    wanted: &Wanted,
    is_free: &dyn Fn(i64) -> Result<()>,
) -> Result<(Staff, Pack)> {
    let work = async |options: &PgConnectOptions| {
        let mut conn = connect(options).await?;
        let work = async {
            let who = sign_in(&mut conn, &wanted.number, &wanted.pin).await?;
            let id = find(&mut conn, wanted).await?;
            is_free(id)?;
            let pack = take(&mut conn, id, &who, wanted).await?;
            Ok((who, pack))
        };
        timeout(ANSWER_WITHIN, work)
            .await
            .unwrap_or_else(|_elapsed| Err(Refusal::offline()))
    };
    books.as_till(work).await
}

async fn find(conn: &mut PgConnection, wanted: &Wanted) -> Result<i64> {
    sqlx::query_scalar!("select find_for_evidence($1, $2)", &wanted.codes, wanted.id)
        .fetch_one(conn)
        .await
        .map_err(refuse)?
        .ok_or_else(|| Refusal::user("evidence.not_found"))
}

async fn take(conn: &mut PgConnection, id: i64, who: &Staff, wanted: &Wanted) -> Result<Pack> {
    json::read(
        sqlx::query_scalar!(
            "select take_evidence($1, $2, $3, $4, $5)",
            id,
            who.id,
            wanted.till,
            wanted.what,
            wanted.reason
        )
        .fetch_one(conn)
        .await
        .map_err(refuse)?,
    )
}
