//! What an edited rule would have given on some days, beside the one in force, before it is saved.

use chrono::{Days, NaiveDate};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::money::grouped;
use crate::domain::trial::{Gain, Outlook, Touched};
use crate::query::{Query, Reply, Ticket, Tried};
use crate::ui::keymap::Action;
use crate::ui::screen::{Cx, Input, Look, Screen, Step, is_narrow};
use crate::ui::screens::receipt::Receipt;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column, Table};
use crate::ui::{paint, width};

/// Days looked at together.
const LENGTHS: [u64; 3] = [1, 7, 30];

const COLUMNS: &[Column] = &[
    Column::fixed("trial.day", 6),
    Column::rest("trial.member"),
    Column::fixed("trial.amount", 11).right(),
    Column::fixed("trial.difference", 34).right(),
];

/// The screen; Left and Right go back and forth, Tab changes how many days, Enter opens a receipt.
#[derive(Debug)]
pub struct TryRule {
    rule: Tried,
    /// The last day; yesterday to begin with.
    to: Option<NaiveDate>,
    length: u64,
    outlook: Option<Outlook>,
    table: Table<Touched>,
    asked: Option<Ticket>,
    receipt: Option<Ticket>,
}

impl TryRule {
    #[must_use]
    pub fn new(rule: Tried) -> Self {
        Self {
            rule,
            to: None,
            length: 1,
            outlook: None,
            table: Table::new(COLUMNS, "trial.unchanged"),
            asked: None,
            receipt: None,
        }
    }

    fn name(&self) -> &str {
        match &self.rule {
            Tried::TopUp(rule) => &rule.name,
            Tried::Coupon(edit) => &edit.rule.name,
            Tried::Gift(rule) => &rule.name,
            Tried::Level(level) => &level.name,
        }
    }

    /// What is looked at: top-ups, sales, occasions.
    const fn events(&self) -> &'static str {
        match self.rule {
            Tried::TopUp(_) => "trial.top_ups",
            Tried::Coupon(_) => "trial.sales",
            Tried::Gift(_) => "trial.occasions",
            Tried::Level(_) => "trial.level_sales",
        }
    }

    /// What has to be known of the figures.
    const fn about(&self) -> &'static str {
        match self.rule {
            Tried::TopUp(_) => "trial.about_top_up",
            Tried::Coupon(_) => "trial.about_coupon",
            Tried::Gift(_) => "trial.about_gift",
            Tried::Level(_) => "trial.about_level",
        }
    }

    fn from(&self) -> Option<NaiveDate> {
        self.to?.checked_sub_days(Days::new(self.length - 1))
    }

    fn ask(&mut self, to: Option<NaiveDate>, cx: &mut Cx) {
        let Some(to) = to.filter(|day| *day <= cx.session.today(cx.now())) else {
            return;
        };
        self.to = Some(to);
        self.outlook = None;
        self.table.set(Vec::new(), true);
        let rule = Box::new(self.rule.clone());
        if let Some(from) = self.from() {
            self.asked = Some(cx.ask(Query::TryRule { rule, from, to }));
        }
    }

    /// Another number of days, up to the same one.
    fn stretch(&mut self, cx: &mut Cx) {
        let place = LENGTHS.iter().position(|length| *length == self.length);
        let next = place.map_or(0, |place| (place + 1) % LENGTHS.len());
        self.length = LENGTHS.get(next).copied().unwrap_or(1);
        self.ask(self.to, cx);
    }

    fn texts(&self, look: &Look) -> Vec<(String, Role)> {
        let mut texts = vec![(self.name().to_owned(), Role::Text)];
        let Some(outlook) = &self.outlook else {
            return texts;
        };
        let events = Say::new(self.events())
            .with("count", outlook.events)
            .with("touched", outlook.touched);
        texts.push((look.say(&events), Role::Text));
        if !outlook.complete {
            let say = Say::new("trial.cut").with("count", outlook.events);
            texts.push((look.say(&say), Role::Warn));
        }
        let mut line = |key: &'static str, gain: &Gain, signed: bool, role: Role| {
            let say = Say::new(key).with("gain", said(gain, signed, look));
            texts.push((look.say(&say), role));
        };
        if let Some(got) = outlook.got.as_ref().filter(|got| **got != outlook.before) {
            line("trial.got", got, false, Role::Dim);
        }
        line("trial.now", &outlook.before, false, Role::Text);
        line("trial.then", &outlook.after, false, Role::Text);
        let more = outlook.after - outlook.before;
        line("trial.more_given", &more, true, Role::Money);
        texts.push((look.text(self.about()).to_owned(), Role::Dim));
        texts
    }
}

