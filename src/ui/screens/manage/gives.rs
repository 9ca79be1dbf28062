//! `gives`: coupons and packages that a rule gives, in one entry of a form: `满100减10*2, 护理卡`.

use super::conditions::parts;
use crate::domain::benefit::Benefit;
use crate::session::Session;
use crate::ui::screen::Look;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;

/// Longest entry, characters, and most of one coupon.
const LENGTH: usize = 120;
const MOST: i64 = 20;

/// What can be given, by name.
#[derive(Debug)]
pub(super) struct Gives {
    coupons: Vec<(i32, String)>,
    packages: Vec<(i32, String)>,
}

impl Gives {
    pub(super) fn of(session: &Session) -> Self {
        let shop = session.shop.as_ref();
        let coupons = shop.iter().flat_map(|shop| &shop.coupons);
        let packages = shop.iter().flat_map(|shop| &shop.packages);
        let packages = packages.filter(|product| product.active);
        Self {
            coupons: coupons
                .map(|rule| (rule.rule.id, rule.name.clone()))
                .collect(),
            packages: packages
                .map(|product| (product.id, product.name.clone()))
                .collect(),
        }
    }

    /// The coupons and packages among benefits, as they are typed.
    pub(super) fn write<'a>(&self, benefits: impl Iterator<Item = &'a Benefit>) -> String {
        let name = |all: &[(i32, String)], id: i32| {
            let known = all.iter().find(|(known, _)| *known == id);
            known.map_or_else(|| format!("#{id}"), |(_, name)| name.clone())
        };
        let texts = benefits.filter_map(|benefit| match benefit {
            Benefit::Coupon { rule_id, count: 1 } => Some(name(&self.coupons, *rule_id)),
            Benefit::Coupon { rule_id, count } => {
                Some(format!("{}*{count}", name(&self.coupons, *rule_id)))
            }
            Benefit::Package { product_id } => Some(name(&self.packages, *product_id)),
            _ => None,
        });
        texts.collect::<Vec<_>>().join(", ")
    }

    /// Adds the entry.
    pub(super) fn entry(&self, form: Form, text: &str) -> Form {
        form.field("gift.what", Field::new(Kind::Any).most(LENGTH).with(text))
            .hint("gift.what_hint")
            .known(self.names().collect())
    }

    /// Everything there is, by name.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let known = self.coupons.iter().chain(&self.packages);
        known.map(|(_, name)| name.clone())
    }

    /// What `满100减10*2` is; none when there is no such thing, or not so many.
    pub(super) fn find(&self, part: &str) -> Option<Benefit> {
        let (name, count) = match part.rsplit_once('*') {
            Some((name, count)) => (name.trim(), count.trim().parse().unwrap_or(0)),
            None => (part, 1),
        };
        let find = |all: &[(i32, String)]| {
            let mut known = all.iter();
            known.find(|(_, known)| known == name).map(|(id, _)| *id)
        };
        match (find(&self.coupons), find(&self.packages)) {
            (Some(rule_id), _) if (1..=MOST).contains(&count) => {
                Some(Benefit::Coupon { rule_id, count })
            }
            (None, Some(product_id)) if count == 1 => Some(Benefit::Package { product_id }),
            _ => None,
        }
    }

    /// What the entry says; none after saying what is wrong.
    pub(super) fn read(&self, form: &mut Form, place: usize) -> Option<Vec<Benefit>> {
        let mut benefits = Vec::new();
        for part in parts(form.value(place)) {
            let Some(benefit) = self.find(&part) else {
                form.refuse(place, Say::new("gift.what_wrong").with("name", part));
                return None;
            };
            benefits.push(benefit);
        }
        Some(benefits)
    }
}

/// What benefits are, in a line: `赠金 50.00  积分 100  满100减10*2`.
#[must_use]
pub fn said(benefits: &[Benefit], look: &Look) -> String {
    let mut texts: Vec<String> = Vec::new();
    for benefit in benefits {
        let say = match benefit {
            Benefit::Bonus { fen, .. } => Say::new("gift.bonus").with("fen", *fen),
            Benefit::Points { points } => Say::new("gift.points").with("points", *points),
            Benefit::Level { level_id } => {
                let shop = look.session.shop.as_ref();
                let level = shop.and_then(|shop| shop.level(*level_id));
                Say::new("gift.level").with("level", level.map_or("", |level| &level.name))
            }
            Benefit::Coupon { .. } | Benefit::Package { .. } => continue,
        };
        texts.push(look.say(&say));
    }
    let things = Gives::of(look.session).write(benefits.iter());
    texts.extend(Some(things).filter(|things| !things.is_empty()));
    texts.join("  ")
}
