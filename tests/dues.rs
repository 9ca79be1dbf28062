//! What is due when the shop closes: the totals are the ledger's, page by page, and the list goes out with its notices
//! (消保条例 art. 22, RF2, PV2).

use guitai::db::open::APP;
use guitai::domain::money::Fen;
use guitai::domain::staff::{Role, Staff};
use guitai::error::{Refusal, Result};
use guitai::query::{Backend, DueRow, DueTotals, ListFile, Query, Reply};
use guitai::ui::screens::manage::dues::Dues;
use insta::assert_snapshot;
use std::cell::RefCell;

use crate::package::{buy, card};
use crate::support::books::{CASHIER, Counter, OWNER, books};
use crate::support::cluster::Database;
use crate::support::console::{Console, parts};
use crate::support::shop::{cashier, opening};

async fn ask(
    till: &Counter,
    staff_id: i32,
    after: Option<(Fen, i64)>,
    limit: i32,
) -> Result<(Vec<DueRow>, DueTotals)> {
    let stamp = till.stamp();
    let query = Query::Dues {
        staff_id,
        now: stamp.at,
        today: stamp.business_on,
        after,
        limit,
    };
    match till.db.answer(query).await? {
        Reply::Dues(rows, totals) => Ok((rows, totals)),
        other => panic!("{other:?}"),
    }
}

async fn account(database: &Database, account: &str) -> i64 {
    sqlx::query_scalar(
        "select coalesce(sum(amount), 0)::bigint from posting where account::text = $1",
    )
    .bind(account)
    .fetch_one(&mut database.owner().await)
    .await
    .unwrap()
}

#[tokio::test]
async fn the_totals_are_the_ledgers() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    assert_eq!(
        ask(&till, CASHIER, None, 10).await.unwrap_err().hint,
        "staff.no_right"
    );
    let (rows, totals) = ask(&till, OWNER, None, 10).await.unwrap();
    assert_eq!((rows.len(), totals), (0, DueTotals::default()));
    let (package, _, _) = card(&till).await;
    for n in 0..5 {
        let her = till.enrol(&format!("1380000138{n}")).await;
        if n > 0 {
            till.top_up(&her, 100 * n).await.unwrap();
        }
        let her = till.member(her.id).await;
        if n % 2 == 0 {
            buy(&till, &her, &package).await.unwrap();
        }
    }
    let (all, totals) = ask(&till, OWNER, None, 10).await.unwrap();
    assert_eq!((all.len(), totals.members), (5, 5));
    for (name, total) in [
        ("principal", totals.principal.0),
        ("bonus", totals.bonus.0),
        ("unearned", totals.unearned.0),
        ("points", totals.points),
    ] {
        assert_eq!(account(&database, name).await, total, "{name}");
    }
    let sum = |of: fn(&DueRow) -> Fen| -> Fen { all.iter().map(of).sum() };
    assert_eq!(sum(|row| row.principal), totals.principal);
    assert_eq!(sum(|row| row.unearned), totals.unearned);
    // Nothing was used: all of it goes back.
    assert_eq!(
        sum(|row| row.refundable),
        totals.principal + totals.unearned
    );
    assert!(all.is_sorted_by_key(|row| std::cmp::Reverse((row.value, row.member_id))));
    // Page by page it is the same list.
    let mut paged = Vec::new();
    loop {
        let after = paged.last().map(|row: &DueRow| (row.value, row.member_id));
        let (rows, _) = ask(&till, OWNER, after, 2).await.unwrap();
        if rows.is_empty() {
            break;
        }
        paged.extend(rows);
    }
    assert_eq!(paged, all);
}

/// So many members; remembers the file.
struct Shop {
    members: i64,
    files: RefCell<Vec<ListFile>>,
}

impl Backend for &Shop {
    async fn answer(&self, query: Query) -> Result<Reply> {
        match query {
            Query::Dues { after, limit, .. } => {
                let from = after.map_or(self.members, |(_, id)| id - 1);
                let ids = (1..=from).rev().take(limit.try_into().unwrap());
                let rows = ids.map(|id| DueRow {
                    member_id: id,
                    name: if id == 1 {
                        "=SUM(A1)".to_owned()
                    } else {
                        format!("会员{id}")
                    },
                    phone: Some("138****1380".to_owned()),
                    last_visit_on: None,
                    principal: Fen::yuan(id),
                    bonus: Fen::ZERO,
                    unearned: Fen::yuan(30),
                    points: id,
                    value: Fen::yuan(id + 30),
                    refundable: Fen::yuan(id + 20),
                });
                let totals = DueTotals {
                    members: self.members,
                    principal: Fen::yuan(self.members * (self.members + 1) / 2),
                    bonus: Fen::ZERO,
                    unearned: Fen::yuan(30 * self.members),
                    points: 0,
                };
                Ok(Reply::Dues(rows.collect(), totals))
            }
            Query::ExportList(file) => {
                self.files.borrow_mut().push(*file);
                Ok(Reply::Exported("export/x.csv".to_owned()))
            }
            _ => Err(Refusal::offline()),
        }
    }
}

fn console(shop: &Shop, role: Role) -> Console<&Shop> {
    let mut parts = parts();
    parts.session.open(opening());
    parts.session.staff = Some(Staff { role, ..cashier() });
    Console::with(shop, parts, Dues::new())
}

#[tokio::test]
async fn by_keys() {
    let shop = |members| Shop {
        members,
        files: RefCell::default(),
    };
    let none = shop(0);
    let mut empty = console(&none, Role::Manager);
    empty.size(80, 24).settle().await;
    assert!(empty.screen().contains("没有会员在本店有余额"));
    let many = shop(10_000);
    let mut console = console(&many, Role::Manager);
    console.size(80, 24).settle().await;
    assert_snapshot!("list", console.screen());
    assert_snapshot!("list_45", console.size(45, 30).screen());
    console.size(80, 24);
    assert_snapshot!("list_en", console.keys("<F12>").screen());
    console.keys("<F12><F2>");
    assert!(console.screen().contains("迁址"));
    console.keys("<End>").settle().await;
    console.keys("<F9><Enter>").settle().await;
    for _ in 0..60 {
        console.settle().await;
    }
    let files = many.files.borrow();
    let [file] = files.as_slice() else {
        panic!("{}", files.len())
    };
    assert_eq!((file.rows, file.text.lines().count()), (10_000, 10_001));
    assert!(file.text.starts_with('\u{feff}') && file.text.contains("\"'=SUM(A1)\""));
    assert!(
        file.text
            .contains("【云裳理发】尊敬的会员,本店将于2026-04-08迁址")
    );
    assert!(!file.reason.is_empty() && file.what == "应退余额清单");
}
