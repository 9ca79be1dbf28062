//! Two members who are one person, through the real back end: merged, undone, under two tills at once (MB4, LG4).

use futures::future::join_all;
use guitai::db::open::APP;
use guitai::db::verify::{check, verify};
use guitai::domain::ledger::Stamp;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::redemption::UndoRequest;
use guitai::domain::refund::RefundRequest;
use guitai::domain::settlement::{Reason, Scope, Settlement};
use guitai::domain::tender::TenderKind;
use guitai::domain::transfer::{MergeRecord, TransferRequest, What};
use guitai::error::Result;
use guitai::query::{Backend, Candidate, OperationsOf, Query, Reply, Typed};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::package::{buy, card, redeem, uses};
use crate::support::books::{CASHIER, Counter, MANAGER, books, count};
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

fn request(till: &Counter, what: What) -> TransferRequest {
    let stamp = Stamp {
        approver_id: Some(MANAGER),
        ..till.stamp()
    };
    TransferRequest { stamp, what }
}

fn merge(till: &Counter, from: &Member, to: &Member) -> TransferRequest {
    let (from_id, to_id) = (from.id, to.id);
    request(till, What::Merge { from_id, to_id })
}

async fn send(till: &Counter, request: &TransferRequest) -> Result<Member> {
    match till.db.answer(Query::Transfer(request.clone())).await? {
        Reply::Member(member) => Ok(*member),
        other => panic!("{other:?}"),
    }
}

async fn record(till: &Counter, id: Uuid) -> MergeRecord {
    let Reply::Merge(merge) = till.db.answer(Query::ReadMerge { id }).await.unwrap() else {
        panic!()
    };
    *merge
}

fn undo(till: &Counter, merge: &TransferRequest) -> TransferRequest {
    let (to_id, from_id) = merge.what.members();
    let merge_id = merge.stamp.id;
    request(
        till,
        What::Undo {
            from_id,
            to_id,
            merge_id,
        },
    )
}

async fn found(till: &Counter, typed: Typed) -> Vec<i64> {
    let query = Query::Candidates { typed, limit: 8 };
    let Reply::Candidates(all) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    let id = |it| match it {
        Candidate::Member { id, .. } => Some(id),
        Candidate::Product { .. } => None,
    };
    all.into_iter().filter_map(id).collect()
}

async fn by_phone(till: &Counter, phone: &str) -> Vec<i64> {
    found(till, Typed::Digits(phone.to_owned())).await
}

/// Two members, each with 500 loaded, one sale of 100, and a package of which one cut is used.
async fn two(till: &Counter) -> (Member, Member, i32) {
    let (product, cut, _) = card(till).await;
    let mut both = Vec::new();
    for phone in ["13800001380", "13900001390"] {
        let her = till.enrol(phone).await;
        till.top_up(&her, 500).await.unwrap();
        let her = till.member(her.id).await;
        till.sell(Some(&her), 10_000, TenderKind::StoredValue)
            .await
            .unwrap();
        let her = till.member(her.id).await;
        buy(till, &her, &product).await.unwrap();
        let her = till.member(her.id).await;
        redeem(till, uses(till, &her, cut, 1), &her).await.unwrap();
        both.push(till.member(her.id).await);
    }
    let [a, b] = both.try_into().unwrap();
    (a, b, cut)
}

/// Her evidence adds up to what she holds (RF5).
pub async fn evidence_adds_up(database: &Database, id: i64) {
    let pack: serde_json::Value = sqlx::query_scalar("select evidence(1, $1)")
        .bind(id)
        .fetch_one(&mut database.owner().await)
        .await
        .unwrap();
    let pack: guitai::domain::evidence::Pack = serde_json::from_value(pack).unwrap();
    pack.check().unwrap();
}

