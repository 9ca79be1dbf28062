//! What the owner sets, by keys.

mod materials;
mod packages;

use guitai::domain::benefit::{Benefit, Every};
use guitai::domain::label::{LabelRule, MoneyUnit, WeightUnit};
use guitai::domain::money::Fen;
use guitai::domain::product::ProductKind;
use guitai::domain::scan::{Device, Scan};
use guitai::domain::staff::Role;
use guitai::domain::stored_value::SpendOrder;
use guitai::domain::token::{Bearer, Token};
use guitai::error::Refusal;
use guitai::event::What;
use guitai::query::{Noun, Query};
use guitai::ui::screens::manage::Manage;

use crate::support::console::Console;
use crate::support::office::{Office, signed_in};
use crate::support::shop::cashier;

/// The menu with one of its lines opened.
async fn open<'a>(office: &'a Office, digits: &str) -> Console<&'a Office> {
    let mut console = Console::with(office, signed_in(), Manage::new());
    console.menu(digits).await;
    console
}

fn scan(code: &str) -> What {
    What::Scan(Scan::read(code, Device::Terminal, 0).unwrap())
}

/// The screen in both languages, and narrow.
fn picture(console: &mut Console<&Office>, name: &str) {
    insta::assert_snapshot!(name, console.screen());
    insta::assert_snapshot!(format!("{name}_45"), console.size(45, 30).screen());
    console.keys("<F12>").size(80, 24);
    insta::assert_snapshot!(format!("{name}_en"), console.screen());
    console.keys("<F12>");
}

#[tokio::test]
async fn the_menu_is_for_those_who_may_manage() {
    let office = Office::default();
    let mut console = Console::with(&office, signed_in(), Manage::new());
    picture(&mut console, "menu");
    console.menu("2").await;
    picture(&mut console, "menu_group");
    let mut parts = signed_in();
    parts.session.staff = Some(cashier());
    let mut console = Console::with(&office, parts, Manage::new());
    assert!(console.screen().contains("您没有这项权限"));
}

#[tokio::test]
async fn a_new_product_by_scan() {
    let office = Office::default();
    let mut console = open(&office, "11").await;
    picture(&mut console, "products");
    console.event(scan("6990000300085")).settle().await;
    // Code is there, the caret in the name: name, category, kind, price.
    console.keys("发蜡<Enter><PgDn><Enter><Enter>79<Enter>69.9");
    picture(&mut console, "product");
    console.keys("<F2><F2>");
    assert!(console.screen().contains("正在保存"));
    console.settle().await;
    let asked = office.asked.borrow().clone();
    let edits: Vec<_> = asked
        .iter()
        .filter_map(|query| match query {
            Query::SaveProduct { editor, edit } => Some((*editor, edit.clone())),
            _ => None,
        })
        .collect();
    let [(1, edit)] = edits.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!(edit.code.as_deref(), Some("06990000300085"));
    assert_eq!((edit.id, edit.price), (None, Fen(7_900)));
    assert_eq!(edit.member_price, Some(Fen(6_990)));
    assert_eq!(edit.category.as_deref(), Some("洗护产品"));
    // Back in the list, which was read again.
    assert!(matches!(asked.last(), Some(Query::Products { .. })));
    assert!(console.screen().contains("已保存"));
}

#[tokio::test]
async fn a_payment_code_a_stripe_or_a_badge_is_no_product() {
    let badge = Token::mint(Bearer::Staff, [9; 10]).to_string();
    for (code, says) in [
        ("135112298638468293", "付款码"),
        ("%B4111111111111111^WANG/XIAOMING^2512101?", "银行卡"),
        (&badge, "会员码或工牌"),
    ] {
        let office = Office::default();
        let mut console = open(&office, "11").await;
        let asked = office.count();
        console.event(scan(code)).settle().await;
        let screen = console.screen();
        assert!(screen.contains(says) && !screen.contains(code), "{screen}");
        assert_eq!(office.count(), asked);
        console.keys("<F3>").event(scan(code));
        let screen = console.screen();
        assert!(screen.contains(says) && !screen.contains(code), "{screen}");
        console
            .keys("<Ctrl-u>")
            .keys(code)
            .keys("<Down>发蜡<F2>")
            .settle()
            .await;
        let screen = console.screen();
        assert!(screen.contains(says) && !screen.contains(code), "{screen}");
        assert_eq!(office.count(), asked);
    }
}

