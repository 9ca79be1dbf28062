//! `contract`: money paid beforehand in stages, each of which grants something when it is paid (分阶段储值, SV5).

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::benefit::Benefit;
use super::ledger::Stamp;
use super::member::Member;
use super::money::Fen;
use super::promotion::{Occasion, RuleRef, When, Who};
use super::shop::Shop;
use crate::error::{Refusal, Result};

/// Fewest and most stages of a plan.
pub const STAGES: std::ops::RangeInclusive<usize> = 2..=12;

/// Days before its day from which on a stage is spoken of.
pub const NEAR_DAYS: i64 = 7;

/// A stage: fen, due so many days after the contract was signed; the first on that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub amount: Fen,
    pub days: u32,
    #[serde(default)]
    pub gives: Vec<Benefit>,
}

/// A plan as published. An edit is a new version; who signed one keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractPlan {
    #[serde(flatten)]
    pub rule: RuleRef,
    pub name: String,
    pub active: bool,
    /// On which days it can be signed.
    pub when: When,
    pub who: Who,
    pub stages: Vec<Stage>,
}

impl ContractPlan {
    /// Whether it can be signed in these circumstances.
    #[must_use]
    pub fn holds(&self, occasion: &Occasion) -> bool {
        self.active && self.when.holds(occasion.now) && self.who.holds(occasion)
    }

    /// What its stages come to, fen.
    #[must_use]
    pub fn total(&self) -> Fen {
        self.stages.iter().map(|stage| stage.amount).sum()
    }
}

/// A stage that was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    pub operation_id: Uuid,
    pub on: NaiveDate,
    /// The receipt number.
    pub seq: i64,
}

/// A contract as she signed it, and what was paid of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    pub id: Uuid,
    pub plan: RuleRef,
    pub name: String,
    pub stages: Vec<Stage>,
    pub signed_on: NaiveDate,
    pub paid: Vec<Paid>,
}

/// The stage that is next: the how many-th of how many, fen, and its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub no: usize,
    pub of: usize,
    pub amount: Fen,
    pub on: NaiveDate,
}

impl Due {
    /// Whether its day is over.
    #[must_use]
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.on < today
    }

    /// Whether its day is near, or over.
    #[must_use]
    pub fn is_near(&self, today: NaiveDate) -> bool {
        (self.on - today).num_days() <= NEAR_DAYS
    }
}

impl Contract {
    /// The day of a stage, the first is 1.
    #[must_use]
    pub fn day(&self, no: usize) -> Option<NaiveDate> {
        let stage = self.stages.get(no.checked_sub(1)?)?;
        let days = Days::new(stage.days.into());
        self.signed_on.checked_add_days(days)
    }

    /// The next one; none when all are paid.
    #[must_use]
    pub fn due(&self) -> Option<Due> {
        let no = self.paid.len() + 1;
        Some(Due {
            no,
            of: self.stages.len(),
            amount: self.stages.get(no - 1)?.amount,
            on: self.day(no)?,
        })
    }

    /// What of it is paid, fen.
    #[must_use]
    pub fn paid(&self) -> Fen {
        let paid = self.stages.iter().take(self.paid.len());
        paid.map(|stage| stage.amount).sum()
    }
}

/// What a top-up pays: a stage of a contract that was signed, or of none yet: then it signs the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paying {
    pub plan: RuleRef,
    /// None signs.
    pub contract_id: Option<Uuid>,
    /// The first is 1.
    pub stage: usize,
}

/// What a top-up says of the stage it paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub id: Uuid,
    pub plan: RuleRef,
    pub name: String,
    pub stage: usize,
    pub of: usize,
    /// The one after it.
    pub next: Option<Next>,
}

/// The stage after the one that was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    pub on: NaiveDate,
    pub amount: Fen,
}

/// The stage a top-up pays, under the terms that were signed, or are in force when it signs.
///
/// # Errors
/// `contract.plan_gone` when the plan shown is no longer in force, `contract.runs` when she pays one of it already,
/// `contract.over` for one that is paid or was ended, `contract.stage_paid` when this stage is not the next one.
pub fn pays(
    paying: &Paying,
    stamp: &Stamp,
    shop: &Shop,
    member: &Member,
) -> Result<(Settled, Stage)> {
    if member.is_bearer {
        return Err(Refusal::user("gift_card.no_member"));
    }
    let signed = match paying.contract_id {
        Some(id) => {
            let mut hers = member.contracts.iter();
            let contract = hers.find(|contract| contract.id == id);
            contract
                .cloned()
                .ok_or_else(|| Refusal::user("contract.over"))?
        }
        None => sign(paying, stamp, shop, member)?,
    };
    let due = signed.due().filter(|due| due.no == paying.stage);
    let due =
        due.ok_or_else(|| Refusal::user("contract.stage_paid").with("stage", paying.stage))?;
    let stage = signed.stages.get(due.no - 1);
    let stage = stage.cloned();
    let stage = stage.ok_or_else(|| Refusal::user("contract.over"))?;
    let next = signed.stages.get(due.no).zip(signed.day(due.no + 1));
    let settled = Settled {
        id: signed.id,
        plan: signed.plan,
        name: signed.name.clone(),
        stage: due.no,
        of: due.of,
        next: next.map(|(stage, on)| Next {
            on,
            amount: stage.amount,
        }),
    };
    Ok((settled, stage))
}

