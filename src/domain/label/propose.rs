//! From one label and what the scale shows to the rule it was written by.

use super::{FIELD, LENGTHS, LabelRule, MoneyUnit, PLU, WeightUnit};
use crate::domain::gtin::check_digit_holds;
use crate::domain::money::Fen;

/// Prefixes and item numbers, the most common lengths first.
const PREFIXES: [usize; 4] = [2, 1, 3, 4];
const PLUS: [usize; 4] = [5, 4, 6, 3];
const FIELDS: [usize; 3] = [5, 6, 4];

/// What the scale shows for the label: what it does not show is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The number of the item, with or without zeros before it.
    pub plu: String,
    pub grams: Option<i64>,
    pub money: Option<Fen>,
}

/// The rules by which a scale that shows this writes this label, the likeliest first. Every one of
/// them reads the label as it is shown. Empty when there is none: something was mistyped, or the label
/// holds more than was said.
///
/// The last digit counts when it is right: a wrong rule would have it right in one label of ten, so a
/// second label is worth its minute.
#[must_use]
pub fn propose(digits: &str, shown: &Shown) -> Vec<LabelRule> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let plu = shown.plu.trim_start_matches('0');
    let said = !shown.plu.is_empty() && shown.plu.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || !said || !LENGTHS.contains(&digits.len()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for prefix in PREFIXES {
        for plu_digits in PLUS {
            let at = digits.get(prefix..prefix + plu_digits);
            if PLU.contains(&plu_digits) && at.map(|at| at.trim_start_matches('0')) == Some(plu) {
                layouts(digits, prefix, plu_digits, shown, &mut found);
            }
        }
    }
    found
}

/// The fields behind prefix and number.
fn layouts(
    digits: &str,
    prefix: usize,
    plu_digits: usize,
    shown: &Shown,
    found: &mut Vec<LabelRule>,
) {
    let Some(room) = digits.len().checked_sub(prefix + plu_digits + 1) else {
        return;
    };
    let base = LabelRule {
        id: 0,
        prefix: digits.get(..prefix).unwrap_or_default().to_owned(),
        plu_digits,
        money_digits: 0,
        money_unit: MoneyUnit::Fen,
        weight_digits: 0,
        weight_unit: WeightUnit::Gram,
        weight_first: false,
        checked: check_digit_holds(digits),
        active: true,
        version: 0,
    };
    let mut consider = |money_digits, weight_digits, weight_first| {
        let rule = LabelRule {
            money_digits,
            weight_digits,
            weight_first,
            ..base.clone()
        };
        found.extend(units(digits, shown, &rule));
    };
    if FIELD.contains(&room) {
        consider(room, 0, false);
        consider(0, room, false);
    }
    for first in FIELDS {
        let second = room.checked_sub(first).filter(|rest| FIELD.contains(rest));
        if let Some(second) = second {
            consider(first, second, false);
            consider(second, first, true);
        }
    }
}

/// The rule in the units with which it reads the label as it is shown.
fn units(digits: &str, shown: &Shown, rule: &LabelRule) -> Option<LabelRule> {
    let agrees = |rule: &LabelRule| {
        let label = rule.read(digits);
        label.is_some_and(|label| {
            (rule.money_digits == 0 || label.money == shown.money)
                && (rule.weight_digits == 0 || label.grams == shown.grams)
        })
    };
    // A field that is zero says nothing of its unit.
    let says = (rule.money_digits == 0 || shown.money.is_some())
        && (rule.weight_digits == 0 || shown.grams.is_some());
    let mut all = MoneyUnit::ALL.into_iter().flat_map(|money_unit| {
        WeightUnit::ALL.map(|weight_unit| LabelRule {
            money_unit,
            weight_unit,
            ..rule.clone()
        })
    });
    all.find(|rule| says && agrees(rule))
}
