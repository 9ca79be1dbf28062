//! An open way to a printer.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::usb::Bulk;
use super::{Fault, Patience, Target};
use crate::device::poll::pollable;
use crate::device::trouble::holder;

/// Between two looks whether the kernel has handed everything over.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The printer, while it is open.
pub(super) enum Line {
    Node { file: AsyncFd<File>, can_read: bool },
    Tcp(TcpStream),
    Usb(Box<Bulk>),
    File(File),
}

impl Line {
    pub async fn open(target: &Target) -> Result<Self, Fault> {
        match target {
            Target::Node(path) => node(path),
            Target::Tcp(address) => {
                let opened = TcpStream::connect(address.as_str()).await;
                let stream = opened.map_err(|error| Fault::Unreachable {
                    why: error.to_string(),
                })?;
                // A slow link shall not keep the last bytes back.
                let _ = stream.set_nodelay(true);
                Ok(Self::Tcp(stream))
            }
            Target::Usb(model) => Ok(Self::Usb(Box::new(Bulk::open(model).await?))),
            Target::File(path) => {
                let file = OpenOptions::new().append(true).create(true).open(path);
                file.map(Self::File).map_err(|error| opening(&error, path))
            }
        }
    }

    pub fn can_answer(&self) -> bool {
        match self {
            Self::Node { can_read, .. } => *can_read,
            Self::Tcp(_) => true,
            Self::Usb(bulk) => bulk.can_answer(),
            Self::File(_) => false,
        }
    }

    /// Hands some bytes over; returns how many were taken.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let taken = match self {
            Self::Node { file, .. } => loop {
                let mut ready = file.writable_mut().await.map_err(|error| broken(&error))?;
                if let Ok(taken) = ready.try_io(|file| file.get_mut().write(bytes)) {
                    break taken;
                }
            },
            Self::Tcp(stream) => stream.write(bytes).await,
            Self::Usb(bulk) => return bulk.write(bytes).await,
            Self::File(file) => file.write(bytes),
        };
        match taken {
            Ok(0) => Err(Fault::Slow),
            Ok(taken) => Ok(taken),
            Err(error) => Err(broken(&error)),
        }
    }

    /// The next byte the printer says; none: it will say no more.
    pub async fn read(&mut self) -> Result<Option<u8>, Fault> {
        let mut byte = [0];
        let read = match self {
            Self::Node { file, .. } => loop {
                let mut ready = file.readable_mut().await.map_err(|error| broken(&error))?;
                if let Ok(read) = ready.try_io(|file| file.get_mut().read(&mut byte)) {
                    break read;
                }
            },
            Self::Tcp(stream) => stream.read(&mut byte).await,
            Self::Usb(bulk) => return bulk.read().await,
            Self::File(_) => Ok(0),
        };
        match read {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some(byte[0])),
            Err(error) => Err(broken(&error)),
        }
    }

    /// Waits until the kernel has handed over what it took: closing before that takes it back.
    pub async fn sent(&self) -> Result<(), Fault> {
        let Self::Node { file, .. } = self else {
            return Ok(());
        };
        // Asked of the kernel: what the file was ready for before the last write says nothing.
        let now = Timespec::default();
        loop {
            let mut asked = [PollFd::new(file.get_ref(), PollFlags::OUT)];
            match poll(&mut asked, Some(&now)) {
                Ok(0) => sleep(LOOK_AGAIN).await,
                Ok(_) => return Ok(()),
                Err(error) => return Err(broken(&error.into())),
            }
        }
    }

    /// Goes.
    pub async fn close(self, patience: Patience) {
        match self {
            Self::Tcp(mut stream) => {
                let _ = timeout(patience.answer, stream.shutdown()).await;
            }
            Self::Usb(bulk) => bulk.close().await,
            Self::Node { .. } | Self::File(_) => {}
        }
    }
}

fn node(path: &Path) -> Result<Line, Fault> {
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(flags);
    let both = options.clone().read(true).open(path);
    let can_read = both.is_ok();
    let file = both
        .or_else(|_| options.open(path))
        .map_err(|error| opening(&error, path))?;
    pollable(file)
        .map(|file| Line::Node { file, can_read })
        .map_err(|_file| Fault::Broken {
            why: format!("{} is no device: a file is file:{0}", path.display()),
        })
}

/// Why a path cannot be opened.
fn opening(error: &io::Error, path: &Path) -> Fault {
    match error.kind() {
        io::ErrorKind::NotFound => Fault::Missing,
        io::ErrorKind::PermissionDenied => Fault::Denied {
            remedy: "sudo usermod -aG lp,dialout $USER".to_owned(),
        },
        _ if error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error()) => {
            Fault::Missing
        }
        io::ErrorKind::ResourceBusy => Fault::Busy {
            holder: holder(&path.display().to_string()),
        },
        _ => broken(error),
    }
}

fn broken(error: &io::Error) -> Fault {
    if error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error()) {
        return Fault::Missing;
    }
    Fault::Broken {
        why: error.to_string(),
    }
}
