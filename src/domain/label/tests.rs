#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use super::*;
use proptest::prelude::*;

/// 13 digits: prefix, five of the item, five of money in fen.
pub(crate) fn by_money(prefix: &str) -> LabelRule {
    LabelRule {
        id: 1,
        prefix: prefix.to_owned(),
        plu_digits: 5,
        money_digits: 5,
        money_unit: MoneyUnit::Fen,
        weight_digits: 0,
        weight_unit: WeightUnit::Gram,
        weight_first: false,
        checked: true,
        active: true,
        version: 1,
    }
}

/// 13 digits: prefix, five of the item, five of weight in grams.
pub(crate) fn by_weight(prefix: &str) -> LabelRule {
    LabelRule {
        money_digits: 0,
        weight_digits: 5,
        ..by_money(prefix)
    }
}

/// 18 digits: money, then weight.
pub(crate) fn by_both(prefix: &str) -> LabelRule {
    LabelRule {
        weight_digits: 5,
        ..by_money(prefix)
    }
}

/// The label a scale writes by a rule; units that do not divide are cut.
pub(crate) fn write(rule: &LabelRule, plu: u32, grams: i64, money: Fen) -> String {
    let (p, m, w) = (rule.plu_digits, rule.money_digits, rule.weight_digits);
    let money = format!("{:0m$}", money.0 / rule.money_unit.fen());
    let grams = format!("{:0w$}", grams / rule.weight_unit.grams());
    let money = if m == 0 { String::new() } else { money };
    let grams = if w == 0 { String::new() } else { grams };
    let (first, second) = if rule.weight_first {
        (grams, money)
    } else {
        (money, grams)
    };
    let body = format!("{}{plu:0p$}{first}{second}", rule.prefix);
    let whole = with_check_digit(&body).unwrap();
    if rule.checked {
        return whole;
    }
    // A scale that leaves the last digit wrong.
    let zero = format!("{body}0");
    if zero == whole {
        format!("{body}1")
    } else {
        zero
    }
}

fn shown(plu: &str, grams: Option<i64>, money: Option<i64>) -> Shown {
    Shown {
        plu: plu.to_owned(),
        grams,
        money: money.map(Fen),
    }
}

#[test]
fn the_labels_of_the_scales() {
    let label = by_both("26").read("260012301575005258").unwrap();
    assert_eq!(
        (label.plu.as_str(), label.grams, label.money),
        ("00123", Some(525), Some(Fen(1_575)))
    );
    assert_eq!(label.codes, ["00123", "123", "260012301575005258"]);
    assert_eq!(by_both("26").pattern(), "26 XXXXX MMMMM WWWWW C");
    // The example of Odoo's nomenclature: 1.5 kg of 2112345000008.
    let label = by_weight("21").read("2112345015002").unwrap();
    assert_eq!((label.grams, label.money), (Some(1_500), None));
    assert_eq!(
        label.codes,
        ["12345", "02112345000008", "02112345015002", "2112345015002"]
    );
    assert_eq!(by_weight("21").read("2112345015003"), None);
    assert_eq!(by_weight("22").read("2112345015002"), None);
    let unchecked = LabelRule {
        checked: false,
        ..by_both("26")
    };
    assert!(unchecked.read("260012301575005250").is_some());
    assert_eq!(unchecked.pattern(), "26 XXXXX MMMMM WWWWW -");
}

#[test]
fn the_longest_prefix_of_an_active_rule_decides() {
    let short = by_weight("2");
    let short = LabelRule {
        plu_digits: 6,
        ..short
    };
    let long = by_money("21");
    let off = LabelRule {
        active: false,
        ..long.clone()
    };
    let code = "2112345015002";
    let money = |rules: &[LabelRule]| read(code, rules).unwrap().money;
    assert_eq!(money(&[short.clone(), long]), Some(Fen(1_500)));
    assert_eq!(money(&[short, off]), None);
    assert_eq!(read(code, &[]), None);
}

#[test]
fn proposals() {
    let all = propose("260012301575005258", &shown("123", Some(525), Some(1_575)));
    assert_eq!(
        all.first().map(LabelRule::pattern).as_deref(),
        Some("26 XXXXX MMMMM WWWWW C")
    );
    let all = propose("2112345015002", &shown("12345", Some(1_500), Some(4_470)));
    assert_eq!(
        all.first().map(LabelRule::pattern).as_deref(),
        Some("21 XXXXX WWWWW C")
    );
    // 10 g, jiao, and a last digit that is wrong.
    let all = propose("2800007001520", &shown("7", Some(1_520), None));
    let first = all.first().unwrap();
    assert_eq!(
        (first.weight_unit, first.checked),
        (WeightUnit::TenGrams, false)
    );
    let all = propose("2800007001520", &shown("7", None, Some(1_520)));
    assert_eq!(
        all.first().map(|rule| rule.money_unit),
        Some(MoneyUnit::Jiao)
    );
    for (code, shown) in [
        ("2112345015002", shown("12346", Some(1_500), None)),
        ("2112345015002", shown("12345", Some(1_501), None)),
        ("2112345015002", shown("12345", None, None)),
        ("2112345015002", shown("", Some(1_500), None)),
        ("211234501500", shown("12345", Some(1_500), None)),
        ("21123450150aa", shown("12345", Some(1_500), None)),
        ("", shown("1", Some(1), None)),
    ] {
        assert_eq!(propose(code, &shown), [], "{code} {shown:?}");
    }
}

