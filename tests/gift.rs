//! Gifts that rules give, what a top-up brings besides money, and referrals, through the real back end (MB2, SV4, LV2, OR6).

pub mod children;

use chrono::Days;
use guitai::db::ledger::{fingerprint, post};
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::benefit::Benefit;
use guitai::domain::coupon::CouponRule;
use guitai::domain::gift::rule::{self, Event, GiftRule};
use guitai::domain::ledger::{Plan, Stamp};
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::promotion::{RuleRef, When, Who};
use guitai::domain::shop::Shop;
use guitai::domain::tender::TenderKind;
use guitai::domain::top_up::{ReversalRequest, TopUpRule};
use guitai::error::Result;
use guitai::query::{Backend, EnrolRequest, Person, Query, Reply};
use sqlx::{Connection, PgConnection};

use crate::coupon;
use crate::support::books::{Counter, OWNER, books};
use crate::support::cluster::Database;

fn gift(on: Event, gives: Vec<Benefit>) -> GiftRule {
    GiftRule {
        rule: RuleRef { id: 0, version: 0 },
        name: "礼".to_owned(),
        active: true,
        on,
        gives,
        when: When::default(),
        who: Who::default(),
        since: None,
    }
}

const fn points(points: i64) -> Benefit {
    Benefit::Points { points }
}

async fn save(till: &Counter, rule: GiftRule) -> Result<Box<Shop>> {
    let query = Query::SaveGift {
        editor: OWNER,
        rule: Box::new(rule),
        today: till.shift.business_on,
    };
    match till.db.answer(query).await? {
        Reply::Saved(shop) => Ok(shop),
        other => panic!("{other:?}"),
    }
}

/// The shop with these gifts and no others.
async fn under(till: &Counter, rules: Vec<GiftRule>) -> Shop {
    for old in till.shop.gifts.clone() {
        let off = GiftRule {
            active: false,
            ..old
        };
        save(till, off).await.unwrap();
    }
    let mut shop = till.shop.clone();
    for rule in rules {
        shop = *save(till, rule).await.unwrap();
    }
    shop
}

async fn release(till: &Counter, member_id: i64) -> Member {
    release_on(till, member_id, 0).await
}

/// As if it were so many days later.
async fn release_on(till: &Counter, member_id: i64, days: u64) -> Member {
    let stamp = till.stamp();
    let stamp = Stamp {
        business_on: stamp.business_on + Days::new(days),
        ..stamp
    };
    let query = Query::Release { stamp, member_id };
    match till.db.answer(query).await.unwrap() {
        Reply::Member(member) => *member,
        other => panic!("{other:?}"),
    }
}

async fn holds(database: &Database) {
    let mut conn = database.owner().await;
    assert_eq!(verify(&mut conn).await.unwrap().difference, None);
}

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

