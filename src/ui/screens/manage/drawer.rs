//! Who opened the drawer without a payment, and why (OP3): to read, never to change.

use super::log::Lines;
use crate::domain::calendar::local;
use crate::query::{DrawerOpening, Noun, Query, Reply};
use crate::ui::screen::Look;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column};

/// The log of it.
#[derive(Debug)]
pub struct Openings;

impl Lines for Openings {
    type Row = DrawerOpening;

    const BINDINGS: &'static str = "drawer_log";
    const TITLE: &'static str = "manage.drawer";
    const EMPTY: &'static str = "drawer.none";
    const COLUMNS: &'static [Column] = &[
        Column::fixed("drawer.at", 11),
        Column::fixed("drawer.till", 8),
        Column::fixed("drawer.staff", 10),
        Column::rest("drawer.reason"),
        Column::fixed("drawer.approver", 10),
    ];
    const NOUN: Noun = Noun::Drawer;

    fn id(row: &DrawerOpening) -> i64 {
        row.id
    }

    fn ask(staff_id: i32, before: Option<i64>, limit: i32) -> Query {
        Query::DrawerOpenings {
            staff_id,
            before,
            limit,
        }
    }

    fn answered(reply: Reply) -> Option<Vec<DrawerOpening>> {
        match reply {
            Reply::DrawerOpenings(rows) => Some(rows),
            _ => None,
        }
    }

    fn cells(row: &DrawerOpening, _look: &Look) -> Vec<Cell> {
        let reason = if row.is_sure {
            Cell::from(row.reason.as_str())
        } else {
            Cell::from(format!("? {}", row.reason))
        };
        vec![
            local(row.at).format("%m-%d %H:%M").to_string().into(),
            row.till.as_str().into(),
            row.staff.as_str().into(),
            if row.in_shift && row.is_sure {
                reason
            } else {
                reason.role(Role::Warn)
            },
            row.approver.as_deref().unwrap_or_default().into(),
        ]
    }

    fn details(row: &DrawerOpening) -> [Say; 3] {
        let who = if row.in_shift {
            "drawer.who"
        } else {
            "drawer.who_between"
        };
        let who = Say::new(who)
            .with("staff", &row.staff)
            .with("till", &row.till)
            .with("at", local(row.at).format("%Y-%m-%d %H:%M:%S"));
        let right = match &row.approver {
            Some(name) => Say::new("drawer.approved").with("approver", name),
            None => Say::new("drawer.by_right"),
        };
        let why = if row.is_sure {
            "drawer.why"
        } else {
            "drawer.why_unsure"
        };
        let why = Say::new(why).with("reason", &row.reason);
        [who, right, why]
    }
}
