//! One money request, sent once: as long as nobody knows what became of it, it goes out again only
//! under the same id and unchanged (LG2).

use crate::domain::ledger::Stamp;
use crate::error::{Kind, Refusal, Result};
use crate::query::{Query, Reply, Ticket};
use crate::ui::screen::{Cx, Outcome, Step};
use crate::ui::text::Say;

/// What a screen that moves money remembers of its request.
#[derive(Debug)]
pub struct Once<R> {
    kept: Option<R>,
    asked: Option<Ticket>,
    unknown: bool,
}

impl<R> Default for Once<R> {
    fn default() -> Self {
        Self {
            kept: None,
            asked: None,
            unknown: false,
        }
    }
}

impl<R: Clone> Once<R> {
    /// Whether the answer is waited for: no second Enter, no way back.
    #[must_use]
    pub const fn is_under_way(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether it may have been posted without anybody knowing: nothing may be changed, only asked
    /// for again.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.unknown && self.asked.is_none()
    }

    /// What `make` makes of a stamp, ready to be asked. While the fate of the last attempt is unknown
    /// it is that attempt again, unchanged; else the stamp is fresh, because an id that was refused is
    /// settled in the till's journal and must not be begun again. `None` while one is under way.
    pub fn ready(&mut self, cx: &mut Cx, make: impl FnOnce(Stamp) -> R) -> Option<R> {
        if self.asked.is_some() {
            return None;
        }
        if !self.unknown || self.kept.is_none() {
            let id = cx.new_id();
            self.kept = Some(make(cx.session.stamp(id, cx.now())));
        }
        self.kept.clone()
    }

    /// Asks it, and waits for the answer.
    pub fn ask(&mut self, cx: &mut Cx, query: Query) {
        self.asked = Some(cx.ask(query));
    }

    /// Makes it ready and asks it.
    pub fn send(
        &mut self,
        cx: &mut Cx,
        make: impl FnOnce(Stamp) -> R,
        query: impl FnOnce(R) -> Query,
    ) {
        if let Some(request) = self.ready(cx, make) {
            self.ask(cx, query(request));
        }
    }

    /// Whether `answer` is the one that is waited for; remembers what it tells of the request.
    pub fn took(&mut self, ticket: Ticket, answer: &Result<Reply>) -> bool {
        if self.asked != Some(ticket) {
            return false;
        }
        self.asked = None;
        // Neither a lost answer nor a fault of ours says whether it was posted.
        let lost = |refusal: &Refusal| matches!(refusal.kind, Kind::Offline | Kind::Internal);
        self.unknown = answer.as_ref().is_err_and(lost);
        true
    }

    /// What every screen makes of the answer: the receipt is handed out and popped, and where nobody knows what became
    /// of it the screen says so in `hint`.
    ///
    /// # Errors
    /// Any other refusal: what follows from it is the screen's own business.
    pub fn done(&self, answer: Result<Reply>, hint: &mut Option<Say>, cx: &mut Cx) -> Result<Step> {
        match answer {
            Ok(Reply::Receipt(receipt)) => {
                cx.hand_out(&receipt);
                Ok(Step::Pop(Some(Outcome::Receipt(receipt))))
            }
            Ok(_) => Ok(Step::Stay),
            Err(refusal) if self.is_unknown() => {
                *hint = Some(Say::new("tender.unknown"));
                Ok(cx.refuse(refusal))
            }
            Err(refusal) => Err(refusal),
        }
    }
}
