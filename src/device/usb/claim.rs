//! `Claimed`: a scanner whose interface is ours. Whoever lets go of it gives it back to the kernel.

use std::collections::VecDeque;
use std::time::Duration;

use nusb::descriptors::TransferType;
use nusb::transfer::{
    Buffer, ControlIn, ControlOut, ControlType, Direction, In, Interrupt, Out, Recipient,
    TransferError,
};
use nusb::{Endpoint, Interface};
use tokio::time::timeout;

use crate::device::descriptor::{Descriptor, MAX_DESCRIPTOR, Signal, SignalReport};
use crate::device::keys::Keys;
use crate::device::opened::Decoder;
use crate::device::pos::Pos;
use crate::device::trouble::Trouble;
use crate::device::usb::{Form, Found, node};

/// Reads waiting at the device at once: what comes in quick succession finds room.
const READS: usize = 4;
/// How long a device may take to answer a question.
const ANSWER: Duration = Duration::from_millis(500);
/// How long a cancelled read may take to come back.
const CANCELLED: Duration = Duration::from_millis(500);
/// Failed reads in a row that are overlooked.
const FAILURES: u32 = 3;
/// How long to leave a device alone after a failed read.
const PAUSE: Duration = Duration::from_millis(50);

/// The standard request every device answers (USB 2.0, 9.4.5).
const GET_STATUS: u8 = 0x00;
/// Requests of the HID class (HID 1.11, 7.2).
const SET_REPORT: u8 = 0x09;
const SET_IDLE: u8 = 0x0A;
const SET_PROTOCOL: u8 = 0x0B;
const REPORT_PROTOCOL: u16 = 1;

/// A scanner that is being read.
pub struct Claimed {
    name: String,
    interface: Interface,
    endpoint: Endpoint<Interrupt, In>,
    length: usize,
    /// Read before a failure was cleared up, and not handed on yet.
    kept: VecDeque<Vec<u8>>,
    failures: u32,
    has_boot_protocol: bool,
    signals: Option<SignalReport>,
}

impl Found {
    /// Takes the interface from the kernel and prepares it. `None`: asked, it is no scanner, and
    /// the kernel has it back.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn claim(&self) -> Result<Option<(Claimed, Decoder)>, Trouble> {
        let (_, _, number) = self.place;
        let rule = self.rule();
        let because =
            |error: nusb::Error| Trouble::opening(&error, &self.name, &rule, &node(&self.info));
        let device = self.info.open().await.map_err(because)?;
        let interface = device
            .detach_and_claim_interface(number)
            .await
            .map_err(because)?;
        let asked;
        let form = match &self.form {
            Form::Pos(form) | Form::Keys(Some(form)) => form,
            Form::Keys(None) | Form::Orphan | Form::Serial(_) => {
                asked = self.ask(&interface).await?;
                &asked
            }
        };
        let Some((decoder, is_keyboard)) = self.decoder(form) else {
            return Ok(None);
        };
        if is_keyboard {
            self.prepare(&interface).await;
        }
        let broken = |why: &str| Trouble::Broken {
            device: self.name.clone(),
            why: why.to_owned(),
        };
        let endpoint = interface.descriptor().and_then(|one| {
            let mut all = one.endpoints();
            all.find(|end| {
                end.direction() == Direction::In && end.transfer_type() == TransferType::Interrupt
            })
        });
        let address = endpoint
            .map(|end| end.address())
            .ok_or_else(|| broken("no interrupt endpoint"))?;
        let endpoint = interface.endpoint(address).map_err(because)?;
        let packet = endpoint.max_packet_size().max(1);
        let mut claimed = Claimed {
            name: self.name.clone(),
            interface,
            endpoint,
            length: form.longest.max(1).div_ceil(packet) * packet,
            kept: VecDeque::new(),
            failures: 0,
            has_boot_protocol: is_keyboard && self.has_boot_protocol,
            signals: form.signals.clone(),
        };
        claimed.submit();
        Ok(Some((claimed, decoder)))
    }

    /// The decoder, and whether it is a keyboard; `None`: this is no scanner.
    pub(in crate::device) fn decoder(&self, form: &Descriptor) -> Option<(Decoder, bool)> {
        let name = self.name.clone();
        match (&self.form, &form.scan) {
            (Form::Pos(_) | Form::Orphan, Some(scan)) => {
                Some((Decoder::Pos(Pos::new(scan.clone(), name)), false))
            }
            (Form::Keys(_), _) => Some((Decoder::Keys(Keys::new(form.keys.clone(), name)), true)),
            _ => None,
        }
    }

    /// Asks the device itself for its report descriptor.
    async fn ask(&self, interface: &Interface) -> Result<Descriptor, Trouble> {
        let question = ControlIn {
            control_type: ControlType::Standard,
            recipient: Recipient::Interface,
            request: 0x06,
            value: 0x2200,
            index: self.place.2.into(),
            length: u16::try_from(MAX_DESCRIPTOR).unwrap_or(u16::MAX),
        };
        let answer = interface.control_in(question, ANSWER).await;
        let bytes = answer.map_err(|error| Trouble::transfer(error, &self.name))?;
        Ok(Descriptor::parse(&bytes))
    }

    /// Boot protocol, no repetition, no lights. Some scanners are silent until they have heard it
    /// (scanner.md 2.1); others know none of it, and do not answer.
    async fn prepare(&self, interface: &Interface) {
        let number = self.place.2;
        if self.has_boot_protocol {
            tell(interface, number, SET_PROTOCOL, 0, &[]).await;
        }
        tell(interface, number, SET_IDLE, 0, &[]).await;
        tell(interface, number, SET_REPORT, 0x0200, &[0]).await;
    }
}

