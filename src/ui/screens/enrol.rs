//! A new member: a phone or a card, her consent, the welcome gift (MB1, MB2, PV1).

use chrono::NaiveDate;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::member::Gender;
use crate::domain::phone::Phone;
use crate::domain::spelling;
use crate::domain::token::{Bearer, Token};
use crate::error::Result;
use crate::query::{EnrolRequest, Person, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step, is_narrow};
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form};
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Columns inside the frame.
const COLUMNS: u16 = 66;

/// Rows of the form, twice as many on a narrow screen; and rows of what is said below it.
const FORM_ROWS: u16 = 7;
const SAID_ROWS: u16 = 4;

/// Places of the entries.
const NAME: usize = 0;
const PHONE: usize = 1;
const CARD: usize = 2;
const BIRTHDAY: usize = 3;
const GENDER: usize = 4;
const NOTES: usize = 5;
const MARKETING: usize = 6;

/// A popup; Enter anywhere enrols. Pops `Outcome::Member`.
pub struct Enrol {
    form: Form,
    phone: String,
    card: String,
    asked: Option<Ticket>,
    /// What was sent: the same again keeps its id.
    sent: Option<EnrolRequest>,
}

/// Never shows whom it is about.
impl std::fmt::Debug for Enrol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrol")
    }
}

impl Enrol {
    /// With what is known already.
    #[must_use]
    pub fn new(phone: Option<&str>, card: Option<&str>) -> Self {
        Self {
            form: Form::default(),
            phone: phone.unwrap_or_default().to_owned(),
            card: card.unwrap_or_default().to_owned(),
            asked: None,
            sent: None,
        }
    }

    fn fill(&mut self, cx: &Cx) {
        let texts = |keys: &[&str]| keys.iter().map(|key| cx.text(key).to_owned()).collect();
        self.form = Form::new()
            .field("enrol.name", Field::new(Kind::Any).most(40))
            .field(
                "enrol.phone",
                Field::new(Kind::Any).most(20).with(&self.phone),
            )
            .field("enrol.card", Field::new(Kind::Any).with(&self.card))
            .field("enrol.birthday", Field::new(Kind::Any).most(10))
            .choice(
                "enrol.gender",
                texts(&["enrol.unsaid", "enrol.female", "enrol.male"]),
                0,
            )
            .field("enrol.notes", Field::new(Kind::Any))
            .choice("enrol.marketing", texts(&["confirm.no", "confirm.yes"]), 0);
        if self.phone.is_empty() {
            self.form.on(&Input::Action(Action::Down));
        }
    }

    /// What is wrong stands beside its field.
    fn person(&mut self) -> Option<(Option<String>, Option<String>, Person)> {
        let typed = self.form.value(PHONE).to_owned();
        let card = self.form.value(CARD).to_owned();
        let phone = Phone::parse(&typed);
        if phone.is_none() && !typed.is_empty() {
            self.form.refuse(PHONE, "enrol.bad_phone");
            return None;
        }
        if phone.is_none() && card.is_empty() {
            self.form.refuse(PHONE, "enrol.phone_or_card");
            return None;
        }
        let typed = self.form.value(BIRTHDAY).to_owned();
        let birthday = birthday(&typed);
        if birthday.is_none() && !typed.is_empty() {
            self.form.refuse(BIRTHDAY, "enrol.bad_birthday");
            return None;
        }
        let (year, month, day) = birthday.unwrap_or_default();
        let person = Person {
            name: spelling::tidy(self.form.value(NAME)),
            birth_year: year,
            birth_month: (month > 0).then_some(month),
            birth_day: (day > 0).then_some(day),
            gender: match self.form.chosen(GENDER) {
                1 => Some(Gender::Female),
                2 => Some(Gender::Male),
                _ => None,
            },
            notes: self.form.value(NOTES).to_owned(),
        };
        let phone = phone.map(|phone| phone.digits().to_owned());
        Some((phone, (!card.is_empty()).then_some(card), person))
    }

    fn save(&mut self, cx: &mut Cx) {
        let Some((phone, card, person)) = self.person() else {
            return;
        };
        let mut consents = vec!["membership".to_owned()];
        if self.form.chosen(MARKETING) == 1 {
            consents.push("marketing".to_owned());
        }
        let same = self.sent.take().filter(|sent| {
            sent.phone == phone
                && sent.card == card
                && sent.person == person
                && sent.consents == consents
        });
        let request = same.unwrap_or_else(|| {
            let id = cx.new_id();
            EnrolRequest {
                stamp: cx.session.stamp(id, cx.now()),
                phone,
                card,
                code: member_code(cx),
                person,
                consents,
            }
        });
        self.sent = Some(request.clone());
        self.asked = Some(cx.ask(Query::Enrol(Box::new(request))));
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        match answer {
            Ok(Reply::Enrolled { member, existing }) => {
                let gift = cx
                    .session
                    .shop
                    .as_ref()
                    .map_or(0, |shop| shop.welcome_points);
                let (tone, say) = if existing {
                    (Tone::Plain, Say::new("enrol.existing"))
                } else if gift > 0 {
                    (Tone::Good, Say::new("enrol.done_gift").with("points", gift))
                } else {
                    (Tone::Good, Say::new("enrol.done"))
                };
                cx.notice(tone, say);
                Step::Pop(Some(Outcome::Member(member)))
            }
            Ok(_) => Step::Stay,
            Err(refusal) => cx.refuse(refusal),
        }
    }
}

