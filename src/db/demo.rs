//! A shop to try out: a year of it, made by the same rules and the same posting as a real one.
//!
//! Everything follows from a seed and from today: the same two give the same operations, to the last
//! hash of every till.

mod aside;
mod basket;
mod big;
mod desk;
mod dice;
mod names;
mod person;
mod requests;
mod shop;
mod year;

pub use aside::make;
use chrono::NaiveDate;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use crate::db::refuse::refuse;
use crate::error::Result;

/// The staff numbers are 1001 (the owner) to 1006; 1002 and 1003 are managers.
pub const OWNER_NUMBER: &str = "1001";
/// Everybody's PIN in the demo shop.
pub const PIN: &str = "135790";
/// A shop of this size is lived through visit by visit.
pub const MEMBERS: u32 = 300;
/// How far back the shop goes.
pub const DAYS: u32 = 365;
/// From here on the shop is written in bulk: [`fill_big`].
pub const BIG: u32 = 3_000;

/// Which demo shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demo {
    pub seed: u64,
    pub members: u32,
    /// Business days before today.
    pub days: u32,
    /// Nothing happens on this day yet; every till is free.
    pub today: NaiveDate,
}

impl Demo {
    /// The usual year.
    #[must_use]
    pub const fn year(members: u32, today: NaiveDate) -> Self {
        Self {
            seed: 1,
            members,
            days: DAYS,
            today,
        }
    }
}

/// Fills an empty database, day by day, through the same functions as the console, as the
/// application's role; `owner` only counts the tables now and then. `progress` hears each month as it begins.
///
/// # Errors
/// `set_up.done_already` where there is a shop; offline.
pub async fn fill(
    app: &PgConnectOptions,
    owner: &PgConnectOptions,
    demo: Demo,
    progress: impl Fn(&str),
) -> Result<()> {
    let (mut conn, mut counter) = (connect(app).await?, connect(owner).await?);
    year::live(&mut conn, &mut counter, demo, progress).await?;
    counter.close().await.map_err(refuse)?;
    conn.close().await.map_err(refuse)
}

/// Fills an empty database with many members in bulk: `owner` is a superuser. Every operation has the same
/// postings, hashes and balances as [`fill`] would write, and `verify` holds them to it. While it writes, the
/// indexes and foreign keys of the ledger are away: only a shop that it has just made itself is filled so.
/// `progress` hears how far it is.
///
/// # Errors
/// `set_up.done_already` where there is a shop, which is left as it is; offline.
pub async fn fill_big(
    app: &PgConnectOptions,
    owner: &PgConnectOptions,
    demo: Demo,
    progress: impl Fn(&str),
) -> Result<()> {
    let mut conn = connect(app).await?;
    shop::make(&mut conn, &mut dice::Dice::new(demo.seed)).await?;
    big::write(&mut conn, owner, demo, progress).await?;
    conn.close().await.map_err(refuse)
}

/// A power cut may cost a demo its last second.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    let options = options.clone().options([("synchronous_commit", "off")]);
    crate::db::connect::connect(&options).await
}
