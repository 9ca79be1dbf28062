//! Sales of the members of a level under its edited discount and multiplier (LV2). Who would have reached it is not asked.

use super::{Gain, Outlook, Touched};
use crate::domain::calendar::local;
use crate::domain::level::Level;
use crate::domain::money::Fen;
use crate::domain::points::{Share, Source, worth};
use crate::domain::price::trial::PastSale;
use crate::domain::price::{Terms, price};
use crate::domain::promotion::Occasion;
use crate::domain::shop::Shop;

/// What a sale takes off and earns under a level.
fn gain(shop: &Shop, level: &Level, sale: &PastSale) -> Gain {
    let lines = sale.cart();
    let occasion = Occasion {
        by_stored_value: sale.stored,
        ..Occasion::at(shop, sale.till_id, sale.at, sale.level_id)
    };
    let quote = price(&lines, &Terms::of(shop, Some(level), Some(occasion)));
    let earns = quote.lines.iter();
    let earns = earns.filter(|line| line.product_id.is_some() || shop.quick_sale_points);
    let fen: Fen = earns.map(|line| line.net).sum();
    let stored = shop.stored_value_multiplier.filter(|_| sale.stored);
    let share = Share {
        fen,
        multiplier: stored.map_or(level.multiplier, |stored| stored.max(level.multiplier)),
        by: Source::Level,
        rule: None,
    };
    Gain {
        off: quote.list - quote.total,
        points: worth(&[share], shop.points_per_yuan),
        ..Gain::default()
    }
}

/// What the sales of its members would have cost and earned; those of others are not looked at.
#[must_use]
pub fn trial(shop: &Shop, draft: &Level, sales: &[PastSale], complete: bool) -> Outlook {
    let mut outlook = Outlook::new(complete);
    let Some(known) = shop.level(draft.id) else {
        return outlook;
    };
    for sale in sales.iter().filter(|sale| sale.level_id == Some(draft.id)) {
        outlook.add(Touched {
            id: Some(sale.id),
            on: local(sale.at).date_naive(),
            who: sale.member.clone().unwrap_or_else(|| sale.till.clone()),
            amount: Some(sale.lines.iter().map(|line| line.line.net).sum()),
            before: gain(shop, known, sale),
            after: gain(shop, draft, sale),
        });
    }
    outlook
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::ledger::DocumentLine;
    use crate::domain::price::CartLine;
    use crate::domain::price::tests::shop;
    use crate::domain::price::trial::PastLine;
    use chrono::DateTime;
    use proptest::prelude::*;
    use uuid::Uuid;

    /// A sale of one amount each, to a member of this level or to nobody.
    #[must_use]
    pub fn sales(nets: &[i64], level: Option<i32>) -> Vec<PastSale> {
        let shop = shop();
        let sale = |(n, net): (u128, &i64)| {
            let cart = [CartLine::quick("快速消费".to_owned(), Fen(*net))];
            let plain = Terms {
                level: None,
                ..Terms::of(&shop, None, None)
            };
            let lines = price(&cart, &plain).lines;
            PastSale {
                id: Uuid::from_u128(n),
                seq: 1,
                at: DateTime::UNIX_EPOCH,
                till_id: 1,
                till: "一号台".to_owned(),
                member: level.map(|_| "王晓明".to_owned()),
                level_id: level,
                stored: false,
                lines: lines
                    .into_iter()
                    .map(|line: DocumentLine| PastLine {
                        line,
                        category_id: None,
                        member_price: None,
                    })
                    .collect(),
            }
        };
        (1..).zip(nets).map(sale).collect()
    }

    #[test]
    fn a_better_level_costs_more() {
        let mut shop = shop();
        shop.quick_sale_discount = true;
        let level = shop.levels[0].clone();
        let mut past = sales(&[10_000, 20_000], Some(level.id));
        past.extend(sales(&[50_000], None));
        let draft = Level {
            paid: level.paid - 1_000,
            multiplier: level.multiplier * 2,
            ..level
        };
        let outlook = trial(&shop, &draft, &past, true);
        assert_eq!((outlook.events, outlook.touched), (2, 2));
        assert_eq!((outlook.after - outlook.before).off, Fen(3_000));
        assert!(outlook.after.points > outlook.before.points);
        let new = Level { id: 0, ..draft };
        assert_eq!(
            trial(&shop, &new, &past, true).events,
            0,
            "nobody has a new one"
        );
    }

    proptest! {
        /// The level in force, saved unchanged, costs nothing.
        #[test]
        fn no_edit_costs_nothing(nets in prop::collection::vec(1_i64..90_000, 0..20), place in 0_usize..9) {
            let shop = shop();
            let level = shop.levels[place % shop.levels.len()].clone();
            let outlook = trial(&shop, &level, &sales(&nets, Some(level.id)), true);
            prop_assert_eq!(outlook.before, outlook.after);
            prop_assert_eq!((outlook.touched, outlook.events), (0, nets.len()));
        }
    }
}
