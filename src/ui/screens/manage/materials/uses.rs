//! The receipts behind what was used of a material: Enter opens one (LG7).

use ratatui::Frame;
use ratatui::layout::Rect;

use super::amount;
use crate::domain::calendar::local;
use crate::domain::recipe::MaterialUnit;
use crate::query::{Days, MaterialUse, MaterialUsed, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step};
use crate::ui::screens::receipt::Receipt;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column, Table};

const COLUMNS: &[Column] = &[
    Column::fixed("material.at", 11),
    Column::fixed("material.till", 8),
    Column::rest("material.member"),
    Column::rest("material.what"),
    Column::fixed("material.served", 8),
    Column::fixed("material.quantity", 12).right(),
];

/// The list.
#[derive(Debug)]
pub(super) struct Uses {
    used: MaterialUsed,
    days: Days,
    table: Table<MaterialUse>,
    asked: Option<Ticket>,
    receipt: Option<Ticket>,
}

impl Uses {
    pub(super) const fn new(used: MaterialUsed, days: Days) -> Self {
        Self {
            used,
            days,
            table: Table::new(COLUMNS, "material.none"),
            asked: None,
            receipt: None,
        }
    }

    fn ask(&mut self, cx: &mut Cx) {
        self.asked = Some(cx.ask(Query::MaterialUses {
            product_id: self.used.product_id,
            days: self.days,
        }));
    }
}

fn cells(row: &MaterialUse, unit: MaterialUnit, look: &Look) -> Vec<Cell> {
    let service = match row.uses {
        1 => row.service.clone(),
        uses => format!("{} x{uses}", row.service),
    };
    vec![
        Cell::from(local(row.at).format("%m-%d %H:%M").to_string()).role(Role::Dim),
        Cell::from(row.till.as_str()).role(Role::Dim),
        row.member.as_deref().unwrap_or_default().into(),
        if row.returned > 0 {
            Cell::from(format!("{service} {}", look.text("material.was_returned"))).role(Role::Warn)
        } else {
            service.into()
        },
        row.served.as_deref().unwrap_or_default().into(),
        amount(row.quantity, unit, look).into(),
    ]
}

impl Screen for Uses {
    fn bindings(&self) -> &'static str {
        "material_uses"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened | Input::Action(Action::Reload) => self.ask(cx),
            Input::Action(Action::Accept) => {
                if let Some(row) = self.table.selected() {
                    self.receipt = Some(cx.ask(Query::ReadReceipt { id: row.receipt_id }));
                }
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                self.asked = None;
                match answer {
                    Ok(Reply::MaterialUses(rows)) => self.table.set(rows, true),
                    Ok(_) => {}
                    Err(refusal) => return cx.refuse(refusal),
                }
            }
            Input::Reply(ticket, answer) if self.receipt == Some(ticket) => {
                self.receipt = None;
                match answer {
                    Ok(Reply::Receipt(receipt)) => return Step::push(Receipt::again(receipt)),
                    Ok(_) => {}
                    Err(refusal) => return cx.refuse(refusal),
                }
            }
            _ => {
                self.table.on(&input);
            }
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        action != Action::Accept || (self.receipt.is_none() && !self.table.is_empty())
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let state = self.asked.map(|_| look.text("manage.reading"));
        let title = Say::new("material.uses_of")
            .with("name", &self.used.name)
            .with("from", self.days.from)
            .with("to", self.days.to);
        paint::title(frame, area, &look.say(&title), state, look);
        let total = Say::new("material.total")
            .with("uses", self.used.uses)
            .with("quantity", amount(self.used.quantity, self.used.unit, look));
        paint::line(frame, area, 1, &look.say(&total), look.style(Role::Money));
        if self.asked.is_none() {
            let unit = self.used.unit;
            self.table
                .view(frame, paint::below(area, 3), look, |row, look| {
                    cells(row, unit, look)
                });
        }
    }
}
