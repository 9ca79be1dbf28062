//! What screens are made of: plain structs with `on(&Input)` and `view(..)`.

pub mod cash_count;
pub mod countdown;
pub mod field;
pub mod form;
pub mod header;
pub mod key_bar;
pub mod money;
pub mod notice;
pub mod qr;
pub mod table;
pub mod tiles;
