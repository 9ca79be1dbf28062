#![allow(
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use super::*;
use proptest::prelude::*;

/// EAN-8 and EAN-13 check digit, enough for these tests.
fn ean(text: &str) -> bool {
    let sum: u32 = text
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| u32::from(b.wrapping_sub(b'0')) * if i % 2 == 0 { 1 } else { 3 })
        .sum();
    matches!(text.len(), 8 | 13)
        && text.bytes().all(|b| b.is_ascii_digit())
        && sum.is_multiple_of(10)
}

/// What a person sees: the field, the keys that acted, the scans and refusals.
#[derive(Debug, Default, PartialEq)]
struct Screen {
    field: String,
    saved: String,
    acted: Vec<Stroke>,
    scans: Vec<String>,
    garbled: usize,
    pasted: Vec<String>,
    outputs: usize,
}

impl Screen {
    fn take(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            self.outputs += 1;
            match output {
                Output::Mark => self.saved.clone_from(&self.field),
                Output::Key(Stroke::Char(c)) => self.field.push(c),
                Output::Key(stroke) => self.acted.push(stroke),
                Output::Rollback => self.field.clone_from(&self.saved),
                Output::Scan(scan) => self.scans.push(scan.code),
                Output::Garbled => self.garbled += 1,
                Output::Paste(text) => self.pasted.push(text),
            }
        }
    }
}

/// Replays gaps and strokes as a task would: ticks at every deadline, then five quiet seconds.
fn play(settings: Settings, strokes: &[(u64, Stroke)]) -> Screen {
    let mut wedge = Wedge::new(settings);
    let mut screen = Screen::default();
    let mut now = 1_000;
    for (gap, stroke) in strokes {
        now += gap;
        while let Some(due) = wedge.deadline().filter(|due| *due <= now) {
            screen.take(wedge.tick(due));
        }
        screen.take(wedge.feed(stroke.clone(), now));
    }
    while let Some(due) = wedge.deadline() {
        screen.take(wedge.tick(due));
    }
    screen
}

/// `text` with one gap between its characters; `\r \t \n \x03 \x1d \x1b` are the keys they arrive as.
fn keys(first: u64, gap: u64, text: &str) -> Vec<(u64, Stroke)> {
    let key = |c| match c {
        '\r' => Stroke::Enter,
        '\t' => Stroke::Tab,
        '\n' => Stroke::Ctrl('j'),
        '\u{2}' => Stroke::Ctrl('b'),
        '\u{3}' => Stroke::Ctrl('c'),
        '\u{1d}' => Stroke::Ctrl('5'),
        '\u{1b}' => Stroke::Esc,
        c => Stroke::Char(c),
    };
    text.chars()
        .enumerate()
        .map(|(i, c)| (if i == 0 { first } else { gap }, key(c)))
        .collect()
}

fn default() -> Settings {
    Settings::new(ean)
}

fn scanned(codes: &[&str]) -> Screen {
    Screen {
        scans: codes.iter().map(|c| (*c).to_owned()).collect(),
        ..Screen::default()
    }
}

fn sees(screen: Screen) -> Screen {
    Screen {
        saved: String::new(),
        outputs: 0,
        ..screen
    }
}

#[test]
fn every_terminator_ends_a_scan_and_leaves_nothing() {
    for end in ["\r", "\t", "\n", "\r\n", "\u{3}", "\u{3}\r", "\r\t"] {
        for gap in [0, 1, 5, 16, 20, 30, 50] {
            let strokes = keys(500, gap, &format!("6901234567892{end}"));
            if gap > MACHINE_MS && end.len() > 1 && end != "\r\n" {
                continue;
            }
            assert_eq!(
                sees(play(default(), &strokes)),
                scanned(&["6901234567892"]),
                "{end:?} at {gap} ms"
            );
        }
    }
}

