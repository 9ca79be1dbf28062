//! `Keys`: decodes the reports of a scanner that plays a USB keyboard, when its interface is ours
//! alone. Every key then is the scanner's: no guessing by speed.
//!
//! The usages are those of a US keyboard, which is what scanners send unless set to a country.

mod usage;

use std::fmt;

use crate::device::descriptor::KeyReport;
use crate::device::heard::{FLUSH_MS, Heard, MAX_CODE};
use crate::device::keys::usage::Typed;
use crate::device::source::Source;

/// Bytes of a report in the boot protocol: modifiers, reserved, six slots.
const BOOT: usize = 8;

const CTRL: u8 = 0x11;
const SHIFT: u8 = 0x22;
const ALT: u8 = 0x44;
const GUI: u8 = 0x88;

/// The decoder of one keyboard scanner. Has no clock: see [`Source`].
pub struct Keys {
    form: Option<KeyReport>,
    name: String,
    text: String,
    /// Something in the burst was no character: the code is not what is printed.
    is_broken: bool,
    held: Vec<u8>,
    modifiers: u8,
    has_caps_lock: bool,
    /// Digits of the keypad while Alt is down.
    alt: Option<String>,
    /// When the last key of a burst came.
    last: Option<u64>,
    now: u64,
}

/// Never shows what was read: it may be a code worth money.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("form", &self.form)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// A decoder for boot reports, and for those of `form` should the device keep to its own.
    #[must_use]
    pub const fn new(form: Option<KeyReport>, name: String) -> Self {
        Self {
            form,
            name,
            text: String::new(),
            is_broken: false,
            held: Vec::new(),
            modifiers: 0,
            has_caps_lock: false,
            alt: None,
            last: None,
            now: 0,
        }
    }

    /// Modifiers and slots of a report; `None` when it is none of ours.
    fn fields<'a>(&self, report: &'a [u8]) -> Option<(u8, &'a [u8])> {
        if let Some(form) = &self.form {
            let is_ours = match form.id {
                Some(id) => report.first() == Some(&id),
                None => report.len() != BOOT,
            };
            // A boot report of eight bytes may begin with any modifier: it is told by its length.
            let is_boot = report.len() == BOOT && form.slots.end != BOOT;
            if is_ours && !is_boot {
                let slots = form.slots.start..form.slots.end.min(report.len());
                return Some((*report.get(form.modifiers)?, report.get(slots)?));
            }
        }
        let &modifiers = report.first()?;
        Some((modifiers, report.get(2..BOOT.min(report.len()))?))
    }

    fn report(&mut self, modifiers: u8, slots: &[u8], out: &mut Vec<Heard>) {
        // 1 to 3 say that too many keys are down or that something failed: no key was let go.
        if slots.iter().any(|usage| (1..=3).contains(usage)) {
            return;
        }
        if self.modifiers & ALT != 0 && modifiers & ALT == 0 {
            self.compose();
        }
        if modifiers & ALT != 0 && self.alt.is_none() {
            self.alt = Some(String::new());
        }
        self.modifiers = modifiers;
        let held = std::mem::replace(&mut self.held, slots.to_vec());
        for (place, &usage) in slots.iter().enumerate() {
            let is_twice = slots.iter().take(place).any(|before| *before == usage);
            if usage != 0 && !held.contains(&usage) && !is_twice {
                self.key(usage, out);
            }
        }
    }

    fn key(&mut self, usage: u8, out: &mut Vec<Heard>) {
        self.last = Some(self.now);
        if let Some(digits) = &mut self.alt {
            match usage::keypad(usage) {
                Some(digit) if digits.len() < 8 => digits.push(digit),
                // Scanners switch it on so that the digits count.
                None if usage == usage::NUM_LOCK => {}
                _ => self.is_broken = true,
            }
            return;
        }
        let ctrl = self.modifiers & CTRL != 0;
        let shift = self.modifiers & SHIFT != 0;
        match usage::typed(usage, shift, ctrl) {
            _ if self.modifiers & GUI != 0 => self.is_broken = true,
            Typed::Char(c) if self.has_caps_lock && c.is_ascii_lowercase() => {
                self.push(c.to_ascii_uppercase());
            }
            Typed::Char(c) if self.has_caps_lock && c.is_ascii_uppercase() => {
                self.push(c.to_ascii_lowercase());
            }
            Typed::Char(c) => self.push(c),
            Typed::End => out.extend(self.close()),
            Typed::CapsLock => self.has_caps_lock = !self.has_caps_lock,
            Typed::Nothing => {}
            Typed::Stray => self.is_broken = true,
        }
    }

    fn push(&mut self, c: char) {
        if self.text.len() + c.len_utf8() > MAX_CODE {
            self.is_broken = true;
            self.text.clear();
        } else if !self.is_broken {
            self.text.push(c);
        }
    }

    /// Alt was let go: the digits typed meanwhile are one character. Keys that got lost make
    /// another number (scanner.md 2.1), so what is no character refuses the whole code.
    fn compose(&mut self) {
        let digits = self.alt.take().unwrap_or_default();
        match usage::composed(&digits) {
            Some(c) => self.push(c),
            None => self.is_broken = true,
        }
        self.last = Some(self.now);
    }

    fn close(&mut self) -> Option<Heard> {
        let last = self.last.take().unwrap_or(self.now);
        let text = std::mem::take(&mut self.text);
        if std::mem::take(&mut self.is_broken) {
            return Some(Heard::Refused);
        }
        Heard::scan(&text, &self.name, last)
    }
}

impl Source for Keys {
    type Input = Vec<u8>;
    type Output = Heard;

    fn feed(&mut self, report: Vec<u8>, at_ms: u64) -> Vec<Heard> {
        let mut out = self.tick(at_ms);
        if let Some((modifiers, slots)) = self.fields(&report) {
            self.report(modifiers, slots, &mut out);
        }
        out
    }

    fn deadline(&self) -> Option<u64> {
        self.last.map(|last| last.saturating_add(FLUSH_MS))
    }

    fn tick(&mut self, at_ms: u64) -> Vec<Heard> {
        self.now = self.now.max(at_ms);
        if self.deadline().is_some_and(|due| due <= self.now) {
            self.has_caps_lock = false;
            return self.close().into_iter().collect();
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
