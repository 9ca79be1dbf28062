//! `Wedge`: finds the scans among the keys of a terminal. A scanner that plays a keyboard types
//! into whatever is on the screen; over SSH from an operator's own PC this is the only path.
//!
//! A typed key must act at once, and a scan must leave no trace in a field. So keys pass straight
//! through with a [`Output::Mark`] before the first character of every possible burst, and a
//! recognised burst is taken back by [`Output::Rollback`] before its [`Output::Scan`].
//!
//! A symbol is hostile input: a printed QR code can press any key (scanner.md 2.3). What is held to
//! here:
//! - Keys that act (Enter, Esc, Ctrl-C, function keys …) do nothing inside a burst. The characters
//!   a scanner adds around a code are cleaned off: Enter, Tab, LF and ETX end it, GS stays in it.
//!   Any other key inside means that the code is not what is printed: the whole burst is refused.
//! - A burst of more than [`MAX_CODE`] characters, or keys without text at machine speed, are
//!   refused as one [`Output::Garbled`], and leave nothing in the field.
//! - At most [`MAX_CHAIN`] scans follow each other at machine speed: a QR code with a thousand lines
//!   is not a thousand scans.
//! - A key that acts and *opens* a burst, or stands among the first five characters of a scanner
//!   slower than [`MACHINE_MS`], cannot be told from a person's and does act. So nothing destructive
//!   may hang on one key, and Ctrl-B (STX, some scanners' prefix) should stay unbound.
//!
//! What a person loses: nothing at 60 ms between keys or slower. A slow link may deliver a person's
//! keys in one read; up to five keys then only wait [`MACHINE_MS`], six digits and Enter become a
//! scan of the same digits, which finds the same goods and people on the input line.

use std::fmt;

use crate::device::source::Source;
use crate::device::stroke::{Stroke, one_line};
use crate::domain::scan::{Device, Scan};

/// No person types a whole burst at this mean gap, milliseconds: measured people are above 60,
/// scanners at 5 to 60 with a mean near 20, SSH delivers on 20 ms ticks (scanner.md 3).
pub const HUMAN_MEAN_MS: u64 = 50;
/// Two keys this close, milliseconds, are a machine's or a slow link's: a key that acts is held as
/// long, until it is known whether more follows.
pub const MACHINE_MS: u64 = 30;
/// Silence that ends a burst without a terminator, milliseconds.
pub const QUIET_MS: u64 = 150;
/// Fewest characters of a burst that ends with a terminator.
pub const MIN_TERMINATED: usize = 6;
/// Fewest characters of a burst that ends in silence and must validate.
pub const MIN_QUIET: usize = 8;
/// Most characters of one code.
pub const MAX_CODE: usize = 512;
/// Most scans that follow each other at machine speed (a slow link delivers several at once).
pub const MAX_CHAIN: u32 = 4;

/// What the wedge says, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Save the field: what follows may be taken back.
    Mark,
    /// A key, now.
    Key(Stroke),
    /// Restore the field as it was at the last `Mark`.
    Rollback,
    Scan(Scan),
    /// Something typed like a machine and is no code: refused, say so.
    Garbled,
    /// A paste: one line, no control characters, bounded: [`one_line`].
    Paste(String),
}

/// How this till's scanner behaves.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Longest gap between two characters of one burst, milliseconds.
    gap_ms: u64,
    /// The same code again within this time is one scan, milliseconds. Zero, the default: two of
    /// the same are two pieces sold.
    debounce_ms: u64,
    /// Whether a text that ended without a terminator is a code: check digit, member code.
    valid: fn(&str) -> bool,
}

impl Settings {
    /// The defaults, with the shop's own test for codes without a terminator.
    #[must_use]
    pub const fn new(valid: fn(&str) -> bool) -> Self {
        Self {
            gap_ms: 100,
            debounce_ms: 0,
            valid,
        }
    }

    /// Longest gap inside a burst, kept within 30 to 250 ms (Bluetooth scanners need up to 100).
    #[must_use]
    pub fn gap_ms(self, gap_ms: u64) -> Self {
        Self {
            gap_ms: gap_ms.clamp(30, 250),
            ..self
        }
    }

    /// For scanners that read the same symbol twice: 300 to 500 ms helps.
    #[must_use]
    pub fn debounce_ms(self, debounce_ms: u64) -> Self {
        Self {
            debounce_ms: debounce_ms.min(2_000),
            ..self
        }
    }
}

/// Keys that follow each other within the gap.
struct Run {
    /// The characters that were passed through, and GS which was not.
    text: String,
    chars: usize,
    /// All keys, held ones too.
    strokes: u64,
    began: u64,
    last: u64,
    /// Keys at machine speed that wait for what follows; fewer than [`MIN_TERMINATED`].
    held: Vec<Stroke>,
}

