//! One file per screen, named like the noun it works on.

pub mod choose;
pub mod confirm;
pub mod counter;
pub mod enrol;
pub mod held;
pub mod help;
pub mod line;
pub mod message;
pub mod new_product;
pub mod sign_in;
