//! A lone character that acts: a digit in a numbered menu, y and n in a question. It waits for the silence
//! that no scanner leaves after the first character of a code, so that a scan never chooses.

use chrono::{DateTime, TimeDelta, Utc};

/// The silence, milliseconds: shorter than a person notices, longer than a gap inside a burst.
const SILENCE_MS: i64 = 150;

/// The last character and whether it came alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Single {
    last: Option<DateTime<Utc>>,
    waits: bool,
}

impl Single {
    /// A character that would act came; one that would not is `acts = false`.
    pub fn typed(&mut self, acts: bool, now: DateTime<Utc>) {
        let silence = TimeDelta::milliseconds(SILENCE_MS);
        let alone = self.last.is_none_or(|last| now - last >= silence);
        self.waits = acts && alone;
        self.last = Some(now);
    }

    /// When it acts: the screen's deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        let last = self.last.filter(|_| self.waits)?;
        Some(last + TimeDelta::milliseconds(SILENCE_MS))
    }

    /// Whether it acts now, once.
    pub fn acts(&mut self, now: DateTime<Utc>) -> bool {
        let due = self.deadline().is_some_and(|at| at <= now);
        self.waits &= !due;
        due
    }

    /// Another key, or it was a scan.
    pub const fn forget(&mut self) {
        self.waits = false;
    }
}
