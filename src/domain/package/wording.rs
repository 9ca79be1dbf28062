//! `wording`: an item of a package as the owner types it: `剪发 10次`, `护理 2次 赠`, `钟点工 120分钟 +20`.

use super::{Item, Unit};
use crate::domain::money::Fen;

/// A service that packages can hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Service {
    pub id: i32,
    pub name: String,
    pub price: Fen,
}

const GIFT: [&str; 3] = ["赠", "送", "gift"];
const ENDLESS: [&str; 2] = ["不限", "unlimited"];
const UNITS: [(&str, Unit); 12] = [
    ("次", Unit::Session),
    ("分钟", Unit::Minute),
    ("分", Unit::Minute),
    ("小时", Unit::Minute),
    ("节", Unit::Lesson),
    ("课时", Unit::Lesson),
    ("天", Unit::Day),
    ("日", Unit::Day),
    ("", Unit::Session),
    ("min", Unit::Minute),
    ("h", Unit::Minute),
    ("d", Unit::Day),
];
/// Of one item.
const MOST_UNITS: i64 = 100_000;

/// How a unit is written.
#[must_use]
pub const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Session => "次",
        Unit::Minute => "分钟",
        Unit::Lesson => "课时",
        Unit::Day => "天",
        Unit::Fen => "元",
    }
}

/// So many of them, with the name of the unit.
#[must_use]
pub fn count(of: Unit, quantity: i64) -> String {
    match of {
        Unit::Fen => Fen(quantity).to_string(),
        of => format!("{quantity}{}", unit(of)),
    }
}

/// The item that `text` names: a service by its name, a quantity with its unit, and perhaps `赠` for a gift, `+20` for
/// what each use costs besides, in yuan, and `每30天` for when it is time again.
///
/// # Errors
/// What is wrong: a key of the texts.
pub fn read(text: &str, services: &[Service]) -> Result<Item, &'static str> {
    let text = text.trim();
    // The longest name wins: names may hold spaces and digits.
    let named = services.iter().filter(|service| {
        text.strip_prefix(service.name.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\u{3000}']))
    });
    let Some(service) = named.max_by_key(|service| service.name.len()) else {
        return Err("package.no_service");
    };
    let mut item = Item {
        product_id: service.id,
        name: service.name.clone(),
        unit: Unit::Session,
        quantity: None,
        price: service.price,
        is_gift: false,
        copay: Fen::ZERO,
        cycle_days: None,
    };
    let mut counted = false;
    let rest = text.strip_prefix(service.name.as_str()).unwrap_or_default();
    for word in rest.split_whitespace() {
        if GIFT.contains(&word) {
            item.is_gift = true;
        } else if ENDLESS.contains(&word) {
            counted = true;
            item.quantity = None;
        } else if let Some(copay) = word.strip_prefix('+') {
            item.copay = Fen::parse(copay).ok_or("package.no_copay")?;
        } else if let Some(days) = word
            .strip_prefix('每')
            .and_then(|word| word.strip_suffix('天'))
        {
            let days = days.parse().ok().filter(|days| *days > 0);
            item.cycle_days = Some(days.ok_or("package.no_cycle")?);
        } else {
            let (quantity, unit) = quantity(word).ok_or("package.no_quantity")?;
            counted = true;
            item.quantity = Some(quantity);
            item.unit = unit;
        }
    }
    if counted {
        Ok(item)
    } else {
        Err("package.no_quantity")
    }
}

/// `10`, `x10`, `10次`, `2小时`: how many, and of what. Hours are kept in minutes.
fn quantity(word: &str) -> Option<(i64, Unit)> {
    let word = word.trim_start_matches(['x', 'X', '*', '×']);
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = word.split_at_checked(digits)?;
    let number: i64 = number.parse().ok()?;
    let (name, kind) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let number = if matches!(*name, "小时" | "h") {
        number.checked_mul(60)?
    } else {
        number
    };
    (1..=MOST_UNITS)
        .contains(&number)
        .then_some((number, *kind))
}

/// The item as [`read`] understands it.
#[must_use]
pub fn write(item: &Item) -> String {
    let mut text = match item.quantity {
        Some(quantity) => format!("{} {quantity}{}", item.name, unit(item.unit)),
        None => format!("{} 不限", item.name),
    };
    if item.is_gift {
        text.push_str(" 赠");
    }
    if item.copay.is_positive() {
        text = format!("{text} +{}", item.copay.to_string().replace(',', ""));
    }
    if let Some(days) = item.cycle_days {
        text = format!("{text} 每{days}天");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn services() -> Vec<Service> {
        let names = ["剪发", "剪发 总监", "护理", "钟点工", "Spa 60"];
        (1..)
            .zip(names)
            .map(|(id, name)| Service {
                id,
                name: name.to_owned(),
                price: Fen(3_800),
            })
            .collect()
    }

    #[test]
    fn as_it_is_typed() {
        for (typed, written) in [
            ("剪发 10", "剪发 10次"),
            ("  剪发 x10次 ", "剪发 10次"),
            ("剪发 总监 5次 +20 每30天", "剪发 总监 5次 +20.00 每30天"),
            ("护理 送 2", "护理 2次 赠"),
            ("钟点工 2小时", "钟点工 120分钟"),
            ("Spa 60 不限", "Spa 60 不限"),
        ] {
            let item = read(typed, &services()).unwrap();
            assert_eq!(write(&item), written, "{typed}");
            assert_eq!(read(written, &services()).unwrap(), item, "{written}");
        }
        for (typed, wrong) in [
            ("", "package.no_service"),
            ("烫发 3", "package.no_service"),
            ("剪发10", "package.no_service"),
            ("剪发", "package.no_quantity"),
            ("剪发 0", "package.no_quantity"),
            ("剪发 -1", "package.no_quantity"),
            ("剪发 10元", "package.no_quantity"),
            ("剪发 3 +二十", "package.no_copay"),
            ("剪发 3 每0天", "package.no_cycle"),
        ] {
            assert_eq!(read(typed, &services()).unwrap_err(), wrong, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,60}") {
            drop(read(&text, &services()));
            drop(read(&format!("剪发 {text}"), &services()));
        }
    }
}
