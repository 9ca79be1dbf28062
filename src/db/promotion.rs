//! Promotions: saved, read as they were, and tried on the sales of a day.

use chrono::NaiveDate;
use serde_json::Value;
use sqlx::PgConnection;

use crate::db::refuse::refuse;
use crate::db::shop::read_product;
use crate::domain::gtin::Gtin;
use crate::domain::price::trial::{PastSale, Trial, trial};
use crate::domain::promotion::{Offer, Promotion, RuleRef};
use crate::domain::shop::Shop;
use crate::error::{Refusal, Result};
use crate::query::PromotionEdit;

/// Most sales of a day that a promotion is tried on.
pub(super) const MOST_SALES: usize = 5_000;

/// Saves a promotion as the version after its own; id 0 makes a new one.
///
/// # Errors
/// `promotion.no_goods`, `staff.no_right`, `manage.changed`.
pub async fn save(conn: &mut PgConnection, editor: i32, edit: &PromotionEdit) -> Result<i32> {
    let rule = resolve(conn, edit).await?;
    let document = serde_json::to_value(rule).map_err(Refusal::internal)?;
    sqlx::query_scalar!(
        r#"select save_promotion($1, $2) as "id!""#,
        editor,
        document
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)
}

/// These versions, in this order; what there never was is left out.
///
/// # Errors
/// Offline.
pub async fn read(conn: &mut PgConnection, rules: &[RuleRef]) -> Result<Vec<Promotion>> {
    let ids: Vec<i32> = rules.iter().map(|rule| rule.id).collect();
    let versions: Vec<i32> = rules.iter().map(|rule| rule.version).collect();
    let found = sqlx::query_scalar!(
        r#"select p.body || jsonb_build_object('id', p.id, 'version', p.version, 'name', p.name, 'active', p.active) as "body!"
           from unnest($1::int[], $2::int[]) with ordinality as w (id, version, no)
           join promotion p on p.merchant_id = seat_merchant() and p.id = w.id and p.version = w.version
           order by w.no"#,
        &ids,
        &versions
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    found.into_iter().map(read_as).collect()
}

/// The promotion with the numbers of the goods that were typed.
async fn resolve(conn: &mut PgConnection, edit: &PromotionEdit) -> Result<Promotion> {
    let mut rule = edit.promotion.clone();
    for name in &edit.products {
        rule.scope.products.push(goods(conn, name).await?);
    }
    rule.scope.products.sort_unstable();
    rule.scope.products.dedup();
    for (place, name) in &edit.gifts {
        let product_id = goods(conn, name).await?;
        if let Offer::Gifts { rungs } = &mut rule.offer
            && let Some(rung) = rungs.get_mut(*place)
        {
            rung.gives.product_id = product_id;
        }
    }
    Ok(rule)
}

/// The one product with this code or name.
pub(super) async fn goods(conn: &mut PgConnection, name: &str) -> Result<i32> {
    let code = Gtin::parse(name).map_or_else(|| name.to_owned(), |gtin| gtin.to_string());
    let found = sqlx::query_scalar!(
        "select id from product where merchant_id = seat_merchant() and active and (code = $1 or name = $2) limit 2",
        code,
        name
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(Refusal::user("promotion.no_goods").with("name", name)),
        _ => Err(Refusal::user("promotion.which_goods").with("name", name)),
    }
}

/// What the sales of a business day would have cost under a promotion.
///
/// # Errors
/// `promotion.no_goods`; offline.
pub async fn tried(
    conn: &mut PgConnection,
    shop: &Shop,
    edit: &PromotionEdit,
    day: NaiveDate,
) -> Result<Trial> {
    let rule = resolve(conn, edit).await?;
    // What it gives may be new to the shop's rules.
    let mut shop = shop.clone();
    for gift in rule.gifts() {
        if !shop.goods.iter().any(|goods| goods.id == gift.product_id) {
            let goods = read_product(conn, gift.product_id).await?;
            shop.goods.push(goods);
        }
    }
    let (sales, complete) = past_sales(conn, day, day).await?;
    Ok(trial(&shop, &rule, &sales, complete))
}

/// The sales of these business days, as many as are tried, and whether that is all of them.
///
/// # Errors
/// Offline.
pub(super) async fn past_sales(
    conn: &mut PgConnection,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<(Vec<PastSale>, bool)> {
    let most = i32::try_from(MOST_SALES + 1).map_err(Refusal::internal)?;
    let rows = sqlx::query!(
        r#"select id as "id!", seq as "seq!", at as "at!", till_id as "till_id!", till as "till!", member, level_id,
                  stored as "stored!", lines as "lines!" from past_sales($1, $2, $3)"#,
        from,
        to,
        most
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    let complete = rows.len() <= MOST_SALES;
    let rows = rows.into_iter().take(MOST_SALES);
    let sales = rows.map(|row| {
        Ok(PastSale {
            id: row.id,
            seq: row.seq,
            at: row.at,
            till_id: row.till_id,
            till: row.till,
            member: row.member,
            level_id: row.level_id,
            stored: row.stored,
            lines: read_as(row.lines)?,
        })
    });
    let sales: Vec<PastSale> = sales.collect::<Result<_>>()?;
    Ok((sales, complete))
}

fn read_as<T: serde::de::DeserializeOwned>(document: Value) -> Result<T> {
    serde_json::from_value(document).map_err(Refusal::internal)
}
