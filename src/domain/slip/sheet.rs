//! The sheet of a shift: every tender, stored value included, and the cash in the drawer (OP1).

use super::paper::{Line, Paper};
use super::{Layout, tender};
use crate::domain::calendar::local;
use crate::domain::columns;
use crate::domain::receipt::Receipt;
use crate::domain::shift::Sheet;

/// Columns of one amount of the table.
const AMOUNT: usize = 11;

/// Lays out the sheet of a shift; `shop` is the name on top.
#[must_use]
pub fn sheet(sheet: &Sheet, shop: &str, layout: Layout) -> Vec<Line> {
    let mut paper = Paper::new(layout);
    paper.middle(shop);
    paper.rule();
    let title = paper.word("slip.sheet");
    paper.strong(&format!("{title}  {}", sheet.shift.business_on));
    let since = local(sheet.shift.opened_at).format("%Y-%m-%d %H:%M");
    paper.between(&since.to_string(), &sheet.shift.cashier);
    paper.rule();
    figures(&mut paper, sheet);
    paper.done()
}

/// The sheet under the head of the operation that closed the shift, with what was counted.
pub fn closed(paper: &mut Paper, receipt: &Receipt) {
    let document = &receipt.document;
    let Some(sheet) = &document.sheet else {
        return;
    };
    let since = local(sheet.shift.opened_at).format("%Y-%m-%d %H:%M");
    paper.between(
        &format!("{}  {since}", paper.word("slip.shift_open")),
        &sheet.shift.cashier,
    );
    paper.rule();
    figures(paper, sheet);
    paper.money("shift.counted", document.counted);
    let difference = document.counted - sheet.expected_cash;
    let verdict = match difference.0 {
        0 => "shift.right",
        1.. => "shift.over",
        _ => "shift.short",
    };
    paper.money(verdict, difference);
    if let Some(reason) = document.reason.as_deref().filter(|text| !text.is_empty()) {
        let label = paper.word("shift.reason");
        paper.prose(&format!("{label} {reason}"));
    }
}

fn figures(paper: &mut Paper, sheet: &Sheet) {
    for (kind, row) in &sheet.tenders {
        let label = paper.word(tender(*kind));
        paper.strong(&label);
        for (key, amount) in [
            ("slip.sales", row.sales),
            ("slip.top_ups", row.top_ups),
            ("slip.refunds", row.refunds),
        ] {
            if !amount.is_zero() {
                let label = paper.word(key);
                let amount = columns::right(&amount.to_string(), AMOUNT);
                paper.between(&format!("  {label}"), &amount);
            }
        }
    }
    paper.rule();
    paper.count("slip.sale_count", sheet.sale_count);
    paper.count("slip.top_up_count", sheet.top_up_count);
    paper.count("slip.refund_count", sheet.refund_count);
    paper.count("slip.enrol_count", sheet.enrol_count);
    if sheet.expired.members > 0 {
        paper.count("slip.expired_count", sheet.expired.members);
        paper.count("slip.points_expired", sheet.expired.points);
        paper.money("slip.bonus_expired", sheet.expired.bonus);
    }
    paper.money("slip.off", -sheet.discount);
    paper.money("slip.rounding", -sheet.rounding);
    paper.rule();
    paper.money("slip.float", sheet.shift.opening_float);
    paper.money("slip.paid_out", sheet.paid_out);
    paper.loud("slip.expected_cash", sheet.expected_cash);
}
