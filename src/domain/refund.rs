//! Returning a sale, whole or by line (RF6, PT6).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ledger::{Account, DocumentLine, OperationKind, Plan, Posting, ReturnedLine, Stamp};
use super::member::Member;
use super::money::Fen;
use super::points;
use super::tender::{Rounding, Tender, TenderKind};
use crate::error::{Refusal, Result};

/// A line of a posted sale and what came back of it already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldLine {
    pub no: i16,
    #[serde(flatten)]
    pub line: DocumentLine,
    /// Pieces or grams returned so far, and fen of the net.
    pub returned: i64,
    pub returned_net: Fen,
}

impl SoldLine {
    /// The net, fen, of everything returned once `more` comes back too: floored, so that the last
    /// return brings the rest and the parts add up to the whole.
    fn net_up_to(&self, more: i64) -> Fen {
        self.line
            .net
            .ratio(self.returned + more, self.line.quantity)
    }

    fn list_of(&self, more: i64) -> Fen {
        self.line
            .list
            .ratio(self.returned + more, self.line.quantity)
            - self.line.list.ratio(self.returned, self.line.quantity)
    }

    /// Pieces or grams that can still come back.
    #[must_use]
    pub const fn left(&self) -> i64 {
        self.line.quantity - self.returned
    }

    /// What comes back, fen of net, when `quantity` of this line is returned now.
    #[must_use]
    pub fn worth(&self, quantity: i64) -> Fen {
        self.net_up_to(quantity) - self.returned_net
    }
}

/// A posted sale with everything that was done to it since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleRecord {
    pub id: Uuid,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub shift_id: Option<Uuid>,
    /// The member it was sold or attached to.
    pub member_id: Option<i64>,
    pub lines: Vec<SoldLine>,
    /// Dropped of the cash part, fen.
    pub rounding: Fen,
    /// What was paid at the sale by each account and lot, in the order it was paid, less what went back.
    pub left: Vec<Posting>,
    /// Points the sale gave, and the part taken back so far.
    pub points: i64,
    pub points_back: i64,
    /// The lots these points went to.
    pub points_lots: Vec<Uuid>,
    /// The net, fen, that had come back before the points were granted: none of them are for it (MB3).
    pub returned_before: Fen,
    /// What of the net the points are for, fen: quick sales earn by the setting of that moment (PR7).
    pub base: Fen,
}

impl SaleRecord {
    pub(super) fn net(&self) -> Fen {
        self.lines.iter().map(|l| l.line.net).sum()
    }

    pub(super) fn returned_net(&self) -> Fen {
        self.lines.iter().map(|l| l.returned_net).sum()
    }

    /// Whether a line earned: goods always, quick sales where all that was left did.
    fn earned(&self, line: &DocumentLine) -> bool {
        line.product_id.is_some() || self.base == self.net() - self.returned_before
    }

    /// The points to take back in all once these lines come back too: in proportion to what of the net
    /// earned them, so that a line that earned nothing takes nothing (PT6).
    pub(super) fn points_for(&self, lines: &[(i16, i64)]) -> i64 {
        let earned = self.lines.iter().filter(|sold| self.earned(&sold.line));
        let (mut net, mut back) = (Fen::ZERO, Fen::ZERO);
        for sold in earned {
            let now = lines.iter().filter(|(no, _)| *no == sold.no);
            net += sold.line.net;
            back += sold.returned_net + now.map(|(_, quantity)| sold.worth(*quantity)).sum();
        }
        let before = net - self.base;
        Fen(self.points).ratio((back - before).0, self.base.0).0
    }

    /// What was paid for this much of the net, fen: the rounding is shared in proportion.
    fn paid_for(&self, net: Fen) -> Fen {
        net - self.rounding.ratio(net.0, self.net().0)
    }

    /// What is left of the payments, fen; of the cash alone.
    pub(super) fn money_left(&self) -> Fen {
        self.left.iter().map(|p| Fen(-p.amount)).sum()
    }

    fn cash_left(&self) -> Fen {
        let cash = self.left.iter().filter(|p| p.account == Account::Cash);
        cash.map(|p| Fen(-p.amount)).sum()
    }

    /// What goes back for so much of the net, fen. Cash is last (RF6), and its part is rounded up to what
    /// the shop has coins for (PR6); the next return gives that much less, the last one the rest.
    fn back_for(&self, net: Fen, rounding: Rounding) -> Fen {
        let returned = self.returned_net() + net;
        let left = self.money_left();
        let already = self.net() - self.rounding - left;
        let exact = (self.paid_for(returned) - already).max_zero().min(left);
        let cash = (exact - (left - self.cash_left())).max_zero();
        if cash.is_zero() || returned == self.net() {
            return exact;
        }
        exact + rounding.up(cash).min(self.cash_left() - cash)
    }

