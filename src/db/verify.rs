//! Everything the ledger says, computed again from its operations and postings (LG6).
//!
//! First each till's chain, operation by operation; then what is derived: balances after each operation,
//! lots, holdings, expiries, levels, returns, instalments, shifts, approvals. The first difference is named.

mod chain;
mod derived;
mod expiry;
mod members;

use std::fmt::Display;

use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::db::refuse::refuse;
use crate::error::Result;

/// What was looked at, and the first thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub counts: Counts,
    pub difference: Option<Difference>,
}

impl Verdict {
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.difference.is_none()
    }
}

/// How much was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub tills: i64,
    pub operations: i64,
    pub postings: i64,
    pub members: i64,
    pub lots: i64,
    pub shifts: i64,
}

/// One difference: a key of the texts, the operation where it was found, and what fills the text's
/// places: always `expected` and `found`, and where they are known `operation`, `till`, `seq`, `member`, `what`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// A key of `assets/text`.
    pub hint: &'static str,
    pub operation: Option<Uuid>,
    pub with: Vec<(&'static str, String)>,
}

impl Difference {
    fn new(hint: &'static str, expected: impl Display, found: impl Display) -> Self {
        Self {
            hint,
            operation: None,
            with: vec![
                ("expected", expected.to_string()),
                ("found", found.to_string()),
            ],
        }
    }

    /// Where it was found: the receipt number and its till.
    fn at(mut self, id: Uuid, till: i32, seq: i64) -> Self {
        self.operation = Some(id);
        self.with("operation", id)
            .with("till", till)
            .with("seq", seq)
    }

    fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.with.push((name, value.to_string()));
        self
    }
}

/// A figure that should be something else, as the checks in SQL name it.
struct Wrong {
    what: Option<String>,
    expected: Option<String>,
    found: Option<String>,
}

impl Wrong {
    fn named(self, hint: &'static str) -> Difference {
        let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        Difference::new(hint, text(self.expected), text(self.found)).with("what", text(self.what))
    }
}

/// Checks the whole database as it stood at the beginning, while the shop goes on working. Takes
/// seconds for a year of a small shop; memory does not grow with the ledger.
///
/// # Errors
/// Offline.
pub async fn verify(conn: &mut PgConnection) -> Result<Verdict> {
    let mut snapshot = conn
        .begin_with("begin isolation level repeatable read, read only")
        .await
        .map_err(refuse)?;
    let verdict = check(&mut snapshot).await?;
    snapshot.rollback().await.map_err(refuse)?;
    Ok(verdict)
}

/// As [`verify`], inside a transaction of the caller.
///
/// # Errors
/// Offline.
pub async fn check(conn: &mut PgConnection) -> Result<Verdict> {
    // The limit of the application's role is meant for the counter.
    sqlx::query!("set local statement_timeout = 0")
        .execute(&mut *conn)
        .await
        .map_err(refuse)?;
    sqlx::query!("set local enable_seqscan = on")
        .execute(&mut *conn)
        .await
        .map_err(refuse)?;
    sqlx::query!("set local work_mem = '64MB'")
        .execute(&mut *conn)
        .await
        .map_err(refuse)?;
    let mut counts = Counts::default();
    let merchants = sqlx::query_scalar!("select merchant_id from merchant order by merchant_id")
        .fetch_all(&mut *conn)
        .await
        .map_err(refuse)?;
    let mut difference = None;
    for merchant in merchants {
        count(conn, merchant, &mut counts).await?;
        difference = first(conn, merchant, &mut counts).await?;
        if difference.is_some() {
            break;
        }
    }
    Ok(Verdict { counts, difference })
}

async fn first(
    conn: &mut PgConnection,
    merchant: i32,
    counts: &mut Counts,
) -> Result<Option<Difference>> {
    if let Some(found) = chain::check(conn, merchant, counts).await? {
        return Ok(Some(found));
    }
    if let Some(found) = members::check(conn, merchant).await? {
        return Ok(Some(found));
    }
    if let Some(found) = expiry::check(conn, merchant).await? {
        return Ok(Some(found));
    }
    derived::check(conn, merchant).await
}

async fn count(conn: &mut PgConnection, merchant: i32, counts: &mut Counts) -> Result<()> {
    let row = sqlx::query!(
        r#"select (select count(*) from holding where merchant_id = $1) as "members!",
                  (select count(*) from lot where merchant_id = $1) as "lots!",
                  (select count(*) from shift where merchant_id = $1) as "shifts!""#,
        merchant
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)?;
    counts.members += row.members;
    counts.lots += row.lots;
    counts.shifts += row.shifts;
    Ok(())
}
