//! Amounts of money: integer fen, never a float.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// An amount in fen (1/100 yuan). Arithmetic saturates: a shop never gets near `i64::MAX`,
/// and a saturated amount is refused by the database's limits instead of wrapping into a gift.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fen(pub i64);

/// The largest amount a person can type: 9,999,999.99 yuan.
pub const MAX_TYPED: Fen = Fen(999_999_999);

impl Fen {
    pub const ZERO: Self = Self(0);

    #[must_use]
    pub const fn yuan(yuan: i64) -> Self {
        Self(yuan.saturating_mul(100))
    }

    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    #[must_use]
    pub fn max_zero(self) -> Self {
        Self(self.0.max(0))
    }

    /// `self * numerator / denominator`, rounded down (towards minus infinity).
    /// A zero or negative denominator gives zero.
    #[must_use]
    pub fn ratio(self, numerator: i64, denominator: i64) -> Self {
        if denominator <= 0 {
            return Self::ZERO;
        }
        // Wide division is slow, and a price fits almost always.
        if let Some(product) = self.0.checked_mul(numerator) {
            return Self(product.div_euclid(denominator));
        }
        let product = i128::from(self.0) * i128::from(numerator);
        let quotient = product.div_euclid(i128::from(denominator));
        Self(i64::try_from(quotient).unwrap_or(i64::MAX))
    }

    /// Times a number of pieces.
    #[must_use]
    pub const fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// What a person typed: `68`, `68.5`, `0.01`. At most two decimals and [`MAX_TYPED`];
    /// no sign, no separators. `None` is "not an amount".
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let (yuan, cents) = typed.split_once('.').unwrap_or((typed, ""));
        if (yuan.is_empty() && cents.is_empty()) || yuan.len() > 7 || cents.len() > 2 {
            return None;
        }
        if !yuan
            .bytes()
            .chain(cents.bytes())
            .all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let whole: i64 = if yuan.is_empty() {
            0
        } else {
            yuan.parse().ok()?
        };
        let part: i64 = match cents.len() {
            0 => 0,
            1 => cents.parse::<i64>().ok()? * 10,
            _ => cents.parse().ok()?,
        };
        Some(Self(whole * 100 + part))
    }
}

/// `1,234`: a whole number as money is written, points for one.
#[must_use]
pub fn grouped(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", in_thousands(number.unsigned_abs()))
}

fn in_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1,234.00`: two decimals, thousands separated, a leading minus.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = value % 100;
        f.pad(&format!("{sign}{}.{cents:02}", in_thousands(value / 100)))
    }
}

impl Add for Fen {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Fen {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Fen {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Fen {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Fen {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// Splits `total` over `weights` in proportion, floor per share, the remainder to the last share
/// with a positive weight (PR5). The shares add up to `total` exactly; with no positive weight
/// every share is zero.
#[must_use]
pub fn allocate(total: Fen, weights: &[i64]) -> Vec<Fen> {
    let sum: i64 = weights
        .iter()
        .map(|w| (*w).max(0))
        .fold(0, i64::saturating_add);
    let mut shares: Vec<Fen> = weights
        .iter()
        .map(|w| total.ratio((*w).max(0), sum))
        .collect();
    let rest = total - shares.iter().copied().sum();
    if let Some(last) = weights.iter().rposition(|w| *w > 0)
        && let Some(share) = shares.get_mut(last)
    {
        *share += rest;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_numbers_are_grouped_as_money_is() {
        for (number, text) in [
            (0, "0"),
            (-7, "-7"),
            (999, "999"),
            (3_463, "3,463"),
            (-1_234_567, "-1,234,567"),
            (i64::MIN, "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn typed_amounts() {
        for (typed, fen) in [
            ("68", 6800),
            ("68.5", 6850),
            ("0.01", 1),
            (".5", 50),
            ("9999999.99", 999_999_999),
        ] {
            assert_eq!(Fen::parse(typed), Some(Fen(fen)), "{typed}");
        }
        for typed in [
            "", ".", "-1", "1,000", "1.234", "12345678", "1e3", "6８", " 1",
        ] {
            assert_eq!(Fen::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn shown_amounts() {
        assert_eq!(Fen(0).to_string(), "0.00");
        assert_eq!(Fen(123_400).to_string(), "1,234.00");
        assert_eq!(Fen(-1_960).to_string(), "-19.60");
        assert_eq!(Fen(100_000_001).to_string(), "1,000,000.01");
        assert_eq!(format!("{:>10}", Fen(5)), "      0.05");
    }

    proptest! {
        /// PR5: allocation loses no fen, and no share passes its bound.
        #[test]
        fn allocation_loses_no_fen(total in 0_i64..10_000_000, weights in prop::collection::vec(0_i64..100_000, 1..40)) {
            let shares = allocate(Fen(total), &weights);
            let sum: Fen = shares.iter().copied().sum();
            if weights.iter().any(|w| *w > 0) {
                prop_assert_eq!(sum, Fen(total));
            } else {
                prop_assert_eq!(sum, Fen::ZERO);
            }
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(share.0 >= 0);
                prop_assert!(*weight > 0 || share.is_zero());
            }
        }

        #[test]
        fn what_is_shown_can_be_typed(fen in 0_i64..999_999_999) {
            let shown = Fen(fen).to_string().replace(',', "");
            prop_assert_eq!(Fen::parse(&shown), Some(Fen(fen)));
        }
    }
}