/// The contract that a first payment signs.
fn sign(paying: &Paying, stamp: &Stamp, shop: &Shop, member: &Member) -> Result<Contract> {
    let occasion = Occasion::at(shop, stamp.till_id, stamp.at, Some(member.level.id));
    let mut plans = shop.plans.iter();
    let plan = plans.find(|plan| plan.rule == paying.plan && plan.holds(&occasion));
    let plan = plan.ok_or_else(|| Refusal::conflict("contract.plan_gone"))?;
    let mut hers = member.contracts.iter();
    if hers.any(|contract| contract.plan.id == plan.rule.id) {
        return Err(Refusal::user("contract.runs").with("name", &plan.name));
    }
    Ok(Contract {
        id: stamp.id,
        plan: plan.rule,
        name: plan.name.clone(),
        stages: plan.stages.clone(),
        signed_on: stamp.business_on,
        paid: Vec::new(),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::domain::price::tests::shop;
    use crate::domain::sale::tests::{member, stamp};

    /// Three stages of 1000, 500, 500 yuan, thirty days apart.
    pub(crate) fn plan() -> ContractPlan {
        let stage = |yuan, days, points| Stage {
            amount: Fen::yuan(yuan),
            days,
            gives: vec![Benefit::Points { points }],
        };
        ContractPlan {
            rule: RuleRef { id: 1, version: 1 },
            name: "三期护发".to_owned(),
            active: true,
            when: When::default(),
            who: Who::default(),
            stages: vec![stage(1_000, 0, 10), stage(500, 30, 20), stage(500, 60, 30)],
        }
    }

    fn paying(contract_id: Option<Uuid>, stage: usize) -> Paying {
        Paying {
            plan: RuleRef { id: 1, version: 1 },
            contract_id,
            stage,
        }
    }

    /// Stages are paid in order, and each names the one after it.
    #[test]
    fn stages_are_paid_one_by_one() {
        let mut shop = shop();
        shop.plans = vec![plan()];
        let mut her = member(vec![]);
        let stamp = stamp();
        let today = stamp.business_on;
        let (signed, stage) = pays(&paying(None, 1), &stamp, &shop, &her).unwrap();
        assert_eq!((signed.stage, signed.of, signed.id), (1, 3, stamp.id));
        assert_eq!(stage.amount, Fen::yuan(1_000));
        let next = Next {
            on: today + Days::new(30),
            amount: Fen::yuan(500),
        };
        assert_eq!(signed.next, Some(next));
        let refusal = |her: &Member, paying: Paying| {
            let refusal = pays(&paying, &stamp, &shop, her).unwrap_err();
            refusal.hint
        };
        assert_eq!(refusal(&her, paying(None, 2)), "contract.stage_paid");
        let paid = |seq| Paid {
            operation_id: Uuid::from_u128(1),
            on: today,
            seq,
        };
        her.contracts = vec![Contract {
            id: Uuid::from_u128(1),
            plan: plan().rule,
            name: plan().name,
            stages: plan().stages,
            signed_on: today,
            paid: vec![paid(1)],
        }];
        assert_eq!(refusal(&her, paying(None, 1)), "contract.runs");
        let hers = Some(Uuid::from_u128(1));
        assert_eq!(refusal(&her, paying(hers, 1)), "contract.stage_paid");
        assert_eq!(refusal(&her, paying(hers, 3)), "contract.stage_paid");
        assert_eq!(refusal(&her, paying(Some(Uuid::nil()), 2)), "contract.over");
        let due = her.contracts[0].due().unwrap();
        assert!(!due.is_near(today) && due.is_near(today + Days::new(23)));
        assert!(!due.is_overdue(due.on) && due.is_overdue(due.on + Days::new(1)));
        her.contracts[0].paid.push(paid(2));
        let (last, _) = pays(&paying(hers, 3), &stamp, &shop, &her).unwrap();
        assert_eq!((last.stage, last.next), (3, None));
        assert_eq!(her.contracts[0].paid(), Fen::yuan(1_500));
        her.contracts[0].paid.push(paid(3));
        assert_eq!(her.contracts[0].due(), None);
    }

    /// Who may sign, and where, is the plan's; a gift card signs nothing.
    #[test]
    fn a_plan_is_signed_where_it_holds() {
        let mut shop = shop();
        let her = member(vec![]);
        let mut bearer = her.clone();
        bearer.is_bearer = true;
        let of = |shop: &Shop, her: &Member| {
            let refusal = pays(&paying(None, 1), &stamp(), shop, her).err();
            refusal.map_or("", |refusal| refusal.hint)
        };
        assert_eq!(of(&shop, &her), "contract.plan_gone");
        shop.plans = vec![plan()];
        assert_eq!(of(&shop, &her), "");
        assert_eq!(of(&shop, &bearer), "gift_card.no_member");
        shop.plans[0].who.levels = vec![her.level.id + 1];
        assert_eq!(of(&shop, &her), "contract.plan_gone");
        shop.plans = vec![plan()];
        shop.plans[0].active = false;
        assert_eq!(of(&shop, &her), "contract.plan_gone");
        shop.plans[0].active = true;
        shop.plans[0].rule.version = 2;
        assert_eq!(of(&shop, &her), "contract.plan_gone");
    }
}
