//! Jobs that wait, survive the console, and are never printed twice without saying so.

use chrono::Utc;
use guitai::device::escpos::document;
use guitai::device::printer::{Patience, Target};
use guitai::device::spool::{MOST_JOBS, Spool};
use guitai::domain::print::{Job, Order, Progress};
use guitai::domain::slip::{Form, Line};
use guitai::event::{Event, What};
use guitai::run;
use guitai::run::paper::{Devices, Paper, Printer};
use guitai::session::PrinterState;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use super::bytes::setup;
use super::transport::{Answers, PATIENT, READY, serve};
use crate::support::folder::Folder;
use crate::support::pty::PATIENCE;

fn line(text: &str) -> Line {
    Line {
        text: text.to_owned(),
        form: Form::Plain,
    }
}

fn job(title: &str) -> Job {
    Job {
        title: title.to_owned(),
        at: Utc::now(),
        lines: vec![line(title)],
        copies: 1,
        again: Some(line("** copy **")),
    }
}

fn order(title: &str) -> Order {
    Order::Print(Box::new(job(title)))
}

/// The document of a job, and one that says it is a copy.
fn first(title: &str) -> Vec<u8> {
    document(&[line(title)], &setup(48))
}

fn again(title: &str) -> Vec<u8> {
    document(&[line("** copy **"), line(title)], &setup(48))
}

struct Till {
    listener: TcpListener,
    folder: Folder,
    patience: Patience,
}

impl Till {
    async fn new() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            folder: Folder::new("spool"),
            patience: PATIENT,
        }
    }

    fn start(&self) -> (Paper, Receiver<Event>) {
        let address = self.listener.local_addr().unwrap();
        let devices = Devices {
            printer: Some(Printer {
                target: Target::Tcp(address.to_string()),
                setup: setup(48),
                patience: self.patience,
            }),
            display: None,
            spool: self.folder.path().join("print"),
        };
        let (sender, events) = run::channel();
        (Paper::start(devices, sender).unwrap(), events)
    }

    /// The printer takes one document.
    async fn printed(&self, answers: Answers) -> Vec<u8> {
        let served = async {
            let (stream, _) = self.listener.accept().await.unwrap();
            serve(stream, answers).await
        };
        timeout(PATIENCE, served).await.unwrap()
    }
}

/// The next state of the printer that fits.
async fn state(events: &mut Receiver<Event>, fits: impl Fn(&PrinterState) -> bool) -> PrinterState {
    let wanted = async {
        loop {
            if let What::Printer(state) = events.recv().await.unwrap().what
                && fits(&state)
            {
                return state;
            }
        }
    };
    timeout(PATIENCE, wanted).await.unwrap()
}

fn waits(state: &PrinterState) -> Vec<(&str, Progress)> {
    let jobs = state.jobs.iter();
    jobs.map(|job| (job.title.as_str(), job.progress)).collect()
}

const NO_PAPER: Answers = Answers {
    cause: 0x32,
    paper: 0x72,
    finishes: true,
};

#[tokio::test]
async fn what_waits_for_paper_is_printed_once_and_is_no_copy() {
    let till = Till::new().await;
    let (paper, mut events) = till.start();
    paper.order(order("one"));
    paper.order(order("two"));
    assert_eq!(till.printed(NO_PAPER).await, [0_u8; 0]);
    let held = state(&mut events, |state| {
        state.trouble.is_some() && state.jobs.len() == 2
    })
    .await;
    assert_eq!(held.trouble.as_ref().unwrap().hint, "printer.paper");
    assert_eq!(
        waits(&held),
        [("one", Progress::Waiting), ("two", Progress::Waiting)]
    );
    // The console ends meanwhile; the jobs do not.
    paper.close().await;
    let (paper, mut events) = till.start();
    assert_eq!(till.printed(READY).await, first("one"));
    assert_eq!(till.printed(READY).await, first("two"));
    let free = state(&mut events, |state| state.jobs.is_empty()).await;
    assert!(free.trouble.is_none());
    paper.close().await;
}

