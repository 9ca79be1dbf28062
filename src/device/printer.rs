//! `Target`: where receipts go, and the one way there: open, ask, write, ask again, close.
//!
//! A printer that answers says before whether it has paper, and after that it has printed. Most
//! cheap ones never answer: what they took counts as printed.

mod line;
mod status;
mod usb;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::timeout;

use crate::device::escpos::REPORT;
use crate::error::{Kind, Refusal};
use line::Line;
use status::{ask, wait_printed};

/// Bytes handed over at once: less than the smallest buffer of a printer.
const CHUNK: usize = 1024;

/// Where to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The kernel's printer device, `/dev/usb/lp0`.
    Node(PathBuf),
    /// Host and port, mostly 9100.
    Tcp(String),
    /// Read past the kernel's driver.
    Usb(Model),
    /// Bytes at the end of a file.
    File(PathBuf),
}

/// A USB printer: the first one, or this model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    pub numbers: Option<(u16, u16)>,
    pub serial: Option<String>,
}

impl Target {
    /// Reads `/dev/usb/lp0`, `tcp:192.168.1.87:9100`, `usb`, `usb:0416:5011`, `usb:0416:5011:SERIAL`
    /// or `file:/tmp/receipts.bin`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with('/') {
            return Some(Self::Node(text.into()));
        }
        if text == "usb" {
            return Some(Self::Usb(Model::default()));
        }
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "file" if rest.starts_with('/') => Some(Self::File(rest.into())),
            "tcp" => {
                let (host, port) = rest.rsplit_once(':')?;
                let port = port.parse::<u16>().ok()?;
                (!host.is_empty() && port > 0).then(|| Self::Tcp(rest.to_owned()))
            }
            "usb" => {
                let mut parts = rest.splitn(3, ':');
                let mut number = || {
                    let digits = parts.next().filter(|digits| digits.len() == 4)?;
                    u16::from_str_radix(digits, 16).ok()
                };
                let numbers = Some((number()?, number()?));
                let serial = parts.next().map(str::to_owned);
                Some(Self::Usb(Model { numbers, serial }))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(path) => write!(f, "{}", path.display()),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Usb(Model {
                numbers: Some((vendor, product)),
                ..
            }) => write!(f, "usb:{vendor:04x}:{product:04x}"),
            Self::Usb(_) => f.write_str("usb"),
        }
    }
}

/// How long a printer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// To be reached.
    pub connect: Duration,
    /// To take the next bytes.
    pub stall: Duration,
    /// To answer a question.
    pub answer: Duration,
    /// To print what it has taken.
    pub done: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            stall: Duration::from_secs(10),
            answer: Duration::from_millis(400),
            done: Duration::from_secs(20),
        }
    }
}

/// Why it does not print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Paper,
    Cover,
    /// It says so itself: knife, heat.
    Error,
    Denied {
        /// What gives this account the right.
        remedy: String,
    },
    /// Another program has it.
    Busy {
        holder: Option<String>,
    },
    /// No such device.
    Missing,
    Unreachable {
        why: String,
    },
    /// It takes nothing, or does not finish.
    Slow,
    Broken {
        why: String,
    },
}

impl Fault {
    /// The words for a person; `place` is the printer's.
    #[must_use]
    pub fn refusal(&self, place: &str) -> Refusal {
        let hint = match self {
            Self::Paper => "printer.paper",
            Self::Cover => "printer.cover",
            Self::Error => "printer.error",
            Self::Denied { .. } => "printer.denied",
            Self::Busy { holder: None } => "printer.busy",
            Self::Busy { holder: Some(_) } => "printer.busy_by",
            Self::Missing => "printer.missing",
            Self::Unreachable { .. } => "printer.unreachable",
            Self::Slow => "printer.slow",
            Self::Broken { .. } => "printer.broken",
        };
        let refusal = Refusal::new(Kind::Device, hint).with("place", place);
        match self {
            Self::Denied { remedy } => refusal.with("remedy", remedy),
            Self::Busy {
                holder: Some(holder),
            } => refusal.with("holder", holder),
            Self::Unreachable { why } | Self::Broken { why } => refusal.with("why", why),
            _ => refusal,
        }
    }
}

/// It did not print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub fault: Fault,
    /// The printer has taken some of it: a part may be on paper.
    pub was_begun: bool,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            was_begun: false,
        }
    }
}

/// Prints a document, once.
///
/// # Errors
/// Why not, and whether some of it may be on paper.
pub async fn print(target: &Target, bytes: &[u8], patience: Patience) -> Result<(), Failure> {
    let mut line = open(target, patience).await?;
    let sent = async {
        let speaks = ask(&mut line, patience).await?;
        write(&mut line, bytes, patience).await?;
        if speaks {
            // From here on it is all in the printer.
            let begun = |fault| Failure {
                fault,
                was_begun: true,
            };
            write(&mut line, &REPORT, patience)
                .await
                .map_err(|failure| begun(failure.fault))?;
            wait_printed(&mut line, patience).await.map_err(begun)?;
        }
        Ok(())
    };
    let sent = sent.await;
    line.close(patience).await;
    sent
}

/// Opens the drawer: a few bytes that wait for nothing.
///
/// # Errors
/// Why not.
pub async fn kick(target: &Target, pulse: &[u8], patience: Patience) -> Result<(), Fault> {
    let mut line = open(target, patience).await?;
    let sent = write(&mut line, pulse, patience).await;
    line.close(patience).await;
    sent.map_err(|failure| failure.fault)
}

/// Whether it can be reached, and what it says of itself; `false`: it does not answer questions.
///
/// # Errors
/// What keeps it from printing.
pub async fn check(target: &Target, patience: Patience) -> Result<bool, Fault> {
    let mut line = open(target, patience).await?;
    let said = ask(&mut line, patience).await;
    line.close(patience).await;
    said
}

async fn open(target: &Target, patience: Patience) -> Result<Line, Fault> {
    timeout(patience.connect, Line::open(target))
        .await
        .unwrap_or_else(|_elapsed| {
            Err(Fault::Unreachable {
                why: "no answer".to_owned(),
            })
        })
}

async fn write(line: &mut Line, bytes: &[u8], patience: Patience) -> Result<(), Failure> {
    let mut was_begun = false;
    for chunk in bytes.chunks(CHUNK) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let taken = timeout(patience.stall, line.write(rest))
                .await
                .unwrap_or(Err(Fault::Slow))
                .map_err(|fault| Failure { fault, was_begun })?;
            was_begun |= taken > 0;
            rest = rest.get(taken..).unwrap_or_default();
        }
    }
    timeout(patience.stall, line.sent())
        .await
        .unwrap_or(Err(Fault::Slow))
        .map_err(|fault| Failure { fault, was_begun })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_written_alike() {
        for text in [
            "/dev/usb/lp0",
            "tcp:192.168.1.87:9100",
            "usb:0416:5011",
            "usb",
            "file:/tmp/receipts.bin",
        ] {
            let target = Target::parse(text);
            assert_eq!(target.map(|one| one.to_string()).as_deref(), Some(text));
        }
        for bad in [
            "",
            "lp0",
            "tcp:host",
            "tcp::9100",
            "tcp:h:0",
            "usb:1:2",
            "file:x",
            "x:y",
        ] {
            assert_eq!(Target::parse(bad), None, "{bad}");
        }
        let exact = Model {
            numbers: Some((0x0416, 0x5011)),
            serial: Some("A:1".to_owned()),
        };
        assert_eq!(Target::parse("usb:0416:5011:A:1"), Some(Target::Usb(exact)));
    }
}
