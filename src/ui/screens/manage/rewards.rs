//! Rewards: what points can be exchanged for (PT4). Every edit is a new version.

use chrono::NaiveDate;

use super::conditions::{ids, options, places, read_day};
use super::edit::{Edit, Subject};
use super::list::Rows;
use crate::domain::promotion::{RuleRef, When, Who};
use crate::domain::reward::{Gives, Reward};
use crate::domain::shop::Shop;
use crate::query::{Query, RewardEdit};
use crate::session::Session;
use crate::ui::screen::{Cx, Look};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;
use crate::ui::widgets::table::{Cell, Column};

/// Places in the form.
const NAME: usize = 0;
const POINTS: usize = 1;
const KIND: usize = 2;
const WHAT: usize = 3;
const QUANTITY: usize = 4;
const DAYS: usize = 5;
const ACTIVE: usize = 6;
const FROM: usize = 7;
const UNTIL: usize = 8;
const LEVELS: usize = 9;
const STORES: usize = 10;
const EACH: usize = 11;
const STOCK: usize = 12;

const KINDS: [&str; 4] = [
    "reward.goods",
    "reward.service",
    "reward.package",
    "reward.coupon",
];

/// The place of coupons among them.
const COUPON: usize = 3;

/// Longest name, digits of points and of the rest, characters of a day.
const NAME_LENGTH: usize = 40;
const POINTS_DIGITS: usize = 7;
const DIGITS: usize = 4;
const DAY_LENGTH: usize = 10;

/// What a reward gives, by its name as it is known now.
fn product(gives: &Gives, shop: Option<&Shop>) -> String {
    let Some(id) = gives.product_id() else {
        let Gives::Coupon { rule_id, .. } = gives else {
            return String::new();
        };
        let rule = shop.and_then(|shop| shop.coupon(*rule_id));
        return rule.map_or_else(|| format!("#{rule_id}"), |rule| rule.name.clone());
    };
    let goods = shop.and_then(|shop| {
        let all = shop.goods.iter().chain(&shop.packages);
        let mut named = all.map(|it| (it.id, &it.name));
        let services = shop.services.iter().map(|it| (it.id, &it.name));
        named
            .by_ref()
            .chain(services)
            .find_map(|(known, name)| (known == id).then(|| name.clone()))
    });
    goods.unwrap_or_else(|| format!("#{id}"))
}

/// The list of rewards.
#[derive(Debug)]
pub struct Rewards;

impl Rows for Rewards {
    type Row = Reward;
    const TITLE: &'static str = "manage.rewards";
    const EMPTY: &'static str = "reward.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("reward.name"),
        Column::rest("reward.gives"),
        Column::fixed("promotion.version_short", 5),
        Column::fixed("", 6),
        Column::fixed("reward.points", 9).right(),
    ];

    fn id(reward: &Reward) -> i32 {
        reward.rule.id
    }

    fn known(session: &Session) -> Vec<Reward> {
        let rewards = session.shop.iter().flat_map(|shop| shop.rewards.clone());
        let mut rewards: Vec<Reward> = rewards.collect();
        rewards.sort_by_key(|reward| (!reward.active, reward.points, reward.rule.id));
        rewards
    }

    fn cells(reward: &Reward, look: &Look) -> Vec<Cell> {
        let plain = if reward.active { Role::Text } else { Role::Dim };
        let off = if reward.active {
            ""
        } else {
            look.text("manage.off")
        };
        let name = product(&reward.gives, look.session.shop.as_ref());
        let gives = match &reward.gives {
            Gives::Goods { quantity, .. }
            | Gives::Service { quantity, .. }
            | Gives::Coupon { quantity, .. } => {
                format!("{name} x {quantity}")
            }
            Gives::Package { .. } => name,
        };
        vec![
            Cell::from(reward.name.as_str()).role(plain),
            Cell::from(gives).role(Role::Dim),
            Cell::from(format!("v{}", reward.rule.version)).role(Role::Dim),
            Cell::from(off).role(Role::Dim),
            Cell::from(reward.points.to_string()).role(plain),
        ]
    }

    fn edit(row: Option<&Reward>, session: &Session) -> Edit {
        let reward = row.cloned();
        Edit::new(
            Draft {
                reward,
                shop: session.shop.clone(),
            },
            session,
        )
    }
}

