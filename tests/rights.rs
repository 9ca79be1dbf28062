//! What the database itself refuses, whatever a console asks for (OP3, LG2, MB3).

use guitai::db::ledger::post;
use guitai::db::open::APP;
use guitai::domain::attach::AttachRequest;
use guitai::domain::carried::Carried;
use guitai::domain::ledger::{Account, OperationKind, Plan};
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::price::{CartLine, quote};
use guitai::domain::refund::RefundRequest;
use guitai::domain::sale::SaleRequest;
use guitai::domain::shift::CloseRequest;
use guitai::domain::staff::{Limit, Pin, Role, Staff};
use guitai::domain::tender::{Tender, TenderKind::Cash, TenderKind::Wechat};
use guitai::domain::top_up::ReversalRequest;
use guitai::error::Result;
use guitai::query::{Backend, Query, Reply, StaffEdit};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::support::books::{CASHIER, Counter, MANAGER, OWNER, books};

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

/// A member with 100 yuan, and the lot that holds them.
async fn loaded(till: &Counter) -> (Member, Uuid) {
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 100).await.unwrap();
    let her = till.member(her.id).await;
    let lot = her.lots.iter().find(|lot| lot.principal.is_positive());
    let lot = lot.unwrap().id;
    (her, lot)
}

/// A sale of quick lines by the cashier, each at its own price or at one typed over it.
fn sale(till: &Counter, lines: &[(i64, Option<i64>)]) -> SaleRequest {
    let cart: Vec<CartLine> = lines
        .iter()
        .map(|(price, over)| CartLine {
            override_price: over.map(Fen),
            carried: Carried::default(),
            ..CartLine::quick("消费".to_owned(), Fen(*price))
        })
        .collect();
    let quote = quote(&cart, None, &till.shop);
    SaleRequest {
        bearers: vec![],
        coupons: vec![],
        basket: None,
        stamp: till.stamp(),
        member_id: None,
        tenders: vec![Tender::exact(Wechat, quote.total)],
        lines: quote.lines,
        rounding: Fen::ZERO,
        points: 0,
    }
}

#[tokio::test]
async fn a_price_typed_over_needs_the_right() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let over = sale(&till, &[(6_800, Some(5_000))]);
    assert_eq!(hint(till.send_sale(over, None).await), "approval.needed");
    let mut approved = sale(&till, &[(6_800, Some(5_000))]);
    approved.stamp.approver_id = Some(MANAGER);
    till.send_sale(approved, None).await.unwrap();
    let mut cashier = till.shop.limit(Role::Cashier).unwrap().clone();
    cashier = Limit {
        price_override: true,
        ..cashier
    };
    let given = Query::SaveLimit {
        editor: OWNER,
        limit: cashier,
    };
    till.db.answer(given).await.unwrap();
    let over = sale(&till, &[(6_800, Some(5_000))]);
    till.send_sale(over, None).await.unwrap();
}

/// The limit is for what comes back of a sale in all.
#[tokio::test]
async fn slices_gain_nothing() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let limit = till.shop.limit(Role::Cashier).unwrap().refund_max.0;
    let price = limit * 2 / 5;
    let sold = till
        .send_sale(sale(&till, &[(price, None); 4]), None)
        .await
        .unwrap();
    let back = |no: i16, approver| {
        let mut stamp = till.stamp();
        stamp.approver_id = approver;
        Query::Refund(RefundRequest {
            stamp,
            sale_id: sold.id,
            member_id: None,
            lines: vec![(no, 1)],
            amount: Fen(price),
        })
    };
    till.receipt(back(1, None)).await.unwrap();
    till.receipt(back(2, None)).await.unwrap();
    assert_eq!(hint(till.receipt(back(3, None)).await), "approval.needed");
    till.receipt(back(3, Some(MANAGER))).await.unwrap();
}