/// A code of the member's own, from the random bits of a new id and of another.
fn member_code(cx: &mut Cx) -> String {
    let (first, second) = (cx.new_id(), cx.new_id());
    // The last eight bytes of a UUIDv7 are random but for two bits; the first six are the time.
    let mut random = [0; 10];
    let bytes = first
        .as_bytes()
        .iter()
        .skip(9)
        .chain(second.as_bytes().iter().skip(9));
    for (to, from) in random.iter_mut().zip(bytes) {
        *to = *from;
    }
    Token::mint(Bearer::Member, random).to_string()
}

/// `0314`, `3-14`, `19900314`, `1990-3-14`, `3月14日`: year, month, day.
fn birthday(typed: &str) -> Option<(Option<i32>, u32, u32)> {
    let parts: Vec<&str> = typed
        .split(|glyph: char| !glyph.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    let (year, month, day) = match *parts.as_slice() {
        [all] if all.len() == 4 => (None, all.get(..2)?, all.get(2..)?),
        [all] if all.len() == 8 => (all.get(..4), all.get(4..6)?, all.get(6..)?),
        [month, day] => (None, month, day),
        [year, month, day] => (Some(year), month, day),
        _ => return None,
    };
    let year: Option<i32> = year.map(str::parse).transpose().ok()?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    // A leap year when none is given: 29 February is a birthday (MB6).
    NaiveDate::from_ymd_opt(year.unwrap_or(2000), month, day)?;
    let likely = year.is_none_or(|year| (1900..=2100).contains(&year));
    likely.then_some((year, month, day))
}

impl Screen for Enrol {
    fn bindings(&self) -> &'static str {
        "enrol"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        let input = match input {
            // A phone and Enter are enough: all else is optional.
            Input::Action(Action::Accept) => Input::Action(Action::Save),
            other => other,
        };
        if self.asked.is_none() {
            match self.form.on(&input) {
                Did::Save => {
                    self.save(cx);
                    return Step::Stay;
                }
                Did::Edited => return Step::Stay,
                Did::Nothing => {}
            }
        }
        match input {
            Input::Opened => self.fill(cx),
            Input::Scan(scan) if self.asked.is_none() => self.form.set(CARD, &scan.code),
            Input::Action(Action::Back) if self.form.is_dirty() => {
                return Step::push(Confirm::new("enrol.leave").careful());
            }
            Input::Action(Action::Back) | Input::Outcome(Outcome::Yes) => {
                return Step::Pop(None);
            }
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let waits = self.asked.is_some();
        !waits || !matches!(action, Action::Accept | Action::Save | Action::Back)
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let rows = FORM_ROWS * if is_narrow(area) { 2 } else { 1 };
        let size = (COLUMNS, rows + SAID_ROWS);
        let inside = paint::popup(frame, area, size, look.text("enrol.title"), look);
        let rows = rows.min(inside.height.saturating_sub(SAID_ROWS));
        let form = Rect {
            height: rows,
            ..inside
        };
        self.form.view(frame, form, look);
        let shop = look.session.shop.as_ref();
        let gift = shop.map_or(0, |shop| shop.welcome_points);
        let version = shop.map_or(0, |shop| shop.terms_version);
        let mut says = vec![Say::new("enrol.consent").with("version", version)];
        if gift > 0 {
            says.insert(0, Say::new("enrol.gift").with("points", gift));
        }
        if self.asked.is_some() {
            says = vec![Say::new("enrol.saving")];
        }
        let mut row = rows + 1;
        for say in says {
            for text in width::wrap(&look.say(&say), inside.width.into()) {
                paint::line(frame, inside, row, &text, look.style(Role::Dim));
                row += 1;
            }
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birthdays_as_people_write_them() {
        for typed in ["0314", "3-14", "3月14日", "03.14"] {
            assert_eq!(birthday(typed), Some((None, 3, 14)), "{typed}");
        }
        for typed in ["19900314", "1990-3-14", "1990年3月14日"] {
            assert_eq!(birthday(typed), Some((Some(1990), 3, 14)), "{typed}");
        }
        assert_eq!(birthday("0229"), Some((None, 2, 29)));
        for typed in ["", "3", "1332", "0230", "20230229", "00000314", "1-2-3-4"] {
            assert_eq!(birthday(typed), None, "{typed}");
        }
    }
}
