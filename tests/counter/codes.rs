//! Codes that must not be taken for cards: they go nowhere and are shown nowhere (PV1).

use chrono::TimeDelta;
use guitai::domain::token::{Bearer, Token};
use guitai::error::Refusal;
use guitai::event::What;
use guitai::query::{EnrolRequest, Query};

use super::desk::{Desk, counter};
use super::{NEW_PHONE, OIL, PHONE};
use crate::support::console::Console;

const WALLETS: [&str; 3] = [
    "135112298638468293",
    "289431869362714645",
    "6212345678901234567",
];
const STRIPE: &str = "%B4111111111111111^WANG/XIAOMING^2512101?";
/// What the desk knows as somebody's badge.
const BADGE: &str = "0099102";

/// Neither asked, nor shown, nor held anywhere; `enough` of it is as good as the whole.
fn nothing_of(console: &mut Console<&Desk>, desk: &Desk, secret: &str) {
    let enough: String = secret.chars().take(15).collect();
    let asked = format!("{:?}", desk.asked());
    assert!(!asked.contains(&enough), "{asked}");
    let screen = console.screen();
    assert!(!screen.contains(&enough), "{screen}");
    let held = console.debug();
    assert!(!held.contains(&enough), "{held}");
}

async fn scan(console: &mut Console<&Desk>, code: &str) {
    console.wait(TimeDelta::seconds(1));
    console.burst(code).burst("<Enter>").settle().await;
}

#[tokio::test]
async fn a_payment_code_at_the_counter_goes_nowhere() {
    for wallet in WALLETS {
        for member in [false, true] {
            let desk = Desk::new();
            let mut console = counter(&desk);
            if member {
                scan(&mut console, "0088001").await;
            }
            scan(&mut console, wallet).await;
            let screen = console.screen();
            assert!(screen.contains("这是付款码"), "{screen}");
            nothing_of(&mut console, &desk, wallet);
            // Nothing waits for an Enter.
            console.keys("<Enter>").settle().await;
            nothing_of(&mut console, &desk, wallet);
            scan(&mut console, OIL).await;
            scan(&mut console, wallet).await;
            let screen = console.screen();
            assert!(
                screen.contains("按 F2 收款") && screen.contains("128.00"),
                "{screen}"
            );
            assert!(
                console
                    .keys("<F12>")
                    .screen()
                    .contains("F2 to take the money")
            );
            nothing_of(&mut console, &desk, wallet);
        }
    }
}

#[tokio::test]
async fn a_payment_code_that_is_typed_is_not_looked_up_on_the_way() {
    for (typed, member) in [
        ("135112298638468293", false),
        ("135112298638468293", true),
        ("1351 1229 8638 4682 93", false),
        ("１３５１１２２９８６３８４６８２９３", false),
    ] {
        let desk = Desk::new();
        let mut console = counter(&desk);
        if member {
            scan(&mut console, "0088001").await;
        }
        for glyph in typed.chars() {
            console.keys(&glyph.to_string()).settle().await;
        }
        console.wait(TimeDelta::seconds(1)).settle().await;
        console.keys("<Enter>").settle().await;
        let screen = console.screen();
        assert!(screen.contains("这是付款码"), "{typed}: {screen}");
        nothing_of(&mut console, &desk, typed);
        nothing_of(&mut console, &desk, WALLETS[0]);
    }
}

#[tokio::test]
async fn a_pasted_one_never_stands_in_the_line() {
    for (secret, says) in [(WALLETS[0], "这是付款码"), (STRIPE, "银行卡")] {
        let desk = Desk::new();
        let mut console = counter(&desk);
        // A terminal may hand a scan over as a paste.
        console
            .event(What::Paste(format!("{secret}\r")))
            .settle()
            .await;
        let screen = console.screen();
        assert!(screen.contains(says), "{screen}");
        nothing_of(&mut console, &desk, secret);
    }
}

#[tokio::test]
async fn a_bank_card_is_refused_and_wiped() {
    for track in [STRIPE, ";4111111111111111=25121010000000000000?"] {
        for member in [false, true] {
            let desk = Desk::new();
            let mut console = counter(&desk);
            if member {
                scan(&mut console, "0088001").await;
            }
            scan(&mut console, track).await;
            let screen = console.screen();
            assert!(screen.contains("银行卡"), "{screen}");
            nothing_of(&mut console, &desk, track);
            nothing_of(&mut console, &desk, "4111111111111111");
        }
    }
}

