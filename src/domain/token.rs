//! `Token`: the code guitai itself prints or shows as a QR code: a member's, a staff badge, or a coupon's.

use std::fmt;

/// Crockford's base 32: no I, L, O, U, so that a code read aloud or typed is not misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Random symbols of a token: 80 bits, far beyond guessing.
const BODY: usize = 16;

/// Who shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bearer {
    Member,
    Staff,
    /// Whoever has it.
    Coupon,
}

impl Bearer {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Member => "GT",
            Self::Staff => "GS",
            Self::Coupon => "GC",
        }
    }
}

/// `GT` (a member), `GS` (staff) or `GC` (a coupon), 16 random symbols, a check symbol: 19 bytes, one HID report.
/// Letters in front: it can never be an EAN, a card number or a payment code (scanner.md 5.5).
///
/// The check symbol makes the sum of symbol x weight zero in the field of 32 elements, with
/// a different weight, none zero, at every place: every single wrong symbol and every swap of two
/// symbols is found. `Debug` hides the body: whoever knows it can pass for the bearer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    bearer: Bearer,
    /// Values 0 to 31.
    body: [u8; BODY],
}

/// Times x in GF(32), modulo x^5 + x^2 + 1; x generates all 31 elements that are not zero.
const fn times_x(value: u8) -> u8 {
    let shifted = value << 1;
    if shifted & 0x20 == 0 {
        shifted
    } else {
        shifted ^ 0x25
    }
}

/// The check symbol: its own weight is 1, those before it x, x^2, … from the right.
fn check_symbol(body: &[u8]) -> u8 {
    times_x(body.iter().fold(0, |sum, symbol| times_x(sum) ^ symbol))
}

impl Token {
    /// Mints a token from ten bytes of a good random source.
    #[must_use]
    pub fn mint(bearer: Bearer, random: [u8; 10]) -> Self {
        let bits = random
            .iter()
            .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let mut rest = bits;
        let body = std::array::from_fn(|_| {
            let symbol = u8::try_from(rest & 31).unwrap_or(0);
            rest >>= 5;
            symbol
        });
        Self { bearer, body }
    }

    /// Reads a scanned or typed token: either case, `O` for 0, `I` and `L` for 1, spaces and
    /// dashes ignored. `None` when it is none or its check symbol is wrong.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 56 {
            return None;
        }
        let upper: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let (bearer, rest) = [Bearer::Member, Bearer::Staff, Bearer::Coupon]
            .into_iter()
            .find_map(|bearer| Some((bearer, upper.strip_prefix(bearer.prefix())?)))?;
        let values: Vec<u8> = rest.bytes().map(value).collect::<Option<_>>()?;
        let (check, body) = values.split_last()?;
        let body: [u8; BODY] = body.try_into().ok()?;
        (check_symbol(&body) == *check).then_some(Self { bearer, body })
    }

    /// The ten bytes it was minted from.
    #[must_use]
    pub fn body(&self) -> [u8; 10] {
        let symbols = self.body.iter().rev();
        let bits = symbols.fold(0_u128, |bits, symbol| bits << 5 | u128::from(*symbol));
        let mut bytes = [0; 10];
        for (byte, of) in bytes.iter_mut().zip(bits.to_be_bytes().into_iter().skip(6)) {
            *byte = of;
        }
        bytes
    }

    #[must_use]
    pub const fn bearer(&self) -> Bearer {
        self.bearer
    }
}

fn value(symbol: u8) -> Option<u8> {
    let symbol = match symbol {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET
        .iter()
        .position(|a| *a == symbol)
        .and_then(|place| u8::try_from(place).ok())
}

/// The 19 characters to print, encode as a QR code, or store.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.bearer.prefix())?;
        for symbol in self.body.iter().chain([&check_symbol(&self.body)]) {
            let letter = ALPHABET.get(usize::from(*symbol)).copied().unwrap_or(b'0');
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({:?} ****)", self.bearer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_token() {
        let token = Token::mint(Bearer::Member, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let text = token.to_string();
        assert_eq!(text, "GT902E03M04R04G000Z");
        assert_eq!(Token::parse(&text.to_lowercase()), Some(token));
        assert_eq!(format!("{token:?}"), "Token(Member ****)");
        for wrong in [
            "",
            "GT",
            "GT0",
            "GTTTTTTTTTTTTTTTTTTT",
            "6901234567892",
            "GT王",
        ] {
            assert_eq!(Token::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_prints(random in any::<[u8; 10]>(), staff in any::<bool>()) {
            let token = Token::mint(if staff { Bearer::Staff } else { Bearer::Member }, random);
            let text = token.to_string();
            prop_assert!(text.len() == 19);
            prop_assert_eq!(Token::parse(&text), Some(token));
            let typed = text.replace('0', "o").replace('1', "l").to_lowercase();
            prop_assert_eq!(Token::parse(&typed), Some(token));
        }

        /// Every wrong symbol and every swap of two different ones, adjacent or not.
        #[test]
        fn wrong_symbols_and_swaps_are_found(random in any::<[u8; 10]>(), a in 2_usize..19, b in 2_usize..19, by in 1_usize..32) {
            let text: Vec<char> = Token::mint(Bearer::Member, random).to_string().chars().collect();
            let mut wrong = text.clone();
            if let Some(c) = wrong.get_mut(a) {
                let old = value(u8::try_from(*c).unwrap_or(0)).map_or(0, usize::from);
                *c = char::from(*ALPHABET.get((old + by) % 32).unwrap_or(&b'0'));
            }
            prop_assert_eq!(Token::parse(&wrong.iter().collect::<String>()), None);
            let mut swapped = text.clone();
            swapped.swap(a, b);
            if swapped != text {
                prop_assert_eq!(Token::parse(&swapped.iter().collect::<String>()), None);
            }
        }

        #[test]
        fn never_panics(text in "\\PC{0,80}", close in "[Gg][TtSs][0-9A-Za-z]{0,60}") {
            let _ = (Token::parse(&text), Token::parse(&close));
        }
    }
}
