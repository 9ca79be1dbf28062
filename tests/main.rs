//! One test binary: a module per capability.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that fails should stop where it does"
)]

mod architecture;
mod layout;
mod shell;
mod support;
mod terminal;
mod widgets;
