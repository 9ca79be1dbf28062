//! PINs are kept as argon2id hashes.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};

use crate::domain::staff::Pin;
use crate::error::{Kind, Refusal, Result};

/// Hashes a PIN. Takes some ten milliseconds and 19 MiB: not on the thread that draws.
///
/// # Errors
/// Internal, when the system has no randomness.
pub fn hash(pin: &Pin) -> Result<String> {
    let hash: std::result::Result<PasswordHash, _> =
        Argon2::default().hash_password(pin.0.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| Refusal::new(Kind::Internal, "refusal.internal").with("cause", error))
}

/// Whether a PIN is the one that was hashed. As slow as [`hash`].
#[must_use]
pub fn matches(pin: &Pin, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(pin.0.as_bytes(), &hash)
            .is_ok()
    })
}
