//! Packages, put together by keys.

use guitai::domain::package::{Validity, wording};
use guitai::query::Query;
use guitai::ui::screens::manage::Manage;

use super::picture;
use crate::support::console::Console;
use crate::support::office::{Office, signed_in};

/// PK1: what a package holds is typed a line to a service; what is wrong is said beside the line.
#[tokio::test]
async fn a_package_is_put_together() {
    let office = Office::default();
    let mut console = Console::with(&office, signed_in(), Manage::new());
    console.menu("12").await;
    assert!(
        console.screen().contains("还没有套餐"),
        "{}",
        console.screen()
    );
    console.keys("<F3>").settle().await;
    console.keys("十次剪发卡<Tab>580<Tab><Right><Tab>365<Tab><Tab><Tab><Tab><Right><Tab><Tab>");
    console.keys("剪发10");
    console.keys("<F2>").settle().await;
    assert!(
        console.screen().contains("没有这项服务"),
        "{}",
        console.screen()
    );
    console.keys("<Ctrl-u>剪发 10 每30天<Down>剪发 1 赠");
    picture(&mut console, "package");
    assert!(
        console.screen().contains("单买 680.00"),
        "{}",
        console.screen()
    );
    console.keys("<F2>").settle().await;
    let asked = office.asked.borrow();
    let saved = asked.iter().find_map(|query| match query {
        Query::SaveProduct { edit, .. } => Some(edit.clone()),
        _ => None,
    });
    let package = saved.unwrap().package.unwrap();
    assert_eq!(package.validity, Validity::Days(365));
    assert!(package.may_give && !package.may_share);
    let lines: Vec<String> = package.items.iter().map(wording::write).collect();
    assert_eq!(lines, ["剪发 10次 每30天", "剪发 1次 赠"]);
}

/// Without limit it needs a last day; days and a day are told apart.
#[tokio::test]
async fn a_package_needs_its_days() {
    let office = Office::default();
    let mut console = Console::with(&office, signed_in(), Manage::new());
    console.menu("12").await.keys("<F3>").settle().await;
    console.keys("月卡<Tab>99<Tab><Tab><Tab><Tab><Tab><Tab><Tab><Tab>剪发 不限<F2>");
    assert!(
        console.screen().contains("不限次的套餐要有有效期"),
        "{}",
        console.screen()
    );
    console.keys("<Up><Up><Up><Up><Up><Up><Up><Right><F2>");
    assert!(
        console.screen().contains("请输入天数"),
        "{}",
        console.screen()
    );
    console.keys("<Up><Right><Right><Down>明年<F2>");
    assert!(
        console.screen().contains("请输入日期"),
        "{}",
        console.screen()
    );
    console.keys("<Ctrl-u>2027-12-31<F2>").settle().await;
    assert!(
        matches!(office.last(), Query::SaveProduct { .. }),
        "{}",
        console.screen()
    );
}
