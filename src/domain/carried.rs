//! `Carried`: what a code says of the very piece it stands on, beside which item it is: a scale label's
//! weight and money, a GS1 symbol's dates.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::gs1::Gs1;
use super::label::Label;
use super::money::Fen;
use super::price::CartLine;
use super::product::{Product, ProductKind};

/// From so many days before its last day on goods are said to be near it.
pub const NEAR_DAYS: i64 = 3;

/// Weight and money are of the piece; in a line of the sale, money is of the whole line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Carried {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grams: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Fen>,
    /// Pieces in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// What could not be read, as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

/// The last good day of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    pub day: NaiveDate,
    /// Best before it; else not to be used after it.
    pub best: bool,
}

/// How near its last day a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    Good,
    /// So many days are left, none on the last.
    Near(i64),
    /// So many days ago.
    Past(i64),
}

impl Until {
    /// As seen from `today`; the last day is a good one.
    #[must_use]
    pub fn age(self, today: NaiveDate) -> Age {
        match (self.day - today).num_days() {
            ..0 => Age::Past((today - self.day).num_days()),
            left @ 0..=NEAR_DAYS => Age::Near(left),
            _ => Age::Good,
        }
    }
}

/// Why a code alone does not make a line of the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear {
    /// It is sold by weight, and the code does not say how much it is.
    Weigh,
    /// More than a line of a sale holds.
    TooMuch,
}

/// Most pieces or grams of a line.
pub const MOST: i64 = 99_999;

impl Carried {
    /// What a scale label says.
    #[must_use]
    pub fn by_label(label: &Label) -> Self {
        Self {
            grams: label.grams,
            money: label.money,
            ..Self::default()
        }
    }

    /// What a GS1 symbol says. Of two dates the expiry counts; a date that is none is shown as unread.
    #[must_use]
    pub fn by_gs1(found: &Gs1, today: NaiveDate) -> Self {
        let expiry = found.expires.map(|date| (date, false));
        let date = expiry.or_else(|| found.best_before.map(|date| (date, true)));
        let until = date.and_then(|(date, best)| Some((date.on(today)?, best)));
        Self {
            grams: found.grams.filter(|grams| *grams > 0),
            money: found.money.filter(|money| money.is_positive()),
            count: found.count,
            until: until.map(|(day, best)| Until { day, best }),
            unread: found.unread.clone(),
        }
    }

    /// The line of the sale: `times` labels of the same content, or pieces without one.
    ///
    /// The money of the code is the amount of the line, to the fen: it is what the customer saw. Goods by
    /// weight with money alone get the weight that it is at the shop's price, rounded; it is what leaves the
    /// stock, and does not change the money.
    ///
    /// # Errors
    /// [`Unclear`].
    pub fn line(&self, product: &Product, times: i64) -> Result<CartLine, Unclear> {
        let quantity = match (product.kind, self.grams, self.money) {
            (ProductKind::Weight, Some(grams), _) => grams.checked_mul(times),
            (ProductKind::Weight, None, Some(money)) => {
                let grams = weight_of(money, product.price).ok_or(Unclear::Weigh)?;
                grams.checked_mul(times)
            }
            (ProductKind::Weight, None, None) => return Err(Unclear::Weigh),
            _ => times.checked_mul(self.count.map_or(1, i64::from)),
        };
        let quantity = quantity.filter(|quantity| (1..=MOST).contains(quantity));
        let mut line = CartLine::of(product, quantity.ok_or(Unclear::TooMuch)?);
        line.carried = Self {
            money: self.money.map(|money| money.times(times)),
            ..self.clone()
        };
        Ok(line)
    }
}

/// `0.525`.
#[must_use]
pub fn kilograms(grams: i64) -> String {
    format!("{}.{:03}", grams / 1_000, grams % 1_000)
}

/// The grams that cost `money` at `price` a kilogram, at least one.
fn weight_of(money: Fen, price: Fen) -> Option<i64> {
    let twice = i128::from(money.0) * 2_000 + i128::from(price.0);
    let grams = price
        .is_positive()
        .then(|| twice / (i128::from(price.0) * 2))?;
    i64::try_from(grams.max(1)).ok()
}

impl CartLine {
    /// The grams of its code that make no price: it is sold by the piece, and the code says no money.
    #[must_use]
    pub fn idle_grams(&self) -> Option<i64> {
        let is_idle = self.kind != ProductKind::Weight && self.carried.money.is_none();
        self.carried.grams.filter(|_| is_idle)
    }

