//! What tests stand on.

pub mod cluster;
pub mod folder;
pub mod proxy;
