//! Returning a sale, whole or by line (RF6, PT6).

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::grant::{Grant, GrantKind, GrantMove};
use super::ledger::{
    Account, DocumentLine, OperationKind, Plan, Posting, Reason, ReturnedLine, Stamp,
};
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

/// A claim that a line of the sale brought, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldGrant {
    pub no: i16,
    #[serde(flatten)]
    pub grant: Grant,
}

impl SoldGrant {
    /// Whether nothing of it was used: a package that was begun is not returned but refunded (RF3).
    fn is_whole(&self) -> bool {
        self.grant.is_whole()
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
    /// What the sale spent of her points, lot by lot in the order they went, and the part given back so far (PT6).
    #[serde(default)]
    pub points_spent: Vec<(Uuid, i64)>,
    #[serde(default)]
    pub points_returned: i64,
    /// The net, fen, that had come back before the points were granted: none of them are for it (MB3).
    pub returned_before: Fen,
    /// What of the net the points are for, fen: quick sales earn by the setting of that moment (PR7).
    pub base: Fen,
    /// What its packages brought, and the coupons that came with it.
    #[serde(default)]
    pub grants: Vec<SoldGrant>,
    /// The coupons it used that are not back yet, with their last days.
    #[serde(default)]
    pub coupons: Vec<UsedCoupon>,
    /// Days for which one counts again that is past its last day.
    #[serde(default)]
    pub grace_days: u32,
}

/// A coupon a sale used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedCoupon {
    pub grant_id: Uuid,
    pub expires_on: Option<NaiveDate>,
}

impl SaleRecord {
    pub(super) fn net(&self) -> Fen {
        self.lines.iter().map(|l| l.line.net).sum()
    }

    /// Whether nothing of the sale is left with the customer once these lines come back.
    fn is_last(&self, lines: &[(i16, i64)]) -> bool {
        let now = |no: i16| -> i64 {
            let of_line = lines.iter().filter(|(of, _)| *of == no);
            of_line.map(|(_, quantity)| quantity).sum()
        };
        self.lines.iter().all(|sold| sold.left() == now(sold.no))
    }

    /// RF6: with the last of the goods the coupons come back, for some days more where their last is past; those
    /// that came with the sale go, unless they were used.
    fn coupons_back(&self, today: NaiveDate) -> Vec<GrantMove> {
        let grace = today.checked_add_days(Days::new(self.grace_days.into()));
        let back = self.coupons.iter().map(|used| GrantMove {
            grant_id: used.grant_id,
            quantity: 1,
            value: Fen::ZERO,
            until: grace.filter(|_| used.expires_on.is_some_and(|last| last < today)),
        });
        let given = self.grants.iter().filter(|sold| {
            let grant = &sold.grant;
            grant.kind != GrantKind::Package && sold.is_whole()
        });
        let given = given.map(|sold| GrantMove {
            grant_id: sold.grant.id,
            quantity: -sold.grant.quantity.unwrap_or(0),
            value: Fen::ZERO,
            until: None,
        });
        back.chain(given).collect()
    }

    pub(super) fn returned_net(&self) -> Fen {
        self.lines.iter().map(|l| l.returned_net).sum()
    }