    /// Whether the money of its code is not what the shop's price makes of its weight, by more than a rounding: the
    /// scale knows another price.
    #[must_use]
    pub fn disagrees(&self) -> bool {
        let Some(money) = self.carried.money else {
            return false;
        };
        let weighed = self.kind == ProductKind::Weight && self.carried.grams.is_some();
        // Scales round to the jiao, up or down.
        let twice =
            i128::from(self.price.0) * i128::from(self.quantity) - i128::from(money.0) * 1_000;
        weighed && twice.abs() > 10 * 1_000
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::gs1;
    use crate::domain::price::quote;
    use crate::domain::price::tests::shop;
    use proptest::prelude::*;

    fn goods(kind: ProductKind, price: i64) -> Product {
        Product {
            package: None,
            id: 1,
            code: Some("123".into()),
            name: "苹果".into(),
            category_id: None,
            kind,
            price: Fen(price),
            member_price: None,
            active: true,
            version: 1,
        }
    }

    fn carried(grams: Option<i64>, money: Option<i64>) -> Carried {
        Carried {
            grams,
            money: money.map(Fen),
            ..Carried::default()
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn lines_of_labels() {
        let apples = goods(ProductKind::Weight, 2_998);
        let total = |line: CartLine| (line.quantity, quote(&[line], None, &shop()).total);
        for (grams, money, times, came) in [
            (Some(525), Some(1_575), 1, (525, Fen(1_575))),
            (Some(525), None, 1, (525, Fen(1_574))),
            (None, Some(1_575), 1, (525, Fen(1_575))),
            (Some(525), Some(1_575), 3, (1_575, Fen(4_725))),
        ] {
            let line = carried(grams, money).line(&apples, times).unwrap();
            assert_eq!(total(line), came);
        }
        assert_eq!(carried(None, None).line(&apples, 1), Err(Unclear::Weigh));
        assert_eq!(
            carried(Some(99_999), None).line(&apples, 2),
            Err(Unclear::TooMuch)
        );
        let free = goods(ProductKind::Weight, 0);
        assert_eq!(carried(None, Some(5)).line(&free, 1), Err(Unclear::Weigh));
        // A salad sold by the piece, priced by its label.
        let salad = goods(ProductKind::Piece, 1_800);
        assert_eq!(
            total(carried(Some(300), Some(1_250)).line(&salad, 1).unwrap()),
            (1, Fen(1_250))
        );
        assert_eq!(
            total(carried(Some(300), None).line(&salad, 2).unwrap()),
            (2, Fen(3_600))
        );
    }

    #[test]
    fn a_scale_with_another_price_is_noticed() {
        let apples = goods(ProductKind::Weight, 2_998);
        let line = |money| carried(Some(525), Some(money)).line(&apples, 1).unwrap();
        assert!(!line(1_575).disagrees() && !line(1_570).disagrees());
        assert!(line(1_600).disagrees() && line(1_260).disagrees());
    }

    #[test]
    fn last_days() {
        let until = |text| Until {
            day: day(text),
            best: false,
        };
        for (last, age) in [
            ("2026-03-20", Age::Good),
            ("2026-03-13", Age::Good),
            ("2026-03-12", Age::Near(3)),
            ("2026-03-09", Age::Near(0)),
            ("2026-03-08", Age::Past(1)),
        ] {
            assert_eq!(until(last).age(day("2026-03-09")), age);
        }
        let code = |text: &str| gs1::read(&format!("0106957842208856{text}")).unwrap();
        let today = day("2026-03-09");
        let carried = Carried::by_gs1(&code("1526040117260312"), today);
        assert_eq!(carried.until, Some(until("2026-03-12")));
        let carried = Carried::by_gs1(&code("15260401"), today);
        assert_eq!(
            carried.until.map(|until| (until.day, until.best)),
            Some((day("2026-04-01"), true))
        );
    }

    proptest! {
        /// The label's money is paid to the fen, whatever it weighs; grams are never none.
        #[test]
        fn the_label_is_paid(grams in prop::option::of(1_i64..9_999), money in 1_i64..99_999, price in 1_i64..99_999) {
            let apples = goods(ProductKind::Weight, price);
            if let Ok(line) = carried(grams, Some(money)).line(&apples, 1) {
                prop_assert!(line.quantity > 0);
                prop_assert_eq!(quote(&[line], None, &shop()).total, Fen(money));
            }
        }
    }
}
