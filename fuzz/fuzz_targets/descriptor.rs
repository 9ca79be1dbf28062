//! Any bytes as a report descriptor, and as a report of the device that declares it.
#![no_main]

use guitai::device::descriptor::{Descriptor, MAX_REPORT, Signal};
use guitai::device::keys::Keys;
use guitai::device::pos::Pos;
use guitai::device::source::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let descriptor = Descriptor::parse(bytes);
    assert!(descriptor.longest <= MAX_REPORT);
    if let Some(scan) = descriptor.scan {
        assert!(scan.data.end <= MAX_REPORT);
        Pos::new(scan, String::new()).feed(bytes.to_vec(), 0);
    }
    if let Some(signals) = descriptor.signals {
        assert!(signals.bytes(Signal::Beep).is_none_or(|all| all.len() <= MAX_REPORT));
    }
    Keys::new(descriptor.keys, String::new()).feed(bytes.to_vec(), 0);
});
