//! What a document says, by the names templates use. What is not said is not there: a reduction of
//! nothing has no line.

mod ordered;
mod settled;

use std::collections::BTreeMap;
use std::fmt::Display;

use super::{Layout, tender, title};
use crate::domain::calendar::local;
use crate::domain::coupon::Number;
use crate::domain::ledger::{DocumentLine, OperationKind, Reason, Reduction};
use crate::domain::money::{Fen, grouped};
use crate::domain::package::wording;
use crate::domain::product::ProductKind;
use crate::domain::receipt::{Document, Receipt};
use crate::domain::shift::Sheet;
use crate::domain::shop::Shop;
use crate::domain::stored_value::SpendOrder;
use crate::domain::tender::TenderKind;

/// Texts by name, and lists of the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What is known to be missing hides a figure of the same name around the list.
    one: BTreeMap<&'static str, Option<String>>,
    many: BTreeMap<&'static str, Vec<Self>>,
}

impl Facts {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a text; an empty one is none.
    #[must_use]
    pub fn one(mut self, name: &'static str, text: impl Display) -> Self {
        let text = format!("{text}");
        self.one
            .insert(name, Some(text).filter(|text| !text.is_empty()));
        self
    }

    /// With a text if there is one.
    #[must_use]
    pub fn maybe(mut self, name: &'static str, text: Option<impl Display>) -> Self {
        if let Some(text) = text {
            return self.one(name, text);
        }
        self.one.insert(name, None);
        self
    }

    /// With a list.
    #[must_use]
    pub fn each(mut self, name: &'static str, list: Vec<Self>) -> Self {
        self.many.insert(name, list);
        self
    }

    /// Whether the name is known here, even as missing.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.one.contains_key(name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.one.get(name)?.as_deref()
    }

    pub(super) fn list(&self, name: &str) -> Option<&[Self]> {
        self.many.get(name).map(Vec::as_slice)
    }

    /// An amount that is not zero.
    fn money(self, name: &'static str, amount: Fen) -> Self {
        self.maybe(name, Some(amount).filter(|amount| !amount.is_zero()))
    }

    /// A number that is not zero.
    fn count(self, name: &'static str, count: i64) -> Self {
        self.maybe(name, Some(count).filter(|count| *count != 0))
    }
}

/// What a receipt says.
pub(super) fn of(receipt: &Receipt, shop: Option<&Shop>, layout: Layout) -> Facts {
    let facts = common(receipt, layout);
    match receipt.kind {
        OperationKind::Sale => sale(facts, receipt, shop, layout),
        OperationKind::Redemption => redemption(facts, receipt, layout),
        OperationKind::TopUp => top_up(facts, receipt, shop, layout),
        OperationKind::TopUpReversal => reversal(facts, receipt, layout),
        OperationKind::Refund => refund(facts, receipt, layout),
        OperationKind::Gift => given(common(receipt, layout), receipt, shop),
        OperationKind::Settlement => settled::settled(facts, receipt, layout),
        OperationKind::Deposit => ordered::taken(facts, receipt, shop, layout),
        OperationKind::Forfeit => ordered::forfeited(facts, receipt, layout),
        OperationKind::ShiftClose => closed(facts, receipt, layout),
        _ => other(facts, receipt),
    }
}

fn common(receipt: &Receipt, layout: Layout) -> Facts {
    let names = &receipt.names;
    let copy = layout.copy.then(|| (layout.words)("slip.copy"));
    let after = receipt.after;
    Facts::new()
        .one("shop", &names.shop)
        .one("store", &names.store)
        .one("till", &names.till)
        .maybe("copy", copy)
        .one("title", (layout.words)(title(receipt.kind)))
        .one("number", format!("{:06}", receipt.seq))
        .one("at", local(receipt.at).format("%Y-%m-%d %H:%M"))
        .one("cashier", &names.cashier)
        .maybe("member", names.member.as_ref())
        .maybe("phone", names.phone.as_ref())
        .maybe("level", names.level.as_ref())
        .maybe("balance", after.map(|after| after.principal + after.bonus))
        .maybe("balance_principal", after.map(|after| after.principal))
        .maybe("balance_bonus", after.map(|after| after.bonus))
        .maybe("balance_points", after.map(|after| grouped(after.points)))
}

fn tenders(facts: Facts, receipt: &Receipt, layout: Layout) -> Facts {
    let card = receipt.document.card.as_ref();
    let given = card.filter(|card| card.no == 1).map(|card| card.total);
    let parts = receipt.document.tenders.iter().map(|part| {
        Facts::new()
            .one("way", (layout.words)(tender(part.kind)))
            .one("given", given.unwrap_or(part.given))
            .maybe(
                "change",
                Some(part.change()).filter(|fen| fen.is_positive()),
            )
    });
    let parts = parts.collect();
    facts.each("tenders", parts)
}

