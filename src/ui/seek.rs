//! Finding a member on a screen of its own: a line of input, whoever it may mean below, a scan at any time.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::code::{Meaning, Origin, Situation, is_secret, meanings, refused};
use crate::domain::member::Member;
use crate::domain::payment_code::wipe;
use crate::domain::reader::known_by;
use crate::domain::scan::Scan;
use crate::domain::spelling;
use crate::error::{Refusal, Result};
use crate::query::{Candidate, Found, Query, Reply, Ticket, Typed};
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look};
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, Table};

/// Candidates asked for at once.
const MOST: i32 = 8;

const COLUMNS: &[Column] = &[
    Column::rest(""),
    Column::fixed("", 12),
    Column::fixed("", 8),
];

/// One member who may be meant.
#[derive(Debug, Clone)]
struct Row {
    id: i64,
    name: String,
    phone: String,
    level: String,
}

/// What became of a question.
#[derive(Debug)]
pub enum Sought {
    Member(Box<Member>),
    /// The list changed, or nobody was found and that was said.
    Nothing,
    Refused(Refusal),
}

/// The line and its candidates.
#[derive(Debug)]
pub struct Seek {
    typed: Field,
    table: Table<Row>,
    asked: Option<Ticket>,
}

impl Seek {
    /// `how` is the key of what stands there while nothing is typed.
    #[must_use]
    pub fn new(how: &'static str) -> Self {
        Self {
            typed: Field::new(Kind::Any),
            table: Table::new(COLUMNS, how),
            asked: None,
        }
    }

    /// Takes what is typed and what moves the selection.
    pub fn on(&mut self, input: &Input, cx: &mut Cx) -> bool {
        let before = self.typed.value().to_owned();
        let took = self.table.on(input) || self.typed.on(input);
        if before != self.typed.value() {
            self.look_for(cx);
        }
        took
    }

    fn look_for(&mut self, cx: &mut Cx) {
        self.asked = None;
        let text = spelling::tidy(self.typed.value());
        if text.is_empty() || is_secret(&text) {
            self.table.set(Vec::new(), true);
            return;
        }
        let typed = if text.bytes().all(|b| b.is_ascii_digit()) {
            Typed::Digits(text)
        } else if let Some(letters) = spelling::typed(&text) {
            Typed::Letters(letters)
        } else {
            Typed::Name {
                grams: spelling::wanted(&text),
                name: text,
            }
        };
        self.asked = Some(cx.ask(Query::Candidates { typed, limit: MOST }));
    }

    /// Asks whose a scanned code is.
    pub fn scanned(&mut self, mut scan: Scan, cx: &mut Cx) {
        let at_counter = Situation::Counter { member: false };
        let all = meanings(&scan.code, Origin::Scanned, at_counter, &[]);
        match all.first() {
            None => cx.notice(Tone::Warn, "app.garbled"),
            Some(Meaning::BankCard) => cx.notice(Tone::Bad, "counter.bank_card"),
            Some(Meaning::Payment(_)) => cx.notice(Tone::Warn, "counter.payment_early"),
            Some(_) => {
                let reader = cx.session.readers.of_code(&scan.device, &scan.code);
                let (codes, near) = known_by(&all, reader);
                let near = near.certain();
                self.asked = Some(cx.ask(Query::Scan { codes, near }));
            }
        }
        wipe(&mut scan.code);
    }

    /// Takes the selected one.
    pub fn accept(&mut self, cx: &mut Cx) {
        if let Some(row) = self.table.selected() {
            self.asked = Some(cx.ask(Query::ReadMember { id: row.id }));
        } else if let Some(no) = refused(self.typed.value()) {
            self.typed.wipe();
            cx.notice(Tone::Bad, no.hint());
        }
    }

    /// Takes the answer; `None` when it is not the one that is waited for.
    pub fn took(&mut self, ticket: Ticket, answer: &Result<Reply>, cx: &mut Cx) -> Option<Sought> {
        self.asked.take_if(|asked| *asked == ticket)?;
        match answer {
            Ok(Reply::Candidates(all)) => {
                let rows = all.iter().filter_map(row).collect();
                self.table.set(rows, true);
            }
            Ok(Reply::Found(Found::Member(member)) | Reply::Member(member)) => {
                return Some(Sought::Member(member.clone()));
            }
            Ok(_) => cx.notice(Tone::Warn, "refusal.not_found"),
            Err(refusal) => return Some(Sought::Refused(refusal.clone())),
        }
        Some(Sought::Nothing)
    }

    /// The line on the first row, the candidates from the third on.
    pub fn view(&mut self, frame: &mut Frame, area: Rect, is_free: bool, look: &Look) {
        self.typed.view(frame, area, is_free, look);
        let below = paint::below(area, 2);
        self.table.view(frame, below, look, |row, _| {
            vec![
                Cell::from(row.name.clone()),
                Cell::from(row.phone.clone()),
                Cell::from(row.level.clone()),
            ]
        });
    }
}

fn row(candidate: &Candidate) -> Option<Row> {
    let Candidate::Member {
        id,
        name,
        phone,
        level,
        ..
    } = candidate
    else {
        return None;
    };
    Some(Row {
        id: *id,
        name: name.clone(),
        phone: phone.clone().unwrap_or_default(),
        level: level.clone(),
    })
}
