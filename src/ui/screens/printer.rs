//! What waits for the printer, the drawer without a payment, and a page to try the printer.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::domain::calendar::local;
use crate::domain::print::{Order, Progress, Waiting};
use crate::domain::slip::{Facts, Kind};
use crate::domain::staff::{Act, Staff};
use crate::error::{Kind as Fault, Refusal, Result};
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::reason::Reason;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, Table};
use crate::ui::width;

const COLUMNS: &[Column] = &[
    Column::rest("printer.document"),
    Column::fixed("printer.at", 11),
    Column::fixed("printer.state", 16),
];

/// A drawer whose opening is written down later than this opens for nobody.
const WINDOW: TimeDelta = TimeDelta::seconds(15);

/// What the popup above is about.
#[derive(Debug)]
enum Asking {
    Drop(u64),
    /// Who approves it.
    Approval,
    Why(Option<Staff>),
}

/// An opening that is being written down: the drawer opens afterwards.
#[derive(Debug)]
struct Opening {
    ticket: Ticket,
    key: Uuid,
    at: DateTime<Utc>,
    approver: Option<Staff>,
    reason: String,
}

/// The list of jobs.
#[derive(Debug)]
pub struct Printer {
    table: Table<Waiting>,
    asking: Option<Asking>,
    opening: Option<Opening>,
}

impl Default for Printer {
    fn default() -> Self {
        Self::new()
    }
}

impl Printer {
    #[must_use]
    pub const fn new() -> Self {
        Self {
            table: Table::new(COLUMNS, "printer.empty"),
            asking: None,
            opening: None,
        }
    }

    /// The jobs as they are now; the selection stays with its job.
    fn refresh(&mut self, jobs: &[Waiting]) {
        if self.table.rows() == jobs {
            return;
        }
        let known = self.table.selected().map(|job| job.id);
        let place = jobs.iter().position(|job| Some(job.id) == known);
        self.table.set(jobs.to_vec(), true);
        self.table.select(place.unwrap_or(0));
    }

    /// Without a payment the drawer opens for whoever may, with a reason (OP3).
    fn drawer(&mut self, cx: &mut Cx) -> Step {
        let limit = cx.session.limit();
        if limit.is_some_and(|limit| limit.allows(Act::Drawer)) {
            return self.why(None);
        }
        self.asking = Some(Asking::Approval);
        Step::push(Approve::new(Say::new("printer.drawer_why"), Act::Drawer))
    }

    fn why(&mut self, approver: Option<Staff>) -> Step {
        self.asking = Some(Asking::Why(approver));
        Step::push(Reason::drawer())
    }

    /// Has it written down; without that it stays shut: its key opens it too, and is in the hands of whoever
    /// answers for it.
    fn note(&mut self, approver: Option<Staff>, reason: String, cx: &mut Cx) {
        let key = cx.new_id();
        let ticket = cx.ask(Query::OpenDrawer {
            key,
            by: cx.session.by(),
            approver_id: approver.as_ref().map(|staff| staff.id),
            reason: reason.clone(),
        });
        self.opening = Some(Opening {
            ticket,
            key,
            at: cx.now(),
            approver,
            reason,
        });
    }

    fn noted(opening: &Opening, answer: Result<Reply>, cx: &mut Cx) -> Step {
        if let Err(refusal) = answer {
            return cx.refuse(match refusal.kind {
                Fault::Offline => Refusal {
                    hint: "printer.drawer_offline",
                    ..refusal
                },
                _ => refusal,
            });
        }
        // Whoever asked may be gone; the log says that nobody knows.
        if cx.now() - opening.at > WINDOW {
            cx.notice(Tone::Warn, "printer.drawer_late");
            return Step::Stay;
        }
        cx.kick();
        cx.ask(Query::DrawerPulsed {
            key: opening.key,
            till_id: cx.session.by().till_id,
        });
        let approver = opening.approver.as_ref();
        let facts = Facts::new()
            .maybe("approver", approver.map(|staff| &staff.name))
            .one("reason", &opening.reason);
        cx.print_facts(Kind::Drawer, "slip.drawer", facts);
        cx.notice(Tone::Good, "printer.drawer_opened");
        Step::Stay
    }

