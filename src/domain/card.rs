//! `Card`: what can be a member's card, and why another code cannot (MB1, PV1).

use std::fmt;
use std::ops::RangeInclusive;

use crate::domain::code::{Meaning, Origin, Situation, meanings};
use crate::domain::reader::{Near, Reader, is_random, known_by};

/// Characters of a card number: printable ASCII without spaces, so that it can be typed as well.
pub const LENGTH: RangeInclusive<usize> = 4..=40;

/// A code that can be a member's card, as far as it can be told by itself: the shop's data knows
/// which codes are goods, badges, or somebody's already.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    number: String,
    known_as: Vec<String>,
    near: Near,
    is_barcode: bool,
}

/// Whoever knows the number can pass for the member.
impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Card({} characters)", self.number.len())
    }
}

/// Why a code is no card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCard {
    Empty,
    PaymentCode,
    BankCard,
    /// guitai's own member code, or a staff badge.
    OwnCode,
    Phone,
    /// A chip that makes up its number anew every time ([`is_random`]).
    Random,
    /// Not [`LENGTH`] printable characters.
    Shape,
    /// The shop sells it.
    Goods,
    /// Some member has it.
    Taken,
    /// Some member had it: pending, lost or closed.
    Blocked,
}

impl NoCard {
    /// The text that says it.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Empty => "member.scan_card",
            Self::PaymentCode => "card.payment_code",
            Self::BankCard => "card.bank_card",
            Self::OwnCode => "card.own_code",
            Self::Phone => "card.phone",
            Self::Random => "card.random",
            Self::Shape => "card.shape",
            Self::Goods => "card.goods",
            Self::Taken => "card.taken",
            Self::Blocked => "card.blocked",
        }
    }

    /// Whether the code is worth money to whoever sees it, and has to be wiped.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::PaymentCode | Self::BankCard)
    }
}

impl Card {
    /// The card a scanned or typed code may be.
    ///
    /// # Errors
    /// Why it can be none.
    pub fn read(code: &str) -> Result<Self, NoCard> {
        Self::read_by(code, None)
    }

    /// The card a code may be that came from a reader: of one whose form is known, it is kept by its canonical
    /// bytes.
    ///
    /// # Errors
    /// Why it can be none.
    pub fn read_by(code: &str, reader: Option<&Reader>) -> Result<Self, NoCard> {
        let all = meanings(
            code,
            Origin::Scanned,
            Situation::Counter { member: true },
            &[],
        );
        if code.trim().is_empty() {
            return Err(NoCard::Empty);
        }
        let mut found = Err(NoCard::Shape);
        let mut is_barcode = false;
        for meaning in &all {
            match meaning {
                Meaning::Payment(_) => return Err(NoCard::PaymentCode),
                Meaning::BankCard => return Err(NoCard::BankCard),
                Meaning::StaffBadge(_) | Meaning::MemberCode(_) | Meaning::OwnCoupon => {
                    return Err(NoCard::OwnCode);
                }
                Meaning::Phone(_) => return Err(NoCard::Phone),
                Meaning::Barcode(_) | Meaning::Gs1(_) => is_barcode = true,
                Meaning::Card(number) if is_random(number, reader) => return Err(NoCard::Random),
                Meaning::Card(number) => {
                    let canonical = reader.and_then(|reader| reader.canonical(number));
                    found = Ok(canonical.unwrap_or_else(|| number.clone()));
                }
                _ => {}
            }
        }
        let (known_as, near) = known_by(&all, reader);
        found.map(|number| Self {
            number,
            known_as,
            near,
            is_barcode,
        })
    }

    /// As it is kept.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The spellings under which the shop may know it.
    #[must_use]
    pub fn known_as(&self) -> &[String] {
        &self.known_as
    }

    /// What else it may stand in the books as.
    #[must_use]
    pub const fn near(&self) -> &Near {
        &self.near
    }

    /// Whether it could be goods as well: its check digit holds.
    #[must_use]
    pub const fn is_barcode(&self) -> bool {
        self.is_barcode
    }
}

/// Whether this has the characters of a card number.
#[must_use]
pub fn fits(text: &str) -> bool {
    LENGTH.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::domain::token::{Bearer, Token};
    use proptest::prelude::*;

    #[test]
    fn cards() {
        for (code, number, is_barcode) in [
            ("0077712", "0077712", false),
            // EM: it may begin so.
            ("0134217728", "0134217728", false),
            (" 8800000000000013 ", "8800000000000013", false),
            ("ＶＩＰ－００１", "VIP-001", false),
            ("6901234567892", "6901234567892", true),
        ] {
            let card = Card::read(code).unwrap();
            assert_eq!((card.number(), card.is_barcode()), (number, is_barcode));
            assert!(card.known_as().iter().any(|known| known == number));
            assert!(!format!("{card:?}").contains(number));
        }
    }

    #[test]
    fn what_is_no_card() {
        let badge = Token::mint(Bearer::Staff, [7; 10]).to_string();
        let member = Token::mint(Bearer::Member, [7; 10]).to_string();
        let long = "7".repeat(41);
        for (code, why) in [
            ("", NoCard::Empty),
            (" \t", NoCard::Empty),
            ("135112298638468293", NoCard::PaymentCode),
            ("1351 1229 8638 4682 93", NoCard::PaymentCode),
            ("289431869362714645", NoCard::PaymentCode),
            ("6212345678901234567", NoCard::PaymentCode),
            ("%B4111111111111111^A/B^2512101?", NoCard::BankCard),
            (";4111111111111111=25121010000000000000?", NoCard::BankCard),
            (&badge, NoCard::OwnCode),
            (&member, NoCard::OwnCode),
            ("13800001380", NoCard::Phone),
            ("+86 138 0000 1380", NoCard::Phone),
            ("123", NoCard::Shape),
            ("08A1B2C3", NoCard::Random),
            (&long, NoCard::Shape),
            ("会员卡0001", NoCard::Shape),
            ("8800 0013", NoCard::Shape),
        ] {
            assert_eq!(Card::read(code).err(), Some(why), "{code}");
        }
    }

    proptest! {
        #[test]
        fn a_card_fits_and_is_read_again(code in prop_oneof!["\\PC{0,50}", "[0-9]{0,45}"]) {
            if let Ok(card) = Card::read(&code) {
                prop_assert!(fits(card.number()));
                prop_assert_eq!(Card::read(card.number()), Ok(card.clone()));
            }
        }
    }
}
