//! The member beside the line: what a cashier says while she rings up.

use chrono::NaiveDate;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::Counter;
use super::view::{is_some, visited};
use crate::domain::beneficiary::{Beneficiary, near};
use crate::domain::contract::{Contract, Due};
use crate::domain::member::Member;
use crate::domain::money::{Fen, grouped};
use crate::domain::redemption::{ServiceLeft, services};
use crate::ui::screen::Look;
use crate::ui::screens::redeem::left;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;
use crate::ui::{offer, paint};

/// A birthday, or an expiry, within this many days is near.
const NEAR_DAYS: i64 = 30;

/// Birthdays of the family that are shown.
const MOST_NEAR: usize = 2;
/// Services paid for beforehand that are named.
const MOST_SERVICES: usize = 3;

/// Columns of the labels.
const LABEL: u16 = 9;

impl Counter {
    /// The card in its pane.
    pub(super) fn member_card(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let Some(member) = &self.member else {
            nobody(frame, area, look);
            return;
        };
        let today = look.session.today(look.now);
        let level = format!(" {}", level(member, look));
        let taken = paint::line_right(frame, area, 0, &level, look.style(Role::Title));
        let rest = Rect {
            width: area.width.saturating_sub(taken),
            ..area
        };
        paint::line(frame, rest, 0, name(member, look), look.style(Role::Title));
        let (away, role) = away(member, today, look);
        let phone = member.phone.as_deref().unwrap_or_default();
        paint::line(frame, area, 1, phone, look.style(Role::Text));
        paint::line_right(frame, area, 1, &away, look.style(role));
        let mut row = 3;
        let mut put = |label: &str, value: &str, role: Role| {
            paint::line(frame, area, row, label, look.style(Role::Dim));
            paint::line_right(frame, area, row, value, look.style(role));
            row += 1;
        };
        put(
            look.text("counter.stored"),
            &(member.principal + member.bonus_on(today)).to_string(),
            Role::Money,
        );
        put(
            look.text("counter.principal"),
            &member.principal.to_string(),
            Role::Text,
        );
        put(
            look.text("counter.bonus"),
            &member.bonus_on(today).to_string(),
            Role::Text,
        );
        put(
            look.text("counter.points"),
            &grouped(member.points_on(today)),
            Role::Text,
        );
        if let Some(coming) = coming(member) {
            put(look.text("counter.coming"), &coming.to_string(), Role::Text);
        }
        row += 1;
        if let Some((say, role)) = self.hers(today) {
            let (label, text) = (look.text("counter.coupons"), look.say(&say));
            row += block(frame, paint::below(area, row), label, &text, role, look);
        }
        let prepaid = services(&member.grants, today);
        for (place, service) in prepaid.iter().take(MOST_SERVICES).enumerate() {
            let label = if place == 0 {
                look.text("counter.packages")
            } else {
                ""
            };
            let (say, role) = prepaid_left(service, today, look);
            let text = look.say(&say);
            row += block(frame, paint::below(area, row), label, &text, role, look);
        }
        if let Some(more) = prepaid.len().checked_sub(MOST_SERVICES).filter(|n| *n > 0) {
            let text = look.say(&Say::new("counter.packages_more").with("n", more));
            row += block(frame, paint::below(area, row), "", &text, Role::Dim, look);
        }
        for (place, (say, role)) in self.orders(today).iter().enumerate() {
            let label = if place == 0 {
                look.text("counter.orders")
            } else {
                ""
            };
            let text = look.say(say);
            row += block(frame, paint::below(area, row), label, &text, *role, look);
        }
        for (label, say, role) in remarks(member, today) {
            let text = look.say(&say);
            row += block(
                frame,
                paint::below(area, row),
                look.text(label),
                &text,
                role,
                look,
            );
        }
        if !member.notes.is_empty() {
            let label = look.text("counter.notes");
            block(
                frame,
                paint::below(area, row),
                label,
                &member.notes,
                Role::Warn,
                look,
            );
        }
    }

