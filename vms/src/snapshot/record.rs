//! What is known of a snapshot, beside its memory and its devices.
//!
//! Flows in: a saved machine and its files. Flows out: whether they are as they were, and suit what is wanted. Must not:
//! read all of the memory: that would take longer than to boot.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{machine::Machine, qemu::Version};

pub(super) const MEMORY: &str = "memory";
pub(super) const DEVICES: &str = "devices";
const RECORD: &str = "record.json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Record {
    pub(super) qemu: Version,
    pub(super) machine: Machine,
    /// What the program says that sleeps in the guest.
    pub(super) nonce: String,
    /// Nothing writes to the memory once it is saved, so that its length and the time of the last write tell.
    pub(super) memory: Stamp,
    pub(super) devices: String,
    /// Whatever the caller wants to know again.
    #[serde(default)]
    pub(super) note: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Stamp {
    bytes: u64,
    written: (i64, i64),
}

/// What a snapshot was made of is not what is there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Differs {
    /// Another QEMU.
    #[error("the snapshot was made by QEMU {saved}, and this is {here}: save one anew")]
    Qemu {
        /// That which made it.
        saved: Version,
        /// That which is to run it.
        here: Version,
    },
    /// Another accelerator.
    #[error("the snapshot was made with {saved}, and {here} is wanted: save one anew")]
    Accelerator {
        /// That which it ran with.
        saved: &'static str,
        /// That which is wanted.
        here: &'static str,
    },
    /// Another machine.
    #[error("the snapshot is of another machine than `{0}` is now: save one anew")]
    Machine(String),
}

/// A snapshot's file is not what was saved.
#[derive(Debug, thiserror::Error)]
#[error("{} is damaged ({why}): save a new snapshot in its place", path.display())]
pub struct Damaged {
    /// The file.
    pub path: PathBuf,
    /// What is seen of it.
    pub why: String,
}

impl Record {
    /// Of files that nobody writes any more.
    pub(super) fn of(
        folder: &Path,
        qemu: Version,
        machine: Machine,
        nonce: String,
        note: Value,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let (memory, devices) = (folder.join(MEMORY), folder.join(DEVICES));
        Ok(Self {
            qemu,
            machine,
            nonce,
            memory: stamp(&memory).map_err(|error| (memory, error))?,
            devices: digest(&devices).map_err(|error| (devices, error))?,
            note,
        })
    }

    #[expect(clippy::disallowed_methods, reason = "snapshots are this crate's own files")]
    pub(super) fn write(&self, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
        let path = folder.join(RECORD);
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        text.and_then(|text| fs::write(&path, text)).map_err(|error| (path, error))
    }

    #[expect(clippy::disallowed_methods, reason = "snapshots are this crate's own files")]
    pub(super) fn read(folder: &Path) -> Result<Self, Damaged> {
        let path = folder.join(RECORD);
        let read = fs::read(&path).map_err(|error| error.to_string());
        let parsed = read.and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()));
        parsed.map_err(|why| Damaged { path, why })
    }

    /// Whether its files are as they were saved. QEMU would fill up a memory that is too short with zeros.
    pub(super) fn check_files(&self, folder: &Path) -> Result<(), Damaged> {
        let (memory, devices) = (folder.join(MEMORY), folder.join(DEVICES));
        let why = match stamp(&memory) {
            Ok(found) if found == self.memory => None,
            Ok(found) if found.bytes == self.memory.bytes => Some("written to since it was saved".to_owned()),
            Ok(found) => Some(format!("{} bytes instead of {}", found.bytes, self.memory.bytes)),
            Err(error) => Some(error.to_string()),
        };
        if let Some(why) = why {
            return Err(Damaged { path: memory, why });
        }
        let why = match digest(&devices) {
            Ok(found) if found == self.devices => return Ok(()),
            Ok(_) => "it has not the digest that it was saved with".to_owned(),
            Err(error) => error.to_string(),
        };
        Err(Damaged { path: devices, why })
    }

    /// Whether a clone can be this machine, with this QEMU.
    pub(super) fn check_wanted(&self, qemu: Version, machine: &Machine) -> Result<(), Differs> {
        if self.qemu != qemu {
            return Err(Differs::Qemu { saved: self.qemu, here: qemu });
        }
        let (saved, here) = (self.machine.accelerator, machine.accelerator);
        if saved != here {
            return Err(Differs::Accelerator { saved: saved.as_str(), here: here.as_str() });
        }
        if essence(&self.machine) != essence(machine) {
            return Err(Differs::Machine(machine.name.clone()));
        }
        Ok(())
    }
}

/// A machine without what is not of the guest's world: clones have names of their own, and ports of a switch.
fn essence(machine: &Machine) -> Machine {
    let mut machine = machine.clone();
    machine.name.clear();
    machine.links.iter_mut().for_each(|link| link.socket.clear());
    machine
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let found = fs::metadata(path)?;
    Ok(Stamp { bytes: found.len(), written: (found.mtime(), found.mtime_nsec()) })
}

#[expect(clippy::disallowed_methods, reason = "snapshots are this crate's own files")]
fn digest(path: &Path) -> io::Result<String> {
    Ok(HEXLOWER.encode(&Sha256::digest(fs::read(path)?)))
}
