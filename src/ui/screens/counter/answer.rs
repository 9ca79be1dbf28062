//! Answers of the back end, and what a finished sale leaves on the screen.

use super::{Anonymous, Code, Counter, Question, Why};
use crate::domain::ledger::{DocumentLine, OperationKind};
use crate::domain::member::Member;
use crate::domain::money::{Fen, grouped};
use crate::domain::print::Shown;
use crate::domain::receipt::Receipt;
use crate::domain::staff::Act;
use crate::error::{Refusal, Result};
use crate::query::{Noun, Query, Reply, Ticket};
use crate::ui::screen::{Cx, Outcome, Step};
use crate::ui::screens::attach::Attach;
use crate::ui::screens::redeem::counted;
use crate::ui::text::Say;
use crate::ui::widgets::notice::Tone;

/// What was used and what is left of it.
fn redeemed(receipt: &Receipt, cx: &Cx) -> Say {
    let line = receipt.lines.first();
    let name = line.map_or("", |line| line.name.as_str());
    let remaining = receipt.document.left.first();
    let say = match remaining.and_then(|it| it.quantity.map(|left| (it.unit, left))) {
        Some((unit, left)) => counted(unit, left),
        None => Say::new("redeem.endless"),
    };
    Say::new("counter.redeemed")
        .with("service", name)
        .with("left", cx.say(&say))
}

impl Counter {
    pub(super) fn answered(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        if self.finder.is_for(ticket) {
            return self.candidates(answer, cx);
        }
        if let Some(place) = self.fetching.iter().position(|(asked, _)| *asked == ticket) {
            let (_, why) = self.fetching.remove(place);
            let step = self.fetched(why, answer, cx);
            let pays = self.pays && matches!(step, Step::Stay);
            return if pays { self.pay(cx) } else { step };
        }
        if self.keeping == Some(ticket) {
            self.keeping = None;
            if let Err(refusal) = answer {
                cx.notice(Tone::Warn, &refusal);
            }
        } else if self.holding == Some(ticket) {
            self.holding = None;
            match answer {
                Ok(_) => {
                    self.clear();
                    cx.notice(Tone::Good, "counter.held");
                }
                Err(refusal) => return cx.refuse(refusal),
            }
        } else if self.opening == Some(ticket) {
            self.opening = None;
            match answer {
                Ok(Reply::Opening(opening)) => {
                    cx.session.open(*opening);
                    return self.opened(cx);
                }
                Ok(Reply::Shop(shop, _)) => cx.session.renew(*shop),
                _ => {}
            }
        }
        Step::Stay
    }

    /// Candidates for what stands in the line; Enter may have waited for them.
    fn candidates(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        let (found, refusal) = match answer {
            Ok(Reply::Candidates(found)) => (Some(found), None),
            Ok(_) => (None, None),
            Err(refusal) => (None, Some(refusal)),
        };
        let entered = self.finder.answer(found);
        match refusal {
            _ if !entered => Step::Stay,
            Some(refusal) => cx.refuse(refusal),
            None if self.finder.is_fresh() => self.accept(cx),
            None => Step::Stay,
        }
    }

    fn fetched(&mut self, why: Why, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match (why, answer) {
            (Why::Code(code), Ok(Reply::Found(found))) => self.found(found, *code, cx),
            (Why::Product(pieces), Ok(Reply::Product(product))) => self.add(&product, pieces, cx),
            (Why::Member | Why::Restore(_), Ok(Reply::Member(member))) => {
                self.set_member(member, cx);
                Step::Stay
            }
            (Why::Release, Ok(Reply::Member(member))) => {
                self.released(&member, cx);
                if self.member.as_ref().is_some_and(|now| now.id == member.id) {
                    self.member = Some(member);
                }
                Step::Stay
            }
            (Why::Refresh, Ok(Reply::Member(member))) => {
                if self.member.as_ref().is_some_and(|now| now.id == member.id) {
                    self.member = Some(member);
                }
                Step::Stay
            }
            (Why::Coupon, Ok(Reply::Coupon(grant))) => self.present(grant, cx),
            (Why::Refresh, Err(_)) | (_, Ok(_)) => Step::Stay,
            (Why::Release, Err(refusal)) => {
                cx.notice(Tone::Warn, &refusal);
                Step::Stay
            }
            (_, Err(refusal)) => {
                self.pays = false;
                cx.refuse(refusal)
            }
        }
    }

