//! Claims without limit are earned to their end, a round at a time (RF4).

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::json;
use crate::db::ledger::fingerprint;
use crate::db::refuse::refuse;
use crate::domain::expiry::{Expired, Round};
use crate::domain::grant::GrantMove;
use crate::domain::lapse::{self, Claim};
use crate::domain::ledger::{Account, Plan, Stamp};
use crate::error::{Refusal, Result};

/// Claims of one round at most.
const CLAIMS: i32 = 50;
/// Rounds planned anew because all of their members changed meanwhile, as when two tills close at once.
const PLANS: u32 = 8;

/// What is due: some of it, and how many in all.
#[derive(Debug, Deserialize)]
struct Due {
    due: i64,
    claims: Vec<Claim>,
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
    extras: Moves<'a>,
}

#[derive(Serialize)]
struct Moves<'a> {
    moves: &'a [GrantMove],
}

impl<'a> Sent<'a> {
    fn new(claim: &Claim, plan: &'a Plan) -> Self {
        use std::fmt::Write as _;
        let mut request_hash = String::new();
        for byte in fingerprint(&(claim.id, claim.version)) {
            let _ = write!(request_hash, "{byte:02x}");
        }
        Self {
            id: lapse::id(claim),
            member_id: claim.member_id,
            version: claim.version,
            request_hash,
            document: &plan.document,
            accounts: plan.shop_side().map(|p| p.account).collect(),
            amounts: plan.shop_side().map(|p| p.amount).collect(),
            extras: Moves {
                moves: &plan.extras.moves,
            },
        }
    }
}

async fn due(conn: &mut PgConnection, stamp: &Stamp) -> Result<Due> {
    json::read(
        sqlx::query_scalar!("select due_lapses($1, $2)", stamp.business_on, CLAIMS)
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
        r#"select id as "id!" from post_lapses($1, $2, $3, $4, $5, $6) as id"#,
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

/// Reads what is due, plans, posts: two round trips for up to fifty claims, each an operation of its own (LG2). Whose holder
/// has changed in between is planned anew; what another till did is not done again.
///
/// # Errors
/// `shift.not_open`; offline.
pub async fn round(conn: &mut PgConnection, stamp: &Stamp) -> Result<Round> {
    let mut left = 0;
    for _ in 0..PLANS {
        let due = due(&mut *conn, stamp).await?;
        let claims = due.claims.into_iter();
        let planned =
            claims.filter_map(|claim| Some((lapse::plan(&claim, stamp.business_on)?, claim)));
        let planned: Vec<(Plan, Claim)> = planned.collect();
        left = due.due;
        if planned.is_empty() {
            break;
        }
        let sent: Vec<Sent> = planned
            .iter()
            .map(|(plan, claim)| Sent::new(claim, plan))
            .collect();
        let plans = serde_json::to_value(&sent).map_err(Refusal::internal)?;
        let posted = send(&mut *conn, stamp, &plans).await?;
        let mut expired = Expired::default();
        let done = sent.iter().zip(&planned);
        for (_, (plan, _)) in done.filter(|(sent, _)| posted.contains(&sent.id)) {
            expired += lapse::earned(plan);
        }
        if !posted.is_empty() {
            let left = left - i64::try_from(posted.len()).unwrap_or(i64::MAX);
            return Ok(Round { expired, left });
        }
    }
    Ok(Round {
        left,
        ..Round::default()
    })
}
