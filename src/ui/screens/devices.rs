//! The devices: each scanner live, what it is, how it is, what it read last; scan to try one.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::gear::{Gear, GearKind, GearState, Tally, Wish, masked};
use crate::domain::payment_code::wipe;
use crate::domain::reader::Readers;
use crate::domain::scan::Device;
use crate::query::{Query, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step};
use crate::ui::screens::card_form::CardForm;
use crate::ui::screens::learn::Learn;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, Table};
use crate::ui::width;

/// Rows for what is said of the selected device.
const DETAIL: u16 = 8;

const COLUMNS: &[Column] = &[
    Column::rest("devices.name"),
    Column::fixed("devices.kind", 10),
    Column::fixed("devices.scans", 6).right(),
    Column::fixed("devices.failures", 8).right(),
    Column::fixed("devices.state", 10),
];

/// The screen.
#[derive(Debug)]
pub struct Devices {
    table: Table<Gear>,
    /// The form of the selected device's card numbers is known, or without one the terminal's.
    has_form: bool,
    keeping: Option<Ticket>,
}

impl Default for Devices {
    fn default() -> Self {
        Self::new()
    }
}

impl Devices {
    #[must_use]
    pub const fn new() -> Self {
        Self {
            table: Table::new(COLUMNS, "devices.empty"),
            has_form: false,
            keeping: None,
        }
    }

    /// The selection stays with its device.
    fn refresh(&mut self, cx: &Cx) {
        let known = self.table.selected().map(|gear| gear.id.clone());
        let gear = cx.session.gear.clone();
        let place = gear.iter().position(|one| Some(&one.id) == known.as_ref());
        self.table.set(gear, true);
        self.table.select(place.unwrap_or(0));
    }

    /// The device whose form is forgotten: the selected one, or the terminal when it is the only one known.
    fn formed(&self, readers: &Readers) -> Option<Device> {
        let selected = self.table.selected();
        let selected = selected.map(|gear| Device::Usb(gear.name.clone()));
        let mut all = selected.into_iter().chain([Device::Terminal]);
        all.find(|device| readers.of(device).is_some())
    }

    /// First the form of its card numbers, which is shown; then that it is a scanner.
    fn forget(&mut self, cx: &mut Cx) {
        let Some(device) = self.formed(&cx.session.readers) else {
            self.order(cx, |id| Wish::Forget { id });
            return;
        };
        cx.session.readers.forget(&device);
        self.has_form = self.formed(&cx.session.readers).is_some();
        let name = name(&device, cx.text("devices.terminal"));
        let say = Say::new("devices.form_forgotten").with("device", name);
        cx.notice(Tone::Good, say);
        self.keeping = Some(cx.ask(Query::KeepReaders(cx.session.readers.clone())));
    }

    fn order(&self, cx: &mut Cx, order: impl Fn(String) -> Wish) {
        if let Some(gear) = self.table.selected() {
            cx.wish(order(gear.id.clone()));
        }
    }
}

