//! Using what was paid for beforehand: pick the service, say who serves, Enter (PK2).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::grant::Unit;
use crate::domain::ledger::Stamp;
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::redemption::{RedemptionRequest, Served, ServiceLeft, Use, services};
use crate::domain::staff::{Act, Staff};
use crate::domain::stored_value;
use crate::error::{Refusal, Result};
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::choose::Choose;
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::reason::Reason;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

/// Columns inside the frame.
const COLUMNS: u16 = 56;
/// Services shown at once; the digits 1 to 9 take them.
const SHOWN: usize = 9;
/// Minutes that are offered first, and by which they change.
const MINUTES: i64 = 60;
const STEP: i64 = 30;

/// A popup; pops `Outcome::Receipt`, or nothing on Esc.
#[derive(Debug)]
pub struct Redeem {
    member: Box<Member>,
    services: Vec<ServiceLeft>,
    place: usize,
    quantity: i64,
    staff: Vec<Staff>,
    served: Option<usize>,
    is_asked_for: bool,
    /// Who is served, when not she herself (PK1).
    whom: Option<String>,
    approver: Option<i32>,
    /// Though it does not hold now.
    anyway: bool,
    hint: Option<Say>,
    reading: Option<Ticket>,
    marked: (usize, i64),
    once: Once<RedemptionRequest>,
}

impl Redeem {
    #[must_use]
    pub fn new(member: Box<Member>) -> Self {
        Self {
            member,
            services: Vec::new(),
            place: 0,
            quantity: 1,
            staff: Vec::new(),
            served: None,
            is_asked_for: false,
            whom: None,
            approver: None,
            anyway: false,
            hint: None,
            reading: None,
            marked: (0, 1),
            once: Once::default(),
        }
    }

    fn opened(&mut self, cx: &mut Cx) {
        self.services = services(&self.member.grants, cx.session.today(cx.now()));
        self.select(0);
        self.reading = Some(cx.ask(Query::StaffList));
    }

    fn service(&self) -> Option<&ServiceLeft> {
        self.services.get(self.place)
    }

    fn select(&mut self, place: usize) {
        if let Some(service) = self.services.get(place) {
            self.place = place;
            let first = if service.unit == Unit::Minute {
                MINUTES
            } else {
                1
            };
            self.quantity = service.left.map_or(first, |left| first.min(left));
            self.hint = None;
            (self.anyway, self.approver) = (false, None);
        }
    }

    fn step(&mut self, more: bool) {
        let Some(service) = self.service() else {
            return;
        };
        let step = if service.unit == Unit::Minute {
            STEP
        } else {
            1
        };
        let most = service.left.unwrap_or(i64::MAX);
        let next = if more {
            self.quantity.saturating_add(step).min(most)
        } else {
            self.quantity - step
        };
        if next > 0 {
            self.quantity = next;
        }
    }

    /// Who serves: a list of those who work here.
    fn choose_staff(&self) -> Step {
        if self.staff.is_empty() {
            return Step::Stay;
        }
        let names = self.staff.iter().map(|staff| {
            Say::new("redeem.staff")
                .with("number", &staff.number)
                .with("name", &staff.name)
        });
        Step::push(Choose::new("redeem.who", names.collect()))
    }

    fn accept(&mut self, cx: &mut Cx) -> Step {
        let Some(service) = self.service() else {
            return Step::Stay;
        };
        let may = cx.session.limit().is_some_and(|it| it.allows(Act::Past));
        if service.is_past && !may && self.approver.is_none() && !self.once.is_unknown() {
            let why = Say::new("redeem.past_why")
                .with("service", &service.name)
                .with("day", service.expires_on.unwrap_or_default());
            return Step::push(Approve::new(why, Act::Past));
        }
        self.post(cx);
        Step::Stay
    }

    fn post(&mut self, cx: &mut Cx) {
        let Some(service) = self.service() else {
            return;
        };
        let past = service.is_past || self.anyway;
        let whom = self.whom.clone().filter(|_| service.may_share);
        let what = service.what;
        let served = self.served.and_then(|place| self.staff.get(place));
        let served = served.map(|staff| Served {
            staff_id: staff.id,
            name: staff.name.clone(),
            is_asked_for: self.is_asked_for,
        });
        let (member_id, quantity, approver_id) = (self.member.id, self.quantity, self.approver);
        let make = |stamp: Stamp| RedemptionRequest {
            stamp: Stamp {
                approver_id,
                ..stamp
            },
            member_id,
            uses: vec![Use {
                what,
                quantity,
                served,
            }],
            past,
            whom,
        };
        self.hint = None;
        let member = self.member.clone();
        self.once
            .send(cx, make, |request| Query::Redeem { request, member });
    }

