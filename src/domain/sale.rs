//! A sale: from what the customer saw and paid to what the ledger does.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::coupon::{self, Coupon, Outcome};
use super::deposit;
use super::grant::{Grant, GrantKind, GrantMove};
use super::ledger::{Account, DocumentLine, OperationKind, Plan, Reason, Stamp};
use super::level::{self, Level};
use super::member::Member;
use super::money::Fen;
use super::package::{self, Package};
use super::points::{self, Earned};
use super::price::{CartLine, Quote, Terms, price};
use super::promotion::Occasion;
use super::shop::Shop;
use super::stored_value;
use super::tender::{Rounding, Tender, TenderKind};
use crate::error::{Refusal, Result};

/// Minutes for which a price that was told outlives the hours of its rule: the queue was long.
pub const QUOTE_MINUTES: i64 = 30;

/// What was rung up, and when it was priced: the plan prices it again, by the same engine (PR1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basket {
    pub lines: Vec<CartLine>,
    pub at: DateTime<Utc>,
}

/// A sale as the customer saw it. What it takes from which lot, its points and a new level follow
/// from the member at the moment of posting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleRequest {
    pub stamp: Stamp,
    pub member_id: Option<i64>,
    pub lines: Vec<DocumentLine>,
    /// What the lines were priced from; without it no line may name a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basket: Option<Basket>,
    /// The coupons that take part, hers and those on paper.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<Uuid>,
    /// Those on paper, as the till read them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bearers: Vec<Grant>,
    /// What was dropped of the cash part (PR6), fen.
    pub rounding: Fen,
    pub tenders: Vec<Tender>,
    /// What of her points the reductions by points take (PT5).
    #[serde(default, skip_serializing_if = "is_none")]
    pub points: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_none(points: &i64) -> bool {
    *points == 0
}

impl SaleRequest {
    /// What the lines cost, fen, before rounding.
    #[must_use]
    pub fn net(&self) -> Fen {
        self.lines.iter().map(|line| line.net).sum()
    }

    /// What was paid, fen.
    #[must_use]
    pub fn paid(&self) -> Fen {
        self.tenders.iter().map(|tender| tender.amount).sum()
    }

    /// What is paid by one kind of tender, fen.
    #[must_use]
    pub fn paid_by(&self, kind: TenderKind) -> Fen {
        self.tenders
            .iter()
            .filter(|t| t.kind == kind)
            .map(|t| t.amount)
            .sum()
    }

    /// Whether all of it is paid from stored value (SV9).
    fn is_by_stored_value(&self) -> bool {
        let mut kinds = self.tenders.iter().map(|tender| tender.kind);
        !self.tenders.is_empty() && kinds.all(|kind| kind == TenderKind::StoredValue)
    }

    /// When the basket was priced or, when that is long ago, now.
    fn priced_at(&self, basket: &Basket) -> DateTime<Utc> {
        let stands = TimeDelta::minutes(QUOTE_MINUTES);
        let is_fresh = (TimeDelta::zero()..=stands).contains(&(self.stamp.at - basket.at));
        if is_fresh { basket.at } else { self.stamp.at }
    }

    /// The coupons that were presented, as they stand now.
    fn presented(&self, member: Option<&Member>) -> Result<Vec<Coupon>> {
        let hers = member.map_or(&[][..], |member| &member.grants);
        let presented = self.coupons.iter().map(|id| {
            let mut known = self.bearers.iter().chain(hers);
            let grant = known.find(|grant| grant.id == *id && grant.is_open());
            let grant = grant.ok_or_else(|| Refusal::user("coupon.used"))?;
            if grant.is_past(self.stamp.business_on) {
                let name = &grant.terms.name;
                return Err(Refusal::user("coupon.past").with("name", name));
            }
            let coupon = grant.coupon().filter(|_| grant.kind == GrantKind::Coupon);
            coupon.ok_or_else(|| Refusal::user("sale.malformed"))
        });
        presented.collect()
    }

    /// What the basket costs under the shop's rules.
    fn reprice(&self, shop: &Shop, level: Option<&Level>, coupons: &[Coupon]) -> Option<Quote> {
        let basket = self.basket.as_ref()?;
        let at = self.priced_at(basket);
        let occasion = Occasion {
            by_stored_value: self.is_by_stored_value(),
            ..Occasion::at(shop, self.stamp.till_id, at, level.map(|level| level.id))
        };
        let terms = Terms {
            coupons,
            points: shop.points_exchange.map(|exchange| (self.points, exchange)),
            ..Terms::of(shop, level, Some(occasion))
        };
        Some(price(&basket.lines, &terms))
    }

