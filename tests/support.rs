//! What tests stand on.

pub mod books;
pub mod cluster;
pub mod console;
pub mod folder;
pub mod member;
pub mod office;
pub mod proxy;
pub mod pty;
pub mod server;
pub mod shop;
pub mod tls;
