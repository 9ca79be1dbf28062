//! What checking in gives (PT7). Every edit is a new version.

use super::edit::{Edit, Subject};
use crate::domain::check_in::{Bonus, CheckInRule, MOST_BONUSES};
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

const DIGITS: usize = 4;
const BONUSES_LENGTH: usize = 60;
/// A row that is longer would never end.
const MOST_DAYS: i64 = 366;

/// The form of the rule.
#[must_use]
pub fn edit(session: &Session) -> Edit {
    let shop = session.shop.as_ref();
    let rule = shop.and_then(|shop| shop.check_in.clone());
    let rule = rule.unwrap_or_default();
    Edit::new(Draft { rule }, session)
}

#[derive(Debug)]
struct Draft {
    rule: CheckInRule,
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
        Form::new()
            .yes_no("check_in.active", rule.active)
            .field("check_in.points", digits.with(&rule.points.to_string()))
            .hint("check_in.points_hint")
            .field("check_in.bonuses", any.with(&written.join(", ")))
            .hint("check_in.bonuses_hint")
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
        let rule = CheckInRule {
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
