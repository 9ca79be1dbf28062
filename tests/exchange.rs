//! Points for rewards (PT4) and for coming by (PT7), through the real back end.

use chrono::TimeDelta;
use guitai::db::ledger::{fingerprint, post};
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::check_in::{Bonus, CheckInRequest, CheckInRule};
use guitai::domain::grant::Usable;
use guitai::domain::ledger::{Account, Plan, Stamp};
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::promotion::{RuleRef, When, Who};
use guitai::domain::receipt::Receipt;
use guitai::domain::redemption::{RedemptionRequest, Use};
use guitai::domain::reward::{self, ExchangeRequest, Gives, Reward, Taken, UndoExchange};
use guitai::domain::shop::Shop;
use guitai::domain::tender::TenderKind;
use guitai::error::Result;
use guitai::query::{Backend, Query, Reply, RewardEdit};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::books::{CASHIER, Counter, OWNER, books};
use crate::support::cluster::Database;

/// Goods for 50 points.
fn clay() -> Reward {
    Reward {
        rule: RuleRef { id: 0, version: 0 },
        name: "换发泥".to_owned(),
        active: true,
        points: 50,
        gives: Gives::Goods {
            product_id: 24,
            quantity: 1,
        },
        when: When::default(),
        who: Who::default(),
        per_member: None,
        stock: None,
    }
}

async fn save(till: &Counter, reward: Reward) -> Result<Box<Shop>> {
    let edit = RewardEdit {
        reward,
        product: None,
    };
    let query = Query::SaveReward {
        editor: OWNER,
        reward: Box::new(edit),
    };
    match till.db.answer(query).await? {
        Reply::Saved(shop) => Ok(shop),
        other => panic!("{other:?}"),
    }
}

/// A till, a member with 300 points, and this reward as it is in force.
async fn shop(reward: Reward) -> (Database, Counter, Member, Reward) {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let reward = save(&till, reward).await.unwrap().rewards.pop().unwrap();
    let her = till.enrol("13800001380").await;
    till.sell(Some(&her), 20_000, TenderKind::Wechat)
        .await
        .unwrap();
    let her = till.member(her.id).await;
    assert_eq!(her.points, 300);
    (database, till, her, reward)
}

fn request(till: &Counter, her: &Member, reward: &Reward, count: i64) -> ExchangeRequest {
    ExchangeRequest {
        stamp: till.stamp(),
        member_id: her.id,
        reward: reward.rule,
        count,
    }
}

async fn exchange(till: &Counter, her: &Member, reward: &Reward, count: i64) -> Result<Receipt> {
    let request = request(till, her, reward, count);
    let member = Box::new(her.clone());
    till.receipt(Query::Exchange { request, member }).await
}

async fn undo(till: &Counter, id: Uuid, member_id: i64) -> Result<Receipt> {
    let request = UndoExchange {
        stamp: till.stamp(),
        exchange_id: id,
        member_id,
    };
    till.receipt(Query::UndoExchange(request)).await
}

fn hint<T>(answer: Result<T>) -> &'static str {
    answer.err().map_or("", |refusal| refusal.hint)
}

async fn holds(database: &Database) {
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    assert_eq!(verify(&mut conn).await.unwrap().difference, None);
}

/// Goods at list price, taken off whole; nothing is paid, nothing earned; taken back in the shift the points are there
/// again.
#[tokio::test]
async fn goods_for_points_and_back() {
    let (database, till, her, reward) = Box::pin(shop(clay())).await;
    let receipt = exchange(&till, &her, &reward, 2).await.unwrap();
    assert_eq!(
        (
            receipt.lines[0].list,
            receipt.net(),
            receipt.lines[0].quantity
        ),
        (Fen(17_600), Fen::ZERO, 2)
    );
    assert_eq!(receipt.document.points_paid, 100);
    assert_eq!(till.member(her.id).await.points, 200);
    let back = undo(&till, receipt.id, her.id).await.unwrap();
    assert_eq!(back.document.points_returned, 100);
    let now = till.member(her.id).await;
    assert_eq!((now.points, &now.lots), (300, &her.lots));
    assert_eq!(
        hint(undo(&till, receipt.id, her.id).await),
        "exchange.reversed"
    );
    assert_eq!(now.visits, her.visits);
    holds(&database).await;
}

