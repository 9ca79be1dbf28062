//! A new member: a phone or a card, her consent, the welcome gift (MB1, MB2, PV1).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::birthday::Birthday;
use crate::domain::card::{Card, NoCard};
use crate::domain::code::refused;
use crate::domain::ledger::OperationKind;
use crate::domain::member::{Gender, Member};
use crate::domain::money::grouped;
use crate::domain::payment_code::wipe;
use crate::domain::phone::Phone;
use crate::domain::scan::Device;
use crate::domain::slip::{Facts, Kind as Slip};
use crate::domain::spelling;
use crate::domain::token::{Bearer, Token};
use crate::error::Result;
use crate::query::{EnrolRequest, Person, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::new_card::{NewCard, Verdict};
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
const REFERRER: usize = 7;

/// A popup; Enter anywhere enrols. Pops `Outcome::Member`.
pub struct Enrol {
    form: Form,
    phone: String,
    card: NewCard,
    /// Enrols as soon as it is known whose the card is.
    saves: bool,
    asked: Option<Ticket>,
    /// What was sent: the same again keeps its id.
    sent: Option<EnrolRequest>,
    /// A member already: shall she have the card?
    existing: Option<Box<Member>>,
}

/// Never shows whom it is about.
impl std::fmt::Debug for Enrol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrol")
    }
}

impl Enrol {
    /// With what is known already; the card is nobody's.
    #[must_use]
    pub fn new(phone: Option<&str>, card: Option<Card>) -> Self {
        Self {
            form: Form::default(),
            phone: phone.unwrap_or_default().to_owned(),
            card: card.map(NewCard::known).unwrap_or_default(),
            saves: false,
            asked: None,
            sent: None,
            existing: None,
        }
    }

    /// Nothing may be changed: an answer decides what comes next.
    const fn waits(&self) -> bool {
        self.asked.is_some() || self.saves
    }

    fn fill(&mut self, cx: &Cx) {
        let texts = |keys: &[&str]| keys.iter().map(|key| cx.text(key).to_owned()).collect();
        self.form = Form::new()
            .field("enrol.name", Field::new(Kind::Any).most(40))
            .field(
                "enrol.phone",
                Field::new(Kind::Any).most(20).with(&self.phone),
            )
            .field(
                "enrol.card",
                Field::new(Kind::Any).with(self.card.free().map_or("", Card::number)),
            )
            .field("enrol.birthday", Field::new(Kind::Any).most(10))
            .choice(
                "enrol.gender",
                texts(&["enrol.unsaid", "enrol.female", "enrol.male"]),
                0,
            )
            .field("enrol.notes", Field::new(Kind::Any))
            .choice("enrol.marketing", texts(&["confirm.no", "confirm.yes"]), 0)
            .field("enrol.referrer", Field::new(Kind::Any).most(40))
            .hint("enrol.referrer_hint");
        if self.phone.is_empty() {
            self.form.on(&Input::Action(Action::Down));
        }
    }

    /// What is wrong stands beside its field.
    fn person(&mut self, cx: &Cx) -> Option<(Option<String>, Person)> {
        for place in [NAME, PHONE, NOTES, REFERRER] {
            if let Some(no) = refused(self.form.value(place)) {
                self.refuse(place, no);
                return None;
            }
        }
        let typed = self.form.value(PHONE).to_owned();
        let phone = Phone::parse(&typed);
        if phone.is_none() && !typed.is_empty() {
            self.form.refuse(PHONE, "enrol.bad_phone");
            return None;
        }
        let card = self.card.is_asking() || !self.form.value(CARD).is_empty();
        if phone.is_none() && !card {
            self.form.refuse(PHONE, "enrol.phone_or_card");
            return None;
        }
        let typed = self.form.value(BIRTHDAY).to_owned();
        let birthday = Birthday::parse(&typed, cx.session.today(cx.now()));
        if birthday.is_none() && !typed.is_empty() {
            self.form.refuse(BIRTHDAY, "enrol.bad_birthday");
            return None;
        }
        let person = Person {
            name: spelling::tidy(self.form.value(NAME)),
            birth_year: birthday.and_then(|birthday| birthday.year),
            birth_month: birthday.map(|birthday| birthday.month),
            birth_day: birthday.map(|birthday| birthday.day),
            gender: match self.form.chosen(GENDER) {
                1 => Some(Gender::Female),
                2 => Some(Gender::Male),
                _ => None,
            },
            notes: self.form.value(NOTES).to_owned(),
        };
        let phone = phone.map(|phone| phone.digits().to_owned());
        Some((phone, person))
    }

    /// Says why not, and keeps nothing that is worth money (PV1).
    fn refuse(&mut self, place: usize, no: NoCard) {
        self.saves = false;
        if no.is_secret() {
            self.form.wipe(place);
        }
        self.form.refuse(place, no.hint());
    }

    /// Judges a card; the shop has the last word.
    fn judge(&mut self, code: &str, from: Option<&Device>, cx: &mut Cx) {
        if let Err(no) = self.card.ask(code, from, cx) {
            self.refuse(CARD, no);
        }
    }

    fn judged(&mut self, verdict: Verdict, cx: &mut Cx) -> Step {
        match verdict {
            Verdict::Free => {
                let number = self.card.free().map_or("", Card::number);
                self.form.fill(CARD, number);
                // Somebody else's, perhaps: the cashier reads it and decides.
                if let Some(like) = self.card.like() {
                    cx.notice(Tone::Warn, like.say());
                    self.saves = false;
                }
                if self.saves {
                    self.save(cx);
                }
            }
            Verdict::No(no) => self.refuse(CARD, no),
            Verdict::Refused(refusal) => {
                self.saves = false;
                return cx.refuse(refusal);
            }
        }
        Step::Stay
    }

