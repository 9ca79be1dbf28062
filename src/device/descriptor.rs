//! `Descriptor`: where a HID report keeps what a scanner says, read from the report descriptor
//! (Device Class Definition for HID 1.11, 6.2.2).
//!
//! A device is a stranger's: whatever it sends, reading it ends, panics nowhere and keeps no more
//! than a few numbers. What does not fit the limits below ends the reading; what was found so far
//! stands, as it does when a descriptor is cut short.

use std::ops::Range;

/// Bytes of a descriptor that are read.
pub const MAX_DESCRIPTOR: usize = 4_096;
/// Bytes of the longest report.
pub const MAX_REPORT: usize = 4_096;
/// Collections in each other, and states pushed, at most.
const MAX_DEPTH: usize = 16;
/// Usages in front of one main item, at most.
const MAX_USAGES: usize = 64;
/// Report ids of one device, at most.
const MAX_IDS: usize = 32;

/// Usage page "Bar Code Scanner" of the HID Point of Sale Usage Tables 1.02.
pub const SCANNER_PAGE: u16 = 0x8C;
/// The same tables on some Honeywell firmware ("REM").
pub const REM_PAGE: u16 = 0xFF8C;

const DESKTOP: u16 = 0x01;
const KEY_CODES: u16 = 0x07;
const BAR_CODE_SCANNER: u16 = 0x02;
const KEYBOARD: u16 = 0x06;
const BYTE_COUNT: u16 = 0x3B;
const SYMBOLOGY_1: u16 = 0xFB;
const DECODED_DATA: u16 = 0xFE;
const CONTINUED: u16 = 0xFF;
const INITIATE_READ: u16 = 0x60;
const ERROR_BEEP: u16 = 0x85;
const GOOD_BEEP: u16 = 0x86;
const LEFT_CONTROL: u16 = 0xE0;

/// The scanned data report of a HID POS scanner: offsets in bytes from the start of the report,
/// the id included where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanReport {
    /// [`SCANNER_PAGE`] or [`REM_PAGE`].
    pub page: u16,
    pub id: Option<u8>,
    pub data: Range<usize>,
    pub count: Option<usize>,
    /// The first of the three bytes of the AIM identifier.
    pub aim: Option<usize>,
    /// Byte and bit that say that more follows.
    pub continued: Option<(usize, u8)>,
}

/// The report of a keyboard with key slots, not of one with a bit for each key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyReport {
    pub id: Option<u8>,
    pub modifiers: usize,
    pub slots: Range<usize>,
}

/// What a person or a program can ask of a scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Beep as after a code that was read: which of the scanners is this.
    Beep,
    /// Beep as after something that is wrong.
    ErrorBeep,
    /// Read now, as if its trigger were pulled.
    Trigger,
}

/// The trigger report of a HID POS scanner: bits the host sets, counted from the start of the
/// report, the id included where there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignalReport {
    pub id: Option<u8>,
    /// Bytes of the report.
    pub length: usize,
    pub beep: Option<usize>,
    pub error_beep: Option<usize>,
    pub trigger: Option<usize>,
}

impl SignalReport {
    /// The bytes that ask for it; `None` when the device does not offer it.
    #[must_use]
    pub fn bytes(&self, signal: Signal) -> Option<Vec<u8>> {
        let bit = match signal {
            Signal::Beep => self.beep,
            Signal::ErrorBeep => self.error_beep,
            Signal::Trigger => self.trigger,
        }?;
        let mut bytes = vec![0; self.length];
        if let (Some(id), Some(first)) = (self.id, bytes.first_mut()) {
            *first = id;
        }
        *bytes.get_mut(bit / 8)? |= 1 << (bit % 8);
        Some(bytes)
    }
}

