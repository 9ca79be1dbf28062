//! The link to Postgres: every call has a limit, and a connection that failed is never used again.

use std::ops::AsyncFnOnce;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection as _, PgConnection};
use tokio::time::timeout;

use crate::db::refuse::refuse;
use crate::error::{Kind, Refusal, Result};

/// Connections of one console. Two would do; a slow list must not hold up a sale.
const CONNECTIONS: u32 = 4;
/// To get a connection, made anew when needed.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// To get an answer. The server gives up on a statement of this role after five seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(6);

/// The link: a small pool that never pings before use, because a ping is a round trip.
#[derive(Debug, Clone)]
pub struct Link {
    pool: PgPool,
}

impl Link {
    /// Does not connect yet: a console opens without its database and says so.
    #[must_use]
    pub fn new(options: PgConnectOptions) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECT_WITHIN)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options);
        Self { pool }
    }

    /// Makes one call. After a failure that may have left the connection in the middle of something,
    /// the connection is dropped.
    ///
    /// # Errors
    /// Those of `work`; offline when no answer came in time.
    pub async fn call<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T>,
    ) -> Result<T> {
        let mut conn = self.pool.acquire().await.map_err(refuse)?;
        let answer = timeout(ANSWER_WITHIN, work(&mut conn))
            .await
            .unwrap_or_else(|_elapsed| Err(Refusal::offline()));
        if let Err(refusal) = &answer
            && matches!(refusal.kind, Kind::Offline | Kind::Internal)
        {
            drop(conn.detach());
        }
        answer
    }

    /// Makes a call that only reads: when the connection turns out dead it is made once more on another.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn read<T>(&self, work: impl AsyncFn(&mut PgConnection) -> Result<T>) -> Result<T> {
        match self.call(&work).await {
            Err(refusal) if refusal.kind == Kind::Offline => self.call(&work).await,
            answer => answer,
        }
    }

    /// Whether the server answers now.
    pub async fn answers(&self) -> bool {
        self.call(async |conn: &mut PgConnection| conn.ping().await.map_err(refuse))
            .await
            .is_ok()
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
