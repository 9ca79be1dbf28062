//! Scale labels: scan one, type what the scale shows, and the rule is proposed.

use std::fmt;

use super::edit::{Edit, Subject};
use super::list::Rows;
use crate::domain::carried::kilograms;
use crate::domain::label::{self, Label, LabelRule, MoneyUnit, Shown, WeightUnit, propose};
use crate::domain::money::Fen;
use crate::query::Query;
use crate::session::Session;
use crate::ui::screen::{Cx, Look};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Form, Word};
use crate::ui::widgets::table::{Cell, Column};

/// Longest label, number of an item, weight, characters.
const LABEL_LENGTH: usize = 18;
const PLU_LENGTH: usize = 6;
const WEIGHT_LENGTH: usize = 7;

/// Places in the form of a test; those of a rule begin the same.
const LABEL: usize = 0;
const PLU: usize = 1;
const WEIGHT: usize = 2;
const MONEY: usize = 3;
const RULE: usize = 4;
const CHECKED: usize = 1;
const ACTIVE: usize = 2;

/// The list of rules.
#[derive(Debug)]
pub struct Labels;

impl Rows for Labels {
    type Row = LabelRule;
    const TITLE: &'static str = "manage.labels";
    const EMPTY: &'static str = "label.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("label.pattern"),
        Column::fixed("label.units", 16),
        Column::fixed("label.check_short", 10),
        Column::fixed("", 6),
    ];

    fn id(rule: &LabelRule) -> i32 {
        rule.id
    }

    fn known(session: &Session) -> Vec<LabelRule> {
        known(session)
    }

    fn cells(rule: &LabelRule, look: &Look) -> Vec<Cell> {
        let tone = if rule.active { Role::Text } else { Role::Dim };
        let check = if rule.checked {
            "label.counts"
        } else {
            "label.counts_not"
        };
        let off = if rule.active {
            ""
        } else {
            look.text("manage.off")
        };
        vec![
            Cell::from(rule.pattern()).role(tone),
            Cell::from(units(rule, |key| look.text(key).to_owned())).role(Role::Dim),
            Cell::from(look.text(check)).role(Role::Dim),
            Cell::from(off).role(Role::Dim),
        ]
    }

    fn edit(row: Option<&LabelRule>, session: &Session) -> Edit {
        match row {
            Some(rule) => Edit::new(Draft { rule: rule.clone() }, session),
            None => Edit::new(Test::new(session), session),
        }
    }
}

fn known(session: &Session) -> Vec<LabelRule> {
    let shop = session.shop.iter();
    shop.flat_map(|shop| shop.labels.clone()).collect()
}

