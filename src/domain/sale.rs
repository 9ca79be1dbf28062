//! A sale: from what the customer saw and paid to what the ledger does.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::coupon::{self, Coupon, Outcome};
use super::grant::{Grant, GrantKind, GrantMove};
use super::ledger::{Account, DocumentLine, OperationKind, Plan, Stamp};
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
            ..Terms::of(shop, level, Some(occasion))
        };
        Some(price(&basket.lines, &terms))
    }

    /// PR1: preview and posting agree line by line wherever a rule takes part. Without rules a price that was
    /// told stands, even if the level or the shop's terms are others by now. Returns the coupons that took part.
    fn check_prices(&self, shop: &Shop, member: Option<&Member>) -> Result<Vec<Uuid>> {
        let level = member.map(|member| &member.level);
        let coupons = self.presented(member)?;
        let Some(now) = self.reprice(shop, level, &coupons) else {
            return if names_rules(&self.lines) || !coupons.is_empty() {
                Err(Refusal::user("sale.malformed"))
            } else {
                Ok(Vec::new())
            };
        };
        let named = names_rules(&now.lines) || names_rules(&self.lines);
        if now.lines != self.lines && named {
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
        let in_cash = cash.is_positive() || self.tenders.is_empty();
        let drops = |rounding: Rounding| rounding.off(cash + self.rounding) == self.rounding;
        let right = in_cash && Rounding::ALL.into_iter().any(drops);
        if self.rounding != Fen::ZERO && !right {
            return Err(Refusal::user("sale.malformed"));
        }
        Ok(())
    }
}

/// Whether a rule took something off these lines.
#[must_use]
pub fn names_rules(lines: &[DocumentLine]) -> bool {
    let mut reductions = lines.iter().flat_map(|line| &line.reductions);
    reductions.any(|reduction| reduction.rule.is_some())
}

