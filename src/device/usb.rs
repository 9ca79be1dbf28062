//! The USB devices that are scanners: found without touching them, from what the kernel has
//! already read, so that nobody's keyboard is opened by mistake.
//!
//! They are read through usbfs and not through the kernel's keyboard driver: no layout, no focus,
//! no other program in between, and a symbol that presses keys presses none.

pub mod claim;

use std::path::{Path, PathBuf};

use nusb::{DeviceInfo, InterfaceInfo, MaybeFuture};

use crate::device::descriptor::{Descriptor, SCANNER_PAGE};
use crate::device::trouble::{self, Trouble};

/// USB class "human interface device".
const HID: u8 = 3;
/// Its subclass with the boot protocol, and the protocol of a keyboard.
const BOOT: u8 = 1;
const KEYBOARD: u8 = 1;
/// Characters of a device's name that are shown.
const NAME: usize = 40;

/// A keyboard scanner somebody has named: the only keyboards that are ever claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    vendor: u16,
    product: u16,
    serial: Option<String>,
    /// As the kernel writes it: `1-2.3`.
    port: Option<String>,
}

impl Remembered {
    /// Reads `0c2e:0b61`, with `:SERIAL` and `@1-2.3` behind it where two of a kind differ.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (model, port) = match text.split_once('@') {
            Some((model, port)) => (model, Some(port.to_owned())),
            None => (text, None),
        };
        let mut parts = model.splitn(3, ':');
        let mut number = || {
            let digits = parts.next().filter(|digits| digits.len() == 4)?;
            u16::from_str_radix(digits, 16).ok()
        };
        Some(Self {
            vendor: number()?,
            product: number()?,
            serial: parts.next().map(str::to_owned),
            port,
        })
    }

    fn is(&self, device: &DeviceInfo, port: &str) -> bool {
        self.vendor == device.vendor_id()
            && self.product == device.product_id()
            && self
                .serial
                .as_deref()
                .is_none_or(|serial| device.serial_number() == Some(serial))
            && self.port.as_deref().is_none_or(|known| known == port)
    }
}

/// Bus, address and interface: another one after every plugging in.
pub type Place = (String, u8, u8);

/// How an interface is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    Pos(Descriptor),
    Keys(Option<Descriptor>),
    /// Nobody drives it, so the kernel knows nothing: to be asked. A console that was killed
    /// leaves its scanner so.
    Orphan,
}

/// An interface that is, or may be, a scanner.
#[derive(Debug, Clone)]
pub struct Found {
    pub place: Place,
    pub name: String,
    pub form: Form,
    info: DeviceInfo,
    has_boot_protocol: bool,
}

/// What is plugged in.
#[derive(Debug, Default)]
pub struct Listing {
    pub found: Vec<Found>,
    /// Seen, and certainly not ours to read.
    pub troubles: Vec<(Place, Trouble)>,
    /// Keyboards that nobody named, as [`Remembered::parse`] reads them, with their names.
    pub keyboards: Vec<(String, String)>,
}

/// Lists scanners. Nothing is opened. `None`: this machine has no USB.
#[must_use]
pub fn list(remembered: &[Remembered]) -> Option<Listing> {
    let mut listing = Listing::default();
    let mut devices: Vec<DeviceInfo> = nusb::list_devices().wait().ok()?.collect();
    devices.sort_by_key(|device| (device.busnum(), device.device_address()));
    for device in &devices {
        look(device, remembered, &mut listing);
    }
    // Two of a kind are told apart by their ports.
    let names: Vec<String> = listing.found.iter().map(|one| one.name.clone()).collect();
    for one in &mut listing.found {
        if names.iter().filter(|name| **name == one.name).count() > 1 {
            one.name = format!("{} {}", one.name, port(&one.info));
        }
    }
    Some(listing)
}

