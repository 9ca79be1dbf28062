//! `meanings`: what one line of input may mean. The cashier never chooses a mode first.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::domain::card::{self, NoCard};
use crate::domain::damage;
use crate::domain::gs1::{self, Gs1};
use crate::domain::gtin::{Gtin, check_digit_holds};
use crate::domain::label::{self, Label, LabelRule};
use crate::domain::money::Fen;
use crate::domain::payment_code::{self, Wallet, wipe};
use crate::domain::phone::Phone;
use crate::domain::spelling;
use crate::domain::token::{Bearer, Token};

/// Longest input that can mean anything, characters: as long as the longest code of a scanner.
pub const MAX_INPUT: usize = 512;
/// Between a number of pieces and what they are of; the last is what a Chinese input method types.
pub const TIMES: [char; 3] = ['*', '×', '＊'];
/// Largest number of pieces typed in front of a scan.
pub const MAX_QUANTITY: u32 = 999;

/// How the input came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Typed,
    Scanned,
    /// By a scanner that says the symbol carries GS1 data.
    Gs1,
}

/// What the screen is doing; it decides before shape and check digit do (scanner.md 5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Situation {
    /// Ringing up; whether a member is on the screen.
    Counter { member: bool },
    /// An amount is due: the only time a payment code is good for anything.
    Tendering,
    /// Nobody is signed in: only a staff badge means anything.
    Locked,
}

/// One thing the input may mean. The shop's data has the last word: a lookup without a hit is
/// dropped by the caller, and the first that is left is taken by Enter.
#[derive(Clone, PartialEq, Eq)]
pub enum Meaning {
    Phone(Phone),
    /// The beginning of a phone: digits.
    PhonePrefix(String),
    /// The last four digits of a phone, or the first of those four while typing.
    PhoneTail(String),
    /// A check digit that holds.
    Barcode(Gtin),
    /// A scale label by the shop's rules: goods and nothing else.
    Label(Label),
    /// A GS1 symbol that names an item.
    Gs1(Box<Gs1>),
    /// The shop's own code for an item, whatever its check digit.
    PlainCode(String),
    /// guitai's own member code.
    MemberCode(Token),
    StaffBadge(Token),
    /// A member card by its number; [`card::fits`].
    Card(String),
    Amount(Fen),
    /// Pieces of what comes next: `3*` or `*3`.
    Quantity(u32),
    /// Pinyin letters, whole or initials.
    Spelling(String),
    Name(String),
    /// A coupon's code. What it is worth is not known here: nothing takes coupons yet.
    Coupon,
    /// A coupon of guitai's own.
    OwnCoupon,
    /// A barcode that lost a digit, and the only item it can have been: to be confirmed.
    Mended(Gtin),
    /// What a wallet shows, and nothing else then: looked up nowhere and kept nowhere.
    Payment(Wallet),
    /// A bank card's magnetic stripe: refuse it, say so and wipe the line (PV1).
    BankCard,
}

/// Shows the kind, and contents only where they are no person's and no money's.
impl fmt::Debug for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(phone) => write!(f, "{phone:?}"),
            Self::PhonePrefix(_) => f.write_str("PhonePrefix"),
            Self::PhoneTail(_) => f.write_str("PhoneTail"),
            Self::Barcode(gtin) => write!(f, "Barcode({gtin})"),
            Self::Label(label) => write!(f, "Label({})", label.plu),
            Self::Gs1(found) => write!(f, "Gs1({})", found.gtin),
            Self::PlainCode(_) => f.write_str("PlainCode"),
            Self::MemberCode(_) => f.write_str("MemberCode"),
            Self::StaffBadge(_) => f.write_str("StaffBadge"),
            Self::Card(_) => f.write_str("Card"),
            Self::Amount(fen) => write!(f, "Amount({fen})"),
            Self::Quantity(count) => write!(f, "Quantity({count})"),
            Self::Spelling(_) => f.write_str("Spelling"),
            Self::Name(_) => f.write_str("Name"),
            Self::Coupon => f.write_str("Coupon"),
            Self::OwnCoupon => f.write_str("OwnCoupon"),
            Self::Mended(gtin) => write!(f, "Mended({gtin})"),
            Self::Payment(wallet) => write!(f, "Payment({wallet:?})"),
            Self::BankCard => f.write_str("BankCard"),
        }
    }
}