/// What was sold, what was taken off, and how it was paid.
fn sale(facts: Facts, receipt: &Receipt, shop: Option<&Shop>, layout: Layout) -> Facts {
    let lines = receipt.lines.iter().map(|line| {
        // A line at list price, and below it what was taken off and why (LG7).
        let reductions = line.reductions.iter().map(|part| {
            Facts::new()
                .one("why", why(part, shop, layout))
                .one("off", -part.fen)
        });
        let package = line.package.as_deref();
        let contents = package.into_iter().flat_map(|package| &package.items);
        let contents = contents.map(|item| Facts::new().one("item", wording::write(item)));
        let day = package.and_then(|package| package.validity.from(receipt.business_on));
        item(line)
            .each("reductions", reductions.collect())
            .each("contents", contents.collect())
            .maybe("day", day)
    });
    let lines = lines.collect();
    let list: Fen = receipt.lines.iter().map(|line| line.list).sum();
    let (net, rounding) = (receipt.net(), receipt.document.rounding);
    let is_reduced = list != net || rounding.is_positive();
    let facts = facts
        .each("lines", lines)
        .maybe("list", is_reduced.then_some(list))
        .money("off", net - list)
        .money("rounding", -rounding.max_zero())
        .one("total", net - rounding)
        .maybe(
            "points_paid",
            positive(receipt.document.points_paid).map(|points| grouped(-points)),
        )
        .maybe("points", positive(receipt.document.points).map(grouped));
    let facts = given(facts, receipt, shop);
    tenders(facts, receipt, layout)
}

/// The coupons that came with it, and the code of the one that is on paper (PR4).
fn given(facts: Facts, receipt: &Receipt, shop: Option<&Shop>) -> Facts {
    let coupons = &receipt.document.coupons;
    let on_paper = coupons.iter().any(|coupon| coupon.on_paper);
    let number = Number {
        till_id: receipt.till_id,
        seq: receipt.seq,
    };
    let code = shop.filter(|_| on_paper);
    let code = code.and_then(|shop| number.sign(&shop.coupon_key));
    let coupons = coupons.iter().map(|coupon| {
        Facts::new()
            .one("coupon", &coupon.name)
            .money("from", coupon.from)
            .maybe("day", coupon.expires_on)
    });
    let coupons = coupons.collect();
    facts.each("coupons", coupons).maybe("code", code)
}

/// What was used, who served, what is left, and what was paid besides (PK2, SV8).
fn redemption(facts: Facts, receipt: &Receipt, layout: Layout) -> Facts {
    let document = &receipt.document;
    let services = receipt
        .lines
        .iter()
        .zip(&document.left)
        .map(|(line, left)| {
            let words = if left.quantity.is_some() {
                format!(
                    "{} {}",
                    left.quantity.unwrap_or_default(),
                    wording::unit(left.unit)
                )
            } else {
                (layout.words)("redeem.endless").clone()
            };
            Facts::new()
                .one("name", &line.name)
                .one(
                    "quantity",
                    format!("{} {}", line.quantity, wording::unit(left.unit)),
                )
                .one("left", words)
                .maybe("staff", line.served.as_ref().map(|served| &served.name))
                .maybe("day", left.expires_on)
        });
    let services = services.collect();
    let paid = Some(document.amount).filter(|amount| amount.is_positive());
    let tenders = paid.map(|amount| {
        Facts::new()
            .one("way", (layout.words)(tender(TenderKind::StoredValue)))
            .one("given", amount)
            .maybe("change", None::<Fen>)
    });
    facts
        .maybe("package", document.left.first().map(|left| &left.of))
        .maybe("whom", document.whom.as_ref())
        .each("services", services)
        .each("tenders", tenders.into_iter().collect())
}

fn item(line: &DocumentLine) -> Facts {
    Facts::new()
        .one("name", &line.name)
        .one("quantity", quantity(line))
        .one("list", line.list)
}

fn positive(count: i64) -> Option<i64> {
    Some(count).filter(|count| *count > 0)
}

/// `2 x 68.00`, and for goods by weight `0.525kg x 12.99`.
fn quantity(line: &DocumentLine) -> String {
    match line.kind {
        ProductKind::Piece | ProductKind::Service | ProductKind::Package => {
            format!("{} x {}", line.quantity, line.price)
        }
        ProductKind::Weight => {
            let (kilos, grams) = (line.quantity / 1_000, line.quantity % 1_000);
            format!("{kilos}.{grams:03}kg x {}", line.price)
        }
    }
}

