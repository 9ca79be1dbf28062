//! A code on its way to become a member's card: judged by itself first, then by the shop's data,
//! which knows what is goods, a badge, or somebody's already.

use crate::domain::card::{Card, NoCard};
use crate::error::{Refusal, Result};
use crate::query::{Found, Query, Reply, Ticket};
use crate::ui::screen::Cx;

/// What a screen that takes cards remembers of them.
#[derive(Debug, Default)]
pub struct NewCard {
    asked: Option<(Ticket, Card)>,
    /// Nobody's, as far as the shop knows.
    free: Option<Card>,
}

/// What became of the question whose a code is.
#[derive(Debug)]
pub enum Verdict {
    /// It is nobody's: [`NewCard::free`].
    Free,
    No(NoCard),
    Refused(Refusal),
}

impl NewCard {
    /// A card nobody had when it was looked up a moment ago.
    #[must_use]
    pub const fn known(card: Card) -> Self {
        Self {
            asked: None,
            free: Some(card),
        }
    }

    /// Judges a scanned or typed code, and asks the shop about one that can be a card.
    ///
    /// # Errors
    /// Why it can be none.
    pub fn ask(&mut self, code: &str, cx: &mut Cx) -> std::result::Result<(), NoCard> {
        self.forget();
        let card = Card::read(code)?;
        let codes = card.known_as().to_vec();
        self.asked = Some((
            cx.ask(Query::Scan {
                codes,
                near: Vec::new(),
            }),
            card,
        ));
        Ok(())
    }

    /// Another code is meant.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether the answer is waited for.
    #[must_use]
    pub const fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// The card that nobody has.
    #[must_use]
    pub const fn free(&self) -> Option<&Card> {
        self.free.as_ref()
    }

    /// Takes the answer; `None` when it is not the one that is waited for.
    pub fn took(&mut self, ticket: Ticket, answer: &Result<Reply>) -> Option<Verdict> {
        let (_, card) = self.asked.take_if(|(asked, _)| *asked == ticket)?;
        let no = match answer {
            Ok(Reply::Found(Found::Nothing)) => {
                self.free = Some(card);
                return Some(Verdict::Free);
            }
            Ok(Reply::Found(Found::Product(_))) => NoCard::Goods,
            Ok(Reply::Found(Found::Staff(_))) => NoCard::OwnCode,
            Ok(Reply::Found(Found::Blocked(_))) => NoCard::Blocked,
            Ok(_) => NoCard::Taken,
            Err(refusal) => return Some(Verdict::Refused(refusal.clone())),
        };
        Some(Verdict::No(no))
    }
}
