//! Gifts by rule: welcome, birthday, level, referral (MB2, LV2, OR6). Saving makes a new version.

use chrono::NaiveDate;

use super::conditions::{ids, options, places, read_day};
use super::edit::{Edit, Subject};
use super::gives::{self, Gives};
use super::list::Rows;
use crate::domain::benefit::Benefit;
use crate::domain::gift::rule::{Event, GiftRule, REFUND_DAYS};
use crate::domain::promotion::{RuleRef, When, Who};
use crate::query::{Query, Tried};
use crate::session::Session;
use crate::ui::screen::{Cx, Look, Screen};
use crate::ui::screens::manage::levels::short;
use crate::ui::screens::manage::trial::TryRule;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Form, Word};
use crate::ui::widgets::table::{Cell, Column};

/// Occasions in the order they are offered.
const EVENTS: [&str; 6] = [
    "gift.on_welcome",
    "gift.on_birthday",
    "gift.on_child",
    "gift.on_level",
    "gift.on_newcomer",
    "gift.on_referrer",
];

/// Places of occasion and name, and of the entry of the occasion.
const EVENT: usize = 0;
const NAME: usize = 1;
const FIRST: usize = 2;

/// Places of the entries all have, after those of the occasion.
const ACTIVE: usize = 0;
const POINTS: usize = 1;
const BONUS: usize = 2;
const DAYS: usize = 3;
const WHAT: usize = 4;
const FROM: usize = 5;
const UNTIL: usize = 6;
const LEVELS: usize = 7;
const STORES: usize = 8;

/// Longest name; digits of points and days, characters of a day.
const NAME_LENGTH: usize = 30;
const POINTS_LENGTH: usize = 6;
const DAYS_LENGTH: usize = 3;
const DAY_LENGTH: usize = 10;

/// Days around a birthday when nothing is said, and the most.
const AROUND: u32 = 7;
const MOST_AROUND: u32 = 60;
const MOST_DAYS: u32 = 366;

/// The list of rules.
#[derive(Debug)]
pub struct Gifts;

impl Rows for Gifts {
    type Row = GiftRule;
    const TITLE: &'static str = "manage.gifts";
    const EMPTY: &'static str = "gift.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("promotion.name"),
        Column::rest("promotion.does"),
        Column::fixed("promotion.version_short", 5),
        Column::fixed("promotion.state", 7),
    ];

    fn id(rule: &GiftRule) -> i32 {
        rule.rule.id
    }

    fn known(session: &Session) -> Vec<GiftRule> {
        let rules = session.shop.iter().flat_map(|shop| shop.gifts.clone());
        let mut rules: Vec<GiftRule> = rules.collect();
        rules.sort_by_key(|rule| (!rule.active, rule.rule.id));
        rules
    }

    fn cells(rule: &GiftRule, look: &Look) -> Vec<Cell> {
        let (word, paint, plain) = if rule.active {
            ("promotion.running", Role::Good, Role::Text)
        } else {
            ("manage.off", Role::Dim, Role::Dim)
        };
        let does = format!(
            "{}  {}",
            look.say(&occasion(rule.on, look)),
            gives::said(&rule.gives, look)
        );
        vec![
            Cell::from(rule.name.as_str()).role(plain),
            Cell::from(does).role(Role::Dim),
            Cell::from(format!("v{}", rule.rule.version)).role(Role::Dim),
            Cell::from(look.text(word)).role(paint),
        ]
    }

    fn edit(row: Option<&GiftRule>, session: &Session) -> Edit {
        Edit::new(Draft::new(row, session), session)
    }
}

/// When it is given.
fn occasion(on: Event, look: &Look) -> Say {
    match on {
        Event::Welcome => Say::new("gift.when_welcome"),
        Event::Birthday { before, after } => Say::new("gift.when_birthday")
            .with("before", before)
            .with("after", after),
        Event::Child { before, after } => Say::new("gift.when_child")
            .with("before", before)
            .with("after", after),
        Event::Level { level_id } => {
            let shop = look.session.shop.as_ref();
            let level = shop.and_then(|shop| shop.level(level_id));
            Say::new("gift.when_level").with("level", level.map_or("", |level| &level.name))
        }
        Event::Newcomer { days } => Say::new("gift.when_newcomer").with("days", days),
        Event::Referrer { days } => Say::new("gift.when_referrer").with("days", days),
    }
}

/// A rule being edited.
#[derive(Debug)]
struct Draft {
    rule: Option<GiftRule>,
    event: usize,
    levels: Vec<(i32, String)>,
    stores: Vec<(i32, String)>,
    gives: Gives,
}

const fn event_of(on: Event) -> usize {
    match on {
        Event::Welcome => 0,
        Event::Birthday { .. } => 1,
        Event::Child { .. } => 2,
        Event::Level { .. } => 3,
        Event::Newcomer { .. } => 4,
        Event::Referrer { .. } => 5,
    }
}

