//! What services took from the shelf over some days, and on which receipts (PK2).

mod uses;

use chrono::{Datelike, Days as Count, Months, NaiveDate};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::money::grouped;
use crate::domain::recipe::MaterialUnit;
use crate::error::Result;
use crate::query::{Days, MaterialUsed, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Column, Table};
use crate::ui::width;
use uses::Uses;

/// Rows below the list: the services of the selected material.
const FOOT: u16 = 4;

const COLUMNS: &[Column] = &[
    Column::rest("material.name"),
    Column::fixed("material.uses", 7).right(),
    Column::fixed("material.returned", 7).right(),
    Column::fixed("material.quantity", 14).right(),
];

/// How long a time is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Span {
    Day,
    Week,
    #[default]
    Month,
}

impl Span {
    const fn next(self) -> Self {
        match self {
            Self::Day => Self::Week,
            Self::Week => Self::Month,
            Self::Month => Self::Day,
        }
    }

    /// The days of it that hold `day`; weeks begin on Mondays.
    fn around(self, day: NaiveDate) -> Days {
        let from = match self {
            Self::Day => day,
            Self::Week => day - Count::new(day.weekday().num_days_from_monday().into()),
            Self::Month => day.with_day(1).unwrap_or(day),
        };
        let after = match self {
            Self::Day => from + Count::new(1),
            Self::Week => from + Count::new(7),
            Self::Month => from + Months::new(1),
        };
        Days {
            from,
            to: after - Count::new(1),
        }
    }
}

/// How much of a material: pieces or grams.
fn amount(quantity: i64, unit: MaterialUnit, look: &Look) -> String {
    let unit = look.text(unit.text());
    format!("{} {unit}", grouped(quantity))
}

/// The screen.
#[derive(Debug)]
pub struct Materials {
    span: Span,
    days: Option<Days>,
    table: Table<MaterialUsed>,
    asked: Option<Ticket>,
}

impl Default for Materials {
    fn default() -> Self {
        Self::new()
    }
}

impl Materials {
    #[must_use]
    pub const fn new() -> Self {
        Self {
            span: Span::Month,
            days: None,
            table: Table::new(COLUMNS, "material.none"),
            asked: None,
        }
    }

    /// The time that holds `day`, unless it is still to come.
    fn look_at(&mut self, day: NaiveDate, cx: &mut Cx) {
        let days = self.span.around(day);
        if days.from > cx.session.today(cx.now()) {
            return;
        }
        self.days = Some(days);
        self.table.set(Vec::new(), true);
        self.asked = Some(cx.ask(Query::Materials(days)));
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &Cx) -> Step {
        self.asked = None;
        match answer {
            Ok(Reply::Materials(rows)) => self.table.set(rows, true),
            Ok(_) => {}
            Err(refusal) => return cx.refuse(refusal),
        }
        Step::Stay
    }

    fn act(&mut self, action: Action, cx: &mut Cx) -> Step {
        let today = cx.session.today(cx.now());
        let days = self.days.unwrap_or_else(|| self.span.around(today));
        match action {
            Action::Earlier => self.look_at(days.from - Count::new(1), cx),
            Action::Later => self.look_at(days.to + Count::new(1), cx),
            Action::Span => {
                self.span = self.span.next();
                // The last day that was seen and is over, or today.
                self.look_at(days.to.min(today), cx);
            }
            Action::Reload => self.look_at(days.from, cx),
            Action::Accept => {
                if let Some(used) = self.table.selected() {
                    return Step::push(Uses::new(used.clone(), days));
                }
            }
            Action::Back => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }

    fn foot(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let Some(used) = self.table.selected() else {
            return;
        };
        let services = used.services.iter().map(|(service, uses, quantity)| {
            look.say(
                &Say::new("material.service")
                    .with("service", service)
                    .with("uses", uses)
                    .with("quantity", amount(*quantity, used.unit, look)),
            )
        });
        let text = services.collect::<Vec<_>>().join("; ");
        for (row, line) in (0..area.height).zip(width::wrap(&text, area.width.into())) {
            paint::line(frame, area, row, &line, look.style(Role::Dim));
        }
    }
}

impl Screen for Materials {
    fn bindings(&self) -> &'static str {
        "materials"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => self.look_at(cx.session.today(cx.now()), cx),
            Input::Action(action) => {
                if !self.table.on(&Input::Action(action)) {
                    return self.act(action, cx);
                }
            }
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            _ => {
                self.table.on(&input);
            }
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        action != Action::Accept || !self.table.is_empty()
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let state = self.asked.map(|_| look.text("manage.reading"));
        let title = match self.days {
            Some(days) if days.from == days.to => Say::new("material.day").with("day", days.from),
            Some(days) => Say::new("material.days")
                .with("from", days.from)
                .with("to", days.to),
            None => Say::new("manage.materials"),
        };
        paint::title(frame, area, &look.say(&title), state, look);
        let list = Rect {
            height: area.height.saturating_sub(FOOT + 3),
            ..paint::below(area, 2)
        };
        if self.asked.is_none() {
            self.table.view(frame, list, look, |used, look| {
                vec![
                    used.name.as_str().into(),
                    grouped(used.uses).into(),
                    match used.returned {
                        0 => "".into(),
                        returned => grouped(returned).into(),
                    },
                    amount(used.quantity, used.unit, look).into(),
                ]
            });
            let foot = paint::below(area, area.height.saturating_sub(FOOT));
            self.foot(frame, foot, look);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each stretch holds its day, and the next begins where it ends.
    #[test]
    fn stretches_follow_each_other() {
        for offset in 0..800 {
            let day = NaiveDate::default() + Count::new(19_000 + offset);
            for span in [Span::Day, Span::Week, Span::Month] {
                let days = span.around(day);
                assert!(days.from <= day && day <= days.to, "{span:?} {day}");
                let next = span.around(days.to + Count::new(1));
                assert_eq!(next.from, days.to + Count::new(1));
                assert_eq!(span.around(days.from), days);
                assert_eq!(span.around(days.to), days);
            }
        }
    }
}
