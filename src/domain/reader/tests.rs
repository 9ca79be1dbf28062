//! What one confirmed card proves of a reader.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
use super::*;
use crate::domain::code::{Origin, Situation, meanings};
use proptest::prelude::*;

#[test]
fn a_confirmed_card_proves_the_form() {
    for (printed, kept, shape, turned) in [
        ("07302202", "0040856634", Shape::Digits8, false),
        ("111,27706", "0040856634", Shape::Comma3, false),
        ("00623,27706", "07302202", Shape::Comma5, false),
        ("0040856634", "004335823930", Shape::Digits10, false),
        ("07302202", "004335823930", Shape::Digits8, false),
        ("07302202", "01026F6C3A", Shape::Digits8, false),
        ("01026f6c3a", "004335823930", Shape::Hex10, false),
        ("004335823930", "111,27706", Shape::Digits12, false),
        ("2706081563", "0461851553", Shape::Digits10, true),
        ("A14B871B", "0461851553", Shape::Hex8, true),
    ] {
        let reader = Reader::proved(printed, kept).unwrap();
        assert_eq!(reader.form, Form { shape, turned }, "{printed} {kept}");
    }
    for (printed, kept) in [
        ("0040856634", "0040856635"),
        ("VIP-001", "0040856634"),
        ("07302202", "VIP-001"),
        // The same in both orders.
        ("0016843009", "00257,00257"),
    ] {
        assert_eq!(Reader::proved(printed, kept), None, "{printed} {kept}");
    }
}

#[test]
fn a_new_form_replaces_and_another_kept_one_joins() {
    let (mut readers, front) = (Readers::default(), Device::Usb("front".to_owned()));
    assert!(readers.learn(&front, "0040856634", "07302202"));
    assert!(!readers.learn(&front, "0040856634", "07302202"));
    assert!(readers.learn(&front, "0040856634", "004335823930"));
    let reader = readers.of(&front).unwrap();
    assert_eq!(reader.kept, [Shape::Digits8, Shape::Digits12]);
    assert!(readers.learn(&front, "2706081563", "0461851553"));
    let reader = readers.of(&front).unwrap();
    assert_eq!(reader.kept, [Shape::Digits10]);
    readers.forget(&front);
    assert_eq!(readers, Readers::default());
}

#[test]
fn a_form_of_the_terminal_is_only_of_what_its_reader_can_have_printed() {
    let mut readers = Readers::default();
    let front = Device::Usb("front".to_owned());
    for device in [&front, &Device::Terminal] {
        assert!(readers.learn(device, "07302202", "0040856634"));
    }
    for (code, is_about) in [
        ("07302203", true),
        // A right EAN-8, and a UPC-E.
        ("96385074", false),
        ("01234565", false),
        // Of another form.
        ("0040856634", false),
        ("6901234567892", false),
        ("VIP-001", false),
    ] {
        assert_eq!(
            readers.of_code(&Device::Terminal, code).is_some(),
            is_about,
            "{code}"
        );
        assert!(readers.of_code(&front, code).is_some(), "{code}");
    }
}

#[test]
fn random_numbers() {
    let ic = Reader::proved("0040856634", "026F6C3A").unwrap();
    let turned = Reader::proved("2706081563", "1B874BA1").unwrap();
    let em = Reader::proved("0040856634", "004335823930").unwrap();
    let plain = Reader::proved("0040856634", "07302202").unwrap();
    for (number, reader, is) in [
        ("08A1B2C3", None, true),
        ("08a1b2c3", None, true),
        ("0134217728", None, false),
        ("0134217728", Some(&plain), false),
        ("0134217728", Some(&em), false),
        ("0134217728", Some(&ic), true),
        ("0150994943", Some(&ic), true),
        ("0150994944", Some(&ic), false),
        ("0000000008", Some(&turned), true),
        ("0134217728", Some(&turned), false),
        ("08A1B2C3", Some(&em), false),
        ("07302202", None, false),
        ("08123456", None, false),
        ("", None, false),
    ] {
        assert_eq!(is_random(number, reader), is, "{number} {reader:?}");
    }
}

#[test]
fn what_is_certain_is_a_spelling() {
    let all = meanings(
        "2706081563",
        Origin::Scanned,
        Situation::Counter { member: false },
        &[],
    );
    let (codes, near) = known_by(&all, None);
    assert_eq!(
        (codes, near.sure),
        (vec!["2706081563".to_owned()], Vec::<String>::new())
    );
    let reader = Reader::proved("2706081563", "0461851553").unwrap();
    let (codes, _) = known_by(&all, Some(&reader));
    assert_eq!(codes, ["2706081563", "0461851553"]);
}

proptest! {
    /// A form proved by one card reads every other card of the same two readers.
    #[test]
    fn what_one_card_proves_holds_for_all(
        first in 1_u64..1 << 40, other in 1_u64..1 << 40, a in 0_usize..7, b in 0_usize..7, turned in any::<bool>(),
    ) {
        let (Some(from), Some(into)) = (Shape::ALL.get(a), Shape::ALL.get(b)) else { return Ok(()); };
        let turned = turned && from.bits() == 32 && into.bits() <= 32;
        let printed = |chip: u64| {
            let low = chip & 0xFFFF_FFFF;
            from.print(if turned { chip::turned(low) } else { chip })
        };
        let kept = |chip: u64| into.print(chip);
        if let Some(reader) = Reader::proved(&printed(first), &kept(first))
            && Shape::of(&printed(first)) == Some(*from) && Shape::of(&kept(first)) == Some(*into)
            && from.read(&printed(other)).is_some()
        {
            prop_assert_eq!(reader.form, Form { shape: *from, turned });
            let near = Near::of(&printed(other), Some(&reader));
            let low = i64::try_from(other & 0xFF_FFFF).unwrap();
            let far = near.is_low_sure && near.low.map(i64::from) == Some(low);
            prop_assert!(far || near.sure.contains(&kept(other)));
            prop_assert!(near.sure.len() <= 256);
            if from.bits() >= into.bits() {
                prop_assert_eq!(reader.canonical(&printed(other)), Some(kept(other)));
            }
        }
    }

    #[test]
    fn never_panics(text in "\\PC{0,20}", close in "[0-9A-Fa-f,]{0,14}", kept in "[0-9A-F,]{8,12}") {
        let mut readers = Readers::default();
        for text in [&text, &close] {
            readers.learn(&Device::Terminal, text, &kept);
            let reader = readers.of(&Device::Terminal);
            let _ = (is_random(text, reader), Near::of(&close, reader));
            let _ = reader.and_then(|reader| reader.canonical(text));
        }
    }
}
