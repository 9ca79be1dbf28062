//! Staged prepayment through the real back end: signed, paid stage by stage, once, taken back, ended (SV5).

use chrono::Days;
use guitai::db::open::APP;
use guitai::db::verify::{check, verify};
use guitai::domain::benefit::Benefit;
use guitai::domain::contract::{ContractPlan, Paying, Stage};
use guitai::domain::ledger::Stamp;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::promotion::{RuleRef, When, Who};
use guitai::domain::receipt::Receipt;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::domain::top_up::{ReversalRequest, TopUpRequest};
use guitai::domain::transfer::{TransferRequest, What};
use guitai::error::Result;
use guitai::query::{Backend, By, Query, Remind, ReminderRow, Reply};
use sqlx::{Connection, Executor};
use uuid::Uuid;

use crate::coupon::{rule, save};
use crate::merge::evidence_adds_up;
use crate::support::books::{CASHIER, Counter, MANAGER, OWNER, books};
use crate::support::cluster::Database;

/// Three stages: 1000 with 100 bonus, 500 with 50 points, 500 with two coupons of rule `coupon`.
pub fn plan(coupon: i32) -> ContractPlan {
    let stage = |yuan, days, gives| Stage {
        amount: Fen::yuan(yuan),
        days,
        gives: vec![gives],
    };
    let bonus = Benefit::Bonus {
        fen: Fen::yuan(100),
        instalments: None,
        valid_days: Some(90),
    };
    let coupons = Benefit::Coupon {
        rule_id: coupon,
        count: 2,
    };
    ContractPlan {
        rule: RuleRef { id: 0, version: 0 },
        name: "三期护发".to_owned(),
        active: true,
        when: When::default(),
        who: Who::default(),
        stages: vec![
            stage(1_000, 0, bonus),
            stage(500, 30, Benefit::Points { points: 50 }),
            stage(500, 60, coupons),
        ],
    }
}

async fn save_plan(till: &Counter, plan: ContractPlan) -> Result<ContractPlan> {
    let query = Query::SaveContractPlan {
        editor: OWNER,
        plan: Box::new(plan),
    };
    match till.db.answer(query).await? {
        Reply::Saved(shop) => Ok(shop.plans.last().unwrap().clone()),
        other => panic!("{other:?}"),
    }
}

/// The shop with the plan in force.
async fn shop() -> (Database, Counter, ContractPlan) {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let coupons = save(&till, rule()).await.unwrap().coupons;
    let coupon = coupons.last().unwrap().rule.id;
    let plan = save_plan(&till, plan(coupon)).await.unwrap();
    (database, till, plan)
}

/// A stage in one payment, as somebody who may take it.
fn request(till: &Counter, her: &Member, plan: &ContractPlan, stage: usize) -> TopUpRequest {
    let amount = plan.stages[stage - 1].amount;
    let hers = her.contracts.iter();
    let mut hers = hers.filter(|contract| contract.plan.id == plan.rule.id);
    TopUpRequest {
        stamp: Stamp {
            approver_id: Some(MANAGER),
            ..till.stamp()
        },
        member_id: her.id,
        store_id: 1,
        amount,
        rule: None,
        contract: Some(Paying {
            plan: plan.rule,
            contract_id: hers.next().map(|contract| contract.id),
            stage,
        }),
        tenders: vec![Tender::exact(TenderKind::Wechat, amount)],
    }
}

async fn send(till: &Counter, her: &Member, request: TopUpRequest) -> Result<Receipt> {
    let member = Box::new(her.clone());
    till.receipt(Query::TopUp { request, member }).await
}

async fn pay(till: &Counter, her: &Member, plan: &ContractPlan, stage: usize) -> Result<Receipt> {
    send(till, her, request(till, her, plan, stage)).await
}

async fn end(till: &Counter, id: Uuid, approver_id: Option<i32>) -> Result<Member> {
    let query = Query::EndContract {
        contract_id: id,
        by: By {
            staff_id: CASHIER,
            till_id: 1,
        },
        approver_id,
        reason: "搬家了".to_owned(),
    };
    match till.db.answer(query).await? {
        Reply::Member(member) => Ok(*member),
        other => panic!("{other:?}"),
    }
}

async fn reverse(till: &Counter, her: &Member, id: Uuid) -> Result<Receipt> {
    let request = ReversalRequest {
        stamp: Stamp {
            approver_id: Some(MANAGER),
            ..till.stamp()
        },
        top_up_id: id,
        member_id: her.id,
    };
    till.receipt(Query::ReverseTopUp(request)).await
}

