//! Settlements through the real back end: what was paid beforehand goes back by law (RF1 - RF5, OP3, LG2, LG4).

mod screen;
mod terms;

use guitai::db::ledger::post;
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::ledger::{Account, Plan, Stamp};
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::receipt::Receipt;
use guitai::domain::redemption::UndoRequest;
use guitai::domain::refund::RefundRequest;
use guitai::domain::settlement::{
    self, History, Reason, Rule, Scope, Settlement, SettlementRequest,
};
use guitai::domain::tender::TenderKind;
use guitai::error::{Kind, Result};
use guitai::query::{Backend, Query, Reply};
use sqlx::{Connection, Executor, PgConnection};

use crate::package::{buy, card, redeem, uses};
use crate::support::books::{CASHIER, Counter, MANAGER, OWNER, books, count};
use crate::support::cluster::Database;

pub async fn till(database: &Database, number: u16) -> Counter {
    Counter::open(database.options(APP), number).await
}

pub async fn holds(database: &Database) {
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    assert_eq!(verify(&mut conn).await.unwrap().difference, None);
}

async fn fen(database: &Database, account: &str) -> i64 {
    sqlx::query_scalar(
        "select coalesce(sum(amount), 0)::bigint from posting where account::text = $1",
    )
    .bind(account)
    .fetch_one(&mut database.owner().await)
    .await
    .unwrap()
}

pub async fn read(till: &Counter, member: &Member) -> History {
    let query = Query::ReadSettlement {
        member_id: member.id,
    };
    let Reply::History(history) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    *history
}

pub fn settle(till: &Counter, history: &History, reason: Reason) -> SettlementRequest {
    let stamp = Stamp {
        approver_id: Some(OWNER),
        ..till.stamp()
    };
    let moment = (stamp.at, stamp.business_on);
    let shown = Settlement::of(history, Scope::All, reason, moment);
    SettlementRequest {
        stamp,
        member_id: history.member.id,
        scope: Scope::All,
        reason,
        way: TenderKind::Wechat,
        amount: shown.amount,
    }
}

pub async fn send(till: &Counter, request: &SettlementRequest) -> Result<Receipt> {
    till.receipt(Query::Settle(request.clone())).await
}

/// A member with 500 loaded, of which 100 is spent.
pub async fn begun(till: &Counter) -> Member {
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 500).await.unwrap();
    let her = till.member(her.id).await;
    let sale = till.sale(Some(&her), 10_000, TenderKind::StoredValue);
    till.send_sale(sale, Some(&her)).await.unwrap();
    till.member(her.id).await
}

/// RF1 - RF5: all of it is taken, what is shown goes out, the rest stays with the shop; the books hold, and the document
/// keeps the variants, the terms and every use with time, staff and store.
#[tokio::test]
async fn all_of_it_goes_back() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = begun(&till).await;
    let history = read(&till, &her).await;
    assert_eq!(history.member, her);
    let request = settle(&till, &history, Reason::Shop);
    let receipt = send(&till, &request).await.unwrap();
    let after = till.member(her.id).await;
    assert_eq!((after.principal, after.bonus), (Fen::ZERO, Fen::ZERO));
    let settlement = receipt.document.settlement.unwrap();
    assert_eq!(settlement.applied().unwrap().rule, Rule::PricePaid);
    let paid = &settlement.prepaid[0];
    assert_eq!((paid.paid, paid.terms_version), (Fen::yuan(500), Some(1)));
    assert_eq!(paid.tenders[0].kind, TenderKind::Cash);
    let used = &paid.uses[0];
    assert_eq!(
        (used.paid, used.staff.as_str(), used.store.as_str()),
        (Fen(10_000), "员工101", "总店")
    );
    let kept = her.principal - request.amount;
    assert_eq!(fen(&database, "breakage").await, kept.0);
    assert_eq!(fen(&database, "bonus_expired").await, her.bonus.0);
    assert_eq!(fen(&database, "wechat").await, request.amount.0);
    holds(&database).await;
    let nothing = send(
        &till,
        &settle(&till, &read(&till, &her).await, Reason::Shop),
    )
    .await;
    assert_eq!(nothing.unwrap_err().hint, "settlement.nothing");
}

