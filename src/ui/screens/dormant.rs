//! Who has stayed away too long, by what the shop stands to lose (OR1).

mod bar;
mod export;
mod rows;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::member::Member;
use crate::domain::segment::Segment;
use crate::error::{Refusal, Result};
use crate::query::{DormantRow, Noun, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step, is_narrow};
use crate::ui::screens::member::MemberCard;
use crate::ui::screens::reason::Reason;
use crate::ui::screens::segment::GiveAll;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{MOST_ROWS, Table};
use crate::ui::width;
use bar::Bar;
use export::{Export, Next};

/// Rows asked for at once.
const PAGE: usize = 100;

/// The list with its filter.
#[derive(Debug)]
pub struct Dormant {
    bar: Bar,
    rows: Table<DormantRow>,
    /// There are more than those that were read.
    more: bool,
    /// The last question was refused: the list may be short or old.
    failed: bool,
    asked: Option<Asked>,
    export: Option<Export>,
}

/// A question for rows; a newer one takes its place, and the late answer finds nobody.
#[derive(Debug, Clone, Copy)]
struct Asked {
    ticket: Ticket,
    limit: usize,
    then: Then,
}

/// What to do with the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Another filter: show them from the top.
    Start,
    /// The same list again: stay with the selected member.
    Refresh,
    Append,
}

impl Default for Dormant {
    fn default() -> Self {
        Self::new()
    }
}

impl Dormant {
    #[must_use]
    pub fn new() -> Self {
        Self {
            bar: Bar::default(),
            rows: Table::new(rows::COLUMNS, ""),
            more: false,
            failed: false,
            asked: None,
            export: None,
        }
    }

    /// One question for one change; what is under way is forgotten.
    fn ask(&mut self, then: Then, cx: &mut Cx) {
        let (after, limit) = match then {
            Then::Start => (None, PAGE),
            Then::Refresh => (None, self.rows.rows().len().clamp(PAGE, MOST_ROWS)),
            Then::Append => {
                let last = self.rows.rows().last();
                (last.map(|row| (row.at_risk, row.member_id)), PAGE)
            }
        };
        let ticket = cx.ask(Query::Dormant {
            filter: self.bar.filter(cx.session.today(cx.now())),
            after,
            limit: i32::try_from(limit).unwrap_or(i32::MAX),
        });
        self.asked = Some(Asked {
            ticket,
            limit,
            then,
        });
    }

