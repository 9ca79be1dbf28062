//! The member card: who she is, what she holds and since when, what is promised and what expires.

mod about;
pub mod add_card;
pub mod beneficiary;
pub mod cards;
pub mod code;
pub mod consents;
pub mod edit;
pub mod family;
pub mod give;
pub mod hand;
mod more;
mod rows;

use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::domain::member::Member;
use crate::domain::phone::Phone;
use crate::error::Result;
use crate::query::{Consent, Noun, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::orders::Orders;
use crate::ui::screens::reason::Reason;
use crate::ui::screens::settlement::Settlement;
use crate::ui::screens::statement::{Statement, Unit, open_receipt};
use crate::ui::screens::top_up::TopUp;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::Table;
use add_card::AddCard;
use cards::Cards;
use edit::EditMember;
use family::Family;
use give::Give;
use more::Asking;
use rows::Row;

/// Everything about one member. Pops `Outcome::Member`: as she is now.
#[derive(Debug)]
pub struct MemberCard {
    id: i64,
    member: Option<Box<Member>>,
    rows: Table<Row>,
    /// The whole number: shown until the card closes, its `Debug` masks it (MB7).
    phone: Option<Phone>,
    may_reveal: bool,
    /// Whether the sale is below.
    at_counter: bool,
    asked: Option<Ticket>,
    revealing: Option<Ticket>,
    receipt: Option<Ticket>,
    /// What she agreed to (PV1).
    consents: Vec<Consent>,
    agreed: Option<Ticket>,
    asking: Option<Asking>,
    /// A file of hers is written, or she is forgotten.
    writing: Option<Ticket>,
}

impl MemberCard {
    #[must_use]
    pub fn new(member_id: i64) -> Self {
        Self {
            id: member_id,
            member: None,
            rows: Table::new(rows::COLUMNS, "member.unread"),
            phone: None,
            may_reveal: false,
            at_counter: false,
            asked: None,
            revealing: None,
            receipt: None,
            consents: Vec::new(),
            agreed: None,
            asking: None,
            writing: None,
        }
    }

    /// Opened from the sale: what she fetches becomes a line of it.
    #[must_use]
    pub const fn at_counter(mut self) -> Self {
        self.at_counter = true;
        self
    }

    fn read(&mut self, cx: &mut Cx) {
        self.asked = Some(cx.ask(Query::ReadMember { id: self.id }));
        let member_id = self.id;
        self.agreed = Some(cx.ask(Query::Consents { member_id }));
    }

    fn show(&mut self, member: Box<Member>) {
        self.rows.set(rows::of(&member), true);
        self.member = Some(member);
    }

    fn act(&mut self, action: Action, cx: &mut Cx) -> Step {
        let Some(member) = &self.member else {
            return Step::Stay;
        };
        match action {
            Action::Accept => return self.open(cx),
            Action::Statement => return self.statement(Unit::Money),
            Action::Edit => return Step::push(EditMember::new(member, cx)),
            Action::Cards => return Step::push(Cards::new(member.id, &member.name)),
            Action::Family => return Step::push(Family::new(member)),
            Action::Coupons => return Step::push(Give::new(member.clone())),
            Action::Settle => return Step::push(Settlement::new(member.id)),
            Action::Orders => return Step::push(Orders::new(member.clone(), self.at_counter)),
            Action::AddCard => return Step::push(AddCard::new(member.id, &member.name)),
            Action::TopUp => {
                return Step::push(TopUp::new(member.clone()));
            }
            Action::RevealPhone => {
                self.asking = Some(Asking::Reveal);
                return Step::push(Reason::reveal());
            }
            Action::More => return self.more(),
            _ => {}
        }
        Step::Stay
    }

    /// MB7, PV2: the database keeps who looks and why, then gives the number.
    fn reveal(&mut self, reason: String, cx: &mut Cx) {
        self.revealing = Some(cx.ask(Query::RevealPhone {
            member_id: self.id,
            staff_id: cx.session.staff.as_ref().map_or(0, |staff| staff.id),
            till_id: cx.session.till_id(),
            reason,
        }));
    }

    /// LG7: what stands behind the selected line.
    fn open(&mut self, cx: &mut Cx) -> Step {
        match self.rows.selected() {
            Some(Row::Stored { .. } | Row::Lot { .. }) => self.statement(Unit::Money),
            Some(Row::Points(_) | Row::PointsLot { .. } | Row::Debt(_)) => {
                self.statement(Unit::Points)
            }
            Some(
                Row::Promised { operation_id, .. }
                | Row::Grant { operation_id, .. }
                | Row::Coupon { operation_id, .. },
            ) => {
                let id = *operation_id;
                self.receipt = Some(cx.ask(Query::ReadReceipt { id }));
                Step::Stay
            }
            Some(Row::Orders(_)) => self.orders(None),
            Some(Row::Order(grant)) => self.orders(Some(grant.id)),
            Some(Row::Packages(_) | Row::Coupons(_)) | None => Step::Stay,
        }
    }

    fn orders(&self, claim: Option<Uuid>) -> Step {
        let Some(member) = &self.member else {
            return Step::Stay;
        };
        let orders = Orders::new(member.clone(), self.at_counter);
        match claim {
            Some(claim) => Step::push(orders.at(claim)),
            None => Step::push(orders),
        }
    }

    fn statement(&self, unit: Unit) -> Step {
        let name = self.member.as_ref().map_or("", |member| &member.name);
        Step::push(Statement::new(self.id, name, unit))
    }

    fn answered(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        let slots = [
            &mut self.asked,
            &mut self.revealing,
            &mut self.receipt,
            &mut self.agreed,
            &mut self.writing,
        ];
        let Some(slot) = slots.into_iter().find(|slot| **slot == Some(ticket)) else {
            return Step::Stay;
        };
        *slot = None;
        match answer {
            Ok(Reply::Member(member)) => {
                // MB4: the card of somebody who was merged opens the one she is now.
                if member.id != self.id {
                    self.id = member.id;
                    cx.notice(Tone::Warn, "merge.opened");
                }
                self.show(member);
            }
            Ok(Reply::Consents(all)) => self.consents = all,
            Ok(Reply::Exported(path)) => {
                cx.notice(Tone::Good, Say::new("erase.exported").with("path", path));
            }
            Ok(Reply::Kept) => {
                cx.notice(Tone::Good, "erase.done");
                return Step::Pop(None);
            }
            Ok(Reply::Phone(phone)) => {
                self.phone = phone.as_deref().and_then(Phone::parse);
                if self.phone.is_none() {
                    cx.notice(Tone::Warn, "member.no_phone");
                }
            }
            Ok(Reply::Receipt(receipt)) => return open_receipt(&receipt),
            Ok(_) => {}
            Err(refusal) => return cx.refuse(refusal),
        }
        Step::Stay
    }
}

impl Screen for MemberCard {
    fn bindings(&self) -> &'static str {
        "member"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.rows.on(&input) {
            return Step::Stay;
        }
        match input {
            Input::Opened => {
                self.may_reveal = cx.session.limit().is_some_and(|limit| limit.reveal_phone);
                self.read(cx);
            }
            Input::Changed(noun) => {
                self.may_reveal = cx.session.limit().is_some_and(|limit| limit.reveal_phone);
                // The level is the shop's.
                if Noun::Member.meets(noun) || Noun::Shop.meets(noun) {
                    self.read(cx);
                }
            }
            Input::Action(Action::Reload) => self.read(cx),
            Input::Outcome(outcome) => return self.decided(outcome, cx),
            Input::Action(Action::Back) => {
                return Step::Pop(self.member.take().map(Outcome::Member));
            }
            Input::Action(action) => return self.act(action, cx),
            Input::Reply(ticket, answer) => return self.answered(ticket, answer, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Accept => self.member.is_some() && self.receipt.is_none(),
            // A gift card has no particulars, and nothing but money (SV10).
            Action::Edit | Action::Family | Action::Coupons | Action::Orders => {
                self.member.as_ref().is_some_and(|it| !it.is_bearer)
            }
            Action::AddCard
            | Action::Cards
            | Action::TopUp
            | Action::Statement
            | Action::Settle => self.member.is_some(),
            Action::More => self.member.is_some() && self.writing.is_none(),
            Action::RevealPhone => {
                let member = self.member.as_ref();
                self.may_reveal
                    && self.phone.is_none()
                    && self.revealing.is_none()
                    && member.is_some_and(|member| member.phone.is_some())
            }
            _ => true,
        }
    }

    fn why_not(&self, action: Action) -> Option<Say> {
        if action != Action::RevealPhone || self.member.is_none() {
            return None;
        }
        if !self.may_reveal {
            return Some(Say::new("member.no_reveal"));
        }
        let has_phone = self.member.as_ref()?.phone.is_some();
        (!has_phone).then(|| Say::new("member.no_phone"))
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let Some(member) = &self.member else {
            let text = if self.asked.is_some() {
                "member.reading"
            } else {
                "member.unread"
            };
            paint::line(frame, area, 0, look.text(text), look.style(Role::Dim));
            return;
        };
        let about = about::About {
            member,
            phone: self.phone.as_ref(),
            may_reveal: self.may_reveal,
            consents: &self.consents,
        };
        let rows = about.view(frame, area, look);
        paint::rule(frame, area, rows, look);
        rows::view(&mut self.rows, frame, paint::below(area, rows + 1), look);
    }
}
