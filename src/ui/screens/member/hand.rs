//! Giving away what she has: which package or coupon, to whom, Enter (PK1, PR4). It goes whole and unused, where its terms
//! allow it.

use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::domain::grant::{Grant, GrantKind};
use crate::domain::ledger::Stamp;
use crate::domain::member::Member;
use crate::domain::staff::Act;
use crate::domain::transfer::{TransferRequest, What, going_with};
use crate::error::{Refusal, Result};
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::merge::figures::named;
use crate::ui::screens::message::Message;
use crate::ui::seek::{Seek, Sought};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, Table};
use crate::ui::width;

const COLUMNS: &[Column] = &[
    Column::rest("hand.what"),
    Column::fixed("hand.until", 12),
    Column::rest(""),
];

/// What is given together: a package with all its services, or one coupon.
#[derive(Debug, Clone)]
struct Thing {
    name: String,
    services: String,
    grants: Vec<Uuid>,
    until: String,
    /// Why it cannot be given.
    kept: Option<&'static str>,
}

/// Pops `Outcome::Receipt`, or nothing on Esc.
#[derive(Debug)]
pub struct Hand {
    member: Box<Member>,
    things: Table<Thing>,
    chosen: Option<Thing>,
    seek: Seek,
    to: Option<Box<Member>>,
    approver: Option<i32>,
    hint: Option<Say>,
    once: Once<TransferRequest>,
}

impl Hand {
    /// What this member has.
    #[must_use]
    pub fn new(member: Box<Member>) -> Self {
        Self {
            member,
            things: Table::new(COLUMNS, "hand.nothing"),
            chosen: None,
            seek: Seek::new("hand.find"),
            to: None,
            approver: None,
            hint: None,
            once: Once::default(),
        }
    }

    /// What may be given comes first.
    fn opened(&mut self, cx: &Cx) -> Step {
        if cx.session.shift.is_none() {
            return Step::replace(Message::new(Refusal::user("shift.not_open")));
        }
        let today = cx.session.today(cx.now());
        let mut things: Vec<Thing> = Vec::new();
        // What she paid for an order is not a thing to give (SV6).
        let hers = self.member.grants.iter();
        let hers = hers.filter(|grant| grant.is_open() && grant.kind != GrantKind::Deposit);
        for grant in hers {
            if things.iter().any(|known| known.grants.contains(&grant.id)) {
                continue;
            }
            let all: Vec<&Grant> = going_with(&self.member, grant).collect();
            let names: Vec<&str> = all.iter().map(|it| it.terms.name.as_str()).collect();
            let is_package = grant.kind == GrantKind::Package;
            let name = if is_package {
                &grant.terms.of
            } else {
                &grant.terms.name
            };
            things.push(Thing {
                name: name.clone(),
                services: if is_package {
                    names.join(" ")
                } else {
                    String::new()
                },
                grants: all.iter().map(|it| it.id).collect(),
                until: match grant.expires_on {
                    Some(day) => day.to_string(),
                    None => cx.text("member.for_ever").to_owned(),
                },
                kept: all.iter().find_map(|it| it.kept(today)),
            });
        }
        things.sort_by_key(|thing| thing.kept.is_some());
        self.things.set(things, true);
        Step::Stay
    }

    fn found(&mut self, sought: Sought, cx: &mut Cx) -> Step {
        match sought {
            Sought::Member(other) if other.id == self.member.id => {
                cx.notice(Tone::Warn, "transfer.same");
            }
            Sought::Member(other) => {
                self.to = Some(other);
                self.hint = None;
                return self.ask(cx);
            }
            Sought::Nothing => {}
            Sought::Refused(refusal) => return cx.refuse(refusal),
        }
        Step::Stay
    }

    /// Who may do it by herself is asked once; else somebody approves it.
    fn ask(&self, cx: &Cx) -> Step {
        let (Some(to), Some(thing)) = (&self.to, &self.chosen) else {
            return Step::Stay;
        };
        let say = |key| {
            Say::new(key)
                .with("what", &thing.name)
                .with("from", named(&self.member, cx))
                .with("to", named(to, cx))
        };
        let limit = cx.session.limit();
        if limit.is_some_and(|limit| limit.allows(Act::HandOver)) {
            Step::push(Confirm::new(say("hand.ask")).careful())
        } else {
            Step::push(Approve::new(say("hand.needs_approval"), Act::HandOver))
        }
    }

    fn accept(&mut self, cx: &mut Cx) -> Step {
        if self.once.is_unknown() {
            self.post(cx);
        } else if self.to.is_some() {
            return self.ask(cx);
        } else if self.chosen.is_some() {
            self.seek.accept(cx);
        } else if let Some(thing) = self.things.selected() {
            if let Some(why) = thing.kept {
                cx.notice(Tone::Warn, why);
            } else {
                self.chosen = Some(thing.clone());
                self.hint = None;
            }
        }
        Step::Stay
    }

