//! ESC/POS: a document laid out in columns to the bytes a receipt printer takes.
//!
//! Only commands that the cheap printers of the field know; GB18030 with their Chinese mode on. The
//! columns are those of the layout, so that nothing is wrapped by the printer.

use crate::device::bitmap::Bitmap;
use crate::domain::slip::{Form, Line, glyphs};

/// Dots of one column: 384 on 58 mm, 576 on 80 mm.
pub const DOTS_PER_COLUMN: usize = 12;
/// Bytes a QR code of a receipt may have: at four dots a module it fits 58 mm.
pub const MOST_QR: usize = 200;

/// ESC @, then FS &: a fresh start, with Chinese.
const START: [u8; 4] = [0x1B, 0x40, 0x1C, 0x26];
/// FS .: Chinese off again, as it was for whoever comes next.
const END: [u8; 2] = [0x1C, 0x2E];
/// ESC d 3: what was printed is past the tear bar.
const FEED: [u8; 3] = [0x1B, 0x64, 3];
/// GS V 66 0: feed to the knife, cut.
const CUT: [u8; 4] = [0x1D, 0x56, 66, 0];
/// GS r 1: answers when all before it is printed.
pub const REPORT: [u8; 3] = [0x1D, 0x72, 1];
/// Rows of a picture in one command: cheap printers have little memory.
const STRIP: usize = 128;
/// Modules of a bar code beside its characters: start, check, stop.
const CODE128_FRAME: usize = 35;
const CODE128_MODULES: usize = 11;
/// Dots of the thinnest bar every printer offers.
const BAR: usize = 2;

/// How a document goes on paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    pub columns: usize,
    pub logo: Option<Bitmap>,
    pub cut: bool,
    pub pulse: Pulse,
}

/// What opens the drawer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// Connector pin 2 or 5.
    pub pin: u8,
    /// Milliseconds; the printer counts in twos.
    pub on_ms: u16,
    pub off_ms: u16,
}

/// A whole document, from reset to cut.
#[must_use]
pub fn document(lines: &[Line], setup: &Setup) -> Vec<u8> {
    let mut bytes = START.to_vec();
    for line in lines {
        put(&mut bytes, line, setup);
    }
    bytes.extend(FEED);
    if setup.cut {
        bytes.extend(CUT);
    }
    bytes.extend(END);
    bytes
}

/// ESC p m t1 t2. Without both times a printer takes the next two bytes for them.
#[must_use]
pub fn kick(pulse: Pulse) -> [u8; 5] {
    let halves = |ms: u16| u8::try_from(ms / 2).unwrap_or(u8::MAX);
    let connector = u8::from(pulse.pin == 5);
    [
        0x1B,
        0x70,
        connector,
        halves(pulse.on_ms),
        halves(pulse.off_ms),
    ]
}

fn put(bytes: &mut Vec<u8>, line: &Line, setup: &Setup) {
    let dots = setup.columns * DOTS_PER_COLUMN;
    match line.form {
        Form::Plain => text(bytes, &line.text),
        Form::Strong => strong(bytes, |bytes| text(bytes, &line.text)),
        Form::Tall => strong(bytes, |bytes| sized(bytes, 0x01, &line.text)),
        Form::Big => centred(bytes, |bytes| {
            strong(bytes, |bytes| sized(bytes, 0x11, &line.text));
        }),
        Form::Logo => {
            if let Some(logo) = &setup.logo {
                centred(bytes, |bytes| raster(bytes, logo));
            }
        }
        Form::Qr => match qr(&line.text, dots) {
            Some(code) => centred(bytes, |bytes| bytes.extend(code)),
            None => text(bytes, &line.shown(setup.columns)),
        },
        Form::Code128 => match code128(&line.text, dots) {
            Some(code) => centred(bytes, |bytes| bytes.extend(code)),
            None => text(bytes, &line.shown(setup.columns)),
        },
    }
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(glyphs::encode(text));
    bytes.push(b'\n');
}