/// MB4: everything of hers moves with its days and its order, and her phone and her name lead to the other; the books
/// hold, and hold again when it is undone.
#[tokio::test]
async fn all_of_it_moves_and_comes_back() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (a, b, _) = two(&till).await;
    let wish = merge(&till, &b, &a);
    let one = send(&till, &wish).await.unwrap();
    assert_eq!(one.id, a.id);
    assert_eq!(one.principal, a.principal + b.principal);
    assert_eq!(one.bonus, a.bonus + b.bonus);
    assert_eq!(one.points, a.points + b.points);
    assert_eq!(one.spend, a.spend + b.spend);
    assert_eq!(one.spend_year, a.spend_year + b.spend_year);
    assert_eq!(one.visits, 1, "both were here on the same day");
    assert_eq!(one.grants.len(), a.grants.len() + b.grants.len());
    for lot in b.lots.iter().filter(|lot| lot.principal.is_positive()) {
        assert!(one.lots.contains(lot), "its own days, its own terms");
    }
    for grant in &b.grants {
        assert!(one.grants.contains(grant));
    }
    assert_eq!(one.merged, Some(wish.stamp.id));
    // Whoever looks for her finds the other; the same again posts nothing.
    assert_eq!(till.member(b.id).await.id, a.id);
    assert_eq!(by_phone(&till, "1390").await, [a.id]);
    assert_eq!(by_phone(&till, "13900001390").await, [a.id]);
    assert_eq!(found(&till, Typed::Letters("wxm".to_owned())).await, [a.id]);
    assert_eq!(send(&till, &wish).await.unwrap(), one);
    holds(&database).await;
    evidence_adds_up(&database, a.id).await;
    // Everybody's receipts and lists can be opened.
    for id in [wish.stamp.id, wish.out_id()] {
        let read = till.receipt(Query::ReadReceipt { id }).await.unwrap();
        assert_eq!(read.document.amount, b.principal + b.bonus);
        assert_eq!(record(&till, id).await.id, wish.stamp.id);
    }

    let back = send(&till, &undo(&till, &wish)).await.unwrap();
    let strip = |her: &Member| Member {
        version: 0,
        edition: 0,
        ..her.clone()
    };
    assert_eq!(strip(&back), strip(&b));
    assert_eq!(strip(&till.member(a.id).await), strip(&a));
    assert_eq!(by_phone(&till, "1390").await, [b.id]);
    assert_eq!(by_phone(&till, "1380").await, [a.id]);
    assert!(record(&till, wish.stamp.id).await.is_undone);
    let again = send(&till, &undo(&till, &wish)).await.unwrap_err();
    assert_eq!(again.hint, "transfer.undone");
    holds(&database).await;
    evidence_adds_up(&database, a.id).await;
    evidence_adds_up(&database, b.id).await;
    // And once more.
    send(&till, &merge(&till, &b, &a)).await.unwrap();
    holds(&database).await;
}

/// The life goes on under one name: what came is spent, used, returned, settled; undone, what is left goes back.
#[tokio::test]
async fn what_came_is_hers() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (a, b, cut) = two(&till).await;
    let full = b.stored_value();
    let sold = till
        .sell(Some(&b), 20_000, TenderKind::StoredValue)
        .await
        .unwrap();
    let b = till.member(b.id).await;
    let used = redeem(&till, uses(&till, &b, cut, 1), &b).await.unwrap();
    let wish = merge(&till, &till.member(b.id).await, &a);
    let one = send(&till, &wish).await.unwrap();

    // Her sale comes back to the lot it came from, which is the other's now; so does the use.
    let Reply::Sale(sale) = till
        .db
        .answer(Query::ReadSale { id: sold.id })
        .await
        .unwrap()
    else {
        panic!()
    };
    let lines: Vec<_> = sale
        .lines
        .iter()
        .map(|line| (line.no, line.line.quantity))
        .collect();
    let refund = RefundRequest {
        stamp: Stamp {
            approver_id: Some(MANAGER),
            ..till.stamp()
        },
        sale_id: sold.id,
        amount: sale.worth(&lines, till.shop.rounding),
        member_id: sale.member_id,
        lines,
    };
    till.receipt(Query::Refund(refund)).await.unwrap();
    let now = till.member(a.id).await;
    assert_eq!(now.stored_value(), one.stored_value() + Fen(20_000));
    let take_back = UndoRequest {
        stamp: till.stamp(),
        redemption_id: used.id,
        member_id: a.id,
    };
    till.receipt(Query::UndoRedemption(take_back))
        .await
        .unwrap();
    holds(&database).await;

    // More is spent than she had alone, and a cut of each card is used.
    let now = till.member(a.id).await;
    till.sell(Some(&now), 60_000, TenderKind::StoredValue)
        .await
        .unwrap();
    let now = till.member(a.id).await;
    redeem(&till, uses(&till, &now, cut, 12), &now)
        .await
        .unwrap();
    holds(&database).await;
    let before = till.member(a.id).await;
    let back = send(&till, &undo(&till, &wish)).await.unwrap();
    let kept = till.member(a.id).await;
    assert_eq!(
        kept.stored_value() + back.stored_value(),
        before.stored_value()
    );
    assert!(back.stored_value() < full);
    holds(&database).await;
    let _ = settled(&till, back).await;
    holds(&database).await;
}