    fn save(&mut self, cx: &mut Cx) {
        self.saves = false;
        let Some((phone, person)) = self.person(cx) else {
            return;
        };
        let card = self.form.value(CARD).to_owned();
        let free = self.card.free().is_some_and(|free| free.number() == card);
        if self.card.is_asking() || !(card.is_empty() || free) {
            if !self.card.is_asking() {
                self.judge(&card, None, cx);
            }
            self.saves = self.card.is_asking();
            return;
        }
        self.enrol(phone, (!card.is_empty()).then_some(card), person, cx);
    }

    fn enrol(&mut self, phone: Option<String>, card: Option<String>, person: Person, cx: &mut Cx) {
        let mut consents = vec!["membership".to_owned()];
        if self.form.chosen(MARKETING) == 1 {
            consents.push("marketing".to_owned());
        }
        let referrer = referrer(self.form.value(REFERRER));
        let same = self.sent.take().filter(|sent| {
            sent.phone == phone
                && sent.card == card
                && sent.person == person
                && sent.consents == consents
                && sent.referrer == referrer
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
                referrer,
            }
        });
        self.sent = Some(request.clone());
        self.asked = Some(cx.ask(Query::Enrol(Box::new(request))));
    }

    /// The card of what was sent.
    fn new_card(&self) -> Option<&str> {
        self.sent.as_ref()?.card.as_deref()
    }

    /// Whether she who is a member already gets the card.
    fn decided(&mut self, answer: &Outcome, cx: &mut Cx) -> Step {
        let Some(member) = self.existing.take() else {
            return Step::Stay;
        };
        let card = self.new_card().map(str::to_owned);
        if let (Outcome::Yes, Some(card)) = (answer, card) {
            self.asked = Some(cx.ask(Query::AddCard {
                member_id: member.id,
                by: cx.session.by(),
                card,
            }));
            return Step::Stay;
        }
        cx.notice(Tone::Warn, "enrol.existing_no_card");
        Step::Pop(Some(Outcome::Member(member)))
    }

    /// Her own code on paper: it is known here and now, and to nobody afterwards.
    fn welcome(&self, member: &Member, gift: i64, cx: &mut Cx) {
        let is_printed = cx.session.printing.auto.contains(&OperationKind::Enrol);
        let Some(sent) = self.sent.as_ref().filter(|_| is_printed) else {
            return;
        };
        let facts = Facts::new()
            .one("member", &member.name)
            .maybe("phone", member.phone.as_ref())
            .one("level", &member.level.name)
            .maybe("points", Some(gift).filter(|gift| *gift > 0).map(grouped))
            .one("code", &sent.code);
        cx.print_facts(Slip::Welcome, "slip.enrol", facts);
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        match answer {
            // Her phone is known, and the card is nobody's: not to be dropped without a word.
            Ok(Reply::Enrolled {
                member,
                existing: true,
            }) if self.new_card().is_some() => {
                let name = match &member.phone {
                    Some(phone) if member.name.is_empty() => phone,
                    _ => &member.name,
                };
                let question = Say::new("enrol.offer_card").with("name", name);
                self.existing = Some(member);
                Step::push(Confirm::new(question))
            }
            Ok(Reply::Member(member)) => {
                cx.notice(Tone::Good, "member.card_added");
                Step::Pop(Some(Outcome::Member(member)))
            }
            Ok(Reply::Enrolled { member, existing }) => {
                let gift = cx
                    .session
                    .shop
                    .as_ref()
                    .map_or(0, |shop| shop.welcome_points);
                if !existing {
                    self.welcome(&member, gift, cx);
                }
                let (tone, say) = if existing {
                    (Tone::Plain, Say::new("enrol.existing"))
                } else if gift > 0 {
                    (
                        Tone::Good,
                        Say::new("enrol.done_gift").with("points", grouped(gift)),
                    )
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
pub(super) fn member_code(cx: &mut Cx) -> String {
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

/// Who brought her, as the books spell a phone, a card or a code; none when nothing is typed.
fn referrer(typed: &str) -> Option<String> {
    let plain = typed.trim();
    if plain.is_empty() {
        return None;
    }
    let phone = Phone::parse(plain).map(|phone| phone.digits().to_owned());
    let card = || Card::read(plain).ok().map(|card| card.number().to_owned());
    let code = || Token::parse(plain).map(|token| token.to_string());
    Some(
        phone
            .or_else(code)
            .or_else(card)
            .unwrap_or_else(|| plain.to_owned()),
    )
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
        if !self.waits() {
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
            Input::Scan(mut scan) if !self.waits() => {
                self.judge(&scan.code, Some(&scan.device), cx);
                wipe(&mut scan.code);
            }
            Input::Outcome(answer) if self.existing.is_some() => return self.decided(&answer, cx),
            Input::Action(Action::Back) if self.form.is_dirty() => {
                return Step::push(Confirm::new("enrol.leave").careful());
            }
            Input::Action(Action::Back) | Input::Outcome(Outcome::Yes) => {
                return Step::Pop(None);
            }
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            Input::Reply(ticket, answer) => {
                if let Some(verdict) = self.card.took(ticket, &answer) {
                    return self.judged(verdict, cx);
                }
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        !self.waits() || !matches!(action, Action::Accept | Action::Save | Action::Back)
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
            says.insert(0, Say::new("enrol.gift").with("points", grouped(gift)));
        }
        if self.waits() {
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
