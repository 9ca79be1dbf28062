//! What members did not use by its last day goes at the close, once (PT3, SV1).

use chrono::{NaiveDate, TimeDelta};
use guitai::db::ledger::post;
use guitai::db::open::APP;
use guitai::db::verify::{check, verify};
use guitai::domain::expiry::{self, Expired, Holder, Round};
use guitai::domain::ledger::{Account, OperationKind, Plan, Posted, Stamp};
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::refund::RefundRequest;
use guitai::domain::shift::Sheet;
use guitai::domain::slip::{self, Layout};
use guitai::domain::tender::TenderKind::{Cash, StoredValue};
use guitai::domain::top_up::ReversalRequest;
use guitai::error::{Kind, Refusal, Result};
use guitai::query::{Backend, Differences, Query, Reply};
use guitai::ui::text::{Lang, Text};
use sqlx::{Connection, Executor, PgConnection};

use crate::support::books::{Counter, MANAGER, books, count};
use crate::support::cluster::Database;

/// Days the bonus of every rule is valid here.
const VALID: i64 = 30;

/// The salon, with bonus that expires, and its first tills.
async fn shop<const N: usize>() -> (Database, [Counter; N]) {
    let database = books().await;
    let valid = "update top_up_rule set benefits = (select jsonb_agg(
           case when b ->> 'kind' = 'bonus' then b || '{\"valid_days\": 30}' else b end) from jsonb_array_elements(benefits) b)";
    database.owner().await.execute(valid).await.unwrap();
    let mut tills = Vec::new();
    for number in 1..=N {
        let number = u16::try_from(number).unwrap();
        tills.push(Counter::open(database.options(APP), number).await);
    }
    let Ok(tills) = tills.try_into() else {
        panic!()
    };
    (database, tills)
}

/// A stamp some days on.
fn stamp(till: &Counter, days: i64) -> Stamp {
    let stamp = till.stamp();
    Stamp {
        business_on: stamp.business_on + TimeDelta::days(days),
        ..stamp
    }
}

async fn round(till: &Counter, days: i64) -> Result<Round> {
    let stamp = stamp(till, days);
    match till.db.answer(Query::Expire { stamp }).await? {
        Reply::Expired(round) => Ok(round),
        other => panic!("{other:?}"),
    }
}

/// Rounds until nothing is left, as the screen asks for them.
async fn close(till: &Counter, days: i64) -> Expired {
    let mut all = Expired::default();
    loop {
        let round = round(till, days).await.unwrap();
        all += round.expired;
        if round.left == 0 || round.expired.members == 0 {
            return all;
        }
    }
}

async fn loaded(till: &Counter, phone: &str, yuan: i64) -> Member {
    let her = till.enrol(phone).await;
    till.top_up(&her, yuan).await.unwrap();
    till.member(her.id).await
}

async fn holds(database: &Database) {
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    assert_eq!(verify(&mut conn).await.unwrap().difference, None);
}

async fn sheet(till: &Counter) -> (Sheet, Differences) {
    let shift_id = till.shift.id;
    let reply = till.db.answer(Query::Sheet { shift_id }).await.unwrap();
    let Reply::Sheet(sheet, differences) = reply else {
        panic!()
    };
    (*sheet, differences)
}

#[tokio::test]
async fn the_rest_goes_the_day_after_its_last_and_principal_stays() {
    let (database, [till]) = shop().await;
    let her = loaded(&till, "13800001380", 1_000).await;
    assert_eq!(her.bonus, Fen::yuan(200));
    till.sell(Some(&her), 6_000, StoredValue).await.unwrap();
    assert_eq!(close(&till, VALID).await, Expired::default());
    let before = till.member(her.id).await;
    let today = before.lots.iter().find_map(|lot| lot.expires_on).unwrap() + TimeDelta::days(1);
    assert_eq!(
        (before.bonus, before.bonus_on(today)),
        (Fen(19_000), Fen::ZERO)
    );
    let gone = Expired {
        members: 1,
        points: 0,
        bonus: Fen(19_000),
        ..Expired::default()
    };
    assert_eq!(close(&till, VALID + 1).await, gone);
    let after = till.member(her.id).await;
    assert_eq!((after.principal, after.bonus), (Fen(95_000), Fen::ZERO));
    assert_eq!(after.points, before.points);
    assert_eq!(close(&till, VALID + 1).await, Expired::default());
    // Years later the points go too, and with them all she had but principal.
    let points = Expired {
        points: before.points,
        bonus: Fen::ZERO,
        ..gone
    };
    assert_eq!(close(&till, 4_000).await, points);
    assert_eq!(till.member(her.id).await.points, 0);
    let (sheet, differences) = sheet(&till).await;
    assert_eq!(differences, Differences::default());
    let both = Expired {
        members: 2,
        points: before.points,
        bonus: gone.bonus,
        ..Expired::default()
    };
    assert_eq!(sheet.expired, both);
    holds(&database).await;
}