/// Everything `input` may mean, the likeliest first; empty when nothing.
///
/// How digits rank, and why:
/// - One to three digits are an amount (`68` Enter is the quick sale, PR7); without a member on the
///   screen they may also be the beginning of a phone's last four, shown as candidates.
/// - Four digits (`1380`) without a member are the tail a customer says, then the beginning of a
///   phone, then an amount. With a member on the screen, or tendering, the amount is first: who it
///   is has been answered.
/// - Five digits are an amount only then; from six on a code or a phone is likelier than 100,000 yuan.
/// - A right check digit beats a card and a plain code of the same length, and a whole phone beats both.
/// - A leading zero is no amount; zero is none either.
/// - A scan is never an amount and never a quantity: a symbol must not be able to charge.
///
/// What has several shapes is decided in this order: the situation (what a wallet shows is its money while an
/// amount is due), the shop's rules (`labels`: a scale label beside the payment is goods), the check
/// digit, and then the cashier: a label that could be a wallet's code and has no check digit
/// ([`Label::checked`]) is asked about. A GS1 symbol is one when the scanner says so, or when it begins with an item.
#[must_use]
pub fn meanings(
    input: &str,
    origin: Origin,
    situation: Situation,
    labels: &[LabelRule],
) -> Vec<Meaning> {
    if input.chars().nth(MAX_INPUT).is_some() {
        return Vec::new();
    }
    let mut text = normal(input);
    let meanings = of_normal(&text, origin, situation, labels);
    // It may have been a payment code.
    wipe(&mut text);
    meanings
}

/// Pieces typed in front of something, and that: `3*68` is three of 68. Without them, or with nothing
/// behind them, the whole text.
#[must_use]
pub fn pieces_of(text: &str) -> (Option<u32>, &str) {
    let split = text.split_once(TIMES).and_then(|(number, rest)| {
        let pieces = quantity(&format!("{}*", normal(number)))?;
        (!rest.trim().is_empty()).then_some((Some(pieces), rest.trim()))
    });
    split.unwrap_or((None, text))
}

/// The spellings under which the shop may know whose or what a scanned code is.
#[must_use]
pub fn known_as(meanings: &[Meaning]) -> Vec<String> {
    let spelling = |meaning: &Meaning| match meaning {
        Meaning::Phone(phone) => Some(phone.digits().to_owned()),
        Meaning::Barcode(gtin) | Meaning::Mended(gtin) => Some(gtin.to_string()),
        Meaning::Gs1(found) => Some(found.gtin.to_string()),
        Meaning::MemberCode(token) | Meaning::StaffBadge(token) => Some(token.to_string()),
        Meaning::Card(text) | Meaning::PlainCode(text) => Some(text.clone()),
        _ => None,
    };
    // A card may have the number of a barcode as it is printed.
    let printed = |meaning: &Meaning| match meaning {
        Meaning::Barcode(gtin) => Some(gtin.printed()),
        Meaning::Gs1(found) => Some(found.gtin.printed()),
        _ => None,
    };
    let all = meanings
        .iter()
        .flat_map(|meaning| [spelling(meaning), printed(meaning)]);
    let mut known: Vec<String> = Vec::new();
    for text in all.flatten() {
        if !known.contains(&text) {
            known.push(text);
        }
    }
    known
}

/// The code under which goods are kept: the canonical barcode, else the text itself.
///
/// # Errors
/// The text that says why it cannot be one: it is worth money, a badge, or nothing (PV1).
pub fn of_goods(text: &str) -> Result<String, &'static str> {
    let situation = Situation::Counter { member: true };
    match meanings(text, Origin::Scanned, situation, &[])
        .into_iter()
        .next()
    {
        None => Err("field.empty"),
        Some(Meaning::Payment(_)) => Err(NoCard::PaymentCode.hint()),
        Some(Meaning::BankCard) => Err(NoCard::BankCard.hint()),
        Some(Meaning::StaffBadge(_) | Meaning::MemberCode(_) | Meaning::OwnCoupon) => {
            Err(NoCard::OwnCode.hint())
        }
        Some(Meaning::Barcode(gtin)) => Ok(gtin.to_string()),
        Some(Meaning::Gs1(found)) => Ok(found.gtin.to_string()),
        Some(_) => Ok(normal(text)),
    }
}

/// What is worth money to whoever finds it: never kept in any field, list or note (PV1).
#[must_use]
pub fn refused(text: &str) -> Option<NoCard> {
    let mut text = normal(text);
    let refused = if is_bank_card(&text) {
        Some(NoCard::BankCard)
    } else {
        payment(&text).map(|_| NoCard::PaymentCode)
    };
    wipe(&mut text);
    refused
}

