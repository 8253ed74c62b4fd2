//! Private folders of this user's, for sockets and for what programs leave behind.
//!
//! Flows in: the folder for temporary files. Flows out: a folder that goes with its owner; where that was killed, whoever makes the
//! next one sweeps it. Must not: know what is put there.

use std::path::{Path, PathBuf};

use vms::folder::{Folder, NoFolder};

/// Where they are, below the folder for temporary files.
pub(crate) fn all(temporary: &Path) -> PathBuf {
    temporary.join(format!("seaworthy-{}", rustix::process::getuid().as_raw()))
}

/// One in which sockets have names that every system takes.
///
/// # Errors
/// It cannot be made, is not this user's alone, or is too long for that.
pub(crate) fn for_sockets(temporary: &Path) -> Result<Folder, NoFolder> {
    Folder::create(&all(temporary))
}

/// One for anything else.
///
/// # Errors
/// It cannot be made, or is not this user's alone.
pub(crate) fn for_files(temporary: &Path) -> Result<Folder, NoFolder> {
    Folder::create_of_any_length(&all(temporary))
}
