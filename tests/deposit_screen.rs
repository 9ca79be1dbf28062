//! Orders and their deposits by keys: taken, fetched, called off, taken back (SV6).

use std::cell::RefCell;

use chrono::TimeDelta;
use guitai::app::Parts;
use guitai::domain::deposit::{self, DepositRecord, DepositRequest, ForfeitRequest, Order};
use guitai::domain::grant::{Grant, Terms};
use guitai::domain::ledger::{OperationKind, Plan, Posted, Stamp};
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::receipt::{Names, Receipt};
use guitai::domain::sale::{self, SaleRequest};
use guitai::domain::slip::{self, Layout};
use guitai::domain::staff::{Role, Staff};
use guitai::domain::tender::{Tender, TenderKind};
use guitai::error::{Refusal, Result};
use guitai::query::{Backend, Candidate, Query, Reply};
use guitai::ui::screens::counter::Counter;
use guitai::ui::screens::forfeit::Forfeit;
use guitai::ui::screens::member::MemberCard;
use guitai::ui::screens::orders::Orders;
use guitai::ui::screens::undo_deposit::UndoDeposit;
use guitai::ui::text::{Lang, Text};
use insta::assert_snapshot;
use uuid::Uuid;

use crate::support::console::{Console, morning};
use crate::support::member::member as hers;
use crate::support::office;
use crate::support::shop;

/// An order as her card has it: so many yuan, so many paid, fetched so many days from now.
fn order(id: u128, name: &str, yuan: (i64, i64), days: i64, earnest: bool) -> Grant {
    let request = DepositRequest {
        stamp: Stamp {
            id: Uuid::from_u128(id + 100),
            till_id: 1,
            shift_id: None,
            operator_id: 1,
            approver_id: None,
            business_on: morning().date_naive(),
            at: morning() - TimeDelta::days(20),
        },
        member_id: 7,
        name: name.to_owned(),
        price: Fen::yuan(yuan.0),
        order: Order {
            due_on: morning().date_naive() + TimeDelta::days(days),
            earnest,
        },
        tenders: vec![Tender::exact(TenderKind::Wechat, Fen::yuan(yuan.1))],
    };
    let plan = deposit::plan(&request, &shop::shop(), &hers()).unwrap();
    held(&plan, Uuid::from_u128(id + 100))
}

/// The claim that a plan opens.
fn held(plan: &Plan, operation_id: Uuid) -> Grant {
    let new = plan.extras.grants[0].clone();
    Grant {
        id: new.id,
        operation_id,
        no: new.no,
        kind: new.kind,
        product_id: None,
        quantity: new.quantity,
        value: new.value,
        opened_at: morning(),
        expires_on: None,
        used_on: None,
        given_on: None,
        terms: new.terms,
    }
}

struct Books {
    grants: RefCell<Vec<Grant>>,
    taken: RefCell<Vec<DepositRequest>>,
    sold: RefCell<Vec<SaleRequest>>,
    kept: RefCell<Vec<ForfeitRequest>>,
    undone: RefCell<Vec<Uuid>>,
    refuses: RefCell<Option<Refusal>>,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            grants: RefCell::new(vec![
                order(1, "旗袍 量身定做", (1_280, 400), 16, true),
                order(2, "8寸草莓蛋糕", (268, 100), 0, false),
                order(3, "婚礼甜品台", (3_600, 3_600), -2, false),
            ]),
            taken: RefCell::default(),
            sold: RefCell::default(),
            kept: RefCell::default(),
            undone: RefCell::default(),
            refuses: RefCell::default(),
        }
    }
}

impl Books {
    fn her(&self) -> Member {
        Member {
            grants: self.grants.borrow().clone(),
            ..hers()
        }
    }

    fn record(&self, id: Uuid) -> DepositRecord {
        let grants = self.grants.borrow();
        let grant = grants.iter().find(|it| it.operation_id == id).unwrap();
        DepositRecord {
            id,
            seq: 9,
            at: morning(),
            shift_id: Some(office::shift().id),
            member_id: 7,
            claim_id: grant.id,
            terms: Terms {
                ..grant.terms.clone()
            },
            left: grant.value,
            tenders: vec![Tender::exact(TenderKind::Wechat, grant.value)],
            reversed: false,
        }
    }
}

