//! The folders of a private cluster, who owns them, and what is alive in them.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{
    DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use tokio::time::{Instant, sleep};

use super::programs::Account;
use crate::error::{Kind, Refusal, Result};

/// `sun_path` holds 108 bytes with its closing zero.
const SOCKET_PATH_LIMIT: usize = 107;
/// How long another console may start or stop the cluster before we give up waiting.
const LOCK_LIMIT: Duration = Duration::from_mins(3);
const LOCK_PAUSE: Duration = Duration::from_millis(30);
const SOCKET: &str = ".s.PGSQL.5432";
const TEMPLATE: &str = include_str!("postgresql.conf");

/// `<dir>/postgres` with `data`, `run` (the socket), `log`, and the files `lock` and `users`.
#[derive(Debug, Clone)]
pub struct Place {
    pub root: PathBuf,
    pub socket: PathBuf,
    /// Set when we are root, as whom Postgres refuses to run.
    pub account: Option<Account>,
}

impl Place {
    /// Makes the folders below `dir` that are missing.
    ///
    /// # Errors
    /// `ground.unwritable`, `ground.disk_full`, `ground.path_too_long`.
    pub fn prepare(dir: &Path) -> Result<Self> {
        let root_user = rustix::process::geteuid().is_root();
        let refuse = |error: io::Error| refuse_io(dir, error);
        make_way(dir, root_user).map_err(refuse)?;
        let dir = dir.canonicalize().map_err(refuse)?;
        let root = dir.join("postgres");
        let account = if root_user {
            Some(account_for(&root, &dir).map_err(refuse)?)
        } else {
            None
        };
        let socket = socket_folder(&root, root_user)?;
        let place = Self {
            root,
            socket,
            account,
        };
        for folder in [
            place.root.clone(),
            place.root.join("log"),
            place.socket.clone(),
        ] {
            place
                .make_folder(&folder)
                .map_err(|error| refuse_io(&folder, error))?;
        }
        Ok(place)
    }

    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The process that serves this data folder. A number left in `postmaster.pid` is believed
    /// only when that process is a postgres working in our folder.
    #[must_use]
    pub fn postmaster(&self) -> Option<u32> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let pid: u32 = text.lines().next()?.trim().parse().ok()?;
        let process = Path::new("/proc").join(pid.to_string());
        let name = fs::read_to_string(process.join("comm")).ok()?;
        let works_in = fs::read_link(process.join("cwd")).ok()?;
        let data = self.data().canonicalize().ok()?;
        (name.trim_end() == "postgres" && works_in == data).then_some(pid)
    }

    /// Removes what a killed postmaster left: it would keep the next one from starting if the
    /// process number has been given to somebody else meanwhile. Only under the lock, and only
    /// when [`Self::postmaster`] is none. Postgres still checks its shared memory for survivors.
    pub fn clear_leftovers(&self) {
        let lock = format!("{SOCKET}.lock");
        let data = self.data();
        for leftover in [
            data.join("postmaster.pid"),
            self.socket.join(SOCKET),
            self.socket.join(lock),
        ] {
            let _ = fs::remove_file(leftover);
        }
    }

    /// Folders of a first start that was killed half-way. Best effort: an orphaned initdb may
    /// still write into one, and a later start takes it then.
    pub fn sweep_halves(&self) {
        let Ok(entries) = fs::read_dir(&self.root) else {
            return;
        };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with("half-") {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Writes our settings into the data folder `data`.
    ///
    /// # Errors
    /// As [`refuse_io`].
    pub fn write_settings(&self, data: &Path) -> Result<()> {
        let text = TEMPLATE
            .replace("{socket}", &quoted(&self.socket, true))
            .replace("{log}", &quoted(&self.root.join("log"), false));
        let fresh = data.join("postgresql.conf.new");
        let write = || -> io::Result<()> {
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&fresh)?;
            if let Some(account) = self.account {
                fchown(&file, Some(account.uid), Some(account.gid))?;
            }
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, data.join("postgresql.conf"))
        };
        write().map_err(|error| refuse_io(data, error))
    }

    /// Opens a lock file of this place, which all accounts that share it can open.
    ///
    /// # Errors
    /// As [`refuse_io`].
    pub fn lock_file(&self, name: &str) -> Result<File> {
        let path = self.root.join(name);
        let no_follow = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
        let open = || -> io::Result<File> {
            let file = OpenOptions::new()
                .create(true)
                .read(true)
                .append(true)
                .mode(0o600)
                .custom_flags(no_follow)
                .open(&path)?;
            if let Some(account) = self.account {
                fchown(&file, Some(account.uid), Some(account.gid))?;
            }
            Ok(file)
        };
        open().map_err(|error| refuse_io(&path, error))
    }

    /// The right to start or stop the cluster, held until the file is dropped.
    ///
    /// # Errors
    /// `ground.busy` when somebody else holds it for [`LOCK_LIMIT`].
    pub async fn lock(&self) -> Result<File> {
        let file = self.lock_file("lock")?;
        let until = Instant::now() + LOCK_LIMIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < until => sleep(LOCK_PAUSE).await,
                Err(TryLockError::WouldBlock) => {
                    return Err(Refusal::new(Kind::Offline, "ground.busy"));
                }
                Err(TryLockError::Error(error)) => return Err(refuse_io(&self.root, error)),
            }
        }
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if let Err(error) = DirBuilder::new().mode(0o700).create(folder)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(error);
        }
        let found = fs::symlink_metadata(folder)?;
        if !found.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let owner = self
            .account
            .map_or(rustix::process::geteuid().as_raw(), |account| account.uid);
        if found.uid() != owner {
            let Some(account) = self.account.filter(|_| found.uid() == 0) else {
                return Err(io::ErrorKind::PermissionDenied.into());
            };
            chown(folder, Some(account.uid), Some(account.gid))?;
        }
        if found.mode() & 0o077 != 0 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }
}

