//! Closing or moving (消保条例 art. 22): what is due to whom, what would go back, and the notice to send.

mod export;

use chrono::{Days, NaiveDate};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::money::grouped;
use crate::error::{Refusal, Result};
use crate::query::{DueRow, DueTotals, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::member::MemberCard;
use crate::ui::screens::reason::Reason;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, Table};
use crate::ui::width;
use export::{Export, Next};

/// Rows asked for at once.
const PAGE: usize = 50;
/// Rows of the notice below the list.
const NOTICE: u16 = 4;
/// Customers are told so many days before (消保条例 art. 22).
const AHEAD: u64 = 30;

const COLUMNS: &[Column] = &[
    Column::rest("dues.name"),
    Column::fixed("dues.phone", 11),
    Column::fixed("dues.last_visit", 10),
    Column::fixed("dues.principal", 10).right(),
    Column::fixed("dues.unearned", 10).right(),
    Column::fixed("dues.points", 7).right(),
    Column::fixed("dues.refundable", 10).right(),
];

/// What the customers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Notice {
    moves: bool,
    on: NaiveDate,
}

impl Notice {
    /// The text for one of them (OR4: signed; a service message, no marketing).
    fn say(self, row: &DueRow, shop: &str) -> Say {
        let key = if self.moves {
            "dues.notice_moving"
        } else {
            "dues.notice_closing"
        };
        Say::new(key)
            .with("shop", shop)
            .with("day", self.on)
            .with("principal", row.principal)
            .with("unearned", row.unearned)
            .with("refundable", row.refundable)
    }
}

/// The list.
#[derive(Debug)]
pub struct Dues {
    rows: Table<DueRow>,
    totals: DueTotals,
    moves: bool,
    asked: Option<(Ticket, bool)>,
    export: Option<Export>,
}

impl Default for Dues {
    fn default() -> Self {
        Self::new()
    }
}

/// Asks for so many rows behind one.
fn page(after: Option<&DueRow>, limit: usize, cx: &mut Cx) -> Ticket {
    cx.ask(Query::Dues {
        staff_id: cx.session.staff.as_ref().map_or(0, |staff| staff.id),
        now: cx.now(),
        today: cx.session.today(cx.now()),
        after: after.map(|row| (row.value, row.member_id)),
        limit: i32::try_from(limit).unwrap_or(i32::MAX),
    })
}

impl Dues {
    #[must_use]
    pub fn new() -> Self {
        Self {
            rows: Table::new(COLUMNS, "dues.empty"),
            totals: DueTotals::default(),
            moves: false,
            asked: None,
            export: None,
        }
    }

    fn notice(&self, today: NaiveDate) -> Notice {
        Notice {
            moves: self.moves,
            on: today + Days::new(AHEAD),
        }
    }

    fn ask(&mut self, first: bool, cx: &mut Cx) {
        let after = self.rows.rows().last().filter(|_| !first);
        self.asked = Some((page(after, PAGE, cx), first));
    }

    fn answered(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        if let Some(export) = self.export.take_if(|export| export.waits_for(ticket)) {
            match export.take(answer, cx) {
                Ok(Next::More(export)) => self.export = Some(*export),
                Ok(Next::Done(say)) => cx.notice(Tone::Good, say),
                Err(refusal) => return cx.refuse(refusal),
            }
            return Step::Stay;
        }
        let Some((_, first)) = self.asked.take_if(|(asked, _)| *asked == ticket) else {
            return Step::Stay;
        };
        match answer {
            Ok(Reply::Dues(rows, totals)) => {
                self.totals = totals;
                let complete = rows.len() < PAGE;
                if first {
                    self.rows.set(rows, complete);
                } else {
                    self.rows.extend(rows, complete);
                }
                Step::Stay
            }
            Ok(_) => Step::Stay,
            Err(refusal) => {
                self.rows.extend(Vec::new(), true);
                cx.refuse(refusal)
            }
        }
    }

    fn act(&mut self, action: Action, cx: &mut Cx) -> Step {
        match action {
            Action::Accept => {
                if let Some(row) = self.rows.selected() {
                    return Step::push(MemberCard::new(row.member_id));
                }
            }
            Action::Cause => self.moves = !self.moves,
            Action::Reload => self.ask(true, cx),
            // PV2: whoever has no right hears so; whoever has says why.
            Action::Export if cx.session.limit().is_some_and(|limit| limit.export) => {
                return Step::push(Reason::export());
            }
            Action::Export => return cx.refuse(Refusal::user("staff.no_right")),
            Action::Back => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }
}

impl Screen for Dues {
    fn bindings(&self) -> &'static str {
        "dues"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.rows.on(&input) {
            if self.asked.is_none() && self.rows.wants_more() {
                self.ask(false, cx);
            }
            return Step::Stay;
        }
        match input {
            Input::Opened => self.ask(true, cx),
            Input::Outcome(Outcome::Text(reason)) => {
                let today = cx.session.today(cx.now());
                self.export = Some(Export::start(self.notice(today), reason, cx));
            }
            Input::Action(action) => return self.act(action, cx),
            Input::Reply(ticket, answer) => return self.answered(ticket, answer, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Accept => !self.rows.is_empty(),
            Action::Export => self.export.is_none() && !self.rows.is_empty(),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let key = if self.moves {
            "dues.title_moving"
        } else {
            "dues.title_closing"
        };
        paint::line(frame, area, 0, look.text(key), look.style(Role::Title));
        let totals = self.totals;
        let says = if let Some(export) = &self.export {
            export.says()
        } else if self.asked.is_some() && self.rows.is_empty() {
            Say::new("manage.reading")
        } else {
            Say::new("dues.totals")
                .with("members", totals.members)
                .with("principal", totals.principal)
                .with("unearned", totals.unearned)
                .with("bonus", totals.bonus)
                .with("points", grouped(totals.points))
        };
        let mut row = 1;
        for line in width::wrap(&look.say(&says), area.width.into()) {
            paint::line(frame, area, row, &line, look.style(Role::Text));
            row += 1;
        }
        let rest = paint::below(area, row + 1);
        let list = Rect {
            height: rest.height.saturating_sub(NOTICE + 1),
            ..rest
        };
        if let Some(row) = self.rows.selected() {
            let shop = look.session.shop.as_ref().map_or("", |shop| &shop.name);
            let notice = self.notice(look.session.today(look.now)).say(row, shop);
            let foot = paint::below(rest, rest.height.saturating_sub(NOTICE));
            let lines = width::wrap(&look.say(&notice), area.width.into());
            for (row, line) in (0..NOTICE).zip(&lines) {
                paint::line(frame, foot, row, line, look.style(Role::Dim));
            }
        }
        self.rows.view(frame, list, look, cells);
    }
}

fn cells(row: &DueRow, _look: &Look) -> Vec<Cell> {
    let day = row.last_visit_on.map(|day| day.to_string());
    vec![
        row.name.as_str().into(),
        row.phone.clone().unwrap_or_default().into(),
        day.unwrap_or_default().into(),
        Cell::money(row.principal),
        Cell::money(row.unearned),
        grouped(row.points).into(),
        Cell::money(row.refundable),
    ]
}
