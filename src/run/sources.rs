//! Where events come from: keyboard, signals, the end of the terminal, and other people's edits.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::rc::Rc;
use std::thread;

use chrono::Utc;
use crossterm::event::Event as Pressed;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::Interest;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;
use tokio::task::spawn_local;

use super::keys::Keys;
use crate::device::poll::pollable_for;
use crate::device::remember::Memory;
use crate::event::{Event, What};
use crate::query::Backend;
use crate::run::scanners::{News, Scanners};
use crate::session::ScannerSign;
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
    let unfit = |_line| io::ErrorKind::Unsupported;
    let line = pollable_for(line, Interest::PRIORITY).map_err(unfit)?;
    let hangup = sender.clone();
    spawn_local(async move {
        if line.ready(Interest::PRIORITY).await.is_ok() {
            send(&hangup, What::Hangup).await;
        }
    });
    let mut sizes = signal(SignalKind::window_change())?;
    let resized = sender.clone();
    spawn_local(async move {
        while sizes.recv().await.is_some() {
            if let Ok((columns, rows)) = crossterm::terminal::size() {
                send(&resized, What::Resize(columns, rows)).await;
            }
        }
    });
    let typed = input()?;
    let keys = sender.clone();
    thread::Builder::new()
        .name("keyboard".to_owned())
        .spawn(move || keyboard(typed, &keys))?;
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

/// Reads the scanners, and shows in one sign how they are.
pub(super) fn scan(memory: Memory, sender: &Sender<Event>) -> Scanners {
    let (scanners, mut news) = Scanners::start(memory);
    let sender = sender.clone();
    spawn_local(async move {
        let mut was_seen = false;
        while let Some(news) = news.recv().await {
            let what = match news {
                News::Ready { .. } | News::NoUsb => continue,
                News::Scan(scan) => What::Scan(scan),
                News::Refused { device } => What::Garbled(device),
                News::Gear(gear) => What::Gear(gear),
                News::Learning(learning) => What::Learning(learning),
                News::Trouble(trouble) => What::Trouble(trouble.refusal()),
                News::Count { ready, trouble } => {
                    was_seen |= ready + trouble > 0;
                    What::Scanner(match (ready, trouble) {
                        (1.., 0) => ScannerSign::Ready,
                        _ if was_seen => ScannerSign::Trouble,
                        _ => ScannerSign::None,
                    })
                }
            };
            send(&sender, what).await;
        }
    });
    scanners
}

/// Where keys come from: standard input, or the terminal itself when that is something else.
fn input() -> io::Result<File> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        Ok(File::from(stdin.as_fd().try_clone_to_owned()?))
    } else {
        File::open("/dev/tty")
    }
}

/// How long the rest of a sequence may take: a slow line, not a finger.
const REST: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 25_000_000,
};

/// A thread of its own, because a terminal that has gone away can keep the reader busy for ever: the loop
/// must go on, see the hang-up and end the program.
fn keyboard(mut typed: File, sender: &Sender<Event>) {
    let mut keys = Keys::default();
    let mut bytes = [0; 4096];
    loop {
        let events = if keys.is_waiting() && !more(&typed) {
            keys.give_up()
        } else {
            match typed.read(&mut bytes) {
                Ok(0) => break,
                Ok(length) => keys.feed(bytes.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            }
        };
        for pressed in events {
            let what = match pressed {
                Pressed::Key(key) => What::Key(key),
                Pressed::Paste(text) => What::Paste(text),
                _ => continue,
            };
            if sender.blocking_send(event(what)).is_err() {
                return;
            }
        }
    }
    // A closed channel means the console has ended.
    let _ = sender.blocking_send(event(What::Hangup));
}

/// Whether something comes before a sequence that has begun is given up.
fn more(typed: &File) -> bool {
    let mut line = [PollFd::new(typed, PollFlags::IN)];
    !matches!(poll(&mut line, Some(&REST)), Ok(0))
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