fn receipt(stamp: &Stamp, plan: &Plan) -> Reply {
    let posted = Posted {
        id: stamp.id,
        replayed: false,
        seq: 12,
        after: None,
    };
    let names = Names {
        shop: "云裳理发".to_owned(),
        store: "总店".to_owned(),
        till: "一号台".to_owned(),
        cashier: "李敏".to_owned(),
        member: Some("王晓明".to_owned()),
        phone: Some("138****1380".to_owned()),
        level: None,
    };
    Reply::Receipt(Box::new(Receipt::of(stamp, plan, &posted, names)))
}

impl Backend for &Books {
    async fn answer(&self, query: Query) -> Result<Reply> {
        let moves = matches!(query, Query::Sell { .. } | Query::Forfeit(_));
        if let Some(refusal) = self.refuses.borrow_mut().take_if(|_| moves) {
            return Err(refusal);
        }
        let shop = shop::shop();
        Ok(match query {
            Query::Candidates { .. } => Reply::Candidates(vec![Candidate::Member {
                id: 7,
                name: "王晓明".to_owned(),
                phone: Some("138****1380".to_owned()),
                level: "普卡".to_owned(),
                stored_value: Fen::ZERO,
                last_visit_on: None,
            }]),
            Query::ReadMember { .. } => Reply::Member(Box::new(self.her())),
            Query::ReadDeposit { id } => Reply::Deposit(Box::new(self.record(id))),
            Query::TakeDeposit { request, member } => {
                let plan = deposit::plan(&request, &shop, &member)?;
                self.grants.borrow_mut().push(held(&plan, request.stamp.id));
                let reply = receipt(&request.stamp, &plan);
                self.taken.borrow_mut().push(request);
                reply
            }
            Query::Sell { request, member } => {
                let plan = sale::plan(&request, &shop, member.as_deref())?;
                let reply = receipt(&request.stamp, &plan);
                self.sold.borrow_mut().push(request);
                reply
            }
            Query::Forfeit(request) => {
                let record = self.record(request.deposit_id);
                let plan = deposit::plan_forfeit(&request, &record, &self.her())?;
                let reply = receipt(&request.stamp, &plan);
                self.kept.borrow_mut().push(request);
                reply
            }
            Query::UndoDeposit(request) => {
                let record = self.record(request.deposit_id);
                let plan = deposit::plan_reversal(&request, &record, &self.her())?;
                self.undone.borrow_mut().push(request.deposit_id);
                receipt(&request.stamp, &plan)
            }
            Query::SignIn { .. } => Reply::SignedIn(Staff {
                id: 9,
                role: Role::Owner,
                ..shop::cashier()
            }),
            Query::Consents { .. } => Reply::Consents(vec![]),
            Query::KeepCart { .. } => Reply::Kept,
            other => panic!("{other:?}"),
        })
    }
}

fn parts() -> Parts {
    office::in_shift()
}

fn picture(console: &mut Console<&Books>, name: &str) {
    assert_snapshot!(name, console.size(80, 24).screen());
    assert_snapshot!(format!("{name}_45"), console.size(45, 30).screen());
    console.keys("<F12>").size(80, 24);
    assert_snapshot!(format!("{name}_en"), console.screen());
    console.keys("<F12>");
}

/// The counter with her on it.
async fn at_counter(books: &Books) -> Console<&Books> {
    let mut console = Console::with(books, parts(), Counter::new());
    console.settle().await;
    console.keys("wxm").settle().await;
    console.wait(TimeDelta::seconds(1)).settle().await;
    console.keys("<Enter>").settle().await;
    console
}

fn says(console: &mut Console<&Books>, text: &str) {
    let screen = console.screen();
    assert!(screen.contains(text), "{text}\n{screen}");
}

/// What, price, paid, day; then the payment with its change, and the slip.
#[tokio::test]
async fn a_deposit_is_taken() {
    let books = Books::default();
    let mut console = at_counter(&books).await;
    console.keys("<Ctrl-o>").settle().await;
    picture(&mut console, "orders");
    console.keys("<F3>").settle().await;
    console.keys("生日蛋糕<Enter>388<Enter>100<Enter>12-24<Enter><Right>");
    picture(&mut console, "deposit");
    console.keys("<F2>").settle().await;
    picture(&mut console, "deposit_paying");
    console.keys("120<Enter>").settle().await;
    let request = books.taken.borrow()[0].clone();
    assert_eq!(
        (request.price, request.amount()),
        (Fen::yuan(388), Fen::yuan(100))
    );
    assert_eq!(request.tenders[0].given, Fen::yuan(120));
    assert!(request.order.earnest);
    says(&mut console, "生日蛋糕");
}

