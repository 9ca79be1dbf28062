//! Orders that were paid for beforehand, in the sale and in the panel (SV6).

use chrono::NaiveDate;
use uuid::Uuid;

use super::Counter;
use crate::domain::deposit::{line, open, still_due};
use crate::domain::member::Member;
use crate::ui::screen::Cx;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;

/// Orders that are named in the panel.
const MOST_ORDERS: usize = 2;

impl Counter {
    /// An order is fetched: a line of the sale at the agreed price.
    pub(super) fn order(&mut self, member: Box<Member>, claim: Uuid, cx: &mut Cx) {
        let known = open(&member).into_iter().find(|grant| grant.id == claim);
        let fetched = known.map(|grant| (line(grant), grant.value));
        self.set_member(member, cx);
        let Some((line, deposit)) = fetched else {
            return;
        };
        if self.sale.all().iter().any(|it| it.ordered == line.ordered) {
            cx.notice(Tone::Plain, "orders.in_sale");
            return;
        }
        let say = Say::new("orders.taken")
            .with("name", &line.name)
            .with("deposit", deposit);
        if self.sale.push(line) {
            cx.notice(Tone::Good, say);
        } else {
            cx.notice(Tone::Warn, "counter.full");
        }
    }

    /// Whether an order in the sale is not one of the member's on the screen.
    pub(super) fn has_strange_order(&self) -> bool {
        let hers = self.member.as_deref().map(open).unwrap_or_default();
        let mut ordered = self.sale.all().iter().filter_map(|line| line.ordered);
        ordered.any(|it| !hers.iter().any(|grant| grant.id == it.claim_id))
    }

    /// An order of the sale was fetched, or called off, elsewhere.
    pub(super) fn without_order(&mut self, name: &str) {
        let is_it = |line: &crate::domain::price::CartLine| {
            line.ordered.is_some() && (line.name == name || name.is_empty())
        };
        let mut lines = self.sale.all().to_vec();
        lines.retain(|line| !is_it(line));
        self.sale.set(lines);
    }

    /// Her open orders, in the panel: what, for when, what is still to pay.
    pub(super) fn orders(&self, today: NaiveDate) -> Vec<(Say, Role)> {
        let all = self.member.as_deref().map(open).unwrap_or_default();
        let shown = all.iter().take(MOST_ORDERS).map(|grant| {
            let day = grant.terms.order.map(|order| order.due_on);
            let role = match day.map(|day| (day - today).num_days()) {
                Some(..0) => Role::Bad,
                Some(0) => Role::Warn,
                _ => Role::Title,
            };
            let key = if still_due(grant).is_positive() {
                "counter.order_left"
            } else {
                "counter.order_paid"
            };
            let say = Say::new(key)
                .with("name", &grant.terms.name)
                .with(
                    "day",
                    day.map_or(String::new(), |day| day.format("%m-%d").to_string()),
                )
                .with("due", still_due(grant));
            (say, role)
        });
        let mut says: Vec<(Say, Role)> = shown.collect();
        if let Some(n) = all.len().checked_sub(MOST_ORDERS).filter(|n| *n > 0) {
            says.push((Say::new("counter.orders_more").with("n", n), Role::Dim));
        }
        says
    }
}
