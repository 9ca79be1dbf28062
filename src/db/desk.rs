//! What a till keeps on its own disk besides its journal: the sale on the screen, the forms of its card readers, and
//! exported files.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::reader::Readers;
use crate::error::{Kind, Refusal, Result};
use crate::query::Cart;

/// Longest name of an exported file.
const LONGEST_NAME: usize = 80;

/// The folder of one till.
#[derive(Debug, Clone)]
pub struct Desk {
    folder: PathBuf,
}

/// The sale on the screen, and the operation it was being posted as.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub cart: Cart,
    pub sending: Option<Uuid>,
}

/// What the last console left of a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    Nothing,
    Sale(Kept),
    /// There was one, and nobody can read it.
    Broken,
}

impl Desk {
    /// The desk in `folder`, which is made when missing.
    ///
    /// # Errors
    /// `desk.unwritable`.
    pub fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| refuse(folder, error))?;
        Ok(Self {
            folder: folder.to_path_buf(),
        })
    }

    fn cart(&self) -> PathBuf {
        self.folder.join("cart.json")
    }

    /// Where the till's journal lies.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    /// Keeps the sale on the screen, or forgets it. The old one is there until the new one is whole: what a
    /// console that is killed leaves can always be read. Not forced to the disk, which every key would wait
    /// for: a power cut may take it, and money is in the journal.
    ///
    /// # Errors
    /// `desk.unwritable`.
    pub fn keep(&self, cart: Option<Cart>, sending: Option<Uuid>) -> Result<()> {
        let path = self.cart();
        let done = match cart {
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done,
            },
            Some(cart) => {
                let json =
                    serde_json::to_vec(&Kept { cart, sending }).map_err(Refusal::internal)?;
                let new = path.with_extension("new");
                fs::write(&new, json).and_then(|()| fs::rename(&new, &path))
            }
        };
        done.map_err(|error| refuse(&path, error))
    }

    /// The sale that was on the screen when the console ended. One that cannot be read is set aside as
    /// `cart.broken`, for whoever wants to know what was in it.
    #[must_use]
    pub fn kept(&self) -> Left {
        let path = self.cart();
        let json = match fs::read(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Left::Nothing,
            Err(_) => Vec::new(),
        };
        if let Ok(kept) = serde_json::from_slice(&json) {
            return Left::Sale(kept);
        }
        let aside = path.with_extension("broken");
        if let Err(error) = fs::rename(&path, &aside) {
            tracing::warn!(%error, "a broken cart was not set aside");
        }
        Left::Broken
    }

    fn readers_file(&self) -> PathBuf {
        self.folder.join("readers.json")
    }

    /// Keeps what is known of the card readers: beside the till and not in the shop's books, because it is how
    /// the device on this very till is set up, and another till may have one of the same name set otherwise.
    ///
    /// # Errors
    /// `desk.unwritable`.
    pub fn keep_readers(&self, readers: &Readers) -> Result<()> {
        let path = self.readers_file();
        let json = serde_json::to_vec(readers).map_err(Refusal::internal)?;
        let new = path.with_extension("new");
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(&json)?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(|error| refuse(&path, error))
    }

    /// What is known of the card readers. A file that cannot be read says nothing: it is learnt again.
    #[must_use]
    pub fn readers(&self) -> Readers {
        let json = fs::read(self.readers_file()).unwrap_or_default();
        serde_json::from_slice(&json).unwrap_or_default()
    }

    /// Writes a file for the owner and says where it lies.
    ///
    /// # Errors
    /// `desk.unwritable`.
    pub fn export(&self, name: &str, text: &str) -> Result<String> {
        let safe = |c: char| {
            if c.is_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '_'
            }
        };
        let name: String = name.chars().map(safe).take(LONGEST_NAME).collect();
        let folder = self.folder.join("export");
        let path = folder.join(name.trim_start_matches('.'));
        let write = || {
            fs::create_dir_all(&folder)?;
            // For whoever runs the till, and nobody else on this machine.
            let mut file = private(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|error| refuse(&path, error))?;
        Ok(path.display().to_string())
    }

    /// Where a folder of exported files would lie.
    ///
    /// # Errors
    /// `evidence.exists`.
    pub fn place(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join("export").join(name);
        match path.symlink_metadata() {
            Ok(_) => Err(Refusal::user("evidence.exists").with("path", path.display())),
            Err(_) => Ok(path),
        }
    }

    /// Writes a folder of files, for its owner's eyes alone: whole or not at all.
    ///
    /// # Errors
    /// `evidence.exists`, `desk.unwritable`.
    pub fn export_all(&self, name: &str, files: &[(String, String)]) -> Result<String> {
        let path = self.place(name)?;
        let export = self.folder.join("export");
        let new = export.join(format!(".{name}.new"));
        let write = || {
            fs::create_dir_all(&export)?;
            if new.exists() {
                fs::remove_dir_all(&new)?;
            }
            DirBuilder::new().mode(0o700).create(&new)?;
            for (name, text) in files {
                let mut open = OpenOptions::new();
                let mut file = open
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(new.join(name))?;
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
            }
            File::open(&new)?.sync_all()?;
            // An empty folder would give way to it; there is none since `place`.
            fs::rename(&new, &path)?;
            File::open(&export)?.sync_all()
        };
        write().map_err(|error| refuse(&path, error))?;
        Ok(path.display().to_string())
    }
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

