//! The shop as this till knows it: read once, and again when somebody edited it.

use std::rc::Rc;

use sqlx::PgConnection;

use crate::db::{Db, shop};
use crate::domain::shop::Shop;
use crate::error::{Refusal, Result};
use crate::query::Reply;

impl Db {
    /// The shop, read once and again after an edit.
    ///
    /// # Errors
    /// `ledger.no_seat` when this till is not one of the shop; offline.
    pub async fn shop(&self) -> Result<Rc<Shop>> {
        if let Some(shop) = self.shop.borrow().as_ref() {
            return Ok(Rc::clone(shop));
        }
        let began = self.forgotten.get();
        let read = self
            .link
            .read(async |c: &mut PgConnection| shop::read(c, self.till).await)
            .await?;
        let shop = Rc::new(read.ok_or_else(|| Refusal::user("ledger.no_seat"))?);
        if began == self.forgotten.get() {
            *self.shop.borrow_mut() = Some(Rc::clone(&shop));
        }
        Ok(shop)
    }

    /// The shop is to be read again: somebody edited it.
    pub(super) fn forget_shop(&self) {
        self.forgotten.set(self.forgotten.get() + 1);
        self.shop.replace(None);
    }

    /// The shop as it is now, on a connection that is at hand.
    pub(super) async fn reread_shop(&self, conn: &mut PgConnection) -> Result<Rc<Shop>> {
        let began = self.forgotten.get();
        let read = shop::read(conn, self.till).await?;
        let shop = Rc::new(read.ok_or_else(|| Refusal::user("ledger.no_seat"))?);
        if began == self.forgotten.get() {
            self.shop.replace(Some(Rc::clone(&shop)));
        }
        Ok(shop)
    }

    /// The shop and, if asked for, a member of staff, as they are now.
    pub(super) async fn read_shop(&self, staff_id: Option<i32>) -> Result<Reply> {
        let shop = Box::new((*self.shop().await?).clone());
        let staff = match staff_id {
            Some(_) => {
                self.link
                    .read(async |c: &mut PgConnection| shop::staff(c).await)
                    .await?
            }
            None => Vec::new(),
        };
        let staff = staff.into_iter().find(|staff| Some(staff.id) == staff_id);
        Ok(Reply::Shop(shop, staff))
    }

    /// Makes an edit and answers with the shop as it is then.
    pub(super) async fn save(
        &self,
        edit: impl AsyncFnOnce(&mut PgConnection) -> Result<()>,
    ) -> Result<Reply> {
        let saved = self.link.call(edit).await;
        // A refusal may mean that somebody else was faster.
        self.forget_shop();
        saved?;
        Ok(Reply::Saved(Box::new((*self.shop().await?).clone())))
    }
}
