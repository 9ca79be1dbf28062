//! Drives the application by keys against a back end, with clock and ids frozen.
//!
//! ```ignore
//! let mut console = Console::open(backend);
//! console.keys("6901234567892<Enter><F2>").settle().await;
//! insta::assert_snapshot!(console.screen());
//! ```

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use guitai::app::{App, Parts};
use guitai::config::Config;
use guitai::domain::gear::Wish;
use guitai::event::{Effect, Event, What};
use guitai::query::{Backend, Ticket};
use guitai::session::Session;
use guitai::ui::keymap::Key;
use guitai::ui::screen::Screen;
use guitai::ui::screens::sign_in::SignIn;
use ratatui::Terminal;

use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::shop;

/// Between two keys of a person: slower than any scanner.
pub const BETWEEN_KEYS: TimeDelta = TimeDelta::milliseconds(120);

/// Between two keys of a scanner.
const BETWEEN_BARS: TimeDelta = TimeDelta::milliseconds(4);

/// Answers after which a test is taken to run in circles.
const MOST_ANSWERS: usize = 1_000;

/// 2026-03-09 10:32 in the shop, a Monday.
pub fn morning() -> DateTime<Utc> {
    "2026-03-09T02:32:00Z".parse().unwrap()
}

/// The shipped texts, keys and theme, ids from a fixed seed.
pub fn parts() -> Parts {
    let config = Config::parse(guitai::config::SHIPPED, Path::new("config.toml")).unwrap();
    let mut parts = Parts::new(&config, false, 7).unwrap();
    parts.session.open(shop::opening());
    parts
}

/// An application and somebody at its keyboard.
pub struct Console<B> {
    app: App,
    backend: B,
    terminal: Terminal<TestBackend>,
    now: DateTime<Utc>,
    effects: Vec<Effect>,
}

impl<B: Backend> Console<B> {
    /// The console as it starts, at 80x24.
    pub fn open(backend: B) -> Self {
        Self::with(backend, parts(), SignIn::new(None))
    }

    /// A console whose lowest screen is `first`.
    pub fn with(backend: B, parts: Parts, first: impl Screen + 'static) -> Self {
        let mut app = App::new(parts, Box::new(first), morning());
        Self {
            effects: app.take_effects(),
            app,
            backend,
            terminal: Terminal::new(TestBackend::new(80, 24)).unwrap(),
            now: morning(),
        }
    }

    /// Another size of the terminal.
    pub fn size(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        self.event(What::Resize(columns, rows))
    }

