//! What is done for members who have something, through the real back end: packages and coupons given away and shared (PK1,
//! PR4), cards by time earned to their end (RF4), what was paid from stored value (SV7).

use chrono::TimeDelta;
use futures::future::join;
use guitai::db::ledger::post;
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::coupon::CouponRule;
use guitai::domain::expiry::{Expired, Round};
use guitai::domain::gift::GiftRequest;
use guitai::domain::grant::Unit;
use guitai::domain::lapse::{self, Claim};
use guitai::domain::ledger::{Plan, Stamp};
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::package::{Item, Package, Validity};
use guitai::domain::product::{Product, ProductKind};
use guitai::domain::receipt::Receipt;
use guitai::domain::redemption::UndoRequest;
use guitai::domain::tender::TenderKind;
use guitai::domain::transfer::{TransferRequest, What};
use guitai::error::Result;
use guitai::query::{Backend, Query, Remind, ReminderRow, Reply};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::coupon::{rule, save as save_rule};
use crate::merge::evidence_adds_up;
use crate::package::{goods, redeem, sale, save, uses};
use crate::support::books::{Counter, MANAGER, books};
use crate::support::cluster::Database;

async fn till(database: &Database, number: u16) -> Counter {
    Counter::open(database.options(APP), number).await
}

async fn holds(database: &Database) {
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

/// A service and a package of it: `quantity` cuts (none: a month of them) and two treatments.
async fn card(
    till: &Counter,
    quantity: Option<i64>,
    may_give: bool,
    may_share: bool,
) -> (Product, i32) {
    let cut = save(till, goods("共享剪发", ProductKind::Service, 3_800, None)).await;
    let care = save(till, goods("共享护理", ProductKind::Service, 9_900, None)).await;
    let item = |product: &Product, quantity| Item {
        product_id: product.id,
        name: product.name.clone(),
        unit: Unit::Session,
        quantity,
        price: product.price,
        is_gift: false,
        copay: Fen::ZERO,
        cycle_days: Some(30),
    };
    let package = Package {
        items: vec![item(&cut, quantity), item(&care, Some(2))],
        validity: Validity::Days(29),
        may_give,
        may_share,
    };
    let sold = goods("共享卡", ProductKind::Package, 30_000, Some(package));
    (save(till, sold).await, cut.id)
}

async fn buy(till: &Counter, her: &Member, product: &Product, kind: TenderKind) -> Member {
    let request = sale(till, her, product, kind);
    till.send_sale(request, Some(her)).await.unwrap();
    till.member(her.id).await
}

fn gift(till: &Counter, from: &Member, to: &Member, grants: Vec<Uuid>) -> TransferRequest {
    TransferRequest {
        stamp: Stamp {
            approver_id: Some(MANAGER),
            ..till.stamp()
        },
        what: What::Gift {
            from_id: from.id,
            to_id: to.id,
            grants,
        },
    }
}

async fn give(till: &Counter, from: &Member, to: &Member, grants: Vec<Uuid>) -> Result<Receipt> {
    let request = gift(till, from, to, grants);
    match till.db.answer(Query::Transfer(request)).await? {
        Reply::Receipt(receipt) => Ok(*receipt),
        other => panic!("{other:?}"),
    }
}

fn all(her: &Member) -> Vec<Uuid> {
    her.grants.iter().map(|grant| grant.id).collect()
}

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

/// PK1: whole, unused and once, by whoever may; the taker uses it under the same terms.
#[tokio::test]
async fn a_package_is_given_away_once() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, cut) = card(&till, Some(5), true, false).await;
    let a = till.enrol("13800001380").await;
    let b = till.enrol("13900001390").await;
    let a = buy(&till, &a, &product, TenderKind::Wechat).await;
    let before = a.grants.clone();
    let alone = give(&till, &a, &b, vec![before[0].id]).await;
    assert_eq!(hint(alone), "hand.whole");
    let mut unapproved = gift(&till, &a, &b, all(&a));
    unapproved.stamp.approver_id = None;
    let refused = till.db.answer(Query::Transfer(unapproved)).await;
    assert_eq!(hint(refused), "approval.needed");
    let slip = give(&till, &a, &b, all(&a)).await.unwrap();
    assert_eq!(slip.document.left.len(), 2);
    let b = till.member(b.id).await;
    assert!(till.member(a.id).await.grants.is_empty());
    assert_eq!(
        (b.grants[0].expires_on, &b.grants[0].terms),
        (before[0].expires_on, &before[0].terms)
    );
    // RF3: what was paid for it is hers to get back now, and no longer the other's.
    for (her, paid) in [(&b, vec![Fen(30_000)]), (&a, vec![])] {
        let member_id = her.id;
        let query = Query::ReadSettlement { member_id };
        let Reply::History(history) = till.db.answer(query).await.unwrap() else {
            panic!()
        };
        let prepaid = history.prepaid(till.stamp().business_on);
        let all: Vec<Fen> = prepaid.iter().map(|it| it.paid).collect();
        assert_eq!(all, paid);
    }
    // Not even back.
    assert_eq!(hint(give(&till, &b, &a, all(&b)).await), "hand.once");
    redeem(&till, uses(&till, &b, cut, 5), &b).await.unwrap();
    assert_eq!(fen(&database, "transfer").await, 0);
    evidence_adds_up(&database, a.id).await;
    evidence_adds_up(&database, b.id).await;
    holds(&database).await;
}

