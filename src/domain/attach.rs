//! Joining after paying (MB3): an anonymous sale gets its member.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ledger::{OperationKind, Plan, Stamp};
use super::level;
use super::member::Member;
use super::money::Fen;
use super::points;
use super::refund::SaleRecord;
use super::shop::Shop;
use crate::error::{Refusal, Result};

/// An anonymous sale of the open shift that gets a member afterwards (MB3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachRequest {
    pub stamp: Stamp,
    pub sale_id: Uuid,
    pub member_id: i64,
}

/// Plans the points, spend and visit of an attached sale, granted once. Prices stay as they were paid.
///
/// # Errors
/// `attach.taken` when the sale has a member already.
pub fn plan(
    request: &AttachRequest,
    record: &SaleRecord,
    shop: &Shop,
    member: &Member,
) -> Result<Plan> {
    if record.member_id.is_some() {
        return Err(Refusal::user("attach.taken"));
    }
    if member.is_bearer {
        return Err(Refusal::user("gift_card.no_member"));
    }
    let mut plan = Plan::new(OperationKind::Attach);
    plan.about = Some(record.id);
    plan.member = Some((member.id, member.version));
    plan.visit = true;
    plan.spend = record.money_left();
    // What came back already earns nothing; nobody's stored value paid an anonymous sale.
    let kept = record.lines.iter();
    let kept = kept.map(|sold| (&sold.line, sold.line.net - sold.returned_net));
    let earned = points::earn(&mut plan, kept, Fen::ZERO, &request.stamp, shop, member);
    plan.level = level::upgrade(
        &shop.levels,
        member.level.id,
        level::counted(shop.level_by, member) + plan.spend,
    );
    plan.stand(member, request.stamp.business_on);
    plan.document = serde_json::json!({ "sale_seq": record.seq, "points": earned.points, "shares": earned.shares, "returned": record.returned_net() });
    Ok(plan)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::ledger::Account;
    use crate::domain::price::{quote, tests as prices};
    use crate::domain::refund::tests::record_of;
    use crate::domain::sale::{self, tests::member, tests::request as sale_request, tests::stamp};
    use crate::domain::tender::{Tender, TenderKind};

    /// MB3: the base is the one of a sale at once: quick sales by the shop's setting (PR7), and what came
    /// back earns nothing (PT6 afterwards takes back only what was earned).
    #[test]
    fn an_attached_sale_earns_what_it_would_have_earned() {
        let mut shop = prices::shop();
        let her = member(vec![]);
        let mut quick = prices::line(4_000, 1, None);
        quick.product_id = None;
        let lines = quote(&[prices::line(5_000, 2, None), quick], None, &shop).lines;
        let paid = sale_request(lines, vec![Tender::exact(TenderKind::Cash, Fen(14_000))]);
        let sold = sale::plan(&paid, &shop, None).unwrap();
        let mut record = record_of(&sold, Fen::ZERO);
        record.member_id = None;
        let request = AttachRequest {
            stamp: stamp(),
            sale_id: record.id,
            member_id: 7,
        };
        let points = |shop: &Shop, record: &SaleRecord| {
            let plan = plan(&request, record, shop, &her).unwrap();
            assert_eq!(plan.imbalance(), (0, 0));
            plan.total(Account::Points)
        };
        assert_eq!(points(&shop, &record), 280);
        shop.quick_sale_points = false;
        let at_once = sale::plan(&paid, &shop, Some(&her)).unwrap();
        assert_eq!(points(&shop, &record), at_once.total(Account::Points));
        assert_eq!(points(&shop, &record), 200);
        record.lines[0].returned = 1;
        record.lines[0].returned_net = Fen(5_000);
        assert_eq!(points(&shop, &record), 100);

        // The rest comes back after it was attached: the quick sale, which earned nothing, takes nothing.
        record.points = 100;
        record.base = Fen(5_000);
        record.returned_before = Fen(5_000);
        assert_eq!(record.points_for(&[(2, 1)]), 0);
        assert_eq!(record.points_for(&[(1, 1)]), 100);
        assert_eq!(record.points_for(&[(1, 1), (2, 1)]), 100);
    }
}
