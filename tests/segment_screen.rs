//! Coupons for everybody of a list, by keys: seen first, given round by round, stopped, refused (PR4).

use std::cell::RefCell;
use std::collections::VecDeque;

use guitai::app::Parts;
use guitai::domain::coupon::{CouponRule, Gives};
use guitai::domain::money::Fen;
use guitai::domain::segment::{Begun, Preview, ROUND, Remind, Request, Round, Segment, Without};
use guitai::domain::staff::{Role, Staff};
use guitai::error::{Refusal, Result};
use guitai::query::{Backend, Query, Reply};
use guitai::ui::screens::dormant::Dormant;
use guitai::ui::screens::segment::GiveAll;
use uuid::Uuid;

use crate::counter::coupons::rule;
use crate::support::console::{Console, morning};
use crate::support::member::dormant;
use crate::support::office::{in_shift, owner};
use crate::support::shop::cashier;

const LIST: Segment = Segment::Dormant {
    days: 45,
    rhythm: false,
    max_days: None,
    level_id: None,
    balance: Some(Fen(10_000)),
};

/// Knows so many members of the list; refuses the next round when told.
#[derive(Debug, Default)]
struct Shop {
    left: RefCell<VecDeque<i64>>,
    members: usize,
    cut: bool,
    refuse: RefCell<VecDeque<Refusal>>,
    requests: RefCell<Vec<Request>>,
}

impl Shop {
    fn with(members: i64) -> Self {
        Self {
            left: RefCell::new((1..=members).collect()),
            members: usize::try_from(members).unwrap(),
            ..Self::default()
        }
    }

    fn preview(&self) -> Preview {
        let gets: Vec<i64> = self.left.borrow().iter().copied().collect();
        let done = self.members - gets.len();
        let mut without = guitai::domain::segment::Left::new();
        if done > 0 {
            without.insert(Without::Done, done);
        }
        if self.members > 100 {
            without.insert(Without::Full, 7);
            without.insert(Without::Level, 12);
        }
        let before = Begun {
            id: Uuid::nil(),
            at: morning(),
            staff: "赵店长".to_owned(),
            segment: Segment::Reminder { kind: Remind::Low },
            reason: "卡快用完了".to_owned(),
            given: 31,
        };
        Preview {
            members: gets.len() + without.values().sum::<usize>(),
            gets,
            without,
            cut: self.cut,
            batches: if self.members > 100 {
                vec![before]
            } else {
                vec![]
            },
        }
    }
}

impl Backend for &Shop {
    async fn answer(&self, query: Query) -> Result<Reply> {
        match query {
            Query::Segment(_) => Ok(Reply::Segment(Box::new(self.preview()))),
            Query::GiveSegment(request) => {
                self.requests.borrow_mut().push((*request).clone());
                if let Some(refusal) = self.refuse.borrow_mut().pop_front() {
                    return Err(refusal);
                }
                let mut left = self.left.borrow_mut();
                let before = left.len();
                left.retain(|id| !request.members.contains(id));
                let given = before - left.len();
                Ok(Reply::SegmentGiven(Round {
                    given,
                    ..Round::default()
                }))
            }
            Query::SignIn { .. } => Ok(Reply::SignedIn(owner())),
            Query::Dormant { .. } => Ok(Reply::Dormant((0..3).map(dormant).collect())),
            other => panic!("{other:?}"),
        }
    }
}

fn rules() -> Vec<CouponRule> {
    let amount = rule(1, "满100减10", 100, 10);
    let mut free = rule(2, "免费洗头", 0, 1);
    free.gives = Gives::Free { quantity: 1 };
    free.who.stores = vec![1];
    vec![amount, free]
}

fn parts() -> Parts {
    let mut parts = in_shift();
    parts.session.shop.as_mut().unwrap().coupons = rules();
    parts
}

async fn open(shop: &Shop, segment: Segment) -> Console<&Shop> {
    let mut console = Console::with(shop, parts(), GiveAll::new(segment));
    console.settle().await;
    console
}

fn picture(console: &mut Console<&Shop>, name: &str) {
    insta::assert_snapshot!(name, console.screen());
    insta::assert_snapshot!(format!("{name}_45"), console.size(45, 30).screen());
    console.keys("<F12>").size(80, 24);
    insta::assert_snapshot!(format!("{name}_en"), console.screen());
    console.keys("<F12>");
}