/// The name of the rule while it is in force, else what kind of reduction it is; of a gift both.
fn why(part: &Reduction, shop: Option<&Shop>, layout: Layout) -> String {
    let words = (layout.words)(reason(part.reason));
    if part.reason == Reason::Coupon {
        let coupon = part.rule.and_then(|rule| shop?.coupon(rule.id));
        return coupon.map_or(words.clone(), |coupon| format!("{words} {}", coupon.name));
    }
    let rule = part.promotion().and_then(|rule| shop?.promotion(rule));
    match rule {
        Some(rule) if part.reason == Reason::Gift => format!("{words} {}", rule.name),
        Some(rule) => rule.name.clone(),
        None => words,
    }
}

const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Override => "slip.price_set",
        Reason::MemberPrice => "slip.member_price",
        Reason::Level => "slip.level_discount",
        Reason::Promotion => "slip.promotion",
        Reason::Order => "slip.order_promotion",
        Reason::Gift => "slip.gift",
        Reason::Coupon => "slip.coupon",
        Reason::Points => "slip.points_paid",
        Reason::Exchange => "slip.exchanged",
    }
}

/// What was loaded, what is given on top and when, and the terms it was loaded under: those of the
/// version, how it is spent (SV2, SV4, SV11, 法释〔2025〕4号).
fn top_up(facts: Facts, receipt: &Receipt, shop: Option<&Shop>, layout: Layout) -> Facts {
    let document = &receipt.document;
    let in_force = shop.filter(|shop| Some(shop.terms_version) == document.terms_version);
    let later: Fen = document.instalments.iter().map(|part| part.bonus).sum();
    let instalments = document.instalments.iter().map(|part| {
        Facts::new()
            .one("due_on", part.due_on)
            .one("part", part.bonus)
    });
    let instalments = instalments.collect();
    let order = document.spend_order.map(spend_order);
    // The first of several cards is the receipt of all of them (SV10).
    let card = document.card.as_ref();
    let all = card.filter(|card| card.no == 1);
    let cards = card.map(|card| match all {
        Some(all) => format!("{} x *{}", all.of, card.tail),
        None => format!("{}/{} *{}", card.no, card.of, card.tail),
    });
    let contract = document.contract.as_ref();
    let next = contract.and_then(|contract| contract.next);
    let facts = facts
        .maybe("rule", document.rule.as_ref())
        .maybe("contract", contract.map(|contract| &contract.name))
        .maybe(
            "stage",
            contract.map(|contract| format!("{}/{}", contract.stage, contract.of)),
        )
        .maybe("next_on", next.map(|next| next.on))
        .maybe("next_amount", next.map(|next| next.amount))
        .maybe("cards", cards)
        .one("amount", all.map_or(document.amount, |all| all.total))
        .money("bonus", document.bonus.max_zero())
        .money("bonus_later", later)
        .maybe("day", document.expires_on)
        .each("instalments", instalments)
        .maybe("points", positive(document.points).map(grouped))
        .maybe("version", document.terms_version)
        .maybe("terms", in_force.map(|shop| &shop.terms))
        .maybe("spend_order", order.map(|key| (layout.words)(key)));
    tenders(facts, receipt, layout)
}

const fn spend_order(order: SpendOrder) -> &'static str {
    match order {
        SpendOrder::ProRata => "slip.pro_rata",
        SpendOrder::PrincipalFirst => "slip.principal_first",
        SpendOrder::BonusFirst => "slip.bonus_first",
    }
}

/// A top-up taken back: money and benefits.
fn reversal(facts: Facts, receipt: &Receipt, layout: Layout) -> Facts {
    let document = &receipt.document;
    let facts = facts
        .one("amount", document.amount)
        .money("bonus", -document.bonus.max_zero())
        .maybe(
            "points",
            positive(document.points).map(|points| grouped(-points)),
        );
    tenders(facts, receipt, layout)
}

/// A return with its arithmetic: list price, the share of the reductions, the share of the
/// rounding, what went back and how (RF5, RF6).
fn refund(facts: Facts, receipt: &Receipt, layout: Layout) -> Facts {
    let document = &receipt.document;
    let lines = receipt.lines.iter();
    let lines = lines.map(|line| item(line).money("off", line.net - line.list));
    let lines = lines.collect();
    let list: Fen = receipt.lines.iter().map(|line| line.list).sum();
    let net = receipt.net();
    let facts = about(facts, document)
        .each("lines", lines)
        .maybe("list", (list != document.amount).then_some(list))
        .money("off", net - list)
        .money("rounding", document.amount - net)
        .one("amount", document.amount)
        .maybe(
            "points_back",
            positive(document.points_returned).map(grouped),
        )
        .maybe(
            "points",
            positive(document.points).map(|points| grouped(-points)),
        );
    tenders(facts, receipt, layout)
}