/// PK1: not where it was sold otherwise, whatever the shop sells now.
#[tokio::test]
async fn what_was_not_sold_so_stays() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, cut) = card(&till, Some(5), false, false).await;
    let a = till.enrol("13800001380").await;
    let b = till.enrol("13900001390").await;
    let a = buy(&till, &a, &product, TenderKind::Wechat).await;
    assert_eq!(hint(give(&till, &a, &b, all(&a)).await), "hand.not_allowed");
    let mut for_child = uses(&till, &a, cut, 1);
    for_child.whom = Some("孩子".to_owned());
    let refused = redeem(&till, for_child.clone(), &a).await;
    assert_eq!(hint(refused), "redemption.not_shared");
    // Whoever goes round the till's own plan meets the database.
    let mut owner = database.owner().await;
    sqlx::query("update product set package = package || '{\"may_give\": true}' where id = $1")
        .bind(product.id)
        .execute(&mut owner)
        .await
        .unwrap();
    let stale = sale(&till, &a, &product, TenderKind::Wechat);
    assert_eq!(
        hint(till.send_sale(stale, Some(&a)).await),
        "package.changed"
    );
    holds(&database).await;
}

/// PK1: where it was sold so, others are served, and the slip says whom.
#[tokio::test]
async fn a_package_is_shared() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, cut) = card(&till, Some(5), false, true).await;
    let her = till.enrol("13800001380").await;
    let her = buy(&till, &her, &product, TenderKind::Wechat).await;
    let mut for_child = uses(&till, &her, cut, 1);
    for_child.whom = Some("孩子".to_owned());
    let receipt = redeem(&till, for_child, &her).await.unwrap();
    assert_eq!(receipt.document.whom.as_deref(), Some("孩子"));
    holds(&database).await;
}

/// LG4: one till uses it while the other gives it away: one of them does, and the other hears why.
#[tokio::test]
async fn used_and_given_at_once() {
    let database = books().await;
    let one = till(&database, 1).await;
    let two = till(&database, 2).await;
    let (product, cut) = card(&one, Some(5), true, false).await;
    for phone in ["13800001380", "13800001381", "13800001382", "13800001383"] {
        let a = one.enrol(phone).await;
        let b = two.enrol(&phone.replace("138", "139")).await;
        let a = buy(&one, &a, &product, TenderKind::Wechat).await;
        let (used, given) = join(
            redeem(&one, uses(&one, &a, cut, 1), &a),
            give(&two, &a, &b, all(&a)),
        )
        .await;
        match (used, given) {
            (Ok(_), Err(refusal)) => assert_eq!(refusal.hint, "hand.used"),
            (Err(refusal), Ok(_)) => assert_eq!(refusal.hint, "redemption.short"),
            other => panic!("{other:?}"),
        }
    }
    holds(&database).await;
}