    /// PR1: preview and posting agree line by line wherever a rule takes part. Without rules a price that was
    /// told stands, even if the level or the shop's terms are others by now. Returns the coupons that took part.
    fn check_prices(&self, shop: &Shop, member: Option<&Member>) -> Result<Vec<Uuid>> {
        let level = member.and_then(Member::priced_as);
        let coupons = self.presented(member)?;
        let Some(now) = self.reprice(shop, level, &coupons) else {
            return if names_rules(&self.lines) || !coupons.is_empty() || self.points != 0 {
                Err(Refusal::user("sale.malformed"))
            } else {
                Ok(Vec::new())
            };
        };
        let named = names_rules(&now.lines) || names_rules(&self.lines) || self.points != 0;
        if named && (now.lines != self.lines || now.points != self.points) {
            return Err(Refusal::conflict("sale.repriced").with("total", now.total));
        }
        let used = coupons.iter().zip(&now.coupons);
        let used = used.filter(|(_, outcome)| matches!(outcome, Outcome::Used(_)));
        Ok(used.map(|(coupon, _)| coupon.grant_id).collect())
    }

    /// The lines that are earned now, and those that sell a package, with their place on the receipt and what it
    /// holds: that is earned when it is used (PK4).
    fn split(&self) -> (Vec<&DocumentLine>, Vec<(i16, &DocumentLine, &Package)>) {
        let goods = self.lines.iter().filter(|line| line.package.is_none());
        let packages = (1..).zip(&self.lines);
        let packages = packages.filter_map(|(no, line)| Some((no, line, line.package.as_deref()?)));
        (goods.collect(), packages.collect())
    }

    fn check(&self) -> Result<()> {
        let fits = |t: &Tender| {
            t.amount.is_positive()
                && t.given >= t.amount
                && (t.kind == TenderKind::Cash || t.given == t.amount)
        };
        let packed = |l: &DocumentLine| match &l.package {
            Some(package) => l.quantity == 1 && package.complaint().is_none(),
            None => true,
        };
        let mut presented = self.coupons.clone();
        presented.sort_unstable();
        presented.dedup();
        let sound = |l: &DocumentLine| {
            l.quantity > 0 && l.net.0 >= 0 && l.net <= l.list && l.prepaid.is_zero() && packed(l)
        };
        if self.lines.is_empty()
            || !self.lines.iter().all(sound)
            || !self.tenders.iter().all(fits)
            || presented.len() != self.coupons.len()
            || presented.len() > coupon::MOST
        {
            return Err(Refusal::user("sale.malformed"));
        }
        if self.net() - self.rounding != self.paid() {
            return Err(Refusal::user("sale.not_covered")
                .with("short", self.net() - self.rounding - self.paid()));
        }
        // PR6: only cash is rounded, and only by as much as a shop drops: the setting may have changed
        // since the customer was told what to pay.
        let cash = self.paid_by(TenderKind::Cash);
        let mut kinds = self.tenders.iter().map(|tender| tender.kind);
        let in_cash = cash.is_positive() || kinds.all(|kind| kind == TenderKind::Deposit);
        let drops = |rounding: Rounding| rounding.off(cash + self.rounding) == self.rounding;
        let right = in_cash && Rounding::ALL.into_iter().any(drops);
        if self.rounding != Fen::ZERO && !right {
            return Err(Refusal::user("sale.malformed"));
        }
        Ok(())
    }
}

/// Whether a rule, or points, took something off these lines.
#[must_use]
pub fn names_rules(lines: &[DocumentLine]) -> bool {
    let mut reductions = lines.iter().flat_map(|line| &line.reductions);
    let plain = |reason| {
        matches!(
            reason,
            Reason::Level | Reason::MemberPrice | Reason::Override
        )
    };
    reductions.any(|reduction| !plain(reduction.reason))
}