fn look(device: &DeviceInfo, remembered: &[Remembered], listing: &mut Listing) {
    let port = port(device);
    let is_named = remembered.iter().any(|known| known.is(device, &port));
    let mut found = Vec::new();
    for interface in device.interfaces().filter(|one| one.class() == HID) {
        let folder = folder(device, interface.interface_number());
        let driver = folder.as_deref().and_then(driver);
        let descriptor = folder.as_deref().and_then(descriptor);
        let is_keyboard = interface.subclass() == BOOT && interface.protocol() == KEYBOARD
            || descriptor.as_ref().is_some_and(|one| one.keys.is_some());
        let form = match (descriptor, driver.as_deref()) {
            (Some(descriptor), _) if descriptor.scan.is_some() => Form::Pos(descriptor),
            // Somebody reads it raw, perhaps we do; the kernel does not know what it is.
            (_, Some("usbfs")) => {
                if is_named || says_scanner(device) {
                    listing.troubles.push(held(device, interface));
                }
                continue;
            }
            (descriptor, _) if is_named && is_keyboard => Form::Keys(descriptor),
            (None, None) => Form::Orphan,
            (..) if is_keyboard => {
                let id = format!("{:04x}:{:04x}", device.vendor_id(), device.product_id());
                listing.keyboards.push((id, name(device)));
                continue;
            }
            (..) => continue,
        };
        found.push(Found {
            place: place(device, interface),
            name: name(device),
            form,
            info: device.clone(),
            has_boot_protocol: interface.subclass() == BOOT,
        });
    }
    // Honeywell's second collection sends what the first does.
    let is_standard = |one: &Found| match &one.form {
        Form::Pos(form) => form
            .scan
            .as_ref()
            .is_some_and(|scan| scan.page == SCANNER_PAGE),
        _ => false,
    };
    if found.iter().any(is_standard) {
        found.retain(|one| is_standard(one) || !matches!(one.form, Form::Pos(_)));
    }
    listing.found.extend(found);
}

/// Somebody else's claim; our own is no trouble.
fn held(device: &DeviceInfo, interface: &InterfaceInfo) -> (Place, Trouble) {
    let trouble = Trouble::Busy {
        device: name(device),
        holder: trouble::holder(&node(device)),
    };
    (place(device, interface), trouble)
}

fn place(device: &DeviceInfo, interface: &InterfaceInfo) -> Place {
    (
        device.bus_id().to_owned(),
        device.device_address(),
        interface.interface_number(),
    )
}

/// `1-2.3`.
fn port(device: &DeviceInfo) -> String {
    let name = device.sysfs_path().file_name();
    name.unwrap_or_default().to_string_lossy().into_owned()
}

/// `/dev/bus/usb/001/002`.
fn node(device: &DeviceInfo) -> String {
    format!(
        "/dev/bus/usb/{:03}/{:03}",
        device.busnum(),
        device.device_address()
    )
}

/// What it calls itself, on one line, or its numbers.
fn name(device: &DeviceInfo) -> String {
    let said = device.product_string().unwrap_or_default();
    let plain: String = said
        .chars()
        .filter(|c| !c.is_control())
        .take(NAME)
        .collect();
    if plain.trim().is_empty() {
        format!("{:04x}:{:04x}", device.vendor_id(), device.product_id())
    } else {
        plain.trim().to_owned()
    }
}

fn says_scanner(device: &DeviceInfo) -> bool {
    let name = name(device).to_lowercase();
    ["scan", "barcode"].iter().any(|word| name.contains(word))
}

/// The interface's folder in sysfs: `1-2:1.0` in `1-2`.
fn folder(device: &DeviceInfo, interface: u8) -> Option<PathBuf> {
    let end = format!(".{interface:x}");
    let inside = std::fs::read_dir(device.sysfs_path()).ok()?.flatten();
    let mut paths = inside.map(|entry| entry.path());
    paths.find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.contains(':') && name.ends_with(&end)
    })
}

/// The name of the kernel's driver.
fn driver(folder: &Path) -> Option<String> {
    let link = std::fs::read_link(folder.join("driver")).ok()?;
    Some(link.file_name()?.to_string_lossy().into_owned())
}

/// The report descriptor the kernel's HID driver has read.
fn descriptor(folder: &Path) -> Option<Descriptor> {
    let inside = std::fs::read_dir(folder).ok()?.flatten();
    let mut files = inside.map(|entry| entry.path().join("report_descriptor"));
    let bytes = files.find_map(|file| std::fs::read(file).ok())?;
    Some(Descriptor::parse(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyboard_scanner_is_named_by_its_numbers() {
        let plain = Remembered::parse("0c2e:0B61");
        let known = Remembered {
            vendor: 0x0C2E,
            product: 0x0B61,
            serial: None,
            port: None,
        };
        assert_eq!(plain, Some(known.clone()));
        let exact = Remembered {
            serial: Some("A:1".to_owned()),
            port: Some("1-2.3".to_owned()),
            ..known
        };
        assert_eq!(Remembered::parse("0c2e:0b61:A:1@1-2.3"), Some(exact));
        for bad in ["", "0c2e", "0c2e:", "c2e:0b61", "0x0c2e:0b61", "0c2e:zzzz"] {
            assert_eq!(Remembered::parse(bad), None, "{bad}");
        }
    }
}
