//! A promotion being edited.

use super::layout::{self, KIND, KINDS, NAME};
use super::trial::Try;
use crate::domain::promotion::{Promotion, RuleRef, Scope, When, Who};
use crate::query::{PromotionEdit, Query};
use crate::session::Session;
use crate::ui::offer::WEEKDAYS;
use crate::ui::screen::{Cx, Screen};
use crate::ui::screens::manage::edit::Subject;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Form, Word};

/// Longest name, day, hours and list of goods, characters.
const NAME_LENGTH: usize = 30;
const DAY_LENGTH: usize = 10;
const HOURS_LENGTH: usize = 11;
const LIST_LENGTH: usize = 200;

type Named = Vec<(i32, String)>;

/// What stands in the entries all kinds have, while the kind changes.
#[derive(Debug, Clone, Default)]
struct Common {
    active: bool,
    categories: String,
    goods: String,
    from: String,
    until: String,
    weekdays: Vec<usize>,
    hours: String,
    members: bool,
    levels: Vec<usize>,
    stores: Vec<usize>,
    stored: bool,
}

/// The subject of the editor.
#[derive(Debug)]
pub(super) struct Draft {
    rule: Option<Promotion>,
    kind: usize,
    levels: Named,
    stores: Named,
    categories: Named,
    /// The goods that rules name already.
    goods: Named,
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

fn places(all: &Named, ids: &[i32]) -> Vec<usize> {
    let places = all.iter().enumerate();
    places
        .filter(|(_, (id, _))| ids.contains(id))
        .map(|(place, _)| place)
        .collect()
}

fn ids(all: &Named, places: &[usize]) -> Vec<i32> {
    let ids = places.iter().filter_map(|place| all.get(*place));
    ids.map(|(id, _)| *id).collect()
}

fn options(all: &Named, on: &[usize]) -> Vec<(Word, bool)> {
    let options = all.iter().enumerate();
    options
        .map(|(place, (_, name))| (Word::from(name.clone()), on.contains(&place)))
        .collect()
}

impl Draft {
    pub(super) fn new(rule: Option<&Promotion>, session: &Session) -> Self {
        let shop = session.shop.as_ref();
        let levels = shop.iter().flat_map(|shop| &shop.levels);
        let stores = shop.iter().flat_map(|shop| &shop.stores);
        let categories = shop.iter().flat_map(|shop| &shop.categories);
        let goods = shop.iter().flat_map(|shop| &shop.goods);
        Self {
            rule: rule.cloned(),
            kind: rule.map_or(2, |rule| layout::kind_of(&rule.offer)),
            levels: levels.map(|level| (level.id, level.name.clone())).collect(),
            stores: stores.map(|store| (store.id, store.name.clone())).collect(),
            categories: categories
                .map(|known| (known.id, known.name.clone()))
                .collect(),
            goods: goods.map(|known| (known.id, known.name.clone())).collect(),
        }
    }

    /// What the rule says; of a new one nothing but that it is switched on.
    fn common(&self) -> Common {
        let Some(rule) = &self.rule else {
            return Common {
                active: true,
                ..Common::default()
            };
        };
        let hours = rule.when.hours.map(|(from, to)| {
            let (from, to) = (from.format("%H:%M"), to.format("%H:%M"));
            format!("{from}-{to}")
        });
        let day = |day: Option<chrono::NaiveDate>| day.map_or_else(String::new, |d| d.to_string());
        let days = rule.when.weekdays.iter();
        Common {
            active: rule.active,
            categories: names_of(&self.categories, &rule.scope.categories),
            goods: names_of(&self.goods, &rule.scope.products),
            from: day(rule.when.from),
            until: day(rule.when.until),
            weekdays: days
                .filter_map(|day| usize::from(*day).checked_sub(1))
                .collect(),
            hours: hours.unwrap_or_default(),
            members: rule.who.members_only,
            levels: places(&self.levels, &rule.who.levels),
            stores: places(&self.stores, &rule.who.stores),
            stored: rule.by_stored_value,
        }
    }

    fn build(&self, name: &str, common: &Common) -> Form {
        let any = |most, text: &str| Field::new(Kind::Any).most(most).with(text);
        let form = Form::new()
            .choice("promotion.kind", KINDS.to_vec(), self.kind)
            .hint("promotion.kind_hint")
            .field("promotion.name", any(NAME_LENGTH, name))
            .hint("promotion.name_hint");
        let offer = self.rule.as_ref().map(|rule| &rule.offer);
        let form = layout::entries(form, self.kind, offer, |id| name_of(&self.goods, id));
        let days = WEEKDAYS.iter().enumerate();
        let days = days.map(|(place, key)| (Word::from(*key), common.weekdays.contains(&place)));
        let categories = self.categories.iter().map(|(_, name)| name.clone());
        let goods = self.goods.iter().map(|(_, name)| name.clone());
        form.yes_no("rule.active", common.active)
            .field("promotion.categories", any(LIST_LENGTH, &common.categories))
            .hint("promotion.categories_hint")
            .known(categories.collect())
            .field("promotion.goods", any(LIST_LENGTH, &common.goods))
            .hint("promotion.goods_hint")
            .known(goods.collect())
            .field("promotion.first_day", any(DAY_LENGTH, &common.from))
            .hint("promotion.first_day_hint")
            .field("promotion.last_day", any(DAY_LENGTH, &common.until))
            .hint("promotion.last_day_hint")
            .several("promotion.weekdays", days.collect())
            .field("promotion.hours", any(HOURS_LENGTH, &common.hours))
            .hint("promotion.hours_hint")
            .yes_no("promotion.members", common.members)
            .several("rule.levels", options(&self.levels, &common.levels))
            .hint("rule.all_hint")
            .several("rule.stores", options(&self.stores, &common.stores))
            .hint("rule.all_hint")
            .yes_no("promotion.stored_only", common.stored)
    }

