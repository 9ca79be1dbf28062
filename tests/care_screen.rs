//! Giving a package away, serving somebody else, and whom to remind, by keys (PK1, PK3).

use std::cell::RefCell;

use chrono::TimeDelta;
use guitai::app::Parts;
use guitai::domain::grant::{Grant, GrantKind, Terms, Unit};
use guitai::domain::ledger::OperationKind;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::receipt::{Document, Names, Receipt, Remaining};
use guitai::domain::redemption::RedemptionRequest;
use guitai::domain::staff::{Role, Staff};
use guitai::domain::transfer::{TransferRequest, What};
use guitai::error::{Refusal, Result};
use guitai::query::{Backend, Candidate, ListFile, Query, Remind, ReminderRow, Reply};
use guitai::ui::screens::member::hand::Hand;
use guitai::ui::screens::redeem::Redeem;
use guitai::ui::screens::reminders::Reminders;
use insta::assert_snapshot;
use uuid::Uuid;

use crate::support::console::{Console, morning, parts};
use crate::support::member::member as hers;
use crate::support::office;
use crate::support::shop::{cashier, opening};

fn grant(id: u128, line: i16, name: &str, of: &str) -> Grant {
    Grant {
        id: Uuid::from_u128(id),
        operation_id: Uuid::from_u128(9),
        no: line,
        kind: GrantKind::Package,
        product_id: Some(1),
        quantity: Some(10),
        value: Fen(30_000),
        opened_at: morning() - TimeDelta::days(20),
        expires_on: Some(morning().date_naive() + TimeDelta::days(200)),
        used_on: None,
        given_on: None,
        terms: Terms {
            name: name.to_owned(),
            of: of.to_owned(),
            quantity: Some(10),
            value: Fen(30_000),
            may_give: true,
            may_share: true,
            ..Terms::default()
        },
    }
}

/// 王晓明 with a card of two services that may go, and one that was begun.
fn member() -> Member {
    let mut begun = grant(3, 2, "肩颈按摩", "钟点卡");
    begun.quantity = Some(4);
    Member {
        grants: vec![
            begun,
            grant(1, 1, "剪发", "十次剪发卡"),
            grant(2, 1, "护理", "十次剪发卡"),
        ],
        ..hers()
    }
}

fn other() -> Member {
    Member {
        id: 8,
        name: "王小明".to_owned(),
        phone: Some("139****1390".to_owned()),
        grants: vec![],
        ..hers()
    }
}

#[derive(Default)]
struct Books {
    given: RefCell<Vec<TransferRequest>>,
    used: RefCell<Vec<RedemptionRequest>>,
    files: RefCell<Vec<ListFile>>,
    asked: RefCell<Vec<Remind>>,
    refuses: RefCell<Option<Refusal>>,
    rows: i64,
}

fn receipt(id: Uuid, kind: OperationKind) -> Receipt {
    Receipt {
        id,
        kind,
        till_id: 1,
        seq: 5,
        at: morning(),
        business_on: morning().date_naive(),
        names: Names {
            shop: "云裳理发".to_owned(),
            store: "总店".to_owned(),
            till: "1号台".to_owned(),
            cashier: "李敏".to_owned(),
            member: Some("王小明".to_owned()),
            phone: Some("139****1390".to_owned()),
            level: None,
        },
        lines: vec![],
        document: Document {
            left: vec![Remaining {
                name: "剪发".to_owned(),
                of: "十次剪发卡".to_owned(),
                quantity: Some(10),
                unit: Unit::Session,
                expires_on: Some(morning().date_naive()),
            }],
            ..Document::default()
        },
        after: None,
    }
}

impl Backend for &Books {
    async fn answer(&self, query: Query) -> Result<Reply> {
        if let Some(refusal) = self.refuses.borrow_mut().take() {
            return Err(refusal);
        }
        Ok(match query {
            Query::Candidates { .. } => Reply::Candidates(vec![Candidate::Member {
                id: 8,
                name: "王小明".to_owned(),
                phone: Some("139****1390".to_owned()),
                level: "普卡".to_owned(),
                stored_value: Fen::ZERO,
                last_visit_on: None,
            }]),
            Query::ReadMember { .. } => Reply::Member(Box::new(other())),
            Query::StaffList => Reply::Staff(vec![cashier()]),
            Query::Transfer(request) => {
                self.given.borrow_mut().push(request.clone());
                let slip = receipt(request.stamp.id, OperationKind::TransferIn);
                Reply::Receipt(Box::new(slip))
            }
            Query::Redeem { request, .. } => {
                self.used.borrow_mut().push(request.clone());
                let slip = receipt(request.stamp.id, OperationKind::Redemption);
                Reply::Receipt(Box::new(slip))
            }
            Query::Reminders {
                kind, after, limit, ..
            } => {
                self.asked.borrow_mut().push(kind);
                let first = after.map_or(0, |(_, id)| i64::try_from(id.as_u128()).unwrap() + 1);
                let last = self.rows.min(first + i64::from(limit));
                Reply::Reminders((first..last).map(reminder).collect())
            }
            Query::ExportList(list) => {
                let path = format!("/export/{}", list.name);
                self.files.borrow_mut().push(*list);
                Reply::Exported(path)
            }
            Query::Consents { .. } => Reply::Consents(vec![]),
            other => panic!("{other:?}"),
        })
    }
}

