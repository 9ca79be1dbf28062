//! What was paid beforehand for an order, and an order that was called off (SV6).

use super::{Facts, about, tenders};
use crate::domain::money::Fen;
use crate::domain::receipt::Receipt;
use crate::domain::shop::Shop;
use crate::domain::slip::Layout;

/// The order, what was paid of it, what is still due and when, and what may be kept when she calls it off.
pub(super) fn taken(facts: Facts, receipt: &Receipt, shop: Option<&Shop>, layout: Layout) -> Facts {
    let document = &receipt.document;
    let Some(order) = &document.deposit else {
        return facts;
    };
    let in_force = shop.filter(|shop| Some(shop.terms_version) == document.terms_version);
    let nature = if order.earnest {
        (layout.words)("slip.earnest").replace("{most}", &order.kept_most.to_string())
    } else {
        (layout.words)("slip.prepayment")
    };
    let facts = facts
        .one("order", &order.name)
        .one("price", order.price)
        .one("amount", document.amount)
        .one("still_due", (order.price - document.amount).max_zero())
        .maybe("due_on", order.due_on)
        .one("nature", nature)
        .maybe("terms", in_force.map(|shop| &shop.terms));
    tenders(facts, receipt, layout)
}

/// What is kept, why, and what goes back.
pub(super) fn forfeited(facts: Facts, receipt: &Receipt, layout: Layout) -> Facts {
    let document = &receipt.document;
    let Some(order) = &document.deposit else {
        return facts;
    };
    let back = Some(document.amount).filter(|fen: &Fen| fen.is_positive());
    let facts = about(facts, document)
        .one("order", &order.name)
        .one("price", order.price)
        .one("kept", document.kept)
        .maybe("amount", back)
        .maybe("reason", document.reason.as_ref());
    tenders(facts, receipt, layout)
}
