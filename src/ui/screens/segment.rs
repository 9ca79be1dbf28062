//! Coupons for everybody of a list (PR4): which, and why. The next page says who would get one before anything is given.

mod run;
mod words;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::coupon::CouponRule;
use crate::domain::segment::{Batch, Segment};
use crate::error::Refusal;
use crate::ui::keymap::Action;
use crate::ui::screen::{Cx, Input, Look, Screen, Step};
use crate::ui::screens::message::Message;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::{Did, Form};
use crate::ui::{offer, paint, width};
use run::Run;

/// Places in the form.
const RULE: usize = 0;
const REASON: usize = 1;

/// Longest reason, characters.
const REASON_LENGTH: usize = 60;

/// The form; Esc goes back to the list.
#[derive(Debug)]
pub struct GiveAll {
    segment: Segment,
    rules: Vec<CouponRule>,
    form: Form,
}

impl GiveAll {
    /// To whoever the list is of now.
    #[must_use]
    pub fn new(segment: Segment) -> Self {
        Self {
            segment,
            rules: Vec::new(),
            form: Form::new(),
        }
    }

    fn opened(&mut self, cx: &Cx) -> Step {
        if cx.session.shift.is_none() {
            return Step::replace(Message::new(Refusal::user("shift.not_open")));
        }
        let today = cx.session.today(cx.now());
        let rules = cx.session.shop.iter().flat_map(|shop| &shop.coupons);
        self.rules = rules.filter(|rule| rule.is_given(today)).cloned().collect();
        if self.rules.is_empty() {
            return Step::replace(Message::new(Refusal::user("coupon.none_to_give")));
        }
        let names: Vec<String> = self.rules.iter().map(|rule| rule.name.clone()).collect();
        self.form = Form::new()
            .choice("coupon.which", names, 0)
            .field("coupon.reason", Field::new(Kind::Any).most(REASON_LENGTH))
            .hint("segment.reason_hint");
        Step::Stay
    }

    fn next(&mut self, cx: &Cx) -> Step {
        let rule = self.rules.get(self.form.chosen(RULE)).cloned();
        let (Some(rule), Some(reason)) = (rule, self.form.need_text(REASON)) else {
            return Step::Stay;
        };
        let batch = Batch {
            segment: self.segment,
            rule: rule.rule,
            business_on: cx.session.today(cx.now()),
        };
        Step::push(Run::new(batch, rule, reason))
    }
}

impl Screen for GiveAll {
    fn bindings(&self) -> &'static str {
        "segment"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened if self.rules.is_empty() => return self.opened(cx),
            Input::Action(Action::Back) => return Step::Pop(None),
            input => {
                if self.form.on(&input) == Did::Save {
                    return self.next(cx);
                }
            }
        }
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        paint::title(frame, area, look.text("segment.title"), None, look);
        let mut texts = vec![(words::list(&self.segment, look), Role::Text)];
        if let Some(rule) = self.rules.get(self.form.chosen(RULE)) {
            let today = look.session.today(look.now);
            let until = rule.expires_on(today).map_or_else(
                || look.text("member.for_ever").to_owned(),
                |day| look.say(&Say::new("member.to_day").with("day", day)),
            );
            texts.push((format!("{}  {until}", offer::coupon(rule, look)), Role::Dim));
        }
        let mut row = 1;
        for (text, role) in texts {
            for line in width::wrap(&text, area.width.into()) {
                paint::line(frame, area, row, &line, look.style(role));
                row += 1;
            }
        }
        self.form.view(frame, paint::below(area, row + 1), look);
    }
}
