//! Postgres: the only place with SQL.

pub mod embedded;
pub mod journal;
