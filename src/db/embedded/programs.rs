//! The Postgres programs installed on this box, and running one of them.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::Command;

/// Older ones lack what the schema and the tests use (`strategy file_copy`).
pub const OLDEST_MAJOR: u32 = 15;

/// Where Debian keeps `<major>/bin`, outside PATH.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The account that runs a program, when it is not our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
}

/// One installation of Postgres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    pub bin: PathBuf,
    /// The major version, for example 15.
    pub major: u32,
}

impl Programs {
    /// Every usable installation, the newest first.
    pub async fn installed() -> Vec<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        if let Ok(versions) = std::fs::read_dir(DEBIAN) {
            folders.extend(versions.flatten().map(|version| version.path().join("bin")));
        }
        Self::among(folders).await
    }

    /// The usable installations among these `bin` folders, the newest first.
    pub async fn among(folders: Vec<PathBuf>) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for folder in folders {
            // PATH may hold links to single programs: their neighbours are in the real folder.
            let Ok(server) = folder.join("postgres").canonicalize() else {
                continue;
            };
            let Some(bin) = server.parent().map(Path::to_path_buf) else {
                continue;
            };
            let whole = ["initdb", "pg_ctl"]
                .iter()
                .all(|name| bin.join(name).exists());
            if !whole || found.iter().any(|known| known.bin == bin) {
                continue;
            }
            if let Some(major) = major_of(&server).await
                && major >= OLDEST_MAJOR
            {
                found.push(Self { bin, major });
            }
        }
        found.sort_by_key(|programs| std::cmp::Reverse(programs.major));
        found
    }

    /// Runs `name` in the folder `at` to its end, with an empty environment but PATH, in English.
    ///
    /// # Errors
    /// The program cannot be started, or `at` cannot be entered by the account.
    pub async fn run<A: AsRef<OsStr>>(
        &self,
        name: &str,
        args: &[A],
        at: &Path,
        account: Option<Account>,
    ) -> io::Result<Output> {
        let mut command = plain(&self.bin.join(name));
        command.args(args).current_dir(at);
        if let Some(account) = account {
            command.uid(account.uid).gid(account.gid);
        }
        command.output().await
    }
}

fn plain(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` is 15.
async fn major_of(server: &Path) -> Option<u32> {
    let output = plain(server).arg("--version").output().await.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().nth(2)?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
