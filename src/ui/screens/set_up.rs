//! The first start: a shop out of seven answers. Under two minutes from here to the first sale.
//!
//! Afterwards the owner is signed in with the number and PIN she has just typed twice: nothing is
//! typed a third time, and the PIN is checked the same way as on every other day.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::preset::{self, Kind as Ware, Preset};
use crate::domain::staff::{PIN_DIGITS, Pin};
use crate::error::{Kind as Fault, Refusal, Result};
use crate::query::{self, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step, is_narrow};
use crate::ui::text::{Lang, Say};
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form, Word};
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Places in the form.
const SHOP: usize = 0;
const INDUSTRY: usize = 1;
const OWNER: usize = 2;
const NUMBER: usize = 3;
const PIN: usize = 4;
const AGAIN: usize = 5;

/// Entries of the form, and columns of the name of an industry in the list below it.
const ENTRIES: u16 = 6;
const TITLE: usize = 22;

/// Longest names and staff number.
const NAME_LENGTH: usize = 30;
const NUMBER_LENGTH: usize = 12;

/// The set-up; pops `Outcome::SignedIn`.
#[derive(Debug)]
pub struct SetUp {
    form: Form,
    presets: Vec<(&'static str, Preset)>,
    asked: Option<Ticket>,
}

impl Default for SetUp {
    fn default() -> Self {
        Self::new()
    }
}

impl SetUp {
    #[must_use]
    pub fn new() -> Self {
        let presets = preset::all();
        let titles = presets.iter().map(|(_, preset)| Word::Both {
            zh: preset.title.zh.clone(),
            en: preset.title.en.clone(),
        });
        let name = || Field::new(Kind::Any).most(NAME_LENGTH);
        let pin = || Field::new(Kind::Pin).most(*PIN_DIGITS.end());
        let number = Field::new(Kind::Digits).most(NUMBER_LENGTH).with("1");
        let form = Form::new()
            .field("set_up.shop", name())
            .choice("set_up.industry", titles.collect(), 0)
            .hint("set_up.industry_hint")
            .field("set_up.owner", name())
            .field("set_up.number", number)
            .hint("set_up.number_hint")
            .field("set_up.pin", pin())
            .hint("set_up.pin_hint")
            .field("set_up.again", pin());
        Self {
            form,
            presets,
            asked: None,
        }
    }

    /// What was answered; none after saying what is wrong.
    fn answers(&mut self, cx: &Cx) -> Option<query::SetUp> {
        let shop = self.form.need_text(SHOP)?;
        let owner = self.form.need_text(OWNER)?;
        let number = self.form.need_text(NUMBER)?;
        let pin = new_pin(&mut self.form, PIN, AGAIN)?;
        let (preset, _) = self.presets.get(self.form.chosen(INDUSTRY))?;
        Some(query::SetUp {
            shop,
            store: cx.text("set_up.store").to_owned(),
            preset: (*preset).to_owned(),
            owner,
            number,
            pin,
            english: cx.lang == Lang::En,
        })
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        match answer {
            Ok(Reply::Opening(opening)) => {
                cx.session.open(*opening);
                self.asked = Some(cx.ask(Query::SignIn {
                    number: self.form.value(NUMBER).to_owned(),
                    pin: Pin(self.form.value(PIN).to_owned()),
                }));
                Step::Stay
            }
            Ok(Reply::SignedIn(staff)) => {
                let name = &staff.name;
                cx.notice(Tone::Good, Say::new("set_up.done").with("name", name));
                Step::Pop(Some(Outcome::SignedIn(staff)))
            }
            Ok(_) => Step::Stay,
            Err(refusal) => refused(refusal, cx),
        }
    }

