//! `LabelRule`: how the shop's scales write a label, and what one label says (scanner.md 5.3).
//!
//! A label is 13 or 18 digits: prefix, item number (PLU), money or weight or both, one last digit for the
//! check. The number of digits of each, their units and their order are the shop's own: rules, not code.

mod propose;

use serde::{Deserialize, Serialize};

use super::gtin::{check_digit_holds, with_check_digit};
use super::money::Fen;
use super::payment_code::wipe;
pub use propose::{Shown, propose};

/// Digits of a label, all of them.
pub const LENGTHS: [usize; 2] = [13, 18];
/// Digits of a prefix.
pub const PREFIX: std::ops::RangeInclusive<usize> = 1..=4;
/// Digits of an item number.
pub const PLU: std::ops::RangeInclusive<usize> = 3..=6;
/// Digits of money and of weight, where there is such a field.
pub const FIELD: std::ops::RangeInclusive<usize> = 4..=6;

/// What one in the money field is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyUnit {
    #[default]
    Fen,
    Jiao,
    Yuan,
}

impl MoneyUnit {
    pub const ALL: [Self; 3] = [Self::Fen, Self::Jiao, Self::Yuan];

    /// Fen.
    #[must_use]
    pub const fn fen(self) -> i64 {
        match self {
            Self::Fen => 1,
            Self::Jiao => 10,
            Self::Yuan => 100,
        }
    }
}

/// What one in the weight field is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightUnit {
    #[default]
    Gram,
    TenGrams,
}

impl WeightUnit {
    pub const ALL: [Self; 2] = [Self::Gram, Self::TenGrams];

    /// Grams.
    #[must_use]
    pub const fn grams(self) -> i64 {
        match self {
            Self::Gram => 1,
            Self::TenGrams => 10,
        }
    }
}

/// One way the shop's scales write labels. Digits of a field that is not there are 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRule {
    pub id: i32,
    pub prefix: String,
    pub plu_digits: usize,
    pub money_digits: usize,
    pub money_unit: MoneyUnit,
    pub weight_digits: usize,
    pub weight_unit: WeightUnit,
    pub weight_first: bool,
    /// Whether the last digit is the check digit of the others; many scales leave it wrong.
    pub checked: bool,
    pub active: bool,
    /// Grows with every edit.
    pub version: i32,
}

/// What a label says. A field that is there and zero says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// As it stands on the label, with its zeros.
    pub plu: String,
    pub grams: Option<i64>,
    pub money: Option<Fen>,
    /// Whether its check digit was looked at, and holds.
    pub checked: bool,
    /// The codes under which the shop may keep the item, the likeliest first.
    pub codes: Vec<String>,
}

impl LabelRule {
    /// Digits of a label in all.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.prefix.len() + self.plu_digits + self.money_digits + self.weight_digits + 1
    }

    /// Whether labels can be written so.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let field = |digits| digits == 0 || FIELD.contains(&digits);
        PREFIX.contains(&self.prefix.len())
            && self.prefix.bytes().all(|byte| byte.is_ascii_digit())
            && PLU.contains(&self.plu_digits)
            && field(self.money_digits)
            && field(self.weight_digits)
            && self.money_digits + self.weight_digits > 0
            && LENGTHS.contains(&self.length())
    }

    /// The label as a pattern: `26 XXXXX MMMMM WWWWW C`, with a `-` for a last digit that does not count.
    #[must_use]
    pub fn pattern(&self) -> String {
        let mut parts = vec![self.prefix.clone(), "X".repeat(self.plu_digits)];
        let money = "M".repeat(self.money_digits);
        let weight = "W".repeat(self.weight_digits);
        let fields = if self.weight_first {
            [weight, money]
        } else {
            [money, weight]
        };
        parts.extend(fields.into_iter().filter(|field| !field.is_empty()));
        parts.push(if self.checked { "C" } else { "-" }.to_owned());
        parts.join(" ")
    }

    /// What a label of this rule says; `None` when it is none.
    #[must_use]
    pub fn read(&self, digits: &str) -> Option<Label> {
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || digits.len() != self.length() || !self.is_sound() {
            return None;
        }
        let body = digits.strip_prefix(self.prefix.as_str())?;
        if self.checked && !check_digit_holds(digits) {
            return None;
        }
        let (plu, fields) = body.split_at_checked(self.plu_digits)?;
        let first = if self.weight_first {
            self.weight_digits
        } else {
            self.money_digits
        };
        let (first, rest) = fields.split_at_checked(first)?;
        let second = rest.get(..rest.len().checked_sub(1)?)?;
        let (money, weight) = if self.weight_first {
            (second, first)
        } else {
            (first, second)
        };
        let value = |field: &str, unit: i64| {
            let value: i64 = field.parse().ok()?;
            (value > 0).then_some(value * unit)
        };
        Some(Label {
            plu: plu.to_owned(),
            grams: value(weight, self.weight_unit.grams()),
            money: value(money, self.money_unit.fen()).map(Fen),
            checked: self.checked,
            codes: self.codes(plu, digits),
        })
    }

    /// The number with and without its zeros, the label with zeros in its fields, and the whole label: some
    /// goods carry a fixed code of the shop's own that looks like a label.
    fn codes(&self, plu: &str, digits: &str) -> Vec<String> {
        let mut codes = vec![plu.to_owned()];
        let short = plu.trim_start_matches('0');
        if !short.is_empty() && short != plu {
            codes.push(short.to_owned());
        }
        if digits.len() == 13 {
            let fields = "0".repeat(self.money_digits + self.weight_digits);
            let base = with_check_digit(&format!("{}{plu}{fields}", self.prefix));
            codes.extend(base.map(|base| format!("0{base}")));
            codes.push(format!("0{digits}"));
        }
        codes.push(digits.to_owned());
        codes
    }
}

/// What a label says by the shop's rules: of the active ones the one with the longest prefix.
#[must_use]
pub fn read(digits: &str, rules: &[LabelRule]) -> Option<Label> {
    let fits = rules.iter().filter(|rule| rule.active);
    let fits = fits.filter_map(|rule| Some((rule.prefix.len(), rule.read(digits)?)));
    fits.max_by_key(|(prefix, _)| *prefix)
        .map(|(_, label)| label)
}

/// Whether a code nobody knows has the length of a label and a prefix of goods of the shop's own.
#[must_use]
pub fn is_own(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    plain && LENGTHS.contains(&text.len()) && text.starts_with('2')
}

/// Whether a text that looks like a payment code may be a label of 18 digits nobody made a rule for yet:
/// the prefix of goods of the shop's own, or a check digit that holds (scanner.md 5.3, 5.4). It proves nothing.
#[must_use]
pub fn may_be(text: &str) -> bool {
    let mut digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let may_be = digits.len() == 18 && (digits.starts_with('2') || check_digit_holds(&digits));
    wipe(&mut digits);
    may_be
}

#[cfg(test)]
pub(crate) mod tests;