async fn due(till: &Counter, today: chrono::NaiveDate) -> Vec<ReminderRow> {
    let query = Query::Reminders {
        kind: Remind::Stage,
        today,
        after: None,
        limit: 50,
    };
    match till.db.answer(query).await.unwrap() {
        Reply::Reminders(rows) => rows,
        other => panic!("{other:?}"),
    }
}

async fn holds(database: &Database) {
    let mut conn = database.owner().await;
    assert_eq!(verify(&mut conn).await.unwrap().difference, None);
}

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

#[tokio::test]
async fn stages_grant_when_they_are_paid() {
    let (database, till, plan) = shop().await;
    let her = till.enrol("13800001380").await;
    let points = her.points;
    assert_eq!(
        hint(pay(&till, &her, &plan, 2).await),
        "contract.stage_paid"
    );
    let first = pay(&till, &her, &plan, 1).await.unwrap();
    let said = first.document.contract.as_ref().unwrap();
    assert_eq!(
        (said.stage, said.of, said.name.as_str()),
        (1, 3, "三期护发")
    );
    let today = till.shift.business_on;
    let next = said.next.unwrap();
    assert_eq!(
        (next.on, next.amount),
        (today + Days::new(30), Fen::yuan(500))
    );
    let her = till.member(her.id).await;
    assert_eq!(
        (her.principal, her.bonus),
        (Fen::yuan(1_000), Fen::yuan(100))
    );
    let contract = &her.contracts[0];
    assert_eq!((contract.id, contract.signed_on), (first.id, today));
    assert_eq!(contract.due().unwrap().no, 2);
    // An edit of the plan changes nothing for her, and nobody signs the old one.
    let mut dearer = plan.clone();
    dearer.stages[1].amount = Fen::yuan(900);
    let dearer = save_plan(&till, dearer).await.unwrap();
    assert_eq!(dearer.rule.version, 2);
    let other = till.enrol("13800001381").await;
    assert_eq!(
        hint(pay(&till, &other, &plan, 1).await),
        "contract.plan_gone"
    );
    assert_eq!(hint(pay(&till, &her, &dearer, 2).await), "top_up.malformed");
    let second = pay(&till, &her, &plan, 2).await.unwrap();
    assert_eq!(second.document.points, 50);
    // Reminded of what is due, and of what is overdue first.
    assert!(due(&till, today).await.is_empty());
    let rows = due(&till, today + Days::new(90)).await;
    assert_eq!((rows.len(), rows[0].left), (1, Some(50_000)));
    assert_eq!(
        (rows[0].service.as_str(), rows[0].of.as_str()),
        ("三期护发", "3/3")
    );
    let her = till.member(her.id).await;
    assert_eq!(her.points, points + 50);
    let last = pay(&till, &her, &plan, 3).await.unwrap();
    assert_eq!(last.document.contract.as_ref().unwrap().next, None);
    let her = till.member(her.id).await;
    assert!(her.contracts.is_empty());
    assert_eq!((her.principal, her.grants.len()), (Fen::yuan(2_000), 2));
    assert!(due(&till, today + Days::new(900)).await.is_empty());
    // Paid to the end, it can be signed again.
    pay(&till, &her, &dearer, 1).await.unwrap();
    holds(&database).await;
    evidence_adds_up(&database, her.id).await;
}

/// At two tills at once exactly one signs, or pays a stage, and the other is told why.
#[tokio::test]
async fn of_two_tills_one_wins_and_the_other_is_told() {
    let (database, till, plan) = shop().await;
    let other = Counter::open(database.options(APP), 2).await;
    let her = till.enrol("13800001380").await;
    let hints = async |stage: usize, told: &'static str| {
        let her = till.member(her.id).await;
        let (one, two) = tokio::join!(
            pay(&till, &her, &plan, stage),
            pay(&other, &her, &plan, stage)
        );
        let mut hints = [hint(one), hint(two)];
        hints.sort_unstable();
        assert_eq!(hints, ["", told]);
    };
    hints(1, "contract.runs").await;
    hints(2, "contract.stage_paid").await;
    hints(3, "contract.over").await;
    let her = till.member(her.id).await;
    assert_eq!(her.principal, Fen::yuan(2_000));
    // One pays, the other ends it: whoever is later is told.
    for _ in 0..4 {
        let her = till.member(her.id).await;
        let first = pay(&till, &her, &plan, 1).await.unwrap();
        let her = till.member(her.id).await;
        let (paid, ended) = tokio::join!(
            pay(&till, &her, &plan, 2),
            end(&other, first.id, Some(MANAGER))
        );
        assert_eq!(hint(ended), "");
        assert!(matches!(hint(paid), "" | "contract.over"));
        assert!(till.member(her.id).await.contracts.is_empty());
    }
    holds(&database).await;
}