/// RF2: what the other had used of it counts.
async fn settled(till: &Counter, her: Member) -> Fen {
    let query = Query::ReadSettlement { member_id: her.id };
    let Reply::History(history) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    let stamp = till.stamp();
    let moment = (stamp.at, stamp.business_on);
    let shown = Settlement::of(&history, Scope::StoredValue, Reason::Shop, moment);
    for it in &shown.prepaid {
        assert!(it.used.is_positive(), "{it:?}");
        let left: Fen = her
            .lots
            .iter()
            .filter(|lot| it.lots.contains(&lot.id))
            .map(|lot| lot.principal + lot.bonus)
            .sum();
        assert_eq!(it.used + left, it.paid + it.bonus);
    }
    shown.amount
}

/// SV4: what was promised for later comes to the one she is now; and goes back with its lot.
#[tokio::test]
async fn promises_follow_their_lot() {
    let database = books().await;
    let till = till(&database, 1).await;
    let a = till.enrol("13800001380").await;
    let b = till.enrol("13900001390").await;
    till.top_up(&b, 2_000).await.unwrap();
    let b = till.member(b.id).await;
    assert_eq!(b.instalments.len(), 4);
    let wish = merge(&till, &b, &a);
    let one = send(&till, &wish).await.unwrap();
    assert_eq!(one.instalments, b.instalments);
    let mut stamp = till.stamp();
    stamp.business_on = b.instalments[1].due_on;
    let release = Query::Release {
        stamp,
        member_id: a.id,
    };
    till.db.answer(release).await.unwrap();
    let now = till.member(a.id).await;
    assert_eq!((now.bonus, now.instalments.len()), (Fen::yuan(300), 2));
    holds(&database).await;
    let back = send(&till, &undo(&till, &wish)).await.unwrap();
    assert_eq!((back.bonus, back.instalments.len()), (Fen::yuan(300), 2));
    holds(&database).await;
    // Journal and ledger of the till agree: the half that leaves is in nobody's journal.
    let shift_id = till.shift.id;
    let Reply::Sheet(_, differences) = till.db.answer(Query::Sheet { shift_id }).await.unwrap()
    else {
        panic!()
    };
    assert_eq!(differences, guitai::query::Differences::default());
}

