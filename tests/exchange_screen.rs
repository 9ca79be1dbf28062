//! Points for rewards and check-ins at the counter, and their rules under manage, by keys.

use std::cell::RefCell;
use std::collections::VecDeque;

use guitai::app::Parts;
use guitai::domain::check_in::{self, Bonus, CheckInRule};
use guitai::domain::ledger::{LotKind, OperationKind, Plan, Posted, Stamp};
use guitai::domain::member::{Lot, Member};
use guitai::domain::money::Fen;
use guitai::domain::package::wording::Service;
use guitai::domain::promotion::{RuleRef, When, Who};
use guitai::domain::receipt::{Names, Receipt};
use guitai::domain::reward::{self, ExchangeRecord, Exchanged, Gives, Reward, Taken};
use guitai::domain::shop::Shop;
use guitai::error::{Refusal, Result};
use guitai::query::{Backend, Cart, OperationRow, Query, Reply};
use guitai::ui::screens::counter::Counter;
use guitai::ui::screens::manage::Manage;
use insta::assert_snapshot;
use uuid::Uuid;

use crate::support::console::{Console, morning, parts};
use crate::support::member;
use crate::support::office::{self, Office, products, signed_in};
use crate::support::shop::{cashier, opening};

fn reward(id: i32, name: &str, points: i64, gives: Gives) -> Reward {
    Reward {
        rule: RuleRef { id, version: 2 },
        name: name.to_owned(),
        active: true,
        points,
        gives,
        when: When::default(),
        who: Who::default(),
        per_member: None,
        stock: None,
    }
}

fn rewards() -> Vec<Reward> {
    let service = |days| Gives::Service {
        product_id: 2,
        quantity: 1,
        days,
    };
    let goods = |quantity| Gives::Goods {
        product_id: 1,
        quantity,
    };
    let mut off = reward(4, "换三瓶", 100, goods(3));
    off.active = false;
    let mut few = reward(2, "换剪发一次", 600, service(Some(90)));
    few.per_member = Some(2);
    few.stock = Some(30);
    vec![
        reward(1, "换护发精油", 1_200, goods(1)),
        few,
        reward(3, "换很多", 9_000, goods(9)),
        off,
    ]
}

fn the_shop() -> Shop {
    let mut shop = opening().shop;
    shop.rewards = rewards();
    shop.goods = products();
    shop.services = vec![Service {
        id: 2,
        name: "剪发".to_owned(),
        price: Fen(6_800),
    }];
    shop.check_in = Some(CheckInRule {
        version: 3,
        active: true,
        points: 2,
        when: guitai::domain::promotion::When::default(),
        who: guitai::domain::promotion::Who::default(),
        bonuses: vec![Bonus {
            days: 7,
            points: 20,
        }],
    });
    shop
}

fn her() -> Member {
    let mut her = member::member();
    her.lots.retain(|lot| lot.kind == LotKind::StoredValue);
    her.lots.push(Lot {
        id: Uuid::from_u128(77),
        kind: LotKind::Points,
        opened_at: morning(),
        expires_on: None,
        principal: Fen::ZERO,
        bonus: Fen::ZERO,
        points: 2_310,
        spend_order: None,
    });
    her
}

/// A back end that keeps the rules, and refuses when told.
#[derive(Default)]
struct Books {
    asked: RefCell<Vec<Query>>,
    refusals: RefCell<VecDeque<Refusal>>,
    poor: bool,
}

impl Books {
    fn her(&self) -> Member {
        let mut her = her();
        if self.poor {
            her.lots.clear();
        }
        her
    }
}

fn posted(stamp: &Stamp, plan: &Plan) -> Reply {
    let posted = Posted {
        id: stamp.id,
        replayed: false,
        seq: 7,
        after: None,
    };
    let receipt = Receipt::of(stamp, plan, &posted, Names::default());
    Reply::Receipt(Box::new(receipt))
}

