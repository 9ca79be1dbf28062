//! Pay, then join: an anonymous sale of this shift is put under a member's name (MB3).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::attach::AttachRequest;
use crate::domain::code::{Meaning, Origin, Situation, is_secret, meanings, refused};
use crate::domain::ledger::Stamp;
use crate::domain::member::Member;
use crate::domain::money::grouped;
use crate::domain::payment_code::wipe;
use crate::domain::reader::known_by;
use crate::domain::scan::Device;
use crate::domain::spelling;
use crate::error::Result;
use crate::query::{Candidate, Found, Query, Reply, Ticket, Typed};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, Table};

/// Candidates asked for at once.
const MOST: i32 = 8;

/// Columns and rows inside the frame.
const SIZE: (u16, u16) = (60, 12);

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

/// A popup; pops `Outcome::Yes` when attached, `Outcome::No` when it cannot be any more,
/// nothing on Esc.
#[derive(Debug)]
pub struct Attach {
    sale_id: uuid::Uuid,
    typed: Field,
    table: Table<Row>,
    asked: Option<Ticket>,
    member: Option<Box<Member>>,
    /// Who it is was known when it was opened.
    is_given: bool,
    once: Once<AttachRequest>,
}

impl Attach {
    /// Asks whose sale it is.
    #[must_use]
    pub fn new(sale_id: uuid::Uuid) -> Self {
        Self {
            sale_id,
            typed: Field::new(Kind::Any),
            table: Table::new(COLUMNS, "attach.how"),
            asked: None,
            member: None,
            is_given: false,
            once: Once::default(),
        }
    }

    /// Hers, says the screen below: only asks whether it is so.
    #[must_use]
    pub fn to(mut self, member: Box<Member>) -> Self {
        self.member = Some(member);
        self.is_given = true;
        self
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

    fn scanned(&mut self, code: &str, device: &Device, cx: &mut Cx) {
        let all = meanings(
            code,
            Origin::Scanned,
            Situation::Counter { member: false },
            &[],
        );
        match all.first() {
            None => cx.notice(Tone::Warn, "app.garbled"),
            Some(Meaning::BankCard) => cx.notice(Tone::Bad, "counter.bank_card"),
            Some(Meaning::Payment(_)) => cx.notice(Tone::Warn, "counter.payment_early"),
            Some(_) => {
                let (codes, near) = known_by(&all, cx.session.readers.of_code(device, code));
                let near = near.certain();
                self.asked = Some(cx.ask(Query::Scan { codes, near }));
            }
        }
    }

    fn accept(&mut self, cx: &mut Cx) {
        if let Some(row) = self.table.selected() {
            self.asked = Some(cx.ask(Query::ReadMember { id: row.id }));
        } else if let Some(no) = refused(self.typed.value()) {
            self.typed.wipe();
            cx.notice(Tone::Bad, no.hint());
        }
    }

    fn post(&mut self, cx: &mut Cx) {
        let Some(member) = &self.member else {
            return;
        };
        let (sale_id, member_id) = (self.sale_id, member.id);
        let make = |stamp: Stamp| AttachRequest {
            stamp,
            sale_id,
            member_id,
        };
        let member = member.clone();
        self.once
            .send(cx, make, |request| Query::Attach { request, member });
    }

    fn chose(&mut self, member: Box<Member>) -> Step {
        let question = Say::new("attach.ask").with("name", &member.name);
        self.member = Some(member);
        Step::push(Confirm::new(question))
    }

    fn replied(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        match answer {
            Ok(Reply::Candidates(all)) => {
                let rows = all.into_iter().filter_map(row).collect();
                self.table.set(rows, true);
            }
            Ok(Reply::Found(Found::Member(member)) | Reply::Member(member)) => {
                return self.chose(member);
            }
            Ok(_) => cx.notice(Tone::Warn, "refusal.not_found"),
            Err(refusal) => return cx.refuse(refusal),
        }
        Step::Stay
    }

    fn answered(answer: Result<Reply>, cx: &mut Cx) -> Step {
        match answer {
            Ok(reply) => {
                let points = match &reply {
                    Reply::Receipt(receipt) => receipt.document.points,
                    _ => 0,
                };
                cx.notice(
                    Tone::Good,
                    Say::new("attach.done").with("points", grouped(points)),
                );
                Step::Pop(Some(Outcome::Yes))
            }
            // It can be nobody's any more.
            Err(refusal) if matches!(refusal.hint, "attach.taken" | "attach.not_this_shift") => {
                cx.notice(Tone::Warn, &refusal);
                Step::Pop(Some(Outcome::No))
            }
            Err(refusal) => cx.refuse(refusal),
        }
    }
}

fn row(candidate: Candidate) -> Option<Row> {
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
        id,
        name,
        phone: phone.unwrap_or_default(),
        level,
    })
}

impl Screen for Attach {
    fn bindings(&self) -> &'static str {
        "attach"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if let Input::Reply(ticket, answer) = input {
            if self.once.took(ticket, &answer) {
                return Self::answered(answer, cx);
            }
            if self.asked == Some(ticket) {
                return self.replied(answer, cx);
            }
            return Step::Stay;
        }
        let is_busy = self.once.is_under_way() || self.once.is_unknown();
        if !is_busy {
            let before = self.typed.value().to_owned();
            let took = self.table.on(&input) || self.typed.on(&input);
            if before != self.typed.value() {
                self.look_for(cx);
            }
            if took {
                return Step::Stay;
            }
        }
        match input {
            Input::Opened => {
                if let Some(member) = self.member.take() {
                    return self.chose(member);
                }
            }
            Input::Scan(mut scan) if !is_busy => {
                self.scanned(&scan.code, &scan.device, cx);
                wipe(&mut scan.code);
            }
            Input::Outcome(Outcome::Yes) => self.post(cx),
            Input::Outcome(Outcome::No) if self.is_given => return Step::Pop(None),
            Input::Action(Action::Accept) if is_busy => self.post(cx),
            Input::Action(Action::Accept) => self.accept(cx),
            Input::Action(Action::Back) => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        !matches!(action, Action::Accept | Action::Back) || !self.once.is_under_way()
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::popup(frame, area, SIZE, look.text("attach.title"), look);
        let is_busy = self.once.is_under_way();
        self.typed.view(frame, inside, !is_busy, look);
        if is_busy {
            let text = look.text("tender.posting");
            paint::line(frame, inside, 1, text, look.style(Role::Warn));
        }
        let below = paint::below(inside, 2);
        self.table.view(frame, below, look, |row, _| {
            vec![
                Cell::from(row.name.clone()),
                Cell::from(row.phone.clone()),
                Cell::from(row.level.clone()),
            ]
        });
    }

    fn is_popup(&self) -> bool {
        true
    }
}