fn reminder(place: i64) -> ReminderRow {
    let day = morning().date_naive() + TimeDelta::days(place / 3);
    ReminderRow {
        grant_id: Uuid::from_u128(u128::try_from(place).unwrap()),
        member_id: 1_000 + place,
        name: ["王晓明", "欧阳锋-名字很长很长很长", ""][usize::try_from(place % 3).unwrap()]
            .to_owned(),
        phone: (place % 3 != 2).then(|| "138****1380".to_owned()),
        service: "肩颈按摩".to_owned(),
        of: "钟点卡".to_owned(),
        unit: Unit::Minute,
        left: (place % 2 == 0).then_some(90),
        day,
        used_on: (place % 2 == 0).then(|| morning().date_naive()),
        expires_on: Some(day),
    }
}

fn as_manager() -> Parts {
    let mut parts = parts();
    parts.session.open(opening());
    parts.session.staff = Some(Staff {
        role: Role::Manager,
        ..cashier()
    });
    parts.session.shift = Some(office::shift());
    parts
}

/// PK1: what cannot go says why; the whole package goes to the one who was found, after a question.
#[tokio::test]
async fn a_package_goes() {
    let books = Books::default();
    let mut console = Console::with(&books, as_manager(), Hand::new(Box::new(member())));
    console.settle().await;
    assert_snapshot!("hand", console.size(80, 24).screen());
    assert_snapshot!("hand_45", console.size(45, 30).screen());
    console.size(80, 24).keys("<Down><Enter>").settle().await;
    assert!(
        console.screen().contains("已经用过"),
        "{}",
        console.screen()
    );
    console.keys("<Up><Enter>").settle().await;
    console.keys("139").settle().await;
    assert_snapshot!("hand_to", console.screen());
    console.keys("<Enter>").settle().await;
    assert!(
        console.screen().contains("转给 王小明?"),
        "{}",
        console.screen()
    );
    console.keys("y").settle().await;
    console.wait(TimeDelta::seconds(1)).settle().await;
    let given = books.given.borrow();
    assert!(!given.is_empty(), "{}", console.screen());
    let What::Gift {
        from_id,
        to_id,
        grants,
    } = &given[0].what
    else {
        panic!()
    };
    assert_eq!((*from_id, *to_id, grants.len()), (hers().id, 8, 2));
}

/// Another till was first: it says so, and nothing is lost.
#[tokio::test]
async fn another_till_was_first() {
    let books = Books::default();
    let mut console = Console::with(&books, as_manager(), Hand::new(Box::new(member())));
    console.keys("<Enter>").settle().await;
    console.keys("139").settle().await;
    console.keys("<Enter>").settle().await;
    *books.refuses.borrow_mut() = Some(Refusal::user("hand.used"));
    console.keys("y").settle().await;
    console.wait(TimeDelta::seconds(1)).settle().await;
    assert!(
        console.screen().contains("已经用过,不能转赠"),
        "{}",
        console.screen()
    );
}

/// PK1: a shared package is used for somebody else; a word is enough.
#[tokio::test]
async fn a_child_is_served() {
    let books = Books::default();
    let mut console = Console::with(&books, as_manager(), Redeem::new(Box::new(member())));
    console.settle().await;
    assert!(
        console.screen().contains("服务对象 本人"),
        "{}",
        console.screen()
    );
    console.keys("<F6>");
    assert_snapshot!("whom", console.size(80, 24).screen());
    console.keys("<Enter>");
    assert!(
        console.screen().contains("服务对象 孩子"),
        "{}",
        console.screen()
    );
    console.keys("<Enter>").settle().await;
    assert_eq!(books.used.borrow()[0].whom.as_deref(), Some("孩子"));
}

/// PK3: by Tab from kind to kind, by pages, Enter opens the member, F9 takes it out with a reason.
#[tokio::test]
async fn whom_to_remind() {
    let books = Books {
        rows: 250,
        ..Books::default()
    };
    let mut console = Console::with(&books, as_manager(), Reminders::new());
    console.settle().await;
    assert_snapshot!("reminders", console.size(80, 24).screen());
    assert_snapshot!("reminders_en", console.keys("<F12>").screen());
    console.keys("<F12>");
    assert_snapshot!("reminders_45", console.size(45, 30).screen());
    console.size(80, 24).keys("<Tab><Tab><Tab>").settle().await;
    assert_eq!(books.asked.borrow().last(), Some(&Remind::Low));
    console.keys("<BackTab>").settle().await;
    assert_eq!(books.asked.borrow().last(), Some(&Remind::Day));
    console.keys("<F9><Enter>").settle().await;
    let file = books.files.borrow()[0].clone();
    assert_eq!((file.rows, file.text.lines().count()), (250, 251));
    assert!(file.what.contains("套餐提醒: 明天前到期"), "{}", file.what);
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("王小明"), "{}", console.screen());
}
