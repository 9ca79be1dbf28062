//! `Remembered`: a keyboard or serial scanner somebody has named or taught. `Memory`: all of them,
//! those of the configuration and those learnt, which outlive the program.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nusb::DeviceInfo;

/// Devices that are remembered at most; learning one more forgets the oldest.
pub const MOST: usize = 32;
/// Bytes of the file that are read.
const MOST_BYTES: u64 = 16_384;
/// Characters a serial number has when it tells one device from all others; cheap scanners all say `0001`.
const TELLING: usize = 6;

/// One device: the only keyboards that are ever claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    pub(super) vendor: u16,
    pub(super) product: u16,
    pub(super) serial: Option<String>,
    /// As the kernel writes it: `1-2.3`.
    pub(super) port: Option<String>,
}

impl Remembered {
    /// Reads `0c2e:0b61`, with `:SERIAL` and `@1-2.3` behind it where two of a kind differ.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (model, port) = match text.rsplit_once('@') {
            Some((model, port)) => (model, Some(port.to_owned())),
            None => (text, None),
        };
        let mut parts = model.splitn(3, ':');
        let mut number = || {
            let digits = parts.next().filter(|digits| digits.len() == 4)?;
            u16::from_str_radix(digits, 16).ok()
        };
        Some(Self {
            vendor: number()?,
            product: number()?,
            serial: parts.next().map(str::to_owned),
            port,
        })
    }

    /// The device that is plugged in at `port`, by everything it shows.
    pub(super) fn of(device: &DeviceInfo, port: String) -> Self {
        let serial = device.serial_number().unwrap_or_default();
        let plain: String = serial.chars().filter(|c| !c.is_control()).collect();
        Self {
            vendor: device.vendor_id(),
            product: device.product_id(),
            serial: (!plain.is_empty()).then_some(plain),
            port: Some(port),
        }
    }

    /// Whether what is plugged in is the device that was named. A serial number of its own is
    /// found in any port; without one the port decides, so that another keyboard of the same make
    /// is left alone.
    fn is(&self, here: &Self) -> bool {
        let is_model = (self.vendor, self.product) == (here.vendor, here.product);
        let is_serial = self.serial.is_none() || self.serial == here.serial;
        let is_port = self.port.is_none() || self.port == here.port;
        is_model && is_serial && (is_port || self.tells())
    }

    fn tells(&self) -> bool {
        let serial = self.serial.as_deref().unwrap_or_default();
        let first = serial.chars().next();
        serial.chars().count() >= TELLING && !serial.chars().all(|c| Some(c) == first)
    }
}

/// As [`Remembered::parse`] reads it.
impl std::fmt::Display for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.product)?;
        if let Some(serial) = &self.serial {
            write!(f, ":{serial}")?;
        }
        match &self.port {
            Some(port) => write!(f, "@{port}"),
            None => Ok(()),
        }
    }
}

/// Every device that was named or taught.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    named: Vec<Remembered>,
    learnt: Vec<Remembered>,
    file: Option<PathBuf>,
}

impl Memory {
    /// Those of the configuration, and those learnt before, which stand in `file`, one a line. A
    /// file that is not there or cannot be read has none.
    #[must_use]
    pub fn load(named: Vec<Remembered>, file: PathBuf) -> Self {
        let learnt = read(&file).unwrap_or_default();
        Self {
            named,
            learnt,
            file: Some(file),
        }
    }

    /// Only for this run.
    #[must_use]
    pub const fn brief(named: Vec<Remembered>) -> Self {
        Self {
            named,
            learnt: Vec::new(),
            file: None,
        }
    }

    pub(super) fn has(&self, here: &Remembered) -> bool {
        self.named.iter().any(|one| one.is(here)) || self.is_learnt(here)
    }

    /// Taught, and so to be forgotten again.
    pub(super) fn is_learnt(&self, here: &Remembered) -> bool {
        self.learnt.iter().any(|one| one.is(here))
    }

    /// Keeps a device from now on.
    ///
    /// # Errors
    /// It cannot be written: it is remembered until the program ends.
    pub fn learn(&mut self, one: Remembered) -> io::Result<()> {
        self.learnt.retain(|known| *known != one);
        if self.learnt.len() >= MOST {
            self.learnt.remove(0);
        }
        self.learnt.push(one);
        self.save()
    }

