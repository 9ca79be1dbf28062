//! The input line: what is typed, what it may mean, and who or what that is in the shop's data.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::card::NoCard;
use crate::domain::code::{
    MAX_INPUT, Meaning, Origin, Situation, TIMES, is_secret, known_as, meanings, pieces_of,
};
use crate::domain::label::LabelRule;
use crate::domain::money::Fen;
use crate::domain::phone::Phone;
use crate::domain::spelling;
use crate::query::{Candidate, Query, Ticket, Typed};
use crate::ui::screen::{Cx, Input};
use crate::ui::widgets::field::{Field, Kind};

/// Most rows under the line.
pub const ROWS: usize = 6;

/// Most candidates of a kind that are asked for: one more than fit, to know whether there are more.
const LIMIT: i32 = 7;

/// Goods keep this many rows when there are many people.
const GOODS: usize = 2;

/// After this much silence candidates are asked for: longer than the usual pause between two
/// characters of a keyboard scanner, so that a scan asks nothing on its way.
const PAUSE: TimeDelta = TimeDelta::milliseconds(110);

/// A row under the line: something Enter can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Amount(Fen),
    Known(Candidate),
    /// Nobody has this phone: enrol.
    Enrol(Phone),
}

/// What Enter means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered {
    /// The line is empty.
    Nothing,
    /// It will be known when the answer comes.
    Wait,
    Row(Row),
    /// A whole code: ask whose it is.
    Code,
    /// Pieces of what comes next, or of the selected line.
    Quantity {
        pieces: u32,
        next: bool,
    },
    /// A bank card or a payment code.
    Refused(NoCard),
    /// Nobody and nothing has this name.
    Unknown,
}

/// The line with its candidates. Only the answer to what stands there now counts.
pub struct Finder {
    line: Field,
    /// The shop's rules of scale labels.
    labels: Vec<LabelRule>,
    asked: Option<(Ticket, String)>,
    answered: Option<(String, Vec<Candidate>)>,
    due: Option<DateTime<Utc>>,
    selected: usize,
    moved: bool,
    /// Enter was pressed before the answer came.
    entered: bool,
}

/// Never shows what was typed: it may be a phone number.
impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finder({:?})", self.line)
    }
}

impl Finder {
    pub fn new() -> Self {
        Self {
            line: Field::new(Kind::Any).most(MAX_INPUT),
            labels: Vec::new(),
            asked: None,
            answered: None,
            due: None,
            selected: 0,
            moved: false,
            entered: false,
        }
    }

    pub const fn line(&self) -> &Field {
        &self.line
    }

    /// What stands there, without pieces before it (`3*68`).
    pub fn text(&self) -> &str {
        pieces_of(self.line.value().trim()).1
    }

    /// The pieces typed before something (`3*68`).
    pub fn pieces(&self) -> Option<u32> {
        pieces_of(self.line.value().trim()).0
    }

