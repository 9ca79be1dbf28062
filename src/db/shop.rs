//! The shop's terms and what the owner edits.

use sqlx::PgConnection;

use crate::db::pin;
use crate::db::refuse::refuse;
use crate::domain::label::LabelRule;
use crate::domain::level::Level;
use crate::domain::product::{Product, ProductKind};
use crate::domain::shop::{Shop, Store, Till};
use crate::domain::spelling;
use crate::domain::staff::{Limit, Pin, Role, Staff};
use crate::domain::top_up::TopUpRule;
use crate::error::{Refusal, Result};
use crate::query::{Found, ProductEdit, StaffEdit};

/// Whether there is any shop in this database.
///
/// # Errors
/// Offline.
pub async fn exists(conn: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from merchant) as "any!""#)
        .fetch_one(conn)
        .await
        .map_err(refuse)
}

/// The shop this login speaks for at this till; `None` when there is none yet.
///
/// # Errors
/// Offline.
pub async fn read(conn: &mut PgConnection, till: i32) -> Result<Option<Shop>> {
    let shop = sqlx::query_scalar!("select shop($1)", till)
        .fetch_optional(conn)
        .await
        .map_err(refuse)?
        .flatten();
    shop.map(|value| serde_json::from_value(value).map_err(Refusal::internal))
        .transpose()
}

/// A product by its number.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn read_product(conn: &mut PgConnection, id: i32) -> Result<Product> {
    let mut found = products(conn, "", None, 1, Some(id)).await?;
    found
        .pop()
        .ok_or_else(|| Refusal::user("refusal.not_found"))
}

