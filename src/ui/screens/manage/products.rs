//! Goods and services.

use super::edit::{Edit, Subject};
use super::list::Rows;
use super::packages::Packages;
use crate::domain::code::{Origin, Situation, known_as, meanings, of_goods};
use crate::domain::gtin::Gtin;
use crate::domain::product::{Product, ProductKind};
use crate::domain::reader::Near;
use crate::domain::shop::Category;
use crate::query::{Found, Noun, ProductEdit, Query, Reply};
use crate::session::Session;
use crate::ui::screen::{Cx, Look};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;
use crate::ui::widgets::table::{Cell, Column};

/// Longest code and name, characters.
const CODE_LENGTH: usize = 32;
const NAME_LENGTH: usize = 40;

/// Places in the form.
const CODE: usize = 0;
const NAME: usize = 1;
const CATEGORY: usize = 2;
const KIND: usize = 3;
const PRICE: usize = 4;
const MEMBER_PRICE: usize = 5;
const ACTIVE: usize = 6;

const KINDS: [(ProductKind, &str); 3] = [
    (ProductKind::Piece, "product.piece"),
    (ProductKind::Weight, "product.weight"),
    (ProductKind::Service, "product.service"),
];

/// The list of goods.
#[derive(Debug)]
pub struct Products;

impl Rows for Products {
    type Row = Product;
    const TITLE: &'static str = "manage.products";
    const EMPTY: &'static str = "product.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("product.name"),
        Column::fixed("product.code", 13),
        Column::fixed("product.category", 10),
        Column::fixed("product.kind_short", 7),
        Column::fixed("product.member_short", 9).right(),
        Column::fixed("product.price", 9).right(),
    ];
    const SEARCHED: bool = true;

    const NOUN: Noun = Noun::Product;

    fn id(product: &Product) -> i32 {
        product.id
    }

    fn ask(search: &str, after: Option<&Product>, limit: usize) -> Option<Query> {
        Some(Query::Products {
            search: search.to_lowercase(),
            after: after.map(|product| product.id),
            limit: i32::try_from(limit).unwrap_or(i32::MAX),
        })
    }

    fn answered(reply: Reply, limit: usize) -> Option<(Vec<Product>, bool)> {
        let Reply::Products(rows) = reply else {
            return None;
        };
        let complete = rows.len() < limit;
        Some((rows, complete))
    }

    fn cells(product: &Product, look: &Look) -> Vec<Cell> {
        let role = if product.active {
            Role::Text
        } else {
            Role::Dim
        };
        let kind = KINDS.iter().find(|(kind, _)| *kind == product.kind);
        // Nearly everything is sold by the piece: what is not stands out.
        let kind = match kind {
            _ if !product.active => look.text("manage.off"),
            Some((ProductKind::Weight | ProductKind::Service, key)) => look.text(key),
            None => look.text("product.package"),
            _ => "",
        };
        let member_price = product.member_price.map(Cell::money);
        let categories = look.session.shop.iter().flat_map(|shop| &shop.categories);
        let mut category = categories.filter(|known| Some(known.id) == product.category_id);
        let category = category.next().map_or("", |known| known.name.as_str());
        vec![
            Cell::from(product.name.as_str()).role(role),
            Cell::from(printed(product)).role(Role::Dim),
            Cell::from(category).role(Role::Dim),
            Cell::from(kind).role(Role::Dim),
            member_price.unwrap_or_else(|| "".into()),
            Cell::money(product.price),
        ]
    }

    fn edit(row: Option<&Product>, session: &Session) -> Edit {
        if let Some(package) = row.filter(|product| product.kind == ProductKind::Package) {
            return Packages::edit(Some(package), session);
        }
        let product = row.cloned().map_or(Draft::default(), |product| Draft {
            code: Some(printed(&product)),
            product: Some(product),
            ..Draft::default()
        });
        Edit::new(product, session)
    }

    fn scanned(code: &str) -> Result<Option<Query>, &'static str> {
        of_goods(code)?;
        let situation = Situation::Counter { member: true };
        let codes = known_as(&meanings(code, Origin::Scanned, situation, &[]));
        Ok(Some(Query::Scan {
            codes,
            near: Near::default(),
        }))
    }

    fn found(code: &str, reply: Reply, session: &Session) -> Option<Edit> {
        match reply {
            Reply::Found(Found::Product(product)) => Some(Self::edit(Some(&product), session)),
            Reply::Found(Found::Nothing) => {
                let draft = Draft {
                    code: Some(code.to_owned()),
                    ..Draft::default()
                };
                Some(Edit::new(draft, session))
            }
            _ => None,
        }
    }
}

/// The code as it stands under the bars.
fn printed(product: &Product) -> String {
    let code = product.code.as_deref().unwrap_or_default();
    Gtin::parse(code).map_or_else(|| code.to_owned(), Gtin::printed)
}

