//! The scanners of this machine: found, read, lost and found again, for the console and for
//! `guitai scan`.

mod learn;
mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet, spawn_local};
use tokio::time::{Instant, sleep_until, timeout};

use crate::device::descriptor::Signal;
use crate::device::hotplug::Hotplug;
use crate::device::remember::{Memory, Remembered};
use crate::device::trouble::Trouble;
use crate::device::usb::{self, Form, Found, Place};
use crate::domain::gear::{self, Gear, GearKind, GearState, Learning, Wish};
use crate::domain::scan::Scan;
use learn::Lesson;
use reader::{Ask, Step};

/// News waiting to be taken; a reader waits when there are more.
const NEWS: usize = 256;
/// What people ask; more at once is dropped.
const ORDERS: usize = 16;
/// A new device announces itself in several messages: they are answered together.
const SETTLE: Duration = Duration::from_millis(30);
/// How long to look for a change where the kernel sends no messages.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long to look where it does: some containers let no message in, and another program may have
/// let go of a device, which nobody announces.
const LOOK_ANYWAY: Duration = Duration::from_mins(1);
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
    Scan(Scan),
    /// A code arrived damaged.
    Refused {
        device: String,
    },
    Trouble(Trouble),
    /// How many are being read, and how many are not although they should be.
    Count {
        ready: usize,
        trouble: usize,
    },
    /// This machine has no USB: nothing will ever be found.
    NoUsb,
    /// Everything that is plugged in.
    Gear(Vec<Gear>),
    /// How far learning is.
    Learning(Learning),
}

/// The tasks behind the scanners.
#[derive(Debug)]
pub struct Scanners {
    stop: watch::Sender<bool>,
    orders: mpsc::Sender<Wish>,
    task: JoinHandle<()>,
}

impl Scanners {
    /// Starts to look for scanners, on the current `LocalSet`. `memory`: the keyboards that are.
    #[must_use]
    pub fn start(memory: Memory) -> (Self, mpsc::Receiver<News>) {
        let (news, receiver) = mpsc::channel(NEWS);
        let (stop, stopped) = watch::channel(false);
        let (orders, taken) = mpsc::channel(ORDERS);
        let station = Station {
            memory,
            news,
            stopped,
            devices: BTreeMap::new(),
            readers: JoinSet::new(),
            others: Vec::new(),
            lessons: JoinSet::new(),
            lesson: None,
            count: None,
            shown: Vec::new(),
            has_told_no_usb: false,
        };
        let task = spawn_local(station.serve(taken));
        let scanners = Self { stop, orders, task };
        (scanners, receiver)
    }

    /// Asks something of the devices. What does not fit the queue is dropped: a person asks again.
    pub fn order(&self, order: Wish) {
        let _ = self.orders.try_send(order);
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
    /// What it is, once it was seen as a scanner.
    found: Option<Found>,
    can_beep: bool,
    /// To its reader.
    asks: Option<mpsc::Sender<Ask>>,
}

/// A reader's word, and whose.
type Word = (Place, Step);

struct Station {
    memory: Memory,
    news: mpsc::Sender<News>,
    stopped: watch::Receiver<bool>,
    devices: BTreeMap<Place, Known>,
    readers: JoinSet<()>,
    /// Keyboards and lines nobody taught.
    others: Vec<Found>,
    lessons: JoinSet<Option<Found>>,
    lesson: Option<Lesson>,
    /// What was said last.
    count: Option<(usize, usize)>,
    shown: Vec<Gear>,
    has_told_no_usb: bool,
}

impl Station {
    async fn serve(mut self, mut orders: mpsc::Receiver<Wish>) {
        let hotplug = Hotplug::open()
            .inspect_err(|error| tracing::info!(%error, "no messages about USB"))
            .ok();
        let (steps, mut taken) = mpsc::channel(NEWS);
        // Only at the start: later the kernel's driver may be about to take a new device.
        let mut takes_orphans = true;
        while self.rescan(takes_orphans, &steps).await || hotplug.is_some() {
            takes_orphans = false;
            let pause = hotplug.as_ref().map_or(LOOK_AGAIN, |_| LOOK_ANYWAY);
            let mut due = Instant::now() + pause;
            loop {
                tokio::select! {
                    _ = self.stopped.changed() => return self.end().await,
                    Some((place, step)) = taken.recv() => {
                        if self.step(&place, step).await {
                            due = Instant::now();
                        }
                    }
                    Some(_ended) = self.readers.join_next() => {}
                    Some(taught) = self.lessons.join_next() => {
                        if let Ok(Some(found)) = taught {
                            self.taught(&found).await;
                            due = Instant::now();
                        }
                    }
                    Some(order) = orders.recv() => self.order(order).await,
                    () = changed(hotplug.as_ref()) => due = due.min(Instant::now() + SETTLE),
                    () = sleep_until(due) => break,
                }
            }
        }
        self.tell_learning_is_vain(&mut orders).await;
    }

