//! The sheet of a shift as it is shown: every tender, then the cash, then what does not agree.

use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::domain::money::{Fen, grouped};
use crate::domain::shift::{Sheet, TenderRow};
use crate::domain::tender::TenderKind;
use crate::query::Differences;
use crate::ui::paint;
use crate::ui::screen::{Look, is_narrow};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

/// Columns of the labels and of an amount.
pub const LABEL: u16 = 12;
const AMOUNT: u16 = 13;

/// Columns between the tenders and the cash beside them.
const BESIDE: u16 = 4;

/// Ids named of a list that may be long.
const MOST_IDS: usize = 6;

/// Draws it and gives the rows it took.
pub fn view(frame: &mut Frame, area: Rect, sheet: &Sheet, counted: Fen, look: &Look) -> u16 {
    let has_deposits = sheet.tenders.iter().any(|(_, it)| !it.deposits.is_zero());
    let prepaid = if has_deposits {
        "shift.prepaid"
    } else {
        "shift.top_ups"
    };
    let titles = ["shift.sales", prepaid, "shift.refunds"];
    let titles = titles.map(|key| look.text(key).to_owned());
    row(frame, area, 0, "", &titles, Role::Dim, look);
    let mut at = 1;
    let mut all = TenderRow::default();
    for (kind, tender) in &sheet.tenders {
        all.sales += tender.sales;
        all.top_ups += tender.top_ups;
        all.deposits += tender.deposits;
        all.refunds += tender.refunds;
        let label = look.text(name(*kind));
        row(frame, area, at, label, &amounts(tender), Role::Text, look);
        at += 1;
    }
    let label = look.text("shift.all");
    row(frame, area, at, label, &amounts(&all), Role::Money, look);
    at += 1;
    let says = [
        Say::new("shift.counts")
            .with("sales", sheet.sale_count)
            .with("top_ups", sheet.top_up_count)
            .with("refunds", sheet.refund_count)
            .with("members", sheet.enrol_count),
        Say::new("shift.reductions")
            .with("rounding", sheet.rounding)
            .with("discount", sheet.discount)
            .with("points", grouped(sheet.points_granted)),
    ];
    for say in says {
        paint::line(frame, area, at, &look.say(&say), look.style(Role::Dim));
        at += 1;
    }
    if sheet.deposit_count > 0 {
        let say = Say::new("shift.deposits")
            .with("count", sheet.deposit_count)
            .with("deposits", all.deposits);
        paint::line(frame, area, at, &look.say(&say), look.style(Role::Dim));
        at += 1;
    }
    if sheet.drawer_count > 0 {
        let say = Say::new("shift.drawer").with("count", sheet.drawer_count);
        paint::line(frame, area, at, &look.say(&say), look.style(Role::Warn));
        at += 1;
    }
    if is_narrow(area) {
        return at + cash(frame, paint::below(area, at), sheet, counted, look);
    }
    let from = (LABEL + 3 * AMOUNT + BESIDE).min(area.width);
    let beside = Rect {
        x: area.x + from,
        width: area.width - from,
        ..paint::below(area, 1)
    };
    cash(frame, beside, sheet, counted, look);
    at
}

/// Float, paid out, expected, counted, difference; gives the rows it took.
fn cash(frame: &mut Frame, area: Rect, sheet: &Sheet, counted: Fen, look: &Look) -> u16 {
    let difference = counted - sheet.expected_cash;
    let (verdict, role) = match difference.0 {
        0 => ("shift.right", Role::Good),
        1.. => ("shift.over", Role::Warn),
        _ => ("shift.short", Role::Bad),
    };
    let lines = [
        ("shift.float", sheet.shift.opening_float, Role::Text),
        ("shift.paid_out", sheet.paid_out, Role::Text),
        ("shift.expected", sheet.expected_cash, Role::Text),
        ("shift.counted", counted, Role::Money),
        (verdict, difference, role),
    ];
    let columns = LABEL + AMOUNT;
    let area = Rect {
        width: area.width.min(columns),
        ..area
    };
    for (at, (label, amount, role)) in (0..).zip(lines) {
        paint::line(frame, area, at, look.text(label), look.style(Role::Dim));
        paint::line_right(frame, area, at, &amount.to_string(), look.style(role));
    }
    5
}

/// What was paid beforehand, by top-ups and for orders, stands together.
fn amounts(row: &TenderRow) -> [String; 3] {
    [row.sales, row.top_ups + row.deposits, row.refunds].map(|amount| amount.to_string())
}

/// A label and amounts at the right of their columns, which shrink in a narrow area.
fn row(
    frame: &mut Frame,
    area: Rect,
    at: u16,
    label: &str,
    texts: &[String],
    role: Role,
    look: &Look,
) {
    let label = width::left(label, LABEL.into());
    paint::line(frame, area, at, &label, look.style(Role::Dim));
    let columns = (area.width.saturating_sub(LABEL) / 3).min(AMOUNT);
    for (place, text) in (0..).zip(texts) {
        let from = (LABEL + place * columns).min(area.width);
        let spot = Rect {
            x: area.x + from,
            width: columns.min(area.width - from),
            ..paint::below(area, at)
        };
        paint::line_right(frame, spot, 0, text, look.style(role));
    }
}

const fn name(kind: TenderKind) -> &'static str {
    match kind {
        TenderKind::StoredValue => "shift.by_stored_value",
        TenderKind::Cash => "shift.by_cash",
        TenderKind::Wechat => "shift.by_wechat",
        TenderKind::Alipay => "shift.by_alipay",
        TenderKind::BankCard => "shift.by_bank_card",
        TenderKind::Deposit => "shift.by_deposit",
    }
}

/// Where the till's journal and the ledger disagree, and what to do.
pub fn view_differences(frame: &mut Frame, area: Rect, differences: &Differences, look: &Look) {
    let mut at = 0;
    for (key, ids) in [
        ("shift.only_journal", &differences.only_journal),
        ("shift.only_ledger", &differences.only_ledger),
    ] {
        if ids.is_empty() {
            continue;
        }
        let say = Say::new(key)
            .with("count", ids.len())
            .with("ids", codes(ids));
        for text in width::wrap(&look.say(&say), area.width.into()) {
            paint::line(frame, area, at, &text, look.style(Role::Warn));
            at += 1;
        }
    }
}

/// The last four digits of each id, as on receipts: `7F3A 81C2`.
fn codes(ids: &[Uuid]) -> String {
    let code = |id: &Uuid| {
        let text = id.simple().to_string().to_uppercase();
        text.get(text.len() - 4..).unwrap_or_default().to_owned()
    };
    let mut codes: Vec<String> = ids.iter().take(MOST_IDS).map(code).collect();
    if ids.len() > MOST_IDS {
        codes.push("..".to_owned());
    }
    codes.join(" ")
}
