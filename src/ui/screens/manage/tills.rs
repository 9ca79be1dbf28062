//! Tills: each is one box at a counter, known by its number.

use super::edit::{Edit, Subject};
use super::list::Rows;
use crate::domain::shop::Till;
use crate::query::Query;
use crate::session::Session;
use crate::ui::screen::{Cx, Look};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;
use crate::ui::widgets::table::{Cell, Column};

/// Longest name, characters.
const NAME_LENGTH: usize = 20;

/// Places in the form.
const NAME: usize = 0;
const STORE: usize = 1;

/// The list of tills.
#[derive(Debug)]
pub struct Tills;

impl Rows for Tills {
    type Row = Till;
    const TITLE: &'static str = "manage.tills";
    const EMPTY: &'static str = "till.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("till.name"),
        Column::fixed("", 12),
        Column::fixed("staff.store", 20),
        Column::fixed("till.number", 8).right(),
    ];

    fn id(till: &Till) -> i32 {
        till.id
    }

    fn known(session: &Session) -> Vec<Till> {
        let tills = session.shop.iter().flat_map(|shop| shop.tills.clone());
        tills.collect()
    }

    fn cells(till: &Till, look: &Look) -> Vec<Cell> {
        let stores = look.session.shop.iter().flat_map(|shop| &shop.stores);
        let mut stores = stores.filter(|store| store.id == till.store_id);
        let here = if look.session.till_id() == till.id {
            "till.here_it_is"
        } else {
            ""
        };
        vec![
            till.name.as_str().into(),
            Cell::from(look.text(here)).role(Role::Good),
            Cell::from(stores.next().map_or("", |store| store.name.as_str())).role(Role::Dim),
            till.id.to_string().into(),
        ]
    }

    fn edit(row: Option<&Till>, session: &Session) -> Edit {
        let here = session.store.as_ref().map_or(0, |store| store.id);
        let till = row.cloned().unwrap_or(Till {
            id: 0,
            store_id: here,
            name: String::new(),
            version: 0,
        });
        let tills = session.shop.iter().flat_map(|shop| &shop.tills);
        let next = tills.map(|till| till.id).max().unwrap_or(0) + 1;
        let stores = session.shop.iter().flat_map(|shop| &shop.stores);
        let draft = Draft {
            number: if till.id == 0 { next } else { till.id },
            till,
            stores: stores.map(|store| store.id).collect(),
        };
        Edit::new(draft, session)
    }
}

/// A till being edited.
#[derive(Debug)]
struct Draft {
    till: Till,
    /// Its number, or the one it will get.
    number: i32,
    stores: Vec<i32>,
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "till"
    }

    fn title(&self) -> Say {
        let key = if self.till.id == 0 {
            "till.new"
        } else {
            "till.edit"
        };
        Say::new(key).with("number", self.number)
    }

    fn about(&self) -> Option<&'static str> {
        Some("till.about")
    }

    fn form(&self, session: &Session) -> Form {
        let stores = session.shop.iter().flat_map(|shop| &shop.stores);
        let home = self.stores.iter().position(|id| *id == self.till.store_id);
        let name = Field::new(Kind::Any).most(NAME_LENGTH);
        Form::new()
            .field("till.name", name.with(&self.till.name))
            .choice(
                "staff.store",
                stores.map(|store| store.name.clone()).collect(),
                home.unwrap_or(0),
            )
            .hint("till.store_hint")
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let till = Till {
            id: self.till.id,
            store_id: self.stores.get(form.chosen(STORE)).copied().unwrap_or(0),
            name: form.need_text(NAME)?,
            version: self.till.version,
        };
        Some(Query::SaveTill { editor, till })
    }
}
