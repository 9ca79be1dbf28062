//! What the sales of a day would have cost under a promotion, before anybody pays by it.

use chrono::{Days, NaiveDate};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::price::trial::{Touched, Trial};
use crate::query::{PromotionEdit, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::screen::{Cx, Input, Look, Screen, Step, is_narrow};
use crate::ui::screens::receipt::Receipt;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column, Table};
use crate::ui::{offer, paint, width};

const COLUMNS: &[Column] = &[
    Column::fixed("trial.number", 8),
    Column::fixed("trial.time", 6),
    Column::rest("trial.member"),
    Column::fixed("trial.before", 11).right(),
    Column::fixed("trial.after", 11).right(),
    Column::fixed("trial.less", 10).right(),
];

/// The screen; Left and Right change the day, Enter opens a receipt.
#[derive(Debug)]
pub(super) struct Try {
    edit: PromotionEdit,
    /// Yesterday to begin with.
    day: Option<NaiveDate>,
    trial: Option<Trial>,
    table: Table<Touched>,
    asked: Option<Ticket>,
    receipt: Option<Ticket>,
}

impl Try {
    pub(super) fn new(edit: PromotionEdit) -> Self {
        Self {
            edit,
            day: None,
            trial: None,
            table: Table::new(COLUMNS, "trial.untouched"),
            asked: None,
            receipt: None,
        }
    }

    fn ask(&mut self, day: Option<NaiveDate>, cx: &mut Cx) {
        let Some(day) = day.filter(|day| *day <= cx.session.today(cx.now())) else {
            return;
        };
        self.day = Some(day);
        self.trial = None;
        self.table.set(Vec::new(), true);
        let promotion = Box::new(self.edit.clone());
        self.asked = Some(cx.ask(Query::TryPromotion { promotion, day }));
    }

    fn sums(trial: &Trial) -> Vec<Say> {
        if trial.receipts == 0 {
            return vec![Say::new("trial.no_sales")];
        }
        let mut says = vec![
            Say::new("trial.sums")
                .with("receipts", trial.receipts)
                .with("touched", trial.touched)
                .with("off", trial.off),
        ];
        if trial.gifts != 0 {
            says.push(Say::new("trial.gifts").with("count", trial.gifts));
        }
        if !trial.complete {
            says.push(Say::new("trial.more").with("receipts", trial.receipts));
        }
        says
    }
}

fn cells(touched: &Touched, look: &Look) -> Vec<Cell> {
    let member = touched.member.as_deref().unwrap_or_default();
    let who = if member.is_empty() {
        &touched.till
    } else {
        member
    };
    vec![
        Cell::from(format!("{:06}", touched.seq)),
        Cell::from(look.session.clock(touched.at)).role(Role::Dim),
        Cell::from(who),
        Cell::money(touched.before).role(Role::Text),
        Cell::money(touched.after).role(Role::Text),
        Cell::money(touched.before - touched.after),
    ]
}

impl Screen for Try {
    fn bindings(&self) -> &'static str {
        "trial"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => {
                let today = cx.session.today(cx.now());
                self.ask(today.checked_sub_days(Days::new(1)), cx);
            }
            Input::Action(Action::DayBefore) => {
                self.ask(self.day.and_then(|day| day.pred_opt()), cx);
            }
            Input::Action(Action::DayAfter) => {
                self.ask(self.day.and_then(|day| day.succ_opt()), cx);
            }
            Input::Action(Action::Accept) => {
                if let Some(touched) = self.table.selected() {
                    self.receipt = Some(cx.ask(Query::ReadReceipt { id: touched.id }));
                }
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                self.asked = None;
                match answer {
                    Ok(Reply::Tried(trial)) => {
                        self.table.set(trial.biggest.clone(), true);
                        self.trial = Some(trial);
                    }
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
        action != Action::Accept || (self.receipt.is_none() && self.table.selected().is_some())
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let day = self.day.map(|day| day.to_string()).unwrap_or_default();
        let title = look.say(&Say::new("trial.title").with("day", &day));
        let state = self.asked.map(|_| look.text("trial.reading"));
        paint::title(frame, area, &title, state, look);
        let rule = &self.edit.promotion;
        let mut texts = vec![(rule.name.clone(), Role::Text)];
        texts.push((offer::gives(&rule.offer, look), Role::Dim));
        if let Some(trial) = &self.trial {
            let says = Self::sums(trial);
            texts.extend(says.iter().map(|say| (look.say(say), Role::Money)));
        }
        let mut row = 1;
        for (text, role) in texts {
            for line in width::wrap(&text, area.width.into()) {
                paint::line(frame, area, row, &line, look.style(role));
                row += 1;
            }
        }
        let has_sales = self.trial.as_ref().is_some_and(|trial| trial.receipts > 0);
        if has_sales {
            let gap = u16::from(!is_narrow(area));
            self.table
                .view(frame, paint::below(area, row + gap), look, cells);
        }
    }
}