    /// A right at another time or place: whoever may set prices goes on with another Enter, else she is asked.
    fn not_now(&mut self, refusal: &Refusal, cx: &Cx) -> Step {
        let may = cx.session.limit().is_some_and(|it| it.allows(Act::Past));
        self.anyway = true;
        if !may {
            return Step::push(Approve::new(Say::from(refusal), Act::Past));
        }
        self.hint = Some(Say::new("redeem.anyway"));
        Step::Stay
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match self.once.done(answer, &mut self.hint, cx) {
            Ok(step) => step,
            Err(refusal) if refusal.hint == "redemption.not_now" => self.not_now(&refusal, cx),
            Err(refusal) => cx.refuse(refusal),
        }
    }

    fn action(&mut self, action: Action, cx: &mut Cx) -> Step {
        match action {
            Action::Accept => return self.accept(cx),
            Action::Back if self.once.is_unknown() => {
                return Step::push(Confirm::new("tender.leave_unknown").careful());
            }
            Action::Back => return Step::Pop(None),
            // Nothing may change while nobody knows whether it was posted.
            _ if self.once.is_unknown() => {}
            Action::Up => self.select(self.place.saturating_sub(1)),
            Action::Down => self.select(self.place + 1),
            Action::Left => self.step(false),
            Action::Right => self.step(true),
            Action::Served => return self.choose_staff(),
            Action::Whom if self.whom.is_some() => self.whom = None,
            Action::Whom if self.service().is_some_and(|it| it.may_share) => {
                return Step::push(Reason::whom());
            }
            Action::AskedFor if self.served.is_some() => self.is_asked_for = !self.is_asked_for,
            _ => {}
        }
        Step::Stay
    }

    fn rows(&self, frame: &mut Frame, area: Rect, look: &Look) -> u16 {
        let first = self.place.saturating_sub(SHOWN - 1);
        let mut row = 0;
        for (place, service) in self.services.iter().enumerate().skip(first).take(SHOWN) {
            let key = if place < SHOWN {
                (place + 1).to_string()
            } else {
                " ".to_owned()
            };
            let until = match (service.is_past, service.expires_on) {
                (true, Some(day)) => Say::new("redeem.past").with("day", day),
                (false, Some(day)) => Say::new("redeem.until").with("day", day),
                (_, None) => Say::new("redeem.for_ever"),
            };
            let right = format!("{}  {}", look.say(&left(service)), look.say(&until));
            let room = usize::from(area.width.saturating_sub(width::columns(&right) + 1));
            let name = width::left(&format!(" {key} {}", service.name), room);
            let text = width::left(&format!("{name} {right}"), area.width.into());
            let role = match (place == self.place, service.is_past) {
                (true, _) => Role::Selected,
                (false, true) => Role::Warn,
                (false, false) => Role::Text,
            };
            paint::line(frame, area, row, &text, look.style(role));
            row += 1;
        }
        row
    }

    /// The selected service, how much of it, who serves, what it costs besides.
    fn details(&self, look: &Look) -> Vec<(String, Role)> {
        let Some(service) = self.service() else {
            return vec![(look.text("redeem.none").to_owned(), Role::Warn)];
        };
        let mut lines = Vec::new();
        let now = taken(service.unit, self.quantity);
        let now = now.with("service", &service.name);
        lines.push((look.say(&now), Role::Title));
        lines.push((
            look.say(&Say::new("redeem.of").with("package", &service.of)),
            Role::Dim,
        ));
        if let Some(day) = service.used_on {
            let say = match service.next_on {
                Some(next) => Say::new("redeem.used_next").with("next", next),
                None => Say::new("redeem.used"),
            };
            lines.push((look.say(&say.with("day", day)), Role::Dim));
        }
        if service.copay.is_positive() {
            let today = look.session.today(look.now);
            let has = stored_value::available(&self.member.lots, today);
            let due = service.copay.times(self.quantity);
            let role = if has < due { Role::Bad } else { Role::Money };
            let say = Say::new("redeem.copay").with("amount", due);
            lines.push((look.say(&say.with("has", has)), role));
        }
        let served = match self.served.and_then(|place| self.staff.get(place)) {
            Some(staff) if self.is_asked_for => {
                Say::new("redeem.served_asked").with("name", &staff.name)
            }
            Some(staff) => Say::new("redeem.served_turn").with("name", &staff.name),
            None => Say::new("redeem.served_nobody"),
        };
        lines.push((look.say(&served), Role::Text));
        if service.may_share {
            let whom = match &self.whom {
                Some(whom) => Say::new("redeem.for_whom").with("name", whom),
                None => Say::new("redeem.for_herself"),
            };
            lines.push((look.say(&whom), Role::Text));
        }
        if self.once.is_under_way() {
            lines.push((look.text("tender.posting").to_owned(), Role::Warn));
        } else if let Some(hint) = &self.hint {
            lines.push((look.say(hint), Role::Warn));
        }
        lines
    }
}

