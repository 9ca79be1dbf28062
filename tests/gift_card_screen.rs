//! Selling gift cards, by keys (SV10).

use guitai::domain::gift_card::{BuyerKind, CardSaleRequest};
use guitai::domain::money::Fen;
use guitai::domain::shop::LimitsProfile;
use guitai::domain::tender::TenderKind;
use guitai::query::Query;
use guitai::ui::screens::gift_card::SellCards;

use crate::support::console::Console;
use crate::support::office::{Office, shift, signed_in};

async fn open(office: &Office, profile: LimitsProfile) -> Console<&Office> {
    let mut parts = signed_in();
    parts.session.shift = Some(shift());
    if let Some(shop) = parts.session.shop.as_mut() {
        shop.limits_profile = profile;
    }
    let mut console = Console::with(office, parts, SellCards::new());
    console.settle().await;
    console
}

fn sold(office: &Office) -> Option<CardSaleRequest> {
    let asked = office.asked.borrow();
    asked.iter().find_map(|query| match query {
        Query::SellCards(request) => Some((**request).clone()),
        _ => None,
    })
}

fn picture(console: &mut Console<&Office>, name: &str) {
    insta::assert_snapshot!(name, console.screen());
    insta::assert_snapshot!(format!("{name}_45"), console.size(45, 30).screen());
    console.keys("<F12>").size(80, 24);
    insta::assert_snapshot!(format!("{name}_en"), console.screen());
    console.keys("<F12>");
}

#[tokio::test]
async fn codes_are_made_where_none_is_scanned() {
    let office = Office::default();
    let mut console = open(&office, LimitsProfile::Warn).await;
    console.keys("200<Enter><Ctrl-u>3<Enter><Right>");
    picture(&mut console, "gift_card");
    console.keys("<F2>").settle().await;
    let request = sold(&office).unwrap();
    assert_eq!(request.total(), Fen::yuan(600));
    assert_eq!(
        (request.way, request.buyer),
        (TenderKind::Wechat, BuyerKind::Person)
    );
    assert!(
        request
            .cards
            .iter()
            .all(|card| card.is_minted && card.code.starts_with("GT"))
    );
}

#[tokio::test]
async fn the_law_is_asked_about_or_binds() {
    let ten = "1000<Enter><Ctrl-u>10<F2>";
    let office = Office::default();
    let mut console = open(&office, LimitsProfile::Warn).await;
    console.keys(ten).settle().await;
    insta::assert_snapshot!("gift_card_warned", console.screen());
    assert_eq!(sold(&office), None);
    console.keys("<Left><Enter>").settle().await;
    assert_eq!(sold(&office).map(|it| it.cards.len()), Some(10));

    let office = Office::default();
    let mut console = open(&office, LimitsProfile::Enforce).await;
    console.keys(ten).settle().await;
    assert!(
        console.screen().contains("要登记购卡人"),
        "{}",
        console.screen()
    );
    console
        .keys("<Enter><Down><Down><Right><Down>某公司<Enter>12X<F2>")
        .settle()
        .await;
    assert!(
        console.screen().contains("后四位要一起填"),
        "{}",
        console.screen()
    );
    console.keys("<End>4<F2>").settle().await;
    assert!(
        console.screen().contains("不能收现"),
        "{}",
        console.screen()
    );
    assert_eq!(sold(&office), None);
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_it() {
    for (keys, says) in [
        ("0<F2>", "金额"),
        ("5<Enter><Ctrl-u>51<F2>", "一次 1 到 50 张"),
    ] {
        let office = Office::default();
        let mut console = open(&office, LimitsProfile::Warn).await;
        console.keys(keys).settle().await;
        let screen = console.screen();
        assert!(screen.contains(says), "{keys}: {screen}");
        assert_eq!(sold(&office), None);
    }
}
