//! The postings behind a balance, newest first; Enter opens the receipt (LG7).

use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::domain::calendar::local;
use crate::domain::ledger::OperationKind;
use crate::domain::money::{Fen, grouped};
use crate::domain::receipt::Receipt;
use crate::error::Result;
use crate::query::{Noun, Query, Reply, StatementRow, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step, is_narrow};
use crate::ui::screens::receipt::Receipt as ReceiptScreen;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column, MOST_ROWS, Table};
use crate::ui::width;

/// Rows asked for at once.
const PAGE: usize = 50;

/// Columns that what moved and the balance share on a phone, without the word for the balance.
const NAMED: usize = 34;

const MONEY: &[Column] = &[
    Column::fixed("statement.at", 16),
    Column::rest("statement.what"),
    Column::fixed("statement.number", 7).right(),
    Column::fixed("member.principal", 11).right(),
    Column::fixed("member.bonus", 10).right(),
    Column::fixed("statement.after", 11).right(),
];

const POINTS: &[Column] = &[
    Column::fixed("statement.at", 16),
    Column::rest("statement.what"),
    Column::fixed("statement.number", 7).right(),
    Column::fixed("member.points", 11).right(),
    Column::fixed("statement.after", 11).right(),
];

/// Which balance it explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Money,
    Points,
}

impl Unit {
    const fn columns(self) -> &'static [Column] {
        match self {
            Self::Money => MONEY,
            Self::Points => POINTS,
        }
    }

    /// Whether the operation moved this unit.
    const fn is_moved_by(self, row: &StatementRow) -> bool {
        match self {
            Self::Money => !(row.principal.is_zero() && row.bonus.is_zero()),
            Self::Points => row.points != 0,
        }
    }
}

/// The list.
#[derive(Debug)]
pub struct Statement {
    member_id: i64,
    name: String,
    unit: Unit,
    rows: Table<StatementRow>,
    /// The last operation that was read, shown or not: the next page begins after it.
    last: Option<Uuid>,
    /// How many were read, shown or not.
    read: usize,
    asked: Option<Asked>,
    receipt: Option<Ticket>,
}

/// A question for rows.
#[derive(Debug, Clone, Copy)]
struct Asked {
    ticket: Ticket,
    limit: usize,
    /// From the newest on: replaces what is shown.
    first: bool,
}

impl Statement {
    #[must_use]
    pub fn new(member_id: i64, name: &str, unit: Unit) -> Self {
        Self {
            member_id,
            name: name.to_owned(),
            unit,
            rows: Table::new(unit.columns(), "statement.empty"),
            last: None,
            read: 0,
            asked: None,
            receipt: None,
        }
    }

    fn ask(&mut self, first: bool, cx: &mut Cx) {
        let limit = if first {
            self.read.clamp(PAGE, MOST_ROWS)
        } else {
            PAGE
        };
        let ticket = cx.ask(Query::Statement {
            member_id: self.member_id,
            before: self.last.filter(|_| !first),
            limit: i32::try_from(limit).unwrap_or(i32::MAX),
        });
        self.asked = Some(Asked {
            ticket,
            limit,
            first,
        });
    }

    fn take(&mut self, asked: Asked, rows: Vec<StatementRow>, cx: &mut Cx) {
        let complete = rows.len() < asked.limit || self.read >= MOST_ROWS;
        self.last = rows.last().map(|row| row.operation_id).or(self.last);
        self.read = if asked.first { 0 } else { self.read } + rows.len();
        let unit = self.unit;
        let moved = rows
            .into_iter()
            .filter(|row| unit.is_moved_by(row))
            .collect();
        if asked.first {
            let known = self.rows.selected().map(|row| row.operation_id);
            self.rows.set(moved, complete);
            let rows = self.rows.rows();
            if let Some(place) = rows.iter().position(|row| Some(row.operation_id) == known) {
                self.rows.select(place);
            }
        } else {
            self.rows.extend(moved, complete);
        }
        // A page on which nothing moved this unit is no end.
        if self.rows.wants_more() || (self.rows.is_empty() && !complete) {
            self.ask(false, cx);
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        if self.receipt == Some(ticket) {
            self.receipt = None;
            return match answer {
                Ok(Reply::Receipt(receipt)) => open_receipt(&receipt),
                Ok(_) => Step::Stay,
                Err(refusal) => cx.refuse(refusal),
            };
        }
        let Some(asked) = self.asked.filter(|asked| asked.ticket == ticket) else {
            return Step::Stay;
        };
        self.asked = None;
        match answer {
            Ok(Reply::Statement(rows)) => self.take(asked, rows, cx),
            Ok(_) => {}
            Err(refusal) => {
                self.rows.extend(Vec::new(), true);
                return cx.refuse(refusal);
            }
        }
        Step::Stay
    }
}

/// Shows the receipt behind a posting.
#[must_use]
pub fn open_receipt(receipt: &Receipt) -> Step {
    Step::push(ReceiptScreen::again(Box::new(receipt.clone())))
}

/// The name of an operation, as a key of the texts.
const fn kind(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Enrol => "statement.enrol",
        OperationKind::Sale => "statement.sale",
        OperationKind::Attach => "statement.attach",
        OperationKind::Refund => "statement.refund",
        OperationKind::TopUp => "statement.top_up",
        OperationKind::TopUpReversal => "statement.top_up_reversal",
        OperationKind::Instalment => "statement.instalment",
        OperationKind::Redemption => "statement.redemption",
        OperationKind::RedemptionReversal => "statement.redemption_reversal",
        OperationKind::Settlement => "statement.settlement",
        OperationKind::Gift => "statement.gift",
        OperationKind::ShiftOpen => "statement.shift_open",
        OperationKind::ShiftClose => "statement.shift_close",
        OperationKind::PaidOut => "statement.paid_out",
        OperationKind::Expiry => "statement.expiry",
        OperationKind::TransferOut => "statement.transfer_out",
        OperationKind::TransferIn => "statement.transfer_in",
        OperationKind::Void => "statement.void",
    }
}

