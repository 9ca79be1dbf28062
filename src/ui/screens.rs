//! One file per screen, named like the noun it works on.

pub mod approve;
pub mod attach;
pub mod choose;
pub mod close_shift;
pub mod confirm;
pub mod counter;
pub mod dormant;
pub mod enrol;
pub mod held;
pub mod help;
pub mod line;
pub mod manage;
pub mod member;
pub mod message;
pub mod new_product;
pub mod open_shift;
pub mod operations;
pub mod pay_out;
pub mod receipt;
pub mod refund;
pub mod reversal;
pub mod set_up;
pub mod sign_in;
pub mod statement;
pub mod tender;
pub mod top_up;
