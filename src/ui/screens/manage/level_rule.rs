//! Which spend reaches a level, and when levels are reviewed (LV1).

use super::edit::{Edit, Subject};
use crate::domain::level::{LevelBy, ReviewDay};
use crate::domain::shop::Shop;
use crate::query::Query;
use crate::session::Session;
use crate::ui::screen::Cx;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;

/// Places in the form.
const BY: usize = 0;
const REVIEW: usize = 1;
const DAY: usize = 2;

const BYS: [&str; 2] = ["level_rule.rolling", "level_rule.lifetime"];
const REVIEWS: [&str; 3] = [
    "level_rule.never",
    "level_rule.monthly",
    "level_rule.yearly",
];
const DAY_LENGTH: usize = 5;

/// The form.
#[must_use]
pub fn edit(session: &Session) -> Edit {
    let shop = session.shop.clone();
    Edit::new(Draft { shop }, session)
}

#[derive(Debug)]
struct Draft {
    shop: Option<Shop>,
}

/// `15` of each month, `3-1` of each year.
fn review(kind: usize, text: &str) -> Option<ReviewDay> {
    let day = |text: &str| text.parse().ok().filter(|day| (1..=31).contains(day));
    if kind == 1 {
        return Some(ReviewDay::Monthly { day: day(text)? });
    }
    let (month, text) = text.split_once(['-', '/', '.'])?;
    let month = month
        .parse()
        .ok()
        .filter(|month| (1..=12).contains(month))?;
    let day = day(text)?;
    Some(ReviewDay::Yearly { month, day })
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "level_rule"
    }

    fn title(&self) -> Say {
        Say::new("level_rule.title")
    }

    fn about(&self) -> Option<&'static str> {
        Some("level_rule.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let shop = self.shop.as_ref();
        let by = shop.map_or(LevelBy::Rolling, |shop| shop.level_by);
        let (kind, day) = match shop.and_then(|shop| shop.level_review) {
            None => (0, String::new()),
            Some(ReviewDay::Monthly { day }) => (1, day.to_string()),
            Some(ReviewDay::Yearly { month, day }) => (2, format!("{month}-{day}")),
        };
        let any = Field::new(Kind::Any).most(DAY_LENGTH);
        Form::new()
            .choice(
                "level_rule.by",
                BYS.to_vec(),
                usize::from(by == LevelBy::Lifetime),
            )
            .choice("level_rule.review", REVIEWS.to_vec(), kind)
            .field("level_rule.day", any.with(&day))
            .hint("level_rule.day_hint")
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let level_review = match form.chosen(REVIEW) {
            0 => None,
            kind => {
                let review = review(kind, form.value(DAY));
                if review.is_none() {
                    form.refuse(DAY, "level_rule.day_wrong");
                    return None;
                }
                review
            }
        };
        let level_by = match form.chosen(BY) {
            0 => LevelBy::Rolling,
            _ => LevelBy::Lifetime,
        };
        let shop = Shop {
            level_by,
            level_review,
            ..self.shop.clone()?
        };
        Some(Query::SaveTerms {
            editor,
            shop: Box::new(shop),
        })
    }
}
