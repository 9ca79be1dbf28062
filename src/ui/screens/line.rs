//! One line of the sale: how much, at what price, or not at all.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::price::CartLine;
use crate::domain::product::ProductKind;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step, is_narrow};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form};
use crate::ui::widgets::notice::Tone;

/// Columns inside the frame, and rows besides those of the form.
const COLUMNS: u16 = 62;
const ROWS: u16 = 4;

/// Places of the fields.
const QUANTITY: usize = 0;
const PRICE: usize = 1;

/// A popup; pops `Outcome::Line`, `Outcome::Removed`, or nothing. An empty field changes nothing.
#[derive(Debug)]
pub struct Line {
    line: CartLine,
    form: Form,
}

impl Line {
    /// Edits `line`. A quantity of zero has to be entered first: goods by weight.
    #[must_use]
    pub fn new(line: CartLine) -> Self {
        let label = match line.kind {
            ProductKind::Weight => "line.grams",
            _ => "line.pieces",
        };
        let mut form = Form::new().field(label, Field::new(Kind::Digits).most(5));
        if line.quantity > 0 {
            form = form.field("line.price", Field::new(Kind::Amount));
        }
        Self { line, form }
    }

    fn save(&mut self) -> Step {
        let mut line = self.line.clone();
        let typed = self.form.value(QUANTITY);
        if !typed.is_empty() {
            line.quantity = typed.parse().unwrap_or(0);
            // A label's money is of what is on it.
            if line.quantity != self.line.quantity {
                line.carried.money = None;
            }
        }
        if line.quantity == 0 {
            if self.line.quantity > 0 {
                return Step::Pop(Some(Outcome::Removed));
            }
            self.form.refuse(QUANTITY, "field.empty");
            return Step::Stay;
        }
        let typed = self.form.value(PRICE);
        if !typed.is_empty() {
            let Some(price) = crate::domain::money::Fen::parse(typed) else {
                self.form.refuse(PRICE, "field.amount");
                return Step::Stay;
            };
            line.override_price = (price != line.price).then_some(price);
            line.carried.money = None;
        }
        Step::Pop(Some(Outcome::Line(line)))
    }
}

impl Screen for Line {
    fn bindings(&self) -> &'static str {
        "line"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        let input = match input {
            // One key takes both fields as they are.
            Input::Action(Action::Accept) => Input::Action(Action::Save),
            other => other,
        };
        match self.form.on(&input) {
            Did::Save => return self.save(),
            Did::Edited => return Step::Stay,
            Did::Nothing => {}
        }
        match input {
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Action(Action::Remove) => return Step::Pop(Some(Outcome::Removed)),
            Input::Scan(_) => cx.notice(Tone::Warn, "line.first"),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        action != Action::Remove || self.line.quantity > 0
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let rows = 2 * if is_narrow(area) { 2 } else { 1 };
        let size = (COLUMNS, ROWS + rows);
        let inside = paint::popup(frame, area, size, look.text("line.title"), look);
        paint::line(frame, inside, 0, &self.line.name, look.style(Role::Title));
        let price = self.line.override_price.unwrap_or(self.line.price);
        let now = Say::new(match self.line.kind {
            ProductKind::Weight => "line.now_grams",
            _ => "line.now",
        });
        let now = now
            .with("quantity", self.line.quantity)
            .with("price", price);
        paint::line(frame, inside, 1, &look.say(&now), look.style(Role::Dim));
        let form = Rect {
            height: rows.min(inside.height.saturating_sub(ROWS)),
            ..paint::below(inside, 3)
        };
        self.form.view(frame, form, look);
        paint::line(
            frame,
            inside,
            ROWS + rows - 1,
            look.text("line.keeps"),
            look.style(Role::Dim),
        );
    }

    fn is_popup(&self) -> bool {
        true
    }
}
