//! The customer's display on a real terminal line, byte for byte.

use std::io::Read;

use guitai::device::display::Protocol;
use guitai::device::serial;
use guitai::domain::money::Fen;
use guitai::domain::print::Shown;
use guitai::run;
use guitai::run::paper::{Devices, Display, Paper};
use portable_pty::{PtySize, native_pty_system};
use rustix::termios::{ControlModes, LocalModes, OutputModes, tcgetattr};

use crate::support::folder::Folder;

fn devices(display: Display, folder: &Folder) -> Devices {
    Devices {
        printer: None,
        display: Some(display),
        spool: folder.path().join("print"),
    }
}

#[tokio::test]
async fn amounts_arrive_byte_for_byte() {
    let folder = Folder::new("display");
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let path = pair.master.tty_name().unwrap();
    let mut reader = pair.master.try_clone_reader().unwrap();
    let display = Display {
        path: path.clone(),
        protocol: Protocol::Led,
        baud: 2_400,
    };
    let (sender, _events) = run::channel();
    let paper = Paper::start(devices(display, &folder), sender).unwrap();
    // Cleared at the start; each amount is waited for, because only the newest one counts.
    for (shown, bytes) in [
        (None, &b"\x0c\x0c\x1bs0"[..]),
        (Some(Shown::Price(Fen(680))), b"\x1bQA6.80\r\x1bs1"),
        (Some(Shown::Total(Fen(2_680))), b"\x1bQA26.80\r\x1bs2"),
        (Some(Shown::Received(Fen(5_000))), b"\x1bQA50.00\r\x1bs3"),
        (Some(Shown::Change(Fen(2_320))), b"\x1bQA23.20\r\x1bs4"),
    ] {
        if let Some(shown) = shown {
            paper.show(shown);
        }
        let mut read = vec![0; bytes.len()];
        reader.read_exact(&mut read).unwrap();
        assert_eq!(read, bytes);
    }
    let modes = tcgetattr(serial::open(&path, 2_400).unwrap()).unwrap();
    assert_eq!((modes.input_speed(), modes.output_speed()), (2_400, 2_400));
    let control = modes.control_modes;
    assert!(control.contains(ControlModes::CS8));
    assert!(!control.intersects(ControlModes::PARENB | ControlModes::CSTOPB));
    assert!(
        !modes
            .local_modes
            .intersects(LocalModes::ECHO | LocalModes::ICANON)
    );
    assert!(!modes.output_modes.contains(OutputModes::OPOST));
    paper.close().await;
    let mut read = [0; 4];
    reader.read_exact(&mut read).unwrap();
    assert_eq!(&read, b"\x0c\x1bs0");
}

#[tokio::test]
async fn a_vfd_and_a_plain_file() {
    let folder = Folder::new("display");
    let path = folder.path().join("vfd");
    std::fs::write(&path, "").unwrap();
    let display = Display {
        path: path.clone(),
        protocol: Protocol::Vfd,
        baud: 9_600,
    };
    let (sender, _events) = run::channel();
    let paper = Paper::start(devices(display, &folder), sender).unwrap();
    paper.show(Shown::Total(Fen(123_450)));
    paper.close().await;
    let bytes = std::fs::read(&path).unwrap();
    let total = b"\x0c\x1bQATOTAL\r\x1bQB             1234.50\r";
    assert!(bytes.starts_with(b"\x1b@\x0c"));
    assert!(bytes.windows(total.len()).any(|part| part == total));
}

/// One that is not there costs nothing.
#[tokio::test]
async fn no_display_is_no_trouble() {
    let folder = Folder::new("display");
    let display = Display {
        path: folder.path().join("nothing"),
        protocol: Protocol::Led,
        baud: 2_400,
    };
    let (sender, mut events) = run::channel();
    let paper = Paper::start(devices(display, &folder), sender).unwrap();
    for _ in 0..100 {
        paper.show(Shown::Total(Fen(1)));
    }
    paper.close().await;
    assert!(events.try_recv().is_err());
}