#[tokio::test]
async fn a_scan_over_a_question_is_judged_like_any_other() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    scan(&mut console, "0077712").await;
    assert!(console.screen().contains("没有人认识"));
    scan(&mut console, WALLETS[0]).await;
    assert!(console.screen().contains("这是付款码"));
    nothing_of(&mut console, &desk, WALLETS[0]);
}

#[tokio::test]
async fn a_strange_badge_or_member_code_is_no_card_and_no_product() {
    for bearer in [Bearer::Staff, Bearer::Member] {
        let token = Token::mint(bearer, [7; 10]).to_string();
        for member in [false, true] {
            let desk = Desk::new();
            let mut console = counter(&desk);
            if member {
                scan(&mut console, "0088001").await;
            }
            scan(&mut console, &token).await;
            let screen = console.screen();
            assert!(
                screen.contains("不认识的会员码或工牌") && !screen.contains(&token),
                "{screen}"
            );
            console.keys("<Enter>").settle().await;
            let kept = desk
                .asked()
                .iter()
                .any(|query| matches!(query, Query::AddCard { .. } | Query::SaveProduct { .. }));
            assert!(!kept && !console.screen().contains("开会员卡"));
        }
    }
}

#[tokio::test]
async fn what_is_too_long_for_a_card_is_not_offered_as_one() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    scan(&mut console, "0088001").await;
    scan(&mut console, &"8812345".repeat(6)).await;
    let screen = console.screen();
    assert!(
        screen.contains("没有人认识") && !screen.contains("把这张卡"),
        "{screen}"
    );
}

#[tokio::test]
async fn an_unknown_gs1_symbol_is_named_by_its_item_and_is_no_card() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    for code in [
        "]C101069000000000141726123110A",
        "01069000000000141726123110A",
    ] {
        scan(&mut console, code).await;
        let screen = console.screen();
        assert!(
            screen.contains("没有人认识这个码:06900000000014 "),
            "{screen}"
        );
        assert!(
            screen.contains("添加为新商品") && !screen.contains("开会员卡"),
            "{screen}"
        );
        console.keys("<Esc>");
    }
}

fn enrolled(desk: &Desk) -> Vec<EnrolRequest> {
    let asked = desk.asked();
    let requests = asked.into_iter().filter_map(|query| match query {
        Query::Enrol(request) => Some(*request),
        _ => None,
    });
    requests.collect()
}

/// What is no card, and what the screen says of it.
fn no_cards() -> Vec<(String, &'static str)> {
    let staff = Token::mint(Bearer::Staff, [7; 10]).to_string();
    let member = Token::mint(Bearer::Member, [7; 10]).to_string();
    let mut all: Vec<(String, &str)> = WALLETS.map(|code| (code.to_owned(), "付款码")).to_vec();
    all.extend([
        (STRIPE.to_owned(), "银行卡"),
        (OIL.to_owned(), "商品条码"),
        (BADGE.to_owned(), "会员码或工牌"),
        (staff, "会员码或工牌"),
        (member, "会员码或工牌"),
        (PHONE.to_owned(), "手机号"),
        ("0088001".to_owned(), "已经登记"),
        ("8812345".repeat(6), "4 至 40 位"),
    ]);
    all
}

#[tokio::test]
async fn in_the_enrol_form_only_a_card_is_a_card() {
    for (code, says) in no_cards() {
        let desk = Desk::new();
        let mut console = counter(&desk);
        console.keys(NEW_PHONE).keys("<Enter>").settle().await;
        scan(&mut console, &code).await;
        let screen = console.screen();
        assert!(screen.contains(says), "{code}: {screen}");
        assert!(!screen.contains(&code), "{code}: {screen}");
        console.keys("<Enter>").settle().await;
        let [request] = &enrolled(&desk)[..] else {
            panic!("enrolled with her phone");
        };
        assert_eq!(
            (request.card.as_deref(), request.phone.as_deref()),
            (None, Some(NEW_PHONE))
        );
    }
}