/// Whether a code looks like a barcode whose check digit is wrong: mistyped, or the shop's own.
fn is_doubtful(code: &str) -> bool {
    let digits = code.bytes().all(|byte| byte.is_ascii_digit());
    digits && matches!(code.len(), 8 | 12 | 13 | 14) && Gtin::parse(code).is_none()
}

/// A product being edited.
#[derive(Debug, Default)]
struct Draft {
    product: Option<Product>,
    code: Option<String>,
    /// A doubtful code that was saved once more: it is meant.
    warned: Option<String>,
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "product"
    }

    fn title(&self) -> Say {
        Say::new(if self.product.is_some() {
            "product.edit"
        } else {
            "product.new"
        })
    }

    fn form(&self, session: &Session) -> Form {
        let categories: &[Category] = session.shop.as_ref().map_or(&[], |shop| &shop.categories);
        let product = self.product.as_ref();
        let category = product.and_then(|product| product.category_id);
        let category = categories.iter().find(|known| Some(known.id) == category);
        let names = categories.iter().map(|category| category.name.clone());
        let kind = product.map(|product| product.kind);
        let kind = KINDS.iter().position(|(known, _)| Some(*known) == kind);
        let text = |length| Field::new(Kind::Any).most(length);
        let mut price = Field::new(Kind::Amount);
        let mut member_price = price.clone();
        if let Some(product) = product {
            price.set(&typed(product.price));
            member_price.set(&product.member_price.map(typed).unwrap_or_default());
        }
        let mut form = Form::new()
            .field(
                "product.code",
                text(CODE_LENGTH).with(self.code.as_deref().unwrap_or_default()),
            )
            .field(
                "product.name",
                text(NAME_LENGTH).with(product.map_or("", |product| &product.name)),
            )
            .field(
                "product.category",
                text(NAME_LENGTH).with(category.map_or("", |category| &category.name)),
            )
            .known(names.collect())
            .hint("product.category_hint")
            .choice(
                "product.kind",
                KINDS.iter().map(|(_, key)| *key).collect(),
                kind.unwrap_or(0),
            )
            .field("product.price", price)
            .field("product.member_price", member_price)
            .hint("product.member_price_hint")
            .yes_no(
                "product.active",
                product.is_none_or(|product| product.active),
            )
            .hint("product.active_hint");
        if self.product.is_none() && self.code.is_some() {
            form.go(NAME);
        }
        form
    }

    fn edited(&mut self, form: &mut Form) {
        let code = form.value(CODE);
        let hint = match code {
            "" => "product.code_hint",
            code if is_doubtful(code) => "product.code_doubtful",
            code if Gtin::parse(code).is_some() => "product.code_right",
            _ => "product.code_own",
        };
        form.say_hint(CODE, Some(Say::new(hint)));
        let weighed = KINDS.get(form.chosen(KIND)).map(|(kind, _)| *kind);
        let per = match weighed {
            Some(ProductKind::Weight) => "product.per_kilogram",
            Some(ProductKind::Service) => "product.per_service",
            _ => "product.per_piece",
        };
        form.say_hint(PRICE, Some(Say::new(per)));
    }

    fn scanned(&mut self, code: &str, form: &mut Form) {
        if let Err(hint) = of_goods(code) {
            form.refuse(CODE, hint);
            return;
        }
        form.fill(CODE, code);
        if form.value(NAME).is_empty() {
            form.go(NAME);
        }
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let code = form.value(CODE).to_owned();
        let kept = match of_goods(&code) {
            _ if code.is_empty() => None,
            Ok(kept) => Some(kept),
            Err(hint) => {
                form.wipe(CODE);
                form.refuse(CODE, hint);
                return None;
            }
        };
        if is_doubtful(&code) && self.warned.as_ref() != Some(&code) {
            form.refuse(CODE, "product.code_check");
            self.warned = Some(code);
            return None;
        }
        let name = form.need_text(NAME)?;
        let price = form.need_amount(PRICE)?;
        let member_price = match form.value(MEMBER_PRICE) {
            "" => None,
            _ => Some(form.need_amount(MEMBER_PRICE)?),
        };
        if member_price.is_some_and(|member| member > price) {
            form.refuse(MEMBER_PRICE, "product.member_price_above");
            return None;
        }
        let category = form.value(CATEGORY);
        let kind = KINDS.get(form.chosen(KIND));
        let edit = ProductEdit {
            id: self.product.as_ref().map(|product| product.id),
            version: self.product.as_ref().map_or(0, |product| product.version),
            code: kept,
            name,
            category: (!category.is_empty()).then(|| category.to_owned()),
            kind: kind.map_or(ProductKind::Piece, |(kind, _)| *kind),
            price,
            member_price,
            active: form.is_yes(ACTIVE),
            package: None,
        };
        Some(Query::SaveProduct {
            editor,
            edit: Box::new(edit),
        })
    }
}

/// An amount as a person types it.
pub(super) fn typed(amount: crate::domain::money::Fen) -> String {
    let text = amount.to_string().replace(',', "");
    let whole = text.strip_suffix(".00").map(str::to_owned);
    whole.unwrap_or(text)
}
