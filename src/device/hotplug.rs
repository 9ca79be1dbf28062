//! `Hotplug`: says when something about USB has changed. Costs nothing while nothing does.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};
use tokio::io::unix::AsyncFd;

use crate::device::poll::pollable;

/// The kernel's own messages, there without udevd too, and udevd's, which come when it has set
/// the permissions of a new device.
const GROUPS: u32 = 1 | 2;

/// Bytes of a message that are looked at; the kernel's are 2 KiB at most.
const MESSAGE: usize = 8_192;

/// The ear on the kernel.
#[derive(Debug)]
pub struct Hotplug {
    socket: AsyncFd<OwnedFd>,
}

impl Hotplug {
    /// Begins to listen.
    ///
    /// # Errors
    /// This kernel or container has no such messages.
    pub fn open() -> io::Result<Self> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            Some(KOBJECT_UEVENT),
        )?;
        bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
        let socket = pollable(socket).map_err(|_socket| io::ErrorKind::Unsupported)?;
        Ok(Self { socket })
    }

    /// Waits for the next change of a USB device or its driver. Can be dropped at any time.
    ///
    /// # Errors
    /// The socket failed for good.
    pub async fn changed(&self) -> io::Result<()> {
        let mut message = vec![0; MESSAGE];
        loop {
            let mut ready = self.socket.readable().await?;
            let taken = ready.try_io(|socket| {
                recv(socket.get_ref(), message.as_mut_slice(), RecvFlags::empty())
                    .map_err(io::Error::from)
            });
            match taken {
                Ok(Ok((length, _))) => {
                    let message = message.get(..length).unwrap_or(&message);
                    if is_usb(message) {
                        return Ok(());
                    }
                }
                // Too many at once, some are lost: one of them may have been ours.
                Ok(Err(error)) if Errno::from_io_error(&error) == Some(Errno::NOBUFS) => {
                    return Ok(());
                }
                Ok(Err(error)) => return Err(error),
                Err(_would_block) => {}
            }
        }
    }
}

/// A message is a list of texts, each ended by a zero.
fn is_usb(message: &[u8]) -> bool {
    message
        .split(|byte| *byte == 0)
        .any(|text| text == b"SUBSYSTEM=usb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_other_things_are_passed_over() {
        let usb = b"add@/devices/usb1/1-1\0ACTION=add\0SUBSYSTEM=usb\0SEQNUM=7\0";
        let battery = b"change@/devices/bat0\0ACTION=change\0SUBSYSTEM=power_supply\0";
        assert!(is_usb(usb));
        assert!(!is_usb(battery) && !is_usb(b"") && !is_usb(b"SUBSYSTEM=usbmon\0"));
    }
}