    /// Forgets a device that was taught.
    ///
    /// # Errors
    /// It cannot be written: the next start knows the device again.
    pub fn forget(&mut self, one: &Remembered) -> io::Result<()> {
        self.learnt.retain(|known| !known.is(one));
        self.save()
    }

    /// The old file or the new one, never half of one.
    fn save(&self) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        if let Some(folder) = file.parent().filter(|folder| !folder.exists()) {
            fs::create_dir_all(folder)?;
            // The account of a private Postgres passes through it later.
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        }
        let new = file.with_extension("new");
        let mut out = fs::File::create(&new)?;
        for one in &self.learnt {
            writeln!(out, "{one}")?;
        }
        out.sync_all()?;
        fs::rename(&new, file)
    }
}

fn read(file: &Path) -> io::Result<Vec<Remembered>> {
    let mut text = String::new();
    let opened = fs::File::open(file)?;
    io::Read::read_to_string(&mut io::Read::take(opened, MOST_BYTES), &mut text)?;
    let known = text.lines().filter_map(Remembered::parse);
    Ok(known.take(MOST).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn a_keyboard_scanner_is_named_by_its_numbers() {
        let plain = Remembered::parse("0c2e:0B61");
        let known = Remembered {
            vendor: 0x0C2E,
            product: 0x0B61,
            serial: None,
            port: None,
        };
        assert_eq!(plain, Some(known.clone()));
        let exact = Remembered {
            serial: Some("A:1".to_owned()),
            port: Some("1-2.3".to_owned()),
            ..known
        };
        assert_eq!(exact.to_string(), "0c2e:0b61:A:1@1-2.3");
        assert_eq!(Remembered::parse("0c2e:0b61:A:1@1-2.3"), Some(exact));
        for bad in ["", "0c2e", "0c2e:", "c2e:0b61", "0x0c2e:0b61", "0c2e:zzzz"] {
            assert_eq!(Remembered::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_serial_number_of_its_own_is_found_in_any_port() {
        let parse = |text| Remembered::parse(text).unwrap();
        for (known, here, is) in [
            ("0c2e:0b61", "0c2e:0b61:X@1-2", true),
            ("0c2e:0b61", "0c2e:0b62:X@1-2", false),
            ("0c2e:0b61@1-2", "0c2e:0b61@1-2", true),
            ("0c2e:0b61@1-2", "0c2e:0b61@1-3", false),
            ("0c2e:0b61:20B7F1@1-2", "0c2e:0b61:20B7F1@1-3", true),
            ("0c2e:0b61:20B7F1@1-2", "0c2e:0b61:20B7F2@1-2", false),
            // Every scanner of some makers says the same.
            ("0c2e:0b61:0001@1-2", "0c2e:0b61:0001@1-3", false),
            (
                "0c2e:0b61:0000000000@1-2",
                "0c2e:0b61:0000000000@1-3",
                false,
            ),
        ] {
            assert_eq!(parse(known).is(&parse(here)), is, "{known} {here}");
        }
    }

    #[test]
    fn what_was_learnt_is_known_the_next_time_and_forgotten_when_told() {
        let folder = std::env::temp_dir().join(format!("guitai-memory-{}", std::process::id()));
        let file = folder.join("scanners");
        let one = Remembered::parse("0c2e:0b61:20B7F1@1-2").unwrap();
        let mut memory = Memory::load(Vec::new(), file.clone());
        memory.learn(one.clone()).unwrap();
        memory.learn(one.clone()).unwrap();
        let mut again = Memory::load(Vec::new(), file.clone());
        assert_eq!(again.learnt, std::slice::from_ref(&one));
        assert!(again.has(&one) && again.is_learnt(&one));
        for number in 0..MOST {
            let other = Remembered::parse(&format!("1234:{number:04x}")).unwrap();
            again.learn(other).unwrap();
        }
        assert_eq!(again.learnt.len(), MOST);
        assert!(!again.has(&one));
        again.learn(one.clone()).unwrap();
        again.forget(&one).unwrap();
        assert!(!Memory::load(Vec::new(), file).has(&one));
        fs::remove_dir_all(folder).unwrap();
    }
}
