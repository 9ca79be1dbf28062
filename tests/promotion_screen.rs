//! The owner's promotions, by keys: the list, the editor, the dry run.

use guitai::app::Parts;
use guitai::domain::money::Fen;
use guitai::domain::promotion::{Gift, Offer, Promotion, Rung, When};
use guitai::domain::scan::{Device, Scan};
use guitai::event::What;
use guitai::query::{PromotionEdit, Query};
use guitai::ui::screens::manage::list::List;
use guitai::ui::screens::manage::promotions::Promotions;

use crate::counter::offers::{rule, rungs};
use crate::support::console::Console;
use crate::support::office::{Office, products, signed_in};

/// Every state, every kind, and a long name.
fn promotions() -> Vec<Promotion> {
    let day = |text: &str| text.parse().ok();
    let mut nth = rule(1, "洗护第二件半价", Offer::Nth { n: 2, paid: 5_000 });
    nth.scope.categories = vec![1];
    nth.when.weekdays = vec![2, 3, 4];
    let mut coming = rule(2, "三八节满减", rungs(&[(100, 5), (200, 12)]));
    coming.when.from = day("2026-03-15");
    coming.when.until = day("2026-03-31");
    let mut over = rule(3, "元宵特价", Offer::Price { price: Fen(9_900) });
    over.when.until = day("2026-03-03");
    over.scope.products = vec![1];
    let mut off = rule(
        4,
        "一个名字特别特别长的储值会员专享满额折扣活动",
        Offer::Percent {
            from: Fen::yuan(300),
            paid: 8_800,
            cap: Some(Fen::yuan(100)),
        },
    );
    off.active = false;
    off.by_stored_value = true;
    off.who.members_only = true;
    let mut gift = rule(
        5,
        "满额送精油",
        Offer::Gifts {
            rungs: vec![Rung {
                from: Fen::yuan(1_500),
                gives: Gift {
                    product_id: 1,
                    quantity: 2,
                },
            }],
        },
    );
    gift.when = When {
        hours: Some(("22:00:00".parse().unwrap(), "02:00:00".parse().unwrap())),
        ..When::default()
    };
    let free = rule(6, "买二送一", Offer::BuyGet { buy: 2, get: 1 });
    let share = rule(7, "全场九五折", Offer::Off { paid: 9_500 });
    vec![nth, coming, over, off, gift, free, share]
}

fn parts(promotions: Vec<Promotion>) -> Parts {
    let mut parts = signed_in();
    let shop = parts.session.shop.as_mut().unwrap();
    shop.promotions = promotions;
    shop.goods = products();
    parts
}

async fn open(office: &Office, promotions: Vec<Promotion>) -> Console<&Office> {
    let mut console = Console::with(office, parts(promotions), List::<Promotions>::new());
    console.settle().await;
    console
}

fn picture(console: &mut Console<&Office>, name: &str) {
    insta::assert_snapshot!(name, console.screen());
    insta::assert_snapshot!(format!("{name}_45"), console.size(45, 30).screen());
    insta::assert_snapshot!(format!("{name}_120"), console.size(120, 40).screen());
    console.keys("<F12>").size(80, 24);
    insta::assert_snapshot!(format!("{name}_en"), console.screen());
    console.keys("<F12>");
}

fn saved(office: &Office) -> PromotionEdit {
    let asked = office.asked.borrow();
    let saved = asked.iter().rev().find_map(|query| match query {
        Query::SavePromotion { promotion, .. } => Some((**promotion).clone()),
        _ => None,
    });
    saved.unwrap_or_else(|| panic!("{asked:?}"))
}

#[tokio::test]
async fn the_list_says_what_holds() {
    let office = Office::default();
    let mut console = open(&office, promotions()).await;
    picture(&mut console, "list");
    let mut console = open(&office, Vec::new()).await;
    assert!(console.screen().contains("还没有优惠活动"));
}

