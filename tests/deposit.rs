//! Deposits through the real back end: taken, fetched, returned, called off, once under two tills at once (SV6, LG3, LG4).

mod wall;

use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::deposit::{
    DepositRecord, DepositRequest, ForfeitRequest, Order, UndoDeposit, line, open,
};
use guitai::domain::grant::Grant;
use guitai::domain::ledger::{DocumentLine, Stamp};
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::price::{CartLine, quote};
use guitai::domain::receipt::Receipt;
use guitai::domain::refund::{RefundRequest, SaleRecord};
use guitai::domain::sale::SaleRequest;
use guitai::domain::settlement::{Reason, Scope, SettlementRequest};
use guitai::domain::shift::{Sheet, TenderRow};
use guitai::domain::tender::Rounding;
use guitai::domain::tender::Tender;
use guitai::domain::tender::TenderKind::{self, Cash, Deposit, StoredValue, Wechat};
use guitai::domain::transfer::{TransferRequest, What};
use guitai::error::Result;
use guitai::query::{Backend, OperationsOf, Query, Reply};
use sqlx::{Connection, PgConnection};
use tokio::join;
use uuid::Uuid;

use crate::support::books::{Counter, MANAGER, OWNER, books};
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

fn order(
    till: &Counter,
    her: &Member,
    name: &str,
    yuan: (i64, i64),
    earnest: bool,
) -> DepositRequest {
    let (price, paid) = yuan;
    let mut tender = Tender::exact(Cash, Fen::yuan(paid));
    tender.given = Fen::yuan(paid + 20);
    DepositRequest {
        stamp: till.stamp(),
        member_id: her.id,
        name: name.to_owned(),
        price: Fen::yuan(price),
        order: Order {
            due_on: "2026-12-24".parse().unwrap(),
            earnest,
        },
        tenders: vec![tender],
    }
}

async fn take(till: &Counter, her: &Member, request: &DepositRequest) -> Result<Receipt> {
    till.receipt(Query::TakeDeposit {
        request: request.clone(),
        member: Box::new(her.clone()),
    })
    .await
}

/// Takes a deposit in cash and gives her as she is then.
async fn ordered(
    till: &Counter,
    her: &Member,
    name: &str,
    yuan: (i64, i64),
    earnest: bool,
) -> Member {
    let her = till.member(her.id).await;
    take(till, &her, &order(till, &her, name, yuan, earnest))
        .await
        .unwrap();
    till.member(her.id).await
}

/// Her order, as it stands.
fn claim(her: &Member) -> Grant {
    open(her)[0].clone()
}

/// A sale of these lines with what deposits pay of it; the rest by `kinds`, all but the last for ten yuan.
fn fetch(till: &Counter, her: &Member, cart: &[CartLine], kinds: &[TenderKind]) -> SaleRequest {
    let quoted = quote(cart, None, &till.shop);
    let deposit: Fen = quoted.lines.iter().map(DocumentLine::deposit).sum();
    let mut tenders = vec![Tender::exact(Deposit, deposit)];
    let mut left = quoted.total - deposit;
    for (place, kind) in kinds.iter().enumerate() {
        let part = if place + 1 == kinds.len() {
            left
        } else {
            Fen::yuan(10)
        };
        tenders.push(Tender::exact(*kind, part));
        left -= part;
    }
    tenders.retain(|it| it.amount.is_positive());
    SaleRequest {
        lines: quoted.lines,
        tenders,
        ..till.sale(Some(her), 1, Cash)
    }
}

async fn sale_of(till: &Counter, id: Uuid) -> SaleRecord {
    let Reply::Sale(record) = till.db.answer(Query::ReadSale { id }).await.unwrap() else {
        panic!()
    };
    *record
}

async fn give_back(till: &Counter, id: Uuid, lines: &[(i16, i64)]) -> Result<Receipt> {
    let record = sale_of(till, id).await;
    let request = RefundRequest {
        stamp: approved(till),
        sale_id: id,
        member_id: record.member_id,
        lines: lines.to_vec(),
        amount: record.worth(lines, Rounding::None),
    };
    till.receipt(Query::Refund(request)).await
}

