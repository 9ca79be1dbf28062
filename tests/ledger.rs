//! The ledger of LG1 to LG5 through the real back end: one till, two tills, retries, limits.

use std::rc::Rc;

use guitai::db::journal::{Entry, Journal};
use guitai::db::open::APP;
use guitai::domain::attach::AttachRequest;
use guitai::domain::money::Fen;
use guitai::domain::receipt::Receipt;
use guitai::domain::refund::RefundRequest;
use guitai::domain::tender::TenderKind::{Alipay, Cash, StoredValue, Wechat};
use guitai::domain::top_up::ReversalRequest;
use guitai::error::Result;
use guitai::query::{Backend, Candidate, Differences, OperationsOf, Query, Reply, Typed};
use sqlx::{AssertSqlSafe, Connection, Executor};
use uuid::Uuid;

use crate::faults::differences;
use crate::support::books::{Counter, MANAGER, books, count};
use crate::support::cluster::Database;
use crate::support::console::morning;

async fn till(database: &Database, number: u16) -> Counter {
    Counter::open(database.options(APP), number).await
}

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

#[tokio::test]
async fn a_top_up_and_a_sale_leave_what_they_should() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    assert_eq!(
        (her.points, her.phone.as_deref()),
        (till.shop.welcome_points, Some("138****1380"))
    );
    let loaded = till.top_up(&her, 1_000).await.unwrap();
    let her = till.member(her.id).await;
    assert_eq!(
        (her.principal, her.bonus),
        (Fen::yuan(1_000), Fen::yuan(200))
    );
    assert_eq!(loaded.after.unwrap().principal, her.principal);
    assert_eq!(her.level.name, "银卡", "the rule raises the level at once");
    let sold = till.sell(Some(&her), 6_000, StoredValue).await.unwrap();
    let after = till.member(her.id).await;
    // SV2: 60 yuan, pro rata 1000 : 200.
    assert_eq!((after.principal, after.bonus), (Fen(95_000), Fen(19_000)));
    assert_eq!(sold.after.unwrap().bonus, after.bonus);
    assert_eq!(after.visits, 1);
    assert_eq!(after.spend_year, Fen(6_000));
}

/// The receipt shown at once and the one read again are the same document.
#[tokio::test]
async fn a_receipt_reads_as_it_was_shown() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 2_000).await.unwrap();
    let her = till.member(her.id).await;
    for shown in [
        till.sell(Some(&her), 12_345, StoredValue).await.unwrap(),
        till.sell(None, 800, Cash).await.unwrap(),
    ] {
        let Reply::Receipt(read) = till
            .db
            .answer(Query::ReadReceipt { id: shown.id })
            .await
            .unwrap()
        else {
            panic!()
        };
        let without_names = |receipt: &Receipt| Receipt {
            names: guitai::domain::receipt::Names {
                cashier: String::new(),
                ..receipt.names.clone()
            },
            ..receipt.clone()
        };
        assert_eq!(without_names(&read), without_names(&shown));
    }
}

/// LG2: the same id again does nothing and gets the first answer; with other content it is refused.
#[tokio::test]
async fn the_same_id_posts_once() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 500).await.unwrap();
    let her = till.member(her.id).await;
    let request = till.sale(Some(&her), 5_000, StoredValue);
    let first = till.send_sale(request.clone(), Some(&her)).await.unwrap();
    let again = till.send_sale(request.clone(), Some(&her)).await.unwrap();
    assert_eq!((first.seq, first.after), (again.seq, again.after));
    let mut other = request;
    other.lines[0].name = "别的".to_owned();
    assert_eq!(
        hint(till.send_sale(other, Some(&her)).await),
        "journal.other_content"
    );
    let after = till.member(her.id).await;
    assert_eq!(after.stored_value(), her.stored_value() - Fen(5_000));
}