#[tokio::test]
async fn in_the_enrol_form_a_typed_card_is_judged_like_a_scanned_one() {
    for (code, says) in no_cards() {
        let desk = Desk::new();
        let mut console = counter(&desk);
        console.keys(NEW_PHONE).keys("<Enter>").settle().await;
        console.keys("<Down><Down>").keys(&code).settle().await;
        console.keys("<Enter>").settle().await;
        let screen = console.screen();
        assert!(screen.contains(says), "{code}: {screen}");
        assert!(enrolled(&desk).is_empty(), "{code}");
        if ["付款码", "银行卡"].contains(&says) {
            nothing_of(&mut console, &desk, &code);
        }
    }
}

#[tokio::test]
async fn in_the_enrol_form_a_card_of_another_reader_is_said_before_it_enrols() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    scan(&mut console, "0099999").await;
    console.keys("<Enter>").settle().await;
    scan(&mut console, "07302202").await;
    let screen = console.screen();
    assert!(screen.contains("像是 王晓明 的卡"), "{screen}");
    let enrols = |desk: &Desk| {
        let asked = desk.asked();
        asked
            .iter()
            .filter(|query| matches!(query, Query::Enrol(_)))
            .count()
    };
    assert_eq!(enrols(&desk), 0);
    console.keys("<Enter>").settle().await;
    assert_eq!(enrols(&desk), 1);
}

#[tokio::test]
async fn a_new_card_is_asked_about_once_and_enrols() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys(NEW_PHONE).keys("<Enter>").settle().await;
    // Enter overtakes the answer.
    console.wait(TimeDelta::seconds(1));
    console
        .burst("0077712")
        .burst("<Enter>")
        .wait(TimeDelta::seconds(1));
    console.keys("<Enter>").settle().await;
    let [request] = &enrolled(&desk)[..] else {
        panic!("{:?}", desk.asked());
    };
    assert_eq!(request.card.as_deref(), Some("0077712"));
    assert_eq!(desk.presses(), 2, "her phone and the card");
}

#[tokio::test]
async fn a_stripe_or_a_payment_code_is_no_name_and_no_note() {
    for secret in [STRIPE, WALLETS[0]] {
        let desk = Desk::new();
        let mut console = counter(&desk);
        console.keys(NEW_PHONE).keys("<Enter>").settle().await;
        console.keys(secret).keys("<Enter>").settle().await;
        let screen = console.screen();
        assert!(screen.contains("! "), "{screen}");
        assert!(enrolled(&desk).is_empty());
        nothing_of(&mut console, &desk, secret);
    }
}

#[tokio::test]
async fn a_known_phone_with_a_new_card_offers_to_add_the_card() {
    for yes in [true, false] {
        let desk = Desk::new();
        let mut console = counter(&desk);
        scan(&mut console, "0077712").await;
        console.keys("<Enter>").settle().await;
        console.keys(PHONE).keys("<Enter>").settle().await;
        let screen = console.screen();
        assert!(
            screen.contains("王晓明 已经是会员") && screen.contains("把这张卡加给她"),
            "{screen}"
        );
        console
            .keys(if yes { "<Enter>" } else { "<Esc>" })
            .settle()
            .await;
        let added: Vec<_> = desk
            .asked()
            .into_iter()
            .filter_map(|query| match query {
                Query::AddCard {
                    member_id,
                    by,
                    card,
                } => Some((member_id, by.staff_id, card)),
                _ => None,
            })
            .collect();
        let screen = console.screen();
        assert!(
            screen.contains("1,234.00"),
            "she is on the screen: {screen}"
        );
        if yes {
            assert_eq!(added, [(7, 101, "0077712".to_owned())]);
            assert!(screen.contains("卡已加上"), "{screen}");
        } else {
            assert!(added.is_empty() && screen.contains("卡没有加"), "{screen}");
        }
    }
}

#[tokio::test]
async fn a_known_phone_without_a_card_opens_her() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console
        .keys("<F10><Enter>")
        .keys(PHONE)
        .keys("<Enter>")
        .settle()
        .await;
    let screen = console.screen();
    assert!(
        screen.contains("已经是会员,没有重复开卡") && screen.contains("1,234.00"),
        "{screen}"
    );
}

