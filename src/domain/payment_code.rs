//! `PaymentCode`: what a customer's wallet shows to be charged. Lives for about a minute and is
//! worth money: never in a log, a history or a crash file (scanner.md 5.4).

use std::fmt;

/// Whose code it looks like. The shape alone proves nothing: scale labels and goods may share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wallet {
    WeChat,
    Alipay,
    UnionPay,
    /// 数字人民币. The shape is not confirmed by a public source.
    ECny,
}

/// A payment code. `Debug` shows the wallet only, there is no `Display`, and dropping it
/// overwrites the digits (as far as safe Rust can: copies the caller made are the caller's).
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentCode {
    wallet: Wallet,
    code: String,
}

impl PaymentCode {
    /// Recognises the shape; ask only while tendering, a code cannot be told by shape alone.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let wallet = wallet(text)?;
        Some(Self {
            wallet,
            code: text.to_owned(),
        })
    }

    #[must_use]
    pub const fn wallet(&self) -> Wallet {
        self.wallet
    }

    /// The code itself, for the request that charges it and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.code
    }
}

fn wallet(text: &str) -> Option<Wallet> {
    // Alipay by face: `fp` and 33 more.
    if let Some(rest) = text.strip_prefix("fp") {
        let face = rest.len() == 33 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
        return face.then_some(Wallet::Alipay);
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match (text.get(..2)?, text.len()) {
        ("10" | "11" | "12" | "13" | "14" | "15", 18) => Some(Wallet::WeChat),
        ("25" | "26" | "27" | "28" | "29" | "30", 16..=24) => Some(Wallet::Alipay),
        // 62 and 17 digits; some acquirers take 14 to 18.
        ("62", 16..=20) => Some(Wallet::UnionPay),
        ("01", 19) => Some(Wallet::ECny),
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

impl Drop for PaymentCode {
    fn drop(&mut self) {
        wipe(&mut self.code);
    }
}

impl fmt::Debug for PaymentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentCode({:?} ****)", self.wallet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wallet_of(text: &str) -> Option<Wallet> {
        PaymentCode::parse(text).map(|code| code.wallet())
    }

    #[test]
    fn expired_samples() {
        for code in ["135112298638468293", "120061098828009406"] {
            assert_eq!(wallet_of(code), Some(Wallet::WeChat));
        }
        for code in ["289431869362714645", "28763443825664394"] {
            assert_eq!(wallet_of(code), Some(Wallet::Alipay));
        }
        assert_eq!(
            wallet_of(&format!("fp{}", "a1b".repeat(11))),
            Some(Wallet::Alipay)
        );
        assert_eq!(wallet_of("6212345678901234567"), Some(Wallet::UnionPay));
        assert_eq!(wallet_of("0112345678901234567"), Some(Wallet::ECny));
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
            assert_eq!(wallet_of(text), None, "{text}");
        }
    }

    #[test]
    fn it_never_shows_itself_and_is_wiped() {
        let code = PaymentCode::parse("135112298638468293");
        assert_eq!(format!("{code:?}"), "Some(PaymentCode(WeChat ****))");
        let mut text = String::from("135112298638468293");
        wipe(&mut text);
        assert!(text.is_empty());
    }
}