    /// Nothing but pieces: how many, and whether of what comes next (`3*`) or of the selected
    /// line (`*3`).
    pub fn quantity(&self) -> Option<(u32, bool)> {
        match self.meanings(false).first() {
            Some(Meaning::Quantity(pieces)) => Some((*pieces, !self.text().starts_with(TIMES))),
            _ => None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    pub fn clear(&mut self) {
        // It may have been worth money.
        self.line.wipe();
        *self = Self::new();
    }

    pub const fn selected(&self) -> usize {
        self.selected
    }

    /// Whether the candidates are for what stands there now.
    pub fn is_fresh(&self) -> bool {
        let answered = self.answered.as_ref();
        answered.is_some_and(|(text, _)| text == self.text())
    }

    /// Whether Enter waits for an answer.
    pub const fn is_waiting(&self) -> bool {
        self.entered
    }

    pub const fn deadline(&self) -> Option<DateTime<Utc>> {
        self.due
    }

    /// Takes an input that edits the line. Returns whether it did.
    pub fn on(&mut self, input: &Input, cx: &Cx) -> bool {
        let shop = cx.session.shop.as_ref();
        let labels = shop.map_or(&[][..], |shop| &shop.labels);
        if self.labels != labels {
            self.labels = labels.to_vec();
        }
        let before = self.line.value().to_owned();
        let took = self.line.on(input);
        if before != self.line.value() {
            self.selected = 0;
            self.moved = false;
            self.entered = false;
            let asks = !self.is_fresh() && !self.text().is_empty();
            self.due = asks.then(|| cx.now() + PAUSE);
            if self.is_empty() {
                self.answered = None;
                self.asked = None;
            }
        }
        took
    }

    /// The time has come: asks for candidates.
    pub fn tick(&mut self, known: bool, cx: &mut Cx) {
        if self.due.is_some_and(|due| due <= cx.now()) {
            self.ask(known, cx);
        }
    }

    fn ask(&mut self, known: bool, cx: &mut Cx) {
        self.due = None;
        self.asked = None;
        let text = self.text().to_owned();
        match wanted(&text, &self.meanings(known)) {
            Some(typed) => {
                let limit = LIMIT;
                let ticket = cx.ask(Query::Candidates { typed, limit });
                self.asked = Some((ticket, text));
            }
            None => self.answered = Some((text, Vec::new())),
        }
    }

    /// Whether this ticket is the question of the last keystroke.
    pub fn is_for(&self, ticket: Ticket) -> bool {
        self.asked
            .as_ref()
            .is_some_and(|(asked, _)| *asked == ticket)
    }

    /// The answer to the last keystroke; `None` when there is none to be had. Returns whether
    /// Enter waited for it.
    pub fn answer(&mut self, candidates: Option<Vec<Candidate>>) -> bool {
        if let Some((_, text)) = self.asked.take() {
            self.answered = candidates.map(|candidates| (text, candidates));
        }
        std::mem::take(&mut self.entered)
    }

    pub fn meanings(&self, known: bool) -> Vec<Meaning> {
        let situation = Situation::Counter { member: known };
        meanings(self.text(), Origin::Typed, situation, &self.labels)
    }

    /// What Enter and the arrows choose from, the likeliest first. `known`: a member is on the
    /// screen, so that goods come before people.
    pub fn rows(&self, known: bool) -> Vec<Row> {
        let meanings = self.meanings(known);
        let amount = meanings.iter().find_map(|meaning| match meaning {
            Meaning::Amount(fen) => Some(Row::Amount(*fen)),
            _ => None,
        });
        let phone = meanings.iter().find_map(|meaning| match meaning {
            Meaning::Phone(phone) => Some(phone.clone()),
            _ => None,
        });
        let all = self.answered.as_ref().map_or(&[][..], |(_, all)| all);
        let (people, goods): (Vec<_>, Vec<_>) = all
            .iter()
            .cloned()
            .partition(|row| matches!(row, Candidate::Member { .. }));
        let enrol = phone.filter(|_| self.is_fresh() && people.is_empty());
        let room = ROWS - usize::from(amount.is_some()) - usize::from(enrol.is_some());
        let (first, second) = if known {
            (goods, people)
        } else {
            (people, goods)
        };
        let kept = first.len().min(room - second.len().min(GOODS));
        let mut rows: Vec<Row> = first
            .into_iter()
            .take(kept)
            .chain(second)
            .take(room)
            .map(Row::Known)
            .collect();
        let amount_first = matches!(meanings.first(), Some(Meaning::Amount(_)));
        if let Some(amount) = amount {
            rows.insert(if amount_first { 0 } else { rows.len() }, amount);
        }
        rows.extend(enrol.map(Row::Enrol));
        rows
    }

    /// Whether there are candidates that found no row.
    pub fn has_more(&self, known: bool) -> bool {
        let rows = self.rows(known);
        let shown = rows.iter().filter(|row| matches!(row, Row::Known(_)));
        let all = self.answered.as_ref().map_or(0, |(_, all)| all.len());
        all > shown.count()
    }

    /// Moves the selection among the rows; not among those of an earlier keystroke, which are
    /// about to be others.
    pub fn step(&mut self, down: bool, known: bool) {
        if !self.is_fresh() {
            return;
        }
        let last = self.rows(known).len().saturating_sub(1);
        self.selected = if down {
            (self.selected + 1).min(last)
        } else {
            self.selected.saturating_sub(1)
        };
        self.moved = true;
    }

    /// Enter: the row that was chosen, or the likeliest meaning that the shop's data bears out.
    pub fn enter(&mut self, known: bool, cx: &mut Cx) -> Entered {
        let meanings = self.meanings(known);
        let rows = self.rows(known);
        let chosen = rows.get(self.selected).cloned();
        if let (true, true, Some(row)) = (self.moved, self.is_fresh(), chosen) {
            return Entered::Row(row);
        }
        match meanings.first() {
            None if self.text().is_empty() => Entered::Nothing,
            None => Entered::Unknown,
            Some(Meaning::BankCard) => Entered::Refused(NoCard::BankCard),
            Some(Meaning::Payment(_)) => Entered::Refused(NoCard::PaymentCode),
            Some(Meaning::Amount(fen)) => Entered::Row(Row::Amount(*fen)),
            Some(Meaning::Quantity(pieces)) => Entered::Quantity {
                pieces: *pieces,
                next: self.quantity().is_none_or(|(_, next)| next),
            },
            Some(
                Meaning::Phone(_)
                | Meaning::Barcode(_)
                | Meaning::Label(_)
                | Meaning::Gs1(_)
                | Meaning::OwnCoupon
                | Meaning::MemberCode(_)
                | Meaning::StaffBadge(_),
            ) => Entered::Code,
            Some(_) if !self.is_fresh() => {
                self.entered = true;
                let text = self.text();
                if self.asked.as_ref().is_none_or(|(_, asked)| asked != text) {
                    self.ask(known, cx);
                }
                if self.is_fresh() {
                    self.entered = false;
                    return self.likeliest(&meanings, rows);
                }
                Entered::Wait
            }
            Some(_) => self.likeliest(&meanings, rows),
        }
    }

    /// The item with exactly this code, else the first row, else whose code it is.
    fn likeliest(&self, meanings: &[Meaning], rows: Vec<Row>) -> Entered {
        let text = self.text();
        let exact = rows.iter().position(|row| {
            matches!(row, Row::Known(Candidate::Product { code: Some(code), .. }) if code == text)
        });
        let is_code = !known_as(meanings).is_empty();
        let place = |wanted: fn(&Meaning) -> bool| meanings.iter().position(wanted);
        let amount = place(|meaning| matches!(meaning, Meaning::Amount(_)));
        let code = place(|meaning| matches!(meaning, Meaning::PlainCode(_)));
        let is_money = code.is_none() || amount < code;
        match rows.into_iter().nth(exact.unwrap_or(0)) {
            Some(row @ Row::Known(_)) => Entered::Row(row),
            Some(row @ Row::Amount(_)) if is_money => Entered::Row(row),
            // Nobody and nothing begins so; a card may still be named so.
            _ if is_code => Entered::Code,
            Some(row) => Entered::Row(row),
            None => Entered::Unknown,
        }
    }
}

/// What to look for while typing.
fn wanted(text: &str, meanings: &[Meaning]) -> Option<Typed> {
    if is_secret(text) {
        return None;
    }
    let looks_up = |meaning: &Meaning| {
        matches!(
            meaning,
            Meaning::PhoneTail(_)
                | Meaning::PhonePrefix(_)
                | Meaning::Phone(_)
                | Meaning::PlainCode(_)
        )
    };
    if meanings.iter().any(looks_up) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Typed::Digits(text.to_owned()));
    }
    meanings.iter().find_map(|meaning| match meaning {
        Meaning::Phone(phone) => Some(Typed::Digits(phone.digits().to_owned())),
        Meaning::Spelling(letters) => Some(Typed::Letters(letters.clone())),
        Meaning::Name(name) => Some(Typed::Name {
            grams: spelling::wanted(name),
            name: name.clone(),
        }),
        _ => None,
    })
}
