//! Who works here, what she may do, and her PIN and badge.

use super::edit::{Edit, Subject};
use super::list::Rows;
use crate::domain::staff::{PIN_DIGITS, Role, Staff};
use crate::domain::token::{Bearer, Token};
use crate::query::{Noun, Query, Reply, StaffEdit};
use crate::session::Session;
use crate::ui::screen::{Cx, Look};
use crate::ui::screens::set_up::new_pin;
use crate::ui::text::Say;
use crate::ui::theme;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;
use crate::ui::widgets::table::{Cell, Column};

/// Longest staff number and name.
const NUMBER_LENGTH: usize = 12;
const NAME_LENGTH: usize = 30;

/// Places in the form.
const NUMBER: usize = 0;
const NAME: usize = 1;
const ROLE: usize = 2;
const STORE: usize = 3;
const BADGE: usize = 4;
const PIN: usize = 5;
const AGAIN: usize = 6;
const ACTIVE: usize = 7;

const ROLES: [(Role, &str); 4] = [
    (Role::Cashier, "staff.cashier"),
    (Role::Manager, "staff.manager"),
    (Role::Headquarters, "staff.headquarters"),
    (Role::Owner, "staff.owner"),
];

/// The name of a role, as a key of the texts.
pub(super) fn role_name(role: Role) -> &'static str {
    let known = ROLES.iter().find(|(known, _)| *known == role);
    known.map_or("", |(_, key)| key)
}

/// The list of staff.
#[derive(Debug)]
pub struct StaffList;

impl Rows for StaffList {
    type Row = Staff;
    const TITLE: &'static str = "manage.staff";
    const EMPTY: &'static str = "staff.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("staff.name"),
        Column::fixed("staff.number", 14).labelled(),
        Column::fixed("", 8),
        Column::fixed("", 8),
        Column::fixed("staff.role", 14),
    ];

    const NOUN: Noun = Noun::Staff;

    fn id(staff: &Staff) -> i32 {
        staff.id
    }

    fn ask(_search: &str, _after: Option<&Staff>, _limit: usize) -> Option<Query> {
        Some(Query::StaffList)
    }

    fn answered(reply: Reply, _limit: usize) -> Option<(Vec<Staff>, bool)> {
        match reply {
            Reply::Staff(rows) => Some((rows, true)),
            _ => None,
        }
    }

    fn cells(staff: &Staff, look: &Look) -> Vec<Cell> {
        let active = if staff.active { "" } else { "manage.off" };
        let badge = staff.badge.as_ref().map_or("", |_| "staff.badge");
        let name = if staff.active {
            theme::Role::Text
        } else {
            theme::Role::Dim
        };
        vec![
            Cell::from(staff.name.as_str()).role(name),
            staff.number.as_str().into(),
            Cell::from(look.text(badge)).role(theme::Role::Dim),
            Cell::from(look.text(active)).role(theme::Role::Dim),
            look.text(role_name(staff.role)).into(),
        ]
    }

    fn edit(row: Option<&Staff>, session: &Session) -> Edit {
        let mine = session
            .staff
            .as_ref()
            .map_or(Role::Cashier, |staff| staff.role);
        let most = row.map_or(mine, |staff| staff.role.max(mine));
        let stores = session.shop.iter().flat_map(|shop| &shop.stores);
        let draft = Draft {
            badge: row.and_then(|staff| staff.badge.clone()),
            staff: row.cloned(),
            roles: ROLES.iter().filter(|(role, _)| *role <= most).count(),
            stores: stores.map(|store| store.id).collect(),
            scanned: false,
        };
        Edit::new(draft, session)
    }
}

/// A member of staff being edited.
#[derive(Debug)]
struct Draft {
    staff: Option<Staff>,
    /// The badge she has or just got. Never shown: whoever knows it can make another.
    badge: Option<String>,
    scanned: bool,
    /// How many of the roles the editor may give: nobody gives one above her own.
    roles: usize,
    stores: Vec<i32>,
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "staff"
    }

    fn title(&self) -> Say {
        Say::new(if self.staff.is_some() {
            "staff.edit"
        } else {
            "staff.new"
        })
    }

    fn form(&self, session: &Session) -> Form {
        let staff = self.staff.as_ref();
        let roles = ROLES.iter().take(self.roles).map(|(_, key)| *key);
        let role = staff.map(|staff| staff.role);
        let role = ROLES.iter().position(|(known, _)| Some(*known) == role);
        let here = session.store.as_ref().map(|store| store.id);
        let home = staff.map(|staff| staff.home_store_id).or(here);
        let stores = session.shop.iter().flat_map(|shop| &shop.stores);
        let store = self.stores.iter().position(|id| Some(*id) == home);
        let pin = || Field::new(Kind::Pin).most(*PIN_DIGITS.end());
        let number = Field::new(Kind::Digits).most(NUMBER_LENGTH);
        let name = Field::new(Kind::Any).most(NAME_LENGTH);
        Form::new()
            .field(
                "staff.number",
                number.with(staff.map_or("", |staff| &staff.number)),
            )
            .hint("staff.number_hint")
            .field(
                "staff.name",
                name.with(staff.map_or("", |staff| &staff.name)),
            )
            .choice("staff.role", roles.collect(), role.unwrap_or(0))
            .choice(
                "staff.store",
                stores.map(|store| store.name.clone()).collect(),
                store.unwrap_or(0),
            )
            .yes_no("staff.badge", self.badge.is_some())
            .field("staff.pin", pin())
            .hint(if staff.is_some() {
                "staff.pin_keeps"
            } else {
                "set_up.pin_hint"
            })
            .field("staff.again", pin())
            .yes_no("staff.active", staff.is_none_or(|staff| staff.active))
            .hint("staff.active_hint")
    }

    fn edited(&mut self, form: &mut Form) {
        let hint = if self.scanned {
            "staff.badge_scanned"
        } else {
            "staff.badge_hint"
        };
        form.say_hint(BADGE, Some(Say::new(hint)));
    }

    fn scanned(&mut self, code: &str, form: &mut Form) {
        match Token::parse(code).filter(|token| token.bearer() == Bearer::Staff) {
            Some(badge) => {
                self.badge = Some(badge.to_string());
                self.scanned = true;
                form.choose(BADGE, 1);
                form.touch();
            }
            None => form.refuse(BADGE, "staff.badge_other"),
        }
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let number = form.need_text(NUMBER)?;
        let name = form.need_text(NAME)?;
        if form.is_yes(BADGE) && self.badge.is_none() {
            form.refuse(BADGE, "staff.badge_scan");
            return None;
        }
        let keeps = self.staff.is_some() && form.value(PIN).is_empty();
        let pin = if keeps && form.value(AGAIN).is_empty() {
            None
        } else {
            Some(new_pin(form, PIN, AGAIN)?)
        };
        let id = self.staff.as_ref().map(|staff| staff.id);
        let role = ROLES.get(form.chosen(ROLE));
        let staff = Staff {
            id: id.unwrap_or(0),
            number,
            name,
            role: role.map_or(Role::Cashier, |(role, _)| *role),
            home_store_id: self.stores.get(form.chosen(STORE)).copied().unwrap_or(0),
            badge: self.badge.clone().filter(|_| form.is_yes(BADGE)),
            active: form.is_yes(ACTIVE),
            version: self.staff.as_ref().map_or(0, |staff| staff.version),
        };
        Some(Query::SaveStaff {
            editor,
            edit: Box::new(StaffEdit { staff, id, pin }),
        })
    }
}
