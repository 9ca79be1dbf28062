//! Plans of staged prepayment (分期储值方案, SV5). Saving makes a new version; who signed keeps hers.

mod stages;

use chrono::NaiveDate;

use super::conditions::{day, ids, options, places};
use super::edit::{Edit, Subject};
use super::gives::Gives;
use super::list::Rows;
use crate::domain::contract::{ContractPlan, STAGES};
use crate::domain::promotion::{RuleRef, When, Who};
use crate::query::Query;
use crate::session::Session;
use crate::ui::screen::{Cx, Look};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Form, Word};
use crate::ui::widgets::table::{Cell, Column};
use stages::{Stages, Typed};

/// Places in the form; the stages follow.
const NAME: usize = 0;
const COUNT: usize = 1;
const ACTIVE: usize = 2;
const FROM: usize = 3;
const UNTIL: usize = 4;
const LEVELS: usize = 5;
const STORES: usize = 6;
const FIRST: usize = 7;

/// Longest name; characters of a day.
const NAME_LENGTH: usize = 30;
const DAY_LENGTH: usize = 10;

/// The list of plans.
#[derive(Debug)]
pub struct Contracts;

impl Rows for Contracts {
    type Row = ContractPlan;
    const TITLE: &'static str = "manage.contracts";
    const EMPTY: &'static str = "contract.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("promotion.name"),
        Column::rest("promotion.does"),
        Column::fixed("promotion.version_short", 5),
        Column::fixed("promotion.state", 7),
    ];

    fn id(plan: &ContractPlan) -> i32 {
        plan.rule.id
    }

    fn known(session: &Session) -> Vec<ContractPlan> {
        let plans = session.shop.iter().flat_map(|shop| shop.plans.clone());
        let mut plans: Vec<ContractPlan> = plans.collect();
        plans.sort_by_key(|plan| (!plan.active, plan.rule.id));
        plans
    }

    fn cells(plan: &ContractPlan, look: &Look) -> Vec<Cell> {
        let (word, paint, role) = if plan.active {
            ("promotion.running", Role::Good, Role::Text)
        } else {
            ("manage.off", Role::Dim, Role::Dim)
        };
        let does = Say::new("contract.does")
            .with("count", plan.stages.len())
            .with("total", plan.total());
        vec![
            Cell::from(plan.name.as_str()).role(role),
            Cell::from(look.say(&does)).role(Role::Dim),
            Cell::from(format!("v{}", plan.rule.version)).role(Role::Dim),
            Cell::from(look.text(word)).role(paint),
        ]
    }

    fn edit(row: Option<&ContractPlan>, session: &Session) -> Edit {
        Edit::new(Draft::new(row, session), session)
    }
}

/// A plan being edited.
#[derive(Debug)]
struct Draft {
    plan: Option<ContractPlan>,
    count: usize,
    levels: Vec<(i32, String)>,
    stores: Vec<(i32, String)>,
    stages: Stages,
}

/// What stands above the stages, while their number changes.
#[derive(Debug, Clone, Default)]
struct Head {
    name: String,
    active: bool,
    from: String,
    until: String,
    levels: Vec<usize>,
    stores: Vec<usize>,
}

impl Draft {
    fn new(plan: Option<&ContractPlan>, session: &Session) -> Self {
        let shop = session.shop.as_ref();
        let levels = shop.iter().flat_map(|shop| &shop.levels);
        let stores = shop.iter().flat_map(|shop| &shop.stores);
        let levels: Vec<_> = levels.map(|level| (level.id, level.name.clone())).collect();
        Self {
            plan: plan.cloned(),
            count: plan.map_or(3, |plan| plan.stages.len()),
            stages: Stages::new(Gives::of(session), levels.clone()),
            levels,
            stores: stores.map(|store| (store.id, store.name.clone())).collect(),
        }
    }