/// A service is redeemed later, worth nothing to the shop's debts; once used it stays.
#[tokio::test]
async fn a_service_for_points_is_redeemed() {
    let wash = Reward {
        gives: Gives::Service {
            product_id: 4,
            quantity: 2,
            days: Some(30),
        },
        ..clay()
    };
    let (database, till, her, reward) = Box::pin(shop(wash)).await;
    let receipt = exchange(&till, &her, &reward, 1).await.unwrap();
    assert_eq!(receipt.document.left[0].quantity, Some(2));
    let now = till.member(her.id).await;
    let last = till.stamp().business_on + TimeDelta::days(30);
    assert_eq!(
        (now.grants[0].value, now.grants[0].expires_on),
        (Fen::ZERO, Some(last))
    );
    let uses = vec![Use {
        what: Usable::Service(4),
        quantity: 1,
        served: None,
    }];
    let redeem = Query::Redeem {
        request: RedemptionRequest {
            stamp: till.stamp(),
            member_id: her.id,
            uses,
            past: false,
            whom: None,
        },
        member: Box::new(now),
    };
    till.receipt(redeem).await.unwrap();
    assert_eq!(hint(undo(&till, receipt.id, her.id).await), "exchange.used");
    let second = exchange(&till, &till.member(her.id).await, &reward, 1)
        .await
        .unwrap();
    undo(&till, second.id, her.id).await.unwrap();
    assert_eq!(till.member(her.id).await.grants.len(), 1);
    holds(&database).await;
}

/// A package of the preset, whole.
#[tokio::test]
async fn a_package_for_points() {
    let (database, till, her, reward) = Box::pin(shop(clay())).await;
    let package = till.shop.packages.first().unwrap();
    let gives = Gives::Package {
        product_id: package.id,
    };
    let shop = save(&till, Reward { gives, ..reward }).await.unwrap();
    let reward = shop.rewards.last().unwrap();
    exchange(&till, &her, reward, 1).await.unwrap();
    let items = package.package.as_ref().unwrap().items.len();
    assert_eq!(till.member(her.id).await.grants.len(), items);
    holds(&database).await;
}

/// Two tills at the last one: exactly one has it, the other is told why, whether it is the shop's last or hers.
#[tokio::test]
async fn limits_hold_under_two_tills() {
    for (per_member, stock, told) in [
        (None, Some(1), "exchange.sold_out"),
        (Some(1), None, "exchange.limit"),
    ] {
        let few = Reward {
            per_member,
            stock,
            ..clay()
        };
        let (database, first, her, reward) = Box::pin(shop(few)).await;
        let second = Counter::open(database.options(APP), 2).await;
        let other = match stock {
            Some(_) => {
                let other = second.enrol("13900001390").await;
                let sold = second.sell(Some(&other), 20_000, TenderKind::Wechat).await;
                sold.unwrap();
                second.member(other.id).await
            }
            None => her.clone(),
        };
        let (one, two) = tokio::join!(
            exchange(&first, &her, &reward, 1),
            exchange(&second, &other, &reward, 1)
        );
        assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1);
        assert_eq!(one.err().or(two.err()).unwrap().hint, told);
        holds(&database).await;
    }
}

