//! Stores: where they are and when their day begins (OP2).

use chrono::{NaiveTime, Timelike};

use super::edit::{Edit, Subject};
use super::list::Rows;
use crate::domain::shop::Store;
use crate::query::Query;
use crate::session::Session;
use crate::ui::screen::{Cx, Look};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;
use crate::ui::widgets::table::{Cell, Column};

/// Longest name and region, address, time of day, characters.
const NAME_LENGTH: usize = 30;
const ADDRESS_LENGTH: usize = 80;
const TIME_LENGTH: usize = 5;

/// The business day begins at noon at the latest: after that, the morning's sales would be yesterday's.
const LATEST_HOUR: u32 = 12;

/// Places in the form.
const NAME: usize = 0;
const REGION: usize = 1;
const ADDRESS: usize = 2;
const CUTOFF: usize = 3;

/// The list of stores.
#[derive(Debug)]
pub struct Stores;

impl Rows for Stores {
    type Row = Store;
    const TITLE: &'static str = "manage.stores";
    const EMPTY: &'static str = "store.none";
    const COLUMNS: &'static [Column] = &[
        Column::fixed("store.name", 20),
        Column::fixed("store.region", 12),
        Column::rest("store.address"),
        Column::fixed("store.cutoff", 10).right(),
    ];

    fn id(store: &Store) -> i32 {
        store.id
    }

    fn known(session: &Session) -> Vec<Store> {
        let stores = session.shop.iter().flat_map(|shop| shop.stores.clone());
        stores.collect()
    }

    fn cells(store: &Store, _look: &Look) -> Vec<Cell> {
        vec![
            store.name.as_str().into(),
            Cell::from(store.region.as_str()).role(Role::Dim),
            Cell::from(store.address.as_str()).role(Role::Dim),
            clock(store.day_cutoff).into(),
        ]
    }

    fn edit(row: Option<&Store>, session: &Session) -> Edit {
        let store = row.cloned().unwrap_or_else(|| Store {
            id: 0,
            name: String::new(),
            region: String::new(),
            address: String::new(),
            day_cutoff: NaiveTime::from_hms_opt(4, 0, 0).unwrap_or_default(),
            version: 0,
        });
        Edit::new(Draft { store }, session)
    }
}

/// A store being edited.
#[derive(Debug)]
struct Draft {
    store: Store,
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "store"
    }

    fn title(&self) -> Say {
        Say::new(if self.store.id == 0 {
            "store.new"
        } else {
            "store.edit"
        })
    }

    fn form(&self, _session: &Session) -> Form {
        let store = &self.store;
        let text = |length, value: &str| Field::new(Kind::Any).most(length).with(value);
        Form::new()
            .field("store.name", text(NAME_LENGTH, &store.name))
            .field("store.region", text(NAME_LENGTH, &store.region))
            .hint("store.region_hint")
            .field("store.address", text(ADDRESS_LENGTH, &store.address))
            .field("store.cutoff", text(TIME_LENGTH, &clock(store.day_cutoff)))
            .hint("store.cutoff_hint")
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let name = form.need_text(NAME)?;
        let Some(day_cutoff) = time(form.value(CUTOFF)) else {
            form.refuse(CUTOFF, "store.cutoff_wrong");
            return None;
        };
        let store = Store {
            id: self.store.id,
            name,
            region: form.value(REGION).to_owned(),
            address: form.value(ADDRESS).to_owned(),
            day_cutoff,
            version: self.store.version,
        };
        Some(Query::SaveStore { editor, store })
    }
}

/// `04:00`.
fn clock(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

/// `4`, `4:00` or `04:30`, with either colon; not after noon.
fn time(text: &str) -> Option<NaiveTime> {
    let text = text.replace('\u{ff1a}', ":");
    let (hour, minute) = text.split_once(':').unwrap_or((&text, "0"));
    let time = NaiveTime::from_hms_opt(hour.trim().parse().ok()?, minute.trim().parse().ok()?, 0)?;
    (time.hour() < LATEST_HOUR).then_some(time)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn times_as_people_type_them() {
        for (typed, kept) in [
            ("4", "04:00"),
            ("4:30", "04:30"),
            ("03：15", "03:15"),
            ("0", "00:00"),
        ] {
            assert_eq!(clock(time(typed).unwrap()), kept);
        }
        for wrong in ["", "x", "24:00", "12:00", "4:60", "-1"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }
}
