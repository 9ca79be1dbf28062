//! The USB devices that are scanners: found without touching them, from what the kernel has
//! already read, so that nobody's keyboard is opened by mistake.
//!
//! They are read through usbfs and not through the kernel's keyboard driver: no layout, no focus,
//! no other program in between, and a symbol that presses keys presses none.

pub mod claim;

use std::path::{Path, PathBuf};

use nusb::{DeviceInfo, InterfaceInfo, MaybeFuture};

use crate::device::descriptor::{Descriptor, REM_PAGE, SCANNER_PAGE};
use crate::device::remember::{Memory, Remembered};
use crate::device::trouble::{self, Trouble};

/// USB class "human interface device".
const HID: u8 = 3;
/// Its subclass with the boot protocol, and the protocol of a keyboard.
const BOOT: u8 = 1;
const KEYBOARD: u8 = 1;
/// USB class "communications" with the subclass of a serial line (CDC-ACM).
const COMMUNICATIONS: u8 = 2;
const SERIAL_LINE: u8 = 2;
/// Characters of a device's name that are shown.
const NAME: usize = 40;

/// Bus, address and interface: another one after every plugging in.
pub type Place = (String, u8, u8);

/// How an interface is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    Pos(Descriptor),
    Keys(Option<Descriptor>),
    /// A serial line at this node.
    Serial(PathBuf),
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
    /// How it is remembered: vendor, product, serial number and port.
    pub who: Remembered,
    /// Taught, and so to be forgotten again.
    pub is_learnt: bool,
    info: DeviceInfo,
    has_boot_protocol: bool,
    /// The kernel's way to its raw reports, where the kernel drives it.
    pub(super) hidraw: Option<PathBuf>,
}

impl Found {
    /// `0c2e:0b61`.
    #[must_use]
    pub fn numbers(&self) -> String {
        numbers(&self.info)
    }

    /// `1-2.3`.
    #[must_use]
    pub fn port(&self) -> String {
        port(&self.info)
    }

    /// Whether it speaks as the standard says. Honeywell's other collection sends what this one does.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        self.page() == Some(SCANNER_PAGE)
    }

    /// Whether it is the other collection of the same device.
    #[must_use]
    pub fn is_twin_of(&self, standard: &Self) -> bool {
        let (bus, address, _) = &self.place;
        let (its_bus, its_address, _) = &standard.place;
        standard.is_standard()
            && self.page() == Some(REM_PAGE)
            && (bus, address) == (its_bus, its_address)
    }

    fn page(&self) -> Option<u16> {
        match &self.form {
            Form::Pos(form) => Some(form.scan.as_ref()?.page),
            _ => None,
        }
    }

    /// Whether it is still plugged in: a new device in its port has another address.
    #[must_use]
    pub fn is_there(&self) -> bool {
        let address = std::fs::read_to_string(self.info.sysfs_path().join("devnum"));
        address.is_ok_and(|address| address.trim() == self.place.1.to_string())
    }

    /// The udev rule that gives a person this model and no other.
    #[must_use]
    pub fn rule(&self) -> String {
        let subsystem = match self.form {
            Form::Serial(_) => "tty",
            _ => "usb",
        };
        trouble::rule(subsystem, self.info.vendor_id(), self.info.product_id())
    }
}

/// What is plugged in.
#[derive(Debug, Default)]
pub struct Listing {
    pub found: Vec<Found>,
    /// Seen, and certainly not ours to read.
    pub troubles: Vec<(Place, Trouble)>,
    /// Keyboards and serial lines that nobody named: never touched, unless somebody teaches.
    pub others: Vec<Found>,
}

/// Lists scanners. Nothing is opened. `None`: this machine has no USB.
#[must_use]
pub fn list(memory: &Memory) -> Option<Listing> {
    let mut listing = Listing::default();
    let mut devices: Vec<DeviceInfo> = nusb::list_devices().wait().ok()?.collect();
    devices.sort_by_key(|device| (device.busnum(), device.device_address()));
    for device in &devices {
        look(device, memory, &mut listing);
        look_at_lines(device, memory, &mut listing);
    }
    // Two of a kind are told apart by their ports.
    let all = || listing.found.iter().chain(&listing.others);
    let names: Vec<String> = all().map(|one| one.name.clone()).collect();
    for one in listing.found.iter_mut().chain(&mut listing.others) {
        if names.iter().filter(|name| **name == one.name).count() > 1 {
            one.name = format!("{} {}", one.name, port(&one.info));
        }
    }
    Some(listing)
}