    fn take(&mut self, asked: Asked, rows: Vec<DormantRow>) {
        self.failed = false;
        self.more = rows.len() >= asked.limit;
        let known = self.rows.selected().map(|row| row.member_id);
        match asked.then {
            Then::Append => self.rows.extend(rows, !self.more),
            Then::Start => {
                self.rows.set(rows, !self.more);
                self.rows.select(0);
            }
            Then::Refresh => {
                self.rows.set(rows, !self.more);
                let rows = self.rows.rows();
                if let Some(place) = rows.iter().position(|row| Some(row.member_id) == known) {
                    self.rows.select(place);
                }
            }
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        if let Some(export) = self.export.take_if(|export| export.waits_for(ticket)) {
            return self.exported(export, answer, cx);
        }
        let Some(asked) = self.asked.take_if(|asked| asked.ticket == ticket) else {
            return Step::Stay;
        };
        match answer {
            Ok(Reply::Dormant(rows)) => self.take(asked, rows),
            Ok(_) => {}
            Err(refusal) => {
                self.failed = true;
                self.rows.extend(Vec::new(), true);
                return cx.refuse(refusal);
            }
        }
        Step::Stay
    }

    fn exported(&mut self, export: Export, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match export.take(answer, cx) {
            Ok(Next::More(export)) => self.export = Some(*export),
            Ok(Next::Done(say)) => cx.notice(Tone::Good, say),
            Err(refusal) => return cx.refuse(refusal),
        }
        Step::Stay
    }

    /// Gives the file up, unless it is being written already.
    fn stop_export(&mut self, cx: &mut Cx) {
        if self.export.take_if(|export| !export.is_writing()).is_some() {
            cx.notice(Tone::Warn, "dormant.stopped");
        }
    }

    fn act(&mut self, action: Action, cx: &mut Cx) -> Step {
        match action {
            Action::Filter => self.bar.go(true),
            Action::Previous => self.bar.go(false),
            Action::Left | Action::Right => {
                let shop = cx.session.shop.as_ref();
                if self.bar.turn(action == Action::Right, shop) {
                    self.ask(Then::Start, cx);
                }
            }
            Action::Accept if self.bar.is_focused() => self.bar.leave(),
            Action::Accept => {
                if let Some(row) = self.rows.selected() {
                    return Step::push(MemberCard::new(row.member_id));
                }
            }
            Action::Reload => self.ask(Then::Refresh, cx),
            // PV2: whoever has no right hears so; whoever has says why.
            Action::Export if cx.session.limit().is_some_and(|limit| limit.export) => {
                return Step::push(Reason::export());
            }
            Action::Export => return cx.refuse(Refusal::user("staff.no_right")),
            Action::Coupons => {
                let filter = self.bar.filter(cx.session.today(cx.now()));
                return Step::push(GiveAll::new(Segment::Dormant {
                    days: filter.days,
                    rhythm: filter.rhythm,
                    max_days: filter.max_days,
                    level_id: filter.level_id,
                    balance: filter.balance,
                }));
            }
            Action::Back if self.export.is_some() => self.stop_export(cx),
            Action::Back if self.bar.is_focused() => self.bar.leave(),
            Action::Back => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }

    /// The card was edited: the row says the same, without a question.
    fn learn(&mut self, member: &Member) {
        let rows = self.rows.rows_mut().iter_mut();
        for row in rows.filter(|row| row.member_id == member.id) {
            row.name.clone_from(&member.name);
            row.principal = member.principal;
            row.bonus = member.bonus;
            row.level.clone_from(&member.level.name);
        }
    }

    /// What the list says: only what was read is counted.
    fn says(&self, look: &Look) -> (String, Role) {
        if let Some(export) = &self.export {
            return (look.say(&export.says()), Role::Warn);
        }
        if self.failed {
            return (look.text("dormant.failed").to_owned(), Role::Warn);
        }
        let loading = self.asked.is_some_and(|asked| asked.then == Then::Start);
        if loading {
            return (look.text("dormant.reading").to_owned(), Role::Dim);
        }
        let more = if self.more { "+" } else { "" };
        let count = format!("{}{more}", self.rows.rows().len());
        let key = if self.bar.rhythm {
            "dormant.says_rhythm"
        } else {
            "dormant.says"
        };
        let say = Say::new(key)
            .with("days", self.bar.days)
            .with("count", count);
        (look.say(&say), Role::Title)
    }
}

impl Screen for Dormant {
    fn bindings(&self) -> &'static str {
        "dormant"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if let Input::Action(Action::Down | Action::Up) = input
            && self.bar.is_focused()
        {
            self.bar.leave();
            return Step::Stay;
        }
        if self.rows.on(&input) {
            if self.asked.is_none() && self.rows.wants_more() {
                self.ask(Then::Append, cx);
            }
            return Step::Stay;
        }
        match input {
            Input::Opened => {
                self.bar = Bar::new(cx.session.shop.as_ref());
                self.ask(Then::Start, cx);
            }
            // A question for another filter brings the new rows anyway.
            Input::Changed(Noun::Shop | Noun::Member | Noun::All)
                if self.asked.is_none_or(|asked| asked.then != Then::Start) =>
            {
                self.ask(Then::Refresh, cx);
            }
            Input::Outcome(Outcome::Member(member)) => self.learn(&member),
            Input::Outcome(Outcome::Text(reason)) => {
                let filter = self.bar.filter(cx.session.today(cx.now()));
                self.export = Some(Export::start(filter, reason, cx));
            }
            Input::Action(action) => return self.act(action, cx),
            Input::Reply(ticket, answer) => return self.answered(ticket, answer, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Accept => self.bar.is_focused() || !self.rows.is_empty(),
            Action::Coupons => !self.rows.is_empty(),
            Action::Export => self.export.is_none() && !self.rows.is_empty(),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let taken = self.bar.view(frame, area, look);
        let (says, role) = self.says(look);
        paint::line(frame, area, taken, &says, look.style(role));
        paint::rule(frame, area, taken + 1, look);
        let body = paint::below(area, taken + 2);
        if self.rows.is_empty() {
            if self.asked.is_none() && !self.failed {
                let key = if self.bar.is_narrowed() {
                    "dormant.empty_narrowed"
                } else {
                    "dormant.empty"
                };
                let lines = width::wrap(look.text(key), body.width.into());
                for (row, text) in (0..body.height).zip(&lines) {
                    paint::line(frame, body, row, text, look.style(Role::Dim));
                }
            }
            return;
        }
        let narrow = is_narrow(area);
        self.rows.view(frame, body, look, |row, look| {
            rows::cells(row, narrow, look)
        });
    }
}
