//! The screens the counter opens.

use crate::domain::member::Member;
use crate::domain::staff::Act;
use crate::query::{Cart, OperationsOf};
use crate::ui::screen::Screen;
use crate::ui::screens::approve::Approve;
use crate::ui::screens::close_shift::CloseShift;
use crate::ui::screens::dormant::Dormant;
use crate::ui::screens::manage::Manage;
use crate::ui::screens::member::MemberCard;
use crate::ui::screens::open_shift::OpenShift;
use crate::ui::screens::operations::Operations;
use crate::ui::screens::pay_out::PayOut;
use crate::ui::screens::redeem::Redeem;
use crate::ui::screens::tender::{Prices, Tender};
use crate::ui::screens::top_up::TopUp;
use crate::ui::text::Say;

type Door = Box<dyn Screen>;

/// What it costs, who buys, who approved a price set by hand, and the cart it came from.
type Pay = fn(Prices, Option<Box<Member>>, Option<i32>, Cart) -> Door;

/// Makes each of them. A test puts its own behind a door.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    pub tender: Pay,
    pub top_up: fn(Box<Member>) -> Door,
    pub member: fn(i64) -> Door,
    pub redeem: fn(Box<Member>) -> Door,
    pub operations: fn(i32) -> Door,
    pub dormant: fn() -> Door,
    pub approve: fn(Say, Act) -> Door,
    pub open_shift: fn() -> Door,
    pub close_shift: fn() -> Door,
    pub pay_out: fn() -> Door,
    pub manage: fn() -> Door,
}

impl Default for Doors {
    fn default() -> Self {
        Self {
            tender: |prices, member, approver, cart| {
                Box::new(Tender::of(prices, member).approved(approver).keeping(cart))
            },
            top_up: |member| Box::new(TopUp::new(member)),
            member: |id| Box::new(MemberCard::new(id).at_counter()),
            redeem: |member| Box::new(Redeem::new(member)),
            operations: |till| Box::new(Operations::new(OperationsOf::Till(till))),
            dormant: || Box::new(Dormant::new()),
            approve: |why, act| Box::new(Approve::new(why, act)),
            open_shift: || Box::new(OpenShift::new()),
            close_shift: || Box::new(CloseShift::new()),
            pay_out: || Box::new(PayOut::new()),
            manage: || Box::new(Manage::new()),
        }
    }
}
