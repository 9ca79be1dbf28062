//! Coupons: their rules, the one on a receipt, and those given by hand (PR4).

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::Db;
use crate::db::json;
use crate::db::promotion::goods;
use crate::db::refuse::refuse;
use crate::db::sale::fresh;
use crate::db::settle::Knowledge;
use crate::domain::coupon::Number;
use crate::domain::gift::rule::GiftRule;
use crate::domain::gift::{self, GiftRequest};
use crate::domain::grant::Grant;
use crate::domain::ledger::OperationKind;
use crate::domain::member::Member;
use crate::domain::receipt::Receipt;
use crate::error::{Refusal, Result};
use crate::query::CouponEdit;

/// Saves a rule as the version after its own; id 0 makes a new one.
///
/// # Errors
/// `promotion.no_goods`, `staff.no_right`, `manage.changed`.
pub async fn save(conn: &mut PgConnection, editor: i32, edit: &CouponEdit) -> Result<i32> {
    let mut rule = edit.rule.clone();
    for name in &edit.products {
        rule.scope.products.push(goods(conn, name).await?);
    }
    rule.scope.products.sort_unstable();
    rule.scope.products.dedup();
    let document = serde_json::to_value(rule).map_err(Refusal::internal)?;
    sqlx::query_scalar!(r#"select save_coupon($1, $2) as "id!""#, editor, document)
        .fetch_one(conn)
        .await
        .map_err(refuse)
}

/// Saves a rule of gifts as the version after its own; id 0 makes a new one.
///
/// # Errors
/// `staff.no_right`, `manage.changed`.
pub async fn save_gift(
    conn: &mut PgConnection,
    editor: i32,
    rule: &GiftRule,
    today: NaiveDate,
) -> Result<i32> {
    let document = serde_json::to_value(rule).map_err(Refusal::internal)?;
    sqlx::query_scalar!(
        r#"select save_gift($1, $2, $3) as "id!""#,
        editor,
        document,
        today
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)
}

/// The coupon that was printed on a receipt, whatever is left of it; none when there was none.
///
/// # Errors
/// Offline.
pub async fn read(conn: &mut PgConnection, number: Number) -> Result<Option<Grant>> {
    let found = sqlx::query_scalar!("select read_coupon($1, $2)", number.till_id, number.seq)
        .fetch_one(conn)
        .await
        .map_err(refuse)?;
    found.map(|found| json::read(Some(found))).transpose()
}

/// Coupons on paper as they stand now.
///
/// # Errors
/// Offline.
pub async fn read_all(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Grant>> {
    json::read(
        sqlx::query_scalar!("select read_coupons($1)", ids)
            .fetch_one(conn)
            .await
            .map_err(refuse)?,
    )
}

impl Db {
    /// Gives a member coupons by hand: one round trip when `given` is the member as she stands.
    ///
    /// # Errors
    /// `coupon.none_left`, `coupon.rule_changed`, `approval.needed`.
    pub async fn give(
        &self,
        request: &GiftRequest,
        given: Option<&Member>,
        knowledge: Knowledge,
    ) -> Result<Receipt> {
        let known = self.shop().await?;
        let done = self
            .settle(
                OperationKind::Gift,
                &request.stamp,
                request,
                knowledge,
                async |conn: &mut PgConnection, attempt| {
                    // What was stale may have been the rule, or how many are left of it.
                    let shop = match attempt {
                        0 => std::rc::Rc::clone(&known),
                        _ => Box::pin(self.reread_shop(conn)).await?,
                    };
                    let member = fresh(conn, given, request.member_id, attempt).await?;
                    gift::plan(request, &shop, &member)
                },
            )
            .await?;
        self.receipt(&request.stamp, done, given).await
    }
}
