//! The sale on the screen: its lines and which of them is selected.

use crate::domain::price::CartLine;
use crate::domain::product::{Product, ProductKind};
use crate::domain::staff::Staff;

/// Most lines of one sale.
pub const MOST_LINES: usize = 500;

/// Most pieces, or grams, of one line.
pub const MOST_PIECES: i64 = 99_999;

/// The lines of a sale and who approved what is special about them.
#[derive(Debug, Default)]
pub struct Sale {
    lines: Vec<CartLine>,
    selected: usize,
    /// Who approved all prices that are set by hand, as they are now (OP3).
    approver: Option<Staff>,
}

impl Sale {
    pub fn all(&self) -> &[CartLine] {
        &self.lines
    }

    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub const fn place(&self) -> usize {
        self.selected
    }

    pub fn selected(&self) -> Option<&CartLine> {
        self.lines.get(self.selected)
    }

    /// Replaces everything.
    pub fn set(&mut self, lines: Vec<CartLine>) {
        self.lines = lines;
        self.approver = None;
        self.select(usize::MAX);
    }

    pub fn select(&mut self, place: usize) {
        self.selected = place.min(self.lines.len().saturating_sub(1));
    }

    /// A line at the end. Returns whether there was room.
    pub fn push(&mut self, line: CartLine) -> bool {
        if self.lines.len() >= MOST_LINES {
            return false;
        }
        self.lines.push(line);
        self.select(usize::MAX);
        true
    }

    /// Pieces of a product: more of the line that has it already, or a line of its own. Returns
    /// whether there was room.
    pub fn add(&mut self, product: &Product, pieces: i64) -> bool {
        if product.package.is_none() {
            return self.join(CartLine::of(product, pieces));
        }
        // Each package is a line: what it holds is counted by itself (PK4).
        (0..pieces).all(|_| self.push(CartLine::of(product, 1)))
    }

    /// More of the line that is the same already, or a line of its own: what was weighed, or has money of
    /// its own, stays by itself. Returns whether there was room.
    pub fn join(&mut self, line: CartLine) -> bool {
        let pieces = line.quantity;
        let same = |known: &CartLine| {
            line.kind != ProductKind::Weight
                && line.carried.money.is_none()
                && CartLine {
                    quantity: line.quantity,
                    ..known.clone()
                } == line
        };
        let Some(place) = self.lines.iter().position(same) else {
            return self.push(line);
        };
        self.select(place);
        let most = MOST_PIECES;
        self.lines.get_mut(place).is_some_and(|known| {
            let sum = known.quantity + pieces;
            known.quantity = sum.min(most);
            sum <= most
        })
    }

    /// Sets the quantity of the selected line. Returns whether there is one.
    pub fn set_quantity(&mut self, quantity: i64) -> bool {
        let Some(line) = self.selected().cloned() else {
            return false;
        };
        if line.package.is_some() || line.ordered.is_some() {
            return false;
        }
        let quantity = quantity.min(MOST_PIECES);
        let mut line = CartLine { quantity, ..line };
        line.carried.money = None;
        self.replace(self.selected, line);
        true
    }

    /// Puts an edited line where it was. Nobody has approved a price by hand for so much of it yet.
    pub fn replace(&mut self, place: usize, line: CartLine) {
        if let Some(known) = self.lines.get_mut(place)
            && *known != line
        {
            let asks = line.override_price.is_some();
            *known = line;
            if asks || !self.is_special() {
                self.approver = None;
            }
        }
    }

    /// Whether a price is set by hand.
    pub fn is_special(&self) -> bool {
        let special = |line: &CartLine| line.override_price.is_some();
        self.lines.iter().any(special)
    }

    /// Somebody has seen all prices that are set by hand, and approved them.
    pub fn approve(&mut self, staff: Staff) {
        self.approver = Some(staff);
    }

    /// Puts a line with a price by hand where it was: she has seen this one. Others that she has not seen
    /// are to be approved still, together with it.
    pub fn approve_line(&mut self, place: usize, line: CartLine, staff: Staff) {
        let before = self.approver.take();
        let mut others = self.lines.iter().enumerate().filter(|(at, _)| *at != place);
        let others = others.any(|(_, line)| line.override_price.is_some());
        self.replace(place, line);
        if !others || before.as_ref() == Some(&staff) {
            self.approver = Some(staff);
        }
    }

    /// Who approved the prices by hand; nobody approves her own (OP3).
    pub fn approver(&self, operator: Option<&Staff>) -> Option<i32> {
        let approver = self.approver.as_ref()?.id;
        (Some(approver) != operator.map(|staff| staff.id)).then_some(approver)
    }

    pub fn remove(&mut self, place: usize) {
        if place < self.lines.len() {
            self.lines.remove(place);
            self.select(self.selected);
        }
        if !self.is_special() {
            self.approver = None;
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
