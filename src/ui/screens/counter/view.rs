//! Drawing: the line, its candidates over everything below, the sale.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::finder::Row;
use super::{Counter, goods};
use crate::domain::ledger::{DocumentLine, Reason, Reduction};
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::price::Quote;
use crate::domain::product::ProductKind;
use crate::query::Candidate;
use crate::ui::offer::{percent, tenths};
use crate::ui::paint;
use crate::ui::screen::{Look, is_narrow};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::money;
use crate::ui::width;

/// Columns of an amount in a line of the sale.
const AMOUNT: usize = 10;

/// Columns of quantity and price.
const PRICE: usize = 14;

/// From this height on the total stands in large digits.
const TALL: u16 = 14;

impl Counter {
    pub(super) fn draw(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        self.draw_line(frame, area, look);
        paint::rule(frame, area, 1, look);
        let body = paint::below(area, 2);
        if is_narrow(area) {
            self.member_lines(frame, body, look);
            paint::rule(frame, body, 2, look);
            let sale = paint::inset(paint::below(body, 3), 1, 0);
            self.draw_sale(frame, sale, look);
        } else {
            let half = body.width / 2 - 1;
            let left = Rect {
                width: half.min(60),
                ..body
            };
            self.member_card(frame, paint::inset(left, 1, 0), look);
            for row in 0..body.height {
                let at = Rect {
                    x: left.x + left.width,
                    ..body
                };
                paint::vertical(frame, at, row, look);
            }
            let right = Rect {
                x: left.x + left.width + 2,
                width: body.width - left.width - 3,
                ..body
            };
            self.draw_sale(frame, right, look);
        }
        self.draw_candidates(frame, paint::below(area, 1), look);
    }

    fn draw_line(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let hint = if self.holding.is_some() {
            look.text("counter.holding").to_owned()
        } else if self.is_fetching() || self.finder.is_waiting() {
            look.text("counter.searching").to_owned()
        } else {
            look.text("counter.hint").to_owned()
        };
        let mut rest = paint::inset(area, 1, 0);
        if width::columns(&hint) + 24 < rest.width {
            rest.width -= paint::line_right(frame, rest, 0, &hint, look.style(Role::Dim)) + 1;
        }
        let prompt = match self.pieces {
            Some(pieces) => format!("{pieces} x > "),
            None => "> ".to_owned(),
        };
        let taken = paint::line(frame, rest, 0, &prompt, look.style(Role::Title));
        rest.x += taken;
        rest.width -= taken;
        self.finder.line().view(frame, rest, true, look);
    }

    /// The rows under the line lie over what is below, and end in a rule.
    fn draw_candidates(&self, frame: &mut Frame, area: Rect, look: &Look) {
        if self.finder.is_empty() {
            return;
        }
        let rows = self.finder.rows(self.known());
        let note = self.candidate_note(&rows);
        let count = u16::try_from(rows.len() + usize::from(note.is_some())).unwrap_or(0);
        if count == 0 {
            return;
        }
        let under = Rect {
            height: (count + 1).min(area.height),
            ..area
        };
        paint::clear(frame, under);
        if let Some(note) = note {
            let inside = paint::inset(paint::below(under, count - 1), 3, 0);
            paint::line(frame, inside, 0, &look.say(&note), look.style(Role::Dim));
        }
        for (row, (place, item)) in (0..).zip(rows.iter().enumerate()) {
            let role = if !self.finder.is_fresh() && matches!(item, Row::Known(_)) {
                Role::Dim
            } else if place == self.finder.selected() {
                Role::Selected
            } else {
                Role::Text
            };
            let spot = paint::below(under, row);
            let text = row_text(item, area.width, look);
            paint::line(frame, spot, 0, &text, look.style(role));
        }
        paint::rule(frame, under, count, look);
    }

    /// What stands below the rows: what Enter does without any, or that there are more.
    fn candidate_note(&self, rows: &[Row]) -> Option<Say> {
        if let Some((pieces, next)) = self.finder.quantity() {
            let key = if next || self.sale.is_empty() {
                "counter.pieces_next"
            } else {
                "counter.pieces_line"
            };
            return Some(Say::new(key).with("pieces", pieces));
        }
        if rows.is_empty() {
            let fresh = self.finder.is_fresh();
            return fresh.then(|| Say::new("counter.no_candidates"));
        }
        let more = self.finder.has_more(self.known());
        more.then(|| Say::new("counter.more_candidates"))
    }

