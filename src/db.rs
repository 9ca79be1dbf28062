//! Postgres: the only place with SQL.

pub mod demo;
pub mod embedded;
pub mod journal;
pub mod json;
pub mod ledger;
pub mod link;
pub mod member;
pub mod pin;
pub mod refuse;
pub mod set_up;
pub mod verify;
