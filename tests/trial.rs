//! Dry runs of rules on what really happened: an unchanged rule costs nothing, an edited one what it says (SV4, PR4, LV2).

use chrono::{Datelike, NaiveDate};
use guitai::db::open::APP;
use guitai::domain::beneficiary::Calendar;
use guitai::domain::benefit::Benefit;
use guitai::domain::coupon::CouponRule;
use guitai::domain::gift::rule::{Event, GiftRule};
use guitai::domain::level::Level;
use guitai::domain::money::Fen;
use guitai::domain::promotion::{RuleRef, When, Who};
use guitai::domain::tender::TenderKind::Wechat;
use guitai::domain::top_up::TopUpRule;
use guitai::domain::trial::{Gain, Outlook};
use guitai::query::{Backend, CouponEdit, EnrolRequest, Person, Query, Reply, Tried};

use crate::coupon::{rule, save};
use crate::support::books::{Counter, books};

async fn tried(till: &Counter, rule: Tried, days: (NaiveDate, NaiveDate)) -> Outlook {
    let (from, to) = days;
    let query = Query::TryRule {
        rule: Box::new(rule),
        from,
        to,
    };
    match till.db.answer(query).await.unwrap() {
        Reply::RuleTried(outlook) => *outlook,
        other => panic!("{other:?}"),
    }
}

fn today(till: &Counter) -> (NaiveDate, NaiveDate) {
    (till.shift.business_on, till.shift.business_on)
}

/// Enrolled by somebody, with a birthday.
async fn enrol(
    till: &Counter,
    phone: &str,
    birthday: Option<(u32, u32)>,
    referrer: Option<&str>,
) -> i64 {
    let stamp = till.stamp();
    let request = EnrolRequest {
        referrer: referrer.map(str::to_owned),
        code: format!("GT{}", stamp.id.simple()),
        stamp,
        phone: Some(phone.to_owned()),
        card: None,
        person: Person {
            name: "王晓明".to_owned(),
            birth_month: birthday.map(|(month, _)| month),
            birth_day: birthday.map(|(_, day)| day),
            ..Person::default()
        },
        consents: vec!["membership".to_owned()],
    };
    match till
        .db
        .answer(Query::Enrol(Box::new(request)))
        .await
        .unwrap()
    {
        Reply::Enrolled { member, .. } => member.id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn top_ups_under_an_edited_rule() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let loads = [250, 500, 1_000, 1_500];
    for (n, yuan) in loads.into_iter().enumerate() {
        let her = till.enrol(&format!("1370000000{n}")).await;
        till.top_up(&her, yuan).await.unwrap();
    }
    for known in till.shop.rules.clone() {
        let same = tried(&till, Tried::TopUp(known), today(&till)).await;
        assert_eq!((same.events, same.touched, same.complete), (4, 0, true));
        assert_eq!(same.before, same.after);
        // The rules have not changed since: what was given is what they give.
        assert_eq!(same.got, Some(same.before));
        assert!(same.before.bonus.is_positive());
    }
    // Ten yuan for whoever loads 200: another tier below.
    let small = TopUpRule {
        id: 0,
        version: 0,
        name: "小额".to_owned(),
        amount: Fen::yuan(200),
        benefits: vec![
            Benefit::Bonus {
                fen: Fen::yuan(10),
                instalments: None,
                valid_days: None,
            },
            Benefit::Points { points: 30 },
        ],
        levels: None,
        stores: None,
        valid_from: None,
        valid_to: None,
        active: true,
    };
    let new = tried(&till, Tried::TopUp(small), today(&till)).await;
    assert_eq!((new.touched, new.biggest.len()), (1, 1));
    assert_eq!(
        new.after - new.before,
        Gain {
            bonus: Fen::yuan(10),
            points: 30,
            ..Gain::default()
        }
    );
    assert_eq!(new.biggest[0].amount, Some(Fen::yuan(250)));
    // Another day: nothing.
    let before = till.shift.business_on.pred_opt().unwrap();
    let none = tried(
        &till,
        Tried::TopUp(till.shop.rules[0].clone()),
        (before, before),
    )
    .await;
    assert_eq!(none.events, 0);
    let week = tried(
        &till,
        Tried::TopUp(till.shop.rules[0].clone()),
        (before, till.shift.business_on),
    )
    .await;
    assert_eq!(week.events, 4);
}

#[tokio::test]
async fn receipts_under_an_edited_coupon() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13700000001").await;
    till.sell(Some(&her), 20_000, Wechat).await.unwrap();
    till.sell(None, 12_000, Wechat).await.unwrap();
    till.sell(None, 3_000, Wechat).await.unwrap();
    let given = CouponRule {
        on_receipt: Some(Fen(5_000)),
        ..rule()
    };
    let shop = save(&till, given).await.unwrap();
    let rule = shop.coupons.last().unwrap().clone();
    let edit = |rule: CouponRule| {
        Tried::Coupon(Box::new(CouponEdit {
            rule,
            products: vec![],
        }))
    };
    let same = tried(&till, edit(rule.clone()), today(&till)).await;
    assert_eq!((same.events, same.touched), (3, 0));
    assert_eq!((same.before.coupons, same.before.off), (2, Fen(2_000)));
    let draft = CouponRule {
        on_receipt: Some(Fen(1_000)),
        from: Fen(15_000),
        ..rule
    };
    let other = tried(&till, edit(draft), today(&till)).await;
    assert_eq!((other.after.coupons, other.after.off), (3, Fen(1_000)));
    assert_eq!(other.touched, 2);
}

