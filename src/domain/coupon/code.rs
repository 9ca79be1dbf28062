//! The code of a coupon on a receipt: it names the receipt, and only this shop's tills can have written it (PR4).

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer};
use sha2::Sha256;

use crate::domain::token::{Bearer, Token};

/// Bits of a token's body: the till, its number, the signature.
const TILL: u32 = 10;
const SEQ: u32 = 26;
const SIGNATURE: u32 = 44;

/// What the tills of a shop sign with. Comes from the books as `\x…`, and is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey([u8; 32]);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(****)")
    }
}

impl Default for SigningKey {
    /// No shop's: every shop has its own.
    fn default() -> Self {
        Self([0; 32])
    }
}

impl<'de> Deserialize<'de> for SigningKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = String::deserialize(from)?;
        let digits = text.strip_prefix("\\x").unwrap_or(&text);
        let mut key = [0; 32];
        if digits.len() != 64 || !digits.is_ascii() {
            return Err(D::Error::custom("a key of 32 bytes"));
        }
        for (place, byte) in key.iter_mut().enumerate() {
            let pair = digits.get(2 * place..2 * place + 2).unwrap_or_default();
            *byte = u8::from_str_radix(pair, 16).map_err(D::Error::custom)?;
        }
        Ok(Self(key))
    }
}

impl serde::Serialize for SigningKey {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use std::fmt::Write;
        let mut text = String::from("\\x");
        for byte in self.0 {
            let _ = write!(text, "{byte:02x}");
        }
        to.serialize_str(&text)
    }
}

/// The receipt a coupon is printed on: the till, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    pub till_id: i32,
    pub seq: i64,
}

impl Number {
    fn bits(self) -> Option<u128> {
        let till = u128::try_from(self.till_id).ok()?;
        let seq = u128::try_from(self.seq).ok()?;
        (till < 1 << TILL && seq < 1 << SEQ).then_some(till << SEQ | seq)
    }

    /// The code to print; none for a till or a number beyond what a code holds (1,023 and 67,108,863).
    #[must_use]
    pub fn sign(self, key: &SigningKey) -> Option<Token> {
        let named = self.bits()?;
        let bits = named << SIGNATURE | signature(key, named);
        let mut body = [0; 10];
        for (byte, of) in body.iter_mut().zip(bits.to_be_bytes().get(6..)?) {
            *byte = *of;
        }
        Some(Token::mint(Bearer::Coupon, body))
    }

    /// The receipt a code names, when one of this shop's tills wrote it: a made-up code has a chance of one in 2^44.
    #[must_use]
    pub fn verify(token: &Token, key: &SigningKey) -> Option<Self> {
        if token.bearer() != Bearer::Coupon {
            return None;
        }
        let bits = token
            .body()
            .iter()
            .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let named = bits >> SIGNATURE;
        let is_ours = signature(key, named) == bits & ((1 << SIGNATURE) - 1);
        is_ours.then_some(Self {
            till_id: i32::try_from(named >> SEQ).ok()?,
            seq: i64::try_from(named & ((1 << SEQ) - 1)).ok()?,
        })
    }
}

/// The first 44 bits of an HMAC-SHA-256 of what is named.
fn signature(key: &SigningKey, named: u128) -> u128 {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) else {
        return 0;
    };
    mac.update(b"guitai coupon 1");
    mac.update(&named.to_be_bytes());
    let bytes = mac.finalize().into_bytes();
    let first = bytes.iter().take(6);
    first.fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte)) >> (48 - SIGNATURE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn signed_by_one_shop_and_no_other(till_id in 1_i32..1024, seq in 1_i64..67_108_864, key: [u8; 32], other: [u8; 32], flip in 0_usize..80) {
            let (number, key) = (Number { till_id, seq }, SigningKey(key));
            let token = number.sign(&key).unwrap();
            let read = Token::parse(&token.to_string()).unwrap();
            prop_assert_eq!(Number::verify(&read, &key), Some(number));
            if other != key.0 {
                prop_assert_eq!(Number::verify(&read, &SigningKey(other)), None);
            }
            let mut made_up = read.body();
            made_up[flip / 8] ^= 1 << (flip % 8);
            prop_assert_eq!(Number::verify(&Token::mint(Bearer::Coupon, made_up), &key), None);
            prop_assert_eq!(Number::verify(&Token::mint(Bearer::Member, read.body()), &key), None);
        }
    }

    #[test]
    fn what_a_code_cannot_hold_is_not_printed() {
        let key = SigningKey::default();
        for (till_id, seq) in [(1024, 1), (-1, 1), (1, 1 << 26), (1, -1)] {
            assert_eq!(Number { till_id, seq }.sign(&key), None);
        }
    }

    #[test]
    fn a_key_is_read_and_never_shown() {
        let text = format!("\"\\\\x{}\"", "0f".repeat(32));
        let key: SigningKey = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&key).unwrap(), text);
        assert_eq!(format!("{key:?}"), "SigningKey(****)");
        for wrong in [
            "\"\"",
            "\"\\\\x00\"",
            &format!("\"\\\\x{}\"", "zz".repeat(32)),
        ] {
            assert!(
                serde_json::from_str::<SigningKey>(wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
