//! What tests stand on.

pub mod cluster;
pub mod console;
pub mod folder;
pub mod office;
pub mod proxy;
pub mod pty;
pub mod shop;
