//! The console between two events: a session and a stack of screens. `update` takes an event and
//! says whether the screen changed; it cannot wait, fail, read a clock or do i/o.

mod keyboard;
mod renewal;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Error;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use crossterm::event::{KeyEvent, KeyEventKind};

use crate::app::keyboard::Pressed;
use crate::app::renewal::Renewal;
use crate::config::Config;
use crate::device::source::Source;
use crate::device::stroke::Stroke;
use crate::device::wedge::{Output, Wedge};
use crate::domain::scan::{Device, Scan};
use crate::error::{Kind, Result};
use crate::event::{Effect, Event, What};
use crate::ids::Ids;
use crate::query::{Noun, Reply, Ticket};
use crate::session::{Connection, Session};
use crate::ui::keymap::{Action, Keymap};
use crate::ui::screen::{Cx, Input, Outbox, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::help::Help;
use crate::ui::screens::sign_in::SignIn;
use crate::ui::text::{Lang, Say, Text};
use crate::ui::theme::Theme;
use crate::ui::widgets::notice::Tone;

/// Screens that open each other, at most; one more is not opened.
const DEEPEST: usize = 16;

/// The hint of an edit that began from an old row.
const CHANGED: &str = "manage.changed";

/// What the console is made of, read once at the start.
#[derive(Debug)]
pub struct Parts {
    pub session: Session,
    pub texts: Text,
    pub keymap: Keymap,
    pub theme: Theme,
    pub lang: Lang,
    pub ids: Ids,
    /// Lock the till after this time without a key; `None` never.
    pub idle_lock: Option<TimeDelta>,
    /// Longest pause between two characters of a keyboard scanner, milliseconds.
    pub burst_gap_ms: u64,
}

impl Parts {
    /// Reads texts, keymap and theme as `config` says; `seed` makes the ids.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn new(config: &Config, no_color: bool, seed: u128) -> anyhow::Result<Self> {
        let terminal = &config.terminal;
        let theme = Theme::new(
            &config.theme,
            terminal.borders,
            terminal.truecolor,
            no_color,
        );
        let texts = Text::load().map_err(Error::msg)?;
        let mut session = Session::new(config.till.number);
        session.printing = config.printing();
        session.slips = Arc::new(config.slips(&texts)?);
        Ok(Self {
            session,
            texts,
            keymap: Keymap::load().map_err(Error::msg)?,
            theme: theme.map_err(Error::msg)?,
            lang: config.lang,
            ids: Ids::new(seed),
            idle_lock: config.idle_lock(),
            burst_gap_ms: config.scanner.burst_gap_ms,
        })
    }
}

#[derive(Debug)]
struct Layer {
    id: u64,
    screen: Box<dyn Screen>,
    /// Put there by the console itself, not by the screen below.
    is_laid_over: bool,
}

/// The console.
#[derive(Debug)]
pub struct App {
    parts: Parts,
    stack: Vec<Layer>,
    last_layer: u64,
    /// Who waits for which answer.
    waiting: BTreeMap<Ticket, u64>,
    outbox: Outbox,
    renewal: Renewal,
    effects: Vec<Effect>,
    now: DateTime<Utc>,
    last_key: DateTime<Utc>,
    /// The layer that locks the till.
    lock: Option<u64>,
    /// Finds the scans among the keys.
    wedge: Wedge,
    /// The layers that remember what they were before the characters that may be a scan.
    marked: Vec<u64>,
    done: bool,
}

impl App {
    /// A console with `first` as its lowest screen.
    #[must_use]
    pub fn new(parts: Parts, first: Box<dyn Screen>, now: DateTime<Utc>) -> Self {
        let mut app = Self {
            wedge: keyboard::detector(parts.burst_gap_ms),
            marked: Vec::new(),
            parts,
            stack: Vec::new(),
            last_layer: 0,
            waiting: BTreeMap::new(),
            outbox: Outbox::default(),
            renewal: Renewal::default(),
            effects: Vec::new(),
            now,
            last_key: now,
            lock: None,
            done: false,
        };
        app.push(first, false);
        app
    }

