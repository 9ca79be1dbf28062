#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use super::*;
use proptest::prelude::*;

const ITEM: &str = "06957842208856";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn today() -> NaiveDate {
    day("2026-03-09")
}

#[test]
fn an_element_string_with_separators() {
    let found = read("010695784220885610AB-1\u{1d}172603123103000525\u{1d}3922157521S7").unwrap();
    assert_eq!(found.gtin.to_string(), ITEM);
    assert_eq!(found.lot.as_deref(), Some("AB-1"));
    assert_eq!(
        found.expires.and_then(|date| date.on(today())),
        Some(day("2026-03-12"))
    );
    assert_eq!(found.grams, Some(525));
    // 392n is of open length: what follows without a separator is in it, and no number then.
    assert_eq!(found.money, None);
    assert_eq!(found.unread.as_deref(), Some("3922157521S7"));
    let found = read("0106957842208856392215752\u{1d}21S7").unwrap();
    assert_eq!(
        (found.money, found.serial),
        (Some(Fen(15_752)), Some("S7".into()))
    );
}

#[test]
fn without_separators_nothing_is_guessed() {
    // Lot, serial and date run together: longer than any lot, so it cannot be one.
    let found = read("010695784220885610ABCDEFGH21SERIAL0001172603123103000525").unwrap();
    assert_eq!(found.gtin.to_string(), ITEM);
    assert_eq!((found.lot, found.expires, found.grams), (None, None, None));
    assert_eq!(
        found.unread.as_deref(),
        Some("10ABCDEFGH21SERIAL0001172603123103000525")
    );
}

