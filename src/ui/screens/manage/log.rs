//! A log nobody can change, newest first: to read.

use std::fmt::Debug;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::error::Result;
use crate::query::{Noun, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column, MOST_ROWS, Table};
use crate::ui::width;

/// Rows asked for at once.
const PAGE: usize = 50;

/// Rows below the list, where the selected line is told in full.
const DETAILS: u16 = 4;

/// What a log is of.
pub trait Lines: Debug + 'static {
    type Row: Debug;

    /// Its keys, and its page of help.
    const BINDINGS: &'static str;
    /// Keys of the texts: the title, and what to say when there is nothing.
    const TITLE: &'static str;
    const EMPTY: &'static str;
    const COLUMNS: &'static [Column];
    /// What is told when there is a new line.
    const NOUN: Noun;

    fn id(row: &Self::Row) -> i64;

    /// The question of `staff_id` for so many rows older than `before`.
    fn ask(staff_id: i32, before: Option<i64>, limit: i32) -> Query;

    /// The rows of an answer.
    fn answered(reply: Reply) -> Option<Vec<Self::Row>>;

    fn cells(row: &Self::Row, look: &Look) -> Vec<Cell>;

    /// One row in full.
    fn details(row: &Self::Row) -> [Say; 3];
}

/// The log, newest first.
#[derive(Debug)]
pub struct Log<L: Lines> {
    table: Table<L::Row>,
    asked: Option<Ticket>,
    /// Rows that were asked for, and whether they go behind those that are there.
    limit: usize,
    further: bool,
}

impl<L: Lines> Default for Log<L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: Lines> Log<L> {
    #[must_use]
    pub const fn new() -> Self {
        Self {
            table: Table::new(L::COLUMNS, L::EMPTY),
            asked: None,
            limit: PAGE,
            further: false,
        }
    }

    fn ask(&mut self, before: Option<i64>, limit: usize, cx: &mut Cx) {
        self.further = before.is_some();
        self.limit = limit;
        let staff_id = cx.session.by().staff_id;
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        self.asked = Some(cx.ask(L::ask(staff_id, before, limit)));
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &Cx) -> Step {
        self.asked = None;
        let rows = match answer {
            Ok(reply) => L::answered(reply).unwrap_or_default(),
            Err(refusal) => return cx.refuse(refusal),
        };
        let complete = rows.len() < self.limit;
        if self.further {
            self.table.extend(rows, complete);
        } else {
            let known = self.table.selected().map(L::id);
            let place = rows.iter().position(|row| Some(L::id(row)) == known);
            self.table.set(rows, complete);
            self.table.select(place.unwrap_or(0));
        }
        Step::Stay
    }

    fn details(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let Some(row) = self.table.selected() else {
            return;
        };
        let says = L::details(row);
        let lines = says
            .iter()
            .flat_map(|say| width::wrap(&look.say(say), area.width.into()));
        for (row, text) in (0..area.height).zip(lines) {
            paint::line(frame, area, row, &text, look.style(Role::Text));
        }
    }
}

impl<L: Lines> Screen for Log<L> {
    fn bindings(&self) -> &'static str {
        L::BINDINGS
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened | Input::Action(Action::Reload) => self.ask(None, PAGE, cx),
            Input::Changed(noun) if L::NOUN.meets(noun) => {
                let rows = self.table.rows().len().clamp(PAGE, MOST_ROWS);
                self.ask(None, rows, cx);
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            _ => {
                self.table.on(&input);
                if self.asked.is_none() && self.table.wants_more() {
                    let last = self.table.rows().last().map(L::id);
                    self.ask(last, PAGE, cx);
                }
            }
        }
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let title = look.text(L::TITLE);
        let state = self.asked.map(|_| look.text("manage.reading"));
        paint::title(frame, area, title, state, look);
        let list = Rect {
            height: area.height.saturating_sub(DETAILS + 3),
            ..paint::below(area, 2)
        };
        if self.asked.is_none() || !self.table.is_empty() {
            self.table.view(frame, list, look, L::cells);
        }
        let foot = paint::below(area, area.height.saturating_sub(DETAILS));
        self.details(frame, foot, look);
    }
}
