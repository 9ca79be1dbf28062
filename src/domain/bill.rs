//! What is due and what was handed over so far, until nothing is left (PR6).

use super::money::Fen;
use super::tender::{Rounding, Tender, TenderKind};
use crate::error::{Refusal, Result};

/// A bill while it is being paid, in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    total: Fen,
    rounding: Rounding,
    parts: Vec<Tender>,
}

impl Bill {
    /// A bill of `total`, fen, whose cash remainder is rounded as the shop says.
    #[must_use]
    pub const fn new(total: Fen, rounding: Rounding) -> Self {
        Self {
            total,
            rounding,
            parts: Vec::new(),
        }
    }

    #[must_use]
    pub const fn total(&self) -> Fen {
        self.total
    }

    /// How its cash is rounded.
    #[must_use]
    pub const fn rounding(&self) -> Rounding {
        self.rounding
    }

    /// The parts in the order they were handed over.
    #[must_use]
    pub fn parts(&self) -> &[Tender] {
        &self.parts
    }

    /// What was paid so far by one kind of tender, fen.
    #[must_use]
    pub fn paid_by(&self, kind: TenderKind) -> Fen {
        let parts = self.parts.iter().filter(|part| part.kind == kind);
        parts.map(|part| part.amount).sum()
    }

    /// What is still due, fen, nothing dropped.
    #[must_use]
    pub fn left(&self) -> Fen {
        self.total - self.parts.iter().map(|part| part.amount).sum()
    }

    /// What is dropped, fen, if `kind` pays all that is left (PR6).
    ///
    /// Only cash is rounded, and its parts are rounded together. Nothing is dropped where cash would
    /// have to be handed back for it, nor where a bill paid otherwise has only odd fen left.
    #[must_use]
    pub fn off(&self, kind: TenderKind) -> Fen {
        if kind != TenderKind::Cash {
            return Fen::ZERO;
        }
        let left = self.left();
        let cash = self.paid_by(TenderKind::Cash);
        let off = self.rounding.off(cash + left);
        let is_free = off == left && !self.parts.is_empty() && !cash.is_positive();
        if off > left || is_free {
            return Fen::ZERO;
        }
        off
    }

    /// What closes the bill with this kind of tender, fen.
    #[must_use]
    pub fn due(&self, kind: TenderKind) -> Fen {
        self.left() - self.off(kind)
    }

    /// Whether `given` by `kind` pays the rest.
    #[must_use]
    pub fn closes(&self, kind: TenderKind, given: Fen) -> bool {
        given >= self.due(kind)
    }

    /// Takes a part. `Some` closes the bill: every tender, cash put together, and what was dropped.
    ///
    /// # Errors
    /// `tender.nothing` for no amount, `tender.too_much` for more than is due by anything but cash.
    pub fn pay(&mut self, kind: TenderKind, given: Fen) -> Result<Option<Paid>> {
        let due = self.due(kind);
        if given > due && kind != TenderKind::Cash {
            return Err(Refusal::user("tender.too_much").with("due", due));
        }
        let off = self.off(kind);
        let closes = self.closes(kind, given);
        let amount = given.min(due);
        if amount.is_positive() {
            self.parts.push(Tender {
                kind,
                amount,
                given,
            });
        } else if !closes {
            return Err(Refusal::user("tender.nothing"));
        }
        Ok(closes.then(|| Paid {
            tenders: self.tenders(),
            rounding: off,
        }))
    }

    /// Takes the last part back.
    pub fn undo(&mut self) -> Option<Tender> {
        self.parts.pop()
    }

    /// Takes every part back but `kept` of stored value.
    pub fn keep_stored(&mut self, kept: Fen) {
        self.parts.clear();
        if kept.is_positive() {
            self.parts
                .push(Tender::exact(TenderKind::StoredValue, kept));
        }
    }

    /// One tender of each kind, in the order they first came.
    fn tenders(&self) -> Vec<Tender> {
        let mut tenders: Vec<Tender> = Vec::new();
        for part in &self.parts {
            match tenders.iter_mut().find(|tender| tender.kind == part.kind) {
                Some(tender) => {
                    tender.amount += part.amount;
                    tender.given += part.given;
                }
                None => tenders.push(*part),
            }
        }
        tenders
    }
}

/// A bill with nothing left to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    pub tenders: Vec<Tender>,
    /// Dropped of the cash part, fen.
    pub rounding: Fen,
}

impl Paid {
    /// What goes back to the customer, fen.
    #[must_use]
    pub fn change(&self) -> Fen {
        self.tenders.iter().map(Tender::change).sum()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::price::{quote, tests as prices};
    use crate::domain::sale::{plan, tests::request};
    use proptest::prelude::*;

    #[test]
    fn change_and_rounding_of_the_cash_remainder() {
        let mut bill = Bill::new(Fen(9_999), Rounding::Jiao);
        assert_eq!(bill.due(TenderKind::Wechat), Fen(9_999));
        assert_eq!(bill.due(TenderKind::Cash), Fen(9_990));
        assert_eq!(bill.pay(TenderKind::Wechat, Fen(2_000)).unwrap(), None);
        assert_eq!(bill.due(TenderKind::Cash), Fen(7_990));
        let paid = bill.pay(TenderKind::Cash, Fen(10_000)).unwrap().unwrap();
        assert_eq!((paid.rounding, paid.change()), (Fen(9), Fen(2_010)));
    }

    #[test]
    fn only_cash_may_be_more_than_is_due() {
        let mut bill = Bill::new(Fen(6_800), Rounding::None);
        assert!(bill.pay(TenderKind::Alipay, Fen(6_801)).is_err());
        assert!(bill.pay(TenderKind::Alipay, Fen::ZERO).is_err());
        assert!(bill.parts().is_empty());
    }

    #[test]
    fn a_free_bill_is_closed_by_nothing() {
        let mut bill = Bill::new(Fen::ZERO, Rounding::Yuan);
        let paid = bill.pay(TenderKind::Cash, Fen::ZERO).unwrap().unwrap();
        assert!(paid.tenders.is_empty());
    }

    proptest! {
        /// However a bill is split, the ledger takes what the till made of it.
        #[test]
        fn the_ledger_accepts_every_closed_bill(
            total in 0_i64..100_000,
            parts in prop::collection::vec((1_usize..5, 1_i64..60_000), 0..6),
            last in 1_usize..5,
            rounding in prop::sample::select(vec![Rounding::None, Rounding::Jiao, Rounding::Yuan]),
        ) {
            let mut shop = prices::shop();
            shop.rounding = rounding;
            let mut bill = Bill::new(Fen(total), rounding);
            let mut closed = None;
            for (kind, given) in parts {
                let kind = TenderKind::ALL.get(kind).copied().unwrap_or(TenderKind::Cash);
                if closed.is_none() && let Ok(paid) = bill.pay(kind, Fen(given)) {
                    closed = paid;
                }
            }
            let last = TenderKind::ALL.get(last).copied().unwrap_or(TenderKind::Cash);
            let paid = match closed {
                Some(paid) => paid,
                None => bill.pay(last, bill.due(last)).unwrap().unwrap(),
            };
            let lines = quote(&[prices::line(total, 1, None)], None, &shop).lines;
            let mut sale = request(lines, paid.tenders);
            sale.member_id = None;
            sale.rounding = paid.rounding;
            let plan = plan(&sale, &shop, None).unwrap();
            prop_assert_eq!(plan.imbalance(), (0, 0));
        }
    }
}
