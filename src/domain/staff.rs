//! Who works here and what she may do by herself (OP3).

use chrono::{DateTime, TimeDelta, Utc};
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
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a right that a role has or has not"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub role: Role,
    pub refund_max: Fen,
    pub refund_days: i32,
    pub top_up_max: Fen,
    pub price_override: bool,
    pub reveal_phone: bool,
    /// Lists of members as files (PV2).
    pub export: bool,
    pub manage: bool,
    /// Grows with every edit.
    pub version: i32,
}

/// Something that needs a right, to do it or to approve it (OP3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Money goes back: a return, or the reversal of a top-up. `sold_at` is the original's time.
    GiveBack {
        amount: Fen,
        sold_at: DateTime<Utc>,
        now: DateTime<Utc>,
    },
    TopUp(Fen),
    /// A price set by hand.
    Price,
    /// The drawer opened without a payment (OP3): the right of whoever may set prices.
    Drawer,
    /// A blocked card that was found (MB5): the right of whoever may set prices.
    FreeCard,
    /// A coupon given by hand (PR4): the right of whoever may set prices.
    GiveCoupon,
    /// A service past its last day (PK2): the right of whoever may set prices.
    Past,
    /// Two members made one, or two again (MB4): the right of whoever may set prices.
    Merge,
    /// A package or coupon given to another member (PK1): the right of whoever may set prices.
    HandOver,
    /// A contract that ends before its last stage (SV5): the right of whoever may set prices.
    EndContract,
    /// A person forgotten (PV1): the right of whoever manages the shop.
    Erase,
    /// An edit of the shop.
    Manage,
}

impl Limit {
    /// Whether this role may do it by itself. The database asks the same of operator and approver.
    #[must_use]
    pub fn allows(&self, act: Act) -> bool {
        match act {
            Act::GiveBack {
                amount,
                sold_at,
                now,
            } => {
                let last = sold_at + TimeDelta::days(i64::from(self.refund_days));
                amount <= self.refund_max && now <= last
            }
            Act::TopUp(amount) => amount <= self.top_up_max,
            Act::Price
            | Act::Drawer
            | Act::Past
            | Act::FreeCard
            | Act::GiveCoupon
            | Act::Merge
            | Act::HandOver
            | Act::EndContract => self.price_override,
            Act::Manage | Act::Erase => self.manage,
        }
    }
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
    /// Grows with every edit.
    pub version: i32,
}

/// A PIN on its way to the check: never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(pub String);

/// Digits of a PIN.
pub const PIN_DIGITS: std::ops::RangeInclusive<usize> = 4..=12;

impl Pin {
    /// Why this is no good as a new PIN, as a key of the texts. Refused are those that whoever
    /// stands at the till tries first: one digit repeated, and digits in a row up or down. The
    /// delay after wrong PINs protects only those that are not among the first guesses.
    #[must_use]
    pub fn complaint(&self) -> Option<&'static str> {
        let digits = self.0.as_bytes();
        let only_digits = digits.iter().all(u8::is_ascii_digit);
        if !only_digits || !PIN_DIGITS.contains(&digits.len()) {
            return Some("staff.pin_length");
        }
        let steps = digits.iter().zip(digits.iter().skip(1));
        let mut steps = steps.map(|(a, b)| (b + 10 - a) % 10);
        let first = steps.next();
        let even = steps.all(|step| Some(step) == first);
        (even && matches!(first, Some(0 | 1 | 9))).then_some("staff.pin_easy")
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_guesses_are_refused() {
        let said = |digits: &str| Pin(digits.into()).complaint();
        for digits in ["", "123", "1234567890123", "12a4", "１２３４"] {
            assert_eq!(said(digits), Some("staff.pin_length"), "{digits}");
        }
        for digits in ["1111", "1234", "4321", "7890", "000000", "987654"] {
            assert_eq!(said(digits), Some("staff.pin_easy"), "{digits}");
        }
        for digits in ["2468", "1357", "1123", "5802"] {
            assert_eq!(said(digits), None, "{digits}");
        }
    }

    #[test]
    fn a_pin_never_shows() {
        assert_eq!(format!("{:?}", Pin("135790".into())), "Pin(****)");
    }
}
