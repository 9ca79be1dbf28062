//! What the shop gives back beyond the law (RF5): part of its terms, and a new version of them.

use super::edit::{Edit, Subject};
use super::products::typed;
use crate::domain::money::Fen;
use crate::domain::settlement::OwnTerms;
use crate::domain::shop::Shop;
use crate::query::Query;
use crate::session::Session;
use crate::ui::screen::Cx;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;

/// Places in the form.
const HAS: usize = 0;
const FEE: usize = 1;
const BONUS: usize = 2;

/// All of it, in basis points.
const WHOLE: i64 = 10_000;

/// The form.
#[must_use]
pub fn edit(session: &Session) -> Edit {
    let shop = session.shop.clone();
    Edit::new(Draft { shop }, session)
}

/// The terms being edited.
#[derive(Debug)]
struct Draft {
    shop: Option<Shop>,
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "own_terms"
    }

    fn title(&self) -> Say {
        let version = self.shop.as_ref().map_or(0, |shop| shop.terms_version);
        Say::new("own_terms.title").with("version", version)
    }

    fn about(&self) -> Option<&'static str> {
        Some("own_terms.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let Some(shop) = &self.shop else {
            return Form::new();
        };
        let own = shop.own_refund.unwrap_or_default();
        let fee = Field::new(Kind::Amount).with(&typed(Fen(own.fee)));
        Form::new()
            .yes_no("own_terms.has", shop.own_refund.is_some())
            .hint("own_terms.has_hint")
            .field("own_terms.fee", fee)
            .hint("own_terms.fee_hint")
            .yes_no("own_terms.bonus", own.pays_bonus)
            .hint("own_terms.bonus_hint")
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let old = self.shop.as_ref()?;
        let own_refund = if form.is_yes(HAS) {
            // Percent with two decimals are basis points, as yuan are fen.
            let fee = form.need_amount(FEE)?.0;
            if fee > WHOLE {
                form.refuse(FEE, "own_terms.fee_wrong");
                return None;
            }
            let pays_bonus = form.is_yes(BONUS);
            Some(OwnTerms { fee, pays_bonus })
        } else {
            None
        };
        let shop = Shop {
            own_refund,
            ..old.clone()
        };
        Some(Query::SaveTerms {
            editor,
            shop: Box::new(shop),
        })
    }
}
