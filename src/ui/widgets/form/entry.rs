//! One line of a form: its label, what it holds, and what is beside it.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Input, Look};
use crate::ui::text::{Lang, Say};
use crate::ui::theme::Role;
use crate::ui::widgets::field::Field;
use crate::ui::width;

/// Columns of the labels.
const LABEL: u16 = 16;

/// Columns of an entry before what is wrong with it.
const ENTRY: u16 = 28;

/// An option: a key of the texts, which follows the language, or a name the shop gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    Say(Say),
    Plain(String),
    /// A name that comes in both languages.
    Both {
        zh: String,
        en: String,
    },
}

impl From<&'static str> for Word {
    fn from(key: &'static str) -> Self {
        Self::Say(Say::new(key))
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

impl Word {
    fn text(&self, look: &Look) -> String {
        match self {
            Self::Say(say) => look.say(say),
            Self::Plain(text) => text.clone(),
            Self::Both { zh, en } => match look.lang {
                Lang::Zh => zh.clone(),
                Lang::En => en.clone(),
            },
        }
    }
}

/// What an entry holds.
#[derive(Debug, Clone)]
pub(super) enum Control {
    Field(Field),
    /// One of some options, changed with Left and Right.
    Choice {
        options: Vec<Word>,
        chosen: usize,
    },
    /// Any of some options: Left and Right go to one, the space bar switches it.
    Several {
        options: Vec<(Word, bool)>,
        at: usize,
    },
}

/// One line of the form.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// A key of the texts.
    pub(super) label: &'static str,
    pub(super) control: Control,
    pub(super) wrong: Option<Say>,
    /// What to type, or what it comes to.
    pub(super) hint: Option<Say>,
    /// Texts the field is likely to get, taken with the page keys.
    pub(super) known: Vec<String>,
}

impl Entry {
    /// Takes an input; sets `dirty` when it changed something. Whether it was for this entry.
    pub(super) fn edit(&mut self, input: &Input, dirty: &mut bool) -> bool {
        match &mut self.control {
            Control::Field(field) => {
                let before = field.value().to_owned();
                let took = field.on(input) || take_known(field, &self.known, input);
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
            Control::Several { options, at } => {
                match input {
                    Input::Action(Action::Left) => *at = at.saturating_sub(1),
                    Input::Action(Action::Right) => {
                        *at = (*at + 1).min(options.len().saturating_sub(1));
                    }
                    Input::Text(' ') => {
                        if let Some((_, on)) = options.get_mut(*at) {
                            *on = !*on;
                            *dirty = true;
                        }
                    }
                    _ => return false,
                }
                true
            }
        }
    }

    pub(super) fn view(&self, frame: &mut Frame, area: Rect, focused: bool, look: &Look) {
        let label = width::left(look.text(self.label), LABEL.into());
        paint::line(frame, area, 0, &label, look.style(Role::Dim));
        let right = Rect {
            x: area.x + LABEL.min(area.width),
            width: area.width.saturating_sub(LABEL),
            ..area
        };
        let entry = Rect {
            width: right.width.min(ENTRY),
            ..right
        };
        let mut taken = ENTRY + 1;
        match &self.control {
            Control::Field(field) => field.view(frame, entry, focused, look),
            Control::Choice { options, chosen } => {
                let text = options.get(*chosen).map(|option| option.text(look));
                let role = if focused { Role::Focus } else { Role::Text };
                let text = format!("< {} >", text.unwrap_or_default());
                taken = taken.max(paint::line(frame, right, 0, &text, look.style(role)) + 1);
            }
            Control::Several { options, at } => {
                let at = focused.then_some(*at);
                taken = taken.max(several(frame, right, options, at, look));
            }
        }
        let beside = match (&self.wrong, &self.hint) {
            (Some(wrong), _) => Some((format!("! {}", look.say(wrong)), Role::Warn)),
            (None, Some(hint)) => Some((look.say(hint), Role::Dim)),
            (None, None) => None,
        };
        let Some((text, role)) = beside else {
            return;
        };
        let spot = if area.height > 1 {
            // Below the entry, or from the left when that is too long.
            let sign = if role == Role::Warn { 2 } else { 0 };
            let indent = LABEL - sign;
            let fits = width::columns(&text) + indent <= area.width;
            let indent = if fits { indent } else { 0 };
            Rect {
                x: area.x + indent.min(area.width),
                width: area.width.saturating_sub(indent),
                ..paint::below(area, 1)
            }
        } else {
            let taken = taken.min(right.width);
            Rect {
                x: right.x + taken,
                width: right.width - taken,
                ..right
            }
        };
        paint::line(frame, spot, 0, &text, look.style(role));
    }
}

/// The next or the one before among the texts a field is likely to get.
fn take_known(field: &mut Field, known: &[String], input: &Input) -> bool {
    let place = known.iter().position(|text| text == field.value());
    let next = match (input, place) {
        (Input::Action(Action::PageDown), None) => 0,
        (Input::Action(Action::PageDown), Some(place)) => place + 1,
        (Input::Action(Action::PageUp), Some(place)) => place.saturating_sub(1),
        (Input::Action(Action::PageUp), None) => known.len().saturating_sub(1),
        _ => return false,
    };
    let Some(text) = known.get(next) else {
        return false;
    };
    field.set(text);
    true
}

/// `[x]` before each option that is on; the one at `at` is where the space bar works.
fn several(
    frame: &mut Frame,
    area: Rect,
    options: &[(Word, bool)],
    at: Option<usize>,
    look: &Look,
) -> u16 {
    let text_of = |(option, on): &(Word, bool)| {
        let sign = if *on { "[x]" } else { "[ ]" };
        format!("{sign}{}", option.text(look))
    };
    // Those before the one in focus that leave it no room are scrolled away.
    let until = |at: usize, from: usize| -> usize {
        let shown = options.iter().take(at + 1).skip(from);
        shown.map(|option| width::width(&text_of(option)) + 1).sum()
    };
    let at_least = at.unwrap_or(0);
    let first = (0..at_least).find(|from| until(at_least, *from) <= usize::from(area.width));
    let mut rest = area;
    for (place, option) in options.iter().enumerate().skip(first.unwrap_or(at_least)) {
        let text = text_of(option);
        let focused = at == Some(place);
        let role = if focused { Role::Focus } else { Role::Text };
        let taken = paint::line(frame, rest, 0, &text, look.style(role));
        if focused && look.active && rest.width > 1 {
            frame.set_cursor_position((rest.x + 1, rest.y));
        }
        let step = (taken + 1).min(rest.width);
        rest.x += step;
        rest.width -= step;
    }
    area.width - rest.width
}
