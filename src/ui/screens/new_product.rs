//! A product for a code that nobody knew, made while the customer waits: a name and a price.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::product::ProductKind;
use crate::domain::reader::Near;
use crate::error::Result;
use crate::query::{Found, ProductEdit, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form};
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Columns and rows inside the frame.
const SIZE: (u16, u16) = (66, 8);

/// Places of the fields.
const NAME: usize = 0;
const PRICE: usize = 1;
const KIND: usize = 2;

/// A popup; pops `Outcome::Product`.
#[derive(Debug)]
pub struct NewProduct {
    code: String,
    /// Who answers for it: her right is checked by the database.
    editor: i32,
    form: Form,
    saving: Option<Ticket>,
    reading: Option<Ticket>,
}

impl NewProduct {
    #[must_use]
    pub fn new(code: String, editor: i32) -> Self {
        Self {
            code,
            editor,
            form: Form::default(),
            saving: None,
            reading: None,
        }
    }

    const fn waits(&self) -> bool {
        self.saving.is_some() || self.reading.is_some()
    }

    fn save(&mut self, cx: &mut Cx) {
        let name = self.form.value(NAME).to_owned();
        if name.is_empty() {
            self.form.refuse(NAME, "field.empty");
            return;
        }
        let price = self.form.get(PRICE).and_then(Field::amount);
        let Some(price) = price else {
            self.form.refuse(PRICE, "field.amount");
            return;
        };
        let kind = match self.form.chosen(KIND) {
            0 => ProductKind::Piece,
            1 => ProductKind::Service,
            _ => ProductKind::Weight,
        };
        let edit = ProductEdit {
            package: None,
            id: None,
            version: 0,
            code: Some(self.code.clone()),
            name,
            category: None,
            kind,
            price,
            member_price: None,
            active: true,
        };
        self.saving = Some(cx.ask(Query::SaveProduct {
            editor: self.editor,
            edit: Box::new(edit),
        }));
    }

    fn answered(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        let saved = self.saving == Some(ticket);
        if !saved && self.reading != Some(ticket) {
            return Step::Stay;
        }
        (self.saving, self.reading) = (None, None);
        match answer {
            Ok(Reply::Saved(shop)) => {
                cx.session.renew(*shop);
                let codes = vec![self.code.clone()];
                self.reading = Some(cx.ask(Query::Scan {
                    codes,
                    near: Near::default(),
                }));
                Step::Stay
            }
            Ok(Reply::Found(Found::Product(product))) => Step::Pop(Some(Outcome::Product(product))),
            Ok(_) => Step::Pop(None),
            Err(refusal) => cx.refuse(refusal),
        }
    }
}

impl Screen for NewProduct {
    fn bindings(&self) -> &'static str {
        "new_product"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if !self.waits() {
            match self.form.on(&input) {
                Did::Save => {
                    self.save(cx);
                    return Step::Stay;
                }
                Did::Edited => return Step::Stay,
                Did::Nothing => {}
            }
        }
        match input {
            Input::Opened => {
                let kinds = [
                    "new_product.piece",
                    "new_product.service",
                    "new_product.weight",
                ];
                let kinds = kinds.map(|key| cx.text(key).to_owned()).to_vec();
                self.form = Form::new()
                    .field("new_product.name", Field::new(Kind::Any))
                    .field("new_product.price", Field::new(Kind::Amount))
                    .choice("new_product.kind", kinds, 0);
            }
            Input::Action(Action::Back) if self.form.is_dirty() => {
                return Step::push(Confirm::new("new_product.leave").careful());
            }
            Input::Action(Action::Back) | Input::Outcome(Outcome::Yes) => {
                return Step::Pop(None);
            }
            Input::Reply(ticket, answer) => return self.answered(ticket, answer, cx),
            Input::Scan(_) => cx.notice(Tone::Warn, "new_product.first"),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        !self.waits() || !matches!(action, Action::Accept | Action::Save | Action::Back)
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::popup(frame, area, SIZE, look.text("new_product.title"), look);
        let code = width::fit(&self.code, inside.width.into());
        paint::line(frame, inside, 0, &code, look.style(Role::Title));
        let form = Rect {
            height: inside.height.saturating_sub(3),
            ..paint::below(inside, 2)
        };
        self.form.view(frame, form, look);
        let hint = if self.waits() {
            "new_product.saving"
        } else {
            "new_product.hint"
        };
        let last = inside.height.saturating_sub(1);
        paint::line(frame, inside, last, look.text(hint), look.style(Role::Dim));
    }

    fn is_popup(&self) -> bool {
        true
    }
}
