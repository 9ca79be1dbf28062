//! `Trouble`: why a scanner that is there cannot be read, and what to do about it.

use std::io;

use nusb::transfer::TransferError;
use nusb::{Error, ErrorKind};
use rustix::io::Errno;

use super::rules;
use crate::error::{Kind, Refusal};

/// Why a scanner cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The person may not write to the device.
    Denied {
        device: String,
        /// The line that changes it, for this model alone: a wider one would give away keyboards.
        rule: String,
    },
    /// Another program has it.
    Busy {
        device: String,
        /// `1234 (name)`, or nothing when that cannot be seen.
        holder: Option<String>,
    },
    /// It was unplugged: no trouble while it is being opened, and news when it was in use.
    Gone { device: String },
    /// It answers wrongly or not at all.
    Broken { device: String, why: String },
}

impl Trouble {
    /// The name of the device.
    #[must_use]
    pub fn device(&self) -> &str {
        match self {
            Self::Denied { device, .. }
            | Self::Busy { device, .. }
            | Self::Gone { device }
            | Self::Broken { device, .. } => device,
        }
    }

    /// The words for a person.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let of = |hint, device| Refusal::new(Kind::Device, hint).with("device", device);
        match self {
            Self::Denied { device, .. } => of("scanner.denied", device),
            Self::Busy {
                device,
                holder: Some(holder),
            } => of("scanner.busy_by", device).with("holder", holder),
            Self::Busy { device, .. } => of("scanner.busy", device),
            Self::Gone { device } => of("scanner.gone", device),
            Self::Broken { device, why } => of("scanner.broken", device).with("why", why),
        }
    }

    /// What to write where, when a rule is all that is missing.
    #[must_use]
    pub fn remedy(&self) -> Option<Refusal> {
        let Self::Denied { rule, .. } = self else {
            return None;
        };
        let remedy = Refusal::new(Kind::Device, "scanner.rule");
        Some(remedy.with("file", rules::FILE).with("rule", rule))
    }

    /// What a failure to open or claim means.
    pub(super) fn opening(error: &Error, device: &str, rule: &str, node: &str) -> Self {
        let device = device.to_owned();
        match error.kind() {
            ErrorKind::PermissionDenied => Self::Denied {
                device,
                rule: rule.to_owned(),
            },
            ErrorKind::Busy => Self::Busy {
                device,
                holder: holder(node),
            },
            ErrorKind::Disconnected | ErrorKind::NotFound => Self::Gone { device },
            _ => Self::Broken {
                device,
                why: error.to_string(),
            },
        }
    }

    /// What a failure to open or read a device file means.
    pub(super) fn file(error: &io::Error, device: &str, rule: &str, node: &str) -> Self {
        let device = device.to_owned();
        match Errno::from_io_error(error) {
            Some(Errno::ACCESS | Errno::PERM) => Self::Denied {
                device,
                rule: rule.to_owned(),
            },
            Some(Errno::BUSY) => Self::Busy {
                device,
                holder: holder(node),
            },
            Some(Errno::NODEV | Errno::NXIO | Errno::NOENT | Errno::IO) => Self::Gone { device },
            _ => Self::Broken {
                device,
                why: error.to_string(),
            },
        }
    }

    /// What a failed transfer means.
    pub(super) fn transfer(error: TransferError, device: &str) -> Self {
        let device = device.to_owned();
        match error {
            TransferError::Disconnected => Self::Gone { device },
            other => Self::Broken {
                device,
                why: other.to_string(),
            },
        }
    }
}

/// The udev rule for one model: group and mode for people without a seat (SSH, services), uaccess
/// for the one who sits there.
pub(super) fn rule(subsystem: &str, vendor: u16, product: u16) -> String {
    // What stands on a device is an attribute of its parents.
    let of = if subsystem == "usb" { "ATTR" } else { "ATTRS" };
    format!(
        "SUBSYSTEM==\"{subsystem}\", {of}{{idVendor}}==\"{vendor:04x}\", {of}{{idProduct}}==\"{product:04x}\", \
         MODE=\"0660\", GROUP=\"plugdev\", TAG+=\"uaccess\""
    )
}

/// Who has this device node open: only our own programs can be seen without being root.
pub(super) fn holder(node: &str) -> Option<String> {
    let own = std::process::id().to_string();
    let programs = std::fs::read_dir("/proc").ok()?.flatten();
    let mut numbers = programs.filter_map(|entry| entry.file_name().into_string().ok());
    numbers.find_map(|number| {
        if number == own || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let open = std::fs::read_dir(format!("/proc/{number}/fd")).ok()?;
        let holds = open
            .flatten()
            .any(|file| std::fs::read_link(file.path()).is_ok_and(|path| path.as_os_str() == node));
        let name = std::fs::read_to_string(format!("/proc/{number}/comm")).unwrap_or_default();
        holds.then(|| format!("{number} ({})", name.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_narrow_and_in_lower_case() {
        assert_eq!(
            rule("usb", 0x0C2E, 0x0B61),
            "SUBSYSTEM==\"usb\", ATTR{idVendor}==\"0c2e\", ATTR{idProduct}==\"0b61\", \
             MODE=\"0660\", GROUP=\"plugdev\", TAG+=\"uaccess\""
        );
    }

    #[test]
    fn nobody_holds_what_is_not_there() {
        assert_eq!(holder("/dev/bus/usb/999/999"), None);
    }
}
