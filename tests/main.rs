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
mod catalogue;
mod cluster;
mod demo;
mod dormant;
mod embedded;
mod faults;
mod layout;
mod ledger;
mod member;
mod proxy;
mod set_up;
mod shell;
mod soak;
mod terminal;
mod verify;
mod widgets;
