//! The lower part of the card: balances, each with the lots it is made of.

use chrono::{DateTime, NaiveDate, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::domain::calendar::local;
use crate::domain::deposit::{open, still_due};
use crate::domain::grant::{Grant, GrantKind, Unit};
use crate::domain::ledger::LotKind;
use crate::domain::member::{Lot, Member};
use crate::domain::money::{Fen, grouped};
use crate::ui::offer;
use crate::ui::screen::Look;
use crate::ui::screens::orders::due_on;
use crate::ui::screens::redeem::counted;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column, Table};

pub const COLUMNS: &[Column] = &[
    Column::rest("member.from"),
    Column::fixed("member.until", 15),
    Column::fixed("member.principal", 12).right(),
    Column::fixed("member.bonus", 12).right(),
    Column::fixed("member.balance", 12).right(),
];

/// One line that Enter opens (LG7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Stored {
        principal: Fen,
        bonus: Fen,
    },
    /// What is left of a top-up (SV1).
    Lot {
        at: DateTime<Utc>,
        principal: Fen,
        bonus: Fen,
        until: Option<NaiveDate>,
    },
    /// Bonus that comes later (SV4).
    Promised {
        operation_id: Uuid,
        due_on: NaiveDate,
        bonus: Fen,
    },
    /// Services paid for beforehand (PK1).
    Packages(Fen),
    Grant {
        operation_id: Uuid,
        service: String,
        of: String,
        unit: Unit,
        left: Option<i64>,
        until: Option<NaiveDate>,
        value: Fen,
    },
    /// What was paid beforehand for orders (SV6).
    Orders(Fen),
    Order(Box<Grant>),
    /// Coupons and entitlements (PR4), and how many.
    Coupons(usize),
    Coupon {
        operation_id: Uuid,
        name: String,
        left: i64,
        until: Option<NaiveDate>,
        is_right: bool,
        /// Of a multiplier of points, basis points (PT2).
        times: Option<i64>,
    },
    Points(i64),
    PointsLot {
        at: DateTime<Utc>,
        points: i64,
        until: Option<NaiveDate>,
    },
    /// Points returned goods had earned and that were spent already (PT6).
    Debt(i64),
}

/// Stored value with its lots and instalments, points with theirs.
pub fn of(member: &Member) -> Vec<Row> {
    let mut rows = vec![Row::Stored {
        principal: member.principal,
        bonus: member.bonus,
    }];
    let lots = |kind: LotKind| member.lots.iter().filter(move |lot| lot.kind == kind);
    let left = |lot: &&Lot| !(lot.principal.is_zero() && lot.bonus.is_zero());
    rows.extend(lots(LotKind::StoredValue).filter(left).map(|lot| Row::Lot {
        at: lot.opened_at,
        principal: lot.principal,
        bonus: lot.bonus,
        until: lot.expires_on,
    }));
    rows.extend(member.instalments.iter().map(|promised| Row::Promised {
        operation_id: promised.operation_id,
        due_on: promised.due_on,
        bonus: promised.bonus,
    }));
    let packages = |grant: &&Grant| grant.kind == GrantKind::Package;
    if member.grants.iter().any(|grant| packages(&grant)) {
        let worth = member.grants.iter().filter(packages);
        rows.push(Row::Packages(worth.map(|grant| grant.value).sum()));
    }
    rows.extend(
        member
            .grants
            .iter()
            .filter(packages)
            .map(|grant| Row::Grant {
                operation_id: grant.operation_id,
                service: grant.terms.name.clone(),
                of: grant.terms.of.clone(),
                unit: grant.terms.unit,
                left: grant.quantity,
                until: grant.expires_on,
                value: grant.value,
            }),
    );
    let orders = open(member);
    if !orders.is_empty() {
        rows.push(Row::Orders(orders.iter().map(|grant| grant.value).sum()));
        let orders = orders.into_iter().cloned();
        rows.extend(orders.map(|grant| Row::Order(Box::new(grant))));
    }
    let given = member.grants.iter();
    let given = given.filter(|grant| grant.coupon().is_some());
    let coupons = given.map(|grant| Row::Coupon {
        operation_id: grant.operation_id,
        name: grant.terms.name.clone(),
        left: grant.quantity.unwrap_or(0),
        until: grant.expires_on,
        is_right: grant.kind == GrantKind::Entitlement,
        times: grant.multiplies().map(|(times, _)| times),
    });
    let coupons: Vec<Row> = coupons.collect();
    if !coupons.is_empty() {
        rows.push(Row::Coupons(coupons.len()));
        rows.extend(coupons);
    }
    rows.push(Row::Points(member.points));
    let points = lots(LotKind::Points).filter(|lot| lot.points != 0);
    rows.extend(points.map(|lot| Row::PointsLot {
        at: lot.opened_at,
        points: lot.points,
        until: lot.expires_on,
    }));
    let debts = lots(LotKind::PointsDebt).filter(|lot| lot.points != 0);
    rows.extend(debts.map(|lot| Row::Debt(lot.points)));
    rows
}

/// The rows.
pub fn view(table: &mut Table<Row>, frame: &mut Frame, area: Rect, look: &Look) {
    table.view(frame, area, look, cells);
}

