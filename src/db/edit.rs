//! What the owner edits: each edit is saved, and the shop as it is then is the answer.

use sqlx::PgConnection;

use crate::db::{Db, contract, coupon, promotion, recipe, reward, shop};
use crate::error::{Kind, Refusal, Result};
use crate::query::{Query, Reply};

impl Db {
    /// Saves an edit.
    ///
    /// # Errors
    /// `staff.no_right`, `manage.changed`, and what the noun's own checks refuse.
    pub(super) async fn edit(&self, edit: Query) -> Result<Reply> {
        match edit {
            Query::SaveProduct { editor, edit } => {
                self.save(async |c: &mut PgConnection| {
                    shop::save_product(c, editor, &edit).await.map(drop)
                })
                .await
            }
            Query::SaveStaff { editor, edit } => {
                self.save(async |c: &mut PgConnection| {
                    shop::save_staff(c, editor, &edit).await.map(drop)
                })
                .await
            }
            Query::SaveRecipe {
                editor,
                recipe: edit,
            } => {
                let save = async |c: &mut PgConnection| recipe::save(c, editor, &edit).await;
                Box::pin(self.save(save)).await
            }
            Query::SaveTerms { editor, shop } => {
                self.save(async |c: &mut PgConnection| shop::save_terms(c, editor, &shop).await)
                    .await
            }
            Query::SaveStore { editor, store } => {
                self.save(async |c: &mut PgConnection| {
                    shop::save_store(c, editor, &store).await.map(drop)
                })
                .await
            }
            Query::SaveLabel { editor, label } => {
                self.save(async |c: &mut PgConnection| {
                    shop::save_label(c, editor, &label).await.map(drop)
                })
                .await
            }
            Query::SaveTill { editor, till } => {
                self.save(async |c: &mut PgConnection| {
                    shop::save_till(c, editor, &till).await.map(drop)
                })
                .await
            }
            Query::SaveLimit { editor, limit } => {
                self.save(async |c: &mut PgConnection| shop::save_limit(c, editor, &limit).await)
                    .await
            }
            rule => self.edit_rule(rule).await,
        }
    }

    /// The rules: levels, and what is given for what.
    async fn edit_rule(&self, edit: Query) -> Result<Reply> {
        match edit {
            Query::SaveLevel {
                editor,
                level,
                product,
            } => {
                self.save(async |c: &mut PgConnection| {
                    shop::save_level(c, editor, &level, product.as_deref())
                        .await
                        .map(drop)
                })
                .await
            }
            Query::SaveRule { editor, rule } => {
                self.save(async |c: &mut PgConnection| {
                    shop::save_rule(c, editor, &rule).await.map(drop)
                })
                .await
            }
            Query::SavePromotion {
                editor,
                promotion: rule,
            } => {
                let save =
                    async |c: &mut PgConnection| promotion::save(c, editor, &rule).await.map(drop);
                Box::pin(self.save(save)).await
            }
            Query::SaveCoupon { editor, rule } => {
                let save =
                    async |c: &mut PgConnection| coupon::save(c, editor, &rule).await.map(drop);
                Box::pin(self.save(save)).await
            }
            Query::SaveGift {
                editor,
                rule,
                today,
            } => {
                let save = async |c: &mut PgConnection| {
                    coupon::save_gift(c, editor, &rule, today).await.map(drop)
                };
                Box::pin(self.save(save)).await
            }
            Query::SaveContractPlan { editor, plan } => {
                let save = async |c: &mut PgConnection| {
                    contract::save_plan(c, editor, &plan).await.map(drop)
                };
                Box::pin(self.save(save)).await
            }
            Query::SaveReward {
                editor,
                reward: rule,
            } => {
                let save =
                    async |c: &mut PgConnection| reward::save(c, editor, &rule).await.map(drop);
                Box::pin(self.save(save)).await
            }
            Query::SaveCheckIn { editor, rule } => {
                let save =
                    async |c: &mut PgConnection| reward::save_check_in(c, editor, &rule).await;
                Box::pin(self.save(save)).await
            }
            _ => Err(Refusal::new(Kind::Internal, "refusal.internal")),
        }
    }
}