/// RF1: the last paid stage is taken back with what it granted, and is open again.
#[tokio::test]
async fn a_reversal_opens_the_stage_again() {
    let (database, till, plan) = shop().await;
    let her = till.enrol("13800001380").await;
    let first = pay(&till, &her, &plan, 1).await.unwrap();
    let her = till.member(her.id).await;
    let second = pay(&till, &her, &plan, 2).await.unwrap();
    let her = till.member(her.id).await;
    assert_eq!(
        hint(reverse(&till, &her, first.id).await),
        "contract.not_last"
    );
    // Whoever has another plan of it meets the same in Postgres.
    let refused = sqlx::query("select reopen_stage(1, $1, $1)").bind(first.id);
    let mut conn = database.owner().await;
    let refused = refused.execute(&mut conn).await.unwrap_err();
    assert!(refused.to_string().contains("is not the last"), "{refused}");
    reverse(&till, &her, second.id).await.unwrap();
    let her = till.member(her.id).await;
    assert_eq!(her.contracts[0].due().unwrap().no, 2);
    reverse(&till, &her, first.id).await.unwrap();
    let her = till.member(her.id).await;
    assert_eq!(her.contracts[0].due().unwrap().no, 1);
    assert_eq!((her.principal, her.bonus), (Fen::ZERO, Fen::ZERO));
    holds(&database).await;
    let again = pay(&till, &her, &plan, 1).await.unwrap();
    assert_eq!(again.document.contract.as_ref().unwrap().id, first.id);
    holds(&database).await;
    evidence_adds_up(&database, her.id).await;
}

#[tokio::test]
async fn an_ended_contract_owes_nobody_anything() {
    let (database, till, plan) = shop().await;
    let her = till.enrol("13800001380").await;
    let first = pay(&till, &her, &plan, 1).await.unwrap();
    assert_eq!(hint(end(&till, first.id, None).await), "approval.needed");
    assert_eq!(
        hint(end(&till, first.id, Some(CASHIER)).await),
        "approval.needed"
    );
    let seen = till.member(her.id).await;
    let now = end(&till, first.id, Some(MANAGER)).await.unwrap();
    assert!(now.contracts.is_empty());
    assert_eq!(
        (now.principal, now.bonus),
        (Fen::yuan(1_000), Fen::yuan(100))
    );
    assert_eq!(
        hint(end(&till, first.id, Some(MANAGER)).await),
        "contract.over"
    );
    // A till that has not heard of it.
    assert_eq!(hint(pay(&till, &seen, &plan, 2).await), "contract.over");
    assert!(
        due(&till, till.shift.business_on + Days::new(90))
            .await
            .is_empty()
    );
    // The last stage is still taken back as any top-up is.
    reverse(&till, &now, first.id).await.unwrap();
    assert!(till.member(her.id).await.contracts.is_empty());
    holds(&database).await;
    let pack: serde_json::Value = sqlx::query_scalar("select evidence(1, $1)")
        .bind(her.id)
        .fetch_one(&mut database.owner().await)
        .await
        .unwrap();
    assert_eq!(pack["contracts"][0]["reason"], "搬家了");
    let pack: guitai::domain::evidence::Pack = serde_json::from_value(pack).unwrap();
    pack.check().unwrap();
    assert_eq!(pack.contracts[0].contract.paid, []);
}

/// MB4: who was merged into her brings her contract, and takes it with her again.
#[tokio::test]
async fn a_merge_carries_the_contract() {
    let (database, till, plan) = shop().await;
    let one = till.enrol("13800001380").await;
    let two = till.enrol("13900001390").await;
    pay(&till, &one, &plan, 1).await.unwrap();
    let transfer = async |what: What| {
        let stamp = Stamp {
            approver_id: Some(MANAGER),
            ..till.stamp()
        };
        let id = stamp.id;
        let request = TransferRequest { stamp, what };
        till.db.answer(Query::Transfer(request)).await.unwrap();
        id
    };
    let (from_id, to_id) = (one.id, two.id);
    let merge_id = transfer(What::Merge { from_id, to_id }).await;
    let her = till.member(two.id).await;
    assert_eq!(her.contracts[0].due().unwrap().no, 2);
    let rows = due(&till, till.shift.business_on + Days::new(30)).await;
    assert_eq!(rows[0].member_id, two.id);
    pay(&till, &her, &plan, 2).await.unwrap();
    holds(&database).await;
    evidence_adds_up(&database, two.id).await;
    transfer(What::Undo {
        from_id: two.id,
        to_id: one.id,
        merge_id,
    })
    .await;
    assert!(till.member(two.id).await.contracts.is_empty());
    let back = till.member(one.id).await;
    assert_eq!(back.contracts[0].due().unwrap().no, 3);
    pay(&till, &back, &plan, 3).await.unwrap();
    holds(&database).await;
}

