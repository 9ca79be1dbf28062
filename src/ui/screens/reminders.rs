//! Whom to remind of what she has: a last day that is near, little left, the next visit due (PK3).

mod export;

use chrono::NaiveDate;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::money::Fen;
use crate::domain::segment::Segment;
use crate::error::{Refusal, Result};
use crate::query::{Noun, Query, Remind, ReminderRow, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step, is_narrow};
use crate::ui::screens::member::MemberCard;
use crate::ui::screens::reason::Reason;
use crate::ui::screens::redeem::counted;
use crate::ui::screens::segment::GiveAll;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, MOST_ROWS, Table};
use crate::ui::width;
use export::{Export, Next};

/// Rows asked for at once.
const PAGE: usize = 100;
/// A last day is loud within so many days.
const SOON: i64 = 7;

const COLUMNS: &[Column] = &[
    Column::rest("reminders.name"),
    Column::fixed("reminders.phone", 11),
    Column::rest("reminders.service"),
    Column::fixed("reminders.left", 12),
    Column::fixed("reminders.day", 10),
    Column::fixed("reminders.used", 10),
];

/// The list of one kind.
#[derive(Debug)]
pub struct Reminders {
    kind: Remind,
    rows: Table<ReminderRow>,
    /// There are more than those that were read.
    more: bool,
    failed: bool,
    asked: Option<Asked>,
    export: Option<Export>,
}

/// A question for rows; a newer one takes its place.
#[derive(Debug, Clone, Copy)]
struct Asked {
    ticket: Ticket,
    limit: usize,
    is_first: bool,
}

impl Default for Reminders {
    fn default() -> Self {
        Self::new()
    }
}

/// The key of a kind's words.
const fn title(kind: Remind) -> &'static str {
    match kind {
        Remind::Month => "reminders.month",
        Remind::Week => "reminders.week",
        Remind::Day => "reminders.one_day",
        Remind::Low => "reminders.low",
        Remind::Due => "reminders.due",
        Remind::Stage => "reminders.stage",
    }
}

/// Asks for so many rows behind one.
fn page(
    kind: Remind,
    today: NaiveDate,
    after: Option<&ReminderRow>,
    limit: usize,
    cx: &mut Cx,
) -> Ticket {
    cx.ask(Query::Reminders {
        kind,
        today,
        after: after.map(|row| (row.day, row.grant_id)),
        limit: i32::try_from(limit).unwrap_or(i32::MAX),
    })
}

impl Reminders {
    #[must_use]
    pub fn new() -> Self {
        Self {
            kind: Remind::default(),
            rows: Table::new(COLUMNS, ""),
            more: false,
            failed: false,
            asked: None,
            export: None,
        }
    }

    fn ask(&mut self, is_first: bool, cx: &mut Cx) {
        let after = self.rows.rows().last().filter(|_| !is_first);
        let limit = if is_first {
            self.rows.rows().len().clamp(PAGE, MOST_ROWS)
        } else {
            PAGE
        };
        let today = cx.session.today(cx.now());
        let ticket = page(self.kind, today, after, limit, cx);
        self.asked = Some(Asked {
            ticket,
            limit,
            is_first,
        });
    }

    fn turn(&mut self, forward: bool, cx: &mut Cx) {
        let all = Remind::ALL;
        let place = all.iter().position(|kind| *kind == self.kind).unwrap_or(0);
        let step = if forward { 1 } else { all.len() - 1 };
        self.kind = all
            .get((place + step) % all.len())
            .copied()
            .unwrap_or_default();
        self.rows.set(Vec::new(), true);
        self.ask(true, cx);
    }

    fn take(&mut self, asked: Asked, rows: Vec<ReminderRow>) {
        self.failed = false;
        let complete = rows.len() < asked.limit;
        self.more = !complete;
        let known = self.rows.selected().map(|row| row.grant_id);
        if !asked.is_first {
            self.rows.extend(rows, complete);
            return;
        }
        let place = rows.iter().position(|row| Some(row.grant_id) == known);
        self.rows.set(rows, complete);
        self.rows.select(place.unwrap_or(0));
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
        let Some(asked) = self.asked.take_if(|asked| asked.ticket == ticket) else {
            return Step::Stay;
        };
        match answer {
            Ok(Reply::Reminders(rows)) => self.take(asked, rows),
            Ok(_) => {}
            Err(refusal) => {
                self.failed = true;
                self.rows.extend(Vec::new(), true);
                return cx.refuse(refusal);
            }
        }
        Step::Stay
    }