#[tokio::test]
async fn nobody_is_born_in_the_future() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys(NEW_PHONE).keys("<Enter>").settle().await;
    console
        .keys("<Down><Down><Down>20990101<Enter>")
        .settle()
        .await;
    assert!(enrolled(&desk).is_empty());
    console.keys("<Ctrl-u>1990年3月14日<Enter>").settle().await;
    let [request] = &enrolled(&desk)[..] else {
        panic!("{}", console.screen());
    };
    let person = &request.person;
    assert_eq!(
        (person.birth_year, person.birth_month, person.birth_day),
        (Some(1990), Some(3), Some(14))
    );
}

#[tokio::test]
async fn on_the_card_of_a_member_only_a_card_is_added() {
    for (code, says) in no_cards() {
        let desk = Desk::new();
        let mut console = counter(&desk);
        scan(&mut console, "0088001").await;
        console.keys("<F4>").settle().await;
        console.keys("<F6>").settle().await;
        scan(&mut console, &code).await;
        let screen = console.screen();
        assert!(
            screen.contains(says) && !screen.contains(&code),
            "{code}: {screen}"
        );
        console.keys("<Enter>").keys(&code).settle().await;
        console.keys("<Enter>").settle().await;
        let screen = console.screen();
        assert!(screen.contains(says), "typed {code}: {screen}");
        let added = desk
            .asked()
            .iter()
            .any(|query| matches!(query, Query::AddCard { .. }));
        assert!(!added, "{code}");
        if ["付款码", "银行卡"].contains(&says) {
            nothing_of(&mut console, &desk, &code);
        }
    }
}

#[tokio::test]
async fn a_sale_is_nobodys_by_a_payment_code() {
    for secret in [WALLETS[0], STRIPE] {
        let desk = Desk::new();
        let mut console = counter(&desk);
        console.keys("68<Enter><Enter>").settle().await;
        console.keys("<F11>").settle().await;
        assert!(
            console.screen().contains("补记到会员名下"),
            "{}",
            console.screen()
        );
        scan(&mut console, secret).await;
        let says = if secret == STRIPE {
            "银行卡"
        } else {
            "付款码"
        };
        assert!(console.screen().contains(says), "{}", console.screen());
        nothing_of(&mut console, &desk, secret);
        for glyph in secret.chars() {
            console.keys(&glyph.to_string()).settle().await;
        }
        console.keys("<Enter>").settle().await;
        let asked = format!("{:?}", desk.asked());
        let enough: String = secret.chars().take(15).collect();
        assert!(!asked.contains(&enough), "{asked}");
    }
}

fn attached(desk: &Desk) -> Vec<uuid::Uuid> {
    let asked = desk.asked();
    let ids = asked.iter().filter_map(|query| match query {
        Query::Attach { request, .. } => Some(request.stamp.id),
        _ => None,
    });
    ids.collect()
}

#[tokio::test]
async fn an_anonymous_sale_is_confirmed_and_asked_again_under_one_id() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys("68<Enter><Enter>").settle().await;
    console.keys(PHONE).keys("<Enter>").settle().await;
    console.keys("<F11>").settle().await;
    assert!(
        console.screen().contains("本单补记到 王晓明 名下?"),
        "{}",
        console.screen()
    );
    assert!(attached(&desk).is_empty());
    desk.refuse(Refusal::offline());
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("连不上数据库"));
    console.keys("<Enter><Enter>").settle().await;
    let ids = attached(&desk);
    assert_eq!(ids.len(), 2, "{}", console.screen());
    assert_eq!(ids[0], ids[1], "the same question");
    assert!(
        console.screen().contains("积分 +68"),
        "{}",
        console.screen()
    );
    console.keys("<F11>").settle().await;
    assert_eq!(attached(&desk).len(), 2, "points are granted once");
}

#[tokio::test]
async fn a_sale_that_became_somebodys_meanwhile_is_no_longer_offered() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    console.keys("68<Enter><Enter>").settle().await;
    console.keys(PHONE).keys("<Enter>").settle().await;
    desk.refuse(Refusal::user("attach.taken"));
    console.keys("<F11>").settle().await;
    console.keys("<Enter>").settle().await;
    assert!(
        console.screen().contains("已经记在会员名下"),
        "{}",
        console.screen()
    );
    console.keys("<F11>").settle().await;
    assert_eq!(attached(&desk).len(), 1);
    assert!(
        !console.screen().contains("本单补记到"),
        "{}",
        console.screen()
    );
}
