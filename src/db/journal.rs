//! The till's own journal: every money operation is on this box's disk before it is sent.
//!
//! The database keeps the books; the journal remembers what this till *asked for*. After a cut
//! network or a killed console the entries that were begun but neither acknowledged nor refused
//! are asked for again under the same id, and at the close of a shift journal and ledger are
//! compared both ways: the only check that finds a customer charged twice under two ids.
//!
//! The calls are synchronous. [`Journal::begin`] waits for the disk (about a millisecond, on a
//! worn card a hundred): an async caller moves the journal through `spawn_blocking`.

mod frame;
mod shelf;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use frame::Note;

use crate::error::{Kind, Refusal, Result};

/// Closed journals that are kept: two months of a till with one shift a day.
pub const KEPT_FILES: usize = 62;
/// A request longer than this is not an operation of a shop.
pub const LONGEST_REQUEST: usize = 1 << 20;

/// One money operation as it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The operation's id: asking again with it does nothing twice (LG2).
    pub id: Uuid,
    pub kind: String,
    pub at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<Uuid>,
    /// The exact request, so that it can be sent again.
    pub request: serde_json::Value,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Begun; nobody knows yet.
    Pending,
    /// The database has it.
    Acked,
    /// The database refused it, and why.
    Refused(String),
}

/// An entry and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub entry: Entry,
    pub fate: Fate,
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Record {
    Begin(Entry),
    Acked { id: Uuid },
    Refused { id: Uuid, why: String },
}

/// The journal of one till, with this process as its single writer.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes of the file that are known to be whole lines.
    length: u64,
    next: u64,
    items: Vec<Item>,
    index: HashMap<Uuid, usize>,
    notes: Vec<Note>,
    /// A failed fdatasync leaves the kernel's pages in doubt: nothing more is taken then.
    doubtful: bool,
    _lock: File,
}

