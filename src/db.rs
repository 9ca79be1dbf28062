//! Postgres: the only place with SQL.

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
