//! What left the shop, who took it and why (PV2): to read, never to change.

use super::log::Lines;
use crate::domain::calendar::local;
use crate::query::{Disclosure, DisclosureKind, Noun, Query, Reply};
use crate::ui::screen::Look;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column};

/// The log of it.
#[derive(Debug)]
pub struct Disclosures;

impl Lines for Disclosures {
    type Row = Disclosure;

    const BINDINGS: &'static str = "disclosures";
    const TITLE: &'static str = "manage.disclosures";
    const EMPTY: &'static str = "disclosure.none";
    const COLUMNS: &'static [Column] = &[
        Column::fixed("disclosure.at", 11),
        Column::fixed("disclosure.kind", 10),
        Column::fixed("disclosure.staff", 10),
        Column::rest("disclosure.reason"),
        Column::fixed("disclosure.rows", 8).right(),
    ];
    const NOUN: Noun = Noun::Disclosure;

    fn id(row: &Disclosure) -> i64 {
        row.id
    }

    fn ask(staff_id: i32, before: Option<i64>, limit: i32) -> Query {
        Query::Disclosures {
            staff_id,
            before,
            limit,
        }
    }

    fn answered(reply: Reply) -> Option<Vec<Disclosure>> {
        match reply {
            Reply::Disclosures(rows) => Some(rows),
            _ => None,
        }
    }

    fn cells(row: &Disclosure, look: &Look) -> Vec<Cell> {
        let kind = match row.kind {
            DisclosureKind::Reveal => "disclosure.reveal",
            DisclosureKind::Export => "disclosure.export",
            DisclosureKind::Message => "disclosure.message",
        };
        vec![
            local(row.at).format("%m-%d %H:%M").to_string().into(),
            Cell::from(look.text(kind)).role(Role::Title),
            row.staff.as_str().into(),
            row.reason.as_str().into(),
            row.rows.to_string().into(),
        ]
    }

    fn details(row: &Disclosure) -> [Say; 3] {
        let what = match &row.member {
            Some((id, name)) => Say::new("disclosure.member")
                .with("name", name)
                .with("id", id),
            None => Say::new("disclosure.list").with("what", &row.what),
        };
        let who = Say::new("disclosure.who")
            .with("staff", &row.staff)
            .with("till", &row.till)
            .with("at", local(row.at).format("%Y-%m-%d %H:%M:%S"));
        let why = Say::new("disclosure.why").with("reason", &row.reason);
        [who, what, why]
    }
}
