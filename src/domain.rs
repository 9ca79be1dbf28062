//! The rules of the shop: pure functions and plain data. No clock, no randomness, no i/o.

pub mod gtin;
pub mod money;
pub mod phone;
pub mod spelling;
pub mod token;
