//! Who works here and what she may do by herself (OP3).

use serde::{Deserialize, Serialize};

use super::money::Fen;

/// Cashier records, manager approves, headquarters watches, the owner owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Cashier,
    Manager,
    Headquarters,
    Owner,
}

impl Role {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cashier => "cashier",
            Self::Manager => "manager",
            Self::Headquarters => "headquarters",
            Self::Owner => "owner",
        }
    }

    /// The role with this name; an unknown one has the fewest rights.
    #[must_use]
    pub fn named(name: &str) -> Self {
        serde_json::from_value(serde_json::Value::from(name)).unwrap_or(Self::Cashier)
    }
}

/// What a role may do without somebody else's approval. Amounts in fen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub role: Role,
    pub refund_max: Fen,
    pub refund_days: i32,
    pub top_up_max: Fen,
    pub price_override: bool,
    pub reveal_phone: bool,
    pub manage: bool,
}

/// A person who works here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    pub id: i32,
    pub number: String,
    pub name: String,
    pub role: Role,
    pub home_store_id: i32,
    pub badge: Option<String>,
    pub active: bool,
}

/// A PIN on its way to the check: never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(pub String);

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_never_shows() {
        assert_eq!(format!("{:?}", Pin("135790".into())), "Pin(****)");
    }
}