#[tokio::test]
async fn half_printed_is_never_printed_again_by_itself() {
    let till = Till {
        patience: Patience {
            done: std::time::Duration::from_millis(50),
            ..PATIENT
        },
        ..Till::new().await
    };
    let (paper, mut events) = till.start();
    paper.order(order("half"));
    let never_done = Answers {
        finishes: false,
        ..READY
    };
    assert_eq!(till.printed(never_done).await, first("half"));
    let unsure = [("half", Progress::Unsure)];
    state(&mut events, |state| waits(state) == unsure).await;
    // Neither now nor after the console has started again, though others are printed.
    paper.close().await;
    let till = Till {
        patience: PATIENT,
        ..till
    };
    let (paper, mut events) = till.start();
    let found = state(&mut events, |state| !state.jobs.is_empty()).await;
    assert_eq!(waits(&found), unsure);
    paper.order(order("next"));
    assert_eq!(till.printed(READY).await, first("next"));
    let left = state(&mut events, |state| waits(state) == unsure).await;
    // The cashier looks at the paper and wants it: it says what it is.
    paper.order(Order::Again(left.jobs[0].id));
    assert_eq!(till.printed(READY).await, again("half"));
    state(&mut events, |state| state.jobs.is_empty()).await;
    paper.close().await;
}

#[tokio::test]
async fn a_job_that_is_dropped_is_gone_from_the_disk() {
    let till = Till::new().await;
    let (paper, mut events) = till.start();
    paper.order(order("unwanted"));
    till.printed(NO_PAPER).await;
    let held = state(&mut events, |state| state.trouble.is_some()).await;
    paper.order(Order::Drop(held.jobs[0].id));
    let free = state(&mut events, |state| state.jobs.is_empty()).await;
    assert!(free.trouble.is_none());
    paper.close().await;
    let left = std::fs::read_dir(till.folder.path().join("print")).unwrap();
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn the_drawer_opens_before_the_paper_and_never_later() {
    let till = Till::new().await;
    let (paper, mut events) = till.start();
    state(&mut events, |_| true).await;
    paper.order(Order::Kick);
    let mut pulse = Vec::new();
    let (mut stream, _) = till.listener.accept().await.unwrap();
    stream.read_to_end(&mut pulse).await.unwrap();
    assert_eq!(pulse, [0x1B, b'p', 0, 25, 120]);
    // Nobody there: it is said, and not kept for later.
    let address = till.listener.local_addr().unwrap();
    drop(till.listener);
    paper.order(Order::Kick);
    let said = async {
        loop {
            if let What::Trouble(refusal) = events.recv().await.unwrap().what {
                return refusal;
            }
        }
    };
    let refusal = timeout(PATIENCE, said).await.unwrap();
    assert_eq!(refusal.hint, "printer.drawer");
    assert!(refusal.with[0].1.contains(&address.to_string()));
    paper.close().await;
    assert_eq!(
        std::fs::read_dir(till.folder.path().join("print"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn jobs_are_bounded_in_number_and_age() {
    let folder = Folder::new("spool");
    let now = Utc::now();
    let mut spool = Spool::open(folder.path(), now).unwrap();
    for number in 0..MOST_JOBS + 5 {
        spool.add(job(&number.to_string()));
    }
    assert_eq!(spool.list().len(), MOST_JOBS);
    assert_eq!(spool.list()[0].title, "5");
    // A file nobody can read does not stop the others.
    std::fs::write(folder.path().join("0000000099.json"), "{").unwrap();
    let again = Spool::open(folder.path(), now).unwrap();
    assert_eq!(again.list(), spool.list());
    let later = now + chrono::TimeDelta::days(4);
    assert!(Spool::open(folder.path(), later).unwrap().list().is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