#[tokio::test]
async fn a_product_is_found_changed_and_refused_without_loss() {
    let office = Office::default();
    let mut console = open(&office, "11").await;
    console.keys("剪").settle().await;
    assert!(matches!(office.last(), Query::Products { search, .. } if search == "剪"));
    console.keys("<Enter><Down><Down><Down><Right><Down><Ctrl-u>70<Enter>80<F2>");
    assert!(console.screen().contains("会员价不能高于售价"));
    console.keys("<Ctrl-u><Up><Up><Up><Up><Up>6990000300017<F2>");
    assert!(console.screen().contains("请再保存一次"));
    office.refuse("product.code_taken");
    console.keys("<F2>").settle().await;
    assert!(console.screen().contains("已属于另一件商品"));
    console.keys("<Enter><Ctrl-u><Tab><Ctrl-u><F2>");
    assert!(console.screen().contains("! 请填写"));
    console.keys("精剪<F2>").settle().await;
    let asked = office.asked.borrow().clone();
    let Some(Query::SaveProduct { edit, .. }) = asked.iter().rev().nth(1) else {
        panic!("{asked:?}");
    };
    assert_eq!((edit.id, edit.name.as_str()), (Some(2), "精剪"));
    assert_eq!((edit.price, edit.kind), (Fen(7_000), ProductKind::Service));
    assert_eq!(edit.code, None);
}

#[tokio::test]
async fn a_known_barcode_opens_its_product_and_esc_asks_before_it_forgets() {
    let office = Office::default();
    let mut console = open(&office, "11").await;
    console.event(scan("6990000300016")).settle().await;
    assert!(console.screen().contains("修改商品"));
    console.keys("<Down>改<Esc>");
    assert!(console.screen().contains("要放弃修改吗"));
    console.keys("<Enter>");
    assert!(console.screen().contains("毫升改"));
    console.keys("<Esc><Right><Enter>");
    assert!(console.screen().contains("查找"));
}

#[tokio::test]
async fn a_new_cashier_with_a_badge() {
    let office = Office::default();
    let mut console = open(&office, "53").await;
    picture(&mut console, "staff_list");
    console.keys("<F3>102<Enter>");
    console.keys("王小敏<Enter>");
    let badge = Token::mint(Bearer::Staff, [9; 10]).to_string();
    console.event(scan("6990000300016"));
    assert!(console.screen().contains("这不是工牌"));
    console.event(scan(&badge));
    picture(&mut console, "staff");
    assert!(
        console
            .keys("<F2>")
            .screen()
            .contains("密码要 4 到 12 位数字")
    );
    console.keys("1111<F2>");
    assert!(console.screen().contains("太好猜"));
    console.keys("<Ctrl-u>8642<Enter>8642<F2>").settle().await;
    let asked = office.asked.borrow().clone();
    let Some(Query::SaveStaff { edit, .. }) = asked.iter().rev().nth(1) else {
        panic!("{asked:?}");
    };
    assert_eq!((edit.id, edit.staff.role), (None, Role::Cashier));
    assert_eq!(edit.staff.badge.as_deref(), Some(badge.as_str()));
    assert_eq!(edit.pin.as_ref().unwrap().0, "8642");
}

#[tokio::test]
async fn an_empty_pin_keeps_the_old_one_and_the_last_owner_stays() {
    let office = Office::default();
    let mut console = open(&office, "53").await;
    console.keys("<Enter><Up>");
    for _ in 0..7 {
        console.keys("<Down>");
    }
    office.refuse("staff.last_owner");
    console.keys("<Left><F2>").settle().await;
    assert!(console.screen().contains("至少要保留一位"));
    console.keys("<Enter><Right><F2>").settle().await;
    let asked = office.asked.borrow().clone();
    let Some(Query::SaveStaff { edit, .. }) = asked.iter().rev().nth(1) else {
        panic!("{asked:?}");
    };
    assert_eq!((edit.id, edit.pin.is_none()), (Some(1), true));
    assert!(edit.staff.active);
}

#[tokio::test]
async fn a_level_in_percent_and_in_tenths() {
    let office = Office::default();
    let mut console = open(&office, "21").await;
    picture(&mut console, "levels");
    console.keys("<F3>钻石卡<Enter><Enter><Ctrl-u>8000<Enter><Ctrl-u>95<Enter><Ctrl-u>1.5");
    picture(&mut console, "level");
    assert!(console.screen().contains("= 9.5 折"));
    console.keys("<Up><Ctrl-u>0<F2>");
    assert!(console.screen().contains("输 1 到 100"));
    console.keys("<Ctrl-u>88<Down><Ctrl-u>11<F2>");
    assert!(console.screen().contains("最多 10 倍"));
    console.keys("<Ctrl-u>2<Enter>年卡<Enter>").settle().await;
    let Query::SaveLevel { level, product, .. } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!(product.as_deref(), Some("年卡"));
    assert_eq!((level.id, level.rank), (0, 3));
    assert_eq!((level.paid, level.multiplier), (8_800, 20_000));
    assert_eq!(level.threshold, Fen::yuan(8_000));
    assert!(console.screen().contains("钻石卡"));
}

