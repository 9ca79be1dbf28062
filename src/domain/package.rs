//! `package`: services paid for beforehand: count cards, courses, cards by time (PK1, PK4).

pub mod wording;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::grant::{GrantKind, NewGrant, Terms, Unit};
use super::ledger::{DocumentLine, Stamp};
use super::money::Fen;
use super::share::share;

/// Services in one package, at most.
pub const MOST_ITEMS: usize = 8;

/// Until when what a package grants may be used; the last day is valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    #[default]
    Forever,
    Until(NaiveDate),
    /// Days from the purchase, that day not counted.
    Days(u32),
    /// Days from the first use, that day not counted.
    FromFirstUse(u32),
}

impl Validity {
    /// The last valid day of what is bought on `day`; none while it is not known.
    #[must_use]
    pub fn from(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Forever | Self::FromFirstUse(_) => None,
            Self::Until(last) => Some(last),
            Self::Days(days) => day.checked_add_days(Days::new(days.into())),
        }
    }

    /// Days that begin with the first use.
    #[must_use]
    pub const fn after_first_use(self) -> Option<u32> {
        match self {
            Self::FromFirstUse(days) => Some(days),
            _ => None,
        }
    }
}

/// One service of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The service, and what it was called when the package was put together.
    pub product_id: i32,
    pub name: String,
    pub unit: Unit,
    /// None: as often as she likes while it is valid.
    pub quantity: Option<i64>,
    /// What one of it costs without a package, fen: the price of the package is shared by it.
    pub price: Fen,
    /// A gift has no part of the price (PK4).
    #[serde(default)]
    pub is_gift: bool,
    /// What each use costs besides, from stored value, fen (SV8).
    #[serde(default)]
    pub copay: Fen,
    /// Days after which it is time again (PK3).
    #[serde(default)]
    pub cycle_days: Option<u32>,
}

/// What a package holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    pub items: Vec<Item>,
    pub validity: Validity,
    /// Whole and unused it may be given to another member, once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_give: bool,
    /// Others than the holder may be served.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_share: bool,
}

impl Package {
    /// Why it cannot be sold: a key of the texts.
    #[must_use]
    pub fn complaint(&self) -> Option<&'static str> {
        let counted = |item: &Item| item.quantity.is_none_or(|quantity| quantity > 0);
        if self.items.is_empty() {
            return Some("package.empty");
        }
        if self.items.len() > MOST_ITEMS || !self.items.iter().all(counted) {
            return Some("package.malformed");
        }
        let endless = self.items.iter().any(|item| item.quantity.is_none());
        (endless && self.validity == Validity::Forever).then_some("package.endless")
    }

    /// What of `net`, fen, each item is worth: in proportion to what they cost alone, gifts nothing. Nothing is
    /// lost: when all are gifts, or none has a price, the first one that is none takes what there is.
    #[must_use]
    pub fn values(&self, net: Fen) -> Vec<Fen> {
        let alone = |item: &Item| {
            if item.is_gift {
                return Fen::ZERO;
            }
            item.price.times(item.quantity.unwrap_or(1)).max_zero()
        };
        let weights: Vec<Fen> = self.items.iter().map(alone).collect();
        let all: Fen = weights.iter().copied().sum();
        if !all.is_zero() {
            // Weights below the price would leave a rest: they are scaled, their proportion stays.
            let scale = net.0.max(0) / all.0 + 1;
            let weights: Vec<Fen> = weights.iter().map(|weight| weight.times(scale)).collect();
            return share(net, &weights);
        }
        let first = self.items.iter().position(|item| !item.is_gift);
        let mut values = vec![Fen::ZERO; self.items.len()];
        if let Some(value) = values.get_mut(first.unwrap_or(0)) {
            *value = net.max_zero();
        }
        values
    }
}

/// What the member gets for a line that sells a package; `no` is its place on the receipt.
#[must_use]
pub fn grants(line: &DocumentLine, package: &Package, no: i16, stamp: &Stamp) -> Vec<NewGrant> {
    let values = package.values(line.net);
    let items = package.items.iter().zip(values).enumerate();
    let grant = |(place, (item, value)): (usize, (&Item, Fen))| NewGrant {
        id: Uuid::new_v5(&stamp.id, format!("grant {no} {place}").as_bytes()),
        kind: GrantKind::Package,
        no,
        product_id: Some(item.product_id),
        rule_id: line.product_id,
        quantity: item.quantity,
        value,
        expires_on: package.validity.from(stamp.business_on),
        terms: Terms {
            name: item.name.clone(),
            of: line.name.clone(),
            unit: item.unit,
            quantity: item.quantity,
            value,
            price: item.price,
            copay: item.copay,
            valid_days: package.validity.after_first_use(),
            cycle_days: item.cycle_days,
            may_give: package.may_give,
            may_share: package.may_share,
            ..Terms::default()
        },
        bearer: false,
    };
    items.map(grant).collect()
}

