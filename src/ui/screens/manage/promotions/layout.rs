//! `layout`: what stands where in the form of a promotion, and reading it back. After kind and name come the entries of
//! the kind, then those that all kinds have.

use crate::domain::money::Fen;
use crate::domain::promotion::{Gift, Offer, Rung};
use crate::ui::screens::manage::conditions::{self, parts};
use crate::ui::screens::manage::levels::short;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;

/// Kinds in the order they are offered.
pub(super) const KINDS: [&str; 7] = [
    "promotion.kind_price",
    "promotion.kind_off",
    "promotion.kind_rungs",
    "promotion.kind_gifts",
    "promotion.kind_percent",
    "promotion.kind_nth",
    "promotion.kind_free",
];

/// Places of kind and name, and of the first entry of the kind.
pub(super) const KIND: usize = 0;
pub(super) const NAME: usize = 1;
const FIRST: usize = 2;

/// Places of the entries all kinds have, after those of the kind.
pub(super) const ACTIVE: usize = 0;
pub(super) const CONDITIONS: usize = 1;
pub(super) const STORED: usize = CONDITIONS + conditions::ENTRIES;

/// Longest list of steps or goods; digits of a count.
const LIST_LENGTH: usize = 120;
const COUNT_LENGTH: usize = 2;

/// Most goods of a gift.
const MOST_GIFTS: i64 = 99;

/// The place in [`KINDS`].
pub(super) const fn kind_of(offer: &Offer) -> usize {
    match offer {
        Offer::Price { .. } => 0,
        Offer::Off { .. } => 1,
        Offer::Rungs { .. } => 2,
        Offer::Gifts { .. } => 3,
        Offer::Percent { .. } => 4,
        Offer::Nth { .. } => 5,
        Offer::BuyGet { .. } => 6,
    }
}

/// Where the entries all kinds have begin.
pub(super) const fn common(kind: usize) -> usize {
    FIRST
        + match kind {
            4 => 3,
            5 | 6 => 2,
            _ => 1,
        }
}

