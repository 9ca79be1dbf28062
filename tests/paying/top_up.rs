//! Offers, benefits before paying, limits and approval (SV4, SV10, OP3).

use guitai::domain::benefit::Benefit;
use guitai::domain::money::Fen;
use guitai::domain::shop::LimitsProfile;
use guitai::domain::slip;
use guitai::domain::tender::TenderKind;
use guitai::domain::top_up::TopUpRequest;
use guitai::query::Query;
use guitai::ui::screens::top_up::TopUp;
use guitai::ui::text::Lang;

use super::{Books, Got, member, receipt, till};
use crate::support::console::Console;

fn screen(principal: i64) -> TopUp {
    TopUp::new(Box::new(member(principal, 0)))
}

/// The screen, once it knows what she loaded before.
async fn open(books: &Books, screen: TopUp) -> (Console<&Books>, Got) {
    let (mut console, got) = till(books, screen);
    console.settle().await;
    (console, got)
}

fn request(books: &Books) -> TopUpRequest {
    match books.money().pop() {
        Some(Query::TopUp { request, .. }) => request,
        other => panic!("a top-up, not {other:?}"),
    }
}

#[tokio::test]
async fn a_tile_shows_its_benefits_and_enter_enter_pays() {
    let books = Books::new();
    let (mut console, got) = open(&books, screen(12_000)).await;
    console.keys("<Right><Right>");
    insta::assert_snapshot!("top_up", console.screen());
    insta::assert_snapshot!("top_up_45", console.size(45, 30).screen());
    console.size(80, 24).keys("<F12>");
    insta::assert_snapshot!("top_up_en", console.screen());
    console.keys("<Enter>");
    assert!(!console.screen().contains("Stored value"));
    insta::assert_snapshot!("top_up_paying_45_en", console.size(45, 30).screen());
    console.size(80, 24).keys("<F12>");
    insta::assert_snapshot!("top_up_paying", console.screen());
    console.keys("<Enter>").settle().await;
    let request = request(&books);
    assert_eq!(
        (request.amount, request.rule),
        (Fen::yuan(2_000), Some((3, 3)))
    );
    assert_eq!(request.tenders[0].kind, TenderKind::Cash);
    assert_eq!(receipt(&got).document.instalments.len(), 4);
}

#[tokio::test]
async fn a_typed_amount_gets_the_highest_offer_it_reaches() {
    let books = Books::new();
    let (mut console, _) = open(&books, screen(0)).await;
    console.keys("1680");
    let shown = console.screen();
    assert!(
        shown.contains("200.00") && shown.contains("1,680.00"),
        "{shown}"
    );
    console.keys("<Enter><Enter>").settle().await;
    assert_eq!(request(&books).rule, Some((2, 3)));
    let (mut console, _) = open(&books, screen(0)).await;
    console.keys("88<Enter><Enter>").settle().await;
    assert_eq!(request(&books).rule, None);
}

#[tokio::test]
async fn limits_warn_once_or_refuse() {
    let mut books = Books::new();
    let (mut console, _) = open(&books, screen(450_000)).await;
    console.keys("600<Enter>");
    assert!(console.screen().contains("5000 元的记名卡限额"));
    console.keys("<Left><Enter><Enter>").settle().await;
    assert_eq!(request(&books).amount, Fen::yuan(600));
    books.shop.limits_profile = LimitsProfile::Enforce;
    let (mut console, _) = open(&books, screen(450_000)).await;
    console.keys("600<Enter><Enter><Enter>").settle().await;
    assert_eq!(books.money().len(), 1);
    books.shop.limits_profile = LimitsProfile::Off;
    let (mut console, _) = open(&books, screen(450_000)).await;
    console.keys("600<Enter><Enter>").settle().await;
    assert_eq!(books.money().len(), 2);
}

#[tokio::test]
async fn beyond_her_limit_a_manager_approves() {
    let mut books = Books::new();
    books.shop.limits_profile = LimitsProfile::Off;
    let (mut console, _) = open(&books, screen(0)).await;
    console.keys("6000<Enter>");
    assert!(console.screen().contains("超过您的权限"));
    console.keys("201<Enter>1357<Enter>").settle().await;
    console.keys("<Enter>").settle().await;
    assert_eq!(request(&books).stamp.approver_id, Some(201));
}

