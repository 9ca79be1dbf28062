//! `Gtin`: the number of a trade item, whatever symbol carried it.

use std::fmt;

/// Weights 3, 1, 3 … from the right of the body (scanner.md 5.1). `None` when a character is no digit.
fn check_digit(body: &str) -> Option<u32> {
    let mut sum = 0;
    for (place, c) in body.chars().rev().enumerate() {
        let weight = if place.is_multiple_of(2) { 3 } else { 1 };
        sum += c.to_digit(10).filter(|_| c.is_ascii_digit())? * weight;
    }
    Some((10 - sum % 10) % 10)
}

/// Whether the last digit is the GS1 check digit of those before it. Any length from two digits:
/// EAN-8, UPC-A, EAN-13, GTIN-14, and the 18 digits of scale labels.
#[must_use]
pub fn check_digit_holds(digits: &str) -> bool {
    let mut body = digits.chars();
    let last = body
        .next_back()
        .filter(char::is_ascii_digit)
        .and_then(|c| c.to_digit(10));
    last.is_some() && !body.as_str().is_empty() && check_digit(body.as_str()) == last
}

/// The digits with their check digit behind them; `None` when there are others than digits.
#[must_use]
pub fn with_check_digit(body: &str) -> Option<String> {
    check_digit(body).map(|digit| format!("{body}{digit}"))
}

/// A GTIN in its canonical form: 14 digits with leading zeros, check digit right. UPC-A and EAN-13
/// with a leading zero are the same item, and so is UPC-E.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin(u64);

impl Gtin {
    /// EAN-8, UPC-A (12 digits), EAN-13 or GTIN-14 with a right check digit; else UPC-E
    /// ([`Gtin::parse_upc_e`]). Eight digits that are right both ways are an EAN-8 here: ask for
    /// the other reading too. All zeros is no item.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let plain = matches!(digits.len(), 8 | 12 | 13 | 14) && check_digit_holds(digits);
        if !plain {
            return Self::parse_upc_e(digits);
        }
        digits.parse().ok().filter(|number| *number > 0).map(Self)
    }

    /// UPC-E: eight digits that begin with 0 or 1, whose check digit holds after expanding to UPC-A.
    #[must_use]
    pub fn parse_upc_e(digits: &str) -> Option<Self> {
        upc_e(digits)?
            .parse()
            .ok()
            .filter(|number| *number > 0)
            .map(Self)
    }

    /// The way it stands under the bars: 8, 13 or 14 digits.
    #[must_use]
    pub fn printed(self) -> String {
        match self.0 {
            0..=99_999_999 => format!("{:08}", self.0),
            100_000_000..=9_999_999_999_999 => format!("{:013}", self.0),
            _ => self.to_string(),
        }
    }
}

/// Expands UPC-E to the twelve digits of UPC-A; `None` when it is none or its check digit is wrong.
fn upc_e(digits: &str) -> Option<String> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (system, check) = (digits.get(..1)?, digits.get(7..)?);
    if check.len() != 1 || !matches!(system, "0" | "1") {
        return None;
    }
    // The sixth digit of the body says where the zeros were left out.
    let cut = |from, to| digits.get(from..to).unwrap_or_default();
    let body = match cut(6, 7) {
        last @ ("0" | "1" | "2") => format!("{}{last}0000{}", cut(1, 3), cut(3, 6)),
        "3" => format!("{}00000{}", cut(1, 4), cut(4, 6)),
        "4" => format!("{}00000{}", cut(1, 5), cut(5, 6)),
        last => format!("{}0000{last}", cut(1, 6)),
    };
    let full = format!("{system}{body}{check}");
    check_digit_holds(&full).then_some(full)
}

/// The canonical 14 digits, as stored.
impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}", self.0)
    }
}

impl fmt::Debug for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gtin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(digits: &str) -> Option<String> {
        Gtin::parse(digits).map(|g| g.to_string())
    }

    #[test]
    fn check_digits_of_the_gs1_engine() {
        for (good, bad) in [
            ("24012345678905", "24012345678909"),
            ("2112233789657", "2112233789658"),
            ("416000336108", "416000336107"),
            ("02345680", "02345689"),
        ] {
            assert_eq!(canonical(good), Some(format!("{good:0>14}")));
            assert_eq!(canonical(bad), None, "{bad}");
        }
    }

    #[test]
    fn real_products() {
        for code in [
            "6957842208856",
            "8901042960340",
            "9780310721567",
            "8711218972875",
            "3046920029759",
            "6130760003769",
            "8594156270087",
            "4250168519463",
            "8901086261410",
            "8480000650672",
        ] {
            assert_eq!(canonical(code), Some(format!("0{code}")));
            assert_eq!(Gtin::parse(code).map(Gtin::printed).as_deref(), Some(code));
        }
    }

    #[test]
    fn upc_expands_before_checking() {
        let upc = |digits| Gtin::parse_upc_e(digits).map(|g| g.to_string());
        assert_eq!(upc("00123457"), Some("00001234000057".into()));
        // Right as an EAN-8 as well: that comes first.
        assert_eq!(canonical("00123457"), Some("00000000123457".into()));
        // One of each way to expand.
        assert_eq!(canonical("04252614"), Some("00042100005264".into()));
        assert_eq!(upc("01234531"), canonical("012300000451"));
        assert_eq!(upc("01234543"), canonical("012340000053"));
        assert_eq!(upc("01234504"), None);
        assert_eq!(canonical("012345678905"), canonical("0012345678905"));
    }

    #[test]
    fn scale_labels_have_a_check_digit_too() {
        assert!(check_digit_holds("2112345015002"));
        assert!(check_digit_holds("260012301575005258"));
        assert!(!check_digit_holds("260012301575005250"));
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "0",
            "00000000",
            "0000000000000",
            "6901234567893",
            "69012345678",
            "６９０１２３４５６７８９２",
            "690123456789a",
            "-901234567892",
        ] {
            assert_eq!(Gtin::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,20}", digits in "[0-9]{0,20}") {
            let _ = (Gtin::parse(&text), check_digit_holds(&text), check_digit_holds(&digits));
            if let Some(gtin) = Gtin::parse(&digits) {
                prop_assert_eq!(Gtin::parse(&gtin.to_string()), Some(gtin));
                prop_assert_eq!(Gtin::parse(&gtin.printed()), Some(gtin));
            }
        }

        /// One wrong digit is always found.
        #[test]
        fn one_wrong_digit_is_found(body in 1_u64..999_999_999_999, place in 0_usize..13, by in 1_u32..10) {
            let body = format!("{body:012}");
            let good = format!("{body}{}", check_digit(&body).unwrap_or(0));
            prop_assert!(check_digit_holds(&good));
            let bad: String = good.chars().enumerate().map(|(i, c)| {
                if i == place { char::from_digit((c.to_digit(10).unwrap_or(0) + by) % 10, 10).unwrap_or(c) } else { c }
            }).collect();
            prop_assert!(!check_digit_holds(&bad));
        }
    }
}
