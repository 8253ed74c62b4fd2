//! The disks and folders of a guest, before and after they are made ready.
//!
//! Flows in: what a system wants. Flows out: files that QEMU takes. Must not: write to a file that somebody gave; leave half
//! a disk.

use std::path::PathBuf;

use model::verdict::Fault;
use vms::machine::{Disk, Format, Share};

use super::{boot::fault, image::Images};

/// A disk that is yet to be made ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Drive {
    /// An image of a store with these paths, which belong to this system.
    Store { toplevel: PathBuf, closure: Vec<PathBuf> },
    /// With an empty file system.
    Empty(EmptyDisk),
    /// As it is in this file.
    File(PathBuf),
}

/// A disk with an empty file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EmptyDisk {
    /// What makes it: `mkfs.ext4`.
    pub(super) mkfs: PathBuf,
    pub(super) label: String,
    pub(super) mebibytes: u64,
    /// By which the guest knows the disk.
    pub(super) serial: String,
}

/// A folder that the guest mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shared {
    pub(super) tag: String,
    /// Without one, it is an empty folder.
    pub(super) path: Option<PathBuf>,
}

impl Drive {
    /// Makes it ready. What a guest writes is forgotten, whatever it writes to.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) async fn ready(self, images: &Images) -> Result<Disk, Fault> {
        let scratch = |path, format, serial: &str| Disk {
            path,
            format,
            read_only: false,
            scratch: true,
            serial: serial.to_owned(),
        };
        match self {
            Self::Store { toplevel, closure } => {
                let path = images.of(&toplevel, &closure).await?;
                Ok(read_only(path, "store"))
            }
            Self::Empty(empty) => Ok(scratch(images.empty(&empty).await?, Format::Raw, &empty.serial)),
            Self::File(path) => {
                let format = format(&path).map_err(|error| fault(&error, "see that the disk can be read"))?;
                Ok(scratch(path, format, "root"))
            }
        }
    }
}

impl Shared {
    /// Makes it ready.
    ///
    /// # Errors
    /// There can be no empty folder.
    pub(super) fn ready(self, images: &Images) -> Result<Share, Fault> {
        let path = self.path.map_or_else(|| images.nothing(), Ok)?;
        Ok(Share { path, tag: self.tag })
    }
}

/// A disk that nobody writes to.
pub(super) fn read_only(path: PathBuf, serial: &str) -> Disk {
    Disk { path, format: Format::Raw, read_only: true, scratch: false, serial: serial.to_owned() }
}

/// Source of the magic: QEMU `docs/interop/qcow2.txt`.
#[expect(clippy::disallowed_methods, reason = "what nix has in its store is read, and never written")]
fn format(path: &std::path::Path) -> std::io::Result<Format> {
    use std::io::Read as _;
    let mut magic = Vec::new();
    std::fs::File::open(path)?.take(4).read_to_end(&mut magic)?;
    Ok(if magic == *b"QFI\xfb" { Format::Qcow2 } else { Format::Raw })
}
