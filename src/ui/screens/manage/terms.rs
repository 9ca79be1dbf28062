//! The shop's own terms: what every till and every receipt goes by.

use rust_decimal::Decimal;

use super::edit::{Edit, Subject};
use super::levels::{MOST_TIMES, short};
use super::products::typed;
use crate::domain::money::Fen;
use crate::domain::points::{Exchange, ONE};
use crate::domain::shop::{LimitsProfile, Shop};
use crate::domain::stored_value::SpendOrder;
use crate::domain::tender::Rounding;
use crate::query::Query;
use crate::session::Session;
use crate::ui::screen::Cx;
use crate::ui::screens::tender::NOTE_KEYS;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;

/// Places in the form.
const NAME: usize = 0;
const POINTS: usize = 1;
const MONTHS: usize = 2;
const STORED_TIMES: usize = 3;
const WELCOME: usize = 4;
const WORTH: usize = 5;
const CAP: usize = 6;
const LEAST: usize = 7;
const ROUNDING: usize = 8;
const ORDER: usize = 9;
const LIMITS: usize = 10;
const DORMANT: usize = 11;
const QUICK_DISCOUNT: usize = 12;
const QUICK_POINTS: usize = 13;
const CASH: usize = 14;
const TERMS: usize = 15;

/// Longest name and terms, characters; digits of a number.
const NAME_LENGTH: usize = 30;
const TERMS_LENGTH: usize = 500;
const DIGITS: usize = 4;
const POINTS_DIGITS: usize = 6;

/// Basis points.
const PERCENT: i64 = 100;

/// Notes that have a key while paying, at most.
const MOST_AMOUNTS: usize = NOTE_KEYS.len();

const ROUNDINGS: [(Rounding, &str); 3] = [
    (Rounding::None, "terms.exact"),
    (Rounding::Jiao, "terms.jiao"),
    (Rounding::Yuan, "terms.yuan"),
];

const ORDERS: [(SpendOrder, &str); 3] = [
    (SpendOrder::ProRata, "terms.pro_rata"),
    (SpendOrder::PrincipalFirst, "terms.principal_first"),
    (SpendOrder::BonusFirst, "terms.bonus_first"),
];

const PROFILES: [(LimitsProfile, &str); 3] = [
    (LimitsProfile::Off, "terms.limits_off"),
    (LimitsProfile::Warn, "terms.limits_warn"),
    (LimitsProfile::Enforce, "terms.limits_enforce"),
];

/// The form of the terms.
#[must_use]
pub fn edit(session: &Session) -> Edit {
    let shop = session.shop.clone();
    Edit::new(Draft { shop }, session)
}