/// A reward being edited.
#[derive(Debug)]
struct Draft {
    reward: Option<Reward>,
    shop: Option<Shop>,
}

impl Draft {
    fn levels(&self) -> Vec<(i32, String)> {
        let levels = self.shop.iter().flat_map(|shop| &shop.levels);
        levels.map(|it| (it.id, it.name.clone())).collect()
    }

    fn stores(&self) -> Vec<(i32, String)> {
        let stores = self.shop.iter().flat_map(|shop| &shop.stores);
        stores.map(|it| (it.id, it.name.clone())).collect()
    }

    /// Names that are known: goods of rules, services, packages.
    fn known(&self) -> Vec<String> {
        let Some(shop) = &self.shop else {
            return Vec::new();
        };
        let goods = shop.goods.iter().chain(&shop.packages);
        let goods = goods.map(|it| it.name.clone());
        goods
            .chain(shop.coupons.iter().map(|it| it.name.clone()))
            .chain(shop.services.iter().map(|it| it.name.clone()))
            .collect()
    }

    /// Coupons by the name of their rule; none after saying what is wrong.
    fn coupon(&self, what: &str, form: &mut Form) -> Option<Gives> {
        let rules = self.shop.iter().flat_map(|shop| &shop.coupons);
        let rule = rules.into_iter().find(|rule| rule.name == what);
        let quantity = match form.value(QUANTITY) {
            "" => 1,
            text => text.parse().unwrap_or(0),
        };
        let Some(rule) = rule else {
            form.refuse(WHAT, "reward.no_coupon");
            return None;
        };
        if !(1..=20).contains(&quantity) {
            form.refuse(QUANTITY, "reward.coupons_wrong");
            return None;
        }
        let rule_id = rule.rule.id;
        Some(Gives::Coupon { rule_id, quantity })
    }

    fn gives(&self, form: &mut Form) -> Option<(Gives, Option<String>)> {
        let what = form.need_text(WHAT)?;
        if form.chosen(KIND) == COUPON {
            return Some((self.coupon(&what, form)?, None));
        }
        let before = self.reward.as_ref().map(|it| &it.gives);
        let same = before.filter(|it| product(it, self.shop.as_ref()) == what);
        let product_id = same.and_then(Gives::product_id).unwrap_or(0);
        let quantity = match form.value(QUANTITY) {
            "" => 1,
            text => text.parse().unwrap_or(0),
        };
        if quantity == 0 {
            form.refuse(QUANTITY, "reward.no_quantity");
            return None;
        }
        let days = form.value(DAYS).parse().ok().filter(|days| *days > 0);
        let gives = match form.chosen(KIND) {
            0 => Gives::Goods {
                product_id,
                quantity,
            },
            1 => Gives::Service {
                product_id,
                quantity,
                days,
            },
            _ => Gives::Package { product_id },
        };
        Some((gives, same.is_none().then_some(what)))
    }
}