async fn coupon(till: &Counter, her: &Member, rule: &CouponRule) -> Member {
    let request = GiftRequest {
        stamp: Stamp {
            approver_id: Some(MANAGER),
            ..till.stamp()
        },
        member_id: her.id,
        rule_id: rule.rule.id,
        version: rule.rule.version,
        count: 1,
        reason: "试".to_owned(),
    };
    let member = Box::new(her.clone());
    till.receipt(Query::Give { request, member }).await.unwrap();
    till.member(her.id).await
}

/// PR4: a coupon goes on if its rule says so, as often as she likes while it is unused.
#[tokio::test]
async fn a_coupon_goes_on() {
    let database = books().await;
    let till = till(&database, 1).await;
    for transferable in [false, true] {
        let shop = save_rule(
            &till,
            CouponRule {
                transferable,
                ..rule()
            },
        )
        .await
        .unwrap();
        let newest = shop.coupons.iter().max_by_key(|it| it.rule.id).unwrap();
        let phone = if transferable {
            "13800001381"
        } else {
            "13800001380"
        };
        let a = till.enrol(phone).await;
        let b = till.enrol(&phone.replace("138", "139")).await;
        let a = coupon(&till, &a, newest).await;
        let done = give(&till, &a, &b, all(&a)).await;
        if !transferable {
            assert_eq!(hint(done), "hand.not_allowed");
            continue;
        }
        done.unwrap();
        let b = till.member(b.id).await;
        give(&till, &b, &a, all(&b)).await.unwrap();
        assert_eq!(till.member(a.id).await.grants.len(), 1);
    }
    holds(&database).await;
}

/// What is done behind the books, and what verify says (LG6).
#[tokio::test]
async fn verify_finds_what_was_not_given() {
    let tampered = [
        (
            "update member_grant set given_on = given_on + 1 where given_on is not null",
            "verify.given",
        ),
        ("update member_grant set given_on = null", "verify.given"),
        (
            "update member_grant set terms = terms - 'may_give'",
            "verify.grant",
        ),
    ];
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, _) = card(&till, Some(5), true, false).await;
    let a = till.enrol("13800001380").await;
    let b = till.enrol("13900001390").await;
    let a = buy(&till, &a, &product, TenderKind::Wechat).await;
    give(&till, &a, &b, all(&a)).await.unwrap();
    let mut owner = database.owner().await;
    for (statement, expected) in tampered {
        let mut transaction = owner.begin().await.unwrap();
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut *transaction)
            .await
            .unwrap();
        let verdict = guitai::db::verify::check(&mut transaction).await.unwrap();
        assert!(
            verdict
                .difference
                .as_ref()
                .is_some_and(|it| it.hint == expected || it.hint == "verify.given"),
            "{statement}: {:?}",
            verdict.difference
        );
        transaction.rollback().await.unwrap();
    }
    holds(&database).await;
}

async fn round(till: &Counter, days: i64) -> Round {
    let stamp = till.stamp();
    let stamp = Stamp {
        business_on: stamp.business_on + TimeDelta::days(days),
        ..stamp
    };
    match till.db.answer(Query::Expire { stamp }).await.unwrap() {
        Reply::Expired(round) => round,
        other => panic!("{other:?}"),
    }
}

