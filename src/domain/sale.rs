//! A sale: from what the customer saw and paid to what the ledger does.

use serde::{Deserialize, Serialize};

use super::ledger::{Account, DocumentLine, OperationKind, Plan, Stamp};
use super::level;
use super::member::Member;
use super::money::Fen;
use super::package::{self, Package};
use super::points::{self, Earned};
use super::shop::Shop;
use super::stored_value;
use super::tender::{Rounding, Tender, TenderKind};
use crate::error::{Refusal, Result};

/// A sale as the customer saw it. What it takes from which lot, its points and a new level follow
/// from the member at the moment of posting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleRequest {
    pub stamp: Stamp,
    pub member_id: Option<i64>,
    pub lines: Vec<DocumentLine>,
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
        let sound = |l: &DocumentLine| {
            l.quantity > 0 && l.net.0 >= 0 && l.net <= l.list && l.prepaid.is_zero() && packed(l)
        };
        if self.lines.is_empty() || !self.lines.iter().all(sound) || !self.tenders.iter().all(fits)
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

/// Plans a sale on the member as she stands.
///
/// # Errors
/// `sale.not_covered` when the tenders do not pay it, `stored_value.short` when her lots do not cover the
/// stored-value part (LG4), `sale.malformed` for a request no till makes.
pub fn plan(request: &SaleRequest, shop: &Shop, member: Option<&Member>) -> Result<Plan> {
    request.check()?;
    let mut plan = Plan::new(OperationKind::Sale);
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
    use crate::domain::stored_value::tests::{TODAY, lot};
    use chrono::DateTime;
    use proptest::prelude::*;
    use uuid::Uuid;

    /// A member of level 2 with these lots.
    pub(crate) fn member(lots: Vec<Lot>) -> Member {
        Member {
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
}
