//! What holds deposits whatever a program asks for: Postgres refuses, and verify finds what got past it (SV6, LG6).

use guitai::db::ledger::post;
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::deposit::line;
use guitai::domain::grant::{Grant, GrantMove};
use guitai::domain::ledger::{Account, OperationKind, Plan};
use guitai::domain::money::Fen;
use guitai::domain::sale;
use guitai::domain::tender::TenderKind::Wechat;
use sqlx::{Connection, Executor, PgConnection};

use super::{approved, claim, fetch, holds, order, ordered, till};
use crate::support::books::{Counter, books};
use crate::support::cluster::Database;

/// What Postgres itself refuses, whatever a program asks for.
struct Raw {
    conn: PgConnection,
}

impl Raw {
    async fn new(database: &Database) -> Self {
        let conn = PgConnection::connect_with(&database.options(APP))
            .await
            .unwrap();
        Self { conn }
    }

    async fn code(&mut self, till: &Counter, plan: &Plan) -> String {
        let stamp = approved(till);
        match post(&mut self.conn, &stamp, plan, b"x").await {
            Ok(_) => "posted".to_owned(),
            Err(refusal) => refusal.hint.to_owned(),
        }
    }
}

fn take_of(grant: &Grant, fen: i64) -> GrantMove {
    GrantMove {
        grant_id: grant.id,
        quantity: fen,
        value: Fen(fen),
        until: None,
    }
}

#[tokio::test]
async fn the_wall_is_in_postgres() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    let other = till.enrol("13800001381").await;
    let her = ordered(&till, &her, "旗袍", (100, 30), true).await;
    let grant = claim(&her);
    let mut raw = Raw::new(&database).await;
    let fetched = sale::plan(
        &fetch(&till, &her, &[line(&grant)], &[Wechat]),
        &till.shop,
        Some(&her),
    )
    .unwrap();
    let spoil = |change: &dyn Fn(&mut Plan)| {
        let mut plan = fetched.clone();
        change(&mut plan);
        plan
    };
    // For anything but its order, at its price.
    let malformed = [
        spoil(&|plan| plan.lines[0].ordered = None),
        spoil(&|plan| plan.lines[0].name = "大衣".to_owned()),
        spoil(&|plan| plan.lines[0].quantity = 2),
        spoil(&|plan| plan.lines[0].net = Fen::yuan(90)),
        spoil(&|plan| {
            let line = plan.lines[0].clone();
            plan.lines.push(line);
        }),
        spoil(&|plan| plan.extras.moves.clear()),
        spoil(&|plan| {
            plan.extras.moves = vec![GrantMove {
                value: Fen(-1),
                ..take_of(&grant, -3_000)
            }];
        }),
    ];
    for (place, plan) in malformed.iter().enumerate() {
        assert_eq!(raw.code(&till, plan).await, "refusal.internal", "{place}");
    }
    // A part of it, and somebody else's.
    let part = spoil(&|plan| plan.extras.moves = vec![take_of(&grant, -1_000)]);
    assert_eq!(raw.code(&till, &part).await, "ledger.stale");
    let hers = spoil(&|plan| plan.member = Some((other.id, other.version)));
    assert_eq!(raw.code(&till, &hers).await, "ledger.stale");
    // Kept beyond the law, or called something else.
    let mut kept = Plan::new(OperationKind::Forfeit);
    kept.member = Some((her.id, her.version));
    kept.about = Some(grant.operation_id);
    kept.extras.moves = vec![take_of(&grant, -3_000)];
    kept.post(Account::Unearned, None, -3_000);
    kept.post(Account::Breakage, None, 3_000);
    kept.document = serde_json::json!({ "amount": 0, "kept": 3_000, "reason": "x" });
    assert_eq!(raw.code(&till, &kept).await, "deposit.over_kept");
    let lapse = Plan {
        kind: OperationKind::Redemption,
        document: serde_json::json!({}),
        ..kept.clone()
    };
    assert_eq!(raw.code(&till, &lapse).await, "refusal.internal");
    // More than the price, or more than was paid.
    let request = order(&till, &her, "大衣", (100, 50), false);
    let taken = guitai::domain::deposit::plan(&request, &till.shop, &her).unwrap();
    let mut dear = taken.clone();
    dear.extras.grants[0].terms.price = Fen::yuan(40);
    let mut rich = taken.clone();
    rich.extras.grants[0].quantity = Some(6_000);
    let mut points = taken.clone();
    points.spend = Fen::yuan(50);
    for plan in [dear, rich, points] {
        assert_eq!(raw.code(&till, &plan).await, "refusal.internal");
    }
    assert_eq!(raw.code(&till, &fetched).await, "posted");
    holds(&database).await;
}

/// LG6: what got past the wall is found.
#[tokio::test]
async fn kept_too_much_is_found() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    let her = ordered(&till, &her, "旗袍", (100, 30), true).await;
    let grant = claim(&her);
    let mut owner = database.owner().await;
    owner
        .execute("create or replace function refuse_other_forfeit(m int, p_id uuid) returns void language plpgsql as 'begin end'")
        .await
        .unwrap();
    let mut kept = Plan::new(OperationKind::Forfeit);
    kept.member = Some((her.id, her.version));
    kept.about = Some(grant.operation_id);
    kept.extras.moves = vec![take_of(&grant, -3_000)];
    kept.post(Account::Unearned, None, -3_000);
    kept.post(Account::Breakage, None, 3_000);
    kept.document = serde_json::json!({ "amount": 0, "kept": 3_000, "reason": "x" });
    let mut raw = Raw::new(&database).await;
    assert_eq!(raw.code(&till, &kept).await, "posted");
    let found = verify(&mut raw.conn).await.unwrap().difference.unwrap();
    assert_eq!(found.hint, "verify.deposit");
}
