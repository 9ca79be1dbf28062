//! Packages through the real back end: sold with a sale, used one by one, taken back, given back whole, by one
//! till at a time (PK1, PK2, PK4, SV8, LG3, LG4).

use chrono::Days;
use futures::future::join_all;
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::grant::{Unit, Usable};
use guitai::domain::ledger::Stamp;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::package::{Item, Package, Validity};
use guitai::domain::price::{CartLine, quote};
use guitai::domain::product::{Product, ProductKind};
use guitai::domain::receipt::Receipt;
use guitai::domain::redemption::{RedemptionRequest, Served, UndoRequest, Use};
use guitai::domain::refund::RefundRequest;
use guitai::domain::sale::SaleRequest;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::error::Result;
use guitai::query::{Backend, ProductEdit, Query, Reply};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::books::{CASHIER, Counter, MANAGER, OWNER, books};
use crate::support::cluster::Database;

pub async fn till(database: &Database, number: u16) -> Counter {
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

pub async fn save(till: &Counter, edit: ProductEdit) -> Product {
    let query = Query::SaveProduct {
        editor: OWNER,
        edit: Box::new(edit.clone()),
    };
    till.db.answer(query).await.unwrap();
    let search = Query::Products {
        search: edit.name.clone(),
        after: None,
        limit: 50,
    };
    let Reply::Products(found) = till.db.answer(search).await.unwrap() else {
        panic!()
    };
    found.into_iter().find(|it| it.name == edit.name).unwrap()
}

pub fn goods(name: &str, kind: ProductKind, price: i64, package: Option<Package>) -> ProductEdit {
    ProductEdit {
        id: None,
        version: 0,
        code: None,
        name: name.to_owned(),
        category: None,
        kind,
        price: Fen(price),
        member_price: None,
        active: true,
        package: package.map(Box::new),
    }
}

/// Ten cuts and two treatments as a gift, 300.00, a year from the first use.
pub async fn card(till: &Counter) -> (Product, i32, i32) {
    let cut = save(till, goods("测试剪发", ProductKind::Service, 3_800, None)).await;
    let care = save(till, goods("测试护理", ProductKind::Service, 9_900, None)).await;
    let item = |product: &Product, quantity, is_gift| Item {
        product_id: product.id,
        name: product.name.clone(),
        unit: Unit::Session,
        quantity: Some(quantity),
        price: product.price,
        is_gift,
        copay: Fen::ZERO,
        cycle_days: Some(30),
    };
    let package = Package {
        items: vec![item(&cut, 10, false), item(&care, 2, true)],
        validity: Validity::FromFirstUse(365),
        ..Package::default()
    };
    let sold = goods("测试十次卡", ProductKind::Package, 30_000, Some(package));
    (save(till, sold).await, cut.id, care.id)
}

pub fn sale(till: &Counter, member: &Member, product: &Product, kind: TenderKind) -> SaleRequest {
    let lines = quote(&[CartLine::of(product, 1)], None, &till.shop).lines;
    let total = lines.iter().map(|line| line.net).sum();
    SaleRequest {
        bearers: vec![],
        coupons: vec![],
        basket: None,
        stamp: till.stamp(),
        member_id: Some(member.id),
        lines,
        rounding: Fen::ZERO,
        points: 0,
        tenders: vec![Tender::exact(kind, total)],
    }
}

pub async fn buy(till: &Counter, member: &Member, product: &Product) -> Result<Receipt> {
    let request = sale(till, member, product, TenderKind::Wechat);
    till.send_sale(request, Some(member)).await
}

pub fn uses(till: &Counter, member: &Member, product_id: i32, quantity: i64) -> RedemptionRequest {
    RedemptionRequest {
        stamp: till.stamp(),
        member_id: member.id,
        uses: vec![Use {
            what: Usable::Service(product_id),
            quantity,
            served: Some(Served {
                staff_id: CASHIER,
                name: "员工101".to_owned(),
                is_asked_for: true,
            }),
        }],
        past: false,
        whom: None,
    }
}

pub async fn redeem(
    till: &Counter,
    request: RedemptionRequest,
    member: &Member,
) -> Result<Receipt> {
    till.receipt(Query::Redeem {
        request,
        member: Box::new(member.clone()),
    })
    .await
}

/// PK1, PK4: the price is owed, not earned, until it is used; gifts are worth nothing; the last use brings the rest.
#[tokio::test]
async fn a_card_is_sold_and_used_up() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, cut, care) = card(&till).await;
    let her = till.enrol("13800001380").await;
    let receipt = buy(&till, &her, &product).await.unwrap();
    assert_eq!(receipt.lines[0].package, product.package);
    assert_eq!(fen(&database, "unearned").await, 30_000);
    assert_eq!(fen(&database, "revenue").await, 0);
    let mut her = till.member(her.id).await;
    let held: Vec<_> = her
        .grants
        .iter()
        .map(|it| (it.quantity, it.value))
        .collect();
    assert_eq!(
        (held.len(), held.contains(&(Some(2), Fen::ZERO))),
        (2, true)
    );
    assert_eq!(her.grants[0].expires_on, None);

    for left in (0..10).rev() {
        let request = uses(&till, &her, cut, 1);
        let receipt = redeem(&till, request, &her).await.unwrap();
        assert_eq!(receipt.document.left[0].quantity, Some(left));
        assert_eq!(receipt.lines[0].net, Fen(3_000));
        assert_eq!(receipt.lines[0].served.as_ref().unwrap().name, "员工101");
        her = till.member(her.id).await;
    }
    assert_eq!(fen(&database, "unearned").await, 0);
    assert_eq!(fen(&database, "revenue").await, 30_000);
    let request = uses(&till, &her, cut, 1);
    let refused = redeem(&till, request, &her).await.unwrap_err();
    assert_eq!(refused.hint, "redemption.short");
    assert_eq!(her.grants.len(), 1);
    assert_eq!(her.grants[0].product_id, Some(care));
    assert_eq!(fen(&database, "units").await, 2);
    holds(&database).await;
}

