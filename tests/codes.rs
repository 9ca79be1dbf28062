//! What a code means: the table of codes that were really seen, the parsers under hostile input, and the shop's
//! own data behind labels and cards.

use guitai::domain::carried::Carried;
use guitai::domain::code::{MAX_INPUT, Meaning, Origin, Situation, known_as, meanings};
use guitai::domain::gs1;
use guitai::domain::label::{self, LabelRule, MoneyUnit, Shown, WeightUnit, propose};
use guitai::domain::product::ProductKind;
use guitai::domain::reader::{Reader, known_by};
use guitai::domain::scan::{Device, Scan};
use guitai::domain::{card::Card, chip, damage, money::Fen};
use guitai::error::Result;
use guitai::query::{Backend, By, Found, ProductEdit, Query, Reply};

use crate::support::books::{CASHIER, Counter, OWNER, books};
use guitai::db::open::APP;

const FRESH: Situation = Situation::Counter { member: false };

/// 18 digits: 26, five of the item, five of money, five of weight.
fn rule() -> LabelRule {
    LabelRule {
        id: 0,
        prefix: "26".to_owned(),
        plu_digits: 5,
        money_digits: 5,
        money_unit: MoneyUnit::Fen,
        weight_digits: 5,
        weight_unit: WeightUnit::Gram,
        weight_first: false,
        checked: true,
        active: true,
        version: 0,
    }
}

/// The kinds a raw scan may mean, in order.
fn kinds(raw: &str, situation: Situation, labels: &[LabelRule]) -> String {
    let scan = Scan::read(raw, Device::Terminal, 0).unwrap();
    let all = meanings(&scan.code, scan.origin(), situation, labels);
    let all: Vec<String> = all.iter().map(|meaning| format!("{meaning:?}")).collect();
    all.join(" ")
}

#[test]
fn codes_that_were_seen() {
    let labels = [rule()];
    for (raw, situation, means) in [
        (
            "]E06957842208856",
            FRESH,
            "Barcode(06957842208856) PlainCode Card",
        ),
        (
            "416000336108",
            FRESH,
            "Barcode(00416000336108) PlainCode Card",
        ),
        (
            "0416000336108",
            FRESH,
            "Barcode(00416000336108) PlainCode Card",
        ),
        (
            "]I124012345678905",
            FRESH,
            "Barcode(24012345678905) PlainCode Card",
        ),
        ("]C001234000057\r", FRESH, "PlainCode Card"),
        ("260012301575005258", FRESH, "Label(00123)"),
        (
            "260012301575005258",
            Situation::Tendering,
            "Payment(Alipay)",
        ),
        ("260012301575005258", Situation::Locked, ""),
        ("260012301575005250", FRESH, "Payment(Alipay)"),
        ("135112298638468293", FRESH, "Payment(WeChat)"),
        (
            "289431869362714645",
            Situation::Tendering,
            "Payment(Alipay)",
        ),
        (
            "]C10106957842208856101",
            FRESH,
            "Gs1(06957842208856) PlainCode Card",
        ),
        ("]C00106957842208856101", FRESH, "Payment(ECny)"),
        (
            "https://id.gs1.org/01/06957842208856",
            FRESH,
            "Gs1(06957842208856) PlainCode Card",
        ),
        ("]C100006141411234567890", FRESH, "PlainCode Card"),
        ("-&\"àè-ààà\"è-ç", FRESH, "Barcode(06130760003769)"),
        ("áříč+řžěýééáý", FRESH, "Barcode(08594156270087)"),
        (
            "６９５７８４２２０８８５６",
            FRESH,
            "Barcode(06957842208856) PlainCode Card",
        ),
        (
            "]C18110106141416543213500110000310123196000",
            FRESH,
            "Coupon PlainCode Card",
        ),
        ("0040856634", FRESH, "PlainCode Card"),
        ("111,27706", FRESH, "PlainCode Card"),
        (";4111111111111111=25121010000000000000?", FRESH, "BankCard"),
        // A number of a WeChat card (see a_wechat_card_of_twelve_digits), one in ten a right UPC-A as well.
        ("318401234568", FRESH, "PlainCode Card"),
        (
            "012345678905",
            FRESH,
            "Barcode(00012345678905) PlainCode Card",
        ),
    ] {
        let all = kinds(raw, situation, &labels);
        assert!(
            all == means
                || all.starts_with(&format!("{means} "))
                    && all[means.len()..].starts_with(" Mended"),
            "{raw}: {all}"
        );
    }
}

