//! Labelled fields one below the other, with what is wrong beside each: every screen that edits.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::field::Field;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Input, Look, is_narrow};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

/// Columns of the labels.
const LABEL: u16 = 16;

/// Columns of an entry before what is wrong with it.
const ENTRY: u16 = 28;

/// What an entry holds.
#[derive(Debug, Clone)]
pub enum Control {
    Field(Field),
    /// One of some texts, changed with Left and Right.
    Choice {
        options: Vec<String>,
        chosen: usize,
    },
}

/// One line of the form.
#[derive(Debug, Clone)]
struct Entry {
    /// A key of the texts.
    label: &'static str,
    control: Control,
    wrong: Option<Say>,
}

/// What an input did to the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// Nothing: it is for the screen.
    Nothing,
    /// Typing or moving.
    Edited,
    /// The person wants to keep it: check, mark what is wrong with [`Form::refuse`], or save.
    Save,
}

/// The form; entries are addressed by their place, in the order they were added.
#[derive(Debug, Clone, Default)]
pub struct Form {
    entries: Vec<Entry>,
    focus: usize,
    offset: usize,
    dirty: bool,
}

impl Form {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field under a label.
    #[must_use]
    pub fn field(self, label: &'static str, field: Field) -> Self {
        self.add(label, Control::Field(field))
    }

    /// Adds a choice among texts.
    #[must_use]
    pub fn choice(self, label: &'static str, options: Vec<String>, chosen: usize) -> Self {
        self.add(label, Control::Choice { options, chosen })
    }

    fn add(mut self, label: &'static str, control: Control) -> Self {
        self.entries.push(Entry {
            label,
            control,
            wrong: None,
        });
        self
    }

    /// The field at `place`.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&Field> {
        match &self.entries.get(place)?.control {
            Control::Field(field) => Some(field),
            Control::Choice { .. } => None,
        }
    }

    /// The text of the field at `place`, without spaces around it; empty where there is none.
    #[must_use]
    pub fn value(&self, place: usize) -> &str {
        self.get(place).map_or("", |field| field.value().trim())
    }

    /// Puts a text into the field at `place`: an edit, as if it had been typed.
    pub fn set(&mut self, place: usize, text: &str) {
        if let Some(entry) = self.entries.get_mut(place)
            && let Control::Field(field) = &mut entry.control
        {
            field.set(text);
            entry.wrong = None;
            self.dirty = true;
        }
    }

    /// The option chosen at `place`, 0 where there is none.
    #[must_use]
    pub fn chosen(&self, place: usize) -> usize {
        match self.entries.get(place).map(|entry| &entry.control) {
            Some(Control::Choice { chosen, .. }) => *chosen,
            _ => 0,
        }
    }

    /// Whether anything was edited: Esc asks before it is lost.
    #[must_use]
    pub const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Says what is wrong at `place` and goes there.
    pub fn refuse(&mut self, place: usize, wrong: impl Into<Say>) {
        if let Some(entry) = self.entries.get_mut(place) {
            entry.wrong = Some(wrong.into());
            self.focus = place;
        }
    }

    /// Takes an input. Enter goes to the next entry and saves on the last; `save` saves at once.
    pub fn on(&mut self, input: &Input) -> Did {
        if let Input::Mark | Input::Rollback = input {
            for entry in &mut self.entries {
                if let Control::Field(field) = &mut entry.control {
                    field.on(input);
                }
            }
            return Did::Edited;
        }
        let last = self.entries.len().saturating_sub(1);
        if let Some(entry) = self.entries.get_mut(self.focus)
            && entry.edit(input, &mut self.dirty)
        {
            entry.wrong = None;
            return Did::Edited;
        }
        match input {
            Input::Action(Action::Save) => return Did::Save,
            Input::Action(Action::Accept) if self.focus >= last => return Did::Save,
            Input::Action(Action::Accept | Action::Down | Action::Next) => {
                self.focus = (self.focus + 1).min(last);
            }
            Input::Action(Action::Up | Action::Previous) => {
                self.focus = self.focus.saturating_sub(1);
            }
            _ => return Did::Nothing,
        }
        Did::Edited
    }

    /// Draws the entries, one row each, two in a narrow area; scrolls to the focus.
    pub fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let rows = if is_narrow(area) { 2 } else { 1 };
        let page = usize::from(area.height / rows).max(1);
        self.offset = self
            .offset
            .clamp((self.focus + 1).saturating_sub(page), self.focus);
        let entries = self.entries.iter().enumerate().skip(self.offset);
        for (row, (place, entry)) in (0..).zip(entries.take(page)) {
            let spot = Rect {
                height: rows,
                ..paint::below(area, row * rows)
            };
            entry.view(frame, spot, place == self.focus, look);
        }
    }
}

