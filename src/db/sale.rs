//! Money at the counter: sales, top-ups, returns, and what a dead console left unsettled.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::journal::Entry;
use crate::db::settle::Knowledge;
use crate::db::{Db, coupon, member, receipt};
use crate::domain::attach::{self, AttachRequest};
use crate::domain::ledger::{Account, OperationKind, Plan, Posted, Stamp};
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::receipt::{Names, Receipt};
use crate::domain::refund::{self, RefundRequest};
use crate::domain::sale::{self, SaleRequest};
use crate::domain::top_up::{self, ReversalRequest, TopUpRequest};
use crate::error::{Kind, Refusal, Result};

/// Tries to read the receipt of what was posted; the pauses between them are those of `settle`.
const RECEIPT_TRIES: usize = 8;

/// Cash out of the drawer, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayOut {
    pub stamp: Stamp,
    pub amount: Fen,
    pub reason: String,
}

/// The member a plan is made on: the given one first, a fresh one when that was too old.
///
/// # Errors
/// `member.merged` when she was merged into another meanwhile (MB4): whose account it is, the cashier sees first.
pub(super) async fn fresh(
    conn: &mut PgConnection,
    given: Option<&Member>,
    id: i64,
    attempt: u32,
) -> Result<Member> {
    match given {
        Some(member) if attempt == 0 => Ok(member.clone()),
        _ => {
            let member = member::read(conn, id).await?;
            if member.id == id {
                return Ok(member);
            }
            Err(Refusal::user("member.merged").with("name", &member.name))
        }
    }
}

impl Db {
    /// Posts a sale: one round trip on the member the screen has.
    ///
    /// # Errors
    /// `stored_value.short`, `sale.not_covered`, `sale.repriced`, `coupon.used`, `shift.not_open`.
    pub async fn sell(
        &self,
        request: &SaleRequest,
        given: Option<&Member>,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let known = self.shop().await?;
        let done = self
            .settle(
                OperationKind::Sale,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, attempt| {
                    // What was stale may have been a rule.
                    let shop = match attempt {
                        0 => Rc::clone(&known),
                        _ => Box::pin(self.reread_shop(conn)).await?,
                    };
                    let member = match request.member_id {
                        Some(id) => Some(fresh(conn, given, id, attempt).await?),
                        None => None,
                    };
                    if attempt == 0 || request.bearers.is_empty() {
                        return sale::plan(request, &shop, member.as_ref());
                    }
                    let bearers = coupon::read_all(conn, &request.coupons).await?;
                    let request = SaleRequest {
                        bearers,
                        ..request.clone()
                    };
                    sale::plan(&request, &shop, member.as_ref())
                },
            )
            .await?;
        self.receipt(&request.stamp, done, given).await
    }

