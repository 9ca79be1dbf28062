//! Private servers to be killed.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use guitai::db::embedded::Embedded;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::OnceCell;

use super::cluster::Cluster;
use super::folder::Folder;

/// kill -9 for a server and all its processes, and gone from the process table's living.
pub fn kill(server: u32) {
    let children = Path::new("/proc").join(format!("{server}/task/{server}/children"));
    let children = fs::read_to_string(children).unwrap();
    let children = children
        .split_whitespace()
        .map(|child| child.parse().unwrap());
    let all: Vec<i32> = std::iter::once(i32::try_from(server).unwrap())
        .chain(children)
        .collect();
    for process in &all {
        // A child may end by itself in between.
        let _ = kill_process(Pid::from_raw(*process).unwrap(), Signal::KILL);
    }
    for process in all {
        let living = Path::new("/proc").join(process.to_string()).join("cwd");
        while living.read_link().is_ok() {
            std::thread::yield_now();
        }
    }
}

/// A box that has been started before, copied from one that really was: initdb takes a second.
pub async fn started_before(name: &str) -> (Folder, PathBuf) {
    static READY: OnceCell<PathBuf> = OnceCell::const_new();
    let ready = READY
        .get_or_init(|| async {
            // In the cluster's folder and account, whose guard removes it.
            let cluster = Cluster::get().await.folder();
            let ready = cluster.join("box");
            fs::create_dir(&ready).unwrap();
            let owner = fs::metadata(cluster).unwrap();
            chown(&ready, Some(owner.uid()), Some(owner.gid())).unwrap();
            Embedded::open(&ready).await.unwrap().close().await.unwrap();
            ready
        })
        .await;
    let folder = Folder::new("e");
    let dir = folder.inside(name).path().to_path_buf();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(ready.join("postgres"))
        .arg(&dir)
        .status();
    assert!(copied.unwrap().success());
    (folder, dir)
}
