//! What each service takes from the shelf: its materials, a line each (PK2). Every edit is a new version.

use super::edit::{Edit, Subject};
use super::list::Rows;
use crate::domain::recipe::{self, MOST_ITEMS, Material, Recipe};
use crate::query::Query;
use crate::session::Session;
use crate::ui::screen::{Cx, Look};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;
use crate::ui::widgets::table::{Cell, Column};

/// Longest line, characters.
const LINE_LENGTH: usize = 48;

/// A service with its materials.
#[derive(Debug, Clone)]
pub struct Row {
    name: String,
    recipe: Recipe,
}

/// The services, those with materials first.
#[derive(Debug)]
pub struct Recipes;

impl Rows for Recipes {
    type Row = Row;
    const TITLE: &'static str = "manage.recipes";
    const EMPTY: &'static str = "recipe.no_services";
    const COLUMNS: &'static [Column] = &[
        Column::fixed("recipe.service", 20),
        Column::rest("recipe.materials"),
        Column::fixed("promotion.version_short", 5),
    ];
    const NEW: bool = false;

    fn id(row: &Row) -> i32 {
        row.recipe.service_id
    }

    fn known(session: &Session) -> Vec<Row> {
        let Some(shop) = &session.shop else {
            return Vec::new();
        };
        let services = shop.services.iter().map(|service| Row {
            name: service.name.clone(),
            recipe: shop.recipe(service.id).cloned().unwrap_or(Recipe {
                service_id: service.id,
                version: 0,
                items: Vec::new(),
            }),
        });
        let mut rows: Vec<Row> = services.collect();
        rows.sort_by_key(|row| row.recipe.items.is_empty());
        rows
    }

    fn cells(row: &Row, look: &Look) -> Vec<Cell> {
        let items: Vec<String> = row.recipe.items.iter().map(recipe::write).collect();
        let version = match row.recipe.version {
            0 => String::new(),
            version => version.to_string(),
        };
        let items = if items.is_empty() {
            Cell::from(look.text("recipe.none")).role(Role::Dim)
        } else {
            Cell::from(items.join(", "))
        };
        vec![
            row.name.as_str().into(),
            items,
            Cell::from(version).role(Role::Dim),
        ]
    }

    fn edit(row: Option<&Row>, session: &Session) -> Edit {
        let draft = Draft {
            row: row.cloned(),
            shelf: session.shop.iter().flat_map(shelf).collect(),
        };
        Edit::new(draft, session)
    }
}

/// Names that other recipes use: what is typed most.
fn shelf(shop: &crate::domain::shop::Shop) -> Vec<String> {
    let items = shop.recipes.iter().flat_map(|recipe| &recipe.items);
    let mut names: Vec<String> = items.map(|item| item.name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[derive(Debug)]
struct Draft {
    row: Option<Row>,
    shelf: Vec<String>,
}

impl Draft {
    fn items(&self) -> &[Material] {
        self.row.as_ref().map_or(&[], |row| &row.recipe.items)
    }

    /// The material of a line; with the number of goods that were there under this name.
    fn read(&self, text: &str) -> Result<Material, &'static str> {
        let mut item = recipe::read(text)?;
        let known = self.items().iter().find(|known| known.name == item.name);
        item.product_id = known.map_or(0, |known| known.product_id);
        Ok(item)
    }
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "recipe"
    }

    fn title(&self) -> Say {
        let name = self.row.as_ref().map_or("", |row| row.name.as_str());
        Say::new("recipe.edit").with("service", name)
    }

    fn about(&self) -> Option<&'static str> {
        Some("recipe.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let mut form = Form::new();
        for place in 0..MOST_ITEMS {
            let item = self.items().get(place).map(recipe::write);
            let field = Field::new(Kind::Any)
                .most(LINE_LENGTH)
                .with(&item.unwrap_or_default());
            form = form.field("recipe.line", field).known(self.shelf.clone());
        }
        form
    }

    fn edited(&mut self, form: &mut Form) {
        for place in 0..MOST_ITEMS {
            let text = form.value(place);
            let hint = match recipe::read(text) {
                _ if text.is_empty() && place == 0 => Some("recipe.line_hint"),
                Err(wrong) if !text.is_empty() => Some(wrong),
                _ => None,
            };
            form.say_hint(place, hint.map(Say::new));
        }
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let row = self.row.as_ref()?;
        let mut items = Vec::new();
        for place in 0..MOST_ITEMS {
            let text = form.value(place).to_owned();
            if text.is_empty() {
                continue;
            }
            match self.read(&text) {
                Ok(item) => items.push(item),
                Err(wrong) => {
                    form.refuse(place, wrong);
                    form.go(place);
                    return None;
                }
            }
        }
        let recipe = Recipe {
            items,
            ..row.recipe.clone()
        };
        if let Some(hint) = recipe.complaint() {
            form.refuse(0, hint);
            return None;
        }
        Some(Query::SaveRecipe { editor, recipe })
    }
}
