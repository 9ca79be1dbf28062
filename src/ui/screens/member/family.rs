//! Whom else the account is for: birthdays, and of children whose consent (MB6, PIPL art. 28).

use ratatui::Frame;
use ratatui::layout::Rect;

use super::beneficiary::BeneficiaryForm;
use crate::domain::beneficiary::{Beneficiary, Calendar};
use crate::domain::member::Member;
use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, Table};
use crate::ui::width;

const COLUMNS: &[Column] = &[
    Column::rest("family.name"),
    Column::fixed("family.relation", 6),
    Column::fixed("family.birthday", 19),
    Column::fixed("family.age", 5).right(),
    Column::fixed("family.next", 16),
    Column::fixed("family.guardian", 10),
];

/// The list. Pops `Outcome::Member`: as she is now.
#[derive(Debug)]
pub struct Family {
    member: Box<Member>,
    table: Table<Beneficiary>,
    asked: Option<Ticket>,
}

impl Family {
    #[must_use]
    pub fn new(member: &Member) -> Self {
        let mut screen = Self {
            member: Box::new(member.clone()),
            table: Table::new(COLUMNS, "family.empty"),
            asked: None,
        };
        screen.fill();
        screen
    }

    fn fill(&mut self) {
        self.table.set(self.member.family.clone(), true);
    }

    fn form(&self, one: Option<&Beneficiary>, cx: &Cx) -> Step {
        Step::push(BeneficiaryForm::new(self.member.id, one, cx))
    }

    fn remove(&mut self, cx: &mut Cx) {
        if let Some(one) = self.table.selected() {
            self.asked = Some(cx.ask(Query::RemoveBeneficiary {
                member_id: self.member.id,
                id: one.id,
                by: cx.session.by(),
            }));
        }
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        match answer {
            Ok(Reply::Member(member)) => {
                self.member = member;
                self.fill();
                cx.notice(Tone::Good, "family.removed");
                Step::Stay
            }
            Ok(_) => Step::Stay,
            Err(refusal) => cx.refuse(refusal),
        }
    }
}

impl Screen for Family {
    fn bindings(&self) -> &'static str {
        "family"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.table.on(&input) {
            return Step::Stay;
        }
        match input {
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            Input::Outcome(Outcome::Member(member)) => {
                self.member = member;
                self.fill();
            }
            Input::Outcome(Outcome::Yes) => self.remove(cx),
            Input::Action(Action::New) => return self.form(None, cx),
            Input::Action(Action::Accept) => match self.table.selected() {
                Some(one) => return self.form(Some(one), cx),
                None => return self.form(None, cx),
            },
            Input::Action(Action::Remove) if !self.table.is_empty() => {
                return Step::push(Confirm::new("family.remove_ask").careful());
            }
            Input::Action(Action::Back) => {
                return Step::Pop(Some(Outcome::Member(self.member.clone())));
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Remove => self.asked.is_none() && !self.table.is_empty(),
            _ => self.asked.is_none(),
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let name = match self.member.name.as_str() {
            "" => look.text("member.nameless"),
            name => name,
        };
        let title = look.say(&Say::new("family.title").with("name", width::fit(name, 24)));
        paint::line(frame, area, 0, &title, look.style(Role::Title));
        self.table.view(frame, paint::below(area, 2), look, cells);
    }
}

fn cells(one: &Beneficiary, look: &Look) -> Vec<Cell> {
    let today = look.session.today(look.now);
    let birthday = one.born.map_or_else(String::new, |born| {
        let calendar = match born.calendar {
            Calendar::Solar => "",
            calendar => look.text(calendar.key()),
        };
        format!("{} {calendar}", born.typed()).trim().to_owned()
    });
    let age = one.born.and_then(|born| born.age(today));
    let next = one.born.and_then(|born| born.next(today));
    let next = next.map_or_else(String::new, |day| {
        let days = (day - today).num_days();
        let say = Say::new("family.next_in").with("day", day.format("%m-%d"));
        look.say(&say.with("days", days))
    });
    let guardian = one.guardian.as_ref().map_or("", |it| &it.name);
    vec![
        one.name.as_str().into(),
        look.text(one.relation.key()).into(),
        birthday.into(),
        age.map_or_else(String::new, |age| age.to_string()).into(),
        next.into(),
        Cell::from(guardian).role(Role::Dim),
    ]
}
