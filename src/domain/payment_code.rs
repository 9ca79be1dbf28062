//! Payment codes: what a customer's wallet shows to be charged. One lives for about a minute and is
//! worth money: never in a log, a history or a crash file (scanner.md 5.4). guitai charges none, so only
//! whose it is goes on from here, and the digits are wiped.

use std::ops::RangeInclusive;

/// Whose code it looks like. The shape alone proves nothing: scale labels and goods may share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wallet {
    WeChat,
    Alipay,
    UnionPay,
    /// 数字人民币. The shape is not confirmed by a public source.
    ECny,
}

/// Whether `text` is one, or the beginning of one that lacks a few digits: as it is typed, and as
/// good as whole to whoever finds it. Shorter beginnings may be phones and goods.
#[must_use]
pub fn begins(text: &str) -> bool {
    let most = if let Some(rest) = text.strip_prefix(FACE) {
        let face = rest.bytes().all(|b| b.is_ascii_alphanumeric());
        face.then_some(FACE.len() + FACE_REST)
    } else if text.bytes().all(|b| b.is_ascii_digit()) {
        shape(text).map(|(_, lengths)| *lengths.end())
    } else {
        None
    };
    most.is_some_and(|most| (TELLING..=most).contains(&text.len()))
}

/// The beginning of Alipay by face, and the characters behind it.
const FACE: &str = "fp";
const FACE_REST: usize = 33;

/// So many characters of a code tell almost all of it; goods have at most fourteen.
const TELLING: usize = 15;

/// Recognises the shape. It proves nothing, but whatever has it is taken for one everywhere: better no
/// goods than somebody's money.
#[must_use]
pub fn wallet(text: &str) -> Option<Wallet> {
    if let Some(rest) = text.strip_prefix(FACE) {
        let face = rest.len() == FACE_REST && rest.bytes().all(|b| b.is_ascii_alphanumeric());
        return face.then_some(Wallet::Alipay);
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (wallet, lengths) = shape(text)?;
    lengths.contains(&text.len()).then_some(wallet)
}

/// Whose code begins with these two digits, and how many it has in all.
fn shape(digits: &str) -> Option<(Wallet, RangeInclusive<usize>)> {
    match digits.get(..2)? {
        "10" | "11" | "12" | "13" | "14" | "15" => Some((Wallet::WeChat, 18..=18)),
        "25" | "26" | "27" | "28" | "29" | "30" => Some((Wallet::Alipay, 16..=24)),
        // 62 and 17 digits; some acquirers take 14 to 18.
        "62" => Some((Wallet::UnionPay, 16..=20)),
        "01" => Some((Wallet::ECny, 19..=19)),
        _ => None,
    }
}

/// Overwrites a text before it is freed.
pub fn wipe(text: &mut String) {
    let mut bytes = std::mem::take(text).into_bytes();
    bytes.fill(0);
    // Keeps the optimiser from dropping a write that nothing reads.
    std::hint::black_box(&mut bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expired_samples() {
        for code in ["135112298638468293", "120061098828009406"] {
            assert_eq!(wallet(code), Some(Wallet::WeChat));
        }
        for code in ["289431869362714645", "28763443825664394"] {
            assert_eq!(wallet(code), Some(Wallet::Alipay));
        }
        assert_eq!(
            wallet(&format!("fp{}", "a1b".repeat(11))),
            Some(Wallet::Alipay)
        );
        assert_eq!(wallet("6212345678901234567"), Some(Wallet::UnionPay));
        assert_eq!(wallet("0112345678901234567"), Some(Wallet::ECny));
    }

    #[test]
    fn other_shapes() {
        for text in [
            "",
            "1",
            "王",
            "6901234567892",
            "163511229863846829",
            "13511229863846829",
            "135112298638468293 ",
            "fp",
            "2512345",
        ] {
            assert_eq!(wallet(text), None, "{text}");
        }
    }

    #[test]
    fn it_is_wiped() {
        let mut text = String::from("135112298638468293");
        wipe(&mut text);
        assert!(text.is_empty());
    }
}
