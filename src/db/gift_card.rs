//! Unregistered gift cards: sold together, each an operation of its own (SV10).

use std::fmt::Write as _;

use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::db::Db;
use crate::db::ledger::{fingerprint, posted};
use crate::db::settle::Knowledge;
use crate::domain::gift_card::{self, CardPlan, CardSaleRequest, NewCard, Sold};
use crate::domain::ledger::{OperationKind, Plan, Posted};
use crate::domain::receipt::Receipt;
use crate::error::{Refusal, Result};

/// What the till's journal keeps of the request.
fn sold(request: &CardSaleRequest) -> Sold {
    let mut digest = String::new();
    for byte in fingerprint(request) {
        let _ = write!(digest, "{byte:02x}");
    }
    Sold {
        stamp: request.stamp.clone(),
        cards: request.cards.len(),
        total: request.total(),
        way: request.way,
        digest,
    }
}

fn card((it, card): (&CardPlan, &NewCard)) -> Value {
    json!({
        "id": it.id,
        "code": card.code,
        "is_minted": card.is_minted,
        "amount": card.amount,
        "lot": it.plan.new_lots.first().map(|lot| lot.id),
        "document": it.plan.document,
    })
}

async fn post(
    conn: &mut PgConnection,
    request: &CardSaleRequest,
    plans: &[CardPlan],
    hash: &[u8],
) -> Result<Posted> {
    let stamp = &request.stamp;
    let cards: Vec<Value> = plans.iter().zip(&request.cards).map(card).collect();
    let identity = request.identity.as_ref();
    let buyer = json!({
        "kind": request.buyer,
        "name": identity.map(|it| it.name.trim()),
        "tail": identity.map(|it| &it.tail),
    });
    let answer = sqlx::query_scalar!(
        r#"select sell_cards($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) as "answer!: Vec<Option<i64>>""#,
        stamp.id,
        stamp.till_id,
        stamp.shift_id,
        stamp.operator_id,
        stamp.approver_id,
        stamp.business_on,
        stamp.at,
        request.way.account().map(crate::domain::ledger::Account::name),
        buyer,
        Value::Array(cards),
        hash,
    )
    .fetch_one(&mut *conn)
    .await;
    posted(conn, stamp, OperationKind::TopUp, hash, answer).await
}

impl Db {
    /// Sells unregistered gift cards: all of them or none.
    ///
    /// # Errors
    /// `gift_card.taken` for a card that is somebody's, the enforced limits of SV10, `approval.needed`.
    pub async fn sell_cards(&self, request: &CardSaleRequest) -> Result<Receipt> {
        let shop = self.shop().await?;
        let done = self
            .settle_by(
                OperationKind::TopUp,
                &request.stamp,
                &sold(request),
                Knowledge::Fresh,
                async |conn: &mut PgConnection, _, hash: &[u8]| {
                    let plans = gift_card::plan(request, &shop)?;
                    let posted = post(conn, request, &plans, hash).await?;
                    let first = plans.into_iter().next().map(|it| it.plan);
                    Ok((posted, first.unwrap_or(Plan::new(OperationKind::TopUp))))
                },
            )
            .await?;
        self.receipt(&request.stamp, done, None).await
    }

    /// What an earlier console began: it was posted, or it never will be. The journal does not know the cards.
    ///
    /// # Errors
    /// `gift_card.not_sold` when it had not been posted.
    pub(super) async fn resume_cards(&self, sold: &Sold) -> Result<()> {
        let fence = async |_: &mut PgConnection, _, _: &[u8]| {
            Err::<(Posted, Plan), Refusal>(Refusal::user("gift_card.not_sold"))
        };
        let known = Knowledge::Unknown;
        self.settle_by(OperationKind::TopUp, &sold.stamp, sold, known, fence)
            .await
            .map(drop)
    }
}
