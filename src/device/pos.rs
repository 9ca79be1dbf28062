//! `Pos`: decodes the scanned data reports of a HID POS scanner.

use std::fmt;

use crate::device::descriptor::ScanReport;
use crate::device::heard::{self, FLUSH_MS, Heard, MAX_CODE};
use crate::device::source::Source;

/// The decoder of one scanner. Has no clock: see [`Source`].
pub struct Pos {
    report: ScanReport,
    name: String,
    chain: Option<Chain>,
    now: u64,
}

/// Never shows what was read: it may be a code worth money.
impl fmt::Debug for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pos")
            .field("report", &self.report)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The reports of one code so far.
struct Chain {
    aim: Option<[u8; 3]>,
    data: Vec<u8>,
    last: u64,
    /// A part is missing or it is too long: the rest is swallowed, up to its end.
    is_broken: bool,
}

/// One report.
struct Piece<'a> {
    aim: Option<[u8; 3]>,
    data: &'a [u8],
    continued: bool,
}

impl Pos {
    /// A decoder for reports of this form; `name` is that of the device.
    #[must_use]
    pub const fn new(report: ScanReport, name: String) -> Self {
        Self {
            report,
            name,
            chain: None,
            now: 0,
        }
    }

    /// Whether this is a report of scanned data.
    fn is_ours(&self, bytes: &[u8]) -> bool {
        // dummy_hcd and some hubs deliver an empty packet after a full one.
        let first = bytes.first();
        first.is_some() && (self.report.id.is_none() || first == self.report.id.as_ref())
    }

    /// `None`: it is cut short, or says that there is more in it than fits.
    fn fields<'a>(&self, bytes: &'a [u8]) -> Option<Piece<'a>> {
        let form = &self.report;
        let aim = form.aim.and_then(|at| {
            let three: [u8; 3] = bytes.get(at..at + 3)?.try_into().ok()?;
            Some((at, three))
        });
        // Newland's layout in a descriptor copied from Honeywell's: no identifier, the data stands
        // in its place (scanner.md 1.3).
        let (aim, start) = match aim {
            Some((_, three)) if is_aim(three) => (Some(three), form.data.start),
            Some((at, three)) if !three.iter().all(|b| matches!(b, 0 | b' ')) => (None, at),
            _ => (None, form.data.start),
        };
        let data = if let Some(at) = form.count {
            let count = usize::from(*bytes.get(at)?);
            if count > form.data.len() {
                return None;
            }
            bytes.get(start..start + count)?
        } else {
            let data = bytes.get(start..form.data.end.min(bytes.len()))?;
            let zeros = data.iter().rev().take_while(|b| **b == 0).count();
            data.get(..data.len() - zeros)?
        };
        let continued = form
            .continued
            .and_then(|(at, bit)| Some(bytes.get(at)? >> bit & 1 == 1));
        Some(Piece {
            aim,
            data,
            continued: continued.unwrap_or(false),
        })
    }

    fn take(&mut self, piece: Option<Piece>, out: &mut Vec<Heard>) {
        let Some(piece) = piece else {
            let chain = self.open(None);
            chain.is_broken = true;
            return;
        };
        if piece.data.is_empty() && !piece.continued && self.chain.is_none() {
            return;
        }
        // Another identifier is another symbol: the last report of the one before never came.
        let is_other = |chain: &Chain| !chain.is_broken && chain.aim != piece.aim;
        if self.chain.as_ref().is_some_and(is_other) {
            out.extend(self.close());
        }
        let chain = self.open(piece.aim);
        if chain.data.len() + piece.data.len() > MAX_CODE {
            chain.is_broken = true;
            chain.data.clear();
        } else if !chain.is_broken {
            chain.data.extend_from_slice(piece.data);
        }
        if !piece.continued {
            out.extend(self.close());
        }
    }

    fn open(&mut self, aim: Option<[u8; 3]>) -> &mut Chain {
        let now = self.now;
        let chain = self.chain.get_or_insert_with(|| Chain {
            aim,
            data: Vec::new(),
            last: now,
            is_broken: false,
        });
        chain.last = now;
        chain
    }

    fn close(&mut self) -> Option<Heard> {
        let chain = self.chain.take()?;
        if chain.is_broken {
            return Some(Heard::Refused);
        }
        // Newland's answer to a command, not a symbol (scanner.md 1.3).
        if chain.aim.is_none() && chain.data.starts_with(&[2, 0]) {
            return None;
        }
        let mut text = heard::text(&chain.data);
        if let Some(aim) = chain.aim {
            let aim: String = aim.into_iter().map(char::from).collect();
            if !text.starts_with(&aim) {
                text.insert_str(0, &aim);
            }
        }
        Heard::scan(&text, &self.name, chain.last)
    }
}

const fn is_aim([flag, code, modifier]: [u8; 3]) -> bool {
    flag == b']' && code.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric()
}

impl Source for Pos {
    type Input = Vec<u8>;
    type Output = Heard;

    fn feed(&mut self, report: Vec<u8>, at_ms: u64) -> Vec<Heard> {
        let mut out = self.tick(at_ms);
        if self.is_ours(&report) {
            self.take(self.fields(&report), &mut out);
        }
        out
    }

    fn deadline(&self) -> Option<u64> {
        let chain = self.chain.as_ref()?;
        Some(chain.last.saturating_add(FLUSH_MS))
    }

    fn tick(&mut self, at_ms: u64) -> Vec<Heard> {
        self.now = self.now.max(at_ms);
        if self.deadline().is_some_and(|due| due <= self.now) {
            return self.close().into_iter().collect();
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
