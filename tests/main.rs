//! One test binary: every capability is a module.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should stop where it is"
)]

mod support;

mod cluster;
mod demo;
mod embedded;
mod proxy;
mod set_up;
mod verify;
