//! `coupon`: a right to pay less, once (PR4).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::money::Fen;
use super::promotion::{Occasion, RuleRef, Scope, When, Who};

/// What a coupon gives. The percentage is what remains to be paid, in basis points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// An amount off, fen.
    Amount { off: Fen },
    /// A share, up to `cap` fen off.
    Percent { paid: i64, cap: Option<Fen> },
    /// Pieces or services of its scope without charge, the dearest first.
    Free { quantity: i64 },
}

/// A coupon somebody wants to use, with the rule it was issued under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    pub id: Uuid,
    #[serde(flatten)]
    pub rule: RuleRef,
    pub name: String,
    /// Its own validity is in here, too.
    pub when: When,
    pub who: Who,
    pub scope: Scope,
    /// What the lines of its scope must come to after earlier reductions (PR2), fen.
    pub from: Fen,
    pub gives: Gives,
    /// Coupons of one group go together; without a group it goes alone.
    pub stack: Option<String>,
}

impl Coupon {
    /// Whether it holds in these circumstances, whatever is in the cart.
    #[must_use]
    pub fn holds(&self, occasion: &Occasion) -> bool {
        self.when.holds(occasion.now) && self.who.holds(occasion)
    }
}

/// What became of a coupon that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It took this off, fen.
    Used(Fen),
    /// Not now, not here or not for her.
    NotNow,
    /// So much is missing in its scope, fen.
    Short(Fen),
    /// There is nothing in the cart that it is for.
    Nothing,
    /// Another one takes off more, and they do not go together.
    Another,
}
