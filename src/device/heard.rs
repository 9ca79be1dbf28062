//! `Heard`: what a decoder of USB reports says.

use crate::domain::scan::{Device, Scan};

/// Bytes of the longest code: a QR code holds 7,089 digits.
pub const MAX_CODE: usize = 8_192;
/// Silence that ends a code whose end was not announced, milliseconds. Scanners leave a few
/// milliseconds between reports; firmware exists that never sends the last one (scanner.md 1.2).
pub const FLUSH_MS: u64 = 200;

/// One thing a scanner said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Scan(Scan),
    /// A code arrived damaged: nothing of it is used, and a person should scan again.
    Refused,
}

impl Heard {
    /// The scan of a text whose last piece came at `at_ms`; `None` when nothing is left of it, or it is an answer to a command.
    /// Control characters other than GS (0x1D), which parts the fields of GS1 codes, are no
    /// content: they are the scanner's own or somebody's attempt to press keys.
    pub(super) fn scan(text: &str, device: &str, at_ms: u64) -> Option<Self> {
        let clean: String = text
            .chars()
            .filter(|c| !c.is_control() || *c == '\u{1d}')
            .collect();
        Scan::read(&clean, Device::Usb(device.to_owned()), at_ms).map(Self::Scan)
    }
}

/// UTF-8, or else a character for every byte, so that different symbols stay different.
pub(super) fn text(data: &[u8]) -> String {
    std::str::from_utf8(data).map_or_else(
        |_| data.iter().copied().map(char::from).collect(),
        str::to_owned,
    )
}
