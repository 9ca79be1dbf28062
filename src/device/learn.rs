//! `Ear`: listens to one device while somebody teaches, and says whether a person or a scanner is
//! at it. It sees what is typed, and keeps nothing.

use std::fmt;

use crate::device::heard::{FLUSH_MS, Heard};
use crate::device::opened::Decoder;
use crate::device::source::Source;

/// The longest pause between two keys of a scanner that is taken at its word without the code on
/// the screen, milliseconds: nobody types that fast for so long.
const MACHINE_MS: u64 = 50;
/// Characters of the shortest code on paper that tells.
const CODE: usize = 6;

/// Who is at a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A code came, whole and at once.
    Scanner,
    /// Somebody types.
    Person,
}

/// The ear on one device. Has no clock: see [`Source`].
pub struct Ear {
    decoder: Decoder,
    wanted: String,
    last: Option<u64>,
    slowest: u64,
}

/// Never shows what was heard.
impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ear").finish_non_exhaustive()
    }
}

impl Ear {
    /// Listens for the code on the screen; empty: for any.
    #[must_use]
    pub const fn new(decoder: Decoder, wanted: String) -> Self {
        Self {
            decoder,
            wanted,
            last: None,
            slowest: 0,
        }
    }

    fn judge(&mut self, heard: &[Heard]) -> Vec<Verdict> {
        let is_fast = self.slowest <= MACHINE_MS;
        let verdict = |heard: &Heard| match heard {
            Heard::Scan(scan) if !self.wanted.is_empty() && scan.code == self.wanted => {
                Some(Verdict::Scanner)
            }
            // Other things on a serial line talk in lines as well: there the code decides.
            _ if matches!(self.decoder, Decoder::Lines(_)) => None,
            Heard::Scan(scan) if is_fast && scan.code.chars().count() >= CODE => {
                Some(Verdict::Scanner)
            }
            Heard::Refused if is_fast && self.last.is_some() => None,
            _ => Some(Verdict::Person),
        };
        let verdicts = heard.iter().filter_map(verdict).collect();
        if !heard.is_empty() {
            self.last = None;
            self.slowest = 0;
        }
        verdicts
    }
}

impl Source for Ear {
    type Input = Vec<u8>;
    type Output = Verdict;

    fn feed(&mut self, report: Vec<u8>, at_ms: u64) -> Vec<Verdict> {
        let late = self.tick(at_ms);
        // The last report of a key says that it was let go: that takes a person her time too.
        let pause = self.last.map_or(0, |last| at_ms.saturating_sub(last));
        self.slowest = self.slowest.max(pause);
        if self.last.is_some() || report.iter().any(|byte| *byte != 0) {
            self.last = Some(at_ms);
        }
        let heard = self.decoder.feed(report, at_ms);
        late.into_iter().chain(self.judge(&heard)).collect()
    }

    fn deadline(&self) -> Option<u64> {
        let silence = self.last.map(|last| last.saturating_add(FLUSH_MS));
        self.decoder.deadline().or(silence)
    }

    fn tick(&mut self, at_ms: u64) -> Vec<Verdict> {
        let heard = self.decoder.tick(at_ms);
        let mut verdicts = self.judge(&heard);
        // A key that types nothing, as an arrow or Enter alone.
        if self
            .last
            .is_some_and(|last| last.saturating_add(FLUSH_MS) <= at_ms)
        {
            self.last = None;
            self.slowest = 0;
            if !matches!(self.decoder, Decoder::Lines(_)) {
                verdicts.push(Verdict::Person);
            }
        }
        verdicts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::keys::Keys;
    use crate::device::lines::Lines;

    /// Digits and Enter, a press and a release each, this many milliseconds apart.
    fn typed(text: &str, pause: u64, wanted: &str) -> Vec<Verdict> {
        let keys = Keys::new(None, "desk".to_owned());
        let mut ear = Ear::new(Decoder::Keys(keys), wanted.to_owned());
        let mut at = 1_000;
        let mut all = Vec::new();
        for digit in text.bytes() {
            let usage = match digit {
                b'\r' => 0x28,
                b'0' => 0x27,
                digit => digit - b'1' + 0x1E,
            };
            for usage in [usage, 0] {
                at += pause;
                all.extend(ear.feed(vec![0, 0, usage, 0, 0, 0, 0, 0], at));
            }
        }
        while let Some(due) = ear.deadline() {
            all.extend(ear.tick(due));
        }
        all
    }

    #[test]
    fn a_scanner_is_told_from_a_person() {
        use Verdict::{Person, Scanner};
        assert_eq!(typed("6901234567892\r", 8, "4711"), [Scanner]);
        assert_eq!(typed("6901234567892", 8, "4711"), [Scanner]);
        assert_eq!(typed("4711\r", 8, "4711"), [Scanner]);
        // The code of the screen, on a slow line.
        assert_eq!(typed("4711\r", 70, "4711"), [Scanner]);
        assert_eq!(typed("6901234567892\r", 70, "4711"), [Person]);
        assert_eq!(typed("1", 40, "4711"), [Person]);
        assert_eq!(typed("12345\r", 10, ""), [Person]);
        assert_eq!(typed("\r", 30, ""), [Person]);
        assert_eq!(typed("12", 300, ""), [Person, Person]);
    }

    #[test]
    fn a_serial_line_must_say_the_code_on_the_screen() {
        let lines = Lines::new("line".to_owned());
        let mut ear = Ear::new(Decoder::Lines(lines), "4711".to_owned());
        assert!(
            ear.feed(b"$GPGGA,123519,4807.038\r\n".to_vec(), 5)
                .is_empty()
        );
        assert_eq!(ear.feed(b"4711\r\n".to_vec(), 9), [Verdict::Scanner]);
    }
}
