//! `conditions`: the entries of a form that say what a rule is about, when it holds, for whom and where.

use chrono::{NaiveDate, NaiveTime};
use unicode_normalization::UnicodeNormalization;

use crate::domain::promotion::{Scope, When, Who};
use crate::session::Session;
use crate::ui::offer::WEEKDAYS;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Form, Word};

/// Entries it adds to a form, and their places after the first.
pub(super) const ENTRIES: usize = 9;
const CATEGORIES: usize = 0;
pub(super) const GOODS: usize = 1;
const FROM: usize = 2;
const UNTIL: usize = 3;
const DAYS: usize = 4;
const HOURS: usize = 5;
const MEMBERS: usize = 6;
const LEVELS: usize = 7;
const STORES: usize = 8;

/// Longest day, hours and list of goods, characters.
const DAY_LENGTH: usize = 10;
const HOURS_LENGTH: usize = 11;
const LIST_LENGTH: usize = 200;

type Named = Vec<(i32, String)>;

/// What the shop's levels, stores, categories and goods are called.
#[derive(Debug)]
pub(super) struct Names {
    levels: Named,
    stores: Named,
    categories: Named,
    /// The goods that rules name already.
    goods: Named,
}

/// What stands in the entries.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    categories: String,
    goods: String,
    from: String,
    until: String,
    weekdays: Vec<usize>,
    hours: String,
    members: bool,
    levels: Vec<usize>,
    stores: Vec<usize>,
}

/// What the entries say; `products` are goods by a code or a name that no rule names yet.
#[derive(Debug)]
pub(super) struct Conditions {
    pub when: When,
    pub who: Who,
    pub scope: Scope,
    pub products: Vec<String>,
}

/// The name of `id`.
fn name_of(all: &Named, id: i32) -> String {
    let known = all.iter().find(|(known, _)| *known == id);
    known.map_or_else(|| format!("#{id}"), |(_, name)| name.clone())
}

fn names_of(all: &Named, ids: &[i32]) -> String {
    let names: Vec<String> = ids.iter().map(|id| name_of(all, *id)).collect();
    names.join(", ")
}

/// The id with this name, or of `#7`.
fn id_of(all: &Named, name: &str) -> Option<i32> {
    let known = all.iter().find(|(_, known)| known == name);
    known.map(|(id, _)| *id).or_else(|| {
        let id = name.strip_prefix('#')?.parse().ok()?;
        all.iter().any(|(known, _)| *known == id).then_some(id)
    })
}

pub(super) fn places(all: &[(i32, String)], ids: &[i32]) -> Vec<usize> {
    let places = all.iter().enumerate();
    places
        .filter(|(_, (id, _))| ids.contains(id))
        .map(|(place, _)| place)
        .collect()
}

pub(super) fn ids(all: &[(i32, String)], places: &[usize]) -> Vec<i32> {
    let ids = places.iter().filter_map(|place| all.get(*place));
    ids.map(|(id, _)| *id).collect()
}

pub(super) fn options(all: &[(i32, String)], on: &[usize]) -> Vec<(Word, bool)> {
    let options = all.iter().enumerate();
    options
        .map(|(place, (_, name))| (Word::from(name.clone()), on.contains(&place)))
        .collect()
}

impl Names {
    pub(super) fn of(session: &Session) -> Self {
        let shop = session.shop.as_ref();
        let levels = shop.iter().flat_map(|shop| &shop.levels);
        let stores = shop.iter().flat_map(|shop| &shop.stores);
        let categories = shop.iter().flat_map(|shop| &shop.categories);
        let goods = shop.iter().flat_map(|shop| &shop.goods);
        Self {
            levels: levels.map(|level| (level.id, level.name.clone())).collect(),
            stores: stores.map(|store| (store.id, store.name.clone())).collect(),
            categories: categories
                .map(|known| (known.id, known.name.clone()))
                .collect(),
            goods: goods.map(|known| (known.id, known.name.clone())).collect(),
        }
    }

