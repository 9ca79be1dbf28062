//! Staged prepayment by keys: the owner's plans, a member's contracts, paying and ending one (SV5).

use chrono::{Days, NaiveDate};
use guitai::app::Parts;
use guitai::domain::benefit::Benefit;
use guitai::domain::contract::{Contract, ContractPlan, Next, Paid, Paying, Settled};
use guitai::domain::coupon::Gives;
use guitai::domain::ledger::OperationKind;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::promotion::RuleRef;
use guitai::domain::receipt::Document;
use guitai::domain::slip;
use guitai::domain::staff::Role;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::error::Result;
use guitai::query::{Backend, Cart, Query, Reply};
use guitai::ui::screens::contracts::Contracts;
use guitai::ui::screens::manage::contracts::Contracts as Plans;
use guitai::ui::screens::manage::list::List;
use guitai::ui::screens::member::MemberCard;
use guitai::ui::text::Lang;
use uuid::Uuid;

use crate::counter::coupons;
use crate::counter::desk::{self, Desk};
use crate::paying::receipts::{document, text};
use crate::support::console::{Console, morning};
use crate::support::member::member;
use crate::support::office::{Office, in_shift, signed_in};

/// Two plans: every benefit and a long name; one that is off.
fn plans() -> Vec<ContractPlan> {
    let mut first = crate::contract::plan(1);
    first.rule = RuleRef { id: 1, version: 2 };
    first.stages[1].gives.push(Benefit::Level { level_id: 2 });
    let mut long = first.clone();
    long.rule = RuleRef { id: 2, version: 1 };
    "一个名字特别特别长的十二期老客户护理方案".clone_into(&mut long.name);
    let last = long.stages[2].clone();
    long.stages.extend((3..12).map(|no| {
        let mut stage = last.clone();
        stage.days = 30 * no;
        stage
    }));
    let mut off = first.clone();
    off.rule = RuleRef { id: 3, version: 4 };
    "停用的方案".clone_into(&mut off.name);
    off.active = false;
    vec![first, long, off]
}

fn parts(mut parts: Parts, plans: Vec<ContractPlan>) -> Parts {
    let shop = parts.session.shop.as_mut().unwrap();
    shop.plans = plans;
    shop.coupons = vec![coupons::rule(1, "满100减10", 100, 10)];
    parts
}

fn picture(console: &mut Console<&Office>, name: &str) {
    insta::assert_snapshot!(name, console.screen());
    insta::assert_snapshot!(format!("{name}_45"), console.size(45, 30).screen());
    console.keys("<F12>").size(80, 24);
    insta::assert_snapshot!(format!("{name}_en"), console.screen());
    console.keys("<F12>");
}

async fn list(office: &Office, plans: Vec<ContractPlan>) -> Console<&Office> {
    let mut console = Console::with(office, parts(signed_in(), plans), List::<Plans>::new());
    console.settle().await;
    console
}

fn saved(office: &Office) -> ContractPlan {
    let asked = office.asked.borrow();
    let saved = asked.iter().rev().find_map(|query| match query {
        Query::SaveContractPlan { plan, .. } => Some((**plan).clone()),
        _ => None,
    });
    saved.unwrap_or_else(|| panic!("{asked:?}"))
}

#[tokio::test]
async fn the_list_says_how_many_stages() {
    let office = Office::default();
    let mut console = list(&office, plans()).await;
    picture(&mut console, "contract_list");
    let mut console = list(&office, Vec::new()).await;
    assert!(console.screen().contains("还没有分期方案"));
}

/// What is opened and saved without an edit is the same plan.
#[tokio::test]
async fn an_editor_loses_nothing() {
    for plan in plans() {
        let office = Office::default();
        let mut console = list(&office, vec![plan.clone()]).await;
        console.keys("<Enter><F2>").settle().await;
        assert_eq!(saved(&office), plan);
    }
}

