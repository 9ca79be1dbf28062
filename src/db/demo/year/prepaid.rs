//! Packages: some regulars buy one, and come to use it.

use sqlx::PgConnection;

use super::Year;
use crate::db::demo::shop::STAFF;
use crate::domain::grant::Unit;
use crate::domain::member::Member;
use crate::domain::price::CartLine;
use crate::domain::product::{Product, ProductKind};
use crate::domain::redemption::{self, RedemptionRequest, Served, Use, services};
use crate::error::Result;

/// Of a hundred visits of somebody without a package, and of somebody with one.
const BUYS: i64 = 3;
const USES: i64 = 85;

impl Year {
    /// A package beside what she has done today.
    pub(super) fn wants_package(&mut self, member: &Member) -> Option<CartLine> {
        if !member.grants.is_empty() || !self.dice.chance(BUYS) {
            return None;
        }
        let packages: Vec<&Product> = self
            .products
            .iter()
            .filter(|product| product.kind == ProductKind::Package)
            .collect();
        let package = self.dice.pick(&packages)?;
        Some(CartLine::of(package, 1))
    }

    /// Uses what she has paid beforehand, if she has. Returns whether she did.
    pub(super) async fn redeem(
        &mut self,
        conn: &mut PgConnection,
        till: i32,
        member: &Member,
    ) -> Result<bool> {
        let day = self.desk(till)?.day;
        let open = services(&member.grants, day);
        let Some(service) = open.iter().find(|service| !service.is_past) else {
            return Ok(false);
        };
        if !self.dice.chance(USES) {
            return Ok(false);
        }
        let served = self.dice.pick(&STAFF).map(|(staff_id, name)| Served {
            staff_id,
            name: name.to_owned(),
            is_asked_for: self.dice.chance(40),
        });
        let request = RedemptionRequest {
            stamp: self.stamp(till)?,
            member_id: member.id,
            uses: vec![Use {
                what: service.what,
                quantity: if service.unit == Unit::Minute { 60 } else { 1 },
                served,
            }],
            past: false,
            whom: None,
        };
        let plan = redemption::plan(&request, &self.shop, member)?;
        self.post(conn, &request.stamp, &plan, &request).await?;
        Ok(true)
    }
}