impl Screen for Statement {
    fn bindings(&self) -> &'static str {
        "statement"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.rows.on(&input) {
            if self.asked.is_none() && self.rows.wants_more() {
                self.ask(false, cx);
            }
            return Step::Stay;
        }
        match input {
            Input::Opened | Input::Changed(Noun::All) | Input::Action(Action::Reload) => {
                self.ask(true, cx);
            }
            Input::Action(Action::Unit) => {
                let unit = match self.unit {
                    Unit::Money => Unit::Points,
                    Unit::Points => Unit::Money,
                };
                *self = Self::new(self.member_id, &self.name, unit);
                self.ask(true, cx);
            }
            Input::Action(Action::Accept) => {
                if let Some(row) = self.rows.selected() {
                    let id = row.operation_id;
                    self.receipt = Some(cx.ask(Query::ReadReceipt { id }));
                }
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Reply(ticket, answer) => return self.answered(ticket, answer, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        action != Action::Accept || (self.receipt.is_none() && !self.rows.is_empty())
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let key = match self.unit {
            Unit::Money => "statement.money_title",
            Unit::Points => "statement.points_title",
        };
        let name = match self.name.as_str() {
            "" => look.text("member.nameless"),
            name => name,
        };
        let title = look.say(&Say::new(key).with("name", width::fit(name, 24)));
        paint::line(frame, area, 0, &title, look.style(Role::Title));
        let body = paint::below(area, 2);
        if self.asked.is_some() && self.rows.is_empty() {
            paint::line(
                frame,
                body,
                0,
                look.text("member.reading"),
                look.style(Role::Dim),
            );
            return;
        }
        let (unit, narrow) = (self.unit, is_narrow(area));
        self.rows.view(frame, body, look, |row, look| {
            cells(row, unit, narrow, look)
        });
    }
}

fn cells(row: &StatementRow, unit: Unit, narrow: bool, look: &Look) -> Vec<Cell> {
    let at = local(row.at).format("%Y-%m-%d %H:%M").to_string();
    let what = Cell::from(format!("{} {}", look.text(kind(row.kind)), row.store));
    let number = Cell::from(format!("#{}", row.seq));
    let (moved, after) = match unit {
        Unit::Money => {
            let moved = vec![change(row.principal), change(row.bonus)];
            (moved, Cell::money(row.principal_after + row.bonus_after))
        }
        Unit::Points => {
            let moved = vec![Cell::from(signed(row.points))];
            (
                moved,
                Cell::from(grouped(row.points_after)).role(Role::Money),
            )
        }
    };
    if narrow {
        // Figures first: what moved and what it left, then when and why.
        let units = match unit {
            Unit::Money => &["member.principal", "member.bonus"][..],
            Unit::Points => &["member.points"][..],
        };
        let named = units.iter().zip(&moved);
        let named = named.filter(|(_, cell)| !cell.text.is_empty());
        let texts = named.map(|(name, cell)| format!("{} {}", look.text(name), cell.text));
        let named = texts.collect::<Vec<_>>().join("  ");
        let plain: Vec<String> = moved.into_iter().map(|cell| cell.text).collect();
        // Names before figures; large figures have no room for them.
        let moved = if width::width(&named) + width::width(&after.text) < NAMED {
            Cell::from(named)
        } else {
            Cell::from(plain.join("  "))
        };
        let after = Cell {
            text: format!("{} {}", look.text("statement.after"), after.text),
            ..after
        };
        let what = format!("{}  {}", what.text, number.text);
        return vec![moved, at.into(), what.into(), after];
    }
    let mut cells = vec![Cell::from(at).role(Role::Dim), what, number.role(Role::Dim)];
    cells.extend(moved);
    cells.push(after);
    cells
}

/// `+68.00`, `-19.60`, nothing for nothing.
fn change(amount: Fen) -> Cell {
    if amount.is_zero() {
        return Cell::from("");
    }
    let sign = if amount.is_positive() { "+" } else { "" };
    Cell::from(format!("{sign}{amount}"))
}

fn signed(points: i64) -> String {
    let sign = if points > 0 { "+" } else { "" };
    format!("{sign}{}", grouped(points))
}