/// In the next shift a reversal needs a manager, and an anonymous sale stays anonymous.
#[tokio::test]
async fn the_shift_is_over() {
    let database = books().await;
    let mut till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    let loaded = till.top_up(&her, 100).await.unwrap();
    let sold = till.sell(None, 5_000, Cash).await.unwrap();
    let close = |counted: i64, reason: &str| {
        Query::CloseShift(CloseRequest {
            stamp: till.stamp(),
            expected: Fen(15_000),
            counted: Fen(counted),
            reason: reason.to_owned(),
        })
    };
    assert_eq!(
        hint(till.db.answer(close(14_000, " ")).await),
        "shift.reason_missing"
    );
    till.db.answer(close(15_000, "")).await.unwrap();
    till.session.shift = None;
    till.session.shift = Some(till.open_shift(Fen::ZERO).await);
    let her = till.member(her.id).await;
    let attach = Query::Attach {
        request: AttachRequest {
            stamp: till.stamp(),
            sale_id: sold.id,
            member_id: her.id,
        },
        member: Box::new(her.clone()),
    };
    assert_eq!(hint(till.receipt(attach).await), "attach.not_this_shift");
    let reverse = |approver| {
        let mut stamp = till.stamp();
        stamp.approver_id = approver;
        Query::ReverseTopUp(ReversalRequest {
            stamp,
            top_up_id: loaded.id,
            member_id: her.id,
        })
    };
    assert_eq!(hint(till.receipt(reverse(None)).await), "approval.needed");
    till.receipt(reverse(Some(MANAGER))).await.unwrap();
}

/// Stored value comes in by a top-up only, and no kind touches another's accounts.
#[tokio::test]
async fn each_kind_posts_to_its_own_accounts() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let (her, lot) = loaded(&till).await;
    let mut app = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    let wrong = [
        (
            OperationKind::Sale,
            Account::Principal,
            Account::Revenue,
            100,
        ),
        (OperationKind::Enrol, Account::Principal, Account::Cash, 100),
        (
            OperationKind::Attach,
            Account::Bonus,
            Account::BonusGranted,
            100,
        ),
        (
            OperationKind::Refund,
            Account::Principal,
            Account::Revenue,
            -100,
        ),
        (
            OperationKind::Instalment,
            Account::Principal,
            Account::BonusGranted,
            100,
        ),
        (OperationKind::TopUp, Account::Principal, Account::Safe, 100),
        (
            OperationKind::Void,
            Account::Bonus,
            Account::BonusGranted,
            100,
        ),
    ];
    for (kind, into, from, amount) in wrong {
        let mut plan = Plan::new(kind);
        plan.member = Some((her.id, her.version));
        plan.post(into, Some(lot), amount);
        plan.post(from, None, -amount);
        plan.document = serde_json::json!({});
        let refused = post(&mut app, &till.stamp(), &plan, b"x").await;
        let refused = refused.unwrap_err();
        assert!(
            format!("{:?}", refused.source).contains("GT004"),
            "{kind:?}: {refused:?}"
        );
    }
    assert_eq!(till.member(her.id).await, her);
}

/// What a hostile console might send: figures that do not fit each other change nothing.
#[tokio::test]
async fn figures_that_do_not_fit_are_refused() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let (her, lot) = loaded(&till).await;
    let mut app = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    // The shop's accounts and amounts, then the lots with principal, bonus and points of each.
    let fits = "'{revenue}', '{100}', $LOT, '{-100}', '{0}', '{0}'";
    let wrong = [
        (
            "'{revenue}', '{101}', $LOT, '{-100}', '{0}', '{0}'",
            "GT004",
        ),
        (
            "'{revenue}', '{100,7}', $LOT, '{-107}', '{0}', '{0}'",
            "GT004",
        ),
        (
            "'{revenue,cash}', '{100,0}', $LOT, '{-100}', '{0}', '{0}'",
            "GT004",
        ),
        (
            "'{revenue}', '{null}', $LOT, '{-100}', '{0}', '{0}'",
            "GT004",
        ),
        (
            "'{revenue}', '{100}', $LOT, '{-100}', '{null}', '{0}'",
            "GT004",
        ),
        (
            "'{principal}', '{100}', $LOT, '{-100}', '{0}', '{0}'",
            "GT004",
        ),
        (
            "'{revenue,points_granted}', '{90,10}', $LOT, '{-100}', '{0}', '{0}'",
            "GT004",
        ),
        (
            "'{revenue}', '{100}', $LOT, '{-100}', '{0}', '{null}'",
            "23502",
        ),
        (
            "'{revenue}', '{100}', $LOT, '{-100}', '{0,0}', '{0}'",
            "GT001",
        ),
        (
            "'{revenue}', '{100}', $LOT, '{-100}', '{0}', '{0,5}'",
            "GT001",
        ),
        ("'{revenue}', '{100}', '{}', '{}', '{}', '{}'", "GT004"),
        (
            "'{revenue}', '{100}', $LOT, '{-100}', '{0}', '{-5}'",
            "GT001",
        ),
        (
            "'{revenue}', '{20000}', $LOT, '{-20000}', '{0}', '{0}'",
            "23514",
        ),
    ];
    for (figures, code) in wrong {
        let refused = raw(&mut app, &till, (her.id, her.version), lot, figures).await;
        let refused = refused.unwrap_err();
        let found = refused.as_database_error().unwrap().code().unwrap();
        assert_eq!(found, code, "{figures}: {refused}");
        assert_eq!(till.member(her.id).await, her, "{figures}");
    }
    raw(&mut app, &till, (her.id, her.version), lot, fits)
        .await
        .unwrap();
    assert_eq!(
        till.member(her.id).await.principal,
        her.principal - Fen(100)
    );
}

