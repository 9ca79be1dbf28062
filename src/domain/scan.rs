//! `Scan`: one code as a scanner read it, whatever the path it came on.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::code::Origin;

/// What kind of symbol a scanner says it read. A hint only: some firmware labels everything
/// Code 128, so content and check digit decide (scanner.md 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbology {
    /// EAN-13, UPC-A and UPC-E: `]E0`, with an add-on `]E3`.
    Ean13,
    Ean8,
    Code128,
    Gs1Code128,
    Itf,
    Code39,
    Qr,
    Gs1Qr,
    DataMatrix,
    Gs1DataMatrix,
    Gs1DataBar,
    Gs1DotCode,
    Pdf417,
    /// A well-formed identifier that is not in the list above.
    Other,
}

impl Symbology {
    /// Reads the two characters after `]` of an AIM identifier.
    #[must_use]
    pub const fn from_aim(code: char, modifier: char) -> Self {
        match (code, modifier) {
            ('E', '4') => Self::Ean8,
            ('E', _) => Self::Ean13,
            ('C', '1') => Self::Gs1Code128,
            ('C', _) => Self::Code128,
            ('I', _) => Self::Itf,
            ('A', _) => Self::Code39,
            ('Q', '3') => Self::Gs1Qr,
            ('Q', _) => Self::Qr,
            ('d', '2') => Self::Gs1DataMatrix,
            ('d', _) => Self::DataMatrix,
            ('e', _) => Self::Gs1DataBar,
            ('J', '1') => Self::Gs1DotCode,
            ('L', _) => Self::Pdf417,
            _ => Self::Other,
        }
    }
}

/// Where a scan came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Device {
    /// A burst of keys on the terminal: any scanner that plays a keyboard, also over SSH.
    Terminal,
    /// A claimed USB device, by the name the shop gave it.
    Usb(String),
}

/// One code as a scanner read it. Its `Debug` never shows the code: it may be a payment code,
/// and those must not reach a log (scanner.md 5.4).
#[derive(Clone, PartialEq, Eq)]
pub struct Scan {
    /// Without AIM identifier and terminator. The only control character it can hold is GS (0x1D).
    pub code: String,
    pub symbology: Option<Symbology>,
    pub device: Device,
    /// When the last of it came: the end of the burst, or the last report.
    pub when: DateTime<Utc>,
}

impl Scan {
    /// How the code came: the scanner's word that a symbol carries GS1 data counts, whatever else it says of
    /// it is a hint.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        match self.symbology {
            Some(
                Symbology::Gs1Code128
                | Symbology::Gs1Qr
                | Symbology::Gs1DataMatrix
                | Symbology::Gs1DataBar
                | Symbology::Gs1DotCode,
            ) => Origin::Gs1,
            _ => Origin::Scanned,
        }
    }

    /// Makes a scan of the raw text of a symbol: takes an AIM identifier off the front and one
    /// terminator (CR, LF, CR LF, TAB) off the end. `at_ms`: when the last of it came, in
    /// milliseconds since 1970, or on a clock that [`Scan::since`] puts right.
    ///
    /// `None` is "not a scan": nothing is left, or it is a scanner's answer to a command
    /// (`]X0`, `]Z6`; scanner.md 1.2).
    #[must_use]
    pub fn read(raw: &str, device: Device, at_ms: u64) -> Option<Self> {
        let body = ["\r\n", "\r", "\n", "\t"]
            .iter()
            .find_map(|end| raw.strip_suffix(end))
            .unwrap_or(raw);
        let (symbology, code) = match aim(body) {
            Some((('X', '0') | ('Z', '6'), _)) => return None,
            Some(((code, modifier), rest)) => (Some(Symbology::from_aim(code, modifier)), rest),
            None => (None, body),
        };
        (!code.is_empty()).then(|| Self {
            code: code.to_owned(),
            symbology,
            device,
            when: DateTime::UNIX_EPOCH + millis(at_ms),
        })
    }

    /// The same of a source whose clock began at `origin`.
    #[must_use]
    pub fn since(self, origin: DateTime<Utc>) -> Self {
        let when = origin + (self.when - DateTime::UNIX_EPOCH);
        Self { when, ..self }
    }
}

/// A clock that runs longer than a century stands still.
fn millis(at_ms: u64) -> TimeDelta {
    const CENTURY: u64 = 100 * 366 * 86_400_000;
    TimeDelta::milliseconds(i64::try_from(at_ms.min(CENTURY)).unwrap_or(0))
}

/// Splits `]E0690…` into its identifier and the rest.
fn aim(text: &str) -> Option<((char, char), &str)> {
    let mut chars = text.chars();
    if chars.next()? != ']' {
        return None;
    }
    let code = chars.next().filter(char::is_ascii_alphabetic)?;
    let modifier = chars.next().filter(char::is_ascii_alphanumeric)?;
    Some(((code, modifier), chars.as_str()))
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("chars", &self.code.chars().count())
            .field("symbology", &self.symbology)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn the_aim_identifier_is_taken_off_as_a_hint() {
        for (raw, code, symbology) in [
            ("]E06901234567892", "6901234567892", Some(Symbology::Ean13)),
            ("]E402345680\r\n", "02345680", Some(Symbology::Ean8)),
            (
                "]C1010690123456789210A\u{1d}3103000525\t",
                "010690123456789210A\u{1d}3103000525",
                Some(Symbology::Gs1Code128),
            ),
            ("]Q1中文\r", "中文", Some(Symbology::Qr)),
            ("]z0aztec", "aztec", Some(Symbology::Other)),
            ("]E", "]E", None),
            ("]]E0x", "]]E0x", None),
            ("6901234567892", "6901234567892", None),
        ] {
            let scan = Scan::read(raw, Device::Terminal, 0).unwrap();
            assert_eq!(
                (scan.code.as_str(), scan.symbology),
                (code, symbology),
                "{raw}"
            );
        }
    }

    #[test]
    fn answers_to_commands_and_empty_codes_are_no_scans() {
        for raw in [
            "]X0Product Name: Voyager",
            "]Z6REVINF\u{6}.",
            "]E0",
            "\r\n",
            "",
        ] {
            assert_eq!(Scan::read(raw, Device::Terminal, 0), None, "{raw}");
        }
    }

    #[test]
    fn debug_never_shows_the_code() {
        let scan = Scan::read("135112298638468293", Device::Usb("front".into()), 0).unwrap();
        assert!(!format!("{scan:?}").contains("1351"), "{scan:?}");
    }
}
