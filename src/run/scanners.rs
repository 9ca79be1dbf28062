//! The scanners of this machine: found, read, lost and found again, for the console and for
//! `guitai scan`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet, spawn_local};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::device::heard::Heard;
use crate::device::hotplug::Hotplug;
use crate::device::source::Source;
use crate::device::trouble::Trouble;
use crate::device::usb::claim::{Claimed, Decoder};
use crate::device::usb::{self, Form, Found, Place, Remembered};

/// News waiting to be taken; a reader waits when there are more.
const NEWS: usize = 256;
/// A new device announces itself in several messages: they are answered together.
const SETTLE: Duration = Duration::from_millis(30);
/// How long to look for a change where the kernel sends no messages.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Devices that take a claim and then fail are tried this often, until they are plugged in again.
const TRIES: u32 = 5;
/// How long giving everything back may take.
const CLOSING: Duration = Duration::from_secs(3);

/// Something a scanner did, or something that happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It is being read from now on.
    Ready {
        device: String,
    },
    Heard(Heard),
    Trouble(Trouble),
    /// How many are being read, and how many are not although they should be.
    Count {
        ready: usize,
        trouble: usize,
    },
}

/// The tasks behind the scanners.
#[derive(Debug)]
pub struct Scanners {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Scanners {
    /// Starts to look for scanners, on the current `LocalSet`. `remembered`: the keyboards that are.
    #[must_use]
    pub fn start(remembered: Vec<Remembered>) -> (Self, mpsc::Receiver<News>) {
        let (news, receiver) = mpsc::channel(NEWS);
        let (stop, stopped) = watch::channel(false);
        let station = Station {
            remembered,
            news,
            stopped,
            devices: BTreeMap::new(),
            readers: JoinSet::new(),
            count: None,
        };
        let task = spawn_local(station.serve());
        (Self { stop, task }, receiver)
    }

