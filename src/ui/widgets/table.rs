//! `Table<T>`: rows with a selection that scrolls, in columns of display width. In a narrow area
//! each row takes two lines, the first and the last column above, the others below, figures with
//! their titles before them; three lines where two are too narrow for that.
//!
//! Lists page by keyset: when [`Table::wants_more`] says so, ask for the rows after the last one
//! and hand them to [`Table::extend`].

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::money::Fen;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Input, Look, is_narrow};
use crate::ui::theme::Role;
use crate::ui::width;

/// Rows from the end at which more are wanted.
const AHEAD: usize = 20;

/// Rows a table holds at most; beyond that a person should search.
pub const MOST_ROWS: usize = 2_000;

/// Columns between columns.
const GAP: u16 = 2;

/// Columns a text in the narrow form keeps when others need its room.
const LEAST_TEXT: usize = 8;

/// Rows that are measured for the narrow form.
const MEASURED: usize = 100;

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wide {
    /// This many display columns.
    Fixed(u16),
    /// What is left, shared among all columns that say so.
    Rest,
}

/// One column. Money and counts stand at the right.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// A key of the texts; empty for none.
    pub title: &'static str,
    pub wide: Wide,
    pub right: bool,
    /// Whether its title stands before it in the narrow form.
    pub labelled: bool,
}

impl Column {
    #[must_use]
    pub const fn fixed(title: &'static str, columns: u16) -> Self {
        Self {
            title,
            wide: Wide::Fixed(columns),
            right: false,
            labelled: false,
        }
    }

    #[must_use]
    pub const fn rest(title: &'static str) -> Self {
        Self {
            title,
            wide: Wide::Rest,
            right: false,
            labelled: false,
        }
    }

    #[must_use]
    pub const fn right(mut self) -> Self {
        self.right = true;
        self.labelled = true;
        self
    }

    /// What would not be plain without its title.
    #[must_use]
    pub const fn labelled(mut self) -> Self {
        self.labelled = true;
        self
    }

    /// What is plain without its title.
    #[must_use]
    pub const fn plain(mut self) -> Self {
        self.labelled = false;
        self
    }
}

/// What stands in one column of one row.
#[derive(Debug, Clone)]
pub struct Cell {
    pub text: String,
    pub role: Role,
}

impl Cell {
    /// An amount.
    #[must_use]
    pub fn money(amount: Fen) -> Self {
        Self {
            text: amount.to_string(),
            role: Role::Money,
        }
    }

    #[must_use]
    pub const fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }
}

impl<S: Into<String>> From<S> for Cell {
    fn from(text: S) -> Self {
        Self {
            text: text.into(),
            role: Role::Text,
        }
    }
}

/// Rows, one of them selected.
#[derive(Debug, Clone)]
pub struct Table<T> {
    columns: &'static [Column],
    /// A key of the texts: what to do when there is nothing.
    empty: &'static str,
    rows: Vec<T>,
    selected: usize,
    offset: usize,
    page: usize,
    complete: bool,
    asked: bool,
}

impl<T> Table<T> {
    /// An empty table; `empty` teaches what to do about that.
    #[must_use]
    pub const fn new(columns: &'static [Column], empty: &'static str) -> Self {
        Self {
            columns,
            empty,
            rows: Vec::new(),
            selected: 0,
            offset: 0,
            page: 10,
            complete: true,
            asked: false,
        }
    }

    /// New rows from the start; the selection stays at its place. `complete`: there are no more.
    pub fn set(&mut self, rows: Vec<T>, complete: bool) {
        self.rows = rows;
        self.limit(complete);
    }

    /// The next page.
    pub fn extend(&mut self, rows: Vec<T>, complete: bool) {
        self.rows.extend(rows);
        self.limit(complete);
    }

    fn limit(&mut self, complete: bool) {
        self.rows.truncate(MOST_ROWS);
        self.complete = complete || self.rows.len() == MOST_ROWS;
        self.asked = false;
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
    }

