//! `transfer`: what one member holds becomes another's, in two operations that are posted together. Two members who are
//! one person are merged, and that is undone (MB4); a claim is given to somebody else (PK1).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::grant::{Grant, GrantKind, GrantMove};
use super::ledger::{Account, LotKind, NewLot, OperationKind, Plan, Stamp};
use super::level::{self, Level};
use super::member::{Lot, Member};
use super::money::Fen;
use super::receipt::Remaining;
use crate::error::{Refusal, Result};

/// What is transferred, and between whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Everything: they are one person.
    Merge { from_id: i64, to_id: i64 },
    /// What is left of what came with a merge goes back. `merge_id` is the operation in which it came in.
    Undo {
        from_id: i64,
        to_id: i64,
        merge_id: Uuid,
    },
    /// These claims alone, whole.
    Gift {
        from_id: i64,
        to_id: i64,
        grants: Vec<Uuid>,
    },
}

impl What {
    /// Who gives, and who takes.
    #[must_use]
    pub const fn members(&self) -> (i64, i64) {
        match self {
            Self::Merge { from_id, to_id }
            | Self::Undo { from_id, to_id, .. }
            | Self::Gift { from_id, to_id, .. } => (*from_id, *to_id),
        }
    }

    /// The name in Postgres.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Merge { .. } => "merge",
            Self::Undo { .. } => "undo",
            Self::Gift { .. } => "gift",
        }
    }

    /// The merge that is undone.
    #[must_use]
    pub const fn about(&self) -> Option<Uuid> {
        match self {
            Self::Undo { merge_id, .. } => Some(*merge_id),
            _ => None,
        }
    }
}

/// A transfer as it was confirmed. The stamp's id is that of the operation which arrives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRequest {
    pub stamp: Stamp,
    pub what: What,
}

impl TransferRequest {
    /// The id of the operation that leaves.
    #[must_use]
    pub fn out_id(&self) -> Uuid {
        Uuid::new_v5(&self.stamp.id, b"transfer out")
    }
}

/// The days somebody was here (OR1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    pub visits: i32,
    pub first_visit_on: Option<NaiveDate>,
    pub last_visit_on: Option<NaiveDate>,
}

/// Two members as they stand: what a transfer is planned on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    pub from: Member,
    pub to: Member,
    /// Whom each was merged into.
    pub from_merged: Option<i64>,
    pub to_merged: Option<i64>,
    /// All lots of stored value and all claims of the giver, empty ones too: what was spent may come back.
    pub lots: Vec<Uuid>,
    pub grants: Vec<Uuid>,
    /// The days of both, and of each without the other.
    pub together: Days,
    pub from_alone: Days,
    pub to_alone: Days,
}

/// Points that moved between two lots; a debt with minus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedPoints {
    pub from: Uuid,
    pub to: Uuid,
    pub points: i64,
}

/// What was carried over: it stands in the documents of both operations, in numbers and no names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub from: i64,
    pub to: i64,
    pub principal: Fen,
    pub bonus: Fen,
    /// What the claims are worth that were not yet used, fen.
    pub value: Fen,
    /// Lots and claims that changed hands; empty ones too.
    pub lots: Vec<Uuid>,
    pub grants: Vec<Uuid>,
    pub points: Vec<CarriedPoints>,
    /// Spend that counts for the other from now on, fen.
    pub spend: Fen,
    /// The taker's level.
    pub level_before: i32,
    pub level_after: i32,
}

impl Carried {
    /// Points in all.
    #[must_use]
    pub fn all_points(&self) -> i64 {
        self.points.iter().map(|it| it.points).sum()
    }
}

/// A posted merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeRecord {
    /// The operation in which it came in.
    pub id: Uuid,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub carried: Carried,
    pub is_undone: bool,
}

/// Both operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halves {
    pub leaves: Plan,
    pub arrives: Plan,
    pub carried: Carried,
}

