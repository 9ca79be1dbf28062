//! One question in the middle of the screen: y and n answer, Enter takes the default, Esc goes back. Who
//! scans goes on with her work: that is a no, and the code is for the screen below.

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

/// Columns of the question.
const COLUMNS: u16 = 44;

/// A question with two answers; the screen below gets `Outcome::Yes` or `Outcome::No`.
#[derive(Debug)]
pub struct Confirm {
    question: Say,
    yes: bool,
    quits: bool,
    single: Single,
    typed: char,
}

impl Confirm {
    /// A question whose default is yes.
    #[must_use]
    pub fn new(question: impl Into<Say>) -> Self {
        Self {
            question: question.into(),
            yes: true,
            quits: false,
            single: Single::default(),
            typed: ' ',
        }
    }

    /// Makes no the default: for what cannot be undone.
    #[must_use]
    pub const fn careful(mut self) -> Self {
        self.yes = false;
        self
    }

    /// Asks whether to leave the program, and leaves.
    #[must_use]
    pub fn quit() -> Self {
        Self {
            quits: true,
            ..Self::new("app.quit")
        }
    }
}

impl Screen for Confirm {
    fn bindings(&self) -> &'static str {
        "confirm"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if matches!(input, Input::Action(_) | Input::Rollback) {
            self.single.forget();
        }
        let input = match input {
            Input::Text(glyph) => {
                let glyph = glyph.to_ascii_lowercase();
                self.single.typed(['y', 'n'].contains(&glyph), cx.now());
                self.typed = glyph;
                return Step::Stay;
            }
            Input::Tick if self.single.acts(cx.now()) => {
                self.yes = self.typed == 'y';
                Input::Action(Action::Accept)
            }
            input => input,
        };
        match input {
            Input::Action(Action::Accept) if self.yes && self.quits => return Step::Quit,
            Input::Action(Action::Accept) if self.yes => return Step::Pop(Some(Outcome::Yes)),
            // The screen below did not ask whether to leave the program.
            Input::Action(Action::Accept | Action::Back) if self.quits => return Step::Pop(None),
            Input::Action(Action::Accept | Action::Back) => {
                return Step::Pop(Some(Outcome::No));
            }
            Input::Scan(scan) => {
                return Step::PassOn((!self.quits).then_some(Outcome::No), scan);
            }
            Input::Action(Action::Left | Action::Right | Action::Next | Action::Previous) => {
                self.yes = !self.yes;
            }
            _ => {}
        }
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let columns = COLUMNS.min(area.width.saturating_sub(4));
        let lines = width::wrap(&look.say(&self.question), columns.into());
        let rows = u16::try_from(lines.len()).unwrap_or(1);
        let inside = paint::popup(frame, area, (columns, rows + 2), "", look);
        for (row, text) in (0..).zip(&lines) {
            paint::line_centred(frame, inside, row, text, look.style(Role::Title));
        }
        let yes = format!(" y {} ", look.text("confirm.yes"));
        let no = format!(" n {} ", look.text("confirm.no"));
        let role = |chosen| if chosen { Role::Selected } else { Role::Text };
        let half = width::columns(&yes) + 2 + width::columns(&no);
        let answers = paint::inset(inside, inside.width.saturating_sub(half) / 2, 0);
        let taken = paint::line(frame, answers, rows + 1, &yes, look.style(role(self.yes)));
        let after = Rect {
            x: answers.x + taken + 2,
            width: answers.width.saturating_sub(taken + 2),
            ..answers
        };
        paint::line(frame, after, rows + 1, &no, look.style(role(!self.yes)));
    }

    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.single.deadline()
    }

    fn is_popup(&self) -> bool {
        true
    }
}
