//! The wait after too many wrong PINs, second by second. Nothing ticks unless somebody has to wait.

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::Refusal;
use crate::ui::text::Say;

/// A wait on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Countdown {
    until: DateTime<Utc>,
    /// When the seconds that are left change next.
    next: DateTime<Utc>,
}

impl Countdown {
    /// The wait this refusal asks for; none for any other refusal.
    #[must_use]
    pub fn of(refusal: &Refusal, now: DateTime<Utc>) -> Option<Self> {
        if refusal.hint != "sign_in.wait" {
            return None;
        }
        let seconds = refusal.with.iter().find(|(name, _)| *name == "seconds");
        let seconds: i64 = seconds?.1.parse().ok()?;
        (seconds > 0).then(|| Self {
            until: now + TimeDelta::seconds(seconds),
            next: now + TimeDelta::seconds(1),
        })
    }

    /// Time has passed; none when the wait is over.
    #[must_use]
    pub fn tick(self, now: DateTime<Utc>) -> Option<Self> {
        let mut next = self.next;
        if next <= now {
            next += TimeDelta::seconds((now - next).num_seconds() + 1);
        }
        (now < self.until).then_some(Self { next, ..self })
    }

    /// When it wants to be drawn again.
    #[must_use]
    pub const fn deadline(self) -> DateTime<Utc> {
        self.next
    }

    /// `0:08` left.
    #[must_use]
    pub fn says(self, now: DateTime<Utc>) -> Say {
        let left = (self.until - now).num_milliseconds().max(0);
        let seconds = (left + 999) / 1_000;
        let left = format!("{}:{:02}", seconds / 60, seconds % 60);
        Say::new("sign_in.wait_left").with("left", left)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_slept_through_tick_comes_at_the_next_whole_second() {
        let now: DateTime<Utc> = "2026-03-09T02:32:00.250Z".parse().unwrap();
        let refusal = Refusal::user("sign_in.wait").with("seconds", 10);
        let wait = Countdown::of(&refusal, now).unwrap();
        assert_eq!(Countdown::of(&Refusal::user("sign_in.wrong"), now), None);
        assert_eq!(wait.deadline(), now + TimeDelta::seconds(1));
        let later = now + TimeDelta::milliseconds(3_700);
        let wait = wait.tick(later).unwrap();
        assert_eq!(wait.deadline(), now + TimeDelta::seconds(4));
        assert_eq!(wait.tick(now + TimeDelta::seconds(10)), None);
    }
}