    /// The card in two lines, for a narrow screen.
    pub(super) fn member_lines(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let Some(member) = &self.member else {
            let lines = width::wrap(look.text("counter.nobody"), area.width.into());
            for (row, text) in (0..2).zip(&lines) {
                paint::line(frame, area, row, text, look.style(Role::Dim));
            }
            return;
        };
        let today = look.session.today(look.now);
        let (away, role) = away(member, today, look);
        let taken = paint::line_right(frame, area, 0, &away, look.style(role));
        let phone = member.phone.as_deref().unwrap_or_default();
        let tail = format!(" {} {phone}", level(member, look));
        let room = area.width.saturating_sub(taken + 1);
        let name = width::fit(
            name(member, look),
            usize::from(room.saturating_sub(width::columns(&tail))),
        )
        .into_owned();
        let first = Rect {
            width: room,
            ..area
        };
        paint::line(
            frame,
            first,
            0,
            &format!("{name}{tail}"),
            look.style(Role::Title),
        );
        let points = grouped(member.points_on(today));
        let points = format!("{} {points}", look.text("counter.points"));
        paint::line_right(frame, area, 1, &points, look.style(Role::Text));
        let stored = member.principal + member.bonus_on(today);
        let stored = format!("{} {stored}", look.text("counter.stored"));
        paint::line(frame, area, 1, &stored, look.style(Role::Money));
    }
}

/// Her level, or that it is a gift card (SV10).
fn level<'a>(member: &'a Member, look: &'a Look) -> &'a str {
    match member.priced_as() {
        Some(level) => &level.name,
        None => look.text("gift_card.label"),
    }
}

fn name<'a>(member: &'a Member, look: &'a Look) -> &'a str {
    if member.name.is_empty() {
        look.text("counter.nameless")
    } else {
        &member.name
    }
}

/// How long she was away, louder when the shop calls that dormant (OR1).
fn away(member: &Member, today: NaiveDate, look: &Look) -> (String, Role) {
    if member.is_bearer {
        return (String::new(), Role::Dim);
    }
    let days = member.days_away(today);
    let limit = look.session.shop.as_ref().map(|shop| shop.dormancy_days);
    let dormant = days.zip(limit).is_some_and(|(days, limit)| days > limit);
    let role = if dormant { Role::Warn } else { Role::Dim };
    (look.say(&visited(days)), role)
}

/// Bonus that was promised and comes later.
fn coming(member: &Member) -> Option<Fen> {
    let sum: Fen = member.instalments.iter().map(|part| part.bonus).sum();
    is_some(sum).then_some(sum)
}

/// What is left of a service, louder when it is the last or ends soon (PK3).
fn prepaid_left(service: &ServiceLeft, today: NaiveDate, look: &Look) -> (Say, Role) {
    let ends = service
        .expires_on
        .filter(|day| (*day - today).num_days() <= NEAR_DAYS);
    let say = match (service.is_past, ends) {
        (true, _) => Say::new("counter.package_past"),
        (false, Some(day)) => Say::new("counter.package_until").with("day", day.format("%m-%d")),
        (false, None) => Say::new("counter.package_left"),
    };
    let last = service.left.is_some_and(|left| left <= 1);
    let role = if service.is_past || ends.is_some() || last {
        Role::Warn
    } else {
        Role::Title
    };
    let say = say
        .with("service", &service.name)
        .with("left", look.say(&left(service)));
    (say, role)
}

/// The points she has times so much for a time, the largest of them (PT2).
fn multiplied(member: &Member, today: NaiveDate) -> Option<Say> {
    let counts = member.grants.iter().filter(|grant| !grant.is_past(today));
    let counts = counts.filter_map(|grant| Some((grant.multiplies()?.0, grant.expires_on)));
    let (times, day) = counts.max_by_key(|(times, day)| (*times, day.unwrap_or(NaiveDate::MAX)))?;
    let say = match day {
        Some(day) => Say::new("counter.times_until").with("day", day.format("%m-%d")),
        None => Say::new("member.multiplier"),
    };
    Some(say.with("times", offer::times_of(times)))
}