/// What a failed file operation means to the person at the counter: `ground.disk_full`,
/// `ground.unwritable`, else `ground.start_failed`.
#[must_use]
pub fn refuse_io(path: &Path, error: io::Error) -> Refusal {
    use io::ErrorKind as E;
    let hint = match error.kind() {
        E::StorageFull | E::QuotaExceeded => "ground.disk_full",
        E::PermissionDenied | E::ReadOnlyFilesystem | E::NotADirectory => "ground.unwritable",
        _ => "ground.start_failed",
    };
    let mut refusal = Refusal::new(Kind::Offline, hint).with("path", path.display());
    refusal.source = Some(std::sync::Arc::new(error));
    refusal
}

/// Makes `dir` and what is missing above it: our own, but as root, whatever the umask, with a way through for
/// the server's account.
fn make_way(dir: &Path, root_user: bool) -> io::Result<()> {
    let missing: Vec<&Path> = dir
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    if root_user {
        for folder in missing {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

/// When we are root: whoever owns the cluster or its folder already, else `postgres`, else nobody.
fn account_for(root: &Path, dir: &Path) -> io::Result<Account> {
    for folder in [root, dir] {
        if let Ok(found) = fs::symlink_metadata(folder)
            && found.uid() != 0
        {
            return Ok(Account {
                uid: found.uid(),
                gid: found.gid(),
            });
        }
    }
    let accounts = fs::read_to_string("/etc/passwd")?;
    let named = |name: &str| {
        accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            if fields.next() != Some(name) {
                return None;
            }
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(Account { uid, gid })
        })
    };
    Ok(named("postgres")
        .or_else(|| named("nobody"))
        .unwrap_or(Account {
            uid: 65534,
            gid: 65534,
        }))
}

/// Beside the data, or, where that path is too long for a socket, a short folder of our own in
/// `/run` that is the same for every console on the same data.
fn socket_folder(root: &Path, root_user: bool) -> Result<PathBuf> {
    let fits = |folder: &Path| folder.join(SOCKET).as_os_str().len() <= SOCKET_PATH_LIMIT;
    let beside = root.join("run");
    if fits(&beside) {
        return Ok(beside);
    }
    let short = if root_user {
        Some(PathBuf::from("/run"))
    } else {
        let of_user = PathBuf::from(format!("/run/user/{}", rustix::process::geteuid().as_raw()));
        let session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        [Some(of_user), session]
            .into_iter()
            .flatten()
            .find(|folder| folder.is_dir())
    };
    let id = uuid::Uuid::new_v5(
        &uuid::Uuid::NAMESPACE_URL,
        root.as_os_str().as_encoded_bytes(),
    );
    short
        .map(|folder| folder.join(format!("guitai-{}", id.as_simple())))
        .filter(|folder| fits(folder))
        .ok_or_else(|| Refusal::user("ground.path_too_long").with("path", root.display()))
}

/// For a quoted setting; an item of a list of folders also stands in double quotes.
fn quoted(path: &Path, in_list: bool) -> String {
    let text = path
        .display()
        .to_string()
        .replace('\\', "\\\\")
        .replace('\'', "''");
    if in_list {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
