//! From a cart to prices: one engine for the preview and for the posting (PR1, PR7, PR8).

use serde::{Deserialize, Serialize};

use super::carried::Carried;
use super::ledger::{DocumentLine, Reason, Reduction};
use super::level::Level;
use super::money::Fen;
use super::package::Package;
use super::product::{Product, ProductKind};
use super::shop::Shop;

/// A line of the cart. `quantity` is pieces or grams, prices are fen per piece or per kilogram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    pub product_id: Option<i32>,
    pub name: String,
    pub kind: ProductKind,
    pub quantity: i64,
    pub price: Fen,
    pub member_price: Option<Fen>,
    /// A price somebody with the right set by hand; it is final.
    pub override_price: Option<Fen>,
    /// What the code of this very piece said: a label's money is what the customer pays.
    #[serde(default)]
    pub carried: Carried,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Box<Package>>,
}

impl CartLine {
    /// One piece, one service, or `quantity` grams of a product.
    #[must_use]
    pub fn of(product: &Product, quantity: i64) -> Self {
        Self {
            product_id: Some(product.id),
            name: product.name.clone(),
            kind: product.kind,
            quantity,
            price: product.price,
            member_price: product.member_price,
            override_price: None,
            carried: Carried::default(),
            package: product.package.clone(),
        }
    }

    /// An amount without items (PR7).
    #[must_use]
    pub fn quick(name: String, amount: Fen) -> Self {
        Self {
            product_id: None,
            name,
            kind: ProductKind::Service,
            quantity: 1,
            price: amount,
            member_price: None,
            override_price: None,
            carried: Carried::default(),
            package: None,
        }
    }

    /// The amount at list price: what the label says, else price times quantity.
    fn list(&self) -> Fen {
        self.carried
            .money
            .unwrap_or_else(|| self.amount(self.price))
    }

    /// The amount at the member price. Of a label's money it is as large a part as the member price is of
    /// the price, in the customer's favour.
    fn special(&self, member_price: Fen) -> Fen {
        match self.carried.money {
            Some(money) if self.price.is_positive() => money.ratio(member_price.0, self.price.0),
            Some(money) => money,
            None => self.amount(member_price),
        }
    }

    /// The amount of this line at a unit price; grams are rounded half up to the fen.
    fn amount(&self, price: Fen) -> Fen {
        match self.kind {
            ProductKind::Piece | ProductKind::Service | ProductKind::Package => {
                price.times(self.quantity)
            }
            ProductKind::Weight => Fen(Fen(price.0.saturating_mul(2))
                .times(self.quantity)
                .0
                .saturating_add(1000)
                / 2000),
        }
    }
}

/// What a cart costs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quote {
    pub lines: Vec<DocumentLine>,
    /// At list prices.
    pub list: Fen,
    /// To be paid, before rounding.
    pub total: Fen,
}

impl Quote {
    /// What one reason took off in all.
    #[must_use]
    pub fn off(&self, reason: Reason) -> Fen {
        self.lines
            .iter()
            .flat_map(|line| &line.reductions)
            .filter(|r| r.reason == reason)
            .map(|r| r.fen)
            .sum()
    }
}

/// Prices a cart for a member of `level`, or for nobody.
///
/// The order of PR1: an override is final; else the better of member price and level discount, not both.
/// The level discount is rounded in the customer's favour. No line goes below zero (PR2).
#[must_use]
pub fn quote(lines: &[CartLine], level: Option<&Level>, shop: &Shop) -> Quote {
    let lines: Vec<DocumentLine> = lines
        .iter()
        .map(|line| price_line(line, level, shop))
        .collect();
    Quote {
        list: lines.iter().map(|l| l.list).sum(),
        total: lines.iter().map(|l| l.net).sum(),
        lines,
    }
}

