//! One file per screen, named like the noun it works on.

pub mod approve;
pub mod attach;
pub mod confirm;
pub mod help;
pub mod message;
pub mod operations;
pub mod receipt;
pub mod refund;
pub mod reversal;
pub mod sign_in;
pub mod tender;
pub mod top_up;
