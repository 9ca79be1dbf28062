//! Birthdays of children (MB6), and the days, levels and stores of a gift.

use guitai::db::ledger::{fingerprint, post};
use guitai::db::open::APP;
use guitai::domain::beneficiary::{Born, Calendar, Relation};
use guitai::domain::gift::rule::{self, Event, GiftRule};
use guitai::domain::ledger::{Plan, Stamp};
use guitai::domain::member::Member;
use guitai::domain::shop::Shop;
use guitai::query::{Backend, BeneficiaryEdit, By, Query, Reply};
use sqlx::{Connection, PgConnection};

use super::{gift, holds, points, release, release_on, save, under};
use crate::support::books::{CASHIER, Counter, books};
use crate::support::cluster::Database;

const ON: Event = Event::Child {
    before: 7,
    after: 7,
};

/// Puts a child down; with an id, changes the one that is there.
pub async fn put(
    till: &Counter,
    her: &Member,
    known: (i32, i32),
    typed: &str,
    calendar: Calendar,
) -> Member {
    let (id, version) = known;
    let edit = BeneficiaryEdit {
        id,
        version,
        name: "小宝".to_owned(),
        relation: Relation::Child,
        born: Born::parse(typed, calendar, till.shift.business_on),
        guardian: "王晓明".to_owned(),
    };
    let by = By {
        staff_id: CASHIER,
        ..till.session.by()
    };
    let query = Query::SaveBeneficiary {
        member_id: her.id,
        by,
        edit,
    };
    match till.db.answer(query).await.unwrap() {
        Reply::Member(member) => *member,
        other => panic!("{other:?}"),
    }
}

/// By either calendar, at two tills at once, once a year for each child; and never by changing the day.
#[tokio::test]
async fn each_child_once_a_year() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    under(&till, vec![gift(ON, vec![points(30)])]).await;
    let other = Counter::open(database.options(APP), 2).await;
    let her = till.enrol("13800001380").await;
    let before = release(&till, her.id).await.points;
    assert_eq!(before, her.points);
    // Today is 9 March: 21 January of the Chinese calendar.
    put(&till, &her, (0, 0), "2020-03-12", Calendar::Solar).await;
    put(&till, &her, (0, 0), "2019-01-21", Calendar::Lunar).await;
    put(&till, &her, (0, 0), "2019-09-09", Calendar::Solar).await;
    tokio::join!(release(&till, her.id), release(&other, her.id));
    let now = till.member(her.id).await;
    assert_eq!(now.points - before, 60);
    let keys: Vec<&str> = now
        .occasions
        .given
        .iter()
        .map(|(_, key)| key.as_str())
        .collect();
    assert_eq!(
        keys,
        ["child 2026 lunar 01-21 1", "child 2026 solar 03-12 1"]
    );
    // The third child's day comes near by an edit: hers is the third gift of the year, and the last.
    put(&till, &her, (3, 1), "2019-03-10", Calendar::Solar).await;
    assert_eq!(release(&till, her.id).await.points - before, 90);
    put(&till, &her, (3, 2), "2019-03-11", Calendar::Solar).await;
    assert_eq!(release(&till, her.id).await.points - before, 90);
    // The year after, in the week of 12 March 2027, two are near; the lunar day is in February.
    assert_eq!(release_on(&till, her.id, 368).await.points - before, 150);
    holds(&database).await;
}

/// What Postgres refuses when a till says something else: a child that is not there, a day that is far, a second twin, a lunar
/// month that cannot be now.
#[tokio::test]
async fn forged_birthdays() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let shop = under(&till, vec![gift(ON, vec![points(30)])]).await;
    let her = till.enrol("13800001380").await;
    put(&till, &her, (0, 0), "2020-03-12", Calendar::Solar).await;
    put(&till, &her, (0, 0), "2020-06-12", Calendar::Solar).await;
    put(&till, &her, (0, 0), "2019-01-21", Calendar::Lunar).await;
    put(&till, &her, (0, 0), "2019-08-15", Calendar::Lunar).await;
    let her = till.member(her.id).await;
    let due = rule::due(&her, &shop, 1, till.shift.business_on).remove(0);
    for key in [
        "child 2026 solar 06-12 1",
        "child 2026 solar 03-12 2",
        "child 2026 solar 03-11 1",
        "child 2025 solar 03-12 1",
        "child 2026 lunar 08-15 1",
        "child 2025 lunar 01-21 1",
        "child 2028 solar 03-12 1",
        "child 2026 solar 03-12 0",
        "child 2026 solar 03-12",
        "birthday 2026",
    ] {
        let edit = |plan: &mut Plan| plan.document["gift"]["key"] = serde_json::json!(key);
        assert!(
            !forged(&till, &database, (&shop, &her), &due, edit).await,
            "{key}"
        );
    }
    assert!(forged(&till, &database, (&shop, &her), &due, |_| ()).await);
    holds(&database).await;
}

/// Posts a gift as it was changed after it was planned; whether it was taken.
async fn forged(
    till: &Counter,
    database: &Database,
    (shop, her): (&Shop, &Member),
    due: &rule::Due,
    edit: impl FnOnce(&mut Plan),
) -> bool {
    let stamp = Stamp {
        id: due.id(her.id),
        ..till.stamp()
    };
    let mut plan = rule::plan(&stamp, due, shop, her).unwrap();
    edit(&mut plan);
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    let hash = fingerprint(&(her.id, due));
    post(&mut conn, &stamp, &plan, &hash).await.is_ok()
}

/// A rule that is over, not begun, for another level or another store gives nothing, whatever a till plans.
#[tokio::test]
async fn only_then_and_there() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    let today = till.shift.business_on;
    let plain = gift(Event::Welcome, vec![points(30)]);
    let mut limited = vec![plain.clone(), plain.clone(), plain.clone(), plain];
    limited[0].when.until = today.pred_opt();
    limited[1].when.from = today.succ_opt();
    limited[2].who.levels = vec![her.level.id + 1];
    limited[3].who.stores = vec![2];
    let names = ["over", "to come", "level", "store"];
    for (rule, name) in limited.iter_mut().zip(names) {
        rule.name = name.to_owned();
    }
    let shop = under(&till, limited.clone()).await;
    let now = release(&till, her.id).await;
    assert_eq!((now.points, now.occasions.given.len()), (her.points, 0));
    // A till that believes otherwise.
    let mut open = shop.clone();
    for rule in &mut open.gifts {
        (rule.when, rule.who) = Default::default();
    }
    let dues = rule::due(&now, &open, 1, today);
    assert_eq!(dues.len(), 4);
    for due in dues {
        assert!(
            !forged(&till, &database, (&open, &now), &due, |_| ()).await,
            "{due:?}"
        );
    }
    // Within its days, for her level and here it is hers.
    let all = shop.gifts.iter().filter(|rule| rule.active);
    for rule in all {
        let mut fits = GiftRule {
            name: rule.name.clone(),
            ..rule.clone()
        };
        fits.when.from = fits.when.from.and(Some(today));
        fits.when.until = fits.when.until.and(Some(today));
        fits.who.levels.iter_mut().for_each(|id| *id = her.level.id);
        fits.who.stores.iter_mut().for_each(|id| *id = 1);
        save(&till, fits).await.unwrap();
    }
    assert_eq!(release(&till, her.id).await.points, her.points + 4 * 30);
    holds(&database).await;
}
