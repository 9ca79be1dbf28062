//! One money operation, from the till's journal to its answer: nothing lost, nothing doubled.
//!
//! The request is on this box's disk before it is sent. When no answer comes, nobody knows whether it was
//! posted; it is sent again under the same id until somebody does. A plan on an old snapshot is made again
//! on a new one. A refusal counts only once the id is fenced, so that a late arrival cannot post it.

use std::ops::AsyncFn;
use std::time::Duration;

use serde::Serialize;
use sqlx::PgConnection;
use tokio::time::sleep;
use uuid::Uuid;

use crate::db::Db;
use crate::db::journal::{Entry, Fate};
use crate::db::ledger::{fence, fingerprint, post};
use crate::db::refuse::is_stale;
use crate::domain::ledger::{OperationKind, Plan, Posted, Stamp};
use crate::error::{Kind, Refusal, Result};
use crate::session::Connection;

/// Plans made anew because the member had changed; two tills on one member need a few.
const PLANS: u32 = 16;
/// Pauses between attempts to learn what became of an operation; the last one repeats.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// What is known of an operation before its first attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// It was never sent.
    Fresh,
    /// It may have been sent before, by a console that died.
    Unknown,
    /// Its id follows from what it does, so that it can be asked for again without a journal.
    Repeatable,
}

/// The short code of an operation, as the header and the shift sheet show it.
#[must_use]
pub fn short(id: Uuid) -> String {
    let text = id.simple().to_string().to_ascii_uppercase();
    text.chars().skip(28).collect()
}

impl Db {
    /// Journals, posts and settles one operation. `plan` makes a plan on the connection: on the snapshot it
    /// was given at attempt 0, on a fresh one after that.
    ///
    /// # Errors
    /// What the shop's rules or the database refuse; never "offline" once the operation was sent.
    pub async fn settle<R: Serialize>(
        &self,
        kind: OperationKind,
        stamp: &Stamp,
        request: &R,
        knowledge: Knowledge,
        plan: impl AsyncFn(&mut PgConnection, u32) -> Result<Plan>,
    ) -> Result<(Posted, Plan)> {
        let posting = async |conn: &mut PgConnection, attempt, hash: &[u8]| {
            let plan = plan(conn, attempt).await?;
            Ok((post(conn, stamp, &plan, hash).await?, plan))
        };
        self.settle_by(kind, stamp, request, knowledge, posting)
            .await
    }

    /// As [`Self::settle`], for what is posted in a way of its own: `posting` plans and posts, with the hash of the
    /// request.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub async fn settle_by<R: Serialize>(
        &self,
        kind: OperationKind,
        stamp: &Stamp,
        request: &R,
        knowledge: Knowledge,
        posting: impl AsyncFn(&mut PgConnection, u32, &[u8]) -> Result<(Posted, Plan)>,
    ) -> Result<(Posted, Plan)> {
        let hash = fingerprint(request);
        let mut unknown = match knowledge {
            Knowledge::Fresh => self.begin(kind, stamp, request)?,
            Knowledge::Unknown => true,
            Knowledge::Repeatable => false,
        };
        let mut attempt = u32::from(unknown);
        let (mut offline, mut stale) = (0, 0);
        loop {
            let answer = self
                .link
                .call(async |conn: &mut PgConnection| posting(conn, attempt, &hash).await)
                .await;
            match answer {
                Ok(done) => {
                    self.settled(stamp.id, Ok(()));
                    return Ok(done);
                }
                Err(refusal) if refusal.kind == Kind::Offline => {
                    unknown = true;
                    self.wait(stamp.id, offline).await;
                    offline += 1;
                }
                Err(refusal) if is_stale(&refusal) && stale < PLANS => stale += 1,
                Err(refusal) if unknown => match self.fence(stamp, &hash).await? {
                    Some(posted) => {
                        self.settled(stamp.id, Ok(()));
                        return Ok((posted, Plan::new(kind)));
                    }
                    None => return Err(self.settled(stamp.id, Err(refusal))),
                },
                Err(refusal) => return Err(self.settled(stamp.id, Err(refusal))),
            }
            attempt += 1;
        }
    }

    /// Takes the id so that nothing can be posted under it any more; `Some` when it had been posted.
    ///
    /// # Errors
    /// Internal: still nobody knows. The journal keeps the operation as begun.
    async fn fence(&self, stamp: &Stamp, hash: &[u8]) -> Result<Option<Posted>> {
        let mut tries = 0;
        loop {
            match self
                .link
                .call(async |conn: &mut PgConnection| fence(conn, stamp, hash).await)
                .await
            {
                Ok(posted) => return Ok(posted),
                // The till's shift is closed or its seat gone: nothing can be posted under this stamp.
                Err(refusal) if refusal.kind == Kind::User => return Ok(None),
                Err(refusal) if refusal.kind == Kind::Internal => return Err(refusal),
                // No answer, no free connection, a lock: none of them says what became of it.
                Err(_) => {
                    self.wait(stamp.id, tries).await;
                    tries += 1;
                }
            }
        }
    }

    /// Writes the request to the disk. Says whether it was there before and not refused: then it may have
    /// been posted, and a plan made now may be refused only because of that.
    fn begin<R: Serialize>(&self, kind: OperationKind, stamp: &Stamp, request: &R) -> Result<bool> {
        let entry = Entry {
            id: stamp.id,
            kind: kind.name().to_owned(),
            at: stamp.at,
            shift: stamp.shift_id,
            request: serde_json::to_value(request).map_err(Refusal::internal)?,
        };
        match self.journal.borrow_mut().as_mut() {
            Some(journal) => {
                let item = journal.item(stamp.id);
                let sent = item.is_some_and(|item| !matches!(item.fate, Fate::Refused(_)));
                journal.begin(&entry).map(|()| sent)
            }
            None => Err(Refusal::user("journal.busy")),
        }
    }

    /// Writes down what became of an operation, and says that the link answers again.
    fn settled(&self, id: Uuid, fate: Result<()>) -> Refusal {
        let refusal = fate.err();
        if let Some(journal) = self.journal.borrow_mut().as_mut() {
            let written = match &refusal {
                None => journal.acked(id),
                Some(refusal) => journal.refused(id, refusal.hint),
            };
            if let Err(error) = written {
                tracing::error!(%error, "the journal could not take an answer; it will be asked for again");
            }
        }
        self.known();
        refusal.unwrap_or_else(|| Refusal::user("ledger.done_already"))
    }

    /// Says that nothing is unknown any more.
    pub(super) fn known(&self) {
        self.unknown.set(false);
        (self.news)(Connection::Online);
    }

    /// Says that an operation's fate is unknown, brings a private server back, and pauses.
    pub(super) async fn wait(&self, id: Uuid, tries: usize) {
        self.unknown.set(true);
        (self.news)(Connection::Unknown { code: short(id) });
        self.revive().await;
        let pause = PAUSES
            .get(tries)
            .or(PAUSES.last())
            .copied()
            .unwrap_or_default();
        sleep(pause).await;
    }
}