    fn outcome(&mut self, outcome: Outcome, cx: &mut Cx) -> Step {
        match (self.asking.take(), outcome) {
            (Some(Asking::Drop(id)), Outcome::Yes) => cx.order(Order::Drop(id)),
            (Some(Asking::Approval), Outcome::Approved(staff)) => return self.why(Some(staff)),
            (Some(Asking::Why(approver)), Outcome::Text(reason)) => {
                self.note(approver, reason, cx);
            }
            _ => {}
        }
        Step::Stay
    }

    fn ask_drop(&mut self) -> Step {
        let Some(job) = self.table.selected() else {
            return Step::Stay;
        };
        self.asking = Some(Asking::Drop(job.id));
        let question = Say::new("printer.drop").with("title", &job.title);
        Step::push(Confirm::new(question).careful())
    }
}

/// A page with everything a printer must be able to do.
fn test_page(cx: &mut Cx) {
    let columns = cx.session.printing.columns;
    let facts = test_facts(columns);
    cx.print_facts(Kind::Test, "slip.test", facts);
}

/// Figures of the test page.
#[must_use]
pub fn test_facts(columns: usize) -> Facts {
    Facts::new()
        .one(
            "ruler",
            "1234567890"
                .chars()
                .cycle()
                .take(columns)
                .collect::<String>(),
        )
        .one("code", "guitai 柜台")
        .one("digits", "20260309000128")
}

impl Screen for Printer {
    fn bindings(&self) -> &'static str {
        "printer"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        self.refresh(&cx.session.printer.jobs);
        if self.table.on(&input) {
            return Step::Stay;
        }
        match input {
            Input::Outcome(outcome) => return self.outcome(outcome, cx),
            Input::Reply(ticket, answer) => {
                if let Some(opening) = self.opening.take_if(|opening| opening.ticket == ticket) {
                    return Self::noted(&opening, answer, cx);
                }
            }
            // Whoever left now would leave a row and a drawer that is shut.
            Input::Action(Action::Back | Action::Drawer) if self.opening.is_some() => {}
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Action(Action::Reprint) => {
                if let Some(job) = self.table.selected() {
                    cx.order(Order::Again(job.id));
                    cx.notice(Tone::Plain, "receipt.printing");
                }
            }
            Input::Action(Action::Drop) => return self.ask_drop(),
            Input::Action(Action::Drawer) if cx.session.printing.has_drawer => {
                return self.drawer(cx);
            }
            Input::Action(Action::TestPage) if cx.session.printing.is_there => test_page(cx),
            Input::Action(Action::Drawer | Action::TestPage) => {
                cx.notice(Tone::Warn, "receipt.no_printer");
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        self.has(action)
    }

    fn has(&self, action: Action) -> bool {
        match action {
            Action::Reprint | Action::Drop => self.table.selected().is_some(),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let printer = &look.session.printer;
        self.refresh(&printer.jobs);
        let inside = paint::inset(area, 1, 0);
        let title = look.text("printer.title");
        paint::line(frame, inside, 0, title, look.style(Role::Title));
        let (say, role) = match &printer.trouble {
            _ if !look.session.printing.is_there => (Say::new("printer.none"), Role::Warn),
            Some(refusal) => (Say::from(refusal), Role::Warn),
            None => (Say::new("printer.ready"), Role::Good),
        };
        let mut row = 1;
        for text in width::wrap(&look.say(&say), inside.width.into()) {
            paint::line(frame, inside, row, &text, look.style(role));
            row += 1;
        }
        let body = paint::below(inside, row + 1);
        self.table.view(frame, body, look, |job, look| {
            let (state, role) = match job.progress {
                Progress::Waiting => ("printer.waiting", Role::Text),
                Progress::Unsure => ("printer.unsure", Role::Warn),
            };
            vec![
                Cell::from(job.title.as_str()),
                Cell::from(local(job.at).format("%m-%d %H:%M").to_string()),
                Cell::from(look.text(state)).role(role),
            ]
        });
    }
}
