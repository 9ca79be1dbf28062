//! Loyalty points: how many, and in which lots (PT1 - PT3, PT6).

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calendar::end_of_month_after;
use super::grant::Grant;
use super::ledger::{Account, DocumentLine, LotKind, NewLot, Plan, Stamp};
use super::level::Level;
use super::member::{Lot, Member};
use super::money::Fen;
use super::promotion::{Occasion, RuleRef};
use super::shop::Shop;
use crate::error::{Refusal, Result};

/// One basis point multiplier of one.
pub const ONE: i64 = 10_000;

/// Where a multiplier comes from (PT2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Level,
    StoredValue,
    /// One she was given for a time (SV4).
    Multiplier,
}

/// A part of what earns, fen, with the largest multiplier that applies to it, in basis points, and where
/// that comes from (PT2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub fen: Fen,
    pub multiplier: i64,
    pub by: Source,
    /// The level, the coupon rule of a multiplier, or the settings (number 0), in the version that counted (LG7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
}

impl Share {
    /// The larger of both; on a tie the one before (PT2).
    const fn or(self, other: Self) -> Self {
        if other.multiplier > self.multiplier {
            other
        } else {
            self
        }
    }
}

/// Points as money (PT5): so many points are worth so many fen, for at most `cap` basis points of a sale. Fewer than
/// `least` are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub points: i64,
    pub fen: Fen,
    pub cap: i64,
    #[serde(default)]
    pub least: i64,
}

impl Exchange {
    /// How many of `have` points pay for a part of `total`, and how much they pay, fen: no point more than the amount
    /// needs, and nothing for a debt of points (PT6).
    #[must_use]
    pub fn pays(&self, have: i64, total: Fen) -> (i64, Fen) {
        let most = total.max_zero().ratio(self.cap.clamp(0, 10_000), 10_000);
        if have <= 0 || self.points <= 0 || !self.fen.is_positive() {
            return (0, Fen::ZERO);
        }
        // Whole points only: as many as are worth no more, then the fewest that are worth the same.
        let worth = Fen(most.0.saturating_add(1).saturating_mul(self.points) - 1);
        let off = Fen(have.min(worth.ratio(1, self.fen.0).0)).ratio(self.fen.0, self.points);
        match self.needs(off) {
            used if used < self.least => (0, Fen::ZERO),
            used => (used, off),
        }
    }

    /// The fewest points that are worth `off`, fen.
    #[must_use]
    pub fn needs(&self, off: Fen) -> i64 {
        -Fen(-off.0).ratio(self.points, self.fen.0).0
    }
}

/// What a sale earned, and how: the document records it (PT2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earned {
    pub points: i64,
    pub shares: Vec<Share>,
}

/// The largest of the multipliers she was given that count in these circumstances, for a sale of `net` fen: not past, at
/// its days, hours, levels and stores, and from its amount on (PT2, SV4).
fn given(grants: &[Grant], net: Fen, today: NaiveDate, occasion: &Occasion) -> Option<Share> {
    let counts = grants
        .iter()
        .filter(|grant| grant.is_open() && !grant.is_past(today));
    let counts = counts.filter_map(Grant::multiplies);
    let counts = counts.filter(|(_, coupon)| coupon.holds(occasion) && net >= coupon.from);
    let largest = counts.reduce(|best, next| if next.0 > best.0 { next } else { best });
    largest.map(|(multiplier, coupon)| Share {
        fen: Fen::ZERO,
        multiplier,
        by: Source::Multiplier,
        rule: Some(coupon.rule),
    })
}

/// The shares of `base`: of what was paid, `stored` of `net` was stored value, and where not all of the net
/// earns, so much of what does. The largest multiplier wins in each, and they never stack; on a tie it is the level's, then
/// that of the one she was `given` (PT2).
fn shares(
    base: Fen,
    net: Fen,
    stored: Fen,
    level: &Level,
    given: Option<Share>,
    shop: &Shop,
) -> Vec<Share> {
    let share = |multiplier, by, rule| Share {
        fen: Fen::ZERO,
        multiplier,
        by,
        rule: Some(rule),
    };
    let by_level = share(level.multiplier, Source::Level, level.rule());
    let any = given.map_or(by_level, |given| by_level.or(given));
    let of_stored = shop.stored_value_multiplier;
    let of_stored = of_stored.map_or(any, |times| {
        any.or(share(times, Source::StoredValue, shop.settings()))
    });
    let paid = if of_stored == any {
        Fen::ZERO
    } else {
        base.ratio(stored.0, net.0)
    };
    let mut shares = vec![
        Share {
            fen: paid,
            ..of_stored
        },
        Share {
            fen: base - paid,
            ..any
        },
    ];
    shares.retain(|share| share.fen.is_positive());
    shares
}

