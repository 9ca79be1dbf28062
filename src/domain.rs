//! The rules of the shop: pure functions and plain data. No clock, no randomness, no i/o.

pub mod code;
pub mod dormant;
pub mod gtin;
pub mod money;
pub mod payment_code;
pub mod phone;
pub mod preset;
pub mod spelling;
pub mod token;
