#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use super::*;
use proptest::prelude::*;

const FRESH: Situation = Situation::Counter { member: false };
const MEMBER: Situation = Situation::Counter { member: true };

/// The kinds in order, with contents where a test needs them.
fn kinds(input: &str, origin: Origin, situation: Situation) -> String {
    let all: Vec<String> = meanings(input, origin, situation, &[])
        .iter()
        .map(|m| format!("{m:?}"))
        .collect();
    all.join(" ")
}

fn typed_kinds(input: &str, situation: Situation) -> String {
    kinds(input, Origin::Typed, situation)
}

#[test]
fn pieces_stand_before_what_they_are_of() {
    assert_eq!(pieces_of("3*68"), (Some(3), "68"));
    assert_eq!(pieces_of("３＊ wxm"), (Some(3), "wxm"));
    assert_eq!(pieces_of("12×6901234567892"), (Some(12), "6901234567892"));
    for whole in ["3*", "*3", "3", "", "0*68", "1000*68", "a*68", "洗发水*2"] {
        assert_eq!(pieces_of(whole), (None, whole));
    }
}

#[test]
fn a_few_digits_are_an_amount() {
    assert_eq!(typed_kinds("68", MEMBER), "Amount(68.00) PlainCode");
    assert_eq!(
        typed_kinds("68", FRESH),
        "Amount(68.00) PhoneTail PlainCode"
    );
    assert_eq!(
        typed_kinds("138", FRESH),
        "Amount(138.00) PhoneTail PhonePrefix PlainCode"
    );
    assert_eq!(
        typed_kinds("68", Situation::Tendering),
        "Amount(68.00) PlainCode"
    );
    assert_eq!(typed_kinds("0", FRESH), "PhoneTail PlainCode");
    for typed in ["68.5", ".5", "６８．５", "68。5", "12345.67"] {
        assert!(typed_kinds(typed, FRESH).starts_with("Amount("), "{typed}");
    }
}

#[test]
fn four_digits_are_a_phone_tail() {
    assert_eq!(
        typed_kinds("1380", FRESH),
        "PhoneTail PhonePrefix Amount(1,380.00) PlainCode Card"
    );
    assert_eq!(
        typed_kinds("8899", FRESH),
        "PhoneTail Amount(8,899.00) PlainCode Card"
    );
    assert_eq!(typed_kinds("0012", FRESH), "PhoneTail PlainCode Card");
    assert_eq!(
        typed_kinds("1380", MEMBER),
        "Amount(1,380.00) PhoneTail PhonePrefix PlainCode Card"
    );
    assert_eq!(
        typed_kinds("10000", MEMBER),
        "Amount(10,000.00) PlainCode Card"
    );
    assert_eq!(
        typed_kinds("13812", FRESH),
        "PhonePrefix PlainCode Card Amount(13,812.00)"
    );
    assert_eq!(
        typed_kinds("138123", MEMBER),
        "PhonePrefix PlainCode Card Amount(138,123.00)"
    );
}

#[test]
fn phones() {
    assert!(typed_kinds("13812341234", FRESH).starts_with("Phone(138****1234)"));
    assert_eq!(typed_kinds("138 1234 1234", MEMBER), "Phone(138****1234)");
    assert_eq!(typed_kinds("+86 13812341234", FRESH), "Phone(138****1234)");
    assert_eq!(
        kinds("13812341234", Origin::Scanned, FRESH),
        "Phone(138****1234) PlainCode Card"
    );
}

#[test]
fn barcodes_by_their_check_digit() {
    for code in [
        "6957842208856",
        "24012345678905",
        "2112233789657",
        "416000336108",
        "02345680",
        "2112345015002",
    ] {
        for origin in [Origin::Typed, Origin::Scanned] {
            for situation in [FRESH, MEMBER, Situation::Tendering] {
                assert!(
                    kinds(code, origin, situation).starts_with("Barcode("),
                    "{code}"
                );
            }
        }
    }
    // A wrong check digit is the shop's own code.
    for code in [
        "24012345678909",
        "2112233789658",
        "416000336107",
        "02345689",
    ] {
        assert_eq!(
            kinds(code, Origin::Scanned, FRESH),
            "PlainCode Card",
            "{code}"
        );
    }
    assert_eq!(
        kinds("00123457", Origin::Scanned, FRESH),
        "Barcode(00000000123457) Barcode(00001234000057) PlainCode Card"
    );
    assert_eq!(
        kinds("0007625328", Origin::Scanned, FRESH),
        "PlainCode Card"
    );
}