/// OP3: a cashier needs a manager for it.
#[tokio::test]
async fn it_needs_the_right() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (a, b, _) = two(&till).await;
    let mut wish = merge(&till, &b, &a);
    wish.stamp.approver_id = None;
    assert_eq!(
        send(&till, &wish).await.unwrap_err().hint,
        "approval.needed"
    );
    wish = merge(&till, &b, &a);
    wish.stamp.approver_id = Some(CASHIER);
    send(&till, &wish).await.unwrap_err();
    wish = merge(&till, &b, &a);
    (wish.stamp.operator_id, wish.stamp.approver_id) = (MANAGER, None);
    send(&till, &wish).await.unwrap();
    let mut owner = database.owner().await;
    let log: Vec<(i64, String)> = sqlx::query_as(
        "select member_id, changed[1] from member_edit where changed[1] like 'merge%' order by 1",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert_eq!(
        log,
        [
            (a.id, "merge in".to_owned()),
            (b.id, "merge out".to_owned())
        ]
    );
    assert_eq!(count(&mut owner, "transfer_out").await, 1);
    // MB2: the gift was hers once, and is the other's past.
    let welcomed = "select was_welcomed($1)";
    let mut app = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    let both = [a.id, b.id];
    for id in both {
        let is: bool = sqlx::query_scalar(welcomed)
            .bind(id)
            .fetch_one(&mut app)
            .await
            .unwrap();
        assert!(is);
    }
    // Half of a transfer is refused.
    let half = app
        .execute("select post(gen_random_uuid(), 'transfer_out', 1, (select shift_id from till where id = 1), 2, null, 1, (select version from holding where member_id = 1), current_date, now(), null, 0, false, null, null, null, null, null, null, '{}', '{}', '{}', '{}', '{}', '{}', null, null, null, '{}', '')")
        .await
        .unwrap_err();
    assert!(half.to_string().contains("half a transfer"), "{half}");
}

/// LG4: one till spends what another takes away: exactly one wins, and the other is told why.
#[tokio::test]
async fn a_sale_and_a_merge_at_once() {
    let database = books().await;
    let (one, two_) = (till(&database, 1).await, till(&database, 2).await);
    for round in 0..6 {
        let a = one.enrol(&format!("1380000{round:04}")).await;
        let b = one.enrol(&format!("1390000{round:04}")).await;
        one.top_up(&b, 500).await.unwrap();
        let b = one.member(b.id).await;
        let wish = merge(&one, &b, &a);
        let all = b.stored_value().0;
        let sale = async { two_.sell(Some(&b), all, TenderKind::StoredValue).await };
        let (merged, sold) = futures::join!(send(&one, &wish), sale);
        let now = merged.unwrap();
        match sold {
            Ok(_) => assert_eq!(now.stored_value(), Fen::ZERO),
            Err(refusal) => {
                assert_eq!((refusal.hint, now.stored_value().0), ("member.merged", all));
            }
        }
    }
    holds(&database).await;
}

/// Two tills merge the same two, one this way and the other that way.
#[tokio::test]
async fn two_merges_at_once() {
    let database = books().await;
    let mut tills = Vec::new();
    for number in 1..=4 {
        tills.push(till(&database, number).await);
    }
    let (a, b, _) = two(&tills[0]).await;
    let wishes: Vec<_> = tills
        .iter()
        .enumerate()
        .map(|(n, till)| {
            if n % 2 == 0 {
                merge(till, &a, &b)
            } else {
                merge(till, &b, &a)
            }
        })
        .collect();
    let done = join_all(
        tills
            .iter()
            .zip(&wishes)
            .map(|(till, wish)| send(till, wish)),
    )
    .await;
    assert_eq!(done.iter().filter(|it| it.is_ok()).count(), 1);
    for refusal in done.iter().filter_map(|it| it.as_ref().err()) {
        assert_eq!(refusal.hint, "transfer.merged_already");
    }
    holds(&database).await;
    // Undone by two at once: once.
    let won = done.iter().position(Result::is_ok).unwrap();
    let undos: Vec<_> = tills.iter().map(|till| undo(till, &wishes[won])).collect();
    let done = join_all(
        tills
            .iter()
            .zip(&undos)
            .map(|(till, wish)| send(till, wish)),
    )
    .await;
    assert_eq!(done.iter().filter(|it| it.is_ok()).count(), 1, "{done:?}");
    for refusal in done.iter().filter_map(|it| it.as_ref().err()) {
        assert_eq!(refusal.hint, "transfer.undone");
    }
    holds(&database).await;
}