/// Adds the entries of a kind, filled from the offer when it is of that kind. `named` gives the name of goods.
pub(super) fn entries(
    form: Form,
    kind: usize,
    offer: Option<&Offer>,
    named: impl Fn(i32) -> String,
) -> Form {
    let offer = offer.filter(|offer| kind_of(offer) == kind);
    let amount = |text: String| Field::new(Kind::Amount).with(&text);
    let count = |text: String| Field::new(Kind::Digits).most(COUNT_LENGTH).with(&text);
    let list = |text: String| Field::new(Kind::Any).most(LIST_LENGTH).with(&text);
    let share = |form: Form, paid: Option<i64>| {
        let text = paid.map(|paid| short(Fen(paid))).unwrap_or_default();
        form.field("promotion.paid", amount(text))
    };
    match (kind, offer) {
        (0, Some(Offer::Price { price })) => form.field("promotion.price", amount(short(*price))),
        (0, _) => form.field("promotion.price", amount(String::new())),
        (1, Some(Offer::Off { paid })) => share(form, Some(*paid)),
        (1, _) => share(form, None),
        (2, Some(Offer::Rungs { rungs })) => {
            let step = |rung: &Rung<Fen>| format!("{}-{}", short(rung.from), short(rung.gives));
            form.field("promotion.rungs", list(joined(rungs.iter().map(step))))
                .hint("promotion.rungs_hint")
        }
        (3, Some(Offer::Gifts { rungs })) => {
            let step = |rung: &Rung<Gift>| {
                let name = named(rung.gives.product_id);
                let times = match rung.gives.quantity {
                    1 => String::new(),
                    count => format!("*{count}"),
                };
                format!("{}-{name}{times}", short(rung.from))
            };
            form.field("promotion.gifts", list(joined(rungs.iter().map(step))))
                .hint("promotion.gifts_hint")
        }
        (4, offer) => {
            let (from, paid, cap) = match offer {
                Some(Offer::Percent { from, paid, cap }) => (Some(*from), Some(*paid), *cap),
                _ => (None, None, None),
            };
            let text = |fen: Option<Fen>| fen.map(short).unwrap_or_default();
            let form = form.field("promotion.from", amount(text(from)));
            share(form, paid)
                .field("promotion.cap", amount(text(cap)))
                .hint("promotion.cap_hint")
        }
        (5, offer) => {
            let (n, paid) = match offer {
                Some(Offer::Nth { n, paid }) => (*n, Some(*paid)),
                _ => (2, None),
            };
            let form = form.field("promotion.nth", count(n.to_string()));
            share(form.hint("promotion.nth_hint"), paid)
        }
        (6, offer) => {
            let (buy, get) = match offer {
                Some(Offer::BuyGet { buy, get }) => (*buy, *get),
                _ => (2, 1),
            };
            form.field("promotion.buy", count(buy.to_string()))
                .field("promotion.get", count(get.to_string()))
                .hint("promotion.get_hint")
        }
        (3, _) => form
            .field("promotion.gifts", list(String::new()))
            .hint("promotion.gifts_hint"),
        _ => form
            .field("promotion.rungs", list(String::new()))
            .hint("promotion.rungs_hint"),
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// The place of the share that is paid, in the kinds that have one.
pub(super) const fn paid_at(kind: usize) -> Option<usize> {
    match kind {
        1 => Some(FIRST),
        4 | 5 => Some(FIRST + 1),
        _ => None,
    }
}

/// The kind that gives goods.
pub(super) const fn kind_of_gifts() -> usize {
    3
}

/// What a typed share comes to.
pub(super) fn paid_hint(text: &str) -> Say {
    match Fen::parse(text) {
        Some(percent) if percent.0 < 10_000 => Say::new("level.paid_is")
            .with("tenths", short(percent.ratio(1, 10)))
            .with("off", short(Fen(10_000 - percent.0))),
        _ => Say::new("promotion.paid_hint"),
    }
}

/// A share in basis points: less than the whole.
fn need_share(form: &mut Form, place: usize) -> Option<i64> {
    let paid = form.need_amount(place)?.0;
    if paid >= 10_000 {
        form.refuse(place, "promotion.paid_wrong");
        return None;
    }
    Some(paid)
}

fn need_count(form: &mut Form, place: usize, least: i64) -> Option<i64> {
    let count = form.value(place).parse().unwrap_or(0);
    if count < least {
        form.refuse(place, "promotion.count_wrong");
        return None;
    }
    Some(count)
}

/// The offer of a kind, and the goods of its rungs that `known` does not know: by place and name. None after saying what
/// is wrong.
pub(super) fn offer(
    form: &mut Form,
    kind: usize,
    known: impl Fn(&str) -> Option<i32>,
) -> Option<(Offer, Vec<(usize, String)>)> {
    let plain = |offer| Some((offer, Vec::new()));
    match kind {
        0 => plain(Offer::Price {
            price: form.need_amount(FIRST)?,
        }),
        1 => plain(Offer::Off {
            paid: need_share(form, FIRST)?,
        }),
        2 => {
            let Some(rungs) = rungs(form.value(FIRST)) else {
                form.refuse(FIRST, "promotion.rungs_wrong");
                return None;
            };
            plain(Offer::Rungs { rungs })
        }
        3 => {
            let Some(steps) = gifts(form.value(FIRST)) else {
                form.refuse(FIRST, "promotion.gifts_wrong");
                return None;
            };
            let mut unknown = Vec::new();
            let mut rungs = Vec::new();
            for (place, (from, name, quantity)) in steps.into_iter().enumerate() {
                let product_id = known(&name).unwrap_or(0);
                if product_id == 0 {
                    unknown.push((place, name));
                }
                let gives = Gift {
                    product_id,
                    quantity,
                };
                rungs.push(Rung { from, gives });
            }
            Some((Offer::Gifts { rungs }, unknown))
        }
        4 => {
            let from = form.need_amount(FIRST)?;
            let paid = need_share(form, FIRST + 1)?;
            let cap = match form.value(FIRST + 2) {
                "" => None,
                _ => Some(form.need_amount(FIRST + 2)?),
            };
            plain(Offer::Percent {
                from,
                paid,
                cap: cap.filter(|cap| cap.is_positive()),
            })
        }
        5 => {
            let n = need_count(form, FIRST, 2)?;
            let paid = need_share(form, FIRST + 1)?;
            plain(Offer::Nth { n, paid })
        }
        _ => {
            let buy = need_count(form, FIRST, 1)?;
            let get = need_count(form, FIRST + 1, 1)?;
            plain(Offer::BuyGet { buy, get })
        }
    }
}

/// `100-5, 200-12`: more off for more.
fn rungs(text: &str) -> Option<Vec<Rung<Fen>>> {
    let step = |part: &String| {
        let (from, off) = part.split_once('-')?;
        let (from, gives) = (Fen::parse(from.trim())?, Fen::parse(off.trim())?);
        (gives.is_positive() && gives <= from).then_some(Rung { from, gives })
    };
    let rungs: Vec<Rung<Fen>> = parts(text).iter().map(step).collect::<Option<_>>()?;
    (!rungs.is_empty()).then_some(rungs)
}

/// `200-气垫梳, 500-护发素*2`.
fn gifts(text: &str) -> Option<Vec<(Fen, String, i64)>> {
    let step = |part: &String| {
        let (from, goods) = part.split_once('-')?;
        let (name, count) = match goods.rsplit_once('*') {
            Some((name, count)) => (name, count.trim().parse().ok()?),
            None => (goods, 1),
        };
        let fits = !name.trim().is_empty() && (1..=MOST_GIFTS).contains(&count);
        fits.then_some((Fen::parse(from.trim())?, name.trim().to_owned(), count))
    };
    let gifts: Vec<_> = parts(text).iter().map(step).collect::<Option<_>>()?;
    (!gifts.is_empty()).then_some(gifts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn steps_are_read_as_they_are_written() {
        let read = |text| {
            let rungs = rungs(text)?.into_iter();
            Some(rungs.map(|r| (r.from.0, r.gives.0)).collect::<Vec<_>>())
        };
        assert_eq!(
            read("100-5, 200-12.5"),
            Some(vec![(10_000, 500), (20_000, 1_250)])
        );
        assert_eq!(read("100-5,200-12"), read("100-5;200-12"));
        for wrong in ["", "100", "100-", "5-100", "a-b", "100-0"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let found = gifts("200-气垫梳, 500-挂耳 10包*2").unwrap();
        assert_eq!(
            found,
            [
                (Fen(20_000), "气垫梳".to_owned(), 1),
                (Fen(50_000), "挂耳 10包".to_owned(), 2)
            ]
        );
        assert_eq!(gifts("200-"), None);
        assert_eq!(gifts("200-梳子*0"), None);
    }
}