fn approved(till: &Counter) -> Stamp {
    Stamp {
        approver_id: Some(MANAGER),
        ..till.stamp()
    }
}

async fn sheet(till: &Counter) -> Sheet {
    let shift_id = till.shift.id;
    let Reply::Sheet(sheet, differences) = till.db.answer(Query::Sheet { shift_id }).await.unwrap()
    else {
        panic!()
    };
    assert!(differences.only_journal.is_empty() && differences.only_ledger.is_empty());
    *sheet
}

fn row(sheet: &Sheet, kind: TenderKind) -> TenderRow {
    let row = sheet.tenders.iter().find(|(it, _)| *it == kind);
    row.map(|(_, row)| *row).unwrap_or_default()
}

async fn deposit_of(till: &Counter, id: Uuid) -> DepositRecord {
    let Reply::Deposit(record) = till.db.answer(Query::ReadDeposit { id }).await.unwrap() else {
        panic!()
    };
    *record
}

fn forfeit(till: &Counter, her: &Member, grant: &Grant, yuan: i64) -> ForfeitRequest {
    ForfeitRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            ..till.stamp()
        },
        deposit_id: grant.operation_id,
        member_id: her.id,
        kept: Fen::yuan(yuan),
        way: Cash,
        reason: "已经裁剪".to_owned(),
    }
}

/// It is owed until the order is fetched, then pays its part of it; points and spend are of the whole.
#[tokio::test]
async fn taken_and_fetched() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 500).await.unwrap();
    let her = till.member(her.id).await;
    let before = (her.points, her.visits, her.spend);
    let request = order(&till, &her, "旗袍 量身", (1_000, 300), false);
    let receipt = take(&till, &her, &request).await.unwrap();
    assert_eq!(
        (receipt.document.amount, receipt.change()),
        (Fen::yuan(300), Fen::yuan(20))
    );
    assert_eq!(receipt.document.deposit.unwrap().price, Fen::yuan(1_000));
    // The same again takes nothing again.
    assert_eq!(take(&till, &her, &request).await.unwrap().seq, receipt.seq);

    let her = till.member(her.id).await;
    assert_eq!((her.points, her.visits, her.spend), before);
    let it = claim(&her);
    assert_eq!((it.quantity, it.value), (Some(30_000), Fen::yuan(300)));
    let taken = sheet(&till).await;
    assert_eq!(taken.expected_cash, Fen::yuan(800));
    assert_eq!(
        (taken.deposit_count, row(&taken, Cash).deposits),
        (1, Fen::yuan(300))
    );

    let cart = [line(&it), CartLine::quick("配饰".to_owned(), Fen::yuan(50))];
    let sold = fetch(&till, &her, &cart, &[StoredValue, Cash]);
    let sold = till.send_sale(sold, Some(&her)).await.unwrap();
    let her = till.member(her.id).await;
    assert!(open(&her).is_empty());
    assert_eq!((her.visits, her.spend), (1, Fen::yuan(1_050)));
    assert!(her.points > before.0);
    let after = sheet(&till).await;
    assert_eq!(row(&after, Deposit).sales, Fen::yuan(300));
    assert_eq!(after.expected_cash, Fen::yuan(800 + 740));
    let of = OperationsOf::Till(1);
    let query = Query::Operations {
        of,
        before: None,
        limit: 9,
    };
    let Reply::Operations(rows) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert_eq!((rows[0].id, rows[0].amount), (sold.id, Fen::yuan(1_050)));
    // LG7: the statement says fen as money, not as units.
    let query = Query::Statement {
        member_id: her.id,
        before: None,
        limit: 9,
    };
    let Reply::Statement(lines) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert_eq!(lines[0].units[0].quantity, Some(-30_000));
    holds(&database).await;
}