/// SV7: what of each claim was paid from stored value, as principal and as bonus: in proportion to the lines and to what
/// the claims are worth. Nothing is lost: over a sale of packages alone the parts are what the lots lost.
pub fn note_payment(grants: &mut [NewGrant], lines: &[DocumentLine], principal: Fen, bonus: Fen) {
    let nets: Vec<Fen> = lines.iter().map(|line| line.net).collect();
    let stored = share(principal + bonus, &nets);
    let of_bonus = share(bonus, &stored);
    for (no, (stored, bonus)) in (1..).zip(stored.into_iter().zip(of_bonus)) {
        let hers = |grant: &&mut NewGrant| grant.no == no && grant.kind == GrantKind::Package;
        let hers: Vec<&mut NewGrant> = grants.iter_mut().filter(hers).collect();
        let values: Vec<Fen> = hers.iter().map(|grant| grant.value).collect();
        let stored = share(stored, &values);
        let bonus = share(bonus, &stored);
        for (grant, (stored, bonus)) in hers.into_iter().zip(stored.into_iter().zip(bonus)) {
            grant.terms.principal = stored - bonus;
            grant.terms.bonus = bonus;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    /// A service so many times, worth so much each.
    pub(crate) fn item(product_id: i32, quantity: i64, price: i64) -> Item {
        Item {
            product_id,
            name: format!("项目{product_id}"),
            unit: Unit::Session,
            quantity: Some(quantity),
            price: Fen(price),
            is_gift: false,
            copay: Fen::ZERO,
            cycle_days: None,
        }
    }

    #[test]
    fn gifts_are_worth_nothing() {
        let mut package = Package {
            items: vec![item(1, 10, 8_000), item(2, 2, 20_000), item(3, 1, 30_000)],
            ..Package::default()
        };
        package.items[2].is_gift = true;
        assert_eq!(
            package.values(Fen(60_001)),
            [Fen(40_000), Fen(20_001), Fen(0)]
        );
        package.items.truncate(1);
        assert_eq!(package.values(Fen(99_999)), [Fen(99_999)]);
    }

    #[test]
    fn what_cannot_be_sold() {
        let mut package = Package::default();
        assert_eq!(package.complaint(), Some("package.empty"));
        package.items = vec![item(1, 0, 1)];
        assert_eq!(package.complaint(), Some("package.malformed"));
        package.items[0].quantity = None;
        assert_eq!(package.complaint(), Some("package.endless"));
        package.validity = Validity::Days(30);
        assert_eq!(package.complaint(), None);
    }

    #[test]
    fn last_days() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap_or_default();
        let bought = day("2026-01-31");
        assert_eq!(Validity::Forever.from(bought), None);
        assert_eq!(Validity::FromFirstUse(90).from(bought), None);
        assert_eq!(Validity::Days(1).from(bought), Some(day("2026-02-01")));
        let last = day("2026-12-31");
        assert_eq!(Validity::Until(last).from(bought), Some(last));
    }

    proptest! {
        /// SV7: what the lots lost is what the claims say, to the fen.
        #[test]
        fn payments_add_up(
            nets in prop::collection::vec((0_i64..1_000_000, prop::collection::vec(0_i64..50_000, 1..6)), 1..5),
            part in 0_i64..=100,
            bonus in 0_i64..=100,
        ) {
            let lines: Vec<DocumentLine> = nets.iter().map(|(net, items)| {
                let items = items.iter().map(|price| item(1, 1, *price)).collect();
                let package = Package { items, ..Package::default() };
                DocumentLine {
                    product_id: Some(9),
                    name: String::new(),
                    kind: crate::domain::product::ProductKind::Package,
                    quantity: 1,
                    price: Fen(*net),
                    list: Fen(*net),
                    net: Fen(*net),
                    reductions: vec![],
                    package: Some(Box::new(package)),
                    prepaid: Fen::ZERO,
                    served: None,
                    ordered: None,
                }
            }).collect();
            let stamp = crate::domain::sale::tests::stamp();
            let packed = (1..).zip(&lines).filter_map(|(no, line)| Some(grants(line, line.package.as_deref()?, no, &stamp)));
            let mut all: Vec<NewGrant> = packed.flatten().collect();
            let total: i64 = lines.iter().map(|line| line.net.0).sum();
            let stored = total * part / 100;
            let bonus = stored * bonus / 100;
            note_payment(&mut all, &lines, Fen(stored - bonus), Fen(bonus));
            let sum = |of: fn(&Terms) -> Fen| -> Fen { all.iter().map(|grant| of(&grant.terms)).sum() };
            prop_assert_eq!((sum(|it| it.principal), sum(|it| it.bonus)), (Fen(stored - bonus), Fen(bonus)));
            for grant in &all {
                let terms = &grant.terms;
                prop_assert!(terms.principal.0 >= 0 && terms.bonus.0 >= 0 && terms.principal + terms.bonus <= grant.value);
            }
        }

        /// PK4: the parts are the price, to the fen.
        #[test]
        fn no_fen_is_lost(
            net in 0_i64..100_000_000,
            items in prop::collection::vec((1_i64..100, 0_i64..1_000_000, any::<bool>()), 1..8),
        ) {
            let items = items.into_iter().enumerate().map(|(n, (quantity, price, is_gift))| Item {
                is_gift,
                ..item(i32::try_from(n).unwrap_or(0), quantity, price)
            });
            let package = Package { items: items.collect(), ..Package::default() };
            let values = package.values(Fen(net));
            prop_assert_eq!(values.iter().copied().sum::<Fen>(), Fen(net));
            prop_assert!(values.iter().all(|value| value.0 >= 0));
        }
    }
}
