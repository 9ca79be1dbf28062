//! Taking a deposit: what is ordered, at which price, what is paid of it now, and when it is fetched (SV6).

use chrono::{Datelike, NaiveDate};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::deposit::{NAME_LENGTH, Order};
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::error::Refusal;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::message::Message;
use crate::ui::screens::tender::{Ordering, Tender};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form};
use crate::ui::width;

/// Places in the form.
const NAME: usize = 0;
const PRICE: usize = 1;
const AMOUNT: usize = 2;
const DUE: usize = 3;
const NATURE: usize = 4;

/// Pops `Outcome::Receipt` when it is paid, nothing on Esc.
#[derive(Debug)]
pub struct TakeDeposit {
    member: Box<Member>,
    form: Form,
    asking: bool,
}

impl TakeDeposit {
    #[must_use]
    pub fn new(member: Box<Member>) -> Self {
        let natures = vec!["deposit.prepayment", "deposit.earnest"];
        let form = Form::new()
            .field("deposit.name", Field::new(Kind::Any).most(NAME_LENGTH))
            .hint("deposit.name_hint")
            .field("deposit.price", Field::new(Kind::Amount).most(10))
            .field("deposit.amount", Field::new(Kind::Amount).most(10))
            .field("deposit.due_on", Field::new(Kind::Any).most(10))
            .hint("deposit.due_on_hint")
            .choice("deposit.nature", natures, 0)
            .hint("deposit.nature_hint");
        Self {
            member,
            form,
            asking: false,
        }
    }

    /// Checks the form; none after saying what is wrong.
    fn ordering(&mut self, cx: &Cx) -> Option<Ordering> {
        let name = self.form.value(NAME).trim().to_owned();
        if name.is_empty() {
            self.form.refuse(NAME, "deposit.no_name");
            return None;
        }
        let price = self.positive(PRICE)?;
        let amount = self.positive(AMOUNT)?;
        if amount > price {
            let wrong = Say::new("deposit.too_much").with("price", price);
            self.form.refuse(AMOUNT, wrong);
            return None;
        }
        let Some(due_on) = day(self.form.value(DUE), cx.session.today(cx.now())) else {
            self.form.refuse(DUE, "deposit.day_wrong");
            return None;
        };
        Some(Ordering {
            member: self.member.clone(),
            name,
            price,
            amount,
            order: Order {
                due_on,
                earnest: self.form.chosen(NATURE) == 1,
            },
        })
    }

    fn positive(&mut self, place: usize) -> Option<Fen> {
        let amount = self.form.need_amount(place)?;
        if !amount.is_positive() {
            self.form.refuse(place, "field.amount");
            return None;
        }
        Some(amount)
    }

    fn save(&mut self, cx: &Cx) -> Step {
        match self.ordering(cx) {
            Some(ordering) => Step::push(Tender::deposit(ordering)),
            None => Step::Stay,
        }
    }

    fn back(&mut self) -> Step {
        if (NAME..=DUE).all(|place| self.form.value(place).is_empty()) {
            return Step::Pop(None);
        }
        self.asking = true;
        Step::push(Confirm::new("manage.discard").careful())
    }
}

/// `12-24`, the next one, or `2026-12-24`; not before `today`.
fn day(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let plain = text.trim().replace(['/', '.', '月'], "-").replace('日', "");
    let whole = NaiveDate::parse_from_str(&plain, "%Y-%m-%d").ok();
    let short = || {
        let (month, day) = plain.split_once('-')?;
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        let this = NaiveDate::from_ymd_opt(today.year(), month, day);
        let this = this.filter(|day| *day >= today);
        this.or_else(|| NaiveDate::from_ymd_opt(today.year() + 1, month, day))
    };
    whole.or_else(short).filter(|day| *day >= today)
}

impl Screen for TakeDeposit {
    fn bindings(&self) -> &'static str {
        "deposit"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened if cx.session.shift.is_none() => {
                return Step::replace(Message::new(Refusal::user("shift.not_open")));
            }
            Input::Outcome(Outcome::Receipt(receipt)) => {
                return Step::Pop(Some(Outcome::Receipt(receipt)));
            }
            Input::Outcome(Outcome::Yes) if self.asking => return Step::Pop(None),
            Input::Outcome(_) => self.asking = false,
            Input::Action(Action::Back) => return self.back(),
            input => {
                if self.form.on(&input) == Did::Save {
                    return self.save(cx);
                }
            }
        }
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let name = width::fit(&self.member.name, 20);
        paint::title(
            frame,
            area,
            look.text("deposit.title"),
            Some(name.as_ref()),
            look,
        );
        let mut row = 1;
        for line in width::wrap(look.text("deposit.about"), area.width.into()) {
            paint::line(frame, area, row, &line, look.style(Role::Dim));
            row += 1;
        }
        self.form.view(frame, paint::below(area, row + 1), look);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn days_as_they_are_typed() {
        let today: NaiveDate = "2026-11-22".parse().unwrap();
        let read = |text| day(text, today).map(|day| day.to_string());
        for (text, means) in [
            ("12-24", Some("2026-12-24")),
            ("11-22", Some("2026-11-22")),
            ("1/5", Some("2027-01-05")),
            ("12月24日", Some("2026-12-24")),
            ("2027-02-03", Some("2027-02-03")),
            ("2026-11-21", None),
            ("2-30", None),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(read(text).as_deref(), means, "{text}");
        }
    }
}
