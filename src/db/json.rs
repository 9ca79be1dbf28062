//! Documents from Postgres as plain data.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Refusal, Result};

/// Reads a document that must be there.
///
/// # Errors
/// `refusal.not_found` when it is null; internal when its shape is not the expected one.
pub fn read<T: DeserializeOwned>(document: Option<Value>) -> Result<T> {
    let value = document
        .filter(|value| !value.is_null())
        .ok_or_else(|| Refusal::user("refusal.not_found"))?;
    serde_json::from_value(value).map_err(Refusal::internal)
}