/// A sale leaves the lot it empties among those that will lapse; the close of its last day forgets it.
#[tokio::test]
async fn what_was_spent_in_time_does_not_lapse() {
    let (database, [till]) = shop().await;
    let her = loaded(&till, "13800001380", 1_000).await;
    till.sell(Some(&her), 120_000, StoredValue).await.unwrap();
    let mut owner = database.owner().await;
    let lapsing = "select count(*) from lot where kind = 'stored_value' and lapses_on is not null";
    let mut lapse = async || -> i64 {
        sqlx::query_scalar(lapsing)
            .fetch_one(&mut owner)
            .await
            .unwrap()
    };
    assert_eq!(close(&till, VALID).await, Expired::default());
    assert_eq!(lapse().await, 1);
    holds(&database).await;
    assert_eq!(close(&till, VALID + 1).await, Expired::default());
    assert_eq!(lapse().await, 0);
    holds(&database).await;
}

/// LG7: by its name and in its place, whatever its id.
#[tokio::test]
async fn it_can_be_opened() {
    let (_database, [till]) = shop().await;
    let her = loaded(&till, "13800001380", 500).await;
    close(&till, VALID + 1).await;
    let her = till.member(her.id).await;
    till.sell(Some(&her), 1_000, Cash).await.unwrap();
    let page = async |before| {
        let query = Query::Statement {
            member_id: her.id,
            before,
            limit: 2,
        };
        let Reply::Statement(rows) = till.db.answer(query).await.unwrap() else {
            panic!()
        };
        rows
    };
    let mut rows = page(None).await;
    rows.extend(page(Some(rows[1].operation_id)).await);
    let kinds: Vec<OperationKind> = rows.iter().map(|row| row.kind).collect();
    assert_eq!(
        kinds,
        [
            OperationKind::Sale,
            OperationKind::Expiry,
            OperationKind::TopUp,
            OperationKind::Enrol
        ]
    );
    assert_eq!(
        (rows[1].bonus, rows[1].bonus_after),
        (-rows[2].bonus, Fen::ZERO)
    );
    let id = rows[1].operation_id;
    let receipt = till.receipt(Query::ReadReceipt { id }).await.unwrap();
    assert_eq!(receipt.document.expired[0].bonus, rows[2].bonus);
    let texts = Text::load().unwrap();
    let words = |key: &str| texts.get(Lang::Zh, key).to_owned();
    let layout = Layout {
        columns: slip::NARROW,
        copy: true,
        words: &words,
        slips: &crate::support::shop::slips(),
    };
    let paper = slip::text(&slip::receipt(&receipt, None, layout), layout.columns);
    let last = receipt.document.expired[0].expires_on;
    assert!(
        paper.contains("过期赠金") && paper.contains(&format!("有效期至 {last}")),
        "{paper}"
    );
}

/// Two tills that close at once, over several rounds: everybody once, and each says what it did.
#[tokio::test]
async fn two_tills_close_at_once() {
    let (database, [one, two]) = shop().await;
    for n in 0..120 {
        one.enrol(&format!("1380000{n:04}")).await;
    }
    let (a, b) = tokio::join!(close(&one, 4_000), close(&two, 4_000));
    let rest = close(&one, 4_000).await;
    assert_eq!(a.members + b.members + rest.members, 120);
    let each = one.shop.welcome_points;
    assert_eq!(a.points + b.points + rest.points, 120 * each);
    let mut owner = database.owner().await;
    assert_eq!(count(&mut owner, "expiry").await, 120);
    assert_eq!(sheet(&two).await.0.expired, b);
    holds(&database).await;
}

