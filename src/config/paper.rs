//! `[printer]` and `[display]`: what is printed, where, and what the customer sees.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use serde::{Deserialize, Serialize};

use super::Config;
use crate::device::bitmap::Bitmap;
use crate::device::display::Protocol;
use crate::device::escpos::{DOTS_PER_COLUMN, Pulse, Setup};
use crate::device::printer::Target;
use crate::domain::ledger::OperationKind;
use crate::domain::print::Printing;
use crate::domain::slip::{Kind, NARROW, Slips, WIDE};
use crate::ui::text::Text;

/// Copies of one document, at most.
const MOST_COPIES: u8 = 5;
/// Milliseconds of a drawer's pulse: two to a count of one byte.
const PULSE_MS: std::ops::RangeInclusive<u16> = 2..=510;
/// Speeds a display may have.
const BAUDS: [u32; 7] = [1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 115_200];

/// A document that may be printed without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auto {
    /// The slip of a new member, with her code.
    Enrol,
    Sale,
    /// A top-up, and what is paid beforehand for an order.
    TopUp,
    /// A return, a top-up or a deposit taken back, an order called off.
    Refund,
    ShiftClose,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Printer {
    /// As `device::printer::Target` reads it; empty: none.
    pub to: String,
    pub columns: usize,
    pub auto: Vec<Auto>,
    pub copies: u8,
    pub cut: bool,
    /// A PNG or PBM.
    pub logo: Option<PathBuf>,
    /// A folder with templates of the shop's own.
    pub templates: Option<PathBuf>,
    /// A drawer hangs on it.
    pub drawer: bool,
    pub drawer_pin: u8,
    pub drawer_on_ms: u16,
    pub drawer_off_ms: u16,
}