/// The validity begins with the first use, and is gone again when that was a mistake. LG3: it is taken back once.
#[tokio::test]
async fn a_mistake_is_taken_back_whole() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, cut, _) = card(&till).await;
    let her = till.enrol("13800001380").await;
    buy(&till, &her, &product).await.unwrap();
    let bought = till.member(her.id).await;
    let request = uses(&till, &bought, cut, 3);
    let receipt = redeem(&till, request, &bought).await.unwrap();
    let used = till.member(her.id).await;
    let today = till.shift.business_on;
    let grant = |member: &Member| {
        let mut grants = member.grants.iter();
        grants
            .find(|it| it.product_id == Some(cut))
            .unwrap()
            .clone()
    };
    assert_eq!(
        (grant(&used).quantity, grant(&used).expires_on),
        (Some(7), today.checked_add_days(Days::new(365)))
    );
    let undo = |approver_id| {
        Query::UndoRedemption(UndoRequest {
            stamp: Stamp {
                approver_id,
                ..till.stamp()
            },
            redemption_id: receipt.id,
            member_id: her.id,
        })
    };
    till.receipt(undo(None)).await.unwrap();
    let back = till.member(her.id).await;
    assert_eq!(grant(&back), grant(&bought));
    assert_eq!(fen(&database, "unearned").await, 30_000);
    let again = till.receipt(undo(Some(MANAGER))).await.unwrap_err();
    assert_eq!(again.hint, "redemption.reversed");
    holds(&database).await;
}

/// LG4: two tills have the last session: exactly one gets it, the other is told.
#[tokio::test]
async fn two_tills_and_one_session() {
    let database = books().await;
    let (one, two) = (till(&database, 1).await, till(&database, 2).await);
    let (product, _, care) = card(&one).await;
    let her = one.enrol("13800001380").await;
    buy(&one, &her, &product).await.unwrap();
    let her = one.member(her.id).await;
    let request = uses(&one, &her, care, 1);
    redeem(&one, request, &her).await.unwrap();
    let her = one.member(her.id).await;
    let tries = join_all([&one, &two].map(|till| {
        let request = uses(till, &her, care, 1);
        redeem(till, request, &her)
    }))
    .await;
    let refused: Vec<_> = tries.iter().filter_map(|it| it.as_ref().err()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].hint, "redemption.short");
    holds(&database).await;
}

/// LG2: the same id does nothing a second time and gives the same receipt.
#[tokio::test]
async fn the_same_redemption_twice_is_one() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, cut, _) = card(&till).await;
    let her = till.enrol("13800001380").await;
    buy(&till, &her, &product).await.unwrap();
    let her = till.member(her.id).await;
    let request = uses(&till, &her, cut, 1);
    let first = redeem(&till, request.clone(), &her).await.unwrap();
    let again = redeem(&till, request, &her).await.unwrap();
    assert_eq!((first.seq, &first.lines), (again.seq, &again.lines));
    assert_eq!(fen(&database, "revenue").await, 3_000);
    holds(&database).await;
}