/// Sales to somebody who is being expired: both happen, in some order.
#[tokio::test]
async fn who_buys_meanwhile_is_planned_anew() {
    let (database, [one, two]) = shop().await;
    let mut people = Vec::new();
    for n in 0..20 {
        people.push(loaded(&one, &format!("1380000{n:04}"), 500).await);
    }
    let sell = async {
        for her in &people {
            two.sell(Some(her), 1_000, Cash).await.unwrap();
        }
    };
    let (gone, ()) = tokio::join!(close(&one, VALID + 1), sell);
    let rest = close(&one, VALID + 1).await;
    assert_eq!(gone.members + rest.members, 20);
    for her in people {
        let now = one.member(her.id).await;
        assert_eq!((now.principal, now.bonus), (Fen::yuan(500), Fen::ZERO));
    }
    holds(&database).await;
}

/// RF6, PT6: what comes back keeps its last day, and goes with the next close, also on the same day.
#[tokio::test]
async fn what_comes_back_to_a_lot_that_is_past_goes_next() {
    let (database, [till]) = shop().await;
    let her = loaded(&till, "13800001380", 1_000).await;
    let sold = till.sell(Some(&her), 6_000, StoredValue).await.unwrap();
    close(&till, VALID + 1).await;
    let refund = RefundRequest {
        stamp: Stamp {
            approver_id: Some(MANAGER),
            ..stamp(&till, VALID + 1)
        },
        sale_id: sold.id,
        member_id: Some(her.id),
        lines: vec![(1, 1)],
        amount: Fen(6_000),
    };
    till.receipt(Query::Refund(refund)).await.unwrap();
    let back = till.member(her.id).await;
    assert_eq!((back.principal, back.bonus), (Fen(100_000), Fen(1_000)));
    let today = till.stamp().business_on + TimeDelta::days(VALID + 1);
    assert_eq!(back.bonus_on(today), Fen::ZERO);
    let gone = Expired {
        members: 1,
        points: 0,
        bonus: Fen(1_000),
        ..Expired::default()
    };
    assert_eq!(close(&till, VALID + 1).await, gone);
    holds(&database).await;
}

/// RF1: a top-up of which only bonus expired is unspent.
#[tokio::test]
async fn a_top_up_is_reversed_after_its_bonus_expired() {
    let (database, [till]) = shop().await;
    let her = till.enrol("13800001380").await;
    let loaded = till.top_up(&her, 500).await.unwrap();
    close(&till, VALID + 1).await;
    let request = ReversalRequest {
        stamp: Stamp {
            approver_id: Some(MANAGER),
            ..stamp(&till, VALID + 1)
        },
        top_up_id: loaded.id,
        member_id: her.id,
    };
    let receipt = till.receipt(Query::ReverseTopUp(request)).await.unwrap();
    assert_eq!(
        (receipt.document.amount, receipt.document.bonus),
        (Fen::yuan(500), Fen::ZERO)
    );
    assert_eq!(till.member(her.id).await.stored_value(), Fen::ZERO);
    holds(&database).await;
}

fn holder(her: &Member) -> Holder {
    Holder {
        id: her.id,
        version: her.version,
        lots: her.lots.clone(),
    }
}

/// A plan for her, whatever the day is.
fn planned(her: &Member, today: NaiveDate) -> Plan {
    expiry::plan(&holder(her), today).unwrap()
}

async fn sent(database: &Database, stamp: &Stamp, plan: &Plan) -> Result<Posted> {
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    post(&mut conn, stamp, plan, b"x").await
}

/// LG2: the id follows from what is planned, so the same plan again is the same operation; a plan on an old
/// version is refused.
#[tokio::test]
async fn a_retry_does_nothing_and_an_old_plan_is_refused() {
    let (database, [till]) = shop().await;
    let her = loaded(&till, "13800001380", 500).await;
    let mut stamp = stamp(&till, VALID + 1);
    stamp.id = expiry::id(&holder(&her), stamp.business_on);
    let plan = planned(&her, stamp.business_on);
    let first = sent(&database, &stamp, &plan).await.unwrap();
    let again = sent(&database, &stamp, &plan).await.unwrap();
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(first.after, again.after);
    stamp.id = till.stamp().id;
    let refused = sent(&database, &stamp, &plan).await.unwrap_err();
    assert_eq!(refused.hint, "ledger.stale");
}