    /// The name of goods that a rule names.
    pub(super) fn goods(&self, id: i32) -> String {
        name_of(&self.goods, id)
    }

    /// The goods with this name, if a rule names them.
    pub(super) fn goods_named(&self, name: &str) -> Option<i32> {
        id_of(&self.goods, name)
    }

    /// What a rule says.
    pub(super) fn write(&self, when: &When, who: &Who, scope: &Scope) -> Typed {
        let hours = when.hours.map(|(from, to)| {
            let (from, to) = (from.format("%H:%M"), to.format("%H:%M"));
            format!("{from}-{to}")
        });
        let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |d| d.to_string());
        let days = when.weekdays.iter();
        Typed {
            categories: names_of(&self.categories, &scope.categories),
            goods: names_of(&self.goods, &scope.products),
            from: day(when.from),
            until: day(when.until),
            weekdays: days
                .filter_map(|day| usize::from(*day).checked_sub(1))
                .collect(),
            hours: hours.unwrap_or_default(),
            members: who.members_only,
            levels: places(&self.levels, &who.levels),
            stores: places(&self.stores, &who.stores),
        }
    }

    /// Adds the entries to a form.
    pub(super) fn entries(&self, form: Form, typed: &Typed) -> Form {
        let any = |most, text: &str| Field::new(Kind::Any).most(most).with(text);
        let days = WEEKDAYS.iter().enumerate();
        let days = days.map(|(place, key)| (Word::from(*key), typed.weekdays.contains(&place)));
        let categories = self.categories.iter().map(|(_, name)| name.clone());
        let goods = self.goods.iter().map(|(_, name)| name.clone());
        form.field("promotion.categories", any(LIST_LENGTH, &typed.categories))
            .hint("promotion.categories_hint")
            .known(categories.collect())
            .field("promotion.goods", any(LIST_LENGTH, &typed.goods))
            .hint("promotion.goods_hint")
            .known(goods.collect())
            .field("promotion.first_day", any(DAY_LENGTH, &typed.from))
            .hint("promotion.first_day_hint")
            .field("promotion.last_day", any(DAY_LENGTH, &typed.until))
            .hint("promotion.last_day_hint")
            .several("promotion.weekdays", days.collect())
            .field("promotion.hours", any(HOURS_LENGTH, &typed.hours))
            .hint("promotion.hours_hint")
            .yes_no("promotion.members", typed.members)
            .several("rule.levels", options(&self.levels, &typed.levels))
            .hint("rule.all_hint")
            .several("rule.stores", options(&self.stores, &typed.stores))
            .hint("rule.all_hint")
    }

    /// What stands in the form's entries from `base` on.
    pub(super) fn typed(form: &Form, base: usize) -> Typed {
        let text = |place: usize| form.value(base + place).to_owned();
        Typed {
            categories: text(CATEGORIES),
            goods: text(GOODS),
            from: text(FROM),
            until: text(UNTIL),
            weekdays: form.switched_on(base + DAYS),
            hours: text(HOURS),
            members: form.is_yes(base + MEMBERS),
            levels: form.switched_on(base + LEVELS),
            stores: form.switched_on(base + STORES),
        }
    }

    /// What the entries from `base` on say; none after saying what is wrong.
    pub(super) fn read(&self, form: &mut Form, base: usize) -> Option<Conditions> {
        let typed = Self::typed(form, base);
        let when = when(form, base, &typed)?;
        let mut scope = Scope::default();
        for name in parts(&typed.categories) {
            let Some(id) = id_of(&self.categories, &name) else {
                let wrong = Say::new("promotion.no_category").with("name", name);
                form.refuse(base + CATEGORIES, wrong);
                return None;
            };
            scope.categories.push(id);
        }
        let mut products = Vec::new();
        for name in parts(&typed.goods) {
            match id_of(&self.goods, &name) {
                Some(id) => scope.products.push(id),
                None => products.push(name),
            }
        }
        let who = Who {
            members_only: typed.members,
            levels: ids(&self.levels, &typed.levels),
            stores: ids(&self.stores, &typed.stores),
        };
        Some(Conditions {
            when,
            who,
            scope,
            products,
        })
    }
}

