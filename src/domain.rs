//! The rules of the shop: pure functions and plain data. No clock, no randomness, no i/o.

pub mod calendar;
pub mod ledger;
pub mod level;
pub mod member;
pub mod money;
pub mod points;
pub mod price;
pub mod product;
pub mod refund;
pub mod sale;
pub mod shift;
pub mod shop;
pub mod staff;
pub mod stored_value;
pub mod tender;
pub mod top_up;
