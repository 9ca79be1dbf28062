//! Returning a sale, whole or by line: first what comes back, then the money and its way (RF6, PT6).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::ledger::Stamp;
use crate::domain::member::Member;
use crate::domain::money::{Fen, grouped};
use crate::domain::product::ProductKind;
use crate::domain::refund::{RefundRequest, SaleRecord, SoldLine, plan, ways_back};
use crate::domain::slip;
use crate::domain::staff::Act;
use crate::domain::tender::{Rounding, Tender};
use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::money;
use crate::ui::widgets::table::{Cell, Column, Table};
use crate::ui::width;

const COLUMNS: &[Column] = &[
    Column::rest("refund.line"),
    Column::fixed("refund.sold", 8).right(),
    Column::fixed("refund.can", 8).right(),
    Column::fixed("refund.now", 8).right(),
    Column::fixed("refund.worth", 12).right(),
];

/// Digits of a quantity: pieces, or grams.
const QUANTITY_LENGTH: usize = 6;

/// Rows kept for what goes back.
const SUMMARY: u16 = 8;

/// A line and how much of it comes back now.
#[derive(Debug, Clone)]
struct Chosen {
    sold: SoldLine,
    quantity: i64,
}

/// What will happen, worked out by the ledger's own rules.
#[derive(Debug, Clone, Default)]
struct Preview {
    amount: Fen,
    /// More or less than the lines cost, fen (PR6).
    rounded: Fen,
    ways: Vec<Tender>,
    points: i64,
}

/// Pops `Outcome::Receipt`, or nothing on Esc.
#[derive(Debug)]
pub struct Refund {
    sale_id: uuid::Uuid,
    record: Option<Box<SaleRecord>>,
    member: Option<Box<Member>>,
    table: Table<Chosen>,
    quantity: Field,
    preview: Preview,
    /// Shown the money and asked for the last Enter.
    confirming: bool,
    approver: Option<i32>,
    hint: Option<Say>,
    reading: Option<Ticket>,
    once: Once<RefundRequest>,
}

impl Refund {
    /// Returns of this sale.
    #[must_use]
    pub fn new(sale_id: uuid::Uuid) -> Self {
        Self {
            sale_id,
            record: None,
            member: None,
            table: Table::new(COLUMNS, "refund.reading"),
            quantity: Field::new(Kind::Digits).most(QUANTITY_LENGTH),
            preview: Preview::default(),
            confirming: false,
            approver: None,
            hint: None,
            reading: None,
            once: Once::default(),
        }
    }

    fn read(&mut self, cx: &mut Cx) {
        self.reading = Some(cx.ask(Query::ReadSale { id: self.sale_id }));
    }

    /// One line comes back whole unless somebody says otherwise; of several nobody knows which.
    fn opened(&mut self, record: Box<SaleRecord>, cx: &mut Cx) {
        let alone = record.lines.len() == 1;
        let rows = record.lines.iter().map(|sold| Chosen {
            sold: sold.clone(),
            quantity: if alone { sold.left() } else { 0 },
        });
        self.table.set(rows.collect(), true);
        if let Some(id) = record.member_id {
            self.reading = Some(cx.ask(Query::ReadMember { id }));
        }
        self.record = Some(record);
        self.changed(cx);
    }

    fn lines(&self) -> Vec<(i16, i64)> {
        let chosen = self.table.rows().iter().filter(|row| row.quantity > 0);
        chosen.map(|row| (row.sold.no, row.quantity)).collect()
    }

    /// Other lines, other money: what was approved no longer counts.
    fn changed(&mut self, cx: &Cx) {
        self.approver = None;
        self.confirming = false;
        self.weigh(cx);
    }

    fn weigh(&mut self, cx: &Cx) {
        self.preview = Preview::default();
        let Some(record) = &self.record else {
            return;
        };
        let lines = self.lines();
        let shop = cx.session.shop.as_ref();
        let rounding = shop.map_or(Rounding::None, |shop| shop.rounding);
        let amount = record.worth(&lines, rounding);
        let rounded = amount - record.net_of(&lines);
        let stamp = cx.session.stamp(uuid::Uuid::nil(), cx.now());
        let request = request(stamp, record, lines, amount);
        if let Ok(plan) = plan(&request, record, self.member.as_deref()) {
            self.preview = Preview {
                amount,
                rounded,
                ways: ways_back(&plan),
                points: plan
                    .document
                    .get("points")
                    .map_or(0, |points| points.as_i64().unwrap_or_default()),
            };
        }
    }

