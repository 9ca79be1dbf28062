//! A folder of its own for a test, with a short path (sockets live in it), gone with the test.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

pub struct Folder {
    path: PathBuf,
    /// Goes with a folder around it.
    inside: bool,
}

impl Folder {
    pub fn new(name: &str) -> Self {
        let (_, id) = Uuid::now_v7().as_u64_pair();
        let folder = std::env::temp_dir().join(format!("guitai-{name}-{id:x}"));
        fs::create_dir(&folder).unwrap();
        let_others_pass(&folder);
        Self {
            path: folder,
            inside: false,
        }
    }

    /// A folder in this one.
    pub fn inside(&self, name: &str) -> Self {
        let path = self.path.join(name);
        fs::create_dir_all(&path).unwrap();
        let_others_pass(&path);
        Self { path, inside: true }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Whatever the umask: run as root, a server has another account.
fn let_others_pass(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.inside {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
