//! Top-up rules (SV4). A rule is never changed: saving makes a new version, and top-ups that were
//! posted keep the one they were made under.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use unicode_normalization::UnicodeNormalization;

use super::edit::{Edit, Subject};
use super::gives::Gives;
use super::list::Rows;
use super::products::typed;
use super::trial::TryRule;
use crate::domain::benefit::{Benefit, Every, Instalments};
use crate::domain::money::Fen;
use crate::domain::top_up::TopUpRule;
use crate::query::{Query, Tried};
use crate::session::Session;
use crate::ui::screen::{Cx, Look, Screen};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Form, Word};
use crate::ui::widgets::table::{Cell, Column};

/// Longest name; digits of a count, of days, of points; characters of a moment.
const NAME_LENGTH: usize = 30;
const COUNT_LENGTH: usize = 2;
const DAYS_LENGTH: usize = 4;
const POINTS_LENGTH: usize = 6;
const MOMENT_LENGTH: usize = 16;

/// Places in the form.
const AMOUNT: usize = 0;
const NAME: usize = 1;
const BONUS: usize = 2;
const COUNT: usize = 3;
const EVERY: usize = 4;
const DAYS: usize = 5;
const POINTS: usize = 6;
const LEVEL: usize = 7;
const LEVELS: usize = 8;
const STORES: usize = 9;
const FROM: usize = 10;
const TO: usize = 11;
const ACTIVE: usize = 12;
const WHAT: usize = 13;

const EACH: [(Every, &str); 3] = [
    (Every::Day, "rule.day"),
    (Every::Week, "rule.week"),
    (Every::Month, "rule.month"),
];

/// The list of rules.
#[derive(Debug)]
pub struct Rules;

impl Rows for Rules {
    type Row = TopUpRule;
    const TITLE: &'static str = "manage.rules";
    const EMPTY: &'static str = "rule.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("rule.name"),
        Column::fixed("rule.version", 8),
        Column::fixed("", 6),
        Column::fixed("rule.points", 10).right(),
        Column::fixed("rule.bonus", 12).right(),
        Column::fixed("rule.amount", 12).right(),
    ];

    fn id(rule: &TopUpRule) -> i32 {
        rule.id
    }

    fn known(session: &Session) -> Vec<TopUpRule> {
        let rules = session.shop.iter().flat_map(|shop| shop.rules.clone());
        let mut rules: Vec<TopUpRule> = rules.collect();
        rules.sort_by_key(|rule| (!rule.active, rule.amount, rule.id));
        rules
    }

    fn cells(rule: &TopUpRule, look: &Look) -> Vec<Cell> {
        let (state, paint) = if rule.active {
            ("", Role::Text)
        } else {
            ("manage.off", Role::Dim)
        };
        let points = points(rule);
        vec![
            Cell::from(rule.name.as_str()).role(paint),
            Cell::from(format!("v{}", rule.version)).role(Role::Dim),
            Cell::from(look.text(state)).role(Role::Dim),
            points
                .map_or_else(String::new, |points| points.to_string())
                .into(),
            Cell::money(rule.bonus()).role(Role::Text),
            Cell::money(rule.amount),
        ]
    }

    fn edit(row: Option<&TopUpRule>, session: &Session) -> Edit {
        let shop = session.shop.as_ref();
        let levels = shop.iter().flat_map(|shop| &shop.levels);
        let stores = shop.iter().flat_map(|shop| &shop.stores);
        let draft = Draft {
            rule: row.cloned(),
            levels: levels.map(|level| (level.id, level.name.clone())).collect(),
            stores: stores.map(|store| (store.id, store.name.clone())).collect(),
            offset: session.offset,
            gives: Gives::of(session),
        };
        Edit::new(draft, session)
    }
}

/// The points a rule gives.
fn points(rule: &TopUpRule) -> Option<i64> {
    rule.benefits.iter().find_map(|benefit| match benefit {
        Benefit::Points { points } => Some(*points),
        _ => None,
    })
}

/// A rule being edited.
#[derive(Debug)]
struct Draft {
    rule: Option<TopUpRule>,
    levels: Vec<(i32, String)>,
    stores: Vec<(i32, String)>,
    offset: FixedOffset,
    gives: Gives,
}

impl Draft {
    /// Bonus, its instalments and its days, as the form shows them.
    fn bonus(&self) -> Option<(Fen, Option<Instalments>, Option<u32>)> {
        let benefits = self.rule.iter().flat_map(|rule| &rule.benefits);
        let mut bonus = benefits.filter_map(|benefit| match benefit {
            Benefit::Bonus {
                fen,
                instalments,
                valid_days,
            } => Some((*fen, *instalments, *valid_days)),
            _ => None,
        });
        bonus.next()
    }

    /// The place of the level a rule leads to in the choice; 0 is none.
    fn leads_to(&self) -> usize {
        let benefits = self.rule.iter().flat_map(|rule| &rule.benefits);
        let mut levels = benefits.filter_map(|benefit| match benefit {
            Benefit::Level { level_id } => Some(*level_id),
            _ => None,
        });
        let level = levels.next();
        let place = self.levels.iter().position(|(id, _)| Some(*id) == level);
        place.map_or(0, |place| place + 1)
    }