    fn set(&mut self, quantity: i64, cx: &Cx) {
        let place = self.table.place();
        if let Some(row) = self.table.rows_mut().get_mut(place) {
            let left = row.sold.left();
            row.quantity = quantity.clamp(0, left);
            self.hint = (quantity > left).then(|| Say::new("refund.at_most").with("left", left));
        }
        self.changed(cx);
    }

    fn all(&mut self, cx: &Cx) {
        for row in self.table.rows_mut() {
            row.quantity = row.sold.left();
        }
        self.quantity.clear();
        self.changed(cx);
    }

    fn give_back(&self, cx: &Cx) -> Act {
        let record = self.record.as_ref();
        Act::GiveBack {
            amount: self.preview.amount,
            sold_at: record.map_or_else(|| cx.now(), |record| record.at),
            now: cx.now(),
        }
    }

    /// OP3: more money or an older sale than her role allows.
    fn needs_approval(&self, cx: &Cx) -> bool {
        let limit = cx.session.limit();
        let allows = limit.is_some_and(|limit| limit.allows(self.give_back(cx)));
        self.record.is_none() || !allows
    }

    fn approve(&self, cx: &Cx) -> Step {
        let why = Say::new("refund.needs_approval").with("amount", self.preview.amount);
        Step::push(Approve::new(why, self.give_back(cx)))
    }

    fn accept(&mut self, cx: &mut Cx) -> Step {
        if self.once.is_unknown() {
            self.post(cx);
        } else if self.lines().is_empty() {
            self.hint = Some(Say::new("refund.nothing"));
        } else if !self.confirming {
            self.confirming = true;
            self.hint = None;
        } else if self.approver.is_none() && self.needs_approval(cx) {
            return self.approve(cx);
        } else {
            self.post(cx);
        }
        Step::Stay
    }

    fn post(&mut self, cx: &mut Cx) {
        let Some(record) = &self.record else {
            return;
        };
        let (lines, amount, approver) = (self.lines(), self.preview.amount, self.approver);
        let make = |stamp: Stamp| {
            let stamp = Stamp {
                approver_id: approver,
                ..stamp
            };
            request(stamp, record, lines.clone(), amount)
        };
        self.once.send(cx, make, Query::Refund);
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match self.once.done(answer, &mut self.hint, cx) {
            Ok(step) => step,
            Err(refusal) if refusal.hint == "approval.needed" => self.approve(cx),
            Err(refusal) => {
                self.read(cx);
                cx.refuse(refusal)
            }
        }
    }

    fn replied(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match answer {
            Ok(Reply::Sale(record)) => self.opened(record, cx),
            Ok(Reply::Member(member)) => {
                self.member = Some(member);
                self.weigh(cx);
            }
            Err(refusal) => return cx.refuse(refusal),
            Ok(_) => {}
        }
        Step::Stay
    }

    fn back(&mut self) -> Step {
        if self.once.is_unknown() {
            return Step::push(Confirm::new("tender.leave_unknown").careful());
        }
        if self.confirming {
            self.confirming = false;
            return Step::Stay;
        }
        Step::Pop(None)
    }

    fn choose(&mut self, input: &Input, cx: &mut Cx) {
        let typed = self.quantity.value().to_owned();
        match input {
            Input::Action(Action::All) => self.all(cx),
            Input::Action(Action::Right) => self.set(i64::MAX, cx),
            Input::Action(Action::Left) => self.set(0, cx),
            Input::Mark | Input::Rollback | Input::Text(_) | Input::Action(Action::Erase) => {
                self.quantity.on(input);
                if self.quantity.value() != typed {
                    self.set(self.quantity.value().parse().unwrap_or(0), cx);
                }
                return;
            }
            input => {
                if !self.table.on(input) {
                    return;
                }
            }
        }
        self.quantity.clear();
    }

