//! A list of what the shop has, to open one or make a new one.

use std::fmt::Debug;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::edit::Edit;
use crate::error::Result;
use crate::query::{Noun, Query, Reply, Ticket};
use crate::session::Session;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, MOST_ROWS, Table};
use crate::ui::width;

/// Rows asked for at once.
const PAGE: usize = 50;

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

    /// Whether there can be new ones.
    const NEW: bool = true;

    /// Whose edits by others change it.
    const NOUN: Noun = Noun::Shop;

    /// What stays the same of a row when it is edited.
    fn id(row: &Self::Row) -> i32;

    /// The question for so many rows after `after`; none when the session has them all.
    #[must_use]
    fn ask(_search: &str, _after: Option<&Self::Row>, _limit: usize) -> Option<Query> {
        None
    }

    /// The rows the session has.
    #[must_use]
    fn known(_session: &Session) -> Vec<Self::Row> {
        Vec::new()
    }

    /// The rows of an answer, and whether there are no more when so many were asked for.
    #[must_use]
    fn answered(_reply: Reply, _limit: usize) -> Option<(Vec<Self::Row>, bool)> {
        None
    }

    fn cells(row: &Self::Row, look: &Look) -> Vec<Cell>;

    /// The form for a row, or for a new one.
    fn edit(row: Option<&Self::Row>, session: &Session) -> Edit;

    /// What to ask about a scanned code.
    ///
    /// # Errors
    /// The text that says why there is nothing to ask: it is worth money, or a badge (PV1).
    fn scanned(_code: &str) -> std::result::Result<Option<Query>, &'static str> {
        Ok(None)
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
    /// Rows that were asked for.
    limit: usize,
    /// The row the selection stays with.
    stays: Option<i32>,
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
            limit: PAGE,
            stays: None,
            scan: None,
        }
    }

    /// The list from its start.
    fn start(&mut self, cx: &mut Cx) {
        self.table.select(0);
        self.stays = None;
        self.read(PAGE, cx);
    }

    /// The same rows again.
    fn refresh(&mut self, cx: &mut Cx) {
        self.stays = self.table.selected().map(R::id);
        self.read(self.table.rows().len().clamp(PAGE, MOST_ROWS), cx);
    }

    fn read(&mut self, limit: usize, cx: &mut Cx) {
        self.further = false;
        self.limit = limit;
        match R::ask(self.search.value().trim(), None, self.limit) {
            Some(query) => self.asked = Some(cx.ask(query)),
            None => self.show(R::known(cx.session), true),
        }
    }

    /// New rows; after a refresh the selection stays with its row.
    fn show(&mut self, rows: Vec<R::Row>, complete: bool) {
        let stays = self.stays.take();
        let place = rows.iter().position(|row| Some(R::id(row)) == stays);
        self.table.set(rows, complete);
        if let Some(place) = place {
            self.table.select(place);
        }
    }

    fn read_on(&mut self, cx: &mut Cx) {
        if self.table.wants_more()
            && let Some(query) = R::ask(self.search.value().trim(), self.table.rows().last(), PAGE)
        {
            self.further = true;
            self.limit = PAGE;
            self.asked = Some(cx.ask(query));
        }
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &Cx) -> Step {
        self.asked = None;
        match answer.map(|reply| R::answered(reply, self.limit)) {
            Ok(Some((rows, complete))) if self.further => self.table.extend(rows, complete),
            Ok(Some((rows, complete))) => self.show(rows, complete),
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
            self.start(cx);
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
            Input::Opened => self.start(cx),
            Input::Outcome(Outcome::Yes) => self.refresh(cx),
            Input::Changed(noun) if R::NOUN.meets(noun) => self.refresh(cx),
            Input::Action(Action::Accept) => {
                if let Some(row) = self.table.selected() {
                    return Step::push(R::edit(Some(row), cx.session));
                }
            }
            Input::Action(Action::New) => return Step::push(R::edit(None, cx.session)),
            Input::Action(Action::Back) if !self.search.is_empty() => {
                self.search.clear();
                self.start(cx);
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Scan(scan) => match R::scanned(&scan.code) {
                Ok(None) => {}
                Ok(Some(query)) => self.scan = Some((cx.ask(query), scan.code)),
                Err(hint) => cx.notice(Tone::Bad, hint),
            },
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
        match action {
            Action::Accept => !self.table.is_empty(),
            Action::New => R::NEW,
            _ => true,
        }
    }

    fn has(&self, action: Action) -> bool {
        action != Action::New || R::NEW
    }

    fn why_not(&self, action: Action) -> Option<Say> {
        (!self.has(action)).then(|| Say::new("manage.no_new"))
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let position = self.table.position();
        let right = paint::line_right(frame, area, 0, &position, look.style(Role::Dim));
        let head = Rect {
            width: area.width.saturating_sub(right + 1),
            ..area
        };
        let taken = paint::line(frame, head, 0, look.text(R::TITLE), look.style(Role::Title));
        if R::SEARCHED {
            let from = (taken + 2).min(head.width);
            let label = width::left(look.text("manage.search"), LABEL.into());
            let spot = Rect {
                x: head.x + from,
                width: head.width - from,
                ..head
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
