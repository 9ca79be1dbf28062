//! Hearing what other people edit: LISTEN on a connection of its own, which costs nothing while nothing
//! happens.
//!
//! A notification carries a noun and no data; whoever hears it reads again. Those sent while nobody listened
//! are lost, so everything is read again whenever listening begins.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::time::timeout;

use crate::db::Db;
use crate::query::Noun;

/// To connect and to listen.
const LISTEN_WITHIN: Duration = Duration::from_secs(3);

/// Pauses between attempts; the last one repeats. An answer to any question ends the pause.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_mins(1),
];

impl Db {
    /// Tells what was edited, for as long as anybody wants to know.
    pub(super) async fn hear(&self, changed: impl AsyncFn(Noun)) {
        // Not before the first answer: the console needs that connection first.
        self.link_turned.notified().await;
        let mut tries = 0;
        loop {
            tries = if self.hear_until_lost(&changed).await {
                0
            } else {
                tries + 1
            };
            let pause = PAUSES.get(tries).or(PAUSES.last()).copied();
            // Over when the link comes back; else it was only a pause.
            let _ = timeout(pause.unwrap_or_default(), self.link_turned.notified()).await;
        }
    }

    /// Listens until the connection is lost, or another one has been, which says as much of this one:
    /// a cable that was pulled makes no sound. Returns whether it could be listened at all.
    async fn hear_until_lost(&self, changed: &impl AsyncFn(Noun)) -> bool {
        let Ok(shop) = self.shop().await else {
            return false;
        };
        let Some(mut ear) = ear(self.link.options(), shop.merchant_id).await else {
            return false;
        };
        self.forget_shop();
        changed(Noun::All).await;
        loop {
            let lost = pin!(self.link_turned.notified());
            let Either::Left((Ok(Some(heard)), _)) = select(pin!(ear.try_recv()), lost).await
            else {
                return true;
            };
            self.forget_shop();
            changed(Noun::named(heard.payload())).await;
        }
    }
}

/// A connection that listens to the merchant's channel.
async fn ear(options: &PgConnectOptions, merchant: i32) -> Option<PgListener> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(LISTEN_WITHIN)
        .connect_lazy_with(options.clone());
    let listening = async {
        let mut ear = PgListener::connect_with(&pool).await?;
        ear.eager_reconnect(false);
        ear.listen(&format!("shop_{merchant}")).await?;
        Ok::<_, sqlx::Error>(ear)
    };
    match timeout(LISTEN_WITHIN, listening).await {
        Ok(Ok(ear)) => Some(ear),
        Ok(Err(error)) => {
            tracing::info!(%error, "other people's edits are not heard");
            None
        }
        Err(_elapsed) => None,
    }
}