    /// Gives every scanner back to the kernel.
    pub async fn close(self) {
        // Nobody listens any more when the task has ended by itself.
        let _ = self.stop.send(true);
        if timeout(CLOSING, self.task).await.is_err() {
            tracing::warn!("a scanner does not come back in time");
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// Nobody reads it: not tried yet, or in vain.
    #[default]
    Idle,
    Opening,
    Ready,
    /// Asked, and it is none.
    NoScanner,
}

#[derive(Debug, Default)]
struct Known {
    stage: Stage,
    trouble: Option<Trouble>,
    /// Claims that ended in failure.
    tries: u32,
}

/// What a reader says of its device, in order.
enum Step {
    Ready,
    NoScanner,
    Failed(Trouble),
    Stopped,
}

struct Station {
    remembered: Vec<Remembered>,
    news: mpsc::Sender<News>,
    stopped: watch::Receiver<bool>,
    devices: BTreeMap<Place, Known>,
    readers: JoinSet<()>,
    /// What was said last.
    count: Option<(usize, usize)>,
}

impl Station {
    async fn serve(mut self) {
        let hotplug = Hotplug::open()
            .inspect_err(|error| tracing::info!(%error, "no messages about USB"))
            .ok();
        let (steps, mut taken) = mpsc::channel(NEWS);
        // Only at the start: later the kernel's driver may be about to take a new device.
        let mut takes_orphans = true;
        while self.rescan(takes_orphans, &steps).await || hotplug.is_some() {
            takes_orphans = false;
            loop {
                tokio::select! {
                    _ = self.stopped.changed() => {
                        while self.readers.join_next().await.is_some() {}
                        return;
                    }
                    Some((place, step)) = taken.recv() => self.step(&place, step).await,
                    Some(_ended) = self.readers.join_next() => {}
                    () = changed(hotplug.as_ref()) => break,
                }
            }
        }
    }

    /// Compares what is plugged in with what is known. `false`: there is no USB here.
    async fn rescan(&mut self, takes_orphans: bool, steps: &mpsc::Sender<(Place, Step)>) -> bool {
        let Some(listing) = usb::list(&self.remembered) else {
            self.tell_count().await;
            return false;
        };
        let mut present: BTreeSet<Place> = BTreeSet::new();
        for found in listing.found {
            if found.form == Form::Orphan && !takes_orphans {
                continue;
            }
            present.insert(found.place.clone());
            let known = self.devices.entry(found.place.clone()).or_default();
            if known.stage == Stage::Idle && known.tries < TRIES {
                known.stage = Stage::Opening;
                let (news, stopped) = (self.news.clone(), self.stopped.clone());
                self.readers
                    .spawn_local(read(found, news, steps.clone(), stopped));
            }
        }
        for (place, trouble) in listing.troubles {
            let known = self.devices.get(&place).map(|known| known.stage);
            if matches!(known, None | Some(Stage::Idle)) {
                self.fail(&place, trouble).await;
            }
            present.insert(place);
        }
        // Those with a reader go when it ends.
        self.devices.retain(|place, known| {
            present.contains(place) || matches!(known.stage, Stage::Opening | Stage::Ready)
        });
        self.tell_count().await;
        true
    }

    async fn step(&mut self, place: &Place, step: Step) {
        match step {
            Step::Ready => {
                let known = self.devices.entry(place.clone()).or_default();
                known.stage = Stage::Ready;
                known.trouble = None;
            }
            Step::NoScanner => {
                let known = self.devices.entry(place.clone()).or_default();
                known.stage = Stage::NoScanner;
            }
            Step::Failed(trouble) => self.fail(place, trouble).await,
            Step::Stopped => {
                self.devices.remove(place);
            }
        }
        self.tell_count().await;
    }

    /// Says what is wrong, once.
    async fn fail(&mut self, place: &Place, trouble: Trouble) {
        let mut known = self.devices.remove(place).unwrap_or_default();
        let is_gone = matches!(trouble, Trouble::Gone { .. });
        // Opened while it was being pulled out: nobody has seen it yet.
        let is_news =
            known.trouble.as_ref() != Some(&trouble) && (!is_gone || known.stage == Stage::Ready);
        if !is_gone {
            known.stage = Stage::Idle;
            known.tries += u32::from(matches!(trouble, Trouble::Broken { .. }));
            known.trouble = Some(trouble.clone());
            self.devices.insert(place.clone(), known);
        }
        if is_news {
            tracing::info!(?trouble, "scanner");
            self.tell(News::Trouble(trouble)).await;
        }
    }

    async fn tell_count(&mut self) {
        let known = || self.devices.values();
        let ready = known().filter(|one| one.stage == Stage::Ready).count();
        let trouble = known().filter(|one| one.trouble.is_some()).count();
        if self.count != Some((ready, trouble)) {
            self.count = Some((ready, trouble));
            self.tell(News::Count { ready, trouble }).await;
        }
    }

    async fn tell(&self, news: News) {
        // A closed channel means that the program ends.
        let _ = self.news.send(news).await;
    }
}

/// Waits until something about USB may have changed.
async fn changed(hotplug: Option<&Hotplug>) {
    if let Some(hotplug) = hotplug
        && hotplug.changed().await.is_ok()
    {
        sleep(SETTLE).await;
        return;
    }
    sleep(LOOK_AGAIN).await;
}

/// Reads one scanner until it is gone or everything stops.
async fn read(
    found: Found,
    news: mpsc::Sender<News>,
    steps: mpsc::Sender<(Place, Step)>,
    mut stopped: watch::Receiver<bool>,
) {
    let place = found.place.clone();
    let step = match found.claim().await {
        Ok(Some((mut claimed, mut decoder))) => {
            // Closed channels mean that the program ends; the interface is given back all the same.
            let _ = steps.send((place.clone(), Step::Ready)).await;
            let _ = news.send(News::Ready { device: found.name }).await;
            let step = tokio::select! {
                _ = stopped.wait_for(|is_stopped| *is_stopped) => Step::Stopped,
                trouble = listen(&mut claimed, &mut decoder, &news) => Step::Failed(trouble),
            };
            claimed.release().await;
            step
        }
        Ok(None) => Step::NoScanner,
        Err(trouble) => Step::Failed(trouble),
    };
    let _ = steps.send((place, step)).await;
}

/// Hands on what the scanner says until it fails.
async fn listen(
    claimed: &mut Claimed,
    decoder: &mut Decoder,
    news: &mpsc::Sender<News>,
) -> Trouble {
    let began = Instant::now();
    loop {
        let due = decoder
            .deadline()
            .map(|due| began + Duration::from_millis(due));
        let report = tokio::select! {
            biased;
            report = claimed.report() => Some(report),
            () = until(due) => None,
        };
        let now = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let heard = match report {
            Some(Ok(report)) => decoder.feed(report, now),
            Some(Err(trouble)) => return trouble,
            None => decoder.tick(now),
        };
        for heard in heard {
            // A closed channel means that the program ends.
            let _ = news.send(News::Heard(heard)).await;
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
