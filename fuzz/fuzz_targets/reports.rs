//! Any bytes as reports, cut at any place and at any pace, for every decoder. The first byte
//! chooses the decoder; then, again and again, a length, a pause in eighths of a second, a report.
#![no_main]

use guitai::device::descriptor::{Descriptor, ScanReport};
use guitai::device::heard::{Heard, MAX_CODE};
use guitai::device::keys::Keys;
use guitai::device::lines::Lines;
use guitai::device::pos::Pos;
use guitai::device::source::Source;
use libfuzzer_sys::fuzz_target;

/// Honeywell's layout.
fn layout() -> ScanReport {
    ScanReport {
        page: 0x8C,
        id: Some(2),
        data: 5..61,
        count: Some(1),
        aim: Some(2),
        continued: Some((63, 0)),
    }
}

fn play(mut source: impl Source<Input = Vec<u8>, Output = Heard>, mut bytes: &[u8]) {
    let mut now = 0;
    while let [length, pause, rest @ ..] = bytes {
        let (report, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        bytes = rest;
        now += u64::from(*pause) * 125;
        for heard in source.feed(report.to_vec(), now) {
            if let Heard::Scan(scan) = heard {
                // A byte that is no UTF-8 becomes two.
                assert!(!scan.code.is_empty() && scan.code.len() <= 2 * MAX_CODE + 3);
            }
        }
    }
    while let Some(due) = source.deadline() {
        source.tick(due);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let name = String::new();
    match first % 4 {
        0 => play(Pos::new(layout(), name), rest),
        1 => play(Keys::new(None, name), rest),
        2 => play(Keys::new(Descriptor::parse(rest).keys, name), rest),
        _ => play(Lines::new(name), rest),
    }
});