    fn shown(&self, at: Option<DateTime<Utc>>) -> Field {
        let text = at.map(|at| {
            let local = at.with_timezone(&self.offset).naive_local();
            let whole = local.time() == NaiveTime::MIN;
            let form = if whole { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" };
            local.format(form).to_string()
        });
        let field = Field::new(Kind::Any).most(MOMENT_LENGTH);
        field.with(text.as_deref().unwrap_or_default())
    }

    /// What the bonus entries say; none after saying what is wrong.
    fn read_bonus(form: &mut Form) -> Option<Vec<Benefit>> {
        if form.value(BONUS).is_empty() {
            return Some(Vec::new());
        }
        let fen = form.need_amount(BONUS)?;
        let count: u16 = form.value(COUNT).parse().unwrap_or(1).max(1);
        if fen.0 < i64::from(count) {
            form.refuse(BONUS, "rule.bonus_small");
            return None;
        }
        let every = EACH.get(form.chosen(EVERY)).map(|(every, _)| *every);
        let instalments = every.filter(|_| count > 1);
        Some(vec![Benefit::Bonus {
            fen,
            instalments: instalments.map(|every| Instalments { count, every }),
            valid_days: form.value(DAYS).parse().ok().filter(|days| *days > 0),
        }])
    }

    fn benefits(&self, form: &mut Form) -> Option<Vec<Benefit>> {
        let mut benefits = Self::read_bonus(form)?;
        let points = form.value(POINTS).parse().unwrap_or(0);
        if points > 0 {
            benefits.push(Benefit::Points { points });
        }
        let level = form.chosen(LEVEL).checked_sub(1);
        if let Some((level_id, _)) = level.and_then(|place| self.levels.get(place)) {
            let level_id = *level_id;
            benefits.push(Benefit::Level { level_id });
        }
        benefits.extend(self.gives.read(form, WHAT)?);
        Some(benefits)
    }

    /// The moment at `place`, none for an empty entry; `Err` after saying that it is none.
    fn moment(&self, form: &mut Form, place: usize) -> Result<Option<DateTime<Utc>>, ()> {
        if form.value(place).is_empty() {
            return Ok(None);
        }
        let moment = moment(form.value(place), self.offset);
        if moment.is_none() {
            form.refuse(place, "rule.moment_wrong");
        }
        moment.map(Some).ok_or(())
    }
}

/// The options with those on that a rule names.
fn options(all: &[(i32, String)], named: Option<&Vec<i32>>) -> Vec<(Word, bool)> {
    let on = |id: &i32| named.is_some_and(|named| named.contains(id));
    all.iter()
        .map(|(id, name)| (Word::from(name.clone()), on(id)))
        .collect()
}

/// The ids switched on; none of them means everybody.
fn only(all: &[(i32, String)], on: &[usize]) -> Option<Vec<i32>> {
    let ids = on.iter().filter_map(|place| all.get(*place));
    let ids: Vec<i32> = ids.map(|(id, _)| *id).collect();
    (!ids.is_empty()).then_some(ids)
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "rule"
    }

    fn title(&self) -> Say {
        match &self.rule {
            None => Say::new("rule.new"),
            Some(rule) => Say::new("rule.edit")
                .with("version", rule.version)
                .with("next", rule.version + 1),
        }
    }

    fn about(&self) -> Option<&'static str> {
        Some("rule.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let rule = self.rule.as_ref();
        let bonus = self.bonus();
        let (fen, instalments, days) = bonus.unwrap_or((Fen::ZERO, None, None));
        let amount = |amount: Option<Fen>| {
            let text = amount.filter(|fen| fen.is_positive()).map(typed);
            Field::new(Kind::Amount).with(text.as_deref().unwrap_or_default())
        };
        let number = |length, value: Option<i64>| {
            let text = value.map(|value| value.to_string());
            let field = Field::new(Kind::Digits).most(length);
            field.with(text.as_deref().unwrap_or_default())
        };
        let every = instalments.map_or(Every::Month, |instalments| instalments.every);
        let every = EACH.iter().position(|(known, _)| *known == every);
        let none = vec![Word::from("rule.no_level")];
        let levels = self.levels.iter().map(|(_, name)| Word::from(name.clone()));
        let name = Field::new(Kind::Any).most(NAME_LENGTH);
        let count = instalments.map_or(1, |instalments| i64::from(instalments.count));
        let form = Form::new()
            .field("rule.amount", amount(rule.map(|rule| rule.amount)))
            .hint("rule.amount_hint")
            .field("rule.name", name.with(rule.map_or("", |rule| &rule.name)))
            .hint("rule.name_hint")
            .field("rule.bonus", amount(Some(fen)))
            .hint("rule.bonus_hint")
            .field("rule.count", number(COUNT_LENGTH, Some(count)))
            .choice(
                "rule.every",
                EACH.iter().map(|(_, key)| *key).collect(),
                every.unwrap_or(0),
            )
            .field("rule.days", number(DAYS_LENGTH, days.map(i64::from)))
            .hint("rule.days_hint")
            .field("rule.points", number(POINTS_LENGTH, rule.and_then(points)))
            .choice(
                "rule.level",
                none.into_iter().chain(levels).collect(),
                self.leads_to(),
            )
            .several(
                "rule.levels",
                options(&self.levels, rule.and_then(|rule| rule.levels.as_ref())),
            )
            .hint("rule.all_hint")
            .several(
                "rule.stores",
                options(&self.stores, rule.and_then(|rule| rule.stores.as_ref())),
            )
            .hint("rule.all_hint")
            .field(
                "rule.from",
                self.shown(rule.and_then(|rule| rule.valid_from)),
            )
            .hint("rule.from_hint")
            .field("rule.to", self.shown(rule.and_then(|rule| rule.valid_to)))
            .hint("rule.to_hint")
            .yes_no("rule.active", rule.is_none_or(|rule| rule.active));
        let benefits = self.rule.iter().flat_map(|rule| &rule.benefits);
        self.gives.entry(form, &self.gives.write(benefits))
    }

