//! Reads one scanner until it is gone or everything stops.

use std::time::Duration;

use chrono::Utc;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::{News, Word};
use crate::device::descriptor::Signal;
use crate::device::heard::Heard;
use crate::device::opened::{Decoder, Opened};
use crate::device::source::Source;
use crate::device::trouble::Trouble;
use crate::device::usb::Found;

/// What a reader says of its device, in order.
pub(super) enum Step {
    Ready { can_beep: bool },
    NoScanner,
    Failed(Trouble),
    Stopped,
}

/// What a reader is asked.
#[derive(Debug)]
pub(super) enum Ask {
    Signal(Signal),
    /// Give it back: it is a person's.
    Release,
}

/// Reads one scanner.
pub(super) async fn read(
    found: Found,
    news: mpsc::Sender<News>,
    steps: mpsc::Sender<Word>,
    mut asked: mpsc::Receiver<Ask>,
    mut stopped: watch::Receiver<bool>,
) {
    let place = found.place.clone();
    let step = match found.open().await {
        Ok(Some((mut opened, mut decoder))) => {
            // Closed channels mean that the program ends; the interface is given back all the same.
            let can_beep = opened.can_beep();
            let _ = steps.send((place.clone(), Step::Ready { can_beep })).await;
            let device = found.name.clone();
            let _ = news
                .send(News::Ready {
                    device: device.clone(),
                })
                .await;
            let step = tokio::select! {
                _ = stopped.wait_for(|is_stopped| *is_stopped) => Step::Stopped,
                step = listen(&mut opened, &mut decoder, &device, &news, &mut asked) => step,
            };
            opened.release().await;
            match step {
                // Pulled out while it was being read, it may look like a fault of the bus at first.
                Step::Failed(Trouble::Broken { .. }) if !found.is_there() => {
                    Step::Failed(Trouble::Gone { device })
                }
                step => step,
            }
        }
        Ok(None) => Step::NoScanner,
        Err(trouble) => Step::Failed(trouble),
    };
    let _ = steps.send((place, step)).await;
}

/// Hands on what the scanner says until it fails, or is to be given back.
async fn listen(
    opened: &mut Opened,
    decoder: &mut Decoder,
    device: &str,
    news: &mpsc::Sender<News>,
    asked: &mut mpsc::Receiver<Ask>,
) -> Step {
    let began = Instant::now();
    // Of the clock of the decoder, by the wall's: that one may be put right meanwhile.
    let mut origin = Utc::now();
    loop {
        let due = decoder.deadline();
        let report = tokio::select! {
            biased;
            report = opened.report() => Some(report),
            () = until(began, due) => None,
            Some(ask) = asked.recv() => match ask {
                Ask::Signal(signal) => {
                    opened.signal(signal).await;
                    continue;
                }
                Ask::Release => return Step::Stopped,
            },
        };
        let now = millis(began);
        let heard = match report {
            Some(Ok(report)) => {
                origin = Utc::now() - Duration::from_millis(now);
                decoder.feed(report, now)
            }
            Some(Err(trouble)) => return Step::Failed(trouble),
            None => decoder.tick(now),
        };
        for heard in heard {
            let (said, is_wrong) = match heard {
                Heard::Scan(scan) => (News::Scan(scan.since(origin)), false),
                Heard::Refused => {
                    let device = device.to_owned();
                    (News::Refused { device }, true)
                }
            };
            // A closed channel means that the program ends.
            let _ = news.send(said).await;
            if is_wrong {
                opened.signal(Signal::ErrorBeep).await;
            }
        }
    }
}

/// Milliseconds since `began`.
pub(super) fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Waits until this many milliseconds after `began`; for ever when there are none.
pub(super) async fn until(began: Instant, due: Option<u64>) {
    match due {
        Some(due) => sleep_until(began + Duration::from_millis(due)).await,
        None => std::future::pending().await,
    }
}