fn cells(row: &Row, look: &Look) -> Vec<Cell> {
    let part = |amount: Fen| Cell::from(amount.to_string());
    let blank = || Cell::from("");
    let from = |key: &'static str, at: &DateTime<Utc>| {
        let day = local(*at).date_naive();
        Cell::from(format!("  {}", look.say(&Say::new(key).with("day", day))))
    };
    match row {
        Row::Stored {
            principal: p,
            bonus: b,
        } => vec![
            Cell::from(look.text("member.stored")).role(Role::Title),
            blank(),
            part(*p),
            part(*b),
            Cell::money(*p + *b),
        ],
        Row::Lot {
            at,
            principal: p,
            bonus: b,
            until,
        } => vec![
            from("member.lot", at),
            last_day(*until, b.is_positive(), look),
            part(*p),
            part(*b),
            Cell::from((*p + *b).to_string()),
        ],
        Row::Promised {
            due_on, bonus: b, ..
        } => {
            let say = Say::new("member.promised").with("day", due_on);
            let label = Cell::from(format!("  {}", look.say(&say)));
            vec![label, blank(), blank(), part(*b), blank()]
        }
        Row::Packages(worth) => vec![
            Cell::from(look.text("member.packages")).role(Role::Title),
            blank(),
            blank(),
            blank(),
            Cell::money(*worth),
        ],
        Row::Grant {
            service,
            of,
            unit,
            left,
            until,
            value,
            ..
        } => {
            let say = Say::new("member.package")
                .with("service", service)
                .with("of", of);
            let left = match left {
                Some(left) => look.say(&counted(*unit, *left)),
                None => look.text("redeem.endless").to_owned(),
            };
            vec![
                Cell::from(format!("  {}", look.say(&say))),
                last_day(*until, true, look),
                blank(),
                Cell::from(left),
                Cell::from(value.to_string()),
            ]
        }
        Row::Orders(_) | Row::Order(_) => order(row, look),
        Row::Coupons(_) | Row::Coupon { .. } => coupon(row, look),
        Row::Points(points) => vec![
            Cell::from(look.text("member.points")).role(Role::Title),
            blank(),
            blank(),
            blank(),
            Cell::from(grouped(*points)).role(Role::Money),
        ],
        Row::PointsLot { at, points, until } => vec![
            from("member.points_lot", at),
            last_day(*until, true, look),
            blank(),
            blank(),
            Cell::from(grouped(*points)),
        ],
        Row::Debt(points) => vec![
            Cell::from(format!("  {}", look.text("member.debt"))).role(Role::Warn),
            blank(),
            blank(),
            blank(),
            Cell::from(grouped(*points)),
        ],
    }
}

/// Of an order its day, what is still to pay, and what was paid.
fn order(row: &Row, look: &Look) -> Vec<Cell> {
    let blank = || Cell::from("");
    match row {
        Row::Orders(paid) => vec![
            Cell::from(look.text("member.orders")).role(Role::Title),
            blank(),
            blank(),
            blank(),
            Cell::money(*paid),
        ],
        Row::Order(grant) => {
            let due = match still_due(grant) {
                Fen(..=0) => Say::new("member.paid_up"),
                due => Say::new("member.still_due").with("due", due),
            };
            vec![
                Cell::from(format!("  {}", grant.terms.name)),
                due_on(grant, look),
                blank(),
                Cell::from(look.say(&due)),
                Cell::from(grant.value.to_string()),
            ]
        }
        _ => Vec::new(),
    }
}

/// Of a coupon or an entitlement its last day, and how often it can be used; of all of them how many.
fn coupon(row: &Row, look: &Look) -> Vec<Cell> {
    let blank = || Cell::from("");
    match row {
        Row::Coupons(count) => vec![
            Cell::from(look.text("member.coupons")).role(Role::Title),
            blank(),
            blank(),
            blank(),
            Cell::from(count.to_string()).role(Role::Money),
        ],
        Row::Coupon {
            name,
            left,
            until,
            is_right,
            times,
            ..
        } => {
            let left = if *is_right {
                look.say(&counted(Unit::Session, *left))
            } else {
                String::new()
            };
            let times = times.map(|times| {
                let say = Say::new("member.multiplier").with("times", offer::times_of(times));
                format!("  {}", look.say(&say))
            });
            let times = times.unwrap_or_default();
            vec![
                Cell::from(format!("  {name}{times}")),
                last_day(*until, true, look),
                blank(),
                Cell::from(left),
                blank(),
            ]
        }
        _ => Vec::new(),
    }
}

/// The last valid day, loud when it is near or past; nothing where nothing can expire.
fn last_day(until: Option<NaiveDate>, expires: bool, look: &Look) -> Cell {
    let Some(day) = until.filter(|_| expires) else {
        let key = if expires { "member.for_ever" } else { "" };
        return Cell::from(if key.is_empty() { "" } else { look.text(key) }).role(Role::Dim);
    };
    let left = (day - look.session.today(look.now)).num_days();
    let key = if left < 0 {
        "member.expired"
    } else {
        "member.to_day"
    };
    let role = if left <= super::about::SOON_DAYS {
        Role::Warn
    } else {
        Role::Text
    };
    Cell::from(look.say(&Say::new(key).with("day", day))).role(role)
}
