//! The lists: each a page, or whole, in one round trip.

use sqlx::PgConnection;

use crate::db::{Db, disclosure, drawer, dues, promotion, receipt, recipe, reminder, search, shop};
use crate::error::{Kind, Refusal, Result};
use crate::query::{Query, Reply};

impl Db {
    /// Reads a list.
    ///
    /// # Errors
    /// `staff.no_right` where one needs it; offline.
    pub(super) async fn list(&self, list: Query) -> Result<Reply> {
        let link = &self.link;
        match list {
            Query::Operations { of, before, limit } => link
                .read(async |c: &mut PgConnection| receipt::operations(c, of, before, limit).await)
                .await
                .map(Reply::Operations),
            Query::Dormant {
                filter,
                after,
                limit,
            } => link
                .read(async |c: &mut PgConnection| search::dormant(c, &filter, after, limit).await)
                .await
                .map(Reply::Dormant),
            Query::Reminders {
                kind,
                today,
                after,
                limit,
            } => link
                .read(async |c: &mut PgConnection| {
                    reminder::list(c, kind, today, after, limit).await
                })
                .await
                .map(Reply::Reminders),
            Query::Dues {
                staff_id,
                now,
                today,
                after,
                limit,
            } => link
                .read(async |c: &mut PgConnection| {
                    dues::list(c, staff_id, (now, today), after, limit).await
                })
                .await
                .map(|(rows, totals)| Reply::Dues(rows, totals)),
            Query::Statement {
                member_id,
                before,
                limit,
            } => link
                .read(async |c: &mut PgConnection| {
                    receipt::statement(c, member_id, before, limit).await
                })
                .await
                .map(Reply::Statement),
            Query::Disclosures {
                staff_id,
                before,
                limit,
            } => link
                .read(async |c: &mut PgConnection| {
                    disclosure::list(c, staff_id, before, limit).await
                })
                .await
                .map(Reply::Disclosures),
            Query::DrawerOpenings {
                staff_id,
                before,
                limit,
            } => link
                .read(async |c: &mut PgConnection| drawer::list(c, staff_id, before, limit).await)
                .await
                .map(Reply::DrawerOpenings),
            Query::Materials(days) => {
                let used = async |c: &mut PgConnection| recipe::used(c, days).await;
                Box::pin(link.read(used)).await.map(Reply::Materials)
            }
            Query::MaterialUses { product_id, days } => {
                let uses = async |c: &mut PgConnection| recipe::uses(c, product_id, days).await;
                Box::pin(link.read(uses)).await.map(Reply::MaterialUses)
            }
            Query::Products {
                search,
                after,
                limit,
            } => link
                .read(async |c: &mut PgConnection| {
                    shop::products(c, &search, after, limit, None).await
                })
                .await
                .map(Reply::Products),
            Query::StaffList => link
                .read(async |c: &mut PgConnection| shop::staff(c).await)
                .await
                .map(Reply::Staff),
            Query::ReadPromotions { rules } => link
                .read(async |c: &mut PgConnection| promotion::read(c, &rules).await)
                .await
                .map(Reply::Promotions),
            _ => Err(Refusal::new(Kind::Internal, "refusal.internal")),
        }
    }
}
