//! Sales put aside (挂单) and taken up again.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::refuse::refuse;
use crate::domain::money::Fen;
use crate::error::{Refusal, Result};
use crate::query::{Cart, HeldSale};

/// Puts a sale aside. Again with the same id does nothing.
///
/// # Errors
/// Offline.
pub async fn hold(conn: &mut PgConnection, held: &HeldSale) -> Result<()> {
    let cart = serde_json::to_value(&held.cart).map_err(Refusal::internal)?;
    sqlx::query_scalar!(
        "select hold_sale($1, $2, $3, $4, $5, $6, $7)",
        held.id,
        held.till_id,
        held.staff_id,
        held.held_at,
        held.label,
        held.total.0,
        cart
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)?;
    Ok(())
}

/// The sales put aside in a store, oldest first.
///
/// # Errors
/// Offline.
pub async fn held(conn: &mut PgConnection, store: i32) -> Result<Vec<HeldSale>> {
    let rows = sqlx::query!(
        "select id, store_id, till_id, staff_id, held_at, label, total, cart from held_sale
         where merchant_id = seat_merchant() and store_id = $1 order by held_at, id limit 200",
        store
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    rows.into_iter()
        .map(|row| {
            Ok(HeldSale {
                id: row.id,
                store_id: row.store_id,
                till_id: row.till_id,
                staff_id: row.staff_id,
                held_at: row.held_at,
                label: row.label,
                total: Fen(row.total),
                cart: serde_json::from_value(row.cart).map_err(Refusal::internal)?,
            })
        })
        .collect()
}

/// Takes a held sale; `None` when somebody else was first.
///
/// # Errors
/// Offline.
pub async fn take(conn: &mut PgConnection, id: Uuid) -> Result<Option<Cart>> {
    let cart = sqlx::query_scalar!("select take_held_sale($1)", id)
        .fetch_one(conn)
        .await
        .map_err(refuse)?;
    cart.map(|value| serde_json::from_value(value).map_err(Refusal::internal))
        .transpose()
}