/// LG4: two tills spend the same 60 of 100 at once: exactly one wins, the other is told why.
#[tokio::test]
async fn two_tills_cannot_spend_the_same_money() {
    let database = books().await;
    let (one, two) = (till(&database, 1).await, till(&database, 2).await);
    for round in 0..10 {
        let her = one.enrol(&format!("1380000{round:04}")).await;
        one.top_up(&her, 100).await.unwrap();
        let her = one.member(her.id).await;
        let (a, b) = tokio::join!(
            one.sell(Some(&her), 6_000, StoredValue),
            two.sell(Some(&her), 6_000, StoredValue)
        );
        let refused = [hint(a), hint(b)];
        assert!(
            refused.contains(&"") && refused.contains(&"stored_value.short"),
            "{refused:?}"
        );
        assert_eq!(one.member(her.id).await.stored_value(), Fen(4_000));
    }
}

/// A plan on an old snapshot is made again without the cashier noticing.
#[tokio::test]
async fn a_stale_plan_is_made_again() {
    let database = books().await;
    let (one, two) = (till(&database, 1).await, till(&database, 2).await);
    let her = one.enrol("13800001380").await;
    one.top_up(&her, 500).await.unwrap();
    let old = one.member(her.id).await;
    for _ in 0..5 {
        two.sell(Some(&old), 1_000, StoredValue).await.unwrap();
    }
    one.sell(Some(&old), 1_000, StoredValue).await.unwrap();
    assert_eq!(
        one.member(her.id).await.stored_value(),
        old.stored_value() - Fen(6_000)
    );
}

/// RF6, PT6, LG3.
#[tokio::test]
async fn a_refund_goes_back_the_way_it_was_paid() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 500).await.unwrap();
    let before = till.member(her.id).await;
    let sold = till.sell(Some(&before), 10_000, StoredValue).await.unwrap();
    let refund = |amount: i64, approver| {
        let mut stamp = till.stamp();
        stamp.approver_id = approver;
        Query::Refund(RefundRequest {
            stamp,
            sale_id: sold.id,
            member_id: Some(her.id),
            lines: vec![(1, 1)],
            amount: Fen(amount),
        })
    };
    assert_eq!(
        hint(till.receipt(refund(9_999, None)).await),
        "refund.changed"
    );
    till.receipt(refund(10_000, None)).await.unwrap();
    let after = till.member(her.id).await;
    assert_eq!(
        (after.principal, after.bonus, after.points),
        (before.principal, before.bonus, before.points)
    );
    assert_eq!(
        hint(till.receipt(refund(10_000, None)).await),
        "refund.too_much"
    );
}

/// OP3: above the cashier's limit a manager approves, and nobody approves herself.
#[tokio::test]
async fn a_large_refund_needs_somebody_else() {
    let database = books().await;
    let till = till(&database, 1).await;
    let sold = till.sell(None, 30_000, Wechat).await.unwrap();
    let refund = |approver| {
        let mut stamp = till.stamp();
        stamp.approver_id = approver;
        Query::Refund(RefundRequest {
            stamp,
            sale_id: sold.id,
            member_id: None,
            lines: vec![(1, 1)],
            amount: Fen(30_000),
        })
    };
    assert_eq!(hint(till.receipt(refund(None)).await), "approval.needed");
    assert_eq!(
        hint(till.receipt(refund(Some(1))).await),
        "approval.yourself"
    );
    till.receipt(refund(Some(MANAGER))).await.unwrap();
    let mut owner = database.owner().await;
    let approvals: i64 = sqlx::query_scalar(
        "select count(*) from approval where approver_id = 2 and operator_id = 1",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(approvals, 1);
}

#[tokio::test]
async fn a_top_up_is_reversed_once_and_only_whole() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    let loaded = till.top_up(&her, 100).await.unwrap();
    let reverse = || {
        Query::ReverseTopUp(ReversalRequest {
            stamp: till.stamp(),
            top_up_id: loaded.id,
            member_id: her.id,
        })
    };
    till.receipt(reverse()).await.unwrap();
    assert_eq!(till.member(her.id).await.stored_value(), Fen::ZERO);
    assert_eq!(hint(till.receipt(reverse()).await), "top_up.reversed");
    let now = till.member(her.id).await;
    let second = till.top_up(&now, 100).await.unwrap();
    let now = till.member(her.id).await;
    till.sell(Some(&now), 100, StoredValue).await.unwrap();
    let spent = Query::ReverseTopUp(ReversalRequest {
        stamp: till.stamp(),
        top_up_id: second.id,
        member_id: her.id,
    });
    assert_eq!(hint(till.receipt(spent).await), "top_up.spent");
}

