//! The stages of a plan in a form: amount, days, and what each grants in one entry: `+100/90, 50p, 金卡, 满100减10*2`.

use crate::domain::benefit::Benefit;
use crate::domain::contract::Stage;
use crate::domain::money::Fen;
use crate::ui::screens::manage::conditions::parts;
use crate::ui::screens::manage::gives::Gives;
use crate::ui::screens::manage::levels::short;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;

/// The entry of each stage's amount says which one it is.
const AMOUNTS: [&str; 12] = [
    "contract.stage_1",
    "contract.stage_2",
    "contract.stage_3",
    "contract.stage_4",
    "contract.stage_5",
    "contract.stage_6",
    "contract.stage_7",
    "contract.stage_8",
    "contract.stage_9",
    "contract.stage_10",
    "contract.stage_11",
    "contract.stage_12",
];

/// Digits of days, characters of what a stage grants; the most days.
const DAYS_LENGTH: usize = 4;
const GIVES_LENGTH: usize = 120;
const MOST_DAYS: u32 = 3_660;
/// The most a stage, or its bonus, can be.
const MOST: Fen = Fen(99_999_999);

/// What can stand in the entries.
#[derive(Debug)]
pub(super) struct Stages {
    gives: Gives,
    levels: Vec<(i32, String)>,
}

/// What stands in them.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    amount: String,
    days: String,
    gives: String,
}

/// The place of a stage's amount behind the first; the first stage has no days.
const fn place(stage: usize) -> usize {
    if stage == 0 { 0 } else { stage * 3 - 1 }
}

impl Stages {
    pub(super) const fn new(gives: Gives, levels: Vec<(i32, String)>) -> Self {
        Self { gives, levels }
    }

    /// A stage as it is typed.
    pub(super) fn write(&self, stage: &Stage) -> Typed {
        let level = |id: i32| {
            let mut known = self.levels.iter();
            known.find(|(known, _)| *known == id).map(|(_, it)| it)
        };
        let mut texts: Vec<String> = Vec::new();
        for benefit in &stage.gives {
            texts.extend(match benefit {
                Benefit::Bonus {
                    fen, valid_days, ..
                } => {
                    let days = valid_days.map(|days| format!("/{days}"));
                    Some(format!("+{}{}", short(*fen), days.unwrap_or_default()))
                }
                Benefit::Points { points } => Some(format!("{points}p")),
                Benefit::Level { level_id } => level(*level_id).cloned(),
                Benefit::Coupon { .. } | Benefit::Package { .. } => None,
            });
        }
        let things = self.gives.write(stage.gives.iter());
        texts.extend(Some(things).filter(|things| !things.is_empty()));
        Typed {
            amount: short(stage.amount),
            days: stage.days.to_string(),
            gives: texts.join(", "),
        }
    }

    /// Adds the entries of so many stages; those that were not typed yet are thirty days after the one before.
    pub(super) fn entries(&self, mut form: Form, typed: &[Typed], count: usize) -> Form {
        for (no, label) in AMOUNTS.into_iter().enumerate().take(count) {
            let text = typed.get(no).cloned().unwrap_or_else(|| Typed {
                days: (30 * no).to_string(),
                ..Typed::default()
            });
            form = form.field(label, Field::new(Kind::Amount).with(&text.amount));
            if no > 0 {
                let days = Field::new(Kind::Digits).most(DAYS_LENGTH).with(&text.days);
                form = form.field("contract.days", days).hint("contract.days_hint");
            }
            let gives = Field::new(Kind::Any).most(GIVES_LENGTH).with(&text.gives);
            let levels = self.levels.iter().map(|(_, name)| name.clone());
            let known = self.gives.names().chain(levels);
            form = form
                .field("contract.gives", gives)
                .hint("contract.gives_hint")
                .known(known.collect());
        }
        form
    }

    /// What stands in the entries of so many stages from `base` on.
    pub(super) fn typed(form: &Form, base: usize, count: usize) -> Vec<Typed> {
        let stages = (0..count).map(|no| {
            let at = base + place(no);
            let text = |place: usize| form.value(place).to_owned();
            Typed {
                amount: text(at),
                days: if no == 0 { "0".into() } else { text(at + 1) },
                gives: text(at + if no == 0 { 1 } else { 2 }),
            }
        });
        stages.collect()
    }

    /// The stages; none after saying what is wrong.
    pub(super) fn read(&self, form: &mut Form, base: usize, count: usize) -> Option<Vec<Stage>> {
        let mut stages: Vec<Stage> = Vec::new();
        for no in 0..count {
            let at = base + place(no);
            let amount = form.need_amount(at)?;
            if !amount.is_positive() || amount > MOST {
                form.refuse(at, "field.amount");
                return None;
            }
            let days = match stages.last() {
                None => 0,
                Some(before) => {
                    let days = form.value(at + 1).parse().unwrap_or(0);
                    if days <= before.days || days > MOST_DAYS {
                        let wrong = Say::new("contract.days_wrong").with("before", before.days);
                        form.refuse(at + 1, wrong);
                        return None;
                    }
                    days
                }
            };
            let gives = self.benefits(form, at + if no == 0 { 1 } else { 2 })?;
            stages.push(Stage {
                amount,
                days,
                gives,
            });
        }
        Some(stages)
    }

    fn benefits(&self, form: &mut Form, place: usize) -> Option<Vec<Benefit>> {
        let mut benefits = Vec::new();
        for part in parts(form.value(place)) {
            let Some(benefit) = self.benefit(&part) else {
                let wrong = Say::new("contract.gives_wrong").with("name", part);
                form.refuse(place, wrong);
                return None;
            };
            // One bonus, one number of points and one level: what comes twice is one too many.
            let twice = |known: &Benefit| {
                std::mem::discriminant(known) == std::mem::discriminant(&benefit)
                    && !matches!(benefit, Benefit::Coupon { .. } | Benefit::Package { .. })
            };
            if benefits.iter().any(twice) {
                form.refuse(place, Say::new("contract.gives_twice").with("name", part));
                return None;
            }
            benefits.push(benefit);
        }
        Some(benefits)
    }

    fn benefit(&self, part: &str) -> Option<Benefit> {
        if let Some(thing) = self.gives.find(part) {
            return Some(thing);
        }
        if let Some((level_id, _)) = self.levels.iter().find(|(_, name)| name == part) {
            let level_id = *level_id;
            return Some(Benefit::Level { level_id });
        }
        if let Some(bonus) = part.strip_prefix('+') {
            let (fen, days) = bonus.split_once('/').unwrap_or((bonus, ""));
            let valid_days = match days.trim() {
                "" => None,
                days => Some(
                    days.parse()
                        .ok()
                        .filter(|it| (1..=MOST_DAYS).contains(it))?,
                ),
            };
            let fen = Fen::parse(fen.trim()).filter(|fen| fen.is_positive() && *fen <= MOST)?;
            return Some(Benefit::Bonus {
                fen,
                instalments: None,
                valid_days,
            });
        }
        let points = part.strip_suffix(['p', 'P', '分'])?;
        let points = points.trim().parse().ok();
        let points = points.filter(|points| (1..=999_999).contains(points))?;
        Some(Benefit::Points { points })
    }
}