#[tokio::test]
async fn a_rule_with_instalments_levels_and_a_window() {
    let office = Office::default();
    let mut console = open(&office, "31").await;
    picture(&mut console, "rules");
    console.keys("<F3>3800<Enter><Enter>1200<Enter><Ctrl-u>12<Enter><Right><Right><Enter>365");
    console.keys("<Enter>3000<Enter><Right><Right><Enter><Right> <Enter><Enter>");
    console.keys("2026-3-1<Enter>2026-2-30<F2>");
    assert!(console.screen().contains("日期如"));
    console.keys("<Ctrl-u>2026-3-1<F2>");
    assert!(console.screen().contains("结束要晚于开始"));
    console.keys("<Ctrl-u>2026/4/1 22:00");
    picture(&mut console, "rule");
    console.keys("<F2>").settle().await;
    let Query::SaveRule { rule, .. } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!(rule.name, "充 3800 送 1200");
    assert_eq!(rule.levels, Some(vec![2]));
    assert_eq!(rule.stores, None);
    assert_eq!(
        rule.valid_from.unwrap().to_rfc3339(),
        "2026-02-28T16:00:00+00:00"
    );
    assert_eq!(
        rule.valid_to.unwrap().to_rfc3339(),
        "2026-04-01T14:00:00+00:00"
    );
    let [
        Benefit::Bonus {
            fen,
            instalments: Some(parts),
            valid_days: Some(365),
        },
        Benefit::Points { points: 3_000 },
        Benefit::Level { level_id: 2 },
    ] = rule.benefits.as_slice()
    else {
        panic!("{rule:?}");
    };
    assert_eq!(
        (*fen, parts.count, parts.every),
        (Fen::yuan(1_200), 12, Every::Month)
    );
}

#[tokio::test]
async fn a_rule_is_saved_as_its_next_version() {
    let office = Office::default();
    let mut console = open(&office, "31").await;
    console.keys("<Enter>");
    assert!(console.screen().contains("现为第 2 版,保存后为第 3 版"));
    console.keys("<Down><Down><Ctrl-u><F2>").settle().await;
    let Query::SaveRule { rule, .. } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!((rule.id, rule.benefits.len()), (1, 2));
    // Nothing at all to give is no rule.
    let mut console = open(&office, "31").await;
    console.keys("<F3>100<F2>");
    assert!(console.screen().contains("至少给一样"));
}

#[tokio::test]
async fn what_does_not_fit_of_the_terms_is_announced_and_reached() {
    let office = Office::default();
    let mut console = open(&office, "41").await;
    let screen = console.size(45, 30).screen();
    assert!(screen.contains("下面还有 6 项"), "{screen}");
    console.keys(&"<Down>".repeat(15)).keys("<Ctrl-u>");
    let screen = console.screen();
    assert!(screen.contains("上面还有 "), "{screen}");
    for part in 1..=20 {
        console.keys(&format!("第{part}条储值卡不兑现不找零凭手机号使用"));
    }
    let screen = console.screen();
    assert!(
        screen.contains("第1条") && screen.contains("PgDn 看下面"),
        "{screen}"
    );
    let screen = console.keys("<PgDn><PgDn><PgDn>").screen();
    assert!(screen.contains("到底了"), "{screen}");
    assert!(!screen.contains("第1条储值"), "{screen}");
    let screen = console.keys("<PgUp><PgUp><PgUp>").screen();
    assert!(screen.contains("第1条储值"), "{screen}");
    let screen = console.keys("<Up>").screen();
    assert!(!screen.contains("第1条储值"), "{screen}");
}

