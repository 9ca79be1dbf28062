//! guitai (柜台): a keyboard-driven store console for shops that live on regular customers.
//!
//! The map, in the order of dependence (`domain <- db, device, ui <- app <- run <- main`):

pub mod db;
pub mod device;
pub mod domain;
pub mod error;
pub mod query;
pub mod ui;
