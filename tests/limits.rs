//! Who may do, approve and edit what, as the database has it (OP3); and that no edit undoes another.

use guitai::db::open::APP;
use guitai::domain::ledger::Stamp;
use guitai::domain::money::Fen;
use guitai::domain::price::{CartLine, quote};
use guitai::domain::product::ProductKind;
use guitai::domain::refund::RefundRequest;
use guitai::domain::sale::SaleRequest;
use guitai::domain::shop::{Shop, Store, Till};
use guitai::domain::staff::{Limit, Role, Staff};
use guitai::domain::tender::{Tender, TenderKind::Wechat};
use guitai::domain::top_up::ReversalRequest;
use guitai::error::Result;
use guitai::query::{Backend, ProductEdit, Query, Reply, StaffEdit};

use crate::support::books::{CASHIER, Counter, MANAGER, OWNER, TILLS, books};

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

async fn saved(till: &Counter, query: Query) -> Shop {
    match till.db.answer(query).await.unwrap() {
        Reply::Saved(shop) => *shop,
        other => panic!("{other:?}"),
    }
}

fn limit(shop: &Shop, role: Role) -> Limit {
    shop.limit(role).unwrap().clone()
}

#[tokio::test]
async fn an_approver_goes_no_further_than_her_own_limits() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let sold = till.sell(None, 600_000, Wechat).await.unwrap();
    let refund = |approver| {
        let mut stamp = till.stamp();
        stamp.approver_id = approver;
        Query::Refund(RefundRequest {
            stamp,
            sale_id: sold.id,
            member_id: None,
            lines: vec![(1, 1)],
            amount: Fen(600_000),
        })
    };
    let asked = [None, Some(CASHIER), Some(MANAGER), Some(OWNER)];
    let mut answers = Vec::new();
    for approver in asked {
        answers.push(hint(till.receipt(refund(approver)).await));
    }
    assert_eq!(
        answers,
        [
            "approval.needed",
            "approval.yourself",
            "approval.beyond",
            ""
        ]
    );
}

#[tokio::test]
async fn a_large_top_up_needs_somebody_whose_limit_reaches_so_far() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    let top_up = |yuan, approver| {
        let mut request = till.top_up_request(&her, yuan, Wechat);
        request.stamp.approver_id = approver;
        let member = Box::new(her.clone());
        Query::TopUp { request, member }
    };
    let mut answers = Vec::new();
    for (yuan, approver) in [
        (5_001, None),
        (5_001, Some(CASHIER)),
        (50_001, Some(MANAGER)),
        (5_001, Some(MANAGER)),
    ] {
        answers.push(hint(till.receipt(top_up(yuan, approver)).await));
    }
    assert_eq!(
        answers,
        [
            "approval.needed",
            "approval.yourself",
            "approval.beyond",
            ""
        ]
    );
    let her = till.member(her.id).await;
    assert_eq!(
        her.principal,
        Fen::yuan(5_001),
        "what is refused leaves no trace"
    );
}

/// OP3: of top-ups in slices, the one that goes over the limit needs approval, and what somebody approved or what
/// was reversed does not count.
#[tokio::test]
async fn top_ups_in_slices_gain_nothing() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await.id;
    let load = async |yuan, approver| {
        let member = till.member(her).await;
        let mut request = till.top_up_request(&member, yuan, Wechat);
        request.stamp.approver_id = approver;
        let member = Box::new(member);
        till.receipt(Query::TopUp { request, member }).await
    };
    let alone = async || {
        let query = Query::LoadedAlone {
            member_id: her,
            shift_id: till.shift.id,
            staff_id: CASHIER,
        };
        match till.db.answer(query).await {
            Ok(Reply::LoadedAlone(fen)) => fen,
            other => panic!("{other:?}"),
        }
    };
    load(3_000, None).await.unwrap();
    let second = load(2_000, None).await.unwrap();
    assert_eq!(hint(load(1, None).await), "approval.needed");
    assert_eq!(
        hint(load(45_001, Some(MANAGER)).await),
        "approval.beyond",
        "with what she approves it is more than she may"
    );
    load(45_000, Some(MANAGER)).await.unwrap();
    assert_eq!(alone().await, Fen::yuan(5_000));
    assert_eq!(hint(load(1, None).await), "approval.needed");
    let reverse = ReversalRequest {
        stamp: Stamp {
            approver_id: Some(MANAGER),
            ..till.stamp()
        },
        top_up_id: second.id,
        member_id: her,
    };
    till.receipt(Query::ReverseTopUp(reverse)).await.unwrap();
    assert_eq!(alone().await, Fen::yuan(3_000));
    load(2_000, None).await.unwrap();
    // Another member is another matter.
    let other = till.enrol("13800001381").await;
    till.top_up(&other, 5_000).await.unwrap();
}

