//! Everything the ledger says, computed again from its operations and postings (LG6).
//!
//! First each till's chain, operation by operation; then what is derived: balances after each operation,
//! lots, holdings, expiries, levels, returns, instalments, claims, contracts, deposits, transfers, shifts, approvals. The first
//! difference is named.

mod chain;
mod contracts;
mod deposits;
mod derived;
mod expiry;
mod grants;
mod members;
mod points;
mod transfers;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Display;

use chain::Till;
use futures::future::try_join_all;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Postgres, Transaction};
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

impl Counts {
    const fn add(&mut self, other: &Self) {
        self.tills += other.tills;
        self.operations += other.operations;
        self.postings += other.postings;
        self.members += other.members;
        self.lots += other.lots;
        self.shifts += other.shifts;
    }
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

/// A piece of the work that needs nothing of the others. In this order the first difference is the one named.
#[derive(Debug)]
enum Part {
    Chain(Till),
    AfterEach,
    Lots,
    Transfers,
    Holdings,
    Expiries,
    Points,
    Returned,
    Instalments,
    Grants,
    Contracts,
    Deposits,
    Bearers,
    Shifts,
    Rights,
}

impl Part {
    /// All parts of a merchant's books.
    fn all(tills: Vec<Till>) -> impl Iterator<Item = Self> {
        tills.into_iter().map(Self::Chain).chain([
            Self::AfterEach,
            Self::Lots,
            Self::Transfers,
            Self::Holdings,
            Self::Expiries,
            Self::Points,
            Self::Returned,
            Self::Instalments,
            Self::Grants,
            Self::Contracts,
            Self::Deposits,
            Self::Bearers,
            Self::Shifts,
            Self::Rights,
        ])
    }

    async fn check(
        &self,
        conn: &mut PgConnection,
        merchant: i32,
        counts: &mut Counts,
    ) -> Result<Option<Difference>> {
        // Tables are joined whole, whatever the planner thinks how few rows are left; a chain asks for each
        // operation's own rows.
        let is_chain = matches!(self, Self::Chain(_));
        sqlx::query!(
            "select set_config('enable_nestloop', $1, true)",
            is_chain.to_string()
        )
        .fetch_one(&mut *conn)
        .await
        .map_err(refuse)?;
        match self {
            Self::Chain(till) => chain::follow(conn, merchant, till, counts).await,
            Self::AfterEach => members::after_each(conn, merchant).await,
            Self::Lots => members::lots(conn, merchant).await,
            Self::Holdings => members::holdings(conn, merchant).await,
            Self::Expiries => expiry::check(conn, merchant).await,
            Self::Points => points::check(conn, merchant).await,
            Self::Returned => derived::returned(conn, merchant).await,
            Self::Instalments => derived::instalments(conn, merchant).await,
            Self::Grants => grants::check(conn, merchant).await,
            Self::Deposits => deposits::check(conn, merchant).await,
            Self::Contracts => contracts::check(conn, merchant).await,
            Self::Transfers => transfers::check(conn, merchant).await,
            Self::Bearers => derived::bearers(conn, merchant).await,
            Self::Shifts => derived::shifts(conn, merchant).await,
            Self::Rights => derived::rights(conn, merchant).await,
        }
    }
}

/// Checks the whole database as it stood at the beginning, while the shop goes on working, on one
/// connection. Memory does not grow with the ledger.
///
/// # Errors
/// Offline.
pub async fn verify(conn: &mut PgConnection) -> Result<Verdict> {
    let mut snapshot = begin(conn).await?;
    let verdict = check(&mut snapshot).await?;
    snapshot.rollback().await.map_err(refuse)?;
    Ok(verdict)
}

/// As [`verify`], on several connections at once that all see the same moment.
///
/// # Errors
/// Offline.
pub async fn verify_at_once(options: &PgConnectOptions, lanes: usize) -> Result<Verdict> {
    let mut conns = Vec::new();
    for _ in 0..lanes.max(1) {
        conns.push(PgConnection::connect_with(options).await.map_err(refuse)?);
    }
    let mut snapshots: Vec<Transaction<'_, Postgres>> = Vec::new();
    let mut moment: Option<String> = None;
    for conn in &mut conns {
        let mut snapshot = begin(conn).await?;
        match &moment {
            None => {
                let name = sqlx::query_scalar!(r#"select pg_export_snapshot() as "name!""#);
                moment = Some(name.fetch_one(&mut *snapshot).await.map_err(refuse)?);
            }
            Some(name) => {
                // Not a place for a parameter; the name is the server's own.
                let same = AssertSqlSafe(format!("set transaction snapshot '{name}'"));
                snapshot.execute(same).await.map_err(refuse)?;
            }
        }
        snapshots.push(snapshot);
    }
    work(
        snapshots
            .iter_mut()
            .map(|snapshot| &mut **snapshot)
            .collect(),
    )
    .await
}

async fn begin(conn: &mut PgConnection) -> Result<Transaction<'_, Postgres>> {
    conn.begin_with("begin isolation level repeatable read, read only")
        .await
        .map_err(refuse)
}

/// As [`verify`], inside a transaction of the caller.
///
/// # Errors
/// Offline.
pub async fn check(conn: &mut PgConnection) -> Result<Verdict> {
    work(vec![conn]).await
}

/// Takes part after part on every connection, until there are no more or one differs.
async fn work(mut conns: Vec<&mut PgConnection>) -> Result<Verdict> {
    let mut counts = Counts::default();
    let mut parts = VecDeque::new();
    if let Some(conn) = conns.first_mut() {
        let merchants =
            sqlx::query_scalar!("select merchant_id from merchant order by merchant_id")
                .fetch_all(&mut **conn)
                .await
                .map_err(refuse)?;
        for merchant in merchants {
            count(conn, merchant, &mut counts).await?;
            let tills = chain::tills(conn, merchant).await?;
            parts.extend(Part::all(tills).map(|part| (merchant, part)));
        }
    }
    let parts = RefCell::new(parts.into_iter().enumerate().collect::<VecDeque<_>>());
    let next = || parts.borrow_mut().pop_front();
    let lanes = conns.into_iter().map(async |conn| {
        prepare(conn).await?;
        let (mut counts, mut first) = (Counts::default(), None);
        while let Some((place, (merchant, part))) = next() {
            if let Some(found) = part.check(conn, merchant, &mut counts).await? {
                first = Some((place, found));
                parts.borrow_mut().clear();
            }
        }
        Ok((counts, first))
    });
    let mut first: Option<(usize, Difference)> = None;
    for (of_lane, found) in try_join_all(lanes).await? {
        counts.add(&of_lane);
        first = first
            .into_iter()
            .chain(found)
            .min_by_key(|(place, _)| *place);
    }
    Ok(Verdict {
        counts,
        difference: first.map(|(_, found)| found),
    })
}

async fn prepare(conn: &mut PgConnection) -> Result<()> {
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
    Ok(())
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