/// An interface of a device, before it is known what it is.
struct Seen<'a> {
    device: &'a DeviceInfo,
    interface: &'a InterfaceInfo,
    folder: Option<PathBuf>,
    who: Remembered,
    is_learnt: bool,
}

impl Seen<'_> {
    fn found(self, form: Form) -> Found {
        Found {
            place: place(self.device, self.interface),
            name: name(self.device),
            form,
            who: self.who,
            is_learnt: self.is_learnt,
            info: self.device.clone(),
            has_boot_protocol: self.interface.subclass() == BOOT,
            hidraw: self.folder.as_deref().and_then(hidraw),
        }
    }
}

fn look(device: &DeviceInfo, memory: &Memory, listing: &mut Listing) {
    let who = Remembered::of(device, port(device));
    let (is_named, is_learnt) = (memory.has(&who), memory.is_learnt(&who));
    let mut found = Vec::new();
    for interface in device.interfaces().filter(|one| one.class() == HID) {
        let folder = folder(device, interface.interface_number());
        let driver = folder.as_deref().and_then(driver);
        let descriptor = folder.as_deref().and_then(descriptor);
        let is_keyboard = interface.subclass() == BOOT && interface.protocol() == KEYBOARD
            || descriptor.as_ref().is_some_and(|one| one.keys.is_some());
        let seen = Seen {
            device,
            interface,
            folder,
            who: who.clone(),
            is_learnt,
        };
        match (descriptor, driver.as_deref()) {
            (Some(descriptor), _) if descriptor.scan.is_some() => {
                found.push(seen.found(Form::Pos(descriptor)));
            }
            // Somebody reads it raw, perhaps we do; the kernel does not know what it is.
            (_, Some("usbfs")) if is_named || says_scanner(device) => {
                listing.troubles.push(held(device, interface));
            }
            (_, Some("usbfs")) => {}
            (descriptor, _) if is_named && is_keyboard => {
                found.push(seen.found(Form::Keys(descriptor)));
            }
            (None, None) => found.push(seen.found(Form::Orphan)),
            (descriptor, _) if is_keyboard => {
                listing.others.push(seen.found(Form::Keys(descriptor)));
            }
            (..) => {}
        }
    }
    if let Some(standard) = found.iter().find(|one| one.is_standard()).cloned() {
        found.retain(|one| !one.is_twin_of(&standard));
    }
    listing.found.extend(found);
}

/// Serial lines: most are modems, boards and printers, and opening one disturbs it. So only what
/// was named, taught, or calls itself a scanner is read.
fn look_at_lines(device: &DeviceInfo, memory: &Memory, listing: &mut Listing) {
    let is_line =
        |one: &&InterfaceInfo| (one.class(), one.subclass()) == (COMMUNICATIONS, SERIAL_LINE);
    for interface in device.interfaces().filter(is_line) {
        let folder = folder(device, interface.interface_number());
        let Some(node) = folder.as_deref().and_then(line_node) else {
            continue;
        };
        let who = Remembered::of(device, port(device));
        let is_ours = memory.has(&who) || says_scanner(device);
        let is_learnt = memory.is_learnt(&who);
        let seen = Seen {
            device,
            interface,
            folder: None,
            who,
            is_learnt,
        };
        let found = seen.found(Form::Serial(node));
        if is_ours {
            listing.found.push(found);
        } else {
            listing.others.push(found);
        }
    }
}

/// `/dev/ttyACM0`.
fn line_node(folder: &Path) -> Option<PathBuf> {
    let mut inside = std::fs::read_dir(folder.join("tty")).ok()?.flatten();
    Some(Path::new("/dev").join(inside.next()?.file_name()))
}

/// `/dev/hidraw0`.
fn hidraw(folder: &Path) -> Option<PathBuf> {
    let inside = std::fs::read_dir(folder).ok()?.flatten();
    let mut nodes = inside.filter_map(|entry| std::fs::read_dir(entry.path().join("hidraw")).ok());
    let node = nodes.next()?.flatten().next()?;
    Some(Path::new("/dev").join(node.file_name()))
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

fn numbers(device: &DeviceInfo) -> String {
    format!("{:04x}:{:04x}", device.vendor_id(), device.product_id())
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
        numbers(device)
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
