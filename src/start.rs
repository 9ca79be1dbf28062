//! From the configuration to a running console: which database, which till, and the one-shot commands.

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::str::FromStr;

use anyhow::{Context, anyhow, bail};
use chrono::Utc;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::Sender;

use crate::app::{App, Parts};
use crate::config::Config;
use crate::db::Db;
use crate::db::demo::{self, BIG, Demo, MEMBERS};
use crate::db::embedded::{DATABASE, Embedded, OWNER, data_folder};
use crate::db::open::{APP, migrate};
use crate::db::refuse::refuse;
use crate::db::shop;
use crate::db::verify::{Verdict, verify as check};
use crate::domain::calendar::local;
use crate::error::Refusal;
use crate::event::{Event, What};
use crate::run;
use crate::session::Connection;
use crate::ui::screens::sign_in::SignIn;
use crate::ui::terminal::Terminal;
use crate::ui::text::{Lang, Say, Text};

/// Where a shop's books are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Books {
    /// A server somebody else keeps.
    Server(String),
    /// A private server with everything in this folder.
    Private(PathBuf),
}

impl Books {
    /// What the configuration says.
    ///
    /// # Errors
    /// There is no folder to keep them in.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        match &config.database.url {
            Some(url) => Ok(Self::Server(url.clone())),
            None => Ok(Self::Private(folder(config.lang)?)),
        }
    }

    /// The demo shop: always private, apart from the real one.
    ///
    /// # Errors
    /// There is no folder to keep them in.
    pub fn demo(config: &Config, members: u32) -> anyhow::Result<Self> {
        let name = if members == MEMBERS {
            "demo".to_owned()
        } else {
            format!("demo-{members}")
        };
        Ok(Self::Private(folder(config.lang)?.join(name)))
    }

    /// The folder of what a till keeps on its own disk.
    fn till(&self, number: u16, lang: Lang) -> anyhow::Result<PathBuf> {
        let folder = match self {
            Self::Server(_) => folder(lang)?,
            Self::Private(folder) => folder.clone(),
        };
        Ok(folder.join(format!("till-{number}")))
    }
}

fn folder(lang: Lang) -> anyhow::Result<PathBuf> {
    data_folder().map_err(|refusal| words(&refusal, lang))
}

/// A refusal for standard error, where no screen shows it: what it is and what to do next.
#[must_use]
pub fn words(refusal: &Refusal, lang: Lang) -> anyhow::Error {
    let say = refusal
        .with
        .iter()
        .fold(Say::new(refusal.hint), |say, (name, value)| {
            say.with(name, value)
        });
    match Text::load() {
        Ok(texts) => anyhow!("{}", texts.say(lang, &say)),
        Err(_) => anyhow!("{refusal}"),
    }
}

/// How to reach a server by its URL. A host elsewhere must prove who it is (`verify-full`) unless the URL
/// says otherwise.
///
/// # Errors
/// The URL is not one.
pub fn options(url: &str) -> anyhow::Result<PgConnectOptions> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        bail!("[database] url: postgres://user@host/database");
    }
    let options =
        PgConnectOptions::from_str(url).context("[database] url: postgres://user@host/database")?;
    let host = options.get_host();
    let local = host.starts_with('/')
        || ["localhost", "127.0.0.1", "::1"].contains(&host)
        || options.get_socket().is_some();
    if local || url.contains("sslmode=") || url.contains("ssl-mode=") {
        return Ok(options);
    }
    Ok(options.ssl_mode(PgSslMode::VerifyFull))
}

/// The runtime of the console: one thread.
///
/// # Errors
/// The system refuses.
pub fn runtime() -> anyhow::Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Runs the console until it ends.
///
/// # Errors
/// No terminal, no database program, another console at the same till.
pub fn console(config: &Config, parts: Parts, books: &Books) -> anyhow::Result<()> {
    let lang = config.lang;
    let folder = books.till(config.till.number, lang)?;
    runtime()?.block_on(async {
        let (sender, receiver) = run::channel();
        let db = open(books, config.till.number, &folder, news(sender.clone())).await;
        let db = Rc::new(db.map_err(|refusal| words(&refusal, lang))?);
        let app = App::new(parts, Box::new(SignIn::new(None)), Utc::now());
        let ended = match Terminal::open() {
            Ok(terminal) => run::run(app, terminal, Rc::clone(&db), (sender, receiver))
                .await
                .map_err(Into::into),
            Err(error) => Err(error).context("guitai needs a terminal: start it in one"),
        };
        if let Some(db) = Rc::into_inner(db) {
            db.close().await;
        }
        ended
    })
}

async fn open(
    books: &Books,
    till: u16,
    folder: &Path,
    news: Box<dyn Fn(Connection)>,
) -> crate::error::Result<Db> {
    match books {
        Books::Private(home) => {
            Db::open_private(Embedded::open(home).await?, till.into(), folder, news).await
        }
        Books::Server(url) => {
            let options = options(url).map_err(|error| {
                Refusal::user("start.bad_url").with("cause", format!("{error:#}"))
            })?;
            Db::open(options, till.into(), folder, news)
        }
    }
}