    /// Says what she was given just now, while she is on the screen.
    fn released(&self, member: &Member, cx: &mut Cx) {
        let before = self.member.as_ref().filter(|now| now.id == member.id);
        let Some(before) = before else { return };
        let had = &before.occasions.given;
        let new = member
            .occasions
            .given
            .iter()
            .filter(|gift| !had.contains(gift));
        let gifts = cx.session.shop.iter().flat_map(|shop| &shop.gifts);
        let mut names: Vec<&str> = Vec::new();
        for (id, _) in new {
            let rule = gifts.clone().find(|rule| rule.rule.id == *id);
            names.extend(rule.map(|rule| rule.name.as_str()));
        }
        if !names.is_empty() {
            let say = Say::new("gift.released").with("names", names.join(", "));
            cx.notice(Tone::Good, say);
        }
    }

    /// Somebody else edited the shop. Goods that are rung up keep their price, those that come next have
    /// the new one; what the level and the shop's terms take off is worked out again, and said aloud when
    /// the total is another.
    pub(super) fn changed(&mut self, noun: Noun, cx: &mut Cx) -> Step {
        if Noun::Product.meets(noun) {
            self.remembered.clear();
        }
        if Noun::Shop.meets(noun) {
            self.take_level(cx);
            let total = self.quote(cx.session, cx.now()).total;
            if total != self.total {
                let say = Say::new("counter.repriced").with("total", total);
                cx.notice(Tone::Warn, say);
            }
        }
        if Noun::Shop.meets(noun) || Noun::Member.meets(noun) {
            self.refresh(cx);
        }
        Step::Stay
    }

    /// The member's level as the shop defines it now, before the member herself has been read again.
    fn take_level(&mut self, cx: &Cx) {
        if let (Some(member), Some(shop)) = (&mut self.member, &cx.session.shop)
            && let Some(level) = shop.level(member.level.id)
        {
            member.level = level.clone();
        }
    }

    pub(super) fn refresh(&mut self, cx: &mut Cx) {
        let already = self
            .fetching
            .iter()
            .any(|(_, why)| matches!(why, Why::Refresh));
        if let Some(member) = self.member.as_ref().filter(|_| !already) {
            let id = member.id;
            self.fetch(Query::ReadMember { id }, Why::Refresh, cx);
        }
    }

    /// To the customer: the price of a line that came, the total after any other change.
    pub(super) fn show(&self, (lines, total): (usize, Fen), cx: &mut Cx) {
        let now = self.sale.all();
        match now.last() {
            Some(line) if now.len() > lines => {
                cx.show(Shown::Price(line.override_price.unwrap_or(line.price)));
            }
            Some(_) if self.total != total => cx.show(Shown::Total(self.total)),
            None if lines > 0 => cx.show(Shown::Nothing),
            _ => {}
        }
    }

