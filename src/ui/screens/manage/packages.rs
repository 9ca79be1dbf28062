//! Packages: services sold together and paid for beforehand (PK1).

use super::edit::{Edit, Subject};
use super::list::Rows;
use super::products::typed;
use crate::domain::code::of_goods;
use crate::domain::money::Fen;
use crate::domain::package::wording::{self, Service};
use crate::domain::package::{Item, MOST_ITEMS, Package, Validity};
use crate::domain::product::{Product, ProductKind};
use crate::domain::shop::Category;
use crate::query::{Noun, ProductEdit, Query};
use crate::session::Session;
use crate::ui::screen::{Cx, Look};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;
use crate::ui::widgets::table::{Cell, Column};

/// Longest code, name and line of contents, characters.
const CODE_LENGTH: usize = 32;
const NAME_LENGTH: usize = 40;
const ITEM_LENGTH: usize = 60;

/// Places in the form; the contents come last.
const NAME: usize = 0;
const PRICE: usize = 1;
const VALIDITY: usize = 2;
const LAST: usize = 3;
const CODE: usize = 4;
const CATEGORY: usize = 5;
const ACTIVE: usize = 6;
const GIVE: usize = 7;
const SHARE: usize = 8;
const ITEMS: usize = 9;

const VALIDITIES: [&str; 4] = [
    "package.forever",
    "package.days",
    "package.from_first_use",
    "package.until",
];
/// Of a validity: ten years.
const MOST_DAYS: u32 = 3_660;

/// The list of packages.
#[derive(Debug)]
pub struct Packages;

impl Rows for Packages {
    type Row = Product;
    const TITLE: &'static str = "manage.packages";
    const EMPTY: &'static str = "package.none";
    const COLUMNS: &'static [Column] = &[
        Column::fixed("package.name", 20),
        Column::rest("package.items"),
        Column::fixed("", 6),
        Column::fixed("package.price", 10).right(),
    ];

    const NOUN: Noun = Noun::Product;

    fn id(product: &Product) -> i32 {
        product.id
    }

    fn known(session: &Session) -> Vec<Product> {
        let shop = session.shop.iter();
        shop.flat_map(|shop| shop.packages.clone()).collect()
    }

    fn cells(product: &Product, look: &Look) -> Vec<Cell> {
        let tone = if product.active {
            Role::Text
        } else {
            Role::Dim
        };
        let off = if product.active {
            ""
        } else {
            look.text("manage.off")
        };
        let items = product.package.iter().flat_map(|package| &package.items);
        let items: Vec<String> = items.map(wording::write).collect();
        vec![
            Cell::from(product.name.as_str()).role(tone),
            Cell::from(items.join(", ")).role(Role::Dim),
            Cell::from(off).role(Role::Dim),
            Cell::money(product.price),
        ]
    }

    fn edit(row: Option<&Product>, session: &Session) -> Edit {
        let services = session.shop.iter().flat_map(|shop| shop.services.clone());
        let draft = Draft {
            product: row.cloned(),
            services: services.collect(),
        };
        Edit::new(draft, session)
    }
}

/// A package being edited.
#[derive(Debug)]
struct Draft {
    product: Option<Product>,
    services: Vec<Service>,
}

impl Draft {
    /// What the lines of contents say; what was put together earlier stays known after a service is off.
    fn item(&self, text: &str) -> Result<Item, &'static str> {
        let before = self.product.iter().flat_map(|product| &product.package);
        let mut before = before.flat_map(|package| &package.items);
        if let Some(item) = before.find(|item| wording::write(item) == text) {
            return Ok(item.clone());
        }
        wording::read(text, &self.services)
    }

    fn items(&self, form: &mut Form) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        for place in ITEMS..ITEMS + MOST_ITEMS {
            let text = form.value(place).to_owned();
            if text.is_empty() {
                continue;
            }
            match self.item(&text) {
                Ok(item) => items.push(item),
                Err(hint) => {
                    form.refuse(place, hint);
                    form.go(place);
                    return None;
                }
            }
        }
        Some(items)
    }
}

/// What was chosen, with its days or its day; none after saying what is wrong.
fn validity(form: &mut Form) -> Option<Validity> {
    let days = |form: &Form| {
        let days = form.value(LAST).parse().ok();
        days.filter(|days| (1..=MOST_DAYS).contains(days))
    };
    let validity = match form.chosen(VALIDITY) {
        1 => days(form).map(Validity::Days),
        2 => days(form).map(Validity::FromFirstUse),
        3 => form.value(LAST).parse().ok().map(Validity::Until),
        _ => Some(Validity::Forever),
    };
    if validity.is_none() {
        let day = form.chosen(VALIDITY) == 3;
        let hint = if day {
            "package.no_day"
        } else {
            "package.no_days"
        };
        form.refuse(LAST, hint);
        form.go(LAST);
    }
    validity
}