/// A sale as `post()` takes it, with these figures.
async fn raw(
    app: &mut PgConnection,
    till: &Counter,
    (member, version): (i64, i64),
    lot: Uuid,
    figures: &str,
) -> sqlx::Result<()> {
    let stamp = till.stamp();
    let figures = figures.replace("$LOT", "array[$6]");
    let text = format!(
        "select post($1, 'sale', $2, $3, 1, null, $4, $5, current_date, now(), null, 100, true, 1, current_date, current_date, 0, null, null,
           {figures}, null, null, null, '{{}}', '\\x01')"
    );
    let query = sqlx::query(AssertSqlSafe(text))
        .bind(stamp.id)
        .bind(stamp.till_id)
        .bind(stamp.shift_id)
        .bind(member)
        .bind(version);
    let query = if figures.contains("$6") {
        query.bind(lot)
    } else {
        query
    };
    query.execute(app).await.map(drop)
}

/// Who sets a PIN can sign in with it: among equals only the owner does.
#[tokio::test]
async fn equals_do_not_edit_one_another() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let manager = Limit {
        manage: true,
        ..till.shop.limit(Role::Manager).unwrap().clone()
    };
    let given = Query::SaveLimit {
        editor: OWNER,
        limit: manager,
    };
    till.db.answer(given).await.unwrap();
    let Reply::Staff(staff) = till.db.answer(Query::StaffList).await.unwrap() else {
        panic!("staff");
    };
    let save = |editor, id: Option<i32>, staff: Staff| {
        till.db.answer(Query::SaveStaff {
            editor,
            edit: Box::new(StaffEdit {
                staff,
                id,
                pin: id.is_none().then(|| Pin("135790".to_owned())),
            }),
        })
    };
    let one = |id: i32| staff.iter().find(|one| one.id == id).unwrap().clone();
    let equal = Staff {
        number: "77".to_owned(),
        badge: None,
        ..one(MANAGER)
    };
    assert_eq!(
        hint(save(MANAGER, None, equal.clone()).await),
        "staff.no_right"
    );
    save(OWNER, None, equal).await.unwrap();
    save(MANAGER, Some(MANAGER), one(MANAGER)).await.unwrap();
    save(MANAGER, Some(CASHIER), one(CASHIER)).await.unwrap();
    assert_eq!(
        hint(save(MANAGER, Some(OWNER), one(OWNER)).await),
        "staff.no_right"
    );
}

/// OP3: whoever has a badge and not its PIN is nobody, and there is no PIN of nothing.
#[tokio::test]
async fn a_badge_alone_is_not_enough() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let Reply::Staff(staff) = till.db.answer(Query::StaffList).await.unwrap() else {
        panic!("staff");
    };
    let manager = staff.into_iter().find(|one| one.id == MANAGER).unwrap();
    let badge = "GS0123456789ABCDEF0";
    let save = |pin: &str| {
        till.db.answer(Query::SaveStaff {
            editor: OWNER,
            edit: Box::new(StaffEdit {
                staff: Staff {
                    badge: Some(badge.to_owned()),
                    ..manager.clone()
                },
                id: Some(MANAGER),
                pin: Some(Pin(pin.to_owned())),
            }),
        })
    };
    assert_eq!(hint(save("").await), "staff.pin_length");
    save("135790").await.unwrap();
    let sign_in = |pin: &str| {
        till.db.answer(Query::SignIn {
            number: badge.to_owned(),
            pin: Pin(pin.to_owned()),
        })
    };
    assert_eq!(hint(sign_in("").await), "sign_in.wrong");
    assert_eq!(hint(sign_in("135791").await), "sign_in.wrong");
    let Reply::SignedIn(who) = sign_in("135790").await.unwrap() else {
        panic!("signed in");
    };
    assert_eq!(who.id, MANAGER);
}