#[test]
fn gs1_symbols_carry_the_item() {
    for code in [
        "0106957842208856\u{1d}10ABC",
        "010695784220885610ABC\u{1d}21XY",
        "https://id.gs1.org/01/06957842208856/10/A?3103=1",
        "http://shop.example/x/01/6957842208856",
    ] {
        assert!(
            kinds(code, Origin::Scanned, FRESH).starts_with("Gs1(06957842208856)"),
            "{code}"
        );
    }
    assert_eq!(
        kinds("https://example.com/01", Origin::Scanned, FRESH),
        "PlainCode Card"
    );
}

#[test]
fn a_payment_code_is_nothing_else() {
    for code in [
        "135112298638468293",
        "120061098828009406",
        "289431869362714645",
        "28763443825664394",
        "1351 1229 8638 4682 93",
        "１３５１１２２９８６３８４６８２９３",
        // A scale label of eighteen digits may have Alipay's shape: better no goods than somebody's money.
        "260012301575005258",
    ] {
        for origin in [Origin::Typed, Origin::Scanned] {
            for situation in [FRESH, MEMBER, Situation::Tendering] {
                let all = kinds(code, origin, situation);
                assert!(
                    ["Payment(WeChat)", "Payment(Alipay)"].contains(&all.as_str()),
                    "{code}: {all}"
                );
                assert_eq!(meanings(code, origin, situation, &[]).len(), 1);
                assert!(known_as(&meanings(code, origin, situation, &[])).is_empty());
            }
        }
        assert_eq!(kinds(code, Origin::Scanned, Situation::Locked), "");
    }
}

#[test]
fn the_spellings_a_code_may_be_kept_under() {
    let known = |code| known_as(&meanings(code, Origin::Scanned, FRESH, &[]));
    assert_eq!(known("6957842208856"), ["06957842208856", "6957842208856"]);
    assert_eq!(known("]6957842208856"), ["]6957842208856"]);
    assert_eq!(
        known("0106957842208856\u{1d}10A"),
        [
            "06957842208856",
            "6957842208856",
            "0106957842208856\u{1d}10A"
        ]
    );
    assert_eq!(known("13812341234"), ["13812341234"]);
    assert!(known("%B4111111111111111^A/B^25?").is_empty());
}

#[test]
fn what_must_not_leave_this_machine() {
    for secret in [
        "135112298638468293",
        "135112298638468",
        "1351 1229 8638 468",
        "2894318693627146",
        "%B4111",
        ";4111111111111111",
        "%B4111111111111111^A/B^25?",
        "fpa1ba1ba1ba1ba1b",
    ] {
        assert!(is_secret(secret), "{secret}");
    }
    for plain in [
        "",
        "6957842208856",
        "13511229863846",
        "163511229863846829",
        "8800000000000013",
        "王晓明",
        "fp",
        ";",
    ] {
        assert!(!is_secret(plain), "{plain}");
    }
}

#[test]
fn codes_of_goods() {
    assert_eq!(of_goods(" 6957842208856 "), Ok("06957842208856".into()));
    assert_eq!(of_goods("A-17"), Ok("A-17".into()));
    assert_eq!(of_goods("洗发水1"), Ok("洗发水1".into()));
    let badge = Token::mint(Bearer::Staff, [7; 10]).to_string();
    for (code, why) in [
        ("135112298638468293", "card.payment_code"),
        (";4111111111111111=25121010000000000000?", "card.bank_card"),
        (badge.as_str(), "card.own_code"),
        ("", "field.empty"),
    ] {
        assert_eq!(of_goods(code), Err(why), "{code}");
    }
}

