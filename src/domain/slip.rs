//! A slip: a document laid out in columns, the same on the screen, as text and on paper.
//!
//! 32 columns are 58 mm of paper, 48 are 80 mm. What a document says is gathered as [`Facts`]; where
//! it stands is a [`Template`] of `assets/slip`, which the owner of the shop may replace. The words
//! come from outside, so that a slip speaks the language of the person who reads it.

mod facts;
pub mod glyphs;
mod paper;
mod places;
mod template;

pub use facts::Facts;
pub use paper::{Form, Line};
pub use places::Kind;
pub use template::{Mistake, Slips, Template};

use super::ledger::OperationKind;
use super::receipt::Receipt;
use super::shop::Shop;
use super::tender::TenderKind;

/// Columns of 58 mm of paper.
pub const NARROW: usize = 32;
/// Columns of 80 mm of paper.
pub const WIDE: usize = 48;

/// Gives the text of a key; its `{places}` are filled here.
pub type Words<'a> = &'a dyn Fn(&str) -> String;

/// How a slip is laid out.
#[derive(Clone, Copy)]
pub struct Layout<'a> {
    pub columns: usize,
    /// Says that it is not the first one.
    pub copy: bool,
    pub words: Words<'a>,
    pub slips: &'a Slips,
}

/// Lays out a document. The terms of `shop` stand on a top-up made under them; where they have
/// changed since, only the number of the version does.
#[must_use]
pub fn receipt(receipt: &Receipt, shop: Option<&Shop>, layout: Layout) -> Vec<Line> {
    let facts = facts::of(receipt, shop, layout);
    fill(Kind::of(receipt.kind), &facts, layout)
}

/// Lays out any document from what it says.
#[must_use]
pub fn fill(kind: Kind, facts: &Facts, layout: Layout) -> Vec<Line> {
    layout.slips.fill(kind, facts, layout)
}

/// Lines as plain text, one line end each.
#[must_use]
pub fn text(lines: &[Line], columns: usize) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.shown(columns).trim_end());
        text.push('\n');
    }
    text
}

/// The words for a kind of document.
#[must_use]
pub const fn title(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Enrol => "slip.enrol",
        OperationKind::Sale => "slip.sale",
        OperationKind::Attach => "slip.attach",
        OperationKind::Refund => "slip.refund",
        OperationKind::TopUp => "slip.top_up",
        OperationKind::TopUpReversal => "slip.top_up_reversal",
        OperationKind::Instalment => "slip.instalment",
        OperationKind::Redemption => "slip.redemption",
        OperationKind::RedemptionReversal => "slip.redemption_reversal",
        OperationKind::Settlement => "slip.settlement",
        OperationKind::Gift => "slip.given",
        OperationKind::Exchange => "slip.exchange",
        OperationKind::ExchangeReversal => "slip.exchange_reversal",
        OperationKind::CheckIn => "slip.check_in",
        OperationKind::LevelReview => "slip.level_review",
        OperationKind::Lapse => "slip.lapse",
        OperationKind::Deposit => "slip.deposit_receipt",
        OperationKind::DepositReversal => "slip.deposit_reversal",
        OperationKind::Forfeit => "slip.forfeit",
        OperationKind::ShiftOpen => "slip.shift_open",
        OperationKind::ShiftClose => "slip.shift_close",
        OperationKind::PaidOut => "slip.paid_out",
        OperationKind::Expiry => "slip.expiry",
        OperationKind::TransferOut => "slip.transfer_out",
        OperationKind::TransferIn => "slip.transfer_in",
        OperationKind::Void => "slip.void",
    }
}

/// The words for a way to pay.
#[must_use]
pub const fn tender(kind: TenderKind) -> &'static str {
    match kind {
        TenderKind::StoredValue => "slip.stored_value",
        TenderKind::Cash => "slip.cash",
        TenderKind::Wechat => "slip.wechat",
        TenderKind::Alipay => "slip.alipay",
        TenderKind::BankCard => "slip.bank_card",
        TenderKind::Deposit => "slip.by_deposit",
    }
}