/// The terms being edited.
#[derive(Debug)]
struct Draft {
    shop: Option<Shop>,
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "terms"
    }

    fn title(&self) -> Say {
        let version = self.shop.as_ref().map_or(0, |shop| shop.terms_version);
        Say::new("terms.title").with("version", version)
    }

    fn about(&self) -> Option<&'static str> {
        Some("terms.about")
    }

    fn long(&self) -> Option<usize> {
        Some(TERMS)
    }

    fn form(&self, _session: &Session) -> Form {
        let Some(shop) = &self.shop else {
            return Form::new();
        };
        let number = |length, value: &str| Field::new(Kind::Digits).most(length).with(value);
        let text = |length, value: &str| Field::new(Kind::Any).most(length).with(value);
        let months = shop.points_valid_months.map(|months| months.to_string());
        let rate = shop.points_per_yuan.normalize().to_string();
        let times = shop
            .stored_value_multiplier
            .map(|times| short(Fen(times / 100)));
        let [worth, cap, least] = match shop.points_exchange {
            Some(it) => [it.points, it.cap / PERCENT, it.least].map(|number| number.to_string()),
            None => Default::default(),
        };
        let cash: Vec<String> = shop.denominations.iter().copied().map(typed).collect();
        Form::new()
            .field("terms.name", text(NAME_LENGTH, &shop.name))
            .field("terms.points", Field::new(Kind::Amount).with(&rate))
            .hint("terms.points_hint")
            .field(
                "terms.months",
                number(DIGITS, months.as_deref().unwrap_or_default()),
            )
            .hint("terms.months_hint")
            .field(
                "terms.stored_times",
                Field::new(Kind::Amount).with(times.as_deref().unwrap_or_default()),
            )
            .hint("terms.stored_times_hint")
            .field(
                "terms.welcome",
                number(POINTS_DIGITS, &shop.welcome_points.to_string()),
            )
            .hint("terms.welcome_hint")
            .field("terms.worth", number(POINTS_DIGITS, &worth))
            .hint("terms.worth_hint")
            .field("terms.cap", number(DIGITS, &cap))
            .hint("terms.cap_hint")
            .field("terms.least", number(POINTS_DIGITS, &least))
            .hint("terms.least_hint")
            .choice(
                "terms.rounding",
                keys(&ROUNDINGS),
                at(&ROUNDINGS, shop.rounding),
            )
            .choice("terms.order", keys(&ORDERS), at(&ORDERS, shop.spend_order))
            .choice(
                "terms.limits",
                keys(&PROFILES),
                at(&PROFILES, shop.limits_profile),
            )
            .field(
                "terms.dormant",
                number(DIGITS, &shop.dormancy_days.to_string()),
            )
            .hint("terms.dormant_hint")
            .yes_no("terms.quick_discount", shop.quick_sale_discount)
            .hint("terms.quick_discount_hint")
            .yes_no("terms.quick_points", shop.quick_sale_points)
            .hint("terms.quick_points_hint")
            .field("terms.cash", text(NAME_LENGTH * 2, &cash.join(" ")))
            .hint("terms.cash_hint")
            .field("terms.text", text(TERMS_LENGTH, &shop.terms))
            .hint("terms.text_hint")
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let old = self.shop.as_ref()?;
        let name = form.need_text(NAME)?;
        let points = form.need_amount(POINTS)?;
        let months = form.value(MONTHS).parse().ok().filter(|months| *months > 0);
        let stored_value_multiplier = times(form)?;
        let points_exchange = exchange(form)?;
        let dormancy_days: i64 = form.need_text(DORMANT)?.parse().unwrap_or(0);
        if dormancy_days == 0 {
            form.refuse(DORMANT, "terms.dormant_wrong");
            return None;
        }
        let Some(denominations) = amounts(form.value(CASH)) else {
            form.refuse(CASH, "terms.cash_wrong");
            return None;
        };
        let shop = Shop {
            name,
            points_per_yuan: Decimal::new(points.0, 2).normalize(),
            points_valid_months: months,
            stored_value_multiplier,
            welcome_points: form.value(WELCOME).parse().unwrap_or(0),
            points_exchange,
            rounding: of(&ROUNDINGS, form.chosen(ROUNDING)),
            spend_order: of(&ORDERS, form.chosen(ORDER)),
            limits_profile: of(&PROFILES, form.chosen(LIMITS)),
            dormancy_days,
            quick_sale_discount: form.is_yes(QUICK_DISCOUNT),
            quick_sale_points: form.is_yes(QUICK_POINTS),
            denominations,
            terms: form.value(TERMS).to_owned(),
            ..old.clone()
        };
        Some(Query::SaveTerms {
            editor,
            shop: Box::new(shop),
        })
    }
}

/// The multiplier for stored value, basis points; none within for an empty entry or for one, none after
/// saying what is wrong.
#[expect(
    clippy::option_option,
    reason = "what is wrong stops the save, an empty entry does not"
)]
fn times(form: &mut Form) -> Option<Option<i64>> {
    if form.value(STORED_TIMES).is_empty() {
        return Some(None);
    }
    let times = form.need_amount(STORED_TIMES)?.0 * 100;
    if times > MOST_TIMES {
        form.refuse(STORED_TIMES, "level.times_wrong");
        return None;
    }
    Some((times > ONE).then_some(times))
}

/// What points are worth as money (PT5): none within where they are not taken, none after saying what is wrong.
#[expect(
    clippy::option_option,
    reason = "what is wrong stops the save, an empty entry does not"
)]
fn exchange(form: &mut Form) -> Option<Option<Exchange>> {
    let points: i64 = form.value(WORTH).parse().unwrap_or(0);
    if points == 0 {
        return Some(None);
    }
    let percent = match form.value(CAP) {
        "" => 100,
        cap => cap.parse().unwrap_or(0),
    };
    if !(1..=100).contains(&percent) {
        form.refuse(CAP, "terms.cap_wrong");
        return None;
    }
    Some(Some(Exchange {
        points,
        fen: Fen::yuan(1),
        cap: percent * PERCENT,
        least: form.value(LEAST).parse().unwrap_or(0),
    }))
}

fn keys<T>(options: &[(T, &'static str)]) -> Vec<&'static str> {
    options.iter().map(|(_, key)| *key).collect()
}

fn at<T: Copy + PartialEq>(options: &[(T, &str)], value: T) -> usize {
    let place = options.iter().position(|(known, _)| *known == value);
    place.unwrap_or(0)
}

fn of<T: Copy + Default>(options: &[(T, &str)], place: usize) -> T {
    options
        .get(place)
        .map_or_else(T::default, |(value, _)| *value)
}

/// Amounts with spaces or commas between them; none when one is no amount or they are too many.
fn amounts(text: &str) -> Option<Vec<Fen>> {
    let parts = text.split([' ', ',', ',', '、', '\u{3000}']);
    let parts = parts.filter(|part| !part.is_empty());
    let amounts: Option<Vec<Fen>> = parts
        .map(|part| Fen::parse(part).filter(|amount| amount.is_positive()))
        .collect();
    amounts.filter(|amounts| amounts.len() <= MOST_AMOUNTS)
}
