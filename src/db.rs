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

use crate::error::{Refusal, Result};
use crate::query::{Backend, Query, Reply};

/// A back end that is not there: refuses every question as offline.
#[derive(Debug, Clone, Copy)]
pub struct Unconnected;

impl Backend for Unconnected {
    async fn answer(&self, _query: Query) -> Result<Reply> {
        Err(Refusal::offline())
    }
}
