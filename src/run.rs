//! The loop: wait for one event, update, drain all waiting, perform effects, draw once if changed.
//! The only place that waits, spawns, draws or ends.

mod keys;
pub mod paper;
pub mod scan;
pub mod scanners;
mod sources;

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use chrono::Utc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::{LocalSet, spawn_local, yield_now};
use tokio::time::timeout;

use crate::app::App;
use crate::device::remember::Memory;
use crate::error::{Kind, Refusal};
use crate::event::{Effect, Event, What};
use crate::query::{Backend, Query, Ticket};
use crate::run::paper::{Devices, Paper};
use crate::run::scanners::Scanners;
use crate::ui::terminal::Terminal;

/// Events waiting to be taken; a producer waits when there are more.
const EVENTS: usize = 256;

/// Questions under way at once.
const QUERIES_AT_ONCE: usize = 8;

/// Questions under way or waiting; one more is refused at once.
const QUERIES: usize = 64;

/// A screen whose deadline stays in the past wakes the loop this often and not oftener.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);

/// The one channel of events. Producers get a clone of the sender.
#[must_use]
pub fn channel() -> (Sender<Event>, Receiver<Event>) {
    mpsc::channel(EVENTS)
}

/// Waits until a signal asks the program to end: while the books are opened nobody else listens.
///
/// # Errors
/// A signal cannot be watched.
pub async fn stopped() -> io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = hangup.recv() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Runs the console until it is done or its terminal is gone. `memory`: the keyboards that are
/// scanners.
///
/// # Errors
/// Signals or the terminal cannot be watched. A terminal that goes away later is a normal end.
pub async fn run<B: Backend + 'static>(
    app: App,
    mut terminal: Terminal,
    backend: Rc<B>,
    (sender, receiver): (Sender<Event>, Receiver<Event>),
    memory: Memory,
    devices: Devices,
) -> io::Result<()> {
    let answers = Answers::new(backend, sender.clone());
    let local = LocalSet::new();
    local
        .run_until(async {
            sources::listen(Rc::clone(&answers.backend), &sender);
            sources::watch(&terminal, &sender)?;
            terminal.measure()?;
            let scanners = sources::scan(memory, &sender);
            let paper = Paper::start(devices, sender.clone())?;
            turn(app, terminal, receiver, &answers, (&scanners, &paper)).await;
            scanners.close().await;
            paper.close().await;
            Ok(())
        })
        .await
}

async fn turn<B: Backend + 'static>(
    mut app: App,
    mut terminal: Terminal,
    mut receiver: Receiver<Event>,
    answers: &Answers<B>,
    (scanners, paper): (&Scanners, &Paper),
) {
    let mut changed = true;
    loop {
        for effect in app.take_effects() {
            match effect {
                Effect::Query(ticket, query) => answers.ask(ticket, *query),
                Effect::Wish(wish) => scanners.order(wish),
                Effect::Print(order) => paper.order(order),
                Effect::Show(shown) => paper.show(shown),
                Effect::Quit => return,
            }
        }
        // The questions are on their way while the frame is made.
        yield_now().await;
        if changed && let Err(error) = terminal.draw(|frame| app.view(frame)) {
            tracing::info!(%error, "the terminal is gone");
            return;
        }
        changed = false;
        let mut taken = 0;
        let mut next = Some(wait(&app, &mut receiver).await);
        while let Some(event) = next {
            if let What::Resize(columns, rows) = event.what
                && terminal.resize(columns, rows).is_err()
            {
                return;
            }
            changed |= app.update(event);
            taken += 1;
            next = if taken < EVENTS {
                receiver.try_recv().ok()
            } else {
                None
            };
        }
    }
}

/// The next event, or the deadline of the app.
async fn wait(app: &App, receiver: &mut Receiver<Event>) -> Event {
    let deadline = app.deadline();
    let pause = deadline.map(|at| (at - Utc::now()).to_std().unwrap_or_default());
    let pause = pause.map(|pause| pause.max(SHORTEST_PAUSE));
    let what = match pause {
        Some(pause) => match timeout(pause, receiver.recv()).await {
            Ok(Some(event)) => return event,
            Ok(None) => What::Hangup,
            Err(_elapsed) => What::Wake,
        },
        None => match receiver.recv().await {
            Some(event) => return event,
            None => What::Hangup,
        },
    };
    Event {
        at: Utc::now(),
        what,
    }
}

/// Carries questions to the back end and answers to the channel.
#[derive(Debug)]
struct Answers<B> {
    backend: Rc<B>,
    sender: Sender<Event>,
    at_once: Rc<Semaphore>,
    under_way: Rc<Cell<usize>>,
}

impl<B: Backend + 'static> Answers<B> {
    fn new(backend: Rc<B>, sender: Sender<Event>) -> Self {
        Self {
            backend,
            sender,
            at_once: Rc::new(Semaphore::new(QUERIES_AT_ONCE)),
            under_way: Rc::new(Cell::new(0)),
        }
    }

    fn ask(&self, ticket: Ticket, query: Query) {
        let backend = Rc::clone(&self.backend);
        let sender = self.sender.clone();
        let at_once = Rc::clone(&self.at_once);
        let under_way = Rc::clone(&self.under_way);
        let full = under_way.get() >= QUERIES;
        under_way.set(under_way.get() + 1);
        spawn_local(async move {
            let answer = if full {
                Err(Refusal::conflict("refusal.busy"))
            } else {
                let _permit = at_once.acquire().await;
                backend.answer(query).await
            };
            under_way.set(under_way.get() - 1);
            let event = Event {
                at: Utc::now(),
                what: What::Reply(ticket, answer.map_err(log)),
            };
            // A closed channel means the console has ended and nobody waits.
            let _ = sender.send(event).await;
        });
    }
}

/// Gives a fault of ours a short code that stands both on the screen and in the log.
pub(crate) fn log(refusal: Refusal) -> Refusal {
    if refusal.kind != Kind::Internal {
        return refusal;
    }
    let random = uuid::Uuid::now_v7().as_u128() & 0xFFFF;
    let code = format!("{random:04X}");
    let cause = chain(&refusal);
    tracing::error!(code, cause, "internal error");
    refusal.with("code", code)
}

/// The hint and everything behind it.
pub(crate) fn chain(refusal: &Refusal) -> String {
    // The hint alone: what fills its places may be a name or a phone number.
    let mut words = vec![refusal.hint.to_owned()];
    let mut source = std::error::Error::source(refusal);
    while let Some(error) = source {
        words.push(error.to_string());
        source = error.source();
    }
    words.join(": ")
}
