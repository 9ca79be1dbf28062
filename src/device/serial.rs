//! A serial port as customer displays want it: raw, eight bits, no parity, one stop bit.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::termios::{ControlModes, OptionalActions, isatty, tcgetattr, tcsetattr};

/// Opens it without waiting for a carrier. What is no terminal is taken as it is.
///
/// # Errors
/// It is not there, or may not be opened.
pub fn open(path: &Path, baud: u32) -> io::Result<File> {
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .custom_flags(flags)
        .open(path)?;
    if isatty(&file) {
        let mut modes = tcgetattr(&file)?;
        modes.make_raw();
        modes.control_modes &=
            !(ControlModes::PARENB | ControlModes::CSTOPB | ControlModes::CRTSCTS);
        modes.control_modes |= ControlModes::CS8 | ControlModes::CLOCAL;
        modes.set_speed(baud)?;
        tcsetattr(&file, OptionalActions::Now, &modes)?;
    }
    Ok(file)
}
