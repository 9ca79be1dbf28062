//! Scanners and what they send: bytes to domain events.
