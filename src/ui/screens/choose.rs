//! A few choices in the middle of the screen: a digit takes one, or arrows move and Enter takes.

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::single::Single;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

/// Columns of the question and the choices.
const COLUMNS: u16 = 44;
/// Choices that have a digit.
const KEYS: usize = 10;

/// The screen below gets `Outcome::Chosen`, or the code when somebody scans instead.
#[derive(Debug)]
pub struct Choose {
    question: Say,
    options: Vec<Say>,
    selected: usize,
    marked: usize,
    single: Single,
}

impl Choose {
    /// The first choice is the default.
    #[must_use]
    pub fn new(question: impl Into<Say>, options: Vec<Say>) -> Self {
        Self {
            question: question.into(),
            options,
            selected: 0,
            marked: 0,
            single: Single::default(),
        }
    }

    const fn select(&mut self, place: usize) {
        if place < self.options.len() {
            self.selected = place;
        }
    }
}

/// The digit that takes the choice at `place`; a blank where there is none left, so that nobody types two.
fn key(place: usize) -> String {
    if place < KEYS {
        ((place + 1) % KEYS).to_string()
    } else {
        " ".to_owned()
    }
}

impl Screen for Choose {
    fn bindings(&self) -> &'static str {
        "choose"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if matches!(input, Input::Action(_) | Input::Rollback) {
            self.single.forget();
        }
        match input {
            Input::Action(Action::Accept) => {
                return Step::Pop(Some(Outcome::Chosen(self.selected)));
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Scan(scan) => return Step::PassOn(None, scan),
            Input::Action(Action::Up | Action::Previous) => {
                self.select(self.selected.saturating_sub(1));
            }
            Input::Action(Action::Down | Action::Next) => self.select(self.selected + 1),
            Input::Text(glyph) => {
                // The tenth is 0, as on the keys.
                let place = glyph.to_digit(10).map(|digit| (digit as usize + 9) % KEYS);
                let place = place.unwrap_or(usize::MAX);
                self.single.typed(place < self.options.len(), cx.now());
                self.select(place);
            }
            Input::Tick if self.single.acts(cx.now()) => {
                return Step::Pop(Some(Outcome::Chosen(self.selected)));
            }
            Input::Mark => self.marked = self.selected,
            Input::Rollback => self.select(self.marked),
            _ => {}
        }
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let columns = COLUMNS.min(area.width.saturating_sub(4));
        let words = width::wrap(&look.say(&self.question), columns.into());
        let above = u16::try_from(words.len()).unwrap_or(1);
        let rows = u16::try_from(self.options.len()).unwrap_or(1);
        let inside = paint::popup(frame, area, (columns, above + 1 + rows), "", look);
        for (row, text) in (0..).zip(&words) {
            paint::line(frame, inside, row, text, look.style(Role::Title));
        }
        for (place, option) in self.options.iter().enumerate() {
            let row = above + 1 + u16::try_from(place).unwrap_or(0);
            let text = format!(" {} {}", key(place), look.say(option));
            let role = if place == self.selected {
                Role::Selected
            } else {
                Role::Text
            };
            let text = width::left(&text, inside.width.into());
            paint::line(frame, inside, row, &text, look.style(role));
        }
    }

    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.single.deadline()
    }

    fn is_popup(&self) -> bool {
        true
    }
}
