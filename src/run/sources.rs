//! Where events come from: keyboard, signals, the end of the terminal, and other people's edits.

use std::io;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use chrono::Utc;
use crossterm::event::{Event as Pressed, poll, read};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;
use tokio::task::spawn_local;

use crate::event::{Event, What};
use crate::query::Backend;
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
    // Asked here and now: from here on a change of size is noticed.
    poll(Duration::ZERO)?;
    let keys = sender.clone();
    thread::Builder::new()
        .name("keyboard".to_owned())
        .spawn(move || keyboard(&keys))?;
    Ok(())
}

/// Hears what other people edit.
pub(super) fn listen<B: Backend + 'static>(backend: Rc<B>, sender: &Sender<Event>) {
    let sender = sender.clone();
    spawn_local(async move {
        backend
            .listen(async |noun| send(&sender, What::Changed(noun)).await)
            .await;
    });
}

/// A thread of its own, because a terminal that has gone away can keep the reader busy for ever: the loop
/// must go on, see the hang-up and end the program.
fn keyboard(sender: &Sender<Event>) {
    while let Ok(pressed) = read() {
        let what = match pressed {
            Pressed::Key(key) => What::Key(key),
            Pressed::Paste(text) => What::Paste(text),
            Pressed::Resize(columns, rows) => What::Resize(columns, rows),
            Pressed::FocusGained | Pressed::FocusLost | Pressed::Mouse(_) => continue,
        };
        if sender.blocking_send(event(what)).is_err() {
            return;
        }
    }
    // A closed channel means the console has ended.
    let _ = sender.blocking_send(event(What::Hangup));
}

fn event(what: What) -> Event {
    Event {
        at: Utc::now(),
        what,
    }
}

async fn send(sender: &Sender<Event>, what: What) {
    // A closed channel means the console has ended.
    let _ = sender.send(event(what)).await;
}
