//! A code on its way to become a member's card: judged by itself first, then by the shop's data,
//! which knows what is goods, a badge, or somebody's already.

use crate::domain::card::{Card, NoCard};
use crate::domain::scan::Device;
use crate::error::{Refusal, Result};
use crate::query::{Found, Query, Reply, Ticket};
use crate::ui::screen::Cx;
use crate::ui::text::Say;

/// What a screen that takes cards remembers of them.
#[derive(Debug, Default)]
pub struct NewCard {
    asked: Option<(Ticket, Card)>,
    /// Nobody's, as far as the shop knows.
    free: Option<Card>,
    /// Whose it may be, by another reader.
    like: Option<Like>,
}

/// A member whose card this may be, as another reader prints it.
#[derive(Clone)]
pub struct Like {
    pub member_id: i64,
    name: String,
    card: String,
}

/// Never shows whom it is about.
impl std::fmt::Debug for Like {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Like")
    }
}

impl Like {
    /// What the cashier decides on.
    #[must_use]
    pub fn say(&self) -> Say {
        let say = Say::new("member.card_like").with("name", &self.name);
        say.with("card", &self.card)
    }
}

/// What became of the question whose a code is.
#[derive(Debug)]
pub enum Verdict {
    /// It is nobody's: [`NewCard::free`], though it may be somebody's as another reader prints it:
    /// [`NewCard::like`].
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
            like: None,
        }
    }

    /// Judges a scanned or typed code, and asks the shop about one that can be a card.
    ///
    /// # Errors
    /// Why it can be none.
    pub fn ask(
        &mut self,
        code: &str,
        device: Option<&Device>,
        cx: &mut Cx,
    ) -> std::result::Result<(), NoCard> {
        self.forget();
        let reader = device.and_then(|device| cx.session.readers.of_code(device, code));
        let card = Card::read_by(code, reader)?;
        let codes = card.known_as().to_vec();
        let near = card.near().clone();
        self.asked = Some((cx.ask(Query::Scan { codes, near }), card));
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

    /// Whose it may be.
    #[must_use]
    pub const fn like(&self) -> Option<&Like> {
        self.like.as_ref()
    }

    /// Takes the answer; `None` when it is not the one that is waited for.
    pub fn took(&mut self, ticket: Ticket, answer: &Result<Reply>) -> Option<Verdict> {
        let (_, card) = self.asked.take_if(|(asked, _)| *asked == ticket)?;
        let no = match answer {
            Ok(Reply::Found(Found::Nothing)) => {
                self.free = Some(card);
                return Some(Verdict::Free);
            }
            Ok(Reply::Found(Found::Like {
                member,
                card: other,
            })) => {
                self.free = Some(card);
                self.like = Some(Like {
                    member_id: member.id,
                    name: member.name.clone(),
                    card: other.clone(),
                });
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