#[test]
fn recorded_gaps_of_scanners() {
    // 16 ms a character (Datalogic), a Bluetooth scanner with two slow packets, SSH's 20 ms ticks
    // with several characters in one packet.
    let datalogic = [500, 16, 16, 17, 16, 15, 16, 16, 16, 17, 16, 16, 16, 16];
    let bluetooth = [500, 12, 95, 12, 12, 98, 12, 13, 12, 90, 12, 12, 12, 40];
    let ssh = [500, 0, 20, 0, 0, 20, 20, 0, 40, 0, 20, 0, 0, 20];
    for gaps in [datalogic, bluetooth, ssh] {
        let mut strokes = keys(0, 0, "6901234567892\r");
        for (stroke, gap) in strokes.iter_mut().zip(gaps) {
            stroke.0 = gap;
        }
        assert_eq!(
            sees(play(default(), &strokes)),
            scanned(&["6901234567892"]),
            "{gaps:?}"
        );
    }
}

#[test]
fn a_slow_scanner_needs_a_wider_gap() {
    let mut strokes = keys(500, 10, "6901234567892\r");
    strokes[5].0 = 200;
    let split = play(default(), &strokes);
    assert_eq!(
        (split.field.as_str(), split.scans.as_slice()),
        ("69012", &["34567892".to_owned()][..])
    );
    assert_eq!(
        sees(play(default().gap_ms(250), &strokes)),
        scanned(&["6901234567892"])
    );
    assert_eq!(default().gap_ms(9_999).gap_ms, 250);
    assert_eq!(default().gap_ms(0).gap_ms, 30);
}

#[test]
fn without_a_terminator_the_check_digit_decides() {
    assert_eq!(
        sees(play(default(), &keys(500, 5, "6901234567892"))),
        scanned(&["6901234567892"])
    );
    assert_eq!(
        sees(play(default(), &keys(500, 5, "96385074"))),
        scanned(&["96385074"])
    );
    for text in ["6901234567893", "abcdefghij", "0000000000000", "123"] {
        let screen = play(default(), &keys(500, 5, text));
        assert_eq!(
            (screen.field.as_str(), screen.scans.len(), screen.garbled),
            (text, 0, 0)
        );
    }
}

#[test]
fn what_was_typed_before_a_scan_stays() {
    let mut strokes = keys(500, 120, "3*");
    strokes.extend(keys(400, 10, "6901234567892\r"));
    strokes.extend(keys(400, 120, "68\r"));
    let screen = play(default(), &strokes);
    assert_eq!(screen.field, "3*68");
    assert_eq!(screen.scans, ["6901234567892"]);
    assert_eq!(screen.acted, [Stroke::Enter]);
}

#[test]
fn the_same_code_twice_is_two_pieces_unless_debounced() {
    let mut strokes = keys(500, 5, "6901234567892\r");
    strokes.extend(keys(250, 5, "6901234567892\r"));
    assert_eq!(play(default(), &strokes).scans.len(), 2);
    assert_eq!(
        sees(play(default().debounce_ms(500), &strokes)),
        scanned(&["6901234567892"])
    );
    strokes.extend(keys(900, 5, "6901234567892\r"));
    assert_eq!(play(default().debounce_ms(500), &strokes).scans.len(), 2);
}

#[test]
fn fast_cashiers_are_no_scanners() {
    for (gap, text) in [
        (61, "13812345678\r"),
        (70, "1380\r"),
        (60, "6901234567892\r"),
        (60, "wangxiaoming\t"),
        (52, "138123\r"),
    ] {
        let screen = play(default(), &keys(500, gap, text));
        assert_eq!(
            (screen.field.as_str(), screen.scans.len()),
            (text.trim_end(), 0)
        );
        assert_eq!(screen.acted.len(), 1, "{text}");
    }
    // Two keys rolled and Enter at once: still Enter, at most MACHINE_MS later.
    let screen = play(
        default(),
        &[
            (500, Stroke::Char('6')),
            (20, Stroke::Char('8')),
            (25, Stroke::Enter),
        ],
    );
    assert_eq!(
        (screen.field.as_str(), screen.acted.as_slice()),
        ("68", &[Stroke::Enter][..])
    );
}

