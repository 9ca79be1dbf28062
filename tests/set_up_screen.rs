//! The first start, and signing in after it.

use chrono::TimeDelta;
use guitai::domain::money::Fen;
use guitai::domain::scan::{Device, Scan};
use guitai::domain::token::{Bearer, Token};
use guitai::event::What;
use guitai::query::Query;
use guitai::ui::screens::manage::Manage;
use guitai::ui::screens::set_up::SetUp;
use guitai::ui::screens::sign_in::SignIn;

use crate::support::console::{Console, parts};
use crate::support::office::{Office, signed_in};

/// The console of a shop that is still to be made; the menu stands for the counter.
fn first_start(office: &Office) -> Console<&Office> {
    office.empty.set(true);
    let mut parts = parts();
    parts.session.shop = None;
    Console::with(office, parts, SignIn::new(Some(|| Box::new(Manage::new()))))
}

fn scan(code: &str) -> What {
    What::Scan(Scan::read(code, Device::Terminal, 0).unwrap())
}

#[tokio::test]
async fn from_start_to_the_counter() {
    let office = Office::default();
    let mut console = first_start(&office);
    console.settle().await;
    insta::assert_snapshot!("set_up", console.screen());
    // Shop, trade, owner, number, PIN twice: 6 Enters; then the float: 1.
    console.keys("云裳理发<Enter>3<Enter>陈芳<Enter><Enter>2468<Enter>2468<Enter>");
    let screen = console.screen();
    assert!(screen.contains("正在建店"), "{screen}");
    console.keys("<Enter><Enter>").settle().await;
    let asked = office.asked.borrow().clone();
    let [
        Query::Opening,
        Query::SetUp(answers),
        Query::SignIn { number, pin },
    ] = asked.as_slice()
    else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (answers.shop.as_str(), answers.preset.as_str()),
        ("云裳理发", "salon")
    );
    assert_eq!(
        (answers.owner.as_str(), answers.store.as_str()),
        ("陈芳", "总店")
    );
    assert_eq!((number.as_str(), pin.0.as_str()), ("1", "2468"));
    assert_eq!(console.session().staff.as_ref().unwrap().name, "陈芳");
    assert!(console.screen().contains("开班"));
    console.keys("500<Enter>").settle().await;
    let shift = console.session().shift.clone().unwrap();
    assert_eq!(shift.opening_float, Fen::yuan(500));
    assert!(console.screen().contains("店铺设置"));
}

#[tokio::test]
async fn in_english_and_on_a_phone() {
    let office = Office::default();
    let mut console = Console::with(&office, parts(), SetUp::new());
    insta::assert_snapshot!("set_up_45", console.size(45, 30).screen());
    console.keys("<F12>").size(80, 24);
    insta::assert_snapshot!("set_up_en", console.keys("Cloud<Enter><Right>").screen());
    console
        .keys("<Enter>Fang<Enter><Enter>5802<Enter>5802<F2>")
        .settle()
        .await;
    let asked = office.asked.borrow().clone();
    let Some(Query::SetUp(answers)) = asked.first() else {
        panic!("{asked:?}");
    };
    assert!(answers.english);
    assert_eq!(answers.preset, "cafe");
}

