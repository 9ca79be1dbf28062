//! Who or what is meant by what was typed or scanned.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::product::Product;

/// What is typed so far, as `domain::code` understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    Digits(String),
    /// Lower-case pinyin letters.
    Letters(String),
    /// Characters, with the grams to look for.
    Name {
        name: String,
        grams: Vec<String>,
    },
}

/// Whose a scanned code is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    Member(Box<Member>),
    Product(Product),
    /// A staff badge: the staff number.
    Staff(String),
    /// A card that is pending, blocked or closed.
    Blocked(String),
    /// Nobody's, but it may be this card of hers as another reader prints it.
    Like {
        member: Box<Member>,
        card: String,
    },
    Nothing,
}

/// A line under the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    Member {
        id: i64,
        name: String,
        phone: Option<String>,
        level: String,
        stored_value: Fen,
        last_visit_on: Option<NaiveDate>,
    },
    Product {
        id: i32,
        name: String,
        code: Option<String>,
        price: Fen,
    },
}