/// When it holds; none after saying what is wrong.
fn when(form: &mut Form, base: usize, typed: &Typed) -> Option<When> {
    let mut read = |text: &str, place: usize| {
        let day = day(text);
        if day.is_none() && !text.is_empty() {
            form.refuse(base + place, "promotion.day_wrong");
            return None;
        }
        Some(day)
    };
    let from = read(&typed.from, FROM)?;
    let until = read(&typed.until, UNTIL)?;
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        form.refuse(base + UNTIL, "rule.ends_before");
        return None;
    }
    let hours = hours(&typed.hours);
    if hours.is_none() && !typed.hours.is_empty() {
        form.refuse(base + HOURS, "promotion.hours_wrong");
        return None;
    }
    let days = typed.weekdays.iter();
    Some(When {
        from,
        until,
        weekdays: days.filter_map(|day| u8::try_from(day + 1).ok()).collect(),
        hours,
    })
}

/// One more scanned code in a list of goods.
pub(super) fn add_code(form: &mut Form, place: usize, code: &str) {
    let there = form.value(place).to_owned();
    let joint = if there.is_empty() || there.ends_with('-') {
        ""
    } else {
        ", "
    };
    form.fill(place, &format!("{there}{joint}{code}"));
    form.go(place);
}

/// What is between commas, Chinese ones included.
pub(super) fn parts(text: &str) -> Vec<String> {
    let plain: String = text.nfkc().collect();
    let parts = plain.split([',', ';', '、']).map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A day: `2026-3-1`, `2026/03/01`.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let plain: String = text.nfkc().collect();
    NaiveDate::parse_from_str(&plain.replace(['/', '.'], "-"), "%Y-%m-%d").ok()
}

/// A day of the form; none within when it is empty, none after saying that it is wrong.
#[expect(
    clippy::option_option,
    reason = "what is wrong stops the save, an empty entry does not"
)]
pub(super) fn read_day(form: &mut Form, place: usize) -> Option<Option<NaiveDate>> {
    let text = form.value(place).to_owned();
    let read = day(&text);
    if read.is_none() && !text.is_empty() {
        form.refuse(place, "promotion.day_wrong");
        return None;
    }
    Some(read)
}

/// `9:00-18:00`, `22-2`: from, included, to, not included.
fn hours(text: &str) -> Option<(NaiveTime, NaiveTime)> {
    let plain: String = text.nfkc().collect();
    let (from, to) = plain.split_once('-')?;
    let time = |text: &str| {
        let (hour, minute) = text.split_once(':').unwrap_or((text, "0"));
        let hour: u32 = hour.trim().parse().ok()?;
        // Midnight is the end of a day as well as its beginning.
        NaiveTime::from_hms_opt(hour % 24, minute.trim().parse().ok()?, 0).filter(|_| hour <= 24)
    };
    let (from, to) = (time(from)?, time(to)?);
    (from != to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn days_and_hours_are_read() {
        let time = |text: &str| text.parse::<NaiveTime>().unwrap();
        assert_eq!(hours("9-18:30"), Some((time("09:00:00"), time("18:30:00"))));
        assert_eq!(
            hours("20:00-24"),
            Some((time("20:00:00"), time("00:00:00")))
        );
        for wrong in ["", "9", "9-9", "25-26", "9:61-10"] {
            assert_eq!(hours(wrong), None, "{wrong}");
        }
        assert_eq!(day("2026/3/1"), day("2026-03-01"));
        assert_eq!(day("2026-02-30"), None);
    }
}
