//! What is no coupon, or no rule, and what somebody bent in the books.

use chrono::NaiveDate;
use guitai::db::ledger::{fingerprint, post};
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::coupon::{CouponRule, Gives};
use guitai::domain::ledger::{Plan, Reason, Stamp};
use guitai::domain::money::Fen;
use guitai::domain::promotion::RuleRef;
use guitai::error::Result;
use guitai::query::{Backend, CouponEdit, Query};
use sqlx::{Connection, PgConnection};

use super::{give, hint, holds, rule, sale, save, under};
use crate::support::books::{CASHIER, Counter, MANAGER, books};
use crate::support::cluster::Database;

/// What it is, and what it does to a plan.
type Forgery = (&'static str, fn(&mut Plan));

/// Posts what no till makes; gives what Postgres says.
async fn forge(till: &Counter, database: &Database, edit: impl FnOnce(&mut Plan)) -> Result<()> {
    let (shop, rule) = under(till, rule()).await;
    let phone = format!("138{:08}", till.stamp().at.timestamp() % 100_000_000);
    let her = till.enrol(&phone).await;
    give(till, &her, &rule, 2, Some(MANAGER)).await.unwrap();
    let her = till.member(her.id).await;
    let request = sale(till, &shop, Some(&her), 12_000, &[]);
    let mut plan = guitai::domain::sale::plan(&request, &shop, Some(&her)).unwrap();
    edit(&mut plan);
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    let hash = fingerprint(&request);
    post(&mut conn, &request.stamp, &plan, &hash)
        .await
        .map(drop)
}

#[tokio::test]
async fn postgres_refuses_what_is_no_coupon() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    forge(&till, &database, |_| ()).await.unwrap();
    let forgeries: [Forgery; 8] = [
        ("nothing is used", |plan| plan.extras.moves.clear()),
        ("a thing twice", |plan| plan.extras.moves[0].quantity = -2),
        ("nobody's", |plan| {
            plan.extras.moves[0].grant_id = uuid::Uuid::from_u128(7);
        }),
        ("another version", |plan| {
            plan.lines[0].reductions[0].rule.as_mut().unwrap().version += 1;
        }),
        ("more than it says", |plan| {
            plan.lines[0].net -= Fen(100);
            plan.lines[0].reductions[0].fen += Fen(100);
            plan.postings.iter_mut().for_each(|posting| {
                use guitai::domain::ledger::Account;
                match posting.account {
                    Account::Discount => posting.amount -= 100,
                    Account::Wechat => posting.amount += 100,
                    _ => {}
                }
            });
        }),
        ("used without a reduction", |plan| {
            plan.lines[0].reductions[0].reason = Reason::Level;
            plan.lines[0].reductions[0].rule = None;
        }),
        ("priced never", |plan| {
            plan.document = serde_json::json!({});
        }),
        ("given by the sale", |plan| {
            let rule = super_rule();
            let stamp = Stamp {
                id: uuid::Uuid::now_v7(),
                till_id: 1,
                shift_id: None,
                operator_id: CASHIER,
                approver_id: None,
                business_on: NaiveDate::from_ymd_opt(2026, 3, 2).unwrap(),
                at: chrono::DateTime::UNIX_EPOCH,
            };
            plan.extras.grants.push(rule.grant(&stamp, 0, false));
        }),
    ];
    for (what, edit) in forgeries {
        assert!(forge(&till, &database, edit).await.is_err(), "{what}");
    }
    holds(&database).await;
}

fn super_rule() -> CouponRule {
    CouponRule {
        rule: RuleRef { id: 1, version: 1 },
        gives: Gives::Amount { off: Fen(999_999) },
        ..rule()
    }
}

/// A coupon that somebody bent in the books is found.
#[tokio::test]
async fn verify_finds_a_bent_coupon() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let (_, rule) = under(&till, rule()).await;
    let her = till.enrol("13800001380").await;
    give(&till, &her, &rule, 1, Some(MANAGER)).await.unwrap();
    let mut conn = database.owner().await;
    for bend in [
        "update member_grant set quantity = 2",
        "update member_grant set quantity = 1, expires_on = expires_on + 1",
        "update member_grant set expires_on = expires_on - 1, member_id = null",
    ] {
        sqlx::query(bend).execute(&mut conn).await.unwrap();
        let found = verify(&mut conn).await.unwrap().difference.unwrap();
        assert_eq!(found.hint, "verify.grant", "{bend}");
    }
}

/// One rule that no console can read would keep every till from opening.
#[tokio::test]
async fn postgres_keeps_only_what_a_console_can_read() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let right = CouponRule {
        gives: Gives::Right,
        uses: 4,
        ..rule()
    };
    save(&till, right.clone()).await.unwrap();
    for wrong in [
        CouponRule { uses: 0, ..right },
        CouponRule { uses: 2, ..rule() },
        CouponRule {
            from: Fen(-1),
            ..rule()
        },
        CouponRule {
            gives: Gives::Amount { off: Fen(0) },
            ..rule()
        },
        CouponRule {
            gives: Gives::Percent {
                paid: 10_000,
                cap: None,
            },
            ..rule()
        },
        CouponRule {
            gives: Gives::Free { quantity: 0 },
            ..rule()
        },
        CouponRule {
            per_member: Some(0),
            ..rule()
        },
        CouponRule {
            total: Some(-1),
            ..rule()
        },
        CouponRule {
            name: String::new(),
            ..rule()
        },
    ] {
        assert!(save(&till, wrong.clone()).await.is_err(), "{wrong:?}");
    }
    let query = Query::SaveCoupon {
        editor: CASHIER,
        rule: Box::new(CouponEdit {
            rule: rule(),
            products: vec![],
        }),
    };
    assert_eq!(hint(till.db.answer(query).await), "staff.no_right");
}