    /// Takes one event; returns whether to draw again.
    pub fn update(&mut self, event: Event) -> bool {
        let before = self.now;
        self.now = event.at.max(before);
        let turned = minute(before) != minute(self.now);
        // First of all: the machine may have slept past the time, and this be a stranger's key.
        let locks = self.lock_at().is_some_and(|at| at <= self.now);
        if locks {
            self.lock();
        }
        if let What::Key(_) | What::Paste(_) | What::Scan(_) = event.what {
            self.last_key = self.now;
        }
        let changed = match event.what {
            What::Key(key) => self.key(key),
            What::Paste(text) => self.stroke(Stroke::Paste(text)),
            What::Scan(scan) => {
                if let Device::Usb(name) = &scan.device {
                    self.parts.session.tallies.scanned(name, &scan, self.now);
                }
                self.scanned(scan)
            }
            What::Garbled(name) => {
                self.parts.session.tallies.refused(&name);
                self.heard(vec![Output::Garbled])
            }
            What::Reply(ticket, answer) => self.reply(ticket, answer),
            What::Changed(noun) => self.changed(noun),
            What::Connection(connection) => {
                self.parts.session.connection = connection;
                true
            }
            What::Scanner(sign) => {
                self.parts.session.scanner = sign;
                true
            }
            What::Gear(gear) => self.devices(|session| session.gear = gear),
            What::Learning(learning) => self.devices(|session| session.learning = learning),
            What::Printer(state) => {
                self.parts.session.printer = state;
                true
            }
            What::Trouble(refusal) => {
                let say = Say::from(&refusal);
                self.outbox.notify(Tone::Warn, say, self.now);
                true
            }
            What::Resize(..) => true,
            What::Wake => self.wake(),
            What::Hangup => {
                self.quit();
                false
            }
        };
        // Answers for screens that have closed are not waited for.
        let stack = &self.stack;
        self.waiting
            .retain(|_, id| stack.iter().any(|layer| layer.id == *id));
        changed || turned || locks
    }