#[tokio::test]
async fn industries_that_do_not_fit_are_announced_and_reached() {
    let office = Office::default();
    let mut console = Console::with(&office, parts(), SetUp::new());
    let screen = console.size(45, 24).screen();
    assert!(screen.contains("1 便利店"), "{screen}");
    assert!(screen.contains("下面还有 "), "{screen}");
    assert!(!screen.contains("8 宠物店"), "{screen}");
    console.keys("<Down>").keys(&"<Right>".repeat(7));
    let screen = console.screen();
    assert!(
        screen.contains("8 宠物店") && screen.contains("上面还有 "),
        "{screen}"
    );
    assert!(!console.size(45, 30).screen().contains("还有"));
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_was_typed_stays() {
    let office = Office::default();
    let mut console = Console::with(&office, parts(), SetUp::new());
    assert!(console.keys("<F2>").screen().contains("! 请填写"));
    console.keys("云裳<Tab><Tab>陈芳<Tab><Tab>");
    for (pin, again, says) in [
        ("12", "", "密码要 4 到 12 位数字"),
        ("1234", "", "太好猜"),
        ("2468", "2469", "两次密码不一样"),
    ] {
        let keys = format!("<Ctrl-u>{pin}<Enter><Ctrl-u>{again}<F2>");
        assert!(console.keys(&keys).screen().contains(says), "{says}");
        // Nobody sees what was typed wrong: both boxes are empty.
        assert!(!console.screen().contains('*') && !console.screen().contains('•'));
        if says != "两次密码不一样" {
            continue;
        }
        console.keys("2468<Enter>2468");
    }
    assert_eq!(office.count(), 0);
    office.cut();
    console.keys("<F2>").settle().await;
    assert!(console.screen().contains("连不上数据库"));
    let screen = console.keys("<Enter>").screen();
    assert!(screen.contains("云裳") && screen.contains("陈芳"));
    // The shop was made after all, only the answer was lost: she signs in.
    office.refuse("set_up.done_already");
    console.keys("<F2>").settle().await;
    assert!(console.screen().contains("已经有店铺"));
}

#[tokio::test]
async fn a_badge_stands_for_the_number() {
    let office = Office::default();
    let mut console = Console::open(&office);
    console.settle().await;
    console.event(scan("6901234567892"));
    console.event(scan(&Token::mint(Bearer::Member, [7; 10]).to_string()));
    assert!(!console.screen().contains("已扫工牌"));
    let badge = Token::mint(Bearer::Staff, [7; 10]).to_string();
    console.event(scan(&badge.to_lowercase()));
    insta::assert_snapshot!("badge", console.screen());
    console.keys("2468<Enter>").settle().await;
    let Query::SignIn { number, pin } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!((number, pin.0.as_str()), (badge, "2468"));
}

#[tokio::test]
async fn wrong_pins_say_how_long_to_wait() {
    let office = Office::default();
    let mut console = Console::open(&office);
    console.settle().await;
    let wait = guitai::error::Refusal::user("sign_in.wait").with("seconds", 30);
    *office.refuse.borrow_mut() = Some(wait);
    console.keys("1<Enter>9999<Enter>").settle().await;
    insta::assert_snapshot!("waits", console.screen());
    insta::assert_snapshot!("waits_en", console.keys("<F12>").screen());
    console.keys("<F12>").wait(TimeDelta::seconds(20));
    assert!(console.screen().contains("请等 0:10"));
    // Enter asks nobody until it is over; another number need not wait.
    let asked = office.count();
    console.keys("2468<Enter>").settle().await;
    assert_eq!(office.count(), asked);
    console.wait(TimeDelta::seconds(10));
    assert!(!console.screen().contains("请等"));
    let quiet = console.deadline().unwrap() - console.now();
    assert!(quiet > TimeDelta::seconds(2), "nothing ticks: {quiet}");
    console.keys("<Enter>").settle().await;
    assert!(console.session().staff.is_some());
}

#[tokio::test]
async fn somebody_else_need_not_wait() {
    let office = Office::default();
    let mut console = Console::open(&office);
    console.settle().await;
    let wait = guitai::error::Refusal::user("sign_in.wait").with("seconds", 3_600);
    *office.refuse.borrow_mut() = Some(wait);
    console.keys("1<Enter>9999<Enter>").settle().await;
    assert!(console.screen().contains("请等 60:00"));
    console.keys("<Up>2").settle().await;
    assert!(!console.screen().contains("请等"));
    console.keys("<Enter>2468<Enter>").settle().await;
    assert!(console.session().staff.is_some());
}

#[tokio::test]
async fn an_open_shift_goes_on_and_one_can_be_put_off() {
    let office = Office::default();
    let counter = SignIn::new(Some(|| Box::new(Manage::new())));
    let mut console = Console::with(&office, parts(), counter);
    console.settle().await;
    console.keys("1<Enter>2468<Enter>").settle().await;
    assert!(console.screen().contains("备用金"));
    console.keys("<Esc>");
    assert!(console.screen().contains("店铺设置"));
    assert_eq!(console.session().shift, None);
}

#[tokio::test]
async fn a_locked_till_keeps_what_is_on_the_screen() {
    let office = Office::default();
    let mut parts = signed_in();
    parts.idle_lock = Some(TimeDelta::minutes(5));
    let mut console = Console::with(&office, parts, Manage::new());
    console.keys("2").wait(TimeDelta::minutes(6));
    assert!(console.screen().contains("已锁定"));
    console.event(scan(&Token::mint(Bearer::Staff, [7; 10]).to_string()));
    console.keys("2468<Enter>").settle().await;
    console.keys("<Enter>");
    assert!(console.screen().contains("普卡"));
}
