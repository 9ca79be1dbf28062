//! Where a shop's books are, and what is done with them from outside the console.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::NaiveDate;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection as _, PgConnection};

use crate::db::Db;
use crate::db::demo::{self, BIG, Demo};
use crate::db::embedded::{DATABASE, Embedded, OWNER};
use crate::db::open::{APP, migrate};
use crate::db::refuse::refuse;
use crate::db::shop;
use crate::db::verify::{Verdict, verify};
use crate::error::{Refusal, Result};
use crate::session::Connection;

/// A server somebody else keeps, or a private one with everything in a folder.
#[derive(Debug, Clone)]
pub enum Books {
    Server(Box<PgConnectOptions>),
    Private(PathBuf),
}

impl Books {
    /// Books on a server, by its URL. A host elsewhere must prove who it is (`verify-full`) unless the URL
    /// says otherwise.
    ///
    /// # Errors
    /// `link.bad_url`.
    pub fn on_server(url: &str) -> Result<Self> {
        let bad = |cause: String| Refusal::user("link.bad_url").with("cause", cause);
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(bad("postgres://user@host/database".to_owned()));
        }
        let options = PgConnectOptions::from_str(url).map_err(|error| bad(error.to_string()))?;
        let host = options.get_host();
        let local = host.starts_with('/')
            || ["localhost", "127.0.0.1", "::1"].contains(&host)
            || options.get_socket().is_some();
        let said = url.contains("sslmode=") || url.contains("ssl-mode=");
        let options = if local || said {
            options
        } else {
            options.ssl_mode(PgSslMode::VerifyFull)
        };
        Ok(Self::Server(Box::new(options)))
    }

    /// The back end of one till over these books; `folder` is the till's own.
    ///
    /// # Errors
    /// The server cannot be started; another console has the till.
    pub async fn open(
        &self,
        till: u16,
        folder: &Path,
        news: Box<dyn Fn(Connection)>,
    ) -> Result<Db> {
        match self {
            Self::Private(home) => {
                Db::open_private(Embedded::open(home).await?, till.into(), folder, news).await
            }
            Self::Server(options) => Db::open((**options).clone(), till.into(), folder, news),
        }
    }

    /// Brings the schema up to date. On a server the URL must be that of the owner's role.
    ///
    /// # Errors
    /// Offline; a migration fails.
    pub async fn migrate(&self) -> Result<()> {
        self.as_owner(async |owner: &PgConnectOptions, _| migrate(owner).await)
            .await
    }

    /// Recomputes everything from the postings (LG6).
    ///
    /// # Errors
    /// Offline.
    pub async fn verify(&self) -> Result<Verdict> {
        self.as_owner(async |owner: &PgConnectOptions, _| {
            let mut conn = PgConnection::connect_with(owner).await.map_err(refuse)?;
            verify(&mut conn).await
        })
        .await
    }

    /// Fills empty books with the demo shop; `progress` hears how far it is. Does nothing where there is a
    /// shop.
    ///
    /// # Errors
    /// Offline; no room on the disk.
    pub async fn fill_demo(
        &self,
        members: u32,
        seed: u64,
        today: NaiveDate,
        progress: impl Fn(&str),
    ) -> Result<()> {
        let demo = Demo {
            seed,
            ..Demo::year(members, today)
        };
        self.as_owner(async |owner: &PgConnectOptions, app: &PgConnectOptions| {
            migrate(owner).await?;
            let mut conn = PgConnection::connect_with(owner).await.map_err(refuse)?;
            if shop::exists(&mut conn).await? {
                return Ok(());
            }
            progress("正在准备演示店铺,只在第一次需要 / making the demo shop, the first time only");
            if members < BIG {
                demo::fill(app, owner, demo, &progress).await
            } else {
                demo::fill_big(app, owner, demo, &progress).await
            }
        })
        .await
    }

    /// Works on the books with the rights of the owner, and those of the application beside them.
    async fn as_owner<T>(
        &self,
        work: impl AsyncFnOnce(&PgConnectOptions, &PgConnectOptions) -> Result<T>,
    ) -> Result<T> {
        match self {
            Self::Server(options) => work(options, options).await,
            Self::Private(home) => {
                let embedded = Embedded::open(home).await?;
                let (owner, app) = (
                    embedded.options(OWNER, DATABASE),
                    embedded.options(APP, DATABASE),
                );
                let done = work(&owner, &app).await;
                embedded.close().await?;
                done
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_host_elsewhere_must_prove_who_it_is() {
        let mode = |url: &str| match Books::on_server(url).unwrap() {
            Books::Server(options) => format!("{:?}", options.get_ssl_mode()),
            Books::Private(_) => panic!("a server"),
        };
        assert_eq!(mode("postgres://till@db.example/shop"), "VerifyFull");
        assert_eq!(
            mode("postgres://till@db.example/shop?sslmode=require"),
            "Require"
        );
        assert_eq!(mode("postgres://till@localhost/shop"), "Prefer");
        assert!(Books::on_server("mysql://x").is_err());
    }
}