#[test]
fn a_persons_enter_acts_in_the_same_call() {
    let mut wedge = Wedge::new(default());
    wedge.feed(Stroke::Char('6'), 0);
    wedge.feed(Stroke::Char('8'), 90);
    assert_eq!(wedge.feed(Stroke::Enter, 180), [Output::Key(Stroke::Enter)]);
    assert_eq!(wedge.deadline(), None);
}

#[test]
fn keys_of_a_slow_link_arrive_late_but_arrive() {
    // "68", Enter, Enter and then "1" in one read.
    let screen = play(default(), &keys(500, 0, "68\r\r1"));
    assert_eq!(
        (screen.field.as_str(), screen.acted.len(), screen.garbled),
        ("681", 2, 0)
    );
    // Type-ahead of Tab and Enter.
    let screen = play(default(), &keys(500, 0, "\t\t\r"));
    assert_eq!(screen.acted, [Stroke::Tab, Stroke::Tab, Stroke::Enter]);
}

#[test]
fn held_keys_repeat() {
    let mut strokes = vec![(500, Stroke::Char('0')), (400, Stroke::Char('0'))];
    strokes.extend(keys(33, 33, "0000000000000000"));
    strokes.push((200, Stroke::Backspace));
    strokes.extend((0..20).map(|_| (30, Stroke::Backspace)));
    let screen = play(default(), &strokes);
    assert_eq!(
        (screen.field.len(), screen.acted.len(), screen.scans.len()),
        (18, 21, 0)
    );
}

#[test]
fn a_hostile_symbol_presses_nothing() {
    let nasty = [
        Stroke::Esc,
        Stroke::Function(2),
        Stroke::Ctrl('d'),
        Stroke::Up,
        Stroke::BackTab,
        Stroke::Backspace,
        Stroke::Other,
    ];
    for key in nasty {
        for place in 1..13 {
            for end in ["", "\r"] {
                let mut strokes = keys(500, 5, &format!("6901234567892{end}"));
                strokes.insert(place, (5, key.clone()));
                let screen = play(default(), &strokes);
                assert_eq!(
                    sees(screen),
                    Screen {
                        garbled: 1,
                        ..Screen::default()
                    },
                    "{key:?} at {place}"
                );
            }
        }
    }
    for text in [
        "1\r2\r3\r4\r",
        "abc\u{1b}\u{1b}\r\r\r",
        "a\u{3}b\u{3}c\u{3}",
    ] {
        assert_eq!(
            sees(play(default(), &keys(500, 5, text))),
            Screen {
                garbled: 1,
                ..Screen::default()
            },
            "{text:?}"
        );
    }
    // Keys without text: the first cannot be told from a person's.
    let screen = play(default(), &vec![(5, Stroke::Enter); 1_000]);
    assert_eq!((screen.acted.len(), screen.garbled), (1, 1));
}

#[test]
fn frame_characters_are_cleaned_off_and_gs_stays() {
    let screen = play(default(), &keys(500, 5, "\u{2}6901234567892\u{3}"));
    assert_eq!(
        (screen.scans.as_slice(), screen.garbled),
        (&["6901234567892".to_owned()][..], 0)
    );
    assert_eq!(screen.acted, [Stroke::Ctrl('b')]);
    let screen = play(default(), &keys(500, 5, "]C110AB\u{1d}21XY\r"));
    assert_eq!(sees(screen), scanned(&["10AB\u{1d}21XY"]));
}

#[test]
fn garbage_is_one_refusal() {
    let garbage: String = (0..10_240_u32)
        .map(|i| char::from(b'!' + u8::try_from(i * 7 % 90).unwrap_or(0)))
        .collect();
    for end in ["", "\r"] {
        let screen = play(default(), &keys(500, 1, &format!("{garbage}{end}")));
        assert!(screen.outputs <= MAX_CODE + 4);
        assert_eq!(
            sees(screen),
            Screen {
                garbled: 1,
                ..Screen::default()
            }
        );
    }
    let lines = "6901234567892\r\n".repeat(1_000);
    let screen = sees(play(default(), &keys(500, 1, &lines)));
    assert_eq!(
        (screen.scans.len(), screen.garbled, screen.field.as_str()),
        (MAX_CHAIN as usize, 1, "")
    );
    assert!(screen.acted.is_empty());
}

