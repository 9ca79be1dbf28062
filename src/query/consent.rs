//! What somebody agreed to (PV1).

use chrono::{DateTime, Utc};

/// What for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The terms of the membership.
    Membership,
    Marketing,
    /// The data of a child under 14, by its guardian (MB6).
    Guardian,
}

impl Purpose {
    pub const ALL: [Self; 3] = [Self::Membership, Self::Marketing, Self::Guardian];

    /// The name in Postgres.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Membership => "membership",
            Self::Marketing => "marketing",
            Self::Guardian => "guardian",
        }
    }

    /// The purpose with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// The last word on a purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub purpose: Purpose,
    /// Else it was withdrawn.
    pub is_given: bool,
    /// Of the text.
    pub version: i32,
    pub at: DateTime<Utc>,
    /// Who wrote it down.
    pub staff: String,
}