/// ESC a: the printer's own middle, for what is not in columns.
fn centred(bytes: &mut Vec<u8>, inside: impl FnOnce(&mut Vec<u8>)) {
    bytes.extend([0x1B, 0x61, 1]);
    inside(bytes);
    bytes.extend([0x1B, 0x61, 0]);
}

/// ESC E.
fn strong(bytes: &mut Vec<u8>, inside: impl FnOnce(&mut Vec<u8>)) {
    bytes.extend([0x1B, 0x45, 1]);
    inside(bytes);
    bytes.extend([0x1B, 0x45, 0]);
}

/// GS !: width in the high half, height in the low one.
fn sized(bytes: &mut Vec<u8>, size: u8, words: &str) {
    bytes.extend([0x1D, 0x21, size]);
    text(bytes, words);
    bytes.extend([0x1D, 0x21, 0]);
}

/// GS ( k: model 2, dots of a module, level M, the data, print.
fn qr(words: &str, dots: usize) -> Option<Vec<u8>> {
    let data = words.as_bytes();
    if data.is_empty() || data.len() > MOST_QR {
        return None;
    }
    let module = if dots >= 576 { 6 } else { 4 };
    let [low, high] = u16::try_from(data.len() + 3).ok()?.to_le_bytes();
    let mut bytes = vec![0x1D, 0x28, 0x6B, 4, 0, 49, 65, 50, 0];
    bytes.extend([0x1D, 0x28, 0x6B, 3, 0, 49, 67, module]);
    bytes.extend([0x1D, 0x28, 0x6B, 3, 0, 49, 69, 49]);
    bytes.extend([0x1D, 0x28, 0x6B, low, high, 49, 80, 48]);
    bytes.extend(data);
    bytes.extend([0x1D, 0x28, 0x6B, 3, 0, 49, 81, 48]);
    bytes.push(b'\n');
    Some(bytes)
}

/// GS k 73 with set B, or set C for pairs of digits; its text below. None: it does not fit.
fn code128(words: &str, dots: usize) -> Option<Vec<u8>> {
    let is_pairs = words.len().is_multiple_of(2) && words.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = words.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if words.is_empty() || !is_plain {
        return None;
    }
    let mut data = vec![b'{', if is_pairs { b'C' } else { b'B' }];
    let mut symbols = words.len();
    if is_pairs {
        let mut digits = words.bytes().map(|byte| byte - b'0');
        while let (Some(tens), Some(ones)) = (digits.next(), digits.next()) {
            data.push(tens * 10 + ones);
        }
        symbols /= 2;
    } else {
        for byte in words.bytes() {
            // A { announces a change of set; two of them are one.
            data.extend(std::iter::repeat_n(byte, if byte == b'{' { 2 } else { 1 }));
        }
    }
    let width = BAR * (CODE128_FRAME + CODE128_MODULES * symbols);
    let length = u8::try_from(data.len()).ok()?;
    if width > dots {
        return None;
    }
    let mut bytes = vec![0x1D, 0x48, 2, 0x1D, 0x68, 80];
    bytes.extend([0x1D, 0x77, u8::try_from(BAR).ok()?, 0x1D, 0x6B, 73, length]);
    bytes.extend(data);
    bytes.push(b'\n');
    Some(bytes)
}

/// GS v 0, strip by strip.
fn raster(bytes: &mut Vec<u8>, picture: &Bitmap) {
    for strip in picture.rows().chunks(STRIP) {
        let across = u16::try_from(picture.bytes_across()).unwrap_or(u16::MAX);
        let down = u16::try_from(strip.len()).unwrap_or(u16::MAX);
        bytes.extend([0x1D, 0x76, 0x30, 0]);
        bytes.extend(across.to_le_bytes());
        bytes.extend(down.to_le_bytes());
        for row in strip {
            bytes.extend(row);
        }
    }
}