/// The words of a validity: which, and its days or its day.
fn last_of(validity: Validity) -> (usize, String) {
    match validity {
        Validity::Forever => (0, String::new()),
        Validity::Days(days) => (1, days.to_string()),
        Validity::FromFirstUse(days) => (2, days.to_string()),
        Validity::Until(day) => (3, day.to_string()),
    }
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "package"
    }

    fn title(&self) -> Say {
        Say::new(if self.product.is_some() {
            "package.edit"
        } else {
            "package.new"
        })
    }

    fn about(&self) -> Option<&'static str> {
        self.services.is_empty().then_some("package.no_services")
    }

    fn form(&self, session: &Session) -> Form {
        let categories: &[Category] = session.shop.as_ref().map_or(&[], |shop| &shop.categories);
        let product = self.product.as_ref();
        let package = product.and_then(|product| product.package.as_deref());
        let category = product.and_then(|product| product.category_id);
        let category = categories.iter().find(|known| Some(known.id) == category);
        let names = categories.iter().map(|category| category.name.clone());
        let text = |length| Field::new(Kind::Any).most(length);
        let price = product.map_or(String::new(), |product| typed(product.price));
        let (validity, last) = last_of(package.map_or(Validity::default(), |it| it.validity));
        let mut form = Form::new()
            .field(
                "package.name",
                text(NAME_LENGTH).with(product.map_or("", |product| &product.name)),
            )
            .field("package.price", Field::new(Kind::Amount).with(&price))
            .choice("package.validity", VALIDITIES.to_vec(), validity)
            .field("package.last", text(10).with(&last))
            .field(
                "product.code",
                text(CODE_LENGTH).with(
                    product
                        .and_then(|product| product.code.as_deref())
                        .unwrap_or_default(),
                ),
            )
            .hint("package.code_hint")
            .field(
                "product.category",
                text(NAME_LENGTH).with(category.map_or("", |category| &category.name)),
            )
            .known(names.collect())
            .hint("product.category_hint")
            .yes_no(
                "product.active",
                product.is_none_or(|product| product.active),
            )
            .hint("product.active_hint")
            .yes_no("package.may_give", package.is_some_and(|it| it.may_give))
            .hint("package.may_give_hint")
            .yes_no("package.may_share", package.is_some_and(|it| it.may_share))
            .hint("package.may_share_hint");
        let known: Vec<String> = self.services.iter().map(|it| it.name.clone()).collect();
        let items: &[Item] = package.map_or(&[], |package| &package.items);
        for place in 0..MOST_ITEMS {
            let item = items.get(place).map(wording::write).unwrap_or_default();
            form = form
                .field("package.item", text(ITEM_LENGTH).with(&item))
                .known(known.clone());
        }
        form
    }

    fn edited(&mut self, form: &mut Form) {
        let hint = match form.chosen(VALIDITY) {
            1 | 2 => Some(Say::new("package.days_hint")),
            3 => Some(Say::new("package.until_hint")),
            _ => None,
        };
        form.say_hint(LAST, hint);
        let mut alone = Fen::ZERO;
        for place in ITEMS..ITEMS + MOST_ITEMS {
            let text = form.value(place).to_owned();
            let hint = match (text.is_empty(), self.item(&text)) {
                (true, _) if place == ITEMS => Some(Say::new("package.item_hint")),
                (true, _) => None,
                (false, Ok(item)) => {
                    let price = item.price.times(item.quantity.unwrap_or(1));
                    alone += if item.is_gift { Fen::ZERO } else { price };
                    let key = if item.is_gift {
                        "package.item_gift"
                    } else {
                        "package.item_alone"
                    };
                    Some(Say::new(key).with("price", price))
                }
                (false, Err(wrong)) => Some(Say::new(wrong)),
            };
            form.say_hint(place, hint);
        }
        let hint = alone
            .is_positive()
            .then(|| Say::new("package.alone").with("price", alone));
        form.say_hint(PRICE, hint);
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let name = form.need_text(NAME)?;
        let price = form.need_amount(PRICE)?;
        let validity = validity(form)?;
        let code = match form.value(CODE) {
            "" => None,
            code => match of_goods(code) {
                Ok(code) => Some(code),
                Err(hint) => {
                    form.refuse(CODE, hint);
                    return None;
                }
            },
        };
        let package = Package {
            items: self.items(form)?,
            validity,
            may_give: form.is_yes(GIVE),
            may_share: form.is_yes(SHARE),
        };
        if let Some(hint) = package.complaint() {
            form.refuse(ITEMS, hint);
            form.go(ITEMS);
            return None;
        }
        let category = form.value(CATEGORY);
        let edit = ProductEdit {
            id: self.product.as_ref().map(|product| product.id),
            version: self.product.as_ref().map_or(0, |product| product.version),
            code,
            name,
            category: (!category.is_empty()).then(|| category.to_owned()),
            kind: ProductKind::Package,
            price,
            member_price: self
                .product
                .as_ref()
                .and_then(|product| product.member_price),
            active: form.is_yes(ACTIVE),
            package: Some(Box::new(package)),
        };
        Some(Query::SaveProduct {
            editor,
            edit: Box::new(edit),
        })
    }
}
