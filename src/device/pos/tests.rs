#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]
use proptest::prelude::*;

use super::*;
use crate::device::descriptor::SCANNER_PAGE;
use crate::domain::scan::Symbology;

fn honeywell() -> ScanReport {
    ScanReport {
        page: SCANNER_PAGE,
        id: Some(2),
        data: 5..61,
        count: Some(1),
        aim: Some(2),
        continued: Some((63, 0)),
    }
}

fn newland() -> ScanReport {
    ScanReport {
        data: 2..58,
        aim: None,
        ..honeywell()
    }
}

fn decoder(form: ScanReport) -> Pos {
    Pos::new(form, "front".to_owned())
}

/// A report in Honeywell's layout.
fn report(aim: &str, data: &[u8], continued: bool) -> Vec<u8> {
    let mut report = vec![2, u8::try_from(data.len()).unwrap()];
    report.extend(aim.bytes());
    report.extend(data);
    report.resize(64, 0);
    report[63] = u8::from(continued);
    report
}

fn plain(data: &[u8], continued: bool) -> Vec<u8> {
    let mut report = vec![2, u8::try_from(data.len()).unwrap()];
    report.extend(data);
    report.resize(64, 0);
    report[63] = u8::from(continued);
    report
}

/// The codes in `heard`; a refusal is `!`.
fn codes(heard: &[Heard]) -> Vec<&str> {
    let mut codes = Vec::new();
    for heard in heard {
        codes.push(match heard {
            Heard::Scan(scan) => scan.code.as_str(),
            Heard::Refused => "!",
        });
    }
    codes
}

#[test]
fn the_identifier_is_a_hint_and_the_terminator_goes() {
    let mut pos = decoder(honeywell());
    let heard = pos.feed(report("]E0", b"6901234567892\r", false), 0);
    let Heard::Scan(scan) = &heard[0] else {
        unreachable!("{heard:?}")
    };
    assert_eq!(scan.symbology, Some(Symbology::Ean13));
    assert_eq!(codes(&heard), ["6901234567892"]);
    assert_eq!(pos.deadline(), None);
    // The scanner puts it in front of the data as well.
    let heard = pos.feed(report("]E0", b"]E06901234567892", false), 1);
    assert_eq!(codes(&heard), ["6901234567892"]);
}

#[test]
fn a_long_code_is_put_together() {
    let mut pos = decoder(honeywell());
    let text = "柜".repeat(40);
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(56).collect();
    let (last, first) = pieces.split_last().unwrap();
    for piece in first {
        assert_eq!(pos.feed(report("]Q1", piece, true), 0), []);
    }
    assert_eq!(codes(&pos.feed(report("]Q1", last, false), 9)), [&text]);
}

/// Firmware that says "more follows" after exactly 56 bytes and sends no more.
#[test]
fn a_chain_without_its_end_is_flushed_and_never_glued_to_the_next() {
    let mut pos = decoder(honeywell());
    let full = [b'7'; 56];
    assert_eq!(pos.feed(report("]C0", &full, true), 0), []);
    assert_eq!(pos.deadline(), Some(FLUSH_MS));
    assert_eq!(pos.tick(FLUSH_MS - 1), []);
    assert_eq!(codes(&pos.tick(FLUSH_MS)), ["7".repeat(56)]);
    assert_eq!(pos.deadline(), None);
    // The next customer comes before anybody told the time.
    pos.feed(report("]C0", &full, true), 1_000);
    let heard = pos.feed(report("]C0", b"8", false), 5_000);
    assert_eq!(codes(&heard), ["7".repeat(56).as_str(), "8"]);
    // Another identifier is another symbol, however soon.
    pos.feed(report("]C0", &full, true), 6_000);
    let heard = pos.feed(report("]E0", b"6901234567892", false), 6_001);
    assert_eq!(codes(&heard), ["7".repeat(56).as_str(), "6901234567892"]);
}

#[test]
fn answers_to_commands_are_no_scans() {
    let mut pos = decoder(honeywell());
    assert_eq!(pos.feed(report("]Z6", b"REVINF\x06.", false), 0), []);
    assert_eq!(pos.feed(report("]X0", &[b'P'; 56], true), 1), []);
    assert_eq!(pos.feed(report("]X0", b"N/A\r\n", false), 2), []);
    let mut pos = decoder(newland());
    assert_eq!(pos.feed(plain(b"\x02\0\0\x08EL030095%Q", false), 3), []);
}

#[test]
fn a_layout_without_identifier_keeps_what_looks_like_one() {
    let mut pos = decoder(newland());
    let heard = pos.feed(plain(b"6901234567892", false), 0);
    assert_eq!(codes(&heard), ["6901234567892"]);
    // In a descriptor that promises an identifier the data stands in its place.
    let mut pos = decoder(honeywell());
    let heard = pos.feed(plain(b"6901234567892", false), 0);
    assert_eq!(codes(&heard), ["6901234567892"]);
    // A scanner told to send none leaves the place empty.
    let heard = pos.feed(report("\0\0\0", b"6901234567892", false), 1);
    assert_eq!(codes(&heard), ["6901234567892"]);
}

