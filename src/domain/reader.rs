//! `Reader`: the form in which one reader prints card numbers, and so which bytes of the chip a number is
//! (scanner.md 6). Learnt when somebody says that two numbers are one card.
//!
//! The canonical bytes of a card are those of its kept number, read straight; a reader's byte order is
//! relative to that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::chip;
use super::code::{Meaning, known_as};
use super::gtin::Gtin;
use super::scan::Device;

/// Readers that are remembered at most.
const MOST: usize = 32;

/// How bytes are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Shape {
    /// 10H12D.
    Digits12,
    /// 8H10D.
    Digits10,
    /// 6H8D.
    Digits8,
    /// 4H4H.
    Comma5,
    /// 2H4H.
    Comma3,
    /// Ten of hexadecimal.
    Hex10,
    /// Eight of hexadecimal.
    Hex8,
}

impl Shape {
    const ALL: [Self; 7] = [
        Self::Digits12,
        Self::Digits10,
        Self::Digits8,
        Self::Comma5,
        Self::Comma3,
        Self::Hex10,
        Self::Hex8,
    ];

    /// As the makers of readers call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Digits12 => "10H12D",
            Self::Digits10 => "8H10D",
            Self::Digits8 => "6H8D",
            Self::Comma5 => "4H4H",
            Self::Comma3 => "2H4H",
            Self::Hex10 => "10H",
            Self::Hex8 => "8H",
        }
    }

    /// Bits that are printed.
    const fn bits(self) -> u32 {
        match self {
            Self::Digits12 | Self::Hex10 => 40,
            Self::Digits10 | Self::Comma5 | Self::Hex8 => 32,
            Self::Digits8 | Self::Comma3 => 24,
        }
    }

    fn of(number: &str) -> Option<Self> {
        // Digits alone are decimal while nothing else is known.
        let has_letter = number.bytes().any(|byte| byte.is_ascii_alphabetic());
        Self::ALL.into_iter().find(|shape| {
            let is_hex = matches!(shape, Self::Hex10 | Self::Hex8);
            is_hex == has_letter && shape.read(number).is_some()
        })
    }

    /// The bytes, in the order in which they are printed.
    fn read(self, number: &str) -> Option<u64> {
        let pair = |width: usize, bits: u32| {
            let (high, low) = number.split_once(',')?;
            let is_wide = high.len() == width && low.len() == 5;
            let (high, low) = (chip::digits(high)?, chip::digits(low)?);
            (is_wide && high >> bits == 0 && low >> 16 == 0).then_some(high << 16 | low)
        };
        let long = |width: usize| Some(number).filter(|number| number.len() == width);
        let hex = |number: &str| {
            let plain = number.bytes().all(|byte| byte.is_ascii_hexdigit());
            plain.then(|| u64::from_str_radix(number, 16).ok())?
        };
        let value = match self {
            Self::Digits12 => chip::digits(long(12)?),
            Self::Digits10 => chip::digits(long(10)?),
            Self::Digits8 => chip::digits(long(8)?),
            Self::Comma5 => pair(5, 16),
            Self::Comma3 => pair(3, 8),
            Self::Hex10 => hex(long(10)?),
            Self::Hex8 => hex(long(8)?),
        };
        value.filter(|value| *value > 0 && value >> self.bits() == 0)
    }

    /// The low bytes, as many as this prints.
    fn print(self, value: u64) -> String {
        let value = value & ((1 << self.bits()) - 1);
        match self {
            Self::Digits12 => format!("{value:012}"),
            Self::Digits10 => format!("{value:010}"),
            Self::Digits8 => format!("{value:08}"),
            Self::Comma5 => format!("{:05},{:05}", value >> 16, value & 0xFFFF),
            Self::Comma3 => format!("{:03},{:05}", value >> 16, value & 0xFFFF),
            Self::Hex10 => format!("{value:010X}"),
            Self::Hex8 => format!("{value:08X}"),
        }
    }
}

/// The form of one reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub shape: Shape,
    /// The four bytes come in the other order than in the kept numbers.
    pub turned: bool,
}

