//! One file per screen, named like the noun it works on.

pub mod confirm;
pub mod help;
pub mod message;
pub mod sign_in;