/// Points for shares of a net amount: `floor(sum(share x multiplier) x rate)`, floored once at the end
/// over the whole sale (PT1, PT2). `rate` is points per yuan.
#[must_use]
pub fn worth(shares: &[Share], rate: Decimal) -> i64 {
    let weighted: i128 = shares
        .iter()
        .map(|share| i128::from(share.fen.0.max(0)) * i128::from(share.multiplier.max(0)))
        .sum();
    let Ok(weighted) = Decimal::try_from_i128_with_scale(weighted, 0) else {
        return 0;
    };
    let yuan = weighted / Decimal::from(ONE) / Decimal::ONE_HUNDRED;
    yuan.checked_mul(rate)
        .map_or(0, |points| {
            points
                .round_dp_with_strategy(0, RoundingStrategy::ToZero)
                .to_i64()
                .unwrap_or(0)
        })
        .max(0)
}

/// Grants what a sale earns, at once or when it is attached later (MB3). `kept` is its lines with the net of
/// each that did not come back, `stored` what of them was paid by stored value.
///
/// PT1: the base is the net amount after discounts, whatever it is paid with; quick sales count by the shop's
/// setting (PR7). Rounding comes after points (PR1), so it does not reduce them.
pub fn earn<'a>(
    plan: &mut Plan,
    kept: impl IntoIterator<Item = (&'a DocumentLine, Fen)>,
    stored: Fen,
    stamp: &Stamp,
    shop: &Shop,
    member: &Member,
) -> Earned {
    let earned = weigh(kept, stored, stamp, shop, member);
    let expires_on = shop
        .points_valid_months
        .and_then(|months| end_of_month_after(stamp.business_on, months));
    grant(
        plan,
        &member.lots,
        earned.points,
        expires_on,
        Uuid::new_v5(&stamp.id, b"points"),
    );
    earned
}

/// What [`earn`] grants, and why.
pub fn weigh<'a>(
    kept: impl IntoIterator<Item = (&'a DocumentLine, Fen)>,
    stored: Fen,
    stamp: &Stamp,
    shop: &Shop,
    member: &Member,
) -> Earned {
    let (mut net, mut base) = (Fen::ZERO, Fen::ZERO);
    for (line, fen) in kept {
        net += fen;
        if line.product_id.is_some() || line.ordered.is_some() || shop.quick_sale_points {
            base += fen;
        }
    }
    let level = &member.level;
    let occasion = Occasion::at(shop, stamp.till_id, stamp.at, Some(level.id));
    let given = given(&member.grants, net, stamp.business_on, &occasion);
    let shares = shares(base, net, stored, level, given, shop);
    let points = worth(&shares, shop.points_per_yuan);
    Earned { points, shares }
}

/// The shares a sale would earn points for, `stored` of it paid by stored value: none without a member who earns some.
#[must_use]
pub fn foreseen(
    lines: &[DocumentLine],
    stored: Fen,
    stamp: &Stamp,
    shop: Option<&Shop>,
    member: Option<&Member>,
) -> Vec<Share> {
    let person = member.filter(|member| !member.is_bearer);
    let Some((shop, member)) = shop.zip(person) else {
        return Vec::new();
    };
    let kept = lines.iter().map(|line| (line, line.net));
    weigh(kept, stored, stamp, shop, member).shares
}

/// What of a net earned, fen, by the document of what was granted for it.
#[must_use]
pub fn base_of(document: &serde_json::Value) -> Fen {
    let shares = document.get("shares").and_then(|shares| shares.as_array());
    let fen = |share: &serde_json::Value| share.get("fen")?.as_i64();
    Fen(shares.into_iter().flatten().filter_map(fen).sum())
}

/// Grants `points`: a debt is paid off first, the rest joins the lot of its expiry day or opens it as
/// `new_lot` (PT6, PT3).
pub fn grant(
    plan: &mut Plan,
    lots: &[Lot],
    points: i64,
    expires_on: Option<NaiveDate>,
    new_lot: Uuid,
) {
    if points <= 0 {
        return;
    }
    let debt = lots
        .iter()
        .find(|lot| lot.kind == LotKind::PointsDebt && lot.points < 0);
    let paid_off = debt.map_or(0, |lot| points.min(-lot.points));
    if let Some(lot) = debt {
        plan.post(Account::Points, Some(lot.id), paid_off);
    }
    let rest = points - paid_off;
    if rest > 0 {
        let known = lots
            .iter()
            .find(|lot| lot.kind == LotKind::Points && lot.expires_on == expires_on);
        let lot = known.map_or(new_lot, |lot| lot.id);
        if known.is_none() {
            plan.new_lots.push(NewLot {
                id: new_lot,
                kind: LotKind::Points,
                expires_on,
                rule_id: None,
                rule_version: None,
            });
        }
        plan.post(Account::Points, Some(lot), rest);
    }
    plan.post(Account::PointsGranted, None, -points);
}