impl Run {
    const fn new(at: u64) -> Self {
        Self {
            text: String::new(),
            chars: 0,
            strokes: 1,
            began: at,
            last: at,
            held: Vec::new(),
        }
    }

    /// Mean gap up to a key at `at` that would be the next, rounded up.
    const fn mean_with(&self, at: u64) -> u64 {
        at.saturating_sub(self.began).div_ceil(self.strokes)
    }

    /// Mean gap so far, rounded up.
    const fn mean(&self) -> u64 {
        if self.strokes < 2 {
            return u64::MAX;
        }
        self.last
            .saturating_sub(self.began)
            .div_ceil(self.strokes - 1)
    }

    /// One key held down repeats at machine speed too, and zeros pass every check digit.
    fn one_key_held_down(&self) -> bool {
        let first = self.text.chars().next();
        self.text.chars().all(|c| Some(c) == first)
    }

    fn count(&mut self, at: u64) {
        self.strokes += 1;
        self.last = at;
    }
}

enum State {
    Idle,
    Run(Run),
    /// A refused burst goes on: nothing passes until it is quiet.
    Flood {
        last: u64,
    },
    /// A scan has just ended: the rest of its terminator may follow.
    Tail {
        last: u64,
    },
}

/// The detector. Has no clock: see [`Source`].
pub struct Wedge {
    settings: Settings,
    state: State,
    now: u64,
    /// When the last scan ended, and how many came before it at machine speed.
    ended: Option<u64>,
    chain: u32,
    /// Kept only when de-bouncing: the code may be a payment code.
    previous: Option<(String, u64)>,
}

/// Never shows what was typed: it may be a code worth money.
impl fmt::Debug for Wedge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wedge")
    }
}

impl Wedge {
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self {
            settings,
            state: State::Idle,
            now: 0,
            ended: None,
            chain: 0,
            previous: None,
        }
    }

    fn quiet_ms(&self) -> u64 {
        QUIET_MS.max(self.settings.gap_ms)
    }

    /// A burst as long as this, at this mean gap, was not typed by a person.
    fn machine(&self, run: &Run, mean_ms: u64, least: usize) -> bool {
        run.chars >= least
            && mean_ms <= HUMAN_MEAN_MS.min(self.settings.gap_ms)
            && !run.one_key_held_down()
    }

    /// Nothing is under way: the key passes, and may open a run.
    fn open(&mut self, stroke: Stroke, at: u64, out: &mut Vec<Output>) {
        self.state = match &stroke {
            Stroke::Char(c) => {
                out.push(Output::Mark);
                let mut run = Run::new(at);
                run.text.push(*c);
                run.chars = 1;
                State::Run(run)
            }
            other if other.moves() => State::Idle,
            _ => State::Run(Run::new(at)),
        };
        out.push(Output::Key(stroke));
    }

    /// Takes the burst back and swallows what still comes.
    fn flood(&mut self, marked: bool, at: u64, out: &mut Vec<Output>) {
        if marked {
            out.push(Output::Rollback);
        }
        self.state = State::Flood { last: at };
    }

    fn recognise(&mut self, run: &Run, at: u64, out: &mut Vec<Output>) {
        let chained = self
            .ended
            .is_some_and(|ended| run.began.saturating_sub(ended) <= HUMAN_MEAN_MS);
        self.chain = if chained { self.chain + 1 } else { 1 };
        if self.chain > MAX_CHAIN {
            return self.flood(true, at, out);
        }
        out.push(Output::Rollback);
        if let Some(scan) = Scan::read(&run.text, Device::Terminal, at) {
            let window = self.settings.debounce_ms;
            let again = self
                .previous
                .as_ref()
                .is_some_and(|(code, when)| *code == scan.code && at - when <= window);
            if window > 0 {
                self.previous = Some((scan.code.clone(), at));
            }
            if !again {
                out.push(Output::Scan(scan));
            }
        }
        self.ended = Some(at);
        self.state = State::Tail { last: at };
    }

    /// A character inside a run.
    fn character(&mut self, mut run: Run, c: char, at: u64, out: &mut Vec<Output>) {
        run.count(at);
        if !run.held.is_empty() {
            return self.hold(run, Stroke::Char(c), at, out);
        }
        if run.chars == MAX_CODE {
            return self.flood(true, at, out);
        }
        if run.chars == 0 {
            out.push(Output::Mark);
        }
        run.text.push(c);
        run.chars += 1;
        out.push(Output::Key(Stroke::Char(c)));
        self.state = State::Run(run);
    }

    /// A key that is no character inside a run.
    fn control(&mut self, mut run: Run, stroke: Stroke, at: u64, out: &mut Vec<Output>) {
        let mean = run.mean_with(at);
        let fast = mean <= MACHINE_MS && at - run.last <= MACHINE_MS;
        if run.held.is_empty() && self.machine(&run, mean, MIN_TERMINATED) {
            return match stroke {
                Stroke::Ctrl('5' | ']') => self.separator(run, at, out),
                end if end.terminates() => self.recognise(&run, at, out),
                _ => self.flood(true, at, out),
            };
        }
        if !fast {
            out.extend(run.held.drain(..).map(Output::Key));
            return self.open(stroke, at, out);
        }
        if stroke == Stroke::Ctrl('5') && run.held.is_empty() && run.chars > 1 {
            return self.separator(run, at, out);
        }
        if stroke == Stroke::Ctrl('j') && run.held.last() == Some(&Stroke::Enter) {
            // CR LF after a code too short to be one: LF is no key of its own.
            run.last = at;
            self.state = State::Run(run);
            return;
        }
        run.count(at);
        self.hold(run, stroke, at, out);
    }

    /// GS between two fields of a GS1 code: part of the code, and no key.
    fn separator(&mut self, mut run: Run, at: u64, out: &mut Vec<Output>) {
        if run.chars == MAX_CODE {
            return self.flood(true, at, out);
        }
        run.count(at);
        run.text.push('\u{1d}');
        run.chars += 1;
        self.state = State::Run(run);
    }

    /// Waits with a key at machine speed; too many of them are a machine's.
    fn hold(&mut self, mut run: Run, stroke: Stroke, at: u64, out: &mut Vec<Output>) {
        run.held.push(stroke);
        if run.strokes >= MIN_TERMINATED as u64 {
            return self.flood(run.chars > 0, at, out);
        }
        self.state = State::Run(run);
    }

    fn paste(&mut self, text: &str, out: &mut Vec<Output>) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Run(run) => out.extend(run.held.into_iter().map(Output::Key)),
            State::Flood { .. } => out.push(Output::Garbled),
            State::Idle | State::Tail { .. } => {}
        }
        let text = one_line(text);
        if !text.is_empty() {
            out.push(Output::Paste(text));
        }
    }

    fn stroke(&mut self, stroke: Stroke, at: u64, out: &mut Vec<Output>) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Flood { .. } => self.state = State::Flood { last: at },
            State::Tail { last } if ends_again(&stroke, at - last, self.settings.gap_ms) => {
                self.ended = Some(at);
                self.state = State::Tail { last: at };
            }
            State::Idle | State::Tail { .. } => self.open(stroke, at, out),
            State::Run(run) if at - run.last > self.longest_gap(&run) => self.open(stroke, at, out),
            State::Run(run) => match stroke {
                Stroke::Char(c) => self.character(run, c, at, out),
                other => self.control(run, other, at, out),
            },
        }
    }

    /// How long a run may wait for its next key, milliseconds.
    fn longest_gap(&self, run: &Run) -> u64 {
        if run.chars == 0 || !run.held.is_empty() {
            MACHINE_MS
        } else {
            self.settings.gap_ms
        }
    }
}