    fn post(&mut self, cx: &mut Cx) {
        let (Some(to), Some(thing)) = (&self.to, &self.chosen) else {
            return;
        };
        let (from_id, to_id) = (self.member.id, to.id);
        let (grants, approver_id) = (thing.grants.clone(), self.approver);
        let make = |stamp: Stamp| TransferRequest {
            stamp: Stamp {
                approver_id,
                ..stamp
            },
            what: What::Gift {
                from_id,
                to_id,
                grants,
            },
        };
        self.hint = None;
        self.once.send(cx, make, Query::Transfer);
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.approver = None;
        if answer.is_ok() {
            cx.notice(Tone::Good, "hand.done");
        }
        match self.once.done(answer, &mut self.hint, cx) {
            Ok(step) => step,
            Err(refusal) => {
                self.to = None;
                cx.refuse(refusal)
            }
        }
    }

    fn replied(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        if self.once.took(ticket, &answer) {
            return self.answered(answer, cx);
        }
        let sought = self.seek.took(ticket, &answer, cx);
        sought.map_or(Step::Stay, |sought| self.found(sought, cx))
    }

    /// One step back: to whom, what, out.
    fn back(&mut self) -> Step {
        if self.once.is_unknown() {
            return Step::push(Confirm::new("tender.leave_unknown").careful());
        }
        if self.to.take().is_none() && self.chosen.take().is_none() {
            return Step::Pop(None);
        }
        Step::Stay
    }

    fn seeks(&self) -> bool {
        self.chosen.is_some() && self.to.is_none()
    }
}

impl Screen for Hand {
    fn bindings(&self) -> &'static str {
        "hand"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.seeks() && self.seek.on(&input, cx) {
            return Step::Stay;
        }
        if self.chosen.is_none() && self.things.on(&input) {
            return Step::Stay;
        }
        match input {
            Input::Opened if self.things.is_empty() => return self.opened(cx),
            Input::Reply(ticket, answer) => return self.replied(ticket, answer, cx),
            Input::Scan(scan) if self.seeks() => self.seek.scanned(scan, cx),
            Input::Outcome(Outcome::Approved(staff)) => {
                self.approver = Some(staff.id);
                self.post(cx);
            }
            Input::Outcome(Outcome::Yes) if self.once.is_unknown() => return Step::Pop(None),
            Input::Outcome(Outcome::Yes) => self.post(cx),
            Input::Action(Action::Accept) => return self.accept(cx),
            Input::Action(Action::Back) => return self.back(),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let is_free = !self.once.is_under_way();
        match action {
            Action::Accept => is_free && (self.chosen.is_some() || !self.things.is_empty()),
            Action::Back => is_free,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        let title = Say::new("hand.title").with("name", &self.member.name);
        paint::line(frame, inside, 0, &look.say(&title), look.style(Role::Title));
        let body = paint::below(inside, 2);
        let Some(thing) = &self.chosen else {
            let mut row = 1;
            for line in width::wrap(look.text("hand.how"), inside.width.into()) {
                paint::line(frame, inside, row, &line, look.style(Role::Dim));
                row += 1;
            }
            let area = paint::below(inside, row);
            self.things.view(frame, area, look, cells);
            return;
        };
        let what = format!("{}  {}", thing.name, thing.services);
        paint::line(frame, inside, 1, what.trim_end(), look.style(Role::Text));
        let Some(to) = &self.to else {
            let who = look.text("hand.who");
            paint::line(frame, inside, 2, who, look.style(Role::Dim));
            let area = paint::below(body, 2);
            self.seek.view(frame, area, true, look);
            return;
        };
        let to = Say::new("hand.to")
            .with("name", &to.name)
            .with("phone", to.phone.as_deref().unwrap_or_default());
        let text = if self.once.is_under_way() {
            look.text("tender.posting").to_owned()
        } else if let Some(hint) = &self.hint {
            look.say(hint)
        } else {
            look.text("hand.enter").to_owned()
        };
        paint::line(frame, body, 0, &look.say(&to), look.style(Role::Title));
        for (row, line) in (2..).zip(width::wrap(&text, body.width.into())) {
            paint::line(frame, body, row, &line, look.style(Role::Warn));
        }
    }
}

fn cells(thing: &Thing, look: &Look) -> Vec<Cell> {
    let why = thing.kept.map_or("", |key| look.text(key));
    let role = if thing.kept.is_some() {
        Role::Dim
    } else {
        Role::Text
    };
    vec![
        Cell::from(format!("{} {}", thing.name, thing.services)).role(role),
        Cell::from(thing.until.as_str()).role(role),
        Cell::from(why).role(Role::Dim),
    ]
}