#[tokio::test]
async fn the_terms() {
    let office = Office::default();
    let mut console = open(&office, "41").await;
    picture(&mut console, "terms");
    console.keys("<Down><Ctrl-u>0.5<Down><Ctrl-u><Down>11<F2>");
    assert!(console.screen().contains("最多 10 倍"));
    console.keys("<Ctrl-u>2<Down><Down>100<Down>101<F2>");
    assert!(console.screen().contains("1 到 100"));
    console.keys("<Ctrl-u>30<Down>50<Down><Right><Down><Right><Down><Down><Ctrl-u>0<F2>");
    assert!(console.screen().contains("至少 1 天"));
    console.keys("<Ctrl-u>60<Down><Down><Down><Ctrl-u>100,x<F2>");
    assert!(console.screen().contains("用空格分开,最多 4 个金额"));
    console.keys("<Ctrl-u>100 50 20 10 5<F2>");
    assert!(console.screen().contains("用空格分开,最多 4 个金额"));
    office.cut();
    console.keys("<Ctrl-u>100 50、0.5<F2>").settle().await;
    console.keys("<Enter>");
    assert!(console.screen().contains("100 50、0.5"));
    console.keys("<F2>").settle().await;
    let shop = console.session().shop.clone().unwrap();
    assert_eq!(shop.points_per_yuan.to_string(), "0.5");
    assert_eq!(shop.points_valid_months, None);
    assert_eq!(shop.stored_value_multiplier, Some(20_000));
    let points = shop.points_exchange.unwrap();
    assert_eq!(
        (points.points, points.fen, points.cap, points.least),
        (100, Fen(100), 3_000, 50)
    );
    assert_eq!(shop.spend_order, SpendOrder::PrincipalFirst);
    assert_eq!(shop.dormancy_days, 60);
    assert_eq!(shop.denominations, [Fen(10_000), Fen(5_000), Fen(50)]);
    assert!(console.screen().contains("已保存"));
}

/// RF5: what the shop gives back beyond the law; nothing of it is the law alone.
#[tokio::test]
async fn own_refund_terms() {
    use guitai::domain::settlement::OwnTerms;
    let office = Office::default();
    let mut console = open(&office, "42").await;
    picture(&mut console, "own_terms");
    console.keys("<Right><Down><Ctrl-u>100.01<F2>");
    assert!(console.screen().contains("0 到 100"));
    console.keys("<Ctrl-u>5.5<Down><Right><F2>").settle().await;
    let own = console.session().shop.as_ref().unwrap().own_refund;
    let expected = OwnTerms {
        fee: 550,
        pays_bonus: true,
    };
    assert_eq!(own, Some(expected));
    let mut console = open(&office, "42").await;
    console.keys("<Left><F2>").settle().await;
    let Query::SaveTerms { shop, .. } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!(shop.own_refund, None);
}

#[tokio::test]
async fn a_store_with_its_cutoff() {
    let office = Office::default();
    let mut console = open(&office, "51").await;
    picture(&mut console, "stores");
    console.keys("<Enter><Down>城东<Enter>解放路 1 号<Enter><Ctrl-u>13:00<F2>");
    assert!(console.screen().contains("须早于 12:00"));
    console.keys("<Ctrl-u>5:30");
    picture(&mut console, "store");
    console.keys("<F2>").settle().await;
    let Query::SaveStore { editor: 1, store } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!((store.id, store.version), (1, 1));
    assert_eq!(store.day_cutoff.to_string(), "05:30:00");
    assert_eq!(
        (store.region.as_str(), store.address.as_str()),
        ("城东", "解放路 1 号")
    );
}

#[tokio::test]
async fn a_new_till_says_its_number() {
    let office = Office::default();
    let mut console = open(&office, "52").await;
    picture(&mut console, "tills");
    console.keys("<F3>二号台");
    picture(&mut console, "till");
    console.keys("<F2>").settle().await;
    let Query::SaveTill { till, .. } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!(
        (till.id, till.store_id, till.name.as_str()),
        (0, 1, "二号台")
    );
}

#[tokio::test]
async fn what_a_role_may() {
    let office = Office::default();
    let mut console = open(&office, "54").await;
    picture(&mut console, "limits");
    // There is a limit for each role and never a new one.
    console.keys("<F3>");
    assert!(console.screen().contains("职务权限"));
    console.keys("<Enter><Ctrl-u>300<Enter><Ctrl-u>7<Enter><Enter><Right>");
    picture(&mut console, "limit");
    console.keys("<F2>").settle().await;
    let Query::SaveLimit { editor: 1, limit } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!((limit.role, limit.version), (Role::Cashier, 1));
    assert_eq!((limit.refund_max, limit.refund_days), (Fen::yuan(300), 7));
    assert!(limit.price_override && !limit.export);
}

#[tokio::test]
async fn what_left_the_shop() {
    let office = Office::default();
    let mut console = open(&office, "61").await;
    picture(&mut console, "disclosures");
    console.keys("<Down>");
    assert!(console.screen().contains("会员:王晓明  编号 7"));
    console
        .event(What::Changed(Noun::Disclosure))
        .settle()
        .await;
    assert!(console.screen().contains("会员:王晓明  编号 7"));
}

