//! The dormant list: filter, pages, stale answers, the file (OR1).

use std::cell::{Cell, RefCell};

use guitai::domain::money::Fen;
use guitai::domain::staff::{Role, Staff};
use guitai::error::{Refusal, Result};
use guitai::event::What;
use guitai::query::{Backend, DormantFilter, DormantRow, ListFile, Noun, Query, Reply};
use guitai::ui::screens::dormant::Dormant;

use crate::support::console::{Console, parts};
use crate::support::member::{dormant, member};
use crate::support::shop::cashier;

/// A question for rows, as it came.
type Asked = (DormantFilter, Option<(Fen, i64)>, i32);

/// Knows so many dormant members.
#[derive(Default)]
struct Shop {
    dormant: Cell<i64>,
    asked: RefCell<Vec<Asked>>,
    files: RefCell<Vec<ListFile>>,
    refuses: Cell<bool>,
}

impl Shop {
    fn with(dormant: i64) -> Self {
        let shop = Self::default();
        shop.dormant.set(dormant);
        shop
    }

    fn page(&self, after: Option<(Fen, i64)>, limit: i32) -> Vec<DormantRow> {
        let behind = |row: &DormantRow| {
            after.is_none_or(|(risk, id)| (row.at_risk, -row.member_id) < (risk, -id))
        };
        let all = (0..self.dormant.get()).map(dormant);
        let limit = usize::try_from(limit).unwrap();
        all.filter(behind).take(limit).collect()
    }
}

impl Backend for &Shop {
    async fn answer(&self, query: Query) -> Result<Reply> {
        if self.refuses.get() {
            return Err(Refusal::offline());
        }
        match query {
            Query::Dormant {
                filter,
                after,
                limit,
            } => {
                self.asked.borrow_mut().push((filter, after, limit));
                Ok(Reply::Dormant(self.page(after, limit)))
            }
            Query::ExportList(list) => {
                let path = format!("/export/{}", list.name);
                self.files.borrow_mut().push(*list);
                Ok(Reply::Exported(path))
            }
            Query::ReadShop { .. } => Ok(Reply::Shop(Box::new(crate::support::shop::shop()), None)),
            Query::ReadMember { .. } => Ok(Reply::Member(Box::new(member()))),
            Query::Consents { .. } => Ok(Reply::Consents(Vec::new())),
            other => panic!("{other:?}"),
        }
    }
}

async fn open(shop: &Shop) -> Console<&Shop> {
    let mut console = Console::with(shop, parts(), Dormant::new());
    console.size(80, 24).settle().await;
    console
}

/// With the right to take the list out of the shop.
async fn as_manager(shop: &Shop) -> Console<&Shop> {
    let mut parts = parts();
    parts.session.staff = Some(Staff {
        role: Role::Manager,
        ..cashier()
    });
    let mut console = Console::with(shop, parts, Dormant::new());
    console.settle().await;
    console
}

#[tokio::test]
async fn nobody_is_dormant() {
    let shop = Shop::with(0);
    let mut console = open(&shop).await;
    insta::assert_snapshot!("empty", console.screen());
    console.keys("<F9><Enter>").settle().await;
    assert!(shop.files.borrow().is_empty());
    console.keys("<BackTab><Right>").settle().await;
    assert!(console.screen().contains("没有符合条件的会员"));
}

#[tokio::test]
async fn three_are() {
    let shop = Shop::with(3);
    let mut console = open(&shop).await;
    assert_eq!(shop.asked.borrow()[0].0.days, 45, "the shop's own number");
    assert!(console.screen().contains("店 3 人"));
    console.keys("<End><Down>").settle().await;
    assert_eq!(shop.asked.borrow().len(), 1);
}