/// Whether a device does not even say how it is; a refusal is an answer too.
async fn is_deaf(interface: &Interface) -> bool {
    let question = ControlIn {
        control_type: ControlType::Standard,
        recipient: Recipient::Device,
        request: GET_STATUS,
        value: 0,
        index: 0,
        length: 2,
    };
    let answer = interface.control_in(question, ANSWER).await;
    matches!(answer, Err(TransferError::Cancelled))
}

/// Tells a device something it need not understand; `false` when it does not.
async fn tell(interface: &Interface, number: u8, request: u8, value: u16, data: &[u8]) -> bool {
    let order = ControlOut {
        control_type: ControlType::Class,
        recipient: Recipient::Interface,
        request,
        value,
        index: number.into(),
        data,
    };
    let answer = interface.control_out(order, ANSWER).await;
    if let Err(error) = &answer {
        tracing::debug!(request, %error, "a scanner does not know this request");
    }
    answer.is_ok()
}

impl Claimed {
    /// The next report. Can be dropped at any time without losing one.
    ///
    /// # Errors
    /// It was unplugged, or fails again and again.
    pub async fn report(&mut self) -> Result<Vec<u8>, Trouble> {
        loop {
            if let Some(report) = self.kept.pop_front() {
                return Ok(report);
            }
            self.submit();
            let done = self.endpoint.next_complete().await;
            let Err(error) = done.status else {
                self.failures = 0;
                return Ok(done.buffer.into_vec());
            };
            self.failures += 1;
            if error == TransferError::Disconnected || self.failures > FAILURES {
                return Err(Trouble::transfer(error, &self.name));
            }
            tracing::info!(device = self.name, %error, "a read failed");
            tokio::time::sleep(PAUSE).await;
            if error == TransferError::Stall {
                self.drain().await;
                if let Err(error) = self.endpoint.clear_halt().await {
                    tracing::info!(device = self.name, %error, "the stall stays");
                }
            }
        }
    }

    /// Asks the scanner for something; one that does not offer it is not asked.
    pub async fn signal(&self, signal: Signal) {
        let asked = self.signals.as_ref();
        let Some((form, bytes)) = asked.and_then(|form| Some((form, form.bytes(signal)?))) else {
            return;
        };
        let number = self.interface.interface_number();
        let value = 0x0200 | u16::from(form.id.unwrap_or(0));
        if !tell(&self.interface, number, SET_REPORT, value, &bytes).await {
            self.put(bytes).await;
        }
    }

    /// Some that have an endpoint for it take reports there and nowhere else.
    async fn put(&self, bytes: Vec<u8>) {
        let endpoint = self.interface.descriptor().and_then(|one| {
            let mut all = one.endpoints();
            all.find(|end| {
                end.direction() == Direction::Out && end.transfer_type() == TransferType::Interrupt
            })
        });
        let Some(address) = endpoint.map(|end| end.address()) else {
            return;
        };
        if let Ok(mut endpoint) = self.interface.endpoint::<Interrupt, Out>(address) {
            endpoint.submit(Buffer::from(bytes));
            if timeout(ANSWER, endpoint.next_complete()).await.is_err() {
                tracing::debug!(device = self.name, "a scanner does not take this report");
            }
        }
    }

    /// Whether it offers to beep.
    #[must_use]
    pub fn can_beep(&self) -> bool {
        self.signals
            .as_ref()
            .is_some_and(|form| form.beep.is_some())
    }

    fn submit(&mut self) {
        while self.endpoint.pending() < READS {
            self.endpoint.submit(Buffer::new(self.length));
        }
    }

    /// Takes back the reads that wait. What one of them has read already is kept.
    async fn drain(&mut self) {
        self.endpoint.cancel_all();
        while self.endpoint.pending() > 0 {
            let Ok(done) = timeout(CANCELLED, self.endpoint.next_complete()).await else {
                return;
            };
            if done.status.is_ok() {
                self.kept.push_back(done.buffer.into_vec());
            }
        }
    }

    /// Gives the interface back to the kernel's driver.
    pub async fn release(mut self) {
        self.drain().await;
        if self.has_boot_protocol {
            let number = self.interface.interface_number();
            tell(&self.interface, number, SET_PROTOCOL, REPORT_PROTOCOL, &[]).await;
        }
        drop(self.endpoint);
        if is_deaf(&self.interface).await {
            // Its driver would ask it for half a minute, and hold up the end of the program.
            tracing::warn!(device = self.name, "answers nothing, and is not given back");
            std::mem::forget(self.interface);
            return;
        }
        if let Err(error) = self.interface.release().await {
            tracing::warn!(device = self.name, %error, "the kernel does not have it back");
        }
    }
}
