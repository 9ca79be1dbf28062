#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]
use proptest::prelude::*;

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

/// Honeywell's form as `JieLi`'s firmware declares it.
const HHP: &str = "058c0902a1010912a1028502150026ff00750895010501093b8102950305 8c09fb09fc09fd8102\
    953809fe8202010666ff9502090409008102058c25017501950809ff8102c00914a10285041500250175019508095e\
    095f096009000900098509869186c00666ff750826ff000903a10285fe95010903b28201c00901a10285fd95010921\
    9102953e0922928201c0c0";
/// Newland's form: no identifier, the data right after the count.
const NEWLAND: &str = "058c0902a1010912a1028502150026ff00750895010501093b8102058c953809fe820201\
    0666ff95050900810205 8c25017501950809ff8102c0c0";
const DATALOGIC_KEYBOARD: &str = "05010906a101050719e029e71500250175019508810295017508810195057501\
    050819012905910295017503910195067508150026ff00050719002aff008100c0";
/// One key slot and a report id; 59 of its 106 bytes.
const RACAL_CUT_SHORT: &str = "05010906a1010507850319e029e7150025017501950881029501750881039501\
    7508150025e7050719002990810085039505750105081901290591";

#[test]
fn the_offsets_of_both_layouts_come_from_the_descriptor() {
    let honeywell = Descriptor::parse(&bytes(HHP));
    assert_eq!(honeywell.longest, 64);
    assert_eq!(honeywell.keys, None);
    assert_eq!(
        honeywell.scan.unwrap(),
        ScanReport {
            page: SCANNER_PAGE,
            id: Some(2),
            data: 5..61,
            count: Some(1),
            aim: Some(2),
            continued: Some((63, 0)),
        }
    );
    let newland = Descriptor::parse(&bytes(NEWLAND)).scan.unwrap();
    assert_eq!((newland.count, newland.aim), (Some(1), None));
    assert_eq!((newland.data, newland.continued), (2..58, Some((63, 0))));
}

#[test]
fn honeywells_other_page_is_a_scanner_too() {
    let hex = HHP.replace(' ', "").replace("058c", "068cff");
    let scan = Descriptor::parse(&bytes(&hex)).scan.unwrap();
    assert_eq!((scan.page, scan.data), (REM_PAGE, 5..61));
}

#[test]
fn keyboards_are_read_whole_and_cut_short() {
    let datalogic = Descriptor::parse(&bytes(DATALOGIC_KEYBOARD));
    let keys = datalogic.keys.unwrap();
    assert_eq!((keys.id, keys.modifiers, keys.slots), (None, 0, 2..8));
    assert_eq!(datalogic.scan, None);
    let racal = Descriptor::parse(&bytes(RACAL_CUT_SHORT)).keys.unwrap();
    assert_eq!((racal.id, racal.modifiers, racal.slots), (Some(3), 1, 3..4));
}

/// Bits of Honeywell's report 4: 0x60 reads, 0x86 beeps well, 0x85 beeps ill; on either of its pages.
#[test]
fn a_scanner_is_asked_in_the_bits_it_declares() {
    let rem = HHP.replace(' ', "").replace("058c", "068cff");
    for hex in [HHP, &rem] {
        let signals = Descriptor::parse(&bytes(hex)).signals.unwrap();
        assert_eq!(signals.bytes(Signal::Trigger).unwrap(), [4, 0x04]);
        assert_eq!(signals.bytes(Signal::Beep).unwrap(), [4, 0x40]);
        assert_eq!(signals.bytes(Signal::ErrorBeep).unwrap(), [4, 0x20]);
    }
    // What a device does not offer is not asked of it.
    assert_eq!(Descriptor::parse(&bytes(NEWLAND)).signals, None);
    let silent = HHP.replace("0985 0986", "").replace("09850986", "09000900");
    let signals = Descriptor::parse(&bytes(&silent)).signals.unwrap();
    assert_eq!(signals.bytes(Signal::Beep), None);
    assert_eq!(signals.bytes(Signal::Trigger).unwrap(), [4, 0x04]);
}

/// One interface with both: the standard page counts, wherever it stands.
#[test]
fn of_two_collections_the_standard_one_is_read() {
    let rem = HHP.replace(' ', "").replace("058c", "068cff");
    let rem = rem.replace("8502", "850a");
    for both in [format!("{HHP}{rem}"), format!("{rem}{HHP}")] {
        let scan = Descriptor::parse(&bytes(&both)).scan.unwrap();
        assert_eq!((scan.page, scan.id), (SCANNER_PAGE, Some(2)));
    }
    let scan = Descriptor::parse(&bytes(&rem)).scan.unwrap();
    assert_eq!((scan.page, scan.id), (REM_PAGE, Some(10)));
}

/// Keyboards with page 0x8C, usage 0x01, and a tester with usage 0x02 and no decoded data.
#[test]
fn what_only_looks_like_a_scanner_is_none() {
    for hex in [
        "058c0901a101150026ff00750895400901810209019102c0",
        "058c0902a101150026ff00750895400903810209049102c0",
        "05010906a101058c09fe75089538150026ff008102c0",
        "0902a101c0",
        "",
    ] {
        assert_eq!(Descriptor::parse(&bytes(hex)).scan, None, "{hex}");
    }
}

#[test]
fn a_descriptor_from_hell_ends_and_stays_small() {
    // A billion fields; a report of 2^32 bits; endless collections, pushes, usages, ids; long items.
    let mut hells = vec![
        bytes("058c0902a10109fe7508 97ffffff3f 8102"),
        bytes("058c0902a10109fe 77ffffffff 97ffffffff 8102"),
        bytes("058c0902a101 1700000000 27ffffffff 7508 9538 8102"),
        bytes("feff00"),
        [bytes("a101"), vec![0xA4; 5_000]].concat(),
        vec![0xB4],
    ];
    for endless in ["a101", "09fe", "a4", "8102", "fe0000"] {
        hells.push(bytes(&endless.repeat(100_000)));
    }
    hells.push((1..=255).flat_map(|id| [0x85, id, 0x81, 2]).collect());
    for hell in hells {
        let found = Descriptor::parse(&hell);
        assert!(found.longest <= MAX_REPORT, "{found:?}");
    }
}

/// A real descriptor with some of its bytes replaced.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let real = prop::sample::select(vec![HHP, NEWLAND, DATALOGIC_KEYBOARD, RACAL_CUT_SHORT]);
    let wounds = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
    (real, wounds, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(hex, wounds, end, is_cut)| {
            let mut real = bytes(hex);
            for (place, byte) in wounds {
                let place = place.index(real.len());
                real[place] = byte;
            }
            if is_cut {
                real.truncate(end.index(real.len()));
            }
            real
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_descriptor_is_read_within_bounds(
        bytes in prop_oneof![damaged(), prop::collection::vec(any::<u8>(), 0..512)]
    ) {
        let found = Descriptor::parse(&bytes);
        prop_assert!(found.longest <= MAX_REPORT);
        if let Some(scan) = found.scan {
            prop_assert!(scan.data.start < scan.data.end && scan.data.end <= MAX_REPORT);
            prop_assert!(scan.count.is_none_or(|at| at < MAX_REPORT));
            prop_assert!(scan.continued.is_none_or(|(at, bit)| at < MAX_REPORT && bit < 8));
        }
        if let Some(keys) = found.keys {
            prop_assert!(keys.slots.end <= MAX_REPORT && keys.modifiers < MAX_REPORT);
        }
    }
}