/// LG4: two tills fetch the same order at once: exactly one wins, the other is told why.
#[tokio::test]
async fn once_under_two_tills() {
    let database = books().await;
    let (one, two) = join!(till(&database, 1), till(&database, 2));
    let her = one.enrol("13800001380").await;
    for _ in 0..3 {
        let her = ordered(&one, &her, "蛋糕", (200, 200), false).await;
        let cart = [line(&claim(&her))];
        let (a, b) = (fetch(&one, &her, &cart, &[]), fetch(&two, &her, &cart, &[]));
        let (a, b) = join!(one.send_sale(a, Some(&her)), two.send_sale(b, Some(&her)));
        let mut told: Vec<&str> = [a, b]
            .into_iter()
            .filter_map(|it| it.err().map(|no| no.hint))
            .collect();
        assert_eq!(told.pop(), Some("deposit.used"));
        assert!(told.is_empty());
    }
    // And one fetches it while another keeps a part of it.
    let her = ordered(&one, &her, "蛋糕", (200, 100), true).await;
    let grant = claim(&her);
    let sold = fetch(&one, &her, &[line(&grant)], &[Wechat]);
    let kept = Query::Forfeit(forfeit(&two, &her, &grant, 40));
    let (a, b) = join!(one.send_sale(sold, Some(&her)), two.receipt(kept));
    let told: Vec<&str> = [a, b]
        .into_iter()
        .filter_map(|it| it.err().map(|no| no.hint))
        .collect();
    assert_eq!(told, ["deposit.used"]);
    holds(&database).await;
}

/// RF6: a return brings the deposit back to its order and to nothing else; there it is fetched again, or goes back by law.
#[tokio::test]
async fn returned_and_settled() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 500).await.unwrap();
    let her = ordered(&till, &her, "旗袍", (1_000, 300), false).await;
    let cart = [
        line(&claim(&her)),
        CartLine::quick("配饰".to_owned(), Fen::yuan(50)),
    ];
    let sold = fetch(&till, &her, &cart, &[StoredValue, Cash]);
    let sold = till.send_sale(sold, Some(&her)).await.unwrap();
    let goods = give_back(&till, sold.id, &[(2, 1)]).await.unwrap();
    assert_eq!(goods.document.amount, Fen::yuan(50));
    assert!(open(&till.member(her.id).await).is_empty());
    let back = give_back(&till, sold.id, &[(1, 1)]).await.unwrap();
    assert_eq!(back.document.amount, Fen::yuan(1_000));
    let ways: Vec<_> = back
        .document
        .tenders
        .iter()
        .map(|it| (it.kind, it.amount))
        .collect();
    assert_eq!(ways[0], (Deposit, Fen::yuan(300)));
    assert_eq!(ways.last(), Some(&(Cash, Fen::yuan(700))));
    let refused = give_back(&till, sold.id, &[(1, 1)]).await.unwrap_err();
    assert_eq!(refused.hint, "refund.too_much");
    assert_eq!(row(&sheet(&till).await, Deposit).net(), Fen::ZERO);

    // Fetched once more, returned once more: the same claim.
    let her = till.member(her.id).await;
    assert_eq!(claim(&her).value, Fen::yuan(300));
    let again = fetch(&till, &her, &[line(&claim(&her))], &[Wechat]);
    let again = till.send_sale(again, Some(&her)).await.unwrap();
    give_back(&till, again.id, &[(1, 1)]).await.unwrap();
    holds(&database).await;

    // By law, and for her own reason, all of a prepayment goes back (RF3: nothing was had of it).
    let her = till.member(her.id).await;
    let grant = claim(&her);
    let settle = |amount: i64| {
        Query::Settle(SettlementRequest {
            stamp: Stamp {
                approver_id: Some(OWNER),
                ..till.stamp()
            },
            member_id: her.id,
            scope: Scope::Package {
                operation_id: grant.operation_id,
                no: grant.no,
            },
            reason: Reason::Consumer,
            way: Cash,
            amount: Fen::yuan(amount),
        })
    };
    assert_eq!(
        till.receipt(settle(299)).await.unwrap_err().hint,
        "settlement.changed"
    );
    let settled = till.receipt(settle(300)).await.unwrap();
    assert_eq!(settled.document.amount, Fen::yuan(300));
    assert!(open(&till.member(her.id).await).is_empty());
    holds(&database).await;
}

