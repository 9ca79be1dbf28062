//! Who stands at which till: what every screen may know without asking.

use std::fmt;

use chrono::{DateTime, FixedOffset, Offset, Utc};
use uuid::Uuid;

/// The person who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    pub id: Uuid,
    /// What she types to sign in.
    pub number: String,
    pub name: String,
}

/// One cashier's time at one till (OP1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    pub id: Uuid,
    pub opened_at: DateTime<Utc>,
}

/// How the database answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Connection {
    #[default]
    Online,
    Slow,
    Offline,
    /// A payment was sent and its answer never came: being resolved by its id.
    Unknown {
        /// The short code of the operation, for example `7F3A`.
        code: String,
    },
}

/// What the header says of the scanner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ScannerSign {
    /// None was ever seen: nothing is shown.
    #[default]
    None,
    Ready,
    Trouble,
}

/// What every screen may read, and the sign-in and shift screens change.
#[derive(Debug, Clone)]
pub struct Session {
    pub shop: String,
    pub till_name: String,
    pub till_number: u16,
    pub staff: Option<Staff>,
    pub shift: Option<Shift>,
    pub connection: Connection,
    pub scanner: ScannerSign,
    /// The shop's time: +08:00 (OP2).
    pub offset: FixedOffset,
}

impl Session {
    /// Nobody signed in yet.
    #[must_use]
    pub fn new(till_name: impl Into<String>, till_number: u16) -> Self {
        Self {
            shop: String::new(),
            till_name: till_name.into(),
            till_number,
            staff: None,
            shift: None,
            connection: Connection::default(),
            scanner: ScannerSign::default(),
            offset: shanghai(),
        }
    }

    /// `at` on the shop's clock, `09:02`.
    #[must_use]
    pub fn clock(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.offset).format("%H:%M").to_string()
    }
}

/// Asia/Shanghai: +08:00 all year since 1991.
fn shanghai() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).unwrap_or_else(|| Utc.fix())
}

/// A PIN on its way to the check: never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(pub String);

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
