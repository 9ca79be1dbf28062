//! Bytes of real scanners, report by report: what was printed comes out, and nothing else.

use guitai::device::descriptor::{Descriptor, ScanReport};
use guitai::device::heard::Heard;
use guitai::device::keys::Keys;
use guitai::device::pos::Pos;
use guitai::device::source::Source;
use guitai::domain::scan::Device;
use guitai::domain::scan::Scan;
use serde::Deserialize;

/// What a device sent, with where it was seen.
#[derive(Deserialize)]
struct Recording {
    product: String,
    kind: String,
    #[serde(default)]
    layout: String,
    report_descriptor_hex: Option<String>,
    reports_hex: Vec<String>,
    expected_text: Option<String>,
}

fn recordings() -> Vec<Recording> {
    serde_json::from_str(include_str!("data/scanners.json")).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// The form the device declares, or that of its layout where no descriptor was recorded.
fn form(recording: &Recording) -> ScanReport {
    let recorded = recording.report_descriptor_hex.clone();
    let donor = || {
        let all = recordings();
        let mut with = all.iter().filter(|other| other.layout == "HHP");
        with.find_map(|other| other.report_descriptor_hex.clone())
    };
    let hex = recorded.or_else(donor).unwrap();
    let scan = Descriptor::parse(&bytes(&hex)).scan.unwrap();
    match recording.layout.as_str() {
        "Newland" => ScanReport {
            data: 2..58,
            aim: None,
            ..scan
        },
        _ => scan,
    }
}

/// Every report twenty milliseconds after the one before, then silence.
fn replay(
    source: &mut impl Source<Input = Vec<u8>, Output = Heard>,
    reports: &[String],
) -> Vec<Heard> {
    let mut heard = Vec::new();
    let mut at = 0;
    for report in reports {
        at += 20;
        heard.extend(source.feed(bytes(report), at));
    }
    while let Some(due) = source.deadline() {
        heard.extend(source.tick(due));
    }
    heard
}

#[test]
fn recorded_scanners_are_read() {
    let mut replayed = 0;
    for recording in recordings() {
        let name = recording.product.clone();
        let Some(text) = &recording.expected_text else {
            continue;
        };
        let heard = if recording.kind == "hidpos" {
            let mut source = Pos::new(form(&recording), name.clone());
            replay(&mut source, &recording.reports_hex)
        } else {
            let mut source = Keys::new(None, name.clone());
            replay(&mut source, &recording.reports_hex)
        };
        // Answers to commands stand among the recordings; they are no scans.
        let is_answer = text.starts_with("REVINF") || text.starts_with('\u{2}');
        let printed = Scan::read(text, Device::Usb(name.clone()), 0).filter(|_| !is_answer);
        let read: Vec<&str> = heard
            .iter()
            .map(|heard| match heard {
                Heard::Scan(scan) => scan.code.as_str(),
                Heard::Refused => "refused",
            })
            .collect();
        let printed: Vec<&str> = printed.iter().map(|scan| scan.code.as_str()).collect();
        assert_eq!(read, printed, "{name}");
        replayed += 1;
    }
    assert_eq!(replayed, 7);
}

/// Ten thousand codes as fast as they come: none lost, none doubled, none mixed.
#[test]
fn nothing_is_lost_or_doubled_at_full_rate() {
    let all = recordings();
    let donor = all.iter().find(|one| one.layout == "HHP").unwrap();
    let mut source = Pos::new(form(donor), "fast".to_owned());
    for number in 0..10_000_u32 {
        let text = format!("{number:0width$}", width = 1 + number as usize % 150);
        let mut heard = Vec::new();
        let mut pieces = text.as_bytes().chunks(56).peekable();
        while let Some(piece) = pieces.next() {
            let mut report = vec![2, u8::try_from(piece.len()).unwrap()];
            report.extend(b"]C0");
            report.extend(piece);
            report.resize(64, 0);
            report[63] = pieces.peek().is_some().into();
            heard.extend(source.feed(report, u64::from(number)));
        }
        let printed = Scan::read(
            &format!("]C0{text}"),
            Device::Usb("fast".to_owned()),
            number.into(),
        );
        assert_eq!(heard, [Heard::Scan(printed.unwrap())]);
    }
}
