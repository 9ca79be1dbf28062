//! The private Postgres of a box without a database server: made at the first start, shared by
//! the consoles of the box, stopped by the last of them. fsync stays on: these are a shop's books.
//!
//! It heals by itself. Whatever was killed, the next [`Embedded::open`] asks the socket who
//! answers, believes `postmaster.pid` only if that process is really ours, and starts what is
//! missing. Postgres replays its log as after a power cut.

mod home;
mod place;
pub mod programs;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{Connection, Executor};
use tokio::time::{Instant, sleep, timeout};

pub use home::data_folder;
use place::{Place, refuse_io};
use programs::Programs;

use crate::error::{Kind, Refusal, Result};

/// The superuser that owns the cluster.
pub const OWNER: &str = "guitai_owner";
/// The database of the shop.
pub const DATABASE: &str = "guitai";

/// A start may have to replay the log of a power cut from a slow card.
const START_LIMIT: Duration = Duration::from_mins(5);
/// A server that lives but does not answer on its socket for so long is restarted.
const DEAF_LIMIT: Duration = Duration::from_secs(15);
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);
/// After a kill the old server's children need a moment to notice; each try waits [`RETRY_PAUSE`].
const START_TRIES: u32 = 20;
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// A running private cluster that this console uses.
#[derive(Debug)]
pub struct Embedded {
    place: Place,
    programs: Programs,
    /// Locked shared for as long as we use the cluster.
    users: File,
}

/// What the socket says.
enum Answer {
    Ready,
    NoDatabase,
    NotYet,
    Nobody,
}

impl Embedded {
    /// Opens the cluster in `dir`, making and starting it when needed, with the empty database
    /// [`DATABASE`] in it. The schema is the migrations' business.
    ///
    /// # Errors
    /// `ground.no_postgres`, `ground.other_version`, `ground.disk_full`, `ground.unwritable`,
    /// `ground.path_too_long`, `ground.busy`, `ground.start_failed`.
    pub async fn open(dir: &Path) -> Result<Self> {
        Self::open_with(dir, Programs::installed().await).await
    }

