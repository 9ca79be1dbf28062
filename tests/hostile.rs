//! What a hostile or broken device may send: a bounded, repeatable part of the fuzzing in `fuzz/`.
//! Nothing panics, hangs, or keeps more than a code's worth of memory.

use std::time::Instant;

use guitai::device::descriptor::{Descriptor, MAX_REPORT, Signal};
use guitai::device::heard::{Heard, MAX_CODE};
use guitai::device::keys::Keys;
use guitai::device::lines::Lines;
use guitai::device::pos::Pos;
use guitai::device::source::Source;
use serde::Deserialize;

/// Mutations of every descriptor, and of every recording by every decoder.
const DESCRIPTORS: usize = 4_000;
const REPORTS: usize = 400;
/// Nothing takes longer, seconds: a hang, not a slow machine.
const HANG: u64 = 60;

#[derive(Deserialize)]
struct Recording {
    report_descriptor_hex: Option<String>,
    reports_hex: Vec<String>,
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn recordings() -> Vec<Recording> {
    serde_json::from_str(include_str!("data/scanners.json")).unwrap()
}

/// Small, repeatable chance (xorshift64).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).unwrap()
    }

    /// Flips, cuts, doubles and fills, a few times.
    fn mutate(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut all = bytes.to_vec();
        for _ in 0..=self.throw(6) {
            let at = self.throw(all.len());
            match self.throw(6) {
                0 if !all.is_empty() => all[at] ^= 1 << self.throw(8),
                1 if !all.is_empty() => all[at] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][self.throw(6)],
                2 => all.truncate(at),
                3 => all.extend_from_within(at..),
                4 => all.insert(at, u8::try_from(self.throw(256)).unwrap()),
                _ if !all.is_empty() => drop(all.remove(at)),
                _ => {}
            }
            all.truncate(20_000);
        }
        all
    }
}

#[test]
fn no_descriptor_is_too_much() {
    let began = Instant::now();
    let mut dice = Dice(7);
    let mut found = 0;
    for recording in recordings() {
        let Some(hex) = recording.report_descriptor_hex else {
            continue;
        };
        let whole = bytes(&hex);
        for _ in 0..DESCRIPTORS {
            let descriptor = Descriptor::parse(&dice.mutate(&whole));
            assert!(descriptor.longest <= MAX_REPORT);
            if let Some(scan) = &descriptor.scan {
                found += 1;
                assert!(
                    !scan.data.is_empty() && scan.data.end <= MAX_REPORT,
                    "{scan:?}"
                );
            }
            if let Some(bytes) = descriptor.signals.and_then(|one| one.bytes(Signal::Beep)) {
                assert!(bytes.len() <= MAX_REPORT);
            }
        }
    }
    // Mutations that leave nothing would test nothing.
    assert!(found > 1_000, "{found}");
    assert!(began.elapsed().as_secs() < HANG);
}

/// Feeds mutated reports at any pace; whatever comes out is bounded.
fn feed(
    source: &mut impl Source<Input = Vec<u8>, Output = Heard>,
    reports: &[Vec<u8>],
    dice: &mut Dice,
) {
    let mut now = 0;
    for report in reports {
        now += [0, 1, 5, 20, 199, 200, 5_000][dice.throw(7)];
        let report = if dice.throw(3) == 0 {
            dice.mutate(report)
        } else {
            report.clone()
        };
        for heard in source.feed(report, now) {
            if let Heard::Scan(scan) = heard {
                assert!(!scan.code.is_empty() && scan.code.len() <= 2 * MAX_CODE + 3);
                let plain = |c: char| !c.is_control() || c == '\u{1d}';
                assert!(scan.code.chars().all(plain));
            }
        }
    }
    let mut ticks = 0;
    while let Some(due) = source.deadline() {
        source.tick(due);
        ticks += 1;
        assert!(ticks < 3, "a decoder that never rests");
    }
}

#[test]
fn no_report_is_too_much() {
    let began = Instant::now();
    let mut dice = Dice(11);
    let all = recordings();
    let forms = all
        .iter()
        .filter_map(|one| one.report_descriptor_hex.as_deref());
    let forms: Vec<Descriptor> = forms.map(|hex| Descriptor::parse(&bytes(hex))).collect();
    for recording in &all {
        let reports: Vec<Vec<u8>> = recording.reports_hex.iter().map(|hex| bytes(hex)).collect();
        for _ in 0..REPORTS {
            for form in &forms {
                if let Some(scan) = form.scan.clone() {
                    feed(&mut Pos::new(scan, String::new()), &reports, &mut dice);
                }
                feed(
                    &mut Keys::new(form.keys.clone(), String::new()),
                    &reports,
                    &mut dice,
                );
            }
            feed(&mut Lines::new(String::new()), &reports, &mut dice);
        }
    }
    assert!(began.elapsed().as_secs() < HANG);
}

/// A device that never ends its code: refused once, and what it sends is not kept.
#[test]
fn an_endless_code_is_refused() {
    let all = recordings();
    let hex = all
        .iter()
        .find_map(|one| one.report_descriptor_hex.as_deref())
        .unwrap();
    let mut report = vec![b'7'; 64];
    report[0] = 2;
    report[1] = 56;
    report[63] = 1;
    let scan = Descriptor::parse(&bytes(hex)).scan.unwrap();
    let mut pos = Pos::new(scan, String::new());
    let mut heard = Vec::new();
    for at in 0..100_000_u64 {
        heard.extend(pos.feed(report.clone(), at));
    }
    report[63] = 0;
    heard.extend(pos.feed(report, 100_001));
    assert_eq!(heard, [Heard::Refused]);
    let mut lines = Lines::new(String::new());
    let mut heard = Vec::new();
    for at in 0..1_000 {
        heard.extend(lines.feed(vec![b'7'; 4_096], at));
    }
    heard.extend(lines.feed(b"\r".to_vec(), 1_001));
    assert_eq!(heard, [Heard::Refused]);
}
