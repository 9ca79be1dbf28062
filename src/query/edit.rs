//! What an editor sends: goods and staff.

use serde::Serialize;

use crate::domain::beneficiary::{Born, Relation};
use crate::domain::coupon::CouponRule;
use crate::domain::gift::rule::GiftRule;
use crate::domain::level::Level;
use crate::domain::money::Fen;
use crate::domain::package::Package;
use crate::domain::product::ProductKind;
use crate::domain::promotion::Promotion;
use crate::domain::reward::Reward;
use crate::domain::staff::{Pin, Staff};
use crate::domain::top_up::TopUpRule;

/// A product as edited; `id` is none for a new one. The category may be new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductEdit {
    pub id: Option<i32>,
    /// Of the row as the editor saw it.
    pub version: i32,
    pub code: Option<String>,
    pub name: String,
    pub category: Option<String>,
    pub kind: ProductKind,
    pub price: Fen,
    pub member_price: Option<Fen>,
    pub active: bool,
    /// What a package holds.
    pub package: Option<Box<Package>>,
}

/// A promotion as edited. Goods may be named by a code or a name; Postgres says which they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotionEdit {
    pub promotion: Promotion,
    /// More goods of its scope.
    pub products: Vec<String>,
    /// The gifts of these rungs.
    pub gifts: Vec<(usize, String)>,
}

impl From<Promotion> for PromotionEdit {
    fn from(promotion: Promotion) -> Self {
        Self {
            promotion,
            products: Vec::new(),
            gifts: Vec::new(),
        }
    }
}

/// A coupon's rule as edited, with more goods of its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponEdit {
    pub rule: CouponRule,
    pub products: Vec<String>,
}

/// A rule as edited, to be tried on what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    TopUp(TopUpRule),
    Coupon(Box<CouponEdit>),
    Gift(GiftRule),
    Level(Level),
}

/// A reward as edited. What it gives may be named by a code or a name; Postgres says which it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardEdit {
    pub reward: Reward,
    pub product: Option<String>,
}

/// A member of staff as edited; an empty PIN keeps the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffEdit {
    pub staff: Staff,
    /// None makes a new one out of `staff`, whatever its id.
    pub id: Option<i32>,
    pub pin: Option<Pin>,
}

/// A beneficiary as edited; id 0 makes a new one (MB6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BeneficiaryEdit {
    pub id: i32,
    pub version: i32,
    pub name: String,
    pub relation: Relation,
    pub born: Option<Born>,
    /// Who agreed, where somebody must (PIPL art. 28); empty for nobody.
    pub guardian: String,
}