#[test]
fn a_damaged_report_refuses_the_whole_code() {
    let mut pos = decoder(honeywell());
    // Cut short in the middle of a chain; its rest does not become a code of its own.
    pos.feed(report("]Q0", &[b'x'; 56], true), 0);
    assert_eq!(pos.feed(vec![2, 13, b']'], 1), []);
    assert_eq!(codes(&pos.feed(report("]Q0", b"yz", false), 2)), ["!"]);
    // Alone, it is refused when it stays quiet.
    assert_eq!(pos.feed(vec![2, 13, b']'], 1_000), []);
    assert_eq!(codes(&pos.tick(1_000 + FLUSH_MS)), ["!"]);
    // More bytes than there is room for.
    let mut liar = report("]E0", b"6901234567892", false);
    liar[1] = 57;
    pos.feed(liar, 2_000);
    assert_eq!(codes(&pos.tick(2_000 + FLUSH_MS)), ["!"]);
    // Empty packets and other reports say nothing.
    assert_eq!(pos.feed(vec![], 3_000), []);
    assert_eq!(pos.feed(vec![4, 1, 2, 3], 3_001), []);
    assert_eq!(pos.feed(report("\0\0\0", b"", false), 3_002), []);
    assert_eq!(pos.deadline(), None);
}

#[test]
fn a_chain_without_end_is_bounded_and_refused() {
    let mut pos = decoder(honeywell());
    for at in 0..10_000 {
        assert_eq!(pos.feed(report("]Q0", &[b'x'; 56], true), at / 100), []);
        assert!(pos.chain.as_ref().unwrap().data.len() <= MAX_CODE);
    }
    assert_eq!(codes(&pos.tick(10_000)), ["!"]);
}

#[test]
fn control_characters_press_nothing_and_bytes_are_not_confused() {
    let mut pos = decoder(honeywell());
    let heard = pos.feed(report("]Q1", b"01\x1b[A\x03\x1d10\0x", false), 0);
    assert_eq!(codes(&heard), ["01[A\u{1d}10x"]);
    let heard = pos.feed(report("]Q1", &[0xB9, 0xF1], false), 1);
    assert_eq!(codes(&heard), ["¹ñ"]);
}

proptest! {
    #[test]
    fn any_reports_are_taken_within_bounds(
        reports in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..70), 0_u64..300), 0..60
        ),
        starts in any::<bool>(),
        is_newland in any::<bool>(),
    ) {
        let mut pos = decoder(if is_newland { newland() } else { honeywell() });
        let mut now = 0;
        for (mut report, pause) in reports {
            now += pause;
            if starts && let Some(first) = report.first_mut() {
                *first = 2;
            }
            for heard in pos.feed(report, now) {
                if let Heard::Scan(scan) = heard {
                    prop_assert!(!scan.code.is_empty() && scan.code.len() <= MAX_CODE * 2);
                    let is_clean = scan.code.chars().all(|c| !c.is_control() || c == '\u{1d}');
prop_assert!(is_clean);
                }
            }
        }
        pos.tick(now + FLUSH_MS);
        prop_assert_eq!(pos.deadline(), None);
    }

    /// Whatever is printed arrives, however it is cut into reports.
    #[test]
    fn every_code_arrives_whole(text in "[!-~柜台]{1,300}") {
        let mut pos = decoder(honeywell());
        let mut heard = Vec::new();
        let mut pieces = text.as_bytes().chunks(56).peekable();
        while let Some(piece) = pieces.next() {
            heard.extend(pos.feed(report("]Q1", piece, pieces.peek().is_some()), 0));
        }
        let text = text.strip_prefix("]Q1").unwrap_or(&text);
        prop_assert_eq!(codes(&heard), [text]);
    }
}

/// By the last report of the code, not by the silence or the next code that ended it.
#[test]
fn a_scan_knows_when_its_last_report_came() {
    let when = |heard: &[Heard]| match heard {
        [Heard::Scan(scan), ..] => scan.when.timestamp_millis(),
        heard => unreachable!("{heard:?}"),
    };
    let mut pos = decoder(honeywell());
    let full = [b'7'; 56];
    pos.feed(report("]Q1", &full, true), 100);
    assert_eq!(when(&pos.feed(report("]Q1", b"8", false), 130)), 130);
    pos.feed(report("]C0", &full, true), 1_000);
    assert_eq!(when(&pos.tick(1_000 + FLUSH_MS)), 1_000);
    pos.feed(report("]C0", &full, true), 2_000);
    assert_eq!(when(&pos.feed(report("]E0", b"8", false), 2_020)), 2_000);
}
