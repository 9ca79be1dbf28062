//! What has expired leaves the ledger, a round at a time (PT3, SV1).

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::lapse;
use crate::db::ledger::fingerprint;
use crate::db::refuse::refuse;
use crate::db::{Db, json};
use crate::domain::expiry::{self, Expired, Holder, Round};
use crate::domain::ledger::{Account, Plan, Stamp};
use crate::error::{Refusal, Result};

/// Lots of one round, and so members at most: a round locks them for some tens of milliseconds, during
/// which a sale to one of them at another till waits.
const LOTS: i32 = 50;
/// Rounds planned anew because all of their members changed meanwhile, as when two tills close at once.
const PLANS: u32 = 8;

/// Who is due: some of them, and how many in all.
#[derive(Debug, Deserialize)]
struct Due {
    due: i64,
    members: Vec<Holder>,
}

/// A plan with the id that follows from it, as the database takes it.
#[derive(Serialize)]
struct Sent<'a> {
    id: Uuid,
    member_id: i64,
    version: i64,
    request_hash: String,
    document: &'a serde_json::Value,
    accounts: Vec<Account>,
    amounts: Vec<i64>,
    lots: Vec<Uuid>,
    principals: Vec<i64>,
    bonuses: Vec<i64>,
    points: Vec<i64>,
}

impl<'a> Sent<'a> {
    fn new(holder: &Holder, plan: &'a Plan, stamp: &Stamp) -> Self {
        use std::fmt::Write as _;
        let today = stamp.business_on;
        let moves = plan.moves();
        let mut request_hash = String::new();
        for byte in fingerprint(&(holder.id, holder.version, today)) {
            let _ = write!(request_hash, "{byte:02x}");
        }
        Self {
            id: expiry::id(holder, today),
            member_id: holder.id,
            version: holder.version,
            request_hash,
            document: &plan.document,
            accounts: plan.shop_side().map(|p| p.account).collect(),
            amounts: plan.shop_side().map(|p| p.amount).collect(),
            lots: moves.iter().map(|m| m.lot).collect(),
            principals: moves.iter().map(|m| m.principal).collect(),
            bonuses: moves.iter().map(|m| m.bonus).collect(),
            points: moves.iter().map(|m| m.points).collect(),
        }
    }
}

async fn due(conn: &mut PgConnection, stamp: &Stamp) -> Result<Due> {
    json::read(
        sqlx::query_scalar!("select due_expiries($1, $2)", stamp.business_on, LOTS)
            .fetch_one(conn)
            .await
            .map_err(refuse)?,
    )
}

async fn send(
    conn: &mut PgConnection,
    stamp: &Stamp,
    plans: &serde_json::Value,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"select id as "id!" from post_expiries($1, $2, $3, $4, $5, $6) as id"#,
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
}

/// Reads who is due, plans, posts: two round trips for up to fifty members, each an operation of her own
/// (LG2). Who has changed in between is planned anew; who was done by another till is not done again.
/// Nothing expired and somebody left means that all kept changing: the next close goes on.
///
/// # Errors
/// `shift.not_open`; offline.
pub async fn round(conn: &mut PgConnection, stamp: &Stamp) -> Result<Round> {
    let mut left = 0;
    for _ in 0..PLANS {
        let due = due(&mut *conn, stamp).await?;
        let planned: Vec<(Holder, Plan)> = due
            .members
            .into_iter()
            .filter_map(|holder| Some((expiry::plan(&holder, stamp.business_on)?, holder)))
            .map(|(plan, holder)| (holder, plan))
            .collect();
        left = due.due;
        if planned.is_empty() {
            break;
        }
        let sent: Vec<Sent> = planned
            .iter()
            .map(|(holder, plan)| Sent::new(holder, plan, stamp))
            .collect();
        let ids: Vec<Uuid> = sent.iter().map(|one| one.id).collect();
        let plans = serde_json::to_value(&sent).map_err(Refusal::internal)?;
        let posted = send(&mut *conn, stamp, &plans).await?;
        let mut round = Round {
            expired: Expired::default(),
            left: left - i64::try_from(posted.len()).unwrap_or(i64::MAX),
        };
        for (_, (_, plan)) in ids
            .iter()
            .zip(&planned)
            .filter(|(id, _)| posted.contains(id))
        {
            round.expired += Expired::of(plan);
        }
        if !posted.is_empty() {
            return Ok(round);
        }
    }
    Ok(Round {
        left,
        ..Round::default()
    })
}

impl Db {
    /// One round of expiry, and of claims whose time is over, under the open shift. Asking again is safe: nothing expires twice.
    ///
    /// # Errors
    /// As [`round`].
    pub(super) async fn expire(&self, stamp: &Stamp) -> Result<Round> {
        self.link
            .read(async |conn: &mut PgConnection| {
                let mut all = round(&mut *conn, stamp).await?;
                let lapsed = lapse::round(conn, stamp).await?;
                all.expired += lapsed.expired;
                all.left += lapsed.left;
                Ok(all)
            })
            .await
    }
}