#[test]
fn scanners_answers_are_swallowed() {
    assert_eq!(
        sees(play(default(), &keys(500, 5, "]Z6REVINF.\r"))),
        Screen::default()
    );
}

#[test]
fn a_paste_is_a_paste() {
    let mut strokes = keys(500, 5, "69");
    strokes.push((5, Stroke::Paste("\u{1b}[31m12\r\n34".into())));
    let screen = play(default(), &strokes);
    assert_eq!(
        (screen.field.as_str(), screen.pasted),
        ("69", vec!["[31m12 34".to_owned()])
    );
}

fn any_stroke() -> impl Strategy<Value = Stroke> {
    prop_oneof![
        6 => prop_oneof![any::<char>(), prop::char::range('0', '9')].prop_map(Stroke::Char),
        1 => any::<char>().prop_map(Stroke::Ctrl),
        1 => any::<u8>().prop_map(Stroke::Function),
        3 => prop::sample::select(vec![
            Stroke::Enter, Stroke::Tab, Stroke::BackTab, Stroke::Esc, Stroke::Backspace, Stroke::Delete,
            Stroke::Up, Stroke::Left, Stroke::End, Stroke::Other, Stroke::Ctrl('j'), Stroke::Ctrl('5'),
        ]),
    ]
}

proptest! {
    /// Any times, even backwards, any strokes: no panic, no more outputs than twice the input
    /// and a few, and at the end no deadline is left.
    #[test]
    fn any_input_gives_bounded_output(
        strokes in prop::collection::vec((any::<u64>(), 0_u64..120, any::<bool>(), prop_oneof![20 => any_stroke(), 1 => ".{0,50}".prop_map(Stroke::Paste)]), 0..200),
        gap in any::<u64>(),
    ) {
        let mut wedge = Wedge::new(default().gap_ms(gap).debounce_ms(gap));
        let (mut now, mut outputs) = (0_u64, 0);
        for (wild, step, jump, stroke) in &strokes {
            now = if *jump && wild % 37 == 0 { *wild } else { now.saturating_add(*step) };
            outputs += wedge.feed(stroke.clone(), now).len();
        }
        outputs += wedge.tick(u64::MAX).len();
        prop_assert!(outputs <= 2 * strokes.len() + 8, "{outputs} of {}", strokes.len());
        prop_assert_eq!(wedge.deadline(), None);
    }

    /// A person, however fast, is passed through unchanged and at once.
    #[test]
    fn a_person_is_passed_through(strokes in prop::collection::vec((60_u64..400, any_stroke()), 0..80), gap in 30_u64..=250) {
        let mut wedge = Wedge::new(default().gap_ms(gap));
        let mut now = 0;
        for (pause, stroke) in &strokes {
            now += pause;
            prop_assert_eq!(wedge.tick(now), vec![]);
            let mut out = wedge.feed(stroke.clone(), now);
            out.retain(|o| *o != Output::Mark);
            prop_assert_eq!(out, vec![Output::Key(stroke.clone())]);
            prop_assert_eq!(wedge.deadline(), None);
        }
    }

    /// A terminated code at any scanner's speed is one scan and leaves nothing.
    #[test]
    fn a_scan_leaves_no_trace(code in "[0-9A-Za-z/:.-]{7,60}", gaps in prop::collection::vec(0_u64..=50, 61), before in "[0-9]{0,3}") {
        prop_assume!(code.chars().any(|c| !code.starts_with(c)));
        let mut strokes = keys(500, 90, &before);
        strokes.extend(keys(500, 0, &format!("{code}\r")));
        for (stroke, gap) in strokes.iter_mut().skip(before.len() + 1).zip(gaps) {
            stroke.0 = gap;
        }
        let screen = play(default(), &strokes);
        prop_assert_eq!((screen.field, screen.scans, screen.acted.len()), (before, vec![code], 0));
    }
}