    /// Presses keys like a person: characters, and names of the keymap in `<>`. `<<` is the
    /// character `<`.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        self.press(keys, BETWEEN_KEYS)
    }

    /// Goes down the numbered menus that these digits lead through.
    pub async fn menu(&mut self, digits: &str) -> &mut Self {
        for digit in digits.chars() {
            self.keys(&digit.to_string()).keys("<Enter>").settle().await;
        }
        self
    }

    /// Presses keys as fast as a keyboard scanner.
    pub fn burst(&mut self, keys: &str) -> &mut Self {
        self.press(keys, BETWEEN_BARS)
    }

    /// Presses keys with this time before each.
    pub fn press(&mut self, keys: &str, before_each: TimeDelta) -> &mut Self {
        let mut rest = keys.chars();
        while let Some(glyph) = rest.next() {
            let mut event = KeyEvent::from(KeyCode::Char(glyph));
            if glyph == '<' {
                let name: String = rest.by_ref().take_while(|glyph| *glyph != '>').collect();
                if !name.is_empty() {
                    let key = Key::parse(&name).unwrap();
                    let modifiers = if key.ctrl {
                        KeyModifiers::CONTROL
                    } else {
                        KeyModifiers::NONE
                    };
                    event = KeyEvent::new(key.code, modifiers);
                }
            }
            self.wait(before_each).event(What::Key(event));
        }
        self
    }

    /// Anything else that can happen, now.
    pub fn event(&mut self, what: What) -> &mut Self {
        let at = self.now;
        self.app.update(Event { at, what });
        self.effects.extend(self.app.take_effects());
        self
    }

    /// Lets time pass, waking the application whenever it asked for it.
    pub fn wait(&mut self, span: TimeDelta) -> &mut Self {
        let end = self.now + span;
        while let Some(at) = self.app.deadline().filter(|at| *at <= end) {
            self.now = at;
            self.event(What::Wake);
        }
        self.now = end;
        self
    }

    /// Time passes while the machine sleeps: nothing wakes the application.
    pub fn sleep(&mut self, span: TimeDelta) -> &mut Self {
        self.now += span;
        self
    }

    /// Answers questions until none is open.
    pub async fn settle(&mut self) -> &mut Self {
        for _ in 0..MOST_ANSWERS {
            let Some(place) = self
                .effects
                .iter()
                .position(|effect| matches!(effect, Effect::Query(..)))
            else {
                return self;
            };
            if let Effect::Query(ticket, query) = self.effects.remove(place) {
                let answer = self.backend.answer(*query).await;
                self.event(What::Reply(ticket, answer));
            }
        }
        panic!("the console keeps asking");
    }

    /// Takes the oldest open question away: the test answers it itself.
    pub fn take_query(&mut self) -> Ticket {
        let query = |effect: &Effect| matches!(effect, Effect::Query(..));
        let place = self.effects.iter().position(query).unwrap();
        match self.effects.remove(place) {
            Effect::Query(ticket, _) => ticket,
            _ => panic!("no question"),
        }
    }

    /// Answers the oldest open question.
    pub async fn answer_one(&mut self) -> &mut Self {
        let query = |effect: &Effect| matches!(effect, Effect::Query(..));
        let place = self.effects.iter().position(query).unwrap();
        if let Effect::Query(ticket, query) = self.effects.remove(place) {
            let answer = self.backend.answer(*query).await;
            self.event(What::Reply(ticket, answer));
        }
        self
    }

    /// The questions that are open, in the order they were asked.
    pub fn open_questions(&self) -> Vec<Ticket> {
        let open = self.effects.iter().filter_map(|effect| match effect {
            Effect::Query(ticket, _) => Some(*ticket),
            _ => None,
        });
        open.collect()
    }

    /// What was asked of the devices since the last time.
    pub fn wishes(&mut self) -> Vec<Wish> {
        let is_wish = |effect: &mut Effect| matches!(effect, Effect::Wish(_));
        let wishes = self.effects.extract_if(.., is_wish);
        let wishes = wishes.filter_map(|effect| match effect {
            Effect::Wish(wish) => Some(wish),
            _ => None,
        });
        wishes.collect()
    }

    /// The cells of the screen.
    pub fn buffer(&mut self) -> &Buffer {
        let app = &mut self.app;
        self.terminal.draw(|frame| app.view(frame)).unwrap();
        self.terminal.backend().buffer()
    }

    /// What printer, drawer and display were told so far.
    pub fn handed_out(&self) -> Vec<&Effect> {
        let all = self.effects.iter();
        all.filter(|effect| matches!(effect, Effect::Print(_) | Effect::Show(_)))
            .collect()
    }

    /// Whether the application has asked to end.
    pub fn has_quit(&self) -> bool {
        self.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Quit))
    }

    /// The time of the test.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// When the application wants to be woken.
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        self.app.deadline()
    }

    pub fn session(&self) -> &Session {
        self.app.session()
    }

    /// Everything the application holds, as a log or a crash file would show it.
    pub fn debug(&self) -> String {
        format!("{:?}", self.app)
    }

    /// The screen as text, one line per row, without spaces at the ends.
    pub fn screen(&mut self) -> String {
        let app = &mut self.app;
        let frame = self.terminal.draw(|frame| app.view(frame)).unwrap();
        text(frame.buffer)
    }
}

/// The cells of a buffer as text; a wide glyph takes the place of two cells.
pub fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let rows = buffer.content().chunks(width).map(|row| {
        let mut line = String::new();
        let mut skip = false;
        for cell in row {
            if !skip {
                line.push_str(cell.symbol());
            }
            skip = !skip && guitai::ui::width::width(cell.symbol()) > 1;
        }
        line.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}
