//! Postgres: the only place with SQL.

pub mod embedded;
pub mod hold;
pub mod journal;
pub mod json;
pub mod ledger;
pub mod link;
pub mod member;
pub mod pin;
pub mod receipt;
pub mod refuse;
pub mod search;
pub mod shift;
pub mod shop;
pub mod staff;
