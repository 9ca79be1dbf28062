//! One throw-away Postgres for this test process, and a fresh database for every test.
//!
//! A shell guards the server: it waits for the end of its input, which comes when this process
//! ends in any way, kill -9 included, then kills the server and removes the folder.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use guitai::db::embedded::programs::Programs;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, Connection, Executor};
use tokio::sync::OnceCell;

/// The superuser, as in the private cluster of a box.
pub const OWNER: &str = "guitai_owner";
const TEMPLATE: &str = "guitai_template";

pub const SETTINGS: &str = "
listen_addresses = ''
max_connections = 200
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 1GB
max_parallel_workers_per_gather = 0
autovacuum = off
jit = off
timezone = 'UTC'
lc_messages = 'C'
log_checkpoints = off
";

/// `$0` bin folder; the folder is the current one. Signals of the terminal are for the tests.
const GUARD: &str = r#"
trap '' INT HUP TERM
"$0/initdb" -D data -U guitai_owner -E UTF8 --no-locale --auth=trust --no-sync --no-instructions >initdb.log 2>&1 || { cat initdb.log; exit 1; }
cat settings >>data/postgresql.conf
"$0/postgres" -D data -k "$PWD" >server.log 2>&1 </dev/null &
server=$!
while kill -0 $server 2>/dev/null && ! grep -q "ready to accept connections" server.log; do sleep 0.02; done
grep -q "ready to accept connections" server.log && echo ready || cat server.log
cat >/dev/null
kill -QUIT $server
wait $server
here=$PWD
cd /
rm -rf "$here"
"#;

pub struct Cluster {
    folder: PathBuf,
    count: AtomicU64,
    _guard: Child,
}

/// A database of its own for one test; dropped with it.
pub struct Database {
    pub name: String,
    folder: PathBuf,
}

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();

impl Cluster {
    /// The cluster of this process, started by the first test that asks.
    pub async fn get() -> &'static Self {
        CLUSTER.get_or_init(Self::start).await
    }

    /// A database with all migrations applied, as a new shop finds it: about 0.1 s.
    pub async fn database() -> Database {
        Self::get().await.clone_of(TEMPLATE).await
    }

    /// A database without anything.
    pub async fn empty_database() -> Database {
        Self::get().await.clone_of("template0").await
    }

    /// The folder with the server's socket. Sub-folders of tests go with it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    async fn clone_of(&self, template: &str) -> Database {
        let name = format!("test_{}", self.count.fetch_add(1, Ordering::Relaxed));
        self.admin(format!(
            "create database {name} template {template} strategy file_copy"
        ))
        .await;
        Database {
            name,
            folder: self.folder.clone(),
        }
    }

    async fn admin(&self, statement: String) {
        let options = options(&self.folder, OWNER, "postgres");
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        connection.execute(AssertSqlSafe(statement)).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn start() -> Self {
        sweep();
        let folder = std::env::temp_dir().join(format!("guitai-test-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
        let guard = serve(&folder, SETTINGS).await;
        let cluster = Self {
            folder,
            count: AtomicU64::new(0),
            _guard: guard,
        };
        cluster.make_template().await;
        cluster
    }

    /// Closed to connections, so that any number of tests can copy it at once.
    async fn make_template(&self) {
        self.admin(format!("create database {TEMPLATE}")).await;
        let options = options(&self.folder, OWNER, TEMPLATE);
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        Migrator::new(migrations)
            .await
            .unwrap()
            .run(&mut connection)
            .await
            .unwrap();
        connection
            .execute("vacuum (freeze, analyze)")
            .await
            .unwrap();
        connection.close().await.unwrap();
        self.admin(format!("alter database {TEMPLATE} allow_connections false"))
            .await;
    }
}

/// Makes and starts a server in an empty folder, with a guard that ends it with this process.
pub async fn serve(folder: &Path, settings: &str) -> Child {
    let programs = Programs::installed().await;
    let bin = &programs
        .first()
        .expect("PostgreSQL is not installed: apt install postgresql")
        .bin;
    fs::write(folder.join("settings"), settings).unwrap();
    let mut guard = Command::new("sh");
    guard
        .arg("-c")
        .arg(GUARD)
        .arg(bin)
        .current_dir(folder)
        .env("LC_ALL", "C");
    guard.stdin(Stdio::piped()).stdout(Stdio::piped());
    if rustix::process::geteuid().is_root() {
        for entry in fs::read_dir(folder).unwrap() {
            chown(entry.unwrap().path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
        guard.uid(NOBODY).gid(NOBODY);
    }
    let mut guard = guard.spawn().unwrap();
    let mut said = BufReader::new(guard.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    if line.trim_end() != "ready" {
        let log = fs::read_to_string(folder.join("server.log"));
        panic!("Postgres did not start: {line}{log:?}");
    }
    guard
}

impl Database {
    /// How to connect to it as `role`.
    pub fn options(&self, role: &str) -> PgConnectOptions {
        options(&self.folder, role, &self.name)
    }

    /// A connection as the superuser.
    pub async fn owner(&self) -> PgConnection {
        PgConnection::connect_with(&self.options(OWNER))
            .await
            .unwrap()
    }
}

/// Keeps the disk small over hundreds of tests. `drop` cannot wait, so a thread does.
impl Drop for Database {
    fn drop(&mut self) {
        let options = options(&self.folder, OWNER, "postgres");
        let statement = format!("drop database if exists {} with (force)", self.name);
        let work = async move {
            if let Ok(mut connection) = PgConnection::connect_with(&options).await {
                let _ = connection.execute(AssertSqlSafe(statement)).await;
            }
        };
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.map(|runtime| runtime.block_on(work))
        })
        .join();
    }
}

const NOBODY: u32 = 65534;

fn options(folder: &Path, role: &str, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(folder)
        .port(5432)
        .username(role)
        .database(database)
        .ssl_mode(PgSslMode::Disable)
}

/// Folders whose guard was killed too. A folder belongs to the process in its name.
fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(process) = name.strip_prefix("guitai-test-") else {
            continue;
        };
        // One with our own number is older than we are: in a container numbers begin anew.
        let ours = process == std::process::id().to_string();
        if !ours && Path::new("/proc").join(process).exists() {
            continue;
        }
        let folder = entry.path();
        let served = UnixStream::connect(folder.join(".s.PGSQL.5432")).is_ok();
        if !served || end_server(&folder).is_some() {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Ends the server of a folder, if the process in its file is really that.
fn end_server(folder: &Path) -> Option<()> {
    let text = fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
    let process = text.lines().next()?;
    let works_in = fs::read_link(Path::new("/proc").join(process).join("cwd")).ok()?;
    let process = Pid::from_raw(process.parse().ok()?)?;
    (works_in == folder.join("data")).then(|| kill_process(process, Signal::KILL).ok())?
}
