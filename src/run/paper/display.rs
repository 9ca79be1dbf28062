//! The customer's display: the newest amount counts, a display that does not take it is left alone.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout};

use super::Display;
use crate::device::display::{frame, greeting};
use crate::device::poll::pollable;
use crate::device::serial;
use crate::domain::print::Shown;

/// How long it may take some bytes: forty of them need a fifth of a second at 2400 baud.
const STALL: Duration = Duration::from_secs(1);
/// How long to leave one alone that cannot be opened.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Shows amounts until nobody sends any; then clears it.
pub(super) async fn run(display: Option<Display>, mut amounts: Receiver<Shown>) {
    let Some(display) = display else {
        while amounts.recv().await.is_some() {}
        return;
    };
    let mut port = Port::new(display);
    port.show(Shown::Nothing).await;
    while let Some(shown) = amounts.recv().await {
        let mut newest = shown;
        while let Ok(newer) = amounts.try_recv() {
            newest = newer;
        }
        port.show(newest).await;
    }
    port.show(Shown::Nothing).await;
}

enum Open {
    Tty(AsyncFd<File>),
    /// A file takes everything at once.
    File(File),
}

struct Port {
    display: Display,
    open: Option<Open>,
    not_before: Option<Instant>,
}

impl Port {
    const fn new(display: Display) -> Self {
        Self {
            display,
            open: None,
            not_before: None,
        }
    }

    async fn show(&mut self, shown: Shown) {
        let mut bytes = Vec::new();
        if self.open.is_none() {
            if self.not_before.is_some_and(|at| Instant::now() < at) {
                return;
            }
            match serial::open(&self.display.path, self.display.baud) {
                Ok(file) => {
                    bytes = greeting(self.display.protocol);
                    self.open = Some(match pollable(file) {
                        Ok(file) => Open::Tty(file),
                        Err(file) => Open::File(file),
                    });
                }
                Err(error) => self.fail(&error),
            }
        }
        bytes.extend(frame(self.display.protocol, shown));
        let written = match &mut self.open {
            None => return,
            Some(Open::File(file)) => file.write_all(&bytes),
            Some(Open::Tty(file)) => match timeout(STALL, write(file, &bytes)).await {
                Ok(written) => written,
                Err(elapsed) => Err(elapsed.into()),
            },
        };
        if let Err(error) = written {
            self.fail(&error);
        }
    }

    fn fail(&mut self, error: &std::io::Error) {
        tracing::warn!(%error, path = %self.display.path.display(), "the display");
        self.open = None;
        self.not_before = Some(Instant::now() + TRY_AGAIN);
    }
}

async fn write(file: &mut AsyncFd<File>, bytes: &[u8]) -> std::io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let mut ready = file.writable_mut().await?;
        if let Ok(taken) = ready.try_io(|file| file.get_mut().write(rest)) {
            rest = rest.get(taken?..).unwrap_or_default();
        }
    }
    Ok(())
}
