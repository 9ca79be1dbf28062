//! From the sale to its payment: what must be settled first.

use super::receive::override_of;
use super::{Counter, Question};
use crate::domain::staff::Act;
use crate::ui::screen::{Cx, Step};
use crate::ui::text::Say;
use crate::ui::widgets::notice::Tone;

/// Prices set by hand that an approver sees one by one.
const MOST_OVERRIDES: usize = 3;

impl Counter {
    /// On to the payment, once every scan has its answer: none may be left out of the bill.
    pub(super) fn pay(&mut self, cx: &mut Cx) -> Step {
        if self.is_fetching() {
            self.pays = true;
            return Step::Stay;
        }
        self.pays = false;
        if self.sale.is_empty() {
            return Step::Stay;
        }
        if cx.session.shift.is_none() {
            return Step::Push((self.doors.open_shift)());
        }
        if self.has_strange_order() {
            cx.notice(Tone::Warn, "deposit.not_hers");
            return Step::Stay;
        }
        let packed = self.sale.all().iter().any(|line| line.package.is_some());
        if packed && !self.known() {
            cx.notice(Tone::Warn, "package.member_first");
            return Step::Stay;
        }
        if self.wants_approval(cx) {
            self.question = Some(Question::Approval);
            return Step::Push((self.doors.approve)(self.overrides(cx), Act::Price));
        }
        let prices = self.prices(cx);
        let approver = self.sale.approver(cx.session.staff.as_ref());
        let cart = self.cart();
        Step::Push((self.doors.tender)(
            prices,
            self.member.clone(),
            approver,
            cart,
        ))
    }

    /// Who approved a price is forgotten with the screen; the price is not.
    fn wants_approval(&self, cx: &Cx) -> bool {
        let approver = self.sale.approver(cx.session.staff.as_ref());
        let may = cx.session.limit().is_some_and(|limit| limit.price_override);
        approver.is_none() && !may && self.sale.is_special()
    }

    /// The prices set by hand, for whoever approves them.
    fn overrides(&self, cx: &Cx) -> Say {
        let by_hand = self.sale.all().iter();
        let mut by_hand = by_hand.filter(|line| line.override_price.is_some());
        let shown = by_hand.by_ref().take(MOST_OVERRIDES);
        let mut texts: Vec<String> = shown.map(|line| cx.say(&override_of(line))).collect();
        let more = by_hand.count();
        if more > 0 {
            let say = Say::new("counter.overrides_more").with("count", more);
            texts.push(cx.say(&say));
        }
        Say::new("counter.overrides").with("lines", texts.join("; "))
    }
}
