//! Redeeming at the counter, by keys: what it shows, what it asks, and in how many keys (PK2).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use chrono::TimeDelta;
use guitai::app::Parts;
use guitai::domain::grant::{Grant, GrantKind, GrantMove, Terms, Unit, Usable};
use guitai::domain::ledger::OperationKind;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::receipt::{Names, Receipt};
use guitai::domain::redemption::{self, RedemptionRecord, RedemptionRequest};
use guitai::domain::staff::{Role, Staff};
use guitai::error::{Refusal, Result};
use guitai::query::{Backend, OperationRow, Query, Reply};
use guitai::ui::screens::counter::Counter;
use guitai::ui::screens::redeem::Redeem;
use insta::assert_snapshot;
use uuid::Uuid;

use crate::support::console::{Console, morning, parts};
use crate::support::office;
use crate::support::shop::{cashier, opening, shop};

/// 周店长, 201.
fn manager() -> Staff {
    Staff {
        role: Role::Manager,
        number: "201".to_owned(),
        name: "周店长".to_owned(),
        id: 2,
        ..cashier()
    }
}

fn in_shift() -> Parts {
    let mut parts = parts();
    parts.session.open(opening());
    parts.session.staff = Some(cashier());
    parts.session.shift = Some(office::shift());
    parts
}

/// A back end that keeps the rules of a redemption, and refuses when told.
#[derive(Default)]
struct Books {
    asked: RefCell<Vec<RedemptionRequest>>,
    refusals: RefCell<VecDeque<Refusal>>,
    /// How often the member was read.
    looks: Cell<u32>,
}

impl Backend for &Books {
    async fn answer(&self, query: Query) -> Result<Reply> {
        Ok(match query {
            Query::StaffList => Reply::Staff(vec![manager(), cashier()]),
            Query::Redeem { request, member } => {
                self.asked.borrow_mut().push(request.clone());
                if let Some(refusal) = self.refusals.borrow_mut().pop_front() {
                    return Err(refusal);
                }
                let plan = redemption::plan(&request, &shop(), &member)?;
                let posted = guitai::domain::ledger::Posted {
                    id: request.stamp.id,
                    replayed: false,
                    seq: 7,
                    after: None,
                };
                let names = Names::default();
                Reply::Receipt(Box::new(Receipt::of(&request.stamp, &plan, &posted, names)))
            }
            Query::SignIn { .. } => Reply::SignedIn(manager()),
            Query::ReadMember { .. } => {
                self.looks.set(self.looks.get() + 1);
                Reply::Member(Box::new(member()))
            }
            Query::Operations { .. } => Reply::Operations(vec![OperationRow {
                id: Uuid::from_u128(77),
                kind: OperationKind::Redemption,
                seq: 7,
                at: morning(),
                store: "总店".to_owned(),
                cashier: cashier().name,
                member: Some("王晓明".to_owned()),
                amount: Fen::ZERO,
                about: None,
                reversed: false,
            }]),
            Query::ReadRedemption { id } => Reply::Redemption(Box::new(record(id))),
            Query::UndoRedemption(request) => {
                let plan =
                    redemption::plan_reversal(&request, &record(request.redemption_id), &member())?;
                let posted = guitai::domain::ledger::Posted {
                    id: request.stamp.id,
                    replayed: false,
                    seq: 8,
                    after: None,
                };
                let names = Names::default();
                Reply::Receipt(Box::new(Receipt::of(&request.stamp, &plan, &posted, names)))
            }
            _ => Reply::Kept,
        })
    }
}

/// A cut, in the open shift.
fn record(id: Uuid) -> RedemptionRecord {
    RedemptionRecord {
        id,
        seq: 7,
        at: morning(),
        shift_id: Some(office::shift().id),
        member_id: 7,
        lines: vec![],
        moves: vec![GrantMove {
            grant_id: Uuid::from_u128(1),
            quantity: -1,
            value: Fen(-3_000),
            until: None,
        }],
        paid: vec![],
        amount: Fen(2_000),
        points: 0,
        points_lots: vec![],
        is_reversed: false,
    }
}

fn grant(id: u128, name: &str, of: &str, quantity: Option<i64>, days: Option<i64>) -> Grant {
    let today = morning().date_naive();
    Grant {
        id: Uuid::from_u128(id),
        operation_id: Uuid::from_u128(9),
        no: 1,
        kind: GrantKind::Package,
        product_id: Some(i32::try_from(id % 10).unwrap()),
        quantity,
        value: Fen(3_000 * quantity.unwrap_or(10)),
        opened_at: morning() - TimeDelta::days(20),
        expires_on: days.map(|days| today + TimeDelta::days(days)),
        used_on: None,
        given_on: None,
        terms: Terms {
            name: name.to_owned(),
            of: of.to_owned(),
            quantity,
            value: Fen(3_000 * quantity.unwrap_or(10)),
            price: Fen(3_800),
            ..Terms::default()
        },
    }
}

/// 王晓明 with cuts of two cards, massage by the minute, a gym card, and a treatment that is past.
fn member() -> Member {
    let mut massage = grant(3, "肩颈按摩", "钟点卡", Some(90), None);
    massage.terms.unit = Unit::Minute;
    let mut treatment = grant(
        14,
        "玫瑰精油深层保湿修护护理",
        "春季护理疗程",
        Some(2),
        Some(-3),
    );
    treatment.terms.copay = Fen(2_000);
    let mut cuts = grant(11, "剪发", "十次剪发卡", Some(8), Some(300));
    cuts.used_on = Some(morning().date_naive() - TimeDelta::days(40));
    cuts.terms.cycle_days = Some(30);
    Member {
        checked_in: None,
        grants: vec![
            cuts,
            grant(1, "剪发", "开业赠送", Some(1), Some(10)),
            massage,
            treatment,
            grant(5, "健身", "月卡", None, Some(9)),
        ],
        ..crate::support::member::member()
    }
}

