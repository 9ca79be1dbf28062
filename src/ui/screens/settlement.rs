//! What a member paid beforehand goes back by law: the variants side by side with their arithmetic, and the one that
//! applies (RF1 - RF5).

use chrono::{DateTime, NaiveDate, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::ledger::Stamp;
use crate::domain::money::Fen;
use crate::domain::settlement::{
    History, Reason, Scope, Settlement as Settled, SettlementRequest, Variant, WAYS, What,
};
use crate::domain::slip;
use crate::domain::staff::Act;
use crate::domain::tender::TenderKind;
use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::choose::Choose;
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::money;
use crate::ui::width;

/// Columns of a variant, at least.
const COLUMN: u16 = 36;
/// Rows above the variants, and below them.
const HEAD: u16 = 3;
const FOOT: u16 = 6;

/// What is being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    Reason,
    Scope,
    Way,
}

/// Pops `Outcome::Receipt`, or nothing on Esc.
#[derive(Debug)]
pub struct Settlement {
    member_id: i64,
    history: Option<Box<History>>,
    scope: Scope,
    reason: Reason,
    way: Option<TenderKind>,
    shown: Settled,
    moment: Option<(DateTime<Utc>, NaiveDate)>,
    offset: usize,
    /// Rows of the longest column that do not fit.
    hidden: usize,
    approver: Option<i32>,
    asking: Option<Asking>,
    hint: Option<Say>,
    reading: Option<Ticket>,
    once: Once<SettlementRequest>,
}

impl Settlement {
    /// The settlement of this member.
    #[must_use]
    pub fn new(member_id: i64) -> Self {
        Self {
            member_id,
            history: None,
            scope: Scope::All,
            reason: Reason::Consumer,
            way: None,
            shown: Settled::default(),
            moment: None,
            offset: 0,
            hidden: 0,
            approver: None,
            asking: None,
            hint: None,
            reading: None,
            once: Once::default(),
        }
    }

