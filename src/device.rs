//! Scanners and what they send: bytes to domain events.

pub mod descriptor;
pub mod heard;
pub mod hotplug;
pub mod keys;
pub mod learn;
pub mod lines;
pub mod opened;
pub mod pos;
pub mod raw;
pub mod remember;
pub mod source;
pub mod stroke;
pub mod trouble;
pub mod usb;
pub mod wedge;
