//! `Opened`: a device that is being read, whatever the way: claimed through usbfs, or as a file of
//! the kernel (hidraw, a serial line). `Decoder`: what makes codes of its reports.

use crate::device::descriptor::Signal;
use crate::device::heard::Heard;
use crate::device::keys::Keys;
use crate::device::lines::Lines;
use crate::device::pos::Pos;
use crate::device::raw::Raw;
use crate::device::source::Source;
use crate::device::trouble::Trouble;
use crate::device::usb::claim::Claimed;
use crate::device::usb::{Form, Found};

/// The decoder that fits the device.
#[derive(Debug)]
pub enum Decoder {
    Pos(Pos),
    Keys(Keys),
    Lines(Lines),
}

impl Source for Decoder {
    type Input = Vec<u8>;
    type Output = Heard;

    fn feed(&mut self, report: Vec<u8>, at_ms: u64) -> Vec<Heard> {
        match self {
            Self::Pos(pos) => pos.feed(report, at_ms),
            Self::Keys(keys) => keys.feed(report, at_ms),
            Self::Lines(lines) => lines.feed(report, at_ms),
        }
    }

    fn deadline(&self) -> Option<u64> {
        match self {
            Self::Pos(pos) => pos.deadline(),
            Self::Keys(keys) => keys.deadline(),
            Self::Lines(lines) => lines.deadline(),
        }
    }

    fn tick(&mut self, at_ms: u64) -> Vec<Heard> {
        match self {
            Self::Pos(pos) => pos.tick(at_ms),
            Self::Keys(keys) => keys.tick(at_ms),
            Self::Lines(lines) => lines.tick(at_ms),
        }
    }
}

/// A device that is being read.
pub enum Opened {
    Claimed(Box<Claimed>),
    File(Raw),
}

impl Found {
    /// Begins to read the device. `None`: asked, it is no scanner, and the kernel has it back.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn open(&self) -> Result<Option<(Opened, Decoder)>, Trouble> {
        if let Form::Serial(node) = &self.form {
            let decoder = Decoder::Lines(Lines::new(self.name.clone()));
            let line = Raw::line(node, &self.name, &self.rule())?;
            return Ok(Some((Opened::File(line), decoder)));
        }
        match self.claim().await {
            Ok(claimed) => Ok(claimed.map(|(one, decoder)| {
                let one = Opened::Claimed(Box::new(one));
                (one, decoder)
            })),
            // The kernel's driver leaves a HID POS scanner alone, so reading beside it is as good.
            Err(trouble @ Trouble::Denied { .. }) if matches!(self.form, Form::Pos(_)) => {
                self.overhear().map(Some).ok_or(trouble)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Reads beside the kernel's driver, without taking anything away from it: a keyboard's keys
    /// still reach the person. `None`: this is not allowed, or there is no such way.
    #[must_use]
    pub fn overhear(&self) -> Option<(Opened, Decoder)> {
        let (file, decoder) = match &self.form {
            Form::Pos(form) | Form::Keys(Some(form)) => {
                let node = self.hidraw.as_deref()?;
                let file = Raw::hid(node, &self.name, form.signals.clone()).ok()?;
                (file, self.decoder(form)?.0)
            }
            Form::Serial(node) => {
                let line = Raw::line(node, &self.name, &self.rule()).ok()?;
                (line, Decoder::Lines(Lines::new(self.name.clone())))
            }
            Form::Keys(None) | Form::Orphan => return None,
        };
        Some((Opened::File(file), decoder))
    }
}

impl Opened {
    /// The next report. Can be dropped at any time without losing one.
    ///
    /// # Errors
    /// It was unplugged, or fails again and again.
    pub async fn report(&mut self) -> Result<Vec<u8>, Trouble> {
        match self {
            Self::Claimed(claimed) => claimed.report().await,
            Self::File(file) => file.report().await,
        }
    }

    /// Asks the scanner for something it may or may not offer.
    pub async fn signal(&self, signal: Signal) {
        match self {
            Self::Claimed(claimed) => claimed.signal(signal).await,
            Self::File(file) => file.signal(signal),
        }
    }

    /// Whether it offers to beep.
    #[must_use]
    pub fn can_beep(&self) -> bool {
        match self {
            Self::Claimed(claimed) => claimed.can_beep(),
            Self::File(file) => file.can_beep(),
        }
    }

    /// Gives it back.
    pub async fn release(self) {
        match self {
            Self::Claimed(claimed) => claimed.release().await,
            Self::File(file) => drop(file),
        }
    }
}
