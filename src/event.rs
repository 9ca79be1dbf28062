//! `Event`: all that can happen to the console. `Effect`: all it can ask for.
//!
//! The same events give the same screens, so a log of events is a bug report.

use chrono::{DateTime, Utc};
use crossterm::event::KeyEvent;

use crate::domain::gear::{Gear, Learning, Wish};
use crate::domain::print::{Order, Shown};
use crate::domain::scan::Scan;
use crate::error::{Refusal, Result};
use crate::query::{Noun, Query, Reply, Ticket};
use crate::session::{Connection, PrinterState, ScannerSign};

/// Something happened, at the time it was noticed.
#[derive(Debug, Clone)]
pub struct Event {
    pub at: DateTime<Utc>,
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
    /// A key of the terminal.
    Key(KeyEvent),
    /// A bracketed paste.
    Paste(String),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// A scanner device read a code.
    Scan(Scan),
    /// The scanner device of this name read something damaged: nothing of it was entered.
    Garbled(String),
    /// A question was answered.
    Reply(Ticket, Result<Reply>),
    /// Somebody else changed the database: read again what is visible.
    Changed(Noun),
    Connection(Connection),
    Scanner(ScannerSign),
    /// Everything that is plugged in, after a change.
    Gear(Vec<Gear>),
    /// How far learning a new scanner is.
    Learning(Learning),
    /// How the printer is now.
    Printer(PrinterState),
    /// A device needs a person: what to do, said once.
    Trouble(Refusal),
    /// The time of `App::deadline` has come.
    Wake,
    /// The terminal went away, or the system wants the program to end.
    Hangup,
}

/// What the application wants done.
#[derive(Debug, Clone)]
pub enum Effect {
    Query(Ticket, Box<Query>),
    /// Ask something of the devices; what comes of it comes as an event.
    Wish(Wish),
    Print(Order),
    /// To the customer's display.
    Show(Shown),
    /// Restore the terminal and end.
    Quit,
}
