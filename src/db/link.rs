//! The link to Postgres: every call has a limit, and a connection that failed is never used again.
//!
//! A pool of our own, because a pool that pings before or after use doubles the round trips.

use std::cell::RefCell;
use std::fmt;
use std::ops::{AsyncFn, AsyncFnOnce};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::db::connect::connect;
use crate::error::{Kind, Refusal, Result};

/// Connections of one console. Two would do; a slow list must not hold up a sale.
const CONNECTIONS: usize = 4;
/// To get an answer. The server gives up on a statement of this role after five seconds.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(6);
/// To say goodbye at the end.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);

/// A few connections to one server, for one thread.
pub struct Link {
    options: PgConnectOptions,
    idle: RefCell<Vec<PgConnection>>,
    free: Semaphore,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("idle", &self.idle.borrow().len())
            .finish_non_exhaustive()
    }
}

impl Link {
    /// Does not connect yet: a console opens without its database and says so.
    #[must_use]
    pub fn new(options: PgConnectOptions) -> Self {
        Self {
            options,
            idle: RefCell::new(Vec::new()),
            free: Semaphore::new(CONNECTIONS),
        }
    }

    /// How to reach the server.
    #[must_use]
    pub const fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// The connection used last, because its statements are warm, or a new one.
    async fn connection(&self) -> Result<PgConnection> {
        let idle = self.idle.borrow_mut().pop();
        match idle {
            Some(conn) => Ok(conn),
            None => connect(&self.options).await,
        }
    }

    /// Makes one call. After a failure that may have left the connection in the middle of something, the
    /// connection is dropped; so it is when the call itself is dropped.
    ///
    /// # Errors
    /// Those of `work`; offline when no answer came in time.
    pub async fn call<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T>,
    ) -> Result<T> {
        let _turn = timeout(ANSWER_WITHIN, self.free.acquire())
            .await
            .map_err(|_elapsed| Refusal::conflict("refusal.busy"))?;
        let mut conn = self.connection().await?;
        let answer = timeout(ANSWER_WITHIN, work(&mut conn))
            .await
            .unwrap_or_else(|_elapsed| Err(Refusal::offline()));
        match &answer {
            Err(refusal) if matches!(refusal.kind, Kind::Offline | Kind::Internal) => {
                // The others may have died with it: the next call finds out on a new one.
                self.idle.borrow_mut().clear();
            }
            _ => self.idle.borrow_mut().push(conn),
        }
        answer
    }

    /// Makes a call that does nothing twice: when the connection turns out dead it is made once more on
    /// another.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn read<T>(&self, work: impl AsyncFn(&mut PgConnection) -> Result<T>) -> Result<T> {
        match self.call(&work).await {
            Err(refusal) if refusal.kind == Kind::Offline => self.call(&work).await,
            answer => answer,
        }
    }

    /// Closes all connections.
    pub async fn close(&self) {
        let idle = self.idle.take();
        for conn in idle {
            // Nobody waits for a goodbye that does not come.
            let _ = timeout(CLOSE_WITHIN, conn.close()).await;
        }
    }
}
