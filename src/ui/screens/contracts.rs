//! A member's staged prepayments (SV5): the contracts she pays, and the plans she can sign.

use chrono::NaiveDate;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::contract::{Contract, ContractPlan, Due, Paying, Stage};
use crate::domain::member::Member;
use crate::domain::promotion::Occasion;
use crate::domain::staff::Act;
use crate::query::{Noun, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::manage::said;
use crate::ui::screens::reason::Reason;
use crate::ui::screens::top_up::{PaysStage, TopUp};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, Table};
use crate::ui::width;

const COLUMNS: &[Column] = &[
    Column::rest("contract.name"),
    Column::fixed("contract.stage", 7),
    Column::fixed("contract.due", 11),
    Column::fixed("contract.amount", 12).right(),
];

/// Rows of the list that stay for it when the stages are many.
const LEAST_ROWS: u16 = 4;

/// Columns of the number of a stage.
const NUMBER: usize = 2;

/// A contract she pays, or a plan she can sign.
#[derive(Debug, Clone)]
enum Row {
    Hers(Contract),
    Plan(ContractPlan),
}

impl Row {
    fn stages(&self) -> &[Stage] {
        match self {
            Self::Hers(contract) => &contract.stages,
            Self::Plan(plan) => &plan.stages,
        }
    }
}

/// A contract that is being ended, and why.
#[derive(Debug)]
struct Ending {
    contract: Contract,
    reason: String,
}

/// Pops `Outcome::Receipt` when a stage was paid, `Outcome::Member` when a contract was ended, else nothing.
#[derive(Debug)]
pub struct Contracts {
    member: Box<Member>,
    rows: Table<Row>,
    ending: Option<Ending>,
    asked: Option<Ticket>,
    is_changed: bool,
}

/// Whether there is anything to show: contracts of hers, or plans she could sign.
#[must_use]
pub fn has_any(member: &Member, cx: &Cx) -> bool {
    !member.contracts.is_empty() || plans(member, cx).next().is_some()
}

/// The plans she can sign here and now: none of which she pays one already.
fn plans<'a>(member: &'a Member, cx: &'a Cx) -> impl Iterator<Item = &'a ContractPlan> {
    let shop = cx.session.shop.as_ref().filter(|_| !member.is_bearer);
    let level = Some(member.level.id);
    let occasion = shop.map(|shop| Occasion::at(shop, cx.session.till_id(), cx.now(), level));
    let plans = shop.into_iter().flat_map(|shop| &shop.plans);
    let holds = move |plan: &&ContractPlan| occasion.as_ref().is_some_and(|now| plan.holds(now));
    let is_new = |plan: &&ContractPlan| {
        let mut hers = member.contracts.iter();
        hers.all(|contract| contract.plan.id != plan.rule.id)
    };
    plans.filter(holds).filter(is_new)
}

impl Contracts {
    #[must_use]
    pub fn new(member: Box<Member>) -> Self {
        Self {
            member,
            rows: Table::new(COLUMNS, "contract.nothing"),
            ending: None,
            asked: None,
            is_changed: false,
        }
    }

    fn show(&mut self, cx: &Cx) {
        let hers = self.member.contracts.iter().cloned().map(Row::Hers);
        let plans = plans(&self.member, cx).cloned().map(Row::Plan);
        let rows = hers.chain(plans).collect();
        self.rows.set(rows, true);
    }

    /// What is to be paid for the selected row.
    fn pays(&self, cx: &Cx) -> Option<PaysStage> {
        let (name, paying, due) = match self.rows.selected()? {
            Row::Hers(contract) => {
                let due = contract.due()?;
                let paying = Paying {
                    plan: contract.plan,
                    contract_id: Some(contract.id),
                    stage: due.no,
                };
                (&contract.name, paying, due)
            }
            Row::Plan(plan) => {
                let paying = Paying {
                    plan: plan.rule,
                    contract_id: None,
                    stage: 1,
                };
                let due = Due {
                    no: 1,
                    of: plan.stages.len(),
                    amount: plan.stages.first()?.amount,
                    on: cx.session.today(cx.now()),
                };
                (&plan.name, paying, due)
            }
        };
        Some(PaysStage {
            paying,
            name: name.clone(),
            due,
        })
    }

    /// She does not go on: with a reason, and with whoever may.
    fn end(&mut self, reason: String, cx: &mut Cx) -> Step {
        let Some(Row::Hers(contract)) = self.rows.selected() else {
            return Step::Stay;
        };
        let contract = contract.clone();
        let ask = Say::new("contract.needs_approval")
            .with("name", &contract.name)
            .with("reason", &reason);
        self.ending = Some(Ending { contract, reason });
        if cx
            .session
            .limit()
            .is_some_and(|it| it.allows(Act::EndContract))
        {
            self.send(None, cx);
            return Step::Stay;
        }
        Step::push(Approve::new(ask, Act::EndContract))
    }

    fn send(&mut self, approver_id: Option<i32>, cx: &mut Cx) {
        if let Some(ending) = self.ending.take() {
            self.asked = Some(cx.ask(Query::EndContract {
                contract_id: ending.contract.id,
                by: cx.session.by(),
                approver_id,
                reason: ending.reason,
            }));
        }
    }