/// Brings the header up to date from inside the back end. A full channel drops the news: the next one counts.
fn news(sender: Sender<Event>) -> Box<dyn Fn(Connection)> {
    Box::new(move |connection| {
        let event = Event {
            at: Utc::now(),
            what: What::Connection(connection),
        };
        let _ = sender.try_send(event);
    })
}

/// `guitai migrate`: brings the schema up to date as the owner of the database.
///
/// # Errors
/// The database does not answer, or a migration fails.
pub fn bring_up_to_date(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let lang = config.lang;
    let books = Books::of(config)?;
    runtime()?.block_on(async {
        let done = match &books {
            Books::Server(url) => migrate(&options(url)?).await,
            Books::Private(home) => {
                let embedded = Embedded::open(home)
                    .await
                    .map_err(|refusal| words(&refusal, lang))?;
                let done = migrate(&embedded.options(OWNER, DATABASE)).await;
                embedded
                    .close()
                    .await
                    .map_err(|refusal| words(&refusal, lang))?;
                done
            }
        };
        done.map_err(|refusal| words(&refusal, lang))
    })?;
    writeln!(out, "ok")?;
    Ok(())
}

/// `guitai demo`: makes the demo shop when it is not there yet, and says where it is.
///
/// # Errors
/// No Postgres, no room on the disk.
pub fn demo(
    config: &Config,
    members: u32,
    seed: u64,
    out: &mut impl Write,
) -> anyhow::Result<Books> {
    let books = Books::demo(config, members)?;
    let Books::Private(home) = &books else {
        return Ok(books);
    };
    let demo = Demo {
        seed,
        ..Demo::year(members, local(Utc::now()).date_naive())
    };
    let out = RefCell::new(out);
    let say = |line: &str| {
        // A closed pipe must not stop the shop from being made.
        let _ = writeln!(out.borrow_mut(), "{line}");
    };
    runtime()?
        .block_on(async {
            let embedded = Embedded::open(home).await?;
            let (app, owner) = (
                embedded.options(APP, DATABASE),
                embedded.options(OWNER, DATABASE),
            );
            migrate(&owner).await?;
            let made = if has_shop(&owner).await? {
                Ok(())
            } else {
                say("正在准备演示店铺,只在第一次需要 / making the demo shop, the first time only");
                if members < BIG {
                    demo::fill(&app, demo, say).await
                } else {
                    demo::fill_big(&app, &owner, demo, say).await
                }
            };
            embedded.close().await?;
            made
        })
        .map_err(|refusal| words(&refusal, config.lang))?;
    Ok(books)
}

/// `guitai verify`: recomputes everything from the postings and names the first difference (LG6).
///
/// # Errors
/// A difference; the database does not answer.
pub fn verify(config: &Config, books: &Books, out: &mut impl Write) -> anyhow::Result<()> {
    let lang = config.lang;
    let verdict = runtime()?.block_on(async {
        match books {
            Books::Server(url) => verdict(&options(url)?)
                .await
                .map_err(|refusal| words(&refusal, lang)),
            Books::Private(home) => {
                let embedded = Embedded::open(home)
                    .await
                    .map_err(|refusal| words(&refusal, lang))?;
                let verdict = verdict(&embedded.options(OWNER, DATABASE)).await;
                embedded
                    .close()
                    .await
                    .map_err(|refusal| words(&refusal, lang))?;
                verdict.map_err(|refusal| words(&refusal, lang))
            }
        }
    })?;
    let counts = verdict.counts;
    writeln!(
        out,
        "{} tills, {} operations, {} postings, {} members, {} lots, {} shifts",
        counts.tills,
        counts.operations,
        counts.postings,
        counts.members,
        counts.lots,
        counts.shifts
    )?;
    match verdict.difference {
        None => Ok(writeln!(out, "ok")?),
        Some(difference) => {
            let refusal = difference
                .with
                .into_iter()
                .fold(Refusal::user(difference.hint), |refusal, (name, value)| {
                    refusal.with(name, value)
                });
            Err(words(&refusal, lang))
        }
    }
}

async fn has_shop(options: &PgConnectOptions) -> crate::error::Result<bool> {
    let mut conn = PgConnection::connect_with(options).await.map_err(refuse)?;
    shop::exists(&mut conn).await
}

async fn verdict(options: &PgConnectOptions) -> crate::error::Result<Verdict> {
    let mut conn = PgConnection::connect_with(options).await.map_err(refuse)?;
    check(&mut conn).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_host_elsewhere_must_prove_who_it_is() {
        let mode = |url: &str| format!("{:?}", options(url).unwrap().get_ssl_mode());
        assert_eq!(mode("postgres://till@db.example/shop"), "VerifyFull");
        assert_eq!(
            mode("postgres://till@db.example/shop?sslmode=require"),
            "Require"
        );
        assert_eq!(mode("postgres://till@localhost/shop"), "Prefer");
        assert!(options("mysql://x").is_err());
    }
}