/// Plans a sale on the member as she stands.
///
/// # Errors
/// `coupon.used` and `coupon.past` for a coupon that counts no more;
/// `sale.repriced` with the new total when the shop's rules make another price of it by now;
/// `sale.not_covered` when the tenders do not pay it, `stored_value.short` when her lots do not cover the
/// stored-value part (LG4), `deposit.used` when an order is not open any more (SV6), `points.short` when she has fewer points (PT5, PT6), `sale.malformed` for a request no till makes.
pub fn plan(request: &SaleRequest, shop: &Shop, member: Option<&Member>) -> Result<Plan> {
    request.check()?;
    let used = request.check_prices(shop, member)?;
    let mut plan = Plan::new(OperationKind::Sale);
    plan.extras.moves = used.into_iter().map(GrantMove::coupon).collect();
    let (goods, packages) = request.split();
    let list: Fen = goods.iter().map(|line| line.list).sum();
    let net: Fen = goods.iter().map(|line| line.net).sum();
    plan.post_fen(Account::Revenue, None, list);
    plan.post_fen(Account::Discount, None, net - list);
    plan.post_fen(Account::Unearned, None, request.net() - net);
    // A gift card is nobody: it earns nothing, claims nothing and has not been here (SV10).
    let person = member.filter(|member| !member.is_bearer);
    if !packages.is_empty() && person.is_none() {
        return Err(Refusal::user("package.member_first"));
    }
    for (no, line, package) in packages {
        let grants = package::grants(line, package, no, &request.stamp);
        plan.extras.grants.extend(grants);
    }
    let given = match member {
        Some(member) if member.is_bearer => Vec::new(),
        member => coupon::with_receipt(&shop.coupons, request.net(), &request.stamp, member),
    };
    plan.extras.grants.extend(given.iter().cloned());
    deposit::release(&mut plan, request, person)?;
    plan.post_fen(Account::Rounding, None, -request.rounding);
    for tender in &request.tenders {
        if let Some(account) = tender.kind.account() {
            plan.post_fen(account, None, -tender.amount);
        }
    }
    spend_stored_value(&mut plan, request, shop, member)?;
    spend_points(&mut plan, request, member)?;
    let (principal, bonus) = (plan.total(Account::Principal), plan.total(Account::Bonus));
    let grants = &mut plan.extras.grants;
    package::note_payment(grants, &request.lines, Fen(-principal), Fen(-bonus));
    plan.lines.clone_from(&request.lines);
    let mut earned = Earned::default();
    plan.member = member.map(|member| (member.id, member.version));
    if let Some(member) = person {
        plan.spend = request.paid();
        plan.visit = true;
        let kept = request.lines.iter().map(|line| (line, line.net));
        let stored = request.paid_by(TenderKind::StoredValue);
        earned = points::earn(&mut plan, kept, stored, &request.stamp, shop, member);
        plan.level = level::upgrade(
            &shop.levels,
            member.level.id,
            level::counted(shop.level_by, member) + plan.spend,
        );
        let goods: Vec<_> = request.lines.iter().map(|line| line.product_id).collect();
        let held = plan.level.unwrap_or(member.level.id);
        plan.level = level::bought(&shop.levels, held, &goods).or(plan.level);
        plan.stand(member, request.stamp.business_on);
    }
    plan.document = serde_json::json!({
        "tenders": request.tenders,
        "rounding": request.rounding,
        "points": earned.points,
        "shares": earned.shares,
        "settings": shop.version,
    });
    if let Some(document) = plan.document.as_object_mut() {
        if let (Some(basket), true) = (&request.basket, names_rules(&request.lines)) {
            let at = request.priced_at(basket);
            document.insert("priced_at".to_owned(), serde_json::json!(at));
        }
        // A prepayment is in no account of the till: what it came to stands here.
        if request.paid_by(TenderKind::Deposit).is_positive() {
            document.insert("amount".to_owned(), serde_json::json!(request.paid()));
        }
        if !given.is_empty() {
            let given = coupon::said(&given);
            document.insert("coupons".to_owned(), given);
        }
    }
    if let (Some(exchange), 1..) = (shop.points_exchange, request.points)
        && let Some(document) = plan.document.as_object_mut()
    {
        document.insert("points_paid".to_owned(), serde_json::json!(request.points));
        document.insert("points_value".to_owned(), serde_json::json!(exchange));
    }
    Ok(plan)
}

/// Points as money (PT5): what the reductions took, nearest expiry first (PT3).
fn spend_points(plan: &mut Plan, request: &SaleRequest, member: Option<&Member>) -> Result<()> {
    if request.points == 0 {
        return Ok(());
    }
    let member = member.ok_or_else(|| Refusal::user("points.nobody"))?;
    let today = request.stamp.business_on;
    points::spend(plan, &member.lots, request.points, today)
}

fn spend_stored_value(
    plan: &mut Plan,
    request: &SaleRequest,
    shop: &Shop,
    member: Option<&Member>,
) -> Result<()> {
    let amount = request.paid_by(TenderKind::StoredValue);
    if amount.is_zero() {
        return Ok(());
    }
    let member = member.ok_or_else(|| Refusal::user("stored_value.nobody"))?;
    let parts = stored_value::spend(
        &member.lots,
        amount,
        shop.spend_order,
        request.stamp.business_on,
    )
    .map_err(|short| Refusal::user("stored_value.short").with("short", short))?;
    for part in parts {
        plan.post_fen(Account::Principal, Some(part.lot), -part.principal);
        plan.post_fen(Account::Bonus, Some(part.lot), -part.bonus);
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
