//! A promotion in the shop's words: what it does, and when.

use crate::domain::coupon::{CouponRule, Gives};
use crate::domain::money::Fen;
use crate::domain::promotion::{Offer, Promotion, When};
use crate::domain::shop::Shop;
use crate::ui::screen::Look;
use crate::ui::text::{Lang, Say};

/// `9`, `8.5`, `8.88`: how a Chinese shop says what is paid of ten parts.
#[must_use]
pub fn tenths(paid: i64) -> String {
    trimmed(paid, 1_000, 3)
}

/// `10`, `12.5`: what is taken off in a hundred.
#[must_use]
pub fn percent(off: i64) -> String {
    trimmed(off, 100, 2)
}

fn trimmed(value: i64, one: i64, places: usize) -> String {
    let rest = (value % one).to_string();
    let zeros = "0".repeat(places.saturating_sub(rest.len()));
    let text = format!("{}.{zeros}{rest}", value / one);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `100`, `9.90`: no decimals where there is nothing in them.
#[must_use]
pub fn yuan(amount: Fen) -> String {
    let text = amount.to_string();
    text.strip_suffix(".00").unwrap_or(&text).to_owned()
}

/// `2`, `1.5`: by how much points are multiplied.
#[must_use]
pub fn times_of(multiplier: i64) -> String {
    trimmed(multiplier, 10_000, 4)
}

/// What is paid of a price, as each language says it: `8.8 折`, `12% off`.
#[must_use]
pub fn share(paid: i64, look: &Look) -> String {
    if paid == 0 {
        return look.text("promotion.free").to_owned();
    }
    let part = match look.lang {
        Lang::Zh => tenths(paid),
        Lang::En => percent(10_000 - paid),
    };
    look.say(&Say::new("promotion.share").with("part", part))
}

/// What a coupon does: `满 30 减 5`, and for what.
#[must_use]
pub fn coupon(rule: &CouponRule, look: &Look) -> String {
    let from = yuan(rule.from);
    let says = match &rule.gives {
        Gives::Amount { off } if rule.from.is_positive() => {
            let say = Say::new("promotion.gives_rung").with("from", from);
            vec![say.with("off", yuan(*off))]
        }
        Gives::Amount { off } => vec![Say::new("coupon.gives_off").with("off", yuan(*off))],
        Gives::Percent { paid, cap } => {
            let mut says = vec![if rule.from.is_positive() {
                let say = Say::new("promotion.gives_percent").with("from", from);
                say.with("share", share(*paid, look))
            } else {
                Say::new("promotion.gives_off").with("share", share(*paid, look))
            }];
            says.extend(cap.map(|cap| Say::new("promotion.gives_cap").with("cap", yuan(cap))));
            says
        }
        Gives::Free { quantity } => {
            vec![Say::new("coupon.gives_free").with("count", *quantity)]
        }
        Gives::Right => vec![Say::new("coupon.gives_right").with("count", rule.uses)],
        Gives::Multiply { times } => {
            let mut says = vec![Say::new("member.multiplier").with("times", times_of(*times))];
            let from = Some(from).filter(|_| rule.from.is_positive());
            says.extend(from.map(|from| Say::new("coupon.from_on").with("from", from)));
            says
        }
    };
    let mut texts: Vec<String> = says.iter().map(|say| look.say(say)).collect();
    let shop = look.session.shop.as_ref();
    texts.extend(rule.scope.products.iter().map(|id| goods(shop, *id)));
    texts.join(look.text("promotion.and"))
}

/// The name of goods that a rule gives.
#[must_use]
pub fn goods(shop: Option<&Shop>, id: i32) -> String {
    let known = shop.and_then(|shop| shop.goods.iter().find(|goods| goods.id == id));
    known.map_or_else(|| format!("#{id}"), |gift| gift.name.clone())
}

/// What it does: `满 100 减 5,满 200 减 12`.
#[must_use]
pub fn gives(offer: &Offer, look: &Look) -> String {
    let said = |says: Vec<Say>| {
        let texts: Vec<String> = says.iter().map(|say| look.say(say)).collect();
        texts.join(look.text("promotion.and"))
    };
    said(match offer {
        Offer::Price { price } => vec![Say::new("promotion.gives_price").with("price", price)],
        Offer::Off { paid } => {
            vec![Say::new("promotion.gives_off").with("share", share(*paid, look))]
        }
        Offer::Rungs { rungs } => rungs
            .iter()
            .map(|rung| {
                Say::new("promotion.gives_rung")
                    .with("from", yuan(rung.from))
                    .with("off", yuan(rung.gives))
            })
            .collect(),
        Offer::Gifts { rungs } => rungs
            .iter()
            .map(|rung| {
                Say::new("promotion.gives_gift")
                    .with("from", yuan(rung.from))
                    .with(
                        "goods",
                        goods(look.session.shop.as_ref(), rung.gives.product_id),
                    )
                    .with("count", rung.gives.quantity)
            })
            .collect(),
        Offer::Percent { from, paid, cap } => {
            let mut says = vec![
                Say::new("promotion.gives_percent")
                    .with("from", yuan(*from))
                    .with("share", share(*paid, look)),
            ];
            says.extend(cap.map(|cap| Say::new("promotion.gives_cap").with("cap", yuan(cap))));
            says
        }
        Offer::Nth { n, paid } => vec![
            Say::new("promotion.gives_nth")
                .with("n", n)
                .with("share", share(*paid, look)),
        ],
        Offer::BuyGet { buy, get } => vec![
            Say::new("promotion.gives_free")
                .with("buy", buy)
                .with("get", get),
        ],
    })
}

/// When it holds: `2026-03-01 至 2026-03-31 周二三四 14:00-17:00`.
#[must_use]
pub fn validity(when: &When, look: &Look) -> String {
    let mut parts = Vec::new();
    match (when.from, when.until) {
        (None, None) => {}
        (Some(from), Some(until)) => parts.push(
            Say::new("promotion.from_until")
                .with("from", from)
                .with("until", until),
        ),
        (Some(from), None) => parts.push(Say::new("promotion.from_on").with("from", from)),
        (None, Some(until)) => parts.push(Say::new("promotion.until").with("until", until)),
    }
    let mut texts: Vec<String> = parts.iter().map(|say| look.say(say)).collect();
    if !when.weekdays.is_empty() {
        let days = when.weekdays.iter().filter_map(|day| {
            let place = usize::from(*day).checked_sub(1)?;
            WEEKDAYS.get(place).map(|key| look.text(key))
        });
        let days: Vec<&str> = days.collect();
        texts.push(days.join(" "));
    }
    if let Some((from, to)) = when.hours {
        texts.push(format!("{}-{}", from.format("%H:%M"), to.format("%H:%M")));
    }
    if texts.is_empty() {
        return look.text("promotion.always").to_owned();
    }
    texts.join("  ")
}

/// Monday first.
pub const WEEKDAYS: [&str; 7] = [
    "promotion.mon",
    "promotion.tue",
    "promotion.wed",
    "promotion.thu",
    "promotion.fri",
    "promotion.sat",
    "promotion.sun",
];

/// For whom, where and how paid, when not for everybody: `会员 金卡  河西店  只限储值`.
#[must_use]
pub fn conditions(rule: &Promotion, look: &Look) -> String {
    let shop = look.session.shop.as_ref();
    let mut texts = Vec::new();
    if rule.who.members_only && rule.who.levels.is_empty() {
        texts.push(look.text("promotion.members").to_owned());
    }
    let level = |id: &i32| Some(shop?.level(*id)?.name.clone());
    texts.extend(rule.who.levels.iter().filter_map(level));
    let store = |id: &i32| {
        let mut known = shop?.stores.iter();
        known.find(|store| store.id == *id).map(|s| s.name.clone())
    };
    texts.extend(rule.who.stores.iter().filter_map(store));
    if rule.by_stored_value {
        texts.push(look.text("promotion.stored_only").to_owned());
    }
    texts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discounts_are_said_as_shops_say_them() {
        assert_eq!(tenths(9_000), "9");
        assert_eq!(tenths(8_500), "8.5");
        assert_eq!(tenths(8_880), "8.88");
        assert_eq!(tenths(9_050), "9.05");
        assert_eq!(percent(1_000), "10");
        assert_eq!(percent(1_250), "12.5");
        assert_eq!(
            (yuan(Fen(10_000)), yuan(Fen(990))),
            ("100".into(), "9.90".into())
        );
    }
}
