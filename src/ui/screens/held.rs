//! Sales put aside: whoever is first takes one up again.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::query::{HeldSale, Noun, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, Table};

const COLUMNS: &[Column] = &[
    Column::rest("held.label"),
    Column::fixed("held.time", 5),
    Column::fixed("held.till", 10),
    Column::fixed("held.lines", 6).right(),
    Column::fixed("held.total", 12).right(),
];

/// The list; pops `Outcome::Cart` with the sale that was taken.
#[derive(Debug)]
pub struct Held {
    table: Table<HeldSale>,
    listing: Option<Ticket>,
    taking: Option<Ticket>,
}

impl Default for Held {
    fn default() -> Self {
        Self::new()
    }
}

impl Held {
    #[must_use]
    pub const fn new() -> Self {
        Self {
            table: Table::new(COLUMNS, "held.empty"),
            listing: None,
            taking: None,
        }
    }

    fn list(&mut self, cx: &mut Cx) {
        let store_id = cx.session.store.as_ref().map_or(0, |store| store.id);
        self.listing = Some(cx.ask(Query::HeldSales { store_id }));
    }
}

impl Screen for Held {
    fn bindings(&self) -> &'static str {
        "held"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.taking.is_none() && self.table.on(&input) {
            return Step::Stay;
        }
        match input {
            Input::Opened => self.list(cx),
            Input::Changed(noun) if Noun::HeldSale.meets(noun) => self.list(cx),
            Input::Action(Action::Accept) => {
                if let Some(held) = self.table.selected() {
                    let id = held.id;
                    self.taking = Some(cx.ask(Query::TakeHeld { id }));
                }
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Reply(ticket, answer) if self.listing == Some(ticket) => {
                self.listing = None;
                match answer {
                    Ok(Reply::Held(rows)) => self.table.set(rows, true),
                    Ok(_) => {}
                    Err(refusal) => return cx.refuse(refusal),
                }
            }
            Input::Reply(ticket, answer) if self.taking == Some(ticket) => {
                self.taking = None;
                match answer {
                    Ok(Reply::Taken(Some(cart))) => return Step::Pop(Some(Outcome::Cart(cart))),
                    Ok(_) => {
                        cx.notice(Tone::Warn, "held.gone");
                        self.list(cx);
                    }
                    Err(refusal) => return cx.refuse(refusal),
                }
            }
            _ => {}
        }
        Step::Stay
    }

    /// A sale that is being taken has left the list: it must arrive somewhere.
    fn can(&self, action: Action) -> bool {
        match action {
            Action::Accept => self.taking.is_none() && !self.table.is_empty(),
            Action::Back => self.taking.is_none(),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        let title = if self.taking.is_some() || self.listing.is_some() {
            "held.waiting"
        } else {
            "held.title"
        };
        paint::line(frame, inside, 0, look.text(title), look.style(Role::Title));
        let body = paint::below(inside, 2);
        if self.listing.is_some() && self.table.is_empty() {
            return;
        }
        self.table.view(frame, body, look, |held, look| {
            let tills = look.session.shop.as_ref().map(|shop| &shop.tills);
            let till = tills.and_then(|tills| tills.iter().find(|till| till.id == held.till_id));
            vec![
                Cell::from(held.label.as_str()),
                Cell::from(look.session.clock(held.held_at)),
                Cell::from(till.map_or("", |till| till.name.as_str())),
                Cell::from(held.cart.lines.len().to_string()),
                Cell::money(held.total),
            ]
        });
    }
}