/// What one interface can say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// A bar code scanner collection with decoded data in it. Page 0x8C alone is no scanner: some
    /// keyboards carry it (scanner.md 1.5).
    pub scan: Option<ScanReport>,
    pub keys: Option<KeyReport>,
    /// How a scanner is asked to beep, where it can be.
    pub signals: Option<SignalReport>,
    /// Bytes of the longest input report.
    pub longest: usize,
}

impl Descriptor {
    /// Reads a report descriptor, whole or cut short.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let bytes = bytes.get(..MAX_DESCRIPTOR).unwrap_or(bytes);
        let mut walk = Walk::default();
        for item in (Items { bytes }) {
            if walk.item(&item).is_none() {
                break;
            }
        }
        walk.finish()
    }
}

/// One short item.
struct Item {
    tag: u8,
    size: usize,
    value: u32,
}

struct Items<'a> {
    bytes: &'a [u8],
}

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            let (&prefix, rest) = self.bytes.split_first()?;
            // A long item: length, tag, data. None is defined.
            if prefix == 0xFE {
                let length = usize::from(*rest.first()?);
                self.bytes = rest.get(2 + length..)?;
                continue;
            }
            let size = match prefix & 3 {
                3 => 4,
                size => usize::from(size),
            };
            let (data, rest) = rest.split_at_checked(size)?;
            self.bytes = rest;
            let value = data
                .iter()
                .rev()
                .fold(0, |value, &byte| value << 8 | u32::from(byte));
            return Some(Item {
                tag: prefix & 0xFC,
                size,
                value,
            });
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Global {
    page: u16,
    bits: usize,
    count: usize,
    id: Option<u8>,
}

/// Usages of a main item, first to last.
type Usages = (u32, u32);

#[derive(Debug, Default)]
struct Walk {
    global: Global,
    pushed: Vec<Global>,
    usages: Vec<Usages>,
    minimum: Option<u32>,
    /// The application collection that is open.
    application: Option<(u16, u16)>,
    depth: usize,
    /// Bits so far of each input report.
    lengths: Vec<(Option<u8>, usize)>,
    scans: Vec<ScanReport>,
    keys: Vec<PartialKeys>,
    /// Bits so far of each output report.
    outputs: Vec<(Option<u8>, usize)>,
    signals: Vec<SignalReport>,
}

#[derive(Debug, Default)]
struct PartialKeys {
    id: Option<u8>,
    modifiers: Option<usize>,
    slots: Option<Range<usize>>,
}

