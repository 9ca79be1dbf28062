//! A grid of choices, each with a letter or a number: top-up rules, tenders. The letter moves the
//! selection, Enter takes it: a scanner that types letters never takes anything.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Input, Look};
use crate::ui::theme::Role;
use crate::ui::width;

/// The signs of the choices, in order; more choices than signs are reached by arrows.
const SIGNS: &str = "123456789abcdefghijklmnopqrstuvwxyz";

/// Columns of one tile, its gap included.
const TILE: u16 = 24;

/// Rows of one tile, its gap included.
const ROWS: u16 = 3;

/// One choice: what it is, and a second line about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    pub label: String,
    pub note: String,
}

/// The grid. What a choice stands for is its place in the list it was made from.
#[derive(Debug, Clone)]
pub struct Tiles {
    choices: Vec<Tile>,
    selected: usize,
    marked: Option<usize>,
    offset: usize,
    across: usize,
    unsigned: bool,
}

impl Tiles {
    /// A grid whose first choice is selected.
    #[must_use]
    pub const fn new(choices: Vec<Tile>) -> Self {
        Self {
            choices,
            selected: 0,
            marked: None,
            offset: 0,
            across: 1,
            unsigned: false,
        }
    }

    /// Arrows only: characters belong to a field beside the grid.
    #[must_use]
    pub const fn without_signs(mut self) -> Self {
        self.unsigned = true;
        self
    }

    /// Selects the choice that is most likely.
    #[must_use]
    pub fn with(mut self, place: usize) -> Self {
        self.select(place);
        self
    }

    /// The place Enter takes, `None` when there is no choice.
    #[must_use]
    pub fn selected(&self) -> Option<usize> {
        (!self.choices.is_empty()).then_some(self.selected)
    }

    /// Moves the selection to a place.
    pub fn select(&mut self, place: usize) {
        self.selected = place.min(self.choices.len().saturating_sub(1));
    }

    /// Takes an input that moves the selection. Returns whether it moved. `Mark` and `Rollback`
    /// are obeyed and reported as not taken.
    pub fn on(&mut self, input: &Input) -> bool {
        let before = self.selected;
        match input {
            Input::Text(glyph) if !self.unsigned => {
                let sign = glyph.to_ascii_lowercase();
                let place = SIGNS.chars().position(|known| known == sign);
                if let Some(place) = place.filter(|place| *place < self.choices.len()) {
                    self.selected = place;
                }
            }
            Input::Action(action) => self.step(*action),
            Input::Mark => self.marked = Some(before),
            Input::Rollback => {
                if let Some(place) = self.marked.take() {
                    self.select(place);
                }
                return false;
            }
            _ => {}
        }
        before != self.selected
    }

    fn step(&mut self, action: Action) {
        match action {
            Action::Left | Action::Previous => self.select(self.selected.saturating_sub(1)),
            Action::Right | Action::Next => self.select(self.selected + 1),
            Action::Up => self.select(
                self.selected
                    .checked_sub(self.across)
                    .unwrap_or(self.selected),
            ),
            Action::Down if self.selected + self.across < self.choices.len() => {
                self.select(self.selected + self.across);
            }
            Action::Home => self.select(0),
            Action::End => self.select(usize::MAX),
            _ => {}
        }
    }

    /// Draws as many tiles beside each other as fit, and scrolls to the selected one.
    pub fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let across = (area.width / TILE).max(1);
        let lines = self.choices.len().div_ceil(usize::from(across));
        // The gap below the last tiles is not needed.
        let fits = lines <= usize::from((area.height + 1) / ROWS);
        let foot = u16::from(!fits && area.height > ROWS);
        let down = ((area.height + 1 - foot) / ROWS).max(1);
        self.across = usize::from(across);
        let row = self.selected / self.across;
        self.offset = self
            .offset
            .clamp(row.saturating_sub(usize::from(down) - 1), row)
            .min(lines.saturating_sub(usize::from(down)));
        let first = self.offset * self.across;
        let shown = self.across * usize::from(down);
        let signs = SIGNS.chars().filter(|_| !self.unsigned);
        let signs = signs.map(Some).chain(std::iter::repeat(None));
        let tiles = self.choices.iter().zip(signs).enumerate();
        for (spot, (place, (tile, sign))) in (0..).zip(tiles.skip(first).take(shown)) {
            let cell = Rect {
                x: area.x + (spot % across) * TILE,
                width: (TILE - 1).min(area.width),
                ..paint::below(area, (spot / across) * ROWS)
            };
            view_tile(frame, cell, tile, sign, place == self.selected, look);
        }
        if foot > 0 {
            let last = paint::below(area, area.height - 1);
            let below = self.choices.len().saturating_sub(first + shown);
            paint::more(frame, last, first, below, look);
        }
    }
}

fn view_tile(
    frame: &mut Frame,
    area: Rect,
    tile: &Tile,
    sign: Option<char>,
    selected: bool,
    look: &Look,
) {
    let columns = usize::from(area.width);
    let label = format!(" {} {}", sign.unwrap_or(' '), tile.label);
    let note = format!("   {}", tile.note);
    let (top, bottom) = if selected {
        (Role::Selected, Role::Selected)
    } else {
        (Role::Title, Role::Dim)
    };
    paint::line(
        frame,
        area,
        0,
        &width::left(&label, columns),
        look.style(top),
    );
    paint::line(
        frame,
        area,
        1,
        &width::left(&note, columns),
        look.style(bottom),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(count: usize) -> Tiles {
        let tile = |place: usize| Tile {
            label: place.to_string(),
            note: String::new(),
        };
        let mut tiles = Tiles::new((0..count).map(tile).collect());
        tiles.across = 3;
        tiles
    }

    #[test]
    fn signs_and_arrows_move_and_a_scan_does_not() {
        let mut tiles = grid(7);
        assert!(tiles.on(&Input::Text('5')));
        assert_eq!(tiles.selected(), Some(4));
        assert!(!tiles.on(&Input::Text('9')));
        assert!(!tiles.on(&Input::Action(Action::Down)));
        assert!(tiles.on(&Input::Action(Action::Up)));
        assert_eq!(tiles.selected(), Some(1));
        tiles.on(&Input::Mark);
        tiles.on(&Input::Text('6'));
        tiles.on(&Input::Rollback);
        assert_eq!(tiles.selected(), Some(1));
        assert_eq!(grid(0).selected(), None);
    }
}
