//! Jobs that are not on paper yet, one file each in the till's own folder: they survive the console.
//!
//! A job is marked before its first byte goes out. One that is found so marked was cut off: nobody
//! knows what of it is on paper, so it is never printed again by itself.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::print::{Job, Progress, Waiting};

/// Jobs that wait, at most: the oldest one goes then. Each can be printed again from its receipt.
pub const MOST_JOBS: usize = 50;
/// How long a job waits.
const OLDEST: TimeDelta = TimeDelta::days(3);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    progress: Progress,
    job: Job,
}

/// The folder of jobs.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    jobs: BTreeMap<u64, Stored>,
    /// The last number given: none is given twice while the console runs.
    last: u64,
}

impl Spool {
    /// Reads what is still there; what is too old or cannot be read goes.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(folder: &Path, now: DateTime<Utc>) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut jobs = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let number = path
                .file_stem()
                .and_then(|stem| stem.to_str()?.parse().ok());
            let stored = fs::read(&path).ok();
            let stored = stored.and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok());
            match (number, stored) {
                (Some(number), Some(stored)) if stored.job.at + OLDEST > now => {
                    jobs.insert(number, stored);
                }
                _ => {
                    tracing::warn!(path = %path.display(), "a print job is gone");
                    let _ = fs::remove_file(&path);
                }
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            last: jobs.keys().next_back().copied().unwrap_or(0),
            jobs,
        })
    }

    /// Takes a job in. What cannot be written is kept in memory alone.
    pub fn add(&mut self, job: Job) -> u64 {
        while self.jobs.len() >= MOST_JOBS {
            if let Some(oldest) = self.jobs.keys().next().copied() {
                tracing::warn!(oldest, "too many print jobs: the oldest one goes");
                self.remove(oldest);
            }
        }
        self.last += 1;
        let id = self.last;
        let progress = Progress::Waiting;
        self.jobs.insert(id, Stored { progress, job });
        self.keep(id);
        id
    }

    /// Marks it, on the disk first.
    pub fn mark(&mut self, id: u64, progress: Progress) {
        if let Some(stored) = self.jobs.get_mut(&id) {
            stored.progress = progress;
            self.keep(id);
        }
    }

    /// Prints or not, it is done with.
    pub fn remove(&mut self, id: u64) {
        self.jobs.remove(&id);
        let _ = fs::remove_file(self.file(id));
    }

    #[must_use]
    pub fn get(&self, id: u64) -> Option<(&Job, Progress)> {
        let stored = self.jobs.get(&id)?;
        Some((&stored.job, stored.progress))
    }

    /// The oldest one that may be printed without asking.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        let mut jobs = self.jobs.iter();
        let next = jobs.find(|(_, stored)| stored.progress == Progress::Waiting);
        next.map(|(id, _)| *id)
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Waiting> {
        let jobs = self.jobs.iter().map(|(id, stored)| Waiting {
            id: *id,
            title: stored.job.title.clone(),
            at: stored.job.at,
            progress: stored.progress,
        });
        jobs.collect()
    }

    fn file(&self, id: u64) -> PathBuf {
        self.folder.join(format!("{id:010}.json"))
    }

    fn keep(&self, id: u64) {
        if let Some(stored) = self.jobs.get(&id)
            && let Err(error) = write(&self.file(id), stored)
        {
            tracing::warn!(%error, "a print job is not on the disk");
        }
    }
}

fn write(path: &Path, stored: &Stored) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    file.write_all(&serde_json::to_vec(stored)?)?;
    file.sync_data()?;
    fs::rename(&part, path)
}
