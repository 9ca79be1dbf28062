//! A person, and what opens her account.

use serde::{Deserialize, Serialize};

use crate::domain::ledger::Stamp;
use crate::domain::member::Gender;

/// What is known of a person; all of it optional (MB1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub birth_year: Option<i32>,
    pub birth_month: Option<u32>,
    pub birth_day: Option<u32>,
    pub gender: Option<Gender>,
    pub notes: String,
}

/// A card, or the member's own code, by its end (MB5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Names it without saying what stands on it.
    pub key: String,
    /// Else it is her own code.
    pub is_card: bool,
    pub tail: String,
    pub state: CredentialState,
}

/// What a card opens (MB5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialState {
    Pending,
    Active,
    Blocked,
    Closed,
}

/// An enrolment. Phones and cards stay out of the till's journal: it keeps the id and the hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    pub stamp: Stamp,
    /// Eleven digits.
    pub phone: Option<String>,
    pub card: Option<String>,
    /// The member's own QR code.
    pub code: String,
    pub person: Person,
    /// The purposes she agreed to (PV1): `membership`, `marketing`.
    pub consents: Vec<String>,
    /// Who brought her: a phone, a card or a code, as the books spell it (OR6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
}
