//! What becomes a member's own by the calendar, or because a rule says so: given when she is here.

use std::rc::Rc;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::sale::fresh;
use crate::db::settle::Knowledge;
use crate::db::{Db, member};
use crate::domain::gift::rule;
use crate::domain::instalment;
use crate::domain::ledger::{OperationKind, Stamp};
use crate::domain::member::Member;
use crate::error::Result;

impl Db {
    /// Gives a member what is hers by now: instalments that are due (SV4) and the gifts of rules (MB2, LV2, OR6), each as an
    /// operation of its own whose id follows from what it gives, so that two tills cannot give one twice. Returns the
    /// member as she is then.
    ///
    /// # Errors
    /// Offline.
    pub async fn release(&self, stamp: &Stamp, id: i64) -> Result<Member> {
        let mut member = self
            .link
            .read(async |conn: &mut PgConnection| member::read(conn, id).await)
            .await?;
        let due: Vec<_> = member
            .instalments
            .iter()
            .filter(|i| i.due_on <= stamp.business_on)
            .cloned()
            .collect();
        for promise in due {
            let stamp = Stamp {
                id: Uuid::new_v5(
                    &promise.operation_id,
                    format!("instalment {}", promise.no).as_bytes(),
                ),
                ..stamp.clone()
            };
            let request = (id, promise.operation_id, promise.no, promise.bonus);
            let done = self.settle(
                OperationKind::Instalment,
                &stamp,
                &request,
                Knowledge::Repeatable,
                async |conn: &mut PgConnection, attempt| {
                    let member = fresh(conn, Some(&member), id, attempt).await?;
                    Ok(instalment::plan(&member, &promise, stamp.business_on))
                },
            );
            // Another till may have been first: then there is nothing left to pay out.
            if let Err(refusal) = done.await {
                tracing::info!(%refusal, "an instalment was not paid out");
            }
            member = self
                .link
                .read(async |conn: &mut PgConnection| member::read(conn, id).await)
                .await?;
        }
        self.gifts(stamp, member).await
    }

    /// The gifts that are hers today.
    async fn gifts(&self, stamp: &Stamp, mut member: Member) -> Result<Member> {
        let shop = self.shop().await?;
        let store_id = shop.store_of(stamp.till_id);
        for gift in rule::due(&member, &shop, store_id, stamp.business_on) {
            let stamp = Stamp {
                id: gift.id(member.id),
                ..stamp.clone()
            };
            let request = (member.id, &gift);
            let done = self.settle(
                OperationKind::Gift,
                &stamp,
                &request,
                Knowledge::Repeatable,
                async |conn: &mut PgConnection, attempt| {
                    let shop = match attempt {
                        0 => Rc::clone(&shop),
                        _ => Box::pin(self.reread_shop(conn)).await?,
                    };
                    let her = fresh(conn, Some(&member), member.id, attempt).await?;
                    rule::plan(&stamp, &gift, &shop, &her)
                },
            );
            if let Err(refusal) = done.await {
                tracing::info!(%refusal, "a gift was not given");
            }
            let id = member.id;
            member = self
                .link
                .read(async |conn: &mut PgConnection| member::read(conn, id).await)
                .await?;
        }
        Ok(member)
    }
}
