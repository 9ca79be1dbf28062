//! Counted cash: one amount typed directly, or how many of each note and coin (OP1).

use ratatui::Frame;
use ratatui::layout::Rect;

use super::field::{Field, Kind};
use super::form::Did;
use super::money;
use crate::domain::money::Fen;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Input, Look, is_narrow};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

/// Notes, then coins, as they lie in the drawer: what is written on them, in fen and in words.
const PIECES: [(Fen, &str, &str); 9] = [
    (Fen(10_000), "100", "cash.note"),
    (Fen(5_000), "50", "cash.note"),
    (Fen(2_000), "20", "cash.note"),
    (Fen(1_000), "10", "cash.note"),
    (Fen(500), "5", "cash.note"),
    (Fen(100), "1", "cash.note"),
    (Fen(100), "1", "cash.coin"),
    (Fen(50), "0.5", "cash.coin"),
    (Fen(10), "0.1", "cash.coin"),
];

/// Rows it draws, without the large sum beside them.
pub const ROWS: u16 = 10;

/// Columns of the labels, of a number of pieces, and of what they come to.
const LABEL: u16 = 16;
const NUMBER: u16 = 12;
const SUM: u16 = 14;

/// Digits of a number of pieces.
const MOST_PIECES: usize = 4;

/// A count under way. The amount and the pieces never contradict each other: typing one clears
/// the other.
#[derive(Debug, Clone)]
pub struct CashCount {
    total: Field,
    pieces: [Field; 9],
    /// 0 is the amount.
    focus: usize,
    wrong: Option<&'static str>,
    marked: Option<Box<Self>>,
}

impl Default for CashCount {
    fn default() -> Self {
        Self {
            total: Field::new(Kind::Amount),
            pieces: std::array::from_fn(|_| Field::new(Kind::Digits).most(MOST_PIECES)),
            focus: 0,
            wrong: None,
            marked: None,
        }
    }
}

impl CashCount {
    /// Whether anything was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total.is_empty() && !self.has_pieces()
    }

    /// Counts once more: what is typed into a row replaces what stands there.
    pub fn again(&mut self) {
        self.total.propose();
        self.pieces.iter_mut().for_each(Field::propose);
    }

    /// What was counted; `None` after saying what is missing.
    pub fn need(&mut self) -> Option<Fen> {
        let counted = self.amount();
        if counted.is_none() {
            self.focus = 0;
            self.wrong = Some(if self.is_empty() {
                "cash.count_first"
            } else {
                "field.amount"
            });
        }
        counted
    }

    fn has_pieces(&self) -> bool {
        self.pieces.iter().any(|field| !field.is_empty())
    }

    fn amount(&self) -> Option<Fen> {
        if !self.has_pieces() {
            return self.total.amount();
        }
        let rows = PIECES.iter().zip(&self.pieces);
        Some(rows.map(|((value, ..), field)| worth(*value, field)).sum())
    }

    fn focused(&mut self) -> &mut Field {
        match self.focus.checked_sub(1) {
            Some(place) if place < PIECES.len() => {
                self.pieces.get_mut(place).unwrap_or(&mut self.total)
            }
            _ => &mut self.total,
        }
    }

    /// Takes an input. Enter on an amount is the end; on nothing it goes to the pieces.
    pub fn on(&mut self, input: &Input) -> Did {
        match input {
            Input::Mark => {
                self.marked = None;
                self.marked = Some(Box::new(self.clone()));
                return Did::Edited;
            }
            Input::Rollback => {
                if let Some(before) = self.marked.take() {
                    *self = *before;
                }
                return Did::Edited;
            }
            _ => {}
        }
        let field = self.focused();
        let before = field.value().to_owned();
        let took = field.on(input);
        if field.value() != before {
            self.wrong = None;
            if self.focus == 0 {
                self.pieces.iter_mut().for_each(Field::clear);
            } else {
                self.total.clear();
            }
        }
        if took {
            return Did::Edited;
        }
        match input {
            Input::Action(Action::Save) => return Did::Save,
            Input::Action(Action::Accept) if self.focus == 0 && !self.is_empty() => {
                return Did::Save;
            }
            Input::Action(Action::Accept) if self.focus == PIECES.len() => return Did::Save,
            Input::Action(Action::Accept | Action::Down | Action::Next) => {
                self.focus = (self.focus + 1).min(PIECES.len());
            }
            Input::Action(Action::Up | Action::Previous) => {
                self.focus = self.focus.saturating_sub(1);
            }
            _ => return Did::Nothing,
        }
        Did::Edited
    }

    /// Draws it over the first [`ROWS`] rows; the sum in large digits where there is room.
    pub fn view(&self, frame: &mut Frame, area: Rect, active: bool, look: &Look) {
        let counted = self.amount();
        self.view_total(frame, area, active, counted, look);
        let rows = PIECES.iter().zip(&self.pieces);
        for (row, ((value, text, label), field)) in (1..).zip(rows) {
            let label = look.say(&Say::new(label).with("value", text));
            let label = width::left(&label, LABEL.into());
            paint::line(frame, area, row, &label, look.style(Role::Dim));
            let number = column(area, row, LABEL, NUMBER);
            let focused = active && usize::from(row) == self.focus;
            field.view(frame, number, focused, look);
            if !field.is_empty() {
                let sum = column(area, row, LABEL + NUMBER, SUM);
                let text = worth(*value, field).to_string();
                paint::line_right(frame, sum, 0, &text, look.style(Role::Text));
            }
        }
        let large = if is_narrow(area) {
            paint::below(area, ROWS + 1)
        } else {
            paint::below(area, 3)
        };
        if let Some(counted) = counted.filter(|_| large.height >= money::LARGE_ROWS) {
            money::large(frame, large, counted, look);
        }
    }

    fn view_total(
        &self,
        frame: &mut Frame,
        area: Rect,
        active: bool,
        counted: Option<Fen>,
        look: &Look,
    ) {
        let label = width::left(look.text("cash.total"), LABEL.into());
        paint::line(frame, area, 0, &label, look.style(Role::Dim));
        let right = column(area, 0, LABEL, NUMBER);
        let focused = active && self.focus == 0;
        self.total.view(frame, right, focused, look);
        if let Some(counted) = counted.filter(|_| self.has_pieces()) {
            paint::line(
                frame,
                right,
                0,
                &counted.to_string(),
                look.style(Role::Text),
            );
        }
        let beside = if is_narrow(area) {
            paint::below(area, ROWS)
        } else {
            column(area, 0, LABEL + NUMBER + 1, area.width)
        };
        let (text, role) = match self.wrong {
            Some(wrong) => (format!("! {}", look.text(wrong)), Role::Warn),
            None => (look.text("cash.or_pieces").to_owned(), Role::Dim),
        };
        paint::line(frame, beside, 0, &text, look.style(role));
    }
}

