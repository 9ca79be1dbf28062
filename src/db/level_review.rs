//! Levels are reviewed: who spent too little goes down one, a page at a time (LV1).

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::ledger::fingerprint;
use crate::db::refuse::refuse;
use crate::db::{Db, json};
use crate::domain::ledger::Stamp;
use crate::domain::level::{KEEP_MONTHS, LevelBy, Reviewed, downgrade, plan_review, review_id};
use crate::domain::shop::Shop;
use crate::error::{Refusal, Result};

/// Members looked at in one round trip.
const PAGE: i32 = 500;
/// Members posted in one transaction: they are locked for some tens of milliseconds.
const BATCH: usize = 50;
/// Pages of one answer: of more members the rest comes with the next review of the list.
const MOST_PAGES: usize = 200;

/// A plan with the id that follows from it, as the database takes it.
#[derive(Serialize)]
struct Sent {
    id: Uuid,
    member_id: i64,
    version: i64,
    level_id: i32,
    request_hash: String,
    document: serde_json::Value,
}

impl Sent {
    fn of(her: &Reviewed, shop: &Shop, on: chrono::NaiveDate) -> Option<Self> {
        use std::fmt::Write as _;
        let plan = plan_review(&shop.levels, her, on)?;
        let mut request_hash = String::new();
        for byte in fingerprint(&(her.id, on)) {
            let _ = write!(request_hash, "{byte:02x}");
        }
        Some(Self {
            id: review_id(her, on),
            member_id: her.id,
            version: her.version,
            level_id: plan.level?,
            request_hash,
            document: plan.document,
        })
    }
}

/// Everybody who goes down at the last day of review up to `today`; nobody where levels are not reviewed.
///
/// # Errors
/// Offline.
pub async fn due(
    conn: &mut PgConnection,
    shop: &Shop,
    today: chrono::NaiveDate,
) -> Result<Vec<Reviewed>> {
    let Some(on) = shop.level_review.and_then(|review| review.last(today)) else {
        return Ok(Vec::new());
    };
    let keep = i32::try_from(KEEP_MONTHS).map_err(Refusal::internal)?;
    let (mut after, mut due) = (0, Vec::new());
    for _ in 0..MOST_PAGES {
        let page: Vec<Reviewed> = json::read(
            sqlx::query_scalar!(
                "select level_candidates($1, $2, $3, $4, $5, $6)",
                on,
                today,
                shop.level_by == LevelBy::Lifetime,
                keep,
                after,
                PAGE
            )
            .fetch_one(&mut *conn)
            .await
            .map_err(refuse)?,
        )?;
        let Some(last) = page.last() else { break };
        after = last.id;
        let goes = page.into_iter();
        due.extend(goes.filter(|her| downgrade(&shop.levels, her).is_some()));
    }
    Ok(due)
}

impl Db {
    /// As [`due`].
    ///
    /// # Errors
    /// Offline.
    pub(super) async fn levels_due(&self, today: chrono::NaiveDate) -> Result<Vec<Reviewed>> {
        let shop = self.shop().await?;
        self.link
            .read(async |conn: &mut PgConnection| due(conn, &shop, today).await)
            .await
    }

    /// Posts the reviews of `members`, fifty in a transaction; returns how many went down. Who has changed since is left
    /// out: the list that is read again says whether she still goes. Asking again does nothing twice.
    ///
    /// # Errors
    /// `staff.no_right`, `shift.not_open`; offline.
    pub(super) async fn review_levels(&self, stamp: &Stamp, members: &[Reviewed]) -> Result<i64> {
        let shop = self.shop().await?;
        let today = stamp.business_on;
        let Some(on) = shop.level_review.and_then(|review| review.last(today)) else {
            return Ok(0);
        };
        let mut done = 0;
        for batch in members.chunks(BATCH) {
            let sent = batch.iter().filter_map(|her| Sent::of(her, &shop, on));
            let sent: Vec<Sent> = sent.collect();
            let plans = serde_json::to_value(&sent).map_err(Refusal::internal)?;
            let posted = self
                .link
                .read(async |conn: &mut PgConnection| {
                    sqlx::query_scalar!(
                        r#"select id as "id!" from post_level_reviews($1, $2, $3, $4, $5, $6) as id"#,
                        stamp.till_id,
                        stamp.shift_id,
                        stamp.operator_id,
                        stamp.business_on,
                        stamp.at,
                        plans
                    )
                    .fetch_all(conn)
                    .await
                    .map_err(refuse)
                })
                .await?;
            done += i64::try_from(posted.len()).unwrap_or(i64::MAX);
        }
        Ok(done)
    }
}