    fn draw_summary(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let preview = &self.preview;
        let label = look.text("slip.went_back");
        paint::line(frame, area, 0, label, look.style(Role::Title));
        money::large(frame, area, preview.amount, look);
        let mut row = money::LARGE_ROWS;
        if !preview.rounded.is_zero() {
            let label = look.text("refund.rounded");
            money::line(frame, area, row, label, preview.rounded, look);
            row += 1;
        }
        for way in &preview.ways {
            let name = Say::new("refund.back_to").with("way", look.text(slip::tender(way.kind)));
            money::line(frame, area, row, &look.say(&name), way.amount, look);
            row += 1;
        }
        if preview.points > 0 {
            let text = look.text("slip.points_taken");
            paint::line(frame, area, row, text, look.style(Role::Text));
            let points = grouped(preview.points);
            paint::line_right(frame, area, row, &points, look.style(Role::Money));
        }
    }

    fn say(&self, look: &Look) -> (String, Role) {
        if self.once.is_under_way() {
            return (look.text("tender.posting").to_owned(), Role::Warn);
        }
        match &self.hint {
            Some(hint) => (look.say(hint), Role::Warn),
            None if self.confirming => (look.text("refund.confirm").to_owned(), Role::Title),
            None => (look.text("refund.how").to_owned(), Role::Dim),
        }
    }
}

fn request(
    stamp: Stamp,
    record: &SaleRecord,
    lines: Vec<(i16, i64)>,
    amount: Fen,
) -> RefundRequest {
    RefundRequest {
        stamp,
        sale_id: record.id,
        member_id: record.member_id,
        lines,
        amount,
    }
}

impl Screen for Refund {
    fn bindings(&self) -> &'static str {
        "refund"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => self.read(cx),
            Input::Reply(ticket, answer) => {
                if self.once.took(ticket, &answer) {
                    return self.answered(answer, cx);
                }
                if self.reading == Some(ticket) {
                    return self.replied(answer, cx);
                }
            }
            Input::Outcome(Outcome::Approved(staff)) => {
                self.approver = Some(staff.id);
                self.post(cx);
            }
            Input::Outcome(Outcome::Yes) => return Step::Pop(None),
            Input::Action(Action::Accept) => return self.accept(cx),
            Input::Action(Action::Back) => return self.back(),
            _ if self.once.is_under_way() || self.once.is_unknown() => {}
            input => self.choose(&input, cx),
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let is_free = !self.once.is_under_way();
        match action {
            Action::Accept | Action::All => is_free && self.record.is_some(),
            Action::Back => is_free,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        let seq = self.record.as_ref().map_or(0, |record| record.seq);
        let title = look.say(&Say::new("refund.title").with("seq", seq));
        paint::line(frame, inside, 0, &title, look.style(Role::Title));
        let list = Rect {
            height: inside.height.saturating_sub(SUMMARY + 4),
            ..paint::below(inside, 1)
        };
        self.table.view(frame, list, look, cells);
        let (text, role) = self.say(look);
        let at = paint::below(inside, inside.height.saturating_sub(SUMMARY + 2));
        for (row, line) in (0..2).zip(width::wrap(&text, inside.width.into())) {
            paint::line(frame, at, row, &line, look.style(role));
        }
        let foot = paint::below(inside, inside.height.saturating_sub(SUMMARY));
        self.draw_summary(frame, foot, look);
    }
}

fn cells(row: &Chosen, _look: &Look) -> Vec<Cell> {
    let worth = row.sold.worth(row.quantity);
    let count = |quantity: i64| match row.sold.line.kind {
        ProductKind::Weight => format!("{quantity}g"),
        ProductKind::Piece | ProductKind::Service | ProductKind::Package => quantity.to_string(),
    };
    let is_chosen = row.quantity > 0;
    vec![
        Cell::from(row.sold.line.name.clone()),
        Cell::from(count(row.sold.line.quantity)),
        Cell::from(count(row.sold.left())),
        Cell::from(if is_chosen {
            count(row.quantity)
        } else {
            String::new()
        }),
        if is_chosen {
            Cell::money(worth)
        } else {
            Cell::from("")
        },
    ]
}
