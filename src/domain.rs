//! The rules of the shop: pure functions and plain data. No clock, no randomness, no i/o.

pub mod calendar;
pub mod code;
pub mod dormant;
pub mod gtin;
pub mod ledger;
pub mod level;
pub mod member;
pub mod money;
pub mod payment_code;
pub mod phone;
pub mod points;
pub mod preset;
pub mod price;
pub mod product;
pub mod receipt;
pub mod refund;
pub mod sale;
pub mod scan;
pub mod shift;
pub mod shop;
pub mod spelling;
pub mod staff;
pub mod stored_value;
pub mod tender;
pub mod token;
pub mod top_up;