    /// What stands in the form now.
    fn typed(&self, form: &Form) -> Common {
        let base = layout::common(self.kind);
        let text = |place: usize| form.value(base + place).to_owned();
        Common {
            active: form.is_yes(base + layout::ACTIVE),
            categories: text(layout::CATEGORIES),
            goods: text(layout::GOODS),
            from: text(layout::FROM),
            until: text(layout::UNTIL),
            weekdays: form.switched_on(base + layout::WEEKDAYS),
            hours: text(layout::HOURS),
            members: form.is_yes(base + layout::MEMBERS),
            levels: form.switched_on(base + layout::LEVELS),
            stores: form.switched_on(base + layout::STORES),
            stored: form.is_yes(base + layout::STORED),
        }
    }

    /// When it holds; none after saying what is wrong.
    fn when(&self, form: &mut Form, common: &Common) -> Option<When> {
        let base = layout::common(self.kind);
        let mut day = |text: &str, place: usize| {
            let day = layout::day(text);
            if day.is_none() && !text.is_empty() {
                form.refuse(base + place, "promotion.day_wrong");
                return None;
            }
            Some(day)
        };
        let from = day(&common.from, layout::FROM)?;
        let until = day(&common.until, layout::UNTIL)?;
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            form.refuse(base + layout::UNTIL, "rule.ends_before");
            return None;
        }
        let hours = layout::hours(&common.hours);
        if hours.is_none() && !common.hours.is_empty() {
            form.refuse(base + layout::HOURS, "promotion.hours_wrong");
            return None;
        }
        let days = common.weekdays.iter();
        Some(When {
            from,
            until,
            weekdays: days.filter_map(|day| u8::try_from(day + 1).ok()).collect(),
            hours,
        })
    }

    /// What the form says; none after saying what is wrong.
    fn read(&self, form: &mut Form) -> Option<PromotionEdit> {
        let name = form.need_text(NAME)?;
        let (offer, gifts) = layout::offer(form, self.kind, |name| id_of(&self.goods, name))?;
        let common = self.typed(form);
        let when = self.when(form, &common)?;
        let mut scope = Scope::default();
        for name in layout::parts(&common.categories) {
            let Some(id) = id_of(&self.categories, &name) else {
                let wrong = Say::new("promotion.no_category").with("name", name);
                form.refuse(layout::common(self.kind) + layout::CATEGORIES, wrong);
                return None;
            };
            scope.categories.push(id);
        }
        let mut products = Vec::new();
        for name in layout::parts(&common.goods) {
            match id_of(&self.goods, &name) {
                Some(id) => scope.products.push(id),
                None => products.push(name),
            }
        }
        let promotion = Promotion {
            rule: self
                .rule
                .as_ref()
                .map_or(RuleRef { id: 0, version: 0 }, |rule| rule.rule),
            name,
            active: common.active,
            when,
            who: Who {
                members_only: common.members,
                levels: ids(&self.levels, &common.levels),
                stores: ids(&self.stores, &common.stores),
            },
            scope,
            by_stored_value: common.stored,
            offer,
        };
        Some(PromotionEdit {
            promotion,
            products,
            gifts,
        })
    }
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "promotion"
    }

    fn title(&self) -> Say {
        match &self.rule {
            None => Say::new("promotion.new"),
            Some(rule) => Say::new("promotion.edit")
                .with("version", rule.rule.version)
                .with("next", rule.rule.version + 1),
        }
    }

    fn about(&self) -> Option<&'static str> {
        Some("promotion.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let name = self.rule.as_ref().map_or("", |rule| &rule.name);
        self.build(name, &self.common())
    }

    /// Another kind has other entries; says a share the way the shop does.
    fn edited(&mut self, form: &mut Form) {
        let kind = form.chosen(KIND);
        if kind != self.kind {
            let (name, common) = (form.value(NAME).to_owned(), self.typed(form));
            self.kind = kind;
            *form = self.build(&name, &common);
            form.touch();
        }
        if let Some(place) = layout::paid_at(self.kind) {
            form.say_hint(place, Some(layout::paid_hint(form.value(place))));
        }
    }

    /// A scanned code is one more of the goods it is about, or the gift.
    fn scanned(&mut self, code: &str, form: &mut Form) {
        let goods = layout::common(self.kind) + layout::GOODS;
        let gifts = KIND + 2;
        let place = if self.kind == layout::kind_of_gifts() && form.focus() == gifts {
            gifts
        } else {
            goods
        };
        let there = form.value(place).to_owned();
        let joint = if there.is_empty() || there.ends_with('-') {
            ""
        } else {
            ", "
        };
        form.fill(place, &format!("{there}{joint}{code}"));
        form.go(place);
    }

    fn tried(&mut self, form: &mut Form) -> Option<Box<dyn Screen>> {
        let edit = self.read(form)?;
        Some(Box::new(Try::new(edit)))
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let promotion = Box::new(self.read(form)?);
        Some(Query::SavePromotion { editor, promotion })
    }
}
