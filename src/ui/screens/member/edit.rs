//! What is known of a person, edited: name, birthday, gender, notes; all of it optional (MB1).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::birthday::Birthday;
use crate::domain::code::refused;
use crate::domain::member::{Gender, Member};
use crate::query::{Person, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form};
use crate::ui::widgets::notice::Tone;

/// Longest name and notes, characters.
const NAME_LENGTH: usize = 40;
const NOTES_LENGTH: usize = 200;
const BIRTHDAY_LENGTH: usize = 10;

/// Places in the form.
const NAME: usize = 0;
const BIRTHDAY: usize = 1;
const GENDER: usize = 2;
const NOTES: usize = 3;

/// The choices of the gender, in their order.
const GENDERS: [Option<Gender>; 3] = [None, Some(Gender::Female), Some(Gender::Male)];

/// The form. Pops `Outcome::Member` when it was saved.
#[derive(Debug)]
pub struct EditMember {
    member_id: i64,
    /// Of her as the form shows her.
    edition: i32,
    form: Form,
    asked: Option<Ticket>,
}

impl EditMember {
    #[must_use]
    pub fn new(member: &Member, cx: &Cx) -> Self {
        let birthday = member.birth_month.zip(member.birth_day);
        let birthday = birthday.map(|(month, day)| {
            let year = member.birth_year;
            Birthday { year, month, day }.to_string()
        });
        let field = |most, text: &str| Field::new(Kind::Any).most(most).with(text);
        let genders = ["member.unsaid", "member.female", "member.male"];
        let genders = genders.map(|key| cx.text(key).to_owned()).to_vec();
        let gender = GENDERS.iter().position(|known| *known == member.gender);
        Self {
            member_id: member.id,
            edition: member.edition,
            form: Form::new()
                .field("member.name", field(NAME_LENGTH, &member.name))
                .field(
                    "member.birthday_label",
                    field(BIRTHDAY_LENGTH, &birthday.unwrap_or_default()),
                )
                .choice("member.gender", genders, gender.unwrap_or_default())
                .field("member.notes", field(NOTES_LENGTH, &member.notes)),
            asked: None,
        }
    }

    fn edit(&mut self, input: &Input, cx: &mut Cx) {
        if self.form.on(input) == Did::Save {
            self.save(cx);
        }
    }

    fn save(&mut self, cx: &mut Cx) {
        for place in [NAME, NOTES] {
            if let Some(no) = refused(self.form.value(place)) {
                self.form.wipe(place);
                self.form.refuse(place, no.hint());
                return;
            }
        }
        let typed = self.form.value(BIRTHDAY);
        let birthday = Birthday::parse(typed, cx.session.today(cx.now()));
        if birthday.is_none() && !typed.is_empty() {
            self.form.refuse(BIRTHDAY, "member.bad_birthday");
            return;
        }
        let gender = GENDERS.get(self.form.chosen(GENDER)).copied().flatten();
        let person = Person {
            name: self.form.value(NAME).to_owned(),
            birth_year: birthday.and_then(|birthday| birthday.year),
            birth_month: birthday.map(|birthday| birthday.month),
            birth_day: birthday.map(|birthday| birthday.day),
            gender,
            notes: self.form.value(NOTES).to_owned(),
        };
        self.asked = Some(cx.ask(Query::EditMember {
            id: self.member_id,
            edition: self.edition,
            by: cx.session.by(),
            person,
        }));
    }
}

impl Screen for EditMember {
    fn bindings(&self) -> &'static str {
        "member_edit"
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
            Input::Mark | Input::Rollback => {
                self.form.on(&input);
            }
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
        paint::line(
            frame,
            area,
            0,
            look.text("member.edit"),
            look.style(Role::Title),
        );
        self.form.view(frame, paint::below(area, 2), look);
        let hint = if self.asked.is_some() {
            "member.saving"
        } else {
            "member.edit_hint"
        };
        let foot = paint::below(area, area.height.saturating_sub(1));
        paint::line(frame, foot, 0, look.text(hint), look.style(Role::Dim));
    }
}