/// Points she may spend on `today`: none while she owes some (PT6), and none of what is past (PT3).
#[must_use]
pub fn spendable(lots: &[Lot], today: NaiveDate) -> i64 {
    let owes = lots
        .iter()
        .any(|lot| lot.kind == LotKind::PointsDebt && lot.points < 0);
    if owes {
        return 0;
    }
    let valid = lots
        .iter()
        .filter(|lot| lot.kind == LotKind::Points && !lot.is_past(today));
    valid.map(|lot| lot.points.max(0)).sum()
}

/// Spends `points`: the nearest expiry first, then the oldest, what never expires last (PT3).
///
/// # Errors
/// `points.short` with what she has.
pub fn spend(plan: &mut Plan, lots: &[Lot], points: i64, today: NaiveDate) -> Result<()> {
    let have = spendable(lots, today);
    if points > have {
        return Err(Refusal::user("points.short")
            .with("points", points)
            .with("have", have));
    }
    let valid = lots
        .iter()
        .filter(|lot| lot.kind == LotKind::Points && lot.points > 0 && !lot.is_past(today));
    let mut turns: Vec<&Lot> = valid.collect();
    turns.sort_by_key(|lot| {
        let last = lot.expires_on.unwrap_or(NaiveDate::MAX);
        (last, lot.opened_at, lot.id)
    });
    let mut left = points;
    for lot in turns {
        let take = left.min(lot.points);
        plan.post(Account::Points, Some(lot.id), -take);
        left -= take;
    }
    plan.post(Account::PointsSpent, None, points);
    Ok(())
}

/// Gives back points that were spent: the last `points` of `spent` (a lot and how many, in the order they went) but for
/// the last `before` of them, which came back earlier. They keep the last day of their lot, so that what is past lapses
/// at the next close; a debt is paid off first (PT6). The lots as they are then.
#[must_use]
pub fn give_back(
    plan: &mut Plan,
    lots: &[Lot],
    spent: &[(Uuid, i64)],
    before: i64,
    points: i64,
) -> Vec<Lot> {
    let mut lots = lots.to_vec();
    let (mut skip, mut left) = (before.max(0), points.max(0));
    let debt = |lot: &Lot| lot.kind == LotKind::PointsDebt && lot.points < 0;
    for (id, went) in spent.iter().rev() {
        let skipped = skip.min(*went);
        skip -= skipped;
        let back = left.min(went - skipped);
        left -= back;
        let mut rest = back;
        if let Some(lot) = lots.iter_mut().find(|lot| debt(lot)) {
            let paid = rest.min(-lot.points);
            plan.post(Account::Points, Some(lot.id), paid);
            lot.points += paid;
            rest -= paid;
        }
        plan.post(Account::Points, Some(*id), rest);
        if let Some(lot) = lots.iter_mut().find(|lot| lot.id == *id) {
            lot.points += rest;
        }
    }
    plan.post(Account::PointsSpent, None, left - points.max(0));
    lots
}

/// Takes back `points` that a returned sale had earned: first from `own`, the lots the sale's points
/// went to, then nearest expiry first, then as a debt that later earnings pay off (PT6).
pub fn take_back(plan: &mut Plan, lots: &[Lot], points: i64, own: &[Uuid], new_debt: Uuid) {
    if points <= 0 {
        return;
    }
    let mut turns: Vec<&Lot> = lots
        .iter()
        .filter(|lot| lot.kind == LotKind::Points && lot.points > 0)
        .collect();
    turns.sort_by_key(|lot| {
        (
            !own.contains(&lot.id),
            lot.expires_on.unwrap_or(NaiveDate::MAX),
            lot.opened_at,
            lot.id,
        )
    });
    let mut left = points;
    for lot in turns {
        let take = left.min(lot.points);
        plan.post(Account::Points, Some(lot.id), -take);
        left -= take;
        if left == 0 {
            break;
        }
    }
    if left > 0 {
        let known = lots.iter().find(|lot| lot.kind == LotKind::PointsDebt);
        let debt = known.map_or(new_debt, |lot| lot.id);
        if known.is_none() {
            plan.new_lots.push(NewLot {
                id: new_debt,
                kind: LotKind::PointsDebt,
                expires_on: None,
                rule_id: None,
                rule_version: None,
            });
        }
        plan.post(Account::Points, Some(debt), -left);
    }
    plan.post(Account::PointsGranted, None, points);
}

#[cfg(test)]
mod tests;
