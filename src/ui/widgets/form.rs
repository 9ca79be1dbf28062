//! Labelled fields one below the other, with what is wrong beside each: every screen that edits.
//!
//! A field takes characters; a choice changes with Left and Right; of several each is switched
//! with the space bar. Up, Down and Tab move, Enter goes on and saves on the last line.

mod entry;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::field::Field;
use crate::domain::money::Fen;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Input, Look, is_narrow};
use crate::ui::text::Say;
pub use entry::Word;
use entry::{Control, Entry};

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
    /// The controls and whether they were edited, before a scanner began to type.
    marked: Option<(Vec<Control>, bool)>,
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

    /// Adds a choice among options.
    #[must_use]
    pub fn choice<W: Into<Word>>(
        self,
        label: &'static str,
        options: Vec<W>,
        chosen: usize,
    ) -> Self {
        let options = options.into_iter().map(Into::into).collect();
        self.add(label, Control::Choice { options, chosen })
    }

    /// Adds a question answered by yes or no.
    #[must_use]
    pub fn yes_no(self, label: &'static str, yes: bool) -> Self {
        self.choice(label, vec!["confirm.no", "confirm.yes"], usize::from(yes))
    }

    /// Adds options of which any may be switched on.
    #[must_use]
    pub fn several(self, label: &'static str, options: Vec<(Word, bool)>) -> Self {
        self.add(label, Control::Several { options, at: 0 })
    }

    /// Says beside the entry added last what to type.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Say>) -> Self {
        let last = self.entries.len().saturating_sub(1);
        self.say_hint(last, Some(hint.into()));
        self
    }

    /// Offers texts for the field added last, taken with the page keys.
    #[must_use]
    pub fn known(mut self, known: Vec<String>) -> Self {
        if let Some(entry) = self.entries.last_mut() {
            entry.known = known;
        }
        self
    }

    fn add(mut self, label: &'static str, control: Control) -> Self {
        self.entries.push(Entry {
            label,
            control,
            wrong: None,
            hint: None,
            known: Vec::new(),
        });
        self
    }

    /// The field at `place`.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&Field> {
        match &self.entries.get(place)?.control {
            Control::Field(field) => Some(field),
            _ => None,
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

    /// Whether the answer at `place` is yes.
    #[must_use]
    pub fn is_yes(&self, place: usize) -> bool {
        self.chosen(place) == 1
    }

    /// Which of several options are on, by their places.
    #[must_use]
    pub fn switched_on(&self, place: usize) -> Vec<usize> {
        let Some(Control::Several { options, .. }) =
            self.entries.get(place).map(|entry| &entry.control)
        else {
            return Vec::new();
        };
        let places = options.iter().enumerate();
        places
            .filter_map(|(place, (_, on))| on.then_some(place))
            .collect()
    }

    /// The place where typing goes.
    #[must_use]
    pub const fn focus(&self) -> usize {
        self.focus
    }

    /// Goes to `place`.
    pub fn go(&mut self, place: usize) {
        self.focus = place.min(self.entries.len().saturating_sub(1));
    }

    /// Empties the field at `place` and overwrites what stood there.
    pub fn wipe(&mut self, place: usize) {
        if let Some(entry) = self.entries.get_mut(place)
            && let Control::Field(field) = &mut entry.control
        {
            field.wipe();
        }
    }

    /// Fills the field at `place`, as typing would.
    pub fn fill(&mut self, place: usize, text: &str) {
        if let Some(entry) = self.entries.get_mut(place)
            && let Control::Field(field) = &mut entry.control
        {
            field.set(text);
            entry.wrong = None;
            self.dirty = true;
        }
    }

    /// Chooses the option at `place`, as Left and Right would.
    pub fn choose(&mut self, place: usize, option: usize) {
        if let Some(entry) = self.entries.get_mut(place)
            && let Control::Choice { options, chosen } = &mut entry.control
            && option < options.len()
        {
            self.dirty |= *chosen != option;
            *chosen = option;
            entry.wrong = None;
        }
    }

    /// Puts other options where there is a choice, the first of them chosen.
    pub fn offer(&mut self, place: usize, words: Vec<Word>) {
        if let Some(entry) = self.entries.get_mut(place)
            && let Control::Choice { options, chosen } = &mut entry.control
        {
            *options = words;
            *chosen = 0;
            entry.wrong = None;
        }
    }

    /// Counts as edited, for what the screen keeps beside the form.
    pub const fn touch(&mut self) {
        self.dirty = true;
    }

    /// What is said beside the entry at `place` while nothing is wrong.
    pub fn say_hint(&mut self, place: usize, hint: Option<Say>) {
        if let Some(entry) = self.entries.get_mut(place) {
            entry.hint = hint;
        }
    }

    /// The amount in the field at `place`; `None` after saying what is wrong there.
    pub fn need_amount(&mut self, place: usize) -> Option<Fen> {
        let amount = Fen::parse(self.value(place));
        if amount.is_none() {
            let wrong = self.get(place).and_then(Field::complaint);
            self.refuse(place, wrong.unwrap_or("field.amount"));
        }
        amount
    }

    /// The text in the field at `place`; `None` after saying that it is empty.
    pub fn need_text(&mut self, place: usize) -> Option<String> {
        let text = self.value(place).to_owned();
        if text.is_empty() {
            self.refuse(place, "field.empty");
            return None;
        }
        Some(text)
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
        match input {
            Input::Mark => {
                let controls = self.entries.iter().map(|entry| entry.control.clone());
                self.marked = Some((controls.collect(), self.dirty));
                return Did::Edited;
            }
            Input::Rollback => {
                if let Some((controls, dirty)) = self.marked.take() {
                    for (entry, control) in self.entries.iter_mut().zip(controls) {
                        entry.control = control;
                    }
                    self.dirty = dirty;
                }
                return Did::Edited;
            }
            _ => {}
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

    /// Draws the entries, one row each, two in a narrow area; scrolls to the focus and says in a last
    /// row what does not fit.
    pub fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let rows = if is_narrow(area) { 2 } else { 1 };
        let all = self.entries.len();
        let fits = all <= usize::from(area.height / rows);
        let signs = u16::from(!fits && area.height > rows);
        let page = usize::from((area.height - signs) / rows).max(1);
        self.offset = self
            .offset
            .clamp((self.focus + 1).saturating_sub(page), self.focus)
            .min(all.saturating_sub(page));
        let entries = self.entries.iter().enumerate().skip(self.offset);
        for (row, (place, entry)) in (0..).zip(entries.take(page)) {
            let spot = Rect {
                height: rows,
                ..paint::below(area, row * rows)
            };
            entry.view(frame, spot, place == self.focus, look);
        }
        if signs > 0 {
            let last = paint::below(area, area.height - 1);
            let below = all.saturating_sub(self.offset + page);
            paint::more(frame, last, self.offset, below, look);
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
            .choice("b", vec!["x", "y"], 0)
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
    fn several_options_and_known_texts() {
        let options = ["x", "y", "z"].map(|key| (Word::from(key), false));
        let mut form = Form::new()
            .several("a", options.to_vec())
            .field("b", Field::new(Kind::Any))
            .known(vec!["p".into(), "q".into()]);
        form.on(&Input::Action(Action::Right));
        form.on(&Input::Text(' '));
        form.on(&Input::Text('7'));
        assert_eq!(form.switched_on(0), [1]);
        form.on(&Input::Action(Action::Down));
        for (action, text) in [
            (Action::PageDown, "p"),
            (Action::PageDown, "q"),
            (Action::PageDown, "q"),
            (Action::PageUp, "p"),
        ] {
            form.on(&Input::Action(action));
            assert_eq!(form.value(1), text);
        }
    }

    #[test]
    fn a_scan_leaves_every_control_as_it_was() {
        let mut form = form();
        form.on(&Input::Action(Action::Down));
        form.on(&Input::Mark);
        form.on(&Input::Text(' '));
        form.on(&Input::Rollback);
        assert_eq!(form.chosen(1), 0);
        assert!(!form.is_dirty());
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