/// Whether `text` must not leave this machine (PV1): a payment code or a bank card's stripe, also
/// the beginning of one, as while it is typed.
#[must_use]
pub fn is_secret(text: &str) -> bool {
    let mut text = normal(text);
    let mut digits = unspaced(&text);
    let secret = is_bank_card(&text) || begins_stripe(&text) || payment_code::begins(&digits);
    wipe(&mut text);
    wipe(&mut digits);
    secret
}

fn of_normal(
    text: &str,
    origin: Origin,
    situation: Situation,
    labels: &[LabelRule],
) -> Vec<Meaning> {
    if text.is_empty() {
        return Vec::new();
    }
    if is_bank_card(text) {
        return vec![Meaning::BankCard];
    }
    if let Some(token) = Token::parse(text) {
        return match (token.bearer(), situation) {
            (Bearer::Staff, _) => vec![Meaning::StaffBadge(token)],
            (_, Situation::Locked) => Vec::new(),
            (Bearer::Member, _) => vec![Meaning::MemberCode(token)],
            (Bearer::Coupon, _) => vec![Meaning::OwnCoupon],
        };
    }
    let symbol = (origin == Origin::Gs1).then(|| gs1::read(text)).flatten();
    let known = match situation {
        Situation::Locked => return Vec::new(),
        Situation::Tendering => true,
        Situation::Counter { member } => {
            // Alone: the digits must not lie about in other meanings.
            if let Some(label) = label::read(text, labels) {
                return vec![Meaning::Label(label)];
            }
            member
        }
    };
    match payment(text).filter(|_| symbol.is_none()) {
        Some(wallet) => vec![Meaning::Payment(wallet)],
        None => by_origin(text, origin, known),
    }
}

/// Also with the spaces that a wallet shows between the digits.
fn payment(text: &str) -> Option<Wallet> {
    let mut digits = unspaced(text);
    let wallet = payment_code::wallet(&digits);
    wipe(&mut digits);
    wallet
}

fn unspaced(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | '-')).collect()
}

fn by_origin(text: &str, origin: Origin, known: bool) -> Vec<Meaning> {
    match origin {
        Origin::Scanned | Origin::Gs1 => scanned(text, origin),
        Origin::Typed => typed(text, known),
    }
}

/// Full-width forms become plain, the ideographic full stop of an input method in a number becomes
/// a point, control characters other than GS go.
fn normal(input: &str) -> String {
    let text: String = input
        .nfkc()
        .filter(|c| !c.is_control() || *c == '\u{1d}')
        .collect();
    let number = text.contains('。') && text.chars().all(|c| c.is_ascii_digit() || c == '。');
    let text = if number {
        text.replace('。', ".")
    } else {
        text
    };
    text.trim().to_owned()
}

fn scanned(text: &str, origin: Origin) -> Vec<Meaning> {
    if let Some(gtin) = damage::unshifted(text) {
        return vec![Meaning::Barcode(gtin)];
    }
    let mut all = Vec::new();
    all.extend(symbol(text, origin).map(|found| Meaning::Gs1(Box::new(found))));
    barcodes(text, &mut all);
    if is_coupon(text, origin) {
        all.push(Meaning::Coupon);
    }
    all.extend(Phone::parse(text).map(Meaning::Phone));
    all.push(Meaning::PlainCode(text.to_owned()));
    all.extend(card(text));
    // A slow link can make a scan of what a person typed: let it find the same people.
    if is_phone_start(text) {
        all.push(Meaning::PhonePrefix(text.to_owned()));
    }
    all.extend(spelling::typed(text).map(Meaning::Spelling));
    let whole = |meaning: &Meaning| {
        matches!(
            meaning,
            Meaning::Barcode(_) | Meaning::Gs1(_) | Meaning::Phone(_)
        )
    };
    if !all.iter().any(whole) {
        all.extend(damage::with_lost_digit(text).map(Meaning::Mended));
    }
    all
}

/// A GS1 symbol: the scanner says so, or it is longer than an item alone, which has the length of a card number.
fn symbol(text: &str, origin: Origin) -> Option<Gs1> {
    let told = origin == Origin::Gs1 || (gs1::begins_with_item(text) && text.len() > 16);
    told.then(|| gs1::read(text)).flatten()
}

/// GS1 keeps 981 to 984 and 99 for coupons, and 255, 8110 and 8112 in symbols of its own.
fn is_coupon(text: &str, origin: Origin) -> bool {
    let begins = |all: &[&str]| all.iter().any(|begin| text.starts_with(begin));
    match text.len() {
        _ if origin == Origin::Gs1 => begins(&["255", "8110", "8112"]),
        13 => check_digit_holds(text) && begins(&["981", "982", "983", "984", "99"]),
        _ => false,
    }
}