/// 民法典 586: of earnest money a fifth of the price, with somebody else's approval and a reason; of a prepayment nothing.
#[tokio::test]
async fn called_off() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    let her = ordered(&till, &her, "旗袍", (1_000, 300), true).await;
    let grant = claim(&her);
    let hint = async |request: ForfeitRequest| {
        till.receipt(Query::Forfeit(request))
            .await
            .unwrap_err()
            .hint
    };
    let alone = ForfeitRequest {
        stamp: till.stamp(),
        ..forfeit(&till, &her, &grant, 200)
    };
    assert_eq!(hint(alone).await, "approval.needed");
    assert_eq!(
        hint(forfeit(&till, &her, &grant, 201)).await,
        "deposit.over_kept"
    );
    let why = ForfeitRequest {
        reason: String::new(),
        ..forfeit(&till, &her, &grant, 200)
    };
    assert_eq!(hint(why).await, "deposit.reason_missing");
    let herself = forfeit(&till, &her, &grant, 200);
    let herself = ForfeitRequest {
        stamp: Stamp {
            approver_id: Some(herself.stamp.operator_id),
            ..herself.stamp
        },
        ..herself
    };
    assert_eq!(hint(herself).await, "approval.yourself");
    let receipt = till
        .receipt(Query::Forfeit(forfeit(&till, &her, &grant, 200)))
        .await
        .unwrap();
    assert_eq!(
        (receipt.document.kept, receipt.document.amount),
        (Fen::yuan(200), Fen::yuan(100))
    );
    let sheet = sheet(&till).await;
    assert_eq!(
        (sheet.expected_cash, row(&sheet, Cash).refunds),
        (Fen::yuan(200), Fen::yuan(100))
    );
    assert_eq!(hint(forfeit(&till, &her, &grant, 1)).await, "deposit.used");
    let prepaid = ordered(&till, &her, "蛋糕", (100, 50), false).await;
    assert_eq!(
        hint(forfeit(&till, &her, &claim(&prepaid), 1)).await,
        "deposit.over_kept"
    );
    holds(&database).await;
}

/// A mistake goes back the way it came, once; in another shift somebody else approves it (OP3).
#[tokio::test]
async fn taken_back() {
    let database = books().await;
    let (one, two) = join!(till(&database, 1), till(&database, 2));
    let her = one.enrol("13800001380").await;
    let her = ordered(&one, &her, "蛋糕", (200, 100), true).await;
    let grant = claim(&her);
    let undo = |till: &Counter| UndoDeposit {
        stamp: till.stamp(),
        deposit_id: grant.operation_id,
        member_id: her.id,
    };
    let refused = two
        .receipt(Query::UndoDeposit(undo(&two)))
        .await
        .unwrap_err();
    assert_eq!(refused.hint, "approval.needed");
    assert_eq!(
        deposit_of(&one, grant.operation_id).await.left,
        Fen::yuan(100)
    );
    let back = one.receipt(Query::UndoDeposit(undo(&one))).await.unwrap();
    assert_eq!(back.document.amount, Fen::yuan(100));
    assert_eq!(sheet(&one).await.expected_cash, Fen::ZERO);
    assert!(deposit_of(&one, grant.operation_id).await.reversed);
    let refused = one
        .receipt(Query::UndoDeposit(undo(&one)))
        .await
        .unwrap_err();
    assert_eq!(refused.hint, "deposit.used");
    holds(&database).await;
}