    fn act(&mut self, action: Action, cx: &mut Cx) -> Step {
        match action {
            Action::Filter => self.turn(true, cx),
            Action::Previous => self.turn(false, cx),
            Action::Accept => {
                if let Some(row) = self.rows.selected() {
                    return Step::push(MemberCard::new(row.member_id));
                }
            }
            Action::Reload => self.ask(true, cx),
            // PV2: whoever has no right hears so; whoever has says why.
            Action::Export if cx.session.limit().is_some_and(|limit| limit.export) => {
                return Step::push(Reason::export());
            }
            Action::Coupons => {
                let kind = self.kind;
                return Step::push(GiveAll::new(Segment::Reminder { kind }));
            }
            Action::Export => return cx.refuse(Refusal::user("staff.no_right")),
            Action::Back => {
                if self.export.take_if(|export| !export.is_writing()).is_some() {
                    cx.notice(Tone::Warn, "dormant.stopped");
                } else if self.export.is_none() {
                    return Step::Pop(None);
                }
            }
            _ => {}
        }
        Step::Stay
    }

    fn says(&self, look: &Look) -> (String, Role) {
        if let Some(export) = &self.export {
            return (look.say(&export.says()), Role::Warn);
        }
        if self.failed {
            return (look.text("dormant.failed").to_owned(), Role::Warn);
        }
        if self.asked.is_some_and(|asked| asked.is_first) {
            return (look.text("dormant.reading").to_owned(), Role::Dim);
        }
        let more = if self.more { "+" } else { "" };
        let count = format!("{}{more}", self.rows.rows().len());
        let say = Say::new("reminders.says").with("count", count);
        (look.say(&say), Role::Dim)
    }
}

impl Screen for Reminders {
    fn bindings(&self) -> &'static str {
        "reminders"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.rows.on(&input) {
            if self.asked.is_none() && self.rows.wants_more() {
                self.ask(false, cx);
            }
            return Step::Stay;
        }
        match input {
            Input::Changed(noun) if self.asked.is_some() || !Noun::Member.meets(noun) => {}
            Input::Opened | Input::Changed(_) | Input::Outcome(Outcome::Member(_)) => {
                self.ask(true, cx);
            }
            Input::Outcome(Outcome::Text(reason)) => {
                self.export = Some(Export::start(self.kind, reason, cx));
            }
            Input::Action(action) => return self.act(action, cx),
            Input::Reply(ticket, answer) => return self.answered(ticket, answer, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Accept | Action::Coupons => !self.rows.is_empty(),
            Action::Export => self.export.is_none() && !self.rows.is_empty(),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let mut rest = area;
        for kind in Remind::ALL {
            let text = format!(" {} ", look.text(title(kind)));
            if width::columns(&text) > rest.width && rest.width < area.width {
                rest = Rect {
                    y: rest.y + 1,
                    height: rest.height.saturating_sub(1),
                    ..area
                };
            }
            let role = if kind == self.kind {
                Role::Selected
            } else {
                Role::Text
            };
            let taken = paint::line(frame, rest, 0, &text, look.style(role));
            rest.x += taken;
            rest.width -= taken;
        }
        let row = rest.y - area.y + 1;
        let (says, role) = self.says(look);
        paint::line(frame, area, row, &says, look.style(role));
        paint::rule(frame, area, row + 1, look);
        let body = paint::below(area, row + 2);
        if self.rows.is_empty() {
            if self.asked.is_none() && !self.failed {
                let text = look.text("reminders.empty");
                for (row, line) in (0..body.height).zip(width::wrap(text, body.width.into())) {
                    paint::line(frame, body, row, &line, look.style(Role::Dim));
                }
            }
            return;
        }
        let (narrow, kind) = (is_narrow(area), self.kind);
        self.rows.view(frame, body, look, |row, look| {
            cells(row, kind, narrow, look)
        });
    }
}

fn cells(row: &ReminderRow, kind: Remind, narrow: bool, look: &Look) -> Vec<Cell> {
    let left = match row.left {
        Some(fen) if kind == Remind::Stage => Fen(fen).to_string(),
        Some(left) => look.say(&counted(row.unit, left)),
        None => look.text("redeem.endless").to_owned(),
    };
    let day = match kind {
        Remind::Low => row.expires_on,
        _ => Some(row.day),
    };
    let used = row.used_on.map(|day| day.to_string()).unwrap_or_default();
    let today = look.session.today(look.now);
    let soon = day.is_some_and(|day| (day - today).num_days() <= SOON);
    let role = if soon { Role::Warn } else { Role::Text };
    let day = day.map(|day| day.to_string()).unwrap_or_default();
    let name = match row.name.as_str() {
        "" => look.text("member.nameless"),
        name => name,
    };
    let service = match row.of.as_str() {
        "" => row.service.clone(),
        of => format!("{} ({of})", row.service),
    };
    let phone = row.phone.as_deref().unwrap_or_default();
    if narrow {
        return vec![
            Cell::from(format!("{day}  {left}")).role(role),
            name.into(),
            phone.into(),
            service.into(),
        ];
    }
    vec![
        name.into(),
        phone.into(),
        service.into(),
        left.into(),
        Cell::from(day).role(role),
        Cell::from(used).role(Role::Dim),
    ]
}