    /// Characters 1 to 8 choose an industry while it is asked for.
    fn choose(&mut self, input: &Input) -> bool {
        let Input::Text(glyph) = input else {
            return false;
        };
        let place = glyph.to_digit(10).and_then(|digit| digit.checked_sub(1));
        match place {
            Some(place) if self.form.focus() == INDUSTRY => {
                self.form.choose(INDUSTRY, place as usize);
                true
            }
            _ => false,
        }
    }
}

/// A shop that is there already, perhaps because the first answer was lost: sign in. All else is
/// said, and what was typed stays.
fn refused(refusal: Refusal, cx: &mut Cx) -> Step {
    let there = cx.session.shop.is_some() && refusal.kind != Fault::Offline;
    if there || refusal.hint == "set_up.done_already" {
        cx.notice(Tone::Warn, Say::from(&refusal));
        return Step::Home;
    }
    cx.refuse(refusal)
}

/// A PIN typed twice; none after saying what is wrong: then both are typed anew, nobody sees them.
pub(super) fn new_pin(form: &mut Form, first: usize, again: usize) -> Option<Pin> {
    let pin = Pin(form.value(first).to_owned());
    let differs = form.value(again) != pin.0;
    let wrong = pin
        .complaint()
        .or_else(|| differs.then_some("staff.pin_differs"));
    let Some(wrong) = wrong else {
        return Some(pin);
    };
    form.set(first, "");
    form.set(again, "");
    form.refuse(first, wrong);
    None
}

impl Screen for SetUp {
    fn bindings(&self) -> &'static str {
        "set_up"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            _ if self.asked.is_some() && !matches!(input, Input::Mark | Input::Rollback) => {}
            _ if self.choose(&input) => {}
            _ => {
                if self.form.on(&input) == Did::Save
                    && let Some(answers) = self.answers(cx)
                {
                    self.asked = Some(cx.ask(Query::SetUp(Box::new(answers))));
                }
            }
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            // Nothing lies below: Ctrl-q leaves.
            Action::Back => false,
            Action::Accept | Action::Save => self.asked.is_none(),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let narrow = is_narrow(area);
        view_languages(frame, area, look);
        let about = if self.asked.is_some() {
            ("set_up.making", Role::Warn)
        } else {
            ("set_up.about", Role::Title)
        };
        paint::line(frame, area, 1, look.text(about.0), look.style(about.1));
        let rows = if narrow { ENTRIES * 2 } else { ENTRIES };
        let form = Rect {
            height: rows.min(area.height.saturating_sub(3)),
            ..paint::below(area, 3)
        };
        self.form.view(frame, form, look);
        self.view_presets(frame, paint::below(area, rows + 4), look);
    }
}

impl SetUp {
    /// What each industry brings, around the chosen one.
    fn view_presets(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let brought = look.text("set_up.brought");
        paint::line(frame, area, 0, brought, look.style(Role::Dim));
        let list = paint::below(area, 1);
        let all = self.presets.len();
        let foot = u16::from(all > usize::from(list.height) && list.height > 1);
        let page = usize::from(list.height - foot.min(list.height));
        let chosen = self.form.chosen(INDUSTRY);
        let first = (chosen + 1).saturating_sub(page);
        let presets = self.presets.iter().enumerate().skip(first);
        for (row, (place, (_, preset))) in (0..).zip(presets.take(page)) {
            let role = if place == chosen {
                Role::Selected
            } else {
                Role::Text
            };
            let narrow = is_narrow(area);
            let brings = brings(preset, narrow);
            let name = format!(" {} {}", place + 1, title(preset, look));
            let name = width::left(&name, if narrow { TITLE - 4 } else { TITLE });
            let text = format!("{name} {} ", look.say(&brings));
            paint::line(frame, list, row, &text, look.style(role));
        }
        if foot > 0 {
            let sign = paint::below(list, list.height - 1);
            let below = all.saturating_sub(first + page);
            paint::more(frame, sign, first, below, look);
        }
    }
}

/// Both languages in themselves, the present one marked: readable before anything is understood.
fn view_languages(frame: &mut Frame, area: Rect, look: &Look) {
    let mut rest = area;
    for (text, lang) in [
        ("中文", Some(Lang::Zh)),
        ("English", Some(Lang::En)),
        ("F12", None),
    ] {
        let chosen = lang == Some(look.lang);
        let role = if chosen { Role::Selected } else { Role::Text };
        let taken = paint::line(frame, rest, 0, &format!(" {text} "), look.style(role));
        rest.x += taken;
        rest.width -= taken;
    }
}

fn title<'a>(preset: &'a Preset, look: &Look) -> &'a str {
    match look.lang {
        Lang::Zh => &preset.title.zh,
        Lang::En => &preset.title.en,
    }
}

/// What a preset brings, in one line.
fn brings(preset: &Preset, narrow: bool) -> Say {
    let of = |ware: Ware| {
        let items = preset.items().filter(|(category, _)| category.kind == ware);
        items.count()
    };
    let key = if narrow {
        "set_up.brings_narrow"
    } else {
        "set_up.brings"
    };
    let say = Say::new(key)
        .with("levels", preset.levels.len())
        .with("rules", preset.top_ups.len());
    if narrow {
        return say.with("items", preset.items().count());
    }
    say.with("goods", of(Ware::Goods))
        .with("services", of(Ware::Services))
}