impl Default for Printer {
    fn default() -> Self {
        Self {
            to: String::new(),
            columns: WIDE,
            auto: vec![
                Auto::Enrol,
                Auto::Sale,
                Auto::TopUp,
                Auto::Refund,
                Auto::ShiftClose,
            ],
            copies: 1,
            cut: true,
            logo: None,
            templates: None,
            drawer: true,
            drawer_pin: 2,
            drawer_on_ms: 50,
            drawer_off_ms: 240,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Display {
    /// The serial port; empty: none.
    pub path: String,
    pub protocol: Protocol,
    pub baud: u32,
}

impl Default for Display {
    fn default() -> Self {
        Self {
            path: String::new(),
            protocol: Protocol::Led,
            baud: 2_400,
        }
    }
}

impl Config {
    /// Where to print; none without a printer.
    ///
    /// # Errors
    /// Says how it is written.
    pub fn target(&self) -> anyhow::Result<Option<Target>> {
        let to = self.printer.to.as_str();
        if to.is_empty() {
            return Ok(None);
        }
        Target::parse(to).map(Some).with_context(|| {
            format!(
                "[printer] to = \"{to}\": write \"/dev/usb/lp0\", \"tcp:192.168.1.87:9100\", \
                 \"usb\", \"usb:0416:5011\" or \"file:/tmp/receipts.bin\""
            )
        })
    }

    /// How documents go on this paper.
    ///
    /// # Errors
    /// The logo cannot be read.
    pub fn paper(&self) -> anyhow::Result<Setup> {
        let printer = &self.printer;
        let across = printer.columns * DOTS_PER_COLUMN;
        let logo = printer.logo.as_ref().map(|path| {
            let file = std::fs::read(path).map_err(|error| error.to_string());
            let logo = file.and_then(|file| Bitmap::read(&file, across));
            logo.map_err(|why| anyhow!("[printer] logo = \"{}\": {why}", path.display()))
        });
        Ok(Setup {
            columns: printer.columns,
            logo: logo.transpose()?,
            cut: printer.cut,
            pulse: Pulse {
                pin: printer.drawer_pin,
                on_ms: printer.drawer_on_ms,
                off_ms: printer.drawer_off_ms,
            },
        })
    }

    /// What screens may know of it.
    #[must_use]
    pub fn printing(&self) -> Printing {
        let printer = &self.printer;
        let is_there = !printer.to.is_empty();
        let kinds = |auto: &Auto| match auto {
            Auto::Enrol => vec![OperationKind::Enrol],
            Auto::Sale => vec![OperationKind::Sale],
            Auto::TopUp => vec![OperationKind::TopUp, OperationKind::Deposit],
            Auto::Refund => vec![
                OperationKind::Refund,
                OperationKind::TopUpReversal,
                OperationKind::DepositReversal,
                OperationKind::Forfeit,
            ],
            Auto::ShiftClose => vec![OperationKind::ShiftClose],
        };
        let asked = printer.auto.iter().filter(|_| is_there);
        Printing {
            is_there,
            columns: printer.columns,
            auto: asked.flat_map(kinds).collect(),
            copies: printer.copies,
            has_drawer: is_there && printer.drawer,
        }
    }

    /// The templates: the shop's own where it has some.
    ///
    /// # Errors
    /// Names the file and the line.
    pub fn slips(&self, texts: &Text) -> anyhow::Result<Slips> {
        let folder = self.printer.templates.as_deref();
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            bail!(
                "[printer] templates = \"{}\": there is no such folder",
                folder.display()
            );
        }
        let mut files = BTreeMap::new();
        for (_, name, _) in Kind::ALL {
            let Some(path) = folder.map(|folder| folder.join(format!("{name}.slip"))) else {
                break;
            };
            if path.exists() {
                let content = std::fs::read_to_string(&path);
                let content = content.with_context(|| format!("cannot read {}", path.display()))?;
                files.insert(format!("{name}.slip"), content);
            }
        }
        let own = |name: &str| files.get(name).cloned();
        let slips = Slips::load(&own, &|key| texts.both(key).is_some());
        let slips = slips.map(|slips| slips.with_logo(self.printer.logo.is_some()));
        slips.map_err(|(file, mistake)| {
            let path = folder.map_or_else(|| "assets/slip".into(), std::borrow::ToOwned::to_owned);
            anyhow!(
                "{}: {mistake}\nCorrect that line; without the file the shipped template is used.",
                path.join(file).display()
            )
        })
    }

    pub(super) fn check_paper(&self) -> anyhow::Result<()> {
        let printer = &self.printer;
        self.target()?;
        if ![NARROW, WIDE].contains(&printer.columns) {
            bail!("[printer] columns = {}: 32 or 48", printer.columns);
        }
        if !(1..=MOST_COPIES).contains(&printer.copies) {
            bail!("[printer] copies = {}: 1 to {MOST_COPIES}", printer.copies);
        }
        if ![2, 5].contains(&printer.drawer_pin) {
            bail!("[printer] drawer_pin = {}: 2 or 5", printer.drawer_pin);
        }
        for (name, ms) in [
            ("drawer_on_ms", printer.drawer_on_ms),
            ("drawer_off_ms", printer.drawer_off_ms),
        ] {
            if !PULSE_MS.contains(&ms) {
                bail!("[printer] {name} = {ms}: 2 to 510");
            }
        }
        let baud = self.display.baud;
        if !BAUDS.contains(&baud) {
            bail!("[display] baud = {baud}: one of {BAUDS:?}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use std::path::Path;

    use super::*;

    fn config(printer: &str) -> anyhow::Result<Config> {
        let config = Config::parse(&format!("[printer]\n{printer}\n"), Path::new("shop.toml"))?;
        config.check_paper()?;
        Ok(config)
    }

    #[test]
    fn a_mistake_says_what_would_be_right() {
        for (printer, said) in [
            ("to = \"lp0\"", "/dev/usb/lp0"),
            ("columns = 40", "32 or 48"),
            ("copies = 0", "1 to 5"),
            ("drawer_pin = 3", "2 or 5"),
            ("drawer_on_ms = 511", "2 to 510"),
        ] {
            let error = format!("{:#}", config(printer).unwrap_err());
            assert!(error.contains(said), "{error}");
        }
        let texts = Text::load().unwrap();
        let nowhere = config("templates = \"/nowhere\"").unwrap().slips(&texts);
        assert!(nowhere.unwrap_err().to_string().contains("no such folder"));
        let logo = config("logo = \"/nowhere.png\"").unwrap().paper();
        assert!(logo.unwrap_err().to_string().contains("/nowhere.png"));
    }
}