impl Screen for Devices {
    fn bindings(&self) -> &'static str {
        "devices"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        let took = self.table.on(&input);
        if let Input::Opened | Input::Devices = input {
            self.refresh(cx);
        }
        self.has_form = self.formed(&cx.session.readers).is_some();
        if took {
            return Step::Stay;
        }
        match input {
            // A try: it goes nowhere else.
            Input::Scan(mut scan) => {
                let device = name(&scan.device, cx.text("devices.terminal"));
                let say = Say::new("devices.heard").with("device", device);
                cx.notice(Tone::Good, say.with("code", masked(&scan)));
                // It may have been worth money.
                wipe(&mut scan.code);
            }
            Input::Action(Action::Learn) => return Step::push(Learn::new()),
            Input::Action(Action::CardForm) => return Step::push(CardForm::new()),
            Input::Action(Action::Beep) => self.order(cx, |id| Wish::Beep { id }),
            Input::Action(Action::Trigger) => self.order(cx, |id| Wish::Trigger { id }),
            Input::Action(Action::Forget) => self.forget(cx),
            Input::Reply(ticket, answer) if self.keeping == Some(ticket) => {
                self.keeping = None;
                if let Err(refusal) = answer {
                    return cx.refuse(refusal);
                }
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let gear = self.table.selected();
        match action {
            Action::Beep | Action::Trigger => gear.is_some_and(|gear| gear.can_beep),
            // What is known of the terminal's reader goes too: the selected device may have none.
            Action::Forget => gear.is_some_and(|gear| gear.is_learnt) || self.has_form,
            _ => true,
        }
    }

    fn has(&self, action: Action) -> bool {
        match action {
            Action::Beep | Action::Trigger => !self.table.is_empty(),
            Action::Forget => !self.table.is_empty() || self.has_form,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        let title = look.text("devices.title");
        paint::line(frame, inside, 0, title, look.style(Role::Title));
        if let Some(text) = form(&Device::Terminal, look) {
            let say = Say::new("devices.form_terminal").with("text", text);
            paint::line(frame, inside, 1, &look.say(&say), look.style(Role::Dim));
        }
        let body = paint::below(inside, 2);
        let detail = DETAIL.min(body.height / 2);
        let list = Rect {
            height: body.height - detail,
            ..body
        };
        self.table.view(frame, list, look, cells);
        if let Some(gear) = self.table.selected() {
            let below = paint::below(body, list.height);
            paint::rule(frame, below, 0, look);
            let lines = said_of(gear, look);
            let columns = usize::from(below.width);
            let broken = lines.iter().flat_map(|(text, role)| {
                let broken = width::wrap(text, columns);
                broken.into_iter().map(|text| (text, *role))
            });
            for (row, (text, role)) in (1..below.height).zip(broken) {
                paint::line(frame, below, row, &text, look.style(role));
            }
        }
    }
}

fn name(device: &Device, terminal: &str) -> String {
    match device {
        Device::Usb(name) => name.clone(),
        Device::Terminal => terminal.to_owned(),
    }
}

/// What is known of the card numbers of a device.
fn form(device: &Device, look: &Look) -> Option<String> {
    let reader = look.session.readers.of(device)?;
    let mut form = reader.form.shape.name().to_owned();
    if reader.form.turned {
        form = format!("{form} {}", look.text("devices.turned"));
    }
    let kept: Vec<&str> = reader.kept.iter().map(|shape| shape.name()).collect();
    let say = Say::new("devices.form").with("form", form);
    Some(look.say(&say.with("kept", kept.join(" "))))
}

const fn kind(kind: GearKind) -> &'static str {
    match kind {
        GearKind::Pos => "devices.pos",
        GearKind::Keyboard => "devices.keyboard",
        GearKind::Serial => "devices.serial",
        GearKind::Unknown => "devices.unknown",
    }
}

const fn state(gear: &Gear) -> (&'static str, Role) {
    match gear.state {
        GearState::Opening => ("devices.opening", Role::Dim),
        GearState::Ready => ("devices.ready", Role::Good),
        GearState::Left => ("devices.left", Role::Dim),
        GearState::Trouble { .. } => ("devices.trouble", Role::Warn),
    }
}

fn tally<'a>(gear: &Gear, look: &Look<'a>) -> Option<&'a Tally> {
    let is_read = !matches!(gear.state, GearState::Left);
    is_read
        .then(|| look.session.tallies.of(&gear.name))
        .flatten()
}

fn cells(gear: &Gear, look: &Look) -> Vec<Cell> {
    let tally = tally(gear, look);
    let (state, role) = state(gear);
    let count = |count: u32| Cell::from(count.to_string());
    let failures = tally.map_or_else(String::new, |tally| format!("{}%", tally.failures()));
    vec![
        Cell::from(gear.name.clone()),
        Cell::from(look.text(kind(gear.kind))),
        tally.map_or_else(|| Cell::from(""), |tally| count(tally.scans)),
        Cell::from(failures),
        Cell::from(look.text(state)).role(role),
    ]
}

/// Where it is, what it read, and what to do when it does not.
fn said_of(gear: &Gear, look: &Look) -> Vec<(String, Role)> {
    let place = Say::new("devices.place")
        .with("numbers", &gear.numbers)
        .with("port", &gear.port);
    let mut lines = vec![(look.say(&place), Role::Dim)];
    if let Some(text) = form(&Device::Usb(gear.name.clone()), look) {
        lines.push((text, Role::Text));
    }
    match &gear.state {
        GearState::Trouble { hint, with } => {
            let say = Say {
                key: hint,
                with: with.clone(),
            };
            lines.push((look.say(&say), Role::Warn));
        }
        GearState::Left => lines.push((look.text("devices.left_why").to_owned(), Role::Text)),
        GearState::Opening | GearState::Ready => {}
    }
    let Some(tally) = tally(gear, look) else {
        return lines;
    };
    if tally.refused > 0 {
        let say = Say::new("devices.refused").with("count", tally.refused);
        lines.push((look.say(&say), Role::Text));
    }
    for glimpse in &tally.last {
        let time = look.session.clock(glimpse.at);
        let kind = glimpse.symbology.map(|kind| format!("{kind:?}"));
        let text = format!("{time}  {}  {}", glimpse.code, kind.unwrap_or_default());
        lines.push((text, Role::Text));
    }
    lines
}