fn price_line(line: &CartLine, level: Option<&Level>, shop: &Shop) -> DocumentLine {
    let mut list = line.list();
    let mut reduction = None;
    if let Some(price) = line.override_price {
        let set = line.amount(price.max_zero());
        list = list.max(set);
        reduction = Some(Reduction {
            reason: Reason::Override,
            fen: list - set,
        });
    } else if let Some(level) = level {
        let discounted = if line.product_id.is_some() || shop.quick_sale_discount {
            list.ratio(level.paid, 10_000)
        } else {
            list
        };
        let special = line
            .member_price
            .map_or(list, |price| line.special(price.max_zero()));
        reduction = Some(if special <= discounted {
            Reduction {
                reason: Reason::MemberPrice,
                fen: list - special,
            }
        } else {
            Reduction {
                reason: Reason::Level,
                fen: list - discounted,
            }
        });
    }
    let reductions: Vec<Reduction> = reduction
        .into_iter()
        .filter(|r| r.fen.is_positive())
        .collect();
    let net = list - reductions.iter().map(|r| r.fen).sum();
    DocumentLine {
        product_id: line.product_id,
        name: line.name.clone(),
        kind: line.kind,
        quantity: line.quantity,
        price: line.price,
        list,
        net,
        reductions,
        package: line.package.clone(),
        prepaid: Fen::ZERO,
        served: None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::shop::LimitsProfile;
    use crate::domain::stored_value::SpendOrder;
    use crate::domain::tender::Rounding;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    /// A shop with two levels and one point a yuan.
    pub(crate) fn shop() -> Shop {
        let level = |id: i32, threshold: i64, paid: i64, multiplier: i64| Level {
            id,
            rank: id,
            name: format!("L{id}"),
            threshold: Fen(threshold),
            paid,
            multiplier,
            version: 1,
        };
        Shop {
            services: Vec::new(),
            packages: Vec::new(),
            merchant_id: 1,
            name: "测试".into(),
            industry: "salon".into(),
            points_per_yuan: Decimal::ONE,
            points_valid_months: Some(12),
            stored_value_multiplier: None,
            welcome_points: 10,
            rounding: Rounding::Jiao,
            spend_order: SpendOrder::ProRata,
            limits_profile: LimitsProfile::Warn,
            dormancy_days: 30,
            quick_sale_discount: true,
            quick_sale_points: true,
            denominations: vec![],
            terms: String::new(),
            terms_version: 1,
            version: 1,
            labels: vec![],
            levels: vec![
                level(1, 0, 10_000, 10_000),
                level(2, 100_000, 9_000, 20_000),
            ],
            rules: vec![],
            limits: vec![],
            categories: vec![],
            stores: vec![],
            tills: vec![],
        }
    }

    pub(crate) fn line(price: i64, quantity: i64, member_price: Option<i64>) -> CartLine {
        CartLine {
            product_id: Some(1),
            name: "护发精油".into(),
            kind: ProductKind::Piece,
            quantity,
            price: Fen(price),
            member_price: member_price.map(Fen),
            override_price: None,
            carried: Carried::default(),
            package: None,
        }
    }

    #[test]
    fn the_better_of_member_price_and_discount() {
        let shop = shop();
        let gold = shop.level(2);
        let quote = quote(
            &[
                line(12_800, 1, None),
                line(10_000, 1, Some(8_000)),
                line(10_000, 1, Some(9_500)),
            ],
            gold,
            &shop,
        );
        assert_eq!(
            quote.lines.iter().map(|l| l.net.0).collect::<Vec<_>>(),
            [11_520, 8_000, 9_000]
        );
        assert_eq!(quote.off(Reason::MemberPrice), Fen(2_000));
        assert_eq!(quote.total, Fen(28_520));
    }

    #[test]
    fn nobody_gets_member_prices_without_being_one() {
        assert_eq!(
            quote(&[line(10_000, 2, Some(8_000))], None, &shop()).total,
            Fen(20_000)
        );
    }

    #[test]
    fn weighed_goods_round_half_up() {
        let mut apples = line(1_299, 525, None);
        apples.kind = ProductKind::Weight;
        // 12.99 yuan/kg x 0.525 kg = 6.81975 yuan.
        assert_eq!(quote(&[apples], None, &shop()).total, Fen(682));
    }

    /// scanner.md 5.3: 15.75 stands on the label; 29.98 x 0.525 would be 15.74.
    #[test]
    fn the_money_of_a_label_is_what_is_paid() {
        let shop = shop();
        let mut ham = line(2_998, 525, None);
        ham.kind = ProductKind::Weight;
        assert_eq!(quote(&[ham.clone()], None, &shop).total, Fen(1_574));
        ham.carried.money = Some(Fen(1_575));
        assert_eq!(quote(&[ham.clone()], None, &shop).total, Fen(1_575));
        // A member's discount is of the label's money, in her favour; so is her price.
        assert_eq!(
            quote(&[ham.clone()], shop.level(2), &shop).total,
            Fen(1_417)
        );
        ham.member_price = Some(Fen(1_499));
        assert_eq!(quote(&[ham.clone()], shop.level(2), &shop).total, Fen(787));
        // A price by hand is for the weight.
        ham.override_price = Some(Fen(2_000));
        assert_eq!(quote(&[ham], None, &shop).total, Fen(1_050));
    }

    #[test]
    fn an_override_is_final() {
        let shop = shop();
        let mut cheap = line(10_000, 1, Some(8_000));
        cheap.override_price = Some(Fen(9_000));
        assert_eq!(
            quote(&[cheap.clone()], shop.level(2), &shop).total,
            Fen(9_000)
        );
        cheap.override_price = Some(Fen(12_000));
        let quote = quote(&[cheap], None, &shop);
        assert_eq!((quote.list, quote.total), (Fen(12_000), Fen(12_000)));
    }

    proptest! {
        /// PR2: no line below zero or above list; the total is the sum; pricing again changes nothing.
        #[test]
        fn prices_are_sound(
            carts in prop::collection::vec((0_i64..1_000_000, 1_i64..2_000, prop::option::of(0_i64..1_000_000), prop::option::of(0_i64..1_000_000), any::<bool>(), prop::option::of(1_i64..1_000_000)), 0..20),
            member in any::<bool>(),
        ) {
            let shop = shop();
            let lines: Vec<CartLine> = carts.into_iter().map(|(price, quantity, special, set, weighed, label)| {
                let mut line = line(price, quantity, special.map(|s| s.min(price)));
                line.override_price = set.map(Fen);
                line.carried.money = label.map(Fen);
                if weighed { line.kind = ProductKind::Weight; }
                line
            }).collect();
            let level = member.then(|| shop.level(2)).flatten();
            let first = quote(&lines, level, &shop);
            for line in &first.lines {
                prop_assert!(line.net.0 >= 0 && line.net <= line.list);
                let off: Fen = line.reductions.iter().map(|r| r.fen).sum();
                prop_assert_eq!(line.list - off, line.net);
            }
            let sum: Fen = first.lines.iter().map(|l| l.net).sum();
            prop_assert_eq!(sum, first.total);
            prop_assert_eq!(quote(&lines, level, &shop), first);
        }
    }
}
