//! A USB printer past the kernel's driver: bulk OUT, and IN where it has one.

use std::collections::VecDeque;

use nusb::descriptors::{InterfaceDescriptor, TransferType};
use nusb::transfer::{Buffer, Bulk as BulkTransfer, Direction, In, Out, TransferError};
use nusb::{DeviceInfo, Endpoint, ErrorKind, Interface, MaybeFuture};

use super::{Fault, Model};
use crate::device::trouble::holder;

/// USB class "printer".
const PRINTER: u8 = 7;

/// An interface that is ours.
pub(super) struct Bulk {
    interface: Interface,
    out: Endpoint<BulkTransfer, Out>,
    input: Option<Endpoint<BulkTransfer, In>>,
    heard: VecDeque<u8>,
}

fn is_wanted(device: &DeviceInfo, model: &Model) -> bool {
    let numbers = (device.vendor_id(), device.product_id());
    model.numbers.is_none_or(|known| known == numbers)
        && model
            .serial
            .as_deref()
            .is_none_or(|serial| device.serial_number() == Some(serial))
}

/// Where it takes bytes, and where it answers if it does; none: it takes none.
fn bulk_ends(interface: &InterfaceDescriptor) -> Option<(u8, Option<u8>)> {
    let first = |direction: Direction| {
        let mut ends = interface.endpoints();
        ends.find(|end| end.transfer_type() == TransferType::Bulk && end.direction() == direction)
            .map(|end| end.address())
    };
    Some((first(Direction::Out)?, first(Direction::In)))
}

impl Bulk {
    pub async fn open(model: &Model) -> Result<Self, Fault> {
        let devices = nusb::list_devices()
            .wait()
            .map_err(|_error| Fault::Missing)?;
        let mut all = devices.filter(|device| is_wanted(device, model));
        let (info, number) = all
            .find_map(|device| {
                let printer = device.interfaces().find(|one| one.class() == PRINTER);
                let number = printer.map(nusb::InterfaceInfo::interface_number);
                // One that is named may be of another class: some call themselves "vendor".
                let number = number.or_else(|| model.numbers.and(Some(0)));
                number.map(|number| (device, number))
            })
            .ok_or(Fault::Missing)?;
        let because = |error: nusb::Error| opening(&error, &info);
        let device = info.open().await.map_err(because)?;
        let interface = device
            .detach_and_claim_interface(number)
            .await
            .map_err(because)?;
        let (out, input) = interface
            .descriptor()
            .and_then(|descriptor| bulk_ends(&descriptor))
            .ok_or_else(|| Fault::Broken {
                why: "no bulk endpoint".to_owned(),
            })?;
        let out = interface.endpoint(out).map_err(because)?;
        let input = match input {
            Some(address) => Some(interface.endpoint(address).map_err(because)?),
            None => None,
        };
        Ok(Self {
            interface,
            out,
            input,
            heard: VecDeque::new(),
        })
    }

    pub const fn can_answer(&self) -> bool {
        self.input.is_some()
    }

    /// A write that is given up is taken back by [`Self::close`].
    pub async fn write(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        self.out.submit(Buffer::from(bytes.to_vec()));
        let done = self.out.next_complete().await;
        match done.status {
            Ok(()) => Ok(done.actual_len),
            Err(error) => Err(transfer(error)),
        }
    }

    pub async fn read(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            if let Some(byte) = self.heard.pop_front() {
                return Ok(Some(byte));
            }
            let Some(input) = &mut self.input else {
                return Ok(None);
            };
            if input.pending() == 0 {
                input.submit(Buffer::new(input.max_packet_size().max(1)));
            }
            let done = input.next_complete().await;
            done.status.map_err(transfer)?;
            self.heard.extend(done.buffer.into_vec());
        }
    }

    /// Takes back what waits and gives the interface to the kernel's driver.
    pub async fn close(mut self) {
        self.out.cancel_all();
        while self.out.pending() > 0 {
            self.out.next_complete().await;
        }
        if let Some(input) = &mut self.input {
            input.cancel_all();
            while input.pending() > 0 {
                input.next_complete().await;
            }
        }
        drop((self.out, self.input));
        if let Err(error) = self.interface.release().await {
            tracing::warn!(%error, "the kernel does not have the printer back");
        }
    }
}

fn transfer(error: TransferError) -> Fault {
    match error {
        TransferError::Disconnected => Fault::Missing,
        other => Fault::Broken {
            why: other.to_string(),
        },
    }
}

fn opening(error: &nusb::Error, info: &DeviceInfo) -> Fault {
    match error.kind() {
        ErrorKind::PermissionDenied => Fault::Denied {
            remedy: format!(
                "SUBSYSTEM==\"usb\", ATTR{{idVendor}}==\"{:04x}\", ATTR{{idProduct}}==\"{:04x}\", \
                 MODE=\"0660\", GROUP=\"lp\", TAG+=\"uaccess\"",
                info.vendor_id(),
                info.product_id()
            ),
        },
        ErrorKind::Busy => Fault::Busy {
            holder: holder(&format!(
                "/dev/bus/usb/{:03}/{:03}",
                info.busnum(),
                info.device_address()
            )),
        },
        ErrorKind::Disconnected | ErrorKind::NotFound => Fault::Missing,
        _ => Fault::Broken {
            why: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use nusb::descriptors::ConfigurationDescriptor;

    use super::*;

    /// What is chosen of a printer with these endpoints: address, attributes.
    fn chosen(ends: &[(u8, u8)]) -> Option<(u8, Option<u8>)> {
        let count = u8::try_from(ends.len()).ok()?;
        let mut bytes = vec![9, 2, 18 + 7 * count, 0, 1, 1, 0, 0xC0, 50];
        bytes.extend([9, 4, 0, 0, count, PRINTER, 1, 1, 0]);
        for (address, attributes) in ends {
            bytes.extend([7, 5, *address, *attributes, 64, 0, 0]);
        }
        let configuration = ConfigurationDescriptor::new(&bytes)?;
        let interface = configuration.interface_alt_settings().next()?;
        bulk_ends(&interface)
    }

    #[test]
    fn bytes_go_to_the_first_bulk_endpoint_and_answers_are_no_condition() {
        const BULK: u8 = 2;
        const INTERRUPT: u8 = 3;
        assert_eq!(chosen(&[(0x01, BULK)]), Some((0x01, None)));
        assert_eq!(
            chosen(&[(0x82, BULK), (0x01, BULK)]),
            Some((0x01, Some(0x82)))
        );
        assert_eq!(
            chosen(&[
                (0x83, INTERRUPT),
                (0x02, INTERRUPT),
                (0x01, BULK),
                (0x04, BULK)
            ]),
            Some((0x01, None))
        );
        assert_eq!(chosen(&[(0x82, BULK)]), None);
        assert_eq!(chosen(&[(0x01, INTERRUPT)]), None);
        assert_eq!(chosen(&[]), None);
    }
}