/// The rule that was shown is another by now; and what she cannot pay.
#[tokio::test]
async fn an_edited_rule_is_chosen_again() {
    let (_database, till, her, reward) = Box::pin(shop(clay())).await;
    assert_eq!(
        hint(exchange(&till, &her, &reward, 7).await),
        "points.short"
    );
    let dearer = Reward {
        points: 60,
        ..reward.clone()
    };
    let shop = save(&till, dearer).await.unwrap();
    let now = shop.rewards.last().unwrap().clone();
    assert_eq!((now.rule.id, now.rule.version), (reward.rule.id, 2));
    assert_eq!(
        hint(exchange(&till, &her, &reward, 1).await),
        "exchange.changed"
    );
    let elsewhere = Reward {
        who: Who {
            stores: vec![9],
            ..Who::default()
        },
        ..now
    };
    let shop = save(&till, elsewhere).await.unwrap();
    let now = shop.rewards.last().unwrap();
    assert_eq!(
        hint(exchange(&till, &her, now, 1).await),
        "exchange.not_now"
    );
    let odd = Reward {
        gives: Gives::Service {
            product_id: 24,
            quantity: 1,
            days: None,
        },
        ..clay()
    };
    assert_eq!(hint(save(&till, odd).await), "reward.wrong_goods");
    let nothing = Reward {
        points: 0,
        ..clay()
    };
    assert!(save(&till, nothing).await.is_err());
}

type Edit<'a> = &'a dyn Fn(&mut Plan);

/// The database's own wall: a screen that says another cost, or gives more, is not believed.
#[tokio::test]
async fn the_server_computes_the_cost() {
    let (database, till, her, reward) = Box::pin(shop(clay())).await;
    let shop = save(&till, reward).await.unwrap();
    let reward = shop.rewards.last().unwrap();
    let cheap = |plan: &mut Plan| {
        for posting in &mut plan.postings {
            match posting.account {
                Account::Points => posting.amount = -49,
                Account::PointsSpent => posting.amount = 49,
                _ => {}
            }
        }
    };
    let more = |plan: &mut Plan| plan.lines[0].quantity = 2;
    let stale = |plan: &mut Plan| plan.document["reward"]["version"] = 1.into();
    let right = |_: &mut Plan| {};
    let forged: [(Edit, &str); 4] = [
        (&cheap, "ledger.stale"),
        (&more, "ledger.stale"),
        (&stale, "ledger.stale"),
        (&right, ""),
    ];
    for (edit, says) in forged {
        let request = request(&till, &her, reward, 1);
        let mut plan = reward::plan(&request, &shop, &her, Taken::default()).unwrap();
        edit(&mut plan);
        let mut conn = PgConnection::connect_with(&database.options(APP))
            .await
            .unwrap();
        let hash = fingerprint(&request);
        assert_eq!(
            hint(post(&mut conn, &request.stamp, &plan, &hash).await),
            says
        );
    }
    holds(&database).await;
}

async fn daily(till: &Counter) {
    let Reply::Shop(shop, _) = till
        .db
        .answer(Query::ReadShop { staff_id: None })
        .await
        .unwrap()
    else {
        panic!()
    };
    // It lies ready, switched off.
    let preset = shop.check_in.unwrap();
    assert!(!preset.active);
    let rule = CheckInRule {
        version: preset.version,
        active: true,
        points: 2,
        when: guitai::domain::promotion::When::default(),
        who: guitai::domain::promotion::Who::default(),
        bonuses: vec![Bonus { days: 2, points: 5 }],
    };
    let query = |editor, rule| Query::SaveCheckIn { editor, rule };
    let refused = till.db.answer(query(CASHIER, rule.clone())).await;
    assert_eq!(hint(refused), "staff.no_right");
    till.db.answer(query(OWNER, rule.clone())).await.unwrap();
    let again = till.db.answer(query(OWNER, rule)).await;
    assert_eq!(hint(again), "manage.changed");
}

async fn check_in(till: &Counter, her: &Member, after: TimeDelta) -> Result<Receipt> {
    let stamp = till.stamp();
    let request = CheckInRequest {
        stamp: Stamp {
            at: stamp.at + after,
            ..stamp
        },
        member_id: her.id,
    };
    let member = Box::new(her.clone());
    till.receipt(Query::CheckIn { request, member }).await
}

