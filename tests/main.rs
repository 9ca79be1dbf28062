//! One test binary: every capability is a module.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on should stop where it is"
)]

mod support;

mod architecture;
mod cluster;
mod counter;
mod embedded;
mod layout;
mod proxy;
mod scanning;
mod shell;
mod terminal;
mod widgets;
