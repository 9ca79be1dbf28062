//! Scanners and what they send: bytes to domain events.

pub mod source;
pub mod stroke;
pub mod wedge;