/// A gain in words: `少收 12.00  赠金 300.00  积分 500 (值 5.00)  券 3 张`.
fn said(gain: &Gain, signed: bool, look: &Look) -> String {
    let plus = |is_positive: bool| if signed && is_positive { "+" } else { "" };
    let exchange = look.session.shop.as_ref();
    let exchange = exchange.and_then(|shop| shop.points_exchange);
    let mut says = Vec::new();
    for (key, fen) in [("trial.off", gain.off), ("trial.bonus", gain.bonus)] {
        if !fen.is_zero() {
            let text = format!("{}{fen}", plus(fen.is_positive()));
            says.push(Say::new(key).with("fen", text));
        }
    }
    if gain.points != 0 {
        let text = format!("{}{}", plus(gain.points > 0), grouped(gain.points));
        says.push(match gain.points_worth(exchange) {
            Some(worth) => Say::new("trial.points_worth")
                .with("points", text)
                .with("fen", worth),
            None => Say::new("trial.points").with("points", text),
        });
    }
    for (key, count) in [
        ("trial.coupons", gain.coupons),
        ("trial.packages", gain.packages),
    ] {
        if count != 0 {
            let text = format!("{}{count}", plus(count > 0));
            says.push(Say::new(key).with("count", text));
        }
    }
    if says.is_empty() {
        return look.text("trial.nothing").to_owned();
    }
    let texts: Vec<String> = says.iter().map(|say| look.say(say)).collect();
    texts.join("  ")
}

fn cells(touched: &Touched, look: &Look) -> Vec<Cell> {
    let amount = touched.amount.map_or_else(|| Cell::from(""), Cell::money);
    let who = match touched.who.as_str() {
        "" => look.text("member.nameless"),
        who => who,
    };
    vec![
        Cell::from(touched.on.format("%m-%d").to_string()).role(Role::Dim),
        Cell::from(who),
        amount.role(Role::Text),
        Cell::from(said(&(touched.after - touched.before), true, look)).role(Role::Money),
    ]
}

impl Screen for TryRule {
    fn bindings(&self) -> &'static str {
        "rule_trial"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => {
                let today = cx.session.today(cx.now());
                self.ask(today.checked_sub_days(Days::new(1)), cx);
            }
            Input::Action(Action::DayBefore) => {
                let days = Days::new(self.length);
                self.ask(self.to.and_then(|day| day.checked_sub_days(days)), cx);
            }
            Input::Action(Action::DayAfter) => {
                let days = Days::new(self.length);
                self.ask(self.to.and_then(|day| day.checked_add_days(days)), cx);
            }
            Input::Action(Action::Filter) => self.stretch(cx),
            Input::Action(Action::Accept) => {
                if let Some(id) = self.table.selected().and_then(|touched| touched.id) {
                    self.receipt = Some(cx.ask(Query::ReadReceipt { id }));
                }
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                self.asked = None;
                match answer {
                    Ok(Reply::RuleTried(outlook)) => {
                        self.table.set(outlook.biggest.clone(), true);
                        self.outlook = Some(*outlook);
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
        let has_receipt = |touched: &Touched| touched.id.is_some();
        action != Action::Accept
            || (self.receipt.is_none() && self.table.selected().is_some_and(has_receipt))
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let title = match (self.from(), self.to) {
            (Some(from), Some(to)) if from < to => Say::new("trial.title_days")
                .with("from", from)
                .with("to", to),
            (_, to) => {
                let day = to.map(|day| day.to_string()).unwrap_or_default();
                Say::new("trial.title_day").with("day", day)
            }
        };
        let state = self.asked.map(|_| look.text("trial.reading"));
        paint::title(frame, area, &look.say(&title), state, look);
        let mut row = 1;
        for (text, role) in self.texts(look) {
            for line in width::wrap(&text, area.width.into()) {
                if row < area.height {
                    paint::line(frame, area, row, &line, look.style(role));
                }
                row += 1;
            }
        }
        let has_events = self.outlook.as_ref().is_some_and(|it| it.events > 0);
        if has_events && row < area.height {
            let gap = u16::from(!is_narrow(area));
            self.table
                .view(frame, paint::below(area, row + gap), look, cells);
        }
    }
}