    fn draw_sale(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let quote = self.quote(look.session, look.now);
        let foot = self.draw_total(frame, area, &quote, look);
        if self.sale.is_empty() {
            self.draw_no_sale(frame, area, look);
            return;
        }
        let count = Say::new("counter.lines").with("count", self.sale.all().len());
        let count = look.say(&count);
        let taken = paint::line_right(frame, area, 0, &count, look.style(Role::Dim));
        let title = Rect {
            width: area.width.saturating_sub(taken + 1),
            ..area
        };
        let after = paint::line(
            frame,
            title,
            0,
            look.text("counter.sale"),
            look.style(Role::Title),
        );
        let keys = Rect {
            x: title.x + after + 2,
            width: title.width.saturating_sub(after + 2),
            ..title
        };
        paint::line(
            frame,
            keys,
            0,
            look.text("counter.line_keys"),
            look.style(Role::Dim),
        );
        let list = Rect {
            height: area.height.saturating_sub(foot + 1),
            ..paint::below(area, 1)
        };
        self.draw_lines(frame, list, &quote, look);
    }

    /// The lines that fit around the selected one, each with its reductions below it.
    fn draw_lines(&mut self, frame: &mut Frame, area: Rect, quote: &Quote, look: &Look) {
        let mut rows: Vec<(usize, &DocumentLine, Part)> = Vec::new();
        for (place, line) in quote.lines.iter().enumerate() {
            rows.push((place, line, Part::Line));
            let carried = self.sale.all().get(place).into_iter();
            let carried =
                carried.flat_map(|line| goods::remarks(line, look.session.today(look.now)));
            rows.extend(carried.map(|remark| (place, line, Part::Remark(remark))));
            let ordered = line.ordered.map(|it| {
                let say = Say::new("counter.ordered").with("deposit", it.deposit);
                (place, line, Part::Remark((say, Role::Good)))
            });
            rows.extend(ordered);
            let reductions = line.reductions.iter().filter(|r| !is_of_order(r.reason));
            rows.extend(reductions.map(|reduction| (place, line, Part::Reduction(*reduction))));
        }
        // What was taken off the order as a whole stands below all lines, once.
        if let Some((place, line)) = quote.lines.iter().enumerate().next_back() {
            let whole = of_order(quote).into_iter();
            rows.extend(whole.map(|reduction| (place, line, Part::Reduction(reduction))));
            let idle = self.idle(quote, look.session, look.now).into_iter();
            rows.extend(idle.map(|say| (place, line, Part::Remark((say, Role::Warn)))));
        }
        let selected = self.sale.place();
        let is_last = selected + 1 == self.sale.all().len();
        let first = rows.iter().position(|(place, ..)| *place == selected);
        // Below the last line of the cart come gifts, and what the whole order saves.
        let last = rows
            .iter()
            .rposition(|(place, ..)| is_last || *place == selected);
        let page = usize::from(area.height);
        let most = rows.len().saturating_sub(page);
        let floor = (last.unwrap_or(0) + 1).saturating_sub(page);
        self.offset = self.offset.min(first.unwrap_or(0)).max(floor).min(most);
        let visible = rows.iter().skip(self.offset).take(page);
        for (row, (place, line, part)) in (0..).zip(visible) {
            let text = match part {
                Part::Line => line_text(line, self.unit_price(*place, line), area.width, look),
                Part::Reduction(reduction) => {
                    self.reduction_text(*place, reduction, area.width, look)
                }
                Part::Remark((say, _)) => {
                    width::left(&format!("  {}", look.say(say)), area.width.into())
                }
            };
            let role = match part {
                Part::Line if *place == selected => Role::Selected,
                Part::Line => Role::Text,
                Part::Reduction(_) => Role::Dim,
                Part::Remark((_, role)) => *role,
            };
            paint::line(frame, area, row, &text, look.style(role));
        }
    }

    /// What one piece costs before its reductions, fen; a price that was raised by hand is no reduction.
    fn unit_price(&self, place: usize, line: &DocumentLine) -> Fen {
        self.set_price(place).unwrap_or_default().max(line.price)
    }

    /// The price a line was set to by hand.
    fn set_price(&self, place: usize) -> Option<Fen> {
        self.sale.all().get(place)?.override_price
    }