    /// Gives an anonymous sale its member (MB3).
    ///
    /// # Errors
    /// `attach.taken`.
    pub async fn attach(
        &self,
        request: &AttachRequest,
        given: Option<&Member>,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let shop = self.shop().await?;
        let done = self
            .settle(
                OperationKind::Attach,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, attempt| {
                    let record = receipt::read_sale(conn, request.sale_id).await?;
                    let member = fresh(conn, given, request.member_id, attempt).await?;
                    attach::plan(request, &record, &shop, &member)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, given).await
    }

    /// Loads stored value with all the benefits of its rule.
    ///
    /// # Errors
    /// `top_up.rule_gone`, the enforced limits of SV10; of a stage `contract.stage_paid`, `contract.over`, `contract.plan_gone`.
    pub async fn top_up(
        &self,
        request: &TopUpRequest,
        given: Option<&Member>,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let known = self.shop().await?;
        let done = self
            .settle(
                OperationKind::TopUp,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, attempt| {
                    // What was stale may have been the plan of a contract.
                    let shop = match attempt {
                        0 => Rc::clone(&known),
                        _ => Box::pin(self.reread_shop(conn)).await?,
                    };
                    let member = fresh(conn, given, request.member_id, attempt).await?;
                    top_up::plan(request, &shop, &member)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, given).await
    }

    /// Takes a top-up back, whole.
    ///
    /// # Errors
    /// `top_up.spent`, `top_up.reversed`, `approval.needed`.
    pub async fn reverse_top_up(
        &self,
        request: &ReversalRequest,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let shop = self.shop().await?;
        let done = self
            .settle(
                OperationKind::TopUpReversal,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, _| {
                    let record = receipt::read_top_up(conn, request.top_up_id).await?;
                    let member = member::read(conn, request.member_id).await?;
                    top_up::plan_reversal(request, &record, &shop, &member)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, None).await
    }

    /// Returns a sale, whole or by line (RF6).
    ///
    /// # Errors
    /// `refund.too_much`, `refund.changed`, `approval.needed`.
    pub async fn refund(&self, request: &RefundRequest, knowledge: Knowledge) -> Result<Receipt> {
        let done = self
            .settle(
                OperationKind::Refund,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, _| {
                    let record = receipt::read_sale(conn, request.sale_id).await?;
                    let member = match record.member_id {
                        Some(id) => Some(member::read(conn, id).await?),
                        None => None,
                    };
                    refund::plan(request, &record, member.as_ref())
                },
            )
            .await?;
        self.receipt(&request.stamp, done, None).await
    }

    /// Cash out of the drawer for an expense (OP1).
    ///
    /// # Errors
    /// `shift.not_open`.
    pub async fn pay_out(&self, request: &PayOut, knowledge: Knowledge) -> Result<Posted> {
        let done = self.settle(
            OperationKind::PaidOut,
            &request.stamp,
            request,
            knowledge,
            async |_: &mut PgConnection, _| {
                let mut plan = Plan::new(OperationKind::PaidOut);
                plan.post_fen(Account::Cash, None, request.amount);
                plan.post_fen(Account::PaidOut, None, -request.amount);
                plan.document =
                    serde_json::json!({ "amount": request.amount, "reason": request.reason });
                if request.amount.is_positive() {
                    Ok(plan)
                } else {
                    Err(Refusal::user("sale.malformed"))
                }
            },
        );
        Ok(done.await?.0)
    }

    /// The receipt of what was just posted; read from the ledger when this was a replay.
    ///
    /// # Errors
    /// Offline, whatever the reason: the money has moved, so the screen must ask again under the same id
    /// and never take it for refused.
    pub(super) async fn receipt(
        &self,
        stamp: &Stamp,
        (posted, plan): (Posted, Plan),
        member: Option<&Member>,
    ) -> Result<Receipt> {
        if posted.replayed || (plan.member.is_some() && member.is_none()) {
            return self.posted_receipt(stamp.id).await;
        }
        let shop = self
            .shop()
            .await
            .map_err(|refusal| posted_unread(&refusal))?;
        let till = shop.tills.iter().find(|till| till.id == stamp.till_id);
        let store =
            till.and_then(|till| shop.stores.iter().find(|store| store.id == till.store_id));
        let level = plan
            .level
            .or(member.map(|m| m.level.id))
            .and_then(|id| shop.level(id));
        let names = Names {
            shop: shop.name.clone(),
            store: store.map(|store| store.name.clone()).unwrap_or_default(),
            till: till.map(|till| till.name.clone()).unwrap_or_default(),
            cashier: self
                .cashier
                .borrow()
                .get(&stamp.operator_id)
                .cloned()
                .unwrap_or_default(),
            member: member.map(|member| member.name.clone()),
            phone: member.and_then(|member| member.phone.clone()),
            level: level.map(|level| level.name.clone()),
        };
        Ok(Receipt::of(stamp, &plan, &posted, names))
    }

    /// The receipt of an operation that was posted: worth waiting for.
    async fn posted_receipt(&self, id: Uuid) -> Result<Receipt> {
        let mut tries = 0;
        loop {
            let read = self
                .link
                .read(async |conn: &mut PgConnection| receipt::read(conn, id).await)
                .await;
            match read {
                Err(refusal)
                    if matches!(refusal.kind, Kind::Offline | Kind::Conflict)
                        && tries < RECEIPT_TRIES =>
                {
                    self.wait(id, tries).await;
                    tries += 1;
                }
                read => {
                    if tries > 0 {
                        self.known();
                    }
                    return read.map_err(|refusal| posted_unread(&refusal));
                }
            }
        }
    }

    /// Settles what an earlier console of this till began and never heard of again.
    ///
    /// # Errors
    /// Offline only where nothing was sent.
    pub async fn resume(&self, entry: &Entry) -> Result<()> {
        let known = Knowledge::Unknown;
        match entry.kind.as_str() {
            "sale" => Box::pin(self.sell(&request(entry)?, None, known))
                .await
                .map(drop),
            "attach" => Box::pin(self.attach(&request(entry)?, None, known))
                .await
                .map(drop),
            "top_up" if entry.request.get("digest").is_some() => {
                Box::pin(self.resume_cards(&request(entry)?)).await
            }
            "top_up" => Box::pin(self.top_up(&request(entry)?, None, known))
                .await
                .map(drop),
            "top_up_reversal" => Box::pin(self.reverse_top_up(&request(entry)?, known))
                .await
                .map(drop),
            "redemption" => Box::pin(self.redeem(&request(entry)?, None, known))
                .await
                .map(drop),
            "redemption_reversal" => Box::pin(self.undo_redemption(&request(entry)?, known))
                .await
                .map(drop),
            "gift" => Box::pin(self.give(&request(entry)?, None, known))
                .await
                .map(drop),
            "exchange" => Box::pin(self.exchange(&request(entry)?, None, known))
                .await
                .map(drop),
            "exchange_reversal" => Box::pin(self.undo_exchange(&request(entry)?, known))
                .await
                .map(drop),
            "check_in" => Box::pin(self.check_in(&request(entry)?, None, known))
                .await
                .map(drop),
            "settlement" => Box::pin(self.settle_up(&request(entry)?, known))
                .await
                .map(drop),
            "transfer_in" => Box::pin(self.transfer(&request(entry)?, known))
                .await
                .map(drop),
            "deposit" => Box::pin(self.take_deposit(&request(entry)?, None, known))
                .await
                .map(drop),
            "deposit_reversal" => Box::pin(self.undo_deposit(&request(entry)?, known))
                .await
                .map(drop),
            "forfeit" => Box::pin(self.forfeit(&request(entry)?, known))
                .await
                .map(drop),
            "refund" => Box::pin(self.refund(&request(entry)?, known))
                .await
                .map(drop),
            "paid_out" => Box::pin(self.pay_out(&request(entry)?, known))
                .await
                .map(drop),
            other => Err(Refusal::new(Kind::Internal, "refusal.internal").with("kind", other)),
        }
    }
}

/// Of an operation that was posted, whatever the reason.
fn posted_unread(refusal: &Refusal) -> Refusal {
    tracing::warn!(%refusal, "posted, but the receipt could not be read");
    Refusal::offline()
}

fn request<T: serde::de::DeserializeOwned>(entry: &Entry) -> Result<T> {
    serde_json::from_value(entry.request.clone()).map_err(Refusal::internal)
}