    /// What goes back to the customer for these lines, fen, in a shop that rounds cash like this.
    #[must_use]
    pub fn worth(&self, lines: &[(i16, i64)], rounding: Rounding) -> Fen {
        self.back_for(self.net_of(lines), rounding)
    }

    /// The net of these lines, fen.
    #[must_use]
    pub fn net_of(&self, lines: &[(i16, i64)]) -> Fen {
        self.lines
            .iter()
            .map(|l| {
                lines
                    .iter()
                    .filter(|(no, _)| *no == l.no)
                    .map(|(_, q)| l.worth(*q))
                    .sum::<Fen>()
            })
            .sum()
    }
}

/// A return as the cashier confirmed it: the number of each line and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    pub stamp: Stamp,
    pub sale_id: Uuid,
    pub member_id: Option<i64>,
    /// Line number, pieces or grams.
    pub lines: Vec<(i16, i64)>,
    /// What the screen showed, fen: a return that became something else meanwhile is refused.
    pub amount: Fen,
}

/// Plans a return. The money goes back the way it was paid: stored value to the lots it came from, in
/// reverse order, then the other tenders, cash last (RF6). Points come back in proportion (PT6).
///
/// # Errors
/// `refund.too_much` when more comes back than was sold, `refund.changed` when the amount is not the one shown.
pub fn plan(request: &RefundRequest, record: &SaleRecord, member: Option<&Member>) -> Result<Plan> {
    let mut plan = Plan::new(OperationKind::Refund);
    plan.about = Some(record.id);
    let mut list = Fen::ZERO;
    let mut net = Fen::ZERO;
    for (no, quantity) in &request.lines {
        let sold = record
            .lines
            .iter()
            .find(|l| l.no == *no)
            .ok_or_else(|| Refusal::user("refund.too_much"))?;
        if *quantity <= 0
            || *quantity > sold.left()
            || plan.extras.returned.iter().any(|r| r.no == *no)
        {
            return Err(Refusal::user("refund.too_much"));
        }
        list += sold.list_of(*quantity);
        net += sold.worth(*quantity);
        plan.extras.returned.push(ReturnedLine {
            no: *no,
            quantity: *quantity,
            net: sold.worth(*quantity),
        });
        plan.lines.push(DocumentLine {
            quantity: *quantity,
            list: sold.list_of(*quantity),
            net: sold.worth(*quantity),
            ..sold.line.clone()
        });
    }
    let amount = request.amount;
    // As with the sale: the setting may have changed since the money was shown.
    let right = |rounding: Rounding| record.back_for(net, rounding) == amount;
    if plan.lines.is_empty() || !Rounding::ALL.into_iter().any(right) {
        return Err(Refusal::conflict("refund.changed"));
    }
    plan.post_fen(Account::Revenue, None, -list);
    plan.post_fen(Account::Discount, None, list - net);
    plan.post_fen(Account::Rounding, None, net - amount);
    pay_back(&mut plan, record, amount)?;
    let mut points_back = 0;
    if let Some(member) = member {
        plan.member = Some((member.id, member.version));
        plan.spend = -amount;
        points_back = record.points_for(&request.lines) - record.points_back;
        points::take_back(
            &mut plan,
            &member.lots,
            points_back,
            &record.points_lots,
            Uuid::new_v5(&request.stamp.id, b"debt"),
        );
    }
    plan.document = serde_json::json!({ "amount": amount, "points": points_back, "sale_seq": record.seq, "rounding": net - amount, "tenders": ways_back(&plan) });
    Ok(plan)
}

/// How the money of a planned return goes back, one amount for each way (RF6).
#[must_use]
pub fn ways_back(plan: &Plan) -> Vec<Tender> {
    let stored = plan.total(Account::Principal) + plan.total(Account::Bonus);
    let back = |kind: TenderKind| kind.account().map_or(stored, |account| plan.total(account));
    TenderKind::ALL
        .into_iter()
        .map(|kind| Tender::exact(kind, Fen(back(kind))))
        .filter(|way| way.amount.is_positive())
        .collect()
}

