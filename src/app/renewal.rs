//! Somebody else edited the shop: the session reads it again, then every screen what it shows.
//!
//! One reading at a time; what changes meanwhile is read after it, all at once. One that failed is tried
//! again with the next answer, so nothing is missed and nobody is asked in vain.

use super::App;
use crate::error::Result;
use crate::event::Effect;
use crate::query::{Noun, Query, Reply, Ticket};
use crate::ui::screen::Input;

/// What is being read again, and what is to be.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    reading: Option<(Ticket, Noun)>,
    /// Changed while reading, or the reading failed.
    waiting: Option<Noun>,
}

impl App {
    /// Returns whether the screen may have changed already.
    pub(super) fn changed(&mut self, noun: Noun) -> bool {
        if self.parts.session.shop.is_none() {
            // The opening reads everything.
            return false;
        }
        match noun {
            Noun::Member | Noun::HeldSale | Noun::Disclosure | Noun::Drawer => {
                self.spread(noun);
                return true;
            }
            Noun::Shop | Noun::Product | Noun::Staff | Noun::All => {}
        }
        let waiting = self.renewal.waiting.map_or(noun, |other| noun.and(other));
        if self.renewal.reading.is_some() {
            self.renewal.waiting = Some(waiting);
            return false;
        }
        self.renewal.waiting = None;
        self.outbox.last_ticket += 1;
        let ticket = Ticket(self.outbox.last_ticket);
        self.renewal.reading = Some((ticket, waiting));
        let staff_id = self.parts.session.staff.as_ref().map(|staff| staff.id);
        let query = Query::ReadShop { staff_id };
        self.effects.push(Effect::Query(ticket, Box::new(query)));
        false
    }

    /// Takes the answer if it is the one that was waited for.
    pub(super) fn renewed(&mut self, ticket: Ticket, answer: &Result<Reply>) {
        let Some((_, noun)) = self.renewal.reading.take_if(|(asked, _)| *asked == ticket) else {
            // Somebody answers: time for what could not be read before.
            if answer.is_ok()
                && let Some(noun) = self.renewal.waiting
            {
                self.changed(noun);
            }
            return;
        };
        let waiting = self.renewal.waiting.take();
        let Ok(Reply::Shop(shop, staff)) = answer else {
            self.renewal.waiting = Some(waiting.map_or(noun, |other| noun.and(other)));
            return;
        };
        let session = &mut self.parts.session;
        session.renew((**shop).clone());
        let known = session.staff.as_ref().map(|staff| staff.id);
        if let Some(staff) = staff.as_ref().filter(|staff| Some(staff.id) == known) {
            // A new role counts at once.
            session.staff = Some(staff.clone());
            // She works here no longer: her sale waits behind the lock for somebody else.
            if !staff.active && !self.is_locked() {
                self.lock();
            }
        }
        self.spread(noun);
        if let Some(noun) = waiting {
            self.changed(noun);
        }
    }

    /// Tells every screen, the lowest first.
    fn spread(&mut self, noun: Noun) {
        let ids: Vec<u64> = self.stack.iter().map(|layer| layer.id).collect();
        for id in ids {
            self.give(id, Input::Changed(noun));
        }
    }
}