impl Walk {
    /// Takes one item; `None` is "stop here".
    fn item(&mut self, item: &Item) -> Option<()> {
        match item.tag {
            // Main.
            0x80 => {
                self.input(item.value)?;
                self.forget();
            }
            0x90 => {
                self.output(item.value)?;
                self.forget();
            }
            0xB0 => self.forget(),
            0xA0 => {
                self.open(item.value)?;
                self.forget();
            }
            0xC0 => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.application = None;
                }
                self.forget();
            }
            // Global.
            0x04 => self.global.page = u16::try_from(item.value).ok()?,
            0x74 => self.global.bits = usize::try_from(item.value).ok()?,
            0x84 => self.global.id = Some(u8::try_from(item.value).ok().filter(|id| *id > 0)?),
            0x94 => self.global.count = usize::try_from(item.value).ok()?,
            0xA4 => {
                if self.pushed.len() >= MAX_DEPTH {
                    return None;
                }
                self.pushed.push(self.global);
            }
            0xB4 => self.global = self.pushed.pop()?,
            // Local.
            0x08 => {
                let usage = self.whole(item);
                self.usage((usage, usage))?;
            }
            0x18 => self.minimum = Some(self.whole(item)),
            0x28 => {
                let first = self.minimum.take()?;
                self.usage((first, self.whole(item)))?;
            }
            _ => {}
        }
        Some(())
    }

    /// A usage of four bytes carries its page.
    fn whole(&self, item: &Item) -> u32 {
        if item.size == 4 {
            item.value
        } else {
            u32::from(self.global.page) << 16 | item.value
        }
    }

    fn usage(&mut self, usages: Usages) -> Option<()> {
        if self.usages.len() >= MAX_USAGES {
            return None;
        }
        self.usages.push(usages);
        Some(())
    }

    fn forget(&mut self) {
        self.usages.clear();
        self.minimum = None;
    }

    fn open(&mut self, kind: u32) -> Option<()> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        // 1: application.
        if kind == 1
            && let Some((usage, _)) = self.usages.first()
        {
            let [page_high, page_low, high, low] = usage.to_be_bytes();
            self.application = Some((
                u16::from_be_bytes([page_high, page_low]),
                u16::from_be_bytes([high, low]),
            ));
        }
        Some(())
    }

    /// An input item: notes what of it is of use, and moves on by its bits.
    fn input(&mut self, flags: u32) -> Option<()> {
        let start = advance(&mut self.lengths, self.global)?;
        let is_constant = flags & 1 != 0;
        if !is_constant {
            self.fields(start, flags);
        }
        Some(())
    }

    /// An output item: what a scanner may be asked.
    fn output(&mut self, flags: u32) -> Option<()> {
        let start = advance(&mut self.outputs, self.global)?;
        let Some((page @ (SCANNER_PAGE | REM_PAGE), BAR_CODE_SCANNER)) = self.application else {
            return Some(());
        };
        let is_bits = flags & 3 == 2 && self.global.bits == 1;
        let bit = |usage| {
            let (at, _) = self.field(page, usage).filter(|_| is_bits)?;
            Some(start + at)
        };
        let found = SignalReport {
            id: self.global.id,
            length: 0,
            beep: bit(GOOD_BEEP),
            error_beep: bit(ERROR_BEEP),
            trigger: bit(INITIATE_READ),
        };
        if found.beep.or(found.error_beep).or(found.trigger).is_some() {
            match self.signals.iter_mut().find(|one| one.id == found.id) {
                Some(known) => {
                    known.beep = known.beep.or(found.beep);
                    known.error_beep = known.error_beep.or(found.error_beep);
                    known.trigger = known.trigger.or(found.trigger);
                }
                None => self.signals.push(found),
            }
        }
        Some(())
    }

    fn fields(&mut self, start: usize, flags: u32) {
        let is_variable = flags & 2 != 0;
        match self.application {
            Some((page @ (SCANNER_PAGE | REM_PAGE), BAR_CODE_SCANNER)) if is_variable => {
                self.scanned(page, start);
            }
            Some((DESKTOP, KEYBOARD)) => self.pressed(start, is_variable),
            _ => {}
        }
    }

    /// Where this usage stands among the fields: its index and how many there are of it. The last
    /// usage is that of all the fields that are left.
    fn field(&self, page: u16, usage: u16) -> Option<(usize, usize)> {
        let wanted = u32::from(page) << 16 | u32::from(usage);
        let mut index = 0_usize;
        for (place, &(first, last)) in self.usages.iter().enumerate() {
            let many = usize::try_from(last.checked_sub(first)?).ok()? + 1;
            if (first..=last).contains(&wanted) {
                let at = index.checked_add(usize::try_from(wanted - first).ok()?)?;
                let is_last = place + 1 == self.usages.len() && wanted == last;
                let left = self.global.count.checked_sub(at).filter(|left| *left > 0)?;
                return Some((at, if is_last { left } else { 1 }));
            }
            index = index.checked_add(many)?;
        }
        None
    }

    fn scanned(&mut self, page: u16, start: usize) {
        let id = self.global.id;
        let bits = self.global.bits;
        let byte = |index: usize| {
            let at = start + index * 8;
            (bits == 8 && at.is_multiple_of(8)).then_some(at / 8)
        };
        let count = self.field(DESKTOP, BYTE_COUNT).and_then(|(at, _)| byte(at));
        let aim = self.field(page, SYMBOLOGY_1).and_then(|(at, _)| byte(at));
        let data = self
            .field(page, DECODED_DATA)
            .and_then(|(at, many)| Some((byte(at)?, many)));
        let continued = self.field(page, CONTINUED).and_then(|(at, _)| {
            let bit = start + at * bits;
            Some((bit / 8, u8::try_from(bit % 8).ok()?))
        });
        if count.is_none() && aim.is_none() && data.is_none() && continued.is_none() {
            return;
        }
        if !self.scans.iter().any(|scan| scan.id == id) {
            self.scans.push(ScanReport {
                page,
                id,
                data: 0..0,
                count: None,
                aim: None,
                continued: None,
            });
        }
        if let Some(scan) = self.scans.iter_mut().find(|scan| scan.id == id) {
            scan.count = scan.count.or(count);
            scan.aim = scan.aim.or(aim);
            scan.continued = scan.continued.or(continued);
            if let Some((at, many)) = data.filter(|_| scan.data.is_empty()) {
                scan.data = at..at + many;
            }
        }
    }

    fn pressed(&mut self, start: usize, is_variable: bool) {
        let Global {
            bits, count, id, ..
        } = self.global;
        if !start.is_multiple_of(8) {
            return;
        }
        let first = self.usages.first().copied().unwrap_or_default().0;
        let modifiers = (is_variable
            && bits == 1
            && count >= 8
            && first == u32::from(KEY_CODES) << 16 | u32::from(LEFT_CONTROL))
        .then_some(start / 8);
        let is_slots = !is_variable && bits == 8 && first >> 16 == u32::from(KEY_CODES);
        let slots = is_slots.then_some(start / 8..start / 8 + count);
        if modifiers.is_none() && slots.is_none() {
            return;
        }
        if !self.keys.iter().any(|keys| keys.id == id) {
            self.keys.push(PartialKeys {
                id,
                ..PartialKeys::default()
            });
        }
        if let Some(keys) = self.keys.iter_mut().find(|keys| keys.id == id) {
            keys.modifiers = keys.modifiers.or(modifiers);
            keys.slots = keys.slots.take().or(slots);
        }
    }

    fn finish(self) -> Descriptor {
        let signals = self.signals.into_iter().next().map(|found| {
            let bits = self.outputs.iter().find(|(id, _)| *id == found.id);
            let length = bits.map_or(0, |(_, bits)| bits.div_ceil(8));
            SignalReport { length, ..found }
        });
        let longest = self.lengths.iter().map(|(_, bits)| bits.div_ceil(8)).max();
        // Raw data may stand in a report of its own: the one with the decoded data counts.
        let scans = self.scans.into_iter().filter(|scan| !scan.data.is_empty());
        Descriptor {
            // Of Honeywell's two the standard one, wherever it stands.
            scan: scans.min_by_key(|scan| scan.page != SCANNER_PAGE),
            keys: self.keys.into_iter().find_map(|keys| {
                Some(KeyReport {
                    id: keys.id,
                    modifiers: keys.modifiers?,
                    slots: keys.slots?,
                })
            }),
            signals,
            longest: longest.unwrap_or(0),
        }
    }
}

/// Moves on in the report of this id by the bits of one item; gives where they start. `None`: the
/// report becomes longer than any, or there are too many of them.
fn advance(lengths: &mut Vec<(Option<u8>, usize)>, global: Global) -> Option<usize> {
    let Global {
        bits, count, id, ..
    } = global;
    let first = usize::from(id.is_some()) * 8;
    let place = match lengths.iter().position(|(known, _)| *known == id) {
        Some(place) => place,
        None if lengths.len() < MAX_IDS => {
            lengths.push((id, first));
            lengths.len() - 1
        }
        None => return None,
    };
    let length = &mut lengths.get_mut(place)?.1;
    let start = *length;
    let end = bits.checked_mul(count)?.checked_add(start)?;
    if end > MAX_REPORT * 8 {
        return None;
    }
    *length = end;
    Some(start)
}

#[cfg(test)]
mod tests;