    /// There is no USB here: whoever wants to teach a device is told so.
    async fn tell_learning_is_vain(&mut self, orders: &mut mpsc::Receiver<Wish>) {
        loop {
            tokio::select! {
                _ = self.stopped.changed() => return,
                order = orders.recv() => match order {
                    Some(Wish::Learn { .. }) => {
                        self.tell(News::Learning(Learning::NoCandidate)).await;
                    }
                    Some(_) => {}
                    None => return,
                },
            }
        }
    }

    async fn end(mut self) {
        self.lesson = None;
        while self.lessons.join_next().await.is_some() {}
        while self.readers.join_next().await.is_some() {}
    }

    /// Compares what is plugged in with what is known. `false`: there is no USB here.
    async fn rescan(&mut self, takes_orphans: bool, steps: &mpsc::Sender<Word>) -> bool {
        let Some(listing) = usb::list(&self.memory) else {
            if !std::mem::replace(&mut self.has_told_no_usb, true) {
                self.tell(News::NoUsb).await;
            }
            return false;
        };
        let mut present: BTreeSet<Place> = BTreeSet::new();
        for found in listing.found {
            if found.form == Form::Orphan && !takes_orphans || self.reads_twin_of(&found) {
                continue;
            }
            present.insert(found.place.clone());
            let known = self.devices.entry(found.place.clone()).or_default();
            if known.stage == Stage::Idle && known.tries < TRIES {
                known.stage = Stage::Opening;
                known.found = Some(found.clone());
                let (asks, asked) = mpsc::channel(ORDERS);
                known.asks = Some(asks);
                let (news, stopped) = (self.news.clone(), self.stopped.clone());
                self.readers
                    .spawn_local(reader::read(found, news, steps.clone(), asked, stopped));
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
        self.others = listing.others;
        self.plugged_in_while_learning();
        self.tell_state().await;
        true
    }

    /// Whether the standard collection of the same device is being read: the kernel does not know it any
    /// more, so that the other one looks alone.
    fn reads_twin_of(&self, found: &Found) -> bool {
        let mut read = self
            .devices
            .values()
            .filter(|known| matches!(known.stage, Stage::Opening | Stage::Ready));
        read.any(|known| {
            known
                .found
                .as_ref()
                .is_some_and(|one| found.is_twin_of(one))
        })
    }

    /// Whether to look again at once.
    async fn step(&mut self, place: &Place, step: Step) -> bool {
        let mut looks_again = false;
        match step {
            Step::Ready { can_beep } => {
                let known = self.devices.entry(place.clone()).or_default();
                known.stage = Stage::Ready;
                known.trouble = None;
                known.can_beep = can_beep;
            }
            Step::NoScanner => {
                let known = self.devices.entry(place.clone()).or_default();
                known.stage = Stage::NoScanner;
            }
            Step::Failed(trouble) => self.fail(place, trouble).await,
            Step::Stopped => {
                self.devices.remove(place);
                looks_again = true;
            }
        }
        self.tell_state().await;
        looks_again
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

    async fn order(&mut self, order: Wish) {
        match order {
            Wish::Learn { code } => self.learn(code).await,
            Wish::EndLearning => self.lesson = None,
            Wish::Forget { id } => {
                if let Some(who) = self.known(&id).and_then(|known| known.found.as_ref()) {
                    let who: Remembered = who.who.clone();
                    if let Err(error) = self.memory.forget(&who) {
                        tracing::warn!(%error, "a device is forgotten only for now");
                    }
                    self.ask(&id, Ask::Release);
                }
            }
            Wish::Beep { id } => self.ask(&id, Ask::Signal(Signal::Beep)),
            Wish::Trigger { id } => self.ask(&id, Ask::Signal(Signal::Trigger)),
        }
    }

    fn known(&self, wanted: &str) -> Option<&Known> {
        let mut all = self.devices.iter();
        all.find_map(|(place, known)| (id(place) == wanted).then_some(known))
    }

    fn ask(&self, id: &str, ask: Ask) {
        if let Some(asks) = self.known(id).and_then(|known| known.asks.as_ref()) {
            // A reader that is busy or gone does nothing.
            let _ = asks.try_send(ask);
        }
    }

    async fn tell_state(&mut self) {
        let known = || self.devices.values();
        let ready = known().filter(|one| one.stage == Stage::Ready).count();
        let trouble = known().filter(|one| one.trouble.is_some()).count();
        if self.count != Some((ready, trouble)) {
            self.count = Some((ready, trouble));
            self.tell(News::Count { ready, trouble }).await;
        }
        let read = self.devices.iter().filter_map(|(place, known)| {
            let state = match (&known.trouble, known.stage) {
                (_, Stage::NoScanner) => return None,
                (Some(trouble), _) => {
                    let refusal = trouble.refusal();
                    GearState::Trouble {
                        hint: refusal.hint,
                        with: refusal.with,
                    }
                }
                (None, Stage::Ready) => GearState::Ready,
                (None, _) => GearState::Opening,
            };
            let found = known.found.as_ref();
            let name = known
                .trouble
                .as_ref()
                .map(|trouble| trouble.device().to_owned());
            let bare = Gear {
                id: id(place),
                name: name.unwrap_or_default(),
                numbers: String::new(),
                port: String::new(),
                kind: GearKind::Unknown,
                state: state.clone(),
                is_learnt: false,
                can_beep: known.can_beep,
            };
            Some(found.map_or(bare, |found| gear_of(found, state, known.can_beep)))
        });
        let left = self
            .others
            .iter()
            .map(|found| gear_of(found, GearState::Left, false));
        let gear: Vec<Gear> = read.chain(left).take(gear::MOST).collect();
        if gear != self.shown {
            self.shown.clone_from(&gear);
            self.tell(News::Gear(gear)).await;
        }
    }

    async fn tell(&self, news: News) {
        // A closed channel means that the program ends.
        let _ = self.news.send(news).await;
    }
}

/// What a person sees of it.
fn gear_of(found: &Found, state: GearState, can_beep: bool) -> Gear {
    Gear {
        id: id(&found.place),
        name: found.name.clone(),
        numbers: found.numbers(),
        port: found.port(),
        kind: match found.form {
            Form::Pos(_) => GearKind::Pos,
            Form::Keys(_) => GearKind::Keyboard,
            Form::Serial(_) => GearKind::Serial,
            Form::Orphan => GearKind::Unknown,
        },
        state,
        is_learnt: found.is_learnt,
        can_beep,
    }
}

fn id((bus, address, interface): &Place) -> String {
    format!("{bus}/{address}/{interface}")
}

/// Waits until something about USB may have changed.
async fn changed(hotplug: Option<&Hotplug>) {
    if let Some(hotplug) = hotplug
        && hotplug.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}
