//! The private Postgres of a box: shared, stopped by the last, and healed after any kill.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use guitai::db::embedded::{DATABASE, Embedded, OWNER};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, Row};

use crate::support::folder::Folder;
use crate::support::server::{kill, started_before};

async fn connect(embedded: &Embedded) -> PgConnection {
    PgConnection::connect_with(&embedded.options(OWNER, DATABASE))
        .await
        .unwrap()
}

async fn show(connection: &mut PgConnection, setting: &str) -> String {
    connection
        .fetch_one(AssertSqlSafe(format!("show {setting}")))
        .await
        .unwrap()
        .get(0)
}

/// Opens, writes one row, and gives the number of rows there have ever been.
async fn sell(embedded: &Embedded) -> i64 {
    let mut connection = connect(embedded).await;
    connection
        .execute("create table if not exists sale (n int)")
        .await
        .unwrap();
    connection
        .execute("insert into sale values (1)")
        .await
        .unwrap();
    let count = connection
        .fetch_one("select count(*) from sale")
        .await
        .unwrap()
        .get(0);
    connection.close().await.unwrap();
    count
}

fn data(folder: &Path) -> PathBuf {
    folder.join("postgres/data")
}

#[tokio::test]
async fn first_start_is_safe_and_private() {
    let folder = Folder::new("e");
    let embedded = Embedded::open(folder.path()).await.unwrap();
    let mut connection = connect(&embedded).await;
    for (setting, value) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("server_encoding", "UTF8"),
        ("lc_collate", "C"),
        ("jit", "off"),
        ("timezone", "UTC"),
    ] {
        assert_eq!(show(&mut connection, setting).await, value, "{setting}");
    }
    connection.close().await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(embedded.socket_folder()), 0o700);
    assert_eq!(mode(&data(folder.path())), 0o700);
    embedded.close().await.unwrap();
}

/// A Ctrl-C or a hang-up goes to the terminal's session: the server is in one of its own.
#[tokio::test]
async fn server_is_in_a_session_of_its_own() {
    let (_folder, dir) = started_before("shop").await;
    let embedded = Embedded::open(&dir).await.unwrap();
    let server = embedded.server().unwrap();
    let stat = fs::read_to_string(format!("/proc/{server}/stat")).unwrap();
    let session: u32 = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .nth(3)
        .unwrap()
        .parse()
        .unwrap();
    // Its own leader. Not compared with ours: in a container that may have no number.
    assert_eq!(session, server);
    embedded.close().await.unwrap();
}

#[tokio::test]
async fn the_last_console_stops_it() {
    let folder = Folder::new("e");
    let (one, two) = tokio::join!(Embedded::open(folder.path()), Embedded::open(folder.path()));
    let (one, two) = (one.unwrap(), two.unwrap());
    let server = one.server();
    assert!(server.is_some());
    assert_eq!(two.server(), server);
    one.close().await.unwrap();
    assert_eq!(two.server(), server);
    assert_eq!(sell(&two).await, 1);
    two.close().await.unwrap();
    assert!(!data(folder.path()).join("postmaster.pid").exists());
    let again = Embedded::open(folder.path()).await.unwrap();
    assert_eq!(sell(&again).await, 2);
    again.close().await.unwrap();
}

/// A killed console leaves its locks to the kernel, as a dropped handle does.
#[tokio::test]
async fn killed_console() {
    let (_folder, dir) = started_before("shop").await;
    let killed = Embedded::open(&dir).await.unwrap();
    let server = killed.server();
    drop(killed);
    let next = Embedded::open(&dir).await.unwrap();
    assert_eq!(next.server(), server);
    next.close().await.unwrap();
    assert!(!data(&dir).join("postmaster.pid").exists());
}

#[tokio::test]
async fn killed_server() {
    let (_folder, dir) = started_before("shop").await;
    let embedded = Embedded::open(&dir).await.unwrap();
    assert_eq!(sell(&embedded).await, 1);
    kill(embedded.server().unwrap());
    embedded.revive().await.unwrap();
    assert_eq!(sell(&embedded).await, 2);
    let server = embedded.server();
    embedded.revive().await.unwrap();
    assert_eq!(embedded.server(), server);
    kill(server.unwrap());
    drop(embedded);
    let next = Embedded::open(&dir).await.unwrap();
    assert_eq!(sell(&next).await, 3);
    next.close().await.unwrap();
}

/// After a power cut the number in `postmaster.pid` may belong to anybody, also to a process of
/// the same account, which Postgres alone takes for a living server.
#[tokio::test]
async fn stale_process_number_and_socket() {
    let (_folder, dir) = started_before("shop").await;
    let embedded = Embedded::open(&dir).await.unwrap();
    assert_eq!(sell(&embedded).await, 1);
    let socket = embedded.socket_folder().to_path_buf();
    let server = embedded.server().unwrap();
    let text = fs::read_to_string(data(&dir).join("postmaster.pid")).unwrap();
    kill(server);
    drop(embedded);

    let owner = fs::metadata(data(&dir)).unwrap();
    let mut stranger = Command::new("sleep");
    stranger.arg("600");
    if owner.uid() != rustix::process::geteuid().as_raw() {
        stranger.uid(owner.uid()).gid(owner.gid());
    }
    let mut stranger = stranger.spawn().unwrap();
    let stale = text.replacen(&server.to_string(), &stranger.id().to_string(), 1);
    fs::write(data(&dir).join("postmaster.pid"), &stale).unwrap();
    fs::write(socket.join(".s.PGSQL.5432.lock"), &stale).unwrap();
    let _ = fs::remove_file(socket.join(".s.PGSQL.5432"));
    drop(UnixListener::bind(socket.join(".s.PGSQL.5432")).unwrap());

    let next = Embedded::open(&dir).await;
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    let next = next.unwrap();
    assert_eq!(sell(&next).await, 2);
    next.close().await.unwrap();
}