/// RF4, PK4: what is left of a card by time is earned the day after its last one, once, whoever closes; what is counted stays
/// owed.
#[tokio::test]
async fn a_card_by_time_is_earned_to_its_end() {
    let database = books().await;
    let one = till(&database, 1).await;
    let two = till(&database, 2).await;
    let (product, cut) = card(&one, None, false, false).await;
    let mut members = Vec::new();
    for phone in ["13800001380", "13800001381", "13800001382"] {
        let her = one.enrol(phone).await;
        members.push(buy(&one, &her, &product, TenderKind::Wechat).await);
    }
    let her = buy(&one, &members[0], &product, TenderKind::Wechat).await;
    redeem(&one, uses(&one, &her, cut, 1), &her).await.unwrap();
    let whole = |her: &Member| -> Fen {
        her.grants
            .iter()
            .filter(|it| it.quantity.is_none())
            .map(|it| it.value)
            .sum()
    };
    let mut owed = Fen::ZERO;
    for her in &members {
        owed += whole(&one.member(her.id).await);
    }
    assert_eq!(round(&one, 29).await, Round::default());
    let mut all = Expired::default();
    loop {
        let (a, b) = join(round(&one, 30), round(&two, 30)).await;
        all += a.expired;
        all += b.expired;
        if a.expired.is_none() && b.expired.is_none() {
            break;
        }
    }
    assert_eq!((all.claims, all.earned), (4, owed));
    for her in &members {
        assert_eq!(whole(&one.member(her.id).await), Fen::ZERO);
    }
    let counted = fen(&database, "unearned").await;
    let left: i64 = sqlx::query_scalar(
        "select sum(value)::bigint from member_grant where quantity is not null",
    )
    .fetch_one(&mut database.owner().await)
    .await
    .unwrap();
    assert!(counted > 0 && counted == left);
    assert_eq!(round(&one, 400).await, Round::default());
    holds(&database).await;
}

/// SV7: what was paid from stored value stands in the claims, principal and bonus apart, and adds up to what the lots lost.
#[tokio::test]
async fn the_split_of_the_payment_is_kept() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, _) = card(&till, Some(3), false, false).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 1_000).await.unwrap();
    let before = till.member(her.id).await;
    let after = buy(&till, &before, &product, TenderKind::StoredValue).await;
    let sum = |of: fn(&guitai::domain::grant::Terms) -> Fen| -> Fen {
        after.grants.iter().map(|it| of(&it.terms)).sum()
    };
    assert!(before.bonus.is_positive());
    assert_eq!(
        (sum(|it| it.principal), sum(|it| it.bonus)),
        (
            before.principal - after.principal,
            before.bonus - after.bonus
        )
    );
    let by_hand = buy(&till, &after, &product, TenderKind::Wechat).await;
    assert_eq!(
        by_hand
            .grants
            .iter()
            .filter(|it| it.terms.principal.is_zero())
            .count(),
        2
    );
    holds(&database).await;
}

async fn reminded(till: &Counter, kind: Remind, days: i64, limit: i32) -> Vec<ReminderRow> {
    let today = till.stamp().business_on + TimeDelta::days(days);
    let mut all: Vec<ReminderRow> = Vec::new();
    loop {
        let after = all.last().map(|row| (row.day, row.grant_id));
        let query = Query::Reminders {
            kind,
            today,
            after,
            limit,
        };
        let Reply::Reminders(rows) = till.db.answer(query).await.unwrap() else {
            panic!()
        };
        let is_last = rows.is_empty();
        all.extend(rows);
        if is_last {
            return all;
        }
    }
}

/// PK3: a last day that is near, little left, the next visit due; each once, page by page.
#[tokio::test]
async fn members_are_reminded() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, cut) = card(&till, Some(3), false, false).await;
    let mut all = Vec::new();
    for phone in ["13800001380", "13800001381", "13800001382"] {
        let her = till.enrol(phone).await;
        all.push(buy(&till, &her, &product, TenderKind::Wechat).await);
    }
    redeem(&till, uses(&till, &all[0], cut, 2), &all[0])
        .await
        .unwrap();
    redeem(&till, uses(&till, &all[1], cut, 3), &all[1])
        .await
        .unwrap();
    // Bought today, valid for 29 days: two claims each, and one is used up.
    assert_eq!(reminded(&till, Remind::Month, 0, 2).await.len(), 5);
    assert_eq!(reminded(&till, Remind::Week, 0, 2).await.len(), 0);
    assert_eq!(reminded(&till, Remind::Week, 22, 2).await.len(), 5);
    assert_eq!(reminded(&till, Remind::Day, 28, 3).await.len(), 5);
    assert_eq!(reminded(&till, Remind::Day, 29, 3).await.len(), 5);
    assert_eq!(reminded(&till, Remind::Month, 30, 2).await.len(), 0);
    let low = reminded(&till, Remind::Low, 0, 2).await;
    assert_eq!(low.len(), 1);
    assert_eq!(
        (low[0].member_id, low[0].left, low[0].service.as_str()),
        (all[0].id, Some(1), "共享剪发")
    );
    assert_eq!(reminded(&till, Remind::Due, 20, 2).await.len(), 0);
    let due = reminded(&till, Remind::Due, 25, 2).await;
    assert_eq!((due.len(), due[0].member_id), (1, all[0].id));
    assert_eq!(due[0].day, till.stamp().business_on + TimeDelta::days(30));
    let mut seen: Vec<_> = reminded(&till, Remind::Month, 0, 2)
        .await
        .iter()
        .map(|row| row.grant_id)
        .collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

