//! A password as Postgres keeps it, made here: the server is told what proves it and never the password,
//! which would stand in its log where statements are logged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::{Refusal, Result};

/// What Postgres does by default, and what `libpq` makes.
const ROUNDS: u32 = 4096;

/// The SCRAM-SHA-256 verifier (RFC 5803) of a password of plain ASCII, which needs no normal form. The salt is new
/// every time.
///
/// # Errors
/// Never; the key of a MAC may have any length.
pub fn verifier(password: &str) -> Result<String> {
    verifier_with(password, Uuid::now_v7().as_bytes())
}

fn verifier_with(password: &str, salt: &[u8]) -> Result<String> {
    let salted = salted(password.as_bytes(), salt)?;
    let stored = Sha256::digest(mac(&salted, &[b"Client Key"])?);
    let server = mac(&salted, &[b"Server Key"])?;
    Ok(format!(
        "SCRAM-SHA-256${ROUNDS}:{}${}:{}",
        BASE64.encode(salt),
        BASE64.encode(stored),
        BASE64.encode(server)
    ))
}

/// PBKDF2 with HMAC-SHA-256, one block (RFC 8018).
fn salted(password: &[u8], salt: &[u8]) -> Result<[u8; 32]> {
    let mut last = mac(password, &[salt, &1_u32.to_be_bytes()])?;
    let mut sum = last;
    for _ in 1..ROUNDS {
        last = mac(password, &[&last])?;
        for (sum, byte) in sum.iter_mut().zip(last) {
            *sum ^= byte;
        }
    }
    Ok(sum)
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(Refusal::internal)?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// The example of RFC 7677: its salt and password give the server signature of its exchange.
    #[test]
    fn it_is_that_of_the_standard() {
        let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = verifier_with("pencil", &salt).unwrap();
        let (head, keys) = verifier.rsplit_once('$').unwrap();
        assert_eq!(head, "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==");
        let server = BASE64.decode(keys.split_once(':').unwrap().1).unwrap();
        let exchange = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
             r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
             c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let signature = mac(&server, &[exchange.as_bytes()]).unwrap();
        assert_eq!(
            BASE64.encode(signature),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
    }

    #[test]
    fn every_salt_is_another() {
        assert_ne!(verifier("pencil").unwrap(), verifier("pencil").unwrap());
    }
}
