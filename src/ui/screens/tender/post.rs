//! The one question that moves the money, and what its answers mean.

use super::{Asking, Job, Request, Tender};
use crate::domain::deposit::DepositRequest;
use crate::domain::ledger::Stamp;
use crate::domain::money::Fen;
use crate::domain::print::Shown;
use crate::domain::receipt::Receipt;
use crate::domain::sale::SaleRequest;
use crate::domain::shop::LimitsProfile;
use crate::domain::tender::{Tender as Tendered, TenderKind};
use crate::domain::top_up::{TopUpRequest, limits_exceeded};
use crate::error::{Refusal, Result};
use crate::query::{Query, Reply};
use crate::ui::screen::{Cx, Outcome, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::widgets::notice::Tone;

impl Tender {
    /// Nothing is left to pay: one last look at the limits of SV10, then it is posted.
    pub(super) fn close(&mut self, cx: &mut Cx) -> Step {
        if let (Job::TopUp(_), Some(shop)) = (&self.job, &cx.session.shop) {
            let cash = self.bill.paid_by(TenderKind::Cash);
            let over = limits_exceeded(shop.limits_profile, true, Fen::ZERO, Fen::ZERO, cash);
            if let Some(hint) = over.first() {
                if shop.limits_profile == LimitsProfile::Enforce {
                    self.reopen();
                    return cx.refuse(Refusal::user(hint));
                }
                self.asking = Some(Asking::CashLimit);
                let question = Say::new("tender.cash_limit");
                return Step::push(Confirm::new(question).careful());
            }
        }
        self.post(cx);
        Step::Stay
    }

    pub(super) fn post(&mut self, cx: &mut Cx) {
        let Some((_, paid)) = &self.closing else {
            return;
        };
        let member = self.member.clone();
        let basket = self.basket();
        let (coupons, bearers) = self.coupons();
        let points = self.points_paid().map_or(0, |(points, _)| points);
        let deposit = Some(Tendered::exact(TenderKind::Deposit, self.deposits()));
        let deposit = deposit.filter(|it| it.amount.is_positive());
        let make = |stamp: Stamp| match &self.job {
            Job::Sale(lines) => Request::Sale(SaleRequest {
                stamp: Stamp {
                    approver_id: self.approver,
                    ..stamp
                },
                member_id: member.as_ref().map(|member| member.id),
                lines: lines.clone(),
                basket: basket.clone(),
                coupons: coupons.clone(),
                bearers: bearers.clone(),
                rounding: paid.rounding,
                tenders: deposit.into_iter().chain(paid.tenders.clone()).collect(),
                points,
            }),
            Job::Deposit(it) => Request::Deposit(DepositRequest {
                stamp,
                member_id: it.member.id,
                name: it.name.clone(),
                price: it.price,
                order: it.order,
                tenders: paid.tenders.clone(),
            }),
            Job::TopUp(load) => Request::TopUp(TopUpRequest {
                stamp: Stamp {
                    approver_id: load.approver_id,
                    ..stamp
                },
                member_id: load.member.id,
                store_id: load.store_id,
                amount: load.amount,
                rule: load.rule,
                contract: load.contract,
                tenders: paid.tenders.clone(),
            }),
        };
        let Some(request) = self.once.ready(cx, make) else {
            return;
        };
        self.hint = None;
        let query = match (request, &self.job) {
            (Request::TopUp(request), Job::TopUp(load)) => Query::TopUp {
                request,
                member: load.member.clone(),
            },
            (Request::Deposit(request), Job::Deposit(it)) => Query::TakeDeposit {
                request,
                member: it.member.clone(),
            },
            (Request::Sale(request), _) => {
                self.keep(Some(request.stamp.id), cx);
                let member = self.member.clone();
                Query::Sell { request, member }
            }
            (Request::TopUp(_) | Request::Deposit(_), _) => return,
        };
        self.once.ask(cx, query);
    }

    /// A console that starts again after a crash must know that this sale was under way.
    pub(super) fn keep(&self, sending: Option<uuid::Uuid>, cx: &mut Cx) {
        if let Some(cart) = self.cart.clone() {
            let cart = Some(cart);
            cx.ask(Query::KeepCart { cart, sending });
        }
    }

    /// Back to before the part that closed the bill.
    pub(super) fn reopen(&mut self) {
        if let Some((before, _)) = self.closing.take() {
            self.bill = before;
        }
    }

    pub(super) fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match answer {
            Ok(Reply::Receipt(receipt)) => done(receipt, cx),
            Ok(_) => Step::Stay,
            // Nothing is taken back: it may have been posted.
            Err(refusal) if self.once.is_unknown() => {
                self.hint = Some(Say::new("tender.unknown"));
                cx.refuse(refusal)
            }
            Err(refusal) if refusal.hint == "stored_value.short" => {
                self.keep(None, cx);
                self.short(&refusal, cx);
                Step::Stay
            }
            Err(refusal)
                if matches!(refusal.hint, "coupon.used" | "coupon.past" | "deposit.used") =>
            {
                self.keep(None, cx);
                let name = refusal.with.first();
                let name = name.map(|(_, name)| name.clone()).unwrap_or_default();
                Step::Pop(Some(Outcome::Gone(refusal.hint, name)))
            }
            Err(refusal) if refusal.hint == "points.short" => {
                self.keep(None, cx);
                self.reopen();
                self.points_short(cx);
                cx.refuse(refusal)
            }
            Err(refusal) if refusal.hint == "sale.repriced" => {
                self.keep(None, cx);
                let named = refusal.with.iter().find(|(name, _)| *name == "total");
                let total = named.map(|(_, total)| total.clone()).unwrap_or_default();
                Step::Pop(Some(Outcome::Repriced(total)))
            }
            Err(refusal) => {
                self.keep(None, cx);
                self.reopen();
                cx.refuse(refusal)
            }
        }
    }

    /// Somebody else was faster with her balance: keep what it still covers, the rest in cash.
    pub(super) fn short(&mut self, refusal: &Refusal, cx: &mut Cx) {
        let named = refusal.with.iter().find(|(name, _)| *name == "short");
        let short = named.and_then(|(_, value)| Fen::parse(&value.replace(',', "")));
        let stored = self.bill.paid_by(TenderKind::StoredValue);
        let kept = (stored - short.unwrap_or(stored)).max_zero();
        self.closing = None;
        self.price_as_usual();
        self.bill.keep_stored(kept);
        self.balance = kept;
        self.amount.clear();
        self.choose(TenderKind::Cash);
        self.hint = Some(Say::new("stored_value.short").with("short", self.bill.left()));
        self.read_member(cx);
    }
}

fn done(receipt: Box<Receipt>, cx: &mut Cx) -> Step {
    let tenders = receipt.document.tenders.iter();
    let now = tenders.filter(|it| it.kind != TenderKind::Deposit);
    let paid: Fen = now.map(|it| it.given).sum();
    let say = if receipt.change().is_positive() {
        Say::new("tender.done_change").with("change", receipt.change())
    } else {
        Say::new("tender.done")
    };
    cx.notice(Tone::Good, say.with("paid", paid));
    cx.show(Shown::Change(receipt.change()));
    cx.hand_out(&receipt);
    Step::Pop(Some(Outcome::Receipt(receipt)))
}
