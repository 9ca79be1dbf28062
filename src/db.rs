//! Postgres: the only place with SQL.

pub mod ledger;
pub mod refuse;