/// RF6: what was not begun goes back the way it was paid, all of it; what was begun does not.
#[tokio::test]
async fn given_back_only_whole() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, cut, _) = card(&till).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 500).await.unwrap();
    let before = till.member(her.id).await;
    let request = sale(&till, &before, &product, TenderKind::StoredValue);
    let sold = till.send_sale(request, Some(&before)).await.unwrap();
    let back = |till: &Counter| {
        Query::Refund(RefundRequest {
            stamp: Stamp {
                approver_id: Some(OWNER),
                ..till.stamp()
            },
            sale_id: sold.id,
            member_id: Some(her.id),
            lines: vec![(1, 1)],
            amount: Fen(30_000),
        })
    };
    let mut her_now = till.member(her.id).await;
    let request = uses(&till, &her_now, cut, 1);
    let used = redeem(&till, request, &her_now).await.unwrap();
    let refused = till.receipt(back(&till)).await.unwrap_err();
    assert_eq!(refused.hint, "refund.package_used");
    let undo = UndoRequest {
        stamp: till.stamp(),
        redemption_id: used.id,
        member_id: her.id,
    };
    till.receipt(Query::UndoRedemption(undo)).await.unwrap();
    till.receipt(back(&till)).await.unwrap();
    her_now = till.member(her.id).await;
    assert_eq!(her_now.grants, vec![]);
    assert_eq!(
        (her_now.principal, her_now.bonus),
        (before.principal, before.bonus)
    );
    assert_eq!(fen(&database, "unearned").await, 0);
    assert_eq!(fen(&database, "units").await, 0);
    holds(&database).await;
}

/// PK2: past its last day a service is used with the right to set prices, or with somebody's approval who has it.
#[tokio::test]
async fn past_its_last_day() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, cut, _) = card(&till).await;
    let her = till.enrol("13800001380").await;
    buy(&till, &her, &product).await.unwrap();
    let her = till.member(her.id).await;
    let request = uses(&till, &her, cut, 1);
    redeem(&till, request, &her).await.unwrap();
    let her = till.member(her.id).await;
    let late = |till: &Counter, past, approver_id| {
        let mut request = uses(till, &her, cut, 1);
        request.stamp.business_on = request
            .stamp
            .business_on
            .checked_add_days(Days::new(366))
            .unwrap();
        request.stamp.approver_id = approver_id;
        RedemptionRequest { past, ..request }
    };
    let tried = redeem(&till, late(&till, false, None), &her).await;
    assert_eq!(tried.unwrap_err().hint, "redemption.past");
    let tried = redeem(&till, late(&till, true, None), &her).await;
    assert_eq!(tried.unwrap_err().hint, "approval.needed");
    redeem(&till, late(&till, true, Some(MANAGER)), &her)
        .await
        .unwrap();
    holds(&database).await;
}

/// A package that was edited meanwhile is not sold as it was; nobody else's plan is, either.
#[tokio::test]
async fn what_is_sold_is_what_the_shop_sells() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, _, _) = card(&till).await;
    let her = till.enrol("13800001380").await;
    let mut richer = product.clone();
    richer.package.as_mut().unwrap().items[0].quantity = Some(100);
    let tried = buy(&till, &her, &richer).await;
    assert_eq!(tried.unwrap_err().hint, "package.changed");
    let mut more = product.clone();
    let extra = more.package.as_ref().unwrap().items[1].clone();
    more.package.as_mut().unwrap().items.push(extra);
    let tried = buy(&till, &her, &more).await;
    assert_eq!(tried.unwrap_err().hint, "package.changed");
    buy(&till, &her, &product).await.unwrap();
    holds(&database).await;
}

/// A claim somebody bent behind the program's back is found (LG6).
#[tokio::test]
async fn a_bent_claim_is_found() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (product, _, _) = card(&till).await;
    let her = till.enrol("13800001380").await;
    buy(&till, &her, &product).await.unwrap();
    let mut owner = database.owner().await;
    for (bend, mend) in [
        ("quantity = quantity + 1", "quantity = quantity - 1"),
        ("value = value + 1", "value = value - 1"),
        ("expires_on = '2030-01-01'", "expires_on = null"),
        (
            "terms = terms || '{\"price\": 1}'",
            "terms = terms || '{\"price\": 3800}'",
        ),
    ] {
        let update = |what: &str| {
            sqlx::AssertSqlSafe(format!(
                "update member_grant set {what} where terms ->> 'name' = '测试剪发'"
            ))
        };
        owner.execute(update(bend)).await.unwrap();
        let mut conn = PgConnection::connect_with(&database.options(APP))
            .await
            .unwrap();
        let found = verify(&mut conn).await.unwrap().difference.unwrap();
        assert_eq!(found.hint, "verify.grant", "{bend}");
        owner.execute(update(mend)).await.unwrap();
    }
    holds(&database).await;
}