/// OP3: slices gain nothing, and whoever approves is asked for all of them.
#[tokio::test]
async fn so_does_the_slice_that_goes_beyond_it() {
    let mut books = Books::new();
    books.shop.limits_profile = LimitsProfile::Off;
    books.alone = Fen::yuan(4_900);
    let (mut console, _) = open(&books, screen(0)).await;
    console.keys("100<Enter><Enter>").settle().await;
    assert_eq!(request(&books).stamp.approver_id, None);
    // Before the answer is there.
    let (mut console, _) = till(&books, screen(0));
    console.keys("101<Enter>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("本班已给这位会员充值 4,900.00"), "{screen}");
    console.keys("201<Enter>1357<Enter>").settle().await;
    console.keys("<Enter>").settle().await;
    assert_eq!(request(&books).stamp.approver_id, Some(201));
}

#[tokio::test]
async fn so_much_cash_is_asked_about() {
    let mut books = Books::new();
    books.shop.limits[0].top_up_max = Fen::yuan(100_000);
    let (mut console, _) = open(&books, screen(0)).await;
    console.keys("50000<Enter><Left><Enter><Enter>");
    assert!(console.screen().contains("须转账支付"));
    console.keys("<Enter>").settle().await;
    assert!(books.money().is_empty());
    console.keys("<Enter><Left><Enter>").settle().await;
    assert_eq!(books.money().len(), 1);
}

#[tokio::test]
async fn a_shop_without_offers_says_what_to_do() {
    let mut books = Books::new();
    books.shop.rules.clear();
    let (mut console, _) = open(&books, screen(0)).await;
    assert!(console.screen().contains("直接输入金额"));
    console.keys("<Enter>");
    assert!(console.screen().contains("请输入金额"));
}

#[tokio::test]
async fn of_two_offers_of_one_amount_the_chosen_one_counts() {
    let mut books = Books::new();
    let mut points = books.shop.rules[1].clone();
    points.id = 4;
    points.benefits = vec![Benefit::Points { points: 3_000 }];
    books.shop.rules.push(points);
    for (keys, rule, shows) in [
        ("<Right>", 2, "500"),
        ("<Right><Right>", 4, "3000"),
        ("<Right><Right><Left>", 2, "500"),
        ("<Right><Right><Right>", 3, "1000"),
        ("1000", 4, "3000"),
        ("1000<Esc><Left>", 2, "500"),
    ] {
        let (mut console, _) = open(&books, screen(0)).await;
        let shown = console.keys(keys).screen();
        let got = shown.lines().any(|line| {
            line.contains("本次积分") && line.split_whitespace().any(|word| word == shows)
        });
        assert!(got, "{keys}: {shown}");
        console.keys("<Enter><Enter>").settle().await;
        assert_eq!(request(&books).rule, Some((rule, 3)), "{keys}");
    }
}

#[tokio::test]
async fn an_offer_that_ended_since_it_was_chosen_is_refused_not_lost() {
    let mut books = Books::new();
    let end = crate::support::console::morning() + chrono::TimeDelta::minutes(5);
    books.shop.rules[1].valid_to = Some(end);
    let (mut console, _) = open(&books, screen(0)).await;
    console.keys("<Right>").wait(chrono::TimeDelta::minutes(6));
    console.keys("<Enter><Enter>").settle().await;
    assert!(
        console.screen().contains("刚刚变更或已结束"),
        "{}",
        console.screen()
    );
}

#[tokio::test]
async fn the_end_of_a_bonus_is_said_before_and_after() {
    let mut books = Books::new();
    for rule in [1, 2] {
        let Some(Benefit::Bonus { valid_days, .. }) = books.shop.rules[rule].benefits.first_mut()
        else {
            panic!();
        };
        *valid_days = Some(365);
    }
    let (mut console, _) = open(&books, screen(0)).await;
    assert!(!console.screen().contains("有效期至"));
    let shown = console.keys("<Right>").screen();
    assert!(shown.contains("有效期至 2027-03-09"), "{shown}");
    let shown = console.keys("<Right>").screen();
    assert_eq!(shown.matches("有效期至 2027-03-09").count(), 2, "{shown}");
    let (mut console, got) = open(&books, screen(0)).await;
    console.keys("<Right><Right><Enter><Enter>").settle().await;
    let receipt = receipt(&got);
    assert_eq!(receipt.document.expires_on, "2027-03-09".parse().ok());
    let paper = super::receipts::text(&receipt, Lang::Zh, slip::NARROW);
    for bonus in ["赠金(已到账)", "分期赠金"] {
        let mut below = paper.lines().skip_while(|line| !line.starts_with(bonus));
        assert_eq!(below.nth(1), Some("  有效期至 2027-03-09"), "{paper}");
    }
}
