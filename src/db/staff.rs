//! Who signs in.

use sqlx::PgConnection;

use crate::db::pin;
use crate::db::refuse::refuse;
use crate::db::shop;
use crate::domain::staff::{Pin, Staff};
use crate::error::{Refusal, Result};

/// Checks a staff number or a badge with a PIN. The attempt is counted in the database before it is judged, here:
/// the database takes the console's word for who operates and who approves.
///
/// # Errors
/// `sign_in.wrong` for a wrong number or PIN (the two look the same), `sign_in.wait` with the seconds to wait
/// after too many wrong ones.
pub async fn sign_in(conn: &mut PgConnection, number: &str, pin: &Pin) -> Result<Staff> {
    let tried = sqlx::query!(
        r#"select staff_id as "id!", pin_hash, wait_seconds as "wait!" from try_pin($1, $1)"#,
        number
    )
    .fetch_optional(&mut *conn)
    .await
    .map_err(refuse)?;
    let Some(tried) = tried else {
        return Err(Refusal::user("sign_in.wrong"));
    };
    let Some(hash) = tried.pin_hash else {
        return Err(Refusal::user("sign_in.wait").with("seconds", tried.wait));
    };
    let pin = pin.clone();
    let right = tokio::task::spawn_blocking(move || pin::matches(&pin, &hash))
        .await
        .map_err(Refusal::internal)?;
    if !right {
        return Err(Refusal::user("sign_in.wrong"));
    }
    sqlx::query!("select right_pin($1)", tried.id)
        .fetch_one(&mut *conn)
        .await
        .map_err(refuse)?;
    let all = shop::staff(conn).await?;
    all.into_iter()
        .find(|staff| staff.id == tried.id)
        .ok_or_else(|| Refusal::user("sign_in.wrong"))
}
