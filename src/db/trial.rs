//! Dry runs of the owner's rules on what happened on some days.

use chrono::{Datelike, NaiveDate};
use sqlx::PgConnection;

use crate::db::promotion::{MOST_SALES, goods, past_sales};
use crate::db::refuse::refuse;
use crate::domain::beneficiary::Born;
use crate::domain::gift::rule::{Event, GiftRule};
use crate::domain::money::Fen;
use crate::domain::shop::Shop;
use crate::domain::trial::gift::{PastOccasion, Seen};
use crate::domain::trial::top_up::PastTopUp;
use crate::domain::trial::{Gain, Outlook, coupon, gift, level, top_up};
use crate::error::{Refusal, Result};
use crate::query::Tried;

/// Most children that are looked at for one dry run.
const MOST_CHILDREN: i32 = 50_000;

/// What an edited rule would have given on these business days, beside the one in force. Of more than 5,000 sales, top-ups
/// or occasions those are left out that come after.
///
/// # Errors
/// `promotion.no_goods`; offline.
pub async fn tried(
    conn: &mut PgConnection,
    shop: &Shop,
    rule: &Tried,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Outlook> {
    Ok(match rule {
        Tried::TopUp(rule) => {
            let (past, complete) = top_ups(conn, from, to).await?;
            top_up::trial(&shop.rules, rule, &past, complete)
        }
        Tried::Coupon(edit) => {
            let mut rule = edit.rule.clone();
            for name in &edit.products {
                rule.scope.products.push(goods(&mut *conn, name).await?);
            }
            rule.scope.products.sort_unstable();
            rule.scope.products.dedup();
            let (sales, complete) = past_sales(conn, from, to).await?;
            coupon::trial(shop, &rule, &sales, complete)
        }
        Tried::Level(edited) => {
            let (sales, complete) = past_sales(conn, from, to).await?;
            level::trial(shop, edited, &sales, complete)
        }
        Tried::Gift(rule) => gifts(conn, shop, rule, (from, to)).await?,
    })
}

async fn top_ups(
    conn: &mut PgConnection,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<(Vec<PastTopUp>, bool)> {
    let most = i32::try_from(MOST_SALES + 1).map_err(Refusal::internal)?;
    let rows = sqlx::query!(
        r#"select id as "id!", at as "at!", store_id as "store_id!", member as "member!", level_id as "level_id!", amount as "amount!",
                  bonus as "bonus!", points as "points!", coupons as "coupons!", packages as "packages!" from past_top_ups($1, $2, $3)"#,
        from,
        to,
        most
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    let complete = rows.len() <= MOST_SALES;
    let past = rows.into_iter().take(MOST_SALES).map(|row| PastTopUp {
        id: row.id,
        at: row.at,
        store_id: row.store_id,
        member: row.member,
        level_id: row.level_id,
        amount: Fen(row.amount),
        got: Gain {
            off: Fen::ZERO,
            bonus: Fen(row.bonus),
            points: row.points,
            coupons: row.coupons,
            packages: row.packages,
        },
    });
    Ok((past.collect(), complete))
}

/// The occasions of the edited rule, and of the one in force where that is for something else.
async fn gifts(
    conn: &mut PgConnection,
    shop: &Shop,
    rule: &GiftRule,
    days: (NaiveDate, NaiveDate),
) -> Result<Outlook> {
    let in_force = shop
        .gifts
        .iter()
        .find(|known| known.rule.id == rule.rule.id);
    let mut events: Vec<Event> = vec![rule.on];
    events.extend(in_force.map(|known| known.on).filter(|on| *on != rule.on));
    let (mut seen, mut complete) = (Vec::new(), true);
    for on in events {
        let (occasions, whole) = match on {
            Event::Child { .. } => children(&mut *conn, days).await?,
            on => {
                let occasions = occasions(&mut *conn, on, days).await?;
                let whole = occasions.len() <= MOST_SALES;
                (occasions, whole)
            }
        };
        complete &= whole;
        let occasions = occasions.into_iter().take(MOST_SALES).collect();
        seen.push(Seen { on, occasions });
    }
    Ok(gift::trial(in_force, rule, &seen, complete))
}

async fn occasions(
    conn: &mut PgConnection,
    on: Event,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<PastOccasion>> {
    let on = serde_json::to_value(on).map_err(Refusal::internal)?;
    let most = i32::try_from(MOST_SALES + 1).map_err(Refusal::internal)?;
    let rows = sqlx::query!(
        r#"select member as "member!", day as "day!", level_id as "level_id!" from past_occasions($1, $2, $3, $4)"#,
        on,
        from,
        to,
        most
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    let rows = rows.into_iter().map(|row| PastOccasion {
        member: row.member,
        on: row.day,
        level_id: row.level_id,
    });
    Ok(rows.collect())
}

/// The birthdays of children on these days, by either calendar, the newest day first, and whether none was left out.
async fn children(
    conn: &mut PgConnection,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<(Vec<PastOccasion>, bool)> {
    let rows = sqlx::query!(
        r#"select member as "member!", born as "born!", level_id as "level_id!" from past_children($1, $2, $3)"#,
        from,
        to,
        MOST_CHILDREN + 1
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    let whole = i32::try_from(rows.len()).is_ok_and(|count| count <= MOST_CHILDREN);
    let mut occasions = Vec::new();
    for row in rows {
        let born: Born = serde_json::from_value(row.born).map_err(Refusal::internal)?;
        // The twelfth month of the Chinese calendar ends in the solar year after.
        let years = from.year() - 1..=to.year();
        let days = years.filter_map(|year| born.kept_in(year));
        occasions.extend(
            days.filter(|day| (from..=to).contains(day))
                .map(|on| PastOccasion {
                    member: row.member.clone(),
                    on,
                    level_id: row.level_id,
                }),
        );
    }
    occasions.sort_by_key(|it| std::cmp::Reverse(it.on));
    let whole = whole && occasions.len() <= MOST_SALES;
    Ok((occasions, whole))
}
