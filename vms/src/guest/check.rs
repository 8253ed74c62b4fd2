//! What can be told of a machine before QEMU is asked, in better words than QEMU has.
//!
//! Flows in: a [`Machine`]. Flows out: nothing, or why it cannot start. Must not: change anything.

use std::{
    fs::OpenOptions,
    io::{self, Read as _},
    path::Path,
};

use super::StartError;
use crate::{
    image::{HEAD, Image},
    machine::Machine,
};

pub(super) fn check(machine: &Machine) -> Result<(), StartError> {
    let kernel = &machine.boot.kernel;
    let mut head = Vec::new();
    open("the kernel", kernel, false)?
        .take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(|source| missing("the kernel", kernel, source))?;
    let architecture = std::env::consts::ARCH;
    match Image::of(&head) {
        None => return Err(StartError::NoKernel { path: kernel.clone() }),
        Some(image) if !image.suits(architecture) => {
            return Err(StartError::WrongKernel { path: kernel.clone(), image, architecture });
        }
        Some(_) => {}
    }
    if let Some(initrd) = &machine.boot.initrd {
        open("the initrd", initrd, false)?;
    }
    for disk in &machine.disks {
        open(&format!("the disk `{}`", disk.serial), &disk.path, !(disk.read_only || disk.scratch))?;
    }
    for share in &machine.shares {
        std::fs::read_dir(&share.path)
            .map_err(|source| missing(&format!("the share `{}`", share.tag), &share.path, source))?;
    }
    for link in &machine.links {
        // QEMU 7.2 starts with a dead network card where nobody listens.
        let what = || format!("the switch of {}", link.mac);
        std::fs::metadata(&link.socket).map_err(|source| missing(&what(), &link.socket, source))?;
    }
    Ok(())
}

fn open(what: &str, path: &Path, write: bool) -> Result<std::fs::File, StartError> {
    OpenOptions::new().read(true).write(write).open(path).map_err(|source| missing(what, path, source))
}

fn missing(what: &str, path: &Path, source: io::Error) -> StartError {
    StartError::Missing { what: what.to_owned(), path: path.to_owned(), source }
}