fn record(id: Uuid) -> ExchangeRecord {
    ExchangeRecord {
        id,
        seq: 7,
        at: morning(),
        shift_id: Some(office::shift().id),
        member_id: 7,
        lines: vec![],
        reward: Exchanged {
            rule: RuleRef { id: 2, version: 2 },
            name: "换剪发一次".to_owned(),
            points: 600,
            count: 2,
        },
        points_spent: vec![(Uuid::from_u128(77), 1_200)],
        grants: vec![],
        is_reversed: false,
    }
}

impl Backend for &Books {
    async fn answer(&self, query: Query) -> Result<Reply> {
        self.asked.borrow_mut().push(query.clone());
        let is_money = matches!(query, Query::Exchange { .. } | Query::CheckIn { .. });
        if is_money && let Some(refusal) = self.refusals.borrow_mut().pop_front() {
            return Err(refusal);
        }
        Ok(match query {
            Query::RewardsTaken { .. } => Reply::RewardsTaken(vec![Taken {
                id: 2,
                hers: 0,
                all: 28,
            }]),
            Query::Exchange { request, member } => {
                let taken = Taken::default();
                let plan = reward::plan(&request, &the_shop(), &member, taken)?;
                posted(&request.stamp, &plan)
            }
            Query::CheckIn { request, member } => {
                let plan = check_in::plan(&request, &the_shop(), &member)?;
                posted(&request.stamp, &plan)
            }
            Query::ReadMember { .. } => Reply::Member(Box::new(self.her())),
            Query::Operations { .. } => Reply::Operations(vec![OperationRow {
                id: Uuid::from_u128(78),
                kind: OperationKind::Exchange,
                seq: 7,
                at: morning(),
                store: "总店".to_owned(),
                cashier: cashier().name,
                member: Some("王晓明".to_owned()),
                amount: Fen::ZERO,
                about: None,
                reversed: false,
            }]),
            Query::ReadExchange { id } => Reply::Exchange(Box::new(record(id))),
            Query::UndoExchange(request) => {
                let record = record(request.exchange_id);
                let plan = reward::plan_reversal(&request, &record, &her())?;
                posted(&request.stamp, &plan)
            }
            _ => Reply::Kept,
        })
    }
}

fn in_shift() -> Parts {
    let mut parts = parts();
    let mut opening = opening();
    opening.shop = the_shop();
    parts.session.open(opening);
    parts.session.staff = Some(cashier());
    parts.session.shift = Some(office::shift());
    parts.session.cart = Some(Cart {
        member_id: Some(7),
        lines: vec![],
        ..Cart::default()
    });
    parts
}

async fn counter(books: &Books) -> Console<&Books> {
    let mut console = Console::with(books, in_shift(), Counter::new());
    console.settle().await;
    console
}

/// A key, a digit, Enter.
#[tokio::test]
async fn a_reward_in_three_keys() {
    let books = Books::default();
    let mut console = counter(&books).await;
    console.keys("<Ctrl-e>").settle().await;
    assert_snapshot!("exchange", console.screen());
    assert_snapshot!("exchange_45", console.size(45, 30).screen());
    console.size(80, 24).keys("2<Right><Right><Right>");
    // Two are left of it, and two are hers.
    assert!(
        console.screen().contains("换剪发一次 x 2"),
        "{}",
        console.screen()
    );
    console.keys("<Enter>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("已兑换 换剪发一次 x 2,用积分 1,200"),
        "{screen}"
    );
    let asked = books.asked.borrow();
    let count = asked.iter().find_map(|query| match query {
        Query::Exchange { request, .. } => Some(request.count),
        _ => None,
    });
    assert_eq!(count, Some(2));
}