/// Where the entries all have begin.
const fn common(event: usize) -> usize {
    FIRST
        + match event {
            0 => 0,
            1 | 2 => 2,
            _ => 1,
        }
}

/// A day as it is typed.
fn typed_day(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// What stands in the entries all have, while the occasion changes.
#[derive(Debug, Clone, Default)]
struct Common {
    active: bool,
    points: String,
    bonus: String,
    days: String,
    what: String,
    from: String,
    until: String,
    /// Those it is for; none is all.
    levels: Vec<usize>,
    stores: Vec<usize>,
}

impl Draft {
    fn new(rule: Option<&GiftRule>, session: &Session) -> Self {
        let levels = session.shop.iter().flat_map(|shop| &shop.levels);
        let stores = session.shop.iter().flat_map(|shop| &shop.stores);
        Self {
            rule: rule.cloned(),
            event: rule.map_or(0, |rule| event_of(rule.on)),
            levels: levels.map(|level| (level.id, level.name.clone())).collect(),
            stores: stores.map(|store| (store.id, store.name.clone())).collect(),
            gives: Gives::of(session),
        }
    }

    fn common(&self) -> Common {
        let Some(rule) = &self.rule else {
            return Common {
                active: true,
                ..Common::default()
            };
        };
        let mut common = Common {
            active: rule.active,
            what: self.gives.write(rule.gives.iter()),
            from: typed_day(rule.when.from),
            until: typed_day(rule.when.until),
            levels: places(&self.levels, &rule.who.levels),
            stores: places(&self.stores, &rule.who.stores),
            ..Common::default()
        };
        for benefit in &rule.gives {
            match benefit {
                Benefit::Points { points } => common.points = points.to_string(),
                Benefit::Bonus {
                    fen, valid_days, ..
                } => {
                    common.bonus = short(*fen);
                    common.days = valid_days.map(|days| days.to_string()).unwrap_or_default();
                }
                _ => {}
            }
        }
        common
    }

    /// The entries of the occasion, filled when the rule is for that.
    fn event_entries(&self, form: Form) -> Form {
        let on = self.rule.as_ref().map(|rule| rule.on);
        let days = |days: u32| {
            Field::new(Kind::Digits)
                .most(DAYS_LENGTH)
                .with(&days.to_string())
        };
        match (self.event, on) {
            (1 | 2, on) => {
                let (before, after) = match on {
                    Some(Event::Birthday { before, after } | Event::Child { before, after }) => {
                        (before, after)
                    }
                    _ => (AROUND, AROUND),
                };
                form.field("gift.before", days(before))
                    .field("gift.after", days(after))
            }
            (3, on) => {
                let place = match on {
                    Some(Event::Level { level_id }) => {
                        self.levels.iter().position(|(id, _)| *id == level_id)
                    }
                    _ => None,
                };
                let names = self.levels.iter().map(|(_, name)| Word::from(name.clone()));
                let last = self.levels.len().saturating_sub(1);
                form.choice("gift.level_reached", names.collect(), place.unwrap_or(last))
            }
            (4 | 5, on) => {
                let after = match on {
                    Some(Event::Newcomer { days } | Event::Referrer { days }) => days,
                    _ => REFUND_DAYS,
                };
                form.field("gift.days", days(after)).hint("gift.days_hint")
            }
            _ => form,
        }
    }

    fn build(&self, name: &str, common: &Common) -> Form {
        let form = Form::new()
            .choice("gift.on", EVENTS.to_vec(), self.event)
            .hint("promotion.kind_hint")
            .field(
                "promotion.name",
                Field::new(Kind::Any).most(NAME_LENGTH).with(name),
            )
            .hint("gift.name_hint");
        let form = self
            .event_entries(form)
            .yes_no("rule.active", common.active)
            .field(
                "rule.points",
                Field::new(Kind::Digits)
                    .most(POINTS_LENGTH)
                    .with(&common.points),
            )
            .field("rule.bonus", Field::new(Kind::Amount).with(&common.bonus))
            .field(
                "rule.days",
                Field::new(Kind::Digits)
                    .most(DAYS_LENGTH)
                    .with(&common.days),
            )
            .hint("rule.days_hint");
        self.gives
            .entry(form, &common.what)
            .field(
                "promotion.first_day",
                Field::new(Kind::Any).most(DAY_LENGTH).with(&common.from),
            )
            .hint("promotion.first_day_hint")
            .field(
                "promotion.last_day",
                Field::new(Kind::Any).most(DAY_LENGTH).with(&common.until),
            )
            .hint("promotion.last_day_hint")
            .several("rule.levels", options(&self.levels, &common.levels))
            .hint("rule.all_hint")
            .several("rule.stores", options(&self.stores, &common.stores))
            .hint("rule.all_hint")
    }

    fn typed(&self, form: &Form) -> Common {
        let base = common(self.event);
        let text = |place: usize| form.value(base + place).to_owned();
        Common {
            active: form.is_yes(base + ACTIVE),
            points: text(POINTS),
            bonus: text(BONUS),
            days: text(DAYS),
            what: text(WHAT),
            from: text(FROM),
            until: text(UNTIL),
            levels: form.switched_on(base + LEVELS),
            stores: form.switched_on(base + STORES),
        }
    }

    /// The occasion; none after saying what is wrong.
    fn event(&self, form: &mut Form) -> Option<Event> {
        let mut days = |place: usize, most: u32| {
            let days: u32 = form.value(place).parse().unwrap_or(0);
            if days > most {
                form.refuse(place, Say::new("gift.days_wrong").with("most", most));
                return None;
            }
            Some(days)
        };
        Some(match self.event {
            0 => Event::Welcome,
            1 => Event::Birthday {
                before: days(FIRST, MOST_AROUND)?,
                after: days(FIRST + 1, MOST_AROUND)?,
            },
            2 => Event::Child {
                before: days(FIRST, MOST_AROUND)?,
                after: days(FIRST + 1, MOST_AROUND)?,
            },
            3 => {
                let level = self.levels.get(form.chosen(FIRST));
                Event::Level {
                    level_id: level.map(|(id, _)| *id)?,
                }
            }
            4 => Event::Newcomer {
                days: days(FIRST, MOST_DAYS)?,
            },
            _ => Event::Referrer {
                days: days(FIRST, MOST_DAYS)?,
            },
        })
    }

    /// What it gives; none after saying what is wrong.
    fn benefits(&self, form: &mut Form) -> Option<Vec<Benefit>> {
        let base = common(self.event);
        let mut benefits = Vec::new();
        let points = form.value(base + POINTS).parse().unwrap_or(0);
        if points > 0 {
            benefits.push(Benefit::Points { points });
        }
        if !form.value(base + BONUS).is_empty() {
            let fen = form.need_amount(base + BONUS)?;
            let valid_days = form
                .value(base + DAYS)
                .parse()
                .ok()
                .filter(|days| *days > 0);
            benefits.extend(fen.is_positive().then_some(Benefit::Bonus {
                fen,
                instalments: None,
                valid_days,
            }));
        }
        benefits.extend(self.gives.read(form, base + WHAT)?);
        if benefits.is_empty() {
            form.refuse(base + WHAT, "rule.nothing");
            return None;
        }
        Some(benefits)
    }
}

impl Draft {
    /// What the form says; none after saying what is wrong.
    fn read(&self, form: &mut Form) -> Option<GiftRule> {
        let name = form.need_text(NAME)?;
        let on = self.event(form)?;
        let gives = self.benefits(form)?;
        let base = common(self.event);
        let when = When {
            from: read_day(form, base + FROM)?,
            until: read_day(form, base + UNTIL)?,
            ..When::default()
        };
        let ends = when.from.zip(when.until);
        if ends.is_some_and(|(from, until)| until < from) {
            form.refuse(base + UNTIL, "rule.ends_before");
            return None;
        }
        let who = Who {
            members_only: false,
            levels: ids(&self.levels, &form.switched_on(base + LEVELS)),
            stores: ids(&self.stores, &form.switched_on(base + STORES)),
        };
        let new = RuleRef { id: 0, version: 0 };
        Some(GiftRule {
            rule: self.rule.as_ref().map_or(new, |rule| rule.rule),
            name,
            active: form.is_yes(base + ACTIVE),
            on,
            gives,
            when,
            who,
            since: None,
        })
    }
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "gift"
    }

    fn title(&self) -> Say {
        match &self.rule {
            None => Say::new("gift.new"),
            Some(rule) => Say::new("gift.edit")
                .with("version", rule.rule.version)
                .with("next", rule.rule.version + 1),
        }
    }

    fn about(&self) -> Option<&'static str> {
        Some("gift.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let name = self.rule.as_ref().map_or("", |rule| &rule.name);
        self.build(name, &self.common())
    }

    /// Another occasion has other entries.
    fn edited(&mut self, form: &mut Form) {
        let event = form.chosen(EVENT);
        if event != self.event {
            let (name, common) = (form.value(NAME).to_owned(), self.typed(form));
            self.event = event;
            *form = self.build(&name, &common);
            form.touch();
        }
    }

    fn tried(&mut self, form: &mut Form) -> Option<Box<dyn Screen>> {
        let rule = self.read(form)?;
        Some(Box::new(TryRule::new(Tried::Gift(rule))))
    }

    fn save(&mut self, form: &mut Form, editor: i32, cx: &Cx) -> Option<Query> {
        let rule = Box::new(self.read(form)?);
        let today = cx.session.today(cx.now());
        Some(Query::SaveGift {
            editor,
            rule,
            today,
        })
    }
}