/// Plans both operations on the members as they stand.
///
/// # Errors
/// `member.merged` for somebody who was merged, `transfer.same` for one and the same, `transfer.undone` the second time,
/// `transfer.nothing` for claims she does not have, `hand.*` for those she may not give.
pub fn plan(
    request: &TransferRequest,
    pair: &Pair,
    merge: Option<&MergeRecord>,
    levels: &[Level],
) -> Result<Halves> {
    let is_undo = matches!(request.what, What::Undo { .. });
    if pair.from.id == pair.to.id {
        return Err(Refusal::user("transfer.same"));
    }
    if pair.from_merged.is_some() || (pair.to_merged.is_some() && !is_undo) {
        return Err(Refusal::user("transfer.merged_already"));
    }
    // A gift card is registered by merging it into a member (SV10), and takes nothing from one but what it had.
    if pair.to.is_bearer && !is_undo {
        return Err(Refusal::user("gift_card.no_member"));
    }
    let mut carried = Carried {
        from: pair.from.id,
        to: pair.to.id,
        level_before: pair.to.level.id,
        level_after: pair.to.level.id,
        ..Carried::default()
    };
    let mut new_lots = Vec::new();
    match &request.what {
        What::Merge { .. } => all_of_it(request, pair, levels, &mut carried, &mut new_lots),
        What::Undo { .. } => {
            let merge = merge.ok_or_else(|| Refusal::user("refusal.not_found"))?;
            if merge.is_undone || pair.to_merged != Some(pair.from.id) {
                return Err(Refusal::user("transfer.undone"));
            }
            what_is_left(pair, &merge.carried, &mut carried);
        }
        What::Gift { grants, .. } => {
            refuse_gift(&pair.from, grants, request.stamp.business_on)?;
            carried.grants.clone_from(grants);
        }
    }
    let mut halves = move_it(pair, carried);
    halves.arrives.new_lots = new_lots;
    match &request.what {
        What::Merge { .. } => {
            let after = halves.carried.level_after;
            halves.arrives.level = (after != pair.to.level.id).then_some(after);
            stand(&mut halves, Days::default(), pair.together);
        }
        What::Undo { .. } => {
            halves.leaves.level = merge.and_then(|it| lowered(pair, &it.carried, levels));
            stand(&mut halves, pair.from_alone, pair.to_alone);
        }
        What::Gift { .. } => {
            let given = said(&pair.from, &halves.carried);
            for half in [&mut halves.leaves, &mut halves.arrives] {
                if let Some(document) = half.document.as_object_mut() {
                    document.insert("left".to_owned(), serde_json::json!(given));
                }
            }
        }
    }
    Ok(halves)
}

/// PK1, PR4: what she has and may give, whole. A package goes with all its services.
fn refuse_gift(from: &Member, wanted: &[Uuid], today: NaiveDate) -> Result<()> {
    if wanted.is_empty() {
        return Err(Refusal::user("transfer.nothing"));
    }
    for id in wanted {
        let grant = from.grants.iter().find(|it| it.id == *id && it.is_open());
        let grant = grant.ok_or_else(|| Refusal::user("transfer.nothing"))?;
        if let Some(why) = grant.kept(today) {
            return Err(Refusal::user(why));
        }
        if !going_with(from, grant).all(|it| wanted.contains(&it.id)) {
            return Err(Refusal::user("hand.whole"));
        }
    }
    Ok(())
}

/// The claims that are given together: of a package all its services.
pub fn going_with<'a>(from: &'a Member, grant: &'a Grant) -> impl Iterator<Item = &'a Grant> {
    let is_package = grant.kind == GrantKind::Package;
    from.grants.iter().filter(move |it| {
        let same = (it.kind, it.operation_id, it.no) == (grant.kind, grant.operation_id, grant.no);
        it.id == grant.id || (is_package && same)
    })
}

/// What was given, for the slip.
fn said(from: &Member, carried: &Carried) -> Vec<Remaining> {
    let given = from.grants.iter();
    let given = given.filter(|grant| carried.grants.contains(&grant.id));
    let said = given.map(|grant| Remaining {
        name: grant.terms.name.clone(),
        of: grant.terms.of.clone(),
        quantity: grant.quantity,
        unit: grant.terms.unit,
        expires_on: grant.expires_on,
    });
    said.collect()
}

/// A merge takes everything. Points join the lot of their last day, there is one for each (PT3); a debt joins the debt (PT6).
fn all_of_it(
    request: &TransferRequest,
    pair: &Pair,
    levels: &[Level],
    carried: &mut Carried,
    new_lots: &mut Vec<NewLot>,
) {
    carried.lots.clone_from(&pair.lots);
    carried.grants.clone_from(&pair.grants);
    carried.spend = pair.from.spend;
    let loyal = |lot: &&Lot| lot.kind != LotKind::StoredValue && lot.points != 0;
    for lot in pair.from.lots.iter().filter(loyal) {
        let same = |it: &&Lot| it.kind == lot.kind && it.expires_on == lot.expires_on;
        let known = pair.to.lots.iter().find(same).map(|it| it.id);
        let to = known.unwrap_or_else(|| Uuid::new_v5(&request.stamp.id, lot.id.as_bytes()));
        if known.is_none() {
            new_lots.push(NewLot {
                id: to,
                kind: lot.kind,
                expires_on: lot.expires_on,
                rule_id: None,
                rule_version: None,
            });
        }
        carried.points.push(CarriedPoints {
            from: lot.id,
            to,
            points: lot.points,
        });
    }
    // LV1: the better of both levels, or the one that both have earned together.
    let current = pair.to.level.id;
    let better = level::raise(levels, current, pair.from.level.id).unwrap_or(current);
    let spend = pair.from.spend_year + pair.to.spend_year;
    carried.level_after = level::upgrade(levels, better, spend).unwrap_or(better);
}