#[tokio::test]
async fn all_is_said_before_anything_is_given() {
    let shop = Shop::with(320);
    let mut console = open(&shop, LIST).await;
    picture(&mut console, "form");
    console.keys("<F2>");
    assert!(console.screen().contains("请填写"));
    console.keys("<Down>好久不见<Enter>").settle().await;
    picture(&mut console, "preview");
    assert!(shop.requests.borrow().is_empty());
    console.keys("<F2>").settle().await;
    picture(&mut console, "given");
    let requests = shop.requests.borrow().clone();
    assert_eq!(requests.len(), 320_usize.div_ceil(ROUND));
    assert!(
        requests
            .iter()
            .all(|request| request.members.len() <= ROUND && request.reason == "好久不见")
    );
    assert_eq!(requests[0].batch.segment, LIST);
    assert_eq!(requests[0].stamp.approver_id, None);
    // Nobody is left: the key does nothing.
    console.keys("<F2>").settle().await;
    assert_eq!(shop.requests.borrow().len(), 7);
}

#[tokio::test]
async fn what_it_costs_cannot_always_be_said() {
    let shop = Shop::with(3);
    let mut console = open(&shop, Segment::Reminder { kind: Remind::Low }).await;
    console.keys("<Right><Down>好久不见<Enter>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("不能预先算") && screen.contains("只在这些门店可用"),
        "{screen}"
    );
}

#[tokio::test]
async fn nobody_and_too_many() {
    let shop = Shop::with(0);
    let mut console = open(&shop, LIST).await;
    console.keys("<Down>好久不见<Enter>").settle().await;
    assert!(console.screen().contains("可发 0 人"));
    console.keys("<F2>").settle().await;
    let shop = Shop {
        cut: true,
        ..Shop::with(10_000)
    };
    let mut console = open(&shop, LIST).await;
    console.keys("<Down>好久不见<Enter>").settle().await;
    assert!(console.screen().contains("名单太长"));
    console.keys("<F2>").settle().await;
    assert!(shop.requests.borrow().is_empty());
}

#[tokio::test]
async fn esc_stops_between_rounds() {
    let shop = Shop::with(120);
    let mut console = open(&shop, LIST).await;
    console.keys("<Down>好久不见<Enter>").settle().await;
    console.keys("<F2>");
    assert!(console.screen().contains("正在发"));
    console.keys("<Esc>");
    assert!(console.screen().contains("正在停"));
    console.settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("已停:发出的 50 张有效,还有 70 人没发"),
        "{screen}"
    );
    assert!(screen.contains("可发 70 人"), "{screen}");
    // The same press goes on.
    console.keys("<F2>").settle().await;
    assert_eq!(shop.requests.borrow().len(), 3);
    assert!(shop.left.borrow().is_empty());
}

#[tokio::test]
async fn a_cut_cable_leaves_what_was_given() {
    let shop = Shop::with(120);
    let mut console = open(&shop, LIST).await;
    console.keys("<Down>好久不见<Enter>").settle().await;
    shop.refuse.borrow_mut().push_back(Refusal::offline());
    console.keys("<F2>").settle().await;
    console.keys("<Enter><F2>").settle().await;
    assert_eq!(shop.requests.borrow().len(), 1, "it is read again first");
    console.keys("<F5>").settle().await;
    console.keys("<F2>").settle().await;
    assert!(shop.left.borrow().is_empty());
}

/// One approval for all of them, which every operation carries.
#[tokio::test]
async fn a_manager_approves_once() {
    let shop = Shop::with(120);
    let mut parts = parts();
    parts.session.staff = Some(Staff {
        role: Role::Cashier,
        ..cashier()
    });
    let mut console = Console::with(&shop, parts, GiveAll::new(LIST));
    console.settle().await;
    console.keys("<Down>好久不见<Enter>").settle().await;
    console.keys("<F2>").settle().await;
    insta::assert_snapshot!("approve", console.screen());
    assert!(shop.requests.borrow().is_empty());
    console.keys("1<Enter>123456<Enter>").settle().await;
    let requests = shop.requests.borrow();
    assert_eq!(requests.len(), 3, "{}", console.screen());
    assert!(
        requests
            .iter()
            .all(|request| request.stamp.approver_id == Some(owner().id))
    );
}

/// From the list with the filter that stands there.
#[tokio::test]
async fn the_list_hands_over_its_filter() {
    let shop = Shop::with(2);
    let mut console = Console::with(&shop, parts(), Dormant::new());
    console.settle().await;
    console.keys("<Tab><Right><Enter><Ctrl-k>").settle().await;
    assert!(
        console.screen().contains("未到店 > 60 天"),
        "{}",
        console.screen()
    );
}
