//! A folder of its own for a test, with a short path (sockets live in it), gone with the test.

use std::fs;
use std::path::{Path, PathBuf};

use uuid::Uuid;

pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let (_, id) = Uuid::now_v7().as_u64_pair();
        let folder = std::env::temp_dir().join(format!("guitai-{name}-{id:x}"));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
