//! A slip: a document laid out in columns, the same on the screen, as text and on paper.
//!
//! 32 columns are 58 mm of paper, 48 are 80 mm. The words come from outside, so that a slip speaks
//! the language of the person who reads it; what is laid out here is only what the document holds.

mod expiry;
mod paper;
mod returned;
mod sale;
mod sheet;
mod top_up;

pub use paper::Line;
pub use sheet::sheet;

use paper::Paper;

use super::ledger::OperationKind;
use super::receipt::Receipt;
use super::shop::Shop;
use super::tender::TenderKind;

/// Columns of 58 mm of paper.
pub const NARROW: usize = 32;
/// Columns of 80 mm of paper.
pub const WIDE: usize = 48;

/// Gives the text of a key; its `{places}` are filled here.
pub type Words<'a> = &'a dyn Fn(&'static str) -> String;

/// How a slip is laid out.
#[derive(Clone, Copy)]
pub struct Layout<'a> {
    pub columns: usize,
    /// Says that it is not the first one.
    pub copy: bool,
    pub words: Words<'a>,
}

/// Lays out a document. The terms of `shop` stand on a top-up made under them; where they have
/// changed since, only the number of the version does.
#[must_use]
pub fn receipt(receipt: &Receipt, shop: Option<&Shop>, layout: Layout) -> Vec<Line> {
    let mut paper = Paper::new(layout);
    head(&mut paper, receipt);
    match receipt.kind {
        OperationKind::Sale => sale::body(&mut paper, receipt),
        OperationKind::TopUp => top_up::body(&mut paper, receipt),
        OperationKind::TopUpReversal => top_up::reversed(&mut paper, receipt),
        OperationKind::Refund => returned::body(&mut paper, receipt),
        OperationKind::Expiry => expiry::body(&mut paper, receipt),
        OperationKind::ShiftClose => sheet::closed(&mut paper, receipt),
        _ => other(&mut paper, receipt),
    }
    balances(&mut paper, receipt);
    if receipt.kind == OperationKind::TopUp {
        top_up::terms(&mut paper, receipt, shop);
    }
    if matches!(receipt.kind, OperationKind::Sale | OperationKind::TopUp) {
        paper.rule();
        paper.centred("slip.thanks");
    }
    paper.done()
}

/// Lines as plain text, one line end each.
#[must_use]
pub fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.text.trim_end());
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
        OperationKind::ShiftOpen => "slip.shift_open",
        OperationKind::ShiftClose => "slip.shift_close",
        OperationKind::PaidOut => "slip.paid_out",
        OperationKind::Expiry => "slip.expiry",
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
    }
}

fn head(paper: &mut Paper, receipt: &Receipt) {
    let names = &receipt.names;
    paper.middle(&names.shop);
    paper.plain_middle(&format!("{}  {}", names.store, names.till));
    if paper.layout.copy {
        paper.centred("slip.copy");
    }
    paper.rule();
    let title = paper.word(title(receipt.kind));
    paper.strong(&format!("{title}  No. {:06}", receipt.seq));
    let at = super::calendar::local(receipt.at).format("%Y-%m-%d %H:%M");
    paper.between(&at.to_string(), &names.cashier);
    if let Some(member) = &names.member {
        let phone = names.phone.as_deref().unwrap_or_default();
        let label = format!("{} {member} {phone}", paper.word("slip.member"));
        paper.between(label.trim_end(), names.level.as_deref().unwrap_or_default());
    }
    paper.rule();
}

fn balances(paper: &mut Paper, receipt: &Receipt) {
    let Some(after) = receipt.after else {
        return;
    };
    paper.rule();
    paper.money("slip.balance", after.principal + after.bonus);
    paper.money("slip.of_it_principal", after.principal);
    paper.money("slip.of_it_bonus", after.bonus);
    paper.count("slip.points_after", after.points);
}

/// What has neither lines nor terms: an attached sale, an instalment, an expense.
fn other(paper: &mut Paper, receipt: &Receipt) {
    let document = &receipt.document;
    about(paper, receipt);
    if !document.amount.is_zero() {
        paper.loud("slip.amount", document.amount);
    }
    if document.bonus.is_positive() {
        paper.money("slip.bonus", document.bonus);
    }
    if document.points != 0 {
        paper.count("slip.points_got", document.points);
    }
}

/// Which sale it is about.
fn about(paper: &mut Paper, receipt: &Receipt) {
    if let Some(seq) = receipt.document.sale_seq {
        paper.say("slip.about_sale", &[("seq", format!("{seq:06}"))]);
    }
}

fn tenders(paper: &mut Paper, receipt: &Receipt) {
    for part in &receipt.document.tenders {
        paper.money(tender(part.kind), part.given);
        if part.change().is_positive() {
            paper.money("slip.change", part.change());
        }
    }
}
