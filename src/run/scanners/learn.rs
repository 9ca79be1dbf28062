//! Learning: which of the keyboards and lines is a scanner. The one that sends the code on the
//! screen, or any code faster than a person types.
//!
//! Whatever the kernel lets us read beside its own driver is only listened to: nothing is taken
//! from anybody. A keyboard that cannot be listened to is claimed alone and for a moment, and given
//! back at the first key a person presses on it, not to be touched again.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::reader::{millis, until};
use super::{News, Station};
use crate::device::learn::{Ear, Verdict};
use crate::device::opened::Opened;
use crate::device::source::Source;
use crate::device::trouble::Trouble;
use crate::device::usb::{Form, Found, Place};
use crate::domain::gear::Learning;

/// How long learning takes at most.
const LESSON: Duration = Duration::from_secs(90);
/// How long one keyboard is away from its driver at most.
const TURN: Duration = Duration::from_secs(5);
/// Before a keyboard that could not be claimed is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// Devices that are tried at most.
const MOST: usize = 16;

/// A lesson under way. Whoever drops it ends it.
pub(super) struct Lesson {
    code: String,
    until: Instant,
    candidates: BTreeSet<Place>,
    _ended: watch::Sender<()>,
}

impl Station {
    pub(super) async fn learn(&mut self, code: String) {
        self.lesson = None;
        self.teach(code, Instant::now() + LESSON);
        if self.others.is_empty() {
            self.tell(News::Learning(Learning::NoCandidate)).await;
        }
    }

    /// A lesson goes on with a device that was plugged in meanwhile: most likely that is the one.
    pub(super) fn plugged_in_while_learning(&mut self) {
        let is_new = |lesson: &Lesson| {
            let mut places = self.others.iter().map(|found| &found.place);
            places.any(|place| !lesson.candidates.contains(place))
        };
        if let Some(lesson) = self.lesson.take_if(|lesson| is_new(lesson)) {
            self.teach(lesson.code, lesson.until);
        }
    }

    fn teach(&mut self, code: String, until: Instant) {
        let candidates: Vec<Found> = self.others.iter().take(MOST).cloned().collect();
        let (end, ended) = watch::channel(());
        self.lesson = Some(Lesson {
            code: code.clone(),
            until,
            candidates: self
                .others
                .iter()
                .map(|found| found.place.clone())
                .collect(),
            _ended: end,
        });
        let news = self.news.clone();
        self.lessons
            .spawn_local(lesson(candidates, code, until, news, ended));
    }

    /// It is this one.
    pub(super) async fn taught(&mut self, found: &Found) {
        self.lesson = None;
        let kept = self.memory.learn(found.who.clone());
        if let Err(error) = &kept {
            tracing::warn!(%error, "what was learnt cannot be written");
        }
        let found = Learning::Found {
            name: found.name.clone(),
            kept: kept.is_ok(),
        };
        self.tell(News::Learning(found)).await;
    }
}

/// Listens to all of them. `None`: nobody scanned in time, or the lesson was ended.
async fn lesson(
    candidates: Vec<Found>,
    code: String,
    end: Instant,
    news: mpsc::Sender<News>,
    mut ended: watch::Receiver<()>,
) -> Option<Found> {
    let mut ears = JoinSet::new();
    let mut silent = Vec::new();
    for found in candidates {
        match found.overhear() {
            Some((mut opened, decoder)) => {
                let mut ear = Ear::new(decoder, code.clone());
                ears.spawn_local(async move {
                    // A person's keyboard is only not the one; what fails was unplugged.
                    loop {
                        match hear(&mut opened, &mut ear).await? {
                            Verdict::Scanner => return Some(found),
                            Verdict::Person => {}
                        }
                    }
                });
            }
            None => silent.push(found),
        }
    }
    let (over, mut is_over) = watch::channel(false);
    let mut turns = Turns {
        heard: ears.len(),
        denied: Vec::new(),
        news: news.clone(),
        over: is_over.clone(),
    };
    let wait = async {
        let found = tokio::select! {
            found = first(&mut ears) => Some(found),
            _ = is_over.wait_for(|is_over| *is_over) => None,
            // Nothing is ever sent: this is the end of its sender.
            _ = ended.changed() => None,
            () = sleep_until(end) => {
                let _ = news.send(News::Learning(Learning::TimedOut)).await;
                None
            }
        };
        let _ = over.send(true);
        found
    };
    let claimed = async {
        let found = turns.take(silent, &code).await;
        let _ = over.send(true);
        found
    };
    let (overheard, claimed) = tokio::join!(wait, claimed);
    overheard.or(claimed)
}

