//! What can be done with a code nobody knows, and everything that has no place in the footer.

use super::{Code, Counter, Question, Why};
use crate::domain::card::Card;
use crate::domain::code::of_goods;
use crate::domain::label::is_own;
use crate::query::Query;
use crate::ui::keymap::Action;
use crate::ui::screen::{Cx, Screen, Step};
use crate::ui::screens::choose::Choose;
use crate::ui::screens::enrol::Enrol;
use crate::ui::screens::gift_card::SellCards;
use crate::ui::screens::new_product::NewProduct;
use crate::ui::screens::printer::Printer;
use crate::ui::screens::reminders::Reminders;
use crate::ui::text::Say;

/// What can be done with an unknown code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// A card for the member on the screen.
    AddCard,
    Enrol,
    NewProduct,
    Amount,
    Ignore,
}

impl Unknown {
    /// The choices, the likeliest first: what has a check digit is a product. A badge or a member
    /// code of ours that is nobody's can only be ignored; a GS1 symbol is no card.
    pub(super) fn of(code: &Code, known: bool) -> Vec<Self> {
        let mut choices = Vec::new();
        let is_barcode = code.item != code.text || code.text.len() == 14;
        if code.card().is_ok() && !code.is_long() {
            choices.extend(known.then_some(Self::AddCard));
            choices.push(Self::Enrol);
        }
        if of_goods(&code.text).is_ok() {
            choices.insert(if is_barcode { 0 } else { choices.len() }, Self::NewProduct);
        }
        if code.amount.is_some() {
            choices.push(Self::Amount);
        }
        // Thirteen digits whose check digit is wrong were read badly: scan again.
        let is_misread =
            !is_barcode && code.text.len() == 13 && code.text.bytes().all(|b| b.is_ascii_digit());
        // Eighteen with a prefix of the shop's own are a label whose rule is missing; thirteen may be goods.
        let is_label = !is_barcode && is_own(&code.text);
        let is_first = is_misread || is_label;
        choices.insert(if is_first { 0 } else { choices.len() }, Self::Ignore);
        choices
    }

    pub(super) fn popup(say: Say, choices: &[Self], code: &Code, name: &str) -> Box<dyn Screen> {
        let amount = code.amount.unwrap_or_default();
        let options = choices.iter().map(|choice| match choice {
            Self::AddCard => Say::new("counter.add_card").with("name", name),
            Self::Enrol => Say::new("counter.enrol_card"),
            Self::NewProduct => Say::new("counter.add_product"),
            Self::Amount => Say::new("counter.as_amount").with("amount", amount),
            Self::Ignore => Say::new("counter.ignore"),
        });
        Box::new(Choose::new(say, options.collect()))
    }
}

/// The rows of F10.
const MORE: &[(&str, More)] = &[
    ("counter.more_enrol", More::Enrol),
    ("counter.more_attach", More::Do(Action::Attach)),
    ("counter.more_line", More::Do(Action::Line)),
    ("counter.more_operations", More::Operations),
    ("counter.more_dormant", More::Do(Action::Dormant)),
    ("counter.more_pay_out", More::PayOut),
    ("counter.more_close_shift", More::CloseShift),
    ("counter.more_manage", More::Manage),
    ("counter.more_lock", More::Lock),
    ("counter.more_printer", More::Printer),
    ("counter.more_devices", More::Do(Action::Devices)),
    ("counter.more_check_in", More::Do(Action::CheckIn)),
    ("counter.more_exchange", More::Do(Action::Exchange)),
    ("counter.more_reminders", More::Reminders),
    ("counter.more_gift_card", More::GiftCard),
    ("counter.more_orders", More::Do(Action::Orders)),
];

#[derive(Debug, Clone, Copy)]
enum More {
    Do(Action),
    Enrol,
    Operations,
    GiftCard,
    PayOut,
    CloseShift,
    Printer,
    Reminders,
    Manage,
    Lock,
}

impl Counter {
    pub(super) fn more(&mut self) -> Step {
        self.question = Some(Question::More);
        let options = MORE.iter().map(|(key, _)| Say::new(key)).collect();
        Step::push(Choose::new("counter.more", options))
    }

    pub(super) fn chosen(&mut self, place: usize, cx: &mut Cx) -> Step {
        match MORE.get(place).map(|(_, more)| *more) {
            Some(More::Do(action)) if self.can(action) => self.action(action, cx),
            Some(More::Enrol) => self.enrol(None, None),
            Some(More::Operations) => self.operations(cx),
            Some(More::GiftCard) => Step::push(SellCards::new()),
            Some(More::PayOut) => Step::Push((self.doors.pay_out)()),
            Some(More::CloseShift) => self.close_shift(cx),
            Some(More::Printer) => Step::push(Printer::new()),
            Some(More::Reminders) => Step::push(Reminders::new()),
            Some(More::Manage) => Step::Push((self.doors.manage)()),
            Some(More::Lock) => Step::Lock,
            Some(More::Do(_)) | None => Step::Stay,
        }
    }

    /// What shall be done with an unknown code.
    pub(super) fn decided(&mut self, choice: Option<Unknown>, code: Code, cx: &mut Cx) -> Step {
        let card = code.card().ok();
        match choice {
            Some(Unknown::Enrol) => self.enrol(None, card),
            Some(Unknown::AddCard) => {
                if let Some(id) = self.member.as_ref().map(|member| member.id) {
                    self.add_card(id, &code, cx);
                }
                Step::Stay
            }
            Some(Unknown::NewProduct) => match of_goods(&code.text) {
                Ok(item) => self.add_product(item, code, cx),
                Err(_) => Step::Stay,
            },
            Some(Unknown::Amount) => code
                .amount
                .map_or(Step::Stay, |amount| self.quick(amount, cx)),
            Some(Unknown::Ignore) | None => Step::Stay,
        }
    }

    /// Gives a card to a member.
    pub(super) fn add_card(&mut self, member_id: i64, code: &Code, cx: &mut Cx) {
        if let Ok(card) = code.card() {
            let add = Query::AddCard {
                member_id,
                by: cx.session.by(),
                card: card.number().to_owned(),
            };
            self.fetch(add, Why::Member, cx);
        }
    }

    #[expect(clippy::unused_self, reason = "reads like the other steps")]
    pub(super) fn enrol(&self, phone: Option<&str>, card: Option<Card>) -> Step {
        Step::push(Enrol::new(phone, card))
    }

    pub(super) fn new_product(code: String, editor: i32) -> Step {
        Step::push(NewProduct::new(code, editor))
    }
}
