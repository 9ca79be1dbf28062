//! Giving coupons by hand: which, how many, and why (PR4). A right, or somebody's approval who has it.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::coupon::CouponRule;
use crate::domain::gift::{GiftRequest, MOST};
use crate::domain::ledger::Stamp;
use crate::domain::member::Member;
use crate::domain::staff::Act;
use crate::error::{Refusal, Result};
use crate::query::{Query, Reply};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::message::Message;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form};
use crate::ui::widgets::notice::Tone;
use crate::ui::{offer, paint, width};

/// Places in the form.
const RULE: usize = 0;
const COUNT: usize = 1;
const REASON: usize = 2;

/// Longest reason, characters.
const REASON_LENGTH: usize = 60;

/// Pops `Outcome::Receipt`, or nothing on Esc.
#[derive(Debug)]
pub struct Give {
    member: Box<Member>,
    rules: Vec<CouponRule>,
    form: Form,
    approver: Option<i32>,
    hint: Option<Say>,
    once: Once<GiftRequest>,
}

impl Give {
    /// To this member.
    #[must_use]
    pub fn new(member: Box<Member>) -> Self {
        Self {
            member,
            rules: Vec::new(),
            form: Form::new(),
            approver: None,
            hint: None,
            once: Once::default(),
        }
    }

    fn opened(&mut self, cx: &Cx) -> Step {
        if cx.session.shift.is_none() {
            return Step::replace(Message::new(Refusal::user("shift.not_open")));
        }
        let today = cx.session.today(cx.now());
        let rules = cx.session.shop.iter().flat_map(|shop| &shop.coupons);
        let rules = rules.filter(|rule| rule.is_given(today) && rule.is_left_for(&self.member));
        self.rules = rules.cloned().collect();
        if self.rules.is_empty() {
            return Step::replace(Message::new(Refusal::user("coupon.none_to_give")));
        }
        let names: Vec<String> = self.rules.iter().map(|rule| rule.name.clone()).collect();
        self.form = Form::new()
            .choice("coupon.which", names, 0)
            .field("coupon.count", Field::new(Kind::Digits).most(2).with("1"))
            .field("coupon.reason", Field::new(Kind::Any).most(REASON_LENGTH))
            .hint("coupon.reason_hint");
        Step::Stay
    }

    fn rule(&self) -> Option<&CouponRule> {
        self.rules.get(self.form.chosen(RULE))
    }

    /// Checks the form; none after saying what is wrong.
    fn request(&mut self) -> Option<(i32, i32, i64, String)> {
        let count = self.form.value(COUNT).parse().unwrap_or(0);
        if !(1..=MOST).contains(&count) {
            let wrong = Say::new("coupon.count_wrong").with("most", MOST);
            self.form.refuse(COUNT, wrong);
            return None;
        }
        let reason = self.form.need_text(REASON)?;
        let rule = self.rule()?;
        Some((rule.rule.id, rule.rule.version, count, reason))
    }

    fn accept(&mut self, cx: &mut Cx) -> Step {
        let may = cx
            .session
            .limit()
            .is_some_and(|limit| limit.allows(Act::GiveCoupon));
        if self.once.is_unknown() || may || self.approver.is_some() {
            self.post(cx);
            return Step::Stay;
        }
        self.approve()
    }

    fn approve(&mut self) -> Step {
        let Some((_, _, count, reason)) = self.request() else {
            return Step::Stay;
        };
        let why = Say::new("coupon.needs_approval")
            .with("member", &self.member.name)
            .with("name", self.rule().map_or("", |rule| &rule.name))
            .with("count", count)
            .with("reason", reason);
        Step::push(Approve::new(why, Act::GiveCoupon))
    }

    fn post(&mut self, cx: &mut Cx) {
        let Some((rule_id, version, count, reason)) = self.request() else {
            return;
        };
        let (member_id, approver_id) = (self.member.id, self.approver);
        let make = |stamp: Stamp| GiftRequest {
            stamp: Stamp {
                approver_id,
                ..stamp
            },
            member_id,
            rule_id,
            version,
            count,
            reason,
        };
        self.hint = None;
        let member = self.member.clone();
        self.once
            .send(cx, make, |request| Query::Give { request, member });
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        if let Ok(Reply::Receipt(receipt)) = &answer {
            let given = receipt.document.coupons.first();
            let say = Say::new("coupon.given_done")
                .with("name", given.map_or("", |coupon| &coupon.name))
                .with("count", receipt.document.coupons.len());
            cx.notice(Tone::Good, say);
        }
        match self.once.done(answer, &mut self.hint, cx) {
            Ok(step) => step,
            Err(refusal) if refusal.hint == "approval.needed" => self.approve(),
            Err(refusal) => cx.refuse(refusal),
        }
    }
}

impl Screen for Give {
    fn bindings(&self) -> &'static str {
        "give"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened if self.rules.is_empty() => return self.opened(cx),
            Input::Reply(ticket, answer) => {
                if self.once.took(ticket, &answer) {
                    return self.answered(answer, cx);
                }
            }
            Input::Outcome(Outcome::Approved(staff)) => {
                self.approver = Some(staff.id);
                self.post(cx);
            }
            Input::Action(Action::Back) if self.once.is_unknown() => {
                return Step::push(Confirm::new("tender.leave_unknown").careful());
            }
            Input::Action(Action::Back) | Input::Outcome(Outcome::Yes) => return Step::Pop(None),
            Input::Action(Action::Accept | Action::Save) if self.once.is_unknown() => {
                return self.accept(cx);
            }
            _ if self.once.is_unknown() || self.once.is_under_way() => {}
            input => {
                let saves = self.form.on(&input) == Did::Save;
                // Whoever approved it approved what stood there then.
                self.approver = None;
                if saves {
                    return self.accept(cx);
                }
            }
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let asks = matches!(action, Action::Accept | Action::Save | Action::Back);
        !asks || !self.once.is_under_way()
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let title = Say::new("coupon.give_to").with("name", &self.member.name);
        paint::title(frame, area, &look.say(&title), None, look);
        let what = self.rule().map(|rule| {
            let day = rule.expires_on(look.session.today(look.now));
            let until = day.map_or_else(
                || look.text("member.for_ever").to_owned(),
                |day| look.say(&Say::new("member.to_day").with("day", day)),
            );
            format!("{}  {until}", offer::coupon(rule, look))
        });
        let mut row = 1;
        let texts = what
            .into_iter()
            .chain(self.hint.iter().map(|say| look.say(say)));
        for text in texts {
            for line in width::wrap(&text, area.width.into()) {
                paint::line(frame, area, row, &line, look.style(Role::Title));
                row += 1;
            }
        }
        self.form.view(frame, paint::below(area, row + 1), look);
    }
}
