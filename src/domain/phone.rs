//! `Phone`: a mainland mobile number, the commonest name of a member (MB1).

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Longest text looked at: eleven digits with country code and generous separators.
const MAX_TYPED: usize = 40;

/// A mainland mobile number: eleven digits, the first 1, the second 3 to 9 (MB1). `Debug` and
/// `Display` show `138****1234` (MB7); only [`Phone::digits`] gives all of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    /// Reads what people type, paste or dictate: full-width digits, spaces, dashes, brackets, and
    /// the prefixes +86, 0086 and 86. `None` is "not a mainland mobile number".
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut plus = false;
        let mut digits = String::new();
        for c in text.chars().take(MAX_TYPED + 1).nfkc() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if digits.is_empty() && !plus => plus = true,
                ' ' | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '(' | ')' | '.' => {}
                _ => return None,
            }
        }
        let local = if plus {
            digits.strip_prefix("86")?
        } else {
            local_part(&digits)
        };
        let mut bytes = local.bytes();
        let mobile = local.len() == 11
            && bytes.next() == Some(b'1')
            && bytes.next().is_some_and(|b| b >= b'3');
        mobile.then(|| Self(local.to_owned()))
    }

    /// All eleven digits: needs a right, and the look is logged (MB7).
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// `138****1234` (MB7).
    #[must_use]
    pub fn masked(&self) -> String {
        let (head, rest) = self.0.split_at_checked(3).unwrap_or_default();
        let (_, tail) = rest.split_at_checked(4).unwrap_or_default();
        format!("{head}****{tail}")
    }

    /// The last four digits, as customers say them (MB7).
    #[must_use]
    pub fn tail(&self) -> &str {
        self.0.split_at_checked(7).map_or("", |(_, tail)| tail)
    }
}

/// Eleven digits stay as they are: a mobile number never begins with 86 or 00.
fn local_part(digits: &str) -> &str {
    let bare = digits
        .strip_prefix("0086")
        .or_else(|| digits.strip_prefix("86"));
    bare.filter(|rest| rest.len() == 11).unwrap_or(digits)
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

/// The text is no mainland mobile number. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAPhone;

impl fmt::Display for NotAPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a mainland mobile number")
    }
}

impl std::error::Error for NotAPhone {}

impl TryFrom<String> for Phone {
    type Error = NotAPhone;
    fn try_from(text: String) -> Result<Self, NotAPhone> {
        Self::parse(&text).ok_or(NotAPhone)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ways_people_write_a_phone() {
        for text in [
            "13812341234",
            "138 1234 1234",
            "138-1234-1234",
            "+86 138 1234 1234",
            "+86-13812341234",
            "008613812341234",
            "8613812341234",
            "(+86)13812341234",
            "１３８１２３４１２３４",
            "138–1234–1234",
            " 13812341234 ",
            "＋８６13812341234",
        ] {
            assert_eq!(
                Phone::parse(text).unwrap().digits(),
                "13812341234",
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "1381234123",
            "138123412345",
            "12812341234",
            "02112341234",
            "+1 13812341234",
            "13812341234a",
            "861381234123",
            "+8613812341234567",
            "一三八",
            "1381234+1234",
        ] {
            assert!(Phone::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn screens_and_logs_show_it_masked() {
        let phone = Phone::parse("13898761234").unwrap();
        assert_eq!(
            (phone.masked().as_str(), phone.tail()),
            ("138****1234", "1234")
        );
        assert_eq!(
            format!("{phone} {phone:?}"),
            "138****1234 Phone(138****1234)"
        );
        assert_eq!(serde_json::to_string(&phone).unwrap(), "\"13898761234\"");
        assert!(serde_json::from_str::<Phone>("\"123\"").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}", near in "[+0-9０-９ -]{0,20}") {
            for text in [text, near] {
                if let Some(phone) = Phone::parse(&text) {
                    prop_assert_eq!(phone.digits().len(), 11);
                    prop_assert_eq!(Phone::parse(phone.digits()), Some(phone));
                }
            }
        }
    }
}