/// LG2: the same id does nothing a second time, with another amount it is refused.
#[tokio::test]
async fn the_same_settlement_twice_is_one() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = begun(&till).await;
    let request = settle(&till, &read(&till, &her).await, Reason::Consumer);
    let first = send(&till, &request).await.unwrap();
    let again = send(&till, &request).await.unwrap();
    assert_eq!((first.seq, first.document), (again.seq, again.document));
    assert_eq!(count(&mut database.owner().await, "settlement").await, 1);
    holds(&database).await;
}

/// LG4: another till sells from the same lots meanwhile: what was shown is not what would go back, and it is refused.
#[tokio::test]
async fn a_sale_meanwhile_is_noticed() {
    let database = books().await;
    let (one, two) = (till(&database, 1).await, till(&database, 2).await);
    let her = begun(&one).await;
    let request = settle(&one, &read(&one, &her).await, Reason::Consumer);
    let sale = two.sale(Some(&her), 5_000, TenderKind::StoredValue);
    let (settled, sold) = tokio::join!(send(&one, &request), two.send_sale(sale, Some(&her)));
    // Exactly one of them wins, and the other is told why.
    match (settled, sold) {
        (Ok(_), Err(refusal)) => assert_eq!(refusal.hint, "stored_value.short"),
        (Err(refusal), Ok(_)) => assert_eq!(refusal.hint, "settlement.changed"),
        other => panic!("{other:?}"),
    }
    holds(&database).await;
}

/// OP3: never alone, and nobody approves beyond her own limit.
#[tokio::test]
async fn somebody_else_approves() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = begun(&till).await;
    let history = read(&till, &her).await;
    let by = |approver_id| {
        let mut request = settle(&till, &history, Reason::Shop);
        request.stamp.approver_id = approver_id;
        request
    };
    database
        .owner()
        .await
        .execute("update role_limit set refund_max = 10000 where role = 'manager'")
        .await
        .unwrap();
    for (approver, hint) in [
        (None, "approval.needed"),
        (Some(CASHIER), "approval.yourself"),
        (Some(MANAGER), "approval.beyond"),
    ] {
        let refused = send(&till, &by(approver)).await.unwrap_err();
        assert_eq!(refused.hint, hint);
    }
    assert_eq!(till.member(her.id).await.principal, her.principal);
    send(&till, &by(Some(OWNER))).await.unwrap();
    holds(&database).await;
}

/// The database's own wall, whatever a till sends: a settlement takes all, and pays what its document says.
#[tokio::test]
async fn a_part_is_refused_by_the_database() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = begun(&till).await;
    let history = read(&till, &her).await;
    let request = settle(&till, &history, Reason::Shop);
    let whole = settlement::plan(&request, &history).unwrap();
    let refused = async |change: &dyn Fn(&mut Plan)| {
        let mut plan = whole.clone();
        change(&mut plan);
        let mut conn = PgConnection::connect_with(&database.options(APP))
            .await
            .unwrap();
        post(&mut conn, &request.stamp, &plan, b"x")
            .await
            .unwrap_err()
    };
    let shift = |plan: &mut Plan, from: Account, to: Account, fen: i64| {
        for posting in &mut plan.postings {
            posting.amount += match posting.account {
                it if it == from => -fen,
                it if it == to => fen,
                _ => 0,
            };
        }
    };
    for (from, to, fen) in [
        (Account::Breakage, Account::Principal, 100),
        (Account::BonusExpired, Account::Bonus, 100),
        (Account::Breakage, Account::Wechat, 100),
        (Account::BonusExpired, Account::Wechat, 100),
    ] {
        let refusal = refused(&|plan| shift(plan, from, to, fen)).await;
        assert_eq!(refusal.kind, Kind::Internal, "{from:?} {to:?}");
    }
    let refusal = refused(&|plan| {
        let more = 10_000_000;
        shift(plan, Account::Breakage, Account::Wechat, more);
        let applies = plan.document["settlement"]["applies"].as_u64().unwrap();
        let applies = usize::try_from(applies).unwrap();
        let amount = plan.document["amount"].as_i64().unwrap() + more;
        plan.document["amount"] = amount.into();
        plan.document["settlement"]["variants"][applies]["amount"] = amount.into();
    })
    .await;
    assert!(
        ["refund.too_much", "approval.beyond"].contains(&refusal.hint),
        "{refusal}"
    );
    assert_eq!(till.member(her.id).await.principal, her.principal);
    holds(&database).await;
}