impl Journal {
    /// Opens or makes the journal at `path`. A torn tail is cut off (and kept beside the file as
    /// `.torn`), damage in the middle is left as it is; [`Self::notes`] tells of both.
    ///
    /// # Errors
    /// `journal.busy` when another process writes it, `journal.full`, `journal.unwritable`.
    pub fn open(path: &Path) -> Result<Self> {
        let refuse = |error| refuse_io(path, error);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(refuse)?;
        }
        let lock = lock(path)?;
        shelf::finish_rotation(path).map_err(refuse)?;
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(refuse)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(refuse)?;
        let scan = frame::scan(&bytes, shelf::next_number(path));
        if let Some(torn) = bytes.get(scan.whole..).filter(|torn| !torn.is_empty()) {
            fs::write(beside(path, "torn"), torn).map_err(refuse)?;
            file.set_len(scan.whole as u64).map_err(refuse)?;
        }
        file.seek(SeekFrom::End(0)).map_err(refuse)?;
        file.sync_all()
            .and_then(|()| shelf::sync_folder(path))
            .map_err(refuse)?;
        let mut journal = Self {
            path: path.to_path_buf(),
            file,
            length: scan.whole as u64,
            next: scan.next,
            items: Vec::new(),
            index: HashMap::new(),
            notes: scan.notes,
            doubtful: false,
            _lock: lock,
        };
        for (line, json) in scan.lines {
            match serde_json::from_slice(json) {
                Ok(record) => journal.apply(record),
                Err(_) => journal.notes.push(Note::Damaged { line }),
            }
        }
        Ok(journal)
    }

    /// What was found wrong when the journal was opened. For the log and for `guitai doctor`.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Writes the entry to the disk; only when this returns may the operation be sent. The same
    /// entry again does nothing.
    ///
    /// # Errors
    /// `journal.full`, `journal.unwritable`; `journal.other_content` when the id is known with
    /// another request. The operation must not be sent then.
    pub fn begin(&mut self, entry: &Entry) -> Result<()> {
        if let Some(known) = self.item(entry.id) {
            if known.entry.kind == entry.kind && known.entry.request == entry.request {
                return Ok(());
            }
            return Err(Refusal::new(Kind::Internal, "journal.other_content").with("id", entry.id));
        }
        let before = self.length;
        self.append(&Record::Begin(entry.clone()))?;
        if let Err(error) = self.file.sync_data() {
            // It will not be sent: the next start must not find it pending.
            let _ = self.file.set_len(before);
            self.doubtful = true;
            return Err(refuse_io(&self.path, error));
        }
        self.apply(Record::Begin(entry.clone()));
        Ok(())
    }

    /// The database has it. Not waited for on the disk: a lost acknowledgement only makes the
    /// next start ask again.
    ///
    /// # Errors
    /// `journal.full`, `journal.unwritable`. The operation stands; it is asked for again later.
    pub fn acked(&mut self, id: Uuid) -> Result<()> {
        self.settle(Record::Acked { id }, id, &Fate::Acked)
    }

    /// The database refused it: it left no trace there (LG4).
    ///
    /// # Errors
    /// As [`Self::acked`].
    pub fn refused(&mut self, id: Uuid, why: &str) -> Result<()> {
        let fate = Fate::Refused(why.to_owned());
        self.settle(
            Record::Refused {
                id,
                why: why.to_owned(),
            },
            id,
            &fate,
        )
    }

    /// Begun and neither acknowledged nor refused, in the order they were begun. Each may or may
    /// not have been sent: before anything else is sold the ledger is asked for its id, and the
    /// request goes out again only under that same id (LG2).
    #[must_use]
    pub fn pending(&self) -> Vec<Entry> {
        let pending = self.items.iter().filter(|item| item.fate == Fate::Pending);
        pending.map(|item| item.entry.clone()).collect()
    }

    /// What became of one operation, when this journal knows it.
    #[must_use]
    pub fn item(&self, id: Uuid) -> Option<&Item> {
        self.index.get(&id).and_then(|place| self.items.get(*place))
    }

    /// Everything asked for at or after `at`, for the comparison with the ledger.
    pub fn since(&self, at: DateTime<Utc>) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.entry.at >= at)
    }

    /// Everything asked for in a shift, for the comparison with the ledger.
    pub fn of_shift(&self, shift: Uuid) -> impl Iterator<Item = &Item> {
        self.items
            .iter()
            .filter(move |item| item.entry.shift == Some(shift))
    }

    /// Starts a new file after a closed shift. Pending entries go along; the last [`KEPT_FILES`]
    /// old files stay.
    ///
    /// # Errors
    /// `journal.full`, `journal.unwritable`; the old file is in use then as before.
    pub fn rotate(&mut self) -> Result<()> {
        if self.length == 0 {
            return Ok(());
        }
        let mut carried = Vec::new();
        let mut next = self.next;
        for entry in self.pending() {
            frame::write(&mut carried, next, &json_of(&Record::Begin(entry))?);
            next += 1;
        }
        let file = shelf::rotate(&self.path, self.next, &carried)
            .map_err(|error| refuse_io(&self.path, error))?;
        self.file = file;
        self.length = carried.len() as u64;
        self.next = next;
        self.doubtful = false;
        self.notes.clear();
        self.items.retain(|item| item.fate == Fate::Pending);
        self.index = self
            .items
            .iter()
            .enumerate()
            .map(|(place, item)| (item.entry.id, place))
            .collect();
        shelf::drop_oldest(&self.path, KEPT_FILES);
        Ok(())
    }

    fn settle(&mut self, record: Record, id: Uuid, fate: &Fate) -> Result<()> {
        if self.item(id).is_some_and(|item| item.fate == *fate) {
            return Ok(());
        }
        self.append(&record)?;
        self.apply(record);
        Ok(())
    }

    /// A line that cannot be written whole is taken back, so that it tears nothing after it.
    fn append(&mut self, record: &Record) -> Result<()> {
        if self.doubtful {
            return Err(
                Refusal::new(Kind::Device, "journal.unwritable").with("path", self.path.display())
            );
        }
        let json = json_of(record)?;
        if json.len() > LONGEST_REQUEST {
            return Err(Refusal::new(Kind::Internal, "journal.too_long"));
        }
        let mut line = Vec::with_capacity(json.len() + frame::HEAD);
        frame::write(&mut line, self.next, &json);
        if let Err(error) = self.file.write_all(&line) {
            self.doubtful = self.file.set_len(self.length).is_err();
            return Err(refuse_io(&self.path, error));
        }
        self.length += line.len() as u64;
        self.next += 1;
        Ok(())
    }

    fn apply(&mut self, record: Record) {
        let (id, fate) = match record {
            Record::Begin(entry) => {
                if !self.index.contains_key(&entry.id) {
                    self.index.insert(entry.id, self.items.len());
                    self.items.push(Item {
                        entry,
                        fate: Fate::Pending,
                    });
                }
                return;
            }
            Record::Acked { id } => (id, Fate::Acked),
            Record::Refused { id, why } => (id, Fate::Refused(why)),
        };
        if let Some(item) = self
            .index
            .get(&id)
            .and_then(|place| self.items.get_mut(*place))
        {
            item.fate = fate;
        }
    }
}

fn json_of(record: &Record) -> Result<Vec<u8>> {
    serde_json::to_vec(record).map_err(Refusal::internal)
}

/// `till-1.journal` and `lock` make `till-1.journal.lock`.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// One writer per till; the file names its process for the person who is refused.
fn lock(path: &Path) -> Result<File> {
    let lock_path = beside(path, "lock");
    let refuse = |error| refuse_io(&lock_path, error);
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&lock_path)
        .map_err(refuse)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            return Err(Refusal::user("journal.busy")
                .with("pid", pid.trim())
                .with("path", path.display()));
        }
        Err(TryLockError::Error(error)) => return Err(refuse(error)),
    }
    let mut pid = String::new();
    let _ = writeln!(pid, "{}", std::process::id());
    file.set_len(0)
        .and_then(|()| file.write_all(pid.as_bytes()))
        .map_err(refuse)?;
    Ok(file)
}

fn refuse_io(path: &Path, error: io::Error) -> Refusal {
    let full = matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    );
    let hint = if full {
        "journal.full"
    } else {
        "journal.unwritable"
    };
    let mut refusal = Refusal::new(Kind::Device, hint).with("path", path.display());
    refusal.source = Some(std::sync::Arc::new(error));
    refusal
}

#[cfg(test)]
mod tests;
