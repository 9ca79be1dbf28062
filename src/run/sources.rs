//! Where events come from: keyboard, signals, and the end of the terminal.

use std::io;
use std::os::fd::AsFd;

use chrono::Utc;
use crossterm::event::{Event as Pressed, EventStream};
use futures::StreamExt;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;
use tokio::task::spawn_local;

use crate::event::{Event, What};
use crate::ui::terminal::Terminal;

/// Starts a small task per source. They end with the runtime.
///
/// # Errors
/// A signal or the terminal cannot be watched.
pub(super) fn watch(terminal: &Terminal, sender: &Sender<Event>) -> io::Result<()> {
    for kind in [
        SignalKind::hangup(),
        SignalKind::terminate(),
        SignalKind::interrupt(),
    ] {
        let mut signals = signal(kind)?;
        let sender = sender.clone();
        spawn_local(async move {
            while signals.recv().await.is_some() {
                send(&sender, What::Hangup).await;
            }
        });
    }
    // Only hang-up and error wake this up, never a key. Without it a terminal that dies while no
    // signal reaches us leaves the keyboard's thread spinning.
    let line = terminal.as_fd().try_clone_to_owned()?;
    #[expect(
        deprecated,
        reason = "safe for an OwnedFd, which stays open and the same; the successor is an unsafe fn"
    )]
    let line = AsyncFd::with_interest(line, Interest::PRIORITY)?;
    let hangup = sender.clone();
    spawn_local(async move {
        if line.ready(Interest::PRIORITY).await.is_ok() {
            send(&hangup, What::Hangup).await;
        }
    });
    // Made here and now: from here on a change of size is noticed.
    let keys = EventStream::new();
    let sender = sender.clone();
    spawn_local(async move { keyboard(keys, &sender).await });
    Ok(())
}

async fn keyboard(mut keys: EventStream, sender: &Sender<Event>) {
    while let Some(Ok(pressed)) = keys.next().await {
        match pressed {
            Pressed::Key(key) => send(sender, What::Key(key)).await,
            Pressed::Paste(text) => send(sender, What::Paste(text)).await,
            Pressed::Resize(columns, rows) => send(sender, What::Resize(columns, rows)).await,
            Pressed::FocusGained | Pressed::FocusLost | Pressed::Mouse(_) => {}
        }
    }
    send(sender, What::Hangup).await;
}

async fn send(sender: &Sender<Event>, what: What) {
    // A closed channel means the console has ended.
    let _ = sender
        .send(Event {
            at: Utc::now(),
            what,
        })
        .await;
}
