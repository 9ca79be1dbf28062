//! The rules of the shop: pure functions and plain data. No clock, no randomness, no i/o.

pub mod money;
pub mod scan;