/// The console dies in the middle of the first start; its orphan may even go on writing.
#[tokio::test]
async fn half_a_first_start() {
    let folder = Folder::new("e");
    let half = |folder: &Folder| {
        let entries = fs::read_dir(folder.path().join("postgres"))
            .into_iter()
            .flatten()
            .flatten();
        entries
            .into_iter()
            .any(|entry| entry.path().join("PG_VERSION").exists())
    };
    {
        let open = std::pin::pin!(Embedded::open(folder.path()));
        let seen = async {
            while !half(&folder) {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = seen => {}
            _ = open => panic!("too fast to be killed"),
        }
    }
    assert!(!data(folder.path()).exists());
    let embedded = Embedded::open(folder.path()).await.unwrap();
    assert_eq!(sell(&embedded).await, 1);
    embedded.close().await.unwrap();
    let again = Embedded::open(folder.path()).await.unwrap();
    assert_eq!(sell(&again).await, 2);
    again.close().await.unwrap();
}

#[tokio::test]
async fn refusals_say_the_way_out() {
    let folder = Folder::new("e");
    let none = Embedded::open_with(folder.path(), Vec::new())
        .await
        .unwrap_err();
    assert_eq!(none.hint, "ground.no_postgres");

    fs::create_dir(data(folder.path())).unwrap();
    let damaged = Embedded::open(folder.path()).await.unwrap_err();
    assert_eq!(damaged.hint, "ground.damaged");

    fs::write(data(folder.path()).join("PG_VERSION"), "9\n").unwrap();
    let other = Embedded::open(folder.path()).await.unwrap_err();
    assert_eq!(other.hint, "ground.other_version");
    assert!(other.with.contains(&("need", "9".into())));

    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let unwritable = Embedded::open(&file.join("data")).await.unwrap_err();
    assert_eq!(unwritable.hint, "ground.unwritable");
}

/// Run as root with a strict umask, the server's account still finds its way to the new folder.
#[test]
fn strict_umask() {
    let folder = Folder::new("e");
    let output = Command::new("sh")
        .args(["-c", "umask 077; exec \"$0\" migrate"])
        .arg(env!("CARGO_BIN_EXE_guitai"))
        .env_clear()
        .env("HOME", folder.path())
        .env("GUITAI_DATA", folder.path().join("new/and/deep"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Names and balances are nobody else's business, whatever umask the account has.
#[test]
fn loose_umask() {
    let folder = Folder::new("e");
    let output = Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" migrate"])
        .arg(env!("CARGO_BIN_EXE_guitai"))
        .env_clear()
        .env("HOME", folder.path())
        .env("GUITAI_DATA", folder.path().join("data"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut left = vec![folder.path().to_path_buf()];
    let mut files = 0;
    while let Some(path) = left.pop() {
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let about = entry.metadata().unwrap();
            if about.is_dir() {
                left.push(entry.path());
            } else if about.is_file() {
                files += 1;
                assert_eq!(about.mode() & 0o077, 0, "{}", entry.path().display());
            }
        }
    }
    assert!(files > 0);
}

/// A socket's path has 107 bytes: it moves to a short folder, or the refusal says so.
#[tokio::test]
async fn long_folder_names() {
    let (_folder, long) = started_before(&"很长的目录名".repeat(6)).await;
    match Embedded::open(&long).await {
        Ok(embedded) => {
            assert_eq!(sell(&embedded).await, 1);
            let socket = embedded.socket_folder().to_path_buf();
            embedded.close().await.unwrap();
            fs::remove_dir_all(socket).unwrap();
        }
        Err(refusal) => assert_eq!(refusal.hint, "ground.path_too_long"),
    }
}

/// Quotes, spaces and what a shell would read in a folder's name.
#[tokio::test]
async fn odd_folder_names() {
    let (_folder, odd) = started_before("it's $HOME, \"店\" \\").await;
    let embedded = Embedded::open(&odd).await.unwrap();
    assert_eq!(sell(&embedded).await, 1);
    embedded.close().await.unwrap();
}

/// It shares 1 GB with the console and the kiosk's screen.
#[tokio::test]
async fn idle_cluster_is_small() {
    let (_folder, dir) = started_before("shop").await;
    let embedded = Embedded::open(&dir).await.unwrap();
    sell(&embedded).await;
    let server = embedded.server().unwrap();
    let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap();
    let own = server.to_string();
    let kilobytes = std::iter::once(own.as_str())
        .chain(children.split_whitespace())
        .filter_map(|process| fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok())
        .filter_map(|text| {
            text.lines().find_map(|line| {
                line.strip_prefix("Pss:")?
                    .split_whitespace()
                    .next()?
                    .parse::<u64>()
                    .ok()
            })
        })
        .sum::<u64>();
    assert!(kilobytes > 1_000 && kilobytes < 40_000, "{kilobytes} kB");
    embedded.close().await.unwrap();
}
