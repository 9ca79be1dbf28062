//! Display columns on the screen: [`crate::domain::columns`], which receipts on paper use too.

pub use crate::domain::columns::{columns, fit, left, right, width, wrap};
