//! The postings behind a balance, newest first; Enter opens the receipt (LG7).

use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::domain::calendar::local;
use crate::domain::grant::Unit as Claimed;
use crate::domain::ledger::OperationKind;
use crate::domain::money::{Fen, grouped};
use crate::domain::package::wording;
use crate::domain::receipt::Receipt;
use crate::domain::slip::{self, Facts};
use crate::error::Result;
use crate::query::{Noun, Query, Reply, StatementRow, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step, is_narrow};
use crate::ui::screens::receipt::Receipt as ReceiptScreen;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, MOST_ROWS, Table};
use crate::ui::width;

/// Rows asked for at once.
const PAGE: usize = 50;

/// Columns of an amount.
const COUNTED: usize = 11;

/// Rows on paper at most: a metre or two.
const MOST_PRINTED: usize = 200;

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
            Self::Money => {
                !(row.principal.is_zero() && row.bonus.is_zero() && row.units.is_empty())
            }
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

    /// What is shown, on paper.
    fn print(&self, cx: &mut Cx) {
        let words = |key: &str| cx.text(key).to_owned();
        let rows = self.rows.rows().iter().take(MOST_PRINTED);
        let rows = rows.map(|row| facts(row, self.unit, &words)).collect();
        let newest = self.rows.rows().first();
        let balance = newest.map(|row| match self.unit {
            Unit::Money => (row.principal_after + row.bonus_after).to_string(),
            Unit::Points => grouped(row.points_after),
        });
        let facts = Facts::new()
            .one("member", &self.name)
            .maybe("balance", balance)
            .each("rows", rows);
        let title = match self.unit {
            Unit::Money => "statement.slip_money",
            Unit::Points => "statement.slip_points",
        };
        cx.print_facts(slip::Kind::Statement, title, facts);
        cx.notice(Tone::Good, "receipt.printing");
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
        OperationKind::Exchange => "statement.exchange",
        OperationKind::ExchangeReversal => "statement.exchange_reversal",
        OperationKind::CheckIn => "statement.check_in",
        OperationKind::LevelReview => "statement.level_review",
        OperationKind::Lapse => "statement.lapse",
        OperationKind::Deposit => "statement.deposit",
        OperationKind::DepositReversal => "statement.deposit_reversal",
        OperationKind::Forfeit => "statement.forfeit",
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
            Input::Action(Action::Print) if cx.session.printing.is_there => self.print(cx),
            Input::Action(Action::Print) => cx.notice(Tone::Warn, "receipt.no_printer"),
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Reply(ticket, answer) => return self.answered(ticket, answer, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Accept => self.receipt.is_none() && !self.rows.is_empty(),
            Action::Print => !self.rows.is_empty(),
            _ => true,
        }
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
    let is_units = row.principal.is_zero() && row.bonus.is_zero();
    let is_units = is_units && unit == Unit::Money && !row.units.is_empty();
    let what = if is_units && !narrow {
        look.text(kind(row.kind)).to_owned()
    } else {
        what(row, &|key: &str| look.text(key).to_owned())
    };
    let what = Cell::from(format!("{what} {}", row.store));
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
    if is_units {
        // Units, not an amount of nothing.
        cells.extend([counted(row).into(), Cell::from("")]);
    } else {
        cells.extend(moved);
    }
    cells.push(after);
    cells
}

/// What was done, and of which claims how much: `核销 剪发 -1次`.
fn what(row: &StatementRow, words: &dyn Fn(&str) -> String) -> String {
    let units = row
        .units
        .iter()
        .map(|it| match it.quantity.filter(|units| *units != 0) {
            Some(units) => format!(" {} {}", it.name, moved(it.unit, units)),
            None => format!(" {}", it.name),
        });
    format!("{}{}", words(kind(row.kind)), units.collect::<String>())
}

/// The units of the first claim, as wide as an amount: `剪发 -1次`, and a sign that there are more.
fn counted(row: &StatementRow) -> String {
    let Some(first) = row.units.first() else {
        return String::new();
    };
    let more = if row.units.len() > 1 { " .." } else { "" };
    let units = first.quantity.filter(|units| *units != 0);
    let units = units.map_or_else(String::new, |units| {
        format!(" {}", moved(first.unit, units))
    });
    let tail = format!("{units}{more}");
    let room = COUNTED.saturating_sub(width::width(&tail));
    format!("{}{tail}", width::fit(&first.name, room))
}

/// `-1次`, `+300.00`.
fn moved(unit: Claimed, quantity: i64) -> String {
    let sign = if quantity > 0 { "+" } else { "" };
    format!("{sign}{}", wording::count(unit, quantity))
}

/// A line of the statement on paper.
fn facts(row: &StatementRow, unit: Unit, words: &dyn Fn(&str) -> String) -> Facts {
    let facts = Facts::new()
        .one("at", local(row.at).format("%Y-%m-%d %H:%M"))
        .one("number", format!("{:06}", row.seq))
        .one("store", &row.store)
        .one("what", what(row, words));
    match unit {
        Unit::Money => facts
            .one("principal", change(row.principal).text)
            .one("bonus", change(row.bonus).text)
            .one("after", row.principal_after + row.bonus_after),
        Unit::Points => facts
            .one("points", signed(row.points))
            .one("after", grouped(row.points_after)),
    }
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