/// The right to set a price is asked of the approver too, as it is at that moment.
#[tokio::test]
async fn a_right_that_was_taken_away_approves_nothing() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let sale = || {
        let mut line = CartLine::quick("消费".to_owned(), Fen(6_800));
        line.override_price = Some(Fen(5_000));
        let quote = quote(&[line], None, &till.shop);
        let mut stamp = till.stamp();
        stamp.approver_id = Some(MANAGER);
        SaleRequest {
            bearers: vec![],
            coupons: vec![],
            basket: None,
            stamp,
            member_id: None,
            tenders: vec![Tender::exact(Wechat, quote.total)],
            lines: quote.lines,
            rounding: Fen::ZERO,
            points: 0,
        }
    };
    till.send_sale(sale(), None).await.unwrap();
    let limit = Limit {
        price_override: false,
        ..limit(&till.shop, Role::Manager)
    };
    saved(
        &till,
        Query::SaveLimit {
            editor: OWNER,
            limit,
        },
    )
    .await;
    assert_eq!(hint(till.send_sale(sale(), None).await), "approval.beyond");
}

/// The owner sets every role, others those below their own, and nobody locks the shop.
#[tokio::test]
async fn nobody_gives_herself_a_right() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let edit = |editor, limit| till.db.answer(Query::SaveLimit { editor, limit });
    let cashier = limit(&till.shop, Role::Cashier);
    assert_eq!(hint(edit(MANAGER, cashier.clone()).await), "staff.no_right");
    let manager = Limit {
        manage: true,
        ..limit(&till.shop, Role::Manager)
    };
    edit(OWNER, manager.clone()).await.unwrap();
    edit(
        MANAGER,
        Limit {
            export: true,
            ..cashier
        },
    )
    .await
    .unwrap();
    let more = Limit {
        refund_max: Fen::yuan(1_000_000),
        version: 2,
        ..manager
    };
    assert_eq!(hint(edit(MANAGER, more).await), "staff.no_right");
    let owner = Limit {
        manage: false,
        ..limit(&till.shop, Role::Owner)
    };
    assert_eq!(hint(edit(OWNER, owner).await), "staff.last_owner");
}

/// By category, then by pinyin, however many are asked for at once.
#[tokio::test]
async fn goods_come_by_category_and_pinyin() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let ask = async |after, limit| {
        let query = Query::Products {
            search: String::new(),
            after,
            limit,
        };
        match till.db.answer(query).await.unwrap() {
            Reply::Products(products) => products,
            other => panic!("products, not {other:?}"),
        }
    };
    for name in ["洗发水", "阿胶膏", "剪刀", "Zoë"] {
        let edit = ProductEdit {
            package: None,
            id: None,
            version: 0,
            code: None,
            name: name.to_owned(),
            category: Some(if name == "剪刀" { "工具" } else { "洗护" }.to_owned()),
            kind: ProductKind::Piece,
            price: Fen::yuan(10),
            member_price: None,
            active: true,
        };
        let (editor, edit) = (OWNER, Box::new(edit));
        till.db
            .answer(Query::SaveProduct { editor, edit })
            .await
            .unwrap();
    }
    let all = ask(None, 100).await;
    let last: Vec<&str> = all.iter().map(|product| product.name.as_str()).collect();
    let place = |name| last.iter().position(|known| *known == name).unwrap();
    assert!(place("阿胶膏") < place("洗发水"), "{last:?}");
    assert_eq!(place("洗发水") + 1, place("Zoë"), "{last:?}");
    assert_eq!(place("Zoë") + 1, place("剪刀"), "{last:?}");
    let mut paged: Vec<guitai::domain::product::Product> = Vec::new();
    loop {
        let page = ask(paged.last().map(|product| product.id), 2).await;
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, all);
}