    /// Says what the instalments come to.
    fn edited(&mut self, form: &mut Form) {
        let count: i64 = form.value(COUNT).parse().unwrap_or(1);
        let bonus = Fen::parse(form.value(BONUS)).unwrap_or_default();
        let hint = if count > 1 {
            let share = bonus.ratio(1, count);
            Say::new("rule.count_is").with("share", share)
        } else {
            Say::new("rule.count_once")
        };
        form.say_hint(COUNT, Some(hint));
    }

    fn tried(&mut self, form: &mut Form) -> Option<Box<dyn Screen>> {
        let rule = self.read(form)?;
        Some(Box::new(TryRule::new(Tried::TopUp(rule))))
    }

    fn save(&mut self, form: &mut Form, editor: i32, cx: &Cx) -> Option<Query> {
        let mut rule = self.read(form)?;
        if rule.name.is_empty() {
            rule.name = proposed(&rule, cx);
        }
        let rule = Box::new(rule);
        Some(Query::SaveRule { editor, rule })
    }
}

impl Draft {
    /// What the form says, perhaps without a name; none after saying what is wrong.
    fn read(&self, form: &mut Form) -> Option<TopUpRule> {
        let amount = form.need_amount(AMOUNT)?;
        if !amount.is_positive() {
            form.refuse(AMOUNT, "field.amount");
            return None;
        }
        let benefits = self.benefits(form)?;
        if benefits.is_empty() {
            form.refuse(BONUS, "rule.nothing");
            return None;
        }
        let valid_from = self.moment(form, FROM).ok()?;
        let valid_to = self.moment(form, TO).ok()?;
        if valid_from
            .zip(valid_to)
            .is_some_and(|(from, to)| from >= to)
        {
            form.refuse(TO, "rule.ends_before");
            return None;
        }
        Some(TopUpRule {
            id: self.rule.as_ref().map_or(0, |rule| rule.id),
            version: self.rule.as_ref().map_or(0, |rule| rule.version),
            name: form.value(NAME).to_owned(),
            amount,
            benefits,
            levels: only(&self.levels, &form.switched_on(LEVELS)),
            stores: only(&self.stores, &form.switched_on(STORES)),
            valid_from,
            valid_to,
            active: form.is_yes(ACTIVE),
        })
    }
}

/// A name out of what the rule gives: nobody has to think of one.
fn proposed(rule: &TopUpRule, cx: &Cx) -> String {
    let key = if rule.bonus().is_positive() {
        "rule.named_bonus"
    } else {
        "rule.named"
    };
    let say = Say::new(key).with("amount", typed(rule.amount));
    cx.say(&if rule.bonus().is_positive() {
        say.with("bonus", typed(rule.bonus()))
    } else {
        say
    })
}

/// A day or a minute in the shop's time: `2026-3-1`, `2026/03/01 10:00`.
fn moment(text: &str, offset: FixedOffset) -> Option<DateTime<Utc>> {
    let plain: String = text.nfkc().collect();
    let plain = plain.replace(['/', '.'], "-");
    let local = NaiveDateTime::parse_from_str(&plain, "%Y-%m-%d %H:%M").ok();
    let day = || NaiveDate::parse_from_str(&plain, "%Y-%m-%d").ok();
    let local = local.or_else(|| Some(day()?.and_time(NaiveTime::MIN)))?;
    let at = local.and_local_timezone(offset).single()?;
    Some(at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn moments_are_of_the_shop() {
        let shanghai = FixedOffset::east_opt(8 * 3600).unwrap();
        let read = |text| moment(text, shanghai).map(|at| at.to_rfc3339());
        assert_eq!(
            read("2026-3-1").as_deref(),
            Some("2026-02-28T16:00:00+00:00")
        );
        assert_eq!(
            read("2026/03/01 10:30").as_deref(),
            Some("2026-03-01T02:30:00+00:00")
        );
        assert_eq!(read("2026-03-01"), read("2026-3-1"));
        for none in [
            "",
            "1",
            "2026-13-01",
            "2026-02-30",
            "tomorrow",
            "2026-03-01 25:00",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