    /// When to send `What::Wake`: a notice ends, the minute turns, a screen waits, the till locks.
    #[must_use]
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        let screens = self
            .stack
            .iter()
            .filter_map(|layer| layer.screen.deadline());
        let notice = self.outbox.notice.as_ref().map(|notice| notice.until);
        let next_minute = minute(self.now) + TimeDelta::minutes(1);
        screens
            .chain(notice)
            .chain(self.lock_at())
            .chain(self.wedge.deadline().and_then(keyboard::time))
            .chain([next_minute])
            .min()
    }

    /// What to do now; the caller performs each once.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The session, to be read by tests and the loop.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.parts.session
    }

    /// A key of the terminal: perhaps a person's, perhaps a scanner's.
    fn key(&mut self, key: KeyEvent) -> bool {
        if key.kind == KeyEventKind::Release {
            return false;
        }
        self.stroke(keyboard::stroke(&key))
    }

    fn stroke(&mut self, stroke: Stroke) -> bool {
        let outputs = self.wedge.feed(stroke, keyboard::millis(self.now));
        self.heard(outputs)
    }

    /// What the burst detector says, in order.
    fn heard(&mut self, outputs: Vec<Output>) -> bool {
        let mut changed = false;
        for output in outputs {
            changed |= match output {
                Output::Mark => {
                    self.marked.clear();
                    false
                }
                Output::Key(stroke) => self.typed(&stroke),
                Output::Rollback => self.rollback(),
                Output::Scan(scan) => self.scanned(scan),
                Output::Paste(text) => self.top(Input::Paste(text)),
                Output::Garbled => {
                    self.outbox
                        .notify(Tone::Warn, "app.garbled".into(), self.now);
                    true
                }
            };
        }
        changed
    }

    /// A code. A complaint about what was done before it is over.
    fn scanned(&mut self, scan: Scan) -> bool {
        self.outbox.drop_older(self.now);
        self.top(Input::Scan(scan))
    }

    /// Every screen may show the devices.
    fn devices(&mut self, learn: impl FnOnce(&mut Session)) -> bool {
        learn(&mut self.parts.session);
        let all: Vec<u64> = self.stack.iter().map(|layer| layer.id).collect();
        for id in all {
            self.give(id, Input::Devices);
        }
        true
    }

    /// A key that is no part of a scan: an action of the keymap, or a character.
    fn typed(&mut self, stroke: &Stroke) -> bool {
        let Some(layer) = self.stack.last() else {
            return false;
        };
        match keyboard::pressed(stroke) {
            Some(Pressed::Key(key)) => {
                let section = layer.screen.bindings();
                match self.parts.keymap.action(section, key) {
                    Some(action) if layer.screen.can(action) => self.act(action),
                    Some(action) => match layer.screen.why_not(action) {
                        Some(why) => {
                            self.outbox.notify(Tone::Warn, why, self.now);
                            true
                        }
                        None => false,
                    },
                    None => false,
                }
            }
            Some(Pressed::Char(glyph)) => {
                self.mark();
                self.top(Input::Text(glyph))
            }
            None => false,
        }
    }

    /// Tells the top screen to remember, once in a burst. An answer may open another screen in
    /// the middle of one: that one remembers from there.
    fn mark(&mut self) {
        if let Some(Layer { id, .. }) = self.stack.last()
            && !self.marked.contains(id)
        {
            let id = *id;
            self.marked.push(id);
            self.give(id, Input::Mark);
        }
    }

    /// It was a scan: whoever got its characters forgets them.
    fn rollback(&mut self) -> bool {
        for id in std::mem::take(&mut self.marked) {
            self.give(id, Input::Rollback);
        }
        true
    }

    /// Actions that mean the same everywhere, then the screen's own.
    fn act(&mut self, action: Action) -> bool {
        match action {
            Action::Language => self.parts.lang = self.parts.lang.other(),
            Action::Help if self.can_lay_over() => self.help(),
            Action::Quit if self.can_lay_over() => self.push(Box::new(Confirm::quit()), true),
            Action::Quit => return false,
            _ => return self.top(Input::Action(action)),
        }
        true
    }

    /// Help and the question whether to leave lie on screens and on the lock, not on each other.
    fn can_lay_over(&self) -> bool {
        let top = self.stack.last();
        top.is_some_and(|layer| !layer.is_laid_over || self.lock == Some(layer.id))
    }

    fn help(&mut self) {
        if let Some(Layer { screen, .. }) = self.stack.last() {
            let help = Help::new(screen.as_ref());
            self.push(Box::new(help), true);
        }
    }

    /// An answer goes to the screen that asked, and the header learns whether anyone answers.
    fn reply(&mut self, ticket: Ticket, answer: Result<Reply>) -> bool {
        let connection = &mut self.parts.session.connection;
        match &answer {
            // That money may have moved matters more than that something else got no answer.
            _ if matches!(connection, Connection::Unknown { .. }) => {}
            Err(refusal) if refusal.kind == Kind::Offline => *connection = Connection::Offline,
            Ok(_) if *connection == Connection::Offline => *connection = Connection::Online,
            _ => {}
        }
        // Somebody else was faster than an edit: what she edited is old on other screens too.
        if answer
            .as_ref()
            .is_err_and(|refusal| refusal.hint == CHANGED)
        {
            self.changed(Noun::All);
        }
        if answer.is_ok() && ticket.0 > self.outbox.notice_ticket {
            self.outbox.drop_older(self.now);
        }
        self.renewed(ticket, &answer);
        if let Some(layer) = self.waiting.remove(&ticket) {
            self.give(layer, Input::Reply(ticket, answer));
        }
        true
    }

    /// Time has passed: returns whether anything on the screen did.
    fn wake(&mut self) -> bool {
        let now = self.now;
        let outputs = self.wedge.tick(keyboard::millis(now));
        let mut changed = self.heard(outputs);
        if self
            .outbox
            .notice
            .as_ref()
            .is_some_and(|notice| notice.until <= now)
        {
            self.outbox.notice = None;
            changed = true;
        }
        let due = self.stack.iter().filter(|layer| {
            let deadline = layer.screen.deadline();
            deadline.is_some_and(|deadline| deadline <= now)
        });
        let due: Vec<u64> = due.map(|layer| layer.id).collect();
        for id in due {
            self.give(id, Input::Tick);
            changed = true;
        }
        changed
    }

    fn lock_at(&self) -> Option<DateTime<Utc>> {
        if self.is_locked() || self.parts.session.staff.is_none() {
            return None;
        }
        Some(self.last_key + self.parts.idle_lock?)
    }

    fn is_locked(&self) -> bool {
        self.lock.is_some_and(|id| self.is_open(id))
    }

    fn lock(&mut self) {
        if let Some(staff) = self.parts.session.staff.clone() {
            self.push(Box::new(SignIn::lock(staff)), true);
            self.lock = self.stack.last().map(|layer| layer.id);
        }
    }

    fn top(&mut self, input: Input) -> bool {
        let Some(layer) = self.stack.last() else {
            return false;
        };
        self.give(layer.id, input);
        true
    }

    /// Hands `input` to the screen with this id, if it is still there, and takes its step.
    fn give(&mut self, id: u64, input: Input) {
        let Some(place) = self.stack.iter().position(|layer| layer.id == id) else {
            return;
        };
        let Some(layer) = self.stack.get_mut(place) else {
            return;
        };
        let mut cx = Cx {
            session: &mut self.parts.session,
            lang: self.parts.lang,
            now: self.now,
            texts: &self.parts.texts,
            ids: &mut self.parts.ids,
            outbox: &mut self.outbox,
        };
        let step = layer.screen.on(input, &mut cx);
        if !matches!(step, Step::Stay) {
            self.outbox.drop_older(self.now);
        }
        if self.outbox.is_fresh(self.now) {
            self.outbox.notice_ticket = self.outbox.last_ticket;
        }
        for (ticket, query) in self.outbox.asked.drain(..) {
            self.waiting.insert(ticket, id);
            self.effects.push(Effect::Query(ticket, Box::new(query)));
        }
        let wishes = self.outbox.wishes.drain(..);
        self.effects.extend(wishes.map(Effect::Wish));
        let orders = self.outbox.orders.drain(..).map(Effect::Print);
        self.effects.extend(orders);
        let shown = self.outbox.shown.take().map(Effect::Show);
        self.effects.extend(shown);
        self.step(place, step);
    }

    /// Takes the step of the screen at `place`; what it had opened above it closes with it. What
    /// the console itself laid on top (lock, help, the question whether to leave) stays there: a
    /// late answer neither unlocks a till nor hides a question.
    fn step(&mut self, place: usize, step: Step) {
        let mut above = self.stack.iter().skip(place + 1);
        let laid = above.position(|layer| layer.is_laid_over);
        let over = laid.map(|laid| self.stack.split_off(place + 1 + laid));
        match step {
            Step::Stay => {}
            Step::Push(screen) => self.push(screen, false),
            Step::Replace(screen) => {
                let was_laid = self
                    .stack
                    .get(place)
                    .is_some_and(|layer| layer.is_laid_over);
                self.stack.truncate(place);
                self.push(screen, was_laid);
            }
            Step::Pop(outcome) => {
                self.stack.truncate(place.max(1));
                if let Some(outcome) = outcome {
                    self.top(Input::Outcome(outcome));
                }
            }
            Step::PassOn(outcome, scan) => {
                self.step(place, Step::Pop(outcome));
                self.top(Input::Scan(scan));
            }
            Step::Home => {
                self.stack.truncate(1);
                self.top(Input::Opened);
            }
            Step::Lock => self.lock(),
            Step::Quit => self.quit(),
        }
        self.stack.extend(over.into_iter().flatten());
    }

    fn push(&mut self, screen: Box<dyn Screen>, is_laid_over: bool) {
        if self.stack.len() >= DEEPEST && !is_laid_over {
            return;
        }
        self.last_layer += 1;
        let id = self.last_layer;
        self.stack.push(Layer {
            id,
            screen,
            is_laid_over,
        });
        self.give(id, Input::Opened);
    }

    fn is_open(&self, id: u64) -> bool {
        self.stack.iter().any(|layer| layer.id == id)
    }

    fn quit(&mut self) {
        if !self.done {
            self.done = true;
            self.effects.push(Effect::Quit);
        }
    }
}

/// The start of the minute of `at`.
fn minute(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at)
}