#[test]
fn in_parentheses_as_people_type_it() {
    let found = read("(01)06957842208856(17)260300(10)A(B)1 (30)3").unwrap();
    assert_eq!(
        (found.lot.as_deref(), found.count),
        (Some("A(B)1"), Some(3))
    );
    assert_eq!(
        found.expires.and_then(|date| date.on(today())),
        Some(day("2026-03-31"))
    );
    for wrong in [
        "(01)06957842208857",
        "(01)6957842208856",
        "(01",
        "()",
        "(77)1",
        "(10)A",
        "(01)06957842208856(17)2603",
    ] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

#[test]
fn weights_and_prices() {
    for (code, grams, fen) in [
        ("3103000525", Some(525), None),
        ("3102000525", Some(5_250), None),
        ("3105052500", Some(525), None),
        ("3100000002", Some(2_000), None),
        ("3202000100", Some(454), None),
        ("3201000010", Some(454), None),
        ("39221575", None, Some(1_575)),
        ("392015", None, Some(1_500)),
        ("392115", None, Some(150)),
        ("39321561575", None, Some(1_575)),
    ] {
        let found = read(&format!("01{ITEM}{code}")).unwrap();
        assert_eq!((found.grams, found.money), (grams, fen.map(Fen)), "{code}");
        assert_eq!(found.unread, None, "{code}");
    }
    // Dollars, and a weight no shop sells, are shown and not taken.
    for code in ["39328401575", "3100999999"] {
        let found = read(&format!("01{ITEM}{code}")).unwrap();
        assert_eq!((found.grams, found.money), (None, None), "{code}");
        assert!(found.unread.is_some(), "{code}");
    }
}

#[test]
fn a_pack_of_items_and_other_elements() {
    let found = read(&format!("02{ITEM}3712")).unwrap();
    assert_eq!(
        (found.gtin.to_string().as_str(), found.count),
        (ITEM, Some(12))
    );
    let found = read(&format!(
        "01{ITEM}11260101132601038005001299422156\u{1d}8110x"
    ))
    .unwrap();
    assert_eq!(found.unread.as_deref(), Some("8005001299422156 8110x"));
    let found = read(&format!(
        "01{ITEM}1126010113260103\u{1d}8005001299\u{1d}422156"
    ))
    .unwrap();
    assert_eq!(found.unread, None);
    // A container is no item.
    assert_eq!(read("00006141411234567890"), None);
}

#[test]
fn dates_of_gs1() {
    let on = |digits, today| Date::read(digits).and_then(|date| date.on(day(today)));
    assert_eq!(on("260228", "2026-03-09"), Some(day("2026-02-28")));
    assert_eq!(on("240200", "2024-01-01"), Some(day("2024-02-29")));
    assert_eq!(on("261200", "2026-01-01"), Some(day("2026-12-31")));
    assert_eq!(on("260229", "2026-01-01"), None);
    // 51 years ahead are 49 back; 50 back are 50 ahead.
    assert_eq!(on("760101", "2026-01-01"), Some(day("2076-01-01")));
    assert_eq!(on("770101", "2026-01-01"), Some(day("1977-01-01")));
    assert_eq!(on("010101", "2050-01-01"), Some(day("2001-01-01")));
    assert_eq!(on("010101", "2051-01-01"), Some(day("2101-01-01")));
    for wrong in ["261301", "260001", "260132", "26013", "2601011", "26010a"] {
        assert_eq!(Date::read(wrong), None, "{wrong}");
    }
}

#[test]
fn digital_links() {
    for (uri, lot) in [
        ("https://id.gs1.org/01/06957842208856", None),
        (
            "HTTPS://ID.GS1.ORG/01/06957842208856/10/AB%2F1",
            Some("AB/1"),
        ),
        (
            "http://shop.example:8080/a/b/01/6957842208856/10/A?x=1&17=260312&utm=z#top",
            Some("A"),
        ),
        ("https://x.cn/01/00000000000000/01/06957842208856/", None),
    ] {
        let found = read(uri).unwrap();
        assert_eq!(found.gtin.to_string(), ITEM, "{uri}");
        assert_eq!(found.lot.as_deref(), lot, "{uri}");
        assert_eq!(found.unread, None, "{uri}");
    }
    let found = read("https://x.cn/01/416000336108?3103=000525&3922=1575&17=260312&3103x=1&15=%zz")
        .unwrap();
    assert_eq!(found.gtin.to_string(), "00416000336108");
    assert_eq!((found.grams, found.money), (Some(525), Some(Fen(1_575))));
    assert!(found.expires.is_some() && found.best_before.is_none());
    assert!(read("https://x.cn/01/02345680").is_some(), "GTIN-8");
    for wrong in [
        "Https://id.gs1.org/01/06957842208856",
        "https://id.gs1.org/gtin/06957842208856",
        "https://id.gs1.org/01/06957842208857",
        "https://id.gs1.org/01",
        "https://id.gs1.org/",
        "https://",
        "ftp://id.gs1.org/01/06957842208856",
    ] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,120}", close in "(01|\\(01\\)|02)?(06957842208856)?[0-9A-C\u{1d}()]{0,120}", uri in "https?://[a-z./0-9%?&=]{0,80}") {
        let _ = (read(&text), read(&close), read(&uri));
    }

    /// Elements that are written with separators are read back, whatever their order.
    #[test]
    fn what_is_written_is_read(
        lot in "[A-Z0-9]{1,20}",
        grams in 0_i64..=999_999,
        fen in 0_i64..=9_999_999,
        (month, day) in (1_u32..=12, 0_u32..=28),
        turn in 0_usize..4,
    ) {
        let mut elements = [
            format!("10{lot}"),
            format!("3103{grams:06}"),
            format!("3922{fen}"),
            format!("1726{month:02}{day:02}"),
        ];
        elements.rotate_left(turn);
        let found = read(&format!("01{ITEM}{}", elements.join("\u{1d}"))).unwrap();
        prop_assert_eq!(found.lot.as_deref(), Some(lot.as_str()));
        prop_assert_eq!((found.grams, found.money), (Some(grams), Some(Fen(fen))));
        prop_assert_eq!(found.expires, Date::read(&format!("26{month:02}{day:02}")));
        prop_assert_eq!(found.unread, None);
        let typed = format!("(01){ITEM}(10){lot}(3103){grams:06}");
        prop_assert_eq!(read(&typed).and_then(|found| found.lot), Some(lot));
    }
}