fn refuse(path: &Path, error: io::Error) -> Refusal {
    let mut refusal = Refusal::new(Kind::Device, "desk.unwritable").with("path", path.display());
    refusal.source = Some(std::sync::Arc::new(error));
    refusal
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn readers_survive_and_a_torn_file_is_none() {
        use crate::domain::scan::Device;
        let name = format!("guitai-desk-readers-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let desk = Desk::open(&folder).unwrap();
        assert_eq!(desk.readers(), Readers::default());
        let mut readers = Readers::default();
        for device in [Device::Terminal, Device::Usb("HID Reader".to_owned())] {
            assert!(readers.learn(&device, "07302202", "0040856634"));
        }
        desk.keep_readers(&readers).unwrap();
        assert_eq!(desk.readers(), readers);
        fs::write(desk.readers_file(), "{torn").unwrap();
        assert_eq!(desk.readers(), Readers::default());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_cart_survives_and_is_forgotten() {
        let folder = std::env::temp_dir().join(format!("guitai-desk-{}", std::process::id()));
        let desk = Desk::open(&folder).unwrap();
        let cart = Cart {
            coupons: crate::domain::coupon::Presented::default(),
            member_id: Some(7),
            lines: Vec::new(),
        };
        desk.keep(Some(cart.clone()), None).unwrap();
        let kept = Left::Sale(Kept {
            cart: cart.clone(),
            sending: None,
        });
        assert_eq!(desk.kept(), kept);
        // Killed while it wrote the next one.
        fs::write(desk.cart().with_extension("new"), "{torn").unwrap();
        assert_eq!(desk.kept(), kept);
        desk.keep(None, None).unwrap();
        desk.keep(None, None).unwrap();
        assert_eq!(desk.kept(), Left::Nothing);
        for torn in ["", "{torn"] {
            fs::write(desk.cart(), torn).unwrap();
            assert_eq!(desk.kept(), Left::Broken);
            let aside = fs::read_to_string(folder.join("cart.broken"));
            assert_eq!(aside.unwrap(), torn);
            assert_eq!(desk.kept(), Left::Nothing);
        }
        desk.keep(Some(cart), None).unwrap();
        assert_eq!(desk.kept(), kept);
        let path = desk.export("../../dormant 2026.csv", "x").unwrap();
        assert!(
            Path::new(&path).starts_with(folder.join("export")),
            "{path}"
        );
        fs::remove_dir_all(folder).unwrap();
    }
}