/// Every noun: the second of two edits that began from the same row is refused.
#[tokio::test]
async fn the_older_edit_is_refused() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let shop = &till.shop;
    let Reply::Products(products) = till
        .db
        .answer(Query::Products {
            search: String::new(),
            after: None,
            limit: 1,
        })
        .await
        .unwrap()
    else {
        panic!("products");
    };
    let Reply::Staff(staff) = till.db.answer(Query::StaffList).await.unwrap() else {
        panic!("staff");
    };
    let (editor, product) = (OWNER, &products[0]);
    let edits = [
        Query::SaveProduct {
            editor,
            edit: Box::new(ProductEdit {
                package: None,
                id: Some(product.id),
                version: product.version,
                code: None,
                name: "剪发".to_owned(),
                category: None,
                kind: ProductKind::Service,
                price: Fen(6_900),
                member_price: None,
                active: true,
            }),
        },
        Query::SaveStaff {
            editor,
            edit: Box::new(StaffEdit {
                id: Some(staff[0].id),
                staff: Staff { ..staff[0].clone() },
                pin: None,
            }),
        },
        Query::SaveLevel {
            product: None,
            editor,
            level: shop.levels[0].clone(),
        },
        Query::SaveRule {
            editor,
            rule: Box::new(shop.rules[0].clone()),
        },
        Query::SaveTerms {
            editor,
            shop: Box::new(shop.clone()),
        },
        Query::SaveStore {
            editor,
            store: shop.stores[0].clone(),
        },
        Query::SaveTill {
            editor,
            till: shop.tills[1].clone(),
        },
        Query::SaveLimit {
            editor,
            limit: limit(shop, Role::Cashier),
        },
    ];
    for edit in edits {
        let now = saved(&till, edit.clone()).await;
        assert_eq!(
            hint(till.db.answer(edit.clone()).await),
            "manage.changed",
            "{edit:?}"
        );
        assert_eq!(till.db.shop().await.unwrap().as_ref(), &now);
    }
}

#[tokio::test]
async fn a_new_store_and_a_new_till_and_one_that_stays() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let store = Store {
        id: 0,
        name: "分店".to_owned(),
        address: "解放路 1 号".to_owned(),
        ..till.shop.stores[0].clone()
    };
    let shop = saved(
        &till,
        Query::SaveStore {
            editor: OWNER,
            store,
        },
    )
    .await;
    assert_eq!(
        (shop.stores[1].id, shop.stores[1].address.as_str()),
        (2, "解放路 1 号")
    );
    let new = Till {
        id: 0,
        store_id: 2,
        name: "分店一号".to_owned(),
        version: 0,
    };
    let shop = saved(
        &till,
        Query::SaveTill {
            editor: OWNER,
            till: new,
        },
    )
    .await;
    let newest = shop.tills.last().unwrap();
    assert_eq!((newest.id, newest.store_id), (i32::from(TILLS) + 1, 2));
    // It works at once.
    let branch = Counter::open(database.options(APP), TILLS + 1).await;
    branch.sell(None, 6_800, Wechat).await.unwrap();
    let moved = Till {
        store_id: 1,
        ..newest.clone()
    };
    let moved = Query::SaveTill {
        editor: OWNER,
        till: moved,
    };
    assert_eq!(hint(till.db.answer(moved).await), "till.has_operations");
}
