//! `gift card` (不记名礼品卡): stored value whose holder nobody knows (SV10).
//!
//! A card is a member of a kind of its own, without name, phone, level price, points or visits: ledger, payment, return,
//! settlement by law and verification know it as they know every member. It is sold for money and holds principal alone,
//! which never lapses, so that the three years the rule asks for are always kept.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ledger::{Account, LotKind, NewLot, OperationKind, Plan, Stamp};
use super::money::Fen;
use super::shop::{LimitsProfile, Shop};
use super::tender::{Tender, TenderKind};
use super::top_up::{CASH_LIMIT, IDENTIFIED_FROM, UNREGISTERED_MAX};
use crate::error::{Refusal, Result};

/// SV10: from here on a unit pays by transfer, not in cash.
pub const UNIT_CASH_LIMIT: Fen = Fen::yuan(5_000);
/// Most cards that are sold at once.
pub const MOST: usize = 50;
/// Characters of a buyer's name, and of the end of the number of her document.
pub const NAME_LENGTH: usize = 100;
pub const TAIL_LENGTH: usize = 4;

/// The ways a card is paid: money, never stored value or points.
pub const WAYS: [TenderKind; 4] = [
    TenderKind::Cash,
    TenderKind::Wechat,
    TenderKind::Alipay,
    TenderKind::BankCard,
];

/// A card that is sold.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCard {
    /// What stands on it: a number from stock, or a code made for it.
    pub code: String,
    /// Made for it, to be printed; else a card from stock.
    pub is_minted: bool,
    /// Fen.
    pub amount: Fen,
}

/// Whoever knows the code has the money.
impl std::fmt::Debug for NewCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewCard({})", self.amount)
    }
}

impl NewCard {
    /// The end of what stands on it: enough to tell cards apart, too little to pay.
    #[must_use]
    pub fn tail(&self) -> String {
        let count = self.code.chars().count();
        self.code.chars().skip(count.saturating_sub(4)).collect()
    }
}

/// Who buys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuyerKind {
    #[default]
    Person,
    Unit,
}

/// Who a buyer showed to be: kept apart from the ledger, on no receipt.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub name: String,
    /// The end of the number of the document.
    pub tail: String,
}

/// Never shows whom it is about.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

/// Cards as the cashier confirmed them. Codes and names stay out of the till's journal: it keeps [`Sold`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardSaleRequest {
    pub stamp: Stamp,
    pub cards: Vec<NewCard>,
    pub buyer: BuyerKind,
    pub identity: Option<Identity>,
    pub way: TenderKind,
}

impl CardSaleRequest {
    /// What is to be paid, fen.
    #[must_use]
    pub fn total(&self) -> Fen {
        self.cards.iter().map(|card| card.amount).sum()
    }
}

/// What the journal keeps of a sale of cards: enough to ask whether it was posted, too little to pay with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    pub stamp: Stamp,
    pub cards: usize,
    pub total: Fen,
    pub way: TenderKind,
    /// The fingerprint of the whole request.
    pub digest: String,
}

/// The operation that loads one card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardPlan {
    /// The first one has the id of the stamp.
    pub id: Uuid,
    pub plan: Plan,
}

/// What the limits of SV10 say of a sale of cards: the keys of what is exceeded, the gravest first.
#[must_use]
pub fn exceeded(request: &CardSaleRequest, profile: LimitsProfile) -> Vec<&'static str> {
    let mut exceeded = Vec::new();
    if profile == LimitsProfile::Off {
        return exceeded;
    }
    let total = request.total();
    if total >= IDENTIFIED_FROM && request.identity.is_none() {
        exceeded.push("gift_card.needs_identity");
    }
    if request
        .cards
        .iter()
        .any(|card| card.amount > UNREGISTERED_MAX)
    {
        exceeded.push("gift_card.over_card");
    }
    let most = match request.buyer {
        BuyerKind::Person => CASH_LIMIT,
        BuyerKind::Unit => UNIT_CASH_LIMIT,
    };
    if request.way == TenderKind::Cash && total >= most {
        exceeded.push("gift_card.not_cash");
    }
    exceeded
}

/// Plans the sale: one top-up for each card, posted together.
///
/// # Errors
/// `gift_card.malformed` for a request no till makes; the limits of SV10 where they are enforced.
pub fn plan(request: &CardSaleRequest, shop: &Shop) -> Result<Vec<CardPlan>> {
    let mut codes: Vec<&str> = request
        .cards
        .iter()
        .map(|card| card.code.as_str())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let sound = |card: &NewCard| card.amount.is_positive() && !card.code.is_empty();
    let named = |it: &Identity| {
        !it.name.trim().is_empty()
            && it.name.chars().count() <= NAME_LENGTH
            && it.tail.chars().count() == TAIL_LENGTH
    };
    let account = request.way.account();
    let (Some(account), true) = (
        account,
        (1..=MOST).contains(&request.cards.len())
            && codes.len() == request.cards.len()
            && request.cards.iter().all(sound)
            && request.identity.as_ref().is_none_or(named),
    ) else {
        return Err(Refusal::user("gift_card.malformed"));
    };
    if shop.limits_profile == LimitsProfile::Enforce
        && let Some(hint) = exceeded(request, shop.limits_profile).first()
    {
        return Err(Refusal::user(hint));
    }
    let cards = (1..).zip(&request.cards);
    Ok(cards
        .map(|(no, card)| load(request, shop, account, no, card))
        .collect())
}