#[test]
fn members_and_staff() {
    let member = Token::mint(Bearer::Member, [7; 10]).to_string();
    let staff = Token::mint(Bearer::Staff, [7; 10]).to_string();
    for situation in [FRESH, MEMBER, Situation::Tendering] {
        assert_eq!(kinds(&member, Origin::Scanned, situation), "MemberCode");
        assert_eq!(typed_kinds(&staff.to_lowercase(), situation), "StaffBadge");
    }
    assert_eq!(kinds(&member, Origin::Scanned, Situation::Locked), "");
    assert_eq!(
        kinds(&staff, Origin::Scanned, Situation::Locked),
        "StaffBadge"
    );
    assert_eq!(typed_kinds("68", Situation::Locked), "");
}

#[test]
fn names_and_spellings() {
    assert_eq!(typed_kinds("王晓明", FRESH), "Name");
    assert_eq!(typed_kinds("王", FRESH), "Name");
    assert_eq!(typed_kinds("wxm", FRESH), "Spelling PlainCode Name");
    assert_eq!(
        meanings("ＷＸＭ", Origin::Typed, FRESH, &[])
            .first()
            .cloned(),
        Some(Meaning::Spelling("wxm".into()))
    );
    assert_eq!(typed_kinds("iphone16", FRESH), "PlainCode Card Name");
    assert_eq!(typed_kinds("阿依古丽·买买提", FRESH), "Name");
    assert_eq!(typed_kinds("···", FRESH), "");
}

#[test]
fn quantities() {
    for typed in ["3*", "*3", "＊3", "3×"] {
        assert_eq!(typed_kinds(typed, FRESH), "Quantity(3)", "{typed}");
    }
    for typed in ["0*", "1000*", "*", "**3", "3*3", "-3*"] {
        assert!(!typed_kinds(typed, FRESH).contains("Quantity"), "{typed}");
    }
    assert!(!kinds("3*", Origin::Scanned, FRESH).contains("Quantity"));
}

#[test]
fn bank_cards_are_refused() {
    for track in [
        "%B4111111111111111^CARD/TEST^2512101?",
        ";4111111111111111=25121010000000000000?",
        "%B4111111111111111^X^25?;4111111111111111=25?",
    ] {
        for origin in [Origin::Typed, Origin::Scanned] {
            assert_eq!(kinds(track, origin, FRESH), "BankCard");
        }
    }
    assert!(!typed_kinds(";4111111111111112=25", FRESH).contains("BankCard"));
}

#[test]
fn too_long_is_nothing() {
    assert_eq!(typed_kinds(&"1".repeat(MAX_INPUT + 1), FRESH), "");
    assert_eq!(typed_kinds("  \t\r\n", FRESH), "");
}

proptest! {
    #[test]
    fn never_panics_and_never_charges_a_scan(
        text in prop_oneof!["\\PC{0,60}", "[0-9]{0,25}", "[0-9.*+ -]{0,20}", "(01|https://a/01/|%B|;|fp|GT|GS)[0-9A-Za-z^=/?]{0,40}"],
    ) {
        for situation in [FRESH, MEMBER, Situation::Tendering, Situation::Locked] {
            let typed = meanings(&text, Origin::Typed, situation, &[]);
            let scanned = meanings(&text, Origin::Scanned, situation, &[]);
            prop_assert!(typed.len() <= 9 && scanned.len() <= 9);
            prop_assert!(!scanned.iter().any(|m| matches!(m, Meaning::Amount(_) | Meaning::Quantity(_))));
            for all in [&typed, &scanned] {
                let alone = |m: &Meaning| matches!(m, Meaning::Payment(_) | Meaning::BankCard);
                prop_assert!(!all.iter().any(alone) || all.len() == 1);
            }
            for (place, meaning) in typed.iter().enumerate() {
                prop_assert!(!typed.iter().skip(place + 1).any(|other| other == meaning), "{meaning:?} twice");
            }
        }
    }
}
