//! `Query`: everything the console can ask the back end. `Reply`: every answer.
//! Flat enums, one variant per thing, in the order a day goes.

use std::future::Future;

use crate::error::Result;
use crate::session::{Pin, Staff};

/// Names one question. A reply with a ticket nobody waits for is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A question to the back end.
#[derive(Debug, Clone)]
pub enum Query {
    /// What shop is this: asked once at the start.
    Opening,
    /// Who is this: a staff number and a PIN.
    SignIn { number: String, pin: Pin },
}

/// An answer from the back end; a refusal travels beside it as `Err(Refusal)`.
#[derive(Debug, Clone)]
pub enum Reply {
    Opening { shop: String },
    SignedIn(Staff),
}

/// Whoever answers. The console is tested against a fake one.
pub trait Backend {
    /// Answers one question. Several may be under way at once.
    fn answer(&self, query: Query) -> impl Future<Output = Result<Reply>>;
}