fn load(
    request: &CardSaleRequest,
    shop: &Shop,
    account: Account,
    no: usize,
    card: &NewCard,
) -> CardPlan {
    let id = match no {
        1 => request.stamp.id,
        no => Uuid::new_v5(&request.stamp.id, format!("card {no}").as_bytes()),
    };
    let mut plan = Plan::new(OperationKind::TopUp);
    plan.post_fen(account, None, -card.amount);
    let lot = Uuid::new_v5(&id, b"stored_value");
    plan.post_fen(Account::Principal, Some(lot), card.amount);
    plan.new_lots.push(NewLot {
        id: lot,
        kind: LotKind::StoredValue,
        expires_on: None,
        rule_id: None,
        rule_version: None,
    });
    plan.document = serde_json::json!({
        "amount": card.amount,
        "tenders": [Tender::exact(request.way, card.amount)],
        "card": { "no": no, "of": request.cards.len(), "tail": card.tail(), "total": request.total() },
        "terms_version": shop.terms_version,
        "spend_order": shop.spend_order,
    });
    CardPlan { id, plan }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::price::tests::shop;
    use crate::domain::sale::tests::stamp;
    use proptest::prelude::*;

    fn request(amounts: &[i64], way: TenderKind) -> CardSaleRequest {
        let cards = amounts.iter().zip(1..);
        CardSaleRequest {
            stamp: stamp(),
            cards: cards
                .map(|(fen, no)| NewCard {
                    code: format!("88{no:06}"),
                    is_minted: false,
                    amount: Fen(*fen),
                })
                .collect(),
            buyer: BuyerKind::Person,
            identity: None,
            way,
        }
    }

    #[test]
    fn limits_of_the_rule() {
        let said = |request: &CardSaleRequest| exceeded(request, LimitsProfile::Warn);
        let mut ten = request(&[100_000; 10], TenderKind::Cash);
        assert_eq!(said(&ten), ["gift_card.needs_identity"]);
        assert!(exceeded(&ten, LimitsProfile::Off).is_empty());
        ten.identity = Some(Identity {
            name: "张三".into(),
            tail: "123X".into(),
        });
        assert!(said(&ten).is_empty());
        ten.buyer = BuyerKind::Unit;
        assert_eq!(said(&ten), ["gift_card.not_cash"]);
        ten.way = TenderKind::BankCard;
        assert!(said(&ten).is_empty());
        assert!(said(&request(&[100_000; 9], TenderKind::Cash)).is_empty());
        assert_eq!(
            said(&request(&[100_001], TenderKind::Wechat)),
            ["gift_card.over_card"]
        );
        let fifty = request(&[100_000; 50], TenderKind::Cash);
        assert_eq!(
            said(&fifty),
            ["gift_card.needs_identity", "gift_card.not_cash"]
        );
        let mut strict = shop();
        strict.limits_profile = LimitsProfile::Enforce;
        let refused = plan(&fifty, &strict).unwrap_err();
        assert_eq!(refused.hint, "gift_card.needs_identity");
        assert!(plan(&fifty, &shop()).is_ok());
        assert!(!format!("{ten:?}").contains("张三"));
        assert!(!format!("{ten:?}").contains("88000001"));
    }

    #[test]
    fn no_till_makes_these() {
        let shop = shop();
        let refused = |request: &CardSaleRequest| plan(request, &shop).unwrap_err().hint;
        let none = request(&[], TenderKind::Cash);
        let many = request(&[100; 51], TenderKind::Cash);
        let empty = request(&[0], TenderKind::Cash);
        let stored = request(&[100], TenderKind::StoredValue);
        let mut twice = request(&[100, 100], TenderKind::Cash);
        twice.cards[1].code = twice.cards[0].code.clone();
        let mut nameless = request(&[100], TenderKind::Cash);
        nameless.identity = Some(Identity {
            name: " ".into(),
            tail: "1234".into(),
        });
        for it in [none, many, empty, stored, twice, nameless] {
            assert_eq!(refused(&it), "gift_card.malformed");
        }
    }

    proptest! {
        /// Money and nothing on top: each card holds what was paid for it, all together what was paid.
        #[test]
        fn principal_alone(amounts in prop::collection::vec(1_i64..200_000, 1..50), way in prop::sample::select(WAYS.to_vec())) {
            let request = request(&amounts, way);
            let plans = plan(&request, &shop()).unwrap();
            prop_assert_eq!(plans[0].id, request.stamp.id);
            let mut ids: Vec<_> = plans.iter().map(|it| it.id).collect();
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), amounts.len());
            let mut paid = 0;
            for (it, amount) in plans.iter().zip(&amounts) {
                prop_assert_eq!(it.plan.imbalance(), (0, 0));
                prop_assert_eq!(it.plan.total(Account::Principal), *amount);
                prop_assert_eq!(it.plan.total(Account::Bonus), 0);
                prop_assert_eq!(it.plan.total(Account::Points), 0);
                paid -= it.plan.total(way.account().unwrap());
            }
            prop_assert_eq!(Fen(paid), request.total());
        }
    }
}