fn open(books: &Books) -> Console<&Books> {
    Console::with(books, in_shift(), Redeem::new(Box::new(member())))
}

#[tokio::test]
async fn how_it_looks() {
    let books = Books::default();
    let mut console = open(&books);
    console.settle().await;
    assert_snapshot!("redeem", console.screen());
    assert_snapshot!("redeem_45", console.size(45, 30).screen());
    assert_snapshot!("redeem_en", console.keys("<F12>").size(80, 24).screen());
    // A past one, that costs something besides, and somebody who serves.
    console.keys("<F12>4<Tab>").settle().await;
    console.keys("<Down><Enter><F5>");
    assert_snapshot!("redeem_past", console.screen());
    assert_snapshot!("redeem_past_45", console.size(45, 30).screen());
}

/// Tab, a digit, Enter: three keys with the member on the counter.
#[tokio::test]
async fn three_keys() {
    let books = Books::default();
    let mut parts = in_shift();
    parts.session.cart = Some(guitai::query::Cart {
        coupons: guitai::domain::coupon::Presented::default(),
        member_id: Some(7),
        lines: vec![],
    });
    let mut console = Console::with(&books, parts, Counter::new());
    console.settle().await;
    // PK3: what ends soon, and what is past, is louder beside her.
    assert_snapshot!("counter", console.screen());
    console.keys("<Tab>").settle().await;
    console.keys("2").settle().await;
    console.keys("<Enter>").settle().await;
    let asked = books.asked.borrow();
    assert_eq!(
        (asked.len(), asked[0].uses[0].what),
        (1, Usable::Service(1))
    );
    assert_eq!((asked[0].uses[0].quantity, asked[0].past), (1, false));
    assert!(
        console.screen().contains("已核销 剪发,剩 0 次"),
        "{}",
        console.screen()
    );
}

/// Without anything paid beforehand the key is in no footer, and says why.
#[tokio::test]
async fn nothing_to_redeem() {
    let books = Books::default();
    let mut console = Console::with(&books, in_shift(), Counter::new());
    console.settle().await;
    assert!(!console.screen().contains("核销"));
    console.keys("<Tab>").settle().await;
    assert!(console.screen().contains("先找会员"));
}

#[tokio::test]
async fn quantities_stay_between_one_and_what_is_left() {
    let books = Books::default();
    let mut console = open(&books);
    console.settle().await;
    // 90 minutes: 60 first, then by half hours.
    console.keys("3");
    assert!(console.screen().contains("肩颈按摩  60 分钟"));
    console.keys("<Right><Right><Right>");
    assert!(console.screen().contains("肩颈按摩  90 分钟"));
    console.keys("<Left><Left><Left><Left>");
    assert!(console.screen().contains("肩颈按摩  30 分钟"));
    console.keys("2<Left><Right><Right>");
    assert!(console.screen().contains("剪发  3 次"));
    // A scanner that types 4 and the rest of a code chooses nothing.
    console.burst("4911111111117<Enter>").settle().await;
    assert!(
        console.screen().contains("剪发  3 次"),
        "{}",
        console.screen()
    );
    assert!(books.asked.borrow().is_empty());
}

/// While nobody knows whether it was posted, nothing changes but the same again (LG2).
#[tokio::test]
async fn an_unknown_fate_is_asked_again_unchanged() {
    let books = Books::default();
    books.refusals.borrow_mut().push_back(Refusal::offline());
    let mut console = open(&books);
    console.settle().await;
    console.keys("2<Enter>").settle().await;
    console.keys("<Enter>");
    console.keys("3<Right>");
    console.keys("<Enter>").settle().await;
    let asked = books.asked.borrow();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0], asked[1]);
}

/// PK2: past its last day somebody with the right says yes first.
#[tokio::test]
async fn past_asks_for_an_approval() {
    let books = Books::default();
    let mut console = open(&books);
    console.settle().await;
    console.keys("4<Enter>").settle().await;
    assert!(
        console.screen().contains("已经过了"),
        "{}",
        console.screen()
    );
    assert!(books.asked.borrow().is_empty());
    console.keys("201<Enter>135790<Enter>").settle().await;
    let asked = books.asked.borrow();
    assert_eq!((asked.len(), asked[0].past), (1, true));
    assert_eq!(asked[0].stamp.approver_id, Some(manager().id));
}

/// A mistake is taken back from the list of bills; the counter looks at her again.
#[tokio::test]
async fn a_mistake_is_taken_back() {
    let books = Books::default();
    let mut parts = in_shift();
    parts.session.cart = Some(guitai::query::Cart {
        coupons: guitai::domain::coupon::Presented::default(),
        member_id: Some(7),
        lines: vec![],
    });
    let mut console = Console::with(&books, parts, Counter::new());
    console.settle().await;
    console.keys("<F8>").settle().await;
    console.keys("<F8>").settle().await;
    assert_snapshot!("undo", console.screen());
    console.keys("<Enter>").settle().await;
    assert!(
        console.screen().contains("撤销核销"),
        "{}",
        console.screen()
    );
    let before = books.looks.get();
    console.keys("<Enter>").settle().await;
    console.keys("<Esc>").settle().await;
    assert_eq!(books.looks.get(), before + 1);
}