/// PK4, LG3: a package that was begun goes back in part; what was used of it cannot be taken back any more.
#[tokio::test]
async fn a_package_is_settled_once() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, cut, _) = card(&till).await;
    let her = till.enrol("13800001380").await;
    buy(&till, &her, &product).await.unwrap();
    let her = till.member(her.id).await;
    let request = uses(&till, &her, cut, 3);
    let used = redeem(&till, request, &her).await.unwrap();
    let history = read(&till, &her).await;
    let request = settle(&till, &history, Reason::Shop);
    assert_eq!(request.amount, Fen(21_000));
    let receipt = send(&till, &request).await.unwrap();
    let settlement = receipt.document.settlement.unwrap();
    assert_eq!(settlement.prepaid[0].uses.len(), 1);
    assert_eq!(till.member(her.id).await.grants, vec![]);
    assert_eq!(fen(&database, "unearned").await, 0);
    assert_eq!(fen(&database, "units").await, 0);
    holds(&database).await;
    let undo = UndoRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            ..till.stamp()
        },
        redemption_id: used.id,
        member_id: her.id,
    };
    assert!(till.receipt(Query::UndoRedemption(undo)).await.is_err());
    holds(&database).await;
}

/// RF1, SV4: within seven days all of the principal; what was still promised comes no more.
#[tokio::test]
async fn what_was_promised_is_cancelled() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 2_000).await.unwrap();
    assert!(!till.member(her.id).await.instalments.is_empty());
    let history = read(&till, &her).await;
    let request = settle(&till, &history, Reason::WithinSevenDays);
    assert_eq!(request.amount, Fen::yuan(2_000));
    send(&till, &request).await.unwrap();
    let after = till.member(her.id).await;
    assert_eq!(
        (after.stored_value(), after.instalments.len()),
        (Fen::ZERO, 0)
    );
    holds(&database).await;
    let mut owner = database.owner().await;
    owner
        .execute("update instalment set cancelled_by = null")
        .await
        .unwrap();
    let found = verify(&mut owner).await.unwrap().difference.unwrap();
    assert_eq!(found.hint, "verify.instalment");
}

/// RF5, RF6: goods returned after a settlement are stored value again, and only that can be settled then.
#[tokio::test]
async fn what_comes_back_later_is_new() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 500).await.unwrap();
    let her = till.member(her.id).await;
    let sale = till.sale(Some(&her), 10_000, TenderKind::StoredValue);
    let sold = till.send_sale(sale, Some(&her)).await.unwrap();
    let first = settle(&till, &read(&till, &her).await, Reason::Shop);
    send(&till, &first).await.unwrap();
    let back = RefundRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            ..till.stamp()
        },
        sale_id: sold.id,
        member_id: Some(her.id),
        lines: vec![(1, 1)],
        amount: Fen(10_000),
    };
    till.receipt(Query::Refund(back)).await.unwrap();
    let returned = till.member(her.id).await;
    assert_eq!(returned.stored_value(), Fen(10_000));
    let second = settle(&till, &read(&till, &her).await, Reason::Shop);
    send(&till, &second).await.unwrap();
    assert_eq!(first.amount + second.amount, Fen::yuan(500));
    holds(&database).await;
}
