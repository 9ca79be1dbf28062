//! What the benches stand on.

pub mod clock;
pub mod process;
pub mod shop;