fn any_rule() -> impl Strategy<Value = LabelRule> {
    let parts = (
        prop::sample::select(vec![13_usize, 18]),
        1_usize..=4,
        3_usize..=6,
        prop_oneof![Just(0_usize), 4_usize..=6],
        any::<bool>(),
        any::<bool>(),
        (0_usize..3, 0_usize..2),
        2_000_u32..3_000,
    );
    parts.prop_filter_map(
        "no label of 13 or 18 digits",
        |(length, prefix, plu_digits, money_digits, weight_first, checked, units, digits)| {
            let weight_digits = (length - 1).checked_sub(prefix + plu_digits + money_digits)?;
            let rule = LabelRule {
                prefix: digits.to_string().get(..prefix)?.to_owned(),
                plu_digits,
                money_digits,
                money_unit: *MoneyUnit::ALL.get(units.0)?,
                weight_digits,
                weight_unit: *WeightUnit::ALL.get(units.1)?,
                weight_first: weight_first && money_digits > 0 && weight_digits > 0,
                checked,
                ..by_money("2")
            };
            rule.is_sound().then_some(rule)
        },
    )
}

#[test]
fn what_may_be_a_label_before_there_is_a_rule() {
    for label in [
        "260012301575005258",
        // Many scales leave the last digit wrong.
        "260012301575005250",
        "2600 1230 1575 0052 58",
    ] {
        assert!(may_be(label), "{label}");
    }
    for other in [
        "135112298638468293",
        "120061098828009406",
        "28763443825664394",
        "6957842208856",
        "",
    ] {
        assert!(!may_be(other), "{other}");
    }
    assert!(is_own("2001230015755") && is_own("200012301575005258"));
    assert!(!is_own("6957842208856") && !is_own("200123001575") && !is_own(""));
    // A prefix of wallets, and a check digit that holds.
    let checked = with_check_digit("13001230157500525").unwrap();
    assert!(may_be(&checked), "{checked}");
}

proptest! {
    /// What a rule writes, the same rule reads, and so does every rule proposed for it.
    #[test]
    fn a_label_is_read_by_the_rule_that_is_proposed(rule in any_rule(), plu in 1_u32..1_000_000, grams in 1_i64..100_000, fen in 1_i64..1_000_000) {
        let plu = plu % 10_u32.pow(u32::try_from(rule.plu_digits).unwrap());
        let most = |digits: usize| 10_i64.pow(u32::try_from(digits).unwrap()) - 1;
        let fit = |value: i64, unit: i64, digits: usize| (value / unit).clamp(1, most(digits).max(1)) * unit;
        let grams = fit(grams, rule.weight_unit.grams(), rule.weight_digits);
        let money = Fen(fit(fen, rule.money_unit.fen(), rule.money_digits));
        let code = write(&rule, plu, grams, money);
        prop_assert_eq!(code.len(), rule.length());
        let label = read(&code, std::slice::from_ref(&rule)).unwrap();
        prop_assert_eq!(label.plu.parse::<u32>().unwrap(), plu);
        prop_assert_eq!(label.grams, (rule.weight_digits > 0).then_some(grams));
        prop_assert_eq!(label.money, (rule.money_digits > 0).then_some(money));
        let shown = Shown { plu: plu.to_string(), grams: Some(grams), money: Some(money) };
        let proposed = propose(&code, &shown);
        prop_assert!(!proposed.is_empty(), "{code}");
        for one in &proposed {
            prop_assert!(one.is_sound());
            let same = one.read(&code).unwrap();
            prop_assert!(one.money_digits == 0 || same.money == Some(money));
            prop_assert!(one.weight_digits == 0 || same.grams == Some(grams));
            prop_assert_eq!(same.plu.parse::<u32>().unwrap(), plu);
        }
        prop_assert!(proposed.iter().any(|one| one.pattern() == rule.pattern()), "{} for {code}: {proposed:?}", rule.pattern());
    }

    /// The usual forms are proposed first, and read other labels of the same scale too.
    #[test]
    fn the_usual_forms_come_first(which in 0_usize..3, prefix in 20_u32..30, plu in 10_000_u32..100_000, grams in 1_000_i64..100_000, fen in 1_000_i64..100_000, other in 1_i64..100_000) {
        let prefix = prefix.to_string();
        let rule = match which {
            0 => by_money(&prefix),
            1 => by_weight(&prefix),
            _ => by_both(&prefix),
        };
        prop_assume!(grams != fen);
        let code = write(&rule, plu, grams, Fen(fen));
        let shown = Shown { plu: plu.to_string(), grams: Some(grams), money: Some(Fen(fen)) };
        let first = propose(&code, &shown).into_iter().next().unwrap();
        prop_assert_eq!(first.pattern(), rule.pattern());
        let next = write(&rule, 7, other, Fen(other));
        prop_assert_eq!(first.read(&next), rule.read(&next));
    }

    #[test]
    fn never_panics(text in "\\PC{0,30}", digits in "[0-9]{0,20}", rule in any_rule(), plu in "[0-9]{0,8}", grams in any::<i64>(), fen in any::<i64>()) {
        let _ = (rule.read(&text), rule.read(&digits));
        let shown = Shown { plu, grams: Some(grams), money: Some(Fen(fen)) };
        let _ = (propose(&text, &shown), propose(&digits, &shown));
    }
}