/// What is opened and saved without an edit is the same rule, whatever its kind.
#[tokio::test]
async fn an_editor_loses_nothing() {
    for promotion in promotions() {
        let office = Office::default();
        let mut console = open(&office, vec![promotion.clone()]).await;
        console.keys("<Enter>");
        assert!(
            console.screen().contains("现为第 2 版"),
            "{}",
            console.screen()
        );
        console.keys("<F2>").settle().await;
        assert_eq!(saved(&office), PromotionEdit::from(promotion));
    }
}

#[tokio::test]
async fn a_new_rule_by_keys() {
    let office = Office::default();
    let mut console = open(&office, Vec::new()).await;
    console.keys("<F3>");
    console.keys("<Down>开春满减<Enter>100-5, 200<F2>");
    assert!(console.screen().contains("写法如"), "{}", console.screen());
    console.keys("-12<Enter><Enter><PgDn><Enter>");
    picture(&mut console, "form");
    // Another kind keeps what all kinds have.
    console.keys("<Up><Up><Up><Up><Up><Right>");
    assert!(
        console.screen().contains("满多少送什么"),
        "{}",
        console.screen()
    );
    console.keys("<Down><Down>200-气垫梳, 500-护发精油 100毫升*2");
    console.keys("<Enter><Enter><Enter>");
    let scan = Scan::read("6990000300023", Device::Terminal, 0).unwrap();
    console.event(What::Scan(scan));
    console.keys("<Enter>2026/3/1<Enter>2026-3-31<Enter> <Enter>14-17:30<F2>");
    console.settle().await;
    let edit = saved(&office);
    let rule = &edit.promotion;
    assert_eq!(
        (rule.name.as_str(), rule.rule.id, rule.active),
        ("开春满减", 0, true)
    );
    assert_eq!(rule.scope.categories, [1]);
    assert_eq!(edit.products, ["6990000300023"]);
    assert_eq!(edit.gifts, [(0, "气垫梳".to_owned())]);
    let Offer::Gifts { rungs } = &rule.offer else {
        panic!("{rule:?}");
    };
    assert_eq!((rungs[1].gives.product_id, rungs[1].gives.quantity), (1, 2));
    assert_eq!(rule.when.weekdays, [1]);
    assert_eq!(
        rule.when.hours,
        Some(("14:00:00".parse().unwrap(), "17:30:00".parse().unwrap()))
    );
    assert_eq!(rule.when.until, "2026-03-31".parse().ok());
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_it() {
    for (keys, says) in [
        ("", "请填写"),
        ("<Down>名<Enter>100-200", "写法如"),
        ("<Down>名<Enter>100-5<Enter><Enter>没有的", "没有这个分类"),
        ("<Left><Down>名<Enter>100", "输 0 到 99"),
        (
            "<Right><Right><Right><Down>名<Enter><Ctrl-u>1<Enter>50",
            "件数太少",
        ),
    ] {
        let office = Office::default();
        let mut console = open(&office, Vec::new()).await;
        console.keys("<F3>").keys(keys).keys("<F2>").settle().await;
        let screen = console.screen();
        assert!(screen.contains(says), "{keys}: {screen}");
        assert_eq!(office.count(), 0, "{keys}");
    }
}

#[tokio::test]
async fn a_dry_run_before_it_counts() {
    let office = Office::default();
    let mut console = open(&office, promotions()).await;
    console.keys("<Enter><F5>").settle().await;
    picture(&mut console, "trial");
    console.keys("<Left>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("2026-03-07") && screen.contains("没有销售"),
        "{screen}"
    );
    // No further than today, and back to the form as it was.
    console.keys("<Right><Right><Right><Right>").settle().await;
    assert!(
        console.screen().contains("2026-03-09"),
        "{}",
        console.screen()
    );
    console.keys("<Esc>");
    assert!(console.screen().contains("现为第 2 版"));
    console.keys("<Esc>");
    assert!(console.screen().contains("洗护第二件半价"));
}
