//! Coupons and entitlements (PR4): what they are worth, how long, and who gets how many. Saving makes a new version; what
//! was given stays as it was given.

mod draft;

use super::edit::Edit;
use super::list::Rows;
use crate::domain::coupon::CouponRule;
use crate::domain::promotion::When;
use crate::session::Session;
use crate::ui::offer;
use crate::ui::screen::Look;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column};
use draft::Draft;

/// The list of coupon rules.
#[derive(Debug)]
pub struct Coupons;

impl Rows for Coupons {
    type Row = CouponRule;
    const TITLE: &'static str = "manage.coupons";
    const EMPTY: &'static str = "coupon.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("promotion.name"),
        Column::rest("promotion.does"),
        Column::fixed("promotion.version_short", 5),
        Column::fixed("promotion.state", 7),
    ];

    fn id(rule: &CouponRule) -> i32 {
        rule.rule.id
    }

    fn known(session: &Session) -> Vec<CouponRule> {
        let rules = session.shop.iter().flat_map(|shop| shop.coupons.clone());
        let mut rules: Vec<CouponRule> = rules.collect();
        rules.sort_by_key(|rule| (!rule.active, rule.rule.id));
        rules
    }

    fn cells(rule: &CouponRule, look: &Look) -> Vec<Cell> {
        let today = look.session.today(look.now);
        let (word, paint) = if !rule.active {
            ("manage.off", Role::Dim)
        } else if rule.is_given(today) {
            ("promotion.running", Role::Good)
        } else {
            ("promotion.over", Role::Dim)
        };
        let plain = if rule.is_given(today) {
            Role::Text
        } else {
            Role::Dim
        };
        let texts = [
            offer::coupon(rule, look),
            validity(rule, look),
            given(rule, look),
        ];
        let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        vec![
            Cell::from(rule.name.as_str()).role(plain),
            Cell::from(texts.join("  ")).role(Role::Dim),
            Cell::from(format!("v{}", rule.rule.version)).role(Role::Dim),
            Cell::from(look.text(word)).role(paint),
        ]
    }

    fn edit(row: Option<&CouponRule>, session: &Session) -> Edit {
        Edit::new(Draft::new(row, session), session)
    }
}

/// How long one is valid, and at which times.
#[must_use]
pub fn validity(rule: &CouponRule, look: &Look) -> String {
    let days = rule
        .valid_days
        .map(|days| look.say(&Say::new("coupon.days").with("days", days)));
    let when =
        (rule.when != When::default() || days.is_none()).then(|| offer::validity(&rule.when, look));
    let texts: Vec<String> = days.into_iter().chain(when).collect();
    texts.join("  ")
}

/// With which sales it comes, and how many were given of how many.
fn given(rule: &CouponRule, look: &Look) -> String {
    let with = rule
        .on_receipt
        .map(|from| Say::new("coupon.with_receipt").with("from", offer::yuan(from)));
    let total = rule.total.map(|total| {
        Say::new("coupon.given_of")
            .with("given", rule.given)
            .with("total", total)
    });
    let texts: Vec<String> = with.iter().chain(&total).map(|say| look.say(say)).collect();
    texts.join("  ")
}
