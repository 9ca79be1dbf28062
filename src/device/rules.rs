//! The udev rules that give a person the scanners of this machine, and nothing else.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};

use super::usb::{Found, Listing};

/// Where they stand.
pub use crate::domain::gear::RULES_FILE as FILE;

/// One line for each model of scanner that is plugged in. A keyboard nobody taught is not among them.
#[must_use]
pub fn lines(listing: &Listing) -> Vec<String> {
    let mut rules: Vec<String> = listing.found.iter().map(Found::rule).collect();
    rules.sort();
    rules.dedup();
    rules
}

/// `kept` with the rules that are missing in it; what stands there stays.
fn with(kept: &str, rules: &[String]) -> String {
    let mut text = kept.to_owned();
    for rule in rules {
        if !kept.lines().any(|line| line == rule) {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(rule);
            text.push('\n');
        }
    }
    text
}

/// Writes the rules that are missing into `file` and tells udev; `true` when udev has heard it, else a scanner has to be
/// plugged in again.
///
/// # Errors
/// The file cannot be read or written.
pub fn write(file: &Path, rules: &[String]) -> io::Result<bool> {
    let kept = match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        kept => kept?,
    };
    let text = with(&kept, rules);
    if text != kept {
        fs::write(file, text)?;
    }
    let tell = |arguments: &[&str]| {
        let mut udevadm = Command::new("udevadm");
        udevadm.args(arguments).stdin(Stdio::null());
        udevadm.stdout(Stdio::null()).stderr(Stdio::null());
        udevadm.status().is_ok_and(|status| status.success())
    };
    let trigger = [
        "trigger",
        "--action=add",
        "--subsystem-match=usb",
        "--subsystem-match=tty",
    ];
    Ok(tell(&["control", "--reload"]) && tell(&trigger))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_there_stays_and_nothing_stands_twice() {
        let rules = ["a".to_owned(), "b".to_owned()];
        assert_eq!(with("", &rules), "a\nb\n");
        assert_eq!(with("# mine\nb", &rules), "# mine\nb\na\n");
        assert_eq!(with("a\nb\n", &rules), "a\nb\n");
        assert_eq!(with("x\n", &[]), "x\n");
    }
}