/// What a till would have to bend to pay less, get more, or sign what is not for her.
#[tokio::test]
async fn postgres_holds_the_terms() {
    let (database, till, plan) = shop().await;
    let her = till.enrol("13800001380").await;
    let signed = pay(&till, &her, &plan, 1).await.unwrap();
    let mut conn = database.owner().await;
    // The first bends nothing, and is taken.
    let same = "update operation set kind = kind where id = $1";
    for bend in [
        same,
        "update operation set document = jsonb_set(document, '{amount}', '1') where id = $1",
        "update operation set document = jsonb_set(document, '{contract,name}', '\"x\"') where id = $1",
        "update operation set document = jsonb_set(document, '{contract,of}', '2') where id = $1",
        "update operation set document = jsonb_set(document, '{contract,stage}', '2') where id = $1",
        "update operation set document = jsonb_set(document, '{contract,plan,version}', '7') where id = $1",
        "update operation set document = jsonb_set(document, '{contract,next,on}', '\"2020-01-01\"') where id = $1",
        "update operation set principals = '{99999}' where id = $1",
        "update operation set bonuses = '{10001}' where id = $1",
        "update operation set points = '{1}' where id = $1",
        "update operation set level_id = 2 where id = $1",
        "update operation set extras = '{\"instalments\": []}' where id = $1",
    ] {
        let mut tx = conn.begin().await.unwrap();
        for forget in [
            "set local session_replication_role = replica",
            "alter table operation disable trigger operation_no_change",
            "delete from contract_stage",
            "delete from contract",
        ] {
            tx.execute(forget).await.unwrap();
        }
        let bent = sqlx::query(bend).bind(signed.id);
        assert_eq!(bent.execute(&mut *tx).await.unwrap().rows_affected(), 1);
        let post = sqlx::query("select post_stage(1, $1)").bind(signed.id);
        let refused = post.execute(&mut *tx).await;
        assert_eq!(refused.is_ok(), bend == same, "{bend}: {refused:?}");
        tx.rollback().await.unwrap();
    }
    // Claims that are not those of the stage.
    let stale = sqlx::query_scalar::<_, bool>(
        "select stage_of(1, o) -> 'gives' @> '[{\"kind\": \"bonus\"}]' from operation o where o.id = $1",
    );
    assert!(stale.bind(signed.id).fetch_one(&mut conn).await.unwrap());
    for bend in [
        "update contract set paid = 2",
        "update contract set next_on = next_on + 1",
        "update contract set next_on = null",
        "update contract set plan_version = 1, signed_on = signed_on - 1",
        "update contract_stage set no = 2",
        "update contract_stage set reversed_by = operation_id",
        "delete from contract_stage",
    ] {
        let mut tx = conn.begin().await.unwrap();
        tx.execute(bend).await.unwrap();
        let found = check(&mut tx).await.unwrap().difference.unwrap();
        assert_eq!(found.hint, "verify.contract", "{bend}");
        tx.rollback().await.unwrap();
    }
}

/// One plan that no console can read would keep every till from opening.
#[tokio::test]
async fn postgres_keeps_only_what_a_console_can_read() {
    let (_database, till, good) = shop().await;
    let bent = |bend: fn(&mut ContractPlan)| {
        let mut plan = ContractPlan {
            rule: RuleRef { id: 0, version: 0 },
            ..good.clone()
        };
        bend(&mut plan);
        plan
    };
    for wrong in [
        bent(|plan| plan.stages.truncate(1)),
        bent(|plan| plan.stages = vec![plan.stages[0].clone(); 13]),
        bent(|plan| plan.stages[0].days = 1),
        bent(|plan| plan.stages[2].days = 30),
        bent(|plan| plan.stages[1].amount = Fen::ZERO),
        bent(|plan| plan.stages[1].gives = vec![Benefit::Points { points: 0 }]),
        bent(|plan| plan.name = String::new()),
    ] {
        assert!(save_plan(&till, wrong.clone()).await.is_err(), "{wrong:?}");
    }
    let query = Query::SaveContractPlan {
        editor: CASHIER,
        plan: Box::new(good.clone()),
    };
    assert_eq!(hint(till.db.answer(query).await), "staff.no_right");
}