impl Form {
    /// What a number of this form is in a kept form: the number, when this form prints all of its bytes, or
    /// else every number that it may be. None when more than one byte is missing ([`Near::low`]).
    fn kept(self, number: &str, kept: Shape) -> Vec<String> {
        let Some(value) = self.shape.read(number) else {
            return Vec::new();
        };
        let bits = self.shape.bits();
        let wholes: Vec<u64> = match (self.turned, bits) {
            (true, 32) => vec![chip::turned(value)],
            (true, 24) => (0..=255)
                .map(|first| chip::turned(first << 24 | value))
                .collect(),
            (true, _) => Vec::new(),
            (false, _) => vec![value],
        };
        let bits = if self.turned { 32 } else { bits };
        let print = |whole: &u64| match kept.bits().saturating_sub(bits) {
            0 => vec![kept.print(*whole)],
            8 if wholes.len() == 1 => (0..=255)
                .map(|first: u64| kept.print(first << bits | whole))
                .collect(),
            _ => Vec::new(),
        };
        wholes.iter().flat_map(print).collect()
    }

    /// Whether this form prints all bytes of a kept one.
    const fn covers(self, kept: Shape) -> bool {
        let bits = self.shape.bits();
        bits >= kept.bits() && !(self.turned && bits != 32)
    }

    /// Whether the kept form has two bytes more.
    const fn is_far_below(self, kept: Shape) -> bool {
        !self.turned && self.shape.bits() == 24 && kept.bits() == 40
    }
}

/// What is known of a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    pub form: Form,
    /// The forms in which cards it read are kept, as far as somebody confirmed it.
    pub kept: Vec<Shape>,
}

impl Reader {
    /// What the reader prints and how the card is kept, proved by one card; none when these numbers do not
    /// tell (both byte orders fit, or none).
    #[must_use]
    pub fn proved(printed: &str, kept: &str) -> Option<Self> {
        let (shape, into) = (Shape::of(printed)?, Shape::of(kept)?);
        let low = |bits: u32, value: u64| value & ((1 << bits) - 1);
        let fits = |form: &Form| {
            let far = form.is_far_below(into)
                && shape.read(printed) == into.read(kept).map(|value| low(24, value));
            let same = |one: &String| one.eq_ignore_ascii_case(kept);
            far || form.kept(printed, into).iter().any(same)
        };
        let forms = [false, true].map(|turned| Form { shape, turned });
        let mut all = forms.into_iter().filter(fits);
        let form = all.next().filter(|_| all.next().is_none())?;
        Some(Self {
            form,
            kept: vec![into],
        })
    }

    /// The number under which a card of this reader is kept: its canonical bytes, in the form first
    /// confirmed. None when the reader prints less than that.
    #[must_use]
    pub fn canonical(&self, number: &str) -> Option<String> {
        let kept = *self.kept.first()?;
        let mut all = self.form.kept(number, kept);
        self.form.covers(kept).then(|| all.pop())?
    }

    /// Whether it reads IC cards (a UID of four bytes in hexadecimal) and nothing with five bytes.
    fn is_ic(&self) -> bool {
        let mut all = self.kept.iter().chain([&self.form.shape]);
        all.clone().any(|shape| *shape == Shape::Hex8) && all.all(|shape| shape.bits() <= 32)
    }

    /// Whether some card is known by five bytes: EM.
    fn is_em(&self) -> bool {
        let mut all = self.kept.iter().chain([&self.form.shape]);
        all.any(|shape| shape.bits() == 40)
    }
}

/// Whether a number may be that of a chip, in any form.
#[must_use]
pub fn is_chip(number: &str) -> bool {
    Shape::of(number).is_some()
}

/// Whether a chip makes up this number anew at every reading (a first byte of 08 in four: ISO 14443-3): it is
/// nobody's for longer than a moment.
///
/// Only UIDs of IC cards are so. Eight of hexadecimal is how those are printed; ten digits may be an EM card
/// whose number begins so, and are refused only of a reader that is known to read IC cards.
#[must_use]
pub fn is_random(number: &str, reader: Option<&Reader>) -> bool {
    let first = |value: Option<u64>| value.is_some_and(|value| value >> 24 == 0x08);
    match reader {
        Some(reader) if reader.is_em() => false,
        Some(reader) if reader.is_ic() => {
            let into = if reader.form.shape == Shape::Hex8 {
                return first(Shape::Hex8.read(number));
            } else {
                Shape::Hex8
            };
            let all = reader.form.kept(number, into);
            matches!(&all[..], [one] if first(into.read(one)))
        }
        _ => Shape::of(number) == Some(Shape::Hex8) && first(Shape::Hex8.read(number)),
    }
}