/// What is left of a service, in its unit.
#[must_use]
pub fn left(service: &ServiceLeft) -> Say {
    match service.left {
        None => Say::new("redeem.endless"),
        Some(left) => counted(service.unit, left),
    }
}

/// So many units that are left.
#[must_use]
pub fn counted(unit: Unit, left: i64) -> Say {
    let key = match unit {
        Unit::Session => "redeem.left_session",
        Unit::Minute => "redeem.left_minute",
        Unit::Lesson => "redeem.left_lesson",
        Unit::Day => "redeem.left_day",
        Unit::Fen => return Say::new("redeem.left_fen").with("n", Fen(left)),
    };
    Say::new(key).with("n", left)
}

/// So many units that are used now.
fn taken(unit: Unit, quantity: i64) -> Say {
    let key = match unit {
        Unit::Session | Unit::Fen => "redeem.now_session",
        Unit::Minute => "redeem.now_minute",
        Unit::Lesson => "redeem.now_lesson",
        Unit::Day => "redeem.now_day",
    };
    Say::new(key).with("n", quantity)
}

impl Screen for Redeem {
    fn bindings(&self) -> &'static str {
        "redeem"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => self.opened(cx),
            Input::Reply(ticket, answer) => {
                if self.once.took(ticket, &answer) {
                    return self.answered(answer, cx);
                }
                if self.reading == Some(ticket)
                    && let Ok(Reply::Staff(staff)) = answer
                {
                    self.staff = staff.into_iter().filter(|staff| staff.active).collect();
                }
            }
            Input::Outcome(Outcome::Approved(staff)) => {
                self.approver = Some(staff.id);
                self.post(cx);
            }
            Input::Outcome(Outcome::Text(whom)) => {
                self.whom = Some(whom);
            }
            Input::Outcome(Outcome::Chosen(place)) => self.served = Some(place),
            Input::Outcome(Outcome::Yes) => return Step::Pop(None),
            Input::Text(glyph) if !self.once.is_unknown() => {
                let place = glyph.to_digit(10).filter(|digit| *digit > 0);
                if let Some(place) = place {
                    self.select(place as usize - 1);
                }
            }
            Input::Mark => self.marked = (self.place, self.quantity),
            Input::Rollback => (self.place, self.quantity) = self.marked,
            Input::Scan(_) => cx.notice(crate::ui::widgets::notice::Tone::Warn, "redeem.scan"),
            Input::Action(action) => return self.action(action, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let is_free = !self.once.is_under_way();
        match action {
            Action::Accept => is_free && self.service().is_some(),
            Action::Served => is_free && !self.staff.is_empty(),
            Action::AskedFor => is_free && self.served.is_some(),
            Action::Whom => is_free && self.service().is_some_and(|it| it.may_share),
            Action::Back => is_free,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let columns = COLUMNS.min(area.width.saturating_sub(4));
        let details = self.details(look);
        let mut below = Vec::new();
        for (text, role) in &details {
            let lines = width::wrap(text, columns.into());
            below.extend(lines.into_iter().map(|line| (line, *role)));
        }
        let rows = self.services.len().min(SHOWN) + 1 + below.len();
        let name = if self.member.name.is_empty() {
            look.text("counter.nameless")
        } else {
            &self.member.name
        };
        let title = look.say(&Say::new("redeem.title").with("name", name));
        let rows = u16::try_from(rows).unwrap_or(u16::MAX);
        let inside = paint::popup(frame, area, (columns, rows), &title, look);
        let taken = self.rows(frame, inside, look);
        for (row, (text, role)) in (taken + 1..).zip(below) {
            paint::line(frame, inside, row, &text, look.style(role));
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