#[tokio::test]
async fn ten_thousand_by_pages() {
    let shop = Shop::with(10_000);
    let mut console = open(&shop).await;
    insta::assert_snapshot!("list_80", console.screen());
    insta::assert_snapshot!("list_80_en", console.keys("<F12>").screen());
    console.keys("<F12>");
    insta::assert_snapshot!("list_45", console.size(45, 30).screen());
    insta::assert_snapshot!("list_120", console.size(120, 40).screen());
    for _ in 0..30 {
        console.keys("<End>").settle().await;
    }
    let asked = shop.asked.borrow();
    assert_eq!(asked.len(), 20, "as many as the table holds, no more");
    for (turn, (_, after, limit)) in asked.iter().enumerate().skip(1) {
        let last = dormant(i64::try_from(turn).unwrap() * 100 - 1);
        assert_eq!(*after, Some((last.at_risk, last.member_id)));
        assert_eq!(*limit, 100);
    }
    drop(asked);
    assert!(console.screen().contains("店 2000+ 人"));
}

#[tokio::test]
async fn f1_defines_every_figure() {
    let shop = Shop::with(3);
    let mut console = open(&shop).await;
    insta::assert_snapshot!("help_80", console.keys("<F1>").screen());
    console.keys("<F12>");
    insta::assert_snapshot!("help_80_en", console.screen());
    console.size(45, 30).screen();
}

#[tokio::test]
async fn one_question_for_one_change_of_the_filter() {
    let shop = Shop::with(3);
    let mut console = open(&shop).await;
    console.keys("<Right>").settle().await;
    assert_eq!(shop.asked.borrow().len(), 1, "no focus, no change");
    console.keys("<Tab><Right>").settle().await;
    console.keys("<Tab><Right>").settle().await;
    console.keys("<Right>").settle().await;
    console.keys("<Tab><Right><Right>").settle().await;
    console.keys("<Tab><Right><Right>").settle().await;
    insta::assert_snapshot!("filtered", console.screen());
    insta::assert_snapshot!(
        "filtered_45_en",
        console.keys("<F12>").size(45, 30).screen()
    );
    let asked = shop.asked.borrow();
    let seen: Vec<_> = asked
        .iter()
        .map(|(f, ..)| (f.days, f.rhythm, f.level_id, f.balance))
        .collect();
    assert_eq!(
        seen,
        [
            (45, false, None, None),
            (60, false, None, None),
            (60, true, None, None),
            (60, true, Some(1), None),
            (60, true, Some(2), None),
            (60, true, Some(2), Some(Fen(1))),
            (60, true, Some(2), Some(Fen::yuan(100))),
        ]
    );
}

#[tokio::test]
async fn late_answers_to_older_filters_are_dropped() {
    let shop = Shop::with(3);
    let mut console = Console::with(&shop, parts(), Dormant::new());
    console.keys("<Tab><Right>");
    assert!(console.screen().contains("正在查询"));
    let old = console.take_query();
    let new = console.take_query();
    console.event(What::Reply(new, Ok(Reply::Dormant(vec![dormant(0)]))));
    console.event(What::Reply(
        old,
        Ok(Reply::Dormant(vec![dormant(1), dormant(2)])),
    ));
    assert!(console.screen().contains("超过 60 天未到店 1 人"));
    assert!(!console.screen().contains("欧阳"));
}

#[tokio::test]
async fn the_list_stays_with_the_selected_member_when_others_change_it() {
    let shop = Shop::with(300);
    let mut console = open(&shop).await;
    console.keys("<End>").settle().await;
    console.keys("<End>").settle().await;
    console.event(What::Changed(Noun::All)).settle().await;
    let last = *shop.asked.borrow().last().unwrap();
    assert_eq!(
        (last.1, last.2),
        (None, 300),
        "all that is visible, at once"
    );
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("对氨水过敏"));
    console.keys("<Esc>");
    assert!(console.screen().contains("店 300+ 人"));
}

