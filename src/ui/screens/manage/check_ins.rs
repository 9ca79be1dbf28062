//! What checking in gives (PT7). Every edit is a new version.

use chrono::NaiveDate;

use super::conditions::{ids, options, places, read_day};
use super::edit::{Edit, Subject};
use crate::domain::check_in::{Bonus, CheckInRule, MOST_BONUSES};
use crate::domain::promotion::{When, Who};
use crate::query::Query;
use crate::session::Session;
use crate::ui::screen::Cx;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;

/// Places in the form.
const ACTIVE: usize = 0;
const POINTS: usize = 1;
const BONUSES: usize = 2;
const FROM: usize = 3;
const UNTIL: usize = 4;
const LEVELS: usize = 5;
const STORES: usize = 6;

const DIGITS: usize = 4;
const BONUSES_LENGTH: usize = 60;
const DAY_LENGTH: usize = 10;
/// A row that is longer would never end.
const MOST_DAYS: i64 = 366;

/// The form of the rule.
#[must_use]
pub fn edit(session: &Session) -> Edit {
    let shop = session.shop.as_ref();
    let rule = shop.and_then(|shop| shop.check_in.clone());
    let rule = rule.unwrap_or_default();
    let levels = shop.iter().flat_map(|shop| &shop.levels);
    let stores = shop.iter().flat_map(|shop| &shop.stores);
    let draft = Draft {
        rule,
        levels: levels.map(|it| (it.id, it.name.clone())).collect(),
        stores: stores.map(|it| (it.id, it.name.clone())).collect(),
    };
    Edit::new(draft, session)
}

#[derive(Debug)]
struct Draft {
    rule: CheckInRule,
    levels: Vec<(i32, String)>,
    stores: Vec<(i32, String)>,
}

/// `7-20, 30-100`: on which day in a row how many points more; ascending.
fn bonuses(text: &str) -> Option<Vec<Bonus>> {
    let parts = text.split([' ', ',', ',', '、', '\u{3000}']);
    let parts = parts.filter(|part| !part.is_empty());
    let all: Option<Vec<Bonus>> = parts
        .map(|part| {
            let (days, points) = part.split_once('-')?;
            let (days, points) = (days.parse().ok()?, points.parse().ok()?);
            let fits = (2..=MOST_DAYS).contains(&days) && (1..=999_999).contains(&points);
            fits.then_some(Bonus { days, points })
        })
        .collect();
    let all = all?;
    let ascends = all.is_sorted_by(|one, next| one.days < next.days);
    (ascends && all.len() <= MOST_BONUSES).then_some(all)
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "check_in_rule"
    }

    fn title(&self) -> Say {
        Say::new("check_in.edit").with("version", self.rule.version)
    }

    fn about(&self) -> Option<&'static str> {
        Some("check_in.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let rule = &self.rule;
        let written = rule.bonuses.iter();
        let written = written.map(|it| format!("{}-{}", it.days, it.points));
        let written: Vec<String> = written.collect();
        let digits = Field::new(Kind::Digits).most(DIGITS);
        let any = Field::new(Kind::Any).most(BONUSES_LENGTH);
        let day = |day: Option<NaiveDate>| {
            let text = day.map(|day| day.to_string()).unwrap_or_default();
            Field::new(Kind::Any).most(DAY_LENGTH).with(&text)
        };
        let levels = places(&self.levels, &rule.who.levels);
        let stores = places(&self.stores, &rule.who.stores);
        Form::new()
            .yes_no("check_in.active", rule.active)
            .field("check_in.points", digits.with(&rule.points.to_string()))
            .hint("check_in.points_hint")
            .field("check_in.bonuses", any.with(&written.join(", ")))
            .hint("check_in.bonuses_hint")
            .field("promotion.first_day", day(rule.when.from))
            .hint("promotion.first_day_hint")
            .field("promotion.last_day", day(rule.when.until))
            .hint("promotion.last_day_hint")
            .several("rule.levels", options(&self.levels, &levels))
            .hint("rule.all_hint")
            .several("rule.stores", options(&self.stores, &stores))
            .hint("rule.all_hint")
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let points: i64 = form.need_text(POINTS)?.parse().unwrap_or(0);
        if points == 0 {
            form.refuse(POINTS, "check_in.no_points");
            return None;
        }
        let Some(bonuses) = bonuses(form.value(BONUSES)) else {
            form.refuse(BONUSES, "check_in.bonuses_wrong");
            return None;
        };
        let when = When {
            from: read_day(form, FROM)?,
            until: read_day(form, UNTIL)?,
            ..When::default()
        };
        let ends = when.from.zip(when.until);
        if ends.is_some_and(|(from, until)| until < from) {
            form.refuse(UNTIL, "rule.ends_before");
            return None;
        }
        let rule = CheckInRule {
            when,
            who: Who {
                members_only: false,
                levels: ids(&self.levels, &form.switched_on(LEVELS)),
                stores: ids(&self.stores, &form.switched_on(STORES)),
            },
            version: self.rule.version,
            active: form.is_yes(ACTIVE),
            points,
            bonuses,
        };
        Some(Query::SaveCheckIn { editor, rule })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn bonuses_as_they_are_written() {
        let read = |text| {
            let all = bonuses(text)?;
            Some(
                all.iter()
                    .map(|it| (it.days, it.points))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(read("7-20、30-100").unwrap(), [(7, 20), (30, 100)]);
        assert_eq!(read("").unwrap(), []);
        for wrong in ["7", "1-5", "7-0", "30-1, 7-2", "7-x", "400-1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
