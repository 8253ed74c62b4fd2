//! A guest on its way into a folder.
//!
//! Flows in: a guest, its shell, an empty folder. Flows out: the files of a snapshot. Must not: let the guest run on once
//! its memory is a snapshot's.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use super::{
    asleep::fall_asleep,
    record::{DEVICES, MEMORY, Record},
    wake,
};
use crate::{
    channel::{Channel as _, ChannelError, backdoor::Backdoor, script},
    folder::NoFolder,
    guest::{Guest, MoveError},
    machine::Machine,
    qmp::QmpError,
};

/// How long a guest may take to run a program of 300 bytes.
const WAKE_LIMIT: Duration = Duration::from_secs(20);

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Such a guest cannot be saved.
    #[error("the guest cannot be saved: {0}")]
    Unfit(&'static str),
    /// The store has no room for a new folder.
    #[error(transparent)]
    Folder(#[from] NoFolder),
    /// The guest does not take the program that wakes its clones.
    #[error("the guest does not take the program that wakes its clones")]
    Shell(#[from] ChannelError),
    /// The guest does not do what its clones will have to.
    #[error("the guest does not take {what}, as its clones will have to{}", super::because(said))]
    Wake {
        /// The time, or a seed.
        what: &'static str,
        /// What it said.
        said: String,
    },
    /// This computer has no random bytes.
    #[error("cannot read random bytes from /dev/urandom")]
    Seed(#[source] io::Error),
    /// QEMU does not do as it is asked.
    #[error("QEMU does not say its version")]
    Qemu(#[source] QmpError),
    /// QEMU does not write the guest's state.
    #[error("cannot save the guest's state in {}", path.display())]
    Move {
        /// Where.
        path: PathBuf,
        /// Why.
        source: MoveError,
    },
    /// A file of the snapshot cannot be written.
    #[error("cannot write {}: a snapshot needs as much room as its guest uses memory; make some, or choose another folder for the store", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another one has this key, and is in use.
    #[error("{} is of another machine or damaged, and in use: save again when it is not", .0.display())]
    InUse(PathBuf),
}

impl From<(PathBuf, io::Error)> for SaveError {
    fn from((path, source): (PathBuf, io::Error)) -> Self {
        Self::Write { path, source }
    }
}

/// Saves a guest, which ends with it: its memory becomes the snapshot's.
pub(super) async fn save(
    guest: Guest,
    shell: Backdoor,
    folder: &Path,
    note: Value,
) -> Result<Record, SaveError> {
    let saved = check(guest.machine(), guest.memory())?;
    let nonce = script::number();
    let place = put_waker(&shell, &nonce).await?;
    let _asleep = fall_asleep(shell, place, &nonce, WAKE_LIMIT).await?;
    let version = guest.version().await.map_err(SaveError::Qemu)?;
    let devices = folder.join(DEVICES);
    let unloaded = guest.unload(&devices).await;
    unloaded.map_err(|source| SaveError::Move { path: devices, source })?;
    guest.kill().await;
    let memory = folder.join(MEMORY);
    take(&saved, &memory).map_err(|source| SaveError::Write { path: memory, source })?;
    let record = Record::of(folder, version, guest.machine().clone(), nonce, note)?;
    record.write(folder)?;
    Ok(record)
}

/// Where the guest's memory has the program that wakes its clones. That it works is seen before there are any.
async fn put_waker(shell: &Backdoor, nonce: &str) -> Result<&'static str, SaveError> {
    let mut refusal = SaveError::Unfit("it has no folder for programs");
    for place in wake::PLACES {
        if let Err(error) = shell.put(place, &wake::program(nonce), 0o700).await {
            refusal = error.into();
            continue;
        }
        let seed = wake::seed().map_err(SaveError::Seed)?;
        let output = shell.run(&wake::command(place, super::now(), seed), WAKE_LIMIT).await?;
        match wake::failure(output.status) {
            None => return Ok(place),
            Some(what) => refusal = SaveError::Wake { what, said: output.complaints() },
        }
    }
    Err(refusal)
}

fn check(machine: &Machine, memory: Option<PathBuf>) -> Result<PathBuf, SaveError> {
    if !wake::POSSIBLE {
        return Err(SaveError::Unfit("its clones can be told apart on x86_64 only"));
    }
    if machine.disks.iter().any(|disk| !disk.read_only) {
        return Err(SaveError::Unfit("it has a disk that it can write to; give it read-only ones"));
    }
    memory.ok_or(SaveError::Unfit("its memory is no file; start it with `start_to_be_saved`"))
}

/// A file goes to another place, without copying it where both are on one file system.
fn take(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => copy(from, to),
        renamed => renamed,
    }
}

/// Copies what is not zero: most of a guest's memory was never written.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    const PIECE: usize = 64 * 1024;
    let (mut from, mut to) = (OpenOptions::new().read(true).open(from)?, create(to)?);
    let (mut piece, zeros) = (vec![0; PIECE], vec![0; PIECE]);
    let mut length = 0;
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return to.set_len(length);
        }
        if piece[..read] != zeros[..read] {
            to.seek(SeekFrom::Start(length))?;
            to.write_all(&piece[..read])?;
        }
        length += read as u64;
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().create_new(true).write(true).open(path)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay out files of their own")]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt as _};

    #[test]
    fn a_copy_is_the_same_and_has_the_same_holes() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("from"), place.path().join("to"));
        let mut bytes = vec![0; 8 << 20];
        (bytes[70_000], bytes[4 << 20]) = (1, 2);
        fs::write(&from, &bytes).unwrap();
        super::copy(&from, &to).unwrap();
        assert!(fs::read(&to).unwrap() == bytes);
        assert!(fs::metadata(&to).unwrap().blocks() * 512 <= 3 * 64 * 1024);
    }
}