impl Entry {
    fn edit(&mut self, input: &Input, dirty: &mut bool) -> bool {
        match &mut self.control {
            Control::Field(field) => {
                let before = field.value().to_owned();
                let took = field.on(input);
                *dirty |= before != field.value();
                took
            }
            Control::Choice { options, chosen } => {
                let last = options.len().saturating_sub(1);
                let next = match input {
                    Input::Action(Action::Left) => chosen.saturating_sub(1),
                    Input::Action(Action::Right) => (*chosen + 1).min(last),
                    Input::Text(' ') => (*chosen + 1) % options.len().max(1),
                    _ => return false,
                };
                *dirty |= next != *chosen;
                *chosen = next;
                true
            }
        }
    }

    fn view(&self, frame: &mut Frame, area: Rect, focused: bool, look: &Look) {
        let label = width::left(look.text(self.label), LABEL.into());
        paint::line(frame, area, 0, &label, look.style(Role::Dim));
        let right = Rect {
            x: area.x + LABEL.min(area.width),
            width: area.width.saturating_sub(LABEL).min(ENTRY),
            ..area
        };
        match &self.control {
            Control::Field(field) => field.view(frame, right, focused, look),
            Control::Choice { options, chosen } => {
                let text = options.get(*chosen).map_or("", String::as_str);
                let role = if focused { Role::Focus } else { Role::Text };
                let text = format!("< {text} >");
                paint::line(frame, right, 0, &text, look.style(role));
            }
        }
        if let Some(wrong) = &self.wrong {
            let text = format!("! {}", look.say(wrong));
            let spot = if area.height > 1 {
                paint::below(area, 1)
            } else {
                let taken = (LABEL + ENTRY + 1).min(area.width);
                Rect {
                    x: area.x + taken,
                    width: area.width - taken,
                    ..area
                }
            };
            paint::line(frame, spot, 0, &text, look.style(Role::Warn));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::widgets::field::Kind;

    fn form() -> Form {
        Form::new()
            .field("a", Field::new(Kind::Any))
            .choice("b", vec!["x".into(), "y".into()], 0)
            .field("c", Field::new(Kind::Digits))
    }

    #[test]
    fn enter_walks_and_saves_on_the_last() {
        let mut form = form();
        let enter = Input::Action(Action::Accept);
        form.on(&Input::Text('王'));
        assert_eq!(form.on(&enter), Did::Edited);
        form.on(&Input::Action(Action::Right));
        assert_eq!(form.on(&enter), Did::Edited);
        form.on(&Input::Text('7'));
        assert_eq!(form.on(&enter), Did::Save);
        assert_eq!(
            (form.value(0), form.chosen(1), form.value(2)),
            ("王", 1, "7")
        );
        assert!(form.is_dirty());
    }

    #[test]
    fn a_refusal_goes_to_its_entry_and_typing_clears_it() {
        let mut form = form();
        form.refuse(2, "field.empty");
        assert!(
            form.entries
                .last()
                .is_some_and(|entry| entry.wrong.is_some())
        );
        form.on(&Input::Text('7'));
        assert!(
            form.entries
                .last()
                .is_some_and(|entry| entry.wrong.is_none())
        );
        assert_eq!(form.value(2), "7");
    }
}
