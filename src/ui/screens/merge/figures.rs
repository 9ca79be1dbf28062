//! Two members side by side, and what each has afterwards.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::member::Member;
use crate::domain::money::{Fen, grouped};
use crate::domain::transfer::{Halves, Pair};
use crate::ui::paint;
use crate::ui::screen::{Cx, Look, is_narrow};
use crate::ui::theme::Role;
use crate::ui::width;

/// Columns of the labels, of those in the narrow form, and the most of a figure.
const LABEL: u16 = 16;
const NARROW_LABEL: u16 = 7;
const MOST: u16 = 16;

/// Her name, or that she left none.
pub fn named(member: &Member, cx: &Cx) -> String {
    match member.name.as_str() {
        "" => cx.text("member.nameless").to_owned(),
        name => name.to_owned(),
    }
}

fn claims(member: &Member) -> Fen {
    member.grants.iter().map(|it| it.value).sum()
}

fn promised(member: &Member) -> Fen {
    member.instalments.iter().map(|it| it.bonus).sum()
}

/// A row: its label, what each of both has, and what stays with the one on the right.
struct Row {
    label: &'static str,
    from: String,
    to: String,
    after: String,
}

fn money(label: &'static str, pair: &Pair, of: impl Fn(&Member) -> Fen, moved: Fen) -> Row {
    let (from, to) = (of(&pair.from), of(&pair.to));
    Row {
        label,
        from: from.to_string(),
        to: to.to_string(),
        after: (to + moved).to_string(),
    }
}

fn count(label: &'static str, from: i64, to: i64, after: i64) -> Row {
    Row {
        label,
        from: grouped(from),
        to: grouped(to),
        after: grouped(after),
    }
}

fn rows(pair: &Pair, halves: Option<&Halves>, look: &Look) -> Vec<Row> {
    let carried = halves.map(|halves| halves.carried.clone());
    let carried = carried.unwrap_or_default();
    let (from, to) = (&pair.from, &pair.to);
    let level = |id: i32| {
        let shop = look.session.shop.as_ref();
        let level = shop.and_then(|shop| shop.level(id));
        level.map_or_else(String::new, |level| level.name.clone())
    };
    let phone = |her: &Member| {
        let phone = her.phone.as_deref();
        phone.unwrap_or(look.text("member.no_phone")).to_owned()
    };
    let goes = |of: Fen| if halves.is_some() { of } else { Fen::ZERO };
    vec![
        Row {
            label: "merge.phone",
            from: phone(from),
            to: phone(to),
            after: String::new(),
        },
        Row {
            label: "merge.level",
            from: from.level.name.clone(),
            to: to.level.name.clone(),
            after: level(carried.level_after),
        },
        money(
            "member.principal",
            pair,
            |it| it.principal,
            carried.principal,
        ),
        money("member.bonus", pair, |it| it.bonus, carried.bonus),
        count(
            "member.points",
            from.points,
            to.points,
            to.points + carried.all_points(),
        ),
        money("member.packages", pair, claims, carried.value),
        money("merge.promised", pair, promised, goes(promised(from))),
        money("merge.spend", pair, |it| it.spend, carried.spend),
        count(
            "merge.visits",
            from.visits.into(),
            to.visits.into(),
            pair.together.visits.into(),
        ),
    ]
}

/// Draws them; gives the rows it took.
pub fn view(
    frame: &mut Frame,
    area: Rect,
    pair: &Pair,
    halves: Option<&Halves>,
    look: &Look,
) -> u16 {
    let label = if is_narrow(area) { NARROW_LABEL } else { LABEL };
    let wide = (area.width.saturating_sub(label) / 3).min(MOST);
    let cell = |place: u16| Rect {
        x: area.x + label + place * wide + 1,
        width: wide.saturating_sub(1),
        ..area
    };
    let put = |frame: &mut Frame, place: u16, row: u16, text: &str, role: Role| {
        let cell = cell(place);
        let text = width::fit(text, cell.width.into());
        paint::line_right(frame, cell, row, &text, look.style(role));
    };
    let name = |her: &Member| match her.name.as_str() {
        "" => look.text("member.nameless").to_owned(),
        name => name.to_owned(),
    };
    for (place, key) in (0..).zip(["merge.goes", "merge.stays", "merge.after"]) {
        put(frame, place, 0, look.text(key), Role::Dim);
    }
    for (place, text) in [
        (0, name(&pair.from)),
        (1, name(&pair.to)),
        (2, name(&pair.to)),
    ] {
        put(frame, place, 1, &text, Role::Title);
    }
    let mut row = 2;
    for it in rows(pair, halves, look) {
        let text = width::left(look.text(it.label), label.into());
        paint::line(frame, area, row, &text, look.style(Role::Dim));
        put(frame, 0, row, &it.from, Role::Text);
        put(frame, 1, row, &it.to, Role::Text);
        put(frame, 2, row, &it.after, Role::Money);
        row += 1;
    }
    row
}
