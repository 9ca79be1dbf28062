#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]
use proptest::prelude::*;

use super::*;

const NONE: [u8; 8] = [0; 8];
const ENTER: u8 = 0x28;

fn decoder() -> Keys {
    Keys::new(None, "counter".to_owned())
}

/// Feeds boot reports a millisecond apart from `at`, and gives the codes; a refusal is `!`.
fn codes(keys: &mut Keys, reports: &[[u8; 8]], at: u64) -> Vec<String> {
    let times = at..;
    let heard = reports
        .iter()
        .zip(times)
        .flat_map(|(report, at)| keys.feed(report.to_vec(), at));
    heard.map(code).collect()
}

fn code(heard: Heard) -> String {
    match heard {
        Heard::Scan(scan) => scan.code,
        Heard::Refused => "!".to_owned(),
    }
}

/// Presses and lets go of each key.
fn press(keys: &[(u8, u8)]) -> Vec<[u8; 8]> {
    let report = |&(modifiers, usage): &(u8, u8)| {
        let mut down = NONE;
        down[0] = modifiers;
        down[2] = usage;
        let mut up = NONE;
        up[0] = modifiers;
        [down, up]
    };
    keys.iter().flat_map(report).chain([NONE]).collect()
}

fn typed(keys: &[(u8, u8)]) -> Vec<String> {
    codes(&mut decoder(), &press(keys), 0)
}

#[test]
fn letters_signs_and_both_keypads() {
    // "a", "B", "*" of the keypad, keypad 1 and 0, "-", Enter of the keypad.
    let keys = [
        (0, 0x04),
        (2, 0x05),
        (0, 0x55),
        (0, 0x59),
        (0, 0x62),
        (0x20, 0x2D),
        (0, 0x58),
    ];
    assert_eq!(typed(&keys), ["aB*10_"]);
    assert_eq!(
        typed(&[(0, 0x39), (0, 0x04), (2, 0x04), (0, ENTER)]),
        ["Aa"]
    );
}

#[test]
fn cr_lf_is_one_end_and_gs_stays() {
    let keys = [(0, 0x1E), (1, 0x30), (0, 0x1F), (0, ENTER), (3, 0x0D)];
    assert_eq!(typed(&keys), ["1\u{1d}2"]);
    assert_eq!(typed(&[(0, 0x1E), (0, 0x2B)]), ["1"]);
    assert_eq!(typed(&[(0, 0x1E), (1, 0x06)]), ["1"]);
}

#[test]
fn too_many_keys_is_no_release() {
    let one = [0, 0, 0x1E, 0, 0, 0, 0, 0];
    let rollover = [0, 0, 1, 1, 1, 1, 1, 1];
    let enter = [0, 0, ENTER, 0, 0, 0, 0, 0];
    let reports = [one, rollover, one, NONE, one, one, NONE, enter, NONE];
    assert_eq!(codes(&mut decoder(), &reports, 0), ["11"]);
}

#[test]
fn several_keys_of_one_report_come_in_the_order_of_their_slots() {
    let reports = [
        [0, 0, 0x1E, 0x1F, 0x20, 0, 0, 0],
        [0, 0, 0x1F, 0x20, 0x21, 0x21, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, ENTER],
    ];
    assert_eq!(codes(&mut decoder(), &reports, 0), ["1234"]);
}

#[test]
fn alt_and_the_keypad_make_a_character() {
    let alt = |digits: &[u8]| {
        let held = digits.iter().map(|digit| (4, *digit)).collect::<Vec<_>>();
        press(&held)
    };
    let mut keys = decoder();
    // 065 is "A", 029 is GS.
    let mut reports = press(&[(0, usage::NUM_LOCK)]);
    reports.extend(alt(&[0x62, 0x5E, 0x5D]));
    reports.extend(alt(&[0x62, 0x5A, 0x61]));
    reports.extend(press(&[(0, 0x1E), (0, ENTER)]));
    assert_eq!(codes(&mut keys, &reports, 0), ["A\u{1d}1"]);
    // A digit got lost: the whole code is refused.
    let mut reports = alt(&[0x5E]);
    reports.extend(press(&[(0, 0x1E), (0, ENTER), (0, 0x1F), (0, ENTER)]));
    assert_eq!(codes(&mut keys, &reports, 1_000), ["!", "2"]);
}

#[test]
fn a_key_that_no_code_has_refuses_it() {
    // F5, the Windows key, Ctrl-A.
    for stray in [(0, 0x3E), (8, 0x15), (1, 0x04)] {
        assert_eq!(typed(&[(0, 0x1E), stray, (0, ENTER)]), ["!"], "{stray:?}");
    }
}

#[test]
fn silence_ends_a_code_without_terminator() {
    let mut keys = decoder();
    assert!(codes(&mut keys, &press(&[(0, 0x1E), (0, 0x1F)]), 0).is_empty());
    let due = keys.deadline().unwrap();
    let heard: Vec<String> = keys.tick(due).into_iter().map(code).collect();
    assert_eq!(heard, ["12"]);
    assert_eq!(keys.deadline(), None);
}

#[test]
fn reports_with_an_id_and_one_slot() {
    let form = KeyReport {
        id: Some(3),
        modifiers: 1,
        slots: 3..4,
    };
    let mut keys = Keys::new(Some(form), "counter".to_owned());
    let mut heard = Vec::new();
    for usage in [0x1E, 0, 0x1E, 0, ENTER, 0] {
        heard.extend(keys.feed(vec![3, 0, 0, usage], 0));
    }
    // The same device in the boot protocol.
    for usage in [0x1F, 0, ENTER, 0] {
        heard.extend(keys.feed(vec![0, 0, usage, 0, 0, 0, 0, 0], 1));
    }
    let heard: Vec<String> = heard.into_iter().map(code).collect();
    assert_eq!(heard, ["11", "2"]);
}

proptest! {
    #[test]
    fn any_reports_are_taken_within_bounds(
        reports in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..12), 0_u64..300), 0..200
        ),
    ) {
        let mut keys = decoder();
        let mut now = 0;
        for (report, pause) in reports {
            now += pause;
            for heard in keys.feed(report, now) {
                if let Heard::Scan(scan) = heard {
                    let is_clean = scan.code.chars().all(|c| !c.is_control() || c == '\u{1d}');
prop_assert!(is_clean);
                }
            }
            prop_assert!(keys.text.len() <= MAX_CODE && keys.held.len() <= 6);
        }
        keys.tick(now + FLUSH_MS);
        prop_assert_eq!(keys.deadline(), None);
    }
}
