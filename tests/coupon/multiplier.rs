//! Points times so much for a time (SV4, PT2).

use guitai::domain::benefit::Benefit;
use guitai::domain::points::Source;
use guitai::domain::top_up::{ReversalRequest, TopUpRule};

use super::*;

/// Double points for thirty days.
fn double() -> CouponRule {
    CouponRule {
        name: "双倍积分".to_owned(),
        from: Fen::ZERO,
        gives: Gives::Multiply { times: 20_000 },
        ..rule()
    }
}

/// A top-up of 300 yuan brings it, and nothing else.
async fn brings(till: &Counter, rule: &CouponRule) -> Shop {
    let query = Query::SaveRule {
        editor: OWNER,
        rule: Box::new(TopUpRule {
            id: 0,
            version: 0,
            name: "充300双倍积分".to_owned(),
            amount: Fen::yuan(300),
            benefits: vec![Benefit::Coupon {
                rule_id: rule.rule.id,
                count: 1,
            }],
            levels: None,
            stores: None,
            valid_from: None,
            valid_to: None,
            active: true,
        }),
    };
    match till.db.answer(query).await.unwrap() {
        Reply::Saved(shop) => *shop,
        other => panic!("{other:?}"),
    }
}

/// The counter's 300 yuan under this very rule.
async fn load(till: &Counter, shop: &Shop, her: &Member) -> Receipt {
    let rule = shop.rules.iter().find(|rule| rule.name == "充300双倍积分");
    let mut request = till.top_up_request(her, 300, TenderKind::Wechat);
    request.rule = rule.map(|rule| (rule.id, rule.version));
    let query = Query::TopUp {
        request,
        member: Box::new(her.clone()),
    };
    till.receipt(query).await.unwrap()
}

#[tokio::test]
async fn a_top_up_brings_it_and_takes_it_back() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let (_, known) = under(&till, double()).await;
    let shop = brings(&till, &known).await;
    let her = till.enrol("13800001380").await;
    let loaded = load(&till, &shop, &her).await;
    let said = &loaded.document.coupons[0];
    assert_eq!(said.name, "双倍积分");
    let last = till.shift.business_on + Days::new(30);
    assert_eq!(said.expires_on, Some(last));
    let her = till.member(her.id).await;
    let before = her.points;
    assert_eq!(her.grants[0].kind, GrantKind::Multiplier);
    assert_eq!(her.grants[0].usable(), None);
    // 100 yuan at one point a yuan, twice, and the posting says by which rule.
    let sold = sale(&till, &shop, Some(&her), 10_000, &[]);
    let sold = till.send_sale(sold, Some(&her)).await.unwrap();
    let plain = sold.document.shares[0].fen.0 / 100;
    assert_eq!(sold.document.points, 2 * plain);
    let share = sold.document.shares[0];
    assert_eq!((share.multiplier, share.by), (20_000, Source::Multiplier));
    assert_eq!(share.rule, Some(known.rule));
    let now = till.member(her.id).await;
    assert_eq!(now.points, before + 2 * plain);
    // PT6: half of it comes back, and half of what was earned goes; then the rest.
    back(&till, &sold, Some(&now), &[(1, 1)], None)
        .await
        .unwrap();
    assert_eq!(till.member(her.id).await.points, before);
    // RF1: the top-up is reversed, and what came with it goes.
    let undo = ReversalRequest {
        stamp: Stamp {
            approver_id: Some(MANAGER),
            ..till.stamp()
        },
        top_up_id: loaded.id,
        member_id: her.id,
    };
    till.receipt(Query::ReverseTopUp(undo)).await.unwrap();
    let now = till.member(her.id).await;
    assert!(now.grants.is_empty());
    let sold = sale(&till, &shop, Some(&now), 10_000, &[]);
    let sold = till.send_sale(sold, Some(&now)).await.unwrap();
    assert_eq!(sold.document.points, plain);
    holds(&database).await;
    // Nobody earns by one she never had.
    let mut conn = database.owner().await;
    for bend in [
        "update member_grant set expires_on = expires_on - 100 where kind = 'multiplier'",
        "delete from member_grant where kind = 'multiplier'",
    ] {
        sqlx::query(bend).execute(&mut conn).await.unwrap();
        assert!(
            verify(&mut conn).await.unwrap().difference.is_some(),
            "{bend}"
        );
    }
}

/// It is not used as a service is, and a merge carries it.
#[tokio::test]
async fn it_cannot_be_used_up() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let (_, known) = under(&till, double()).await;
    let her = till.enrol("13800001380").await;
    give(&till, &her, &known, 1, Some(MANAGER)).await.unwrap();
    let her = till.member(her.id).await;
    let refused = sqlx::query(
        "select move_grant(1, (select o from operation o where o.kind = 'gift'), $1, -1, 0)",
    );
    let mut conn = database.owner().await;
    assert!(
        refused
            .bind(her.grants[0].id)
            .execute(&mut conn)
            .await
            .is_err()
    );
    for wrong in [
        CouponRule {
            gives: Gives::Multiply { times: 10_000 },
            ..double()
        },
        CouponRule {
            gives: Gives::Multiply { times: 100_001 },
            ..double()
        },
        CouponRule {
            uses: 2,
            ..double()
        },
        CouponRule {
            stack: Some("A".to_owned()),
            ..double()
        },
        CouponRule {
            transferable: true,
            ..double()
        },
        CouponRule {
            scope: Scope {
                products: vec![1],
                categories: vec![],
            },
            ..double()
        },
    ] {
        assert!(save(&till, wrong.clone()).await.is_err(), "{wrong:?}");
    }
    holds(&database).await;
}
