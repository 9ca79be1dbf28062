//! The files of a journal: the one in use, and the old ones beside it as `<path>.<number>`.
//!
//! A rotation is two renames; a power cut between them leaves `<path>.new`, and the next start
//! finishes it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::beside;

/// Puts the file in use aside under the number of its next line and begins a new one that holds
/// `carried`.
pub fn rotate(path: &Path, number: u64, carried: &[u8]) -> io::Result<File> {
    let fresh = beside(path, "new");
    let _ = fs::remove_file(&fresh);
    let mut file = OpenOptions::new()
        .create_new(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(carried)?;
    file.sync_all()?;
    let old = beside(path, &format!("{number:016x}"));
    fs::rename(path, &old)?;
    if let Err(error) = fs::rename(&fresh, path) {
        fs::rename(&old, path)?;
        return Err(error);
    }
    sync_folder(path)?;
    Ok(file)
}

/// After a power cut in the middle of [`rotate`].
pub fn finish_rotation(path: &Path) -> io::Result<()> {
    let fresh = beside(path, "new");
    if !fresh.exists() {
        return Ok(());
    }
    if path.exists() {
        fs::remove_file(fresh)
    } else {
        fs::rename(fresh, path)
    }
}

/// Makes names in the folder of `path` survive a power cut.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The old files, the oldest first.
pub fn old_files(path: &Path) -> Vec<PathBuf> {
    let stem = path
        .file_name()
        .map(|name| format!("{}.", name.to_string_lossy()))
        .unwrap_or_default();
    let Some(Ok(entries)) = path.parent().map(fs::read_dir) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(&stem));
            number.is_some_and(|number| {
                number.len() == 16 && number.bytes().all(|b| b.is_ascii_hexdigit())
            })
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

/// The number at which the file in use begins: the name of the youngest old file.
pub fn next_number(path: &Path) -> u64 {
    let youngest = old_files(path).pop();
    let number = youngest
        .as_deref()
        .and_then(Path::extension)
        .and_then(|number| number.to_str());
    number
        .and_then(|number| u64::from_str_radix(number, 16).ok())
        .unwrap_or(0)
}

/// Best effort: a file too many harms nobody.
pub fn drop_oldest(path: &Path, keep: usize) {
    let files = old_files(path);
    let surplus = files.len().saturating_sub(keep);
    for file in files.iter().take(surplus) {
        let _ = fs::remove_file(file);
    }
}
