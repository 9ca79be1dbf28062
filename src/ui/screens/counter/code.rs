//! A code at the counter, as far as it can be told by itself.

use chrono::NaiveDate;

use crate::domain::card::{Card, NoCard};
use crate::domain::carried::Carried;
use crate::domain::code::{Meaning, refused};
use crate::domain::money::Fen;
use crate::domain::phone::Phone;
use crate::domain::reader::{Near, Reader, known_by};
use crate::domain::scan::Device;

/// The longest barcode that is an item and nothing else, digits.
const BARCODE: usize = 14;

/// A code that was scanned or typed.
#[derive(Clone, Default)]
pub struct Code {
    pub text: String,
    /// The spellings under which the shop may know it.
    pub known: Vec<String>,
    /// What else the card may stand in the books as.
    pub near: Near,
    /// Scanned, by this device.
    pub device: Option<Device>,
    /// What is known of it.
    pub reader: Option<Reader>,
    /// The canonical barcode, or the text.
    pub item: String,
    pub what: Kind,
    /// What it says of the very piece.
    pub carried: Carried,
    pub phone: Option<Phone>,
    /// It was typed, and may be money.
    pub amount: Option<Fen>,
    pub pieces: Option<u32>,
}

/// What is special about a code.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Plain,
    /// A scale label, of goods and nothing else. `asks`: it may be a wallet's code as well.
    Label { plu: String, asks: bool },
    /// It names an item: a barcode, or a GS1 symbol.
    Item,
    /// Somebody else's coupon.
    Coupon,
    /// A coupon of guitai's own.
    OwnCoupon,
    /// It may be this item with a digit lost: the canonical barcode.
    Mended(String),
}

/// Never shows the code: it may be a phone number or worth money.
impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(****)")
    }
}

impl Code {
    /// More than a barcode: a GS1 symbol, of which only the item is worth reading.
    pub fn is_long(&self) -> bool {
        self.what == Kind::Item && self.text.len() > BARCODE
    }

    /// What a text that may mean all this is about. `today` decides the century of a date.
    pub fn of(text: &str, meanings: &[Meaning], reader: Option<&Reader>, today: NaiveDate) -> Self {
        let (known, near) = known_by(meanings, reader);
        let mut code = Self {
            text: text.to_owned(),
            item: text.to_owned(),
            known,
            near,
            reader: reader.cloned(),
            ..Self::default()
        };
        for meaning in meanings {
            match meaning {
                Meaning::Phone(phone) => code.phone = Some(phone.clone()),
                Meaning::Barcode(gtin) if code.what == Kind::Plain => {
                    code.item = gtin.to_string();
                    code.what = Kind::Item;
                }
                Meaning::Gs1(found) => {
                    code.item = found.gtin.to_string();
                    code.what = Kind::Item;
                    code.carried = Carried::by_gs1(found, today);
                }
                Meaning::Label(label) => {
                    code.item = format!("\u{1d}{}", label.plu);
                    code.known.clone_from(&label.codes);
                    code.carried = Carried::by_label(label);
                    code.what = Kind::Label {
                        plu: label.plu.clone(),
                        asks: !label.checked && refused(text).is_some(),
                    };
                }
                Meaning::Coupon => code.what = Kind::Coupon,
                Meaning::OwnCoupon => code.what = Kind::OwnCoupon,
                Meaning::Mended(gtin) => code.what = Kind::Mended(gtin.to_string()),
                _ => {}
            }
        }
        code
    }

    /// The card it may be.
    ///
    /// # Errors
    /// Why it can be none.
    pub fn card(&self) -> Result<Card, NoCard> {
        Card::read_by(&self.text, self.reader.as_ref())
    }
}
