//! The form of one beneficiary.

use chrono::NaiveDate;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::beneficiary::{Beneficiary, Born, Calendar, Relation, needs_guardian};
use crate::domain::code::refused;
use crate::query::{BeneficiaryEdit, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form};
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Longest name and birthday, characters.
const NAME_LENGTH: usize = 20;
const BIRTHDAY_LENGTH: usize = 10;

/// Places in the form.
const NAME: usize = 0;
const RELATION: usize = 1;
const CALENDAR: usize = 2;
const BIRTHDAY: usize = 3;
const GUARDIAN: usize = 4;

/// The form. Pops `Outcome::Member` when it was saved.
#[derive(Debug)]
pub struct BeneficiaryForm {
    member_id: i64,
    id: i32,
    version: i32,
    form: Form,
    asked: Option<Ticket>,
}

impl BeneficiaryForm {
    /// The form for one, or for a new one.
    #[must_use]
    pub fn new(member_id: i64, one: Option<&Beneficiary>, cx: &Cx) -> Self {
        let field = |most, text: &str| Field::new(Kind::Any).most(most).with(text);
        let born = one.and_then(|it| it.born);
        let birthday = born.map(Born::typed).unwrap_or_default();
        let relation = one.map_or(Relation::default(), |it| it.relation);
        let calendar = born.map_or(Calendar::default(), |it| it.calendar);
        let relations = Relation::ALL.map(|it| cx.text(it.key()).to_owned());
        let calendars = Calendar::ALL.map(|it| cx.text(it.key()).to_owned());
        let place = |found: Option<usize>| found.unwrap_or_default();
        let guardian = one.and_then(|it| it.guardian.as_ref());
        Self {
            member_id,
            id: one.map_or(0, |it| it.id),
            version: one.map_or(0, |it| it.version),
            form: Form::new()
                .field(
                    "family.name",
                    field(NAME_LENGTH, one.map_or("", |it| &it.name)),
                )
                .choice(
                    "family.relation",
                    relations.to_vec(),
                    place(Relation::ALL.iter().position(|it| *it == relation)),
                )
                .choice(
                    "family.calendar",
                    calendars.to_vec(),
                    place(Calendar::ALL.iter().position(|it| *it == calendar)),
                )
                .field("family.birthday", field(BIRTHDAY_LENGTH, &birthday))
                .hint("family.birthday_hint")
                .field(
                    "family.guardian",
                    field(NAME_LENGTH, guardian.map_or("", |it| &it.name)),
                )
                .hint("family.guardian_hint"),
            asked: None,
        }
    }

    /// What is to be saved; none after saying in the form what is wrong.
    fn read(&mut self, today: NaiveDate) -> Option<BeneficiaryEdit> {
        for place in [NAME, GUARDIAN] {
            if let Some(no) = refused(self.form.value(place)) {
                self.form.wipe(place);
                self.form.refuse(place, no.hint());
                return None;
            }
        }
        let name = self.form.need_text(NAME)?;
        let calendar = Calendar::ALL.get(self.form.chosen(CALENDAR)).copied();
        let typed = self.form.value(BIRTHDAY);
        let born = Born::parse(typed, calendar.unwrap_or_default(), today);
        if born.is_none() && !typed.is_empty() {
            self.form.refuse(BIRTHDAY, "family.bad_birthday");
            return None;
        }
        let relation = Relation::ALL.get(self.form.chosen(RELATION)).copied();
        let relation = relation.unwrap_or_default();
        let guardian = self.form.value(GUARDIAN).to_owned();
        if guardian.is_empty() && needs_guardian(relation, born, today) {
            self.form.refuse(GUARDIAN, "family.needs_guardian");
            return None;
        }
        Some(BeneficiaryEdit {
            id: self.id,
            version: self.version,
            name,
            relation,
            born,
            guardian,
        })
    }

    fn edit(&mut self, input: &Input, cx: &mut Cx) {
        if self.form.on(input) == Did::Save {
            self.save(cx);
        }
    }

    fn save(&mut self, cx: &mut Cx) {
        if let Some(edit) = self.read(cx.session.today(cx.now())) {
            self.asked = Some(cx.ask(Query::SaveBeneficiary {
                member_id: self.member_id,
                by: cx.session.by(),
                edit,
            }));
        }
    }
}

impl Screen for BeneficiaryForm {
    fn bindings(&self) -> &'static str {
        "beneficiary"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                self.asked = None;
                match answer {
                    Ok(Reply::Member(member)) => {
                        cx.notice(Tone::Good, "member.saved");
                        return Step::Pop(Some(Outcome::Member(member)));
                    }
                    Ok(_) => {}
                    Err(refusal) => return cx.refuse(refusal),
                }
            }
            Input::Action(Action::Back) if self.form.is_dirty() => {
                return Step::push(Confirm::new("member.discard").careful());
            }
            Input::Action(Action::Back) | Input::Outcome(Outcome::Yes) => return Step::Pop(None),
            // What is under way stays as it was sent.
            input if self.asked.is_none() => self.edit(&input, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        self.asked.is_none() || !matches!(action, Action::Accept | Action::Save | Action::Back)
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let title = look.text("family.form");
        paint::line(frame, area, 0, title, look.style(Role::Title));
        self.form.view(frame, paint::below(area, 2), look);
        let hint = if self.asked.is_some() {
            "member.saving"
        } else {
            "family.why"
        };
        let lines = width::wrap(look.text(hint), area.width.into());
        let rows = u16::try_from(lines.len()).unwrap_or(1);
        let foot = paint::below(area, area.height.saturating_sub(rows));
        for (row, line) in (0..).zip(&lines) {
            paint::line(frame, foot, row, line, look.style(Role::Dim));
        }
    }
}
