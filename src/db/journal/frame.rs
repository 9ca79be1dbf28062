//! The lines of a journal: `number length hash json`, so that a tear, garbage or a missing line
//! shows.
//!
//! The number runs on over all files of a till. The hash is the first half of SHA-256 over
//! number, length and JSON.

use std::fmt;

use sha2::{Digest, Sha256};

use super::LONGEST_REQUEST;

/// Bytes before the JSON: three fields in hexadecimal, each with a space behind it.
pub const HEAD: usize = 16 + 1 + 8 + 1 + 32 + 1;

/// Something wrong with a journal file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The file ended in something that is not a line; so many bytes were cut off.
    Torn { bytes: usize },
    /// A line in the middle (counted from 1) cannot be read; the others can.
    Damaged { line: usize },
    /// Before this line some lines are missing.
    Missing { line: usize, count: u64 },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn { bytes } => write!(f, "torn tail of {bytes} bytes cut off"),
            Self::Damaged { line } => write!(f, "line {line} is damaged"),
            Self::Missing { line, count } => write!(f, "{count} lines missing before line {line}"),
        }
    }
}

/// What a file holds.
pub struct Scan<'a> {
    /// The line numbers and the JSON of the good lines.
    pub lines: Vec<(usize, &'a [u8])>,
    /// Bytes up to the end of the last good line.
    pub whole: usize,
    /// The number of the next line.
    pub next: u64,
    pub notes: Vec<Note>,
}

/// Appends one framed line.
pub fn write(to: &mut Vec<u8>, number: u64, json: &[u8]) {
    let head = format!("{number:016x} {:08x} {} ", json.len(), hash(number, json));
    to.extend_from_slice(head.as_bytes());
    to.extend_from_slice(json);
    to.push(b'\n');
}

/// Finds the good lines, whatever lies between them; `first` is the number the file begins with.
pub fn scan(bytes: &[u8], first: u64) -> Scan<'_> {
    let mut scan = Scan {
        lines: Vec::new(),
        whole: 0,
        next: first,
        notes: Vec::new(),
    };
    let mut damaged = Vec::new();
    let mut offset = 0;
    let mut line = 0;
    while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
        line += 1;
        let Some((number, json)) = read(rest) else {
            damaged.push(Note::Damaged { line });
            offset += rest
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(rest.len(), |end| end + 1);
            continue;
        };
        scan.notes.append(&mut damaged);
        if number > scan.next {
            scan.notes.push(Note::Missing {
                line,
                count: number - scan.next,
            });
        }
        scan.lines.push((line, json));
        scan.next = number.saturating_add(1);
        offset += HEAD + json.len() + 1;
        scan.whole = offset;
    }
    if scan.whole < bytes.len() {
        scan.notes.push(Note::Torn {
            bytes: bytes.len() - scan.whole,
        });
    }
    scan
}

/// The good line at the start of `bytes`.
fn read(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let head = std::str::from_utf8(bytes.get(..HEAD)?).ok()?;
    let mut fields = head.split(' ');
    let number = u64::from_str_radix(fields.next()?, 16).ok()?;
    let length = usize::from_str_radix(fields.next()?, 16).ok()?;
    let told = fields.next()?;
    if length > LONGEST_REQUEST || bytes.get(HEAD + length) != Some(&b'\n') {
        return None;
    }
    let json = bytes.get(HEAD..HEAD + length)?;
    (told == hash(number, json)).then_some((number, json))
}

fn hash(number: u64, json: &[u8]) -> String {
    let mut state = Sha256::new();
    state.update(number.to_be_bytes());
    state.update((json.len() as u64).to_be_bytes());
    state.update(json);
    let digest = state.finalize();
    let half = digest
        .iter()
        .take(16)
        .fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
    format!("{half:032x}")
}