/// The stages of her contracts that are due soon, or overdue (SV5).
fn stages(member: &Member, today: NaiveDate) -> Vec<(&'static str, Say, Role)> {
    let due = member.contracts.iter();
    let due = due.filter_map(|contract| Some((contract, contract.due()?)));
    let near = due.filter(|(_, due)| due.is_near(today));
    let says = near.map(|(contract, due)| {
        let role = if due.is_overdue(today) {
            Role::Bad
        } else {
            Role::Warn
        };
        ("counter.stage", stage_of(contract, due, today), role)
    });
    says.take(MOST_NEAR).collect()
}

/// `三期护发 2/3 500.00 应付 12-22` (SV5).
#[must_use]
pub fn stage_of(contract: &Contract, due: Due, today: NaiveDate) -> Say {
    let key = if due.is_overdue(today) {
        "counter.stage_overdue"
    } else {
        "counter.stage_due"
    };
    Say::new(key)
        .with("name", &contract.name)
        .with("no", due.no)
        .with("of", due.of)
        .with("amount", due.amount)
        .with("day", due.on.format("%m-%d"))
}

/// Points that count more, what expires soon, and a birthday that is near.
fn remarks(member: &Member, today: NaiveDate) -> Vec<(&'static str, Say, Role)> {
    let mut remarks = Vec::new();
    remarks.extend(multiplied(member, today).map(|say| ("counter.times", say, Role::Good)));
    remarks.extend(stages(member, today));
    if let Some((day, bonus, points)) = member.expiring(today, NEAR_DAYS) {
        let say = match (bonus.is_positive(), points > 0) {
            (true, true) => Say::new("counter.expires_both"),
            (true, false) => Say::new("counter.expires_bonus"),
            _ => Say::new("counter.expires_points"),
        };
        let say = say
            .with("day", day.format("%m-%d"))
            .with("bonus", bonus)
            .with("points", grouped(points));
        remarks.push(("counter.expires", say, Role::Warn));
    }
    if let Some(days) = member
        .days_to_birthday(today)
        .filter(|days| *days <= NEAR_DAYS)
    {
        let say = if days == 0 {
            Say::new("counter.birthday_today")
        } else {
            Say::new("counter.birthday_in").with("days", days)
        };
        remarks.push(("counter.birthday", say, Role::Good));
    }
    let near = near(&member.family, today, NEAR_DAYS).into_iter();
    for (one, days) in near.take(MOST_NEAR) {
        remarks.push(("family.label", birthday_of(one, days), Role::Good));
    }
    remarks
}

/// `小宝 3天后生日` (MB6).
#[must_use]
pub fn birthday_of(one: &Beneficiary, days: i64) -> Say {
    let key = if days == 0 {
        "family.near_today"
    } else {
        "family.near"
    };
    Say::new(key).with("name", &one.name).with("days", days)
}

/// A label and a text of up to three rows beside it. Gives the rows it took.
fn block(frame: &mut Frame, area: Rect, label: &str, text: &str, role: Role, look: &Look) -> u16 {
    paint::line(frame, area, 0, label, look.style(Role::Dim));
    let right = Rect {
        x: area.x + LABEL.min(area.width),
        width: area.width.saturating_sub(LABEL),
        ..area
    };
    let lines = width::wrap(text, right.width.into());
    let mut rows = 0;
    for text in lines.iter().take(3) {
        paint::line(frame, right, rows, text, look.style(role));
        rows += 1;
    }
    rows.max(1)
}

/// Nobody yet: what brings a member here.
fn nobody(frame: &mut Frame, area: Rect, look: &Look) {
    let mut row = 0;
    for key in [
        "counter.nobody",
        "counter.nobody_scan",
        "counter.nobody_quick",
    ] {
        for text in width::wrap(look.text(key), area.width.into()) {
            paint::line(frame, area, row, &text, look.style(Role::Dim));
            row += 1;
        }
        row += 1;
    }
}
