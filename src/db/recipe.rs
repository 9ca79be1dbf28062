//! What uses of services take from the shelf: saved, and counted from the receipts (PK2).

use sqlx::PgConnection;

use crate::db::json;
use crate::db::promotion::goods;
use crate::db::refuse::refuse;
use crate::db::shop::read_product;
use crate::domain::recipe::Recipe;
use crate::error::{Refusal, Result};
use crate::query::{Days, MaterialUse, MaterialUsed};

/// Most uses of one material that are listed, the newest.
const MOST_USES: i64 = 500;

/// Saves the materials of a service as the version after its own. Goods without a number are those of that name or code.
///
/// # Errors
/// `promotion.no_goods`, `recipe.wrong_goods`, `staff.no_right`, `manage.changed`.
pub async fn save(conn: &mut PgConnection, editor: i32, recipe: &Recipe) -> Result<()> {
    let mut recipe = recipe.clone();
    for item in &mut recipe.items {
        if item.product_id == 0 {
            item.product_id = goods(conn, &item.name).await?;
            item.name = read_product(conn, item.product_id).await?.name;
        }
    }
    if let Some(hint) = recipe.complaint() {
        return Err(Refusal::user(hint));
    }
    let document = serde_json::to_value(recipe).map_err(Refusal::internal)?;
    sqlx::query_scalar!("select save_recipe($1, $2)", editor, document)
        .fetch_one(conn)
        .await
        .map_err(refuse)?;
    Ok(())
}

/// What was used of each material on these days, by name. One round trip.
///
/// # Errors
/// Offline.
pub async fn used(conn: &mut PgConnection, days: Days) -> Result<Vec<MaterialUsed>> {
    json::read(
        sqlx::query_scalar!(
            "with u as materialized (select * from material_uses($1, $2)),
                  s as (select product_id, unit, min(name) as name, service_id, min(service) as service, sum(uses) as uses, sum(returned) as returned,
                               sum(quantity) as quantity from u group by product_id, unit, service_id),
                  t as (select product_id, unit, min(name) as name, sum(uses) as uses, sum(returned) as returned, sum(quantity) as quantity,
                               jsonb_agg(jsonb_build_array(service, uses, quantity) order by quantity desc, service_id) as services
                          from s group by product_id, unit)
             select coalesce(jsonb_agg(to_jsonb(t) order by t.name, t.product_id), '[]') from t",
            days.from,
            days.to
        )
        .fetch_one(conn)
        .await
        .map_err(refuse)?,
    )
}

/// The uses of one material on these days, the newest first; at most 500.
///
/// # Errors
/// Offline.
pub async fn uses(
    conn: &mut PgConnection,
    product_id: i32,
    days: Days,
) -> Result<Vec<MaterialUse>> {
    let rows = sqlx::query!(
        r#"select u.operation_id as "receipt_id!", u.seq as "seq!", u.at as "at!", t.name as "till!", b.name as "member?", u.service as "service!",
                  u.served, u.uses as "uses!", u.returned as "returned!", u.quantity as "quantity!"
             from material_uses($1, $2) u
             join till t on t.merchant_id = seat_merchant() and t.id = u.till_id
             left join member b on b.merchant_id = seat_merchant() and b.id = u.member_id
            where u.product_id = $3
            order by u.at desc, u.operation_id, u.service_id limit $4"#,
        days.from,
        days.to,
        product_id,
        MOST_USES
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    let rows = rows.into_iter().map(|row| MaterialUse {
        receipt_id: row.receipt_id,
        seq: row.seq,
        at: row.at,
        till: row.till,
        member: row.member,
        service: row.service,
        served: row.served,
        uses: row.uses,
        returned: row.returned,
        quantity: row.quantity,
    });
    Ok(rows.collect())
}
