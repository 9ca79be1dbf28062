//! Receipts on paper: every document through an interpreter of ESC/POS at both widths, the bytes of
//! an independent encoder, codes read back, printers that misbehave, the display.

mod bytes;
mod display;
mod printer;
mod spooler;
mod transport;