#[tokio::test]
async fn who_has_too_few_sees_why_nothing_is_there() {
    let books = Books {
        poor: true,
        ..Books::default()
    };
    let mut console = counter(&books).await;
    console.keys("<Ctrl-e>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("现在没有换得起的"), "{screen}");
    console.keys("<Enter>").settle().await;
    assert!(
        !books
            .asked
            .borrow()
            .iter()
            .any(|it| matches!(it, Query::Exchange { .. }))
    );
}

#[tokio::test]
async fn what_was_refused_is_read_again() {
    let books = Books::default();
    books
        .refusals
        .borrow_mut()
        .push_back(Refusal::user("exchange.sold_out"));
    let mut console = counter(&books).await;
    console.keys("<Ctrl-e>").settle().await;
    console.keys("<Enter>").settle().await;
    assert!(
        console.screen().contains("已经换完了"),
        "{}",
        console.screen()
    );
    let asked = books.asked.borrow();
    let reads = asked
        .iter()
        .filter(|it| matches!(it, Query::RewardsTaken { .. }));
    assert_eq!(reads.count(), 2);
}

#[tokio::test]
async fn a_mistake_is_taken_back_among_the_bills() {
    let books = Books::default();
    let mut console = counter(&books).await;
    console.keys("<F8>").settle().await;
    console.keys("<F8>").settle().await;
    assert_snapshot!("undo_exchange", console.screen());
    console.keys("<Enter>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("积分兑换撤销") && screen.contains("1,200"),
        "{screen}"
    );
}

/// One key; the second time it says when the first one was.
#[tokio::test]
async fn one_key_checks_her_in() {
    let books = Books::default();
    let mut console = counter(&books).await;
    console.keys("<Ctrl-a>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("已签到,连续第 1 天,积分 +2"), "{screen}");
    let done = Refusal::user("check_in.done").with("at", "03-09 10:32");
    books.refusals.borrow_mut().push_back(done);
    console.keys("<Ctrl-a>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("今天已签到过:03-09 10:32"), "{screen}");
    console.keys("<Enter>");
    // Nobody knows: Enter asks again under the same number.
    books.refusals.borrow_mut().push_back(Refusal::offline());
    console.keys("<Ctrl-a>").settle().await;
    console.keys("<Enter>");
    assert!(
        console.screen().contains("结果未知"),
        "{}",
        console.screen()
    );
    console.keys("<Enter>").settle().await;
    let asked = books.asked.borrow();
    let ids = asked.iter().filter_map(|query| match query {
        Query::CheckIn { request, .. } => Some(request.stamp.id),
        _ => None,
    });
    let ids: Vec<Uuid> = ids.collect();
    assert_eq!((ids.len(), ids[2]), (4, ids[3]));
}

fn manage() -> Parts {
    let mut parts = signed_in();
    let shop = parts.session.shop.as_mut().unwrap();
    let known = the_shop();
    shop.rewards = known.rewards;
    shop.goods = known.goods;
    shop.services = known.services;
    shop.check_in = known.check_in;
    parts
}

async fn open<'a>(office: &'a Office, digits: &str) -> Console<&'a Office> {
    let mut console = Console::with(office, manage(), Manage::new());
    console.menu(digits).await;
    console
}

#[tokio::test]
async fn rewards_are_edited() {
    let office = Office::default();
    let mut console = open(&office, "24").await;
    assert_snapshot!("rewards", console.screen());
    assert_snapshot!("rewards_45", console.size(45, 30).screen());
    // What is opened and saved without an edit is the same rule.
    console.size(80, 24).keys("<Enter><F2>").settle().await;
    let Query::SaveReward { reward: edit, .. } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!((edit.reward.rule.id, edit.product), (2, None));
    assert!(rewards().contains(&edit.reward));
    console.keys("<F3>换梳子<Down>0<F2>");
    assert!(
        console.screen().contains("至少 1 分"),
        "{}",
        console.screen()
    );
    console
        .keys("<Ctrl-u>300<Down><Down>6990000300078<F2>")
        .settle()
        .await;
    let Query::SaveReward { reward: edit, .. } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!((edit.reward.points, edit.reward.rule.id), (300, 0));
    assert_eq!(edit.product.as_deref(), Some("6990000300078"));
}

#[tokio::test]
async fn the_check_in_rule_is_edited() {
    let office = Office::default();
    let mut console = open(&office, "25").await;
    assert_snapshot!("check_in_rule", console.screen());
    console.keys("<Down><Ctrl-u>5<Down><Ctrl-u>30-100, 7-20<F2>");
    assert!(
        console.screen().contains("从小到大"),
        "{}",
        console.screen()
    );
    console.keys("<Ctrl-u>7-20, 30-100<F2>").settle().await;
    let Query::SaveCheckIn { rule, .. } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!((rule.version, rule.points, rule.bonuses.len()), (3, 5, 2));
}
