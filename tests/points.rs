//! Points through the real back end: what earns, how much, and whose go back (PT1, PT2, PT6, MB3).

use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::attach::AttachRequest;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::price::{CartLine, quote};
use guitai::domain::refund::{RefundRequest, SaleRecord};
use guitai::domain::sale::SaleRequest;
use guitai::domain::tender::TenderKind::{Cash, StoredValue, Wechat};
use guitai::domain::tender::{Rounding, Tender};
use guitai::query::{Backend, Query, Reply};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::books::{Counter, books};
use crate::support::cluster::Database;

/// The salon with one till.
async fn shop() -> (Database, Counter) {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    (database, till)
}

async fn holds(database: &Database) {
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    assert_eq!(verify(&mut conn).await.unwrap().difference, None);
}

fn goods(fen: i64, quantity: i64) -> CartLine {
    CartLine {
        product_id: Some(1),
        quantity,
        ..CartLine::quick("护发精油".to_owned(), Fen(fen))
    }
}

fn request(till: &Counter, cart: &[CartLine], member: Option<&Member>) -> SaleRequest {
    SaleRequest {
        lines: quote(cart, None, &till.shop).lines,
        ..till.sale(member, 100, Cash)
    }
}

async fn record(till: &Counter, id: Uuid) -> SaleRecord {
    match till.db.answer(Query::ReadSale { id }).await.unwrap() {
        Reply::Sale(record) => *record,
        other => panic!("{other:?}"),
    }
}

async fn take_back(till: &Counter, sale: Uuid, lines: Vec<(i16, i64)>) {
    let record = record(till, sale).await;
    let request = RefundRequest {
        stamp: till.stamp(),
        sale_id: sale,
        member_id: record.member_id,
        amount: record.worth(&lines, Rounding::None),
        lines,
    };
    till.receipt(Query::Refund(request)).await.unwrap();
}

/// MB3, PR7: an attached sale earns what it would have earned at once, less what came back already; later
/// returns take back in proportion to what earned.
#[tokio::test]
async fn an_attached_sale_earns_for_what_is_left_of_its_goods() {
    let (database, till) = shop().await;
    till.edit_terms(|shop| shop.quick_sale_points = false).await;
    let quick = CartLine::quick("快速消费".to_owned(), Fen(4_000));
    let mut sale = request(&till, &[goods(5_000, 2), quick], None);
    sale.tenders = vec![Tender::exact(Cash, Fen(14_000))];
    let sold = till.send_sale(sale, None).await.unwrap();
    take_back(&till, sold.id, vec![(1, 1)]).await;
    let her = till.enrol("13800001380").await;
    let attach = Query::Attach {
        request: AttachRequest {
            stamp: till.stamp(),
            sale_id: sold.id,
            member_id: her.id,
        },
        member: Box::new(her.clone()),
    };
    till.receipt(attach).await.unwrap();
    let points = async || till.member(her.id).await.points - her.points;
    assert_eq!(points().await, 50);
    let attached = record(&till, sold.id).await;
    assert_eq!(
        (attached.returned_before, attached.points_lots.len()),
        (Fen(5_000), 1)
    );
    assert_eq!(attached.base, Fen(5_000));
    take_back(&till, sold.id, vec![(2, 1)]).await;
    assert_eq!(points().await, 50, "the quick sale had earned nothing");
    take_back(&till, sold.id, vec![(1, 1)]).await;
    assert_eq!(points().await, 0);
    holds(&database).await;
}

/// PT6: goods that come back take the points they earned, not the old ones that end sooner.
#[tokio::test]
async fn returned_goods_leave_older_points() {
    let (database, till) = shop().await;
    let her = till.enrol("13800001380").await;
    let welcome = her.lots[0].clone();
    till.edit_terms(|shop| shop.points_valid_months = Some(24))
        .await;
    let sold = till.sell(Some(&her), 5_000, Cash).await.unwrap();
    assert_eq!(till.member(her.id).await.points, welcome.points + 50);
    take_back(&till, sold.id, vec![(1, 1)]).await;
    let after = till.member(her.id).await;
    let held = |id| after.lots.iter().find(|lot| lot.id == id).unwrap().points;
    assert_eq!(
        (held(welcome.id), after.points),
        (welcome.points, welcome.points)
    );
    holds(&database).await;
}

/// PT2: 60 of 100 yuan by stored value at double; the document says which multiplier it was.
#[tokio::test]
async fn stored_value_earns_its_own_multiplier() {
    let (database, till) = shop().await;
    let shop = till
        .edit_terms(|shop| shop.stored_value_multiplier = Some(20_000))
        .await;
    assert_eq!(shop.stored_value_multiplier, Some(20_000));
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 500).await.unwrap();
    let her = till.member(her.id).await;
    let mut sale = request(&till, &[goods(10_000, 1)], Some(&her));
    sale.tenders = vec![
        Tender::exact(StoredValue, Fen(6_000)),
        Tender::exact(Wechat, Fen(4_000)),
    ];
    let sold = till.send_sale(sale, Some(&her)).await.unwrap();
    assert_eq!(sold.document.points, 160);
    assert_eq!(till.member(her.id).await.points - her.points, 160);
    let mut owner = database.owner().await;
    let by: Vec<String> = sqlx::query_scalar(
        "select s ->> 'by' from operation o, jsonb_array_elements(o.document -> 'shares') s where o.id = $1",
    )
    .bind(sold.id)
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert_eq!(by, ["stored_value", "level"]);
    till.edit_terms(|shop| shop.stored_value_multiplier = None)
        .await;
    let her = till.member(her.id).await;
    till.sell(Some(&her), 1_000, StoredValue).await.unwrap();
    assert_eq!(till.member(her.id).await.points - her.points, 10);
    holds(&database).await;
}
