//! A list of what the shop has, to open one or make a new one.

use std::fmt::Debug;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::edit::Edit;
use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::session::Session;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::table::{Cell, Column, Table};
use crate::ui::width;

/// Columns of the label of the search.
const LABEL: u16 = 8;

/// What a list is of.
pub trait Rows: Debug + 'static {
    type Row: Debug;

    /// Keys of the texts: the title, and what to do when there is nothing.
    const TITLE: &'static str;
    const EMPTY: &'static str;
    const COLUMNS: &'static [Column];

    /// Whether one can look for a part of it.
    const SEARCHED: bool = false;

    /// The question for the rows after `after`; none when the session has them all.
    fn ask(search: &str, after: Option<&Self::Row>) -> Option<Query>;

    /// The rows the session has.
    #[must_use]
    fn known(_session: &Session) -> Vec<Self::Row> {
        Vec::new()
    }

    /// The rows of an answer, and whether there are no more.
    fn answered(reply: Reply) -> Option<(Vec<Self::Row>, bool)>;

    fn cells(row: &Self::Row, look: &Look) -> Vec<Cell>;

    /// The form for a row, or for a new one.
    fn edit(row: Option<&Self::Row>, session: &Session) -> Edit;

    /// What to ask about a scanned code.
    #[must_use]
    fn scanned(_code: &str) -> Option<Query> {
        None
    }

    /// The form that the answer about a scanned code opens.
    #[must_use]
    fn found(_code: &str, _reply: Reply, _session: &Session) -> Option<Edit> {
        None
    }
}

/// The screen of a list.
#[derive(Debug)]
pub struct List<R: Rows> {
    search: Field,
    table: Table<R::Row>,
    asked: Option<Ticket>,
    /// Whether the answer under way goes behind the rows that are there.
    further: bool,
    scan: Option<(Ticket, String)>,
}

impl<R: Rows> Default for List<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Rows> List<R> {
    #[must_use]
    pub fn new() -> Self {
        Self {
            search: Field::new(Kind::Any),
            table: Table::new(R::COLUMNS, R::EMPTY),
            asked: None,
            further: false,
            scan: None,
        }
    }

    fn read(&mut self, cx: &mut Cx) {
        self.further = false;
        match R::ask(self.search.value().trim(), None) {
            Some(query) => self.asked = Some(cx.ask(query)),
            None => self.table.set(R::known(cx.session), true),
        }
    }

    fn read_on(&mut self, cx: &mut Cx) {
        if self.table.wants_more()
            && let Some(query) = R::ask(self.search.value().trim(), self.table.rows().last())
        {
            self.further = true;
            self.asked = Some(cx.ask(query));
        }
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &Cx) -> Step {
        self.asked = None;
        match answer.map(R::answered) {
            Ok(Some((rows, complete))) if self.further => self.table.extend(rows, complete),
            Ok(Some((rows, complete))) => self.table.set(rows, complete),
            Ok(None) => {}
            Err(refusal) => return cx.refuse(refusal),
        }
        Step::Stay
    }

    /// Typing into the search; the list follows.
    fn typed(&mut self, input: &Input, cx: &mut Cx) -> bool {
        if !R::SEARCHED {
            return false;
        }
        let before = self.search.value().to_owned();
        let took = self.search.on(input);
        if before != self.search.value() {
            self.table.select(0);
            self.read(cx);
        }
        took
    }
}

impl<R: Rows> Screen for List<R> {
    fn bindings(&self) -> &'static str {
        "list"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.typed(&input, cx) {
            return Step::Stay;
        }
        match input {
            Input::Opened | Input::Changed | Input::Outcome(Outcome::Yes) => self.read(cx),
            Input::Action(Action::Accept) => {
                if let Some(row) = self.table.selected() {
                    return Step::push(R::edit(Some(row), cx.session));
                }
            }
            Input::Action(Action::New) => return Step::push(R::edit(None, cx.session)),
            Input::Action(Action::Back) if !self.search.is_empty() => {
                self.search.clear();
                self.read(cx);
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Scan(scan) => {
                if let Some(query) = R::scanned(&scan.code) {
                    self.scan = Some((cx.ask(query), scan.code));
                }
            }
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            Input::Reply(ticket, answer) => {
                if let Some((_, code)) = self.scan.take_if(|(asked, _)| *asked == ticket) {
                    return match answer.map(|reply| R::found(&code, reply, cx.session)) {
                        Ok(edit) => edit.map_or(Step::Stay, Step::push),
                        Err(refusal) => cx.refuse(refusal),
                    };
                }
            }
            _ => {
                self.table.on(&input);
                self.read_on(cx);
            }
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        action != Action::Accept || !self.table.is_empty()
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let taken = paint::line(frame, area, 0, look.text(R::TITLE), look.style(Role::Title));
        if R::SEARCHED {
            let from = (taken + 2).min(area.width);
            let label = width::left(look.text("manage.search"), LABEL.into());
            let spot = Rect {
                x: area.x + from,
                width: area.width - from,
                ..area
            };
            let taken = paint::line(frame, spot, 0, &label, look.style(Role::Dim));
            let field = Rect {
                x: spot.x + taken,
                width: spot.width - taken,
                ..spot
            };
            self.search.view(frame, field, true, look);
        }
        let body = paint::below(area, 2);
        if self.asked.is_some() && self.table.is_empty() {
            paint::line(
                frame,
                body,
                0,
                look.text("manage.reading"),
                look.style(Role::Dim),
            );
            return;
        }
        self.table.view(frame, body, look, R::cells);
    }
}