    #[must_use]
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// The rows, to change them in place.
    pub fn rows_mut(&mut self) -> &mut [T] {
        &mut self.rows
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row Enter takes.
    #[must_use]
    pub fn selected(&self) -> Option<&T> {
        self.rows.get(self.selected)
    }

    /// The place of the selection.
    #[must_use]
    pub const fn place(&self) -> usize {
        self.selected
    }

    /// Where the selection stands among the rows, `1/31`; `1/50+` while there are more. Empty for no rows.
    #[must_use]
    pub fn position(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let more = if self.complete { "" } else { "+" };
        format!("{}/{}{more}", self.selected + 1, self.rows.len())
    }

    /// Moves the selection to a place.
    pub fn select(&mut self, place: usize) {
        self.selected = place.min(self.rows.len().saturating_sub(1));
    }

    /// Whether to ask for the next page now: true once, until rows arrive.
    pub fn wants_more(&mut self) -> bool {
        let near = self.selected + self.page.max(AHEAD) >= self.rows.len();
        let wants = near && !self.complete && !self.asked && !self.rows.is_empty();
        self.asked |= wants;
        wants
    }

    /// Takes a key that moves the selection. Returns whether the selection moved.
    pub fn on(&mut self, input: &Input) -> bool {
        let Input::Action(action) = input else {
            return false;
        };
        let before = self.selected;
        match action {
            Action::Up => self.select(self.selected.saturating_sub(1)),
            Action::Down => self.select(self.selected + 1),
            Action::PageUp => self.select(self.selected.saturating_sub(self.page)),
            Action::PageDown => self.select(self.selected + self.page),
            Action::Home => self.select(0),
            Action::End => self.select(usize::MAX),
            _ => {}
        }
        before != self.selected
    }

    /// Draws titles and rows; `cells` gives one row's cells, in the order of the columns.
    pub fn view(
        &mut self,
        frame: &mut Frame,
        area: Rect,
        look: &Look,
        cells: impl Fn(&T, &Look) -> Vec<Cell>,
    ) {
        if self.rows.is_empty() {
            for (row, text) in (0..).zip(width::wrap(look.text(self.empty), area.width.into())) {
                paint::line(frame, area, row, &text, look.style(Role::Dim));
            }
            return;
        }
        let first = self.rows.first().map_or(0, |row| cells(row, look).len());
        let narrow = is_narrow(area) && first > 2;
        // A screen may give the narrow form cells of its own, that say what they are.
        let own = narrow && first != self.columns.len();
        let titled = !own && self.columns.iter().any(|column| !column.title.is_empty());
        let body = paint::below(area, u16::from(titled));
        let lines = if narrow {
            let measured = self.rows.iter().take(MEASURED);
            let below = measured.map(|row| self.below(&cells(row, look), area.width, look).len());
            1 + count(below.max().unwrap_or(0)).min(2)
        } else {
            1
        };
        self.page = usize::from(body.height / lines).max(1);
        self.scroll();
        if titled {
            let labels = self.columns.iter().map(|column| look.text(column.title));
            let labels: Vec<Cell> = labels
                .map(|text| Cell::from(text).role(Role::Dim))
                .collect();
            if narrow {
                narrow_row(frame, area, &labels, &[], None, look);
            } else {
                self.wide_row(frame, area, &labels, None, look);
            }
        }
        let visible = self.rows.iter().enumerate().skip(self.offset);
        for (row, (place, item)) in (0..).zip(visible.take(self.page)) {
            let spot = Rect {
                height: lines,
                ..paint::below(body, row * lines)
            };
            let over = (place == self.selected).then(|| look.style(Role::Selected));
            let cells = cells(item, look);
            if narrow {
                let below = self.below(&cells, area.width, look);
                narrow_row(frame, spot, &cells, &below, over, look);
            } else {
                self.wide_row(frame, spot, &cells, over, look);
            }
        }
    }

    /// What stands between the first and the last column, in one line or two. A text whose column takes
    /// what is left gives way first.
    fn below(&self, cells: &[Cell], columns: u16, look: &Look) -> Vec<String> {
        let [_, between @ .., _] = cells else {
            return Vec::new();
        };
        let own = cells.len() != self.columns.len();
        let mut texts: Vec<(bool, String)> = Vec::new();
        for (place, cell) in between.iter().enumerate() {
            let column = self.columns.get(place + 1).filter(|_| !own);
            let title = column.filter(|column| column.labelled && !column.title.is_empty());
            let gives = column.is_some_and(|column| column.wide == Wide::Rest);
            if !cell.text.is_empty() {
                let title = title.map(|column| format!("{} ", look.text(column.title)));
                texts.push((gives, title.unwrap_or_default() + &cell.text));
            }
        }
        let room = usize::from(columns.saturating_sub(GAP));
        let taken: usize = texts.iter().map(|(_, text)| width::width(text)).sum();
        let gaps = texts.len().saturating_sub(1);
        // Closer together when that saves a line.
        let fits = |gap: &str| taken + gaps * gap.len() <= room;
        let gap = if !fits("  ") && fits(" ") { " " } else { "  " };
        let over = (taken + gaps * gap.len()).saturating_sub(room);
        if let Some((_, text)) = texts.iter_mut().find(|(gives, _)| *gives && over > 0) {
            let left = width::width(text).saturating_sub(over).max(LEAST_TEXT);
            *text = width::fit(text, left).into_owned();
        }
        let mut lines: Vec<String> = Vec::new();
        for (_, text) in texts {
            match lines.last_mut() {
                Some(line) if own || width::width(&format!("{line}{gap}{text}")) <= room => {
                    line.push_str(gap);
                    line.push_str(&text);
                }
                _ => lines.push(text),
            }
        }
        lines
    }

    /// Keeps the selection on the page.
    const fn scroll(&mut self) {
        if self.selected < self.offset {
            self.offset = self.selected;
        } else if self.selected >= self.offset + self.page {
            self.offset = self.selected + 1 - self.page;
        }
    }

    fn wide_row(
        &self,
        frame: &mut Frame,
        area: Rect,
        cells: &[Cell],
        over: Option<Style>,
        look: &Look,
    ) {
        if let Some(style) = over {
            paint::line(frame, area, 0, &" ".repeat(area.width.into()), style);
        }
        let mut rest = area;
        for (column, cell) in self.columns.iter().zip(cells) {
            let columns = self.columns_of(column, area.width).min(rest.width);
            let text = if column.right {
                width::right(&cell.text, columns.into())
            } else {
                width::left(&cell.text, columns.into())
            };
            let style = over.unwrap_or_else(|| look.style(cell.role));
            paint::line(frame, rest, 0, &text, style);
            let step = columns.saturating_add(GAP).min(rest.width);
            rest.x += step;
            rest.width -= step;
        }
    }

    fn columns_of(&self, column: &Column, total: u16) -> u16 {
        let Wide::Fixed(columns) = column.wide else {
            let sharing = self.columns.iter().filter(|c| c.wide == Wide::Rest).count();
            let gaps = GAP.saturating_mul(count(self.columns.len().saturating_sub(1)));
            let fixed = self.columns.iter().map(|column| match column.wide {
                Wide::Fixed(columns) => columns,
                Wide::Rest => 0,
            });
            let left = total.saturating_sub(fixed.fold(gaps, u16::saturating_add));
            return left / count(sharing).max(1);
        };
        columns
    }
}

fn count(many: usize) -> u16 {
    u16::try_from(many).unwrap_or(u16::MAX)
}

/// First and last column, and the lines below them.
fn narrow_row(
    frame: &mut Frame,
    area: Rect,
    cells: &[Cell],
    below: &[String],
    over: Option<Style>,
    look: &Look,
) {
    let style = |cell: &Cell| over.unwrap_or_else(|| look.style(cell.role));
    let [first, .., last] = cells else {
        return;
    };
    if let Some(style) = over {
        for row in 0..area.height {
            paint::line(frame, area, row, &" ".repeat(area.width.into()), style);
        }
    }
    let taken = paint::line_right(frame, area, 0, &last.text, style(last));
    let rest = Rect {
        width: area.width.saturating_sub(taken + 1),
        ..area
    };
    paint::line(frame, rest, 0, &first.text, style(first));
    let dim = over.unwrap_or_else(|| look.style(Role::Dim));
    for (row, text) in (1..).zip(below) {
        paint::line(frame, area, row, &format!("  {text}"), dim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press<T>(table: &mut Table<T>, action: Action) -> bool {
        table.on(&Input::Action(action))
    }

    #[test]
    fn the_selection_stays_inside() {
        let mut table = Table::new(&[], "");
        assert!(!press(&mut table, Action::Down));
        table.set((0..30).collect(), true);
        assert!(!press(&mut table, Action::Up));
        assert!(press(&mut table, Action::PageDown));
        assert_eq!(table.selected(), Some(&10));
        press(&mut table, Action::End);
        assert_eq!(table.selected(), Some(&29));
        table.set(vec![7], true);
        assert_eq!(table.selected(), Some(&7));
    }

    #[test]
    fn more_rows_are_asked_for_once() {
        let mut table = Table::new(&[], "");
        table.set((0..50).collect(), false);
        assert!(!table.wants_more());
        press(&mut table, Action::End);
        assert!(table.wants_more());
        assert!(!table.wants_more());
        table.extend((50..60).collect(), true);
        assert_eq!(table.rows().len(), 60);
        assert!(!table.wants_more());
    }
}