/// Undoing gives back what is left of what came, and never more: lots and claims that are still there, and points as far
/// as they are.
fn what_is_left(pair: &Pair, came: &Carried, carried: &mut Carried) {
    let kept = |ids: &[Uuid], now: &[Uuid]| -> Vec<Uuid> {
        ids.iter().filter(|id| now.contains(id)).copied().collect()
    };
    carried.lots = kept(&came.lots, &pair.lots);
    carried.grants = kept(&came.grants, &pair.grants);
    carried.spend = came.spend;
    for it in &came.points {
        let lot = pair.from.lots.iter().find(|lot| lot.id == it.to);
        let left = lot.map_or(0, |lot| lot.points);
        let points = if it.points > 0 {
            it.points.min(left).max(0)
        } else {
            it.points.max(left).min(0)
        };
        if points != 0 {
            carried.points.push(CarriedPoints {
                from: it.to,
                to: it.from,
                points,
            });
        }
    }
}

/// The level the merge had raised falls back to what was earned without it (LV1).
fn lowered(pair: &Pair, came: &Carried, levels: &[Level]) -> Option<i32> {
    if came.level_after == came.level_before || pair.from.level.id != came.level_after {
        return None;
    }
    // Spend that was carried over stands with minus in the year of the one who gave it.
    let other = pair.to.spend_year + came.spend;
    let own = pair.from.spend_year - other;
    let earned = level::upgrade(levels, came.level_before, own).unwrap_or(came.level_before);
    (earned != pair.from.level.id).then_some(earned)
}

impl Halves {
    /// Posts an amount to both: what leaves one arrives at the other.
    fn post(&mut self, account: Account, from: Option<Uuid>, to: Option<Uuid>, amount: i64) {
        self.leaves.post(account, from, -amount);
        self.arrives.post(account, to, amount);
    }

    fn lots(&mut self, pair: &Pair) {
        for lot in &pair.from.lots {
            if self.carried.lots.contains(&lot.id) {
                let id = Some(lot.id);
                self.post(Account::Principal, id, id, lot.principal.0);
                self.post(Account::Bonus, id, id, lot.bonus.0);
                self.carried.principal += lot.principal;
                self.carried.bonus += lot.bonus;
            }
        }
    }

    fn points(&mut self) {
        for it in self.carried.points.clone() {
            self.post(Account::Points, Some(it.from), Some(it.to), it.points);
        }
        let points = self.carried.all_points();
        self.post(Account::PointsTransfer, None, None, -points);
    }

    fn claims(&mut self, pair: &Pair) {
        for grant in &pair.from.grants {
            if self.carried.grants.contains(&grant.id) {
                let it = GrantMove {
                    grant_id: grant.id,
                    quantity: grant.quantity.unwrap_or(0),
                    value: grant.value,
                    until: None,
                };
                self.arrives.extras.moves.push(it);
                self.leaves.extras.moves.push(GrantMove {
                    quantity: -it.quantity,
                    value: -it.value,
                    ..it
                });
                self.carried.value += it.value;
            }
        }
        self.post(Account::Unearned, None, None, self.carried.value.0);
    }
}

/// The postings of what is carried: nothing is lost and nothing is made (LG2).
fn move_it(pair: &Pair, carried: Carried) -> Halves {
    let mut halves = Halves {
        leaves: Plan::new(OperationKind::TransferOut),
        arrives: Plan::new(OperationKind::TransferIn),
        carried,
    };
    halves.leaves.member = Some((pair.from.id, pair.from.version));
    halves.arrives.member = Some((pair.to.id, pair.to.version));
    halves.lots(pair);
    halves.points();
    halves.claims(pair);
    let carried = &halves.carried;
    let money = carried.principal + carried.bonus;
    let fen = money + carried.value;
    let document = serde_json::json!({
        "amount": money,
        "bonus": carried.bonus,
        "points": carried.all_points(),
        "carried": carried,
    });
    halves.leaves.spend = -carried.spend;
    halves.arrives.spend = carried.spend;
    halves.leaves.document = document.clone();
    halves.arrives.document = document;
    halves.post(Account::Transfer, None, None, -fen.0);
    halves
}

/// The days that are each one's from now on.
fn stand(halves: &mut Halves, from: Days, to: Days) {
    for (plan, days) in [(&mut halves.leaves, from), (&mut halves.arrives, to)] {
        if let Some(document) = plan.document.as_object_mut() {
            document.insert("standing".to_owned(), serde_json::json!(days));
        }
    }
}

#[cfg(test)]
mod tests;