/// The claim without limit of hers, as a lapse is planned on it.
fn claim(her: &Member) -> Claim {
    let grant = her.grants.iter().find(|it| it.quantity.is_none()).unwrap();
    Claim {
        id: grant.id,
        member_id: her.id,
        version: her.version,
        value: grant.value,
        expires_on: grant.expires_on.unwrap(),
        name: grant.terms.name.clone(),
        of: grant.terms.of.clone(),
        unit: grant.terms.unit,
    }
}

async fn sent(database: &Database, till: &Counter, days: i64, plan: &Plan) -> Result<()> {
    let stamp = till.stamp();
    let stamp = Stamp {
        business_on: stamp.business_on + TimeDelta::days(days),
        ..stamp
    };
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    post(&mut conn, &stamp, plan, b"a lapse").await.map(|_| ())
}

/// RF4: the database's own wall, whatever a till asks for: too early, too little, a claim that is counted. After its end a use
/// of it is not taken back.
#[tokio::test]
async fn nothing_is_earned_too_early() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, cut) = card(&till, None, false, false).await;
    let her = till.enrol("13800001380").await;
    let her = buy(&till, &her, &product, TenderKind::Wechat).await;
    let used = redeem(&till, uses(&till, &her, cut, 1), &her)
        .await
        .unwrap();
    let her = till.member(her.id).await;
    let right = lapse::plan(&claim(&her), claim(&her).expires_on + TimeDelta::days(1)).unwrap();
    let counted = her.grants.iter().find(|it| it.quantity.is_some()).unwrap();
    let mut other = lapse::plan(
        &Claim {
            id: counted.id,
            value: counted.value,
            ..claim(&her)
        },
        claim(&her).expires_on + TimeDelta::days(1),
    )
    .unwrap();
    other.document = serde_json::Value::Null;
    let less = lapse::plan(
        &Claim {
            value: Fen(1),
            ..claim(&her)
        },
        claim(&her).expires_on + TimeDelta::days(1),
    )
    .unwrap();
    for (days, plan) in [(29, &right), (30, &other), (30, &less)] {
        let refused = sent(&database, &till, days, plan).await;
        assert_eq!(hint(refused), "ledger.stale");
    }
    sent(&database, &till, 30, &right).await.unwrap();
    let back = UndoRequest {
        stamp: Stamp {
            approver_id: Some(MANAGER),
            ..till.stamp()
        },
        redemption_id: used.id,
        member_id: her.id,
    };
    let refused = till.db.answer(Query::UndoRedemption(back)).await;
    assert_eq!(hint(refused), "refund.too_much");
    holds(&database).await;
    // LG6: what was earned was not what was left.
    let mut owner = database.owner().await;
    let mut transaction = owner.begin().await.unwrap();
    sqlx::query("update member_grant set expires_on = expires_on + 9 where quantity is null")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let verdict = guitai::db::verify::check(&mut transaction).await.unwrap();
    assert!(
        verdict
            .difference
            .is_some_and(|it| ["verify.grant", "verify.lapse"].contains(&it.hint))
    );
}