/// SV8: the session and its part of the price move together; a till cannot take the one without the other.
#[tokio::test]
async fn a_use_that_costs_something_besides() {
    let database = books().await;
    let till = till(&database, 1).await;
    let (mut product, cut, _) = card(&till).await;
    product.package.as_mut().unwrap().items[0].copay = Fen(2_000);
    let edit = ProductEdit {
        id: Some(product.id),
        version: product.version,
        ..goods(
            "测试十次卡",
            ProductKind::Package,
            30_000,
            product.package.as_deref().cloned(),
        )
    };
    let product = save(&till, edit).await;
    let her = till.enrol("13800001380").await;
    buy(&till, &her, &product).await.unwrap();
    let poor = till.member(her.id).await;
    let request = uses(&till, &poor, cut, 1);
    let tried = redeem(&till, request, &poor).await;
    assert_eq!(tried.unwrap_err().hint, "stored_value.short");
    till.top_up(&poor, 500).await.unwrap();
    let rich = till.member(her.id).await;
    let request = uses(&till, &rich, cut, 2);
    let receipt = redeem(&till, request, &rich).await.unwrap();
    assert_eq!(receipt.document.amount, Fen(4_000));
    let after = till.member(her.id).await;
    assert_eq!(after.stored_value(), rich.stored_value() - Fen(4_000));
    assert_eq!(fen(&database, "revenue").await, 10_000);
    let undo = UndoRequest {
        stamp: till.stamp(),
        redemption_id: receipt.id,
        member_id: her.id,
    };
    till.receipt(Query::UndoRedemption(undo)).await.unwrap();
    let back = till.member(her.id).await;
    assert_eq!((back.lots, back.points), (rich.lots, rich.points));
    holds(&database).await;
}

/// OP3: what was used in another shift is taken back with an approval only.
#[tokio::test]
async fn another_shift_needs_an_approval() {
    let database = books().await;
    let (one, two) = (till(&database, 1).await, till(&database, 2).await);
    let (product, cut, _) = card(&one).await;
    let her = one.enrol("13800001380").await;
    buy(&one, &her, &product).await.unwrap();
    let her = one.member(her.id).await;
    let request = uses(&one, &her, cut, 1);
    let used = redeem(&one, request, &her).await.unwrap();
    let undo = |approver_id| {
        Query::UndoRedemption(UndoRequest {
            stamp: Stamp {
                approver_id,
                ..two.stamp()
            },
            redemption_id: used.id,
            member_id: her.id,
        })
    };
    let tried = two.receipt(undo(None)).await;
    assert_eq!(tried.unwrap_err().hint, "approval.needed");
    two.receipt(undo(Some(MANAGER))).await.unwrap();
    let nothing = Query::ReadRedemption { id: Uuid::nil() };
    assert!(one.db.answer(nothing).await.is_err());
    holds(&database).await;
}

/// Two tills whose business days differ: the earlier day begins the validity, whoever posts first, and the books agree.
#[tokio::test]
async fn the_earlier_day_begins_the_validity() {
    let database = books().await;
    let (one, two) = (till(&database, 1).await, till(&database, 2).await);
    let (product, cut, _) = card(&one).await;
    let her = one.enrol("13800001380").await;
    buy(&one, &her, &product).await.unwrap();
    let today = one.shift.business_on;
    for (till, day) in [(&one, today), (&two, today.pred_opt().unwrap())] {
        let her = till.member(her.id).await;
        let mut request = uses(till, &her, cut, 1);
        request.stamp.business_on = day;
        redeem(till, request, &her).await.unwrap();
        holds(&database).await;
    }
    let her = one.member(her.id).await;
    let grant = her.grants.iter().find(|it| it.product_id == Some(cut));
    let grant = grant.unwrap();
    assert_eq!(
        (grant.expires_on, grant.used_on),
        (today.checked_add_days(Days::new(364)), Some(today))
    );
}
