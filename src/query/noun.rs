//! What somebody else edited, as notifications name it.

/// What somebody else edited: the payload of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// Terms, levels, rules, stores, tills, limits: what [`Query::ReadShop`] brings.
    Shop,
    /// Goods, and perhaps a category, which is the shop's.
    Product,
    Staff,
    /// Somebody's particulars.
    Member,
    HeldSale,
    Disclosure,
    /// The drawer was opened without a payment.
    Drawer,
    /// Notifications were lost, or several came at once.
    All,
}

impl Noun {
    /// The noun of a payload; one that is not known may be anything.
    #[must_use]
    pub fn named(payload: &str) -> Self {
        match payload {
            "terms" | "level" | "rule" | "promotion" | "reward" | "check_in" | "coupon"
            | "gift" | "contract" | "recipe" | "store" | "till" | "limit" | "label" => Self::Shop,
            "product" => Self::Product,
            "staff" => Self::Staff,
            "member" => Self::Member,
            "held_sale" => Self::HeldSale,
            "disclosure" => Self::Disclosure,
            "drawer" => Self::Drawer,
            _ => Self::All,
        }
    }

    /// Two of them as one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::All }
    }

    /// Whether the rows behind `self` may have changed when `other` did.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self == other || other == Self::All
    }
}