/// A number of the form; empty or 0 is none.
fn limit(form: &Form, place: usize) -> Option<i64> {
    form.value(place).parse().ok().filter(|limit| *limit > 0)
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "reward"
    }

    fn title(&self) -> Say {
        match &self.reward {
            None => Say::new("reward.new"),
            Some(reward) => Say::new("reward.edit")
                .with("version", reward.rule.version)
                .with("next", reward.rule.version + 1),
        }
    }

    fn about(&self) -> Option<&'static str> {
        Some("reward.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let it = self.reward.as_ref();
        let number = |length, value: Option<i64>| {
            let text = value.map(|value| value.to_string()).unwrap_or_default();
            Field::new(Kind::Digits).most(length).with(&text)
        };
        let any = |length, text: &str| Field::new(Kind::Any).most(length).with(text);
        let gives = it.map(|it| &it.gives);
        let (kind, quantity, days) = match gives {
            None => (0, Some(1), None),
            Some(Gives::Goods { quantity, .. }) => (0, Some(*quantity), None),
            Some(Gives::Service { quantity, days, .. }) => (1, Some(*quantity), *days),
            Some(Gives::Package { .. }) => (2, None, None),
            Some(Gives::Coupon { quantity, .. }) => (COUPON, Some(*quantity), None),
        };
        let what = gives.map(|gives| product(gives, self.shop.as_ref()));
        let last = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let when = it.map(|it| it.when.clone()).unwrap_or_default();
        let who = it.map(|it| it.who.clone()).unwrap_or_default();
        let (levels, stores) = (self.levels(), self.stores());
        Form::new()
            .field(
                "reward.name",
                any(NAME_LENGTH, it.map_or("", |it| &it.name)),
            )
            .hint("reward.name_hint")
            .field(
                "reward.points",
                number(POINTS_DIGITS, it.map(|it| it.points)),
            )
            .hint("reward.points_hint")
            .choice("reward.kind", KINDS.to_vec(), kind)
            .field("reward.what", any(NAME_LENGTH, &what.unwrap_or_default()))
            .hint("reward.what_hint")
            .known(self.known())
            .field("reward.quantity", number(DIGITS, quantity))
            .hint("reward.quantity_hint")
            .field("reward.days", number(DIGITS, days.map(i64::from)))
            .hint("reward.days_hint")
            .yes_no("rule.active", it.is_none_or(|it| it.active))
            .field("promotion.first_day", any(DAY_LENGTH, &last(when.from)))
            .hint("promotion.first_day_hint")
            .field("promotion.last_day", any(DAY_LENGTH, &last(when.until)))
            .hint("promotion.last_day_hint")
            .several(
                "rule.levels",
                options(&levels, &places(&levels, &who.levels)),
            )
            .hint("rule.all_hint")
            .several(
                "rule.stores",
                options(&stores, &places(&stores, &who.stores)),
            )
            .hint("rule.all_hint")
            .field(
                "reward.each",
                number(DIGITS, it.and_then(|it| it.per_member)),
            )
            .hint("reward.each_hint")
            .field(
                "reward.stock",
                number(POINTS_DIGITS, it.and_then(|it| it.stock)),
            )
            .hint("reward.stock_hint")
    }

    /// A scanned code is what it gives.
    fn scanned(&mut self, code: &str, form: &mut Form) {
        form.fill(WHAT, code);
        form.go(WHAT);
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let name = form.need_text(NAME)?;
        let points: i64 = form.need_text(POINTS)?.parse().unwrap_or(0);
        if points == 0 {
            form.refuse(POINTS, "reward.no_points");
            return None;
        }
        let (gives, product) = self.gives(form)?;
        let (from, until) = (read_day(form, FROM)?, read_day(form, UNTIL)?);
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            form.refuse(UNTIL, "rule.ends_before");
            return None;
        }
        let it = self.reward.as_ref();
        let reward = Reward {
            rule: it.map_or(RuleRef { id: 0, version: 0 }, |it| it.rule),
            name,
            active: form.is_yes(ACTIVE),
            points,
            gives,
            when: When {
                from,
                until,
                ..it.map(|it| it.when.clone()).unwrap_or_default()
            },
            who: Who {
                members_only: false,
                levels: ids(&self.levels(), &form.switched_on(LEVELS)),
                stores: ids(&self.stores(), &form.switched_on(STORES)),
            },
            per_member: limit(form, EACH),
            stock: limit(form, STOCK),
        };
        let reward = Box::new(RewardEdit { reward, product });
        Some(Query::SaveReward { editor, reward })
    }
}