/// From the counter: the order is a line, its deposit pays by itself, Enter the rest.
#[tokio::test]
async fn an_order_is_fetched() {
    let books = Books::default();
    let mut console = at_counter(&books).await;
    picture(&mut console, "order_on_the_counter");
    console.keys("<Ctrl-o>").settle().await;
    console.keys("<Down><Enter>").settle().await;
    picture(&mut console, "order_fetched");
    // Neither its price nor its pieces are anybody's to change.
    console.keys("<F7>").settle().await;
    says(&mut console, "整单取货");
    console.keys("*3<Enter>").settle().await;
    console.keys("<Esc><F2>").settle().await;
    picture(&mut console, "order_paying");
    console.keys("<Enter>").settle().await;
    let sold = books.sold.borrow()[0].clone();
    assert_eq!(
        sold.tenders[0],
        Tender::exact(TenderKind::Deposit, Fen::yuan(100))
    );
    assert_eq!(sold.paid(), Fen::yuan(268));
    assert_eq!(sold.lines[0].quantity, 1);
}

/// Paid whole beforehand: nothing is due, Enter posts it.
#[tokio::test]
async fn nothing_is_left_to_pay() {
    let books = Books::default();
    let mut console = at_counter(&books).await;
    console.keys("<Ctrl-o>").settle().await;
    console.keys("<Enter>").settle().await;
    console.keys("<Enter>").settle().await;
    says(&mut console, "0.00");
    console.keys("<Enter>").settle().await;
    let sold = books.sold.borrow()[0].clone();
    assert_eq!(
        sold.tenders,
        [Tender::exact(TenderKind::Deposit, Fen::yuan(3_600))]
    );
}

/// Another till was first: she hears why, the line goes, the rest of the sale stays.
#[tokio::test]
async fn fetched_elsewhere() {
    let books = Books::default();
    let mut console = at_counter(&books).await;
    console.keys("<Ctrl-o>").settle().await;
    console.keys("<Enter>").settle().await;
    // The same order twice in one sale is one.
    console.keys("<Ctrl-o>").settle().await;
    console.keys("<Enter>").settle().await;
    console.keys("68<Enter>").settle().await;
    let used = Refusal::user("deposit.used").with("name", "婚礼甜品台");
    *books.refuses.borrow_mut() = Some(used);
    books.grants.borrow_mut().pop();
    console.keys("<F2>").settle().await;
    console.keys("<Enter>").settle().await;
    picture(&mut console, "order_gone");
    console.keys("<Enter>").settle().await;
    let screen = console.screen();
    assert!(
        !screen.contains("甜品台") && screen.contains("68.00"),
        "{screen}"
    );
}

/// An order of somebody else is not paid for.
#[tokio::test]
async fn somebody_elses() {
    let books = Books::default();
    let mut console = at_counter(&books).await;
    console.keys("<Ctrl-o>").settle().await;
    console.keys("<Enter>").settle().await;
    books.grants.borrow_mut().clear();
    console.keys("wxm").settle().await;
    console.wait(TimeDelta::seconds(1)).settle().await;
    console.keys("<Enter>").settle().await;
    console.keys("<F2>").settle().await;
    says(&mut console, "别人的订单");
    assert!(books.sold.borrow().is_empty());
}

/// The card shows what is open; Enter leads to it, and on to the sale when there is one below.
#[tokio::test]
async fn on_the_card() {
    let books = Books::default();
    let mut console = Console::with(&books, parts(), MemberCard::new(7));
    console.settle().await;
    picture(&mut console, "order_on_the_card");
    console.keys("<Ctrl-o>").settle().await;
    console.keys("<Enter>").settle().await;
    says(&mut console, "要在收银台");

    let mut console = at_counter(&books).await;
    console.keys("<F4>").settle().await;
    console
        .keys("<Down><Down><Down><Down><Down><Down><Enter>")
        .settle()
        .await;
    says(&mut console, "王晓明 的订单");
    console.keys("<Enter>").settle().await;
    says(&mut console, "已入单");
    says(&mut console, "8寸草莓蛋糕      1 x");
}

