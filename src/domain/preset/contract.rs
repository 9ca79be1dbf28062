//! `PresetContract`: a plan of staged prepayment that lies ready in a preset (SV5).

use serde::{Deserialize, Deserializer};

use super::{Name, fen, maybe_yuan};
use crate::domain::benefit::Benefit;
use crate::domain::contract::{ContractPlan, Stage};
use crate::domain::money::Fen;
use crate::domain::promotion::{RuleRef, When, Who};

/// A plan of a preset, switched off to begin with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetContract {
    pub name: Name,
    pub stages: Vec<PresetStage>,
}

/// A stage: yuan, days after signing, and what it brings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetStage {
    #[serde(deserialize_with = "amount")]
    pub amount: Fen,
    #[serde(default)]
    pub days: u32,
    #[serde(default, deserialize_with = "maybe_yuan")]
    pub bonus: Option<Fen>,
    #[serde(default)]
    pub points: i64,
}

impl PresetContract {
    /// The plan as number `id`.
    #[must_use]
    pub fn plan(&self, id: i32, english: bool) -> ContractPlan {
        let stages = self.stages.iter().map(|stage| {
            let bonus = stage.bonus.map(|fen| Benefit::Bonus {
                fen,
                instalments: None,
                valid_days: None,
            });
            let points = (stage.points > 0).then_some(Benefit::Points {
                points: stage.points,
            });
            Stage {
                amount: stage.amount,
                days: stage.days,
                gives: bonus.into_iter().chain(points).collect(),
            }
        });
        let name = if english {
            &self.name.en
        } else {
            &self.name.zh
        };
        ContractPlan {
            rule: RuleRef { id, version: 1 },
            name: name.clone(),
            active: false,
            when: When::default(),
            who: Who::default(),
            stages: stages.collect(),
        }
    }
}

fn amount<'de, D: Deserializer<'de>>(from: D) -> Result<Fen, D::Error> {
    fen(&String::deserialize(from)?)
}

#[cfg(test)]
mod tests {
    use super::super::all;
    use crate::domain::contract::STAGES;
    use crate::domain::money::Fen;

    /// Stages follow each other, the first on the day it is signed; each brings something.
    #[test]
    fn plans_are_sound() {
        let mut count = 0;
        for (id, preset) in all() {
            for (no, contract) in (1..).zip(&preset.contracts) {
                let plan = contract.plan(no, false);
                let days: Vec<u32> = plan.stages.iter().map(|stage| stage.days).collect();
                assert!(STAGES.contains(&days.len()), "{id}");
                assert!(
                    days.is_sorted_by(|a, b| a < b) && days.first() == Some(&0),
                    "{id}"
                );
                assert!(
                    plan.stages.iter().all(|stage| !stage.gives.is_empty()),
                    "{id}"
                );
                assert!(plan.total() <= Fen::yuan(5_000), "{id}");
                count += 1;
            }
        }
        assert!(count >= 3, "{count}");
    }
}