/// A member with a birthday, brought by whoever has this phone.
async fn newcomer(till: &Counter, phone: &str, referrer: Option<&str>) -> Result<Member> {
    let stamp = till.stamp();
    let request = EnrolRequest {
        code: format!("GT{}", stamp.id.simple()),
        stamp,
        phone: Some(phone.to_owned()),
        card: None,
        person: Person {
            name: "新人".to_owned(),
            birth_month: Some(3),
            birth_day: Some(14),
            ..Person::default()
        },
        consents: vec!["membership".to_owned()],
        referrer: referrer.map(str::to_owned),
    };
    match till.db.answer(Query::Enrol(Box::new(request))).await? {
        Reply::Enrolled { member, .. } => Ok(*member),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_occasion_once_at_whatever_tills() {
    let database = books().await;
    let one = Counter::open(database.options(APP), 1).await;
    let bonus = Benefit::Bonus {
        fen: Fen(2_000),
        instalments: None,
        valid_days: Some(30),
    };
    let rules = vec![
        gift(Event::Welcome, vec![points(50), bonus]),
        gift(
            Event::Birthday {
                before: 7,
                after: 7,
            },
            vec![points(7)],
        ),
    ];
    under(&one, rules).await;
    let two = Counter::open(database.options(APP), 2).await;
    let her = newcomer(&one, "13800001380", None).await.unwrap();
    let before = her.points;
    let (first, second) = tokio::join!(release(&one, her.id), release(&two, her.id));
    let now = one.member(her.id).await;
    assert!(first.points.max(second.points) <= now.points);
    assert_eq!((now.points - before, now.bonus), (57, Fen(2_000)));
    assert_eq!(now.occasions.given.len(), 2);
    let again = release(&one, her.id).await;
    assert_eq!(again.version, now.version);
    // The year after, the birthday again and the welcome never.
    let later = release_on(&one, her.id, 365).await;
    assert_eq!(later.points - now.points, 7);
    // Who joined before the rule gets no welcome by an edit of it; a new rule does not see her.
    let welcome = save(&one, gift(Event::Welcome, vec![points(1)]))
        .await
        .unwrap();
    assert_eq!(
        welcome.gifts.last().unwrap().since,
        Some(one.shift.business_on)
    );
    holds(&database).await;
}

#[tokio::test]
async fn a_level_that_is_reached() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let gold = till
        .shop
        .levels
        .iter()
        .max_by_key(|level| level.rank)
        .unwrap()
        .clone();
    let shop = under(
        &till,
        vec![gift(Event::Level { level_id: gold.id }, vec![points(500)])],
    )
    .await;
    let her = till.enrol("13800001380").await;
    let before = release(&till, her.id).await;
    assert_eq!(before.points, her.points, "not hers yet");
    till.sell(Some(&before), gold.threshold.0, TenderKind::Wechat)
        .await
        .unwrap();
    let reached = till.member(her.id).await;
    assert_eq!(reached.level.id, gold.id);
    assert_eq!(
        rule::due(&reached, &shop, 1, till.shift.business_on).len(),
        1
    );
    let now = release(&till, her.id).await;
    assert_eq!(now.points - reached.points, 500);
    assert_eq!(release(&till, her.id).await.points, now.points);
    holds(&database).await;
}

/// OR6: both sides, once, after the days of refund, for a top-up that was not taken back.
#[tokio::test]
async fn who_brings_and_who_is_brought() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let rules = vec![
        gift(Event::Newcomer { days: 7 }, vec![points(20)]),
        gift(Event::Referrer { days: 7 }, vec![points(100)]),
    ];
    under(&till, rules).await;
    let old = till.enrol("13800001380").await;
    assert_eq!(
        hint(newcomer(&till, "13800001381", Some("13900000000")).await),
        "enrol.no_referrer"
    );
    let young = newcomer(&till, "13800001381", Some("13800001380"))
        .await
        .unwrap();
    assert_eq!(young.occasions.brought_by.unwrap().member_id, old.id);
    // Whom she brings in turn is hers alone.
    let third = newcomer(&till, "13800001382", Some("13800001381"))
        .await
        .unwrap();
    till.top_up(&third, 500).await.unwrap();
    let taken = till.top_up(&young, 500).await.unwrap();
    let reversal = ReversalRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            ..till.stamp()
        },
        top_up_id: taken.id,
        member_id: young.id,
    };
    till.receipt(Query::ReverseTopUp(reversal)).await.unwrap();
    assert_eq!(release_on(&till, old.id, 30).await.points, old.points);
    let now = till.member(young.id).await;
    till.top_up(&now, 500).await.unwrap();
    assert_eq!(release_on(&till, old.id, 6).await.points, old.points);
    let rewarded = release_on(&till, old.id, 7).await;
    assert_eq!(rewarded.points - old.points, 100);
    assert_eq!(release_on(&till, old.id, 8).await.points, rewarded.points);
    let now = till.member(young.id).await;
    // For herself, and for whom she brought.
    assert_eq!(
        release_on(&till, young.id, 7).await.points - now.points,
        120
    );
    holds(&database).await;
}

