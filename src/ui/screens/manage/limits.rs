//! What each role may do by itself (OP3).

use super::edit::{Edit, Subject};
use super::list::Rows;
use super::products::typed;
use super::staff_list::role_name;
use crate::domain::money::Fen;
use crate::domain::staff::{Limit, Role};
use crate::query::Query;
use crate::session::Session;
use crate::ui::screen::{Cx, Look};
use crate::ui::text::Say;
use crate::ui::theme;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;
use crate::ui::widgets::table::{Cell, Column};

/// Digits of a number of days.
const DAYS: usize = 4;

/// Places in the form.
const REFUND: usize = 0;
const REFUND_DAYS: usize = 1;
const TOP_UP: usize = 2;
const OVERRIDE: usize = 3;
const REVEAL: usize = 4;
const EXPORT: usize = 5;
const MANAGE: usize = 6;

/// The list of roles.
#[derive(Debug)]
pub struct Limits;

impl Rows for Limits {
    type Row = Limit;
    const TITLE: &'static str = "manage.limits";
    const EMPTY: &'static str = "limit.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("staff.role"),
        Column::fixed("limit.rights", 24),
        Column::fixed("limit.refund_days", 9).right(),
        Column::fixed("limit.top_up", 12).right(),
        Column::fixed("limit.refund", 12).right(),
    ];
    const NEW: bool = false;

    fn id(limit: &Limit) -> i32 {
        limit.role as i32
    }

    fn known(session: &Session) -> Vec<Limit> {
        let limits = session.shop.iter().flat_map(|shop| shop.limits.clone());
        let mut limits: Vec<Limit> = limits.collect();
        limits.sort_by_key(|limit| limit.role);
        limits
    }

    fn cells(limit: &Limit, look: &Look) -> Vec<Cell> {
        let rights = [
            (limit.price_override, "limit.override_short"),
            (limit.reveal_phone, "limit.reveal_short"),
            (limit.export, "limit.export_short"),
            (limit.manage, "limit.manage_short"),
        ];
        let rights: Vec<&str> = rights
            .into_iter()
            .filter(|(has, _)| *has)
            .map(|(_, key)| look.text(key))
            .collect();
        vec![
            look.text(role_name(limit.role)).into(),
            Cell::from(rights.join(" ")).role(theme::Role::Dim),
            limit.refund_days.to_string().into(),
            Cell::money(limit.top_up_max),
            Cell::money(limit.refund_max),
        ]
    }

    fn edit(row: Option<&Limit>, session: &Session) -> Edit {
        let limit = row.cloned().unwrap_or(Limit {
            role: Role::Cashier,
            refund_max: Fen::ZERO,
            refund_days: 0,
            top_up_max: Fen::ZERO,
            price_override: false,
            reveal_phone: false,
            export: false,
            manage: false,
            version: 0,
        });
        Edit::new(Draft { limit }, session)
    }
}

/// The limits of a role being edited.
#[derive(Debug)]
struct Draft {
    limit: Limit,
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "limit"
    }

    fn title(&self) -> Say {
        Say::new(match self.limit.role {
            Role::Cashier => "limit.of_cashier",
            Role::Manager => "limit.of_manager",
            Role::Headquarters => "limit.of_headquarters",
            Role::Owner => "limit.of_owner",
        })
    }

    fn about(&self) -> Option<&'static str> {
        Some("limit.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let limit = &self.limit;
        let amount = |amount: Fen| Field::new(Kind::Amount).with(&typed(amount));
        let days = Field::new(Kind::Digits).most(DAYS);
        Form::new()
            .field("limit.refund", amount(limit.refund_max))
            .hint("limit.refund_hint")
            .field(
                "limit.refund_days",
                days.with(&limit.refund_days.to_string()),
            )
            .hint("limit.refund_days_hint")
            .field("limit.top_up", amount(limit.top_up_max))
            .hint("limit.top_up_hint")
            .yes_no("limit.override", limit.price_override)
            .yes_no("limit.reveal", limit.reveal_phone)
            .hint("limit.logged_hint")
            .yes_no("limit.export", limit.export)
            .hint("limit.logged_hint")
            .yes_no("limit.manage", limit.manage)
            .hint("limit.manage_hint")
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let limit = Limit {
            role: self.limit.role,
            refund_max: form.need_amount(REFUND)?,
            refund_days: form.need_text(REFUND_DAYS)?.parse().unwrap_or(0),
            top_up_max: form.need_amount(TOP_UP)?,
            price_override: form.is_yes(OVERRIDE),
            reveal_phone: form.is_yes(REVEAL),
            export: form.is_yes(EXPORT),
            manage: form.is_yes(MANAGE),
            version: self.limit.version,
        };
        Some(Query::SaveLimit { editor, limit })
    }
}
