//! Where a demo shop is made: in a database aside, which takes the shop's place when it is complete.
//!
//! Whatever ends the program before, the next one begins anew, and no shop that is there is ever written to.

use std::path::Path;

use sqlx::{Connection, Executor, PgConnection};

use super::{BIG, Demo, fill, fill_big};
use crate::db::embedded::{DATABASE, Embedded, OWNER};
use crate::db::open::{APP, migrate};
use crate::db::refuse::refuse;
use crate::db::shop;
use crate::error::{Refusal, Result};

/// The database a shop is made in.
const ASIDE: &str = "guitai_aside";

/// Makes the demo shop in the private cluster of `home`. Does nothing where there is a shop. `progress` hears
/// how far it is.
///
/// # Errors
/// No Postgres; no room on the disk; `refusal.busy` when somebody else is making one;
/// `set_up.done_already` when somebody else has made one meanwhile, which is kept.
pub async fn make(home: &Path, demo: Demo, progress: impl Fn(&str)) -> Result<()> {
    let embedded = Embedded::open(home).await?;
    let made = make_in(&embedded, demo, &progress).await;
    embedded.close().await?;
    made
}

async fn make_in(embedded: &Embedded, demo: Demo, progress: &impl Fn(&str)) -> Result<()> {
    migrate(&embedded.options(OWNER, DATABASE)).await?;
    if has_shop(embedded).await? {
        return Ok(());
    }
    progress("正在准备演示店铺,只在第一次需要 / making the demo shop, the first time only");
    let mut server = PgConnection::connect_with(&embedded.options(OWNER, "postgres"))
        .await
        .map_err(refuse)?;
    for statement in [
        "drop database if exists guitai_empty",
        "drop database if exists guitai_aside",
        "create database guitai_aside",
    ] {
        server.execute(statement).await.map_err(refuse)?;
    }
    let (app, owner) = (embedded.options(APP, ASIDE), embedded.options(OWNER, ASIDE));
    migrate(&owner).await?;
    if demo.members < BIG {
        fill(&app, &owner, demo, progress).await?;
    } else {
        fill_big(&app, &owner, demo, progress).await?;
    }
    if has_shop(embedded).await? {
        return Err(Refusal::user("set_up.done_already"));
    }
    // Refused by Postgres while somebody is connected to either.
    for statement in [
        "begin; alter database guitai rename to guitai_empty; alter database guitai_aside rename to guitai; commit",
        "drop database guitai_empty",
    ] {
        server.execute(statement).await.map_err(refuse)?;
    }
    server.close().await.map_err(refuse)
}

async fn has_shop(embedded: &Embedded) -> Result<bool> {
    let options = embedded.options(OWNER, DATABASE);
    let mut conn = PgConnection::connect_with(&options).await.map_err(refuse)?;
    let has = shop::exists(&mut conn).await?;
    conn.close().await.map_err(refuse)?;
    Ok(has)
}