    /// Money moved on the screen above.
    pub(super) fn receipt(&mut self, receipt: &Receipt, cx: &mut Cx) {
        if receipt.kind != OperationKind::Sale {
            let key = match receipt.kind {
                OperationKind::TopUp => "counter.topped_up",
                OperationKind::Redemption => {
                    let say = redeemed(receipt, cx);
                    cx.notice(Tone::Good, say);
                    self.refresh(cx);
                    return;
                }
                OperationKind::Exchange => "counter.exchanged",
                OperationKind::CheckIn => "counter.checked_in",
                _ => "counter.posted",
            };
            let document = &receipt.document;
            let reward = document.reward.as_ref();
            let say = Say::new(key)
                .with("amount", document.amount)
                .with("name", reward.map_or("", |it| it.name.as_str()))
                .with("count", reward.map_or(0, |it| it.count))
                .with("streak", document.check_in.map_or(0, |it| it.streak))
                .with("points", grouped(document.points + document.points_paid));
            cx.notice(Tone::Good, say);
            self.refresh(cx);
            return;
        }
        // What was paid beforehand was not paid now (SV6).
        let lines = receipt.lines.iter();
        let deposits = lines.map(DocumentLine::deposit).sum();
        let paid = receipt.net() - deposits - receipt.document.rounding;
        let anonymous = receipt.after.is_none() && receipt.names.member.is_none();
        self.anonymous = anonymous.then(|| Anonymous {
            sale_id: receipt.id,
            shift_id: cx.session.shift.as_ref().map(|shift| shift.id),
            paid,
        });
        let say = last_line(receipt, paid);
        cx.notice(Tone::Good, say.clone());
        self.clear();
        self.last = Some(say);
    }

    /// Puts the anonymous sale before under the name of the member on the screen, or asks whose it
    /// is (MB3).
    pub(super) fn attach(&mut self, cx: &mut Cx) -> Step {
        let Some(sale) = self.anonymous else {
            return Step::Stay;
        };
        let shift = cx.session.shift.as_ref().map(|shift| shift.id);
        if sale.shift_id != shift {
            self.anonymous = None;
            cx.notice(Tone::Warn, "counter.shift_over");
            return Step::Stay;
        }
        self.question = Some(Question::Attach);
        let attach = Attach::new(sale.sale_id);
        Step::push(match self.member.clone() {
            Some(member) => attach.to(member),
            None => attach,
        })
    }

    /// The sale is somebody's now, or was already.
    pub(super) fn attached(&mut self, outcome: &Outcome, cx: &mut Cx) {
        self.anonymous = None;
        if *outcome == Outcome::Yes {
            self.refresh(cx);
        }
    }

    /// Opens the popup for a new product, or asks somebody who may. What its code says of the piece is kept.
    pub(super) fn add_product(&mut self, item: String, code: Code, cx: &mut Cx) -> Step {
        let may = cx.session.limit().is_some_and(|limit| limit.manage);
        self.question = Some(Question::NewProduct(item.clone(), code));
        if let (Some(staff), true) = (&cx.session.staff, may) {
            return Self::new_product(item, staff.id);
        }
        Step::Push((self.doors.approve)(
            Say::new("counter.new_product"),
            Act::Manage,
        ))
    }

    /// The operations of this till.
    pub(super) fn operations(&self, cx: &Cx) -> Step {
        Step::Push((self.doors.operations)(cx.session.till_id()))
    }

    /// Nothing unfinished may lie below the close of a shift.
    pub(super) fn close_shift(&self, cx: &mut Cx) -> Step {
        if self.sale.is_empty() && !self.is_fetching() {
            return Step::Push((self.doors.close_shift)());
        }
        cx.refuse(Refusal::user("counter.unfinished"))
    }
}

/// What the receipt says at its end.
fn last_line(receipt: &Receipt, paid: Fen) -> Say {
    let tenders = &receipt.document.tenders;
    let change: Fen = tenders
        .iter()
        .map(crate::domain::tender::Tender::change)
        .sum();
    let say = match (&receipt.after, change.is_positive()) {
        (Some(_), false) => Say::new("counter.paid_member"),
        (Some(_), true) => Say::new("counter.paid_member_change"),
        (None, false) => Say::new("counter.paid"),
        (None, true) => Say::new("counter.paid_change"),
    };
    let say = say.with("amount", paid).with("change", change);
    match &receipt.after {
        Some(after) => say
            .with("left", after.principal + after.bonus)
            .with("points", grouped(after.points)),
        None => say,
    }
}