/// Products whose name, initials or code contain or begin with `search`, by category and then by
/// pinyin, after the last one shown.
///
/// # Errors
/// Offline.
pub async fn products(
    conn: &mut PgConnection,
    search: &str,
    after: Option<i32>,
    limit: i32,
    only: Option<i32>,
) -> Result<Vec<Product>> {
    let grams = spelling::wanted(search);
    let rows = sqlx::query!(
        r#"select id, code, name, category_id, kind::text as "kind!", price, member_price, active, version, package from product
           where merchant_id = seat_merchant()
             and ($1 = '' or grams @> $2 or initials like $1 || '%' or spelling like $1 || '%' or code like '%' || $1 || '%')
             and ($3::int is null or (coalesce(category_id, 2147483647), spelling, id) > (
               select coalesce(a.category_id, 2147483647), a.spelling, a.id from product a
                where a.merchant_id = seat_merchant() and a.id = $3))
             and ($4::int is null or id = $4)
           order by coalesce(category_id, 2147483647), spelling, id limit $5"#,
        search,
        &grams,
        after,
        only,
        i64::from(limit)
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    let kind = |text: &str| match text {
        "weight" => ProductKind::Weight,
        "service" => ProductKind::Service,
        "package" => ProductKind::Package,
        _ => ProductKind::Piece,
    };
    Ok(rows
        .into_iter()
        .map(|row| Product {
            id: row.id,
            code: row.code,
            name: row.name,
            category_id: row.category_id,
            kind: kind(&row.kind),
            price: crate::domain::money::Fen(row.price),
            member_price: row.member_price.map(crate::domain::money::Fen),
            active: row.active,
            version: row.version,
            package: row
                .package
                .and_then(|body| serde_json::from_value(body).ok()),
        })
        .collect())
}

/// The item of a scale label, by the first of these codes that goods have: one round trip.
///
/// # Errors
/// Offline.
pub async fn goods(conn: &mut PgConnection, codes: &[String]) -> Result<Found> {
    let found = sqlx::query_scalar!("select goods($1)", codes)
        .fetch_one(conn)
        .await
        .map_err(refuse)?;
    found.map_or(Ok(Found::Nothing), |value| {
        serde_json::from_value(value).map_err(Refusal::internal)
    })
}

/// Saves a product; returns its number.
///
/// # Errors
/// `product.code_taken`, `staff.no_right`, `manage.changed`.
pub async fn save_product(conn: &mut PgConnection, editor: i32, edit: &ProductEdit) -> Result<i32> {
    let keys = spelling::keys(&edit.name);
    sqlx::query_scalar!(
        r#"select save_product($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::product_kind, $11, $12, $13, $14) as "id!""#,
        editor,
        edit.id,
        edit.version,
        edit.code,
        keys.name,
        keys.initials.first().map(String::as_str).unwrap_or_default(),
        keys.full.first().map(String::as_str).unwrap_or_default(),
        &keys.grams,
        edit.category,
        edit.kind.name(),
        edit.price.0,
        edit.member_price.map(|price| price.0),
        edit.active,
        edit.package.as_ref().map(sqlx::types::Json) as _
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)
}

/// Everybody who works here, by number.
///
/// # Errors
/// Offline.
pub async fn staff(conn: &mut PgConnection) -> Result<Vec<Staff>> {
    let rows = sqlx::query!(
        r#"select id, number, name, role::text as "role!", home_store_id, badge, active, version from staff
           where merchant_id = seat_merchant() order by active desc, number"#
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    Ok(rows
        .into_iter()
        .map(|row| Staff {
            id: row.id,
            number: row.number,
            name: row.name,
            role: Role::named(&row.role),
            home_store_id: row.home_store_id,
            badge: row.badge,
            active: row.active,
            version: row.version,
        })
        .collect())
}

/// Saves a member of staff; without a PIN the old one stays.
///
/// # Errors
/// `staff.number_taken`, `staff.no_right`, `staff.last_owner`, `manage.changed`, `staff.pin_missing` for a new one without a PIN,
/// [`Pin::complaint`] of one that is no good.
pub async fn save_staff(conn: &mut PgConnection, editor: i32, edit: &StaffEdit) -> Result<i32> {
    if edit.id.is_none() && edit.pin.is_none() {
        return Err(Refusal::user("staff.pin_missing"));
    }
    if let Some(hint) = edit.pin.as_ref().and_then(Pin::complaint) {
        return Err(Refusal::user(hint));
    }
    let hash = match edit.pin.clone() {
        Some(pin) => Some(
            tokio::task::spawn_blocking(move || pin::hash(&pin))
                .await
                .map_err(Refusal::internal)??,
        ),
        None => None,
    };
    let staff = &edit.staff;
    sqlx::query_scalar!(
        r#"select save_staff($1, $2, $3, $4, $5, $6::text::staff_role, $7, $8, $9, $10) as "id!""#,
        editor,
        edit.id,
        staff.version,
        staff.number,
        staff.name,
        staff.role.name(),
        staff.home_store_id,
        staff.badge,
        hash,
        staff.active
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)
}

/// Saves a level; id 0 makes a new one.
///
/// # Errors
/// `level.taken`, `staff.no_right`, `manage.changed`.
pub async fn save_level(
    conn: &mut PgConnection,
    editor: i32,
    level: &Level,
    product: Option<&str>,
) -> Result<i32> {
    let mut level = level.clone();
    if let Some(name) = product {
        level.product_id = Some(crate::db::promotion::goods(conn, name).await?);
    }
    let document = serde_json::to_value(level).map_err(Refusal::internal)?;
    sqlx::query_scalar!(r#"select save_level($1, $2) as "id!""#, editor, document)
        .fetch_one(conn)
        .await
        .map_err(refuse)
}

/// Saves a top-up rule as the version after its own; id 0 makes a new rule.
///
/// # Errors
/// `staff.no_right`, `manage.changed`.
pub async fn save_rule(conn: &mut PgConnection, editor: i32, rule: &TopUpRule) -> Result<i32> {
    let document = serde_json::to_value(rule).map_err(Refusal::internal)?;
    sqlx::query_scalar!(r#"select save_rule($1, $2) as "id!""#, editor, document)
        .fetch_one(conn)
        .await
        .map_err(refuse)
}

/// Saves the shop's own terms.
///
/// # Errors
/// `staff.no_right`, `manage.changed`.
pub async fn save_terms(conn: &mut PgConnection, editor: i32, shop: &Shop) -> Result<()> {
    let document = serde_json::to_value(shop).map_err(Refusal::internal)?;
    sqlx::query_scalar!("select save_terms($1, $2)", editor, document)
        .fetch_one(conn)
        .await
        .map_err(refuse)?;
    Ok(())
}

/// Saves a store; id 0 makes a new one.
///
/// # Errors
/// `staff.no_right`, `manage.changed`.
pub async fn save_store(conn: &mut PgConnection, editor: i32, store: &Store) -> Result<i32> {
    let document = serde_json::to_value(store).map_err(Refusal::internal)?;
    sqlx::query_scalar!(r#"select save_store($1, $2) as "id!""#, editor, document)
        .fetch_one(conn)
        .await
        .map_err(refuse)
}

/// Saves how scales write labels; id 0 makes a new rule.
///
/// # Errors
/// `label.taken` when another rule has this prefix and length, `staff.no_right`, `manage.changed`.
pub async fn save_label(conn: &mut PgConnection, editor: i32, label: &LabelRule) -> Result<i32> {
    let document = serde_json::to_value(label).map_err(Refusal::internal)?;
    sqlx::query_scalar!(r#"select save_label($1, $2) as "id!""#, editor, document)
        .fetch_one(conn)
        .await
        .map_err(refuse)
}

/// Saves a till; id 0 makes a new one.
///
/// # Errors
/// `staff.no_right`, `manage.changed`, `till.has_operations` when it would go to another store.
pub async fn save_till(conn: &mut PgConnection, editor: i32, till: &Till) -> Result<i32> {
    let document = serde_json::to_value(till).map_err(Refusal::internal)?;
    sqlx::query_scalar!(r#"select save_till($1, $2) as "id!""#, editor, document)
        .fetch_one(conn)
        .await
        .map_err(refuse)
}

/// Saves what a role may do by itself (OP3).
///
/// # Errors
/// `staff.no_right` for the limits of a role that is not below the editor's, `staff.last_owner`,
/// `manage.changed`.
pub async fn save_limit(conn: &mut PgConnection, editor: i32, limit: &Limit) -> Result<()> {
    let document = serde_json::to_value(limit).map_err(Refusal::internal)?;
    sqlx::query_scalar!("select save_limit($1, $2)", editor, document)
        .fetch_one(conn)
        .await
        .map_err(refuse)?;
    Ok(())
}