/// The automatic number of a `WeChat` member card (scanner.md 5.5): whoever bound it is found by it as it is
/// printed, also when it happens to be a right UPC-A.
#[test]
fn a_wechat_card_of_twelve_digits() {
    for number in ["318401234568", "012345678905"] {
        for origin in [Origin::Scanned, Origin::Typed] {
            let all = meanings(number, origin, FRESH, &[]);
            let is_card = |one: &Meaning| matches!(one, Meaning::Card(text) if text == number);
            assert!(all.iter().any(is_card), "{number}: {all:?}");
            assert!(known_as(&all).contains(&number.to_owned()), "{number}");
        }
        assert_eq!(Card::read(number).unwrap().number(), number);
    }
}

/// Everything the parsers look for.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "01",
    "06957842208856",
    "17",
    "260312",
    "10",
    "A",
    "\u{1d}",
    "(",
    ")",
    "(01)",
    "(10)",
    "3103",
    "392",
    "8005",
    "https://",
    "HTTP://",
    "/01/",
    "%",
    "%2F",
    "?",
    "=",
    "&",
    "#",
    "260012301575005258",
    "26",
    "135112298638468293",
    "GT",
    "GS",
    "GC",
    "%B",
    "^",
    ";",
    ",",
    "111,27706",
    "08A1",
    "é",
    "ř",
    "!",
    "－",
    "５",
    "王",
    "\u{0}",
    " ",
    "0",
    "9",
    "]C1",
    "]",
    "fp",
];

/// Pieces of everything the parsers look for, put together by a simple generator: no input makes any of them panic,
/// and none takes longer than its length deserves.
#[test]
fn parsers_take_anything() {
    let labels = [rule()];
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |most: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 11).unwrap() % most
    };
    for round in 0..20_000 {
        let mut text = String::new();
        // Every tenth as long as an input can be, of one piece or two.
        let pieces = if round % 10 == 0 { 400 } else { next(12) };
        let few = [next(PIECES.len()), next(PIECES.len())];
        for _ in 0..pieces {
            let piece = if pieces == 400 {
                few[next(2)]
            } else {
                next(PIECES.len())
            };
            text.push_str(PIECES[piece]);
        }
        let text: String = text.chars().take(MAX_INPUT + next(2)).collect();
        for origin in [Origin::Typed, Origin::Scanned, Origin::Gs1] {
            for situation in [FRESH, Situation::Tendering, Situation::Locked] {
                let all = meanings(&text, origin, situation, &labels);
                let charges = |m: &Meaning| matches!(m, Meaning::Amount(_) | Meaning::Quantity(_));
                assert!(
                    origin == Origin::Typed || !all.iter().any(charges),
                    "{text}"
                );
                assert!(known_as(&all).len() <= 12, "{text}");
            }
        }
        let _ = (
            Card::read(&text),
            gs1::read(&text),
            label::read(&text, &labels),
        );
        let _ = (
            chip::other_forms(&text),
            damage::unshifted(&text),
            damage::with_lost_digit(&text),
        );
        let shown = Shown {
            plu: "1".to_owned(),
            grams: Some(1),
            money: None,
        };
        let _ = (
            damage::joined(&text, &text),
            propose(&text, &shown),
            Scan::read(&text, Device::Terminal, 0),
        );
    }
}

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