    fn head(&self) -> Head {
        let Some(plan) = &self.plan else {
            return Head {
                active: true,
                ..Head::default()
            };
        };
        let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        Head {
            name: plan.name.clone(),
            active: plan.active,
            from: text(plan.when.from),
            until: text(plan.when.until),
            levels: places(&self.levels, &plan.who.levels),
            stores: places(&self.stores, &plan.who.stores),
        }
    }

    fn build(&self, head: &Head, stages: &[Typed]) -> Form {
        let any = |length, text: &str| Field::new(Kind::Any).most(length).with(text);
        let counts = STAGES.map(|count| Word::from(count.to_string())).collect();
        let form = Form::new()
            .field("promotion.name", any(NAME_LENGTH, &head.name))
            .hint("contract.name_hint")
            .choice("contract.count", counts, self.count - STAGES.start())
            .hint("promotion.kind_hint")
            .yes_no("rule.active", head.active)
            .field("promotion.first_day", any(DAY_LENGTH, &head.from))
            .hint("promotion.first_day_hint")
            .field("promotion.last_day", any(DAY_LENGTH, &head.until))
            .hint("promotion.last_day_hint")
            .several("rule.levels", options(&self.levels, &head.levels))
            .hint("rule.all_hint")
            .several("rule.stores", options(&self.stores, &head.stores))
            .hint("rule.all_hint");
        self.stages.entries(form, stages, self.count)
    }

    fn typed(form: &Form) -> Head {
        let text = |place: usize| form.value(place).to_owned();
        Head {
            name: text(NAME),
            active: form.is_yes(ACTIVE),
            from: text(FROM),
            until: text(UNTIL),
            levels: form.switched_on(LEVELS),
            stores: form.switched_on(STORES),
        }
    }

    /// On which days it can be signed; none after saying what is wrong.
    fn when(&self, form: &mut Form, head: &Head) -> Option<When> {
        let days = [(FROM, &head.from), (UNTIL, &head.until)];
        let days = days.map(|(place, text)| {
            let read = day(text);
            if read.is_none() && !text.is_empty() {
                form.refuse(place, "promotion.day_wrong");
                return None;
            }
            Some(read)
        });
        let [Some(from), Some(until)] = days else {
            return None;
        };
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            form.refuse(UNTIL, "rule.ends_before");
            return None;
        }
        Some(When {
            from,
            until,
            ..self
                .plan
                .as_ref()
                .map(|plan| plan.when.clone())
                .unwrap_or_default()
        })
    }
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "contract_plan"
    }

    fn title(&self) -> Say {
        match &self.plan {
            None => Say::new("contract.new"),
            Some(plan) => Say::new("contract.edit")
                .with("version", plan.rule.version)
                .with("next", plan.rule.version + 1),
        }
    }

    fn about(&self) -> Option<&'static str> {
        Some("contract.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let stages = self.plan.iter().flat_map(|plan| &plan.stages);
        let typed: Vec<Typed> = stages.map(|stage| self.stages.write(stage)).collect();
        self.build(&self.head(), &typed)
    }

    /// Another number of stages has other entries; what was typed stays.
    fn edited(&mut self, form: &mut Form) {
        let count = form.chosen(COUNT) + STAGES.start();
        if count != self.count {
            let (head, typed) = (Self::typed(form), Stages::typed(form, FIRST, self.count));
            self.count = count;
            *form = self.build(&head, &typed);
            form.go(COUNT);
            form.touch();
        }
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let name = form.need_text(NAME)?;
        let head = Self::typed(form);
        let when = self.when(form, &head)?;
        let stages = self.stages.read(form, FIRST, self.count)?;
        let new = RuleRef { id: 0, version: 0 };
        let plan = Box::new(ContractPlan {
            rule: self.plan.as_ref().map_or(new, |plan| plan.rule),
            name,
            active: head.active,
            when,
            who: Who {
                members_only: false,
                levels: ids(&self.levels, &head.levels),
                stores: ids(&self.stores, &head.stores),
            },
            stages,
        });
        Some(Query::SaveContractPlan { editor, plan })
    }
}
