//! The shop's terms: what the owner set, read once and again when they change.

use chrono::NaiveTime;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::check_in::CheckInRule;
use super::contract::ContractPlan;
use super::coupon::{CouponRule, SigningKey};
use super::gift::rule::GiftRule;
use super::label::LabelRule;
use super::level::{Level, LevelBy, ReviewDay};
use super::money::Fen;
use super::package::wording::Service;
use super::points::Exchange;
use super::product::Product;
use super::promotion::{Promotion, RuleRef};
use super::recipe::Recipe;
use super::reward::Reward;
use super::settlement::OwnTerms;
use super::staff::{Limit, Role};
use super::stored_value::SpendOrder;
use super::tender::Rounding;
use super::top_up::TopUpRule;

/// How strictly the limits of SV10 are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitsProfile {
    Off,
    #[default]
    Warn,
    Enforce,
}

/// A place with tills. Its business day starts at `day_cutoff` (OP2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    pub id: i32,
    pub name: String,
    pub region: String,
    pub address: String,
    pub day_cutoff: NaiveTime,
    /// Grows with every edit.
    pub version: i32,
}

/// A terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Till {
    pub id: i32,
    pub store_id: i32,
    pub name: String,
    /// Grows with every edit.
    pub version: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    pub id: i32,
    pub name: String,
}

/// Everything a till must know of its shop before it can sell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shop {
    pub merchant_id: i32,
    pub name: String,
    pub industry: String,
    pub points_per_yuan: Decimal,
    pub points_valid_months: Option<u32>,
    /// Points for what is paid by stored value, basis points (20000 is double); none for no multiplier (PT2).
    pub stored_value_multiplier: Option<i64>,
    pub welcome_points: i64,
    /// What points are worth as money; none where they are not taken (PT5).
    #[serde(default)]
    pub points_exchange: Option<Exchange>,
    /// Which spend reaches a level, and when levels are reviewed; none never (LV1).
    #[serde(default)]
    pub level_by: LevelBy,
    #[serde(default)]
    pub level_review: Option<ReviewDay>,
    pub rounding: Rounding,
    pub spend_order: SpendOrder,
    pub limits_profile: LimitsProfile,
    pub dormancy_days: i64,
    pub quick_sale_discount: bool,
    pub quick_sale_points: bool,
    /// Notes that have a key while paying, fen; at most four.
    pub denominations: Vec<Fen>,
    pub terms: String,
    pub terms_version: i32,
    /// What it gives back beyond the law (RF5); part of the terms and their version.
    #[serde(default)]
    pub own_refund: Option<OwnTerms>,
    /// Grows with every edit of the settings above.
    pub version: i32,
    pub levels: Vec<Level>,
    pub rules: Vec<TopUpRule>,
    pub limits: Vec<Limit>,
    pub categories: Vec<Category>,
    pub stores: Vec<Store>,
    pub tills: Vec<Till>,
    /// How the shop's scales write labels.
    pub labels: Vec<LabelRule>,
    /// The rules that lower prices, each in its newest version.
    pub promotions: Vec<Promotion>,
    /// The coupons and entitlements it gives, each rule in its newest version.
    #[serde(default)]
    pub coupons: Vec<CouponRule>,
    /// What it gives by itself, each rule in its newest version.
    #[serde(default)]
    pub gifts: Vec<GiftRule>,
    /// Plans of staged prepayment, each in its newest version (SV5).
    #[serde(default)]
    pub plans: Vec<ContractPlan>,
    /// What the tills sign coupons on receipts with.
    #[serde(default)]
    pub coupon_key: SigningKey,
    /// Days for which a coupon counts again that came back past its last day (RF6).
    #[serde(default)]
    pub coupon_grace_days: u32,
    /// What points can be exchanged for, each in its newest version (PT4).
    #[serde(default)]
    pub rewards: Vec<Reward>,
    /// What services take from the shelf, each in its newest version (PK2).
    #[serde(default)]
    pub recipes: Vec<Recipe>,
    /// What checking in gives, in its newest version (PT7).
    #[serde(default)]
    pub check_in: Option<CheckInRule>,
    /// The goods these rules name, as they are now.
    pub goods: Vec<Product>,
    /// Packages, sold or not any more, and the services they can hold.
    #[serde(default)]
    pub packages: Vec<Product>,
    #[serde(default)]
    pub services: Vec<Service>,
}

impl Shop {
    #[must_use]
    pub fn limit(&self, role: Role) -> Option<&Limit> {
        self.limits.iter().find(|limit| limit.role == role)
    }

    #[must_use]
    pub fn level(&self, id: i32) -> Option<&Level> {
        self.levels.iter().find(|level| level.id == id)
    }

    /// The rule behind a reduction; none when it has been edited since.
    #[must_use]
    pub fn promotion(&self, rule: RuleRef) -> Option<&Promotion> {
        self.promotions.iter().find(|known| known.rule == rule)
    }

    /// The store of a till; 0 of one that is not known.
    #[must_use]
    pub fn store_of(&self, till_id: i32) -> i32 {
        let till = self.tills.iter().find(|till| till.id == till_id);
        till.map_or(0, |till| till.store_id)
    }

    /// The coupon rule with this number, in its newest version.
    #[must_use]
    pub fn coupon(&self, id: i32) -> Option<&CouponRule> {
        self.coupons.iter().find(|known| known.rule.id == id)
    }

    /// What a service takes from the shelf; none before somebody said so.
    #[must_use]
    pub fn recipe(&self, service_id: i32) -> Option<&Recipe> {
        let mut known = self.recipes.iter();
        known.find(|recipe| recipe.service_id == service_id)
    }

    /// What a receipt names of the settings (LG7): number 0, which no other rule has. Postgres keeps what each version said.
    #[must_use]
    pub const fn settings(&self) -> RuleRef {
        RuleRef {
            id: 0,
            version: self.version,
        }
    }

    /// The level a new member starts at.
    #[must_use]
    pub fn first_level(&self) -> Option<&Level> {
        self.levels.iter().min_by_key(|level| level.rank)
    }
}
