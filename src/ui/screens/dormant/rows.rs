//! A dormant member in one line, or in two with the figures first.

use chrono::NaiveDate;

use crate::domain::dormant::LEAST_DAYS;
use crate::query::DormantRow;
use crate::ui::screen::Look;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column};
use crate::ui::width;

pub const COLUMNS: &[Column] = &[
    Column::rest("dormant.name"),
    Column::fixed("dormant.phone", 11),
    Column::fixed("dormant.level", 8),
    Column::fixed("dormant.away", 8).right(),
    Column::fixed("dormant.usual", 7).right(),
    Column::fixed("dormant.stored", 11).right(),
    Column::fixed("dormant.at_risk", 11).right(),
];

/// Columns of a name in the narrow form: phone and level stand beside it.
const NARROW_NAME: usize = 16;

/// How often a member comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// About every so many days.
    Every(i64),
    /// More often than that.
    Under(i64),
}

/// Days since the last visit; nothing before the first.
pub fn away(row: &DormantRow, today: NaiveDate) -> Option<i64> {
    row.last_visit_on.map(|day| (today - day).num_days().max(0))
}

/// The mean gap between visits, rounded down, read off the day she is due: that lies twice the gap,
/// and at least a week, behind the last visit (OR1). Nothing before there is a rhythm.
pub fn usual(row: &DormantRow) -> Option<Usual> {
    let limit = (row.due_on? - row.last_visit_on?).num_days();
    if limit > LEAST_DAYS {
        Some(Usual::Every(limit / 2))
    } else {
        Some(Usual::Under(LEAST_DAYS / 2 + 1))
    }
}

/// The cells of a row; in the narrow form what the shop stands to lose comes first.
pub fn cells(row: &DormantRow, narrow: bool, look: &Look) -> Vec<Cell> {
    let today = look.session.today(look.now);
    let days = |days: i64| look.say(&Say::new("dormant.days").with("days", days));
    let mut away = away(row, today).map(days).unwrap_or_default();
    let usual = usual(row).map(|usual| match usual {
        Usual::Every(gap) => days(gap),
        Usual::Under(gap) => format!("<{}", days(gap)),
    });
    let name = match row.name.as_str() {
        "" => look.text("member.nameless"),
        name => name,
    };
    let phone = row.phone.as_deref().unwrap_or_default();
    let overdue = row.due_on.is_some_and(|due| due < today);
    let role = if overdue { Role::Warn } else { Role::Text };
    if overdue {
        away.insert(0, '!');
    }
    let stored = row.principal + row.bonus;
    let at_risk = Cell::money(row.at_risk);
    if narrow {
        let figures = Say::new("dormant.figures")
            .with("away", away)
            .with("stored", stored);
        let mut figures = look.say(&figures);
        if let Some(usual) = usual {
            figures.push_str("  ");
            figures.push_str(&look.say(&Say::new("dormant.usually").with("usual", usual)));
        }
        return vec![
            Cell::from(figures).role(role),
            width::fit(name, NARROW_NAME).into_owned().into(),
            phone.into(),
            row.level.as_str().into(),
            at_risk,
        ];
    }
    vec![
        name.into(),
        phone.into(),
        row.level.as_str().into(),
        Cell::from(away).role(role),
        Cell::from(usual.unwrap_or_else(|| "-".to_owned())).role(Role::Dim),
        stored.to_string().into(),
        at_risk,
    ]
}