/// What a number of pieces of one value comes to.
fn worth(value: Fen, field: &Field) -> Fen {
    value.times(field.value().parse().unwrap_or(0))
}

fn column(area: Rect, row: u16, from: u16, columns: u16) -> Rect {
    let from = from.min(area.width);
    Rect {
        x: area.x + from,
        width: columns.min(area.width - from),
        ..paint::below(area, row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(count: &mut CashCount, keys: &str) -> Did {
        let mut did = Did::Nothing;
        for key in keys.chars() {
            did = count.on(&match key {
                '>' => Input::Action(Action::Accept),
                '^' => Input::Action(Action::Up),
                glyph => Input::Text(glyph),
            });
        }
        did
    }

    #[test]
    fn an_amount_or_the_pieces_but_not_both() {
        let mut count = CashCount::default();
        assert_eq!(press(&mut count, "500>"), Did::Save);
        assert_eq!(count.need(), Some(Fen(50_000)));
        let mut other = CashCount::default();
        assert_eq!(press(&mut other, ">3>>1>>>>>>2"), Did::Edited);
        assert_eq!(other.need(), Some(Fen(30_000 + 2_000 + 20)));
        assert_eq!(press(&mut other, ">"), Did::Save);
        press(&mut other, "^^^^^^^^^7");
        assert_eq!(other.need(), Some(Fen(700)));
    }

    #[test]
    fn nothing_counted_is_not_nothing_there() {
        let mut count = CashCount::default();
        assert_eq!(count.need(), None);
        assert_eq!(count.wrong, Some("cash.count_first"));
        press(&mut count, "0");
        assert_eq!(count.need(), Some(Fen::ZERO));
    }

    #[test]
    fn a_recount_replaces_what_stands_there() {
        let mut count = CashCount::default();
        press(&mut count, "1>");
        count.again();
        assert_eq!(count.need(), Some(Fen(100)));
        count.on(&Input::Mark);
        press(&mut count, "69");
        count.on(&Input::Rollback);
        press(&mut count, "840>");
        assert_eq!(count.need(), Some(Fen(84_000)));
        let mut pieces = CashCount::default();
        press(&mut pieces, ">31>2");
        pieces.again();
        press(&mut pieces, "4^3");
        assert_eq!(pieces.need(), Some(Fen(30_000 + 20_000)));
    }

    #[test]
    fn a_scan_leaves_the_count_as_it_was() {
        let mut count = CashCount::default();
        press(&mut count, ">3");
        count.on(&Input::Mark);
        press(&mut count, "6901>");
        count.on(&Input::Rollback);
        assert_eq!(count.need(), Some(Fen(30_000)));
    }
}
