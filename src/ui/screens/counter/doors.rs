//! The screens the counter opens.

use crate::domain::ledger::DocumentLine;
use crate::domain::member::Member;
use crate::error::Refusal;
use crate::ui::screen::Screen;
use crate::ui::screens::message::Message;
use crate::ui::text::Say;

type Door = Box<dyn Screen>;

/// What is sold, to whom, and who approved a price set by hand.
type Tender = fn(Vec<DocumentLine>, Option<Box<Member>>, Option<i32>) -> Door;

/// Makes each of them. A test puts its own behind a door.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    pub tender: Tender,
    pub top_up: fn(Box<Member>) -> Door,
    pub member: fn(i64) -> Door,
    pub operations: fn(i32) -> Door,
    pub dormant: fn() -> Door,
    pub approve: fn(Say) -> Door,
    pub open_shift: fn() -> Door,
    pub close_shift: fn() -> Door,
    pub pay_out: fn() -> Door,
    pub manage: fn() -> Door,
}

impl Default for Doors {
    fn default() -> Self {
        Self {
            tender: |_lines, _member, _approver| closed(), // SEAM: Tender::new(lines, member)
            top_up: |_member| closed(),                    // SEAM: TopUp::new(member)
            member: |_id| closed(),                        // SEAM: MemberCard::new(id)
            operations: |_till| closed(), // SEAM: Operations::new(OperationsOf::Till(till))
            dormant: closed,              // SEAM: Dormant::new()
            approve: |_why| closed(),     // SEAM: Approve::new(why)
            open_shift: closed,           // SEAM: OpenShift::new()
            close_shift: closed,          // SEAM: CloseShift::new()
            pay_out: closed,              // SEAM: PayOut::new()
            manage: closed,               // SEAM: Manage::new()
        }
    }
}

/// Says that there is nothing behind this door.
fn closed() -> Door {
    Box::new(Message::new(Refusal::user("counter.closed")))
}
