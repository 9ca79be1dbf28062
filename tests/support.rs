//! What tests share.

pub mod console;
pub mod pty;