/// What else a card number may stand in the books as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Near {
    /// By what is known of the reader: a card among these is the one, if it is one member's.
    pub sure: Vec<String>,
    /// As any other reader may print it: a card among these is asked about.
    pub forms: Vec<String>,
    /// Three bytes: a card of five that ends so. Certain when `is_low_sure`.
    pub low: Option<i32>,
    pub is_low_sure: bool,
}

impl Near {
    fn of(number: &str, reader: Option<&Reader>) -> Self {
        let mut three = [Shape::Digits8, Shape::Comma3].into_iter();
        let low = three.find_map(|shape| shape.read(number));
        let is_low_sure = reader.is_some_and(|reader| {
            let mut kept = reader.kept.iter();
            kept.any(|kept| reader.form.is_far_below(*kept))
        });
        let sure = reader.into_iter().flat_map(|reader| {
            let kept = reader.kept.iter();
            kept.flat_map(|kept| reader.form.kept(number, *kept))
        });
        Self {
            sure: sure.collect(),
            forms: chip::other_forms(number),
            low: low.and_then(|low| i32::try_from(low).ok()),
            is_low_sure,
        }
    }

    /// Without what would have to be asked about.
    #[must_use]
    pub fn certain(self) -> Self {
        Self {
            forms: Vec::new(),
            low: self.low.filter(|_| self.is_low_sure),
            ..self
        }
    }
}

/// The spellings under which the shop may know a code, and what else a card may stand in the books as. What
/// the reader's form tells for certain, byte by byte, is a spelling.
#[must_use]
pub fn known_by(all: &[Meaning], reader: Option<&Reader>) -> (Vec<String>, Near) {
    let mut codes = known_as(all);
    let card = all.iter().find_map(|meaning| match meaning {
        Meaning::Card(number) => Some(number),
        _ => None,
    });
    let near = card.map_or_else(Near::default, |number| Near::of(number, reader));
    if let (Some(number), Some(reader)) = (card, reader) {
        let kept = reader.kept.iter().filter(|kept| reader.form.covers(**kept));
        codes.extend(kept.flat_map(|kept| reader.form.kept(number, *kept)));
    }
    (codes, near)
}

/// The readers of a till, by the name their scans carry; a keyboard on the terminal has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readers(BTreeMap<String, Reader>);

impl Readers {
    #[must_use]
    pub fn of(&self, device: &Device) -> Option<&Reader> {
        self.0.get(key(device))
    }

    /// What is known of the device that read `code`, as far as it is about this code. Behind the terminal there may be
    /// a scanner of goods and a reader of cards at once: there the form is only of numbers that it can print and
    /// that are no barcode.
    #[must_use]
    pub fn of_code(&self, device: &Device, code: &str) -> Option<&Reader> {
        let code = code.trim();
        let barcode = || Gtin::parse(code).or_else(|| Gtin::parse_upc_e(code));
        let is_about = |reader: &&Reader| match device {
            Device::Usb(_) => true,
            Device::Terminal => reader.form.shape.read(code).is_some() && barcode().is_none(),
        };
        self.of(device).filter(is_about)
    }

    /// Learns of a card that is confirmed to be the kept one; false when that tells nothing new. A form that
    /// contradicts what was known replaces it: the reader was set up anew.
    pub fn learn(&mut self, device: &Device, printed: &str, kept: &str) -> bool {
        let Some(proved) = Reader::proved(printed, kept) else {
            return false;
        };
        let is_full = self.0.len() >= MOST;
        match self.0.get_mut(key(device)) {
            Some(known) if known.form == proved.form => {
                let new = proved.kept.iter().find(|kept| !known.kept.contains(kept));
                new.is_some_and(|new| {
                    known.kept.push(*new);
                    true
                })
            }
            Some(known) => {
                *known = proved;
                true
            }
            None if is_full => false,
            None => self.0.insert(key(device).to_owned(), proved).is_none(),
        }
    }

    /// Forgets what a reader prints.
    pub fn forget(&mut self, device: &Device) {
        self.0.remove(key(device));
    }
}

fn key(device: &Device) -> &str {
    match device {
        Device::Terminal => "",
        Device::Usb(name) => name,
    }
}

#[cfg(test)]
mod tests;