    /// Whether a line earned: goods always, quick sales where all that was left did.
    fn earned(&self, line: &DocumentLine) -> bool {
        line.product_id.is_some()
            || line.ordered.is_some()
            || self.base == self.net() - self.returned_before
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

    /// The points to give back in all once these lines come back too: in proportion to what points paid of them (PT6).
    pub(super) fn points_paid_for(&self, lines: &[(i16, i64)]) -> i64 {
        let (mut all, mut back) = (Fen::ZERO, Fen::ZERO);
        for sold in &self.lines {
            let now = lines.iter().filter(|(no, _)| *no == sold.no);
            let now: i64 = now.map(|(_, quantity)| quantity).sum();
            let reductions = sold.line.reductions.iter();
            let paid = reductions.filter(|it| it.reason == Reason::Points);
            let paid: Fen = paid.map(|it| it.fen).sum();
            all += paid;
            back += paid.ratio(sold.returned + now, sold.line.quantity);
        }
        let spent: i64 = self.points_spent.iter().map(|(_, points)| points).sum();
        Fen(spent).ratio(back.0, all.0).0
    }

    /// What of these lines was paid beforehand, fen: it goes back to its order and to nothing else (SV6, RF6).
    #[must_use]
    pub fn deposit_of(&self, lines: &[(i16, i64)]) -> Fen {
        let back = self.lines.iter();
        let back = back.filter(|sold| lines.iter().any(|(no, _)| *no == sold.no));
        back.map(|sold| sold.line.deposit()).sum()
    }

    /// What of the net was paid at the sale itself, fen; and of it what came back.
    fn money_net(&self) -> Fen {
        self.net() - self.lines.iter().map(|sold| sold.line.deposit()).sum()
    }

    fn returned_money(&self) -> Fen {
        let back = self.lines.iter().filter(|sold| sold.returned > 0);
        self.returned_net() - back.map(|sold| sold.line.deposit()).sum()
    }

    /// What was paid for this much of the net, fen: the rounding is shared in proportion.
    fn paid_for(&self, net: Fen) -> Fen {
        net - self.rounding.ratio(net.0, self.money_net().0)
    }

    /// What is left of the payments, fen; of the cash alone.
    pub(super) fn money_left(&self) -> Fen {
        self.left.iter().map(|p| Fen(-p.amount)).sum()
    }

    fn cash_left(&self) -> Fen {
        let cash = self.left.iter().filter(|p| p.account == Account::Cash);
        cash.map(|p| Fen(-p.amount)).sum()
    }

    /// What goes back for so much of the net, fen, prepayments apart. Cash is last (RF6), and its part is rounded up to what
    /// the shop has coins for (PR6); the next return gives that much less, the last one the rest.
    fn back_for(&self, net: Fen, rounding: Rounding) -> Fen {
        let returned = self.returned_money() + net;
        let left = self.money_left();
        let already = self.money_net() - self.rounding - left;
        let exact = (self.paid_for(returned) - already).max_zero().min(left);
        let cash = (exact - (left - self.cash_left())).max_zero();
        if cash.is_zero() || returned == self.money_net() {
            return exact;
        }
        exact + rounding.up(cash).min(self.cash_left() - cash)
    }

    /// What goes back to the customer for these lines, fen, in a shop that rounds cash like this.
    #[must_use]
    pub fn worth(&self, lines: &[(i16, i64)], rounding: Rounding) -> Fen {
        let deposit = self.deposit_of(lines);
        deposit + self.back_for(self.net_of(lines) - deposit, rounding)
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

/// Plans a return. The money goes back the way it was paid: what was paid beforehand for a line to its order (SV6), stored
/// value to the lots it came from, in reverse order, then the other tenders, cash last (RF6). Points come back in proportion (PT6), coupons with the last of it.
///
/// # Errors
/// `refund.too_much` when more comes back than was sold, `refund.changed` when the amount is not the one shown.
pub fn plan(request: &RefundRequest, record: &SaleRecord, member: Option<&Member>) -> Result<Plan> {
    let mut plan = Plan::new(OperationKind::Refund);
    plan.about = Some(record.id);
    let mut list = Fen::ZERO;
    let mut net = Fen::ZERO;
    // Of them, what was paid for packages, and what those cost by the list.
    let (mut unearned, mut packed) = (Fen::ZERO, Fen::ZERO);
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
        if sold.line.package.is_some() {
            unearned += sold.worth(*quantity);
            packed += sold.list_of(*quantity);
            plan.extras.moves.extend(give_up(record, *no)?);
        }
        let ordered = sold.line.ordered;
        plan.extras
            .moves
            .extend(ordered.map(|it| it.move_of(it.deposit)));
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
    if record.is_last(&request.lines) {
        let today = request.stamp.business_on;
        plan.extras.moves.extend(record.coupons_back(today));
    }
    let amount = request.amount;
    // As with the sale: the setting may have changed since the money was shown.
    let deposit = record.deposit_of(&request.lines);
    let right = |rounding: Rounding| deposit + record.back_for(net - deposit, rounding) == amount;
    if plan.lines.is_empty() || !Rounding::ALL.into_iter().any(right) {
        return Err(Refusal::conflict("refund.changed"));
    }
    plan.post_fen(Account::Revenue, None, packed - list);
    plan.post_fen(Account::Discount, None, (list - packed) - (net - unearned));
    plan.post_fen(Account::Unearned, None, -unearned);
    plan.post_fen(Account::Unearned, None, deposit);
    plan.post_fen(Account::Rounding, None, net - amount);
    pay_back(&mut plan, record, amount - deposit)?;
    let (mut points_back, mut returned) = (0, 0);
    if let Some(member) = member {
        plan.member = Some((member.id, member.version));
        plan.spend = -amount;
        // What she paid with comes back before what she earned goes: that debts nobody without need (PT6).
        returned = record.points_paid_for(&request.lines) - record.points_returned;
        let (spent, before) = (&record.points_spent, record.points_returned);
        let lots = points::give_back(&mut plan, &member.lots, spent, before, returned);
        points_back = record.points_for(&request.lines) - record.points_back;
        points::take_back(
            &mut plan,
            &lots,
            points_back,
            &record.points_lots,
            Uuid::new_v5(&request.stamp.id, b"debt"),
        );
    }
    plan.document = serde_json::json!({ "amount": amount, "points": points_back, "points_returned": returned, "sale_seq": record.seq, "rounding": net - amount, "tenders": ways_back(&plan) });
    Ok(plan)
}

/// What the package of a line brought goes back, whole.
fn give_up(record: &SaleRecord, no: i16) -> Result<Vec<GrantMove>> {
    let of_line = record.grants.iter().filter(|sold| sold.no == no);
    let moves = of_line.map(|sold| {
        sold.is_whole().then(|| GrantMove {
            grant_id: sold.grant.id,
            quantity: -sold.grant.quantity.unwrap_or(0),
            value: -sold.grant.value,
            until: None,
        })
    });
    let moves: Option<Vec<GrantMove>> = moves.collect();
    moves.ok_or_else(|| Refusal::user("refund.package_used"))
}

/// How the money of a planned return goes back, one amount for each way (RF6).
#[must_use]
pub fn ways_back(plan: &Plan) -> Vec<Tender> {
    let stored = plan.total(Account::Principal) + plan.total(Account::Bonus);
    // What goes back to orders; packages and coupons are given up.
    let moves = plan.extras.moves.iter();
    let deposit: Fen = moves.map(|it| it.value.max_zero()).sum();
    let back = |kind: TenderKind| match kind.account() {
        Some(account) => plan.total(account),
        None if kind == TenderKind::Deposit => deposit.0,
        None => stored,
    };
    std::iter::once(TenderKind::Deposit)
        .chain(TenderKind::ALL)
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
pub mod tests;