impl Source for Wedge {
    type Input = Stroke;
    type Output = Output;

    fn feed(&mut self, stroke: Stroke, at_ms: u64) -> Vec<Output> {
        let mut out = self.tick(at_ms);
        if let Stroke::Paste(text) = stroke {
            self.paste(&text, &mut out);
        } else {
            self.stroke(stroke, self.now, &mut out);
        }
        out
    }

    fn deadline(&self) -> Option<u64> {
        match &self.state {
            State::Run(run) if !run.held.is_empty() => {
                Some(run.last.saturating_add(MACHINE_MS + 1))
            }
            State::Run(run) if self.machine(run, run.mean(), MIN_QUIET) => {
                Some(run.last.saturating_add(self.quiet_ms() + 1))
            }
            State::Flood { last } => Some(last.saturating_add(self.quiet_ms() + 1)),
            State::Run(_) | State::Idle | State::Tail { .. } => None,
        }
    }

    fn tick(&mut self, at_ms: u64) -> Vec<Output> {
        self.now = self.now.max(at_ms);
        let mut out = Vec::new();
        if self.deadline().is_none_or(|due| self.now < due) {
            return out;
        }
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Flood { .. } => out.push(Output::Garbled),
            State::Run(run) if !run.held.is_empty() => {
                out.extend(run.held.into_iter().map(Output::Key));
            }
            State::Run(run) if (self.settings.valid)(&run.text) => {
                self.recognise(&run, run.last, &mut out);
            }
            State::Run(_) | State::Idle | State::Tail { .. } => {}
        }
        out
    }
}

/// The rest of a terminator: LF after CR, or any other at machine speed.
fn ends_again(stroke: &Stroke, gap_ms: u64, longest_ms: u64) -> bool {
    match stroke {
        Stroke::Ctrl('j') => gap_ms <= longest_ms,
        other => other.terminates() && gap_ms <= MACHINE_MS,
    }
}

#[cfg(test)]
mod tests;