    fn reduction_text(
        &self,
        place: usize,
        reduction: &Reduction,
        columns: u16,
        look: &Look,
    ) -> String {
        let level = self.member.as_deref().and_then(Member::priced_as);
        let name = level.map_or("", |level| level.name.as_str());
        let paid = level.map_or(10_000, |level| level.paid);
        let reason = match reduction.reason {
            Reason::Override => {
                Say::new("counter.by_hand").with("price", self.set_price(place).unwrap_or_default())
            }
            Reason::MemberPrice => Say::new("counter.member_price"),
            Reason::Promotion | Reason::Order => {
                let rule = reduction.rule.zip(look.session.shop.as_ref());
                let rule = rule.and_then(|(rule, shop)| shop.promotion(rule));
                Say::new("counter.promotion").with("name", rule.map_or("", |rule| &rule.name))
            }
            Reason::Gift => Say::new("slip.gift"),
            Reason::Coupon => {
                let rule = reduction.rule.zip(look.session.shop.as_ref());
                let rule = rule.and_then(|(rule, shop)| shop.coupon(rule.id));
                Say::new("counter.coupon_off").with("name", rule.map_or("", |rule| &rule.name))
            }
            Reason::Points => Say::new("slip.points_paid"),
            Reason::Exchange => Say::new("slip.exchanged"),
            Reason::Level => Say::new("counter.level_price")
                .with("level", name)
                .with("tenths", tenths(paid))
                .with("percent", percent(10_000 - paid)),
        };
        let room = usize::from(columns).saturating_sub(AMOUNT);
        let label = width::left(&format!("  {}", look.say(&reason)), room);
        format!(
            "{label}{}",
            width::right(&(-reduction.fen).to_string(), AMOUNT)
        )
    }

    /// What is to be paid, the loudest thing. Gives the rows it took.
    fn draw_total(&self, frame: &mut Frame, area: Rect, quote: &Quote, look: &Look) -> u16 {
        let large = area.height >= TALL && !self.sale.is_empty();
        let digits = if large { money::LARGE_ROWS } else { 1 };
        let off = quote.list - quote.total;
        let stored = self.stored_quote(look.session, look.now);
        let rows = digits + 1 + u16::from(off.is_positive()) + u16::from(stored.is_some());
        let foot = paint::below(area, area.height.saturating_sub(rows));
        paint::rule(frame, foot, 0, look);
        if off.is_positive() {
            let list = Say::new("counter.list").with("list", quote.list);
            money::line(frame, foot, 1, &look.say(&list), -off, look);
        }
        if let Some(stored) = &stored {
            let row = 1 + u16::from(off.is_positive());
            let short = stored.total - self.purse(look.session, look.now);
            let say = if short.is_positive() {
                Say::new("counter.stored_price_short").with("short", short)
            } else {
                Say::new("counter.stored_price")
            };
            money::line(frame, foot, row, &look.say(&say), stored.total, look);
        }
        let due = paint::below(foot, rows - digits);
        let label = look.text("counter.due");
        let taken = paint::line(frame, due, digits - 1, label, look.style(Role::Title));
        let sum = Rect {
            x: due.x + taken,
            width: due.width - taken,
            ..due
        };
        if large {
            money::large(frame, sum, quote.total, look);
        } else {
            let text = quote.total.to_string();
            paint::line_right(frame, sum, 0, &text, look.style(Role::Money));
        }
        rows
    }

    /// Between two customers: what the last one paid, and what to do.
    fn draw_no_sale(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let mut row = 0;
        let mut say = |text: &str, role: Role| {
            for line in width::wrap(text, area.width.into()) {
                paint::line(frame, area, row, &line, look.style(role));
                row += 1;
            }
            row += 1;
        };
        if let Some(last) = &self.last {
            say(look.text("counter.last"), Role::Dim);
            say(&look.say(last), Role::Good);
        }
        if let Some(sale) = self.anonymous {
            let text = Say::new("counter.anonymous").with("amount", sale.paid);
            say(&look.say(&text), Role::Warn);
        }
        say(look.text("counter.no_lines"), Role::Dim);
    }
}

/// Whether a reduction is of the order as a whole.
const fn is_of_order(reason: Reason) -> bool {
    matches!(reason, Reason::Order | Reason::Coupon | Reason::Points)
}

