//! Where a shop's books are, and what is done with them from outside the console.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::time::timeout;

use crate::db::Db;
use crate::db::connect::connect;
use crate::db::embedded::{DATABASE, Embedded, OWNER};
use crate::db::open::{APP, migrate, set_app_password};
use crate::db::verify::{Verdict, verify_at_once};
use crate::error::{Refusal, Result};
use crate::session::Connection;

/// Years of a big shop are read again.
const VERIFY_WITHIN: Duration = Duration::from_hours(6);
/// Connections that verify at once.
const MOST_LANES: usize = 4;

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
        let host = options.get_host().trim_matches(['[', ']']).to_owned();
        // Certificates are for the bare address.
        let options = options.host(&host);
        let (_, asked) = url.split_once('?').unwrap_or_default();
        let mut asked = asked.split('&');
        if asked.any(|word| word.starts_with("sslmode=") || word.starts_with("ssl-mode=")) {
            return Ok(Self::Server(Box::new(options)));
        }
        let options = if options.get_socket().is_some() || host.starts_with('/') {
            options.ssl_mode(PgSslMode::Disable)
        } else if ["localhost", "127.0.0.1", "::1"].contains(&host.as_str()) {
            options.ssl_mode(PgSslMode::Prefer)
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

    /// Brings the schema up to date, and gives the application's role a password. On a server the URL must
    /// be that of the owner's role.
    ///
    /// # Errors
    /// Offline; a migration fails.
    pub async fn migrate(&self, app_password: Option<&str>) -> Result<()> {
        self.as_owner(async |owner: &PgConnectOptions| {
            migrate(owner).await?;
            match app_password {
                Some(password) => set_app_password(owner, password).await,
                None => Ok(()),
            }
        })
        .await
    }

    /// Asks for an answer, any answer.
    ///
    /// # Errors
    /// Offline; the private server cannot be started.
    pub async fn greet(&self) -> Result<()> {
        self.as_owner(async |owner: &PgConnectOptions| connect(owner).await.map(drop))
            .await
    }

    /// Recomputes everything from the postings (LG6).
    ///
    /// # Errors
    /// Offline.
    pub async fn verify(&self) -> Result<Verdict> {
        self.as_owner(async |owner: &PgConnectOptions| {
            let processors = available_parallelism().map_or(1, NonZero::get);
            timeout(
                VERIFY_WITHIN,
                verify_at_once(owner, processors.min(MOST_LANES)),
            )
            .await
            .unwrap_or_else(|_elapsed| Err(Refusal::offline()))
        })
        .await
    }

    /// Works on the books with the rights of a till.
    ///
    /// # Errors
    /// Those of `work`; the private server cannot be started.
    pub async fn as_till<T>(
        &self,
        work: impl AsyncFnOnce(&PgConnectOptions) -> Result<T>,
    ) -> Result<T> {
        match self {
            Self::Server(options) => work(options).await,
            Self::Private(home) => {
                let embedded = Embedded::open(home).await?;
                let done = match migrate(&embedded.options(OWNER, DATABASE)).await {
                    Ok(()) => work(&embedded.options(APP, DATABASE)).await,
                    Err(refusal) => Err(refusal),
                };
                embedded.close().await?;
                done
            }
        }
    }

    /// Works on the books with the rights of the owner.
    async fn as_owner<T>(
        &self,
        work: impl AsyncFnOnce(&PgConnectOptions) -> Result<T>,
    ) -> Result<T> {
        match self {
            Self::Server(options) => work(options).await,
            Self::Private(home) => {
                let embedded = Embedded::open(home).await?;
                let done = work(&embedded.options(OWNER, DATABASE)).await;
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
        for (url, expected) in [
            ("postgres://till@db.example/shop", "VerifyFull"),
            ("postgres://till@192.168.1.9/shop", "VerifyFull"),
            ("postgres://till@[2001:db8::7]/shop", "VerifyFull"),
            (
                "postgres://till:sslmode=disable@db.example/shop",
                "VerifyFull",
            ),
            (
                "postgres://till@db.example/shop?options=-csslmode=x",
                "VerifyFull",
            ),
            (
                "postgres://till@localhost/shop?host=db.example",
                "VerifyFull",
            ),
            ("postgres://till@db.example/shop?sslmode=require", "Require"),
            ("postgres://till@db.example/shop?sslmode=disable", "Disable"),
            ("postgres://till@localhost/shop", "Prefer"),
            ("postgres://till@127.0.0.1/shop", "Prefer"),
            ("postgres://till@[::1]/shop", "Prefer"),
            (
                "postgres://till@localhost/shop?host=/run/postgresql",
                "Disable",
            ),
        ] {
            assert_eq!(mode(url), expected, "{url}");
        }
        assert!(Books::on_server("mysql://x").is_err());
    }
}