    /// Of this first.
    #[must_use]
    pub const fn of(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    fn read(&mut self, cx: &mut Cx) {
        let member_id = self.member_id;
        self.reading = Some(cx.ask(Query::ReadSettlement { member_id }));
    }

    /// Computes anew what is shown. An approval was for another amount.
    fn weigh(&mut self, cx: &Cx) {
        let Some(history) = &self.history else { return };
        let moment = (cx.now(), cx.session.today(cx.now()));
        self.moment = Some(moment);
        self.shown = Settled::of(history, self.scope, self.reason, moment);
        self.approver = None;
        self.offset = 0;
        self.hint = if self.shown.prepaid.is_empty() {
            Some(Say::new("settlement.nothing"))
        } else if self.shown.amount.is_zero() {
            Some(Say::new("settlement.worthless"))
        } else {
            None
        };
    }

    fn way(&self) -> TenderKind {
        self.way.unwrap_or_else(|| self.shown.paid_by())
    }

    /// Everything, stored value alone, or one of her packages.
    fn scopes(&self) -> Vec<(Scope, Say)> {
        let mut scopes = vec![(Scope::All, Say::new("settlement.scope_all"))];
        let (Some(history), Some((_, today))) = (&self.history, self.moment) else {
            return scopes;
        };
        let stored = Say::new("settlement.scope_stored_value");
        scopes.push((Scope::StoredValue, stored));
        for it in history.prepaid(today) {
            if let Some(no) = it.no {
                let operation_id = it.operation_id;
                let say = Say::new("settlement.scope_package");
                let say = say.with("name", &it.name).with("seq", it.seq);
                let (principal, bonus) = it.stored;
                let say = if (principal + bonus).is_positive() {
                    Say::new("settlement.scope_package_stored")
                        .with("name", &it.name)
                        .with("seq", it.seq)
                        .with("principal", principal)
                        .with("bonus", bonus)
                } else {
                    say
                };
                scopes.push((Scope::Package { operation_id, no }, say));
            }
        }
        scopes
    }

    fn choose(&mut self, asking: Asking) -> Step {
        self.asking = Some(asking);
        let (question, options) = match asking {
            Asking::Reason => (
                "settlement.ask_reason",
                Reason::ALL.map(|it| Say::new(it.key())).to_vec(),
            ),
            Asking::Scope => (
                "settlement.ask_scope",
                self.scopes().into_iter().map(|(_, say)| say).collect(),
            ),
            Asking::Way => (
                "settlement.ask_way",
                WAYS.map(|it| Say::new(slip::tender(it))).to_vec(),
            ),
        };
        Step::push(Choose::new(question, options))
    }

    fn chosen(&mut self, place: usize, cx: &Cx) {
        match self.asking.take() {
            Some(Asking::Reason) => {
                self.reason = Reason::ALL.get(place).copied().unwrap_or_default();
            }
            Some(Asking::Scope) => {
                let scope = self.scopes().into_iter().nth(place);
                self.scope = scope.map_or(Scope::All, |(scope, _)| scope);
            }
            Some(Asking::Way) => self.way = WAYS.get(place).copied(),
            None => {}
        }
        self.weigh(cx);
    }

    /// OP3: always somebody else, within her own limit.
    fn approve(&self, cx: &Cx) -> Step {
        let amount = self.shown.amount;
        let why = Say::new("settlement.needs_approval").with("amount", amount);
        let act = Act::GiveBack {
            amount,
            sold_at: cx.now(),
            now: cx.now(),
        };
        Step::push(Approve::new(why, act))
    }

    fn accept(&mut self, cx: &mut Cx) -> Step {
        if !self.once.is_unknown() && self.approver.is_none() {
            return self.approve(cx);
        }
        self.post(cx);
        Step::Stay
    }

    fn post(&mut self, cx: &mut Cx) {
        let (member_id, scope, reason) = (self.member_id, self.scope, self.reason);
        let (way, amount) = (self.way(), self.shown.amount);
        let approver_id = self.approver;
        let make = |stamp: Stamp| SettlementRequest {
            stamp: Stamp {
                approver_id,
                ..stamp
            },
            member_id,
            scope,
            reason,
            way,
            amount,
        };
        self.hint = None;
        self.once.send(cx, make, Query::Settle);
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match self.once.done(answer, &mut self.hint, cx) {
            Ok(step) => step,
            Err(refusal) => {
                // She has changed meanwhile, or the approval was not enough: begin anew.
                self.approver = None;
                self.read(cx);
                cx.refuse(refusal)
            }
        }
    }

    fn replied(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match answer {
            Ok(Reply::History(history)) => {
                self.history = Some(history);
                self.weigh(cx);
                Step::Stay
            }
            Ok(_) => Step::Stay,
            Err(refusal) => cx.refuse(refusal),
        }
    }

    fn scroll(&mut self, action: Action) {
        let offset = match action {
            Action::Up | Action::Previous => self.offset.saturating_sub(1),
            Action::PageUp => self.offset.saturating_sub(8),
            Action::PageDown => self.offset + 8,
            Action::Home => 0,
            Action::End => usize::MAX,
            _ => self.offset + 1,
        };
        self.offset = offset.min(self.hidden);
    }

    fn draw_head(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let name = self.history.as_ref().map_or("", |it| &it.member.name);
        let title = look.text("settlement.title");
        paint::title(frame, area, title, Some(name), look);
        let mut scopes = self.scopes().into_iter();
        let scope = scopes.find(|(scope, _)| *scope == self.scope);
        let scope = scope.map_or_else(String::new, |(_, say)| look.say(&say));
        let text = format!("{}  {scope}", look.text(self.reason.key()));
        paint::line(frame, area, 1, &text, look.style(Role::Text));
    }

    /// The variants in as many columns as there is room for.
    fn draw_variants(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let version = self.shown.terms_version.unwrap_or(0);
        let columns = (area.width / COLUMN).clamp(1, 4);
        let wide = area.width / columns;
        let mut all: Vec<Vec<Row>> = vec![Vec::new(); columns.into()];
        for (turn, (variant, applies)) in self.shown.shown().enumerate() {
            if let Some(column) = all.get_mut(turn % usize::from(columns)) {
                let room = wide.saturating_sub(2).into();
                column.extend(rows(variant, applies, version, room, look));
            }
        }
        let longest = all.iter().map(Vec::len).max().unwrap_or(0);
        self.hidden = longest.saturating_sub(area.height.into());
        self.offset = self.offset.min(self.hidden);
        for (turn, column) in (0..).zip(&all) {
            let part = Rect {
                x: area.x + turn * wide,
                width: wide.saturating_sub(2),
                ..area
            };
            for (row, it) in (0..area.height).zip(column.iter().skip(self.offset)) {
                paint::line(frame, part, row, &it.left, look.style(it.role));
                paint::line_right(frame, part, row, &it.right, look.style(it.right_role));
            }
        }
        if self.hidden > 0 {
            let below = self.hidden - self.offset;
            // Above the first row: that one has figures.
            let above = Rect {
                y: area.y.saturating_sub(1),
                ..area
            };
            paint::more(frame, above, self.offset, below, look);
        }
    }

    fn draw_foot(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let narrow = Rect {
            width: area.width.min(50),
            ..area
        };
        let way = look.text(slip::tender(self.way()));
        let label = look.say(&Say::new("settlement.goes_back").with("way", way));
        paint::line(frame, narrow, 0, &label, look.style(Role::Title));
        let amount = self.shown.amount.to_string();
        paint::line_right(frame, narrow, 0, &amount, look.style(Role::Money));
        let bonus = self.bonus();
        if bonus.is_positive() {
            let label = look.text("settlement.lapses");
            money::line(frame, narrow, 1, label, -bonus, look);
        }
        let (text, role) = if self.once.is_under_way() {
            (look.text("tender.posting").to_owned(), Role::Warn)
        } else if let Some(hint) = &self.hint {
            (look.say(hint), Role::Warn)
        } else if self.history.is_none() {
            (look.text("settlement.reading").to_owned(), Role::Dim)
        } else {
            (look.text("settlement.how").to_owned(), Role::Dim)
        };
        for (row, line) in (3..).zip(width::wrap(&text, area.width.into())) {
            paint::line(frame, area, row, &line, look.style(role));
        }
    }

    /// The bonus that lapses with it, fen.
    fn bonus(&self) -> Fen {
        let all = matches!(self.scope, Scope::All | Scope::StoredValue);
        let member = self.history.as_ref().filter(|_| all);
        member.map_or(Fen::ZERO, |it| it.member.bonus)
    }
}

/// A row of a column.
#[derive(Debug, Clone)]
struct Row {
    left: String,
    right: String,
    role: Role,
    right_role: Role,
}

fn rows(variant: &Variant, applies: bool, version: i32, wide: usize, look: &Look) -> Vec<Row> {
    let name = look.say(&Say::new(variant.rule.key()).with("version", version));
    let (mark, role) = if applies {
        (look.text("settlement.applies"), Role::Selected)
    } else if variant.is_entitled {
        ("", Role::Title)
    } else {
        (look.text("settlement.not_entitled"), Role::Dim)
    };
    let mut rows = vec![Row {
        left: format!("{name} {mark}"),
        right: variant.amount.to_string(),
        role,
        right_role: role,
    }];
    let (text, figure) = if variant.is_entitled {
        (Role::Text, Role::Money)
    } else {
        (Role::Dim, Role::Dim)
    };
    for line in &variant.lines {
        let right = line.fen.to_string();
        let indent = if matches!(line.what, What::Paid { .. }) {
            ""
        } else {
            "  "
        };
        let say = line.what.places().into_iter();
        let say = say.fold(Say::new(line.what.key()), |say, (name, value)| {
            say.with(name, value)
        });
        let words = format!("{indent}{}", look.say(&say));
        let room = wide.saturating_sub(right.len() + 1);
        let mut wrapped = width::wrap(&words, room);
        let last = wrapped.pop().unwrap_or_default();
        for left in wrapped {
            rows.push(Row {
                left,
                right: String::new(),
                role: text,
                right_role: figure,
            });
        }
        rows.push(Row {
            left: last,
            right,
            role: text,
            right_role: figure,
        });
    }
    rows.push(Row {
        left: String::new(),
        right: String::new(),
        role: Role::Text,
        right_role: Role::Text,
    });
    rows
}

impl Screen for Settlement {
    fn bindings(&self) -> &'static str {
        "settlement"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => self.read(cx),
            Input::Reply(ticket, answer) => {
                if self.once.took(ticket, &answer) {
                    return self.answered(answer, cx);
                }
                if self.reading == Some(ticket) {
                    return self.replied(answer, cx);
                }
            }
            Input::Outcome(Outcome::Approved(staff)) => {
                self.approver = Some(staff.id);
                self.post(cx);
            }
            Input::Outcome(Outcome::Chosen(place)) => self.chosen(place, cx),
            Input::Action(Action::Accept) => return self.accept(cx),
            Input::Action(Action::Cause) => return self.choose(Asking::Reason),
            Input::Action(Action::What) => return self.choose(Asking::Scope),
            Input::Action(Action::Way) => return self.choose(Asking::Way),
            Input::Action(Action::Back) if self.once.is_unknown() => {
                return Step::push(Confirm::new("tender.leave_unknown").careful());
            }
            Input::Action(Action::Back) | Input::Outcome(Outcome::Yes) => return Step::Pop(None),
            Input::Action(action) => self.scroll(action),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let is_free = !self.once.is_under_way();
        match action {
            Action::Accept => is_free && self.shown.amount.is_positive(),
            Action::Cause | Action::What | Action::Way => {
                is_free && !self.once.is_unknown() && self.history.is_some()
            }
            Action::Back => is_free,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        self.draw_head(frame, inside, look);
        let room = inside.height.saturating_sub(HEAD + FOOT);
        let middle = Rect {
            height: room,
            ..paint::below(inside, HEAD)
        };
        self.draw_variants(frame, middle, look);
        let foot = paint::below(inside, inside.height.saturating_sub(FOOT));
        self.draw_foot(frame, foot, look);
    }
}
