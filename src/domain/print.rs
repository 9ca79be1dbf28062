//! What a till prints, opens and shows to the customer; and what is still to be printed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ledger::OperationKind;
use super::money::Fen;
use super::receipt::Receipt;
use super::slip::{Line, WIDE};
use super::tender::TenderKind;

/// What this till has and does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printing {
    /// There is a printer.
    pub is_there: bool,
    pub columns: usize,
    /// Printed without being asked.
    pub auto: Vec<OperationKind>,
    pub copies: u8,
    /// The printer opens a drawer.
    pub has_drawer: bool,
}

impl Default for Printing {
    fn default() -> Self {
        Self {
            is_there: false,
            columns: WIDE,
            auto: Vec::new(),
            copies: 1,
            has_drawer: false,
        }
    }
}

/// A document on its way to paper, laid out already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// What the list of jobs calls it.
    pub title: String,
    pub at: DateTime<Utc>,
    pub lines: Vec<Line>,
    pub copies: u8,
    /// Goes on top when it may have been printed before; none where it says so already.
    pub again: Option<Line>,
}

/// What the printer shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    Print(Box<Job>),
    /// Print a waiting job now; one that may have been printed says that it is a copy.
    Again(u64),
    /// Forget a waiting job.
    Drop(u64),
    /// Open the drawer, now or not at all.
    Kick,
}

/// How a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Nothing of it is on paper: it is printed as soon as the printer can.
    Waiting,
    /// Some of it was sent, nobody knows how much was printed: a person decides.
    Unsure,
}

/// A job in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub id: u64,
    pub title: String,
    pub at: DateTime<Utc>,
    pub progress: Progress,
}

/// What the customer's display shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    /// Of the line just rung up.
    Price(Fen),
    Total(Fen),
    Received(Fen),
    Change(Fen),
}

/// Whether money went into the drawer or came out of it.
#[must_use]
pub fn moves_cash(receipt: &Receipt) -> bool {
    let mut tenders = receipt.document.tenders.iter();
    let cash = tenders.any(|part| part.kind == TenderKind::Cash && part.given.is_positive());
    cash || receipt.kind == OperationKind::PaidOut
}