/// What may be kept is proposed; more is refused; somebody else approves it.
#[tokio::test]
async fn called_off() {
    let books = Books::default();
    let mut console = at_counter(&books).await;
    console.keys("<Ctrl-o>").settle().await;
    console.keys("<F8>").settle().await;
    says(&mut console, "不能扣留");
    console.keys("<Esc><Down><Down><F8>").settle().await;
    says(&mut console, "最多 256.00");
    let id = books.grants.borrow()[0].operation_id;
    let mut console = Console::with(&books, parts(), Forfeit::new(id));
    console.settle().await;
    console.keys("<Down><Down>已经裁剪");
    picture(&mut console, "forfeit");
    console.keys("<Up><Up><Ctrl-u>300<F2>").settle().await;
    says(&mut console, "最多可以扣留 256.00");
    console.keys("<Ctrl-u>200<F2>").settle().await;
    picture(&mut console, "forfeit_approval");
    console.keys("1002<Enter>135790<Enter>").settle().await;
    let kept = books.kept.borrow()[0].clone();
    assert_eq!((kept.kept, kept.way), (Fen::yuan(200), TenderKind::Wechat));
    assert_eq!(
        (kept.stamp.approver_id, kept.reason.as_str()),
        (Some(9), "已经裁剪")
    );
}

#[tokio::test]
async fn a_mistake() {
    let books = Books::default();
    let id = books.grants.borrow()[1].operation_id;
    let mut console = Console::with(&books, parts(), UndoDeposit::new(id));
    console.settle().await;
    picture(&mut console, "undo_deposit");
    console.keys("<Enter>").settle().await;
    assert_eq!(*books.undone.borrow(), [id]);
}

/// What the customer signs, and what she gets when she calls it off.
#[test]
fn slips() {
    let books = Books::default();
    let text = Text::load().unwrap();
    let stamp = Stamp {
        id: Uuid::from_u128(1),
        till_id: 1,
        shift_id: None,
        operator_id: 1,
        approver_id: Some(2),
        business_on: morning().date_naive(),
        at: morning(),
    };
    let mut printed = String::new();
    let mut lay = |plan: &Plan| {
        let Reply::Receipt(receipt) = receipt(&stamp, plan) else {
            panic!()
        };
        for lang in [Lang::Zh, Lang::En] {
            let layout = Layout {
                columns: slip::NARROW,
                copy: false,
                words: &|key| text.get(lang, key).to_owned(),
                slips: &shop::slips(),
            };
            let lines = slip::receipt(&receipt, Some(&shop::shop()), layout);
            printed.push_str(&slip::text(&lines, slip::NARROW));
            printed.push('\n');
        }
    };
    for earnest in [false, true] {
        let request = DepositRequest {
            stamp: stamp.clone(),
            member_id: 7,
            name: "旗袍 量身定做".to_owned(),
            price: Fen::yuan(1_280),
            order: Order {
                due_on: "2026-04-01".parse().unwrap(),
                earnest,
            },
            tenders: vec![
                Tender {
                    kind: TenderKind::Cash,
                    amount: Fen::yuan(300),
                    given: Fen::yuan(320),
                },
                Tender::exact(TenderKind::Wechat, Fen::yuan(100)),
            ],
        };
        lay(&deposit::plan(&request, &shop::shop(), &hers()).unwrap());
    }
    let grant = books.grants.borrow()[0].clone();
    let request = ForfeitRequest {
        stamp: stamp.clone(),
        deposit_id: grant.operation_id,
        member_id: 7,
        kept: Fen::yuan(256),
        way: TenderKind::Cash,
        reason: "已经裁剪".to_owned(),
    };
    let record = books.record(grant.operation_id);
    lay(&deposit::plan_forfeit(&request, &record, &hers()).unwrap());
    let orders = Orders::new(Box::new(books.her()), true);
    assert!(format!("{orders:?}").contains("Orders"));
    assert_eq!(
        OperationKind::named("forfeit"),
        Some(OperationKind::Forfeit)
    );
    assert_snapshot!("deposit_slips", printed);
}
