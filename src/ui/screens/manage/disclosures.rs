//! What left the shop, who took it and why (PV2): to read, never to change.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::calendar::local;
use crate::error::Result;
use crate::query::{Disclosure, DisclosureKind, Noun, Query, Reply, Ticket};
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

const COLUMNS: &[Column] = &[
    Column::fixed("disclosure.at", 11),
    Column::fixed("disclosure.kind", 10),
    Column::fixed("disclosure.staff", 10),
    Column::rest("disclosure.reason"),
    Column::fixed("disclosure.rows", 8).right(),
];

/// The log, newest first.
#[derive(Debug)]
pub struct Disclosures {
    table: Table<Disclosure>,
    asked: Option<Ticket>,
    /// Rows that were asked for, and whether they go behind those that are there.
    limit: usize,
    further: bool,
}

impl Default for Disclosures {
    fn default() -> Self {
        Self::new()
    }
}

impl Disclosures {
    #[must_use]
    pub const fn new() -> Self {
        Self {
            table: Table::new(COLUMNS, "disclosure.none"),
            asked: None,
            limit: PAGE,
            further: false,
        }
    }

    fn ask(&mut self, before: Option<i64>, limit: usize, cx: &mut Cx) {
        self.further = before.is_some();
        self.limit = limit;
        self.asked = Some(cx.ask(Query::Disclosures {
            staff_id: cx.session.staff.as_ref().map_or(0, |staff| staff.id),
            before,
            limit: i32::try_from(limit).unwrap_or(i32::MAX),
        }));
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &Cx) -> Step {
        self.asked = None;
        match answer {
            Ok(Reply::Disclosures(rows)) => {
                let complete = rows.len() < self.limit;
                if self.further {
                    self.table.extend(rows, complete);
                } else {
                    let known = self.table.selected().map(|row| row.id);
                    let place = rows.iter().position(|row| Some(row.id) == known);
                    self.table.set(rows, complete);
                    self.table.select(place.unwrap_or(0));
                }
                Step::Stay
            }
            Ok(_) => Step::Stay,
            Err(refusal) => cx.refuse(refusal),
        }
    }

    fn details(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let Some(row) = self.table.selected() else {
            return;
        };
        let what = match &row.member {
            Some((id, name)) => Say::new("disclosure.member")
                .with("name", name)
                .with("id", id),
            None => Say::new("disclosure.list").with("what", &row.what),
        };
        let who = Say::new("disclosure.who")
            .with("staff", &row.staff)
            .with("till", &row.till)
            .with("at", local(row.at).format("%Y-%m-%d %H:%M:%S"));
        let why = Say::new("disclosure.why").with("reason", &row.reason);
        let says = [who, what, why];
        let lines = says
            .iter()
            .flat_map(|say| width::wrap(&look.say(say), area.width.into()));
        for (row, text) in (0..area.height).zip(lines) {
            paint::line(frame, area, row, &text, look.style(Role::Text));
        }
    }
}

impl Screen for Disclosures {
    fn bindings(&self) -> &'static str {
        "disclosures"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened | Input::Action(Action::Reload) => self.ask(None, PAGE, cx),
            Input::Changed(noun) if Noun::Disclosure.meets(noun) => {
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
                    let last = self.table.rows().last().map(|row| row.id);
                    self.ask(last, PAGE, cx);
                }
            }
        }
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let title = look.text("manage.disclosures");
        let state = self.asked.map(|_| look.text("manage.reading"));
        paint::title(frame, area, title, state, look);
        let list = Rect {
            height: area.height.saturating_sub(DETAILS + 3),
            ..paint::below(area, 2)
        };
        if self.asked.is_none() || !self.table.is_empty() {
            self.table.view(frame, list, look, cells);
        }
        let foot = paint::below(area, area.height.saturating_sub(DETAILS));
        self.details(frame, foot, look);
    }
}

fn cells(row: &Disclosure, look: &Look) -> Vec<Cell> {
    let kind = match row.kind {
        DisclosureKind::Reveal => "disclosure.reveal",
        DisclosureKind::Export => "disclosure.export",
        DisclosureKind::Message => "disclosure.message",
    };
    vec![
        local(row.at).format("%m-%d %H:%M").to_string().into(),
        Cell::from(look.text(kind)).role(Role::Title),
        row.staff.as_str().into(),
        row.reason.as_str().into(),
        row.rows.to_string().into(),
    ]
}