    fn action(&mut self, action: Action, cx: &mut Cx) -> Step {
        match action {
            Action::Accept => {
                let pays = self.pays(cx);
                return pays.map_or(Step::Stay, |pays| {
                    Step::push(TopUp::stage(self.member.clone(), pays))
                });
            }
            Action::EndContract => {
                if matches!(self.rows.selected(), Some(Row::Hers(_))) {
                    return Step::push(Reason::contract());
                }
            }
            Action::Back => {
                let changed = self.is_changed.then(|| self.member.clone());
                return Step::Pop(changed.map(Outcome::Member));
            }
            _ => {}
        }
        Step::Stay
    }

    /// The stages of the selected row: which are paid, when the others are due, what each brings.
    fn stages(&self, look: &Look) -> Vec<(String, Role)> {
        let Some(row) = self.rows.selected() else {
            return Vec::new();
        };
        let today = look.session.today(look.now);
        let stages = (1..).zip(row.stages()).map(|(no, stage)| {
            let (state, role) = match row {
                Row::Plan(_) if no == 1 => (look.text("contract.at_once").to_owned(), Role::Text),
                Row::Plan(_) => {
                    let say = Say::new("contract.after").with("days", stage.days);
                    (look.say(&say), Role::Text)
                }
                Row::Hers(contract) => match (contract.paid.get(no - 1), contract.day(no)) {
                    (Some(paid), _) => {
                        let say = Say::new("contract.paid_on").with("day", paid.on);
                        (look.say(&say), Role::Dim)
                    }
                    (None, Some(day)) if day < today => {
                        let say = Say::new("contract.overdue_since").with("day", day);
                        (look.say(&say), Role::Warn)
                    }
                    (None, Some(day)) => {
                        let say = Say::new("contract.due_on").with("day", day);
                        (look.say(&say), Role::Text)
                    }
                    (None, None) => (String::new(), Role::Text),
                },
            };
            let gives = said(&stage.gives, look);
            let no = width::right(&no.to_string(), NUMBER);
            let text = format!("{no}  {}  {state}  {gives}", stage.amount);
            (text.trim_end().to_owned(), role)
        });
        stages.collect()
    }
}

impl Screen for Contracts {
    fn bindings(&self) -> &'static str {
        "contracts"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.rows.on(&input) {
            return Step::Stay;
        }
        match input {
            Input::Opened => self.show(cx),
            Input::Changed(noun) if Noun::Shop.meets(noun) => self.show(cx),
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                self.asked = None;
                match answer {
                    Ok(Reply::Member(member)) => {
                        self.member = member;
                        self.is_changed = true;
                        self.show(cx);
                        cx.notice(Tone::Good, "contract.is_ended");
                    }
                    Ok(_) => {}
                    Err(refusal) => return cx.refuse(refusal),
                }
            }
            Input::Outcome(Outcome::Text(reason)) => return self.end(reason, cx),
            Input::Outcome(Outcome::Approved(staff)) => self.send(Some(staff.id), cx),
            Input::Outcome(Outcome::Receipt(receipt)) => {
                return Step::Pop(Some(Outcome::Receipt(receipt)));
            }
            Input::Action(action) => return self.action(action, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Accept => !self.rows.is_empty() && self.asked.is_none(),
            Action::EndContract => {
                matches!(self.rows.selected(), Some(Row::Hers(_))) && self.asked.is_none()
            }
            _ => true,
        }
    }

    fn why_not(&self, action: Action) -> Option<Say> {
        (action == Action::EndContract).then(|| Say::new("contract.not_signed"))
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        let name = match self.member.name.as_str() {
            "" => self.member.phone.as_deref().unwrap_or_default(),
            name => name,
        };
        let title = look.text("contract.title");
        paint::title(frame, inside, title, Some(name), look);
        let mut lines: Vec<(String, Role)> = Vec::new();
        for (text, role) in self.stages(look) {
            let wrapped = width::wrap(&text, inside.width.into()).into_iter();
            lines.extend(wrapped.map(|text| (text, role)));
        }
        let wanted = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX);
        let most = inside.height.saturating_sub(3 + LEAST_ROWS);
        let below = wanted.min(most);
        let list = Rect {
            height: inside.height.saturating_sub(3 + below),
            ..paint::below(inside, 2)
        };
        let today = look.session.today(look.now);
        let view = |row: &Row, look: &Look| cells(row, today, look);
        self.rows.view(frame, list, look, view);
        let at = inside.height.saturating_sub(below);
        paint::rule(frame, area, at.saturating_sub(1), look);
        let room = usize::from(below);
        let body = paint::below(inside, at);
        for (row, (text, role)) in (0..).zip(lines.iter().take(room)) {
            paint::line(frame, body, row, text, look.style(*role));
        }
    }
}

fn cells(row: &Row, today: NaiveDate, look: &Look) -> Vec<Cell> {
    let cells = match row {
        Row::Hers(contract) => {
            let Some(due) = contract.due() else {
                return vec![contract.name.as_str().into()];
            };
            let role = if due.is_overdue(today) {
                Role::Warn
            } else {
                Role::Text
            };
            [
                Cell::from(contract.name.as_str()),
                Cell::from(format!("{}/{}", due.no, due.of)),
                Cell::from(due.on.to_string()).role(role),
                Cell::money(due.amount),
            ]
        }
        Row::Plan(plan) => {
            let sign = Say::new("contract.sign").with("name", &plan.name);
            let amount = plan.stages.first().map(|stage| stage.amount);
            [
                Cell::from(look.say(&sign)).role(Role::Good),
                Cell::from(format!("1/{}", plan.stages.len())),
                Cell::from(look.text("contract.now")),
                Cell::money(amount.unwrap_or_default()),
            ]
        }
    };
    cells.into()
}