/// MB3: pay, then join; points once.
#[tokio::test]
async fn an_anonymous_sale_gets_its_member_once() {
    let database = books().await;
    let till = till(&database, 1).await;
    let sold = till.sell(None, 8_000, Alipay).await.unwrap();
    let her = till.enrol("13800001380").await;
    let attach = |her: &guitai::domain::member::Member| Query::Attach {
        request: AttachRequest {
            stamp: till.stamp(),
            sale_id: sold.id,
            member_id: her.id,
        },
        member: Box::new(her.clone()),
    };
    till.receipt(attach(&her)).await.unwrap();
    let after = till.member(her.id).await;
    assert_eq!(
        (after.points - her.points, after.visits, after.spend_year),
        (80, 1, Fen(8_000))
    );
    assert_eq!(hint(till.receipt(attach(&after)).await), "attach.taken");
}

/// Instalments of a top-up come when they are due, once, whichever till asks.
#[tokio::test]
async fn instalments_are_paid_once() {
    let database = books().await;
    let (one, two) = (till(&database, 1).await, till(&database, 2).await);
    let her = one.enrol("13800001380").await;
    one.top_up(&her, 2_000).await.unwrap();
    let her = one.member(her.id).await;
    assert_eq!((her.bonus, her.instalments.len()), (Fen::yuan(100), 4));
    let release = |till: &Counter| {
        let mut stamp = till.stamp();
        stamp.business_on = her.instalments[1].due_on;
        Query::Release {
            stamp,
            member_id: her.id,
        }
    };
    let (a, b) = tokio::join!(one.db.answer(release(&one)), two.db.answer(release(&two)));
    a.unwrap();
    b.unwrap();
    let after = one.member(her.id).await;
    assert_eq!((after.bonus, after.instalments.len()), (Fen::yuan(300), 2));
    // What follows from a promise is in nobody's journal and no difference to it.
    let shift_id = one.shift.id;
    let reply = one.db.answer(Query::Sheet { shift_id }).await.unwrap();
    let Reply::Sheet(_, differences) = reply else {
        panic!()
    };
    assert_eq!(differences, guitai::query::Differences::default());
}

/// MB1: a known phone opens the existing member, also when two tills enrol it at once; MB2: one gift.
#[tokio::test]
async fn one_phone_is_one_member() {
    let database = books().await;
    let (one, two) = (till(&database, 1).await, till(&database, 2).await);
    let (a, b) = tokio::join!(one.enrol("13900001111"), two.enrol("13900001111"));
    let c = one.enrol("13900001111").await;
    assert!(a.id == b.id && b.id == c.id);
    assert_eq!(c.points, one.shop.welcome_points);
}

/// LG3: neither the application nor the owner of the tables changes what was posted.
#[tokio::test]
async fn what_is_posted_stays() {
    let database = books().await;
    let till = till(&database, 1).await;
    till.sell(None, 8_000, Cash).await.unwrap();
    for role in [APP, "guitai_owner"] {
        let mut conn = sqlx::postgres::PgConnection::connect_with(&database.options(role))
            .await
            .unwrap();
        for table in [
            "posting",
            "operation",
            "sale_line",
            "level_change",
            "approval",
        ] {
            for change in [
                format!("update {table} set merchant_id = 2"),
                format!("delete from {table}"),
                format!("truncate {table} cascade"),
            ] {
                if role == APP
                    || !["level_change", "approval"].contains(&table)
                    || change.starts_with("truncate")
                {
                    assert!(
                        conn.execute(AssertSqlSafe(change.clone())).await.is_err(),
                        "{role}: {change}"
                    );
                }
            }
        }
    }
    assert_eq!(count(&mut database.owner().await, "sale").await, 1);
}