/// Which sale it is about.
fn about(facts: Facts, document: &Document) -> Facts {
    facts.maybe("seq", document.sale_seq.map(|seq| format!("{seq:06}")))
}

/// What has neither lines nor terms: an attached sale, an instalment, an expense; and what expired,
/// with its last day (PT3).
fn other(facts: Facts, receipt: &Receipt) -> Facts {
    let document = &receipt.document;
    let expired = document.expired.iter().map(|lot| {
        Facts::new()
            .money("bonus", -lot.bonus.max_zero())
            .maybe(
                "points",
                positive(lot.points).map(|points| grouped(-points)),
            )
            .one("day", lot.expires_on)
    });
    let expired = expired.collect();
    let facts = facts.each("expired", expired);
    if receipt.kind == OperationKind::Expiry {
        return facts;
    }
    let reward = document.reward.as_ref();
    let left = document.left.iter().map(|it| {
        let unit = wording::unit(it.unit);
        let quantity = it.quantity.map(|quantity| format!("{quantity} {unit}"));
        Facts::new()
            .one("name", &it.name)
            .maybe("of", Some(&it.of).filter(|of| !of.is_empty()))
            .maybe("quantity", quantity)
            .maybe("day", it.expires_on)
    });
    let left = left.collect();
    about(facts, document)
        .maybe(
            "reward",
            reward.map(|it| format!("{} x {}", it.name, it.count)),
        )
        .each("left", left)
        .maybe("streak", document.check_in.map(|it| it.streak))
        .maybe(
            "points_paid",
            positive(document.points_paid).map(|points| grouped(-points)),
        )
        .maybe(
            "points_back",
            positive(document.points_returned).map(grouped),
        )
        .money("amount", document.amount)
        .money("bonus", document.bonus.max_zero())
        .maybe(
            "points",
            (document.points != 0).then(|| grouped(document.points)),
        )
}

/// The sheet of a shift: every tender, stored value included, the cash in the drawer, and what was
/// counted (OP1).
fn closed(facts: Facts, receipt: &Receipt, layout: Layout) -> Facts {
    let document = &receipt.document;
    let Some(sheet) = &document.sheet else {
        return facts;
    };
    let difference = document.counted - sheet.expected_cash;
    let verdict = match difference.0 {
        0 => "shift.right",
        1.. => "shift.over",
        _ => "shift.short",
    };
    figures(facts, sheet, layout)
        .one("counted", document.counted)
        .one("verdict", (layout.words)(verdict))
        .one("difference", difference)
        .maybe("reason", document.reason.as_ref())
}

fn figures(facts: Facts, sheet: &Sheet, layout: Layout) -> Facts {
    // Every one, with what it came to: what is compared with the statement of the bank or the wallet.
    let ways = sheet.tenders.iter().map(|(kind, row)| {
        Facts::new()
            .one("way", (layout.words)(tender(*kind)))
            .one("net", row.net())
            .money("sales", row.sales)
            .money("top_ups", row.top_ups)
            .money("deposits", row.deposits)
            .money("refunds", -row.refunds)
    });
    let ways = ways.collect();
    let since = local(sheet.shift.opened_at).format("%Y-%m-%d %H:%M");
    let facts = facts
        .one("since", since)
        .one("opener", &sheet.shift.cashier)
        .each("ways", ways)
        .one("sale_count", sheet.sale_count)
        .one("top_up_count", sheet.top_up_count)
        .count("deposit_count", sheet.deposit_count)
        .one("refund_count", sheet.refund_count)
        .one("enrol_count", sheet.enrol_count)
        .count("drawer_count", sheet.drawer_count)
        .one("off", -sheet.discount)
        .one("rounding", -sheet.rounding)
        .one("float", sheet.shift.opening_float)
        .one("paid_out", sheet.paid_out)
        .one("expected_cash", sheet.expected_cash);
    if sheet.expired.members == 0 {
        return facts;
    }
    facts
        .one("expired_count", sheet.expired.members)
        .one("expired_points", grouped(sheet.expired.points))
        .one("expired_bonus", sheet.expired.bonus)
        .count("lapsed_count", sheet.expired.claims)
        .one("lapsed", sheet.expired.earned)
}
