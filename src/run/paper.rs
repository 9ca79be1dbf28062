//! Printer, drawer and the customer's display, in a thread of their own: a slow or dead device costs
//! the sale nothing, not even the time of a write to the disk.

mod display;
mod spooler;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use chrono::Utc;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{self, Sender};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::config::Config;
use crate::device::display::Protocol;
use crate::device::escpos::Setup;
use crate::device::printer::{Patience, Target};
use crate::domain::print::{Order, Shown};
use crate::error::Refusal;
use crate::event::{Event, What};

/// Orders waiting to be taken.
const ORDERS: usize = 64;
/// Amounts waiting to be shown.
const AMOUNTS: usize = 16;
/// How long the job under way may take when the console ends.
const CLOSING: Duration = Duration::from_secs(5);

/// The printer of this till.
#[derive(Debug, Clone)]
pub struct Printer {
    pub target: Target,
    pub setup: Setup,
    pub patience: Patience,
}

/// The display of this till.
#[derive(Debug, Clone)]
pub struct Display {
    pub path: PathBuf,
    pub protocol: Protocol,
    pub baud: u32,
}

/// What hangs on this till besides scanners.
#[derive(Debug, Clone)]
pub struct Devices {
    pub printer: Option<Printer>,
    pub display: Option<Display>,
    /// Where jobs wait.
    pub spool: PathBuf,
}

impl Devices {
    /// Those the configuration names; jobs wait in `folder`, the till's own.
    ///
    /// # Errors
    /// The printer is no printer, the logo no picture.
    pub fn of(config: &Config, folder: &Path) -> anyhow::Result<Self> {
        let target = config.target()?;
        let setup = config.paper()?;
        let printer = target.map(|target| Printer {
            target,
            setup,
            patience: Patience::default(),
        });
        let display = &config.display;
        Ok(Self {
            printer,
            display: (!display.path.is_empty()).then(|| Display {
                path: display.path.clone().into(),
                protocol: display.protocol,
                baud: display.baud,
            }),
            spool: folder.join("print"),
        })
    }
}

/// The way to the thread.
#[derive(Debug)]
pub struct Paper {
    orders: mpsc::Sender<Order>,
    amounts: mpsc::Sender<Shown>,
    ended: oneshot::Receiver<()>,
    news: Sender<Event>,
}

impl Paper {
    /// Starts it. News go to `news`.
    ///
    /// # Errors
    /// No thread can be made.
    pub fn start(devices: Devices, news: Sender<Event>) -> std::io::Result<Self> {
        let (orders, taken) = mpsc::channel(ORDERS);
        let (amounts, shown) = mpsc::channel(AMOUNTS);
        let (end, ended) = oneshot::channel();
        let sender = news.clone();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("paper".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::join!(
                        spooler::run(devices.printer, &devices.spool, taken, &sender),
                        display::run(devices.display, shown),
                    );
                });
                // Nobody waits any more: the console has ended in another way.
                let _ = end.send(());
            })?;
        Ok(Self {
            orders,
            amounts,
            ended,
            news,
        })
    }

    /// Hands an order over; never waits.
    pub fn order(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            tell(&self.news, What::Trouble(Refusal::conflict("printer.full")));
        }
    }

    /// Shows an amount; never waits. What does not fit any more is old.
    pub fn show(&self, shown: Shown) {
        let _ = self.amounts.try_send(shown);
    }

    /// Ends it after the job under way; the others wait on the disk.
    pub async fn close(self) {
        drop((self.orders, self.amounts));
        let _ = timeout(CLOSING, self.ended).await;
    }
}

/// News for the console. A full channel drops them: the next ones count.
fn tell(news: &Sender<Event>, what: What) {
    let event = Event {
        at: Utc::now(),
        what,
    };
    let _ = news.try_send(event);
}
