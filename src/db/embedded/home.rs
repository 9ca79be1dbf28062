//! Where the data of this box lives.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::error::{Refusal, Result};

/// The folder of an installed service.
const SERVICE: &str = "/var/lib/guitai";

/// `$GUITAI_DATA`; else `/var/lib/guitai` for root, and for whoever may write there; else
/// `guitai` in the XDG data folder.
///
/// # Errors
/// `ground.no_folder` when neither a home nor any of these is known.
pub fn data_folder() -> Result<PathBuf> {
    let service = Path::new(SERVICE);
    let ours = rustix::process::geteuid().is_root() || access(service, Access::WRITE_OK).is_ok();
    decide(|name| std::env::var_os(name), ours.then_some(service))
}

fn decide(variable: impl Fn(&str) -> Option<OsString>, service: Option<&Path>) -> Result<PathBuf> {
    let folder = |name| {
        variable(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    folder("GUITAI_DATA")
        .or_else(|| service.map(Path::to_path_buf))
        .or_else(|| {
            folder("XDG_DATA_HOME")
                .filter(|home| home.is_absolute())
                .map(|home| home.join("guitai"))
        })
        .or_else(|| folder("HOME").map(|home| home.join(".local/share/guitai")))
        .ok_or_else(|| Refusal::user("ground.no_folder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)], service: Option<&str>) -> Option<PathBuf> {
        let find = |name: &str| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| OsString::from(v))
        };
        decide(find, service.map(Path::new)).ok()
    }

    #[test]
    fn order_of_folders() {
        let home = ("HOME", "/home/li");
        assert_eq!(
            with(&[("GUITAI_DATA", "/d"), home], Some("/v")),
            Some("/d".into())
        );
        assert_eq!(
            with(&[("GUITAI_DATA", ""), home], Some("/v")),
            Some("/v".into())
        );
        assert_eq!(
            with(&[("XDG_DATA_HOME", "/x"), home], None),
            Some("/x/guitai".into())
        );
        assert_eq!(
            with(&[("XDG_DATA_HOME", "x"), home], None),
            Some("/home/li/.local/share/guitai".into())
        );
        assert_eq!(with(&[], None), None);
    }
}
