//! `Gear`: a scanner, or what may be one, as people see it. What was read is shown masked: it may
//! be a code worth money (scanner.md 5.4).

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};

use crate::domain::gtin::check_digit_holds;
use crate::domain::scan::{Scan, Symbology};

/// Where the rules stand that let a person read scanners: before those that know who sits at the
/// screen (scanner.md 4.2).
pub const RULES_FILE: &str = "/etc/udev/rules.d/70-guitai-scanner.rules";
/// Devices that are shown and counted at most.
pub const MOST: usize = 32;
/// Codes of one device that are shown.
const LAST: usize = 3;
/// Characters of a masked code that stay.
const PLAIN: usize = 2;

/// How a device is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GearKind {
    /// HID POS: a scanner that says so.
    Pos,
    /// It plays a keyboard.
    Keyboard,
    /// A serial line.
    Serial,
    /// It does not say, and is being asked.
    Unknown,
}

/// How a device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GearState {
    Opening,
    Ready,
    /// A keyboard or a line that nobody taught: a person's, and left to her.
    Left,
    /// A hint of the texts, with what fills its places.
    Trouble {
        hint: &'static str,
        with: Vec<(&'static str, String)>,
    },
}

/// One device that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gear {
    /// Where it is plugged in, and which of its interfaces.
    pub id: String,
    /// As it calls itself; scans carry this name.
    pub name: String,
    /// `0c2e:0b61`.
    pub numbers: String,
    /// `1-2.3`.
    pub port: String,
    pub kind: GearKind,
    pub state: GearState,
    /// Somebody taught it, and may have it forgotten.
    pub is_learnt: bool,
    pub can_beep: bool,
}

/// What a person asks of the devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Find the keyboard or line that sends this code; empty: any code, at once.
    Learn {
        code: String,
    },
    EndLearning,
    /// The device with this id is a person's again.
    Forget {
        id: String,
    },
    /// Beep, so that a person hears which one it is.
    Beep {
        id: String,
    },
    /// Read now, as if the trigger were pulled.
    Trigger {
        id: String,
    },
}

/// How far learning is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Learning {
    #[default]
    Off,
    /// Waiting for a scan. `heard` devices are listened to; `claimed` is taken away from the
    /// keyboard's driver for a moment, because it cannot be listened to otherwise; `denied` ones
    /// cannot be listened to at all, each with the rule that changes it.
    Listening {
        heard: usize,
        claimed: Option<String>,
        denied: Vec<(String, String)>,
    },
    /// It is this one, and from now on it is read. Not `kept`: only until the program ends.
    Found { name: String, kept: bool },
    /// Nobody scanned in time.
    TimedOut,
    /// Nothing is plugged in that could be one.
    NoCandidate,
}

/// What a device has read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub scans: u32,
    pub refused: u32,
    /// Newest first.
    pub last: VecDeque<Glimpse>,
}

/// A code, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    pub at: DateTime<Utc>,
    pub code: String,
    pub symbology: Option<Symbology>,
}

impl Tally {
    /// What part of the reads failed, in percent, rounded up: one in a thousand is not none.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        let all = self.scans.saturating_add(self.refused);
        if all == 0 {
            0
        } else {
            self.refused.saturating_mul(100).div_ceil(all)
        }
    }
}

/// Tallies by the name of the device.
#[derive(Debug, Clone, Default)]
pub struct Tallies(BTreeMap<String, Tally>);

impl Tallies {
    /// Counts a code that was read.
    pub fn scanned(&mut self, name: &str, scan: &Scan, at: DateTime<Utc>) {
        let Some(tally) = self.of_mut(name) else {
            return;
        };
        tally.scans = tally.scans.saturating_add(1);
        tally.last.truncate(LAST - 1);
        tally.last.push_front(Glimpse {
            at,
            code: masked(scan),
            symbology: scan.symbology,
        });
    }

    /// Counts a code that arrived damaged.
    pub fn refused(&mut self, name: &str) {
        if let Some(tally) = self.of_mut(name) {
            tally.refused = tally.refused.saturating_add(1);
        }
    }

    #[must_use]
    pub fn of(&self, name: &str) -> Option<&Tally> {
        self.0.get(name)
    }

    fn of_mut(&mut self, name: &str) -> Option<&mut Tally> {
        if self.0.len() >= MOST && !self.0.contains_key(name) {
            return None;
        }
        Some(self.0.entry(name.to_owned()).or_default())
    }
}

/// Goods, which everybody may see, are shown whole; of everything else the beginning and the length:
/// a payment code, a card or a member code has no place on a screen.
#[must_use]
pub fn masked(scan: &Scan) -> String {
    let code = &scan.code;
    let is_goods = matches!(code.len(), 8 | 13) && check_digit_holds(code);
    if is_goods {
        return code.clone();
    }
    let count = code.chars().count();
    let start = code.chars().take(PLAIN.min(count / 4));
    let plain: String = start.filter(char::is_ascii_graphic).collect();
    format!("{plain}**** ({count})")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::domain::scan::Device;

    fn scan(code: &str) -> Scan {
        Scan::read(code, Device::Usb("front".to_owned()), 0).unwrap()
    }

    #[test]
    fn only_goods_are_shown_whole() {
        for (code, shown) in [
            ("6901234567892", "6901234567892"),
            ("96385074", "96385074"),
            ("6901234567893", "69**** (13)"),
            ("135112298638468293", "13**** (18)"),
            ("289431869362714645", "28**** (18)"),
            ("GT1-7K3F", "GT**** (8)"),
            ("123", "**** (3)"),
            ("王晓明的会员卡片", "**** (8)"),
        ] {
            assert_eq!(masked(&scan(code)), shown, "{code}");
        }
    }

    #[test]
    fn tallies_are_bounded_and_know_their_failures() {
        let at = "2026-03-09T02:32:00Z".parse().unwrap();
        let mut tallies = Tallies::default();
        for number in 0..1_000 {
            tallies.scanned(&format!("device {number}"), &scan("6901234567892"), at);
        }
        assert_eq!(tallies.0.len(), MOST);
        assert_eq!(tallies.of("device 999"), None);
        for _ in 0..998 {
            tallies.scanned("device 1", &scan("6901234567892"), at);
        }
        let of = |tallies: &Tallies| tallies.of("device 1").unwrap().clone();
        assert_eq!(
            (of(&tallies).failures(), of(&tallies).last.len()),
            (0, LAST)
        );
        tallies.refused("device 1");
        assert_eq!((of(&tallies).scans, of(&tallies).failures()), (999, 1));
    }
}
