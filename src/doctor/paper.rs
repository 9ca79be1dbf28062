//! Printer, drawer, logo and the customer's display, as they answer now.

use std::io::ErrorKind;
use std::path::Path;

use super::Check;
use crate::config::Config;
use crate::device::printer::{self, Patience, Target};
use crate::device::serial;
use crate::ui::text::Say;

/// Tries them; a line for each, also for what is not set up.
pub async fn tried(config: &Config, patience: Patience) -> Vec<Check> {
    // A mistake in its place stands among those of the configuration.
    let target = config.target().ok().flatten();
    let mut all = if let Some(target) = target {
        printed(config, &target, patience).await
    } else {
        vec![Check::note("doctor.printer", "doctor.no_printer")]
    };
    all.push(display(&config.display.path, config.display.baud));
    all
}

async fn printed(config: &Config, target: &Target, patience: Patience) -> Vec<Check> {
    let named = Say::new("doctor.printer_is").with("place", target);
    let checked = printer::check(target, patience).await;
    let drawer = match &checked {
        Ok(_) => {
            let hangs = Say::new("doctor.drawer_hangs");
            let hangs = hangs.with("pin", config.printer.drawer_pin);
            Check::told(
                "doctor.drawer",
                hangs.with("ms", config.printer.drawer_on_ms),
            )
        }
        Err(_) => Check::note("doctor.drawer", "doctor.drawer_waits"),
    };
    let drawer = if config.printer.drawer {
        drawer
    } else {
        let why = Say::new("doctor.no_drawer").with("why", "[printer] drawer = false");
        Check::note("doctor.drawer", why)
    };
    let printer = match checked {
        Ok(true) => Check::told(named, "doctor.has_paper"),
        Ok(false) => Check::told(named, "doctor.mute"),
        // It names the place itself.
        Err(fault) => Check::bad("doctor.printer", &fault.refusal(&target.to_string())),
    };
    let mut all = vec![printer, drawer];
    if config.printer.logo.is_some() {
        let logo = config.paper().map_err(|error| format!("{error:#}"));
        all.push(Check::of("doctor.logo", logo));
    }
    all
}

fn display(path: &str, baud: u32) -> Check {
    if path.is_empty() {
        return Check::note("doctor.display", "doctor.no_display");
    }
    let named = Say::new("doctor.display_is").with("place", path);
    match serial::open(Path::new(path), baud) {
        Ok(_) => Check::good(named),
        Err(error) => match error.kind() {
            ErrorKind::PermissionDenied => Check::bad(named, "doctor.display_denied"),
            ErrorKind::NotFound => Check::bad(named, "doctor.display_missing"),
            _ => Check::bad(named, Say::new("doctor.display_broken").with("why", error)),
        },
    }
}
