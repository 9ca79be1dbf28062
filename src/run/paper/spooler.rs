//! One job after the other, the drawer before all of them.

use std::path::Path;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, timeout};

use super::{Printer, tell};
use crate::device::escpos;
use crate::device::printer::{Failure, Fault, Patience, kick, print};
use crate::device::spool::Spool;
use crate::domain::print::{Job, Order, Progress};
use crate::error::{Kind, Refusal};
use crate::event::{Event, What};
use crate::session::PrinterState;

/// How long to leave a printer alone that did not print.
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// A drawer that opens later than this opens for nobody.
const DRAWER: Duration = Duration::from_secs(3);

/// Takes orders until nobody gives any.
pub(super) async fn run(
    printer: Option<Printer>,
    folder: &Path,
    mut orders: Receiver<Order>,
    news: &Sender<Event>,
) {
    let Some(printer) = printer else {
        // Without a printer nothing is ordered.
        while orders.recv().await.is_some() {}
        return;
    };
    let spool = match Spool::open(folder, Utc::now()) {
        Ok(spool) => spool,
        Err(error) => {
            tracing::error!(%error, "no room for print jobs");
            let refusal = Refusal::new(Kind::Device, "printer.spool").with("why", error);
            tell(news, What::Trouble(refusal));
            return;
        }
    };
    let mut spooler = Spooler {
        printer,
        spool,
        news,
        trouble: None,
        again_at: None,
    };
    spooler.tell();
    spooler.work(&mut orders).await;
}

struct Spooler<'a> {
    printer: Printer,
    spool: Spool,
    news: &'a Sender<Event>,
    trouble: Option<Fault>,
    /// The printer is left alone until then.
    again_at: Option<Instant>,
}

impl Spooler<'_> {
    async fn work(&mut self, orders: &mut Receiver<Order>) {
        loop {
            match orders.try_recv() {
                Ok(order) => {
                    self.take(order).await;
                    continue;
                }
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {}
            }
            let next = self.spool.next();
            let order = match (next, self.again_at) {
                (Some(id), None) => {
                    self.print(id).await;
                    continue;
                }
                (Some(id), Some(at)) => match tokio::time::timeout_at(at, orders.recv()).await {
                    Ok(order) => order,
                    Err(_elapsed) => {
                        self.print(id).await;
                        continue;
                    }
                },
                (None, _) => orders.recv().await,
            };
            match order {
                Some(order) => self.take(order).await,
                None => return,
            }
        }
    }

    async fn take(&mut self, order: Order) {
        match order {
            Order::Kick => self.kick().await,
            Order::Print(job) => {
                self.spool.add(*job);
                self.tell();
            }
            Order::Drop(id) => {
                self.spool.remove(id);
                if self.spool.list().is_empty() {
                    self.trouble = None;
                }
                self.tell();
            }
            Order::Again(id) => self.print(id).await,
        }
    }

    /// Opens the drawer now or not at all: it must not open when nobody stands there.
    async fn kick(&mut self) {
        let patience = Patience {
            connect: DRAWER,
            stall: DRAWER,
            ..self.printer.patience
        };
        let pulse = escpos::kick(self.printer.setup.pulse);
        let opened = timeout(DRAWER, kick(&self.printer.target, &pulse, patience)).await;
        if let Err(fault) = opened.unwrap_or(Err(Fault::Slow)) {
            tracing::warn!(?fault, "the drawer did not open");
            let refusal = fault.refusal(&self.printer.target.to_string());
            let refusal = Refusal {
                hint: "printer.drawer",
                ..refusal
            };
            tell(self.news, What::Trouble(refusal));
        }
    }

    /// Prints a job. Marked first: a console that ends in the middle must not print it again as if
    /// it were the first.
    async fn print(&mut self, id: u64) {
        let Some((job, was)) = self.spool.get(id) else {
            return;
        };
        let bytes = bytes(job, was, &self.printer.setup);
        self.spool.mark(id, Progress::Unsure);
        let printer = &self.printer;
        match print(&printer.target, &bytes, printer.patience).await {
            Ok(()) => {
                self.spool.remove(id);
                self.trouble = None;
                self.again_at = None;
            }
            Err(Failure { fault, was_begun }) => {
                tracing::warn!(?fault, was_begun, "not printed");
                if !was_begun {
                    self.spool.mark(id, was);
                }
                let is_new = self.trouble.as_ref() != Some(&fault);
                if was_begun || is_new {
                    let place = printer.target.to_string();
                    tell(self.news, What::Trouble(fault.refusal(&place)));
                }
                self.trouble = Some(fault);
                self.again_at = Some(Instant::now() + TRY_AGAIN);
            }
        }
        self.tell();
    }

    fn tell(&self) {
        let place = self.printer.target.to_string();
        let state = PrinterState {
            trouble: self.trouble.as_ref().map(|fault| fault.refusal(&place)),
            jobs: self.spool.list(),
        };
        tell(self.news, What::Printer(state));
    }
}

/// The bytes of all copies. What may have been printed before says so on top.
fn bytes(job: &Job, progress: Progress, setup: &escpos::Setup) -> Vec<u8> {
    let again = job.again.iter().filter(|_| progress == Progress::Unsure);
    let lines: Vec<_> = again.chain(&job.lines).cloned().collect();
    let one = escpos::document(&lines, setup);
    one.repeat(usize::from(job.copies.max(1)))
}
