//! `Query`: everything the console can ask the back end. `Reply`: every answer.
//! Flat enums, one variant per thing, in the order a day goes.

/// Names one question. A reply with a ticket nobody waits for is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A question to the back end.
#[derive(Debug, Clone)]
pub enum Query {
    /// What shop is this: asked once at the start.
    Opening,
}

/// An answer from the back end; a refusal travels beside it as `Err(Refusal)`.
#[derive(Debug, Clone)]
pub enum Reply {
    Opening,
}
