//! `Lines`: decodes a serial scanner (CDC-ACM): codes with a line end, or a silence, behind them.

use std::fmt;

use crate::device::heard::{FLUSH_MS, Heard, MAX_CODE, text};
use crate::device::source::Source;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;

/// The decoder of one serial scanner. Has no clock: see [`Source`].
pub struct Lines {
    name: String,
    data: Vec<u8>,
    is_broken: bool,
    last: Option<u64>,
    now: u64,
}

/// Never shows what was read: it may be a code worth money.
impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Lines {
    /// A decoder; `name` is that of the device.
    #[must_use]
    pub const fn new(name: String) -> Self {
        Self {
            name,
            data: Vec::new(),
            is_broken: false,
            last: None,
            now: 0,
        }
    }

    /// Ends a code: with a line end now, or else when its last byte came.
    fn close(&mut self, at_ms: u64) -> Option<Heard> {
        self.last = None;
        let data = std::mem::take(&mut self.data);
        if std::mem::take(&mut self.is_broken) {
            return Some(Heard::Refused);
        }
        Heard::scan(&text(&data), &self.name, at_ms)
    }
}

impl Source for Lines {
    /// What one read gave: any number of bytes.
    type Input = Vec<u8>;
    type Output = Heard;

    fn feed(&mut self, bytes: Vec<u8>, at_ms: u64) -> Vec<Heard> {
        let mut out = self.tick(at_ms);
        for byte in bytes {
            match byte {
                b'\r' | b'\n' | b'\t' | ETX => out.extend(self.close(self.now)),
                STX => {}
                _ => {
                    self.last = Some(self.now);
                    if self.data.len() < MAX_CODE {
                        self.data.push(byte);
                    } else {
                        self.is_broken = true;
                    }
                }
            }
        }
        out
    }

    fn deadline(&self) -> Option<u64> {
        self.last.map(|last| last.saturating_add(FLUSH_MS))
    }

    fn tick(&mut self, at_ms: u64) -> Vec<Heard> {
        self.now = self.now.max(at_ms);
        match self.last {
            Some(last) if last.saturating_add(FLUSH_MS) <= self.now => {
                self.close(last).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(heard: Vec<Heard>) -> Vec<String> {
        let code = |one| match one {
            Heard::Scan(scan) => scan.code,
            Heard::Refused => "refused".to_owned(),
        };
        heard.into_iter().map(code).collect()
    }

    #[test]
    fn any_line_end_ends_a_code_however_the_bytes_are_cut() {
        let whole =
            b"6901234567892\r\n]E04006381333931\r\x02abc\x03\xe4\xb8\xad\xe6\x96\x87\n10A\x1d21B\t";
        for size in 1..whole.len() {
            let mut lines = Lines::new("front".to_owned());
            let mut heard = Vec::new();
            for piece in whole.chunks(size) {
                heard.extend(lines.feed(piece.to_vec(), 5));
            }
            let expected = [
                "6901234567892",
                "4006381333931",
                "abc",
                "中文",
                "10A\u{1d}21B",
            ];
            assert_eq!(codes(heard), expected, "{size}");
            assert_eq!(lines.deadline(), None);
        }
    }

    #[test]
    fn silence_ends_a_code_and_too_long_a_one_is_refused() {
        let mut lines = Lines::new("front".to_owned());
        assert!(lines.feed(b"6901234567892".to_vec(), 5).is_empty());
        assert_eq!(lines.deadline(), Some(5 + FLUSH_MS));
        assert_eq!(codes(lines.tick(5 + FLUSH_MS)), ["6901234567892"]);
        lines.feed(vec![b'x'; 100_000], 900);
        assert_eq!(
            codes(lines.feed(b"\r69\r".to_vec(), 901)),
            ["refused", "69"]
        );
    }
}