#[tokio::test]
async fn a_new_plan_by_keys() {
    let office = Office::default();
    let mut console = list(&office, Vec::new()).await;
    // Two stages instead of three; the entries of the first come after levels and stores.
    console.keys("<F3>两期卡<Enter><Left><Enter><Enter><Enter><Enter><Enter><Enter>");
    console.keys("500<Enter>+50/30, 20p<Enter>300<Enter><Ctrl-u>45<Enter>满100减10*2");
    picture(&mut console, "contract_form");
    console.keys("<F2>").settle().await;
    let plan = saved(&office);
    assert_eq!((plan.name.as_str(), plan.stages.len()), ("两期卡", 2));
    let bonus = Benefit::Bonus {
        fen: Fen::yuan(50),
        instalments: None,
        valid_days: Some(30),
    };
    assert_eq!(
        plan.stages[0].gives,
        [bonus, Benefit::Points { points: 20 }]
    );
    assert_eq!(
        (plan.stages[1].amount, plan.stages[1].days),
        (Fen::yuan(300), 45)
    );
    let coupon = Benefit::Coupon {
        rule_id: 1,
        count: 2,
    };
    assert_eq!(plan.stages[1].gives, [coupon]);
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_it() {
    let head = "名<Enter><Left><Enter><Enter><Enter><Enter><Enter><Enter>";
    for (keys, says) in [
        ("", "请填写"),
        ("500<Enter>没有的券", "不认识"),
        ("500<Enter>+0", "不认识"),
        ("500<Enter>5p, 6p", "多了一个"),
        ("500<Enter><Enter>300<Enter><Ctrl-u>0", "要在第 0 天以后"),
    ] {
        let office = Office::default();
        let mut console = list(&office, Vec::new()).await;
        let head = if keys.is_empty() { "" } else { head };
        console
            .keys("<F3>")
            .keys(head)
            .keys(keys)
            .keys("<F2>")
            .settle()
            .await;
        let screen = console.screen();
        assert!(screen.contains(says), "{keys}: {screen}");
        assert_eq!(office.count(), 0, "{keys}");
    }
}

fn today() -> NaiveDate {
    morning().date_naive()
}

/// Signed so many days ago; the first stage is paid.
fn signed(days: u64) -> Contract {
    let plan = plans().remove(0);
    let on = today() - Days::new(days);
    Contract {
        id: Uuid::from_u128(5),
        plan: plan.rule,
        name: plan.name,
        stages: plan.stages,
        signed_on: on,
        paid: vec![Paid {
            operation_id: Uuid::from_u128(5),
            on,
            seq: 12,
        }],
    }
}

fn hers(days: u64) -> Box<Member> {
    Box::new(Member {
        contracts: vec![signed(days)],
        ..member()
    })
}

async fn contracts(office: &Office, her: Box<Member>, role: Role) -> Console<&Office> {
    let mut parts = parts(in_shift(), plans());
    parts.session.staff.as_mut().unwrap().role = role;
    let mut console = Console::with(office, parts, Contracts::new(her));
    console.settle().await;
    console
}

#[tokio::test]
async fn a_stage_is_paid_as_a_top_up_is() {
    let office = Office::default();
    let mut console = contracts(&office, hers(40), Role::Owner).await;
    picture(&mut console, "contracts");
    console.keys("<Enter>").settle().await;
    picture(&mut console, "contract_stage");
    // Nothing typed changes it.
    console.keys("9").keys("<Enter>").settle().await;
    console.keys("<Enter>").settle().await;
    let Query::TopUp { request, .. } = office.last() else {
        panic!("{:?}", office.last())
    };
    assert_eq!((request.amount, request.rule), (Fen::yuan(500), None));
    let paying = Paying {
        plan: RuleRef { id: 1, version: 2 },
        contract_id: Some(Uuid::from_u128(5)),
        stage: 2,
    };
    assert_eq!(request.contract, Some(paying));
}

/// The plan she pays already is not offered again; another one is signed with its first stage.
#[tokio::test]
async fn a_plan_is_signed_with_its_first_stage() {
    let office = Office::default();
    let mut console = contracts(&office, hers(3), Role::Owner).await;
    console.keys("<Down><F4>").settle().await;
    assert!(console.screen().contains("没有可终止的"));
    picture(&mut console, "contract_plan_twelve");
    console.keys("<Enter>").settle().await;
    console.keys("<Enter>").settle().await;
    console.keys("<Enter>").settle().await;
    let Query::TopUp { request, .. } = office.last() else {
        panic!("{:?}", office.last())
    };
    let paying = Paying {
        plan: RuleRef { id: 2, version: 1 },
        contract_id: None,
        stage: 1,
    };
    assert_eq!(request.contract, Some(paying));
}

#[tokio::test]
async fn whoever_may_ends_one_with_a_reason() {
    let office = Office::default();
    let mut console = contracts(&office, hers(40), Role::Owner).await;
    console.keys("<F4>");
    insta::assert_snapshot!("contract_reason", console.screen());
    console.keys("<Enter>").settle().await;
    let Query::EndContract {
        contract_id,
        approver_id,
        reason,
        ..
    } = office.last()
    else {
        panic!("{:?}", office.last())
    };
    assert_eq!((contract_id, approver_id), (Uuid::from_u128(5), None));
    assert_eq!(reason, "顾客搬家");
    assert!(console.screen().contains("已终止"));
    // A cashier asks somebody else.
    let office = Office::default();
    let mut console = contracts(&office, hers(40), Role::Cashier).await;
    console.keys("<F4><Enter>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("终止「三期护发」"), "{screen}");
    assert_eq!(office.count(), 0);
}

/// What is due stands at the counter, with a multiplier and its last day; the price says which multiplier counts.
#[tokio::test]
async fn what_is_due_is_said_at_the_counter() {
    let desk = Desk::new();
    desk.contracts
        .borrow_mut()
        .extend([signed(40), signed(24), signed(1)]);
    let mut double = coupons::rule(9, "双倍积分", 0, 1);
    double.gives = Gives::Multiply { times: 30_000 };
    desk.grants.borrow_mut().push(coupons::held(9, &double));
    let mut parts = desk::parts_on_shift();
    parts.session.shop.as_mut().unwrap().coupons = vec![double];
    parts.session.cart = Some(Cart {
        member_id: Some(7),
        lines: vec![desk::line("护发精油")],
        ..Cart::default()
    });
    let mut console = desk::open(&desk, parts);
    console.settle().await;
    insta::assert_snapshot!("contract_counter", console.screen());
    insta::assert_snapshot!("contract_counter_45", console.size(45, 30).screen());
    console.size(80, 24).keys("<Ctrl-y>").settle().await;
    insta::assert_snapshot!("multiplier_why", console.screen());
}

/// Knows one member.
struct Clinic(Member);

impl Backend for &Clinic {
    async fn answer(&self, query: Query) -> Result<Reply> {
        Ok(match query {
            Query::ReadMember { .. } => Reply::Member(Box::new(self.0.clone())),
            Query::Consents { .. } => Reply::Consents(Vec::new()),
            other => panic!("{other:?}"),
        })
    }
}

/// The card shows what is due next, and the multiplier with its last day.
#[tokio::test]
async fn the_card_shows_the_next_stage() {
    let mut her = hers(40);
    let mut double = coupons::rule(9, "双倍积分", 0, 1);
    double.gives = Gives::Multiply { times: 15_000 };
    her.grants = vec![coupons::held(9, &double)];
    let clinic = Clinic(*her);
    let mut console = Console::with(&clinic, signed_in(), MemberCard::new(7));
    console.settle().await;
    insta::assert_snapshot!("contract_card", console.screen());
    insta::assert_snapshot!("contract_card_45", console.size(45, 30).screen());
}

/// The slip says which stage it was and when the next one is due, on narrow paper too.
#[test]
fn the_slip_names_the_stage() {
    let receipt = document(
        OperationKind::TopUp,
        Document {
            amount: Fen::yuan(500),
            points: 50,
            tenders: vec![Tender::exact(TenderKind::Wechat, Fen::yuan(500))],
            contract: Some(Settled {
                id: Uuid::nil(),
                plan: RuleRef { id: 1, version: 2 },
                name: "三期护发".to_owned(),
                stage: 2,
                of: 3,
                next: Some(Next {
                    on: today() + Days::new(30),
                    amount: Fen::yuan(500),
                }),
            }),
            ..Document::default()
        },
    );
    insta::assert_snapshot!("contract_slip", text(&receipt, Lang::Zh, slip::NARROW));
    let english = text(&receipt, Lang::En, slip::WIDE);
    assert!(
        english.contains("2/3") && english.contains("Next due 2026-04-08"),
        "{english}"
    );
}
