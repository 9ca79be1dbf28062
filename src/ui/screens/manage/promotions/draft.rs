//! A promotion being edited.

use super::layout::{self, KIND, KINDS, NAME};
use super::trial::Try;
use crate::domain::promotion::{Promotion, RuleRef};
use crate::query::{PromotionEdit, Query};
use crate::session::Session;
use crate::ui::screen::{Cx, Screen};
use crate::ui::screens::manage::conditions::{self, Names, Typed};
use crate::ui::screens::manage::edit::Subject;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;

/// Longest name, characters.
const NAME_LENGTH: usize = 30;

/// What stands in the entries all kinds have, while the kind changes.
#[derive(Debug, Clone, Default)]
struct Common {
    active: bool,
    conditions: Typed,
    stored: bool,
}

/// The subject of the editor.
#[derive(Debug)]
pub(super) struct Draft {
    rule: Option<Promotion>,
    kind: usize,
    names: Names,
}

impl Draft {
    pub(super) fn new(rule: Option<&Promotion>, session: &Session) -> Self {
        Self {
            rule: rule.cloned(),
            kind: rule.map_or(2, |rule| layout::kind_of(&rule.offer)),
            names: Names::of(session),
        }
    }

    /// What the rule says; of a new one nothing but that it is switched on.
    fn common(&self) -> Common {
        let Some(rule) = &self.rule else {
            return Common {
                active: true,
                ..Common::default()
            };
        };
        Common {
            active: rule.active,
            conditions: self.names.write(&rule.when, &rule.who, &rule.scope),
            stored: rule.by_stored_value,
        }
    }

    fn build(&self, name: &str, common: &Common) -> Form {
        let any = |most, text: &str| Field::new(Kind::Any).most(most).with(text);
        let form = Form::new()
            .choice("promotion.kind", KINDS.to_vec(), self.kind)
            .hint("promotion.kind_hint")
            .field("promotion.name", any(NAME_LENGTH, name))
            .hint("promotion.name_hint");
        let offer = self.rule.as_ref().map(|rule| &rule.offer);
        let form = layout::entries(form, self.kind, offer, |id| self.names.goods(id));
        let form = form.yes_no("rule.active", common.active);
        self.names
            .entries(form, &common.conditions)
            .yes_no("promotion.stored_only", common.stored)
    }

    /// What stands in the form now.
    fn typed(&self, form: &Form) -> Common {
        let base = layout::common(self.kind);
        Common {
            active: form.is_yes(base + layout::ACTIVE),
            conditions: Names::typed(form, base + layout::CONDITIONS),
            stored: form.is_yes(base + layout::STORED),
        }
    }

    /// What the form says; none after saying what is wrong.
    fn read(&self, form: &mut Form) -> Option<PromotionEdit> {
        let name = form.need_text(NAME)?;
        let (offer, gifts) = layout::offer(form, self.kind, |name| self.names.goods_named(name))?;
        let base = layout::common(self.kind);
        let conditions = self.names.read(form, base + layout::CONDITIONS)?;
        let promotion = Promotion {
            rule: self
                .rule
                .as_ref()
                .map_or(RuleRef { id: 0, version: 0 }, |rule| rule.rule),
            name,
            active: form.is_yes(base + layout::ACTIVE),
            when: conditions.when,
            who: conditions.who,
            scope: conditions.scope,
            by_stored_value: form.is_yes(base + layout::STORED),
            offer,
        };
        Some(PromotionEdit {
            promotion,
            products: conditions.products,
            gifts,
        })
    }
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "promotion"
    }

    fn title(&self) -> Say {
        match &self.rule {
            None => Say::new("promotion.new"),
            Some(rule) => Say::new("promotion.edit")
                .with("version", rule.rule.version)
                .with("next", rule.rule.version + 1),
        }
    }

    fn about(&self) -> Option<&'static str> {
        Some("promotion.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let name = self.rule.as_ref().map_or("", |rule| &rule.name);
        self.build(name, &self.common())
    }

    /// Another kind has other entries; says a share the way the shop does.
    fn edited(&mut self, form: &mut Form) {
        let kind = form.chosen(KIND);
        if kind != self.kind {
            let (name, common) = (form.value(NAME).to_owned(), self.typed(form));
            self.kind = kind;
            *form = self.build(&name, &common);
            form.touch();
        }
        if let Some(place) = layout::paid_at(self.kind) {
            form.say_hint(place, Some(layout::paid_hint(form.value(place))));
        }
    }

    /// A scanned code is one more of the goods it is about, or the gift.
    fn scanned(&mut self, code: &str, form: &mut Form) {
        let goods = layout::common(self.kind) + layout::CONDITIONS + conditions::GOODS;
        let gifts = KIND + 2;
        let place = if self.kind == layout::kind_of_gifts() && form.focus() == gifts {
            gifts
        } else {
            goods
        };
        conditions::add_code(form, place, code);
    }

    fn tried(&mut self, form: &mut Form) -> Option<Box<dyn Screen>> {
        let edit = self.read(form)?;
        Some(Box::new(Try::new(edit)))
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let promotion = Box::new(self.read(form)?);
        Some(Query::SavePromotion { editor, promotion })
    }
}