/// A rule has days, levels and stores; a till that still believes the old one is told by the database and plans again.
#[tokio::test]
async fn checking_in_only_then_and_there() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    daily(&till).await;
    let owner = Counter::open(database.options(APP), 2).await;
    let today = till.shift.business_on;
    let mut rule = CheckInRule {
        version: 2,
        active: true,
        points: 2,
        ..CheckInRule::default()
    };
    let changes: [fn(&mut CheckInRule, chrono::NaiveDate); 4] = [
        |rule, day| rule.when.until = day.pred_opt(),
        |rule, day| rule.when.from = day.succ_opt(),
        |rule, _| rule.who.levels = vec![99],
        |rule, _| rule.who.stores = vec![99],
    ];
    for change in changes {
        let mut edited = rule.clone();
        change(&mut edited, today);
        let query = Query::SaveCheckIn {
            editor: OWNER,
            rule: edited,
        };
        owner.db.answer(query).await.unwrap();
        rule.version += 1;
        let refused = check_in(&till, &her, TimeDelta::zero()).await;
        assert_eq!(hint(refused), "check_in.not_now");
    }
    rule.when.from = Some(today);
    rule.who.levels = vec![her.level.id];
    rule.who.stores = vec![1];
    let query = Query::SaveCheckIn {
        editor: OWNER,
        rule,
    };
    owner.db.answer(query).await.unwrap();
    check_in(&till, &her, TimeDelta::zero()).await.unwrap();
}

/// PT7: once a day, a bonus on the second in a row, none after a missed one, whatever day the shift was opened on.
#[tokio::test]
async fn once_a_day_and_in_a_row() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    assert_eq!(
        hint(check_in(&till, &her, TimeDelta::zero()).await),
        "check_in.off"
    );
    daily(&till).await;
    let mut got = Vec::new();
    for hours in [0, 1, 24, 25, 72] {
        let answer = check_in(&till, &her, TimeDelta::hours(hours)).await;
        got.push(answer.map_or_else(
            |refusal| {
                assert!(refusal.with[0].1.ends_with(":32"), "{refusal:?}");
                0
            },
            |receipt| receipt.document.points,
        ));
    }
    assert_eq!(got, [2, 0, 7, 0, 2]);
    let now = till.member(her.id).await;
    assert_eq!(now.points, her.points + 11);
    assert_eq!(now.checked_in.unwrap().streak, 1);
    holds(&database).await;
}

/// Two tills at once: exactly one gives, the other says when.
#[tokio::test]
async fn two_tills_check_her_in_once() {
    let database = books().await;
    let first = Counter::open(database.options(APP), 1).await;
    let second = Counter::open(database.options(APP), 2).await;
    daily(&first).await;
    let her = first.enrol("13800001380").await;
    let (one, two) = tokio::join!(
        check_in(&first, &her, TimeDelta::zero()),
        check_in(&second, &her, TimeDelta::zero())
    );
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1);
    assert_eq!(one.err().or(two.err()).unwrap().hint, "check_in.done");
    assert_eq!(first.member(her.id).await.points, her.points + 2);
    holds(&database).await;
}

/// Coupons for points: of their rule, so many a unit; taken back while none of them was used, and not by force.
#[tokio::test]
async fn coupons_for_points() {
    let coupon = Gives::Coupon {
        rule_id: 3,
        quantity: 2,
    };
    let (database, till, her, reward) = shop(Reward {
        gives: coupon,
        ..clay()
    })
    .await;
    let receipt = exchange(&till, &her, &reward, 2).await.unwrap();
    let now = till.member(her.id).await;
    assert_eq!((now.points, now.grants.len()), (200, 4));
    assert!(now.grants.iter().all(|grant| grant.is_of(3)));
    undo(&till, receipt.id, her.id).await.unwrap();
    let now = till.member(her.id).await;
    assert_eq!((now.points, now.grants.len()), (300, 0));
    let known = till.db.answer(Query::ReadShop { staff_id: None }).await;
    let Ok(Reply::Shop(shop, _)) = known else {
        panic!()
    };
    let mut bent = reward::plan(
        &request(&till, &now, &reward, 1),
        &shop,
        &now,
        Taken::default(),
    )
    .unwrap();
    bent.extras.grants.truncate(1);
    let stamp = till.stamp();
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    let hash = fingerprint(&reward.rule);
    assert!(
        post(&mut conn, &stamp, &bent, &hash).await.is_err(),
        "one of two"
    );
    holds(&database).await;
}