/// `known`: who the customer is has been answered, so numbers are money first.
fn typed(text: &str, known: bool) -> Vec<Meaning> {
    if let Some(count) = quantity(text) {
        return vec![Meaning::Quantity(count)];
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return digits(text, known);
    }
    if let Some(amount) = Fen::parse(text).filter(|fen| fen.is_positive()) {
        return vec![Meaning::Amount(amount)];
    }
    if let Some(phone) = Phone::parse(text) {
        return vec![Meaning::Phone(phone)];
    }
    let mut all = Vec::new();
    if text.starts_with('(') {
        all.extend(gs1::read(text).map(|found| Meaning::Gs1(Box::new(found))));
    }
    all.extend(spelling::typed(text).map(Meaning::Spelling));
    if text.chars().all(|c| c.is_ascii_graphic()) {
        all.push(Meaning::PlainCode(text.to_owned()));
        all.extend(card(text));
    }
    if text.chars().any(char::is_alphabetic) {
        all.push(Meaning::Name(spelling::tidy(text)));
    }
    all
}

fn digits(text: &str, known: bool) -> Vec<Meaning> {
    let length = text.len();
    let amount = || {
        let fen = Fen::parse(text).filter(|fen| fen.is_positive() && !text.starts_with('0'));
        fen.map(Meaning::Amount)
    };
    let money_first = length <= 3 || (known && length <= 5);
    let mut all = Vec::new();
    if money_first {
        all.extend(amount());
    }
    barcodes(text, &mut all);
    // A phone with its country code has thirteen digits, like a barcode.
    all.extend(Phone::parse(text).map(Meaning::Phone));
    if length == 4 || (length < 4 && !known) {
        all.push(Meaning::PhoneTail(text.to_owned()));
    }
    if is_phone_start(text) && (!known || length >= 4) {
        all.push(Meaning::PhonePrefix(text.to_owned()));
    }
    if length == 4 && !known {
        all.extend(amount());
    }
    all.push(Meaning::PlainCode(text.to_owned()));
    all.extend(card(text));
    if !money_first && length > 4 {
        all.extend(amount());
    }
    all
}

fn card(text: &str) -> Option<Meaning> {
    card::fits(text).then(|| Meaning::Card(text.to_owned()))
}

/// EAN, UPC-A, GTIN-14, and UPC-E also when the same eight digits are a right EAN-8.
fn barcodes(text: &str, all: &mut Vec<Meaning>) {
    let first = Gtin::parse(text);
    let second = Gtin::parse_upc_e(text).filter(|gtin| Some(*gtin) != first);
    all.extend(first.into_iter().chain(second).map(Meaning::Barcode));
}

/// One to ten digits that can begin a mobile number.
fn is_phone_start(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 10
        && bytes.next() == Some(b'1')
        && bytes.next().is_none_or(|b| (b'3'..=b'9').contains(&b))
        && bytes.all(|b| b.is_ascii_digit())
}

/// `3*`, `*3`, `3×`: one to [`MAX_QUANTITY`] pieces.
fn quantity(text: &str) -> Option<u32> {
    let number = text
        .strip_suffix(TIMES)
        .or_else(|| text.strip_prefix(TIMES))?;
    let plain = number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit());
    number
        .parse()
        .ok()
        .filter(|count| plain && (1..=MAX_QUANTITY).contains(count))
}

/// Track 1 (`%B…^`) or track 2 (`;…=`) of a magnetic stripe with a number that passes Luhn.
fn is_bank_card(text: &str) -> bool {
    let start = |sentinel: &str, end: char| {
        let number = text
            .split_once(sentinel)
            .and_then(|(_, rest)| rest.split_once(end));
        number.is_some_and(|(number, _)| matches!(number.len(), 12..=19) && luhn(number))
    };
    start("%B", '^') || start(";", '=')
}

/// The sentinel of a track and the first digits of its number.
fn begins_stripe(text: &str) -> bool {
    let digits = |rest: &str| rest.bytes().take_while(u8::is_ascii_digit).count();
    let track = |sentinel: &str, least: usize| {
        let rest = text.strip_prefix(sentinel);
        rest.is_some_and(|rest| digits(rest) >= least)
    };
    track("%B", 1) || track(";", 8)
}

fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (place, c) in digits.chars().rev().enumerate() {
        let Some(digit) = c.to_digit(10) else {
            return false;
        };
        let doubled = if place.is_multiple_of(2) {
            digit
        } else {
            digit * 2
        };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
    }
    sum % 10 == 0
}

#[cfg(test)]
mod tests;