async fn found(till: &Counter, query: Query) -> Found {
    match till.db.answer(query).await.unwrap() {
        Reply::Found(found) => found,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rules_are_saved_by_who_may_and_labels_find_goods() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let keep = |editor, label| till.db.answer(Query::SaveLabel { editor, label });
    assert_eq!(hint(keep(CASHIER, rule()).await), "staff.no_right");
    let Reply::Saved(shop) = keep(OWNER, rule()).await.unwrap() else {
        panic!("not saved");
    };
    let [kept] = &shop.labels[..] else {
        panic!("{:?}", shop.labels);
    };
    assert_eq!(
        (kept.id, kept.version, kept.pattern()),
        (1, 1, rule().pattern())
    );
    assert_eq!(hint(keep(OWNER, rule()).await), "label.taken");
    let other = LabelRule {
        active: false,
        ..kept.clone()
    };
    let Reply::Saved(shop) = keep(OWNER, other).await.unwrap() else {
        panic!("not saved");
    };
    assert!(!shop.labels[0].active);
    // What the first editor saw is old by now.
    assert_eq!(hint(keep(OWNER, kept.clone()).await), "manage.changed");

    let edit = |code: &str, name: &str| Query::SaveProduct {
        editor: OWNER,
        edit: Box::new(ProductEdit {
            package: None,
            id: None,
            version: 0,
            code: Some(code.to_owned()),
            name: name.to_owned(),
            category: None,
            kind: ProductKind::Weight,
            price: Fen(3_000),
            member_price: None,
            active: true,
        }),
    };
    till.db.answer(edit("123", "苹果")).await.unwrap();
    till.db.answer(edit("05258", "另一种")).await.unwrap();
    let label = kept.read("260012301575005258").unwrap();
    let codes = label.codes.clone();
    let Found::Product(apples) = found(&till, Query::Goods { codes }).await else {
        panic!("no goods");
    };
    assert_eq!(apples.name, "苹果");
    let line = Carried::by_label(&label).line(&apples, 1).unwrap();
    assert_eq!((line.quantity, line.carried.money), (525, Some(Fen(1_575))));
    // The amount of the line is the label's, through the ledger and back.
    let quote = guitai::domain::price::quote(&[line], None, &till.shop);
    let mut sale = till.sale(None, 1_575, guitai::domain::tender::TenderKind::Wechat);
    sale.lines = quote.lines;
    let receipt = till
        .receipt(Query::Sell {
            request: sale,
            member: None,
        })
        .await
        .unwrap();
    assert_eq!(
        (receipt.net(), receipt.lines[0].quantity),
        (Fen(1_575), 525)
    );
    let codes = vec!["99999".to_owned()];
    assert_eq!(found(&till, Query::Goods { codes }).await, Found::Nothing);
}

#[tokio::test]
async fn a_card_by_another_reader_is_found_in_one_question() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    let other = till.enrol("13800001381").await;
    let by = By {
        staff_id: CASHIER,
        till_id: 1,
    };
    let add = |member_id, card: &str| {
        let card = card.to_owned();
        till.db.answer(Query::AddCard {
            member_id,
            by,
            card,
        })
    };
    add(her.id, "0040856634").await.unwrap();
    let scan = |code: &str| scanned(code, None);
    for code in [
        "004335823930",
        "07302202",
        "111,27706",
        "00623,27706",
        "026F6C3A",
        "01026F6C3A",
    ] {
        let Found::Like { member, card } = found(&till, scan(code)).await else {
            panic!("{code}");
        };
        assert_eq!((member.id, card.as_str()), (her.id, "0040856634"), "{code}");
    }
    assert_eq!(found(&till, scan("0040856635")).await, Found::Nothing);
    // Confirmed, both numbers are known; of two members nobody is named.
    add(her.id, "07302202").await.unwrap();
    assert!(
        matches!(found(&till, scan("07302202")).await, Found::Member(member) if member.id == her.id)
    );
    add(other.id, "00623,27706").await.unwrap();
    assert_eq!(found(&till, scan("111,27706")).await, Found::Nothing);
}

fn scanned(code: &str, reader: Option<&Reader>) -> Query {
    let all = meanings(code, Origin::Scanned, FRESH, &[]);
    let (codes, near) = known_by(&all, reader);
    Query::Scan { codes, near }
}

/// A card of five bytes is found by readers that print four or three of them: asked about until the reader's
/// form is known, and then exact.
#[tokio::test]
async fn a_reader_whose_form_is_known_finds_a_card_without_a_question() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let by = By {
        staff_id: CASHIER,
        till_id: 1,
    };
    let add = |member_id, card: &str| {
        let card = card.to_owned();
        till.db.answer(Query::AddCard {
            member_id,
            by,
            card,
        })
    };
    let five = till.enrol("13800001380").await;
    let hex = till.enrol("13800001381").await;
    let four = till.enrol("13800001382").await;
    add(five.id, "004335823930").await.unwrap();
    add(hex.id, "01026F6C3B").await.unwrap();
    add(four.id, "0461851553").await.unwrap();
    // No five bytes.
    add(four.id, "999999999999").await.unwrap();
    for (printed, kept, id) in [
        ("0040856634", "004335823930", five.id),
        ("07302202", "004335823930", five.id),
        ("111,27706", "004335823930", five.id),
        ("07302203", "01026F6C3B", hex.id),
        ("111,27707", "01026F6C3B", hex.id),
        ("2706081563", "0461851553", four.id),
    ] {
        let Found::Like { member, card } = found(&till, scanned(printed, None)).await else {
            panic!("{printed}");
        };
        assert_eq!((member.id, card.as_str()), (id, kept), "{printed}");
        let reader = Reader::proved(printed, kept).unwrap();
        let Found::Member(member) = found(&till, scanned(printed, Some(&reader))).await else {
            panic!("{printed}");
        };
        assert_eq!(member.id, id, "{printed}");
    }
    // Two cards that end alike name nobody, however well the reader is known.
    add(hex.id, "008630791226").await.unwrap();
    let reader = Reader::proved("07302202", "004335823930").unwrap();
    for reader in [None, Some(&reader)] {
        let found = found(&till, scanned("07302202", reader)).await;
        assert_eq!(found, Found::Nothing);
    }
    // What the reader's form does not cover is still asked about.
    let found = found(&till, scanned("1B874BA1", Some(&reader))).await;
    assert!(matches!(found, Found::Like { .. }), "{found:?}");
}