/// A login without a seat, or with the seat of another till, posts nothing.
#[tokio::test]
async fn a_login_speaks_for_its_seat_only() {
    let database = books().await;
    let till = till(&database, 1).await;
    database
        .owner()
        .await
        .execute("update seat set till_id = 2")
        .await
        .unwrap();
    assert_eq!(hint(till.sell(None, 8_000, Cash).await), "ledger.no_seat");
    database
        .owner()
        .await
        .execute("delete from seat")
        .await
        .unwrap();
    assert_eq!(hint(till.sell(None, 8_000, Cash).await), "ledger.no_seat");
}

/// The close of a shift compares the till's journal with the ledger, both ways.
#[tokio::test]
async fn what_only_the_journal_or_only_the_ledger_knows_is_found() {
    let database = books().await;
    let till = till(&database, 1).await;
    till.sell(None, 1_000, Cash).await.unwrap();
    assert_eq!(differences(&till).await, Differences::default());

    // The till's disk was changed: the ledger has what its new journal never asked for.
    let other = Counter::open(database.options(APP), 1).await;
    let unheard = other.sell(None, 2_000, Cash).await.unwrap().id;
    let found = differences(&till).await;
    assert_eq!(
        (found.only_journal, found.only_ledger),
        (vec![], vec![unheard])
    );

    // The server came back from an old backup: the till was told "posted" and the ledger has nothing.
    let (folder, shift) = (Rc::clone(&till.folder), till.shift.id);
    drop(till);
    let entry = |id| Entry {
        id,
        kind: "sale".to_owned(),
        at: morning(),
        shift: Some(shift),
        request: serde_json::Value::Null,
    };
    let (lost, refused, earlier) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let mut journal = Journal::open(&folder.path().join("journal")).unwrap();
    journal.begin(&entry(lost)).unwrap();
    journal.acked(lost).unwrap();
    journal.begin(&entry(refused)).unwrap();
    journal.refused(refused, "stored_value.short").unwrap();
    let of_another_shift = Entry {
        shift: Some(Uuid::now_v7()),
        ..entry(earlier)
    };
    journal.begin(&of_another_shift).unwrap();
    journal.acked(earlier).unwrap();
    drop(journal);
    let till = Counter::open_in(database.options(APP), 1, folder).await;
    let found = differences(&till).await;
    assert_eq!(found.only_journal, [lost]);
    assert_eq!(found.only_ledger, [unheard]);
}

