//! What was done at a till, or for a member, newest first: to show again, to take back.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::calendar::local;
use crate::domain::ledger::OperationKind;
use crate::domain::slip;
use crate::error::Result;
use crate::query::{Noun, OperationRow, OperationsOf, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::attach::Attach;
use crate::ui::screens::merge::undo::UndoMerge;
use crate::ui::screens::receipt::Receipt;
use crate::ui::screens::refund::Refund;
use crate::ui::screens::reversal::Reversal;
use crate::ui::screens::undo_deposit::UndoDeposit;
use crate::ui::screens::undo_exchange::UndoExchange;
use crate::ui::screens::undo_redemption::UndoRedemption;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column, MOST_ROWS, Table};

/// Rows asked for at once.
const PAGE: usize = 50;

const COLUMNS: &[Column] = &[
    Column::fixed("operations.at", 11),
    Column::fixed("operations.seq", 6).right().plain(),
    Column::fixed("operations.kind", 15),
    Column::rest("operations.member"),
    Column::fixed("operations.cashier", 8).labelled(),
    Column::fixed("operations.amount", 12).right(),
];

/// A list that pages by the id of its last row.
#[derive(Debug)]
pub struct Operations {
    of: OperationsOf,
    table: Table<OperationRow>,
    asked: Option<Ticket>,
    /// The answer starts the list again.
    afresh: bool,
    /// Rows that were asked for.
    limit: usize,
    reading: Option<Ticket>,
    /// When the open shift began, for sales that may still get a member.
    shift_since: Option<chrono::DateTime<chrono::Utc>>,
    /// Something was given back: who looks at a member below should look again.
    moved: bool,
}

impl Operations {
    /// The operations of a till or of a member.
    #[must_use]
    pub const fn new(of: OperationsOf) -> Self {
        Self {
            of,
            table: Table::new(COLUMNS, "operations.empty"),
            asked: None,
            afresh: true,
            limit: PAGE,
            reading: None,
            shift_since: None,
            moved: false,
        }
    }

    fn ask(&mut self, before: Option<uuid::Uuid>, limit: usize, cx: &mut Cx) {
        self.afresh = before.is_none();
        self.limit = limit;
        self.asked = Some(cx.ask(Query::Operations {
            of: self.of,
            before,
            limit: i32::try_from(limit).unwrap_or(i32::MAX),
        }));
    }

    fn start(&mut self, cx: &mut Cx) {
        self.shift_since = cx.session.shift.as_ref().map(|shift| shift.opened_at);
        self.ask(None, PAGE, cx);
    }

    /// The same rows again: the selection stays with its operation.
    fn refresh(&mut self, cx: &mut Cx) {
        let limit = self.table.rows().len().clamp(PAGE, MOST_ROWS);
        self.ask(None, limit, cx);
    }

    fn more(&mut self, cx: &mut Cx) {
        if self.table.wants_more() {
            let last = self.table.rows().last().map(|row| row.id);
            self.ask(last, PAGE, cx);
        }
    }

    fn listed(&mut self, rows: Vec<OperationRow>) {
        let complete = rows.len() < self.limit;
        if self.afresh {
            let known = self.table.selected().map(|row| row.id);
            let place = rows.iter().position(|row| Some(row.id) == known);
            self.table.set(rows, complete);
            self.table.select(place.unwrap_or(0));
        } else {
            self.table.extend(rows, complete);
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        let mine = self.asked == Some(ticket) || self.reading == Some(ticket);
        match answer {
            Ok(Reply::Operations(rows)) if self.asked == Some(ticket) => self.listed(rows),
            Ok(Reply::Receipt(receipt)) if self.reading == Some(ticket) => {
                self.reading = None;
                return Step::push(Receipt::again(receipt));
            }
            Err(refusal) if mine => {
                self.reading = None;
                return cx.refuse(refusal);
            }
            _ => {}
        }
        Step::Stay
    }

    fn give_back(&self) -> Step {
        match self.table.selected() {
            Some(row) if row.kind == OperationKind::Sale => Step::push(Refund::new(row.id)),
            Some(row) if row.kind == OperationKind::TransferIn => {
                Step::push(UndoMerge::new(row.id))
            }
            Some(row) if row.kind == OperationKind::Redemption => {
                Step::push(UndoRedemption::new(row.id))
            }
            Some(row) if row.kind == OperationKind::Deposit => Step::push(UndoDeposit::new(row.id)),
            Some(row) if row.kind == OperationKind::Exchange => {
                Step::push(UndoExchange::new(row.id))
            }
            Some(row) => Step::push(Reversal::new(row.id)),
            None => Step::Stay,
        }
    }

    fn attachable(&self, row: &OperationRow) -> bool {
        row.kind == OperationKind::Sale
            && row.member.is_none()
            && !row.reversed
            && self.shift_since.is_some_and(|since| row.at >= since)
    }
}

impl Screen for Operations {
    fn bindings(&self) -> &'static str {
        "operations"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.table.on(&input) {
            self.more(cx);
            return Step::Stay;
        }
        match input {
            // Money moved above: what was done stands on top now.
            Input::Outcome(Outcome::Receipt(receipt)) => {
                self.moved = true;
                self.start(cx);
                return Step::push(Receipt::new(receipt));
            }
            Input::Changed(Noun::All) => self.refresh(cx),
            Input::Opened | Input::Outcome(_) => self.start(cx),
            Input::Reply(ticket, answer) => return self.answered(ticket, answer, cx),
            Input::Action(Action::Accept) => {
                if let Some(row) = self.table.selected() {
                    self.reading = Some(cx.ask(Query::ReadReceipt { id: row.id }));
                }
            }
            Input::Action(Action::GiveBack) => return self.give_back(),
            Input::Action(Action::Attach) => {
                if let Some(row) = self.table.selected() {
                    return Step::push(Attach::new(row.id));
                }
            }
            Input::Action(Action::Back) => {
                return Step::Pop(self.moved.then_some(Outcome::Yes));
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let row = self.table.selected();
        match action {
            Action::Accept => row.is_some() && self.reading.is_none(),
            Action::GiveBack => row.is_some_and(|row| {
                let kind = matches!(
                    row.kind,
                    OperationKind::Sale
                        | OperationKind::TopUp
                        | OperationKind::Redemption
                        | OperationKind::TransferIn
                        | OperationKind::Exchange
                        | OperationKind::Deposit
                );
                kind && !row.reversed
            }),
            Action::Attach => row.is_some_and(|row| self.attachable(row)),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let title = match self.of {
            OperationsOf::Till(_) => "operations.of_till",
            OperationsOf::Member(_) => "operations.of_member",
        };
        let inside = paint::inset(area, 1, 0);
        paint::line(frame, inside, 0, look.text(title), look.style(Role::Title));
        let body = paint::below(inside, 2);
        self.table.view(frame, body, look, cells);
    }
}

fn cells(row: &OperationRow, look: &Look) -> Vec<Cell> {
    let mut kind = look.text(slip::title(row.kind)).to_owned();
    let mut role = Role::Text;
    if row.reversed {
        kind = format!("{kind} {}", look.text("operations.reversed"));
        role = Role::Dim;
    }
    let amount = if row.amount.is_zero() {
        Cell::from("")
    } else {
        Cell::money(row.amount)
    };
    vec![
        Cell::from(local(row.at).format("%m-%d %H:%M").to_string()),
        Cell::from(row.seq.to_string()),
        Cell::from(kind).role(role),
        Cell::from(row.member.clone().unwrap_or_default()),
        Cell::from(row.cashier.clone()),
        amount,
    ]
}
