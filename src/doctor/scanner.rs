//! The scanners: a line for each, and for what may be one.

use super::{Check, World};
use crate::device::trouble::Trouble;
use crate::run::scanners::News;
use crate::ui::text::Say;

fn named(device: &str) -> Say {
    Say::new("doctor.scanner_is").with("device", device)
}

fn check(news: &News) -> Option<Check> {
    match news {
        News::Ready { device } => Some(Check::good(named(device))),
        // The console that is running.
        News::Trouble(Trouble::Busy {
            device,
            holder: Some(holder),
        }) if holder.ends_with("(guitai)") => {
            let say = Say::new("doctor.in_console").with("holder", holder);
            Some(Check::told(named(device), say))
        }
        News::Trouble(trouble) => Some(match trouble.remedy() {
            Some(remedy) => Check::bad(named(trouble.device()), &remedy),
            // It names the device itself.
            None => Check::bad("doctor.scanner", &trouble.refusal()),
        }),
        News::Scan(_)
        | News::Refused { .. }
        | News::Count { .. }
        | News::Gear(_)
        | News::NoUsb
        | News::Learning(_) => None,
    }
}

/// A line for each of them.
pub(super) fn checks(world: &World) -> Vec<Check> {
    let mut all: Vec<Check> = world.scanners.iter().filter_map(check).collect();
    if !world.has_usb {
        all.push(Check::note("doctor.scanner", "doctor.no_usb"));
    } else if all.is_empty() {
        all.push(Check::note("doctor.scanner", "doctor.no_scanner"));
    }
    let others = world.others.iter();
    all.extend(others.map(|name| Check::note(named(name), "doctor.left_alone")));
    all
}
