//! One file per screen, named like the noun it works on.

pub mod confirm;
pub mod dormant;
pub mod help;
pub mod member;
pub mod message;
pub mod sign_in;
pub mod statement;