/// The database's own wall, whatever a till asks for: too early, too little, principal, other accounts.
#[tokio::test]
async fn the_database_lets_nothing_else_go() {
    let (database, [till]) = shop().await;
    let her = loaded(&till, "13800001380", 500).await;
    let late = stamp(&till, VALID + 1);
    let lot = her.lots.iter().find(|lot| lot.bonus.is_positive()).unwrap();
    let right = planned(&her, late.business_on);
    let plan = |postings: &[(Account, i64)]| {
        let mut plan = right.clone();
        plan.postings.clear();
        for (account, amount) in postings {
            plan.post(*account, account.is_members().then_some(lot.id), *amount);
        }
        plan
    };
    let all = lot.bonus.0;
    let wrong = [
        (stamp(&till, VALID), right.clone()),
        (
            late.clone(),
            plan(&[(Account::Bonus, 1 - all), (Account::BonusExpired, all - 1)]),
        ),
        (
            late.clone(),
            plan(&[(Account::Principal, -100), (Account::BonusExpired, 100)]),
        ),
        (
            late.clone(),
            plan(&[(Account::Bonus, -all), (Account::Cash, all)]),
        ),
        (
            late.clone(),
            plan(&[(Account::Bonus, all), (Account::BonusExpired, -all)]),
        ),
    ];
    for (stamp, plan) in wrong {
        let stamp = Stamp {
            id: till.stamp().id,
            ..stamp
        };
        let refused: Refusal = sent(&database, &stamp, &plan).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Internal, "{plan:?}");
        assert!(
            ["GT004", "GT017"]
                .iter()
                .any(|code| format!("{:?}", refused.source).contains(code)),
            "{refused:?}"
        );
    }
    sent(&database, &late, &right).await.unwrap();
    holds(&database).await;
}

/// LG6: somebody takes the wall down and lets go too early, or too little; or moves a last day afterwards.
#[tokio::test]
async fn verify_finds_a_wrong_expiry() {
    let (database, [till]) = shop().await;
    let her = loaded(&till, "13800001380", 500).await;
    let other = loaded(&till, "13800001381", 500).await;
    let late = stamp(&till, VALID + 1);
    let mut owner = database.owner().await;
    owner
        .execute("create or replace function refuse_early_expiry(m int, p_id uuid, p_business_on date) returns void language sql as ''")
        .await
        .unwrap();
    let early = Stamp {
        id: till.stamp().id,
        ..stamp(&till, 3)
    };
    let mut little = planned(&her, late.business_on);
    for posting in &mut little.postings {
        posting.amount -= posting.amount.signum();
    }
    for (stamp, plan) in [
        (early, planned(&her, late.business_on)),
        (late.clone(), little),
    ] {
        let mut attempt = owner.begin().await.unwrap();
        attempt
            .execute("set session authorization guitai_app")
            .await
            .unwrap();
        post(&mut attempt, &stamp, &plan, b"x").await.unwrap();
        let found = check(&mut attempt).await.unwrap().difference.unwrap();
        assert_eq!(
            (found.hint, found.operation),
            ("verify.expiry", Some(stamp.id)),
            "{found:?}"
        );
        attempt.rollback().await.unwrap();
    }
    sent(&database, &late, &planned(&her, late.business_on))
        .await
        .unwrap();
    holds(&database).await;
    for (tamper, hint) in [
        (
            "update lot set expires_on = expires_on + 400 where bonus = 0 and principal > 0",
            Some("verify.lot"),
        ),
        (
            "update lot set expires_on = null where bonus = 0 and principal > 0",
            Some("verify.lot"),
        ),
        (
            "update lot set bonus = bonus + 1 where kind = 'stored_value'",
            Some("verify.lot"),
        ),
        (
            "update lot set lapses_on = null where bonus > 0",
            Some("verify.lot"),
        ),
        (
            "update lot set expires_on = expires_on where kind = 'stored_value'",
            None,
        ),
    ] {
        let mut attempt = owner.begin().await.unwrap();
        attempt.execute(tamper).await.unwrap();
        let found = check(&mut attempt).await.unwrap().difference;
        assert_eq!(
            found.as_ref().map(|found| found.hint),
            hint,
            "{tamper}: {found:?}"
        );
        attempt.rollback().await.unwrap();
    }
    assert!(other.bonus.is_positive());
}
