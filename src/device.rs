//! Scanners and what they send, printers and displays and what they take: bytes to domain events and back.

pub mod bitmap;
pub mod descriptor;
pub mod display;
pub mod escpos;
pub mod heard;
pub mod hotplug;
pub mod keys;
pub mod learn;
pub mod lines;
pub mod opened;
pub(crate) mod poll;
pub mod pos;
pub mod printer;
pub mod raw;
pub mod remember;
pub mod rules;
pub mod serial;
pub mod source;
pub mod spool;
pub mod stroke;
pub mod trouble;
pub mod usb;
pub mod wedge;