/// OP1: the sheet adds up, the difference is posted, the shift closes once.
#[tokio::test]
async fn a_shift_closes_with_its_difference() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 300).await.unwrap();
    till.sell(None, 8_050, Cash).await.unwrap();
    till.sell(None, 1_000, Wechat).await.unwrap();
    let pay_out = Query::PayOut {
        stamp: till.stamp(),
        amount: Fen(2_000),
        reason: "买水".to_owned(),
    };
    till.db.answer(pay_out).await.unwrap();
    let Reply::Sheet(sheet, differences) = till
        .db
        .answer(Query::Sheet {
            shift_id: till.shift.id,
        })
        .await
        .unwrap()
    else {
        panic!()
    };
    assert_eq!(differences, guitai::query::Differences::default());
    assert_eq!(sheet.expected_cash, Fen(30_000 + 8_050 - 2_000));
    let close = |expected: i64| {
        Query::CloseShift(guitai::domain::shift::CloseRequest {
            stamp: till.stamp(),
            expected: Fen(expected),
            counted: Fen(36_000),
            reason: "找零少收".to_owned(),
        })
    };
    assert_eq!(hint(till.db.answer(close(1)).await), "ledger.stale");
    let closing = close(36_050);
    let Query::CloseShift(request) = closing.clone() else {
        panic!()
    };
    till.db.answer(closing).await.unwrap();
    let id = request.stamp.id;
    let Reply::Receipt(receipt) = till.db.answer(Query::ReadReceipt { id }).await.unwrap() else {
        panic!()
    };
    // The sheet as it was, under what closed the shift.
    assert_eq!(receipt.document.sheet, Some(sheet));
    assert_eq!(receipt.document.counted, Fen(36_000));
    let layout = guitai::domain::slip::Layout {
        columns: guitai::domain::slip::NARROW,
        copy: false,
        words: &|key| key.to_owned(),
        slips: &crate::support::shop::slips(),
    };
    let lines = guitai::domain::slip::receipt(&receipt, None, layout);
    let text = guitai::domain::slip::text(&lines, layout.columns);
    for part in ["360.50", "360.00", "-0.50", "找零少收", "10.00"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(hint(till.sell(None, 100, Cash).await), "shift.not_open");
    let mut owner = database.owner().await;
    let (cash, over): (i64, i64) = sqlx::query_as(
        "select coalesce(sum(amount) filter (where account = 'cash'), 0)::bigint, coalesce(sum(amount) filter (where account = 'over_short'), 0)::bigint from posting",
    ).fetch_one(&mut owner).await.unwrap();
    assert_eq!((cash, over), (0, -50));
}

/// LG7: from a balance to its postings to the receipt.
#[tokio::test]
async fn every_balance_can_be_opened() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 300).await.unwrap();
    let her = till.member(her.id).await;
    till.sell(Some(&her), 5_000, StoredValue).await.unwrap();
    let her = till.member(her.id).await;
    let query = Query::Statement {
        member_id: her.id,
        before: None,
        limit: 50,
    };
    let Reply::Statement(rows) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert_eq!(
        rows.iter().map(|row| row.principal).sum::<Fen>(),
        her.principal
    );
    assert_eq!(rows.iter().map(|row| row.bonus).sum::<Fen>(), her.bonus);
    assert_eq!(rows.iter().map(|row| row.points).sum::<i64>(), her.points);
    assert_eq!(
        (rows[0].principal_after, rows[0].points_after),
        (her.principal, her.points)
    );
    let query = Query::Operations {
        of: OperationsOf::Till(1),
        before: None,
        limit: 50,
    };
    let Reply::Operations(list) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert_eq!(
        list.iter().map(|row| row.amount.0).collect::<Vec<_>>(),
        [5_000, 30_000, 0, 0]
    );
}

/// MB7 and its like for goods: phone tail and prefix, initials, full pinyin, characters.
#[tokio::test]
async fn whatever_is_typed_finds_who_or_what_is_meant() {
    let database = books().await;
    let till = till(&database, 1).await;
    till.enrol("13800001380").await;
    let digits = |text: &str| Typed::Digits(text.to_owned());
    let letters = |text: &str| Typed::Letters(text.to_owned());
    let name = |text: &str| Typed::Name {
        name: text.to_owned(),
        grams: guitai::domain::spelling::wanted(text),
    };
    for (typed, found) in [
        (digits("1380"), "王晓明"),
        (digits("13"), "王晓明"),
        (letters("wxm"), "王晓明"),
        (letters("wangxiao"), "王晓明"),
        (name("王"), "王晓明"),
        (name("晓明"), "王晓明"),
        (letters("jf"), "剪发"),
        (letters("jianfa"), "剪发"),
        (name("剪发"), "剪发"),
    ] {
        let query = Query::Candidates {
            typed: typed.clone(),
            limit: 20,
        };
        let Reply::Candidates(rows) = till.db.answer(query).await.unwrap() else {
            panic!()
        };
        let names: Vec<&str> = rows
            .iter()
            .map(|row| match row {
                Candidate::Member { name, .. } | Candidate::Product { name, .. } => name.as_str(),
            })
            .collect();
        assert!(names.contains(&found), "{typed:?}: {names:?}");
    }
}