#[tokio::test]
async fn who_opened_the_drawer() {
    let office = Office::default();
    let mut console = Console::with(&office, signed_in(), Manage::new());
    console.menu("62").await;
    picture(&mut console, "drawer");
    assert!(console.screen().contains("没有开班"));
    console.keys("<Down>");
    assert!(console.screen().contains("授权人:赵店长"));
    console.event(What::Changed(Noun::Drawer)).settle().await;
    assert!(console.screen().contains("授权人:赵店长"));
    let asked = office.count();
    console
        .event(What::Changed(Noun::Disclosure))
        .settle()
        .await;
    assert_eq!(office.count(), asked);
}

#[tokio::test]
async fn an_edit_of_what_somebody_else_has_changed_is_refused() {
    let office = Office::default();
    let mut console = open(&office, "41").await;
    console.keys("<Ctrl-u>云裳造型");
    *office.refuse.borrow_mut() = Some(Refusal::conflict("manage.changed"));
    console.keys("<F2>").settle().await;
    assert!(console.screen().contains("已被别人修改"));
    assert!(
        matches!(office.last(), Query::ReadShop { .. }),
        "the form opens anew with what is there"
    );
    console.keys("<Enter>");
    assert!(
        console.screen().contains("云裳造型"),
        "nothing typed is lost"
    );
    console.keys("<Esc>");
    assert!(console.screen().contains("要放弃修改吗"));
}

#[tokio::test]
async fn a_list_stays_where_it_is_when_others_change_it() {
    let office = Office::default();
    let mut console = open(&office, "11").await;
    console.keys("<Down>");
    console.event(What::Changed(Noun::Product)).settle().await;
    console.keys("<Enter>");
    assert!(console.screen().contains("剪发"), "{}", console.screen());
}

#[tokio::test]
async fn a_label_is_tested_and_its_rule_is_saved() {
    let office = Office::default();
    let mut console = open(&office, "14").await;
    assert!(console.screen().contains("还没有秤标签规则"));
    console.keys("<F3>").event(scan("260012301575005258"));
    console.keys("123<Enter>0.525<Enter>15.75<Enter>");
    picture(&mut console, "label");
    console.keys("<F2>").settle().await;
    let asked = office.asked.borrow().clone();
    let saved = asked.iter().find_map(|query| match query {
        Query::SaveLabel { editor, label } => Some((*editor, label.clone())),
        _ => None,
    });
    let (editor, label) = saved.unwrap();
    assert_eq!((editor, label.id), (1, 0));
    assert_eq!(label.pattern(), "26 XXXXX MMMMM WWWWW C");
    assert!(console.screen().contains("已保存"));
    // What stood there is gone, and the screen says what does not fit.
    console.keys("<F3>").event(scan("260012301575005258"));
    console.keys("124<Enter>0.525<F2>");
    let screen = console.screen();
    assert!(screen.contains("! 与秤上显示的对不上"), "{screen}");
    console.event(scan("6990000300016000000"));
    assert!(console.screen().contains("! 这不是 13 或 18 位"));
    assert!(!console.debug().contains("260012301575005258"));
}

#[tokio::test]
async fn a_known_label_says_so_and_a_rule_can_be_put_out_of_use() {
    let office = Office::default();
    let mut parts = signed_in();
    let rule = LabelRule {
        id: 4,
        prefix: "21".to_owned(),
        plu_digits: 5,
        money_digits: 0,
        money_unit: MoneyUnit::Fen,
        weight_digits: 5,
        weight_unit: WeightUnit::Gram,
        weight_first: false,
        checked: true,
        active: true,
        version: 2,
    };
    parts.session.shop.as_mut().unwrap().labels.push(rule);
    let mut console = Console::with(&office, parts, Manage::new());
    console.menu("14").await;
    picture(&mut console, "labels");
    console.keys("<F3>").event(scan("2112345015002"));
    assert!(
        console.screen().contains("已认得:12345 重 1.500"),
        "{}",
        console.screen()
    );
    console
        .keys("<Esc><Right><Enter><Enter>")
        .event(scan("2112345015002"));
    assert!(
        console.screen().contains("读出 12345 重 1.500"),
        "{}",
        console.screen()
    );
    console.keys("<Down><Down><Left><F2>").settle().await;
    let asked = office.asked.borrow().clone();
    let Some(Query::SaveLabel { label, .. }) = asked
        .iter()
        .rev()
        .find(|query| matches!(query, Query::SaveLabel { .. }))
    else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (label.id, label.version, label.active, label.checked),
        (4, 2, false, true)
    );
}
