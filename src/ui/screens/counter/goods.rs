//! Goods that a code names, and what it says of the very piece: its weight, its money, its last day.

use chrono::NaiveDate;

use super::code::{Code, Kind};
use super::{Counter, Question};
use crate::domain::carried::{Age, Carried, Unclear, kilograms};
use crate::domain::gtin::Gtin;
use crate::domain::price::CartLine;
use crate::domain::product::Product;
use crate::ui::screen::{Cx, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::line::Line;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;

impl Counter {
    /// The code is of goods. What the shop's rules and the check digit do not decide, the cashier does.
    pub(super) fn goods(&mut self, product: Product, code: Code, cx: &mut Cx) -> Step {
        let named = product.code.as_deref();
        let key = match &code.what {
            Kind::Label { asks: true, .. } => "counter.is_label",
            // Found as it came, it needed no mending.
            Kind::Mended(item) if named == Some(item) => "counter.is_mended",
            _ => return self.put(&product, &code, cx),
        };
        self.pays = false;
        let money = code.carried.money.unwrap_or_default();
        let say = Say::new(key).with("name", &product.name);
        let say = say.with("code", printed(named)).with("money", money);
        self.question = Some(Question::Goods(product, code));
        Step::push(Confirm::new(say).careful())
    }

    /// Goods join the sale with what their code says of them.
    pub(super) fn put(&mut self, product: &Product, code: &Code, cx: &mut Cx) -> Step {
        let mut carried = code.carried.clone();
        if let Kind::Label { plu, .. } = &code.what {
            // The shop's own fixed code that only looks like a label says nothing but itself.
            let short = plu.trim_start_matches('0');
            let base = code.known.iter().rev().nth(2).map(String::as_str);
            let named = product.code.as_deref().unwrap_or_default();
            let by_rule = [plu.as_str(), short].contains(&named) || base == Some(named);
            if !by_rule {
                carried = Carried::default();
            }
        }
        if carried == Carried::default() {
            return self.add(product, code.pieces, cx);
        }
        self.last = None;
        match carried.line(product, code.pieces.map_or(1, i64::from)) {
            Ok(line) => self.place(line, cx),
            Err(Unclear::Weigh) => {
                self.pays = false;
                self.question = Some(Question::Line(None));
                let mut line = CartLine::of(product, 0);
                line.carried = carried;
                line.carried.money = None;
                Step::push(Line::new(line))
            }
            Err(Unclear::TooMuch) => {
                cx.notice(Tone::Warn, "counter.too_much");
                Step::Stay
            }
        }
    }

    /// A line with what its code said: past its last day it is asked about first.
    pub(super) fn place(&mut self, line: CartLine, cx: &mut Cx) -> Step {
        let today = cx.session.today(cx.now());
        let until = line.carried.until;
        if let Some(Age::Past(days)) = until.map(|until| until.age(today)) {
            self.pays = false;
            let best = until.is_some_and(|until| until.best);
            let key = if best {
                "counter.past_best"
            } else {
                "counter.expired"
            };
            let say = Say::new(key).with("name", &line.name).with("days", days);
            self.question = Some(Question::Expired(line));
            return Step::push(Confirm::new(say).careful());
        }
        self.push(line, cx);
        Step::Stay
    }

    /// Puts the line into the sale, and says what the cashier has to look at.
    pub(super) fn push(&mut self, line: CartLine, cx: &mut Cx) {
        let today = cx.session.today(cx.now());
        let age = line.carried.until.map(|until| until.age(today));
        let say = if let Some(unread) = &line.carried.unread {
            Some(Say::new("counter.unread").with("text", unread))
        } else if let Some(grams) = line.idle_grams() {
            let say = Say::new("counter.weight_unused").with("name", &line.name);
            Some(say.with("weight", kilograms(grams)))
        } else if let Some(Age::Near(days)) = age {
            let say = Say::new("counter.near_end").with("name", &line.name);
            Some(say.with("days", days))
        } else if line.disagrees() {
            let say = Say::new("counter.scale_price").with("name", &line.name);
            Some(say.with("money", line.carried.money.unwrap_or_default()))
        } else {
            None
        };
        if !self.sale.join(line) {
            cx.notice(Tone::Warn, "counter.full");
        } else if let Some(say) = say {
            cx.notice(Tone::Warn, say);
        }
    }
}

/// What stands below a line of the sale: its last day, and the money of its label where the shop's price
/// would make another.
pub(super) fn remarks(line: &CartLine, today: NaiveDate) -> Vec<(Say, Role)> {
    let until = line.carried.until.map(|until| {
        let (key, role) = match (until.age(today), until.best) {
            (Age::Past(_), _) => ("counter.is_past", Role::Bad),
            (Age::Near(_), false) => ("counter.until", Role::Warn),
            (Age::Near(_), true) => ("counter.best_before", Role::Warn),
            (Age::Good, false) => ("counter.until", Role::Dim),
            (Age::Good, true) => ("counter.best_before", Role::Dim),
        };
        (Say::new(key).with("day", until.day), role)
    });
    let money = line.carried.money.filter(|_| line.disagrees());
    let money = money.map(|money| {
        (
            Say::new("counter.by_label").with("money", money),
            Role::Warn,
        )
    });
    let weight = line.idle_grams().map(|grams| {
        let say = Say::new("counter.by_piece").with("weight", kilograms(grams));
        (say, Role::Warn)
    });
    until.into_iter().chain(money).chain(weight).collect()
}

/// A code as it stands under the bars.
fn printed(code: Option<&str>) -> String {
    let code = code.unwrap_or_default();
    Gtin::parse(code).map_or_else(|| code.to_owned(), Gtin::printed)
}