/// Hands `amount` back over what is left of the payments: lots first, last one first, cash last (RF6).
fn pay_back(plan: &mut Plan, record: &SaleRecord, amount: Fen) -> Result<()> {
    let mut left = amount;
    let mut lots: Vec<Uuid> = Vec::new();
    for posting in record.left.iter().rev() {
        if let Some(lot) = posting.lot
            && !lots.contains(&lot)
        {
            lots.push(lot);
        }
    }
    let held = |account: Account, lot: Uuid| -> Fen {
        record
            .left
            .iter()
            .filter(|p| p.account == account && p.lot == Some(lot))
            .map(|p| Fen(-p.amount))
            .sum()
    };
    for lot in lots {
        let (principal, bonus) = (held(Account::Principal, lot), held(Account::Bonus, lot));
        let take = left.min(principal + bonus);
        let from_bonus = take.ratio(bonus.0, (principal + bonus).0);
        plan.post_fen(Account::Principal, Some(lot), take - from_bonus);
        plan.post_fen(Account::Bonus, Some(lot), from_bonus);
        left -= take;
    }
    for account in [
        Account::Wechat,
        Account::Alipay,
        Account::BankCard,
        Account::Cash,
    ] {
        let paid: Fen = record
            .left
            .iter()
            .filter(|p| p.account == account)
            .map(|p| Fen(-p.amount))
            .sum();
        let take = left.min(paid.max_zero());
        plan.post_fen(account, None, take);
        left -= take;
    }
    if left.is_zero() {
        Ok(())
    } else {
        Err(Refusal::conflict("refund.changed"))
    }
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::price::{quote, tests as prices};
    use crate::domain::sale::{self, tests::member, tests::request as sale_request, tests::stamp};
    use crate::domain::shop::Shop;
    use crate::domain::stored_value::tests::lot;
    use proptest::prelude::*;

    /// The record a posted plan leaves.
    pub(in crate::domain) fn record_of(plan: &Plan, rounding: Fen) -> SaleRecord {
        let lines = plan.lines.iter().enumerate().map(|(no, line)| SoldLine {
            no: i16::try_from(no + 1).unwrap(),
            line: line.clone(),
            returned: 0,
            returned_net: Fen::ZERO,
        });
        SaleRecord {
            id: Uuid::from_u128(5),
            seq: 1,
            at: DateTime::UNIX_EPOCH,
            shift_id: None,
            member_id: Some(7),
            lines: lines.collect(),
            rounding,
            left: plan
                .postings
                .iter()
                .filter(|p| {
                    !p.account.counts_points()
                        && !matches!(
                            p.account,
                            Account::Revenue | Account::Discount | Account::Rounding
                        )
                })
                .cloned()
                .collect(),
            points: plan.total(Account::Points),
            points_back: 0,
            points_lots: vec![],
            returned_before: Fen::ZERO,
            base: points::base_of(&plan.document),
        }
    }

    fn apply(record: &mut SaleRecord, plan: &Plan) {
        for back in &plan.extras.returned {
            let line = record.lines.iter_mut().find(|l| l.no == back.no).unwrap();
            line.returned += back.quantity;
            line.returned_net += back.net;
        }
        for posting in &plan.postings {
            if let Some(left) = record
                .left
                .iter_mut()
                .find(|p| p.account == posting.account && p.lot == posting.lot)
            {
                left.amount += posting.amount;
            }
        }
        record.points_back -= plan.total(Account::Points);
    }

    #[test]
    fn stored_value_goes_back_to_the_last_lot_first() {
        let shop = prices::shop();
        let her = member(vec![lot(1, 3_000, 0, None), lot(2, 10_000, 10_000, None)]);
        let lines = quote(&[prices::line(5_000, 2, None)], None, &shop).lines;
        let sold = sale::plan(
            &sale_request(
                lines,
                vec![Tender::exact(TenderKind::StoredValue, Fen(10_000))],
            ),
            &shop,
            Some(&her),
        )
        .unwrap();
        let record = record_of(&sold, Fen::ZERO);
        let request = RefundRequest {
            stamp: stamp(),
            sale_id: record.id,
            member_id: Some(7),
            lines: vec![(1, 1)],
            amount: Fen(5_000),
        };
        let back = plan(&request, &record, Some(&her)).unwrap();
        assert_eq!(
            back.postings
                .iter()
                .filter(|p| p.lot == Some(Uuid::from_u128(2)))
                .map(|p| p.amount)
                .sum::<i64>(),
            5_000
        );
        assert_eq!(back.spend, Fen(-5_000));
        assert_eq!(back.imbalance(), (0, 0));
    }

    #[test]
    fn more_than_was_sold_is_refused() {
        let shop = prices::shop();
        let lines = quote(&[prices::line(5_000, 2, None)], None, &shop).lines;
        let sold = sale::plan(
            &sale_request(lines, vec![Tender::exact(TenderKind::Cash, Fen(10_000))]),
            &shop,
            None,
        )
        .unwrap();
        let record = record_of(&sold, Fen::ZERO);
        let request = |lines: Vec<(i16, i64)>, amount| RefundRequest {
            stamp: stamp(),
            sale_id: record.id,
            member_id: None,
            lines,
            amount: Fen(amount),
        };
        assert_eq!(
            plan(&request(vec![(1, 3)], 15_000), &record, None)
                .unwrap_err()
                .hint,
            "refund.too_much"
        );
        assert_eq!(
            plan(&request(vec![(1, 1), (1, 1)], 10_000), &record, None)
                .unwrap_err()
                .hint,
            "refund.too_much"
        );
        assert_eq!(
            plan(&request(vec![(1, 1)], 4_999), &record, None)
                .unwrap_err()
                .hint,
            "refund.changed"
        );
    }

    /// PT6: goods returned take their own points with them and leave the old ones.
    #[test]
    fn returned_goods_take_their_own_points() {
        use crate::domain::ledger::LotKind;
        use crate::domain::member::Lot;
        let shop = prices::shop();
        let points = |n, points, expiry| Lot {
            kind: LotKind::Points,
            points,
            ..lot(n, 0, 0, expiry)
        };
        let her = member(vec![points(1, 500, Some(3)), points(2, 200, Some(300))]);
        let lines = quote(&[prices::line(10_000, 1, None)], None, &shop).lines;
        let paid = sale_request(lines, vec![Tender::exact(TenderKind::Cash, Fen(10_000))]);
        let sold = sale::plan(&paid, &shop, Some(&her)).unwrap();
        let mut record = record_of(&sold, Fen::ZERO);
        record.points_lots = vec![Uuid::from_u128(2)];
        let request = RefundRequest {
            stamp: stamp(),
            sale_id: record.id,
            member_id: Some(7),
            lines: vec![(1, 1)],
            amount: Fen(10_000),
        };
        let back = plan(&request, &record, Some(&her)).unwrap();
        let of = |n| {
            back.postings
                .iter()
                .find(|p| p.lot == Some(Uuid::from_u128(n)))
        };
        assert_eq!(of(2).map(|p| p.amount), Some(-200));
        assert_eq!(of(1), None);
    }

    #[test]
    fn cash_goes_back_in_whole_yuan_and_the_last_return_gives_the_rest() {
        let shop = Shop {
            rounding: Rounding::Yuan,
            ..prices::shop()
        };
        let cart = [prices::line(5_770, 1, None), prices::line(3_945, 1, None)];
        let mut paid = sale_request(
            quote(&cart, None, &shop).lines,
            vec![Tender::exact(TenderKind::Cash, Fen(9_700))],
        );
        paid.rounding = Fen(15);
        let sold = sale::plan(&paid, &shop, None).unwrap();
        let mut record = record_of(&sold, Fen(15));
        for (no, amount) in [(1, 5_800), (2, 3_900)] {
            assert_eq!(record.worth(&[(no, 1)], shop.rounding), Fen(amount));
            let request = RefundRequest {
                stamp: stamp(),
                sale_id: record.id,
                member_id: None,
                lines: vec![(no, 1)],
                amount: Fen(amount),
            };
            let back = plan(&request, &record, None).unwrap();
            assert_eq!(back.total(Account::Cash), amount);
            apply(&mut record, &back);
        }
        assert_eq!(record.money_left(), Fen::ZERO);
    }

    proptest! {
        /// PT6: a line takes back what it earned, whichever comes back first; quick lines that earned nothing
        /// take nothing.
        #[test]
        fn a_line_takes_back_what_it_earned(
            goods in prop::collection::vec((1_i64..30_000, any::<bool>()), 1..6), quick_sale_points in any::<bool>(),
            stored_value_multiplier in prop::option::of(5_000_i64..40_000), share in 0_i64..=100, first in any::<prop::sample::Index>(),
        ) {
            let shop = Shop { stored_value_multiplier, quick_sale_points, ..prices::shop() };
            let her = member(vec![lot(1, 100_000, 0, None)]);
            let cart: Vec<_> = goods.iter().map(|(price, quick)| {
                let line = prices::line(*price, 1, None);
                crate::domain::price::CartLine { product_id: line.product_id.filter(|_| !quick), ..line }
            }).collect();
            let quote = quote(&cart, Some(&her.level), &shop);
            let stored = quote.total.ratio(share, 100).min(her.stored_value());
            let paid = sale_request(quote.lines, [Tender::exact(TenderKind::StoredValue, stored), Tender::exact(TenderKind::Wechat, quote.total - stored)]
                .into_iter().filter(|t| t.amount.is_positive()).collect());
            let sold = sale::plan(&paid, &shop, Some(&her)).unwrap();
            let mut record = record_of(&sold, Fen::ZERO);
            let earning = |line: &DocumentLine| line.product_id.is_some() || quick_sale_points;
            let base: Fen = record.lines.iter().filter(|l| earning(&l.line)).map(|l| l.line.net).sum();
            prop_assert_eq!(record.base, base);
            let mut order: Vec<usize> = (0..record.lines.len()).collect();
            order.rotate_left(first.index(goods.len()));
            let mut returned = Fen::ZERO;
            for place in order {
                let line = record.lines[place].clone();
                let lines = vec![(line.no, 1)];
                let amount = record.worth(&lines, Rounding::None);
                let request = RefundRequest { stamp: stamp(), sale_id: record.id, member_id: Some(7), lines, amount };
                let part = plan(&request, &record, Some(&her)).unwrap();
                let before = record.points_back;
                apply(&mut record, &part);
                if earning(&line.line) {
                    returned += line.line.net;
                } else {
                    prop_assert_eq!(record.points_back, before);
                }
                prop_assert_eq!(record.points_back, Fen(record.points).ratio(returned.0, base.0).0);
            }
            prop_assert_eq!(record.points_back, record.points);
        }

        /// LG3: any way of returning a sale in parts, once everything is back every account is at zero.
        #[test]
        fn parts_add_up_to_the_whole(
            goods in prop::collection::vec((1_i64..30_000, 1_i64..7), 1..6),
            lots in prop::collection::vec((0_i64..60_000, 0_i64..60_000), 1..4),
            share in 0_i64..=100, cash in any::<bool>(), order in any::<u64>(),
            rounding in prop::sample::select(Rounding::ALL.to_vec()),
        ) {
            let shop = Shop { rounding, ..prices::shop() };
            let her = member(lots.iter().enumerate().map(|(n, (p, b))| lot(n as u128 + 1, *p, *b, None)).collect());
            let cart: Vec<_> = goods.iter().map(|(price, n)| prices::line(*price, *n, None)).collect();
            let quote = quote(&cart, Some(&her.level), &shop);
            let stored = quote.total.ratio(share, 100).min(her.stored_value());
            let rest = quote.total - stored;
            let off = if cash { shop.rounding.off(rest) } else { Fen::ZERO };
            let other = if cash { TenderKind::Cash } else { TenderKind::Wechat };
            let mut paid = sale_request(quote.lines, [Tender::exact(TenderKind::StoredValue, stored), Tender::exact(other, rest - off)]
                .into_iter().filter(|t| t.amount.is_positive()).collect());
            paid.rounding = off;
            let Ok(sold) = sale::plan(&paid, &shop, Some(&her)) else { return Ok(()); };
            let mut record = record_of(&sold, off);
            let mut seed = order;
            let mut back = Fen::ZERO;
            let mut points = 0;
            let mut rounded = sold.total(Account::Rounding);
            let mut after = her.clone();
            after.lots.push(crate::domain::member::Lot { kind: crate::domain::ledger::LotKind::Points, points: record.points, ..lot(50, 0, 0, None) });
            while record.lines.iter().any(|l| l.left() > 0) {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let open: Vec<(i16, i64)> = record.lines.iter().filter(|l| l.left() > 0).map(|l| (l.no, l.left())).collect();
                let (no, left) = open[usize::try_from(seed >> 33).unwrap() % open.len()];
                let quantity = 1 + i64::try_from(seed >> 40).unwrap() % left;
                let amount = record.worth(&[(no, quantity)], rounding);
                let request = RefundRequest { stamp: stamp(), sale_id: record.id, member_id: Some(7), lines: vec![(no, quantity)], amount };
                let part = plan(&request, &record, Some(&after)).unwrap();
                prop_assert_eq!(part.imbalance(), (0, 0));
                // The drawer has coins for it.
                prop_assert_eq!(rounding.off(Fen(part.total(Account::Cash))), Fen::ZERO);
                rounded += part.total(Account::Rounding);
                apply(&mut record, &part);
                points -= part.total(Account::Points);
                back += amount;
            }
            prop_assert_eq!(back, quote.total - off);
            prop_assert!(record.left.iter().all(|p| p.amount == 0));
            prop_assert_eq!(rounded, 0);
            prop_assert_eq!(points, sold.total(Account::Points));
        }
    }
}