/// A chain of merges is undone in any order that leaves somebody to give it back.
#[tokio::test]
async fn merges_of_merged_members() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (a, b, _) = two(&till).await;
    let c = till.enrol("13700001370").await;
    let first = merge(&till, &b, &a);
    send(&till, &first).await.unwrap();
    let second = merge(&till, &till.member(a.id).await, &c);
    let one = send(&till, &second).await.unwrap();
    assert_eq!(one.principal, a.principal + b.principal);
    assert_eq!(one.spend_year, a.spend_year + b.spend_year);
    assert_eq!(by_phone(&till, "1390").await, [c.id]);
    assert_eq!(till.member(b.id).await.id, c.id);
    holds(&database).await;
    let early = send(&till, &undo(&till, &first)).await.unwrap_err();
    assert_eq!(early.hint, "transfer.merged_already");
    send(&till, &undo(&till, &second)).await.unwrap();
    holds(&database).await;
    let back = send(&till, &undo(&till, &first)).await.unwrap();
    assert_eq!(
        (back.id, back.principal, back.visits),
        (b.id, b.principal, b.visits)
    );
    assert_eq!(by_phone(&till, "1390").await, [b.id]);
    holds(&database).await;
    let of = OperationsOf::Member(b.id);
    let list = Query::Operations {
        of,
        before: None,
        limit: 50,
    };
    let Reply::Operations(rows) = till.db.answer(list).await.unwrap() else {
        panic!()
    };
    assert!(rows.iter().any(|row| row.id == first.out_id()));
}

/// What is done behind the books, and what verify says (LG6).
const TAMPERED: &[(&str, &str)] = &[
    (
        "update lot set member_id = (select min(from_id) from transfer) where id = (select id from lot l where kind = 'stored_value' and principal > 0 and member_id = (select max(to_id) from transfer) and exists (select from operation o where o.kind = 'transfer_in' and l.id = any (o.lots)) limit 1)",
        "verify.holder",
    ),
    (
        "update member_grant set member_id = (select min(from_id) from transfer) where held_by is not null",
        "verify.holder",
    ),
    (
        "update member_grant set held_by = null where held_by is not null",
        "verify.grant",
    ),
    (
        "update member set merged_into = null where merged_into is not null",
        "verify.merged",
    ),
    (
        "update member set absorbed = null where absorbed is not null",
        "verify.merged",
    ),
    ("delete from transfer", "verify.transfer"),
    (
        "update transfer set from_id = to_id, to_id = from_id",
        "verify.transfer",
    ),
    (
        "update operation set amounts[array_position(accounts, 'transfer')] = amounts[array_position(accounts, 'transfer')] + 1 where kind = 'transfer_in'",
        "verify.unbalanced",
    ),
    (
        "update operation set spend = spend + 1 where kind = 'transfer_in'",
        "verify.hash",
    ),
    (
        "update operation set document = jsonb_set(document, '{carried,lots}', '[]') where kind = 'transfer_in'",
        "verify.hash",
    ),
    (
        "update holding set visits = visits + 1 where member_id = (select max(to_id) from transfer)",
        "verify.holding",
    ),
    (
        "update holding set last_visit_on = last_visit_on - 1 where member_id = (select max(to_id) from transfer)",
        "verify.holding",
    ),
    (
        "update holding set spend = spend + 1 where member_id = (select max(from_id) from transfer)",
        "verify.holding",
    ),
];

#[tokio::test]
async fn a_tampered_transfer_is_found() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (a, b, _) = two(&till).await;
    send(&till, &merge(&till, &b, &a)).await.unwrap();
    holds(&database).await;
    let mut owner = database.owner().await;
    owner
        .execute(
            "do $$ declare t regclass; begin
               for t in select distinct tgrelid::regclass from pg_trigger where not tgisinternal loop
                 execute format('alter table %s disable trigger user', t);
               end loop;
             end $$",
        )
        .await
        .unwrap();
    for (tamper, hint) in TAMPERED {
        let mut attempt = owner.begin().await.unwrap();
        let changed = attempt.execute(*tamper).await.unwrap().rows_affected();
        assert!(changed > 0, "{tamper}");
        attempt.execute("set local role guitai_app").await.unwrap();
        let found = check(&mut attempt).await.unwrap().difference;
        let found = found.unwrap_or_else(|| panic!("not found: {tamper}"));
        assert_eq!(found.hint, *hint, "{tamper}: {found:?}");
        attempt.rollback().await.unwrap();
    }
}
