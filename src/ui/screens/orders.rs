//! A member's orders that are paid for in part or whole: fetched, called off, or a new one taken (SV6).

use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::domain::deposit::{kept_most, open, still_due};
use crate::domain::grant::Grant;
use crate::domain::member::Member;
use crate::domain::settlement::Scope;
use crate::error::Result;
use crate::query::{Noun, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::choose::Choose;
use crate::ui::screens::deposit::TakeDeposit;
use crate::ui::screens::forfeit::Forfeit;
use crate::ui::screens::settlement::Settlement;
use crate::ui::screens::statement::open_receipt;
use crate::ui::screens::undo_deposit::UndoDeposit;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, Table};
use crate::ui::width;

const COLUMNS: &[Column] = &[
    Column::rest("orders.name"),
    Column::fixed("orders.due_on", 16),
    Column::fixed("orders.price", 10).right(),
    Column::fixed("orders.paid", 10).right(),
    Column::fixed("orders.still_due", 10).right(),
];

/// Pops `Outcome::Order` with the order that is fetched, or the member as she is now.
#[derive(Debug)]
pub struct Orders {
    member: Box<Member>,
    table: Table<Grant>,
    /// Whether the sale is below: what is fetched becomes a line of it.
    at_counter: bool,
    /// The choices of calling it off.
    asking: bool,
    reading: Option<Ticket>,
    receipt: Option<Ticket>,
}

impl Orders {
    /// Hers, the first due first; `at_counter` when the sale is below.
    #[must_use]
    pub fn new(member: Box<Member>, at_counter: bool) -> Self {
        let mut orders = Self {
            table: Table::new(COLUMNS, "orders.empty"),
            member,
            at_counter,
            asking: false,
            reading: None,
            receipt: None,
        };
        orders.show();
        orders
    }

    /// With this one selected.
    #[must_use]
    pub fn at(mut self, claim: Uuid) -> Self {
        let place = self.table.rows().iter().position(|it| it.id == claim);
        self.table.select(place.unwrap_or(0));
        self
    }

    fn show(&mut self) {
        let all = open(&self.member).into_iter().cloned().collect();
        self.table.set(all, true);
    }

    fn read(&mut self, cx: &mut Cx) {
        let id = self.member.id;
        self.reading = Some(cx.ask(Query::ReadMember { id }));
    }

    fn fetch(&mut self, cx: &mut Cx) -> Step {
        if !self.at_counter {
            cx.notice(Tone::Warn, "orders.till_first");
            return Step::Stay;
        }
        match self.table.selected() {
            Some(grant) => Step::Pop(Some(Outcome::Order(self.member.clone(), grant.id))),
            None => Step::Stay,
        }
    }

    fn call_off(&mut self) -> Step {
        let Some(grant) = self.table.selected() else {
            return Step::Stay;
        };
        let most = kept_most(&grant.terms);
        let keep = if most.is_positive() {
            Say::new("orders.off_forfeit").with("most", most)
        } else {
            Say::new("orders.off_prepaid")
        };
        self.asking = true;
        let title = Say::new("orders.off_title").with("name", &grant.terms.name);
        let options = vec![
            Say::new("orders.off_settle"),
            keep,
            Say::new("orders.off_undo"),
        ];
        Step::push(Choose::new(title, options))
    }

    fn chosen(&self, place: usize) -> Step {
        let Some(grant) = self.table.selected() else {
            return Step::Stay;
        };
        let (operation_id, no) = (grant.operation_id, grant.no);
        match place {
            0 => {
                let scope = Scope::Package { operation_id, no };
                Step::push(Settlement::new(self.member.id).of(scope))
            }
            1 if kept_most(&grant.terms).is_positive() => Step::push(Forfeit::new(operation_id)),
            2 => Step::push(UndoDeposit::new(operation_id)),
            _ => Step::Stay,
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        if self.reading == Some(ticket) {
            self.reading = None;
            match answer {
                Ok(Reply::Member(member)) => {
                    self.member = member;
                    self.show();
                }
                Ok(_) => {}
                Err(refusal) => return cx.refuse(refusal),
            }
        } else if self.receipt == Some(ticket) {
            self.receipt = None;
            match answer {
                Ok(Reply::Receipt(receipt)) => return open_receipt(&receipt),
                Ok(_) => {}
                Err(refusal) => return cx.refuse(refusal),
            }
        }
        Step::Stay
    }

    fn act(&mut self, action: Action, cx: &mut Cx) -> Step {
        match action {
            Action::Accept => return self.fetch(cx),
            Action::New if !self.at_counter => cx.notice(Tone::Warn, "orders.till_first"),
            Action::New => return Step::push(TakeDeposit::new(self.member.clone())),
            Action::CallOff => return self.call_off(),
            Action::Operations => {
                if let Some(grant) = self.table.selected() {
                    let id = grant.operation_id;
                    self.receipt = Some(cx.ask(Query::ReadReceipt { id }));
                }
            }
            Action::Back => return Step::Pop(Some(Outcome::Member(self.member.clone()))),
            _ => {}
        }
        Step::Stay
    }
}

impl Screen for Orders {
    fn bindings(&self) -> &'static str {
        "orders"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.table.on(&input) {
            return Step::Stay;
        }
        match input {
            // She may have fetched something elsewhere.
            Input::Opened => self.read(cx),
            Input::Changed(noun) if Noun::Member.meets(noun) => self.read(cx),
            Input::Outcome(Outcome::Chosen(place)) if std::mem::take(&mut self.asking) => {
                return self.chosen(place);
            }
            Input::Outcome(_) => {
                self.asking = false;
                self.read(cx);
            }
            Input::Action(action) => return self.act(action, cx),
            Input::Reply(ticket, answer) => return self.answered(ticket, answer, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Accept => !self.table.is_empty() && self.reading.is_none(),
            Action::CallOff => !self.table.is_empty(),
            Action::Operations => !self.table.is_empty() && self.receipt.is_none(),
            Action::New => !self.member.is_bearer,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        let name = match self.member.name.as_str() {
            "" => look.text("member.nameless"),
            name => name,
        };
        let title = Say::new("orders.title").with("name", width::fit(name, 24));
        paint::line(frame, inside, 0, &look.say(&title), look.style(Role::Title));
        let mut row = 1;
        if !self.table.is_empty() {
            for line in width::wrap(look.text("orders.how"), inside.width.into()) {
                paint::line(frame, inside, row, &line, look.style(Role::Dim));
                row += 1;
            }
        }
        let body = paint::below(inside, row + 1);
        self.table.view(frame, body, look, cells);
    }
}

fn cells(grant: &Grant, look: &Look) -> Vec<Cell> {
    let due = still_due(grant);
    vec![
        Cell::from(grant.terms.name.clone()),
        due_on(grant, look),
        Cell::from(grant.terms.price.to_string()),
        Cell::from(grant.value.to_string()),
        Cell::money(due),
    ]
}

/// The day an order is fetched, loud when that is today or past.
#[must_use]
pub fn due_on(grant: &Grant, look: &Look) -> Cell {
    let Some(order) = grant.terms.order else {
        return Cell::from("");
    };
    let day = order.due_on;
    match (day - look.session.today(look.now)).num_days() {
        ..0 => Cell::from(look.say(&Say::new("orders.overdue").with("day", day.format("%m-%d"))))
            .role(Role::Bad),
        0 => Cell::from(look.say(&Say::new("orders.today").with("day", day.format("%m-%d"))))
            .role(Role::Warn),
        _ => Cell::from(day.to_string()),
    }
}