/// The first that turns out to be a scanner; waits for ever when there is none.
async fn first(ears: &mut JoinSet<Option<Found>>) -> Found {
    while let Some(ended) = ears.join_next().await {
        if let Ok(Some(found)) = ended {
            return found;
        }
    }
    std::future::pending().await
}

/// Waits until it is plain who is at this device; `None`: it is gone.
async fn hear(opened: &mut Opened, ear: &mut Ear) -> Option<Verdict> {
    let began = Instant::now();
    loop {
        let due = ear.deadline();
        let report = tokio::select! {
            biased;
            report = opened.report() => Some(report.ok()?),
            () = until(began, due) => None,
        };
        let now = millis(began);
        let verdicts = match report {
            Some(report) => ear.feed(report, now),
            None => ear.tick(now),
        };
        if let Some(verdict) = verdicts.first() {
            return Some(*verdict);
        }
    }
}

/// Keyboards that are claimed one after another.
struct Turns {
    heard: usize,
    denied: Vec<(String, String)>,
    news: mpsc::Sender<News>,
    over: watch::Receiver<bool>,
}

impl Turns {
    /// Round and round until one of them is a scanner, or it is over.
    async fn take(&mut self, mut candidates: Vec<Found>, code: &str) -> Option<Found> {
        // Serial lines are either listened to or not allowed.
        for line in candidates.extract_if(.., |one| matches!(one.form, Form::Serial(_))) {
            self.denied.push((line.name.clone(), line.rule()));
        }
        let has_tried = !candidates.is_empty();
        // With nothing to listen to, that there is nothing stands.
        let listens = self.heard > 0 || !self.denied.is_empty();
        if listens && !has_tried {
            self.tell(None).await;
        }
        while !candidates.is_empty() && !*self.over.borrow() {
            let found = candidates.remove(0);
            self.tell(Some(found.name.clone())).await;
            match self.turn(&found, code).await {
                Ok(Some(Verdict::Scanner)) => return Some(found),
                // Somebody's keyboard: never again.
                Ok(Some(Verdict::Person)) => {}
                Ok(None) => candidates.push(found),
                Err(Trouble::Denied { device, rule }) => self.denied.push((device, rule)),
                Err(_busy_or_gone) => {
                    self.rest().await;
                    candidates.push(found);
                }
            }
        }
        // Somebody's keyboard was tried, and is back.
        if has_tried {
            self.tell(None).await;
        }
        let _ = self.over.wait_for(|is_over| *is_over).await;
        None
    }

    /// One keyboard for a moment; `None`: nobody touched it.
    async fn turn(&mut self, found: &Found, code: &str) -> Result<Option<Verdict>, Trouble> {
        let Some((mut opened, decoder)) = found.open().await? else {
            return Ok(Some(Verdict::Person));
        };
        let mut ear = Ear::new(decoder, code.to_owned());
        let verdict = tokio::select! {
            verdict = hear(&mut opened, &mut ear) => verdict,
            _ = self.over.wait_for(|is_over| *is_over) => None,
            () = sleep(TURN) => None,
        };
        opened.release().await;
        Ok(verdict)
    }

    async fn rest(&mut self) {
        tokio::select! {
            _ = self.over.wait_for(|is_over| *is_over) => {}
            () = sleep(PAUSE) => {}
        }
    }

    async fn tell(&self, claimed: Option<String>) {
        let learning = Learning::Listening {
            heard: self.heard,
            claimed,
            denied: self.denied.clone(),
        };
        // A closed channel means that the program ends.
        let _ = self.news.send(News::Learning(learning)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(heard: usize) -> bool {
        let (news, mut told) = mpsc::channel(1);
        let (_over, over) = watch::channel(true);
        let mut turns = Turns {
            heard,
            denied: Vec::new(),
            news,
            over,
        };
        let found = turns.take(Vec::new(), "GTL00000000").await;
        drop(turns);
        found.is_none() && told.recv().await.is_some()
    }

    #[tokio::test]
    async fn with_nothing_to_listen_to_nobody_is_told_that_we_listen() {
        assert!(told(1).await && !told(0).await);
    }
}