#[tokio::test]
async fn a_refusal_says_so_and_f5_asks_again() {
    let shop = Shop::with(3);
    shop.refuses.set(true);
    let mut console = open(&shop).await;
    assert!(console.screen().contains("连不上"));
    console.keys("<Enter>");
    assert!(console.screen().contains("按 F5 重新查询"));
    shop.refuses.set(false);
    console.keys("<F5>").settle().await;
    assert!(console.screen().contains("店 3 人"));
}

#[tokio::test]
async fn the_whole_list_becomes_a_file() {
    let shop = Shop::with(1_203);
    let mut console = as_manager(&shop).await;
    console.keys("<F9>");
    insta::assert_snapshot!("reason", console.screen());
    insta::assert_snapshot!("reason_en", console.keys("<F12>").screen());
    assert!(shop.files.borrow().is_empty() && shop.asked.borrow().len() == 1);
    console.keys("<F12><Down><Enter>");
    assert!(console.screen().contains("正在导出"));
    console.settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("已导出 1203 人:/export/dormant-20260309-103200.csv"),
        "{screen}"
    );
    let files = shop.files.borrow();
    let ListFile {
        name, text, rows, ..
    } = &files[0];
    assert_eq!(name, "dormant-20260309-103200.csv");
    assert_eq!(
        (files[0].staff_id, files[0].till_id, *rows),
        (101, 1, 1_203)
    );
    assert_eq!(files[0].what, "未到店 > 45 天");
    assert_eq!(files[0].reason, "店主或总部要的报表");
    assert_eq!(text.matches("\r\n").count(), 1_204);
    let head: Vec<&str> = text.split("\r\n").take(5).collect();
    insta::assert_snapshot!("file", head.join("\n"));
    let pages: Vec<i32> = shop.asked.borrow().iter().map(|asked| asked.2).collect();
    assert_eq!(pages, [100, 500, 500, 500]);
}

#[tokio::test]
async fn a_file_has_a_limit_and_says_so() {
    let shop = Shop::with(10_001);
    let mut console = as_manager(&shop).await;
    console.keys("<F9><Enter>").settle().await;
    assert!(console.screen().contains("已导出前 10000 人(上限)"));
    assert_eq!(shop.files.borrow()[0].text.matches("\r\n").count(), 10_001);
    assert_eq!(shop.asked.borrow().len(), 22);
}

#[tokio::test]
async fn esc_stops_a_file() {
    let shop = Shop::with(10_000);
    let mut console = as_manager(&shop).await;
    console.keys("<F9><Enter>");
    console.answer_one().await;
    assert!(console.screen().contains("已取 500 人"));
    console.keys("<F9><Esc>").settle().await;
    assert!(console.screen().contains("已停止导出"));
    assert!(shop.files.borrow().is_empty());
    assert_eq!(shop.asked.borrow().len(), 3, "no page after the stop");
    console.wait(chrono::TimeDelta::seconds(7));
    console.keys("<F9><Enter>").settle().await;
    assert_eq!(shop.files.borrow().len(), 1);
    assert_eq!(shop.files.borrow()[0].text.matches("\r\n").count(), 10_001);
    assert!(!console.screen().contains("上限"));
}

/// PV2: a right is needed, and a reason of one's own counts as well.
#[tokio::test]
async fn a_cashier_takes_no_list_and_another_reason_is_typed() {
    let shop = Shop::with(3);
    let mut parts = parts();
    parts.session.staff = Some(cashier());
    let mut console = Console::with(&shop, parts, Dormant::new());
    console.settle().await.keys("<F9>");
    assert!(console.screen().contains("您没有这项权限"));
    let mut console = as_manager(&shop).await;
    console.keys("<F9><Esc>").settle().await;
    assert!(shop.files.borrow().is_empty());
    console.keys("<Tab><Tab><Right><Esc>").settle().await;
    console.keys("<F9>中秋短信<Enter>").settle().await;
    let files = shop.files.borrow();
    assert_eq!(files[0].reason, "中秋短信");
}
