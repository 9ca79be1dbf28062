//! The machine: its clock, its disk, and who may write there.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rustix::fs::{Access, access, statvfs};

use super::Check;
use crate::domain::calendar::local;
use crate::ui::text::Say;

/// Less room on the disk than this is too little, bytes.
const ROOM: u64 = 500_000_000;
/// A clock before this year was never set: a small box without a battery starts in 1970.
const EARLIEST: &str = "2026-01-01T00:00:00Z";

/// Bytes to the megabyte, as disks are sold.
const MEGA: u64 = 1_000_000;

/// A folder of guitai's, as it is.
#[derive(Debug, Clone)]
pub struct Folder {
    pub path: PathBuf,
    /// What there is of the way to it.
    pub there: PathBuf,
    /// Bytes that are free; why that cannot be seen.
    pub free: Result<u64, String>,
    pub is_folder: bool,
    pub is_writable: bool,
}

impl Folder {
    /// Looks at it. What is not there yet is made in the nearest that is.
    #[must_use]
    pub fn seen(path: &Path) -> Self {
        let mut ways = path.ancestors();
        let there = ways.find(|way| way.exists()).unwrap_or(path);
        let room = statvfs(there).map_err(|error| error.to_string());
        Self {
            path: path.to_owned(),
            there: there.to_owned(),
            free: room.map(|room| room.f_bavail.saturating_mul(room.f_frsize)),
            is_folder: there.is_dir(),
            is_writable: access(there, Access::WRITE_OK).is_ok(),
        }
    }

    pub(super) fn checks(&self) -> [Check; 2] {
        let of = |key| Say::new(key).with("folder", self.path.display());
        let disk = of("doctor.disk");
        let disk = match &self.free {
            Ok(free) if *free < ROOM => {
                let say = Say::new("doctor.disk_full").with("free", free / MEGA);
                Check::bad(disk, say.with("needed", ROOM / MEGA))
            }
            Ok(free) => Check::told(disk, Say::new("doctor.disk_free").with("free", free / MEGA)),
            Err(why) => Check::bad(disk, Say::new("doctor.disk_unknown").with("why", why)),
        };
        let place = |key| Say::new(key).with("place", self.there.display());
        let rights = of("doctor.permissions");
        let rights = match (self.is_folder, self.is_writable) {
            (false, _) => Check::bad(rights, place("doctor.no_folder")),
            (true, false) => Check::bad(rights, place("doctor.not_writable")),
            (true, true) => Check::good(rights),
        };
        [disk, rights]
    }
}

pub(super) fn clock(now: DateTime<Utc>) -> Check {
    let earliest = EARLIEST.parse::<DateTime<Utc>>();
    if earliest.is_ok_and(|earliest| now < earliest) {
        let say = Say::new("doctor.clock_wrong").with("day", local(now).date_naive());
        return Check::bad("doctor.clock", say);
    }
    let now = local(now).format("%Y-%m-%d %H:%M");
    Check::told(
        "doctor.clock",
        Say::new("doctor.clock_now").with("now", now),
    )
}
