//! `Raw`: a scanner that is read as a file of the kernel: hidraw, or a serial line.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{read, write};
use rustix::termios::{
    OptionalActions, QueueSelector, ioctl_tiocexcl, tcflush, tcgetattr, tcsetattr,
};
use tokio::io::unix::AsyncFd;

use crate::device::descriptor::{MAX_REPORT, Signal, SignalReport};
use crate::device::poll::pollable;
use crate::device::trouble::Trouble;

/// Bits a second of a serial line. USB ones take any; on a cable behind an adapter it is the
/// factory setting of every scanner seen.
const SPEED: u32 = 9_600;

/// An open file that says when there is something to read.
pub struct Raw {
    name: String,
    node: String,
    file: AsyncFd<OwnedFd>,
    signals: Option<SignalReport>,
}

impl Raw {
    /// The kernel's raw HID reports, read beside its driver.
    pub(super) fn hid(
        node: &Path,
        name: &str,
        signals: Option<SignalReport>,
    ) -> Result<Self, Trouble> {
        let both = |flags| Self::new(node, name, "", flags);
        // To be heard is enough; to be asked to beep as well is better.
        let raw = both(OFlags::RDWR).or_else(|_denied| both(OFlags::RDONLY))?;
        Ok(Self { signals, ..raw })
    }

    /// A serial line, for us alone, as the bytes come.
    pub(super) fn line(node: &Path, name: &str, rule: &str) -> Result<Self, Trouble> {
        let raw = Self::new(node, name, rule, OFlags::RDWR)?;
        let set = || {
            let file = raw.file.get_ref();
            ioctl_tiocexcl(file)?;
            let mut form = tcgetattr(file)?;
            form.make_raw();
            form.set_speed(SPEED)?;
            tcsetattr(file, OptionalActions::Now, &form)?;
            // What was scanned before anybody listened is nobody's.
            tcflush(file, QueueSelector::IFlush)
        };
        match set() {
            Ok(()) => Ok(raw),
            Err(error) => {
                let error = io::Error::from(error);
                Err(Trouble::file(&error, name, rule, &node.to_string_lossy()))
            }
        }
    }

    fn new(node: &Path, name: &str, rule: &str, flags: OFlags) -> Result<Self, Trouble> {
        let path = node.to_string_lossy().into_owned();
        let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = open(node, flags, Mode::empty()).map_err(io::Error::from);
        let file = opened
            .and_then(|file| pollable(file).map_err(|_file| io::ErrorKind::Unsupported.into()));
        match file {
            Ok(file) => Ok(Self {
                name: name.to_owned(),
                node: path,
                file,
                signals: None,
            }),
            Err(error) => Err(Trouble::file(&error, name, rule, &path)),
        }
    }

    /// The next report, or the next bytes of a line. Can be dropped at any time.
    ///
    /// # Errors
    /// It was unplugged.
    pub async fn report(&self) -> Result<Vec<u8>, Trouble> {
        let mut bytes = vec![0; MAX_REPORT];
        let gone = || Trouble::Gone {
            device: self.name.clone(),
        };
        loop {
            let mut ready = self.file.readable().await.map_err(|_closed| gone())?;
            let taken = ready
                .try_io(|file| read(file.get_ref(), bytes.as_mut_slice()).map_err(io::Error::from));
            match taken {
                Ok(Ok(0)) => return Err(gone()),
                Ok(Ok(length)) => {
                    bytes.truncate(length);
                    return Ok(bytes);
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(Trouble::file(&error, &self.name, "", &self.node)),
                Err(_would_block) => {}
            }
        }
    }

    /// Asks the scanner for something; one that does not offer it is not asked.
    pub fn signal(&self, signal: Signal) {
        let bytes = self.signals.as_ref().and_then(|form| form.bytes(signal));
        let Some(mut bytes) = bytes else {
            return;
        };
        // The kernel wants the number of the report in front, zero where there is none.
        if self.signals.as_ref().is_some_and(|form| form.id.is_none()) {
            bytes.insert(0, 0);
        }
        if let Err(error) = write(self.file.get_ref(), &bytes) {
            tracing::debug!(device = self.name, %error, "a scanner does not take this report");
        }
    }

    /// Whether it offers to beep.
    #[must_use]
    pub fn can_beep(&self) -> bool {
        self.signals
            .as_ref()
            .is_some_and(|form| form.beep.is_some())
    }
}