#[tokio::test]
async fn sales_under_an_edited_level() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let shop = till
        .edit_terms(|shop| shop.quick_sale_discount = true)
        .await;
    let her = till.enrol("13700000001").await;
    let her = till.member(her.id).await;
    till.sell(Some(&her), 20_000, Wechat).await.unwrap();
    till.sell(None, 12_000, Wechat).await.unwrap();
    let level = shop
        .levels
        .iter()
        .find(|level| level.id == her.level.id)
        .unwrap()
        .clone();
    let same = tried(&till, Tried::Level(level.clone()), today(&till)).await;
    assert_eq!((same.events, same.touched), (1, 0));
    assert_eq!(same.before, same.after);
    let draft = Level {
        paid: level.paid - 1_000,
        multiplier: level.multiplier * 2,
        ..level
    };
    let other = tried(&till, Tried::Level(draft), today(&till)).await;
    assert_eq!((other.after - other.before).off, Fen(2_000));
    assert!(other.after.points > other.before.points);
}

#[tokio::test]
async fn occasions_under_an_edited_gift() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let day = till.shift.business_on;
    enrol(&till, "13700000001", Some((day.month(), day.day())), None).await;
    let second = enrol(&till, "13700000002", None, Some("13700000001")).await;
    let gift = |on, points| GiftRule {
        rule: RuleRef { id: 0, version: 0 },
        name: "礼".to_owned(),
        active: true,
        on,
        gives: vec![Benefit::Points { points }],
        when: When::default(),
        who: Who::default(),
        since: None,
    };
    let days = today(&till);
    let welcome = tried(&till, Tried::Gift(gift(Event::Welcome, 50)), days).await;
    assert_eq!((welcome.events, welcome.after.points), (2, 100));
    let birthday = Event::Birthday {
        before: 7,
        after: 7,
    };
    let birthday = tried(&till, Tried::Gift(gift(birthday, 88)), days).await;
    assert_eq!((birthday.events, birthday.after.points), (1, 88));
    // MB6: children by either calendar; 9 March 2026 is 21 January of the Chinese one.
    let her = till.member(second).await;
    for (typed, calendar) in [
        ("2020-03-09", Calendar::Solar),
        ("2019-01-21", Calendar::Lunar),
        ("2019-08-15", Calendar::Lunar),
        ("2020-03-10", Calendar::Solar),
    ] {
        crate::gift::children::put(&till, &her, (0, 0), typed, calendar).await;
    }
    let child = Event::Child {
        before: 7,
        after: 7,
    };
    let children = tried(&till, Tried::Gift(gift(child, 30)), days).await;
    assert_eq!((children.events, children.after.points), (2, 60));
    // Only for another level: nothing.
    let mut other = gift(child, 30);
    other.who.levels = vec![her.level.id + 1];
    assert_eq!(tried(&till, Tried::Gift(other), days).await.after.points, 0);
    // Nobody topped up, so that nobody's referral is ripe.
    let referrer = Event::Referrer { days: 0 };
    let brought = tried(&till, Tried::Gift(gift(referrer, 10)), days).await;
    assert_eq!(brought.events, 0);
    let second = till.member(second).await;
    till.top_up(&second, 300).await.unwrap();
    for (on, events) in [
        (referrer, 1),
        (Event::Newcomer { days: 0 }, 1),
        (Event::Newcomer { days: 3 }, 0),
    ] {
        assert_eq!(
            tried(&till, Tried::Gift(gift(on, 10)), days).await.events,
            events,
            "{on:?}"
        );
    }
    // Somebody reached a level.
    let last = till
        .shop
        .levels
        .iter()
        .max_by_key(|level| level.rank)
        .unwrap()
        .id;
    let reached = tried(
        &till,
        Tried::Gift(gift(Event::Level { level_id: last }, 10)),
        days,
    )
    .await;
    assert_eq!(reached.events, 0);
    let week = (day - chrono::Days::new(6), day);
    assert_eq!(
        tried(&till, Tried::Gift(gift(Event::Welcome, 50)), week)
            .await
            .events,
        2
    );
    // A rule in force, saved unchanged.
    if let Some(known) = till.shop.gifts.first() {
        let same = tried(&till, Tried::Gift(known.clone()), week).await;
        assert_eq!((same.touched, same.before), (0, same.after));
    }
}
