//! What services took from the shelf, as the lists of the shop show it (PK2).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::domain::recipe::MaterialUnit;

/// Business days, both counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// One material over some days.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MaterialUsed {
    pub product_id: i32,
    pub name: String,
    pub unit: MaterialUnit,
    /// Pieces or grams.
    pub quantity: i64,
    pub uses: i64,
    /// Uses whose money came back afterwards: the material is gone all the same.
    pub returned: i64,
    /// By service: its name, uses, and pieces or grams; the most first.
    pub services: Vec<(String, i64, i64)>,
}

/// One service on a receipt that took some of a material.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaterialUse {
    pub receipt_id: Uuid,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub till: String,
    pub member: Option<String>,
    pub service: String,
    /// Who served, where that was said.
    pub served: Option<String>,
    pub uses: i64,
    pub returned: i64,
    /// Pieces or grams.
    pub quantity: i64,
}
