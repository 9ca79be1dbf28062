//! Makes the shop of an empty database.

use sqlx::PgConnection;

use crate::db::pin;
use crate::db::refuse::refuse;
use crate::domain::preset;
use crate::domain::set_up::{NewShop, NewStaff, NewStore};
use crate::domain::staff::Role;
use crate::error::{Refusal, Result};
use crate::query::SetUp;

/// Makes a shop with one store, one till and its owner. Hashes the PIN, so it blocks for a moment.
///
/// # Errors
/// `set_up.no_preset`; `set_up.done_already` where there is a shop; what is wrong with the PIN; offline.
pub async fn set_up(conn: &mut PgConnection, answers: &SetUp) -> Result<()> {
    if let Some(hint) = answers.pin.complaint() {
        return Err(Refusal::user(hint));
    }
    let preset = preset::named(&answers.preset).ok_or_else(|| Refusal::user("set_up.no_preset"))?;
    let till = if answers.english { "Till 1" } else { "1号台" };
    let new = NewShop {
        name: &answers.shop,
        industry: &answers.preset,
        preset: &preset,
        english: answers.english,
        stores: &[NewStore {
            name: answers.store.clone(),
            tills: vec![till.to_owned()],
        }],
        staff: &[NewStaff {
            number: answers.number.clone(),
            name: answers.owner.clone(),
            role: Role::Owner,
            store_id: 1,
            badge: None,
            pin_hash: pin::hash(&answers.pin)?,
        }],
    };
    make(conn, &new).await
}

/// Makes a shop as described.
///
/// # Errors
/// `set_up.done_already` where there is one; offline.
pub async fn make(conn: &mut PgConnection, new: &NewShop<'_>) -> Result<()> {
    sqlx::query_scalar!("select set_up($1)", new.document())
        .fetch_one(conn)
        .await
        .map_err(refuse)?;
    Ok(())
}