/// SV4: coupons and sessions come with the load, and the reversal takes back what of them was not used (RF1).
#[tokio::test]
async fn a_top_up_brings_coupons_and_sessions() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let package = till.shop.packages.first().unwrap().clone();
    let coupon = till
        .shop
        .coupons
        .iter()
        .find(|rule| rule.active)
        .unwrap()
        .clone();
    let rule = TopUpRule {
        id: 0,
        version: 0,
        name: "充800送券".to_owned(),
        amount: Fen::yuan(800),
        benefits: vec![
            Benefit::Coupon {
                rule_id: coupon.rule.id,
                count: 2,
            },
            Benefit::Package {
                product_id: package.id,
            },
        ],
        levels: None,
        stores: None,
        valid_from: None,
        valid_to: None,
        active: true,
    };
    let query = Query::SaveRule {
        editor: OWNER,
        rule: Box::new(rule),
    };
    till.db.answer(query).await.unwrap();
    drop(till);
    let till = Counter::open(database.options(APP), 2).await;
    let her = till.enrol("13800001380").await;
    let loaded = till.top_up(&her, 800).await.unwrap();
    assert_eq!(loaded.document.coupons.len(), 2);
    let now = till.member(her.id).await;
    let items = package.package.as_ref().unwrap().items.len();
    assert_eq!(now.grants.len(), 2 + items);
    assert!(now.grants.iter().all(|grant| grant.value == Fen::ZERO));
    holds(&database).await;
    let reversal = ReversalRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            ..till.stamp()
        },
        top_up_id: loaded.id,
        member_id: her.id,
    };
    till.receipt(Query::ReverseTopUp(reversal)).await.unwrap();
    let after = till.member(her.id).await;
    assert!(after.grants.is_empty());
    assert_eq!(after.principal, Fen::ZERO);
    holds(&database).await;
}

type Forgery = (&'static str, fn(&mut Plan));

#[tokio::test]
async fn postgres_refuses_what_no_rule_gives() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let shop = under(&till, vec![gift(Event::Welcome, vec![points(50)])]).await;
    let forgeries: [Forgery; 6] = [
        ("more points", |plan| {
            for posting in &mut plan.postings {
                posting.amount *= 2;
            }
        }),
        ("another occasion", |plan| {
            plan.document["gift"]["key"] = serde_json::json!("birthday 2026");
        }),
        ("another version", |plan| {
            plan.document["gift"]["rule"]["version"] = serde_json::json!(7);
        }),
        ("by hand", |plan| plan.document = serde_json::json!({})),
        ("nothing at all", |plan| {
            plan.postings.clear();
            plan.new_lots.clear();
        }),
        ("a coupon on top", |plan| {
            let stamp = Stamp {
                id: uuid::Uuid::now_v7(),
                till_id: 1,
                shift_id: None,
                operator_id: 1,
                approver_id: None,
                business_on: "2026-03-09".parse().unwrap(),
                at: chrono::DateTime::UNIX_EPOCH,
            };
            let rule = CouponRule {
                rule: RuleRef { id: 2, version: 1 },
                ..coupon::rule()
            };
            plan.extras.grants.push(rule.grant(&stamp, 0, false));
        }),
    ];
    let mut phone = 13_800_001_380_u64;
    let mut forge = async |edit: fn(&mut Plan)| {
        phone += 1;
        let her = till.enrol(&phone.to_string()).await;
        let due = rule::due(&her, &shop, 1, till.shift.business_on).remove(0);
        let stamp = Stamp {
            id: due.id(her.id),
            ..till.stamp()
        };
        let mut plan = rule::plan(&stamp, &due, &shop, &her).unwrap();
        edit(&mut plan);
        let mut conn = PgConnection::connect_with(&database.options(APP))
            .await
            .unwrap();
        let hash = fingerprint(&(her.id, due));
        post(&mut conn, &stamp, &plan, &hash).await.map(drop)
    };
    forge(|_| ()).await.unwrap();
    for (what, edit) in forgeries {
        assert!(forge(edit).await.is_err(), "{what}");
    }
    for wrong in [
        gift(Event::Welcome, vec![]),
        gift(Event::Welcome, vec![points(0)]),
        gift(
            Event::Birthday {
                before: 61,
                after: 0,
            },
            vec![points(1)],
        ),
        GiftRule {
            name: String::new(),
            ..gift(Event::Welcome, vec![points(1)])
        },
    ] {
        assert!(save(&till, wrong.clone()).await.is_err(), "{wrong:?}");
    }
    holds(&database).await;
}