/// What one in its fields is, in their order.
fn units(rule: &LabelRule, text: impl Fn(&'static str) -> String) -> String {
    let money = (rule.money_digits > 0).then(|| {
        text(match rule.money_unit {
            MoneyUnit::Fen => "label.fen",
            MoneyUnit::Jiao => "label.jiao",
            MoneyUnit::Yuan => "label.yuan",
        })
    });
    let weight = (rule.weight_digits > 0).then(|| {
        text(match rule.weight_unit {
            WeightUnit::Gram => "label.gram",
            WeightUnit::TenGrams => "label.ten_grams",
        })
    });
    let fields = if rule.weight_first {
        [weight, money]
    } else {
        [money, weight]
    };
    fields.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What a label says, in words.
fn read_as(key: &'static str, label: &Label) -> Say {
    let grams = label.grams.map_or("-".to_owned(), kilograms);
    let money = label.money.map_or("-".to_owned(), |fen| fen.to_string());
    Say::new(key)
        .with("plu", &label.plu)
        .with("weight", grams)
        .with("money", money)
}

/// `0.525`.
/// A weight as scales show it, kilograms with up to three decimals, in grams.
fn grams(typed: &str) -> Option<i64> {
    let typed = typed.replace(['\u{ff0e}', '\u{3002}'], ".");
    let (whole, part) = typed.split_once('.').unwrap_or((&typed, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 3 || whole.len() + part.len() == 0 {
        return None;
    }
    let number = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            text.parse::<i64>().ok()
        }
    };
    let grams = number(whole)?.checked_mul(1_000)? + number(&format!("{part:0<3}"))?;
    (1..1_000_000).contains(&grams).then_some(grams)
}

/// A label being tested. What was scanned stands in the form and goes with it: only the rule is kept.
struct Test {
    known: Vec<LabelRule>,
    proposed: Vec<LabelRule>,
    /// What the proposals are for.
    of: Option<(String, Shown)>,
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Test({} proposals)", self.proposed.len())
    }
}

impl Test {
    fn new(session: &Session) -> Self {
        Self {
            known: known(session),
            proposed: Vec::new(),
            of: None,
        }
    }

    /// What the scale shows, as it was typed; none where something is no number.
    fn shown(form: &Form) -> Option<Shown> {
        let weight = match form.value(WEIGHT) {
            "" => None,
            typed => Some(grams(typed)?),
        };
        let money = match form.value(MONEY) {
            "" => None,
            typed => Some(Fen::parse(typed)?),
        };
        Some(Shown {
            plu: form.value(PLU).to_owned(),
            grams: weight,
            money,
        })
    }

    fn propose(&mut self, form: &mut Form) {
        let now = Self::shown(form).map(|shown| (form.value(LABEL).to_owned(), shown));
        if now == self.of {
            return;
        }
        self.proposed = now
            .as_ref()
            .map(|(label, shown)| propose(label, shown))
            .unwrap_or_default();
        let words = self.proposed.iter().map(|rule| Word::from(rule.pattern()));
        form.offer(RULE, words.collect());
        self.of = now;
    }
}

impl Subject for Test {
    fn bindings(&self) -> &'static str {
        "label"
    }

    fn title(&self) -> Say {
        Say::new("label.test")
    }

    fn about(&self) -> Option<&'static str> {
        Some("label.test_about")
    }

    fn form(&self, _session: &Session) -> Form {
        let digits = |length| Field::new(Kind::Digits).most(length);
        Form::new()
            .field("label.label", digits(LABEL_LENGTH))
            .field("label.plu", digits(PLU_LENGTH))
            .hint("label.plu_hint")
            .field("label.weight", Field::new(Kind::Any).most(WEIGHT_LENGTH))
            .hint("label.weight_hint")
            .field("label.money", Field::new(Kind::Amount))
            .hint("label.money_hint")
            .choice("label.rule", Vec::<Word>::new(), 0)
    }

    fn edited(&mut self, form: &mut Form) {
        self.propose(form);
        let label = form.value(LABEL);
        let known = label::read(label, &self.known);
        let hint = match (known, label.len()) {
            (Some(known), _) => read_as("label.known", &known),
            (None, 0) => Say::new("label.scan"),
            (None, 13 | 18) => Say::new("label.tell"),
            (None, _) => Say::new("label.wrong_length"),
        };
        let chosen = self.proposed.get(form.chosen(RULE));
        let rule = match chosen {
            Some(rule) if self.proposed.len() > 1 => {
                let more = self.proposed.len() - 1;
                let words = Say::new("label.proposed_more").with("more", more);
                words.with("units", units(rule, short))
            }
            Some(rule) => Say::new("label.proposed").with("units", units(rule, short)),
            None => Say::new("label.not_yet"),
        };
        form.say_hint(LABEL, Some(hint));
        form.say_hint(RULE, Some(rule));
    }

    fn scanned(&mut self, code: &str, form: &mut Form) {
        let plain = code.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || !label::LENGTHS.contains(&code.len()) {
            form.refuse(LABEL, "label.no_label");
            return;
        }
        form.fill(LABEL, code);
        form.go(PLU);
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        form.need_text(LABEL)?;
        form.need_text(PLU)?;
        if !form.value(WEIGHT).is_empty() && grams(form.value(WEIGHT)).is_none() {
            form.refuse(WEIGHT, "label.weight_wrong");
            return None;
        }
        if !form.value(MONEY).is_empty() {
            form.need_amount(MONEY)?;
        }
        self.propose(form);
        let Some(label) = self.proposed.get(form.chosen(RULE)).cloned() else {
            form.refuse(RULE, "label.no_rule");
            return None;
        };
        Some(Query::SaveLabel { editor, label })
    }
}

/// Units beside a field, where there is little room: the same in both languages.
fn short(key: &'static str) -> String {
    match key {
        "label.fen" => "¥0.01",
        "label.jiao" => "¥0.1",
        "label.yuan" => "¥1",
        "label.gram" => "1g",
        _ => "10g",
    }
    .to_owned()
}

/// A rule being edited. Another pattern is another rule: test a label for it.
struct Draft {
    rule: LabelRule,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({})", self.rule.id)
    }
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "label"
    }

    fn title(&self) -> Say {
        Say::new("label.edit").with("pattern", self.rule.pattern())
    }

    fn form(&self, _session: &Session) -> Form {
        Form::new()
            .field("label.label", Field::new(Kind::Digits).most(LABEL_LENGTH))
            .yes_no("label.checked", self.rule.checked)
            .hint("label.checked_hint")
            .yes_no("label.active", self.rule.active)
    }

    fn edited(&mut self, form: &mut Form) {
        let rule = LabelRule {
            checked: form.is_yes(CHECKED),
            ..self.rule.clone()
        };
        let hint = match (form.value(LABEL), rule.read(form.value(LABEL))) {
            ("", _) => Say::new("label.try"),
            (_, Some(label)) => read_as("label.reads", &label),
            (_, None) => Say::new("label.reads_not"),
        };
        form.say_hint(LABEL, Some(hint));
    }

    fn scanned(&mut self, code: &str, form: &mut Form) {
        let plain = code.bytes().all(|byte| byte.is_ascii_digit());
        if plain && code.len() <= LABEL_LENGTH {
            form.fill(LABEL, code);
        } else {
            form.refuse(LABEL, "label.no_label");
        }
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let label = LabelRule {
            checked: form.is_yes(CHECKED),
            active: form.is_yes(ACTIVE),
            ..self.rule.clone()
        };
        Some(Query::SaveLabel { editor, label })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_as_scales_show_them() {
        for (typed, came) in [
            ("0.525", Some(525)),
            (".5", Some(500)),
            ("1", Some(1_000)),
            ("1.", Some(1_000)),
            ("0。525", Some(525)),
            ("12.34", Some(12_340)),
            ("0", None),
            ("", None),
            (".", None),
            ("1.2345", None),
            ("-1", None),
            ("525g", None),
            ("9999999", None),
        ] {
            assert_eq!(grams(typed), came, "{typed}");
        }
        assert_eq!(kilograms(525), "0.525");
    }
}
