//! What somebody buys at the hairdresser's, and how she pays.

use super::dice::Dice;
use crate::domain::money::Fen;
use crate::domain::price::CartLine;
use crate::domain::product::Product;
use crate::domain::tender::{Rounding, Tender, TenderKind};

/// The categories of the preset.
const CUTS: i32 = 1;
const COLOURS: i32 = 2;
const CARE: i32 = 3;
pub const GOODS: i32 = 4;

/// A cut or a blow-dry mostly, now and then more. Never empty.
pub fn fill(dice: &mut Dice, products: &[Product], is_female: bool) -> Vec<CartLine> {
    let mut lines = Vec::new();
    let mut add = |dice: &mut Dice, category: i32, quantity: i64| {
        let of: Vec<&Product> = products
            .iter()
            .filter(|p| p.category_id == Some(category))
            .collect();
        if let Some(product) = dice.pick(&of) {
            lines.push(CartLine::of(product, quantity));
        }
    };
    let (colour, care) = if is_female { (22, 26) } else { (7, 10) };
    let has_colour = dice.chance(colour);
    if has_colour {
        add(dice, COLOURS, 1);
    }
    if dice.chance(care) {
        add(dice, CARE, 1);
    }
    if dice.chance(12) {
        let pieces = if dice.chance(15) { 2 } else { 1 };
        add(dice, GOODS, pieces);
    }
    if !has_colour || dice.chance(30) {
        add(dice, CUTS, 1);
    }
    lines
}

/// Stored value first, the rest by `pays`; cash is rounded down (PR6) and handed over in notes.
pub fn pay(
    dice: &mut Dice,
    total: Fen,
    stored: Fen,
    pays: TenderKind,
    rounding: Rounding,
) -> (Vec<Tender>, Fen) {
    let stored = stored.min(total);
    let mut tenders = Vec::new();
    if stored.is_positive() {
        tenders.push(Tender::exact(TenderKind::StoredValue, stored));
    }
    let rest = total - stored;
    // Only what is paid in cash is rounded: beside stored value something must be left to pay.
    let off = rounding.off(rest);
    let dropped = if pays == TenderKind::Cash && (off < rest || tenders.is_empty()) {
        off
    } else {
        Fen::ZERO
    };
    let amount = rest - dropped;
    if amount.is_positive() {
        let note = Fen::yuan(dice.pick(&[1, 10, 50, 100]).unwrap_or(1));
        let given = if pays == TenderKind::Cash {
            Fen((amount.0 + note.0 - 1) / note.0 * note.0)
        } else {
            amount
        };
        tenders.push(Tender {
            kind: pays,
            amount,
            given,
        });
    }
    (tenders, dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_below_the_step_is_paid_beside_stored_value() {
        let mut dice = Dice::new(1);
        let mut cash = |total, stored| {
            let (pays, rounding) = (TenderKind::Cash, Rounding::Yuan);
            let (tenders, dropped) = pay(&mut dice, Fen(total), Fen(stored), pays, rounding);
            let paid = tenders.iter().map(|t| t.amount).sum::<Fen>();
            assert_eq!(paid + dropped, Fen(total));
            (tenders.len(), dropped)
        };
        assert_eq!(cash(10_070, 10_000), (2, Fen::ZERO));
        assert_eq!(cash(10_170, 10_000), (2, Fen(70)));
        assert_eq!(cash(10_070, 0), (1, Fen(70)));
        assert_eq!(cash(70, 0), (0, Fen(70)));
    }
}