/// Plans a sale on the member as she stands.
///
/// # Errors
/// `coupon.used` and `coupon.past` for a coupon that counts no more;
/// `sale.repriced` with the new total when the shop's rules make another price of it by now;
/// `sale.not_covered` when the tenders do not pay it, `stored_value.short` when her lots do not cover the
/// stored-value part (LG4), `sale.malformed` for a request no till makes.
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
    if !packages.is_empty() && member.is_none() {
        return Err(Refusal::user("package.member_first"));
    }
    for (no, line, package) in packages {
        let grants = package::grants(line, package, no, &request.stamp);
        plan.extras.grants.extend(grants);
    }
    let given = coupon::with_receipt(&shop.coupons, request.net(), &request.stamp, member);
    plan.extras.grants.extend(given.iter().cloned());
    plan.post_fen(Account::Rounding, None, -request.rounding);
    for tender in &request.tenders {
        if let Some(account) = tender.kind.account() {
            plan.post_fen(account, None, -tender.amount);
        }
    }
    spend_stored_value(&mut plan, request, shop, member)?;
    plan.lines.clone_from(&request.lines);
    let mut earned = Earned::default();
    if let Some(member) = member {
        plan.member = Some((member.id, member.version));
        plan.spend = request.paid();
        plan.visit = true;
        let kept = request.lines.iter().map(|line| (line, line.net));
        let stored = request.paid_by(TenderKind::StoredValue);
        earned = points::earn(&mut plan, kept, stored, &request.stamp, shop, member);
        plan.level = level::upgrade(
            &shop.levels,
            member.level.id,
            member.spend_year + plan.spend,
        );
        plan.stand(member, request.stamp.business_on);
    }
    plan.document = serde_json::json!({
        "tenders": request.tenders,
        "rounding": request.rounding,
        "points": earned.points,
        "shares": earned.shares,
    });
    if let Some(document) = plan.document.as_object_mut() {
        if let (Some(basket), true) = (&request.basket, names_rules(&request.lines)) {
            let at = request.priced_at(basket);
            document.insert("priced_at".to_owned(), serde_json::json!(at));
        }
        if !given.is_empty() {
            let given = coupon::said(&given);
            document.insert("coupons".to_owned(), given);
        }
    }
    Ok(plan)
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
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::member::Lot;
    use crate::domain::price::{quote, tests as prices};
    use crate::domain::promotion::Promotion;
    use crate::domain::refund::tests as refunds;
    use crate::domain::stored_value::tests::{TODAY, lot};
    use chrono::DateTime;
    use proptest::prelude::*;
    use uuid::Uuid;

    /// A member of level 2 with these lots.
    pub(crate) fn member(lots: Vec<Lot>) -> Member {
        Member {
            given: std::collections::BTreeMap::new(),
            id: 7,
            version: 3,
            edition: 1,
            name: "王晓明".into(),
            phone: Some("138****1380".into()),
            level: prices::shop().levels[1].clone(),
            principal: lots.iter().map(|l| l.principal).sum(),
            bonus: lots.iter().map(|l| l.bonus).sum(),
            points: 0,
            visits: 1,
            first_visit_on: None,
            last_visit_on: None,
            due_on: None,
            spend: Fen::ZERO,
            spend_year: Fen::ZERO,
            birth_year: None,
            birth_month: None,
            birth_day: None,
            gender: None,
            notes: String::new(),
            joined_on: TODAY,
            lots,
            instalments: vec![],
            grants: vec![],
            merged: None,
            family: vec![],
        }
    }

    pub(crate) fn stamp() -> Stamp {
        Stamp {
            id: Uuid::from_u128(1),
            till_id: 1,
            shift_id: None,
            operator_id: 1,
            approver_id: None,
            business_on: TODAY,
            at: DateTime::UNIX_EPOCH,
        }
    }

    pub(crate) fn request(lines: Vec<DocumentLine>, tenders: Vec<Tender>) -> SaleRequest {
        SaleRequest {
            stamp: stamp(),
            member_id: Some(7),
            lines,
            basket: None,
            coupons: vec![],
            bearers: vec![],
            rounding: Fen::ZERO,
            tenders,
        }
    }

    #[test]
    fn a_gold_member_pays_from_her_lots() {
        let shop = prices::shop();
        let her = member(vec![lot(1, 100_000, 20_000, None)]);
        let quote = quote(&[prices::line(10_000, 1, None)], Some(&her.level), &shop);
        let plan = plan(
            &request(
                quote.lines,
                vec![Tender::exact(TenderKind::StoredValue, Fen(9_000))],
            ),
            &shop,
            Some(&her),
        )
        .unwrap();
        assert_eq!(plan.total(Account::Revenue), 10_000);
        assert_eq!(plan.total(Account::Discount), -1_000);
        assert_eq!(plan.total(Account::Principal), -7_500);
        assert_eq!(plan.total(Account::Bonus), -1_500);
        // PT1 and LV2: 90 yuan, double.
        assert_eq!(plan.total(Account::Points), 180);
        assert_eq!(plan.imbalance(), (0, 0));
    }

    /// PT2: 60 of 100 yuan by stored value at double, and the document says which multiplier it was.
    #[test]
    fn stored_value_earns_its_own_multiplier() {
        let mut shop = prices::shop();
        shop.stored_value_multiplier = Some(20_000);
        let mut her = member(vec![lot(1, 100_000, 20_000, None)]);
        her.level = shop.levels[0].clone();
        let lines = quote(&[prices::line(10_000, 1, None)], None, &shop).lines;
        let tenders = vec![
            Tender::exact(TenderKind::StoredValue, Fen(6_000)),
            Tender::exact(TenderKind::Wechat, Fen(4_000)),
        ];
        let plan = plan(&request(lines, tenders), &shop, Some(&her)).unwrap();
        assert_eq!(plan.total(Account::Points), 160);
        assert_eq!(
            plan.document["shares"],
            serde_json::json!([
                { "fen": 6_000, "multiplier": 20_000, "by": "stored_value" },
                { "fen": 4_000, "multiplier": 10_000, "by": "level" },
            ])
        );
    }

    #[test]
    fn too_little_leaves_no_plan() {
        let her = member(vec![lot(1, 1_000, 0, None)]);
        let lines = quote(&[prices::line(10_000, 1, None)], None, &prices::shop()).lines;
        let refusal = plan(
            &request(
                lines,
                vec![Tender::exact(TenderKind::StoredValue, Fen(10_000))],
            ),
            &prices::shop(),
            Some(&her),
        )
        .unwrap_err();
        assert_eq!(
            (refusal.hint, refusal.with[0].1.as_str()),
            ("stored_value.short", "90.00")
        );
    }

    #[test]
    fn only_cash_is_rounded() {
        let shop = prices::shop();
        let lines = quote(&[prices::line(9_999, 1, None)], None, &shop).lines;
        let mut paid = request(
            lines,
            vec![Tender {
                kind: TenderKind::Cash,
                amount: Fen(9_990),
                given: Fen(10_000),
            }],
        );
        paid.rounding = Fen(9);
        assert_eq!(
            plan(&paid, &shop, None).unwrap().total(Account::Cash),
            -9_990
        );
        paid.tenders[0].kind = TenderKind::Wechat;
        paid.tenders[0].given = Fen(9_990);
        assert!(plan(&paid, &shop, None).is_err());
    }

    #[test]
    fn the_current_sale_counts_for_the_level() {
        let mut her = member(vec![]);
        her.level = prices::shop().levels[0].clone();
        her.spend_year = Fen(90_001);
        let lines = quote(&[prices::line(10_000, 1, None)], None, &prices::shop()).lines;
        let plan = plan(
            &request(lines, vec![Tender::exact(TenderKind::Wechat, Fen(10_000))]),
            &prices::shop(),
            Some(&her),
        )
        .unwrap();
        assert_eq!(plan.level, Some(2));
    }

    proptest! {
        /// LG2: every sale balances, however it is paid.
        #[test]
        fn sales_balance(
            prices in prop::collection::vec((1_i64..50_000, 1_i64..5), 1..8),
            lots in prop::collection::vec((0_i64..40_000, 0_i64..40_000), 0..6),
            share in 0_i64..=100,
        ) {
            let shop = prices::shop();
            let her = member(lots.iter().enumerate().map(|(n, (p, b))| lot(n as u128 + 1, *p, *b, None)).collect());
            let cart: Vec<_> = prices.iter().map(|(price, n)| prices::line(*price, *n, None)).collect();
            let quote = quote(&cart, Some(&her.level), &shop);
            let stored = quote.total.ratio(share, 100);
            let tenders = [Tender::exact(TenderKind::StoredValue, stored), Tender::exact(TenderKind::Alipay, quote.total - stored)]
                .into_iter().filter(|t| t.amount.is_positive()).collect();
            match plan(&request(quote.lines, tenders), &shop, Some(&her)) {
                Ok(plan) => {
                    prop_assert_eq!(plan.imbalance(), (0, 0));
                    prop_assert_eq!(plan.total(Account::Principal) + plan.total(Account::Bonus), -stored.0);
                }
                Err(refusal) => {
                    prop_assert_eq!(refusal.hint, "stored_value.short");
                    prop_assert!(her.stored_value() < stored);
                }
            }
        }
    }
    /// A request for a cart as the counter prices it at this moment.
    fn rung_up(lines: Vec<CartLine>, shop: &Shop, her: Option<&Member>) -> SaleRequest {
        let at = DateTime::UNIX_EPOCH;
        let level = her.map(|her| &her.level);
        let occasion = Occasion::at(shop, 1, at, level.map(|level| level.id));
        let quote = price(&lines, &Terms::of(shop, level, Some(occasion)));
        let way = Tender::exact(TenderKind::Wechat, quote.total);
        let tenders = [way].into_iter().filter(|way| way.amount.is_positive());
        SaleRequest {
            basket: Some(Basket { lines, at }),
            ..request(quote.lines, tenders.collect())
        }
    }

    fn shop_with(promotions: Vec<Promotion>) -> Shop {
        Shop {
            promotions,
            goods: vec![prices::gift()],
            ..prices::shop()
        }
    }

    /// A rule edited between preview and posting: nothing is posted, and the new price is named. So it is when its
    /// hours are over since long; within half an hour the price that was told stands.
    #[test]
    fn another_price_is_told_before_money_moves() {
        let mut shop = shop_with(vec![prices::promotion(1, prices::rungs(&[(5_000, 500)]))]);
        let mut paid = rung_up(vec![prices::line(10_000, 1, None)], &shop, None);
        assert_eq!(
            plan(&paid, &shop, None).unwrap().total(Account::Discount),
            -500
        );
        shop.promotions[0].when.hours =
            Some(("07:00:00".parse().unwrap(), "08:05:00".parse().unwrap()));
        for (minutes, is_sold) in [(0, true), (30, true), (31, false)] {
            paid.stamp.at = DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
            assert_eq!(plan(&paid, &shop, None).is_ok(), is_sold, "{minutes}");
        }
        paid.stamp.at = DateTime::UNIX_EPOCH;
        shop.promotions[0].rule.version = 2;
        shop.promotions[0].offer = prices::rungs(&[(5_000, 600)]);
        let refusal = plan(&paid, &shop, None).unwrap_err();
        assert_eq!(
            (refusal.hint, refusal.with[0].1.as_str()),
            ("sale.repriced", "94.00")
        );
        paid.basket = None;
        assert_eq!(plan(&paid, &shop, None).unwrap_err().hint, "sale.malformed");
    }

    /// SV9: a rule for stored value holds when all is paid by it, and never otherwise.
    #[test]
    fn stored_value_has_its_own_price() {
        let mut rule = prices::promotion(1, prices::rungs(&[(5_000, 500)]));
        rule.by_stored_value = true;
        let shop = shop_with(vec![rule]);
        let her = member(vec![lot(1, 100_000, 0, None)]);
        let mut paid = rung_up(vec![prices::line(10_000, 1, None)], &shop, Some(&her));
        assert_eq!(paid.net(), Fen(9_000));
        assert!(plan(&paid, &shop, Some(&her)).is_ok());
        paid.tenders[0].kind = TenderKind::StoredValue;
        let refusal = plan(&paid, &shop, Some(&her)).unwrap_err();
        assert_eq!(
            (refusal.hint, refusal.with[0].1.as_str()),
            ("sale.repriced", "85.00")
        );
    }

    proptest! {
        /// PR1: what the counter shows is what is posted, line by line, whatever the rules; and every way of
        /// returning it in parts gives back each line's net, to the fen (RF6).
        #[test]
        fn preview_is_posting(
            cart in prop::collection::vec(prices::any_line(), 1..7),
            rules in prop::collection::vec((prices::any_offer(), prices::any_scope()), 0..7),
            is_member in any::<bool>(),
        ) {
            let promotions = (1..).zip(rules).map(|(id, (offer, scope))| Promotion { scope, ..prices::promotion(id, offer) });
            let shop = shop_with(promotions.collect());
            let her = is_member.then(|| member(vec![]));
            let paid = rung_up(cart, &shop, her.as_ref());
            let sold = plan(&paid, &shop, her.as_ref()).unwrap();
            prop_assert_eq!(&sold.lines, &paid.lines);
            prop_assert_eq!(sold.imbalance(), (0, 0));
            let list: Fen = paid.lines.iter().map(|line| line.list).sum();
            prop_assert_eq!(sold.total(Account::Revenue) + sold.total(Account::Discount), paid.net().0);
            prop_assert_eq!(sold.total(Account::Revenue), list.0);
            let mut record = refunds::record_of(&sold, Fen::ZERO);
            let mut back = Fen::ZERO;
            for line in paid.lines.iter().zip(1..).map(|(line, no)| (no, line.quantity)) {
                let amount = record.worth(&[line], Rounding::None);
                let sold = record.lines.iter_mut().find(|sold| sold.no == line.0).unwrap();
                prop_assert_eq!(amount, sold.line.net);
                sold.returned = line.1;
                sold.returned_net = amount;
                for way in &mut record.left {
                    way.amount += amount.0;
                }
                back += amount;
            }
            prop_assert_eq!(back, paid.net());
        }
    }
}