/// What was taken off the order as a whole, each rule once.
fn of_order(quote: &Quote) -> Vec<Reduction> {
    let mut sums: Vec<Reduction> = Vec::new();
    let all = quote.lines.iter().flat_map(|line| &line.reductions);
    for reduction in all.filter(|r| is_of_order(r.reason)) {
        let same =
            |sum: &&mut Reduction| (sum.reason, sum.rule) == (reduction.reason, reduction.rule);
        match sums.iter_mut().find(same) {
            Some(sum) => sum.fen += reduction.fen,
            None => sums.push(*reduction),
        }
    }
    sums
}

/// A row of the sale.
enum Part {
    Line,
    Reduction(Reduction),
    /// What the code of the piece said.
    Remark((Say, Role)),
}

/// At the right of so many columns, or wider: money is never cut.
fn aligned(text: &str, columns: usize) -> String {
    width::right(text, columns.max(width::columns(text).into()))
}

fn line_text(line: &DocumentLine, unit: Fen, columns: u16, look: &Look) -> String {
    let price = match line.kind {
        ProductKind::Weight => {
            let say = Say::new("counter.grams")
                .with("grams", line.quantity)
                .with("price", unit);
            look.say(&say)
        }
        _ => format!("{} x {}", line.quantity, aligned(&unit.to_string(), 7)),
    };
    let price = aligned(&price, PRICE);
    // Before its reductions, which stand below with a minus: the column adds up.
    let amount = aligned(&format!(" {}", line.list), AMOUNT);
    let taken = width::columns(&price) + width::columns(&amount);
    let room = usize::from(columns.saturating_sub(taken));
    format!("{}{price}{amount}", width::left(&line.name, room))
}

fn row_text(row: &Row, columns: u16, look: &Look) -> String {
    let columns = usize::from(columns);
    let narrow = columns < usize::from(crate::ui::screen::NARROW_BELOW);
    let text = match row {
        Row::Amount(amount) => pair(
            look.text("counter.row_amount"),
            &amount.to_string(),
            columns,
        ),
        Row::Enrol(phone) => pair(look.text("counter.row_enrol"), &phone.masked(), columns),
        Row::Known(Candidate::Member {
            name,
            phone,
            level,
            stored_value,
            last_visit_on,
            ..
        }) => {
            let name = if name.is_empty() {
                look.text("counter.nameless")
            } else {
                name
            };
            let phone = phone.as_deref().unwrap_or_default();
            let money = stored_value.to_string();
            if narrow {
                let room = columns.saturating_sub(28);
                let name = width::left(name, room);
                format!(
                    "{name} {} {}",
                    width::left(phone, 11),
                    width::right(&money, 11)
                )
            } else {
                let days = last_visit_on.map(|day| (look.session.today(look.now) - day).num_days());
                let room = columns.saturating_sub(64);
                format!(
                    "{}  {}  {}  {}{}  {}",
                    width::left(name, room),
                    width::left(phone, 11),
                    width::left(level, 8),
                    width::left(look.text("counter.stored"), 7),
                    width::right(&money, 11),
                    width::left(&look.say(&visited(days)), 16),
                )
            }
        }
        Row::Known(Candidate::Product {
            name, code, price, ..
        }) => {
            let code = code.as_deref().unwrap_or_default();
            let code = if narrow {
                ""
            } else {
                code.trim_start_matches('0')
            };
            pair(
                &format!("{}  {code}", width::left(name, columns / 3)),
                &price.to_string(),
                columns,
            )
        }
    };
    width::left(&format!("   {text}"), columns)
}

/// A label at the left and an amount where the stored values of members stand.
fn pair(label: &str, amount: &str, columns: usize) -> String {
    let narrow = columns < usize::from(crate::ui::screen::NARROW_BELOW);
    let end = if narrow { 4 } else { 23 };
    let room = columns.saturating_sub(end + 13);
    format!("{} {}", width::left(label, room), width::right(amount, 12))
}

/// How long she has been away.
pub(super) fn visited(days: Option<i64>) -> Say {
    match days {
        None => Say::new("counter.never"),
        Some(days) if days <= 0 => Say::new("counter.today"),
        Some(days) => Say::new("counter.days_away").with("days", days),
    }
}

/// Nothing to show is shown as nothing.
pub(super) fn is_some(amount: Fen) -> bool {
    amount != Fen::ZERO
}
