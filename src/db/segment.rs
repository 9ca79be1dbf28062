//! Coupons to a whole segment: who would get one, and a round of giving (PR4).

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::ledger::fingerprint;
use crate::db::refuse::refuse;
use crate::db::{Db, json, reminder, search};
use crate::domain::grant::NewGrant;
use crate::domain::segment::{
    Batch, Found, MOST, Preview, Request, Round, Segment, Without, plan, preview, rule_of,
};
use crate::domain::shop::Shop;
use crate::error::{Kind, Refusal, Result};
use crate::query::DormantFilter;

/// Rounds planned anew because the rule was edited meanwhile, or a lock was in the way.
const PLANS: u32 = 4;

/// A plan with the id that follows from it, as the database takes it.
#[derive(Serialize)]
struct Sent {
    id: Uuid,
    member_id: i64,
    request_hash: String,
    extras: Grants,
    document: serde_json::Value,
}

#[derive(Serialize)]
struct Grants {
    grants: Vec<NewGrant>,
}

impl Sent {
    fn of(request: &Request, shop: &Shop, member_id: i64) -> Result<Self> {
        use std::fmt::Write as _;
        let (stamp, plan) = plan(request, shop, member_id)?;
        let mut request_hash = String::new();
        for byte in fingerprint(&(stamp.id, member_id)) {
            let _ = write!(request_hash, "{byte:02x}");
        }
        Ok(Self {
            id: stamp.id,
            member_id,
            request_hash,
            extras: Grants {
                grants: plan.extras.grants,
            },
            document: plan.document,
        })
    }
}

/// The members of a segment in its order, one more than [`MOST`] at most: the same question its list asks.
async fn members(conn: &mut PgConnection, segment: &Segment, today: NaiveDate) -> Result<Vec<i64>> {
    let limit = i32::try_from(MOST + 1).map_err(Refusal::internal)?;
    Ok(match *segment {
        Segment::Dormant {
            days,
            rhythm,
            max_days,
            level_id,
            balance,
        } => {
            let filter = DormantFilter {
                today,
                days,
                rhythm,
                max_days,
                level_id,
                balance,
            };
            let rows = search::dormant(conn, &filter, None, limit).await?;
            rows.into_iter().map(|row| row.member_id).collect()
        }
        Segment::Reminder { kind } => {
            let rows = reminder::list(conn, kind, today, None, limit).await?;
            rows.into_iter().map(|row| row.member_id).collect()
        }
    })
}

/// What these members had of a batch's rule.
async fn facts(conn: &mut PgConnection, batch: &Batch, members: &[i64]) -> Result<Found> {
    json::read(
        sqlx::query_scalar!(
            "select segment_facts($1, $2, $3)",
            members,
            batch.rule.id,
            batch.id()
        )
        .fetch_one(conn)
        .await
        .map_err(refuse)?,
    )
}

/// The plans of a round, as the database takes them.
fn plans(request: &Request, shop: &Shop) -> Result<serde_json::Value> {
    let sent = request.members.iter();
    let sent = sent.map(|id| Sent::of(request, shop, *id));
    let sent: Vec<Sent> = sent.collect::<Result<_>>()?;
    serde_json::to_value(&sent).map_err(Refusal::internal)
}

/// Posts a round, and says what became of each.
async fn post(
    conn: &mut PgConnection,
    request: &Request,
    plans: &serde_json::Value,
) -> Result<Vec<(i64, String)>> {
    let stamp = &request.stamp;
    let batch = serde_json::json!({
        "id": request.batch.id(),
        "rule_id": request.batch.rule.id,
        "version": request.batch.rule.version,
        "segment": request.batch.segment,
        "reason": request.reason.trim(),
    });
    let rows = sqlx::query!(
        r#"select member_id as "member_id!", became as "became!" from post_segment($1, $2, $3, $4, $5, $6, $7, $8)"#,
        stamp.till_id,
        stamp.shift_id,
        stamp.operator_id,
        stamp.approver_id,
        stamp.business_on,
        stamp.at,
        batch,
        plans
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.member_id, row.became))
        .collect())
}

impl Db {
    /// Who of a segment would get one, and who would not and why: nothing is given.
    ///
    /// # Errors
    /// `coupon.rule_changed`; offline.
    pub(super) async fn segment(&self, batch: &Batch) -> Result<Preview> {
        let mut shop = self.shop().await?;
        if rule_of(batch, &shop).is_err() {
            self.forget_shop();
            shop = self.shop().await?;
        }
        let rule = rule_of(batch, &shop)?;
        self.link
            .read(async |conn: &mut PgConnection| {
                let mut members = members(&mut *conn, &batch.segment, batch.business_on).await?;
                let cut = members.len() > MOST;
                members.truncate(MOST);
                let found = facts(conn, batch, &members).await?;
                Ok(preview(rule, found, cut))
            })
            .await
    }

    /// Gives one round in one round trip. What was given stays given whatever happens next; asked again, or when the answer was
    /// lost, nobody gets two.
    ///
    /// # Errors
    /// `approval.needed`, `coupon.rule_changed`, `shift.not_open`; offline.
    pub(super) async fn give_segment(&self, request: &Request) -> Result<Round> {
        let mut shop = self.shop().await?;
        let mut tries = 0;
        loop {
            let posted = match plans(request, &shop) {
                Err(refusal) => Err(refusal),
                Ok(plans) => {
                    self.link
                        .read(async |conn: &mut PgConnection| post(conn, request, &plans).await)
                        .await
                }
            };
            tries += 1;
            match posted {
                Ok(rows) => return Ok(round(&rows)),
                // The rule may be another, for us or for everybody.
                Err(refusal) if refusal.kind == Kind::Conflict && tries < PLANS => {
                    self.forget_shop();
                    shop = self.shop().await?;
                }
                // Whoever was given hers by the call that was lost is not given another.
                Err(refusal) if refusal.kind == Kind::Offline && tries < PLANS => {
                    self.revive().await;
                }
                Err(refusal) => return Err(refusal),
            }
        }
    }
}

fn round(rows: &[(i64, String)]) -> Round {
    let mut round = Round::default();
    for (_, became) in rows {
        let why = match became.as_str() {
            "given" => {
                round.given += 1;
                continue;
            }
            "known" => Without::Done,
            "gone" => Without::Gone,
            _ => Without::NoneLeft,
        };
        *round.without.entry(why).or_default() += 1;
    }
    round
}
