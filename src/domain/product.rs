//! Goods and services.

use serde::{Deserialize, Serialize};

use super::money::Fen;
use super::package::Package;

/// How a product is counted: pieces, grams, or times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    Piece,
    Weight,
    Service,
    /// Services paid for beforehand (PK1).
    Package,
}

impl ProductKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Piece => "piece",
            Self::Weight => "weight",
            Self::Service => "service",
            Self::Package => "package",
        }
    }
}

/// A product as the counter needs it. `price` is fen per piece or service, or per kilogram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub id: i32,
    /// Canonical barcode (14 digits) or the shop's own code.
    pub code: Option<String>,
    pub name: String,
    pub category_id: Option<i32>,
    pub kind: ProductKind,
    pub price: Fen,
    pub member_price: Option<Fen>,
    pub active: bool,
    /// Grows with every edit.
    pub version: i32,
    /// What a package holds.
    #[serde(default)]
    pub package: Option<Box<Package>>,
}
