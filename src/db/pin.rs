//! PINs at rest: argon2id, so that a stolen database does not give them away.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use crate::domain::staff::Pin;
use crate::error::{Refusal, Result};

/// 19 MiB, two passes, one lane: OWASP's smallest recommendation, some tenths of a second on a
/// Raspberry Pi and no burden on its memory.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The PHC string of a PIN, with a random salt. Blocks for the time the hash is meant to take.
///
/// # Errors
/// Internal, when the system has no random numbers.
pub fn hash(pin: &Pin) -> Result<String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Refusal::internal)?;
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password(pin.0.as_bytes())
        .map_err(Refusal::internal)?;
    Ok(hash.to_string())
}

/// Whether it is this PIN, by the parameters in the PHC string. Blocks as [`hash`] does.
#[must_use]
pub fn matches(pin: &Pin, phc: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(pin.0.as_bytes(), &hash)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn only_the_right_pin_matches() {
        let phc = hash(&Pin("135790".into())).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(matches(&Pin("135790".into()), &phc));
        assert!(!matches(&Pin("135791".into()), &phc));
        assert!(!matches(&Pin("135790".into()), "nonsense"));
    }
}