    /// As [`Self::open`], with the given installations of Postgres.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with(dir: &Path, installed: Vec<Programs>) -> Result<Self> {
        let place = Place::prepare(dir)?;
        let programs = choose(&place, installed)?;
        let lock = place.lock().await?;
        let users = place.lock_file("users")?;
        users
            .try_lock_shared()
            .map_err(|error| refuse_io(&place.root, error.into()))?;
        let embedded = Self {
            place,
            programs,
            users,
        };
        let started = match embedded.make_if_missing().await {
            Ok(()) => embedded.run_if_down().await,
            refused => refused,
        };
        drop(lock);
        match started {
            Ok(()) => Ok(embedded),
            Err(refusal) => {
                embedded.leave().await;
                Err(refusal)
            }
        }
    }

    /// How to connect as `role` to `database`. Nothing but the log-in name of a role of this
    /// cluster: the socket's folder is closed to other users of the box.
    #[must_use]
    pub fn options(&self, role: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.place.socket)
            .port(5432)
            .username(role)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
            .application_name("guitai")
    }

    /// The folder of the socket, for `psql -h`.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        &self.place.socket
    }

    /// The process number of the server, when it lives.
    #[must_use]
    pub fn server(&self) -> Option<u32> {
        self.place.postmaster()
    }

    /// Starts the server again when it was killed under us; does nothing when it answers.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn revive(&self) -> Result<()> {
        let lock = self.place.lock().await?;
        self.run_if_down().await?;
        drop(lock);
        Ok(())
    }

    /// Leaves the cluster; the last console that leaves stops it.
    ///
    /// # Errors
    /// `ground.stop_failed`, `ground.busy`.
    pub async fn close(self) -> Result<()> {
        let lock = self.place.lock().await?;
        self.users
            .unlock()
            .map_err(|error| refuse_io(&self.place.root, error))?;
        if self.users.try_lock().is_ok() && self.place.postmaster().is_some() {
            self.stop().await?;
        }
        // Before the lock: whoever comes next must find the users file free.
        drop(self);
        drop(lock);
        Ok(())
    }

    /// [`Self::close`] where something else is to be said: a server that stays is only logged.
    pub async fn leave(self) {
        if let Err(refusal) = self.close().await {
            tracing::warn!(%refusal, "the private server could not be stopped");
        }
    }

    /// The first start: into a folder aside, which takes its name only when it is complete.
    async fn make_if_missing(&self) -> Result<()> {
        self.place.sweep_halves();
        let data = self.place.data();
        if data.exists() {
            return Ok(());
        }
        let name = format!("half-{}", uuid::Uuid::now_v7().as_simple());
        let half = self.place.root.join(&name);
        let args = [
            "-D",
            &name,
            "-U",
            OWNER,
            "-k",
            "-E",
            "UTF8",
            "--no-locale",
            "--auth=trust",
            "--no-instructions",
        ];
        let output = self
            .programs
            .run("initdb", &args, &self.place.root, self.place.account)
            .await
            .map_err(|error| refuse_io(&self.place.root, error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let _ = fs::remove_dir_all(&half);
            return Err(self.explain(&said));
        }
        self.place.write_settings(&half)?;
        fs::rename(&half, &data)
            .and_then(|()| File::open(&self.place.root)?.sync_all())
            .map_err(|error| refuse_io(&data, error))
    }

    async fn run_if_down(&self) -> Result<()> {
        let until = Instant::now() + START_LIMIT;
        let mut deaf_since = None;
        let mut tries = 0;
        while Instant::now() < until {
            match self.ask().await {
                Answer::Ready => return Ok(()),
                Answer::NoDatabase => return self.make_database().await,
                Answer::NotYet => sleep(PAUSE).await,
                Answer::Nobody if self.place.postmaster().is_some() => {
                    let since = *deaf_since.get_or_insert_with(Instant::now);
                    if since.elapsed() > DEAF_LIMIT {
                        self.stop().await?;
                    }
                    sleep(PAUSE).await;
                }
                Answer::Nobody => match self.start().await {
                    Err(refusal)
                        if refusal.hint == "ground.start_failed" && tries < START_TRIES =>
                    {
                        tries += 1;
                        sleep(RETRY_PAUSE).await;
                    }
                    outcome => outcome?,
                },
            }
        }
        Err(self.explain("no answer"))
    }

    async fn ask(&self) -> Answer {
        let options = self.options(OWNER, DATABASE);
        match timeout(ANSWER_LIMIT, PgConnection::connect_with(&options)).await {
            Err(_) => Answer::NotYet,
            Ok(Ok(connection)) => {
                let _ = connection.close().await;
                Answer::Ready
            }
            Ok(Err(sqlx::Error::Database(error))) => match error.code().as_deref() {
                Some("3D000") => Answer::NoDatabase,
                Some("57P03") => Answer::NotYet,
                // All connections taken, for example: somebody is there.
                _ => Answer::Ready,
            },
            Ok(Err(_)) => Answer::Nobody,
        }
    }

    async fn make_database(&self) -> Result<()> {
        let work = async {
            let mut connection =
                PgConnection::connect_with(&self.options(OWNER, "postgres")).await?;
            connection.execute("create database guitai").await?;
            connection.close().await
        };
        match timeout(START_LIMIT, work).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.explain(&error.to_string())),
            Err(_) => Err(self.explain("no answer")),
        }
    }

    /// `pg_ctl` puts the server into a session of its own: a Ctrl-C or a hang-up of the console's
    /// terminal does not reach it.
    async fn start(&self) -> Result<()> {
        self.place.clear_leftovers();
        self.place.write_settings(&self.place.data())?;
        let log = self.place.root.join("start.log");
        let _ = fs::remove_file(&log);
        let limit = START_LIMIT.as_secs().to_string();
        self.control(&[
            "start",
            "-D",
            "data",
            "-w",
            "-s",
            "-t",
            &limit,
            "-l",
            "start.log",
        ])
        .await
        .map_err(|said| {
            let early = fs::read_to_string(&log).unwrap_or_default();
            self.explain(&format!("{said}\n{early}\n{}", self.newest_log()))
        })
    }

    async fn stop(&self) -> Result<()> {
        self.control(&["stop", "-D", "data", "-w", "-s", "-t", "60", "-m", "fast"])
            .await
            .map_err(|said| {
                let mut refusal = self.explain(&said);
                refusal.hint = "ground.stop_failed";
                refusal
            })
    }

    /// Runs `pg_ctl`; the error is what it said.
    async fn control(&self, args: &[&str]) -> std::result::Result<(), String> {
        let place = &self.place;
        match self
            .programs
            .run("pg_ctl", args, &place.root, place.account)
            .await
        {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// What Postgres said, as a refusal; the words go to the log.
    fn explain(&self, said: &str) -> Refusal {
        let hint = if said.contains("No space left") {
            "ground.disk_full"
        } else if said.contains("Permission denied") || said.contains("Read-only file system") {
            "ground.unwritable"
        } else {
            "ground.start_failed"
        };
        let mut refusal = Refusal::new(Kind::Offline, hint).with("path", self.place.root.display());
        refusal.source = Some(std::sync::Arc::new(std::io::Error::other(
            said.trim().to_owned(),
        )));
        refusal
    }

    /// The end of the log written last: why a server died after it had opened its log.
    fn newest_log(&self) -> String {
        const LINES: usize = 20;
        let newest = fs::read_dir(self.place.root.join("log"))
            .into_iter()
            .flatten()
            .flatten()
            .max_by_key(|entry| entry.metadata().and_then(|found| found.modified()).ok());
        let text = newest
            .and_then(|entry| fs::read_to_string(entry.path()).ok())
            .unwrap_or_default();
        let skip = text.lines().count().saturating_sub(LINES);
        text.lines().skip(skip).collect::<Vec<_>>().join("\n")
    }
}

/// The installation that can read the data, or the newest for a first start.
fn choose(place: &Place, installed: Vec<Programs>) -> Result<Programs> {
    let version: PathBuf = place.data().join("PG_VERSION");
    let Ok(text) = fs::read_to_string(&version) else {
        if place.data().exists() {
            return Err(
                Refusal::new(Kind::Offline, "ground.damaged").with("path", place.data().display())
            );
        }
        return installed
            .into_iter()
            .next()
            .ok_or_else(|| Refusal::user("ground.no_postgres"));
    };
    let need = text.trim().to_owned();
    let have = installed.first().map(|programs| programs.major);
    let fitting = installed
        .into_iter()
        .find(|programs| programs.major.to_string() == need);
    fitting.ok_or_else(|| match have {
        None => Refusal::user("ground.no_postgres"),
        Some(have) => Refusal::user("ground.other_version")
            .with("need", need)
            .with("have", have)
            .with("path", place.data().display()),
    })
}