/// MB4: an order goes with her when she is merged, and is fetched under her new name.
#[tokio::test]
async fn merged() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (a, b) = (
        till.enrol("13800001380").await,
        till.enrol("13800001381").await,
    );
    let b = ordered(&till, &b, "蛋糕", (200, 80), true).await;
    let grant = claim(&b);
    let merge = TransferRequest {
        stamp: approved(&till),
        what: What::Merge {
            from_id: b.id,
            to_id: a.id,
        },
    };
    till.db.answer(Query::Transfer(merge)).await.unwrap();
    let a = till.member(a.id).await;
    assert_eq!((claim(&a).id, claim(&a).value), (grant.id, Fen::yuan(80)));
    // It is not given away.
    let gift = TransferRequest {
        stamp: approved(&till),
        what: What::Gift {
            from_id: a.id,
            to_id: till.enrol("13800001382").await.id,
            grants: vec![grant.id],
        },
    };
    let refused = till.db.answer(Query::Transfer(gift)).await.unwrap_err();
    assert_eq!(refused.hint, "hand.not_allowed");
    let sold = fetch(&till, &a, &[line(&claim(&a))], &[Wechat]);
    let sold = till.send_sale(sold, Some(&a)).await.unwrap();
    give_back(&till, sold.id, &[(1, 1)]).await.unwrap();
    let her = till.member(a.id).await;
    let kept = forfeit(&till, &her, &claim(&her), 40);
    till.receipt(Query::Forfeit(kept)).await.unwrap();
    holds(&database).await;
}

/// What is due to members, and her evidence, know her orders (RF5, LG7).
#[tokio::test]
async fn due_and_evident() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = till.enrol("13800001380").await;
    let her = ordered(&till, &her, "旗袍", (1_000, 300), true).await;
    let stamp = till.stamp();
    let query = Query::Dues {
        staff_id: OWNER,
        now: stamp.at,
        today: stamp.business_on,
        after: None,
        limit: 9,
    };
    let Reply::Dues(rows, totals) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert_eq!((rows.len(), totals.unearned), (1, Fen::yuan(300)));
    assert_eq!(rows[0].refundable, Fen::yuan(300));
    let sold = fetch(&till, &her, &[line(&claim(&her))], &[Wechat]);
    let sold = till.send_sale(sold, Some(&her)).await.unwrap();
    give_back(&till, sold.id, &[(1, 1)]).await.unwrap();
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    let taken =
        sqlx::query_scalar::<_, serde_json::Value>("select take_evidence($1, $2, 1, 'x', 'y')")
            .bind(her.id)
            .bind(OWNER)
            .fetch_one(&mut conn)
            .await
            .unwrap();
    let pack: guitai::domain::evidence::Pack = serde_json::from_value(taken).unwrap();
    pack.check().unwrap();
    let orders: Vec<_> = pack
        .entries()
        .iter()
        .filter(|it| it.account == "deposit")
        .map(|it| (it.write(it.amount), it.after))
        .collect();
    assert_eq!(
        orders,
        [
            ("300.00".to_owned(), Some(30_000)),
            ("-300.00".to_owned(), Some(0)),
            ("300.00".to_owned(), Some(30_000))
        ]
    );
}

/// A package and an order in one sale: each goes back by itself (LG3).
#[tokio::test]
async fn beside_a_package() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (package, _, _) = crate::package::card(&till).await;
    let her = till.enrol("13800001380").await;
    let her = ordered(&till, &her, "旗袍", (500, 300), false).await;
    let cart = [line(&claim(&her)), CartLine::of(&package, 1)];
    let sold = fetch(&till, &her, &cart, &[Wechat]);
    let sold = till.send_sale(sold, Some(&her)).await.unwrap();
    give_back(&till, sold.id, &[(2, 1)]).await.unwrap();
    give_back(&till, sold.id, &[(1, 1)]).await.unwrap();
    let her = till.member(her.id).await;
    assert_eq!((her.grants.len(), claim(&her).value), (1, Fen::yuan(300)));
    holds(&database).await;
}
