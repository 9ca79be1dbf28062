//! What has expired goes while the sheet is read, a round at a time (PT3). It can be stopped, and nothing is
//! lost by that: the next close goes on.

use crate::domain::expiry::Expired;
use crate::domain::money::grouped;
use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::ui::screen::Cx;
use crate::ui::text::Say;
use crate::ui::theme::Role;

/// How far it is.
#[derive(Debug, Default)]
pub struct Expiry {
    asked: Option<Ticket>,
    /// Since the sheet was read.
    done: Expired,
    /// Members left, as far as is known.
    left: i64,
    stopped: bool,
    failed: bool,
}

impl Expiry {
    /// Starts it, or lets it go on, on a sheet that was just read.
    pub fn start(&mut self, cx: &mut Cx) {
        let asked = self.asked;
        *self = Self {
            asked,
            ..Self::default()
        };
        if asked.is_none() {
            self.ask(cx);
        }
    }

    /// No further round.
    pub const fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether more is to come.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.asked.is_some() && !self.stopped
    }

    /// Whether it is seen to run: the first round of most days finds nothing, too soon to be seen.
    #[must_use]
    pub const fn is_seen(&self) -> bool {
        self.is_running() && self.left > 0
    }

    fn ask(&mut self, cx: &mut Cx) {
        let id = cx.new_id();
        let stamp = cx.session.stamp(id, cx.now());
        self.asked = Some(cx.ask(Query::Expire { stamp }));
    }

    /// Whether `answer` is the one that is waited for. A round that did nothing is the last.
    pub fn took(&mut self, ticket: Ticket, answer: &Result<Reply>, cx: &mut Cx) -> bool {
        if self.asked != Some(ticket) {
            return false;
        }
        self.asked = None;
        match answer {
            Ok(Reply::Expired(round)) => {
                self.done += round.expired;
                self.left = round.left;
                if round.left > 0 && !round.expired.is_none() && !self.stopped {
                    self.ask(cx);
                }
            }
            // It holds nobody up: what is due today is due tomorrow.
            _ => self.failed = true,
        }
        true
    }

    /// What the sheet says of it; `before` is what it says itself.
    #[must_use]
    pub fn line(&self, before: Expired) -> Option<(Say, Role)> {
        let mut all = before;
        all += self.done;
        let (key, role) = if self.failed {
            ("shift.expiry_failed", Role::Warn)
        } else if self.is_seen() {
            ("shift.expiring", Role::Text)
        } else if self.left > 0 {
            ("shift.expired_some", Role::Text)
        } else if all.members > 0 {
            ("shift.expired", Role::Dim)
        } else if all.claims > 0 {
            ("shift.lapsed", Role::Dim)
        } else {
            return None;
        };
        let say = Say::new(key)
            .with("members", all.members)
            .with("points", grouped(all.points))
            .with("bonus", all.bonus)
            .with("claims", all.claims)
            .with("earned", all.earned)
            .with("left", self.left);
        Some((say, role))
    }
}
